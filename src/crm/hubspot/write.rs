//! Writing an answer to a deal. HubSpot has no compare-and-set: the field is read, written, and read again with its
//! history, which tells whether a person wrote in between.
//!
//! Writes carry the version 2026-09, from which on a customer's own rules about values hold; an older one would
//! bypass them. <https://developers.hubspot.com/changelog/crm-api-write-validation-enforcement>

use std::collections::BTreeMap;

use jiff::Timestamp;
use reqwest::Method;
use serde::Deserialize;
use serde::de::IgnoredAny;
use serde_json::{Value, json};

use super::client::Client;
use super::error::CallError;
use super::win::instant;
use super::wire::{Change, Item, Lax, Link, LinkType, Page, WithHistory};
use crate::crash_point;
use crate::crm::{DealWrite, WriteOutcome, WriteRefusal};
use crate::failure::Failure;
use handoff_core::packet::{self, FieldChange, RoleChange, RoleTarget};
use handoff_core::record::User;

/// The version of every write of an answer.
const VERSION: &str = "2026-09";

const WRITING: &str = "writing an answer to the deal";
const READING: &str = "reading the field of an answer";

/// The buying roles of a contact, several joined by `;`.
const BUYING_ROLE: &str = "hs_buying_role";

/// What the answer to a write says beside the record.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Patched {
    warnings: Lax<Vec<Warning>>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Warning {
    context: Lax<BTreeMap<String, Value>>,
}

/// What HubSpot stored in place of the value that was sent.
fn normalized(patched: &Patched) -> Option<String> {
    let value = |warning: &Warning| Some(warning.context.get("normalizedValue")?.as_str()?.to_owned());
    patched.warnings.iter().find_map(value)
}

/// Writes one answer, as [`crate::crm::Crm::write`] says.
pub(super) async fn write(client: &Client, write: &DealWrite) -> Result<WriteOutcome, Failure> {
    match &write.change {
        packet::Change::Field(change) => field(client, write, change).await,
        packet::Change::Role(change) if change.kept_as == RoleTarget::BuyingRoles => {
            buying_role(client, change).await
        }
        packet::Change::Role(change) => label(client, &write.deal, change).await,
    }
}

async fn field(client: &Client, write: &DealWrite, change: &FieldChange) -> Result<WriteOutcome, Failure> {
    let name = change.name.as_str();
    let Some(held) = client.field(&write.deal, name).await? else {
        return Ok(refused("OBJECT_NOT_FOUND", "The deal is not there any more."));
    };
    let value = held.value(name);
    let kept = if write.was_tried { held.kept(change, write.given_at) } else { None };
    let change = kept.as_ref().unwrap_or(change);
    if change.is_made(value) {
        // By an earlier try, perhaps one that ended before it could look what it had written over.
        return finish(client, &held, change, write.given_at).await;
    }
    let was_made = held.since(name, write.given_at).any(|(_, entry)| change.is_made(entry.value.as_deref()));
    if !held.properties.contains_key(name) && !change.is_as_shown(None) {
        return Ok(refused("PROPERTY_DOESNT_EXIST", &format!("The deal has no property {name} any more.")));
    }
    if was_made || !change.is_as_shown(value) {
        return Ok(conflict(value, None));
    }
    let before = held.values(name).last().map_or(Timestamp::MIN, |(at, _)| *at);
    let sent = match client.patch("deals", &held.id, name, &change.value).await {
        Ok(patched) => Ok(patched),
        Err(error) => match ended(error)? {
            End::Outcome(outcome) => return Ok(outcome),
            End::Unknown(why) => Err(why),
        },
    };
    crash_point!("write.patched");
    let unread = |failure: Failure| Failure::unknown(failure.why());
    let Some(after) = client.field(&held.id, name).await.map_err(unread)? else {
        return Err(Failure::unknown(format!("{READING}: the deal is not there any more")));
    };
    let stored = sent.as_ref().ok().and_then(normalized);
    let stored = stored.map(|value| FieldChange { value, ..change.clone() });
    let kept = stored.or_else(|| after.kept(change, before));
    let change = kept.as_ref().unwrap_or(change);
    if change.is_made(after.value(name)) {
        return finish(client, &after, change, before).await;
    }
    if let Err(why) = sent
        && change.is_as_shown(after.value(name))
    {
        return Err(Failure::retry(why));
    }
    // Written over since.
    Ok(conflict(after.value(name), after.writer(client, name).await))
}

