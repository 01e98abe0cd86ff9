//! Fields that no section reads and that sound like one.

use std::collections::BTreeSet;

use crate::mapping::Mapping;
use crate::packet::SectionName;
use crate::record::{AccountMetadata, CrmObject, FieldObject, FieldPath};
use crate::workbench::recogniser::{Target, sounds_like};

/// Fields that are looked at in one account, the deal's first: each makes every read of a deal larger.
const MOST: usize = 60;

/// A field that a section might read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Candidate {
    pub path: FieldPath,
    /// What people call it.
    pub label: String,
    /// The section it sounds like.
    pub section: SectionName,
    /// `due` for a date of first value.
    pub key: Option<&'static str>,
}

/// Fields of deal and company that `mapping` does not read and that sound like a section.
pub fn candidates(account: &AccountMetadata, mapping: &Mapping) -> Vec<Candidate> {
    let read: BTreeSet<FieldPath> = mapping.wanted_fields().paths.into_iter().collect();
    let mut found = Vec::new();
    for (object, part) in [(CrmObject::Deal, FieldObject::Deal), (CrmObject::Company, FieldObject::Company)] {
        let fields = account.fields(object).unwrap_or_default();
        for field in fields.iter().filter(|field| field.is_fillable()) {
            let path = FieldPath { object: part, name: field.name.clone() };
            let same = |known: &FieldPath| {
                known.object == path.object && known.name.eq_ignore_ascii_case(&path.name)
            };
            if read.iter().any(same) {
                continue;
            }
            if let Some(target) = sounds_like(field) {
                let (section, key) = match target {
                    Target::Section(section) => (section, None),
                    Target::FirstValueDate => (SectionName::FirstValue, Some("due")),
                };
                found.push(Candidate { path, label: field.label.clone(), section, key });
            }
        }
    }
    found.truncate(MOST);
    found
}
