//! Moving everything from one store to another, of the same engine or not.

use futures_util::stream::{BoxStream, TryStreamExt, try_unfold};
use rusqlite::Connection;
use serde::Serialize;
use sqlx::AssertSqlSafe;

use crate::clock::Clock;
use crate::store::Store;
use crate::store::engine::{
    Command, Conn, DatabaseError, OpenMode, StoreError, StoreUrl, Tx, VoidLeases, WriterConnection, count,
    migrate, query, sqlite,
};

/// Rows that are written with one statement.
const CHUNK: usize = 100;

/// A table with all its columns, by type.
struct Table {
    name: &'static str,
    texts: Columns,
    numbers: Columns,
}

type Columns = &'static [&'static str];

const fn table(name: &'static str, texts: Columns, numbers: Columns) -> Table {
    Table { name, texts, numbers }
}

/// Everything there is; what others refer to comes first.
#[rustfmt::skip]
const TABLES: [Table; 17] = [
    table("inbox", &["dedupe", "deal", "kind", "provider_id", "verification", "outcome"],
        &["id", "occurred_at", "received_at", "turn", "settled"]),
    table("deals", &["deal", "account", "state", "last_error", "ended"],
        &["want", "attempts", "due_at", "epoch", "heard_at", "look"]),
    table("wins", &["win", "packet_id", "deal"], &["won_at", "created_at"]),
    table("packets", &["packet_id", "packet", "record", "cause", "deal", "name", "customer"],
        &["created_at", "assessed", "record_deleted_at", "revision", "revised_at"]),
    table("revisions", &["packet_id", "cause", "packet"], &["revision", "at"]),
    table("follows", &["packet_id", "deal", "account", "seen", "contacts"],
        &["since", "looks", "due_at", "changed", "gone_at"]),
    table("assessments",
        &["packet_id", "seller", "seller_name", "sent_back", "first_value", "first_value_due", "first_value_moved",
            "ask_on"],
        &["created_at", "complete", "completed_at", "accepted_at", "reviewed_at", "first_value_at"]),
    table("gaps", &["packet_id", "section", "gap", "addressee", "reason", "stage", "field"], &["counts", "dismissed_at", "filled_at"]),
    table("deliveries",
        &["packet_id", "destination", "account", "scope", "order_json", "state", "external_id", "url", "frozen"],
        &["attempts", "due_at", "epoch", "unknown", "absent", "intended_at", "created_at", "shows", "wants",
            "written_at"]),
    table("attempts", &["packet_id", "destination", "outcome", "error"],
        &["epoch", "began_at", "duration_ms", "next_at"]),
    table("answers", &["packet_id", "topic", "click", "answer", "target", "state", "detail", "shown", "code", "tell"],
        &["revision", "answered_at", "due_at", "attempts", "epoch", "begun_at"]),
    table("acts", &["packet_id", "act", "click", "user_id", "user_name", "reason", "day", "detail"], &["acted_at"]),
    table("pauses", &["scope", "reason"], &["until", "since"]),
    table("clicks", &["id", "click", "state", "outcome"], &["received_at", "attempts", "due_at", "epoch"]),
    table("roll_ups", &["id", "outcome"], &["due_at", "epoch", "attempts", "unknown", "absent", "intended_at"]),
    table("marks", &["name"], &["until"]),
    table("refusals", &["route", "reason", "sender", "detail"], &["day", "times", "last_at"]),
];

statements! {
    /// The next event gets the number after the last one that was copied.
    NUMBER_ON = { postgres: "
        SELECT setval(pg_get_serial_sequence('inbox', 'id'), (SELECT COALESCE(MAX(id), 0) + 1 FROM inbox), false)" };
    KEEP_INSTALLED_AT = "UPDATE schema_versions SET applied_at = $1 WHERE version = 1";
}

/// The rows of one table that were copied.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Copied {
    pub table: &'static str,
    pub rows: u64,
}

impl Store {
    /// Copies every row of a store that nobody serves into an empty one, all or nothing, and counts them on
    /// both sides. Leases are void in the copy. The original stays as it is.
    pub async fn copy(from: &StoreUrl, to: &StoreUrl, clock: &Clock) -> Result<Vec<Copied>, StoreError> {
        if let StoreUrl::Sqlite(path) = from {
            sqlite::must_exist(path)?;
        }
        let mut from = open(from, clock).await?;
        let mut to = open(to, clock).await?;
        from.begin().await?;
        to.begin().await?;
        let copied = copy_all(&mut from, &mut to, clock.now_millis()).await;
        from.roll_back().await;
        if copied.is_ok() {
            to.commit().await?;
        } else {
            to.roll_back().await;
        }
        from.close().await;
        to.close().await;
        copied
    }
}

