//! The kinds of object the sandbox holds, and how each place in the API spells them.

/// A kind of CRM object.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Kind {
    /// `deals`, type `0-3`.
    Deal,
    /// `contacts`, type `0-1`.
    Contact,
    /// `companies`, type `0-2`.
    Company,
    /// `line_items`, type `0-8`.
    LineItem,
    /// `tasks`, type `0-27`.
    Task,
}

impl Kind {
    /// All of them.
    pub const ALL: [Self; 5] = [Self::Deal, Self::Contact, Self::Company, Self::LineItem, Self::Task];

    /// As a part of a path.
    pub fn path(self) -> &'static str {
        match self {
            Self::Deal => "deals",
            Self::Contact => "contacts",
            Self::Company => "companies",
            Self::LineItem => "line_items",
            Self::Task => "tasks",
        }
    }

    /// As an object type id.
    pub fn type_id(self) -> &'static str {
        match self {
            Self::Deal => "0-3",
            Self::Contact => "0-1",
            Self::Company => "0-2",
            Self::LineItem => "0-8",
            Self::Task => "0-27",
        }
    }

    /// As a key of inline associations: line items with a space.
    pub fn inline_key(self) -> &'static str {
        match self {
            Self::LineItem => "line items",
            other => other.path(),
        }
    }

    /// One of them, in the names of association types and events.
    pub fn singular(self) -> &'static str {
        match self {
            Self::Deal => "deal",
            Self::Contact => "contact",
            Self::Company => "company",
            Self::LineItem => "line_item",
            Self::Task => "task",
        }
    }

    /// Reads a part of a path: the name and the type id mean the same.
    pub fn from_path(part: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.path() == part || kind.type_id() == part)
    }

    /// The type of a plain association from one kind to another.
    pub fn plain_type(self, to: Self) -> Option<u32> {
        Some(match (self, to) {
            (Self::Deal, Self::Contact) => 3,
            (Self::Contact, Self::Deal) => 4,
            (Self::Deal, Self::Company) => 341,
            (Self::Company, Self::Deal) => 342,
            (Self::Contact, Self::Company) => 279,
            (Self::Deal, Self::LineItem) => 19,
            (Self::Deal, Self::Task) => 215,
            (Self::Task, Self::Deal) => 216,
            (Self::Task, Self::Contact) => 204,
            (Self::Task, Self::Company) => 192,
            _ => return None,
        })
    }
}
