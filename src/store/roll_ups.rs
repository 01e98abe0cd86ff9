//! The weekly messages: which was posted, so that none is twice, and what they say.

use std::collections::BTreeMap;
use std::time::Duration;

use jiff::Timestamp;
use jiff::civil::Date;

use super::Store;
use super::engine::{
    Command, DatabaseError, Execute, StoreError, Tx, count, from_millis, millis_after, query,
};
use super::maintenance::restored;
use handoff_core::packet::{Packet, SectionName, Week};
use handoff_core::record::{AccountKey, DealKey};

/// Older packets have no first value any more.
const FIRST_VALUES: Duration = Duration::from_hours(24 * 180);

statements! {
    /// A new one, or one that is due again: its lease has run out, or it is to be tried once more.
    CLAIM_ROLL_UP = "
        INSERT INTO roll_ups (id, due_at, epoch, attempts, unknown, absent, intended_at)
        VALUES ($1, $2, 1, 0, $4, 0, $5)
        ON CONFLICT (id) DO UPDATE SET due_at = excluded.due_at, epoch = roll_ups.epoch + 1,
            attempts = roll_ups.attempts + 1
        WHERE roll_ups.outcome IS NULL AND roll_ups.due_at <= $3
        RETURNING epoch, attempts, unknown, absent, intended_at";
    INTEND_ROLL_UP = "
        UPDATE roll_ups SET unknown = 1, absent = 0, intended_at = $3
        WHERE id = $1 AND epoch = $2 AND outcome IS NULL AND due_at > $3";
    FINISH_ROLL_UP = "
        UPDATE roll_ups SET due_at = $3, unknown = $4, absent = $5, outcome = $6
        WHERE id = $1 AND epoch = $2 AND outcome IS NULL";
    ROLL_UPS = "SELECT id, outcome FROM roll_ups ORDER BY id";
    WINS_OF_WEEK = "
        SELECT w.deal, a.complete, a.created_at, a.completed_at
        FROM assessments a JOIN wins w ON w.packet_id = a.packet_id
        WHERE a.created_at >= $1 AND a.created_at < $2";
    /// Of packets that are followed: in others nothing would be seen to be filled.
    OPEN_GAPS = "
        SELECT w.deal, g.section, a.seller_name
        FROM follows f JOIN assessments a ON a.packet_id = f.packet_id JOIN gaps g ON g.packet_id = f.packet_id
        JOIN wins w ON w.packet_id = f.packet_id JOIN packets p ON p.packet_id = f.packet_id
        WHERE a.created_at < $1 AND g.counts = 1 AND g.filled_at IS NULL AND g.dismissed_at IS NULL
            AND p.cause <> 'no_longer_won'";
    REFUSED_ANSWERS = "
        SELECT w.deal FROM answers s JOIN wins w ON w.packet_id = s.packet_id
        WHERE s.answered_at >= $1 AND s.answered_at < $2 AND s.state = 'refused'";
    FIRST_VALUES_SAID = "
        SELECT w.deal, a.first_value FROM assessments a JOIN wins w ON w.packet_id = a.packet_id
        WHERE a.created_at >= $1 AND a.first_value_at >= $2 AND a.first_value_at < $3";
    FIRST_VALUES_DUE = "
        SELECT w.deal, a.due, p.packet
        FROM (SELECT packet_id, CASE WHEN first_value_moved > first_value_due THEN first_value_moved
                ELSE first_value_due END AS due
            FROM assessments WHERE created_at >= $1 AND first_value IS NULL) a
        JOIN wins w ON w.packet_id = a.packet_id JOIN packets p ON p.packet_id = a.packet_id
        WHERE a.due >= $2 AND a.due < $3 AND p.cause <> 'no_longer_won' ORDER BY a.due, a.packet_id";
}

/// The right to post one weekly message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RollUpLease {
    pub id: String,
    epoch: i64,
    pub attempts: u32,
    /// A try was begun and it is not known how it ended: read back before repeating.
    pub unknown: bool,
    /// How often a read-back in a row found nothing.
    pub absent: u32,
    pub intended_at: Option<Timestamp>,
    pub until: Timestamp,
}

/// How a try ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RollUpEnd {
    /// Nothing is left to do; what became of it.
    Done(String),
    /// Tried again then; whether it may be there, and how often in a row a read-back found nothing.
    Again { at: Timestamp, unknown: bool, absent: u32 },
}

/// When a week begins and ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct WeekSpan {
    pub from: Timestamp,
    pub until: Timestamp,
    /// Gaps are old that were raised before.
    pub old: Timestamp,
    /// The first day of the week that begins, and the first behind it.
    pub next: (Date, Date),
}

impl Store {
    /// Takes the message with this id, which is due since `at`, for `lease` from now; `None` if it was posted, or another
    /// process is at it.
    pub async fn claim_roll_up(
        &self,
        id: &str,
        at: Timestamp,
        lease: Duration,
    ) -> Result<Option<RollUpLease>, StoreError> {
        self.writer.run(ClaimRollUp { id: id.to_owned(), at, lease }).await
    }

    /// Commits that a try begins. False: the lease was lost, and the try must not be made.
    pub async fn intend_roll_up(&self, lease: &RollUpLease) -> Result<bool, StoreError> {
        let RollUpLease { id, epoch, .. } = lease.clone();
        let statement = move |now| query(INTEND_ROLL_UP).bind(id.clone()).bind(epoch).bind(now);
        Ok(self.writer.run(Execute { statement, notify: false }).await? > 0)
    }

