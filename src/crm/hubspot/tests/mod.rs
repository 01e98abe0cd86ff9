//! The client against a portal on loopback that answers what a test tells it to.

use std::future::pending;
use std::sync::{Mutex, MutexGuard};
use std::time::Duration;

use axum::Router;
use axum::extract::Request;
use axum::http::StatusCode;
use axum::response::{IntoResponse as _, Response};
use jiff::Timestamp;
use serde_json::{Value, json};

use super::*;
use crate::crm::TaskBlock;
use crate::crm::outbound::MAX_ANSWER_BYTES;
use crate::crm::outbound::tests::{server_that_sends, test_outbound};
use handoff_core::record::FieldObject;

const NOW: &str = "2026-11-20T16:00:00Z";
const TIMEOUT: Duration = Duration::from_millis(300);

/// A request as the portal saw it.
struct Call {
    method: String,
    path: String,
    query: String,
    token: String,
    body: String,
}

type Answer = (u16, Value);
type Script = Box<dyn FnMut(&Call) -> Option<Answer> + Send>;

/// A portal whose answers are a script. A call the script has no answer for never gets one.
struct Portal {
    url: String,
    calls: Arc<Mutex<Vec<Call>>>,
}

impl Portal {
    async fn start(script: impl FnMut(&Call) -> Option<Answer> + Send + 'static) -> Self {
        let calls: Arc<Mutex<Vec<Call>>> = Arc::default();
        let script: Arc<Mutex<Script>> = Arc::new(Mutex::new(Box::new(script)));
        let seen = calls.clone();
        let handler = move |request: Request| {
            let (seen, script) = (seen.clone(), script.clone());
            async move {
                let call = read(request).await;
                let answer = script.lock().expect("no script panicked")(&call);
                seen.lock().expect("no test panicked").push(call);
                match answer {
                    Some((status, body)) => respond(status, &body),
                    None => pending().await,
                }
            }
        };
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let url = format!("http://{}", listener.local_addr().expect("an address"));
        let router = Router::new().fallback(handler);
        tokio::spawn(async move { axum::serve(listener, router).await });
        Self { url, calls }
    }

    fn calls(&self) -> MutexGuard<'_, Vec<Call>> {
        self.calls.lock().expect("no handler panicked")
    }

    /// The calls so far as `GET /path`, sorted because parallel ones come in any order.
    fn take_paths(&self) -> Vec<String> {
        let mut paths: Vec<String> =
            self.calls().drain(..).map(|call| format!("{} {}", call.method, call.path)).collect();
        paths.sort();
        paths
    }
}

async fn read(request: Request) -> Call {
    let (parts, body) = request.into_parts();
    let body = axum::body::to_bytes(body, usize::MAX).await.expect("a body");
    let token = parts.headers.get("authorization").map(|value| value.to_str().expect("ASCII").to_owned());
    Call {
        method: parts.method.to_string(),
        path: parts.uri.path().to_owned(),
        query: parts.uri.query().unwrap_or_default().to_owned(),
        token: token.unwrap_or_default(),
        body: String::from_utf8(body.to_vec()).expect("text"),
    }
}

fn respond(status: u16, body: &Value) -> Response {
    let status = StatusCode::from_u16(status).expect("a status");
    (status, [("content-type", "application/json")], body.to_string()).into_response()
}

fn config(url: &str, auth: Auth) -> Settings {
    Settings {
        portal: "48210077".to_owned(),
        api_url: url.to_owned(),
        app_url: "https://app.hubspot.com".to_owned(),
        api_version: "2026-03".to_owned(),
        client_secrets: Vec::new(),
        workflow_secrets: Vec::new(),
        auth,
        calls_per_10s: 100,
        replicas: 1,
    }
}

fn hubspot_with(url: &str, auth: Auth) -> (HubSpot, Clock) {
    // Another test may have installed it already.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let clock = Clock::manual(NOW.parse().expect("a timestamp"));
    let http = reqwest::Client::builder().no_proxy().build().expect("a client");
    let outbound = Outbound { timeout: TIMEOUT, ..test_outbound(http, clock.clone()) };
    (HubSpot::new(&config(url, auth), &outbound), clock)
}

fn hubspot(portal: &Portal) -> (HubSpot, Clock) {
    hubspot_with(&portal.url, Auth::Token("pat-eu1-test".into()))
}

fn wanted() -> WantedFields {
    let company = FieldPath { object: FieldObject::Company, name: "customer_tier".to_owned() };
    let paths = vec![
        FieldPath::deal("handoff_promises"),
        FieldPath::deal("handoff_typo"),
        FieldPath::deal("cs_owner"),
        company,
    ];
    WantedFields { paths, users: vec![FieldPath::deal("cs_owner")] }
}

fn pipelines() -> Value {
    json!({"results": [{"id": "8812345", "stages": [
        {"id": "8812346", "metadata": {"isClosed": "false", "probability": "0.4"}},
        {"id": "8812350", "metadata": {"isClosed": "true", "probability": "1.0"}},
    ]}]})
}

