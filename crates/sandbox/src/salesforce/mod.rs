//! The sandbox's Salesforce: organisations with people, opportunities and admins, behind one API version.
//!
//! It is strict where a real org is, and where a caller would regret it later. Whether a refusal is the
//! caller's doing is told apart: a hidden field, a record that is not shared or a session that expired are met
//! by correct clients too.
//!
//! <https://developer.salesforce.com/docs/platform/api-rest/guide/intro-rest.html>

mod auth_checks;
mod deal_writes;
mod describe;
mod field;
mod guards;
mod id;
mod login;
mod object;
mod org;
mod outbound;
mod people;
mod permissions;
mod reading;
mod record;
mod refusal;
mod signing;
mod soql;
mod stages;
mod standard_fields;
mod tasks;
mod values;

use std::collections::BTreeMap;
use std::fmt::Write as _;

use serde_json::json;

pub use field::{Choice, Entry, Field, Key, Type};
pub use guards::{BeforeSave, ChangeEvent, ValidationRule};
pub use id::full as full_id;
pub use object::Object;
pub use org::Org;
pub use outbound::{Deleted, Envelope, Notification};
pub use record::Record;
pub use signing::{sign_body, sign_standard};

use self::permissions::PermittedView;
use self::reading::Cursors;
use self::refusal::{no_route, refusal, wrong_method};
use self::tasks::Writing;
use super::call::{Answer, Call, Verdict};
use super::clock::Clock;
use super::fake_server::{FakeServer, Platform, Recorder};

/// Salesforce on loopback.
pub type Salesforce = FakeServer<SalesforceState>;

/// Everything Salesforce knows.
pub struct SalesforceState {
    recorder: Recorder,
    clock: Clock,
    version: String,
    orgs: BTreeMap<String, Org>,
    cursors: Cursors,
    tokens: u64,
}

/// What was to be changed does not exist in the sandbox.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0} in the sandbox")]
pub struct NotThere(String);

impl SalesforceState {
    pub(crate) fn new(clock: Clock) -> Self {
        Self {
            recorder: Recorder::default(),
            clock,
            version: "v66.0".to_owned(),
            orgs: BTreeMap::new(),
            cursors: Cursors::default(),
            tokens: 0,
        }
    }

    /// The only API version that is served; `v66.0` unless changed.
    pub fn serve_version(&mut self, version: &str) {
        version.clone_into(&mut self.version);
    }

    /// Adds an org, replacing one of the same id.
    pub fn add_org(&mut self, org: Org) {
        self.orgs.insert(org.id.clone(), org);
    }

    /// An org by its 18-character id.
    pub fn org(&self, id: &str) -> Option<&Org> {
        self.orgs.get(id)
    }

    /// An org, to be changed.
    pub fn org_mut(&mut self, id: &str) -> Option<&mut Org> {
        self.orgs.get_mut(id)
    }

    /// The org that has an opportunity.
    pub fn org_of(&self, opportunity: &str) -> Result<&Org, NotThere> {
        let mut all = self.orgs.values();
        let found = all.find(|org| org.record(Object::Opportunity, opportunity).is_some());
        found.ok_or_else(|| NotThere(format!("no opportunity {opportunity}")))
    }

    /// The tasks on an opportunity, oldest first.
    pub fn tasks_of(&self, opportunity: &str) -> Vec<&Record> {
        self.orgs.values().flat_map(|org| org.tasks_of(opportunity)).collect()
    }

    /// Every task of every org, oldest first.
    pub fn tasks(&self) -> Vec<&Record> {
        self.orgs.values().flat_map(|org| org.records(Object::Task)).filter(|task| !task.deleted).collect()
    }

    /// How many API calls named an opportunity, refused ones included. Logins are not API calls.
    pub fn calls_about(&self, opportunity: &str) -> u32 {
        self.orgs.values().filter_map(|org| org.calls_about.get(opportunity)).sum()
    }

    /// Moves an opportunity to a stage now. If that makes it won, the flow sends one notification.
    pub fn move_to_stage(&mut self, opportunity: &str, stage: &str) -> Result<Vec<Notification>, NotThere> {
        self.changes(opportunity, &[("StageName", stage)])
    }

    /// Moves an opportunity to the first won stage.
    pub fn closes(&mut self, opportunity: &str) -> Result<Vec<Notification>, NotThere> {
        self.moves_where(opportunity, true)
    }

    /// Moves an opportunity back to the last open stage. Nothing is sent.
    pub fn reopens(&mut self, opportunity: &str) -> Result<Vec<Notification>, NotThere> {
        self.moves_where(opportunity, false)
    }

    fn moves_where(&mut self, opportunity: &str, won: bool) -> Result<Vec<Notification>, NotThere> {
        let stage = self.org_of(opportunity)?.stage_where(won);
        let stage = stage.ok_or_else(|| NotThere("no such stage".to_owned()))?;
        self.move_to_stage(opportunity, &stage)
    }

    /// Changes values of an opportunity now, all at once.
    pub fn changes(
        &mut self,
        opportunity: &str,
        changes: &[(&str, &str)],
    ) -> Result<Vec<Notification>, NotThere> {
        let now = self.clock.now();
        let org = self.org_of(opportunity)?.id.clone();
        let org = self.orgs.get_mut(&org).ok_or_else(|| NotThere(format!("no org {org}")))?;
        org.change_opportunity(opportunity, changes, now)
    }

