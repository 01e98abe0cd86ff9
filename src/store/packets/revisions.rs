//! Revisions of a packet, and when the deal of an open one is looked at again.
//!
//! A look is ordinary work of the deal's row in the queue: [`Store::announce_looks`] raises the row like an event does, and the
//! worker ends with [`super::super::DealEnd::Revised`] if a reader would see a difference.

use std::time::Duration;

use jiff::Timestamp;
use serde::Serialize;

use super::StoredRecord;
use crate::store::engine::{Command, DatabaseError, StoreError, Tx, from_millis, query};
use crate::store::inbox::recording;
use crate::store::outbox::{deliveries::Destination, edits};
use crate::store::{NewPacket, Store};
use handoff_core::record::DealKey;

/// Looks that one transaction announces.
const LOOKS: u32 = 100;

statements! {
    OPEN_PACKET = "
        SELECT p.packet, p.record, p.record_deleted_at, p.revision
        FROM packets p JOIN follows f ON f.packet_id = p.packet_id WHERE p.packet_id = $1";
    ORDERS = "SELECT destination, order_json FROM deliveries WHERE packet_id = $1 ORDER BY destination";
    OPEN_PACKETS_OF_DEAL = "SELECT packet_id FROM follows WHERE deal = $1 ORDER BY packet_id";
    KEEP_REVISION = "
        INSERT INTO revisions (packet_id, revision, at, cause, packet)
        SELECT packet_id, revision, COALESCE(revised_at, created_at), cause, packet
        FROM packets WHERE packet_id = $1 AND revision = $2";
    REVISE = "
        UPDATE packets SET packet = $3, revision = revision + 1, revised_at = $5, cause = $6,
            record = CASE WHEN record_deleted_at IS NULL THEN $4 ELSE record END
        WHERE packet_id = $1 AND revision = $2";
    FOLLOW = "
        INSERT INTO follows (packet_id, deal, account, since, looks, due_at) VALUES ($1, $2, $3, $4, 0, $5)";
    UNFOLLOW = "DELETE FROM follows WHERE packet_id = $1";
    DUE_LOOKS = ["
        SELECT d.packet_id, d.deal, d.account, d.since, d.looks FROM follows d
        WHERE d.due_at <= $1 ORDER BY d.due_at LIMIT $2 ", skip_locked];
    NEXT_LOOK = "UPDATE follows SET looks = $2, due_at = $3 WHERE packet_id = $1";
    RECHECK = "
        INSERT INTO follows (packet_id, deal, account, since, looks, due_at)
        SELECT p.packet_id, w.deal, d.account, $2, 0, $2
        FROM packets p JOIN wins w ON w.packet_id = p.packet_id
        JOIN deliveries d ON d.packet_id = p.packet_id AND d.destination = $3
        WHERE p.packet_id = $1
        ON CONFLICT (packet_id) DO UPDATE SET due_at = excluded.due_at";
    REVISIONS = "
        SELECT revision, at, cause, packet FROM revisions WHERE packet_id = $1
        UNION ALL
        SELECT revision, COALESCE(revised_at, created_at), cause, packet FROM packets WHERE packet_id = $1
        ORDER BY 1";
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

/// What causes a revision.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Cause {
    /// The CRM holds something else than before.
    Crm,
    /// The mapping was changed.
    Mapping,
    /// The deal is no longer won.
    NoLongerWon,
}

impl Cause {
    /// The name used in the store and in JSON.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Crm => "crm",
            Self::Mapping => "mapping",
            Self::NoLongerWon => "no_longer_won",
        }
    }
}

/// A packet that is looked at again.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OpenPacket {
    /// The newest revision as JSON.
    pub packet: String,
    pub record: StoredRecord,
    pub revision: i64,
    /// The parameters of its deliveries, as JSON.
    pub orders: Vec<(Destination, String)>,
}

/// A new revision of a packet.
#[derive(Debug, Clone)]
pub struct Revision {
    pub packet_id: String,
    /// The revision that it replaces; ignored if there is a newer one already.
    pub replaces: i64,
    pub cause: Cause,
    /// The packet as JSON.
    pub packet: String,
    /// The deal record that it was made from, as JSON.
    pub record: String,
    pub orders: Vec<(Destination, String)>,
    /// Whether something is still open, so that the deal is looked at again.
    pub open: bool,
    /// See [`FollowConfig::edit_pause`].
    pub edit_pause: Duration,
}

/// One revision, for people.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredRevision {
    pub revision: i64,
    pub at: Timestamp,
    /// `won`, or see [`Cause::as_str`].
    pub cause: String,
    /// The packet as JSON.
    pub packet: String,
}