fn won_deal(id: &str) -> Value {
    json!({
        "id": id,
        "properties": {
            "dealname": "Acme", "dealstage": "8812350", "pipeline": "8812345", "hs_is_closed_won": "true",
            "hubspot_owner_id": "70000001", "cs_owner": "70000001;70000002", "handoff_promises": null,
            "hs_merged_object_ids": "301000000400;301000000401",
        },
        "propertiesWithHistory": {"dealstage": [
            {"value": "8812350", "timestamp": "2026-11-20T15:04:05.123Z", "sourceType": "CRM_UI"},
            {"value": "8812346", "timestamp": "2026-11-01T09:00:00Z", "sourceType": "CRM_UI"},
        ]},
        "associations": {
            "contacts": {"results": [{"id": "501", "type": "deal_to_contact"}]},
            "companies": {"results": [
                {"id": "9001", "type": "deal_to_company_unlabeled"},
                {"id": "9002", "type": "deal_to_company"}, {"id": "9002", "type": "deal_to_company_unlabeled"},
            ]},
            "line items": {"results": [{"id": "801", "type": "deal_to_line_item"}]},
        },
        "archived": false, "warnings": [],
    })
}

/// A portal with one won deal and everything around it.
#[expect(clippy::unnecessary_wraps, reason = "a script may leave a call unanswered")]
fn healthy(call: &Call) -> Option<Answer> {
    let answer = match call.path.as_str() {
        "/crm/objects/2026-03/deals/301000000417" => won_deal("301000000417"),
        "/crm/objects/2026-03/deals/301000000417/associations/contacts" => json!({"results": [
            {"toObjectId": 501, "associationTypes": [{"category": "HUBSPOT_DEFINED", "typeId": 3, "label": null},
                {"category": "USER_DEFINED", "typeId": 37, "label": "Decision maker"}]},
            {"toObjectId": 502, "associationTypes": [{"category": "HUBSPOT_DEFINED", "typeId": 3, "label": null}]},
        ]}),
        "/crm/objects/2026-03/contacts/batch/read" => {
            return Some((
                207,
                json!({"results": [{"id": "501", "properties": {"firstname": "Zoë", "jobtitle": null}}],
                "errors": [{"category": "OBJECT_NOT_FOUND"}], "numErrors": 1}),
            ));
        }
        "/crm/objects/2026-03/companies/batch/read" => {
            json!({"results": [{"id": "9002", "properties": {"name": "Acme GmbH", "customer_tier": "Strategic"}}]})
        }
        "/crm/objects/2026-03/line_items/batch/read" => {
            json!({"results": [{"id": "801", "properties": {"name": "Seats", "quantity": "40"}}]})
        }
        "/crm/pipelines/2026-03/deals" => pipelines(),
        "/crm/properties/2026-03/deals" => json!({"results": [
            {"name": "handoff_promises", "label": "Promises", "type": "string", "fieldType": "textarea"},
            {"name": "cs_owner", "type": "enumeration", "options": [], "referencedObjectType": "OWNER"},
        ]}),
        "/crm/properties/2026-03/companies" => json!({"results": [
            {"name": "customer_tier", "type": "enumeration", "fieldType": "select", "options": []},
        ]}),
        "/crm/owners/2026-03/70000001" if call.query.contains("archived=true") => {
            json!({"id": "70000001", "email": "left@example.com", "firstName": "Ann", "lastName": "Lee", "archived": true})
        }
        "/crm/owners/2026-03/70000002" if call.query.contains("archived=false") => {
            json!({"id": "70000002", "email": "cs@example.com", "archived": false, "teams": []})
        }
        _ => return Some((404, json!({"status": "error", "category": "OBJECT_NOT_FOUND"}))),
    };
    Some((200, answer))
}

fn won(resolution: Resolution) -> Box<Won> {
    match resolution {
        Resolution::Won(won) => won,
        other => panic!("not won: {other:?}"),
    }
}

#[tokio::test]
async fn a_won_deal_becomes_a_record() {
    let portal = Portal::start(healthy).await;
    let (hubspot, _clock) = hubspot(&portal);
    let won = won(hubspot.resolve("301000000417", &wanted()).await.expect("readable"));
    assert_eq!(won.win.to_string(), "hubspot:48210077:301000000417@2026-11-20T15:04:05.123Z");
    assert_eq!(won.merged_from, ["301000000400", "301000000401"]);

    let record = won.record;
    assert_eq!(
        record.url.as_deref(),
        Some("https://app.hubspot.com/contacts/48210077/record/0-3/301000000417")
    );
    assert_eq!(record.company.as_ref().and_then(|company| company.get("name")), Some("Acme GmbH"));
    let contacts: Vec<_> =
        record.contacts.iter().map(|c| (c.object.id.as_str(), c.labels.join(","))).collect();
    assert_eq!(contacts, [("501", "Decision maker".to_owned())], "502 is archived, and that is no failure");
    let owner = record.owner.expect("an owner");
    assert_eq!((owner.name().as_deref(), owner.is_active()), (Some("Ann Lee"), false));
    assert_eq!(record.users["70000002"].email(), Some("cs@example.com"));
    assert!(record.users["70000002"].is_active());
    assert_eq!(record.line_items[0].get("quantity"), Some("40"));
    assert_eq!(record.unavailable, ["deal.handoff_typo"]);
    assert_eq!(
        record.fields.keys().collect::<Vec<_>>(),
        ["company.customer_tier", "deal.cs_owner", "deal.handoff_promises"]
    );
    assert_eq!(record.fetched_at, NOW.parse().ok());
}

