//! The queries, built from validated field names and ids only. Free text never gets in.
//!
//! One query reads a deal: the opportunity with account, owner and mapped fields, and its contact roles,
//! line items and latest history as sub-queries.

use jiff::Timestamp;

use handoff_core::record::WantedFields;
use handoff_core::record::{FieldObject, FieldPath};

use super::id::SalesforceId;

/// Newest history rows that come with a deal. A deal that changed more often since its win costs one more call.
pub const HISTORY_ROWS: usize = 50;

/// Every stage that counts as won, the ones that are no longer offered too: old deals may stand in them.
pub const WON_STAGES: &str = "SELECT ApiName, MasterLabel FROM OpportunityStage WHERE IsWon = true";

/// Stages that a deal can be won in from now on.
pub const OFFERED_WON_STAGES: &str =
    "SELECT MasterLabel FROM OpportunityStage WHERE IsWon = true AND IsActive = true";

/// The status of a task that was completed: of the closed ones the first in the org's order.
pub const CLOSED_TASK_STATUS: &str =
    "SELECT ApiName FROM TaskStatus WHERE IsClosed = true ORDER BY SortOrder LIMIT 1";

/// The record types of opportunities.
pub const RECORD_TYPES: &str =
    "SELECT DeveloperName, Name FROM RecordType WHERE SobjectType = 'Opportunity' AND IsActive = true";

/// The org itself. <https://developer.salesforce.com/docs/atlas.en-us.object_reference.meta/object_reference/sforce_api_objects_organization.htm>
pub const ORGANIZATION: &str = "SELECT Id, TimeZoneSidKey FROM Organization";

/// The active user with this address, which is the one text that gets into a query: it is escaped, and an address
/// of a mapping holds neither spaces nor control characters.
/// <https://developer.salesforce.com/docs/platform/salesforce-soql-sosl/guide/sforce-api-calls-soql-select-quotedstringescapes.html>
pub fn user_by_email(email: &str) -> String {
    let email = email.replace('\\', "\\\\").replace('\'', "\\'");
    format!("SELECT Id, Name, Email, IsActive FROM User WHERE Email = '{email}' AND IsActive = true LIMIT 1")
}

/// Where a column is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Table {
    /// The opportunity itself and what its lookups point to.
    Opportunity,
    ContactRole,
    LineItem,
    History,
}

impl Table {
    /// The tables of sub-queries.
    pub const CHILDREN: [Self; 3] = [Self::ContactRole, Self::LineItem, Self::History];

    pub fn object(self) -> &'static str {
        match self {
            Self::Opportunity => "Opportunity",
            Self::ContactRole => "OpportunityContactRole",
            Self::LineItem => "OpportunityLineItem",
            Self::History => "OpportunityHistory",
        }
    }

    /// What an opportunity calls these rows.
    pub fn relationship(self) -> &'static str {
        match self {
            Self::Opportunity => "Opportunity",
            Self::ContactRole => "OpportunityContactRoles",
            Self::LineItem => "OpportunityLineItems",
            Self::History => "OpportunityHistories",
        }
    }

    /// Columns that are asked for whatever the mapping says.
    fn standard(self) -> &'static [&'static str] {
        match self {
            Self::Opportunity => &[
                "Id",
                "StageName",
                "IsWon",
                "Name",
                "IsClosed",
                "CloseDate",
                "Amount",
                "CurrencyIsoCode",
                "RecordType.DeveloperName",
                "LastStageChangeDate",
                "LastModifiedDate",
                "OwnerId",
                "Owner.Id",
                "Owner.Name",
                "Owner.Email",
                "Owner.IsActive",
                "Account.Id",
                "Account.Name",
            ],
            Self::ContactRole => &[
                "ContactId",
                "Role",
                "IsPrimary",
                "Contact.Name",
                "Contact.Title",
                "Contact.Email",
                "Contact.Phone",
            ],
            Self::LineItem => &["Id", "Name", "Quantity", "TotalPrice"],
            Self::History => &["StageName", "CreatedDate"],
        }
    }

    /// Columns without which the rows mean nothing.
    fn essential(self) -> &'static [&'static str] {
        match self {
            Self::Opportunity => &["Id", "StageName", "IsWon"],
            Self::ContactRole => &["ContactId"],
            Self::LineItem => &["Id"],
            Self::History => &["StageName", "CreatedDate"],
        }
    }
}

