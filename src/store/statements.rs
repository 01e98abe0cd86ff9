//! The one way a file of the store names its SQL.

/// Declares constants of SQL text. The list of them is what the test prepares against a real database, so
/// no statement can be forgotten there.
macro_rules! statements {
    ($($(#[$doc:meta])* $name:ident = $sql:expr;)*) => {
        $($(#[$doc])* const $name: &str = $sql;)*
        #[cfg(test)]
        pub(super) const STATEMENTS: &[(&str, &str)] = &[$((stringify!($name), $name)),*];
    };
}

#[cfg(test)]
mod tests {
    use sqlx::sqlite::SqliteConnectOptions;
    use sqlx::{AssertSqlSafe, ConnectOptions, Executor, Row, SqlSafeStr, SqliteConnection};

    use super::super::fixture::Fixture;
    use super::super::{
        backlog, deals, deliveries, inbox, migrate, open, outbox, packets, pauses, purge, wins, writer,
    };

    const ALL: [&[(&str, &str)]; 12] = [
        backlog::STATEMENTS,
        deals::STATEMENTS,
        deliveries::STATEMENTS,
        inbox::STATEMENTS,
        migrate::STATEMENTS,
        open::STATEMENTS,
        outbox::STATEMENTS,
        packets::STATEMENTS,
        pauses::STATEMENTS,
        purge::STATEMENTS,
        wins::STATEMENTS,
        writer::STATEMENTS,
    ];

    async fn connect(fixture: &Fixture) -> SqliteConnection {
        SqliteConnectOptions::new().filename(&fixture.path).connect().await.unwrap()
    }

    #[tokio::test]
    async fn every_statement_can_be_prepared() {
        let fixture = Fixture::new().await;
        let mut conn = connect(&fixture).await;
        for (name, sql) in ALL.concat() {
            let prepared = conn.prepare(sql.into_sql_str()).await;
            assert!(prepared.is_ok(), "{name}: {:?}", prepared.err());
        }
    }

    #[test]
    fn every_file_that_declares_statements_is_listed_here() {
        let files = std::fs::read_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/src/store")).unwrap();
        let declaring = files
            .map(|file| file.unwrap().path())
            .filter(|path| path.is_file())
            .filter(|path| std::fs::read_to_string(path).unwrap().contains("\nstatements! {"))
            .count();
        assert_eq!(declaring, ALL.len());
    }

    #[tokio::test]
    async fn no_statement_walks_through_finished_rows() {
        let fixture = Fixture::new().await;
        let mut conn = connect(&fixture).await;
        let mut walks = Vec::new();
        for (name, sql) in ALL.concat() {
            let explain = AssertSqlSafe(format!("EXPLAIN QUERY PLAN {sql}"));
            for step in sqlx::query(explain).fetch_all(&mut conn).await.unwrap() {
                let step: String = step.get("detail");
                if step.starts_with("SCAN") && !step.contains("VIRTUAL TABLE") {
                    walks.push(format!("{name}: {step}"));
                }
            }
        }
        // Nobody runs ANALYZE, so plans do not depend on how many rows there are.
        // The rest: unfinished rows (`_open`), pauses, the first rows of an order, and rows already found.
        insta::assert_snapshot!(walks.join("\n"), @r"
        NEXT_PAUSE_END: SCAN p
        OPEN_DEALS: SCAN deals USING INDEX deals_open
        OPEN_DELIVERIES: SCAN deliveries USING INDEX deliveries_open
        OF_LATEST_PACKETS: SCAN p USING INDEX packets_by_age
        LATEST_EVENTS: SCAN inbox
        SQLITE_VERSION: SCAN CONSTANT ROW
        VOID_DEALS: SCAN deals USING INDEX deals_open
        VOID_DELIVERIES: SCAN deliveries USING INDEX deliveries_open
        ALL_PAUSES: SCAN pauses
        NEXT_EVENTS: SCAN e
        LATEST_PACKETS: SCAN p USING INDEX packets_by_age
        OPEN_DEALS: SCAN deals USING INDEX deals_open
        ");
    }
}
