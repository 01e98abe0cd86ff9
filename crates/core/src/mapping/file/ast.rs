//! The syntax tree of a mapping file: every part that can be read, with its place.
//!
//! A file with mistakes has a tree as well; the parts that cannot be read are absent from it.

use std::path::PathBuf;

use jiff::tz::TimeZone;

mod section;

pub use section::{Derivation, Section};

use super::super::{self as mapping, AskWay, Limit, Mapping, RollUp};
use crate::dates::hours::{Hours, Patience};
use crate::packet::{CustomSection, Role, RoleTarget, SectionName, TaskTexts};
use crate::record::{CrmKind, Dialect, FieldPath};
use crate::source::{Span, Spanned};
use crate::text::locale::{Language, Locale, OwnWords};

#[derive(Debug)]
pub struct MappingFile {
    /// As the configuration names it.
    pub name: String,
    /// `sha256:` and the hash of the file's bytes.
    pub version: String,
    pub start: Span,
    pub crm: Option<CrmKind>,
    /// Also a name that no zone has.
    pub time_zone: Option<Spanned<String>>,
    pub language: Language,
    /// The file of own words and what it holds, if it can be read.
    pub words: Option<(PathBuf, OwnWords)>,
    pub pipelines: Vec<Spanned<String>>,
    /// The condition behind `applies_to`.
    pub applies_when: Option<Observation>,
    /// In the order of the file.
    pub sections: Vec<Section>,
    /// The sections of its own among them.
    pub custom_sections: Vec<CustomSection>,
    pub links: Vec<Link>,
    pub roles: Roles,
    pub important_when: Vec<Observation>,
    /// The field with the person who takes the handoff.
    pub owner: Option<Spanned<FieldPath>>,
    /// The `fallback:` address, which takes the handoffs without an owner; also text that is no address.
    pub fallback: Option<Spanned<String>>,
    pub due_in_business_days: u8,
    /// What is added to every task.
    pub task_texts: TaskTexts,
    pub slack: Slack,
    pub placeholders: Vec<Spanned<String>>,
    pub colleagues: Vec<Spanned<String>>,
}

/// A page that a reader can open.
#[derive(Debug)]
pub struct Link {
    pub name: Spanned<String>,
    pub from: Spanned<FieldPath>,
}

/// When an entry is derived, or a deal is treated differently.
#[derive(Debug)]
pub enum Observation {
    Field(Condition),
    Contacts(Limit),
    RoleMissing(Role),
    All(Vec<Observation>),
    Any(Vec<Observation>),
    Not(Box<Observation>),
}

impl Observation {
    /// Itself and everything that it joins.
    pub fn parts(&self) -> Vec<&Self> {
        let mut parts = vec![self];
        match self {
            Self::All(joined) | Self::Any(joined) => parts.extend(joined.iter().flat_map(Self::parts)),
            Self::Not(part) => parts.extend(part.parts()),
            Self::Field(_) | Self::Contacts(_) | Self::RoleMissing(_) => {}
        }
        parts
    }

    /// The condition, if it is a single one on a field.
    pub fn condition(&self) -> Option<&Condition> {
        if let Self::Field(condition) = self { Some(condition) } else { None }
    }

    fn lower(self) -> mapping::Observation {
        let all = |parts: Vec<Self>| parts.into_iter().map(Self::lower).collect();
        match self {
            Self::Field(condition) => mapping::Observation::Field(condition.meaning),
            Self::Contacts(limit) => mapping::Observation::Contacts(limit),
            Self::RoleMissing(role) => mapping::Observation::RoleMissing(role),
            Self::All(parts) => mapping::Observation::All(all(parts)),
            Self::Any(parts) => mapping::Observation::Any(all(parts)),
            Self::Not(part) => mapping::Observation::Not(Box::new(part.lower())),
        }
    }
}

/// A condition on a field.
#[derive(Debug)]
pub struct Condition {
    pub meaning: mapping::Condition,
    /// The operator, where a reader looks first.
    pub span: Span,
    /// Where the field is named.
    pub field: Span,
    /// The values of `in` or `not_in`.
    pub values: Vec<Spanned<String>>,
}

/// How people get their roles.
#[derive(Debug, Default)]
pub struct Roles {
    pub key: RolesKey,
    pub labels: Vec<Label>,
    /// `buying_roles`.
    pub buying: Vec<Label>,
    /// The key, also when nothing usable is behind it.
    pub buying_key: Option<Span>,
    pub write: Option<Spanned<RoleTarget>>,
}

/// What is said about roles as a whole.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub enum RolesKey {
    #[default]
    Absent,
    /// Something that could not be read, perhaps because the key is misspelt.
    Unreadable,
    /// A block; here is its key.
    Block(Span),
}

/// A word that leads to a role.
#[derive(Debug)]
pub struct Label {
    pub word: String,
    /// `None` when no such role exists.
    pub role: Option<Role>,
    pub span: Span,
}

/// Where the digest goes, and how people are asked.
#[derive(Debug, Default)]
pub struct Slack {
    /// The channel, also one that is no channel's id.
    pub channel: Option<Spanned<String>>,
    pub routes: Vec<Route>,
    pub ask: AskWay,
    pub remind_after: Patience,
    pub hours: Hours,
    pub answer_by: Vec<Spanned<String>>,
    pub roll_up: Option<RollUp>,
}

/// An exception to the channel.
#[derive(Debug)]
pub struct Route {
    pub when: Observation,
    pub channel: Spanned<String>,
}