/// The field holds our value. If a person wrote since `before` and we wrote over that, theirs is restored.
async fn finish(
    client: &Client,
    held: &WithHistory,
    change: &FieldChange,
    before: Timestamp,
) -> Result<WriteOutcome, Failure> {
    let name = change.name.as_str();
    let since: Vec<(Timestamp, &Change)> = held.since(name, before).collect();
    let is_ours = |entry: &Change| *entry.source_type != "CRM_UI" && change.is_made(entry.value.as_deref());
    let ours = since.iter().rposition(|(_, entry)| is_ours(entry));
    let foreign = ours.and_then(|ours| since.get(..ours)?.last());
    let Some((_, theirs)) = foreign.filter(|(_, entry)| {
        let value = entry.value.as_deref();
        !change.is_made(value) && !change.is_as_shown(value)
    }) else {
        return Ok(WriteOutcome::Written);
    };
    let value = theirs.value.clone().unwrap_or_default();
    match client.patch("deals", &held.id, name, &value).await {
        Ok(_) => {}
        // The next try finds both in the history again.
        Err(error) => return Err(Failure::unknown(error.read_back("restoring what a person wrote").why())),
    }
    Ok(conflict(Some(&value), client.address_of(theirs.updated_by_user_id.as_deref()).await))
}

/// The contact gets a label beside those that it has on this deal.
async fn label(client: &Client, deal: &str, change: &RoleChange) -> Result<WriteOutcome, Failure> {
    let wanted = change.label.trim().to_lowercase();
    let is_wanted =
        |kind: &LinkType| kind.label.as_deref().is_some_and(|label| label.trim().to_lowercase() == wanted);
    let of_contact = async || -> Result<Option<Link>, Failure> {
        let links = client.links(deal, "contacts").await?;
        Ok(links.into_iter().find(|link| link.to_object_id == change.contact))
    };
    let Some(link) = of_contact().await? else {
        return Ok(refused("NO_ASSOCIATIONS_FOUND", "The contact is not on the deal any more."));
    };
    if link.association_types.iter().any(is_wanted) {
        return Ok(WriteOutcome::Written);
    }
    let labels = client.dated("crm/associations", "/deals/contacts/labels");
    let labels: Page<LinkType> = client.ask(&labels, &[]).await.map_err(|error| error.retry(READING))?;
    let Some(kind) = labels.results.iter().find(|kind| is_wanted(kind)) else {
        return Ok(refused("NO_SUCH_LABEL", "The account has no such label between deals and contacts."));
    };
    // Whether a label sent alone would replace the others is not documented: all of them are sent.
    let kinds = link.association_types.iter().chain([kind]);
    let kinds = kinds
        .filter(|kind| *kind.category == "USER_DEFINED")
        .map(|kind| json!({"associationCategory": *kind.category, "associationTypeId": *kind.type_id}));
    let body = Value::Array(kinds.collect());
    let path = format!("objects/{VERSION}/deals/{deal}/associations/contacts/{}", change.contact);
    let sent = client.call::<IgnoredAny>(client.request(Method::PUT, &path).json(&body)).await;
    let why = match sent {
        Ok(_) => None,
        Err(error) => match ended(error)? {
            End::Outcome(outcome) => return Ok(outcome),
            End::Unknown(why) => Some(why),
        },
    };
    let link = of_contact().await.map_err(|failure| Failure::unknown(failure.why()))?;
    Ok(match (link.is_some_and(|link| link.association_types.iter().any(is_wanted)), why) {
        (true, _) => WriteOutcome::Written,
        (false, Some(why)) => return Err(Failure::retry(why)),
        (false, None) => refused("NOT_KEPT", "HubSpot took the label and does not show it."),
    })
}

/// The contact gets a buying role beside those that it has, on all its deals.
async fn buying_role(client: &Client, change: &RoleChange) -> Result<WriteOutcome, Failure> {
    let contact = &change.contact;
    let read = async || -> Result<Option<String>, Failure> {
        let found =
            client.items("contacts", std::slice::from_ref(contact), &[BUYING_ROLE.to_owned()]).await?;
        let held = |item: Item| item.properties.get(BUYING_ROLE).cloned().flatten().unwrap_or_default();
        Ok(found.into_iter().next().map(held))
    };
    let holds = |held: &str| held.split(';').any(|one| one.trim().eq_ignore_ascii_case(change.label.trim()));
    let Some(held) = read().await? else {
        return Ok(refused("OBJECT_NOT_FOUND", "The contact is not there any more."));
    };
    if holds(&held) {
        return Ok(WriteOutcome::Written);
    }
    let all = [held.trim_matches(';'), change.label.trim()];
    let all: Vec<&str> = all.into_iter().filter(|one| !one.is_empty()).collect();
    let why = match client.patch("contacts", contact, BUYING_ROLE, &all.join(";")).await {
        Ok(_) => None,
        Err(error) => match ended(error)? {
            End::Outcome(outcome) => return Ok(outcome),
            End::Unknown(why) => Some(why),
        },
    };
    let now = read().await.map_err(|failure| Failure::unknown(failure.why()))?.unwrap_or_default();
    match (holds(&now), why) {
        (true, _) => Ok(WriteOutcome::Written),
        (false, Some(why)) => Err(Failure::retry(why)),
        (false, None) => Ok(conflict(Some(&now), None)),
    }
}

