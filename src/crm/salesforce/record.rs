//! From a row of the query to a deal record.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::value::RawValue;

use super::client::Rows;
use super::soql::{Column, Table};
use super::win::HistoryRow;
use handoff_core::record::{Contact, Object, User, WantedFields};

#[derive(Debug, Default)]
pub struct Row {
    /// Id, own fields, and the fields of its lookups under dotted names.
    pub deal: Object,
    /// The account; a person account is one too.
    pub company: Option<Object>,
    /// Everybody with a contact role, primary first.
    pub contacts: Vec<Contact>,
    pub owner: Option<User>,
    /// Users that wanted fields point to, by id.
    pub users: BTreeMap<String, User>,
    pub line_items: Vec<Object>,
    /// Newest first; `None` if the history was not asked for.
    pub history: Option<Vec<HistoryRow>>,
}

/// Child rows. A relationship without rows is null, one that was not asked for is absent.
#[derive(Deserialize)]
struct Children {
    #[serde(default, rename = "OpportunityContactRoles")]
    roles: Option<Rows<Object>>,
    #[serde(default, rename = "OpportunityLineItems")]
    line_items: Option<Rows<Object>>,
    #[serde(default, rename = "OpportunityHistories")]
    history: Option<Rows<HistoryRow>>,
}

impl Row {
    /// Reads a row. Values keep the digits and spelling they came with.
    pub fn read(raw: &RawValue, wanted: &WantedFields) -> Result<Self, serde_json::Error> {
        let children: Children = serde_json::from_str(raw.get())?;
        let mut deal = own_values(serde_json::from_str(raw.get())?);
        let mut line_items: Vec<Object> =
            children.line_items.into_iter().flat_map(|rows| rows.records).map(own_values).collect();
        for column in wanted.paths.iter().chain(&wanted.users).filter_map(Column::of_path) {
            if column.table == Table::Opportunity {
                spell(&mut deal, &column.name);
            }
            for item in line_items.iter_mut().filter(|_| column.table == Table::LineItem) {
                spell(item, &column.name);
            }
        }
        let users = wanted.users.iter().filter_map(Column::of_path).filter_map(|column| {
            let id = deal.get(&column.name)?;
            let user = behind(&deal, &column.lookup()?)?;
            Some((id.to_owned(), User(Object { id: id.to_owned(), ..user })))
        });
        Ok(Self {
            users: users.collect(),
            company: behind(&deal, "Account").filter(|account| !account.id.is_empty()),
            owner: owner(&deal),
            contacts: contacts(children.roles.map(|rows| rows.records).unwrap_or_default()),
            history: children.history.map(|rows| rows.records),
            line_items,
            deal,
        })
    }

    /// Whether the opportunity is won now.
    pub fn is_won(&self) -> bool {
        self.deal.get("IsWon") == Some("true")
    }
}

/// Without what is not a value: the `attributes` of lookups and the envelope of child rows.
fn own_values(mut object: Object) -> Object {
    object.properties.retain(|name, _| {
        let first = name.split('.').next().unwrap_or(name);
        !name.split('.').any(|part| part == "attributes")
            && Table::CHILDREN.iter().all(|table| table.relationship() != first)
    });
    object
}

/// Queries ignore case, answers use the field's own spelling: the mapping's spelling must work too.
fn spell(object: &mut Object, name: &str) {
    if object.properties.contains_key(name) {
        return;
    }
    let same = object.properties.iter().find(|(own, _)| own.eq_ignore_ascii_case(name));
    if let Some((_, value)) = same {
        let value = value.clone();
        object.properties.insert(name.to_owned(), value);
    }
}

/// The object that a lookup points to, out of its dotted names; `None` if it points nowhere.
fn behind(deal: &Object, lookup: &str) -> Option<Object> {
    let inner = deal.properties.iter().filter_map(|(name, value)| {
        let (prefix, rest) = (name.get(..lookup.len())?, name.get(lookup.len()..)?);
        let rest = rest.strip_prefix('.').filter(|_| prefix.eq_ignore_ascii_case(lookup))?;
        Some((rest.to_owned(), value.clone()))
    });
    let mut properties: BTreeMap<_, _> = inner.collect();
    let id = properties.remove("Id").flatten().unwrap_or_default();
    (!id.is_empty() || !properties.is_empty()).then_some(Object { id, properties })
}

