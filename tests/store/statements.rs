//! The SQL itself.

use futures_util::future::Either;
use handoff_bridge::store::every_statement;
use sqlx::{AssertSqlSafe, Executor, Row, SqlSafeStr};

use crate::fixture::Fixture;
use crate::story::Story;
use crate::test_database::Engine;

pub const STORIES: &[Story] = stories![every_statement_can_be_prepared];

pub const OF_SQLITE: &[Story] = stories![no_statement_walks_through_finished_rows];

pub const OF_POSTGRES: &[Story] = stories![no_statement_walks_through_finished_rows_of_a_large_database];

async fn every_statement_can_be_prepared(fixture: Fixture) {
    let mut prepared = 0;
    let mut conn = match fixture.database.engine() {
        Engine::Sqlite => Either::Left(fixture.database.opened()),
        Engine::Postgres => Either::Right(fixture.database.connect().await),
    };
    for (name, for_sqlite, for_postgres) in every_statement() {
        assert!(!(for_sqlite.is_empty() && for_postgres.is_empty()), "{name} is empty");
        let error = match &mut conn {
            Either::Left(_) if for_sqlite.is_empty() => continue,
            Either::Right(_) if for_postgres.is_empty() => continue,
            Either::Left(conn) => conn.prepare(for_sqlite).err().map(|error| error.to_string()),
            Either::Right(conn) => {
                conn.prepare(for_postgres.into_sql_str()).await.err().map(|error| error.to_string())
            }
        };
        assert!(error.is_none(), "{name}: {error:?}");
        prepared += 1;
    }
    assert!(prepared > 40, "only {prepared} statements");
}