/// What the failure of a write means.
enum End {
    Outcome(WriteOutcome),
    /// Only a read tells what it did.
    Unknown(String),
}

fn ended(error: CallError) -> Result<End, Failure> {
    if error.is_forbidden() {
        return Ok(End::Outcome(WriteOutcome::NotAllowed { why: error.read_back(WRITING).why().to_owned() }));
    }
    if let Some(refusal) = error.refusal() {
        return Ok(End::Outcome(WriteOutcome::Refused(refusal)));
    }
    match error.read_back(WRITING) {
        Failure::Unknown { why } => Ok(End::Unknown(why)),
        failure => Err(failure),
    }
}

fn refused(code: &str, words: &str) -> WriteOutcome {
    WriteOutcome::Refused(WriteRefusal::new(code, words))
}

fn conflict(theirs: Option<&str>, written_by: Option<String>) -> WriteOutcome {
    WriteOutcome::Conflict { theirs: theirs.unwrap_or_default().to_owned(), written_by }
}

impl WithHistory {
    fn value(&self, name: &str) -> Option<&str> {
        self.properties.get(name)?.as_deref()
    }

    /// Every value of the field, oldest first.
    fn values(&self, name: &str) -> Vec<(Timestamp, &Change)> {
        let entries = self.history.get(name).map(Vec::as_slice).unwrap_or_default();
        let dated = entries.iter().filter_map(|entry| Some((instant(entry.timestamp.as_deref()?)?, entry)));
        let mut entries: Vec<(Timestamp, &Change)> = dated.collect();
        entries.sort_by_key(|(at, _)| *at);
        entries
    }

    fn since(&self, name: &str, before: Timestamp) -> impl Iterator<Item = (Timestamp, &Change)> {
        self.values(name).into_iter().filter(move |(at, _)| *at > before)
    }

    /// A change with what HubSpot's rules made of its value, if that is another: the newest since then, which a program
    /// wrote, and not to restore what a person wrote.
    fn kept(&self, change: &FieldChange, since: Timestamp) -> Option<FieldChange> {
        let entries: Vec<&Change> = self.since(&change.name, since).map(|(_, entry)| entry).collect();
        let (newest, earlier) = entries.split_last()?;
        let is_other =
            |entry: &&Change| entry.value != newest.value && !change.is_made(entry.value.as_deref());
        let is_kept = *newest.source_type == "INTEGRATION"
            && !change.is_made(newest.value.as_deref())
            && earlier.iter().all(is_other);
        is_kept.then(|| FieldChange { value: newest.value.clone().unwrap_or_default(), ..change.clone() })
    }

    /// The address of the person who wrote the newest value.
    async fn writer(&self, client: &Client, name: &str) -> Option<String> {
        let user = self.values(name).last().and_then(|(_, entry)| entry.updated_by_user_id.clone());
        client.address_of(user.as_deref()).await
    }
}

impl Client {
    /// A deal with one property and its history; `None` if it is gone.
    async fn field(&self, deal: &str, name: &str) -> Result<Option<WithHistory>, Failure> {
        let path = self.dated("crm/objects", &format!("/deals/{deal}"));
        match self.ask(&path, &[("properties", name), ("propertiesWithHistory", name)]).await {
            Err(error) if error.is_missing() => Ok(None),
            answer => answer.map(Some).map_err(|error| error.retry(READING)),
        }
    }

    async fn patch(&self, kind: &str, id: &str, name: &str, value: &str) -> Result<Patched, CallError> {
        let request = self.request(Method::PATCH, &format!("objects/{VERSION}/{kind}/{id}"));
        self.call(request.json(&json!({"properties": {name: value}}))).await
    }

    /// The e-mail address of a HubSpot user, by the number that the history names them with.
    async fn address_of(&self, user: Option<&str>) -> Option<String> {
        let path = self.dated("crm/owners", &format!("/{}", user?));
        let owner: User = self.ask(&path, &[("idProperty", "userId"), ("archived", "false")]).await.ok()?;
        owner.email().map(ToOwned::to_owned)
    }
}
