//! The client against an org that answers by a script, on loopback.

mod answers;
mod catching_up;
mod login;
mod reading;
pub(super) mod sample;
mod writing;

use std::collections::{BTreeMap, VecDeque};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::extract::{Request, State};
use axum::http::Response;
use jiff::Timestamp;
use serde_json::{Value, json};

use self::sample::{DEAL, ORG, OTHER_ORG, config};
use super::*;
use crate::crm::TaskBlock;
use crate::crm::outbound::tests::test_outbound;
use handoff_core::record::{FieldObject, FieldPath};

const TOKEN: &str = "POST /services/oauth2/token";
const QUERY: &str = "GET /services/data/v66.0/query";
const DESCRIBE: &str = "GET /services/data/v66.0/sobjects/Opportunity/describe";
const CREATE: &str = "POST /services/data/v66.0/sobjects/Task";
const TASK: &str = "00T7F00000107XsUAI";

/// One call as received.
#[derive(Debug, Clone)]
struct Call {
    route: String,
    /// Query string and body, decoded.
    text: String,
    token: String,
}

/// An org that answers by a script. The last answer of a route is repeated.
#[derive(Clone, Default)]
struct Org(Arc<Mutex<Script>>);

#[derive(Default)]
struct Script {
    base: String,
    answers: BTreeMap<String, VecDeque<(u16, Value)>>,
    calls: Vec<Call>,
}

impl Org {
    async fn start() -> Self {
        let org = Self::default();
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let base = format!("http://{}", listener.local_addr().unwrap());
        let router = Router::new().fallback(answer).with_state(org.clone());
        tokio::spawn(async move { axum::serve(listener, router).await });
        org.answers(TOKEN, 200, json!({"access_token": "t1", "instance_url": base, "id": format!("{base}/id/{ORG}/005Hn00000AbCdEIAV")}));
        org.answers(TOKEN, 200, json!({"access_token": "t2", "instance_url": base}));
        org.0.lock().unwrap().base = base;
        org
    }

    fn answers(&self, route: &str, status: u16, body: Value) {
        let mut script = self.0.lock().unwrap();
        script.answers.entry(route.to_owned()).or_default().push_back((status, body));
    }

    fn refuses(&self, route: &str, status: u16, code: &str, message: &str) {
        self.answers(route, status, json!([{"errorCode": code, "message": message, "fields": []}]));
    }

    /// Answers a query for the deal with a won one, and the query for won stages.
    fn holds_a_won_deal(&self) {
        self.answers(QUERY, 200, won_deal());
        self.answers(QUERY, 200, won_stages());
    }

    fn config(&self) -> Settings {
        config(&self.0.lock().unwrap().base)
    }

    fn connect(&self) -> Salesforce {
        connect(&self.config(), &clock())
    }

    fn calls(&self) -> Vec<Call> {
        self.0.lock().unwrap().calls.clone()
    }

    fn forget_calls(&self) {
        self.0.lock().unwrap().calls.clear();
    }

    fn routes(&self) -> Vec<String> {
        self.calls().into_iter().map(|call| call.route).collect()
    }

    fn asked(&self, route: &str) -> Vec<Call> {
        self.calls().into_iter().filter(|call| call.route == route).collect()
    }
}

async fn answer(State(org): State<Org>, request: Request) -> Response<Body> {
    let route = format!("{} {}", request.method(), request.uri().path());
    let query = request.uri().query().unwrap_or_default().replace('+', " ");
    let token = request.headers().get("authorization").map(|value| value.to_str().unwrap().to_owned());
    let body = axum::body::to_bytes(request.into_body(), usize::MAX).await.unwrap();
    let text = format!("{query}{}", String::from_utf8_lossy(&body));
    let mut script = org.0.lock().unwrap();
    script.calls.push(Call { route: route.clone(), text, token: token.unwrap_or_default() });
    let (status, body) = match script.answers.get_mut(&route) {
        Some(answers) if answers.len() > 1 => answers.pop_front().unwrap(),
        Some(answers) => answers[0].clone(),
        None => {
            (404, json!([{"errorCode": "NOT_FOUND", "message": "The requested resource does not exist"}]))
        }
    };
    Response::builder().status(status).body(Body::from(body.to_string())).unwrap()
}

fn connect(config: &Settings, clock: &Clock) -> Salesforce {
    Salesforce::new(config, &outbound(clock)).unwrap()
}

fn outbound(clock: &Clock) -> Outbound {
    test_outbound(http(), clock.clone())
}

fn http() -> reqwest::Client {
    let _ = rustls::crypto::ring::default_provider().install_default();
    reqwest::Client::builder().redirect(reqwest::redirect::Policy::none()).build().unwrap()
}

fn clock() -> Clock {
    Clock::manual("2026-11-22T08:00:00Z".parse().unwrap())
}

fn rows(records: &[Value]) -> Value {
    json!({"totalSize": records.len(), "done": true, "records": records})
}

fn history(rows: &[(&str, &str)]) -> Value {
    let rows: Vec<Value> =
        rows.iter().map(|(stage, at)| json!({"StageName": stage, "CreatedDate": at})).collect();
    self::rows(&rows)
}

fn deal(stage: &str, is_won: bool, history: &Value) -> Value {
    json!({"Id": DEAL, "StageName": stage, "IsWon": is_won, "Name": "Northwind", "Amount": 54000.0,
        "CloseDate": "2026-11-30", "LastStageChangeDate": "2026-11-21T09:00:00.000+0000", "Pain__c": "Slow",
        "OpportunityContactRoles": null, "OpportunityHistories": history})
}

fn won_deal() -> Value {
    let history = history(&[
        ("Closed Won", "2026-11-20T15:04:05.000+0000"),
        ("Negotiation", "2026-11-01T08:00:00.000+0000"),
    ]);
    rows(&[deal("Closed Won", true, &history)])
}

fn won_stages() -> Value {
    rows(&[
        json!({"ApiName": "Closed Won", "MasterLabel": "Won"}),
        json!({"ApiName": "Signed", "MasterLabel": "Signed"}),
    ])
}

fn wanted(names: &[&str]) -> WantedFields {
    WantedFields { paths: names.iter().map(|name| FieldPath::deal(name)).collect(), users: Vec::new() }
}

fn draft() -> TaskDraft {
    TaskDraft {
        subject: "Handoff: Northwind".into(),
        body: vec![TaskBlock::Paragraph("All there".into())],
        marker: "pkt_0a1b2c3d4e5f".into(),
        assignee: Some("005Hn00000AbCdEIAV".into()),
        due: "2026-11-24T08:00:00Z".parse().unwrap(),
        deal: DEAL.into(),
        contacts: vec!["003M000000qfPySIAU".into()],
        company: None,
        urgent: false,
    }
}

async fn won(salesforce: &Salesforce, wanted: &WantedFields) -> Won {
    match salesforce.resolve(DEAL, wanted).await.unwrap() {
        Resolution::Won(won) => *won,
        other => panic!("not won: {other:?}"),
    }
}
