//! What is asked about a deal, and what is made of the answers.

use super::*;

#[tokio::test]
async fn a_won_deal_costs_one_call_warm() {
    let org = Org::start().await;
    org.holds_a_won_deal();
    org.answers(QUERY, 200, won_deal());
    let salesforce = org.connect();
    let first = won(&salesforce, &wanted(&["Pain__c"])).await;
    assert_eq!(first.win.to_string(), format!("salesforce:{ORG}:{DEAL}@2026-11-20T15:04:05Z"));
    assert_eq!(first.record.deal.get("Pain__c"), Some("Slow"));
    assert_eq!(first.record.deal.get("Amount"), Some("54000.0"));
    assert_eq!(
        first.record.url.as_deref(),
        Some("https://acme.lightning.force.com/lightning/r/Opportunity/006Hn00001QwErTIAV/view")
    );
    assert_eq!(org.routes(), [TOKEN, DESCRIBE, QUERY, QUERY]);

    org.forget_calls();
    assert_eq!(won(&salesforce, &wanted(&["Pain__c"])).await, first);
    assert_eq!(org.routes(), [QUERY]);
}

#[tokio::test]
async fn a_deal_that_is_not_won_or_gone_is_said_to_be_so() {
    let org = Org::start().await;
    org.answers(QUERY, 200, rows(&[deal("Negotiation", false, &Value::Null)]));
    org.answers(QUERY, 200, rows(&[]));
    let salesforce = org.connect();
    let resolve = async || salesforce.resolve(DEAL, &wanted(&[])).await.unwrap();
    assert_eq!(resolve().await, Resolution::NotWon { stage: "Negotiation".into() });
    assert_eq!(resolve().await, Resolution::Gone);
    assert_eq!(salesforce.fetch(DEAL, &wanted(&[])).await, Ok(None));
}

#[tokio::test]
async fn an_id_of_something_else_never_reaches_a_query() {
    let org = Org::start().await;
    let salesforce = org.connect();
    for id in ["001M000000qfPyS", "006Hn00001QwErTIAW", "x' OR Name != '"] {
        assert!(matches!(salesforce.resolve(id, &wanted(&[])).await, Err(Failure::GiveUp { .. })));
        assert!(matches!(salesforce.find_task(id, "marker").await, Err(Failure::GiveUp { .. })));
    }
    assert!(org.calls().is_empty());
}

#[tokio::test]
async fn a_hidden_field_is_left_out_reported_and_remembered() {
    let org = Org::start().await;
    let message = "No such column 'Risk__c' on entity 'Opportunity'.";
    org.refuses(QUERY, 400, "INVALID_FIELD", message);
    org.holds_a_won_deal();
    org.answers(QUERY, 200, won_deal());
    let clock = clock();
    let salesforce = connect(&org.config(), &clock);
    let wanted = wanted(&["Pain__c", "Risk__c"]);
    let record = won(&salesforce, &wanted).await.record;
    assert_eq!(record.unavailable, ["deal.Risk__c"]);
    assert_eq!(record.deal.get("Pain__c"), Some("Slow"));
    let queries = org.asked(QUERY);
    assert!(queries[0].text.contains("Risk__c") && !queries[1].text.contains("Risk__c"));

    org.forget_calls();
    assert_eq!(won(&salesforce, &wanted).await.record.unavailable, ["deal.Risk__c"]);
    assert_eq!(org.routes(), [QUERY], "warm wins stay at one query");

    clock.advance(Duration::from_hours(1));
    let _ = salesforce.fetch(DEAL, &wanted).await;
    assert!(org.asked(QUERY)[1].text.contains("Risk__c"), "asked again after an hour");
}

#[tokio::test]
async fn a_description_saves_the_refused_query_and_tells_how_to_read_values() {
    let org = Org::start().await;
    let fields: Vec<Value> = ["Id", "Name", "StageName", "IsWon", "Pain__c"]
        .iter()
        .map(|name| json!({"name": name, "label": name, "type": "multipicklist"}))
        .collect();
    org.answers(DESCRIBE, 200, json!({"name": "Opportunity", "fields": fields}));
    org.holds_a_won_deal();
    let record = won(&org.connect(), &wanted(&["Pain__c", "Risk__c"])).await.record;
    assert_eq!(record.unavailable, ["deal.Risk__c"]);
    assert_eq!(record.fields["deal.Pain__c"].kind, handoff_core::record::FieldKind::Choices);
    assert!(!org.asked(QUERY)[0].text.contains("CurrencyIsoCode"));
}

