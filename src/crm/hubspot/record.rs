//! One deal record in five calls and two round trips: the deal with its associations beside the labels of
//! its contacts, then contacts, company and line items beside each other. What changes rarely comes from
//! [`Metadata`].

use std::collections::{BTreeMap, HashMap, HashSet};

use futures_util::future::try_join_all;
use tokio::try_join;

use super::client::Client;
use super::field::Catalogues;
use super::metadata::Metadata;
use super::wire::{Association, Change, Item, Link, is_id};
use crate::failure::Failure;
use handoff_core::record::{Contact, FieldKind, FieldObject, FieldPath, Object, User, WantedFields, parts};

/// Read of every deal, for the verdict and for the head of a packet.
pub(super) const DEAL: [&str; 12] = [
    "dealname",
    "dealstage",
    "pipeline",
    "amount",
    "deal_currency_code",
    "closedate",
    "createdate",
    "hubspot_owner_id",
    "hs_is_closed_won",
    "hs_closed_won_date",
    "hs_merged_object_ids",
    "hs_primary_associated_company",
];
/// Read of every contact on a deal.
pub(super) const CONTACT: [&str; 5] = ["firstname", "lastname", "email", "jobtitle", "hs_buying_role"];
pub(super) const COMPANY: [&str; 2] = ["name", "domain"];
pub(super) const LINE_ITEM: [&str; 6] =
    ["name", "quantity", "price", "amount", "hs_sku", "hs_recurring_billing_period"];

/// Longer lists of property names, in bytes, do not fit into a URL safely.
const LONGEST_QUERY: usize = 7_000;

/// Association type 5, as it is called inside a record.
const PRIMARY: &str = "deal_to_company";
const PRIMARY_TYPE: u64 = 5;

/// What the first round trip found.
pub(super) struct Found {
    pub(super) deal: Object,
    pub(super) history: Vec<Change>,
    contacts: Vec<(String, Vec<String>)>,
    companies: Vec<Association>,
    line_items: Vec<String>,
}

/// What the second round trip found.
pub(super) struct Around {
    pub(super) company: Option<Object>,
    pub(super) contacts: Vec<Contact>,
    pub(super) owner: Option<User>,
    pub(super) users: BTreeMap<String, User>,
    pub(super) line_items: Vec<Object>,
    pub(super) catalogues: Catalogues,
}

/// The first round trip. `None` if the deal is archived or deleted.
pub(super) async fn deal(client: &Client, id: &str, wanted: &WantedFields) -> Result<Option<Found>, Failure> {
    let found = deal_as(client, id, wanted).await?;
    match found {
        // Merged into another: associations are only found under the new id.
        Some(found) if found.deal.id != id => deal_as(client, &found.deal.id, wanted).await,
        found => Ok(found),
    }
}

async fn deal_as(client: &Client, id: &str, wanted: &WantedFields) -> Result<Option<Found>, Failure> {
    let (short, beyond) = split(names(wanted, FieldObject::Deal, &DEAL));
    let ids = [id.to_owned()];
    let beyond =
        async { if beyond.is_empty() { Ok(Vec::new()) } else { client.items("deals", &ids, &beyond).await } };
    let short = short.join(",");
    let (item, links, beyond) = try_join!(client.deal(id, &short), client.links(id, "contacts"), beyond)?;
    let Some(mut item) = item else { return Ok(None) };
    item.properties.extend(beyond.into_iter().flat_map(|more| more.properties));

    let line_items = match item.associated(&["line items", "line_items"]) {
        Some(page) if page.next().is_some() => {
            client.links(&item.id, "line_items").await?.into_iter().map(|link| link.to_object_id).collect()
        }
        Some(page) => page.results.iter().map(|association| association.id.clone()).collect(),
        None => Vec::new(),
    };
    let contacts = contacts_of(&item, links);
    Ok(Some(Found {
        contacts,
        line_items: distinct(line_items),
        companies: item.associations.0.remove("companies").map(|page| page.results).unwrap_or_default(),
        history: std::mem::take(&mut item.properties_with_history.0.dealstage),
        deal: item.into(),
    }))
}

/// The second round trip: everything around the deal, all at once.
pub(super) async fn around(
    client: &Client,
    metadata: &Metadata,
    found: &Found,
    wanted: &WantedFields,
) -> Result<Around, Failure> {
    let described = async {
        let catalogues = catalogues(metadata, wanted).await?;
        let (owner, users) = users(metadata, &found.deal, wanted, &catalogues).await?;
        Ok((owner, users, catalogues))
    };
    let (contacts, company, line_items, (owner, users, catalogues)) = try_join!(
        contacts(client, &found.contacts),
        company(client, found, wanted),
        line_items(client, &found.line_items, wanted),
        described,
    )?;
    Ok(Around { company, contacts, owner, users, line_items, catalogues })
}

