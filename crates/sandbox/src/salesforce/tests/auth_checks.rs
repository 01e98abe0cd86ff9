use super::*;

const LIMITS: &str = "/services/data/v66.0/limits";

#[tokio::test]
async fn one_version_is_served_and_old_ones_are_gone() {
    let trial = Trial::new();
    for (version, status) in [("v30.0", 410), ("v7.0", 410), ("v31.0", 404), ("v67.0", 404), ("66.0", 404)] {
        let reply = trial.call("GET", &format!("/services/data/{version}/limits"), None).await;
        assert_eq!(reply.status, status, "{version}");
    }
    assert_eq!(trial.salesforce.problems().len(), 5);
    trial.salesforce.change(|state| state.serve_version("v68.0"));
    assert_eq!(trial.call("GET", "/services/data/v68.0/limits", None).await.status, 200);
    let versions = trial.send("GET", "/services/data/", None, None).await.json();
    assert_eq!(versions, json!([{"label": "sandbox", "url": "/services/data/v68.0", "version": "68.0"}]));
}

#[tokio::test]
async fn an_address_longer_than_16384_bytes_is_refused() {
    let trial = Trial::new();
    let of_length = |length: usize| {
        let start = "/services/data/v66.0/query?q=";
        format!("{start}{}", "x".repeat(length - start.len()))
    };
    let reply = trial.call("GET", &of_length(16_385), None).await;
    assert_eq!(reply.status, 414);
    trial.noticed("16,384");
    let with_headers = trial.call("GET", &of_length(16_384), None).await;
    assert_eq!(with_headers.status, 431);
    assert_eq!(trial.call("GET", &of_length(15_000), None).await.code(), "MALFORMED_QUERY");
}

#[tokio::test]
async fn every_call_says_how_much_of_the_limit_is_used() {
    let trial = Trial::new();
    let token = trial.token().await;
    trial.send("GET", LIMITS, Some(&token), None).await;
    let second = trial.send("GET", LIMITS, Some(&token), None).await;
    assert_eq!(second.headers["sforce-limit-info"], "api-usage=2/100000");
    assert_eq!(second.json(), json!({"DailyApiRequests": {"Max": 100_000, "Remaining": 99_998}}));
}

#[tokio::test]
async fn a_used_up_limit_refuses_calls_until_old_ones_are_a_day_old() {
    let trial = Trial::new();
    trial.change(|org| org.daily_api_requests = 2);
    for _ in 0..2 {
        assert_eq!(trial.call("GET", LIMITS, None).await.status, 200);
    }
    let third = trial.call("GET", LIMITS, None).await;
    assert_eq!((third.status, third.code()), (403, "REQUEST_LIMIT_EXCEEDED".to_owned()));
    assert_eq!(third.headers["sforce-limit-info"], "api-usage=2/2");
    trial.advance(24 * 3600);
    assert_eq!(trial.call("GET", LIMITS, None).await.status, 200);
    trial.nothing_was_wrong();
}

#[tokio::test]
async fn calls_are_counted_to_the_opportunities_that_they_name() {
    let trial = Trial::new();
    trial.query(&format!("SELECT Id FROM Opportunity WHERE Id = '{DEAL}'")).await;
    trial.query(&format!("SELECT Id FROM Opportunity WHERE Id IN ('{}', '{OTHER_DEAL}')", &DEAL[..15])).await;
    trial.call("POST", TASKS, Some(json!({"Subject": "x", "WhatId": DEAL}))).await;
    trial.call("GET", LIMITS, None).await;
    let counted = trial.salesforce.see(|state| (state.calls_about(DEAL), state.calls_about(OTHER_DEAL)));
    assert_eq!(counted, (3, 1));
}

#[tokio::test]
async fn what_is_no_route_is_refused_and_only_tasks_can_be_written() {
    for (method, path, status) in [
        ("GET", "/services/data/v66.0/query/x/y", 404),
        ("GET", "/services/apexrest/handoff", 404),
        ("DELETE", TASKS, 404),
        ("POST", "/services/data/v66.0/query", 405),
        ("PUT", LIMITS, 405),
        ("POST", "/services/data/v66.0/sobjects/Opportunity", 403),
        ("PATCH", "/services/data/v66.0/sobjects/Opportunity/006Hn00001QwErTIAV", 403),
        ("DELETE", "/services/data/v66.0/sobjects/Opportunity/006Hn00001QwErTIAV", 403),
    ] {
        let trial = Trial::new();
        let reply = trial.call(method, path, Some(json!({}))).await;
        assert_eq!(reply.status, status, "{method} {path} {}", reply.text);
        assert_eq!(trial.salesforce.problems().len(), 1);
    }
}

#[tokio::test]
async fn faults_come_in_salesforces_shapes() {
    let trial = Trial::new();
    let token = trial.token().await;
    for (fault, status, code) in [
        (Fault::salesforce_session_expired(), 401, "INVALID_SESSION_ID"),
        (Fault::salesforce_limit(), 403, "REQUEST_LIMIT_EXCEEDED"),
        (Fault::salesforce_row_locked(), 400, "UNABLE_TO_LOCK_ROW"),
        (Fault::salesforce_unavailable(Some(3)), 503, "SERVER_UNAVAILABLE"),
        (Fault::salesforce_validation("Subject", "no"), 400, "FIELD_CUSTOM_VALIDATION_EXCEPTION"),
        (Fault::salesforce_error(500, "UNKNOWN_EXCEPTION", "no"), 500, "UNKNOWN_EXCEPTION"),
    ] {
        trial.salesforce.fails("GET /services/data/*", fault, Times::Next(1));
        let reply = trial.send("GET", LIMITS, Some(&token), None).await;
        assert_eq!((reply.status, reply.code()), (status, code.to_owned()));
        assert_eq!(reply.headers.get("retry-after").is_some(), status == 503);
    }
    trial.salesforce.fails(
        "POST /services/oauth2/token",
        Fault::salesforce_login("invalid_grant", "no"),
        Times::Next(1),
    );
    assert_eq!(
        trial.log_in(&json!({})).await.json(),
        json!({"error": "invalid_grant", "error_description": "no"})
    );
    assert_eq!(trial.send("GET", LIMITS, Some(&token), None).await.status, 200);
    trial.nothing_was_wrong();
}