#[tokio::test]
async fn every_user_that_a_field_holds_is_known_whatever_the_field_is_for() {
    let portal = Portal::start(healthy).await;
    let (hubspot, _clock) = hubspot(&portal);
    let wanted = WantedFields { paths: vec![FieldPath::deal("cs_owner")], users: Vec::new() };
    let record = won(hubspot.resolve("301000000417", &wanted).await.expect("readable")).record;
    assert_eq!(record.users.keys().collect::<Vec<_>>(), ["70000001", "70000002"]);
}

#[tokio::test]
async fn a_warm_resolve_takes_five_calls() {
    let portal = Portal::start(healthy).await;
    let (hubspot, clock) = hubspot(&portal);
    hubspot.resolve("301000000417", &wanted()).await.expect("readable");
    portal.take_paths();
    clock.advance(Duration::from_mins(59));
    hubspot.resolve("301000000417", &wanted()).await.expect("readable");
    assert_eq!(
        portal.take_paths(),
        [
            "GET /crm/objects/2026-03/deals/301000000417",
            "GET /crm/objects/2026-03/deals/301000000417/associations/contacts",
            "POST /crm/objects/2026-03/companies/batch/read",
            "POST /crm/objects/2026-03/contacts/batch/read",
            "POST /crm/objects/2026-03/line_items/batch/read",
        ]
    );
    clock.advance(Duration::from_mins(1));
    hubspot.resolve("301000000417", &wanted()).await.expect("readable");
    assert!(
        portal.take_paths().contains(&"GET /crm/pipelines/2026-03/deals".to_owned()),
        "an hour has passed"
    );
}

#[tokio::test]
async fn every_call_carries_the_token_and_the_deal_call_asks_for_what_is_mapped() {
    let portal = Portal::start(healthy).await;
    let (hubspot, _clock) = hubspot(&portal);
    hubspot.resolve("301000000417", &wanted()).await.expect("readable");
    let calls = portal.calls();
    assert!(calls.iter().all(|call| call.token == "Bearer pat-eu1-test"));
    let deal = calls.iter().find(|call| call.path.ends_with("/deals/301000000417")).expect("the deal call");
    for part in ["handoff_promises", "cs_owner", "propertiesWithHistory=dealstage", "archived=false"] {
        assert!(deal.query.contains(part), "{part} in {}", deal.query);
    }
    let contacts =
        calls.iter().find(|call| call.path.ends_with("contacts/batch/read")).expect("the contacts");
    let body: Value = serde_json::from_str(&contacts.body).expect("JSON");
    assert_eq!(body["inputs"], json!([{"id": "501"}, {"id": "502"}]));
}

#[tokio::test]
async fn a_deal_without_company_contacts_and_items_needs_no_second_round() {
    let portal = Portal::start(|call: &Call| {
        let mut answer = healthy(call)?;
        if call.path.ends_with("/deals/301000000417") {
            answer.1["associations"] = json!({});
        }
        if call.path.ends_with("associations/contacts") {
            answer.1 = json!({"results": []});
        }
        Some(answer)
    })
    .await;
    let (hubspot, _clock) = hubspot(&portal);
    let won = won(hubspot.resolve("301000000417", &WantedFields::default()).await.expect("readable"));
    assert!(won.record.company.is_none() && won.record.contacts.is_empty());
    assert!(!portal.take_paths().iter().any(|path| path.contains("batch")));
}

#[tokio::test]
async fn a_merged_deal_is_followed_to_its_new_id() {
    let portal = Portal::start(|call: &Call| match call.path.as_str() {
        "/crm/objects/2026-03/deals/301000000400" => Some((200, won_deal("301000000417"))),
        "/crm/objects/2026-03/deals/301000000400/associations/contacts" => {
            Some((200, json!({"results": []})))
        }
        _ => healthy(call),
    })
    .await;
    let (hubspot, _clock) = hubspot(&portal);
    let won = won(hubspot.resolve("301000000400", &wanted()).await.expect("readable"));
    assert_eq!(won.win.deal.deal, "301000000417");
    assert_eq!(won.record.contacts[0].labels, ["Decision maker"]);
}

#[tokio::test]
async fn a_missing_deal_is_gone_and_one_in_another_stage_is_not_won() {
    let portal = Portal::start(|call: &Call| {
        let mut answer = healthy(call)?;
        if call.path.ends_with("/deals/301000000417") {
            answer.1["properties"]["dealstage"] = json!("8812346");
            answer.1["properties"]["hs_is_closed_won"] = json!("false");
        }
        Some(answer)
    })
    .await;
    let (hubspot, _clock) = hubspot(&portal);
    assert_eq!(hubspot.resolve("999", &wanted()).await, Ok(Resolution::Gone));
    assert_eq!(hubspot.fetch("999", &wanted()).await, Ok(None));
    let open = Resolution::NotWon { stage: "8812346".to_owned() };
    assert_eq!(hubspot.resolve("301000000417", &wanted()).await, Ok(open));
    let fetched = hubspot.fetch("301000000417", &wanted()).await.expect("readable").expect("there");
    assert_eq!(fetched.deal.get("dealname"), Some("Acme"));
    assert!(matches!(hubspot.resolve("../owners", &wanted()).await, Err(Failure::GiveUp { .. })));
}

