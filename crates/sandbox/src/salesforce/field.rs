//! A field as an admin sees it.

use super::object::Object;

/// What a field holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Type {
    /// The record's own id.
    Id,
    /// The id of another record.
    Reference,
    /// One line of text.
    Text,
    /// Text of up to 32,000 characters, which no query can filter or sort by.
    LongText,
    /// The same as HTML.
    RichText,
    /// One of several values.
    Choice,
    /// Some of several values, joined by `;`.
    Choices,
    /// An amount.
    Money,
    /// A number.
    Number,
    /// A whole number.
    Whole,
    /// A percentage: 75 is 75 %.
    Percent,
    /// A checkbox, never null.
    Flag,
    /// A day.
    Date,
    /// An instant.
    DateTime,
    /// An address.
    Email,
    /// A phone number.
    Phone,
    /// An address of a page.
    Url,
}

impl Type {
    /// As `describe` spells it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Id => "id",
            Self::Reference => "reference",
            Self::Text => "string",
            Self::LongText | Self::RichText => "textarea",
            Self::Choice => "picklist",
            Self::Choices => "multipicklist",
            Self::Money => "currency",
            Self::Number => "double",
            Self::Whole => "int",
            Self::Percent => "percent",
            Self::Flag => "boolean",
            Self::Date => "date",
            Self::DateTime => "datetime",
            Self::Email => "email",
            Self::Phone => "phone",
            Self::Url => "url",
        }
    }

    /// Too long to filter or sort by.
    pub(super) fn is_long(self) -> bool {
        matches!(self, Self::LongText | Self::RichText)
    }

    fn length(self) -> usize {
        match self {
            Self::Id | Self::Reference => 18,
            Self::Text | Self::Choice | Self::Url => 255,
            Self::LongText | Self::RichText => 32_000,
            Self::Choices => 4099,
            Self::Email => 80,
            Self::Phone => 40,
            _ => 0,
        }
    }
}

/// A value of a pick list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Choice {
    /// What is stored.
    pub value: String,
    /// What people see.
    pub label: String,
    /// Still offered.
    pub active: bool,
}

/// A field of an object.
#[derive(Debug, Clone)]
pub struct Field {
    /// API name.
    pub name: String,
    /// What people read.
    pub label: String,
    /// What it holds.
    pub kind: Type,
    /// The longest text, in UTF-16 units; 0 for what is not text.
    pub length: usize,
    /// Values of a pick list.
    pub choices: Vec<Choice>,
    /// Where a reference leads, and the name of the way there.
    pub refers_to: Option<(Object, String)>,
    /// Field-level security hides it from the integration user.
    pub hidden: bool,
    /// Who fills it in.
    pub entry: Entry,
    /// Whether records can be addressed by it.
    pub key: Key,
    /// A pick list that takes no other values than those it offers.
    pub restricted: bool,
}

/// Who fills a field in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Entry {
    /// Whoever likes to.
    Optional,
    /// Nothing can be saved without it.
    Required,
    /// Salesforce alone.
    ReadOnly,
    /// A formula of the admin's.
    Formula,
}

/// Whether records can be addressed by a field.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Key {
    /// They cannot.
    No,
    /// It is an external id, but several records may hold the same.
    ExternalId,
    /// It is an external id, and no two records hold the same.
    UniqueExternalId,
}

impl Field {
    /// A field that people fill in.
    pub fn new(name: &str, label: &str, kind: Type) -> Self {
        Self {
            name: name.to_owned(),
            label: label.to_owned(),
            kind,
            length: kind.length(),
            choices: Vec::new(),
            refers_to: None,
            hidden: false,
            entry: Entry::Optional,
            key: Key::No,
            restricted: false,
        }
    }

    /// With the values of a pick list, as pairs of stored value and label.
    #[must_use]
    pub fn choices(mut self, choices: &[(&str, &str)]) -> Self {
        let choice = |(value, label): &(&str, &str)| Choice {
            value: (*value).to_owned(),
            label: (*label).to_owned(),
            active: true,
        };
        self.choices = choices.iter().map(choice).collect();
        self
    }

    /// A lookup to another object; `way` is its relationship name, `Owner` or `Csm__r`.
    #[must_use]
    pub fn refers_to(self, object: Object, way: &str) -> Self {
        Self { refers_to: Some((object, way.to_owned())), ..self }
    }

    /// Marked as external id, and as unique if no two records may share a value.
    #[must_use]
    pub fn external_id(self, unique: bool) -> Self {
        Self { key: if unique { Key::UniqueExternalId } else { Key::ExternalId }, ..self }
    }

    /// Required by the admin.
    #[must_use]
    pub fn required(self) -> Self {
        Self { entry: Entry::Required, ..self }
    }

    /// Worked out by a formula.
    #[must_use]
    pub fn formula(self) -> Self {
        Self { entry: Entry::Formula, ..self }
    }

    /// A pick list that takes no other values than those it offers.
    #[must_use]
    pub fn restricted(self) -> Self {
        Self { restricted: true, ..self }
    }

    pub(super) fn is_restricted(&self, object: Object) -> bool {
        let is_list = matches!(self.kind, Type::Choice | Type::Choices);
        is_list && (self.restricted || object == Object::Task)
    }

    pub(super) fn read_only(self) -> Self {
        Self { entry: Entry::ReadOnly, ..self }
    }

    /// With another limit to its text.
    #[must_use]
    pub fn up_to(self, length: usize) -> Self {
        Self { length, ..self }
    }

    /// Made by an admin.
    pub fn is_custom(&self) -> bool {
        self.name.ends_with("__c")
    }
}
