//! Writing an answer: a field of the opportunity, or the role of a contact on it.
//!
//! Salesforce compares for us only when the record was last changed, to the second: any field, any user. A refusal for that reason is followed by another look at the one field.
//! <https://developer.salesforce.com/docs/platform/api-rest/guide/intro-rest-conditional-requests.html>

use serde::Deserialize;
use serde_json::{Number, Value, json};

use super::error::{CallError, unreadable};
use super::id::{Prefix, SalesforceId};
use super::soql::{self, Column, Table};
use super::{Salesforce, opportunity_id};
use crate::crash_point;
use crate::crm::{DealWrite, WriteOutcome, WriteRefusal};
use crate::failure::Failure;
use handoff_core::packet::{Change, FieldChange, RoleChange};
use handoff_core::record::{FieldKind, Object};

const WRITING: &str = "writing an answer to the opportunity";
const READING_BACK: &str = "reading back what was written to the opportunity";
const MODIFIED: &str = "LastModifiedDate";

/// How often a write is made again because another field was changed between its read and itself.
const REPEATS: usize = 3;

/// A row of a contact on an opportunity.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct ContactRole {
    id: String,
    role: Option<String>,
}

/// Why a write ended before an outcome was read.
enum Ended {
    /// Salesforce answered, or did not.
    Call(CallError),
    Failed(Failure),
}

impl From<CallError> for Ended {
    fn from(error: CallError) -> Self {
        Self::Call(error)
    }
}

impl From<Failure> for Ended {
    fn from(failure: Failure) -> Self {
        Self::Failed(failure)
    }
}

impl Salesforce {
    /// See [`crate::crm::Crm::write`].
    pub(super) async fn write_answer(&self, write: &DealWrite) -> Result<WriteOutcome, Failure> {
        let deal = opportunity_id(&write.deal)?;
        let ended = match &write.change {
            Change::Field(change) => self.write_field(&deal, change).await,
            Change::Role(change) => self.write_role(&deal, change).await,
        };
        match ended {
            Ok(outcome) => Ok(outcome),
            Err(Ended::Failed(failure)) => Err(failure),
            Err(Ended::Call(error)) => self.refused(error).await,
        }
    }

    async fn write_field(&self, deal: &SalesforceId, change: &FieldChange) -> Result<WriteOutcome, Ended> {
        let own = Column::new(Table::Opportunity, &change.name).filter(|column| !column.name.contains('.'));
        let name = own.ok_or_else(|| Failure::give_up("an answer goes to a field of the opportunity"))?.name;
        let fields = format!("{MODIFIED},{name}");
        let read = || self.client.record::<Object>("Opportunity", deal, &fields);
        for _ in 0..=REPEATS {
            let before = read().await?;
            if change.is_made(value(&before, &name)) {
                return Ok(WriteOutcome::Written);
            }
            if !change.is_as_shown(value(&before, &name)) {
                return Ok(conflict(&before, &name));
            }
            let modified = before.get(MODIFIED).and_then(|at| at.parse().ok()).ok_or_else(unreadable)?;
            let new = json!({ name.as_str(): json_value(change) });
            let sent = self.client.update("Opportunity", deal, &new, Some(modified)).await;
            if sent.as_ref().is_err_and(CallError::is_stale) {
                continue;
            }
            crash_point!("write.patched");
            let after = read_back(sent, read().await, |after| change.is_made(value(after, &name)))?;
            return Ok(match after {
                Some(after) if change.is_as_shown(value(&after, &name)) => conflict(&after, &name),
                // The org's own automation made something else of it, or a person edited it since: that stands.
                Some(_) | None => WriteOutcome::Written,
            });
        }
        Err(Failure::retry(format!("{WRITING}: it is changed again and again")).into())
    }

