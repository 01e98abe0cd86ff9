//! The store's tables, read past the service.

use std::time::Duration;

use handoff_bridge::store::{DatabaseError, StoreUrl};
use rusqlite::OpenFlags;
use sqlx::{AssertSqlSafe, Connection, PgConnection, Row};

use crate::environment::Environment;

/// A connection of the harness's own.
pub enum Database {
    Sqlite(rusqlite::Connection),
    Postgres(PgConnection),
}

/// What is said days later: the reminder, and the message to the fallback.
pub const DAYS_LATER: &str = "'slack_reminder', 'slack_fallback'";

/// One row: every column as text, NULL as nothing.
pub type Texts = Vec<String>;

impl Database {
    pub async fn connect(environment: &Environment) -> Self {
        Self::try_connect(environment).await.unwrap()
    }

    /// The same, when there may be no database yet.
    pub async fn try_connect(environment: &Environment) -> Result<Self, DatabaseError> {
        Ok(match environment.direct_url() {
            StoreUrl::Sqlite(path) => {
                let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
                let conn = rusqlite::Connection::open_with_flags(path, flags)?;
                conn.busy_timeout(Duration::from_secs(5))?;
                Self::Sqlite(conn)
            }
            StoreUrl::Postgres(url) => Self::Postgres(PgConnection::connect(&url).await?),
        })
    }

    /// Rows of `columns` of a query that has no other parameters. Times and numbers come as text.
    pub async fn rows(&mut self, columns: &[&str], from: &str) -> Result<Vec<Texts>, DatabaseError> {
        let cast = columns.iter().map(|column| format!("COALESCE(CAST({column} AS TEXT), '')"));
        let sql = format!("SELECT {} FROM {from}", cast.collect::<Vec<_>>().join(", "));
        let count = columns.len();
        Ok(match self {
            Self::Sqlite(conn) => {
                let mut rows = conn.prepare(&sql)?;
                let rows = rows.raw_query().mapped(|row| (0..count).map(|n| row.get(n)).collect());
                rows.collect::<Result<_, _>>()?
            }
            Self::Postgres(conn) => {
                let rows = sqlx::query(AssertSqlSafe(sql)).fetch_all(conn).await?;
                rows.iter().map(|row| (0..count).map(|n| row.get::<String, _>(n)).collect()).collect()
            }
        })
    }

    /// A number that a query gives.
    pub async fn number(&mut self, expression: &str, from: &str) -> Result<i64, DatabaseError> {
        let rows = self.rows(&[expression], from).await?;
        Ok(rows.first().and_then(|row| row[0].parse().ok()).unwrap_or_default())
    }

    /// Runs statements that give nothing.
    pub async fn execute(&mut self, sql: &str) -> Result<(), DatabaseError> {
        match self {
            Self::Sqlite(conn) => conn.execute_batch(sql)?,
            Self::Postgres(conn) => {
                sqlx::raw_sql(AssertSqlSafe(sql.to_owned())).execute(conn).await?;
            }
        }
        Ok(())
    }

    /// What is left to do, a few lines of it; nothing once all work has come to its end.
    pub async fn open_work(&mut self) -> Result<Vec<String>, DatabaseError> {
        let deals =
            self.rows(&["deal", "state", "last_error"], "deals WHERE state <> 'idle' LIMIT 5").await?;
        let columns = ["packet_id", "destination", "state", "unknown", "attempts"];
        let open = format!("deliveries WHERE state <> 'done' AND destination NOT IN ({DAYS_LATER}) LIMIT 5");
        let deliveries = self.rows(&columns, &open).await?;
        let clicks = self.rows(&["id", "state", "outcome"], "clicks WHERE state <> 'done' LIMIT 5").await?;
        let columns = ["packet_id", "topic", "state", "attempts", "code"];
        let answers = self.rows(&columns, "answers WHERE due_at IS NOT NULL LIMIT 5").await?;
        let open = [deals, deliveries, clicks, answers].concat();
        Ok(open.into_iter().map(|row| row.join(" ")).collect())
    }

    /// Bytes on the disk: with the log beside a SQLite file, with the indexes of PostgreSQL's tables.
    pub async fn bytes(&mut self, environment: &Environment) -> u64 {
        match environment.direct_url() {
            StoreUrl::Sqlite(path) => {
                let size = |path: &std::path::Path| std::fs::metadata(path).map_or(0, |file| file.len());
                size(&path) + size(&path.with_extension("db-wal"))
            }
            StoreUrl::Postgres(_) => {
                let sum = "SUM(pg_total_relation_size(c.oid))";
                let from =
                    "pg_class c WHERE c.relnamespace = current_schema()::regnamespace AND c.relkind = 'r'";
                self.number(sum, from).await.unwrap_or_default().unsigned_abs()
            }
        }
    }
}
