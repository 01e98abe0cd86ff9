//! Brings a database up to the tables this program knows.

use sqlx::SqliteConnection;

use super::StoreError;

/// Every change to the tables, oldest first. A change that was released is never edited.
const MIGRATIONS: &[(i64, &str)] = &[(1, include_str!("migrations/0001_start.sql"))];

statements! {
    CREATE_VERSIONS = "CREATE TABLE IF NOT EXISTS schema_versions (version BIGINT NOT NULL PRIMARY KEY, applied_at BIGINT NOT NULL)";
    NEWEST = "SELECT COALESCE(MAX(version), 0) FROM schema_versions";
    APPLIED = "INSERT INTO schema_versions (version, applied_at) VALUES ($1, $2)";
}

/// Applies what is missing, all or nothing. Two processes that start at once take turns.
pub(super) async fn migrate(conn: &mut SqliteConnection, now: i64) -> Result<(), StoreError> {
    sqlx::query("BEGIN IMMEDIATE").execute(&mut *conn).await?;
    let migrated = apply(conn, now).await;
    let end = if migrated.is_ok() { "COMMIT" } else { "ROLLBACK" };
    let ended = sqlx::query(end).execute(&mut *conn).await;
    migrated?;
    ended?;
    Ok(())
}

async fn apply(conn: &mut SqliteConnection, now: i64) -> Result<(), StoreError> {
    sqlx::query(CREATE_VERSIONS).execute(&mut *conn).await?;
    let found: i64 = sqlx::query_scalar(NEWEST).fetch_one(&mut *conn).await?;
    let known = MIGRATIONS.last().map_or(0, |(version, _)| *version);
    if found > known {
        return Err(StoreError::NewerDatabase { found, known });
    }
    for (version, sql) in MIGRATIONS.iter().filter(|(version, _)| *version > found) {
        sqlx::raw_sql(*sql).execute(&mut *conn).await?;
        sqlx::query(APPLIED).bind(version).bind(now).execute(&mut *conn).await?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use sqlx::ConnectOptions;
    use sqlx::sqlite::SqliteConnectOptions;

    use super::super::fixture::Fixture;
    use super::super::{Store, StoreError};
    use super::APPLIED;

    #[tokio::test]
    async fn a_database_of_a_newer_program_is_left_alone() {
        let fixture = Fixture::new().await;
        let mut conn = SqliteConnectOptions::new().filename(&fixture.path).connect().await.unwrap();
        sqlx::query(APPLIED).bind(99).bind(0).execute(&mut conn).await.unwrap();
        let refused = Store::open(&fixture.path, fixture.clock.clone()).await.err().unwrap();
        assert!(matches!(refused, StoreError::NewerDatabase { found: 99, known: 1 }), "{refused}");
    }

    #[tokio::test]
    async fn what_was_recorded_is_still_there_when_the_database_is_opened_again() {
        let fixture = Fixture::new().await;
        fixture.hears("1", "a").await;
        let fixture = fixture.reopened().await;
        assert_eq!(fixture.outcomes().await, ["waiting"]);
    }
}