#[tokio::test]
async fn a_stage_that_was_made_won_a_moment_ago_is_noticed_at_once() {
    let mut asked = 0;
    let portal = Portal::start(move |call: &Call| {
        if !call.path.starts_with("/crm/pipelines") {
            return healthy(call);
        }
        asked += 1;
        let mut answer = pipelines();
        match asked {
            // The stage does not exist yet, then it is open, then it is a won one.
            1 => answer["results"][0]["stages"] = json!([]),
            2 => answer["results"][0]["stages"][1]["metadata"]["probability"] = json!("0.9"),
            _ => {}
        }
        Some((200, answer))
    })
    .await;
    let (hubspot, _clock) = hubspot(&portal);
    assert_eq!(hubspot.known_stage("8812350"), None, "nothing was read yet");
    hubspot.metadata.stages().await.expect("readable");
    assert_eq!(hubspot.known_stage("8812350"), None);
    let open = hubspot.resolve("301000000417", &wanted()).await.expect("readable");
    assert!(matches!(open, Resolution::NotWon { .. }), "unknown, so read again: open");
    assert_eq!(hubspot.known_stage("8812350"), Some(false));
    won(hubspot
        .resolve("301000000417", &wanted())
        .await
        .expect("the deal's own flag disagrees, so read again"));
    assert_eq!(hubspot.known_stage("8812350"), Some(true));
}

#[tokio::test]
async fn old_stages_drop_no_event() {
    let portal = Portal::start(healthy).await;
    let (hubspot, clock) = hubspot(&portal);
    hubspot.metadata.stages().await.expect("readable");
    clock.advance(Duration::from_secs(599));
    assert_eq!(hubspot.known_stage("8812346"), Some(false));
    clock.advance(Duration::from_secs(1));
    assert_eq!(hubspot.known_stage("8812346"), None);
}

#[tokio::test]
async fn a_rate_limit_in_either_shape_is_retried_later_and_silences_the_next_call() {
    for (body, wait) in [
        (json!({"status": "error", "errorType": "RATE_LIMIT", "policyName": "TEN_SECONDLY_ROLLING"}), 10),
        (json!({"status": "error", "category": "RATE_LIMITS", "policyName": "SECONDLY"}), 1),
    ] {
        let mut first = true;
        let portal =
            Portal::start(
                move |call: &Call| {
                    if std::mem::take(&mut first) { Some((429, body.clone())) } else { healthy(call) }
                },
            )
            .await;
        let (hubspot, clock) = hubspot(&portal);
        let failure = hubspot.metadata.stages().await.map(|_| ()).expect_err("limited");
        let Failure::Retry { after, .. } = &failure else { panic!("{failure:?}") };
        assert_eq!(*after, Some(Duration::from_secs(wait)));

        let early = tokio::time::timeout(Duration::from_millis(100), hubspot.metadata.stages()).await;
        assert!(early.is_err(), "the second call has to wait");
        assert_eq!(portal.take_paths().len(), 1);
        clock.advance(Duration::from_secs(wait));
        hubspot.metadata.stages().await.map(|_| ()).expect("allowed again");
    }
}

#[tokio::test]
async fn a_refused_static_token_pauses_the_portal() {
    let portal = Portal::start(|_: &Call| Some((401, json!({"category": "EXPIRED_AUTHENTICATION"})))).await;
    let (hubspot, _clock) = hubspot(&portal);
    let failure = hubspot.metadata.fresh_stages().await.map(|_| ()).expect_err("refused");
    assert!(matches!(failure, Failure::Pause { until: None, .. }), "{failure:?}");
    assert_eq!(portal.take_paths().len(), 1, "there is no other token to try");
}

fn oauth(file: Option<std::path::PathBuf>) -> Auth {
    Auth::OAuth {
        client_id: "client".to_owned(),
        client_secret: "app secret".into(),
        refresh_token: "refresh-1".into(),
        refresh_token_file: file,
    }
}

/// Hands out `access-1`, `access-2`, …, each good for half an hour.
fn issue(number: usize) -> Answer {
    let body = json!({"token_type": "bearer", "access_token": format!("access-{number}"),
        "refresh_token": "refresh-2", "expires_in": 1800});
    (200, body)
}

#[tokio::test]
async fn a_refused_access_token_is_renewed_once_even_for_many_callers() {
    let mut issued = 0;
    let portal = Portal::start(move |call: &Call| {
        if call.path == "/oauth/2026-03/token" {
            issued += 1;
            return Some(issue(issued));
        }
        if call.token == "Bearer access-1" { Some((401, json!({}))) } else { healthy(call) }
    })
    .await;
    let dir = tempfile::tempdir().expect("a directory");
    let file = dir.path().join("refresh");
    let (hubspot, clock) = hubspot_with(&portal.url, oauth(Some(file.clone())));
    won(hubspot.resolve("301000000417", &wanted()).await.expect("renewed"));
    {
        let calls = portal.calls();
        let renewals: Vec<&Call> = calls.iter().filter(|call| call.path.starts_with("/oauth")).collect();
        assert_eq!(renewals.len(), 2, "one to begin with, one for three callers who were refused together");
        assert_eq!(
            renewals[0].body,
            "grant_type=refresh_token&client_id=client&client_secret=app+secret&refresh_token=refresh-1"
        );
        assert!(renewals[1].body.ends_with("refresh_token=refresh-2"), "the newer one is used");
    }
    assert_eq!(std::fs::read_to_string(&file).expect("the file"), "refresh-2");

    portal.take_paths();
    clock.advance(Duration::from_secs(1_739));
    hubspot.resolve("301000000417", &wanted()).await.expect("still good");
    assert!(!portal.take_paths().iter().any(|path| path.contains("oauth")));
    clock.advance(Duration::from_secs(1));
    hubspot.resolve("301000000417", &wanted()).await.expect("renewed early");
    assert!(portal.take_paths().iter().any(|path| path.contains("oauth")), "a minute before it ends");
}

