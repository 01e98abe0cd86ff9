//! How packets came out, which flags were wrong, and what is counted of it.

use handoff_bridge::store::{DealEnd, Stats};
use handoff_core::assemble::assemble;
use handoff_core::packet::{Assessment, Seller};
use handoff_core::record::DealRecord;

use handoff_core::workbench::lint;
use jiff::Timestamp;

use crate::fixture::{DAY, Fixture};
use crate::story::Story;

pub const STORIES: &[Story] = stories![
    a_gap_is_dismissed_once_with_the_latest_reason_and_that_can_be_taken_back,
    packets_gaps_and_sellers_are_counted_since_an_instant,
    a_dismissed_gap_is_not_held_against_the_seller,
    what_is_counted_outlives_the_packet_and_its_people_and_words_do_not,
    a_packet_that_is_gone_cannot_be_dismissed_from,
    packets_of_an_earlier_version_are_counted_too,
];

/// Everything ever.
const EVER: Timestamp = Timestamp::MIN;

async fn dismissed(fixture: &Fixture, packet_id: &str) -> Vec<String> {
    let stored = fixture.store.packet(packet_id).await.unwrap().unwrap();
    let lines = stored.dismissals.iter().map(|one| format!("{} {}: {}", one.section, one.gap, one.reason));
    lines.collect()
}

/// What `stats` has, one line each.
fn lines(stats: &Stats) -> String {
    let mut lines = vec![format!("{} packets, {} complete", stats.packets, stats.complete)];
    lines.extend(stats.gaps.iter().map(|gap| {
        let (counting, raised, dismissed) = (gap.counting, gap.raised, gap.dismissed);
        let field = gap.field.as_deref().map(|field| format!(" in {field}")).unwrap_or_default();
        format!("{} {}{field}: {counting} of {raised}, {dismissed} dismissed", gap.section, gap.gap)
    }));
    lines.extend(stats.sellers.iter().map(|seller| {
        let name = seller.name.as_deref().unwrap_or("nobody");
        let (deals, packets) = (seller.deals, seller.packets);
        format!(
            "{name}: {deals} deals, {packets} packets, {} complete, {} gaps",
            seller.complete, seller.gaps
        )
    }));
    lines.join("\n")
}

async fn counted(fixture: &Fixture, since: Timestamp) -> String {
    lines(&fixture.store.stats(since, fixture.now()).await.unwrap())
}

/// A deal of a seller whose packet is complete.
async fn closes_well(fixture: &Fixture, deal: &str, seller: &str) {
    fixture.hears(deal, &format!("won {deal}")).await;
    let lease = fixture.claims_deal().await;
    let mut packet = fixture.packet(deal);
    let seller = Seller { key: format!("hubspot:48210077:{seller}"), name: seller.to_owned() };
    packet.assessment = Assessment { complete: true, seller: Some(seller), ..Assessment::default() };
    fixture.ends(&lease, DealEnd::Packet(packet)).await;
}

async fn a_gap_is_dismissed_once_with_the_latest_reason_and_that_can_be_taken_back(fixture: Fixture) {
    let packet_id = fixture.has_packet("1").await;
    let (store, gap) = (&fixture.store, "role_missing:sponsor");
    assert_eq!(dismissed(&fixture, &packet_id).await, [""; 0]);
    assert!(store.dismiss(&packet_id, "stakeholders", gap, Some("She is in Notes")).await.unwrap());
    assert!(store.dismiss(&packet_id, "promises", "empty", Some("None made")).await.unwrap());
    assert!(store.dismiss(&packet_id, "stakeholders", gap, Some("It's \"Ann\"")).await.unwrap());
    assert_eq!(
        dismissed(&fixture, &packet_id).await,
        ["promises empty: None made", "stakeholders role_missing:sponsor: It's \"Ann\""]
    );
    assert!(store.dismiss(&packet_id, "stakeholders", gap, None).await.unwrap());
    assert_eq!(dismissed(&fixture, &packet_id).await, ["promises empty: None made"]);

    for (packet_id, section, gap) in [
        (packet_id.as_str(), "promises", "vague"),
        (&packet_id, "first_value", "empty"),
        ("pkt_2", "promises", "empty"),
    ] {
        assert!(!store.dismiss(packet_id, section, gap, Some("why")).await.unwrap(), "{section} {gap}");
    }
    assert_eq!(dismissed(&fixture, &packet_id).await, ["promises empty: None made"]);
}

