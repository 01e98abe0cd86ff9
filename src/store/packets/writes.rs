//! Answers on their way to the CRM. One is claimed under a lease like a click, one of a packet at a time.

use std::time::Duration;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::answers::{AnswerState, StoredAnswer};
use crate::store::Store;
use crate::store::engine::{
    Command, DatabaseError, Execute, StoreError, Tx, count, from_millis, json, millis_after, query,
};
use crate::store::outbox::deliveries::Destination;
use handoff_core::packet::Topic;
use handoff_core::record::AccountKey;

statements! {
    DUE_WRITES = "
        SELECT d.account, MIN(a.due_at) FROM answers a
        JOIN deliveries d ON d.packet_id = a.packet_id AND d.destination = $1
        WHERE a.due_at IS NOT NULL GROUP BY d.account";
    /// An account's answers that are due, and those whose lease has run out: that was a try, too. Of one packet the
    /// oldest, and none while another is being written.
    CLAIM_WRITES = ["
        WITH due AS MATERIALIZED (
            SELECT d.packet_id, d.topic, d.click FROM answers d
            WHERE d.due_at <= $1 AND EXISTS (
                SELECT 1 FROM deliveries t
                WHERE t.packet_id = d.packet_id AND t.destination = $4 AND t.account = $5) AND NOT EXISTS (
                SELECT 1 FROM answers o WHERE o.packet_id = d.packet_id AND (
                    (o.state = 'writing' AND o.due_at > $1)
                    OR (o.due_at <= $1 AND (o.answered_at, o.topic, o.click) < (d.answered_at, d.topic, d.click))))
            ORDER BY d.due_at LIMIT $3 ", skip_locked, ")
        UPDATE answers SET due_at = $2, epoch = epoch + 1,
            attempts = attempts + CASE WHEN state IN ('writing', 'conflict') THEN 1 ELSE 0 END,
            state = CASE WHEN state = 'conflict' THEN state ELSE 'writing' END
        WHERE (packet_id, topic, click) IN (SELECT due.packet_id, due.topic, due.click FROM due)
        RETURNING packet_id, topic, click, epoch, attempts, tell"];
    BEGUN_WRITES = "
        SELECT COUNT(*) FROM answers
        WHERE packet_id = $1 AND begun_at > $4 AND NOT (topic = $2 AND click = $3)";
    BEGIN_WRITE = "
        UPDATE answers SET begun_at = COALESCE(begun_at, $5)
        WHERE packet_id = $1 AND topic = $2 AND click = $3 AND epoch = $4 AND state = 'writing'";
    FINISH_WRITE = "
        UPDATE answers SET state = $5, due_at = $6, attempts = $7, code = $8, detail = $9, tell = $10
        WHERE packet_id = $1 AND topic = $2 AND click = $3 AND epoch = $4 AND state = 'writing'";
    TELL = "
        UPDATE answers SET tell = $5, due_at = $6
        WHERE packet_id = $1 AND topic = $2 AND click = $3 AND epoch = $4 AND state = 'conflict'";
    SETTLE_CONFLICT = "
        UPDATE answers SET state = 'superseded', due_at = NULL, tell = NULL
        WHERE packet_id = $1 AND topic = $2 AND state = 'conflict'";
    STOPPED_WRITES = "
        SELECT packet_id, COUNT(*) FROM answers WHERE state = 'given' AND code = 'too_many'
        GROUP BY packet_id ORDER BY packet_id";
    REFUSED_WRITES = "
        SELECT COUNT(*) FROM answers WHERE state = 'refused' AND answered_at >= $1";
}

/// Writes to one packet's deal within [`WINDOW`]: more of them are a loop, and not people.
const MOST_WRITES: u64 = 10;
const WINDOW: Duration = Duration::from_hours(1);

/// The code of an answer that is not written because there were too many.
const TOO_MANY: &str = "too_many";

/// Who is told of a conflict.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Recipient {
    /// The person who answered, by Slack user id.
    Answered(String),
    /// The CRM user who wrote at the same time, by e-mail address.
    Overtaken(String),
}

/// The right to write one answer, or to tell of its conflict, until it is given back or another epoch begins.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WriteLease {
    pub packet_id: String,
    pub topic: Topic,
    pub click: String,
    /// Fences writes of workers that lost the lease.
    pub epoch: i64,
    pub attempts: u32,
    pub until: Timestamp,
    /// It is in conflict, and they are to be told.
    pub tell: Vec<Recipient>,
}

