//! Where a test has its store: a directory of its own, or a PostgreSQL schema of its own.

use std::fmt;
use std::path::PathBuf;
use std::sync::atomic::{AtomicU32, Ordering};

use handoff_bridge::store::StoreUrl;
use sqlx::{AssertSqlSafe, Connection, PgConnection};
use tempfile::TempDir;

/// Where the PostgreSQL tests find a server: `postgres://user@host/database`. They make schemas there.
pub const SERVER: &str = "HANDOFF_TEST_POSTGRES";

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Engine {
    Sqlite,
    Postgres,
}

impl fmt::Display for Engine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Sqlite => "sqlite",
            Self::Postgres => "postgres",
        })
    }
}

pub enum TestDatabase {
    Sqlite(TempDir),
    Postgres { server: String, schema: String },
}

impl TestDatabase {
    pub async fn create(engine: Engine) -> Self {
        static SCHEMAS: AtomicU32 = AtomicU32::new(0);

        match engine {
            Engine::Sqlite => Self::Sqlite(tempfile::tempdir().unwrap()),
            Engine::Postgres => {
                let server = std::env::var(SERVER).unwrap();
                let number = SCHEMAS.fetch_add(1, Ordering::Relaxed);
                let schema = format!("handoff_{}_{number}", std::process::id());
                on(&server, &format!("CREATE SCHEMA {schema}")).await;
                Self::Postgres { server, schema }
            }
        }
    }

    pub async fn remove(&self) {
        if let Self::Postgres { server, schema } = self {
            on(server, &format!("DROP SCHEMA {schema} CASCADE")).await;
        }
    }

    pub fn engine(&self) -> Engine {
        match self {
            Self::Sqlite(_) => Engine::Sqlite,
            Self::Postgres { .. } => Engine::Postgres,
        }
    }

    pub fn url(&self) -> StoreUrl {
        match self {
            Self::Sqlite(_) => StoreUrl::from(&self.file()),
            Self::Postgres { server, .. } => self.url_by(server),
        }
    }

    /// The same database by another way to its server.
    pub fn url_by(&self, server: &str) -> StoreUrl {
        let Self::Postgres { schema, .. } = self else { panic!("SQLite has no server") };
        let mark = if server.contains('?') { '&' } else { '?' };
        format!("{server}{mark}options[search_path]={schema}").parse().unwrap()
    }

    pub fn file(&self) -> PathBuf {
        let Self::Sqlite(directory) = self else { panic!("PostgreSQL has no file") };
        directory.path().join("handoff.db")
    }

    /// Runs statements behind the store's back.
    pub async fn runs(&self, sql: &'static str) {
        match self {
            Self::Sqlite(_) => self.opened().execute_batch(sql).unwrap(),
            Self::Postgres { .. } => {
                let mut conn = self.connect().await;
                sqlx::raw_sql(sql).execute(&mut conn).await.unwrap();
                conn.close().await.unwrap();
            }
        }
    }

    /// A column of texts, read behind the store's back; empty where there is none.
    pub async fn texts(&self, sql: &'static str) -> Vec<String> {
        let texts: Vec<Option<String>> = match self {
            Self::Sqlite(_) => {
                let conn = self.opened();
                let mut texts = conn.prepare(sql).unwrap();
                texts.query_map([], |row| row.get(0)).unwrap().map(Result::unwrap).collect()
            }
            Self::Postgres { .. } => {
                sqlx::query_scalar(sql).fetch_all(&mut self.connect().await).await.unwrap()
            }
        };
        texts.into_iter().map(Option::unwrap_or_default).collect()
    }

    /// A connection of the test's own to the file.
    pub fn opened(&self) -> rusqlite::Connection {
        let conn = rusqlite::Connection::open(self.file()).unwrap();
        conn.busy_timeout(std::time::Duration::from_secs(5)).unwrap();
        conn
    }

    /// Until it is dropped, no writer of a file gets further than taking what is queued. The writers of a server
    /// have only their turns on the thread of the test.
    pub fn held(&self) -> Option<rusqlite::Connection> {
        (self.engine() == Engine::Sqlite).then(|| {
            let conn = self.opened();
            conn.execute_batch("BEGIN IMMEDIATE").unwrap();
            conn
        })
    }

    /// A connection of the test's own to the server.
    pub async fn connect(&self) -> PgConnection {
        let StoreUrl::Postgres(url) = self.url() else { panic!("SQLite has no server") };
        PgConnection::connect(&url).await.unwrap()
    }
}

async fn on(server: &str, sql: &str) {
    let mut conn = PgConnection::connect(server).await.unwrap();
    sqlx::raw_sql(AssertSqlSafe(sql)).execute(&mut conn).await.unwrap();
    conn.close().await.unwrap();
}