/// A column of the query. Its name was validated, so it can be written as it is.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Column {
    pub table: Table,
    /// Field name, behind the names of the lookups that lead to it: `Account.Owner.Name`.
    pub name: String,
}

impl Column {
    /// A column under this name; `None` unless it is one to six identifiers joined by dots.
    pub fn new(table: Table, name: &str) -> Option<Self> {
        let identifier = |part: &str| {
            part.starts_with(|first: char| first.is_ascii_alphabetic())
                && part.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
        };
        let parts = name.split('.').count();
        (parts <= 6 && name.split('.').all(identifier)).then(|| Self { table, name: name.to_owned() })
    }

    /// The column that a mapping path is read from.
    pub fn of_path(path: &FieldPath) -> Option<Self> {
        match path.object {
            FieldObject::Deal => Self::new(Table::Opportunity, &path.name),
            FieldObject::Company => Self::new(Table::Opportunity, &format!("Account.{}", path.name)),
            FieldObject::Owner => Self::new(Table::Opportunity, &format!("Owner.{}", path.name)),
            FieldObject::LineItems => Self::new(Table::LineItem, &path.name),
        }
    }

    /// The lookup behind a field that holds a record's id: `OwnerId` → `Owner`, `Csm__c` → `Csm__r`.
    pub fn lookup(&self) -> Option<String> {
        let name = &self.name;
        let standard = name.strip_suffix("Id").filter(|rest| !rest.is_empty() && !rest.ends_with('.'));
        standard.map(ToOwned::to_owned).or_else(|| name.strip_suffix("__c").map(|stem| format!("{stem}__r")))
    }

    /// Whether the query is worth nothing without it.
    pub fn is_essential(&self) -> bool {
        self.table == Table::Opportunity && self.is_one_of(self.table.essential())
    }

    fn is_one_of(&self, names: &[&str]) -> bool {
        names.iter().any(|name| name.eq_ignore_ascii_case(&self.name))
    }
}

/// The columns of one query.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Selection {
    columns: Vec<Column>,
}

impl Selection {
    /// The standard columns and those that the mapping wants, except what the CRM is known not to supply.
    pub fn new(wanted: &WantedFields, hidden: impl Fn(&Column) -> bool) -> Self {
        let mut columns = Vec::new();
        for table in [Table::Opportunity, Table::ContactRole, Table::LineItem, Table::History] {
            columns.extend(table.standard().iter().filter_map(|name| Column::new(table, name)));
        }
        columns.extend(wanted.paths.iter().filter_map(Column::of_path));
        for lookup in wanted.users.iter().filter_map(Column::of_path).filter_map(|column| column.lookup()) {
            let fields = ["Id", "Name", "Email", "IsActive"];
            columns.extend(
                fields.iter().filter_map(|name| Column::new(Table::Opportunity, &format!("{lookup}.{name}"))),
            );
        }
        let mut selection = Self::default();
        for column in columns.into_iter().filter(|column| column.is_essential() || !hidden(column)) {
            // SOQL ignores case and refuses a column that is named twice.
            if !selection.has(&column) {
                selection.columns.push(column);
            }
        }
        for table in Table::CHILDREN {
            let usable = table.essential().iter().all(|name| {
                selection.columns.iter().any(|column| column.table == table && column.is_one_of(&[name]))
            });
            if !usable {
                selection.columns.retain(|column| column.table != table);
            }
        }
        selection
    }

    pub fn columns(&self) -> &[Column] {
        &self.columns
    }

    /// Whether this column is asked for, under whatever case.
    pub fn has(&self, column: &Column) -> bool {
        self.columns
            .iter()
            .any(|other| other.table == column.table && other.name.eq_ignore_ascii_case(&column.name))
    }

    /// The query for these opportunities.
    pub fn soql(&self, ids: &[SalesforceId]) -> String {
        let names = |table: Table| {
            let names = self.columns.iter().filter(|column| column.table == table);
            names.map(|column| column.name.as_str()).collect::<Vec<_>>().join(", ")
        };
        let mut parts = vec![names(Table::Opportunity)];
        for table in Table::CHILDREN {
            let columns = names(table);
            if columns.is_empty() {
                continue;
            }
            let primary_first = self.has(&Column { table, name: "IsPrimary".to_owned() });
            let tail = match table {
                Table::ContactRole if primary_first => "ORDER BY IsPrimary DESC LIMIT 50".to_owned(),
                Table::ContactRole => "LIMIT 50".to_owned(),
                Table::History => format!("ORDER BY CreatedDate DESC, Id DESC LIMIT {HISTORY_ROWS}"),
                Table::LineItem | Table::Opportunity => "ORDER BY Id LIMIT 200".to_owned(),
            };
            parts.push(format!("(SELECT {columns} FROM {} {tail})", table.relationship()));
        }
        let ids: Vec<String> = ids.iter().map(|id| format!("'{id}'")).collect();
        let which = match ids.as_slice() {
            [id] => format!("= {id}"),
            several => format!("IN ({})", several.join(", ")),
        };
        format!("SELECT {} FROM Opportunity WHERE Id {which}", parts.join(", "))
    }
}