async fn packets_gaps_and_sellers_are_counted_since_an_instant(fixture: Fixture) {
    assert_eq!(counted(&fixture, EVER).await, "0 packets, 0 complete");
    fixture.is_handed_over("1").await;
    fixture.clock.advance(DAY);
    let since = fixture.now();
    fixture.is_handed_over("2").await;
    closes_well(&fixture, "3", "Tom").await;
    let dismissed = fixture.store.dismiss("pkt_2", "promises", "empty", Some("None made")).await;
    assert!(dismissed.unwrap());
    let (ever, lately) = (counted(&fixture, EVER).await, counted(&fixture, since).await);
    insta::allow_duplicates! {
        insta::assert_snapshot!(ever, @"
        3 packets, 1 complete
        buying_reason vague: 0 of 2, 0 dismissed
        promises empty in deal.promises: 2 of 2, 1 dismissed
        risks unmapped: 2 of 2, 0 dismissed
        stakeholders role_missing:sponsor: 2 of 2, 0 dismissed
        Anna Berg: 2 deals, 2 packets, 0 complete, 3 gaps
        Tom: 1 deals, 1 packets, 1 complete, 0 gaps
        ");
        insta::assert_snapshot!(lately, @"
        2 packets, 1 complete
        buying_reason vague: 0 of 1, 0 dismissed
        promises empty in deal.promises: 1 of 1, 1 dismissed
        risks unmapped: 1 of 1, 0 dismissed
        stakeholders role_missing:sponsor: 1 of 1, 0 dismissed
        Anna Berg: 1 deals, 1 packets, 0 complete, 1 gaps
        Tom: 1 deals, 1 packets, 1 complete, 0 gaps
        ");
    }
}

async fn a_dismissed_gap_is_not_held_against_the_seller(fixture: Fixture) {
    let packet_id = fixture.is_handed_over("1").await;
    let gaps =
        async |fixture: &Fixture| fixture.store.stats(EVER, fixture.now()).await.unwrap().sellers[0].gaps;
    assert_eq!(gaps(&fixture).await, 2, "neither the hint nor the gap for RevOps");
    fixture.store.dismiss(&packet_id, "promises", "empty", Some("None made")).await.unwrap();
    assert_eq!(gaps(&fixture).await, 1);
    fixture.store.dismiss(&packet_id, "promises", "empty", None).await.unwrap();
    assert_eq!(gaps(&fixture).await, 2);
}

async fn what_is_counted_outlives_the_packet_and_its_people_and_words_do_not(fixture: Fixture) {
    let packet_id = fixture.is_handed_over("1").await;
    fixture.store.dismiss(&packet_id, "promises", "empty", Some("Ann said none")).await.unwrap();
    fixture.clock.advance(DAY);
    fixture.store.purge(fixture.now()).await.unwrap();
    let counted = counted(&fixture, EVER).await;
    insta::allow_duplicates! { insta::assert_snapshot!(counted, @"
    1 packets, 0 complete
    buying_reason vague: 0 of 1, 0 dismissed
    promises empty in deal.promises: 1 of 1, 1 dismissed
    risks unmapped: 1 of 1, 0 dismissed
    stakeholders role_missing:sponsor: 1 of 1, 0 dismissed
    nobody: 1 deals, 1 packets, 0 complete, 1 gaps
    "); }
    for column in
        ["SELECT reason FROM gaps", "SELECT seller FROM assessments", "SELECT seller_name FROM assessments"]
    {
        assert_eq!(fixture.database.texts(column).await.concat(), "", "{column}");
    }
}

async fn a_packet_that_is_gone_cannot_be_dismissed_from(fixture: Fixture) {
    let packet_id = fixture.is_handed_over("1").await;
    fixture.clock.advance(DAY);
    fixture.store.purge(fixture.now()).await.unwrap();
    assert!(!fixture.store.dismiss(&packet_id, "promises", "empty", Some("why")).await.unwrap());
    assert_eq!(fixture.database.texts("SELECT reason FROM gaps").await.concat(), "");
}

/// Back to the tables as the first version made them.
const FIRST_VERSION: &str = "
    DROP TABLE answers;
    DROP TABLE acts;
    DROP TABLE clicks;
    DROP TABLE refusals;
    DROP TABLE marks;
    DROP TABLE gaps;
    DROP TABLE assessments;
    DROP INDEX packets_unassessed;
    DROP INDEX packets_with_record;
    ALTER TABLE packets DROP COLUMN assessed;
    ALTER TABLE packets DROP COLUMN record_deleted_at;
    DROP TABLE revisions;
    DROP TABLE follows;
    ALTER TABLE packets DROP COLUMN revision;
    ALTER TABLE packets DROP COLUMN revised_at;
    ALTER TABLE packets DROP COLUMN cause;
    ALTER TABLE deliveries DROP COLUMN shows;
    ALTER TABLE deliveries DROP COLUMN wants;
    ALTER TABLE deliveries DROP COLUMN frozen;
    ALTER TABLE deliveries DROP COLUMN written_at;
    DROP INDEX deals_open;
    ALTER TABLE deals DROP COLUMN ended;
    ALTER TABLE deals DROP COLUMN look;
    CREATE INDEX deals_open ON deals (account, due_at) WHERE state <> 'idle';
    DROP TABLE roll_ups;
    DROP INDEX packets_listed;
    DROP INDEX packets_unlisted;
    ALTER TABLE packets DROP COLUMN deal;
    ALTER TABLE packets DROP COLUMN name;
    ALTER TABLE packets DROP COLUMN customer;
    CREATE INDEX packets_by_age ON packets (created_at);
    DELETE FROM schema_versions WHERE version > 1";

async fn packets_of_an_earlier_version_are_counted_too(fixture: Fixture) {
    let record: DealRecord =
        serde_json::from_str(include_str!("../deals/hubspot/01_bad_handoff.json")).unwrap();
    let mapping = lint::read("tests/deals/hubspot.yaml".as_ref()).0.unwrap();
    let (packet, _) = assemble(&mapping, &record, "pkt_1", fixture.now());
    fixture.hears("1", "won 1").await;
    let lease = fixture.claims_deal().await;
    let mut new = fixture.packet("1");
    new.packet = serde_json::to_string(&packet).unwrap();
    new.record = serde_json::to_string(&record).unwrap();
    new.assessment = Assessment::of(&packet, Some(&record));
    fixture.ends(&lease, DealEnd::Packet(new)).await;
    // One that cannot be read must not hold up the others.
    fixture.has_packet("2").await;
    fixture.clock.advance(DAY);

    let Fixture { store, clock, database } = fixture;
    store.close().await;
    database.runs(FIRST_VERSION).await;
    let store = handoff_bridge::store::Store::open_exclusive(database.url(), clock.clone()).await.unwrap();
    let fixture = Fixture { store, clock, database };
    let again = fixture.store.stats(EVER, fixture.now()).await.unwrap();
    insta::allow_duplicates! { insta::assert_snapshot!(lines(&again), @"
    1 packets, 0 complete
    buying_reason vague: 1 of 1, 0 dismissed
    first_value empty: 1 of 1, 0 dismissed
    promises empty: 1 of 1, 0 dismissed
    risks empty: 1 of 1, 0 dismissed
    stakeholders role_missing:blocker: 1 of 1, 0 dismissed
    stakeholders role_missing:evaluator: 1 of 1, 0 dismissed
    stakeholders role_missing:operator: 1 of 1, 0 dismissed
    stakeholders role_missing:sponsor: 1 of 1, 0 dismissed
    success_outcome vague: 1 of 1, 0 dismissed
    Tom Lindqvist: 1 deals, 1 packets, 0 complete, 9 gaps
    "); }
    fixture.store.purge(fixture.now()).await.unwrap();
    assert_eq!(fixture.store.stats(EVER, fixture.now()).await.unwrap().packets, 1);
}