async fn contacts(client: &Client, wanted: &[(String, Vec<String>)]) -> Result<Vec<Contact>, Failure> {
    let ids: Vec<String> = wanted.iter().map(|(id, _)| id.clone()).collect();
    let mut by_id = by_id(client.items("contacts", &ids, &owned(&CONTACT)).await?);
    let contact = |(id, labels): &(String, Vec<String>)| {
        Some(Contact { object: by_id.remove(id)?, labels: labels.clone() })
    };
    Ok(wanted.iter().filter_map(contact).collect())
}

async fn company(client: &Client, found: &Found, wanted: &WantedFields) -> Result<Option<Object>, Failure> {
    let id = match primary_company(&found.deal, &found.companies) {
        Primary::Is(id) => Some(id),
        Primary::Nobody => None,
        Primary::Unclear => {
            let links = client.links(&found.deal.id, "companies").await?;
            let primary =
                |link: &Link| link.association_types.iter().any(|kind| *kind.type_id == PRIMARY_TYPE);
            links.into_iter().find(primary).map(|link| link.to_object_id)
        }
    };
    let Some(id) = id else { return Ok(None) };
    let items = client.items("companies", &[id], &names(wanted, FieldObject::Company, &COMPANY)).await?;
    Ok(items.into_iter().next().map(Object::from))
}

async fn line_items(client: &Client, ids: &[String], wanted: &WantedFields) -> Result<Vec<Object>, Failure> {
    let items = client.items("line_items", ids, &names(wanted, FieldObject::LineItems, &LINE_ITEM)).await?;
    let mut by_id = by_id(items);
    Ok(ids.iter().filter_map(|id| by_id.remove(id)).collect())
}

/// The deal's owner, and every user whom a wanted field of the deal points to; a field may hold several.
async fn users(
    metadata: &Metadata,
    deal: &Object,
    wanted: &WantedFields,
    catalogues: &Catalogues,
) -> Result<(Option<User>, BTreeMap<String, User>), Failure> {
    let owner = deal.get("hubspot_owner_id").map(str::trim);
    let catalogue = catalogues.iter().find(|(object, _)| *object == FieldObject::Deal);
    let catalogue = catalogue.and_then(|(_, catalogue)| catalogue.as_deref());
    let holds_users = |path: &&FieldPath| {
        let info = catalogue.and_then(|catalogue| catalogue.get(&path.name));
        wanted.users.contains(path) || info.is_some_and(|info| info.kind == FieldKind::User)
    };
    let fields = wanted.paths.iter().chain(&wanted.users).filter(|path| path.object == FieldObject::Deal);
    let others = fields.filter(holds_users).filter_map(|path| deal.get(&path.name)).flat_map(parts);
    let ids: HashSet<&str> = owner.into_iter().chain(others).collect();

    let lookups = ids.into_iter().map(|id| async move { metadata.owner(id).await.map(|owner| (id, owner)) });
    let found: Vec<(&str, Option<User>)> = try_join_all(lookups).await?;
    let users: BTreeMap<String, User> =
        found.into_iter().filter_map(|(id, user)| Some((id.to_owned(), user?))).collect();
    Ok((owner.and_then(|owner| users.get(owner).cloned()), users))
}

async fn catalogues(metadata: &Metadata, wanted: &WantedFields) -> Result<Catalogues, Failure> {
    let kinds = [
        (FieldObject::Deal, "deals"),
        (FieldObject::Company, "companies"),
        (FieldObject::LineItems, "line_items"),
    ];
    let read = kinds.into_iter().filter(|(object, _)| wanted.paths.iter().any(|path| path.object == *object));
    try_join_all(read.map(|(object, kind)| async move { Ok((object, metadata.catalogue(kind).await?)) }))
        .await
}

/// Who is associated, with their labels. The inline list knows no labels, but it may know contacts that
/// the other call, made at the same time, did not see yet.
fn contacts_of(item: &Item, links: Vec<Link>) -> Vec<(String, Vec<String>)> {
    let labelled = links.into_iter().map(|link| {
        let labels = link.association_types.into_iter().filter_map(|kind| kind.label.0);
        (link.to_object_id, distinct(labels.filter(|label| !label.trim().is_empty())))
    });
    let inline = item.associated(&["contacts"]).map(|page| page.results.as_slice()).unwrap_or_default();
    let inline = inline.iter().map(|association| (association.id.clone(), Vec::new()));
    let mut seen = HashSet::new();
    labelled.chain(inline).filter(|(id, _)| seen.insert(id.clone())).collect()
}

#[derive(Debug, PartialEq, Eq)]
enum Primary {
    Is(String),
    Nobody,
    /// Several companies and no mark; the association types have to tell.
    Unclear,
}

/// The first company of the list proves nothing.
fn primary_company(deal: &Object, companies: &[Association]) -> Primary {
    if let Some(id) = deal.get("hs_primary_associated_company").map(str::trim).filter(|id| is_id(id)) {
        return Primary::Is(id.to_owned());
    }
    let ids = |marked: bool| {
        let counted = companies.iter().filter(move |company| !marked || *company.kind == PRIMARY);
        distinct(counted.map(|company| company.id.clone()))
    };
    match (ids(true).as_slice(), ids(false).as_slice()) {
        (_, []) => Primary::Nobody,
        ([id], _) | (_, [id]) => Primary::Is(id.clone()),
        _ => Primary::Unclear,
    }
}