    /// Creates an opportunity now. One that is created as won is announced like one that becomes it.
    pub fn creates(
        &mut self,
        org: &str,
        opportunity: &str,
        values: &[(&str, &str)],
    ) -> Result<Vec<Notification>, NotThere> {
        let now = self.clock.now();
        let org = self.orgs.get_mut(org).ok_or_else(|| NotThere(format!("no org {org}")))?;
        org.add_opportunity(opportunity, now, values);
        Ok(if org.is_won(opportunity) { vec![org.notification(opportunity)] } else { Vec::new() })
    }
}

impl Salesforce {
    /// See [`SalesforceState::closes`].
    pub fn closes(&self, opportunity: &str) -> Result<Vec<Notification>, NotThere> {
        self.change(|salesforce| salesforce.closes(opportunity))
    }

    /// See [`SalesforceState::move_to_stage`].
    pub fn move_to_stage(&self, opportunity: &str, stage: &str) -> Result<Vec<Notification>, NotThere> {
        self.change(|salesforce| salesforce.move_to_stage(opportunity, stage))
    }
}

impl Platform for SalesforceState {
    fn answer(&mut self, call: &Call) -> Answer {
        self.serve(call).unwrap_or_else(|refused| refused)
    }

    fn overview(&self) -> String {
        let mut page = "The sandbox's Salesforce: opportunities, and the tasks on them.\n".to_owned();
        for deal in self.orgs.values().flat_map(|org| org.records(Object::Opportunity)) {
            let of = |name| deal.get(name).unwrap_or_default();
            let _ = write!(page, "\nopportunity {}: {} ({})\n", deal.id, of("Name"), of("StageName"));
            for task in self.tasks_of(&deal.id) {
                let of = |name| task.get(name).unwrap_or_default();
                let _ = write!(page, "  task {}: {}\n{}\n", task.id, of("Subject"), of("Description"));
            }
        }
        page
    }

    fn recorder(&self) -> &Recorder {
        &self.recorder
    }

    fn recorder_mut(&mut self) -> &mut Recorder {
        &mut self.recorder
    }
}

impl SalesforceState {
    fn serve(&mut self, call: &Call) -> Result<Answer, Answer> {
        auth_checks::short_enough(call)?;
        let now = self.clock.now();
        let segments = call.segments();
        let (version, rest) = match &segments[..] {
            ["services", "oauth2", "token"] => {
                self.tokens += 1;
                return login::token(self.orgs.values_mut(), call, self.tokens, now);
            }
            ["services", "data"] | ["services", "data", ""] => return self.versions(call),
            ["services", "data", version, rest @ ..] => (*version, rest),
            _ => return Err(no_route(call)),
        };
        auth_checks::served(version, &self.version)?;
        let (org, user) = auth_checks::org_of(self.orgs.values_mut(), call, now)?;
        org.count(call, now)?;
        let writing = Writing { version, user: &user, now };
        let answer = route(org, call, rest, &writing, &mut self.cursors).unwrap_or_else(|refused| refused);
        Ok(org.with_limit_header(answer))
    }

    /// `GET /services/data/`, which asks for no token.
    fn versions(&self, call: &Call) -> Result<Answer, Answer> {
        if call.method != "GET" {
            return Err(wrong_method(call, "GET"));
        }
        let version = self.version.trim_start_matches('v');
        let url = format!("/services/data/{}", self.version);
        Ok(Answer::json(200, &json!([{"label": "sandbox", "url": url, "version": version}])))
    }
}

fn route(
    org: &mut Org,
    call: &Call,
    path: &[&str],
    writing: &Writing<'_>,
    cursors: &mut Cursors,
) -> Result<Answer, Answer> {
    let view = PermittedView { org, version: writing.version };
    match (call.method.as_str(), path) {
        ("GET", ["query"]) => reading::query(view, call, cursors),
        ("GET", ["query", cursor]) => reading::next_page(view, call, cursor, cursors),
        ("GET", ["limits"]) => Ok(org.limits()),
        ("GET", ["sobjects", object, "describe"]) => describe::describe(view, call, object),
        ("POST", ["sobjects", "Task"]) => tasks::create(org, call, writing),
        ("GET", ["sobjects", object, id]) => reading::read(view, call, object, id),
        ("PATCH", ["sobjects", "Task", id]) => tasks::update(org, call, id, writing),
        ("GET", ["sobjects", "Task", field, key]) => {
            tasks::read_by_key(view, call, field, &auth_checks::decoded(key))
        }
        ("PATCH", ["sobjects", "Task", field, key]) => {
            tasks::upsert(org, call, (field, &auth_checks::decoded(key)), writing)
        }
        ("PATCH", ["sobjects", "Opportunity", id]) => deal_writes::update_opportunity(org, call, id, writing),
        ("POST", ["sobjects", "OpportunityContactRole"]) => deal_writes::create_role(org, call, writing),
        ("PATCH", ["sobjects", "OpportunityContactRole", id]) => {
            deal_writes::update_role(org, call, id, writing)
        }
        (_, ["query" | "limits"] | ["sobjects", _, "describe"]) => Err(wrong_method(call, "GET")),
        (_, ["sobjects", object, ..]) if *object != "Task" => {
            let why = format!("{} {}: the bridge never does that", call.method, call.path);
            Err(refusal(
                403,
                "INSUFFICIENT_ACCESS",
                "insufficient access rights on object id",
                Verdict::Wrong(why),
            ))
        }
        _ => Err(no_route(call)),
    }
}

#[cfg(test)]
mod tests;