#[tokio::test]
async fn a_second_refusal_after_the_renewal_pauses() {
    let portal = Portal::start(|call: &Call| match call.path.as_str() {
        "/oauth/2026-03/token" => Some(issue(1)),
        _ => Some((401, json!({"status": "error", "category": "EXPIRED_AUTHENTICATION"}))),
    })
    .await;
    let (hubspot, _clock) = hubspot_with(&portal.url, oauth(None));
    let failure = hubspot.metadata.fresh_stages().await.map(|_| ()).expect_err("refused");
    assert!(matches!(failure, Failure::Pause { .. }), "{failure:?}");
}

#[tokio::test]
async fn a_stale_kept_refresh_token_gives_way_to_the_configured_one() {
    let portal = Portal::start(|call: &Call| match call.path.as_str() {
        "/oauth/2026-03/token" if call.body.ends_with("refresh_token=kept") => {
            Some((400, json!({"status": "BAD_REFRESH_TOKEN", "message": "kept"})))
        }
        "/oauth/2026-03/token" => Some(issue(1)),
        _ => healthy(call),
    })
    .await;
    let dir = tempfile::tempdir().expect("a directory");
    let file = dir.path().join("refresh");
    std::fs::write(&file, "kept\n").expect("written");
    let (hubspot, _clock) = hubspot_with(&portal.url, oauth(Some(file)));
    hubspot.metadata.fresh_stages().await.map(|_| ()).expect("the configured one works");
}

#[tokio::test]
async fn a_dead_refresh_token_pauses_and_says_what_to_do() {
    let portal =
        Portal::start(|_: &Call| Some((400, json!({"status": "BAD_REFRESH_TOKEN", "message": "refresh-1"}))))
            .await;
    let (hubspot, _clock) = hubspot_with(&portal.url, oauth(None));
    let failure = hubspot.metadata.fresh_stages().await.map(|_| ()).expect_err("refused");
    assert!(matches!(failure, Failure::Pause { .. }));
    insta::assert_snapshot!(
        failure,
        @"renewing the access token: HubSpot answered 400 BAD_REFRESH_TOKEN; connect the app again"
    );
}

fn draft() -> TaskDraft {
    TaskDraft {
        subject: "Handoff".to_owned(),
        body: vec![TaskBlock::Paragraph("Text".to_owned())],
        marker: "[handoff:pkt_1]".to_owned(),
        assignee: None,
        due: NOW.parse::<Timestamp>().expect("a timestamp"),
        deal: "301000000417".to_owned(),
        contacts: Vec::new(),
        company: None,
        urgent: false,
    }
}

#[tokio::test]
async fn a_created_task_has_a_link() {
    let portal = Portal::start(|_: &Call| Some((201, json!({"id": "88001", "properties": {}})))).await;
    let (hubspot, _clock) = hubspot(&portal);
    let task = hubspot.create_task(&draft()).await.expect("created");
    assert_eq!(task.url, "https://app.hubspot.com/contacts/48210077/record/0-27/88001");
    assert_eq!(portal.take_paths(), ["POST /crm/objects/2026-03/tasks"]);
}

#[tokio::test]
async fn a_task_whose_creation_was_not_answered_is_of_unknown_outcome() {
    for answer in [None, Some((502, json!({}))), Some((201, json!({"odd": true})))] {
        let portal = Portal::start(move |_: &Call| answer.clone()).await;
        let (hubspot, _clock) = hubspot(&portal);
        let failure = hubspot.create_task(&draft()).await.expect_err("no answer");
        assert!(matches!(failure, Failure::Unknown { .. }), "{failure:?}");
        assert_eq!(portal.take_paths().len(), 1, "never repeated blindly");
    }
}

#[tokio::test]
async fn a_read_without_an_answer_is_retried() {
    let portal = Portal::start(|_: &Call| None).await;
    let (hubspot, _clock) = hubspot(&portal);
    let failure = hubspot.resolve("7", &wanted()).await.expect_err("no answer");
    assert!(matches!(failure, Failure::Retry { after: None, .. }), "{failure:?}");
}

#[tokio::test]
async fn nobody_at_home_means_that_nothing_was_written() {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
    let url = format!("http://{}", listener.local_addr().expect("an address"));
    drop(listener);
    let (hubspot, _clock) = hubspot_with(&url, Auth::Token("pat-eu1-test".into()));
    let failure = hubspot.create_task(&draft()).await.expect_err("refused");
    assert!(matches!(failure, Failure::Retry { .. }), "{failure:?}");
    assert!(failure.why().starts_with("creating the task: no connection: "), "{failure}");
}

