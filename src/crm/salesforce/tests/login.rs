//! How a token is got, shared, replaced and refused.

use super::*;
use crate::crm::outbound::MAX_ANSWER_BYTES;
use crate::crm::outbound::tests::{server_that_sends, server_that_sends_elsewhere};

#[tokio::test]
async fn a_refused_token_is_replaced_once_and_the_call_repeated() {
    let org = Org::start().await;
    org.refuses(CREATE, 401, "INVALID_SESSION_ID", "Session expired or invalid");
    org.answers(CREATE, 201, json!({"id": TASK, "success": true, "errors": []}));
    let task = org.connect().create_task(&draft()).await.unwrap();
    assert_eq!(task.id, TASK);
    assert_eq!(task.url, format!("https://acme.lightning.force.com/lightning/r/Task/{TASK}/view"));
    assert_eq!(org.routes(), [TOKEN, CREATE, TOKEN, CREATE]);
    let tokens: Vec<String> = org.asked(CREATE).into_iter().map(|call| call.token).collect();
    assert_eq!(tokens, ["Bearer t1", "Bearer t2"]);
}

#[tokio::test]
async fn a_second_refused_token_pauses_the_org() {
    let org = Org::start().await;
    org.refuses(CREATE, 401, "INVALID_SESSION_ID", "Session expired or invalid");
    let Err(failure) = org.connect().create_task(&draft()).await else { panic!("created") };
    assert!(matches!(failure, Failure::Pause { until: None, .. }), "{failure:?}");
    insta::assert_snapshot!(failure, @"creating the task: Salesforce answered 401 INVALID_SESSION_ID: a new token was refused too");
    assert_eq!(org.routes(), [TOKEN, CREATE, TOKEN, CREATE]);
}

#[tokio::test]
async fn callers_at_the_same_time_share_one_login() {
    let org = Org::start().await;
    org.answers(CREATE, 201, json!({"id": TASK, "success": true}));
    let salesforce = org.connect();
    let draft = draft();
    let tasks = futures_util::future::join_all((0..8).map(|_| salesforce.create_task(&draft))).await;
    assert!(tasks.iter().all(Result::is_ok));
    assert_eq!(org.asked(TOKEN).len(), 1);
}

#[tokio::test]
async fn the_login_sends_a_jwt_or_client_credentials() {
    let org = Org::start().await;
    org.answers(CREATE, 201, json!({"id": TASK}));
    org.connect().create_task(&draft()).await.unwrap();
    let auth = Auth::ClientCredentials { client_id: "app".into(), client_secret: "s&cret".into() };
    let config = Settings { auth, ..org.config() };
    connect(&config, &clock()).create_task(&draft()).await.unwrap();
    let logins: Vec<String> = org.asked(TOKEN).into_iter().map(|call| call.text).collect();
    assert!(
        logins[0]
            .starts_with("grant_type=urn%3Aietf%3Aparams%3Aoauth%3Agrant-type%3Ajwt-bearer&assertion=ey")
    );
    assert_eq!(logins[1], "grant_type=client_credentials&client_id=app&client_secret=s%26cret");
}

#[tokio::test]
async fn a_token_for_another_host_or_org_is_never_used() {
    let granted = |host: &str, org: &str| json!({"access_token": "t", "instance_url": host, "id": format!("https://login.salesforce.com/id/{org}/005Hn00000AbCdEIAV")});
    let org = Org::start().await;
    let base = org.config().instance_url;
    for (host, id, why) in [
        ("https://evil.example", ORG, "another host"),
        (&base.replace("http://", "https://"), ORG, "another host"),
        ("nonsense", ORG, "another host"),
        (&base, OTHER_ORG, "another organisation"),
    ] {
        org.0.lock().unwrap().answers.remove(TOKEN);
        org.answers(TOKEN, 200, granted(host, id));
        let Err(failure) = org.connect().resolve(DEAL, &wanted(&[])).await else { panic!("resolved") };
        assert!(matches!(&failure, Failure::Pause { why: text, .. } if text.contains(why)), "{failure:?}");
    }
    assert!(org.routes().iter().all(|route| route == TOKEN));
}

#[tokio::test]
async fn a_refused_login_says_what_to_change() {
    let org = Org::start().await;
    org.0.lock().unwrap().answers.remove(TOKEN);
    org.answers(
        TOKEN,
        400,
        json!({"error": "invalid_grant", "error_description": "user hasn't approved this consumer"}),
    );
    org.answers(TOKEN, 503, json!("busy"));
    let salesforce = org.connect();
    let Err(refused) = salesforce.find_task(DEAL, "m").await else { panic!("found") };
    insta::assert_snapshot!(refused, @"logging in to Salesforce: Salesforce answered 400 invalid_grant: the user is not pre-authorised for the app, username or audience is wrong, or our clock is off");
    assert!(matches!(refused, Failure::Pause { .. }));
    // A write that never left is not unknown.
    assert!(matches!(salesforce.create_task(&draft()).await, Err(Failure::Retry { .. })));
}

#[test]
fn a_wrong_setting_is_named_at_the_start() {
    let config = || config("https://acme.my.salesforce.com");
    for (config, setting) in [
        (Settings { org: "48210077".into(), ..config() }, "org"),
        (Settings { instance_url: "acme".into(), ..config() }, "instance_url"),
        (Settings { login_url: "acme".into(), ..config() }, "login_url"),
        (Settings { api_version: "v57.0".into(), ..config() }, "api_version"),
        (Settings { api_version: "66".into(), ..config() }, "api_version"),
        (Settings { task_key_field: Some("Key__c/x".into()), ..config() }, "task_key_field"),
    ] {
        let error = Salesforce::new(&config, &outbound(&clock())).err().unwrap();
        assert!(error.starts_with(setting), "{error}");
    }
}

#[tokio::test]
async fn an_answer_above_the_limit_is_a_failed_call() {
    let url = server_that_sends(MAX_ANSWER_BYTES + 1).await;
    let failure = connect(&config(&url), &clock()).user_by_email("dana@example.com").await.unwrap_err();
    assert_eq!(failure, Failure::retry("logging in to Salesforce: the answer could not be read"));

    let login = async |headers: axum::http::HeaderMap| {
        let host = headers["host"].to_str().unwrap();
        axum::Json(json!({"access_token": "t1", "instance_url": format!("http://{host}")}))
    };
    let routes = axum::Router::new().route("/services/oauth2/token", axum::routing::post(login));
    let url = server_that_sends_elsewhere(MAX_ANSWER_BYTES + 1, routes).await;
    let salesforce = connect(&config(&url), &clock());
    let failure = salesforce.user_by_email("dana@example.com").await.unwrap_err();
    insta::assert_snapshot!(failure, @"looking for a user: the answer could not be read");
    assert!(matches!(salesforce.create_task(&draft()).await, Err(Failure::Unknown { .. })));
}
