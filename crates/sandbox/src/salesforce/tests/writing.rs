use super::*;

/// A task that Salesforce takes.
fn good() -> Value {
    json!({
        "Subject": "Handoff: Northwind", "Description": "Please answer\n- Who is the sponsor?", "WhatId": DEAL,
        "WhoId": CONTACT, "OwnerId": SELLER, "ActivityDate": "2026-11-24", "Status": "Not Started",
        "Priority": "High", "IsReminderSet": true, "ReminderDateTime": "2026-11-24T09:00:00.000+0000",
        "TaskSubtype": "Task",
    })
}

/// A task that differs from a good one and must be refused, and noticed. Nothing may be written.
async fn refused(name: &str, value: Value, code: &str) -> Value {
    let trial = Trial::new();
    let mut task = good();
    task[name] = value;
    let reply = trial.call("POST", TASKS, Some(task)).await;
    assert_eq!((reply.status, reply.code()), (400, code.to_owned()), "{}", reply.text);
    assert_eq!(reply.json()[0]["fields"], json!([name]));
    assert_eq!(trial.salesforce.problems().len(), 1);
    assert!(trial.salesforce.see(|state| state.tasks().is_empty()));
    reply.json()[0]["message"].clone()
}

#[tokio::test]
async fn a_good_task_is_created_and_can_be_found() {
    let trial = Trial::new();
    let reply = trial.call("POST", TASKS, Some(good())).await;
    let id = reply.json()["id"].as_str().unwrap().to_owned();
    assert_eq!((reply.status, reply.json()), (201, json!({"id": id, "success": true, "errors": []})));
    assert!(id.starts_with("00T") && full_id(&id).as_deref() == Some(id.as_str()));
    let soql = format!(
        "SELECT Id, Subject, Description, IsClosed, What.Name, Owner.Name FROM Task WHERE WhatId = '{DEAL}' ORDER BY CreatedDate DESC LIMIT 100"
    );
    let rows = trial.rows(&soql).await;
    assert_eq!((&rows[0]["Id"], &rows[0]["Owner"]["Name"]), (&json!(id), &json!("Ana Silva")));
    assert_eq!((&rows[0]["IsClosed"], &rows[0]["Description"]), (&json!(false), &good()["Description"]));
    let deal = trial.rows(&format!("SELECT HasOpenActivity, (SELECT Id FROM Tasks WHERE IsClosed = false) FROM Opportunity WHERE Id = '{DEAL}'")).await;
    assert_eq!((&deal[0]["HasOpenActivity"], &deal[0]["Tasks"]["totalSize"]), (&json!(true), &json!(1)));
    assert_eq!(trial.salesforce.see(|state| state.tasks_of(DEAL).len()), 1);
    trial.nothing_was_wrong();
}

#[tokio::test]
async fn what_is_left_out_gets_the_orgs_default() {
    let trial = Trial::new();
    let reply = trial.call("POST", TASKS, Some(json!({"Subject": "x", "WhatId": &DEAL[..15]}))).await;
    assert_eq!(reply.status, 201, "{}", reply.text);
    trial.salesforce.see(|state| {
        let task = state.tasks_of(DEAL)[0].clone();
        assert_eq!((task.get("Status"), task.get("Priority")), (Some("Not Started"), Some("Normal")));
        assert_eq!(task.get("OwnerId"), Some(ROBOT));
    });
}

#[tokio::test]
async fn a_text_may_be_as_long_as_its_field_and_not_longer() {
    let message = refused("Subject", json!("ü".repeat(256)), "STRING_TOO_LONG").await;
    assert_eq!(message, "Subject: data value too large (max length=255)");
    refused("Description", json!("x".repeat(32_001)), "STRING_TOO_LONG").await;
    refused("Description", json!("😀".repeat(16_001)), "STRING_TOO_LONG").await;
    let trial = Trial::new();
    let task = json!({"Subject": "ü".repeat(255), "Description": "😀".repeat(16_000), "WhatId": DEAL});
    assert_eq!(trial.call("POST", TASKS, Some(task)).await.status, 201);
}

#[tokio::test]
async fn a_value_of_another_type_is_refused() {
    refused("Subject", json!(5), "JSON_PARSER_ERROR").await;
    refused("IsReminderSet", json!("true"), "JSON_PARSER_ERROR").await;
    refused("ActivityDate", json!("24.11.2026"), "JSON_PARSER_ERROR").await;
    refused("ActivityDate", json!("2026-11-24T00:00:00Z"), "JSON_PARSER_ERROR").await;
    refused("ReminderDateTime", json!("2026-11-24 09:00"), "JSON_PARSER_ERROR").await;
}

