//! The objects the sandbox holds, and how the API spells them.

/// An object.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Object {
    /// A deal.
    Opportunity,
    /// A company, or a person account.
    Account,
    /// A person on the customer's side.
    Contact,
    /// Somebody who may log in.
    User,
    /// Who plays which part in an opportunity.
    ContactRole,
    /// What is sold.
    LineItem,
    /// One row for each change of stage, amount, probability or close date.
    History,
    /// A value of `StageName`.
    Stage,
    /// Something to do.
    Task,
    /// A value of a task's `Status`.
    TaskStatus,
    /// A product of the price book.
    Product,
    /// A kind of opportunity; only in orgs that defined some.
    RecordType,
    /// The org itself: one record.
    Organization,
}

impl Object {
    /// All of them.
    pub const ALL: [Self; 13] = [
        Self::Opportunity,
        Self::Account,
        Self::Contact,
        Self::User,
        Self::ContactRole,
        Self::LineItem,
        Self::History,
        Self::Stage,
        Self::Task,
        Self::TaskStatus,
        Self::Product,
        Self::RecordType,
        Self::Organization,
    ];

    /// The API name.
    pub fn name(self) -> &'static str {
        match self {
            Self::Opportunity => "Opportunity",
            Self::Account => "Account",
            Self::Contact => "Contact",
            Self::User => "User",
            Self::ContactRole => "OpportunityContactRole",
            Self::LineItem => "OpportunityLineItem",
            Self::History => "OpportunityHistory",
            Self::Stage => "OpportunityStage",
            Self::Task => "Task",
            Self::TaskStatus => "TaskStatus",
            Self::Product => "Product2",
            Self::RecordType => "RecordType",
            Self::Organization => "Organization",
        }
    }

    /// The first three characters of its ids.
    pub fn prefix(self) -> &'static str {
        match self {
            Self::Opportunity => "006",
            Self::Account => "001",
            Self::Contact => "003",
            Self::User => "005",
            Self::ContactRole => "00K",
            Self::LineItem => "00k",
            Self::History => "008",
            Self::Stage => "01J",
            Self::Task => "00T",
            Self::TaskStatus => "01T",
            Self::Product => "01t",
            Self::RecordType => "012",
            Self::Organization => "00D",
        }
    }

    /// The object of this API name, whatever its case.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|object| object.name().eq_ignore_ascii_case(name))
    }

    /// Rows that belong to a record: the name of the relationship, their object, and their field that holds
    /// the record's id.
    pub(super) fn children(self) -> &'static [(&'static str, Self, &'static str)] {
        match self {
            Self::Opportunity => &[
                ("OpportunityContactRoles", Self::ContactRole, "OpportunityId"),
                ("OpportunityLineItems", Self::LineItem, "OpportunityId"),
                ("OpportunityHistories", Self::History, "OpportunityId"),
                ("Tasks", Self::Task, "WhatId"),
            ],
            Self::Account => {
                &[("Opportunities", Self::Opportunity, "AccountId"), ("Contacts", Self::Contact, "AccountId")]
            }
            _ => &[],
        }
    }
}
