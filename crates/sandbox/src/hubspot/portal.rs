//! One HubSpot account: what its admins, its people and its records look like.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use jiff::Timestamp;

use super::events::Announce;
use super::fields::{Property, is_standard, standard_fields};
use super::kind::Kind;
use super::oauth::Grant;
use super::record::Record;
use super::scopes;
use super::writes::Rule;

/// One account.
#[derive(Debug)]
pub struct Portal {
    /// The portal id.
    pub id: String,
    /// Which subscriptions the installed app has.
    pub announces: Announce,
    /// Calls allowed in ten seconds; 190 unless changed.
    pub calls_per_10s: usize,
    /// For how many seconds search does not see a change; 5 unless changed.
    pub search_lag_seconds: i64,
    /// The account's own zone; `Europe/Berlin` unless changed.
    pub time_zone: String,
    /// The account's own currency; `EUR` unless changed.
    pub currency: String,
    pub(super) scopes: BTreeSet<String>,
    pub(super) tokens: Vec<Token>,
    pub(super) grants: Vec<Grant>,
    pub(super) pipelines: Vec<Pipeline>,
    pub(super) properties: BTreeMap<Kind, BTreeMap<String, Property>>,
    pub(super) owners: Vec<Owner>,
    pub(super) labels: Vec<(u32, String)>,
    /// Property groups by internal name.
    pub groups: Vec<String>,
    /// Whether the subscription has association labels; it has unless changed.
    pub may_label: bool,
    pub(super) records: BTreeMap<(Kind, String), Record>,
    pub(super) links: Vec<Link>,
    pub(super) merged: BTreeMap<String, String>,
    /// What admins demand of values, by property.
    pub rules: Vec<(String, Rule)>,
    /// Property and value that a person writes to a record just before the next write through the API, by the record's id.
    pub overtaking: BTreeMap<String, (String, String)>,
    /// Every property and value that was written through the API to deals and contacts, oldest first.
    pub writes: Vec<(String, String)>,
    pub(super) recent_calls: VecDeque<Timestamp>,
    pub(super) recent_searches: VecDeque<Timestamp>,
    pub(super) calls_today: u32,
}

/// An access token.
#[derive(Debug, Clone)]
pub(super) struct Token {
    pub(super) value: String,
    pub(super) expires: Option<Timestamp>,
    pub(super) revoked: bool,
}

/// A deal pipeline.
#[derive(Debug, Clone)]
pub struct Pipeline {
    /// `default`, or a numeric string.
    pub id: String,
    /// What people call it.
    pub label: String,
    /// Its stages in order.
    pub stages: Vec<Stage>,
}

/// A stage of a pipeline.
#[derive(Debug, Clone)]
pub struct Stage {
    /// `closedwon`, or a numeric string.
    pub id: String,
    /// What people call it.
    pub label: String,
    /// HubSpot's `isClosed`.
    pub closed: bool,
    /// `0.0` to `1.0`, as HubSpot writes it.
    pub probability: String,
}

impl Stage {
    /// A stage. `probability` above `0.0` and closed means won only at `1.0`.
    pub fn new(id: &str, label: &str, closed: bool, probability: &str) -> Self {
        Self { id: id.to_owned(), label: label.to_owned(), closed, probability: probability.to_owned() }
    }

    /// Closed with certainty.
    pub fn is_won(&self) -> bool {
        self.closed && self.probability == "1.0"
    }
}

/// A user who may own records.
#[derive(Debug, Clone)]
pub struct Owner {
    /// Owner id, the one that records hold.
    pub id: String,
    /// User id, which is another number.
    pub user_id: u64,
    /// E-mail address.
    pub email: String,
    /// First name.
    pub first_name: String,
    /// Last name.
    pub last_name: String,
    /// Left the company.
    pub archived: bool,
}

/// An association from one record to another, with all its types.
#[derive(Debug, Clone)]
pub(super) struct Link {
    pub(super) from: (Kind, String),
    pub(super) to: (Kind, String),
    pub(super) types: Vec<LinkType>,
}

/// One type of an association.
#[derive(Debug, Clone)]
pub(super) struct LinkType {
    pub(super) user_defined: bool,
    pub(super) id: u32,
    pub(super) label: Option<String>,
    pub(super) name: String,
}

impl Portal {
    /// An account with the default pipeline, the standard properties and one token that never expires.
    pub fn new(id: &str, token: &str) -> Self {
        Self {
            id: id.to_owned(),
            announces: Announce::Generic,
            calls_per_10s: 190,
            search_lag_seconds: 5,
            time_zone: "Europe/Berlin".to_owned(),
            currency: "EUR".to_owned(),
            scopes: scopes::granted(),
            tokens: vec![Token { value: token.to_owned(), expires: None, revoked: false }],
            grants: Vec::new(),
            pipelines: vec![default_pipeline()],
            properties: standard_fields(),
            owners: Vec::new(),
            labels: Vec::new(),
            groups: vec!["dealinformation".to_owned()],
            may_label: true,
            records: BTreeMap::new(),
            links: Vec::new(),
            merged: BTreeMap::new(),
            rules: Vec::new(),
            overtaking: BTreeMap::new(),
            writes: Vec::new(),
            recent_calls: VecDeque::new(),
            recent_searches: VecDeque::new(),
            calls_today: 0,
        }
    }

    /// Adds a pipeline.
    pub fn add_pipeline(&mut self, id: &str, label: &str, stages: Vec<Stage>) {
        self.pipelines.push(Pipeline { id: id.to_owned(), label: label.to_owned(), stages });
    }

