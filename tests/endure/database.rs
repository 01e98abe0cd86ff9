//! The store's tables, read past the service.

use handoff_bridge::store::StoreUrl;
use sqlx::{AssertSqlSafe, Connection, PgConnection, Row, SqliteConnection};

use crate::ground::Ground;

/// A connection of the harness's own.
pub enum Database {
    Sqlite(SqliteConnection),
    Postgres(PgConnection),
}

/// One row: every column as text, NULL as nothing.
pub type Texts = Vec<String>;

impl Database {
    pub async fn connect(ground: &Ground) -> Self {
        Self::try_connect(ground).await.unwrap()
    }

    /// The same, when there may be no database yet.
    pub async fn try_connect(ground: &Ground) -> Result<Self, sqlx::Error> {
        Ok(match ground.direct_url() {
            StoreUrl::Sqlite(path) => {
                let url = format!("sqlite:{}", path.display());
                Self::Sqlite(SqliteConnection::connect(&url).await?)
            }
            StoreUrl::Postgres(url) => Self::Postgres(PgConnection::connect(&url).await?),
        })
    }

    /// Rows of `columns` of a query that has no other parameters. Times and numbers come as text.
    pub async fn rows(&mut self, columns: &[&str], from: &str) -> Result<Vec<Texts>, sqlx::Error> {
        let cast = columns.iter().map(|column| format!("COALESCE(CAST({column} AS TEXT), '')"));
        let sql = format!("SELECT {} FROM {from}", cast.collect::<Vec<_>>().join(", "));
        let count = columns.len();
        Ok(match self {
            Self::Sqlite(conn) => {
                let rows = sqlx::query(AssertSqlSafe(sql)).fetch_all(conn).await?;
                rows.iter().map(|row| (0..count).map(|n| row.get::<String, _>(n)).collect()).collect()
            }
            Self::Postgres(conn) => {
                let rows = sqlx::query(AssertSqlSafe(sql)).fetch_all(conn).await?;
                rows.iter().map(|row| (0..count).map(|n| row.get::<String, _>(n)).collect()).collect()
            }
        })
    }

    /// A number that a query gives.
    pub async fn number(&mut self, expression: &str, from: &str) -> Result<i64, sqlx::Error> {
        let rows = self.rows(&[expression], from).await?;
        Ok(rows.first().and_then(|row| row[0].parse().ok()).unwrap_or_default())
    }

    /// Runs statements that give nothing.
    pub async fn execute(&mut self, sql: &str) -> Result<(), sqlx::Error> {
        let sql = sqlx::raw_sql(AssertSqlSafe(sql.to_owned()));
        match self {
            Self::Sqlite(conn) => sql.execute(conn).await.map(drop),
            Self::Postgres(conn) => sql.execute(conn).await.map(drop),
        }
    }

    /// What is left to do, a few lines of it; nothing once all work has come to its end.
    pub async fn open_work(&mut self) -> Result<Vec<String>, sqlx::Error> {
        let deals =
            self.rows(&["deal", "state", "last_error"], "deals WHERE state <> 'idle' LIMIT 5").await?;
        let columns = ["packet_id", "destination", "state", "unknown", "attempts"];
        let deliveries = self.rows(&columns, "deliveries WHERE state <> 'done' LIMIT 5").await?;
        Ok(deals.into_iter().chain(deliveries).map(|row| row.join(" ")).collect())
    }

    /// Bytes on the disk: with the log beside a SQLite file, with the indexes of PostgreSQL's tables.
    pub async fn bytes(&mut self, ground: &Ground) -> u64 {
        match ground.direct_url() {
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
