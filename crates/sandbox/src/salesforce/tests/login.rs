use super::*;

/// A login that must be refused, and noticed.
async fn refused(claims: Value, error: &str, why: &str) {
    let trial = Trial::new();
    let reply = trial.log_in(&claims).await;
    assert_eq!((reply.status, &reply.json()["error"]), (400, &json!(error)), "{}", reply.text);
    trial.noticed(why);
}

#[tokio::test]
async fn a_good_jwt_buys_a_token_that_says_where_it_is_good_and_not_for_how_long() {
    let trial = Trial::new();
    let mut answer = trial.log_in(&json!({"jti": "1"})).await.json();
    let token = answer["access_token"].take();
    assert!(token.as_str().unwrap().starts_with("00DHn0000012AbC!"));
    assert_eq!(
        answer,
        json!({
            "access_token": null, "scope": "api", "token_type": "Bearer",
            "instance_url": trial.salesforce.url(),
            "id": format!("https://login.salesforce.com/id/{ORG}/{ROBOT}"),
        })
    );
    trial.nothing_was_wrong();
}

#[tokio::test]
async fn a_jwt_expires_within_five_minutes_and_not_yet() {
    let now = Trial::new().clock.now().as_second();
    for exp in [now, now - 1, now + 301, now * 1000] {
        refused(json!({"exp": exp}), "invalid_grant", "expired authorization code").await;
    }
    let trial = Trial::new();
    assert_eq!(trial.log_in(&json!({"exp": now + 300})).await.status, 200);
    assert_eq!(trial.log_in(&json!({"exp": now + 1})).await.status, 200);
}

#[tokio::test]
async fn who_for_whom_and_where_must_be_right() {
    refused(json!({"iss": "other"}), "invalid_client_id", "client identifier invalid").await;
    refused(json!({"sub": "ana@acme.example"}), "invalid_grant", "user hasn't approved this consumer").await;
    refused(json!({"aud": "https://test.salesforce.com"}), "invalid_grant", "audience is invalid").await;
    refused(json!({"aud": ["https://login.salesforce.com"]}), "invalid_grant", "invalid assertion").await;
    refused(json!({"exp": "soon"}), "invalid_grant", "invalid assertion").await;
}

#[tokio::test]
async fn a_sandbox_org_wants_its_own_audience() {
    let trial = Trial::new();
    trial.change(|org| org.audience = "https://test.salesforce.com".to_owned());
    assert_eq!(trial.log_in(&json!({"aud": "https://test.salesforce.com"})).await.status, 200);
}

