//! Which won opportunities a sweep sees.

use super::*;

const NEXT: &str = "GET /services/data/v66.0/query/0r8Hn00000A1b2C-2000";

fn since() -> Timestamp {
    "2026-11-19T08:00:00Z".parse().unwrap()
}

fn row(id: &str, changed: &str, stage_change: Option<&str>) -> Value {
    json!({"attributes": {"type": "Opportunity"}, "Id": id, "LastModifiedDate": changed,
        "CreatedDate": "2026-11-20T07:00:00.000+0000", "LastStageChangeDate": stage_change})
}

fn hint(deal: &str, changed_at: &str, won_at: Option<&str>) -> WonDealHint {
    WonDealHint {
        deal: deal.to_owned(),
        changed_at: changed_at.parse().unwrap(),
        won_at: won_at.map(|at| at.parse().unwrap()),
    }
}

#[tokio::test]
async fn won_deals_are_listed_with_their_last_stage_change_or_else_their_creation() {
    let org = Org::start().await;
    let changed = "2026-11-21T09:30:00.000+0000";
    let rows = rows(&[
        row("006Hn00001QwErT", changed, Some("2026-11-20T15:04:05.000+0000")),
        row("006Hn00001QwErUIAV", changed, None),
    ]);
    org.answers(QUERY, 200, rows);
    let seen = org.connect().won_since(since()).await.unwrap();
    assert_eq!(
        seen,
        [
            hint(DEAL, "2026-11-21T09:30:00Z", Some("2026-11-20T15:04:05Z")),
            hint("006Hn00001QwErUIAV", "2026-11-21T09:30:00Z", Some("2026-11-20T07:00:00Z")),
        ]
    );
    assert_eq!(org.routes(), [TOKEN, QUERY]);
    let asked = org.asked(QUERY).remove(0).text.replace("%3A", ":").replace("%2C", ",");
    insta::assert_snapshot!(asked.replace("%3D", "=").replace("%3E", ">"), @"q=SELECT Id, LastModifiedDate, CreatedDate, LastStageChangeDate FROM Opportunity WHERE IsWon = true AND LastModifiedDate >= 2026-11-19T08:00:00Z");
}

#[tokio::test]
async fn every_page_is_read_from_the_configured_instance() {
    let org = Org::start().await;
    let page = |id: &str, next: Option<&str>| {
        let mut page = rows(&[row(id, "2026-11-21T09:30:00.000+0000", None)]);
        page["done"] = next.is_none().into();
        page["nextRecordsUrl"] = next.into();
        page
    };
    // Whatever stands before the cursor is not followed: a token goes to the configured host only.
    let next = "https://evil.example/services/data/v66.0/query/0r8Hn00000A1b2C-2000";
    org.answers(QUERY, 200, page(DEAL, Some(next)));
    org.answers(
        NEXT,
        200,
        page("006Hn00001QwErUIAV", Some("/services/data/v66.0/query/0r8Hn00000A1b2C-2000")),
    );
    org.answers(NEXT, 200, page("006Hn00001QwErVIAV", None));
    let seen = org.connect().won_since(since()).await.unwrap();
    let deals: Vec<&str> = seen.iter().map(|hint| hint.deal.as_str()).collect();
    assert_eq!(deals, [DEAL, "006Hn00001QwErUIAV", "006Hn00001QwErVIAV"]);
    assert_eq!(org.routes(), [TOKEN, QUERY, NEXT, NEXT]);
}

#[tokio::test]
async fn a_page_without_a_cursor_is_not_guessed() {
    let org = Org::start().await;
    let mut page = rows(&[row(DEAL, "2026-11-21T09:30:00.000+0000", None)]);
    page["nextRecordsUrl"] = "https://evil.example/".into();
    org.answers(QUERY, 200, page);
    let failure = org.connect().won_since(since()).await.unwrap_err();
    insta::assert_snapshot!(failure, @"asking for won opportunities: the answer could not be read");
}

#[tokio::test]
async fn pages_that_never_end_are_given_up() {
    let org = Org::start().await;
    let mut page = rows(&[row(DEAL, "2026-11-21T09:30:00.000+0000", None)]);
    page["nextRecordsUrl"] = "/services/data/v66.0/query/0r8Hn00000A1b2C-2000".into();
    org.answers(QUERY, 200, page.clone());
    org.answers(NEXT, 200, page);
    let failure = org.connect().won_since(since()).await.unwrap_err();
    insta::assert_snapshot!(failure, @"asking for won opportunities: there are more than 500 pages");
    assert_eq!(org.asked(NEXT).len(), 499);
}

#[tokio::test]
async fn an_org_without_the_last_stage_change_is_asked_without_it() {
    let org = Org::start().await;
    let message = "No such column 'LastStageChangeDate' on entity 'Opportunity'.";
    org.refuses(QUERY, 400, "INVALID_FIELD", message);
    let row = json!({"Id": DEAL, "LastModifiedDate": "2026-11-21T09:30:00.000+0000"});
    org.answers(QUERY, 200, rows(&[row]));
    let seen = org.connect().won_since(since()).await.unwrap();
    assert_eq!(seen, [hint(DEAL, "2026-11-21T09:30:00Z", None)]);
    assert!(!org.asked(QUERY)[1].text.contains("LastStageChangeDate"));
}

#[tokio::test]
async fn a_failed_question_says_what_to_do_about_it() {
    let org = Org::start().await;
    org.refuses(QUERY, 503, "SERVER_UNAVAILABLE", "busy");
    org.refuses(QUERY, 403, "REQUEST_LIMIT_EXCEEDED", "TotalRequests Limit exceeded.");
    org.refuses(QUERY, 400, "INVALID_FIELD", "No such column 'IsWon' on entity 'Opportunity'.");
    let salesforce = org.connect();
    let ask = async || salesforce.won_since(since()).await.unwrap_err();
    assert!(matches!(ask().await, Failure::Retry { .. }));
    assert!(matches!(ask().await, Failure::Pause { until: Some(_), .. }));
    assert!(matches!(ask().await, Failure::GiveUp { .. }));
}