#[tokio::test]
async fn a_value_that_no_pick_list_offers_is_refused() {
    let message = refused("Status", json!("Offen"), "INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST").await;
    assert_eq!(message, "Status: bad value for restricted picklist field: Offen");
    refused("Priority", json!("Urgent"), "INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST").await;
    let trial = Trial::new();
    trial.change(|org| {
        org.clear(Object::TaskStatus);
        org.add_task_status("Offen", false);
    });
    let mut task = good();
    assert_eq!(trial.call("POST", TASKS, Some(task.clone())).await.status, 400);
    task["Status"] = json!("Offen");
    assert_eq!(trial.call("POST", TASKS, Some(task)).await.status, 201);
}

#[tokio::test]
async fn a_field_that_no_org_has_or_nobody_may_write_is_refused() {
    let message = refused("Subjct", json!("x"), "INVALID_FIELD").await;
    assert_eq!(message, "No such column 'Subjct' on sobject of type Task");
    refused("IsClosed", json!(true), "INVALID_FIELD_FOR_INSERT_UPDATE").await;
    refused("CreatedDate", json!("2026-11-24T09:00:00.000+0000"), "INVALID_FIELD_FOR_INSERT_UPDATE").await;
}

#[tokio::test]
async fn an_id_must_be_one_of_the_right_kind() {
    refused("WhatId", json!(CONTACT), "MALFORMED_ID").await;
    refused("WhatId", json!("006Hn00001QwErTIAW"), "MALFORMED_ID").await;
    refused("WhoId", json!(DEAL), "MALFORMED_ID").await;
    refused("OwnerId", json!("ana@acme.example"), "MALFORMED_ID").await;
}

#[tokio::test]
async fn a_user_who_left_owns_nothing() {
    let message = refused("OwnerId", json!(LEFT), "INACTIVE_OWNER_OR_USER").await;
    assert_eq!(message, "operation performed with inactive user [005Hn00000AbCdFIAV] as owner of task");
}

#[tokio::test]
async fn a_record_that_is_deleted_or_not_shared_takes_no_task_and_that_is_nobodys_mistake() {
    let trial = Trial::new();
    trial.change(|org| org.unshare(CONTACT));
    let reply = trial.call("POST", TASKS, Some(good())).await;
    assert_eq!(reply.code(), "INSUFFICIENT_ACCESS_ON_CROSS_REFERENCE_ENTITY");
    assert_eq!(reply.json()[0]["fields"], json!(["WhoId"]));
    trial.change(|org| org.delete(Object::Contact, CONTACT));
    assert_eq!(trial.call("POST", TASKS, Some(good())).await.code(), "INVALID_CROSS_REFERENCE_KEY");
    trial.nothing_was_wrong();
}

#[tokio::test]
async fn an_admin_can_demand_a_field_or_forbid_tasks_and_that_is_nobodys_mistake() {
    let trial = Trial::new();
    trial.change(|org| org.add_field(Object::Task, Field::new("Team__c", "Team", Type::Text).required()));
    let reply = trial.call("POST", TASKS, Some(good())).await;
    assert_eq!(reply.json()[0]["message"], "Required fields are missing: [Team__c]");
    let mut task = good();
    task["Team__c"] = json!(" ");
    assert_eq!(
        trial.call("POST", TASKS, Some(task.clone())).await.code(),
        "REQUIRED_FIELD_MISSING",
        "a blank is none"
    );
    trial.change(|org| org.may_edit_tasks = false);
    task["Team__c"] = json!("East");
    let reply = trial.call("POST", TASKS, Some(task)).await;
    assert_eq!((reply.status, reply.code()), (403, "INSUFFICIENT_ACCESS".to_owned()));
    trial.nothing_was_wrong();
}

#[tokio::test]
async fn a_body_that_is_not_declared_json_or_is_none_is_refused() {
    let trial = Trial::new();
    let token = trial.token().await;
    for (kind, body, status) in
        [("text/plain", "{}", 415), ("application/json", "{", 400), ("application/json", "[]", 400)]
    {
        let request =
            trial.client.post(trial.url(TASKS)).bearer_auth(&token).header("content-type", kind).body(body);
        assert_eq!(Trial::read(request).await.unwrap().status, status, "{kind} {body}");
    }
    assert_eq!(trial.salesforce.problems().len(), 3);
}

