//! Open packets, and when the deal of each is looked at again.
//!
//! A look asks first what the CRM shows of many deals at once ([`Store::claim_looks`], [`Store::record_looks`]). A deal that
//! shows something else than before becomes ready like after an event, behind new wins ([`Store::announce_looks`]), and
//! the worker that reads it ends with [`super::super::DealEnd::Revised`] if a reader would see a difference.

use std::time::Duration;

use jiff::Timestamp;

use crate::store::engine::{
    Command, DatabaseError, StoreError, Tx, count, from_millis, json, millis_after, query,
};
use crate::store::inbox::recording;
use crate::store::outbox::deliveries::Destination;
use crate::store::{NewPacket, Store};
use handoff_core::record::DealKey;

/// Looks that one transaction claims or announces.
const LOOKS: u32 = 500;

statements! {
    FOLLOW = "
        INSERT INTO follows (packet_id, deal, account, since, looks, due_at, contacts)
        VALUES ($1, $2, $3, $4, 0, $5, $6)";
    UNFOLLOW = "DELETE FROM follows WHERE packet_id = $1";
    UNFOLLOW_EARLIER = "DELETE FROM follows WHERE deal = $1";
    /// The deal may have been merged into another: then what was seen is of no use.
    GO_ON = "
        UPDATE follows SET gone_at = NULL, contacts = $3, seen = CASE WHEN deal = $2 THEN seen END, deal = $2
        WHERE packet_id = $1";
    NOTE_GONE = "UPDATE follows SET gone_at = COALESCE(gone_at, $2) WHERE deal = $1";
    OPEN_PACKETS_OF_DEAL = "SELECT packet_id, gone_at FROM follows WHERE deal = $1 ORDER BY packet_id";
    CLAIM_LOOKS = ["
        WITH due AS MATERIALIZED (
            SELECT d.packet_id FROM follows d
            WHERE d.due_at <= $1
                AND NOT EXISTS (SELECT 1 FROM pauses p WHERE p.scope = d.account AND p.until > $1)
            ORDER BY d.due_at LIMIT $3 ", skip_locked, ")
        UPDATE follows SET due_at = $2 WHERE packet_id IN (SELECT due.packet_id FROM due)
        RETURNING packet_id, deal, since, looks, seen"];
    RECORD_LOOK = "
        UPDATE follows SET looks = looks + 1, due_at = $2, seen = $3,
            changed = CASE WHEN CAST($4 AS BIGINT) = 1 THEN 1 ELSE changed END
        WHERE packet_id = $1";
    CHANGED = ["
        SELECT d.packet_id, d.deal, d.account FROM follows d
        WHERE d.changed = 1 ORDER BY d.due_at LIMIT $1 ", skip_locked];
    READ_AGAIN = "UPDATE follows SET changed = 1 WHERE packet_id = $1";
    ANNOUNCED = "UPDATE follows SET changed = 0 WHERE packet_id = $1";
    RECHECK = "
        INSERT INTO follows (packet_id, deal, account, since, looks, due_at, changed)
        SELECT p.packet_id, w.deal, d.account, $2, 0, $2, 1
        FROM packets p JOIN wins w ON w.packet_id = p.packet_id
        JOIN deliveries d ON d.packet_id = p.packet_id AND d.destination = $3
        WHERE p.packet_id = $1
        ON CONFLICT (packet_id) DO UPDATE SET changed = 1";
    DUE_LOOKS = "SELECT MIN(due_at), MAX(changed) FROM follows";
    FOLLOWED = "SELECT COUNT(*), CAST(COALESCE(SUM(since), 0) AS BIGINT) FROM follows";
    /// By age: younger than a day, three days, a week, and older.
    FOLLOWED_BY_AGE = "
        SELECT COUNT(CASE WHEN since > $1 - 86400000 THEN 1 END),
            COUNT(CASE WHEN since <= $1 - 86400000 AND since > $1 - 259200000 THEN 1 END),
            COUNT(CASE WHEN since <= $1 - 259200000 AND since > $1 - 604800000 THEN 1 END),
            COUNT(CASE WHEN since <= $1 - 604800000 THEN 1 END)
        FROM follows";
    FOLLOWED_DEALS = "SELECT deal, contacts FROM follows";
}

/// `[follow]` of the configuration: how long, and how often, the deal of an open packet is looked at again.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FollowConfig {
    /// How long after the win; zero never looks.
    pub span: Duration,
    /// When, after the win; then at every [`FollowConfig::every`].
    pub schedule: Vec<Duration>,
    pub every: Duration,
    /// The least time between two edits of one message that changes in the CRM cause.
    pub edit_pause: Duration,
}

impl FollowConfig {
    /// When the look after `looks` looks is due, in epoch milliseconds; `None` when there is none any more.
    fn next(&self, since: i64, looks: i64, now: i64) -> Option<i64> {
        let millis = |span: Duration| i64::try_from(span.as_millis()).unwrap_or(i64::MAX);
        let planned = usize::try_from(looks).ok().and_then(|looks| self.schedule.get(looks));
        let due = match planned {
            Some(after) => since.saturating_add(millis(*after)).max(now),
            None => now.saturating_add(millis(self.every)),
        };
        (due <= since.saturating_add(millis(self.span))).then_some(due)
    }
}

/// How the deal of a packet is followed from now on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Follow {
    /// Not any more: nothing is open.
    End,
    /// As before.
    AsBefore,
    /// Under this key, which a merge may have changed, with these contacts on it.
    On { deal: DealKey, contacts: Vec<String> },
}