fn owner(deal: &Object) -> Option<User> {
    let owner = behind(deal, "Owner")?;
    let id = if owner.id.is_empty() { deal.get("OwnerId").unwrap_or_default().to_owned() } else { owner.id };
    Some(User(Object { id, ..owner }))
}

/// One contact for all of its roles. A role may point to a contact that our user cannot see: then only the
/// id and the role are known.
fn contacts(roles: Vec<Object>) -> Vec<Contact> {
    let mut contacts: Vec<Contact> = Vec::new();
    for role in roles {
        let Some(id) = role.get("ContactId").map(ToOwned::to_owned) else { continue };
        let label = role.get("Role").map(ToOwned::to_owned);
        let place = contacts.iter().position(|contact| contact.object.id == id).unwrap_or_else(|| {
            let mut object = behind(&role, "Contact").unwrap_or_default();
            object.properties.retain(|name, _| !name.split('.').any(|part| part == "attributes"));
            if let Some(primary) = role.get("IsPrimary") {
                object.properties.insert("IsPrimary".to_owned(), Some(primary.to_owned()));
            }
            contacts.push(Contact { object: Object { id, ..object }, labels: Vec::new() });
            contacts.len() - 1
        });
        if let (Some(contact), Some(label)) = (contacts.get_mut(place), label)
            && !contact.labels.contains(&label)
        {
            contact.labels.push(label);
        }
    }
    contacts
}

#[cfg(test)]
mod tests {
    use super::*;
    use handoff_core::record::{FieldObject, FieldPath};