    /// Removes every pipeline, for a portal that has its own.
    pub fn clear_pipelines(&mut self) {
        self.pipelines.clear();
    }

    /// Adds a property that an admin defined.
    pub fn add_property(&mut self, kind: Kind, property: Property) {
        self.properties.entry(kind).or_default().insert(property.name.clone(), property);
    }

    /// What the portal knows about a property.
    pub fn property(&self, kind: Kind, name: &str) -> Option<&Property> {
        self.properties.get(&kind)?.get(name)
    }

    /// Removes a property, as an admin can.
    pub fn remove_property(&mut self, kind: Kind, name: &str) {
        if let Some(properties) = self.properties.get_mut(&kind) {
            properties.remove(name);
        }
    }

    /// Adds a user. The user id differs from the owner id, as it does in life.
    pub fn add_owner(&mut self, id: &str, first_name: &str, last_name: &str, email: &str, archived: bool) {
        self.owners.push(Owner {
            id: id.to_owned(),
            user_id: 5_000_001 + self.owners.len() as u64,
            email: email.to_owned(),
            first_name: first_name.to_owned(),
            last_name: last_name.to_owned(),
            archived,
        });
    }

    /// The association labels between deals and contacts.
    pub fn labels(&self) -> impl Iterator<Item = &str> {
        self.labels.iter().map(|(_, label)| label.as_str())
    }

    /// Makes it a portal in which no admin has prepared anything: no fields and labels of their own.
    pub fn empty(&mut self) {
        for (kind, properties) in &mut self.properties {
            properties.retain(|name, _| is_standard(*kind, name));
        }
        self.labels.clear();
    }

    /// Defines an association label between deals and contacts.
    pub fn label(&mut self, type_id: u32, label: &str) {
        self.labels.push((type_id, label.to_owned()));
    }

    /// Puts a record in, created at `at`. The id must be a whole number.
    pub fn add(&mut self, kind: Kind, id: &str, at: Timestamp, values: &[(&str, &str)]) {
        self.records.insert((kind, id.to_owned()), Record::new(id, at, values));
    }

    /// The record, under the id it has after merges.
    pub fn record(&self, kind: Kind, id: &str) -> Option<&Record> {
        self.records.get(&(kind, self.current_id(kind, id).to_owned()))
    }

    /// Changes a property, as a person would. `""` clears it. Nothing happens if there is no such record.
    pub fn set(&mut self, kind: Kind, id: &str, name: &str, value: &str, at: Timestamp) {
        if let Some(record) = self.records.get_mut(&(kind, id.to_owned())) {
            record.set(name, value, at);
        }
    }

    /// Moves a record to the recycle bin.
    pub fn archive(&mut self, kind: Kind, id: &str) {
        if let Some(record) = self.records.get_mut(&(kind, id.to_owned())) {
            record.archived = true;
        }
    }

    /// Takes a record out of the recycle bin.
    pub fn restore(&mut self, kind: Kind, id: &str) {
        if let Some(record) = self.records.get_mut(&(kind, id.to_owned())) {
            record.archived = false;
        }
    }

    /// Every record of a kind, by id.
    pub fn records(&self, kind: Kind) -> impl Iterator<Item = &Record> {
        self.records.iter().filter(move |((known, _), _)| *known == kind).map(|(_, record)| record)
    }

    /// The tasks that hang on a deal.
    pub fn tasks_of(&self, deal: &str) -> Vec<&Record> {
        let links = self.links_between(Kind::Deal, deal, Kind::Task);
        links.filter_map(|link| self.record(Kind::Task, &link.to.1)).collect()
    }

    /// Kind and id of everything a task is associated with.
    pub fn associations_of_task(&self, task: &str) -> Vec<(Kind, String)> {
        let from = (Kind::Task, task.to_owned());
        self.links.iter().filter(|link| link.from == from).map(|link| link.to.clone()).collect()
    }

    pub(super) fn links_between(&self, from: Kind, id: &str, to: Kind) -> impl Iterator<Item = &Link> {
        self.links.iter().filter(move |link| link.from.0 == from && link.from.1 == id && link.to.0 == to)
    }

    /// The id a record answers under: another one than asked for once deals were merged.
    pub(super) fn current_id<'a>(&'a self, kind: Kind, id: &'a str) -> &'a str {
        let mut current = id;
        while kind == Kind::Deal
            && let Some(newer) = self.merged.get(current)
        {
            current = newer;
        }
        current
    }

    pub(super) fn stage(&self, id: &str) -> Option<(&Pipeline, &Stage)> {
        let stages = |pipeline: &'_ Pipeline| pipeline.stages.iter().position(|stage| stage.id == id);
        let pipeline = self.pipelines.iter().find(|pipeline| stages(pipeline).is_some())?;
        Some((pipeline, pipeline.stages.iter().find(|stage| stage.id == id)?))
    }
}

fn default_pipeline() -> Pipeline {
    let stages = vec![
        Stage::new("appointmentscheduled", "Appointment scheduled", false, "0.2"),
        Stage::new("qualifiedtobuy", "Qualified to buy", false, "0.4"),
        Stage::new("presentationscheduled", "Presentation scheduled", false, "0.6"),
        Stage::new("decisionmakerboughtin", "Decision maker bought in", false, "0.8"),
        Stage::new("contractsent", "Contract sent", false, "0.9"),
        Stage::new("closedwon", "Closed won", true, "1.0"),
        Stage::new("closedlost", "Closed lost", true, "0.0"),
    ];
    Pipeline { id: "default".to_owned(), label: "Sales pipeline".to_owned(), stages }
}