async fn open(url: &StoreUrl, clock: &Clock) -> Result<WriterConnection, StoreError> {
    let mut connection = WriterConnection::open(url, OpenMode::Copy).await?;
    migrate::migrate(&mut connection, clock.now_millis()).await?;
    Ok(connection)
}

async fn copy_all(
    from: &mut WriterConnection,
    to: &mut WriterConnection,
    now: i64,
) -> Result<Vec<Copied>, StoreError> {
    let (mut from, mut to) = (from.conn()?, to.conn()?);
    for table in &TABLES {
        if table.count(&mut to).await? > 0 {
            return Err(StoreError::NotEmpty { table: table.name });
        }
    }
    let mut copied = Vec::new();
    for table in &TABLES {
        let mut chunks = table.read(&mut from);
        while let Some(rows) = chunks.try_next().await? {
            table.write(&mut to, &rows).await?;
        }
        drop(chunks);
        let (found, rows) = (table.count(&mut from).await?, table.count(&mut to).await?);
        if found != rows {
            return Err(StoreError::Miscounted { table: table.name, found, copied: rows });
        }
        copied.push(Copied { table: table.name, rows });
    }
    if to.is_shared() {
        to.one::<(i64,)>(query(NUMBER_ON)).await?;
    }
    // Else wins of the hours before the move would count as older than the installation, and be left alone.
    let installed_at = migrate::installed_at(&mut from).await?;
    to.execute(query(KEEP_INSTALLED_AT).bind(installed_at)).await?;
    VoidLeases.run(&mut Tx { conn: to, now, notify: false }).await?;
    Ok(copied)
}

/// These texts are made of the names above and of nothing else.
impl Table {
    fn columns(&self) -> impl Iterator<Item = &'static str> {
        self.texts.iter().chain(self.numbers).copied()
    }

    /// Every row as a JSON array, a chunk at a time.
    fn read<'c>(&self, conn: &'c mut Conn<'_>) -> BoxStream<'c, Result<Vec<String>, DatabaseError>> {
        let columns: Vec<&str> = self.columns().collect();
        let (columns, name) = (columns.join(", "), self.name);
        match conn {
            Conn::Sqlite(conn) => {
                let sql = format!(
                    "SELECT rowid, json_array({columns}) FROM {name} WHERE rowid > $1 ORDER BY rowid LIMIT {CHUNK}"
                );
                let next = move |after| {
                    let chunk = read_after(conn, &sql, after);
                    async { Ok(chunk?) }
                };
                Box::pin(try_unfold(i64::MIN, next))
            }
            Conn::Postgres(conn) => {
                let sql = format!("SELECT CAST(json_build_array({columns}) AS text) FROM {name}");
                let rows = sqlx::query_scalar(AssertSqlSafe(sql)).fetch(&mut **conn);
                Box::pin(rows.try_chunks(CHUNK).map_err(|error| error.1.into()))
            }
        }
    }

    async fn write(&self, conn: &mut Conn<'_>, rows: &[String]) -> Result<(), DatabaseError> {
        let columns: Vec<&str> = self.columns().collect();
        let values: Vec<String> = (0..columns.len())
            .map(|n| {
                if n < self.texts.len() {
                    format!("e.value ->> {n}")
                } else {
                    format!("CAST(e.value ->> {n} AS BIGINT)")
                }
            })
            .collect();
        let insert =
            format!("INSERT INTO {} ({}) SELECT {} FROM", self.name, columns.join(", "), values.join(", "));
        let rows = format!("[{}]", rows.join(","));
        match conn {
            Conn::Sqlite(conn) => {
                conn.prepare_cached(&format!("{insert} json_each($1) e"))?.execute([rows])?;
            }
            Conn::Postgres(conn) => {
                let sql = AssertSqlSafe(format!("{insert} json_array_elements(CAST($1 AS json)) e"));
                sqlx::query(sql).bind(rows).execute(&mut **conn).await?;
            }
        }
        Ok(())
    }

    async fn count(&self, conn: &mut Conn<'_>) -> Result<u64, DatabaseError> {
        let sql = format!("SELECT COUNT(*) FROM {}", self.name);
        let rows: i64 = match conn {
            Conn::Sqlite(conn) => conn.query_row(&sql, [], |row| row.get(0))?,
            Conn::Postgres(conn) => sqlx::query_scalar(AssertSqlSafe(sql)).fetch_one(&mut **conn).await?,
        };
        Ok(count(rows))
    }
}

/// The next rows of a SQLite table, and the number of the last of them; nothing behind the end.
fn read_after(conn: &Connection, sql: &str, after: i64) -> rusqlite::Result<Option<(Vec<String>, i64)>> {
    let mut rows = Vec::new();
    let mut last = None;
    let mut statement = conn.prepare_cached(sql)?;
    let mut found = statement.query([after])?;
    while let Some(row) = found.next()? {
        last = Some(row.get(0)?);
        rows.push(row.get(1)?);
    }
    Ok(last.map(|last| (rows, last)))
}