/// Whether a write may go on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Begun {
    Yes,
    /// The lease was lost.
    No,
    /// The packet had too many writes within the hour: this answer is not written.
    TooMany,
}

/// How a write ended, or when it goes on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WriteEnd {
    pub state: AnswerState,
    /// When it is tried again.
    pub next: Option<Timestamp>,
    /// Whether that was one of the tries that are counted.
    pub is_try: bool,
    pub code: Option<String>,
    /// What an operator reads of it.
    pub detail: Option<String>,
    /// Who is told of a conflict, as work of its own.
    pub tell: Vec<Recipient>,
}

impl WriteLease {
    /// Whether this is the answer that may be written.
    pub fn is_of(&self, stored: &StoredAnswer) -> bool {
        (stored.answer.topic, &stored.click) == (self.topic, &self.click)
    }
}

impl Store {
    /// Returns for each account with answers to write when the first of them may be claimed.
    pub async fn due_writes(&self) -> Result<Vec<(AccountKey, Timestamp)>, StoreError> {
        let due = query(DUE_WRITES).bind(Destination::CrmTask.as_str());
        let rows: Vec<(String, i64)> = self.readers.all(due).await?;
        let due = |(account, at): (String, i64)| Some((account.parse().ok()?, from_millis(at)));
        Ok(rows.into_iter().filter_map(due).collect())
    }

    /// Takes up to `limit` answers of an account that are due for `lease` from now, at most one of a packet.
    pub async fn claim_writes(
        &self,
        account: &AccountKey,
        limit: u32,
        lease: Duration,
    ) -> Result<Vec<WriteLease>, StoreError> {
        self.writer.run(ClaimWrites { account: account.to_string(), limit, lease }).await
    }

    /// Counts a write that is about to begin.
    pub async fn begin_write(&self, lease: &WriteLease) -> Result<Begun, StoreError> {
        self.writer.run_on(lease.packet_id.clone(), BeginWrite { lease: lease.clone() }).await
    }

    /// Records how a write ended. False: the lease was lost and nothing changed.
    pub async fn finish_write(&self, lease: &WriteLease, end: WriteEnd) -> Result<bool, StoreError> {
        let finish = FinishWrite { lease: lease.clone(), end };
        self.writer.run_on(lease.packet_id.clone(), finish).await
    }

    /// Records who is still to be told of a conflict, and when that is tried again. False: the lease was lost, or the
    /// person has chosen meanwhile.
    pub async fn tell_later(
        &self,
        lease: &WriteLease,
        left: &[Recipient],
        at: Option<Timestamp>,
    ) -> Result<bool, StoreError> {
        let WriteLease { packet_id, topic, click, epoch, .. } = lease.clone();
        let (row, at) = (packet_id.clone(), at.map(Timestamp::as_millisecond));
        let left = if left.is_empty() { None } else { Some(json(&left)?) };
        let statement = move |_| {
            let tell = query(TELL).bind(packet_id.clone()).bind(topic.to_string()).bind(click.clone());
            tell.bind(epoch).bind(left.clone()).bind(at)
        };
        Ok(self.writer.run_on(row, Execute { statement, notify: true }).await? > 0)
    }

    /// A person chose what the CRM holds over their answer.
    pub async fn settle_conflict(&self, packet_id: &str, topic: Topic) -> Result<bool, StoreError> {
        let (row, packet_id) = (packet_id.to_owned(), packet_id.to_owned());
        let statement = move |_| query(SETTLE_CONFLICT).bind(packet_id.clone()).bind(topic.to_string());
        Ok(self.writer.run_on(row, Execute { statement, notify: false }).await? > 0)
    }

    /// Packets whose answers are not written any more because there were too many within an hour, with how many wait.
    pub async fn stopped_writes(&self) -> Result<Vec<(String, u64)>, StoreError> {
        let rows: Vec<(String, i64)> = self.readers.all(query(STOPPED_WRITES)).await?;
        Ok(rows.into_iter().map(|(packet_id, answers)| (packet_id, count(answers))).collect())
    }