impl Store {
    /// A packet, if it is looked at again.
    pub async fn open_packet(&self, packet_id: &str) -> Result<Option<OpenPacket>, StoreError> {
        type Columns = (String, String, Option<i64>, i64);
        let row: Option<Columns> = self.readers.optional(query(OPEN_PACKET).bind(packet_id)).await?;
        let Some((packet, record, deleted_at, revision)) = row else { return Ok(None) };
        let orders: Vec<(String, String)> = self.readers.all(query(ORDERS).bind(packet_id)).await?;
        let orders = orders.into_iter().filter_map(|(to, order)| Some((to.parse().ok()?, order)));
        Ok(Some(OpenPacket {
            packet,
            record: StoredRecord::of_row(record, deleted_at),
            revision,
            orders: orders.collect(),
        }))
    }

    /// The packets of a deal that are looked at again.
    pub async fn open_packets_of(&self, deal: &DealKey) -> Result<Vec<String>, StoreError> {
        let rows: Vec<(String,)> =
            self.readers.all(query(OPEN_PACKETS_OF_DEAL).bind(deal.to_string())).await?;
        Ok(rows.into_iter().map(|(packet_id,)| packet_id).collect())
    }

    /// Makes the deals ready whose look is due, and dates their next look. Says how many.
    pub async fn announce_looks(&self, follow: FollowConfig) -> Result<usize, StoreError> {
        self.writer.run(AnnounceLooks(follow)).await
    }

    /// Has the deal of a packet looked at as soon as possible; false if there is no such packet.
    pub async fn recheck(&self, packet_id: &str) -> Result<bool, StoreError> {
        self.writer.run_on(packet_id.to_owned(), Recheck(packet_id.to_owned())).await
    }

    /// Every revision of a packet, oldest first.
    pub async fn revisions(&self, packet_id: &str) -> Result<Vec<StoredRevision>, StoreError> {
        let rows: Vec<(i64, i64, String, String)> =
            self.readers.all(query(REVISIONS).bind(packet_id)).await?;
        let revision =
            |(revision, at, cause, packet)| StoredRevision { revision, at: from_millis(at), cause, packet };
        Ok(rows.into_iter().map(revision).collect())
    }
}

/// Plans the first look at the deal of a new packet.
pub(in crate::store) async fn follow(tx: &mut Tx<'_>, new: &NewPacket) -> Result<(), DatabaseError> {
    let Some(follow) = &new.follow else { return Ok(()) };
    let since = new.win.won_at.as_millisecond().max(tx.now);
    let Some(due) = follow.next(since, 0, tx.now) else { return Ok(()) };
    let deal = &new.win.deal;
    let insert = query(FOLLOW).bind(&new.packet_id).bind(deal.to_string()).bind(deal.account.to_string());
    tx.conn.execute(insert.bind(since).bind(due)).await?;
    Ok(())
}

/// Replaces a packet by its next revision and has its deliveries edited; nothing if another revision came first.
pub(in crate::store) async fn revise(tx: &mut Tx<'_>, next: &Revision) -> Result<(), DatabaseError> {
    let Revision { packet_id, replaces, cause, packet, record, orders, open, edit_pause } = next;
    tx.conn.execute(query(KEEP_REVISION).bind(packet_id).bind(*replaces)).await?;
    let revise = query(REVISE).bind(packet_id).bind(*replaces).bind(packet).bind(record);
    if tx.conn.execute(revise.bind(tx.now).bind(cause.as_str())).await? == 0 {
        return Ok(());
    }
    for (destination, order) in orders {
        edits::want(tx, (packet_id, *destination), order, replaces + 1, *edit_pause).await?;
    }
    if !open {
        unfollow(tx, packet_id).await?;
    }
    Ok(())
}

/// The deal of a packet is not looked at any more.
pub(in crate::store) async fn unfollow(tx: &mut Tx<'_>, packet_id: &str) -> Result<(), DatabaseError> {
    tx.conn.execute(query(UNFOLLOW).bind(packet_id)).await?;
    Ok(())
}

struct AnnounceLooks(FollowConfig);

impl Command<usize> for AnnounceLooks {
    async fn run(&self, tx: &mut Tx<'_>) -> Result<usize, DatabaseError> {
        type Columns = (String, String, String, i64, i64);
        let due: Vec<Columns> = tx.conn.all(query(DUE_LOOKS).bind(tx.now).bind(LOOKS)).await?;
        for (packet_id, deal, account, since, looks) in &due {
            recording::announce_deal(tx, deal, account).await?;
            match self.0.next(*since, looks + 1, tx.now) {
                Some(next) => {
                    tx.conn.execute(query(NEXT_LOOK).bind(packet_id).bind(looks + 1).bind(next)).await?;
                }
                None => unfollow(tx, packet_id).await?,
            }
        }
        Ok(due.len())
    }
}

struct Recheck(String);

impl Command<bool> for Recheck {
    async fn run(&self, tx: &mut Tx<'_>) -> Result<bool, DatabaseError> {
        let recheck = query(RECHECK).bind(&self.0).bind(tx.now).bind(Destination::CrmTask.as_str());
        let planned = tx.conn.execute(recheck).await? > 0;
        tx.notify |= planned;
        Ok(planned)
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