/// What a field is read for, beyond its text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Purpose {
    /// The day of first value.
    Due,
    Who,
    /// The address of a page.
    Link,
    /// Who takes the handoff.
    Owner,
    /// An answer is written to it.
    Write,
    /// The answered day is written to it.
    WriteDue,
}

impl MappingFile {
    /// What the CRM calls things, if the file says which one.
    pub fn dialect(&self) -> Option<&'static Dialect> {
        self.crm.map(CrmKind::dialect)
    }

    /// Every field that adds to a section.
    pub fn feeds(&self) -> impl Iterator<Item = (SectionName, &Spanned<FieldPath>)> {
        self.sections.iter().flat_map(|section| section.from.iter().map(|path| (section.name, path)))
    }

    /// Every field that gives a day or a person.
    pub fn pointers(&self) -> impl Iterator<Item = (Purpose, &Spanned<FieldPath>)> {
        let owner = (Purpose::Owner, self.owner.as_ref());
        let of_sections = self.sections.iter().flat_map(|section| {
            [
                (Purpose::Due, section.due.as_ref()),
                (Purpose::Who, section.who.as_ref()),
                (Purpose::Write, section.write.as_ref()),
                (Purpose::WriteDue, section.write_due.as_ref()),
            ]
        });
        let links = self.links.iter().map(|link| (Purpose::Link, Some(&link.from)));
        let all = of_sections.chain(links).chain([owner]);
        all.filter_map(|(purpose, path)| Some((purpose, path?)))
    }

    /// Every entry that a single condition on a field derives.
    pub fn derivations(&self) -> impl Iterator<Item = (SectionName, &Condition, &str)> {
        let all =
            self.sections.iter().flat_map(|section| section.derive.iter().map(|one| (section.name, one)));
        all.filter_map(|(name, derivation)| {
            Some((name, derivation.when.condition()?, derivation.say.as_str()))
        })
    }

    /// Every observation, with those that it joins.
    pub fn observations(&self) -> impl Iterator<Item = &Observation> {
        let derived = self
            .sections
            .iter()
            .flat_map(|section| section.derive.iter().map(|one| &one.when).chain(&section.required_when));
        let rest = self.applies_when.iter().chain(&self.important_when);
        derived
            .chain(rest)
            .chain(self.slack.routes.iter().map(|route| &route.when))
            .flat_map(Observation::parts)
    }

    /// Every condition on a field.
    pub fn conditions(&self) -> impl Iterator<Item = &Condition> {
        self.observations().filter_map(Observation::condition)
    }

    /// Every field that is named, with its place.
    pub fn mentions(&self) -> impl Iterator<Item = (&FieldPath, Span)> {
        let feeds = self.feeds().map(|(_, path)| path);
        let named = feeds.chain(self.pointers().map(|(_, path)| path)).map(|path| (&path.value, path.span));
        named.chain(self.conditions().map(|condition| (&condition.meaning.field, condition.field)))
    }

    /// The mapping that the file says, if nothing that it needs is absent.
    pub fn lower(self) -> Option<Mapping> {
        let values = |list: Vec<Spanned<String>>| list.into_iter().map(|one| one.value).collect::<Vec<_>>();
        let table = |labels: Vec<Label>| {
            labels.into_iter().filter_map(|label| Some((label.word, label.role?))).collect()
        };
        let route = |route: Route| mapping::Route { when: route.when.lower(), channel: route.channel.value };
        let link = |link: Link| mapping::LinkMapping { name: link.name.value, from: link.from.value };
        let mut sections: std::collections::BTreeMap<_, _> =
            self.sections.into_iter().map(|section| (section.name, section.lower())).collect();
        // People fill the stakeholders, with or without a mapped field.
        sections.entry(SectionName::Stakeholders).or_default();
        let write = self.roles.write.map(|target| target.value);
        let words =
            if write == Some(RoleTarget::BuyingRoles) { &self.roles.buying } else { &self.roles.labels };
        // Of several words for one role the first stays.
        let words = words.iter().rev().filter_map(|label| Some((label.role?, label.word.clone())));
        let written_as = words.collect();
        let (words, own) = self.words.map(|(path, own)| (Some(path), own)).unwrap_or_default();
        Some(Mapping {
            file: self.name,
            version: self.version,
            crm: self.crm?,
            time_zone: TimeZone::get(&self.time_zone?.value).ok()?,
            locale: Locale::with(self.language, own),
            words,
            pipelines: values(self.pipelines),
            applies_when: self.applies_when.map(Observation::lower),
            sections,
            custom_sections: self.custom_sections,
            links: self.links.into_iter().map(link).collect(),
            roles: mapping::RoleMapping {
                labels: table(self.roles.labels),
                buying_roles: table(self.roles.buying),
                write,
                written_as,
            },
            important_when: self.important_when.into_iter().map(Observation::lower).collect(),
            owner: mapping::OwnerMapping { from: self.owner?.value, fallback: self.fallback?.value },
            task: mapping::TaskMapping {
                due_in_business_days: self.due_in_business_days,
                texts: self.task_texts,
            },
            slack: mapping::SlackMapping {
                channel: self.slack.channel?.value,
                routes: self.slack.routes.into_iter().map(route).collect(),
                ask: self.slack.ask,
                remind_after: self.slack.remind_after,
                hours: self.slack.hours,
                answer_by: values(self.slack.answer_by),
                roll_up: self.slack.roll_up,
            },
            placeholders: values(self.placeholders),
            colleagues: values(self.colleagues).iter().map(|domain| domain.to_lowercase()).collect(),
        })
    }
}