#[tokio::test]
async fn a_task_is_found_through_the_deal_and_under_its_new_id_after_a_merge() {
    let portal = Portal::start(|call: &Call| {
        let answer = match call.path.as_str() {
            "/crm/objects/2026-03/deals/301000000417/associations/tasks" if !call.query.contains("after") => {
                json!({"results": [{"toObjectId": 1}], "paging": {"next": {"after": "NTAx"}}})
            }
            "/crm/objects/2026-03/deals/301000000417/associations/tasks" => json!({"results": [{"toObjectId": 2}]}),
            "/crm/objects/2026-03/deals/301000000400/associations/tasks" => json!({"results": []}),
            "/crm/objects/2026-03/deals/301000000400" => won_deal("301000000417"),
            "/crm/objects/2026-03/tasks/batch/read" => json!({"results": [
                {"id": "1", "properties": {"hs_task_subject": "Call", "hs_task_body": null}},
                {"id": "2", "properties": {"hs_task_subject": "Handoff", "hs_task_body": "<p>[handoff:pkt_1]</p>"}},
            ]}),
            _ => return healthy(call),
        };
        Some((200, answer))
    })
    .await;
    let (hubspot, _clock) = hubspot(&portal);
    for deal in ["301000000417", "301000000400"] {
        let task = hubspot.find_task(deal, "[handoff:pkt_1]").await.expect("readable").expect("there");
        assert_eq!(task.id, "2");
    }
    assert_eq!(hubspot.find_task("301000000417", "[handoff:pkt_2]").await, Ok(None));
    assert!(!portal.take_paths().iter().any(|path| path.contains("search")), "search lags behind");
}

#[tokio::test]
async fn more_than_a_hundred_contacts_are_read_in_several_batches() {
    let portal = Portal::start(|call: &Call| {
        if call.path.ends_with("associations/contacts") {
            let links: Vec<Value> = (1..=250).map(|id| json!({"toObjectId": id})).collect();
            return Some((200, json!({"results": links})));
        }
        if call.path.ends_with("contacts/batch/read") {
            let body: Value = serde_json::from_str(&call.body).expect("JSON");
            let mut found = body["inputs"].as_array().expect("inputs").clone();
            assert!(found.len() <= 100);
            found.reverse();
            return Some((200, json!({"results": found})));
        }
        healthy(call)
    })
    .await;
    let (hubspot, _clock) = hubspot(&portal);
    let won = won(hubspot.resolve("301000000417", &wanted()).await.expect("readable"));
    let ids: Vec<&str> = won.record.contacts.iter().map(|contact| contact.object.id.as_str()).collect();
    assert_eq!(ids.len(), 251, "and one that only the deal itself names");
    assert_eq!(ids[..3], ["1", "2", "3"], "in the CRM's order");
}

#[tokio::test]
async fn very_many_mapped_fields_are_read_in_a_batch_beside_the_deal() {
    let portal = Portal::start(|call: &Call| {
        if call.path == "/crm/objects/2026-03/deals/batch/read" {
            let found = json!({"id": "301000000417", "properties": {"custom_property_number_399": "last"}});
            return Some((200, json!({"results": [found]})));
        }
        assert!(call.query.len() < 8_000, "{}", call.query.len());
        healthy(call)
    })
    .await;
    let (hubspot, _clock) = hubspot(&portal);
    let paths = (0..400).map(|number| FieldPath::deal(&format!("custom_property_number_{number}"))).collect();
    let record = hubspot.fetch("301000000417", &WantedFields { paths, users: Vec::new() }).await;
    let record = record.expect("readable").expect("there");
    assert_eq!(record.deal.get("custom_property_number_399"), Some("last"));
    assert_eq!(record.deal.get("dealname"), Some("Acme"));
}

/// A portal whose won deals changed at these instants; it searches like HubSpot, with pages of `page` deals.
fn searchable(page: usize, deals: &'static [(&str, i64)]) -> impl FnMut(&Call) -> Option<Answer> {
    move |call: &Call| {
        assert_eq!(call.path, "/crm/objects/2026-03/deals/search");
        let query: Value = serde_json::from_str(&call.body).expect("JSON");
        let text = |value: &Value| value.as_str().expect("text").parse::<i64>().expect("a number");
        let from = text(&query["filterGroups"][0]["filters"][1]["value"]);
        let after = usize::try_from(text(&query["after"])).expect("small");
        let found: Vec<&(&str, i64)> = deals.iter().filter(|(_, at)| *at >= from).collect();
        let rest = found.get(after..).unwrap_or_default();
        let results = rest.iter().take(page).map(|(id, at)| {
            let changed = Timestamp::from_millisecond(*at).expect("a timestamp").to_string();
            json!({"id": id, "properties": {"hs_lastmodifieddate": changed, "hs_closed_won_date": changed}})
        });
        let mut answer = json!({"total": found.len(), "results": results.collect::<Vec<_>>()});
        if rest.len() > page {
            answer["paging"] = json!({"next": {"after": (after + page).to_string()}});
        }
        Some((200, answer))
    }
}

async fn seen(hubspot: &HubSpot, since: i64) -> Vec<String> {
    let since = Timestamp::from_millisecond(since).expect("a timestamp");
    let seen = hubspot.won_since(since).await.expect("readable");
    seen.into_iter().map(|hint| hint.deal).collect()
}