#[tokio::test]
async fn a_key_creates_a_task_once_and_changes_it_afterwards() {
    let trial = Trial::new();
    let path = format!("{TASKS}/Handoff_Key__c/pkt%2F0a%201b%2Bc");
    assert_eq!(trial.call("GET", &format!("{path}?fields=Id"), None).await.status, 404);
    let created = trial.call("PATCH", &path, Some(good())).await;
    let id = created.json()["id"].clone();
    assert_eq!((created.status, &created.json()["created"]), (201, &json!(true)));
    let mut changed = good();
    changed["Status"] = json!("Completed");
    let again = trial.call("PATCH", &path, Some(changed)).await;
    assert_eq!(
        (again.status, again.json()),
        (200, json!({"id": id, "success": true, "errors": [], "created": false}))
    );
    assert_eq!(trial.call("GET", &format!("{path}?fields=Id"), None).await.json()["Id"], id);
    trial.salesforce.see(|state| {
        let tasks = state.tasks_of(DEAL);
        assert_eq!(tasks.len(), 1);
        assert_eq!(
            (tasks[0].get("Handoff_Key__c"), tasks[0].get("Status")),
            (Some("pkt/0a 1b+c"), Some("Completed"))
        );
    });
    trial.nothing_was_wrong();
}

#[tokio::test]
async fn the_key_is_not_repeated_in_the_body() {
    let trial = Trial::new();
    let mut task = good();
    task["Handoff_Key__c"] = json!("k");
    let reply = trial.call("PATCH", &format!("{TASKS}/Handoff_Key__c/k"), Some(task)).await;
    assert_eq!((reply.status, reply.code()), (400, "INVALID_FIELD".to_owned()));
    trial.noticed("should not be specified");
}

#[tokio::test]
async fn only_an_external_id_is_a_key() {
    for field in ["Subject", "Other_Key__c"] {
        let trial = Trial::new();
        let reply = trial.call("PATCH", &format!("{TASKS}/{field}/k"), Some(good())).await;
        assert_eq!((reply.status, reply.code()), (404, "NOT_FOUND".to_owned()));
        assert!(reply.text.contains("Provided external ID field does not exist"), "{}", reply.text);
    }
}

#[tokio::test]
async fn several_tasks_with_the_same_key_are_three_hundred() {
    let trial = Trial::new();
    let mut task = good();
    task["Loose_Key__c"] = json!("k");
    for _ in 0..2 {
        assert_eq!(trial.call("POST", TASKS, Some(task.clone())).await.status, 201);
    }
    for method in ["PATCH", "GET"] {
        let reply =
            trial.call(method, &format!("{TASKS}/Loose_Key__c/K"), (method == "PATCH").then(good)).await;
        assert_eq!((reply.status, reply.json().as_array().map(Vec::len)), (300, Some(2)));
        assert!(reply.text.contains("/services/data/v66.0/sobjects/Task/00T"));
    }
    trial.nothing_was_wrong();
}

#[tokio::test]
async fn a_unique_key_is_written_once() {
    let trial = Trial::new();
    let mut task = good();
    task["Handoff_Key__c"] = json!("k");
    let first = trial.call("POST", TASKS, Some(task.clone())).await.json();
    let second = trial.call("POST", TASKS, Some(task)).await;
    assert_eq!((second.status, second.code()), (400, "DUPLICATE_VALUE".to_owned()));
    assert!(second.text.contains(first["id"].as_str().unwrap()));
}

#[tokio::test]
async fn a_task_is_changed_by_its_id_and_nothing_is_said() {
    let trial = Trial::new();
    let id = trial.call("POST", TASKS, Some(good())).await.json()["id"].as_str().unwrap().to_owned();
    let path = format!("{TASKS}/{id}");
    let reply = trial.call("PATCH", &path, Some(json!({"Status": "Completed", "WhoId": null}))).await;
    assert_eq!((reply.status, reply.text.as_str()), (204, ""));
    let task = trial.call("GET", &format!("{path}?fields=IsClosed,WhoId"), None).await.json();
    assert_eq!((&task["IsClosed"], &task["WhoId"]), (&json!(true), &Value::Null));
    assert_eq!(trial.call("PATCH", &format!("{TASKS}/{DEAL}"), Some(json!({}))).await.status, 404);
}

#[tokio::test]
async fn work_can_be_done_and_the_answer_lost() {
    let trial = Trial::new();
    let token = trial.token().await;
    for (fault, tasks) in [(Fault::DropBefore, 0), (Fault::DropAfter, 1), (Fault::FailAfter, 2)] {
        trial.salesforce.fails("POST /services/data/*/sobjects/Task", fault, Times::Next(1));
        let request = trial.client.post(trial.url(TASKS)).bearer_auth(&token).json(&good());
        let outcome = Trial::read(request).await;
        assert!(outcome.is_err() || outcome.unwrap().status == 500);
        assert_eq!(trial.salesforce.see(|state| state.tasks().len()), tasks);
    }
}
