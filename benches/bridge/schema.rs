//! A schema of its own for each server that keeps its rows in PostgreSQL.

use std::sync::atomic::{AtomicU32, Ordering};

use sqlx::{AssertSqlSafe, Connection, PgConnection};

/// Where a server is: `postgres://user@host/database`.
pub const SERVER: &str = "HANDOFF_TEST_POSTGRES";

/// The server, if there is one.
pub fn server() -> Option<String> {
    std::env::var(SERVER).ok().filter(|url| !url.is_empty())
}

/// Gone when it is dropped.
pub struct Schema {
    server: String,
    name: String,
}

impl Schema {
    pub fn create() -> Self {
        static MADE: AtomicU32 = AtomicU32::new(0);

        let number = MADE.fetch_add(1, Ordering::Relaxed);
        let schema = Self {
            server: server().unwrap(),
            name: format!("handoff_bench_{}_{number}", std::process::id()),
        };
        schema.on_the_server(&format!("CREATE SCHEMA {}", schema.name));
        schema
    }

    /// The server's database, seen from inside the schema.
    pub fn url(&self) -> String {
        let mark = if self.server.contains('?') { '&' } else { '?' };
        format!("{}{mark}options[search_path]={}", self.server, self.name)
    }

    /// A number that a query gives.
    pub fn number(&self, sql: &str) -> i64 {
        block_on(async {
            let mut conn = PgConnection::connect(&self.url()).await.unwrap();
            sqlx::query_scalar(AssertSqlSafe(sql.to_owned())).fetch_one(&mut conn).await.unwrap()
        })
    }

    /// The server's version.
    pub fn version() -> String {
        block_on(async {
            let mut conn = PgConnection::connect(&server().unwrap()).await.unwrap();
            sqlx::query_scalar("SHOW server_version").fetch_one(&mut conn).await.unwrap()
        })
    }

    fn on_the_server(&self, sql: &str) {
        block_on(async {
            let mut conn = PgConnection::connect(&self.server).await.unwrap();
            sqlx::raw_sql(AssertSqlSafe(sql.to_owned())).execute(&mut conn).await.unwrap();
        });
    }
}

impl Drop for Schema {
    fn drop(&mut self) {
        self.on_the_server(&format!("DROP SCHEMA {} CASCADE", self.name));
    }
}

/// Waits for one thing on this thread.
pub fn block_on<T>(work: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(work)
}