#[tokio::test]
async fn a_query_refused_without_a_name_is_asked_again_without_the_mappings_fields() {
    let org = Org::start().await;
    org.refuses(QUERY, 400, "MALFORMED_QUERY", "unexpected token: 'From'");
    org.holds_a_won_deal();
    let mapped = WantedFields {
        paths: vec![
            FieldPath { object: FieldObject::Owner, name: "From".into() },
            FieldPath::deal("not a field"),
        ],
        users: Vec::new(),
    };
    assert_eq!(won(&org.connect(), &mapped).await.record.unavailable, ["owner.From", "deal.not a field"]);
}

#[tokio::test]
async fn contact_roles_that_may_not_be_read_are_reported() {
    let org = Org::start().await;
    org.refuses(QUERY, 400, "INVALID_TYPE", "sObject type 'OpportunityContactRole' is not supported.");
    org.holds_a_won_deal();
    assert_eq!(won(&org.connect(), &wanted(&[])).await.record.unavailable, ["contacts"]);
}

#[tokio::test]
async fn without_access_to_what_decides_about_the_win_an_admin_is_asked() {
    let org = Org::start().await;
    org.refuses(QUERY, 400, "INVALID_FIELD", "No such column 'IsWon' on entity 'Opportunity'.");
    let Err(failure) = org.connect().resolve(DEAL, &wanted(&[])).await else { panic!("resolved") };
    insta::assert_snapshot!(failure, @"the integration user cannot read Id, StageName and IsWon of opportunities; give its permission set read access");
}

#[tokio::test]
async fn a_long_history_is_read_to_its_end_for_the_same_win() {
    let org = Org::start().await;
    let edits = vec![("Closed Won", "2026-11-21T10:00:00.000+0000"); soql::HISTORY_ROWS];
    org.answers(QUERY, 200, rows(&[deal("Closed Won", true, &history(&edits))]));
    org.answers(QUERY, 200, won_stages());
    let mut all = edits.clone();
    all.extend([("Signed", "2026-11-20T15:04:05.000+0000"), ("Open", "2026-11-01T08:00:00.000+0000")]);
    org.answers(QUERY, 200, history(&all));
    let win = won(&org.connect(), &wanted(&[])).await.win;
    assert_eq!(win.won_at, "2026-11-20T15:04:05Z".parse::<Timestamp>().unwrap());
    assert_eq!(org.asked(QUERY).len(), 3);
}

#[tokio::test]
async fn a_deal_without_a_readable_history_is_won_at_its_last_stage_change() {
    let org = Org::start().await;
    org.answers(QUERY, 200, rows(&[deal("Closed Won", true, &Value::Null)]));
    let win = won(&org.connect(), &wanted(&[])).await.win;
    assert_eq!(win.won_at, "2026-11-21T09:00:00Z".parse::<Timestamp>().unwrap());
}

#[tokio::test]
async fn a_refused_question_for_the_won_stages_never_moves_a_win() {
    // Signed is a won stage too: the win is the entry into it.
    let moves = [
        ("Closed Won", "2026-11-21T10:00:00.000+0000"),
        ("Signed", "2026-11-20T15:04:05.000+0000"),
        ("Open", "2026-11-01T08:00:00.000+0000"),
    ];
    for (status, code) in [
        (400, "INVALID_TYPE"),
        (403, "INSUFFICIENT_ACCESS"),
        (403, "API_DISABLED_FOR_ORG"),
        (404, "NOT_FOUND"),
        (500, "UNKNOWN_EXCEPTION"),
        (503, "SERVER_UNAVAILABLE"),
    ] {
        let org = Org::start().await;
        let salesforce = org.connect();
        org.answers(QUERY, 200, rows(&[deal("Closed Won", true, &history(&moves))]));
        org.refuses(QUERY, status, code, "no");
        org.answers(QUERY, 200, rows(&[deal("Closed Won", true, &history(&moves))]));
        org.answers(QUERY, 200, won_stages());
        let refused = salesforce.resolve(DEAL, &wanted(&[])).await.expect_err("no win at a guessed instant");
        assert!(refused.why().contains(code), "{refused}");
        let win = won(&salesforce, &wanted(&[])).await.win;
        assert_eq!(win.won_at, "2026-11-20T15:04:05Z".parse::<Timestamp>().unwrap(), "{code}");
    }
}
