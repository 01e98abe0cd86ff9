//! What a case expects of the packet. Only what is written is compared.

use std::collections::BTreeMap;

use crate::gaps::RULES;
use crate::messages;
use crate::packet::{PacketStatus, Role, SectionName, SectionStatus};
use crate::source::{Block, Entry, Field, Problems, Span, Value, did_you_mean, nearest};

pub(in crate::workbench) const STATUSES: [(&str, SectionStatus); 3] =
    [("filled", SectionStatus::Filled), ("weak", SectionStatus::Weak), ("missing", SectionStatus::Missing)];

pub(in crate::workbench) const PACKET_STATUSES: [(&str, PacketStatus); 2] =
    [("complete", PacketStatus::Complete), ("incomplete", PacketStatus::Incomplete)];

/// The word for a status.
pub(in crate::workbench) fn word<T: PartialEq>(words: &[(&'static str, T)], status: &T) -> &'static str {
    words.iter().find(|(_, known)| known == status).map_or("", |(word, _)| word)
}

/// What the packet must say.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Expectation {
    pub(crate) sections: BTreeMap<SectionName, ExpectedSection>,
    /// Every gap that counts, in any order.
    pub(crate) gaps: Option<Vec<ExpectedGap>>,
    /// The names of everybody with a role.
    pub(crate) roles: BTreeMap<Role, Vec<String>>,
    pub(crate) important: Option<Important>,
    /// Name or e-mail address.
    pub(crate) owner: Option<String>,
    pub(crate) channel: Option<String>,
    pub(crate) status: Option<PacketStatus>,
    /// Every link with its address.
    pub(crate) links: Option<Vec<String>>,
    /// Whether the deal gets a packet.
    pub(crate) applies: Option<bool>,
}

/// What a section must hold.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct ExpectedSection {
    pub(crate) status: Option<SectionStatus>,
    pub(crate) entries: Option<Vec<String>>,
}

/// A gap by its id, in one section or in any.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct ExpectedGap {
    pub(crate) section: Option<SectionName>,
    pub(crate) id: String,
}

/// Whether the account must be important, or exactly why.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Important {
    Is(bool),
    Because(Vec<String>),
}

/// Parses the block behind `expect`.
pub(crate) fn parse(mut section: Block<'_>, problems: &mut Problems) -> Expectation {
    let span = section.span();
    let sections = section.take("sections").block(problems);
    let gaps = section.take("gaps");
    let roles = section.take("roles").block(problems);
    let important = section.take("important");
    let mut text = |key: &str| section.take(key).text(problems).map(|(text, _)| text.to_owned());
    let (owner, channel) = (text("owner"), text("channel"));
    let status = section.take("status").choice(&PACKET_STATUSES, problems);
    let links = links(section.take("links"), problems);
    let applies = section.take("applies").boolean(problems);
    section.finish(problems);
    let gaps = gaps.is_present().then(|| {
        let gaps = texts(gaps, problems);
        gaps.into_iter().filter_map(|(text, span)| gap(text, span, problems)).collect::<Vec<_>>()
    });
    let expectation = Expectation {
        sections: sections.map(|sections| self::sections(sections, problems)).unwrap_or_default(),
        gaps,
        roles: roles.map(|roles| self::roles(roles, problems)).unwrap_or_default(),
        important: self::important(important, problems),
        owner,
        channel,
        status,
        links,
        applies,
    };
    if expectation == Expectation::default() && !problems.has_errors() {
        let help = "write at least one thing, such as `status: complete` or `gaps: []`";
        problems.error(span, "this case expects nothing, so it cannot fail", help);
    }
    expectation
}

/// Several texts; `[]` means that there must be none.
pub(super) fn texts<'d>(field: Field<'d>, problems: &mut Problems) -> Vec<(&'d str, Span)> {
    if field.is_empty_list() { Vec::new() } else { field.texts(problems) }
}

pub(super) fn owned(texts: Vec<(&str, Span)>) -> Vec<String> {
    texts.into_iter().map(|(text, _)| text.to_owned()).collect()
}

fn sections(mut block: Block<'_>, problems: &mut Problems) -> BTreeMap<SectionName, ExpectedSection> {
    let mut sections = BTreeMap::new();
    for entry in block.rest() {
        let Some(name) = section_name(&entry.key, entry.span, problems) else { continue };
        let expected = match &entry.value.value {
            Value::Map(_) => {
                let Some(mut section) = Block::of(&entry.value, "a section", problems) else { continue };
                let status = section.take("status").choice(&STATUSES, problems);
                let entries = section.take("entries");
                let entries = entries.is_present().then(|| owned(texts(entries, problems)));
                section.finish(problems);
                ExpectedSection { status, entries }
            }
            _ => ExpectedSection { status: None, entries: Some(owned(texts(Field::from(entry), problems))) },
        };
        sections.insert(name, expected);
    }
    sections
}

/// `name: address` lines; `{}` means that there must be none.
fn links(field: Field<'_>, problems: &mut Problems) -> Option<Vec<String>> {
    let mut block = field.block(problems)?;
    let link = |entry: &Entry, problems: &mut Problems| {
        let (address, _) = Field::from(entry).text(problems)?;
        Some(messages::packet::link(&entry.key, address))
    };
    Some(block.rest().into_iter().filter_map(|entry| link(entry, problems)).collect())
}

fn roles(mut block: Block<'_>, problems: &mut Problems) -> BTreeMap<Role, Vec<String>> {
    let mut roles = BTreeMap::new();
    for entry in block.rest() {
        let role = Role::ALL.into_iter().find(|role| role.as_str() == entry.key);
        let names = Role::ALL.map(Role::as_str);
        if let Some(role) = role.or_else(|| unknown("role", &entry.key, entry.span, &names, problems)) {
            roles.insert(role, owned(texts(Field::from(entry), problems)));
        }
    }
    roles
}

fn gap(text: &str, span: Span, problems: &mut Problems) -> Option<ExpectedGap> {
    let (section, id) = text.split_once('/').map_or((None, text), |(section, id)| (Some(section), id));
    let section = section.map(|word| section_name(word, span, problems).ok_or(())).transpose().ok()?;
    let rule = id.split(':').next().unwrap_or_default();
    if RULES.iter().any(|known| known.id.as_str() == rule) {
        return Some(ExpectedGap { section, id: id.to_owned() });
    }
    let ids: Vec<&str> = RULES.iter().map(|rule| rule.id.as_str()).collect();
    unknown("gap", rule, span, &ids, problems)
}

fn important(field: Field<'_>, problems: &mut Problems) -> Option<Important> {
    if field.is_list() {
        return Some(Important::Because(owned(texts(field, problems))));
    }
    field.boolean(problems).map(Important::Is)
}

fn section_name(word: &str, span: Span, problems: &mut Problems) -> Option<SectionName> {
    // Whether the mapping has such a section of its own, the case says when it runs.
    let names = SectionName::ALL.each_ref().map(SectionName::as_str);
    let is_misspelt = SectionName::built_in(word).is_none() && nearest(word, names).is_some();
    let found = word.parse().ok().filter(|_| !is_misspelt);
    found.or_else(|| unknown("section", word, span, &names, problems))
}

fn unknown<T>(what: &str, word: &str, span: Span, names: &[&str], problems: &mut Problems) -> Option<T> {
    let help = did_you_mean(word, names.iter().copied());
    problems.reject(span, format!("there is no {what} `{word}`"), help)
}