#[tokio::test]
async fn a_sweep_asks_for_won_deals_with_every_key_that_search_requires() {
    let portal = Portal::start(|_: &Call| {
        let results = json!([
            {"id": "1", "properties": {"hs_lastmodifieddate": "2026-11-20T09:00:00.123Z",
                "hs_closed_won_date": "2026-11-20T08:00:00Z",
                "hs_v2_date_entered_current_stage": "2026-11-20T08:30:00Z"}},
            {"id": 2, "properties": {"hs_lastmodifieddate": "1763629200000", "hs_closed_won_date": null}},
        ]);
        Some((200, json!({"total": 2, "results": results})))
    })
    .await;
    let (hubspot, _clock) = hubspot(&portal);
    let since = "2026-11-17T16:00:00Z".parse().expect("a timestamp");
    let hints = hubspot.won_since(since).await.expect("readable");
    let at = |text: &str| text.parse::<Timestamp>().expect("a timestamp");
    let won_at = Some(at("2026-11-20T08:30:00Z"));
    assert_eq!(
        hints,
        [
            WonDealHint { deal: "1".to_owned(), changed_at: at("2026-11-20T09:00:00.123Z"), won_at },
            WonDealHint { deal: "2".to_owned(), changed_at: at("2025-11-20T09:00:00Z"), won_at: None },
        ]
    );
    let asked: Value = serde_json::from_str(&portal.calls()[0].body).expect("JSON");
    assert_eq!(
        asked,
        json!({
            "filterGroups": [{"filters": [
                {"propertyName": "hs_is_closed_won", "operator": "EQ", "value": "true"},
                {"propertyName": "hs_lastmodifieddate", "operator": "GTE", "value": "1794931200000"},
            ]}],
            "sorts": [{"propertyName": "hs_lastmodifieddate", "direction": "ASCENDING"}],
            "properties": ["hs_lastmodifieddate", "hs_v2_date_entered_current_stage", "hs_closed_won_date"],
            "limit": 200,
            "after": "0",
        })
    );
}