async fn no_statement_walks_through_finished_rows(fixture: Fixture) {
    let conn = fixture.database.opened();
    let mut walks = Vec::new();
    for (name, sql, _) in every_statement() {
        if sql.is_empty() {
            continue;
        }
        let mut explain = conn.prepare(&format!("EXPLAIN QUERY PLAN {sql}")).unwrap();
        for step in explain.raw_query().mapped(|step| step.get::<_, String>("detail")) {
            let step = step.unwrap();
            if step.starts_with("SCAN") && !step.contains("VIRTUAL TABLE") {
                walks.push(format!("{name}: {step}"));
            }
        }
    }
    // Nobody runs ANALYZE, so plans do not depend on how many rows there are.
    // The rest: unfinished rows (`_open`), pauses, the scopes that have some, the first rows of an order, and
    // rows already found.
    insta::assert_snapshot!(walks.join("\n"), @"
    ANY_UNASSESSED: SCAN packets USING INDEX packets_unassessed
    UNASSESSED: SCAN packets USING INDEX packets_unassessed
    ANY_UNLISTED: SCAN packets USING INDEX packets_unlisted
    UNLISTED: SCAN p USING INDEX packets_unlisted
    OPEN_DEALS: SCAN deals USING INDEX deals_open
    OPEN_DELIVERIES: SCAN deliveries USING INDEX deliveries_open
    CLAIM_CLICKS: SCAN due
    OPEN_CLICKS: SCAN clicks USING INDEX clicks_open
    CLAIM_DEALS: SCAN due
    DISMISSED_PACKETS: SCAN g USING INDEX sqlite_autoindex_gaps_1
    DUE_DEALS: SCAN s
    DUE_DEALS: SCAN s
    DUE_DELIVERIES: SCAN s
    DUE_DELIVERIES: SCAN s
    CLAIM_LOOKS: SCAN due
    CHANGED: SCAN d USING INDEX follows_changed
    DUE_LOOKS: SCAN follows
    FOLLOWED: SCAN follows
    FOLLOWED_BY_AGE: SCAN follows
    FOLLOWED_DEALS: SCAN follows
    WAITING_FOR_A_PERSON: SCAN CONSTANT ROW
    WAITING_FOR_A_PERSON: SCAN deals USING INDEX deals_open
    WAITING_FOR_A_PERSON: SCAN deliveries USING INDEX deliveries_open
    WAITING_FOR_A_PERSON: SCAN clicks USING INDEX clicks_open
    WAITING_FOR_A_PERSON: SCAN answers
    LATEST_EVENTS: SCAN inbox
    LATEST_REFUSALS: SCAN refusals
    VOID_DEALS: SCAN deals USING INDEX deals_open
    VOID_DELIVERIES: SCAN deliveries USING INDEX deliveries_open
    VOID_CLICKS: SCAN clicks USING INDEX clicks_open
    CLAIM_DELIVERIES: SCAN due
    ALL_PAUSES: SCAN pauses
    NEXT_EVENTS: SCAN e
    FORGET_REFUSALS: SCAN refusals
    CLAIM_WRITES: SCAN due
    STOPPED_WRITES: SCAN answers USING INDEX sqlite_autoindex_answers_1
    DOUBT_DELIVERIES: SCAN deliveries USING INDEX deliveries_open
    ROLL_UPS: SCAN roll_ups USING INDEX sqlite_autoindex_roll_ups_1
    STUCK_DELIVERIES: SCAN d USING INDEX deliveries_open
    STUCK_DEALS: SCAN deals USING INDEX deals_open
    REFUSED_ANSWERS: SCAN answers USING INDEX answers_refused
    OPEN_PACKETS: SCAN d USING INDEX deliveries_open
    OPEN_DEALS: SCAN deals USING INDEX deals_open
    ");
}

async fn no_statement_walks_through_finished_rows_of_a_large_database(fixture: Fixture) {
    let mut conn = fixture.database.connect().await;
    sqlx::raw_sql(FILL).execute(&mut conn).await.unwrap();
    let mut walks = Vec::new();
    for (name, _, sql) in every_statement() {
        let sql = sql.trim();
        if !["SELECT", "INSERT", "UPDATE", "DELETE", "WITH"].iter().any(|word| sql.starts_with(word)) {
            continue;
        }
        let values = (1..20).take_while(|n| sql.contains(&format!("${n}"))).count();
        let values =
            if values == 0 { String::new() } else { format!("({})", vec!["NULL"; values].join(", ")) };
        let prepare = AssertSqlSafe(format!("PREPARE s AS {sql}"));
        sqlx::raw_sql(prepare).execute(&mut conn).await.unwrap();
        let explain = AssertSqlSafe(format!("EXPLAIN (COSTS OFF) EXECUTE s{values}"));
        for step in sqlx::raw_sql(explain).fetch_all(&mut conn).await.unwrap() {
            let step: String = step.get(0);
            if step.contains("Seq Scan") && !step.contains("on pauses") {
                walks.push(format!("{name}: {}", step.trim().trim_start_matches("->").trim()));
            }
        }
        sqlx::raw_sql("DEALLOCATE s").execute(&mut conn).await.unwrap();
    }
    // These plans are for any value. For the few packets that people ask for, the server makes a better one.
    insta::assert_snapshot!(walks.join("\n"), @"
    DISMISSED_PACKETS: Seq Scan on gaps g
    CLAIM_LOOKS: Seq Scan on follows
    DUE_LOOKS: Seq Scan on follows
    FOLLOWED: Seq Scan on follows
    FOLLOWED_BY_AGE: Seq Scan on follows
    FOLLOWED_DEALS: Seq Scan on follows
    WAITING_FOR_A_PERSON: Seq Scan on answers
    LATEST_REFUSALS: Seq Scan on refusals
    FORGET_ACTS: Seq Scan on acts
    FORGET_REVISIONS: Seq Scan on revisions
    FORGET_FOLLOWS: Seq Scan on follows
    FORGET_REFUSALS: Seq Scan on refusals
    STOPPED_WRITES: Seq Scan on answers
    OPEN_GAPS: Seq Scan on follows f
    COUNT_GAPS: Seq Scan on gaps g
    COUNT_SELLERS: Seq Scan on wins w
    ");
}

/// Very much that is finished, and a little that is not.
const FILL: &str = "
    INSERT INTO inbox (dedupe, deal, kind, provider_id, verification, received_at, turn, settled, outcome)
        SELECT 'k' || n, 'd' || n, 'created', 'p', 'v', n, 1, CASE WHEN n % 1000 = 0 THEN 0 ELSE 1 END, 'packet'
        FROM generate_series(1, 20000) n;
    INSERT INTO deals (deal, account, state, want, attempts, due_at, epoch, heard_at)
        SELECT 'd' || n, 'a', CASE WHEN n % 1000 = 0 THEN 'ready' ELSE 'idle' END, 1, 0,
            CASE WHEN n % 1000 = 0 THEN n END, 0, n
        FROM generate_series(1, 20000) n;
    INSERT INTO wins (win, packet_id, deal, won_at, created_at)
        SELECT 'w' || n, 'p' || n, 'd' || n, n, n FROM generate_series(1, 20000) n;
    INSERT INTO packets (packet_id, created_at, packet, record)
        SELECT 'p' || n, n, '{}', '{}' FROM generate_series(1, 20000) n;
    UPDATE packets SET name = 'renewal', assessed = CASE WHEN created_at % 1000 = 0 THEN 0 ELSE 1 END,
        record_deleted_at = CASE WHEN created_at % 100 = 0 THEN NULL ELSE created_at END;
    INSERT INTO assessments (packet_id, created_at, complete, seller, seller_name)
        SELECT 'p' || n, n, 0, 's' || n % 20, 'Seller' FROM generate_series(1, 20000) n;
    INSERT INTO gaps (packet_id, section, gap, addressee, counts)
        SELECT 'p' || n, section, 'empty', 'seller', 1
        FROM generate_series(1, 20000) n, (VALUES ('promises'), ('risks'), ('first_value')) s (section);
    INSERT INTO deliveries (packet_id, destination, account, scope, order_json, state, attempts, due_at, epoch,
            unknown, absent, created_at)
        SELECT 'p' || n, to_, 'a', 'a', '{}', CASE WHEN n % 1000 = 0 THEN 'waiting' ELSE 'done' END, 0,
            CASE WHEN n % 1000 = 0 THEN n END, 1, 0, 0, n
        FROM generate_series(1, 20000) n, (VALUES ('crm_task'), ('slack_digest')) d (to_);
    INSERT INTO attempts (packet_id, destination, epoch, began_at, outcome, duration_ms)
        SELECT packet_id, destination, 1, created_at, 'delivered', 7 FROM deliveries;
    INSERT INTO clicks (id, click, received_at, state, attempts, due_at, epoch)
        SELECT 'c' || n, '{}', n, CASE WHEN n % 1000 = 0 THEN 'ready' ELSE 'done' END, 0,
            CASE WHEN n % 1000 = 0 THEN n END, 0
        FROM generate_series(1, 20000) n;
    INSERT INTO answers (packet_id, topic, click, revision, answered_at, answer, target, state, due_at)
        SELECT 'p' || n, 'promises', 'c' || n, 1, n, '{}', 'deal.x',
            CASE WHEN n % 1000 = 0 THEN 'given' ELSE 'written' END, CASE WHEN n % 1000 = 0 THEN n END
        FROM generate_series(1, 20000) n;
    INSERT INTO follows (packet_id, deal, account, since, looks, due_at, changed)
        SELECT 'p' || n, 'd' || n, 'a', n, 0, n, CASE WHEN n % 1000 = 0 THEN 1 ELSE 0 END
        FROM generate_series(10, 20000, 10) n;
    ANALYZE clicks, inbox, deals, wins, packets, assessments, gaps, deliveries, attempts, pauses, follows,
        answers;
    SET plan_cache_mode = force_generic_plan;
    SET random_page_cost = 1.1;";
