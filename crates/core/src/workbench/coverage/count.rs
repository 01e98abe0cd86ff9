//! What a field held, deal by deal, as the rules see it: `TBD` is not an answer.

use serde::Serialize;

use crate::gaps;
use crate::mapping::{ListStyle, Mapping, Observation, SectionMapping, list};
use crate::messages;
use crate::packet::SectionName;
use crate::record::{DealRecord, FieldPath, Reading};

/// How many deals a field held what in.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct Tally {
    pub filled: usize,
    /// Text, but only a stand-in for an answer: `TBD`, `see call notes`.
    pub placeholder: usize,
    /// Nobody can tell: the CRM hides the field, or does not know it.
    pub hidden: usize,
    pub empty: usize,
}

/// A place of the mapping that reads a field.
pub(crate) struct Part {
    /// The section; `None` outside of the sections.
    pub(crate) section: Option<SectionName>,
    /// The key at the top of the file, outside of the sections.
    pub(crate) other: &'static str,
    pub(crate) key: Option<&'static str>,
    pub(crate) path: FieldPath,
}

/// Every place that reads a field, in the order of a mapping file; each place names a field once.
pub(crate) fn parts(mapping: &Mapping) -> Vec<Part> {
    let mut parts: Vec<Part> = Vec::new();
    let mut add = |section, other, key, path: &FieldPath| {
        let same =
            |part: &Part| (part.section, part.other, part.key, &part.path) == (section, other, key, path);
        if !parts.iter().any(same) {
            parts.push(Part { section, other, key, path: path.clone() });
        }
    };
    for name in mapping.section_names() {
        let Some(section) = mapping.sections.get(&name) else { continue };
        let SectionMapping { from, due, who, derive, required_when, .. } = section;
        let seen = derive.iter().flat_map(|derivation| derivation.when.conditions());
        let seen = seen.map(|condition| &condition.field);
        let fed = from.iter().map(|path| (None, path));
        let dated = due.iter().map(|path| (Some("due"), path));
        let done = who.iter().map(|path| (Some("who"), path));
        let seen = seen.map(|path| (Some("derive"), path));
        let required = required_when.iter().flat_map(Observation::conditions);
        let required = required.map(|condition| (Some("required_when"), &condition.field));
        for (key, path) in fed.chain(dated).chain(done).chain(seen).chain(required) {
            add(Some(name), "", key, path);
        }
    }
    for link in &mapping.links {
        add(None, "links", None, &link.from);
    }
    for condition in mapping.applies_when.iter().flat_map(Observation::conditions) {
        add(None, "applies_to", None, &condition.field);
    }
    for condition in mapping.important_when.iter().flat_map(Observation::conditions) {
        add(None, "important_when", None, &condition.field);
    }
    add(None, "owner", None, &mapping.owner.from);
    for condition in mapping.slack.routes.iter().flat_map(|route| route.when.conditions()) {
        add(None, "slack", Some("routes"), &condition.field);
    }
    parts
}

impl Part {
    pub(crate) fn name(&self) -> &str {
        self.section.as_ref().map_or(self.other, SectionName::as_str)
    }

    pub(crate) fn tally(&self, mapping: &Mapping, records: &[&DealRecord]) -> Tally {
        let mut tally = Tally::default();
        for record in records {
            match record.read(&self.path) {
                Reading::Hidden(_) => tally.hidden += 1,
                Reading::Empty => tally.empty += 1,
                Reading::Values(values) => {
                    let texts = values.iter().flat_map(|value| self.texts(mapping, record, value));
                    let texts: Vec<String> = texts.filter(|text| !text.is_empty()).collect();
                    if texts.is_empty() {
                        tally.empty += 1;
                    } else if texts.iter().any(|text| self.answers(text, mapping)) {
                        tally.filled += 1;
                    } else {
                        tally.placeholder += 1;
                    }
                }
            }
        }
        tally
    }

    /// What a packet would show of a value.
    fn texts(&self, mapping: &Mapping, record: &DealRecord, raw: &str) -> Vec<String> {
        if self.key.is_some() || self.section.is_none() {
            return vec![messages::value::shown(&record.value(&self.path, raw, &mapping.time_zone))];
        }
        let list = self.section.and_then(|name| mapping.sections.get(&name));
        let list = list.map_or(ListStyle::Auto, |section| section.list);
        list::texts(mapping, record, &self.path, raw, list)
    }

    /// Whether a text is more than a stand-in. What only a condition looks at is a value, whatever it says.
    fn answers(&self, text: &str, mapping: &Mapping) -> bool {
        match (self.section, self.key) {
            (None, _) | (_, Some("derive" | "required_when")) => true,
            (Some(section), _) => gaps::is_answer(text, section, mapping),
        }
    }
}