/// What is always read of an object, and what the mapping reads of it.
pub(super) fn names(wanted: &WantedFields, object: FieldObject, always: &[&str]) -> Vec<String> {
    let mapped = wanted.paths.iter().chain(&wanted.users).filter(|path| path.object == object);
    distinct(owned(always).into_iter().chain(mapped.map(|path| path.name.clone())))
}

/// The names that fit into a URL, and the rest.
fn split(mut names: Vec<String>) -> (Vec<String>, Vec<String>) {
    let mut length = 0;
    let fitting = names.iter().take_while(|name| {
        length += name.len() + 1;
        length <= LONGEST_QUERY
    });
    let beyond = names.split_off(fitting.count());
    (names, beyond)
}

fn by_id(items: Vec<Item>) -> HashMap<String, Object> {
    items.into_iter().map(|item| (item.id.clone(), item.into())).collect()
}

pub(super) fn owned(names: &[&str]) -> Vec<String> {
    names.iter().map(|name| (*name).to_owned()).collect()
}

fn distinct(values: impl IntoIterator<Item = String>) -> Vec<String> {
    let mut seen = HashSet::new();
    values.into_iter().filter(|value| seen.insert(value.clone())).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn companies(all: &[(&str, &str)]) -> Vec<Association> {
        let all: Vec<_> = all.iter().map(|(id, kind)| serde_json::json!({"id": id, "type": kind})).collect();
        serde_json::from_value(all.into()).expect("associations")
    }

    #[test]
    fn the_primary_company_is_the_marked_one_and_never_just_the_first() {
        let deal = Object::default();
        let primary = |all: &[(&str, &str)]| primary_company(&deal, &companies(all));
        let is = |id: &str| Primary::Is(id.to_owned());
        assert_eq!(primary(&[]), Primary::Nobody);
        assert_eq!(primary(&[("1", "deal_to_company_unlabeled")]), is("1"));
        assert_eq!(
            primary(&[
                ("1", "deal_to_company_unlabeled"),
                ("2", "deal_to_company"),
                ("2", "deal_to_company_unlabeled")
            ]),
            is("2")
        );
        assert_eq!(
            primary(&[("1", "deal_to_company_unlabeled"), ("2", "deal_to_company_unlabeled")]),
            Primary::Unclear
        );
        assert_eq!(primary(&[("1", "deal_to_company"), ("2", "deal_to_company")]), Primary::Unclear);

        let named = |value: &str| {
            let properties = [("hs_primary_associated_company".to_owned(), Some(value.to_owned()))].into();
            Object { id: "7".to_owned(), properties }
        };
        assert_eq!(primary_company(&named("3"), &companies(&[("1", "deal_to_company")])), is("3"));
        assert_eq!(primary_company(&named(" "), &companies(&[("1", "deal_to_company")])), is("1"));
    }

    #[test]
    fn a_contact_keeps_all_its_labels_and_comes_once() {
        let item: Item = serde_json::from_str(
            r#"{"id":"7","associations":{"contacts":{"results":[{"id":"501","type":"deal_to_contact"},{"id":"503","type":"deal_to_contact"}]}}}"#,
        )
        .expect("a deal");
        let links = serde_json::from_str(
            r#"[{"toObjectId":502,"associationTypes":[{"typeId":3,"label":null}]},
                {"toObjectId":"501","associationTypes":[{"typeId":3,"label":null},{"typeId":37,"label":"Sponsor"},
                 {"typeId":39,"label":"Sponsor"},{"typeId":41,"label":"Champion"},{"typeId":43,"label":" "}]}]"#,
        )
        .expect("links");
        let contacts = contacts_of(&item, links);
        let expected = [
            ("502".to_owned(), vec![]),
            ("501".to_owned(), vec!["Sponsor".to_owned(), "Champion".to_owned()]),
            ("503".to_owned(), vec![]),
        ];
        assert_eq!(contacts, expected);
    }

    #[test]
    fn mapped_fields_are_asked_for_once_beside_the_usual_ones() {
        let paths = vec![FieldPath::deal("handoff_why_now"), FieldPath::deal("amount")];
        let wanted = WantedFields { paths, users: vec![FieldPath::deal("cs_owner")] };
        let names = names(&wanted, FieldObject::Deal, &["dealname", "amount"]);
        assert_eq!(names, ["dealname", "amount", "handoff_why_now", "cs_owner"]);
    }

    #[test]
    fn a_list_of_names_too_long_for_a_url_is_split() {
        let all: Vec<String> =
            (0..400).map(|number| format!("a_rather_long_property_name_{number}")).collect();
        let (short, beyond) = split(all.clone());
        assert!(short.join(",").len() <= LONGEST_QUERY && !beyond.is_empty());
        assert_eq!([short, beyond].concat(), all);
        assert_eq!(split(vec!["dealname".to_owned()]).1, Vec::<String>::new());
    }
}
