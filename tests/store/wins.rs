//! The list that people see.

use handoff_bridge::store::{DealEnd, DeliveryEnd, WinCursor, WinFilter, WinRow};
use handoff_core::packet::Names;

use crate::fixture::{Fixture, MINUTE, done};
use crate::story::Story;

pub const STORIES: &[Story] = stories![
    the_list_shows_work_left_first_and_then_packets_newest_first,
    what_needs_a_person_stands_first_after_sixty_newer_wins,
    a_win_is_found_by_its_names_its_ids_and_its_account,
    packets_of_an_earlier_version_are_found_too,
    a_hundred_thousand_packets_are_paged_and_searched,
    a_win_that_moves_while_it_is_paged_through_is_not_lost,
];

async fn the_list_shows_work_left_first_and_then_packets_newest_first(fixture: Fixture) {
    fixture.is_handed_over("1").await;
    fixture.clock.advance(MINUTE);
    fixture.has_packet("2").await;
    fixture.hears("3", "a").await;

    let rows = fixture.store.wins(10, &WinFilter::default()).await.unwrap();
    insta::allow_duplicates! { insta::assert_snapshot!(serde_json::to_string_pretty(&rows).unwrap(), @r#"
    [
      {
        "deal": "hubspot:48210077:3",
        "state": "waiting",
        "tries": 0,
        "next_at": "2026-11-22T08:01:00Z",
        "error": null,
        "heard_at": "2026-11-22T08:01:00Z"
      },
      {
        "packet_id": "pkt_2",
        "deal": "hubspot:48210077:2",
        "won_at": "2026-11-22T08:00:00Z",
        "created_at": "2026-11-22T08:01:00Z",
        "deliveries": [
          {
            "destination": "crm_task",
            "state": "waiting",
            "tries": 0,
            "next_at": "2026-11-22T08:01:00Z",
            "external_id": null,
            "url": null
          },
          {
            "destination": "slack_digest",
            "state": "waiting",
            "tries": 0,
            "next_at": "2026-11-22T08:02:00Z",
            "external_id": null,
            "url": null
          }
        ]
      },
      {
        "packet_id": "pkt_1",
        "deal": "hubspot:48210077:1",
        "won_at": "2026-11-22T08:00:00Z",
        "created_at": "2026-11-22T08:00:00Z",
        "deliveries": [
          {
            "destination": "crm_task",
            "state": "done",
            "tries": 1,
            "next_at": null,
            "external_id": "1",
            "url": "https://example.com/1"
          },
          {
            "destination": "slack_digest",
            "state": "done",
            "tries": 1,
            "next_at": null,
            "external_id": "1",
            "url": "https://example.com/1"
          }
        ]
      }
    ]
    "#); }
    assert_eq!(
        fixture.store.wins(0, &WinFilter::default()).await.unwrap().len(),
        2,
        "what is done is limited, and nothing else"
    );
}

async fn what_needs_a_person_stands_first_after_sixty_newer_wins(fixture: Fixture) {
    // Dead and done, and held and dead: whatever the other delivery of a packet is.
    for (deal, ends) in
        [("1", [DeliveryEnd::Dead, DeliveryEnd::Held]), ("2", [DeliveryEnd::Held, DeliveryEnd::Dead])]
    {
        fixture.has_packet(deal).await;
        for end in ends {
            let lease = fixture.claims_delivery().await;
            fixture.finishes(&lease, end).await;
        }
        fixture.clock.advance(MINUTE);
    }
    for newer in 100..160 {
        fixture.is_handed_over(&newer.to_string()).await;
        fixture.clock.advance(MINUTE);
    }
    fixture.has_packet("200").await;
    let all = WinFilter::default();
    let in_state = |state: &str| WinFilter { state: Some(state.to_owned()), ..WinFilter::default() };
    let listed = async |limit, wanted: &WinFilter| ids(&fixture.store.wins(limit, wanted).await.unwrap());
    assert_eq!(listed(2, &all).await, ["2", "1", "200", "159", "158"]);
    assert_eq!(listed(0, &all).await, ["2", "1", "200"]);
    assert_eq!(listed(usize::MAX, &all).await.len(), 63);
    assert_eq!(listed(2, &in_state("done")).await, ["159", "158"]);
    assert_eq!(listed(9, &in_state("open")).await, ["2", "1", "200"]);
    assert_eq!(listed(9, &in_state("held")).await, ["2", "1"]);
    assert_eq!(listed(9, &in_state("retrying")).await, Vec::<String>::new());

    // Page by page it is the same list.
    let mut pages = Vec::new();
    let mut after = None;
    loop {
        let page = fixture.store.win_page(&all, after.as_ref(), 7).await.unwrap();
        pages.extend(ids(&page.wins));
        let Some(next) = page.next else { break };
        after = Some(next.to_string().parse().unwrap());
    }
    assert_eq!(pages, listed(usize::MAX, &all).await);
}

async fn a_win_that_moves_while_it_is_paged_through_is_not_lost(fixture: Fixture) {
    // All at the same instant: their ids tell them apart.
    for deal in ["1", "2", "3", "4", "5"] {
        fixture.has_packet(deal).await;
    }
    let all = WinFilter::default();
    let reads = async |after: Option<WinCursor>| {
        let page = fixture.store.win_page(&all, after.as_ref(), 2).await.unwrap();
        (ids(&page.wins), page.next)
    };
    let (first, next) = reads(None).await;
    assert_eq!(first, ["5", "4"]);
    // What is still to come is delivered, and what was shown is given up.
    for _ in 0..2 {
        fixture.clock.advance(MINUTE);
        for lease in fixture.claims_deliveries().await {
            match lease.packet_id.as_str() {
                "pkt_2" => fixture.finishes(&lease, done("1")).await,
                "pkt_5" => fixture.finishes(&lease, DeliveryEnd::Dead).await,
                _ => {}
            }
        }
    }
    let (second, next) = reads(next).await;
    let (third, next) = reads(next).await;
    assert_eq!((second, third, next), (vec!["3".to_owned(), "1".to_owned()], vec!["2".to_owned()], None));
    assert_eq!(reads(None).await.0, ["5", "4"]);
}

fn ids(rows: &[WinRow]) -> Vec<String> {
    rows.iter().map(|row| row.deal().rsplit(':').next().unwrap().to_owned()).collect()
}

async fn a_win_is_found_by_its_names_its_ids_and_its_account(fixture: Fixture) {
    for (deal, name, customer) in [
        ("301", "Northlight: 50 % off, a_b", Some("Northlight Foods")),
        ("302", "Żółć renewal", Some("İstanbul Sağlık")),
        ("0065e00001FjeLlAAJ", "Fjellvik", Some("Fjellvik Seafoods")),
    ] {
        fixture.hears(deal, deal).await;
        let lease = fixture.claims_deal().await;
        let mut packet = fixture.packet(deal);
        packet.assessment.names = Names { deal: Names::fold(name), customer: customer.map(Names::fold) };
        fixture.ends(&lease, DealEnd::Packet(packet)).await;
        fixture.clock.advance(MINUTE);
    }
    fixture.hears("303", "a").await;
    let found = async |about: &str, account: Option<&str>| {
        let (about, account) = (Some(about.to_owned()), account.map(ToOwned::to_owned));
        ids(&fixture.store.wins(9, &WinFilter { state: None, account, about }).await.unwrap())
    };
    for (about, meant) in [
        ("NORTHLIGHT f", "301"),
        (" 50 % off ", "301"),
        ("a_b", "301"),
        ("ŻÓŁĆ", "302"),
        ("istanbul SAĞ", "302"),
        ("İSTANBUL", "302"),
        ("302", "302"),
        ("hubspot:48210077:302", "302"),
        ("pkt_302", "302"),
        ("0065e00001FjeLl", "0065e00001FjeLlAAJ"),
        ("0065e00001FjeLlAAJ", "0065e00001FjeLlAAJ"),
        ("303", "303"),
    ] {
        assert_eq!(found(about, None).await, [meant], "{about}");
        assert_eq!(found(about, Some("48210077")).await, [meant], "{about}");
        assert_eq!(found(about, Some("hubspot:48210077")).await, [meant], "{about}");
    }
    for about in ["30", "a%b", "axb", "5e00001FjeLlAAJ", "0065e00001fjell", "nothing of the sort"] {
        assert_eq!(found(about, None).await, Vec::<String>::new(), "{about}");
    }
    for account in ["4821007", "hubspot", "salesforce:48210077", "%"] {
        assert_eq!(found("", Some(account)).await, Vec::<String>::new(), "{account}");
    }
    assert_eq!(found("", Some("48210077")).await.len(), 4);
}

/// As an earlier version of the program left them.
async fn packets_of_an_earlier_version_are_found_too(fixture: Fixture) {
    fixture.has_packet("1").await;
    fixture.database.runs("UPDATE packets SET deal = NULL, name = NULL, customer = NULL").await;
    let about = Some("hubspot:48210077:1".to_owned());
    let wanted = WinFilter { about, ..WinFilter::default() };
    assert_eq!(ids(&fixture.store.wins(9, &wanted).await.unwrap()), ["1"]);
}

/// Half a day of one of them a second, each delivered, and one that is dead.
const MANY: &str = "
    WITH RECURSIVE n (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM n WHERE n < 100000)
    INSERT INTO wins (win, packet_id, deal, won_at, created_at)
        SELECT 'w' || n, 'pkt_' || n, 'hubspot:48210077:' || n, n * 1000, n * 1000 FROM n;
    INSERT INTO packets (packet_id, created_at, packet, record, assessed, deal, name, customer)
        SELECT packet_id, created_at, '{}', '{}', 1, deal, 'renewal ' || (won_at / 1000), 'acme' FROM wins;
    INSERT INTO deliveries (packet_id, destination, account, scope, order_json, state, attempts, epoch, unknown,
            absent, created_at)
        SELECT packet_id, 'crm_task', 'hubspot:48210077', 'hubspot:48210077', '{}',
            CASE WHEN won_at = 7000 THEN 'dead' ELSE 'done' END, 1, 1, 0, 0, created_at
        FROM wins;";

async fn a_hundred_thousand_packets_are_paged_and_searched(fixture: Fixture) {
    fixture.database.runs(MANY).await;
    let all = WinFilter::default();
    let first = fixture.store.win_page(&all, None, 50).await.unwrap();
    assert_eq!(ids(&first.wins)[..3], ["7", "100000", "99999"]);
    // From wherever it is asked: far down as well as at the top, and through the packet that stands first.
    let mut after: WinCursor = "4.60000.pkt_60".parse().unwrap();
    let mut rest = Vec::new();
    loop {
        let page = fixture.store.win_page(&all, Some(&after), 20).await.unwrap();
        rest.extend(ids(&page.wins));
        let Some(next) = page.next else { break };
        after = next;
    }
    let expected = (1..60).rev().filter(|id| *id != 7).map(|id| id.to_string()).collect::<Vec<_>>();
    assert_eq!(rest, expected);
    let wanted = WinFilter { about: Some("renewal 4711".to_owned()), ..WinFilter::default() };
    let found = ids(&fixture.store.win_page(&wanted, None, 50).await.unwrap().wins);
    assert_eq!(
        found,
        ["47119", "47118", "47117", "47116", "47115", "47114", "47113", "47112", "47111", "47110", "4711"]
    );
    for wrong in ["", "4", "4.x.pkt_1", "9.1.pkt_1", "pkt_1"] {
        assert!(wrong.parse::<WinCursor>().is_err(), "{wrong}");
    }
}
