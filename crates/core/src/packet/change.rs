//! The change that an answer makes to a CRM, and whether what the CRM holds is that already.
//!
//! A value is absolute and never an append, so that making the same change again does no harm.

use std::collections::BTreeSet;

use jiff::tz::TimeZone;
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

use super::RoleTarget;
use crate::dates::stored::{StoredAs, day};
use crate::record::{FieldKind, parts};
use crate::text::clean::{clean, clean_html};
use crate::text::decimal::decimal;

/// What is to be changed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Change {
    Field(FieldChange),
    Role(RoleChange),
}

/// One field of the deal gets another value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FieldChange {
    /// The CRM's own name of the field.
    pub name: String,
    /// How the field's values are read.
    pub kind: FieldKind,
    /// The new value as both CRMs store it, escaped for [`FieldKind::Html`]; several options of a pick list are joined
    /// by `;`. A number is decimal digits, a day `2026-12-11`, an instant `2026-12-11T00:00:00Z`.
    pub value: String,
    pub shown: Shown,
}

/// A contact of the deal gets a role.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RoleChange {
    /// The CRM's id of the contact.
    pub contact: String,
    /// The label, contact role or buying role, as the mapping spells it. It is added to those that the contact has.
    pub label: String,
    pub kept_as: RoleTarget,
}

/// What a field held when a person was shown it, as a fingerprint: the text itself stays in the CRM.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Shown(String);

impl Shown {
    /// The fingerprint of a stored value; of nothing and of white space it is the same.
    pub fn of(held: Option<&str>) -> Self {
        let held = held.unwrap_or_default().replace("\r\n", "\n");
        Self(hex::encode(&Sha256::digest(held.trim())[..8]))
    }

    /// The same, or this value.
    #[must_use]
    pub fn or(&self, held: &str) -> Self {
        Self(format!("{},{}", self.0, Self::of(Some(held)).0))
    }

    /// The fingerprint that [`Shown::as_str`] gave.
    pub fn from_text(text: &str) -> Self {
        Self(text.to_owned())
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FieldChange {
    /// Whether the field still holds what the person was shown: only then may it be written.
    pub fn is_as_shown(&self, held: Option<&str>) -> bool {
        let held = Shown::of(held);
        self.shown.0.split(',').any(|shown| shown == held.0)
    }

    /// Whether the field holds the new value, however the CRM writes it. Of a text its rules may change capitals and white
    /// space; to change only those in what the person was shown is a change like any other.
    pub fn is_made(&self, held: Option<&str>) -> bool {
        let Some(held) = held.map(str::trim).filter(|held| !held.is_empty()) else {
            return self.value.trim().is_empty();
        };
        let value = self.value.trim();
        match self.kind {
            FieldKind::Html => clean_html(held) == clean_html(value) || self.is_normalized(held, clean_html),
            FieldKind::Number | FieldKind::Money => match (decimal(held), decimal(value)) {
                (Some(held), Some(value)) => held == value,
                _ => held == value,
            },
            FieldKind::Bool => held.eq_ignore_ascii_case(value),
            FieldKind::Date | FieldKind::DateTime => {
                let stored = if self.kind == FieldKind::Date { StoredAs::Day } else { StoredAs::Instant };
                let read = |text| day(text, stored, &TimeZone::UTC);
                held == value || read(held).is_some_and(|held| read(value) == Some(held))
            }
            FieldKind::Choices => parts(held).collect::<BTreeSet<_>>() == parts(value).collect(),
            FieldKind::Text => {
                held.replace("\r\n", "\n") == value.replace("\r\n", "\n") || self.is_normalized(held, clean)
            }
            FieldKind::Choice | FieldKind::User => held == value,
        }
    }

    fn is_normalized(&self, held: &str, clean: fn(&str) -> String) -> bool {
        let normal = |text: &str| {
            let words: Vec<String> = clean(text).split_whitespace().map(str::to_lowercase).collect();
            words.join(" ")
        };
        !self.is_as_shown(Some(held)) && normal(held) == normal(&self.value)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn change(kind: FieldKind, value: &str, shown: Option<&str>) -> FieldChange {
        let (name, value) = ("handoff_promises".to_owned(), value.to_owned());
        FieldChange { name, kind, value, shown: Shown::of(shown) }
    }

    #[test]
    fn a_field_may_be_written_only_if_it_holds_what_was_shown() {
        let promises = change(FieldKind::Text, "SSO before 1 March", Some("TBD\r\nsoon "));
        assert!(promises.is_as_shown(Some("TBD\nsoon")));
        assert!(!promises.is_as_shown(Some("tbd\nsoon")));
        assert!(!promises.is_as_shown(None));
        assert!(change(FieldKind::Text, "SSO", None).is_as_shown(Some(" \n")));
    }

    #[test]
    fn a_value_is_recognised_however_the_crm_writes_it() {
        use FieldKind::{Bool, Choices, Date, DateTime, Html, Money, Number, Text};
        for (kind, value, held, made) in [
            (Text, "SSO\nno fee", "SSO\r\nno fee ", true),
            (Text, "SSO ,  no\nfee", "sso , NO fee", true),
            (Text, "1.5 days", "15 days", false),
            (Html, "<p>A &amp; B</p><p>C</p>", "<p>A &amp; B</p>\n<p><span>C</span></p>", true),
            (Number, "12", "12.0", true),
            (Money, "12000", "12000.00", true),
            (Number, "12", "13", false),
            (Bool, "true", "True", true),
            (Date, "2026-12-11", "2026-12-11T00:00:00Z", true),
            (Date, "2026-12-11", "1796947200000", true),
            (Date, "2026-12-11", "2026-12-12", false),
            (DateTime, "2026-12-10T23:00:00Z", "2026-12-10T23:00:00.000+0000", true),
            (Choices, "a;b", ";b;a", true),
            (Choices, "a;b", "a", false),
        ] {
            assert_eq!(change(kind, value, None).is_made(Some(held)), made, "{kind:?} {value} {held}");
        }
        assert!(!change(Text, "SSO", None).is_made(None));
        assert!(!change(Text, "SSO", Some("sso")).is_made(Some("sso")), "the person corrects it");
        assert!(change(Html, "<p>SSO</p>", Some("<p>sso</p>")).is_made(Some("<p>Sso</p>")));
        assert!(!change(Html, "<p>SSO</p>", Some("<p>sso</p>")).is_made(Some("<p>sso</p>")));
    }
}