/// The whole history of an opportunity, newest first, as far as one page goes.
pub fn history(opportunity: &SalesforceId) -> String {
    format!(
        "SELECT StageName, CreatedDate FROM OpportunityHistory WHERE OpportunityId = '{opportunity}' \
         ORDER BY CreatedDate DESC, Id DESC LIMIT 2000"
    )
}

/// Won opportunities that changed at `since` or later, with what dates the win unless the org does not show it.
pub fn won_since(since: Timestamp, dated: bool) -> String {
    let with = if dated { ", CreatedDate, LastStageChangeDate" } else { "" };
    let since = since.strftime("%Y-%m-%dT%H:%M:%SZ");
    format!(
        "SELECT Id, LastModifiedDate{with} FROM Opportunity \
         WHERE IsWon = true AND LastModifiedDate >= {since}"
    )
}

/// Won opportunities, those with the latest close date first.
pub fn last_won(most: usize) -> String {
    format!("SELECT Id FROM Opportunity WHERE IsWon = true ORDER BY CloseDate DESC, Id DESC LIMIT {most}")
}

/// The roles of a contact on an opportunity, oldest first.
pub fn contact_roles(opportunity: &SalesforceId, contact: &SalesforceId) -> String {
    format!(
        "SELECT Id, Role FROM OpportunityContactRole WHERE OpportunityId = '{opportunity}' \
         AND ContactId = '{contact}' ORDER BY CreatedDate, Id"
    )
}

/// The contacts of an account, by name.
pub fn contacts_of(account: &SalesforceId) -> String {
    format!(
        "SELECT Id, Name, Title, Email FROM Contact WHERE AccountId = '{account}' ORDER BY Name, Id LIMIT 100"
    )
}