    const ROW: &str = r#"{
        "attributes": {"type": "Opportunity", "url": "/services/data/v66.0/sobjects/Opportunity/006Hn00001QwErTIAV"},
        "Id": "006Hn00001QwErTIAV", "Name": "Northwind", "StageName": "Closed Won", "IsWon": true,
        "Amount": 120000.10, "NextStep": null, "OwnerId": "005Hn00000AbCdEIAV", "Csm__c": "005Hn00000AbCdFIAV",
        "Owner": {"attributes": {"type": "User"}, "Id": "005Hn00000AbCdEIAV", "Name": "Ana", "IsActive": false},
        "Csm__r": {"attributes": {"type": "User"}, "Name": "Ben", "Email": "ben@acme.example", "IsActive": true},
        "Account": {"attributes": {"type": "Account"}, "Id": "001M000000qfPySIAU", "Name": "Zürich Bäckerei",
            "Owner": {"attributes": {"type": "User"}, "Name": "Cy"}, "Industry": "Food"},
        "OpportunityContactRoles": {"totalSize": 4, "done": true, "records": [
            {"attributes": {}, "ContactId": "003M000000qfPySIAU", "Role": "Decision Maker", "IsPrimary": true,
                "Contact": {"attributes": {"type": "Contact"}, "Name": "Dee", "Title": "COO", "Email": null}},
            {"attributes": {}, "ContactId": "003M000000qfPyTIAU", "Role": "Evaluator", "IsPrimary": false, "Contact": null},
            {"attributes": {}, "ContactId": "003M000000qfPySIAU", "Role": "Economic Buyer", "IsPrimary": false,
                "Contact": {"attributes": {"type": "Contact"}, "Name": "Dee"}},
            {"attributes": {}, "ContactId": "003M000000qfPyUIAU", "Role": null, "IsPrimary": false,
                "Contact": {"Name": "Eve"}}]},
        "OpportunityLineItems": {"totalSize": 1, "done": true, "records": [
            {"attributes": {}, "Id": "00kHn000001AbCdEFG", "Name": "Seats", "Quantity": 250.0,
                "Product2": {"attributes": {}, "Name": "Platform"}}]},
        "OpportunityHistories": {"totalSize": 1, "done": true, "records": [
            {"attributes": {}, "StageName": "Closed Won", "CreatedDate": "2026-11-20T15:04:05.000+0000"}]}
    }"#;

    fn path(object: FieldObject, name: &str) -> FieldPath {
        FieldPath { object, name: name.to_owned() }
    }

    fn read(row: &str, wanted: &WantedFields) -> Row {
        Row::read(&RawValue::from_string(row.to_owned()).unwrap(), wanted).unwrap()
    }

    #[test]
    fn the_deal_keeps_its_digits_and_the_values_behind_its_lookups() {
        let row = read(ROW, &WantedFields::default());
        assert!(row.is_won());
        assert_eq!(row.deal.id, "006Hn00001QwErTIAV");
        assert_eq!(row.deal.get("Amount"), Some("120000.10"));
        assert_eq!(row.deal.get("Account.Owner.Name"), Some("Cy"));
        assert_eq!(row.deal.properties["NextStep"], None);
        let noise = |name: &&String| name.contains("attributes") || name.starts_with("Opportunity");
        assert_eq!(row.deal.properties.keys().find(noise), None);
    }

    #[test]
    fn company_owner_and_wanted_users_stand_on_their_own() {
        let wanted = WantedFields {
            paths: vec![path(FieldObject::Deal, "csm__c")],
            users: vec![path(FieldObject::Deal, "csm__c")],
        };
        let row = read(ROW, &wanted);
        let company = row.company.unwrap();
        assert_eq!((company.id.as_str(), company.get("Industry")), ("001M000000qfPySIAU", Some("Food")));
        assert_eq!(company.get("Owner.Name"), Some("Cy"));
        let owner = row.owner.unwrap();
        assert_eq!((owner.id(), owner.is_active()), ("005Hn00000AbCdEIAV", false));
        assert_eq!(row.users["005Hn00000AbCdFIAV"].email(), Some("ben@acme.example"));
    }

    #[test]
    fn one_person_with_two_roles_is_one_contact_and_a_hidden_one_keeps_its_role() {
        let contacts = read(ROW, &WantedFields::default()).contacts;
        let seen: Vec<(Option<String>, &[String], Option<&str>)> = contacts
            .iter()
            .map(|contact| (contact.name(), contact.labels.as_slice(), contact.object.get("IsPrimary")))
            .collect();
        let roles = ["Decision Maker", "Economic Buyer", "Evaluator"].map(str::to_owned);
        assert_eq!(
            seen,
            [
                (Some("Dee".to_owned()), &roles[..2], Some("true")),
                (None, &roles[2..], Some("false")),
                (Some("Eve".to_owned()), &[][..], Some("false")),
            ]
        );
        assert_eq!(contacts[0].title(), Some("COO"));
    }

    #[test]
    fn line_items_and_history_come_along() {
        let row = read(ROW, &WantedFields::default());
        assert_eq!(row.line_items[0].id, "00kHn000001AbCdEFG");
        assert_eq!(row.line_items[0].get("Quantity"), Some("250.0"));
        assert_eq!(row.line_items[0].get("Product2.Name"), Some("Platform"));
        assert_eq!(row.history.unwrap().len(), 1);
    }

    #[test]
    fn the_mappings_spelling_of_a_field_works_too() {
        let wanted = WantedFields {
            paths: vec![
                path(FieldObject::Deal, "amount"),
                path(FieldObject::Company, "industry"),
                path(FieldObject::LineItems, "product2.name"),
            ],
            users: Vec::new(),
        };
        let row = read(ROW, &wanted);
        assert_eq!(row.deal.get("amount"), Some("120000.10"));
        assert_eq!(row.company.unwrap().get("industry"), Some("Food"));
        assert_eq!(row.line_items[0].get("product2.name"), Some("Platform"));
    }

    #[test]
    fn a_private_deal_without_anybody_around_is_read() {
        let row = read(
            r#"{"Id":"006Hn00001QwErTIAV","StageName":"Open","IsWon":false,"Account":null,"Owner":null,
                "OpportunityContactRoles":null,"OpportunityLineItems":null,"OpportunityHistories":null}"#,
            &WantedFields::default(),
        );
        assert!(!row.is_won());
        assert!(
            row.company.is_none()
                && row.owner.is_none()
                && row.contacts.is_empty()
                && row.line_items.is_empty()
        );
        assert_eq!(row.history, None);
    }
}