    /// A role is added. Rows that give the contact another role stay as they are; one without a role gets it.
    async fn write_role(&self, deal: &SalesforceId, change: &RoleChange) -> Result<WriteOutcome, Ended> {
        let contact = SalesforceId::of(Prefix::Contact, &change.contact);
        let contact = contact.ok_or_else(|| Failure::give_up("this is not the id of a contact (003…)"))?;
        let soql = soql::contact_roles(deal, &contact);
        let read = || self.client.query_all::<ContactRole>(&soql);
        let wanted = change.label.trim();
        let plays = |row: &ContactRole| {
            row.role.as_deref().is_some_and(|role| role.trim().to_lowercase() == wanted.to_lowercase())
        };
        let before = read().await?;
        if before.iter().any(plays) {
            return Ok(WriteOutcome::Written);
        }
        let role = self.reader.role(&self.client, wanted).await?;
        let without = before.iter().find(|row| row.role.is_none()).map(|row| &row.id);
        let object = Table::ContactRole.object();
        let sent = if let Some(row) = without.and_then(|id| SalesforceId::of(Prefix::ContactRole, id)) {
            self.client.update(object, &row, &json!({"Role": role}), None).await
        } else {
            let row = json!({"OpportunityId": deal.as_str(), "ContactId": contact.as_str(), "Role": role});
            self.client.create(object, Prefix::ContactRole, &row).await.map(drop)
        };
        match read_back(sent, read().await, |after| after.iter().any(plays))? {
            None => Ok(WriteOutcome::Written),
            Some(_) => Err(Failure::retry(format!("{WRITING}: the role is not there")).into()),
        }
    }

    /// What a call that failed means for the answer: the value was refused, we may not write at all, or neither.
    async fn refused(&self, error: CallError) -> Result<WriteOutcome, Failure> {
        let listed = error.listed().to_vec();
        // A write of unknown outcome does not get here: what remains changed nothing.
        let (why, first) = match (error.retry(WRITING), listed.first()) {
            (Failure::GiveUp { why }, Some(first)) => (why, first),
            (failure, _) => return Err(failure),
        };
        let has = |code: &str| listed.iter().any(|error| error.code == code);
        if (has("INSUFFICIENT_ACCESS") || has("INSUFFICIENT_ACCESS_OR_READONLY"))
            && self.client.describe("Opportunity").await.is_ok_and(|deal| !deal.updateable)
        {
            let why = format!(
                "{why}: give the integration user Edit on opportunities (permission set Handoff Write-back)"
            );
            return Ok(WriteOutcome::NotAllowed { why });
        }
        let words: Vec<&str> = listed.iter().map(|error| error.message.as_str()).collect();
        let refusal = WriteRefusal::new(&first.code, &words.join(" "));
        Ok(WriteOutcome::Refused(WriteRefusal { is_locked: has("ENTITY_IS_LOCKED"), ..refusal }))
    }
}

/// Decides a write by what is there now; `None` if that is what was to be written.
fn read_back<T>(
    sent: Result<(), CallError>,
    after: Result<T, CallError>,
    is_made: impl FnOnce(&T) -> bool,
) -> Result<Option<T>, Ended> {
    let lost = match sent {
        Ok(()) => None,
        Err(error) => match error.clone().read_back(WRITING) {
            Failure::Unknown { why } => Some(why),
            _ => return Err(error.into()),
        },
    };
    match after {
        Ok(after) if is_made(&after) => Ok(None),
        Ok(after) => lost.map_or(Ok(Some(after)), |why| Err(Failure::retry(why).into())),
        Err(error) => Err(Failure::unknown(error.retry(READING_BACK).why()).into()),
    }
}

/// A value of a record, whose fields Salesforce names in their own spelling.
fn value<'a>(record: &'a Object, name: &str) -> Option<&'a str> {
    let own = record.properties.iter().find(|(own, _)| own.eq_ignore_ascii_case(name));
    own.and_then(|(_, value)| value.as_deref())
}

fn conflict(record: &Object, name: &str) -> WriteOutcome {
    let theirs = value(record, name).unwrap_or_default().to_owned();
    WriteOutcome::Conflict { theirs, written_by: None }
}

/// The new value as JSON of the field's own type.
fn json_value(change: &FieldChange) -> Value {
    let text = change.value.as_str();
    let number = || text.trim().parse::<Number>().ok().map(Value::Number);
    let typed = match change.kind {
        _ if text.trim().is_empty() => Some(Value::Null),
        FieldKind::Number | FieldKind::Money => number(),
        FieldKind::Bool => text.trim().to_lowercase().parse().ok().map(Value::Bool),
        _ => None,
    };
    typed.unwrap_or_else(|| text.into())
}