    /// How many answers of then or later the CRM refused.
    pub(in crate::store) async fn refused_writes(&self, since: i64) -> Result<u64, StoreError> {
        let (refused,): (i64,) = self.readers.one(query(REFUSED_WRITES).bind(since)).await?;
        Ok(count(refused))
    }
}

struct ClaimWrites {
    account: String,
    limit: u32,
    lease: Duration,
}

impl Command<Vec<WriteLease>> for ClaimWrites {
    async fn run(&self, tx: &mut Tx<'_>) -> Result<Vec<WriteLease>, DatabaseError> {
        type Columns = (String, String, String, i64, i64, Option<String>);

        let until = millis_after(tx.now, self.lease);
        let claim = query(CLAIM_WRITES).bind(tx.now).bind(until).bind(self.limit);
        let claim = claim.bind(Destination::CrmTask.as_str()).bind(&self.account);
        let rows: Vec<Columns> = tx.conn.all(claim).await?;
        let lease = |(packet_id, topic, click, epoch, attempts, tell): Columns| {
            let attempts = u32::try_from(attempts).unwrap_or(u32::MAX);
            let topic = topic.parse().ok()?;
            let tell = tell.and_then(|tell| serde_json::from_str(&tell).ok()).unwrap_or_default();
            Some(WriteLease { packet_id, topic, click, epoch, attempts, until: from_millis(until), tell })
        };
        Ok(rows.into_iter().filter_map(lease).collect())
    }
}

struct BeginWrite {
    lease: WriteLease,
}

impl Command<Begun> for BeginWrite {
    async fn run(&self, tx: &mut Tx<'_>) -> Result<Begun, DatabaseError> {
        let WriteLease { packet_id, topic, click, epoch, .. } = &self.lease;
        let topic = topic.to_string();
        let hour = i64::try_from(WINDOW.as_millis()).unwrap_or(i64::MAX);
        let begun = query(BEGUN_WRITES).bind(packet_id).bind(&topic).bind(click).bind(tx.now - hour);
        let (begun,): (i64,) = tx.conn.one(begun).await?;
        if count(begun) >= MOST_WRITES {
            let end = WriteEnd {
                state: AnswerState::Given,
                next: None,
                is_try: false,
                code: Some(TOO_MANY.to_owned()),
                detail: Some(format!(
                    "not written: {MOST_WRITES} answers of the packet were written within an hour"
                )),
                tell: Vec::new(),
            };
            let finish = FinishWrite { lease: self.lease.clone(), end };
            return Ok(if finish.run(tx).await? { Begun::TooMany } else { Begun::No });
        }
        let mark = query(BEGIN_WRITE).bind(packet_id).bind(&topic).bind(click).bind(*epoch).bind(tx.now);
        Ok(if tx.conn.execute(mark).await? > 0 { Begun::Yes } else { Begun::No })
    }
}

struct FinishWrite {
    lease: WriteLease,
    end: WriteEnd,
}

impl Command<bool> for FinishWrite {
    async fn run(&self, tx: &mut Tx<'_>) -> Result<bool, DatabaseError> {
        let WriteLease { packet_id, topic, click, epoch, attempts, .. } = &self.lease;
        let WriteEnd { state, next, is_try, code, detail, tell } = &self.end;
        let (next, attempts, tell) = match tell.as_slice() {
            [] => (next.map(Timestamp::as_millisecond), i64::from(*attempts) + i64::from(*is_try), None),
            tell => (Some(tx.now), 0, Some(json(&tell)?)),
        };
        let finish = query(FINISH_WRITE).bind(packet_id).bind(topic.to_string()).bind(click).bind(*epoch);
        let finish = finish.bind(state.as_str()).bind(next).bind(attempts);
        let finish = finish.bind(code.clone()).bind(detail.clone()).bind(tell);
        let counted = tx.conn.execute(finish).await? > 0;
        // Another answer of the packet may have waited for this one.
        tx.notify |= counted;
        Ok(counted)
    }
}

impl WriteEnd {
    /// It is over.
    pub fn done(state: AnswerState, code: Option<String>, detail: Option<String>) -> Self {
        Self { state, next: None, is_try: true, code, detail, tell: Vec::new() }
    }

    /// It goes on then, and that was no try.
    pub fn at(next: Timestamp) -> Self {
        let state = AnswerState::Given;
        Self { state, next: Some(next), is_try: false, code: None, detail: None, tell: Vec::new() }
    }
}
