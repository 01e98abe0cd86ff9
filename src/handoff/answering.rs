//! A stored packet with its answers, and its next revision.

use std::time::Duration;

use jiff::Timestamp;

use super::{read, reply, revision, stored_packet};
use crate::failure::Failure;
use crate::store::{AnswerState, Cause, Follow, OpenPacket, Revision, Store, StoredAnswer};
use handoff_core::answers;
use handoff_core::assemble;
use handoff_core::mapping::Mapping;
use handoff_core::packet::{Answer, DigestParams, Packet, PacketStatus};
use handoff_core::record::{AccountKey, DealRecord};

/// A packet as it is stored, with what its next revision is made of.
pub struct Answering {
    pub revision: i64,
    pub before: Packet,
    pub record: DealRecord,
    /// Every answer, oldest first.
    pub stored: Vec<StoredAnswer>,
    pub(super) open: OpenPacket,
}

impl Answering {
    /// `None` if there is no such packet, or its record was deleted.
    ///
    /// # Errors
    ///
    /// A failed call to the store, or stored JSON that cannot be read.
    pub async fn of(store: &Store, packet_id: &str) -> Result<Option<Self>, Failure> {
        let Some(open) = store.packet_to_revise(packet_id).await? else { return Ok(None) };
        let Some(record) = open.record.kept().map(read).transpose()? else { return Ok(None) };
        Self::from(store, open, record).await.map(Some)
    }

    pub(super) async fn from(store: &Store, open: OpenPacket, record: DealRecord) -> Result<Self, Failure> {
        let before = stored_packet(&open)?;
        let stored = store.answers(&before.packet_id).await?;
        Ok(Self { revision: open.revision, before, record, stored, open })
    }

    /// The answers that count, oldest first. One that was written no longer does once the CRM holds something else.
    pub fn answers(&self, mapping: &Mapping) -> Vec<Answer> {
        let counts = |stored: &&StoredAnswer| match stored.state {
            AnswerState::Given | AnswerState::Writing | AnswerState::Refused => true,
            AnswerState::Written => answers::holds(mapping, &self.record, &stored.answer) != Some(false),
            AnswerState::Conflict | AnswerState::Superseded => false,
        };
        self.stored.iter().filter(counts).map(|stored| stored.answer.clone()).collect()
    }

    pub fn account(&self) -> AccountKey {
        AccountKey { crm: self.before.crm, account: self.before.account.clone() }
    }

    /// The packet as record, answers and mapping make it now, and what its digest asks.
    pub(super) fn remade(&self, mapping: &Mapping) -> (Packet, DigestParams) {
        let mapped = assemble::map_answered(mapping, &self.record, self.before.as_of, &self.answers(mapping));
        let (packet, plan) = assemble::assess(mapped, &self.before.packet_id);
        (packet, plan.digest)
    }

    /// The revision that shows this packet; `None` if it reads as before.
    pub(super) async fn next(
        &self,
        store: &Store,
        packet: &Packet,
        asks: &DigestParams,
        how: (Cause, Follow, Duration),
        now: Timestamp,
    ) -> Result<Option<Revision>, Failure> {
        if packet.reads_like(&self.before) {
            return Ok(None);
        }
        let revision = revision(&self.open, packet, Some(&self.record), asks, how)?;
        let reply = match packet.status {
            PacketStatus::Complete => Some(reply(store, &self.open, packet, now).await?),
            PacketStatus::Incomplete => None,
        };
        Ok(Some(Revision { reply, ..revision }))
    }
}
