//! The sections of a packet by name.

use std::borrow::Cow;
use std::fmt;
use std::str::FromStr;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::de::{Error as _, Unexpected};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// The longest id of a custom section, in bytes.
pub const LONGEST_ID: usize = 40;

/// The name of a section: one of the seven, in the order they are read, or one that a mapping adds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum SectionName {
    /// Why did they choose us, and why now?
    BuyingReason,
    /// What specific result do they want first?
    SuccessOutcome,
    /// Who is sponsor, operator, evaluator, likely blocker?
    Stakeholders,
    /// What did sales commit to?
    Promises,
    /// What could slow adoption?
    Risks,
    /// What happens in the first 30 days that proves the deal was smart?
    FirstValue,
    /// What could come later. Optional: it never counts as missing.
    Expansion,
    /// A section of the mapping's own.
    Custom(CustomId),
}

/// The id of a custom section, in `snake_case`. A fixed-size array keeps names `Copy` without interning text that comes
/// from files and stored packets.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct CustomId([u8; LONGEST_ID]);

impl CustomId {
    fn as_str(&self) -> &str {
        let end = self.0.iter().position(|byte| *byte == 0).unwrap_or(LONGEST_ID);
        self.0.get(..end).and_then(|id| std::str::from_utf8(id).ok()).unwrap_or_default()
    }
}

impl fmt::Debug for CustomId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for CustomId {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        let is_word = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_';
        let is_id = text.starts_with(|first: char| first.is_ascii_lowercase()) && text.bytes().all(is_word);
        let mut id = [0; LONGEST_ID];
        let place = id.get_mut(..text.len()).filter(|_| is_id).ok_or(())?;
        place.copy_from_slice(text.as_bytes());
        Ok(Self(id))
    }
}

impl SectionName {
    /// The six that a complete packet needs.
    pub const REQUIRED: [Self; 6] = [
        Self::BuyingReason,
        Self::SuccessOutcome,
        Self::Stakeholders,
        Self::Promises,
        Self::Risks,
        Self::FirstValue,
    ];

    /// The seven that every mapping has.
    pub const ALL: [Self; 7] = [
        Self::BuyingReason,
        Self::SuccessOutcome,
        Self::Stakeholders,
        Self::Promises,
        Self::Risks,
        Self::FirstValue,
        Self::Expansion,
    ];

    /// The name used in code, files and JSON.
    pub fn as_str(&self) -> &str {
        match self {
            Self::BuyingReason => "buying_reason",
            Self::SuccessOutcome => "success_outcome",
            Self::Stakeholders => "stakeholders",
            Self::Promises => "promises",
            Self::Risks => "risks",
            Self::FirstValue => "first_value",
            Self::Expansion => "expansion",
            Self::Custom(id) => id.as_str(),
        }
    }

    /// Whether a mapping added it.
    pub fn is_custom(self) -> bool {
        matches!(self, Self::Custom(_))
    }

    /// One of the seven.
    pub fn built_in(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|name| name.as_str() == text)
    }
}

impl FromStr for SectionName {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        Self::built_in(text).map_or_else(|| text.parse().map(Self::Custom), Ok)
    }
}

impl Serialize for SectionName {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}

impl<'de> Deserialize<'de> for SectionName {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = Cow::<str>::deserialize(deserializer)?;
        text.parse().map_err(|()| D::Error::invalid_value(Unexpected::Str(&text), &"section"))
    }
}

impl JsonSchema for SectionName {
    fn schema_name() -> Cow<'static, str> {
        "SectionName".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        let custom = format!("^[a-z][a-z0-9_]{{0,{}}}$", LONGEST_ID - 1);
        json_schema!({
            "anyOf": [
                {"type": "string", "enum": Self::ALL.each_ref().map(Self::as_str)},
                {"type": "string", "pattern": custom},
            ],
        })
    }
}

/// A section that the mapping adds to the seven, as a packet carries it: what is there can be shown after the mapping has
/// changed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct CustomSection {
    /// Its id, under which it stands in `sections` if it says something or is required.
    pub id: SectionName,
    /// The name people read.
    pub title: String,
    /// A complete packet needs it, unless the mapping's `required_when` spares the deal.
    pub required: bool,
    /// The section that it is read after; without one it stands before `expansion`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub after: Option<SectionName>,
}

/// `built_in` sections with the custom ones in their places; those with one place stand as in the mapping file.
pub fn reading_order(built_in: &[SectionName], custom: &[CustomSection]) -> Vec<SectionName> {
    let mut order: Vec<SectionName> = Vec::new();
    let placed = |after| custom.iter().filter(move |one| one.after == after).map(|one| one.id);
    for name in built_in {
        if *name == SectionName::Expansion {
            order.extend(placed(None));
        }
        order.push(*name);
        order.extend(placed(Some(*name)));
    }
    order
}

/// The sections that a complete packet needs.
pub fn required(custom: &[CustomSection]) -> impl Iterator<Item = SectionName> {
    let custom = custom.iter().filter(|one| one.required).map(|one| one.id);
    SectionName::REQUIRED.into_iter().chain(custom)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_is_a_word_in_snake_case_of_at_most_40_characters() {
        for text in ["security_review", "a", "phase_2", &"x".repeat(40)] {
            let name: SectionName = text.parse().unwrap();
            assert!(name.is_custom());
            assert_eq!(name.as_str(), text);
            assert_eq!(serde_json::to_string(&name).unwrap(), format!("{text:?}"));
            assert_eq!(serde_json::from_str::<SectionName>(&format!("{text:?}")).unwrap(), name);
        }
        for text in ["", "_a", "2nd", "Security", "a-b", "a.b", "a b", "ü", "a\0", &"x".repeat(41)] {
            assert_eq!(text.parse::<SectionName>(), Err(()), "{text:?}");
        }
        assert_eq!("risks".parse(), Ok(SectionName::Risks));
    }

    #[test]
    fn custom_sections_stand_where_the_mapping_puts_them() {
        let custom = |id: &str, after| CustomSection {
            id: id.parse().unwrap(),
            title: String::new(),
            required: false,
            after,
        };
        let some = [
            custom("last", Some(SectionName::Expansion)),
            custom("one", Some(SectionName::Promises)),
            custom("two", None),
            custom("three", Some(SectionName::Promises)),
        ];
        let order = reading_order(&SectionName::ALL, &some);
        let order: Vec<&str> = order.iter().map(SectionName::as_str).collect();
        assert_eq!(
            order.join(" "),
            "buying_reason success_outcome stakeholders promises one three risks first_value two expansion last"
        );
    }
}
