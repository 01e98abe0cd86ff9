//! What a portal shows of many deals, a hash each, in about five calls for a hundred of them: whether one of them has
//! to be read again. The stage history, the owner's name and what the portal says about its properties are left out.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;
use tokio::try_join;

use super::client::Client;
use super::event::short_hash;
use super::record::{COMPANY, CONTACT, DEAL, LINE_ITEM, names, owned};
use super::wire::Item;
use crate::failure::Failure;
use handoff_core::record::{FieldObject, WantedFields};

const PRIMARY_COMPANY: &str = "hs_primary_associated_company";

/// Properties by name.
type Properties = BTreeMap<String, Option<String>>;

/// What is hashed.
#[derive(Serialize)]
struct Shown<'a> {
    deal: &'a Properties,
    /// By id, with the types of the association.
    contacts: BTreeMap<&'a str, (&'a BTreeSet<String>, Option<&'a Properties>)>,
    company: Option<&'a Properties>,
    line_items: BTreeMap<&'a str, Option<&'a Properties>>,
}

/// See [`crate::crm::Crm::fingerprints`].
pub(super) async fn of(
    client: &Client,
    ids: &[String],
    wanted: &WantedFields,
) -> Result<BTreeMap<String, String>, Failure> {
    let deal_fields = names(wanted, FieldObject::Deal, &DEAL);
    let (deals, contact_links, line_item_links) = try_join!(
        client.items("deals", ids, &deal_fields),
        client.links_of(ids, "contacts"),
        client.links_of(ids, "line_items"),
    )?;
    let companies = deals.iter().filter_map(|deal| deal.properties.get(PRIMARY_COMPANY)?.clone());
    let companies: Vec<String> = companies.collect::<BTreeSet<_>>().into_iter().collect();
    let linked = |links: &BTreeMap<String, BTreeMap<String, BTreeSet<String>>>| -> Vec<String> {
        links.values().flat_map(BTreeMap::keys).cloned().collect::<BTreeSet<_>>().into_iter().collect()
    };
    let (contact_ids, line_item_ids) = (linked(&contact_links), linked(&line_item_links));
    let (company_fields, contact_fields) = (names(wanted, FieldObject::Company, &COMPANY), owned(&CONTACT));
    let line_item_fields = names(wanted, FieldObject::LineItems, &LINE_ITEM);
    let (companies, contacts, line_items) = try_join!(
        client.items("companies", &companies, &company_fields),
        client.items("contacts", &contact_ids, &contact_fields),
        client.items("line_items", &line_item_ids, &line_item_fields),
    )?;
    let (companies, contacts, line_items) = (by_id(companies), by_id(contacts), by_id(line_items));
    let none = BTreeMap::new();
    let shown = deals.iter().map(|Item { id, properties, .. }| {
        let linked = contact_links.get(id).unwrap_or(&none);
        let bought = line_item_links.get(id).unwrap_or(&none);
        let company = properties.get(PRIMARY_COMPANY).and_then(Option::as_deref);
        let shown = Shown {
            deal: properties,
            contacts: linked.iter().map(|(id, types)| (&**id, (types, contacts.get(id)))).collect(),
            company: company.and_then(|company| companies.get(company)),
            line_items: bought.keys().map(|id| (&**id, line_items.get(id))).collect(),
        };
        (id.clone(), short_hash(&serde_json::to_vec(&shown).unwrap_or_default()))
    });
    Ok(shown.collect())
}

fn by_id(items: Vec<Item>) -> BTreeMap<String, Properties> {
    items.into_iter().map(|item| (item.id, item.properties)).collect()
}