#[tokio::test]
async fn a_signature_by_nobody_or_another_algorithm_is_refused() {
    let grant = ("grant_type", "urn:ietf:params:oauth:grant-type:jwt-bearer");
    let trial = Trial::new();
    let good = trial.jwt(r#"{"alg":"RS256"}"#, &json!({}));
    let (signed, signature) = good.rsplit_once('.').unwrap();
    let other_claims = trial.jwt(r#"{"alg":"RS256"}"#, &json!({"jti": "2"}));
    let swapped = format!("{}.{signature}", other_claims.rsplit_once('.').unwrap().0);
    for jwt in [&swapped, signed, "", "a.b.c", &format!("{signed}.")] {
        let reply = trial.form(TOKEN, &[grant, ("assertion", jwt)]).await;
        assert_eq!((reply.status, &reply.json()["error"]), (400, &json!("invalid_grant")), "{jwt}");
    }
    for header in [r#"{"alg":"none"}"#, r#"{"alg":"HS256"}"#] {
        let jwt = trial.jwt(header, &json!({}));
        let reply = trial.form(TOKEN, &[grant, ("assertion", &jwt)]).await;
        assert_eq!(reply.json()["error_description"], "algorithm type not supported");
    }
    assert_eq!(trial.salesforce.problems().len(), 7);
}

#[tokio::test]
async fn a_user_whom_nobody_approved_or_who_left_gets_no_token_and_that_is_no_clients_mistake() {
    let trial = Trial::new();
    trial.change(|org| org.approve_app(KEY, false));
    assert_eq!(trial.log_in(&json!({})).await.json()["error"], "invalid_app_access");
    trial.change(|org| {
        org.approve_app(KEY, true);
        org.set(Object::User, ROBOT, "IsActive", "false", Timestamp::UNIX_EPOCH);
    });
    assert_eq!(trial.log_in(&json!({})).await.json()["error"], "invalid_app_access");
    trial.nothing_was_wrong();
}

#[tokio::test]
async fn a_consumer_secret_buys_a_token_too() {
    let trial = Trial::new();
    let form = [("grant_type", "client_credentials"), ("client_id", "secretive"), ("client_secret", "hush")];
    let answer = trial.form(TOKEN, &form).await.json();
    assert_eq!(answer["issued_at"], "1795161600000");
    assert!(answer["signature"].is_string() && answer.get("expires_in").is_none());
    let token = answer["access_token"].as_str().unwrap();
    assert_eq!(trial.send("GET", "/services/data/v66.0/limits", Some(token), None).await.status, 200);
    trial.nothing_was_wrong();
}

#[tokio::test]
async fn a_form_that_is_not_exactly_the_grant_is_refused() {
    let trial = Trial::new();
    let credentials = |id: &'static str, secret: &'static str| {
        vec![("grant_type", "client_credentials"), ("client_id", id), ("client_secret", secret)]
    };
    let jwt = trial.jwt(r#"{"alg":"RS256"}"#, &json!({}));
    let bearer = ("grant_type", "urn:ietf:params:oauth:grant-type:jwt-bearer");
    for (path, form, error) in [
        (TOKEN, credentials("secretive", "guess"), "invalid_client"),
        (TOKEN, credentials("nobody", "hush"), "invalid_client_id"),
        (TOKEN, credentials(KEY, "hush"), "invalid_grant"),
        (TOKEN, vec![("grant_type", "password")], "unsupported_grant_type"),
        (TOKEN, vec![bearer, ("assertion", &jwt), ("client_secret", "hush")], "invalid_request"),
        ("/services/oauth2/token?client_secret=hush", credentials("secretive", "hush"), "invalid_request"),
    ] {
        assert_eq!(trial.form(path, &form).await.json()["error"], error, "{form:?}");
    }
    let as_json = trial.send("POST", TOKEN, None, Some(json!({"grant_type": "client_credentials"}))).await;
    assert_eq!(as_json.json()["error"], "invalid_request");
    assert_eq!(trial.salesforce.problems().len(), 7);
}

#[tokio::test]
async fn a_token_that_was_revoked_or_lay_idle_for_two_hours_is_refused_and_that_is_nobodys_mistake() {
    let trial = Trial::new();
    let limits = "/services/data/v66.0/limits";
    let token = trial.token().await;
    for _ in 0..3 {
        trial.advance(7199);
        assert_eq!(trial.send("GET", limits, Some(&token), None).await.status, 200, "every use prolongs it");
    }
    trial.advance(7200);
    let idle = trial.send("GET", limits, Some(&token), None).await;
    assert_eq!(
        (idle.status, idle.json()),
        (401, json!([{"message": "Session expired or invalid", "errorCode": "INVALID_SESSION_ID"}]))
    );
    let token = trial.token().await;
    trial.change(Org::revoke_tokens);
    assert_eq!(trial.send("GET", limits, Some(&token), None).await.code(), "INVALID_SESSION_ID");
    trial.nothing_was_wrong();
}

#[tokio::test]
async fn a_call_without_a_token_that_was_handed_out_is_noticed() {
    let trial = Trial::new();
    assert_eq!(
        trial.send("GET", "/services/data/v66.0/limits", None, None).await.code(),
        "INVALID_AUTH_HEADER"
    );
    let made_up = trial.send("GET", "/services/data/v66.0/limits", Some("00D!x"), None).await;
    assert_eq!((made_up.status, made_up.code()), (401, "INVALID_SESSION_ID".to_owned()));
    assert_eq!(trial.salesforce.problems().len(), 2);
}

#[tokio::test]
async fn a_token_answer_can_name_another_instance() {
    let trial = Trial::new();
    trial.change(|org| org.instance_url = Some("https://evil.example".to_owned()));
    assert_eq!(trial.log_in(&json!({})).await.json()["instance_url"], "https://evil.example");
}