/// A look that is due.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DueLook {
    pub packet_id: String,
    pub deal: DealKey,
    /// See [`Store::record_looks`].
    pub seen: Option<String>,
    since: i64,
    looks: i64,
}

impl Store {
    /// The packets of a deal that are looked at again, and since when the deal has been gone from the CRM.
    pub async fn open_packets_of(
        &self,
        deal: &DealKey,
    ) -> Result<Vec<(String, Option<Timestamp>)>, StoreError> {
        let rows: Vec<(String, Option<i64>)> =
            self.readers.all(query(OPEN_PACKETS_OF_DEAL).bind(deal.to_string())).await?;
        Ok(rows.into_iter().map(|(packet_id, gone_at)| (packet_id, gone_at.map(from_millis))).collect())
    }

    /// Whether a look is due at `now`, and whether a deal is to be read.
    pub async fn due_looks(&self, now: Timestamp) -> Result<(bool, bool), StoreError> {
        let (due_at, changed): (Option<i64>, Option<i64>) = self.readers.one(query(DUE_LOOKS)).await?;
        Ok((due_at.is_some_and(|due_at| due_at <= now.as_millisecond()), changed == Some(1)))
    }

    /// Takes looks that are due, of accounts that are not paused. Those of a caller that is lost are due again after
    /// `lease`; two looks at once change nothing that one does not.
    pub async fn claim_looks(&self, lease: Duration) -> Result<Vec<DueLook>, StoreError> {
        self.writer.run(ClaimLooks(lease)).await
    }

    /// Records what each of these looks saw, a hash that is empty for a deal that is not there, and dates the next look.
    /// A deal that was not there, or shows something else than before, is to be read.
    pub async fn record_looks(
        &self,
        seen: Vec<(DueLook, String)>,
        follow: FollowConfig,
    ) -> Result<(), StoreError> {
        self.writer.run(RecordLooks { seen, follow }).await
    }

    /// Makes deals ready that are to be read. Returns how many.
    pub async fn announce_looks(&self) -> Result<usize, StoreError> {
        self.writer.run(AnnounceLooks).await
    }

    /// Has the deal of a packet read as soon as possible; false if there is no such packet.
    pub async fn recheck(&self, packet_id: &str) -> Result<bool, StoreError> {
        self.writer.run_on(packet_id.to_owned(), Recheck(packet_id.to_owned())).await
    }

    /// How many packets are followed, by the days since the win: from 0, 1, 3 and 7 days on.
    pub async fn followed_by_age(&self, now: Timestamp) -> Result<[(u16, u64); 4], StoreError> {
        let counts = query(FOLLOWED_BY_AGE).bind(now.as_millisecond());
        let (day, three, week, older): (i64, i64, i64, i64) = self.readers.one(counts).await?;
        Ok([(0, count(day)), (1, count(three)), (3, count(week)), (7, count(older))])
    }

    /// Every deal that is followed, with the ids of the contacts on it; `None` if no deal came or went since `known`, which
    /// is brought up to date.
    pub async fn followed(
        &self,
        known: &mut Option<(i64, i64)>,
    ) -> Result<Option<Vec<(DealKey, Vec<String>)>>, StoreError> {
        let now: (i64, i64) = self.readers.one(query(FOLLOWED)).await?;
        if known.replace(now) == Some(now) {
            return Ok(None);
        }
        let rows: Vec<(String, String)> = self.readers.all(query(FOLLOWED_DEALS)).await?;
        let followed = |(deal, contacts): (String, String)| {
            Some((deal.parse().ok()?, serde_json::from_str(&contacts).unwrap_or_default()))
        };
        Ok(Some(rows.into_iter().filter_map(followed).collect()))
    }
}

/// Plans the first look at the deal of a new packet. Its earlier packets are not followed any more.
pub(in crate::store) async fn begin(tx: &mut Tx<'_>, new: &NewPacket) -> Result<(), DatabaseError> {
    let deal = &new.win.deal;
    tx.conn.execute(query(UNFOLLOW_EARLIER).bind(deal.to_string())).await?;
    let Some((follow, contacts)) = &new.follow else { return Ok(()) };
    let since = new.win.won_at.as_millisecond().max(tx.now);
    let Some(due) = follow.next(since, 0, tx.now) else { return Ok(()) };
    let insert = query(FOLLOW).bind(&new.packet_id).bind(deal.to_string()).bind(deal.account.to_string());
    tx.conn.execute(insert.bind(since).bind(due).bind(json(contacts)?)).await?;
    Ok(())
}

