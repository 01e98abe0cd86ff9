//! An answer on its way to the CRM: the write that it asks for, and the packet's revision that shows how it ended.

use std::time::Duration;

use jiff::Timestamp;

use super::{Answering, contacts};
use crate::crm::{DealWrite, WriteOutcome};
use crate::delivery::slack::{self, Message};
use crate::failure::Failure;
use crate::store::{AnswerState, Cause, Follow, Revision, Store, WriteLease};
use handoff_core::answers;
use handoff_core::mapping::Mapping;
use handoff_core::packet::{Answer, Change, Shown, Target};
use handoff_core::record::{AccountKey, DealKey};

/// One answer with the packet that it belongs to.
pub struct WriteBack {
    answering: Answering,
    /// Which of its answers.
    at: usize,
    pub answer: Answer,
    /// `None` if there is nothing in the CRM that it would change.
    pub write: Option<DealWrite>,
}

impl WriteBack {
    /// `None` if the packet, its record or the answer was deleted, or no mapping is running for its account.
    ///
    /// # Errors
    ///
    /// A failed call to the store, or stored JSON that cannot be read.
    pub async fn of<'a, M: std::ops::Deref<Target = Mapping>>(
        store: &Store,
        lease: &WriteLease,
        mapping_of: impl Fn(&AccountKey) -> Option<M> + 'a,
    ) -> Result<Option<(Self, AccountKey)>, Failure> {
        let Some(answering) = Answering::of(store, &lease.packet_id).await? else { return Ok(None) };
        let account = answering.account();
        let Some(mapping) = mapping_of(&account) else { return Ok(None) };
        let Some(at) = answering.stored.iter().position(|stored| lease.is_of(stored)) else {
            return Ok(None);
        };
        let Some(stored) = answering.stored.get(at) else { return Ok(None) };
        let answer = stored.answer.clone();
        let mut shown = stored.shown.clone().unwrap_or_else(|| Shown::of(None));
        let change_of =
            |answer: &Answer, shown: Shown| answers::change(&mapping, &answering.record, answer, shown);
        // An earlier answer to the question may have been written since: that is ours.
        for earlier in &answering.stored {
            if earlier.answer.topic == answer.topic
                && earlier.answer.by.at < answer.by.at
                && let Some(Change::Field(change)) = change_of(&earlier.answer, Shown::of(None))
            {
                shown = shown.or(&change.value);
            }
        }
        let write = change_of(&answer, shown).map(|change| DealWrite {
            deal: answering.before.deal.id.clone(),
            change,
            given_at: answer.by.at,
            was_tried: lease.attempts > 0,
        });
        Ok(Some((Self { answering, at, answer, write }, account)))
    }

    /// What is told of a conflict: to the person who answered, and to the one who wrote in the CRM meanwhile.
    pub fn conflict(&self, click: &str) -> (Message, Message) {
        let Answering { before, record, .. } = &self.answering;
        let label = match &self.answer.target {
            Some(Target::Field(path)) => record.label(path),
            _ => before.locale.scope(|| before.title(self.answer.topic.section()).into_owned()),
        };
        let which = format!("{}:{click}", self.answer.topic);
        slack::conflict(before, record, &label, (&self.answer.by.name, &which))
    }

    /// The revision after a write: the field's text once the CRM holds the answer; the CRM's where it holds something
    /// else; "not in the CRM" if it refused. `None` if the packet reads the same.
    ///
    /// # Errors
    ///
    /// A failed call to the store, or JSON that cannot be written.
    pub async fn revision(
        mut self,
        store: &Store,
        mapping: &Mapping,
        outcome: &WriteOutcome,
        now: Timestamp,
    ) -> Result<Option<Revision>, Failure> {
        let (Some(DealWrite { mut change, .. }), false) = (self.write, self.answering.before.no_longer_won)
        else {
            return Ok(None);
        };
        let Answering { record, stored, .. } = &mut self.answering;
        let (cause, state) = match outcome {
            WriteOutcome::Written => (Cause::Answer, AnswerState::Written),
            WriteOutcome::Refused(_) => (Cause::Answer, AnswerState::Refused),
            WriteOutcome::Conflict { theirs, .. } => {
                if let Change::Field(field) = &mut change {
                    field.value.clone_from(theirs);
                }
                (Cause::Crm, AnswerState::Conflict)
            }
            WriteOutcome::NotAllowed { .. } => return Ok(None),
        };
        if state != AnswerState::Refused {
            answers::apply(record, &change);
        }
        // As the store will have it.
        if let Some(stored) = stored.get_mut(self.at) {
            (stored.state, stored.answer.refused) = (state, state == AnswerState::Refused);
        }
        let (packet, asks) = self.answering.remade(mapping);
        let follow = if packet.is_open() {
            let deal =
                DealKey { account: self.answering.account(), deal: self.answering.before.deal.id.clone() };
            Follow::On { deal, contacts: contacts(&self.answering.record) }
        } else {
            Follow::End
        };
        self.answering.next(store, &packet, &asks, (cause, follow, Duration::ZERO), now).await
    }
}
