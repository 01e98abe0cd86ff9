//! How events get into the inbox: those of several calls in one transaction. SQLite takes them one by one, which
//! is quick in the same process; a server is a journey away, so PostgreSQL takes all of them at once.

use std::borrow::Cow;
use std::collections::{BTreeMap, HashMap};

use serde::Serialize;
use tokio::sync::oneshot;

use crate::store::Recorded;
use crate::store::engine::{DatabaseError, StoreError, Tx, clean, json, query};
use handoff_core::record::{AccountKey, Event};

statements! {
    /// SQLite records one event, PostgreSQL the JSON array of any number of them. One row of values cannot fail when
    /// half of it is written, so SQLite need not keep what it would have to undo.
    INSERT_EVENTS = { sqlite: "
        INSERT INTO inbox (dedupe, deal, kind, provider_id, occurred_at, verification, received_at, turn, settled)
        VALUES ($2, $3, $4, $5, $6, $7, $1, COALESCE((SELECT d.want FROM deals d WHERE d.deal = $3), 0) + 1, 0)
        ON CONFLICT (dedupe) DO NOTHING",
    postgres: "
        INSERT INTO inbox (dedupe, deal, kind, provider_id, occurred_at, verification, received_at, turn, settled)
        SELECT e.dedupe, e.deal, e.kind, e.provider_id, e.occurred_at, e.verification, $1,
            COALESCE((SELECT d.want FROM deals d WHERE d.deal = e.deal), 0) + 1, 0
        FROM json_to_recordset(CAST($2 AS json)) e (dedupe text, deal text, kind text, provider_id text,
            occurred_at bigint, verification text)
        ON CONFLICT (dedupe) DO NOTHING
        RETURNING dedupe, turn" };
    /// A deal that waits for a retry keeps its time: an event does not defeat the backoff. What waits for a look only
    /// stands behind new wins; the first event that may be a win takes it out of there.
    ANNOUNCE_DEALS = ["
        INSERT INTO deals (deal, account, state, want, attempts, due_at, epoch, heard_at, look) ", announced, "
        ON CONFLICT (deal) DO UPDATE SET
            want = deals.want + 1,
            heard_at = excluded.heard_at,
            last_error = CASE WHEN deals.state = 'idle' THEN NULL ELSE deals.last_error END,
            attempts = CASE WHEN deals.state IN ('idle', 'dead') THEN 0 ELSE deals.attempts END,
            due_at = CASE WHEN deals.state IN ('idle', 'dead') THEN excluded.due_at ELSE deals.due_at END,
            look = CASE WHEN deals.state IN ('idle', 'dead') OR excluded.look = 0 THEN excluded.look
                ELSE deals.look END,
            state = CASE WHEN deals.state IN ('idle', 'dead') THEN 'ready' ELSE deals.state END ",
        returning_want];
    /// A workflow's event of a deal that waits to be looked at.
    WAITING_POKE = "
        SELECT i.id FROM inbox i JOIN deals d ON d.deal = i.deal
        WHERE i.settled = 0 AND i.deal = $1 AND i.dedupe LIKE '%:poke:%' AND d.state = 'ready' LIMIT 1";
    CORRECT_TURNS = { postgres: "
        UPDATE inbox SET turn = CAST(e.value ->> 1 AS BIGINT)
        FROM json_array_elements(CAST($1 AS json)) e WHERE inbox.dedupe = e.value ->> 0" };
}

/// One call of [`super::Store::record`], and who waits for it.
pub(in crate::store) struct RecordCall {
    events: Vec<Event>,
    recorded: Recorded,
    reply: oneshot::Sender<Result<Recorded, StoreError>>,
}

impl RecordCall {
    pub fn new(events: Vec<Event>, reply: oneshot::Sender<Result<Recorded, StoreError>>) -> Self {
        Self { events, recorded: Recorded::default(), reply }
    }

    pub fn answer(self, committed: Result<(), StoreError>) {
        // Nobody may be waiting any more; the events are recorded all the same.
        let _ = self.reply.send(committed.map(|()| self.recorded));
    }
}

/// Records the events of several calls.
pub(in crate::store) async fn insert(
    tx: &mut Tx<'_>,
    calls: &mut [&mut RecordCall],
) -> Result<(), DatabaseError> {
    if tx.conn.is_shared() { at_once(tx, calls).await } else { one_by_one(tx, calls).await }
}

async fn one_by_one(tx: &mut Tx<'_>, calls: &mut [&mut RecordCall]) -> Result<(), DatabaseError> {
    let mut new_by_call = Vec::with_capacity(calls.len());
    let mut deals: BTreeMap<String, (&AccountKey, bool)> = BTreeMap::new();
    for call in &*calls {
        let mut new = 0;
        for event in &call.events {
            let (dedupe, deal) = (distinct(&event.dedupe_key), event.deal.to_string());
            if is_spoken_for(tx, event).await? {
                continue;
            }
            let insert = query(INSERT_EVENTS).bind(tx.now).bind(&*dedupe).bind(&deal);
            let insert = insert.bind(event.kind.as_str()).bind(&event.provider_id);
            let insert = insert.bind(event.occurred_at.map(jiff::Timestamp::as_millisecond));
            if tx.conn.execute(insert.bind(&event.verification)).await? > 0 {
                new += 1;
                deals.entry(deal).or_insert((&event.deal.account, true)).1 &= event.is_look();
            }
        }
        new_by_call.push(new);
    }
    tx.notify |= !deals.is_empty();
    for (deal, (account, look)) in deals {
        let announce = query(ANNOUNCE_DEALS).bind(tx.now).bind(deal).bind(account.to_string());
        tx.conn.execute(announce.bind(look)).await?;
    }
    count(calls, new_by_call);
    Ok(())
}

/// One event as [`INSERT_EVENTS`] reads it on PostgreSQL.
#[derive(Serialize)]
struct InboxRow<'a> {
    dedupe: Cow<'a, str>,
    deal: Cow<'a, str>,
    kind: &'static str,
    provider_id: Cow<'a, str>,
    occurred_at: Option<i64>,
    verification: Cow<'a, str>,
    #[serde(skip)]
    of: (usize, &'a Event),
}

/// One deal as [`ANNOUNCE_DEALS`] reads it on PostgreSQL.
#[derive(Serialize)]
struct Announced<'a> {
    deal: &'a str,
    account: Cow<'a, str>,
    look: i64,
}

async fn at_once(tx: &mut Tx<'_>, calls: &mut [&mut RecordCall]) -> Result<(), DatabaseError> {
    let mut new_by_call = vec![0; calls.len()];
    {
        let mut rows: Vec<InboxRow<'_>> = Vec::new();
        for (index, call) in calls.iter().enumerate() {
            for event in &call.events {
                if !is_spoken_for(tx, event).await? {
                    rows.push(row(index, event));
                }
            }
        }
        // Two transactions that get the same events wait for each other's keys in the same order.
        rows.sort_by(|one, other| one.dedupe.cmp(&other.dedupe));
        rows.dedup_by(|one, first| one.dedupe == first.dedupe);
        let insert = query(INSERT_EVENTS).bind(tx.now).bind(json(&rows)?);
        let new: Vec<(String, i64)> = tx.conn.all(insert).await?;

        let find = |key: &str| rows.binary_search_by(|row| (*row.dedupe).cmp(key)).ok().map(|at| &rows[at]);
        let new: Vec<(&InboxRow<'_>, i64)> =
            new.iter().filter_map(|(key, turn)| Some((find(key)?, *turn))).collect();
        for (row, _) in &new {
            new_by_call[row.of.0] += 1;
        }
        if !new.is_empty() {
            announce(tx, &new).await?;
        }
    }
    count(calls, new_by_call);
    Ok(())
}

/// Whether another event that waits leads to the same look at the deal.
async fn is_spoken_for(tx: &mut Tx<'_>, event: &Event) -> Result<bool, DatabaseError> {
    if !event.is_poke() {
        return Ok(false);
    }
    let waiting: Option<(i64,)> = tx.conn.optional(query(WAITING_POKE).bind(event.deal.to_string())).await?;
    Ok(waiting.is_some())
}

/// Makes one deal ready for a look, behind new wins.
pub(in crate::store) async fn announce_look(
    tx: &mut Tx<'_>,
    deal: &str,
    account: &str,
) -> Result<(), DatabaseError> {
    let announce = query(ANNOUNCE_DEALS).bind(tx.now);
    let announce = if tx.conn.is_shared() {
        announce.bind(json(&[Announced { deal, account: clean(account), look: 1 }])?)
    } else {
        announce.bind(deal).bind(account).bind(true)
    };
    tx.conn.execute(announce).await?;
    tx.notify = true;
    Ok(())
}

/// Tells each call how many of its events were new.
fn count(calls: &mut [&mut RecordCall], new_by_call: Vec<usize>) {
    for (call, new) in calls.iter_mut().zip(new_by_call) {
        call.recorded = Recorded { new, repeated: call.events.len() - new };
    }
}

/// Makes the deals of new events ready. What another transaction announced since the events were inserted
/// came first, so these belong to a later turn than they were given.
async fn announce(tx: &mut Tx<'_>, new: &[(&InboxRow<'_>, i64)]) -> Result<(), DatabaseError> {
    // Sorted, like the events.
    let mut deals: BTreeMap<&str, (&AccountKey, bool)> = BTreeMap::new();
    for (InboxRow { deal, of: (_, event), .. }, _) in new {
        deals.entry(deal).or_insert((&event.deal.account, true)).1 &= event.is_look();
    }
    let deals: Vec<Announced<'_>> = deals
        .into_iter()
        .map(|(deal, (account, look))| Announced {
            deal,
            account: clean(account.to_string()),
            look: i64::from(look),
        })
        .collect();
    let announce = query(ANNOUNCE_DEALS).bind(tx.now).bind(json(&deals)?);
    let wants: HashMap<String, i64> = tx.conn.all(announce).await?.into_iter().collect();
    tx.notify = true;

    let later = new.iter().filter_map(|(row, turn)| {
        let want = wants.get(&*row.deal)?;
        (want != turn).then_some((&*row.dedupe, *want))
    });
    let later: Vec<(&str, i64)> = later.collect();
    if !later.is_empty() {
        tx.conn.execute(query(CORRECT_TURNS).bind(json(&later)?)).await?;
    }
    Ok(())
}

fn row(call: usize, event: &Event) -> InboxRow<'_> {
    InboxRow {
        dedupe: distinct(&event.dedupe_key),
        deal: clean(event.deal.to_string()),
        kind: event.kind.as_str(),
        provider_id: clean(event.provider_id.as_str()),
        occurred_at: event.occurred_at.map(jiff::Timestamp::as_millisecond),
        verification: clean(event.verification.as_str()),
        of: (call, event),
    }
}

/// A key without NUL, which PostgreSQL cannot hold. Keys that differ stay different.
fn distinct(key: &str) -> Cow<'_, str> {
    if key.bytes().any(|byte| matches!(byte, b'\0' | b'\\')) {
        key.replace('\\', "\\\\").replace('\0', "\\0").into()
    } else {
        key.into()
    }
}