/// The deal of a packet was read.
pub(in crate::store) async fn go_on(
    tx: &mut Tx<'_>,
    packet_id: &str,
    follow: &Follow,
) -> Result<(), DatabaseError> {
    let update = match follow {
        Follow::AsBefore => return Ok(()),
        Follow::End => query(UNFOLLOW).bind(packet_id),
        Follow::On { deal, contacts } => {
            query(GO_ON).bind(packet_id).bind(deal.to_string()).bind(json(contacts)?)
        }
    };
    tx.conn.execute(update).await?;
    Ok(())
}

/// What was read of the deal of a packet was not used: it is to be read once more.
pub(in crate::store) async fn read_again(tx: &mut Tx<'_>, packet_id: &str) -> Result<(), DatabaseError> {
    tx.conn.execute(query(READ_AGAIN).bind(packet_id)).await?;
    Ok(())
}

/// The CRM shows no such deal.
pub(in crate::store) async fn note_gone(tx: &mut Tx<'_>, deal: &DealKey) -> Result<(), DatabaseError> {
    tx.conn.execute(query(NOTE_GONE).bind(deal.to_string()).bind(tx.now)).await?;
    Ok(())
}

struct ClaimLooks(Duration);

impl Command<Vec<DueLook>> for ClaimLooks {
    async fn run(&self, tx: &mut Tx<'_>) -> Result<Vec<DueLook>, DatabaseError> {
        type Columns = (String, String, i64, i64, Option<String>);
        let claim = query(CLAIM_LOOKS).bind(tx.now).bind(millis_after(tx.now, self.0)).bind(LOOKS);
        let rows: Vec<Columns> = tx.conn.all(claim).await?;
        let due = |(packet_id, deal, since, looks, seen): Columns| {
            Some(DueLook { packet_id, deal: deal.parse().ok()?, seen, since, looks })
        };
        Ok(rows.into_iter().filter_map(due).collect())
    }
}

struct RecordLooks {
    seen: Vec<(DueLook, String)>,
    follow: FollowConfig,
}

impl Command<()> for RecordLooks {
    async fn run(&self, tx: &mut Tx<'_>) -> Result<(), DatabaseError> {
        for (look, seen) in &self.seen {
            let changed = seen.is_empty() || look.seen.as_ref() != Some(seen);
            let next = self.follow.next(look.since, look.looks + 1, tx.now);
            // What is to be read is followed until it has been.
            let next = next.or_else(|| changed.then(|| millis_after(tx.now, self.follow.every)));
            let update = match next {
                Some(due) => query(RECORD_LOOK).bind(&look.packet_id).bind(due).bind(seen).bind(changed),
                None => query(UNFOLLOW).bind(&look.packet_id),
            };
            tx.conn.execute(update).await?;
        }
        Ok(())
    }
}

struct AnnounceLooks;

impl Command<usize> for AnnounceLooks {
    async fn run(&self, tx: &mut Tx<'_>) -> Result<usize, DatabaseError> {
        let changed: Vec<(String, String, String)> = tx.conn.all(query(CHANGED).bind(LOOKS)).await?;
        for (packet_id, deal, account) in &changed {
            recording::announce_look(tx, deal, account).await?;
            tx.conn.execute(query(ANNOUNCED).bind(packet_id)).await?;
        }
        Ok(changed.len())
    }
}

struct Recheck(String);

impl Command<bool> for Recheck {
    async fn run(&self, tx: &mut Tx<'_>) -> Result<bool, DatabaseError> {
        let recheck = query(RECHECK).bind(&self.0).bind(tx.now).bind(Destination::CrmTask.as_str());
        Ok(tx.conn.execute(recheck).await? > 0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn looks_follow_the_schedule_and_then_come_at_equal_times_until_the_span_ends() {
        let minutes = |minutes: u64| Duration::from_mins(minutes);
        let follow = FollowConfig {
            span: minutes(600),
            schedule: vec![minutes(5), minutes(30), minutes(120)],
            every: minutes(360),
            edit_pause: minutes(1),
        };
        let due = |looks, now: i64| follow.next(0, looks, now * 60_000).map(|due| due / 60_000);
        assert_eq!([due(0, 0), due(1, 5), due(2, 30), due(3, 120)], [5, 30, 120, 480].map(Some));
        // A service that stood still for an hour looks once, not twice.
        assert_eq!(due(1, 65), Some(65));
        assert_eq!(due(4, 480), None, "after the span");
        let off = FollowConfig { span: Duration::ZERO, ..follow };
        assert_eq!(off.next(0, 0, 0), None);
    }
}