    /// Records how a try ended; nothing if the lease was lost.
    pub async fn finish_roll_up(&self, lease: &RollUpLease, end: RollUpEnd) -> Result<(), StoreError> {
        let RollUpLease { id, epoch, .. } = lease.clone();
        let (due, unknown, absent, outcome) = match end {
            RollUpEnd::Done(outcome) => (None, false, 0, Some(outcome)),
            RollUpEnd::Again { at, unknown, absent } => (Some(at.as_millisecond()), unknown, absent, None),
        };
        let statement = move |_| {
            let finish = query(FINISH_ROLL_UP).bind(id.clone()).bind(epoch).bind(due);
            finish.bind(unknown).bind(absent).bind(outcome.clone())
        };
        self.writer.run(Execute { statement, notify: false }).await?;
        Ok(())
    }

    /// Every weekly message, with what became of it.
    pub async fn roll_ups(&self) -> Result<Vec<(String, Option<String>)>, StoreError> {
        Ok(self.readers.all(query(ROLL_UPS)).await?)
    }

    /// What one week brought to these accounts. Sellers are named who are in `named`.
    pub async fn week(
        &self,
        accounts: &[AccountKey],
        span: WeekSpan,
        named: &[String],
    ) -> Result<Week, StoreError> {
        let ours = |deal: &str| deal.parse::<DealKey>().is_ok_and(|deal| accounts.contains(&deal.account));
        let (from, until) = (span.from.as_millisecond(), span.until.as_millisecond());
        let since = from.saturating_sub(i64::try_from(FIRST_VALUES.as_millis()).unwrap_or(i64::MAX));
        let mut week = Week::default();

        let wins: Vec<(String, i64, i64, Option<i64>)> =
            self.readers.all(query(WINS_OF_WEEK).bind(from).bind(until)).await?;
        let mut later = Vec::new();
        for (_, complete, created_at, completed_at) in wins.into_iter().filter(|win| ours(&win.0)) {
            week.wins += 1;
            week.complete_at_close += count(complete);
            week.complete_now += u64::from(completed_at.is_some());
            later.extend(completed_at.filter(|_| complete == 0).map(|at| (at - created_at) / 60_000));
        }
        later.sort_unstable();
        week.median_minutes = later.get(later.len().saturating_sub(1) / 2).copied();

        let open: Vec<(String, String, Option<String>)> =
            self.readers.all(query(OPEN_GAPS).bind(span.old.as_millisecond())).await?;
        let mut sections: BTreeMap<SectionName, u64> = BTreeMap::new();
        let mut sellers: BTreeMap<String, u64> = BTreeMap::new();
        for (_, section, seller) in open.into_iter().filter(|gap| ours(&gap.0)) {
            let Ok(name) = section.parse::<SectionName>() else { continue };
            *sections.entry(name).or_default() += 1;
            match seller.filter(|seller| named.contains(seller)) {
                Some(seller) => *sellers.entry(seller).or_default() += 1,
                None => week.other_sellers += 1,
            }
        }
        week.open = sections.into_iter().collect();
        week.sellers = sellers.into_iter().collect();
        week.sellers.sort_by_key(|(_, gaps)| std::cmp::Reverse(*gaps));

        let refused: Vec<(String,)> = self.readers.all(query(REFUSED_ANSWERS).bind(from).bind(until)).await?;
        week.refused = refused.iter().filter(|(deal,)| ours(deal)).count() as u64;
        let said: Vec<(String, String)> =
            self.readers.all(query(FIRST_VALUES_SAID).bind(since).bind(from).bind(until)).await?;
        let times = |word: &str| said.iter().filter(|(deal, said)| ours(deal) && said == word).count() as u64;
        (week.reached, week.missed) = (times("reached"), times("missed"));
        let next = query(FIRST_VALUES_DUE).bind(since).bind(span.next.0.to_string());
        let due: Vec<(String, String, String)> = self.readers.all(next.bind(span.next.1.to_string())).await?;
        week.due = due
            .into_iter()
            .filter(|(deal, ..)| ours(deal))
            .filter_map(|(_, day, packet)| {
                let packet: Packet = serde_json::from_str(&packet).ok()?;
                Some((packet.deal.name, day.parse().ok()?))
            })
            .collect();
        Ok(week)
    }
}

struct ClaimRollUp {
    id: String,
    at: Timestamp,
    lease: Duration,
}

impl Command<Option<RollUpLease>> for ClaimRollUp {
    async fn run(&self, tx: &mut Tx<'_>) -> Result<Option<RollUpLease>, DatabaseError> {
        let at = self.at.as_millisecond();
        // A database from before may have posted it.
        let unknown = restored::may_be_delivered(tx, at).await?;
        let until = millis_after(tx.now, self.lease);
        let claim = query(CLAIM_ROLL_UP).bind(&self.id).bind(until).bind(tx.now).bind(unknown);
        let claimed: Option<(i64, i64, i64, i64, Option<i64>)> =
            tx.conn.optional(claim.bind(unknown.then_some(at))).await?;
        Ok(claimed.map(|(epoch, attempts, unknown, absent, intended_at)| RollUpLease {
            id: self.id.clone(),
            epoch,
            attempts: u32::try_from(attempts).unwrap_or(u32::MAX),
            unknown: unknown != 0,
            absent: u32::try_from(absent).unwrap_or(u32::MAX),
            intended_at: intended_at.map(from_millis),
            until: from_millis(until),
        }))
    }
}