/// The newest tasks on an opportunity. Long text such as `Description` can be read but not filtered by.
pub fn tasks(opportunity: &SalesforceId) -> String {
    format!(
        "SELECT Id, Subject, Description FROM Task WHERE WhatId = '{opportunity}' \
         ORDER BY CreatedDate DESC LIMIT 100"
    )
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::id::Prefix;
    use super::*;

    fn opportunity() -> SalesforceId {
        SalesforceId::of(Prefix::Opportunity, "006Hn00001QwErTIAV").unwrap()
    }

    fn path(object: FieldObject, name: &str) -> FieldPath {
        FieldPath { object, name: name.to_owned() }
    }

    #[test]
    fn one_query_reads_the_deal_and_everything_around_it() {
        let wanted = WantedFields {
            paths: vec![
                path(FieldObject::Deal, "Pain__c"),
                path(FieldObject::Deal, "Economic_Buyer__r.Name"),
                path(FieldObject::Deal, "Csm__c"),
                path(FieldObject::Company, "Industry"),
                path(FieldObject::Owner, "Title"),
                path(FieldObject::LineItems, "Product2.Name"),
            ],
            users: vec![path(FieldObject::Deal, "Csm__c")],
        };
        let soql = Selection::new(&wanted, |column| column.name == "CurrencyIsoCode").soql(&[opportunity()]);
        insta::assert_snapshot!(soql, @"SELECT Id, StageName, IsWon, Name, IsClosed, CloseDate, Amount, RecordType.DeveloperName, LastStageChangeDate, LastModifiedDate, OwnerId, Owner.Id, Owner.Name, Owner.Email, Owner.IsActive, Account.Id, Account.Name, Pain__c, Economic_Buyer__r.Name, Csm__c, Account.Industry, Owner.Title, Csm__r.Id, Csm__r.Name, Csm__r.Email, Csm__r.IsActive, (SELECT ContactId, Role, IsPrimary, Contact.Name, Contact.Title, Contact.Email, Contact.Phone FROM OpportunityContactRoles ORDER BY IsPrimary DESC LIMIT 50), (SELECT Id, Name, Quantity, TotalPrice, Product2.Name FROM OpportunityLineItems ORDER BY Id LIMIT 200), (SELECT StageName, CreatedDate FROM OpportunityHistories ORDER BY CreatedDate DESC, Id DESC LIMIT 50) FROM Opportunity WHERE Id = '006Hn00001QwErTIAV'");
    }

    #[test]
    fn won_deals_are_asked_for_from_a_whole_second_on() {
        let since = "2026-11-19T08:00:00.999Z".parse().unwrap();
        insta::assert_snapshot!(won_since(since, true), @"SELECT Id, LastModifiedDate, CreatedDate, LastStageChangeDate FROM Opportunity WHERE IsWon = true AND LastModifiedDate >= 2026-11-19T08:00:00Z");
        insta::assert_snapshot!(won_since(since, false), @"SELECT Id, LastModifiedDate FROM Opportunity WHERE IsWon = true AND LastModifiedDate >= 2026-11-19T08:00:00Z");
    }

    #[test]
    fn the_deals_that_were_won_last_come_first() {
        insta::assert_snapshot!(last_won(50), @"SELECT Id FROM Opportunity WHERE IsWon = true ORDER BY CloseDate DESC, Id DESC LIMIT 50");
    }

    #[test]
    fn a_column_is_asked_for_once_whatever_its_case() {
        let wanted = WantedFields {
            paths: vec![
                path(FieldObject::Deal, "amount"),
                path(FieldObject::Deal, "Account.Name"),
                path(FieldObject::Company, "name"),
            ],
            users: vec![path(FieldObject::Deal, "OwnerId")],
        };
        assert_eq!(Selection::new(&wanted, |_| false), Selection::new(&WantedFields::default(), |_| false));
    }

    #[test]
    fn rows_without_their_essential_column_are_not_asked_for() {
        let soql = Selection::new(&WantedFields::default(), |column| {
            column.name == "CreatedDate" || column.table == Table::LineItem || column.name == "IsPrimary"
        })
        .soql(&[opportunity()]);
        assert!(!soql.contains("OpportunityHistories") && !soql.contains("OpportunityLineItems"), "{soql}");
        assert!(soql.contains("FROM OpportunityContactRoles LIMIT 50"), "{soql}");
    }

    #[test]
    fn what_decides_about_the_win_is_asked_for_even_if_it_is_hidden() {
        let soql = Selection::new(&WantedFields::default(), |_| true).soql(&[opportunity()]);
        assert_eq!(soql, "SELECT Id, StageName, IsWon FROM Opportunity WHERE Id = '006Hn00001QwErTIAV'");
    }

    #[test]
    fn lookups_are_found_behind_their_id_fields() {
        let lookup = |name| Column::new(Table::Opportunity, name).unwrap().lookup();
        assert_eq!(lookup("OwnerId").as_deref(), Some("Owner"));
        assert_eq!(lookup("Csm__c").as_deref(), Some("Csm__r"));
        assert_eq!(lookup("Account.OwnerId").as_deref(), Some("Account.Owner"));
        assert_eq!(lookup("Id"), None);
        assert_eq!(lookup("Account.Id"), None);
        assert_eq!(lookup("NextStep"), None);
    }

    #[test]
    fn a_name_that_is_not_a_field_path_never_becomes_a_column() {
        for name in [
            "",
            ".",
            "A.",
            ".A",
            "A..B",
            "1A",
            "_A",
            "A b",
            "A'",
            "A,B",
            "A)",
            "(SELECT Id",
            "Größe",
            "A.B.C.D.E.F.G",
        ] {
            assert_eq!(Column::new(Table::Opportunity, name), None, "{name}");
        }
    }

    proptest! {
        #[test]
        fn a_mapping_cannot_change_the_shape_of_the_query(name in "\\PC{0,30}") {
            let wanted = WantedFields { paths: vec![path(FieldObject::Deal, &name)], users: vec![path(FieldObject::Deal, &name)] };
            let soql = Selection::new(&wanted, |_| false).soql(&[opportunity()]);
            prop_assert_eq!(soql.matches('\'').count(), 2);
            prop_assert_eq!(soql.matches('(').count(), 3);
            prop_assert_eq!(soql.matches(" FROM ").count(), 4);
        }
    }
}