#[tokio::test]
async fn the_next_page_of_a_search_begins_at_the_last_change() {
    const DEALS: &[(&str, i64)] = &[("1", 10), ("2", 20), ("3", 20), ("4", 30), ("5", 40), ("6", 50)];
    let portal = Portal::start(searchable(2, DEALS)).await;
    let (hubspot, _clock) = hubspot(&portal);
    assert_eq!(seen(&hubspot, 5).await, ["1", "2", "3", "4", "5", "6"]);
    let pages: Vec<String> = portal
        .calls()
        .iter()
        .map(|call| {
            let query: Value = serde_json::from_str(&call.body).expect("JSON");
            format!("{} from {}", query["after"], query["filterGroups"][0]["filters"][1]["value"])
        })
        .collect();
    assert_eq!(pages, [r#""0" from "5""#, r#""0" from "20""#, r#""2" from "20""#, r#""0" from "40""#]);
}

#[tokio::test]
async fn a_deal_that_changes_while_the_pages_are_read_hides_no_other() {
    const BEFORE: &[(&str, i64)] = &[("1", 10), ("2", 20), ("3", 30), ("4", 40)];
    const AFTER: &[(&str, i64)] = &[("2", 20), ("3", 30), ("4", 40), ("1", 50)];
    let (mut before, mut after) = (searchable(2, BEFORE), searchable(2, AFTER));
    let mut first = true;
    let portal =
        Portal::start(move |call: &Call| if std::mem::take(&mut first) { before(call) } else { after(call) })
            .await;
    let (hubspot, _clock) = hubspot(&portal);
    assert_eq!(seen(&hubspot, 5).await, ["1", "2", "3", "4"]);
}

/// Five searches a second are allowed, so time has to pass.
async fn while_time_passes<T>(clock: &Clock, search: impl Future<Output = T>) -> T {
    let time = async {
        loop {
            clock.advance(Duration::from_secs(1));
            tokio::task::yield_now().await;
        }
    };
    tokio::select! {
        found = search => found,
        never = time => never,
    }
}

/// A portal that names a next page on every page, each with the deal that `deal` makes of its number.
async fn endless(deal: impl Fn(usize) -> Value + Send + 'static) -> Portal {
    let mut asked = 0;
    Portal::start(move |_: &Call| {
        asked += 1;
        let answer = json!({"results": [deal(asked)], "paging": {"next": {"after": format!("{asked}")}}});
        Some((200, answer))
    })
    .await
}

#[tokio::test]
async fn pages_that_never_end_are_given_up() {
    let changed = |at: usize| json!({"id": at, "properties": {"hs_lastmodifieddate": at.to_string()}});
    let same = move |_| changed(1000);
    for portal in [endless(changed).await, endless(same).await] {
        let (hubspot, clock) = hubspot(&portal);
        let since = Timestamp::from_millisecond(1).unwrap();
        let failure = while_time_passes(&clock, hubspot.won_since(since)).await.unwrap_err();
        assert_eq!(failure.to_string(), "searching for won deals: there are more than 1000 pages");
        assert_eq!(portal.take_paths().len(), 1_000);
    }
    let portal = endless(changed).await;
    let (hubspot, clock) = hubspot(&portal);
    while_time_passes(&clock, hubspot.last_won(5_000)).await.expect("as many as there were");
    assert_eq!(portal.take_paths().len(), 1_000);
}

#[tokio::test]
async fn associations_without_end_are_read_for_ten_pages() {
    let portal = endless(|at| json!({"toObjectId": at})).await;
    let (hubspot, _clock) = hubspot(&portal);
    let links = hubspot.client.links("301000000417", "contacts").await.expect("readable");
    assert_eq!((links.len(), portal.take_paths().len()), (10, 10));
}

#[tokio::test]
async fn more_deals_in_one_instant_than_search_shows_do_not_stop_the_sweep() {
    let mut asked = 0;
    let portal = Portal::start(move |call: &Call| {
        asked += 1;
        let query: Value = serde_json::from_str(&call.body).expect("JSON");
        let instant = query["filterGroups"][0]["filters"][1]["value"] == "1000";
        let changed = if instant { "1000" } else { "2000" };
        let found = json!([{"id": asked, "properties": {"hs_lastmodifieddate": changed}}]);
        let paging = if instant { json!({"next": {"after": format!("{asked}")}}) } else { Value::Null };
        Some((200, json!({"results": found, "paging": paging})))
    })
    .await;
    let (hubspot, clock) = hubspot(&portal);
    let since = Timestamp::from_millisecond(1000).unwrap();
    let deals = while_time_passes(&clock, hubspot.won_since(since)).await.expect("readable");
    assert_eq!(deals.len(), 51, "fifty pages of one instant, then what came later");
}

#[tokio::test]
async fn a_sixth_search_waits_for_the_next_second() {
    const DEALS: &[(&str, i64)] = &[("1", 1), ("2", 2), ("3", 3), ("4", 4), ("5", 5), ("6", 6), ("7", 7)];
    let portal = Portal::start(searchable(2, DEALS)).await;
    let (hubspot, clock) = hubspot(&portal);
    let early = tokio::time::timeout(Duration::from_millis(200), seen(&hubspot, 0)).await;
    assert!(early.is_err(), "six pages do not fit into a second");
    assert_eq!(portal.take_paths().len(), 5);
    clock.advance(Duration::from_millis(999));
    assert!(tokio::time::timeout(Duration::from_millis(100), seen(&hubspot, 0)).await.is_err());
    assert_eq!(portal.take_paths().len(), 0);
    clock.advance(Duration::from_millis(1));
    assert_eq!(seen(&hubspot, 3).await, ["3", "4", "5", "6", "7"]);
}

#[tokio::test]
async fn a_search_that_other_apps_crowd_out_is_asked_again_when_hubspot_allows() {
    let mut refusals = 2;
    let portal = Portal::start(move |_: &Call| {
        if refusals > 0 {
            refusals -= 1;
            return Some((429, json!({"errorType": "RATE_LIMIT", "policyName": "SECONDLY"})));
        }
        Some((200, json!({"results": []})))
    })
    .await;
    let (hubspot, clock) = hubspot(&portal);
    let time = async {
        loop {
            tokio::task::yield_now().await;
            clock.advance(Duration::from_millis(100));
        }
    };
    tokio::select! {
        seen = seen(&hubspot, 0) => assert_eq!(seen, Vec::<String>::new()),
        () = time => {}
    }
    assert_eq!(portal.take_paths().len(), 3);
}

#[tokio::test]
async fn a_search_that_fails_is_left_to_the_next_sweep() {
    let portal = Portal::start(|_: &Call| Some((502, json!({})))).await;
    let (hubspot, _clock) = hubspot(&portal);
    let failure = hubspot.won_since(Timestamp::UNIX_EPOCH).await.expect_err("a bad gateway");
    assert!(matches!(failure, Failure::Retry { .. }), "{failure:?}");
    insta::assert_snapshot!(failure, @"searching for won deals: HubSpot answered 502");
    assert_eq!(portal.take_paths(), ["POST /crm/objects/2026-03/deals/search"]);
}

#[tokio::test]
async fn an_answer_above_the_limit_is_a_failed_call() {
    let url = server_that_sends(MAX_ANSWER_BYTES + 1).await;
    let (_, clock) = hubspot_with(&url, Auth::Token("pat-eu1-test".into()));
    let config = config(&url, Auth::Token("pat-eu1-test".into()));
    let outbound = test_outbound(reqwest::Client::new(), clock);
    let hubspot = HubSpot::new(&config, &outbound);
    let failure = hubspot.user_by_email("dana@example.com").await.expect_err("too large");
    assert_eq!(failure, Failure::retry("looking for an owner: the answer is too large"));
    let failure = hubspot.create_task(&draft()).await.expect_err("too large");
    assert_eq!(failure, Failure::unknown("creating the task: the answer is too large"));
    let oauth = Auth::OAuth {
        client_id: "app".into(),
        client_secret: "handoff-test-secret-0001".into(),
        refresh_token: "handoff-refresh-0001".into(),
        refresh_token_file: None,
    };
    let hubspot = HubSpot::new(&self::config(&url, oauth), &outbound);
    let failure = hubspot.user_by_email("dana@example.com").await.expect_err("too large");
    assert_eq!(failure, Failure::retry("renewing the access token: the answer is too large"));
}
