//! How the task gets onto the deal, and what a failed write means.

use super::*;

#[tokio::test]
async fn every_failed_write_says_whether_the_task_may_exist() {
    let org = Org::start().await;
    let salesforce = org.connect();
    let result = async |status, code| {
        org.0.lock().unwrap().answers.remove(CREATE);
        org.refuses(CREATE, status, code, "Acme's secret");
        salesforce.create_task(&draft()).await.unwrap_err()
    };
    assert!(matches!(result(503, "SERVER_UNAVAILABLE").await, Failure::Unknown { .. }));
    assert!(matches!(result(400, "UNABLE_TO_LOCK_ROW").await, Failure::Retry { .. }));
    let limit = result(403, "REQUEST_LIMIT_EXCEEDED").await;
    assert!(matches!(limit, Failure::Pause { until: Some(_), .. }), "{limit:?}");
    let invalid = result(400, "FIELD_CUSTOM_VALIDATION_EXCEPTION").await;
    assert!(matches!(invalid, Failure::GiveUp { .. }) && !invalid.why().contains("Acme"), "{invalid:?}");
    assert!(matches!(result(201, "").await, Failure::Unknown { .. }), "an id that cannot be read");
}

#[tokio::test]
async fn a_hidden_contact_does_not_cost_the_task() {
    let org = Org::start().await;
    org.refuses(CREATE, 400, "INSUFFICIENT_ACCESS_ON_CROSS_REFERENCE_ENTITY", "");
    org.answers(
        CREATE,
        400,
        json!([{"errorCode": "INACTIVE_OWNER_OR_USER", "message": "", "fields": ["OwnerId"]}]),
    );
    org.answers(CREATE, 201, json!({"id": TASK}));
    org.connect().create_task(&draft()).await.unwrap();
    let sent: Vec<Value> =
        org.asked(CREATE).iter().map(|call| serde_json::from_str(&call.text).unwrap()).collect();
    assert!(sent[0].get("WhoId").is_some() && sent[0].get("OwnerId").is_some());
    assert!(sent[2].get("WhoId").is_none() && sent[2].get("OwnerId").is_none());
}

#[tokio::test]
async fn with_a_key_field_the_task_is_written_and_found_by_its_key() {
    let org = Org::start().await;
    let config = Settings { task_key_field: Some("Handoff_Key__c".into()), ..org.config() };
    let salesforce = connect(&config, &clock());
    let marker = "pkt/0a 1b";
    let draft = TaskDraft { marker: marker.into(), ..draft() };
    let path = "/services/data/v66.0/sobjects/Task/Handoff_Key__c/pkt%2F0a%201b";
    assert_eq!(salesforce.find_task(DEAL, marker).await, Ok(None));
    org.answers(&format!("PATCH {path}"), 201, json!({"id": TASK, "success": true, "created": true}));
    org.answers(&format!("PATCH {path}"), 204, Value::Null);
    assert_eq!(salesforce.create_task(&draft).await.unwrap().id, TASK);
    assert!(!org.asked(&format!("PATCH {path}"))[0].text.contains("Handoff_Key__c"));
    org.answers(&format!("GET {path}"), 200, json!({"Id": TASK}));
    assert_eq!(salesforce.create_task(&draft).await.unwrap().id, TASK);
    assert_eq!(salesforce.find_task(DEAL, marker).await.unwrap().unwrap().id, TASK);
}

#[tokio::test]
async fn without_a_key_field_the_task_is_found_by_its_marker_on_the_deal() {
    let org = Org::start().await;
    let task =
        |id: &str, description: Value| json!({"Id": id, "Subject": "Handoff", "Description": description});
    org.answers(
        QUERY,
        200,
        rows(&[task("00T7F00000107XtUAI", Value::Null), task(TASK, "Body\n\npkt_0a1b2c3d4e5f".into())]),
    );
    let salesforce = org.connect();
    assert_eq!(salesforce.find_task(DEAL, "pkt_0a1b2c3d4e5f").await.unwrap().unwrap().id, TASK);
    assert_eq!(salesforce.find_task(DEAL, "pkt_of_another").await, Ok(None));
    assert!(!org.asked(QUERY)[0].text.contains("pkt_"), "text never gets into a query");
}
