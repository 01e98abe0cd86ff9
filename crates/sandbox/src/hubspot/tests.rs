use serde_json::{Value, json};

use super::*;
use crate::trial::{PORTAL, TOKEN, Trial, good_task};
use crate::{Fault, Times};

const DEAL: &str = "/crm/objects/2026-03/deals/301000000417";
const TASKS: &str = "/crm/objects/2026-03/tasks";

/// Sends what a correct client never sends: it must be refused with this status, and noticed.
async fn refused(method: &str, path: &str, body: Option<Value>, status: u16, why: &str) {
    let trial = Trial::new();
    let reply = trial.hubspot(method, path, body).await;
    assert_eq!(reply.status, status, "{}", reply.text);
    let problems = trial.sandbox.hubspot.problems();
    assert_eq!(problems.len(), 1, "{problems:?}");
    assert!(problems[0].contains(why), "{problems:?}");
}

async fn refused_task(change: impl FnOnce(&mut Value), why: &str) {
    let mut task = good_task();
    change(&mut task);
    refused("POST", TASKS, Some(task), 400, why).await;
}

#[tokio::test]
async fn another_api_version_is_no_route() {
    refused("GET", "/crm/objects/2026-09/deals/301000000417", None, 404, "no such route").await;
    refused("GET", "/crm/v3/objects/deals/301000000417", None, 404, "no such route").await;
    refused("POST", "/oauth/v1/token", None, 404, "no such route").await;
}

#[tokio::test]
async fn the_served_version_is_the_configured_one() {
    let trial = Trial::new();
    trial.sandbox.hubspot.change(|hubspot| hubspot.serve_version("2026-09"));
    assert_eq!(trial.hubspot("GET", "/crm/pipelines/2026-09/deals", None).await.status, 200);
    assert_eq!(trial.hubspot("GET", "/crm/pipelines/2026-03/deals", None).await.status, 404);
}

#[tokio::test]
async fn a_call_without_a_known_token_is_refused_in_hubspots_error_shape() {
    let trial = Trial::new();
    let url = format!("{}{DEAL}", trial.sandbox.hubspot.url());
    for token in [None, Some("pat-eu1-other")] {
        let reply = trial.send("GET", &url, token, None).await.unwrap();
        assert_eq!((reply.status, &reply.json()["category"]), (401, &json!("INVALID_AUTHENTICATION")));
    }
    assert_eq!(trial.sandbox.hubspot.problems().len(), 2);
}

#[tokio::test]
async fn a_revoked_token_is_refused_but_nobodys_mistake() {
    let trial = Trial::new();
    trial.sandbox.hubspot.change(|hubspot| hubspot.revoke_token(TOKEN));
    assert_eq!(trial.hubspot("GET", DEAL, None).await.status, 401);
    assert_eq!(trial.sandbox.hubspot.problems(), [""; 0]);
}

#[tokio::test]
async fn an_unknown_or_repeated_query_name_is_refused() {
    refused("GET", &format!("{DEAL}?propertis=amount"), None, 400, "propertis").await;
    refused("GET", &format!("{DEAL}?properties=amount&properties=dealname"), None, 400, "twice").await;
    refused("GET", &format!("{DEAL}?archived=no"), None, 400, "true or false").await;
    refused("GET", &format!("{DEAL}?associations=contcts"), None, 400, "contcts").await;
}

#[tokio::test]
async fn a_deal_is_read_with_nulls_and_without_unknown_names() {
    let trial = Trial::new();
    let reply = trial.hubspot("GET", &format!("{DEAL}?properties=dealname,amount,no_such_thing"), None).await;
    let mut properties = reply.json()["properties"].clone();
    properties.as_object_mut().unwrap().retain(|name, _| !name.contains("date"));
    assert_eq!(
        properties,
        json!({"dealname": "Northlight rollout", "amount": null, "hs_object_id": "301000000417"})
    );
    assert_eq!(trial.sandbox.hubspot.problems(), [""; 0]);
}

#[tokio::test]
async fn inline_associations_have_plural_keys_and_an_entry_for_each_type() {
    let trial = Trial::new();
    trial.sandbox.hubspot.change(|hubspot| {
        hubspot.portal_mut(PORTAL).unwrap().link_line_item("301000000417", "7001");
    });
    let reply =
        trial.hubspot("GET", &format!("{DEAL}?associations=contacts,companies,line_items,tasks"), None).await;
    assert_eq!(
        reply.json()["associations"],
        json!({
            "contacts": {"results": [
                {"id": "501", "type": "deal_to_contact"}, {"id": "501", "type": "decision_maker"},
                {"id": "502", "type": "deal_to_contact"}]},
            "companies": {"results": [
                {"id": "9001", "type": "deal_to_company_unlabeled"}, {"id": "9001", "type": "deal_to_company"}]},
            "line items": {"results": [{"id": "7001", "type": "deal_to_line_item"}]},
        })
    );
}

#[tokio::test]
async fn labels_come_with_the_unlabelled_type_and_numeric_ids() {
    let trial = Trial::new();
    let reply = trial.hubspot("GET", &format!("{DEAL}/associations/contacts?limit=500"), None).await;
    assert_eq!(
        reply.json()["results"][0],
        json!({"toObjectId": 501, "associationTypes": [
            {"category": "HUBSPOT_DEFINED", "typeId": 3, "label": null},
            {"category": "USER_DEFINED", "typeId": 37, "label": "Decision maker"}]})
    );
    let first = trial.hubspot("GET", &format!("{DEAL}/associations/contacts?limit=1"), None).await;
    assert_eq!(first.json()["paging"]["next"]["after"], "1");
    let labels = trial.hubspot("GET", "/crm/associations/2026-03/deals/contacts/labels", None).await;
    assert_eq!(labels.json()["results"][1]["typeId"], 37);
}

#[tokio::test]
async fn an_association_that_leads_nowhere_is_refused() {
    refused("GET", &format!("{DEAL}/associations/deals"), None, 400, "no association type").await;
    refused("GET", &format!("{DEAL}/associations/contacts?limit=501"), None, 400, "limit").await;
    let path = "/crm/associations/2026-03/companies/line_items/batch/read";
    refused("POST", path, Some(json!({"inputs": [{"id": "9001"}]})), 400, "no association type").await;
}

#[tokio::test]
async fn a_deal_without_contacts_is_an_error_among_the_results() {
    let trial = Trial::new();
    let body = json!({"inputs": [{"id": "301000000417"}, {"id": "301000000999"}]});
    let path = "/crm/associations/2026-03/deals/contacts/batch/read";
    let reply = trial.hubspot("POST", path, Some(body)).await;
    assert_eq!(reply.status, 207);
    assert_eq!(reply.json()["errors"][0]["subCategory"], "crm.associations.NO_ASSOCIATIONS_FOUND");
    assert_eq!(reply.json()["results"].as_array().unwrap().len(), 1);
    assert_eq!(trial.sandbox.hubspot.problems(), [""; 0]);
}

#[tokio::test]
async fn a_batch_read_answers_in_another_order_and_names_what_is_missing() {
    let trial = Trial::new();
    let body = json!({
        "properties": ["firstname"], "propertiesWithHistory": [],
        "inputs": [{"id": "501"}, {"id": "599"}, {"id": "502"}],
    });
    let reply = trial.hubspot("POST", "/crm/objects/2026-03/contacts/batch/read", Some(body)).await;
    let answer = reply.json();
    let ids: Vec<_> =
        answer["results"].as_array().unwrap().iter().map(|result| result["id"].as_str().unwrap()).collect();
    assert_eq!((reply.status, ids), (207, vec!["502", "501"]));
    assert_eq!(answer["errors"][0]["context"]["ids"], json!(["599"]));
}

#[tokio::test]
async fn a_batch_read_is_refused_when_too_large_or_incomplete() {
    let path = "/crm/objects/2026-03/contacts/batch/read";
    let batch = |count: u32, history: &[&str]| {
        let inputs: Vec<_> = (0..count).map(|id| json!({"id": id.to_string()})).collect();
        Some(json!({"properties": ["firstname"], "propertiesWithHistory": history, "inputs": inputs}))
    };
    refused("POST", path, batch(101, &[]), 400, "1 to 100").await;
    refused("POST", path, batch(51, &["email"]), 400, "1 to 50").await;
    refused("POST", path, batch(0, &[]), 400, "1 to 100").await;
    refused("POST", path, Some(json!({"inputs": []})), 400, "missing field").await;
    let number = json!({"properties": [], "propertiesWithHistory": [], "inputs": [{"id": 501}]});
    refused("POST", path, Some(number), 400, "expected a string").await;
}

#[tokio::test]
async fn an_archived_deal_is_absent_unless_asked_for() {
    let trial = Trial::new();
    trial.sandbox.hubspot.change(|hubspot| {
        hubspot.portal_mut(PORTAL).unwrap().archive(Kind::Deal, "301000000417");
    });
    assert_eq!(trial.hubspot("GET", DEAL, None).await.status, 404);
    assert_eq!(trial.hubspot("GET", &format!("{DEAL}?archived=true"), None).await.json()["archived"], true);
    assert_eq!(trial.sandbox.hubspot.problems(), [""; 0]);
}

#[tokio::test]
async fn stage_history_comes_in_no_useful_order() {
    let trial = Trial::new();
    for stage in ["closedwon", "contractsent", "closedwon"] {
        trial.advance(60);
        trial.sandbox.hubspot.move_to_stage("301000000417", stage).unwrap();
    }
    let reply = trial.hubspot("GET", &format!("{DEAL}?propertiesWithHistory=dealstage"), None).await;
    let history = reply.json()["propertiesWithHistory"]["dealstage"].clone();
    let times: Vec<_> =
        history.as_array().unwrap().iter().map(|entry| entry["timestamp"].as_str().unwrap()).collect();
    assert_eq!(
        times,
        [
            "2026-11-20T08:01:00.000Z",
            "2026-11-20T08:03:00.000Z",
            "2026-11-20T08:00:00.000Z",
            "2026-11-20T08:02:00.000Z"
        ]
    );
}

#[tokio::test]
async fn a_merged_id_answers_with_the_new_id_and_nothing_hangs_on_it() {
    let trial = Trial::new();
    let (merged, events) = trial.sandbox.hubspot.change(|hubspot| {
        hubspot.creates_deal(PORTAL, "301000000500", &[("dealname", "Double")]).unwrap();
        hubspot.merges_deals("301000000417", "301000000500").unwrap()
    });
    assert_eq!(events[0]["subscriptionType"], "object.merge");
    assert_eq!(events[0]["newObjectId"].to_string(), merged);
    let reply = trial.hubspot("GET", &format!("{DEAL}?properties=hs_merged_object_ids"), None).await.json();
    assert_eq!(reply["id"], merged.as_str());
    assert_eq!(reply["properties"]["hs_merged_object_ids"], "301000000417;301000000500");
    let old = trial.hubspot("GET", &format!("{DEAL}/associations/contacts"), None).await.json();
    assert_eq!(old["results"], json!([]));
    let path = format!("/crm/objects/2026-03/deals/{merged}/associations/contacts");
    assert_eq!(trial.hubspot("GET", &path, None).await.json()["results"].as_array().unwrap().len(), 2);
}

#[tokio::test]
async fn owners_who_left_are_found_only_as_archived() {
    let trial = Trial::new();
    assert_eq!(trial.hubspot("GET", "/crm/owners/2026-03/70000009", None).await.status, 404);
    let left = trial.hubspot("GET", "/crm/owners/2026-03/70000009?archived=true", None).await.json();
    assert_eq!((&left["userId"], &left["userIdIncludingInactive"]), (&Value::Null, &json!(5_000_002)));
    let active = trial.hubspot("GET", "/crm/owners/2026-03?limit=100", None).await.json();
    assert_eq!(active["results"][0]["email"], "iris@seller.example");
    refused("GET", "/crm/owners/2026-03/7?idProperty=email", None, 400, "idProperty").await;
}

#[tokio::test]
async fn stage_metadata_are_strings_and_property_metadata_name_their_options() {
    let trial = Trial::new();
    let pipelines = trial.hubspot("GET", "/crm/pipelines/2026-03/deals", None).await.json();
    assert_eq!(
        pipelines["results"][0]["stages"][5]["metadata"],
        json!({"isClosed": "true", "probability": "1.0"})
    );
    let all = trial.hubspot("GET", "/crm/properties/2026-03/deals", None).await.json();
    let named = |name: &str| all["results"].as_array().unwrap().iter().find(|p| p["name"] == name).cloned();
    assert_eq!(named("handoff_risks").unwrap()["options"][0]["label"], "None");
    assert_eq!(named("hubspot_owner_id").unwrap()["referencedObjectType"], "OWNER");
    assert_eq!(named("hs_is_closed_won").unwrap()["modificationMetadata"]["readOnlyValue"], true);
}

#[tokio::test]
async fn a_task_is_created_and_found_through_the_deal() {
    let trial = Trial::new();
    let created = trial.hubspot("POST", TASKS, Some(good_task())).await;
    assert_eq!(created.status, 201, "{}", created.text);
    let id = created.json()["id"].as_str().unwrap().to_owned();
    let listed = trial.hubspot("GET", &format!("{DEAL}/associations/tasks"), None).await.json();
    assert_eq!(listed["results"][0]["toObjectId"].to_string(), id);
    let body = json!({
        "properties": ["hs_task_subject", "hs_createdate"], "propertiesWithHistory": [], "inputs": [{"id": id}],
    });
    let read = trial.hubspot("POST", "/crm/objects/2026-03/tasks/batch/read", Some(body)).await.json();
    assert_eq!(read["results"][0]["properties"]["hs_task_subject"], "Handoff: fill 2 gaps");
    trial.sandbox.hubspot.see(|hubspot| {
        assert_eq!(hubspot.tasks_of("301000000417").len(), 1);
        let on = hubspot.portal(PORTAL).unwrap().associations_of_task(&id);
        assert_eq!(
            on.iter().map(|(kind, _)| *kind).collect::<Vec<_>>(),
            [Kind::Deal, Kind::Contact, Kind::Company]
        );
    });
    assert_eq!(trial.sandbox.hubspot.problems(), [""; 0]);
}

#[tokio::test]
async fn a_task_lacking_a_required_part_is_refused() {
    refused_task(
        |task| drop(task["properties"].as_object_mut().unwrap().remove("hs_timestamp")),
        "hs_timestamp",
    )
    .await;
    refused_task(|task| drop(task.as_object_mut().unwrap().remove("associations")), "associations").await;
    refused_task(|task| drop(task.as_object_mut().unwrap().remove("properties")), "properties").await;
    refused_task(|task| task["notes"] = json!("x"), "unknown field").await;
}

#[tokio::test]
async fn a_task_with_a_wrong_value_is_refused() {
    let with = |name: &'static str, value: Value| move |task: &mut Value| task["properties"][name] = value;
    refused_task(with("hs_timestamp", json!(1_764_000_000_000_u64)), "expected a string").await;
    refused_task(with("hs_timestamp", json!("tomorrow")), "ISO-8601").await;
    refused_task(with("hs_task_status", json!("OPEN")), "options").await;
    refused_task(with("hs_task_priority", json!("high")), "options").await;
    refused_task(with("hs_task_type", json!("HANDOFF")), "options").await;
    refused_task(with("hs_task_reminders", json!("2026-11-24T17:00:00Z")), "milliseconds").await;
    refused_task(with("hubspot_owner_id", json!("70000009")), "no active owner").await;
    refused_task(with("hubspot_owner_id", json!("")), "no active owner").await;
    refused_task(with("handoff_packet", json!("pkt_1")), "does not exist").await;
    refused_task(with("hs_createdate", json!("2026-11-24T17:00:00Z")), "read only").await;
    refused_task(with("hs_task_body", json!("x".repeat(65_537))), "longer").await;
}

#[tokio::test]
async fn a_task_with_a_wrong_association_is_refused() {
    let with = |number: u32| {
        move |task: &mut Value| task["associations"][0]["types"][0]["associationTypeId"] = json!(number)
    };
    refused_task(with(215), "does not lead from a task").await;
    refused_task(with(3), "does not lead from a task").await;
    refused_task(with(204), "leads to a contact").await;
    refused_task(|task| task["associations"][0]["to"]["id"] = json!("301000000999"), "leads to a deal").await;
    refused_task(|task| task["associations"][0]["types"] = json!([]), "at least one type").await;
    refused_task(
        |task| task["associations"][0]["types"][0]["associationCategory"] = json!("USER_DEFINED"),
        "HUBSPOT_DEFINED",
    )
    .await;
}

#[tokio::test]
async fn nothing_but_tasks_can_be_written() {
    refused("PATCH", DEAL, Some(json!({"properties": {"amount": "1"}})), 404, "no such route").await;
    refused("POST", "/crm/objects/2026-03/deals", Some(json!({"properties": {}})), 404, "no such route")
        .await;
    refused("DELETE", DEAL, None, 404, "no such route").await;
}

#[tokio::test]
async fn a_body_that_is_not_declared_json_is_refused() {
    let trial = Trial::new();
    let url = format!("{}{TASKS}", trial.sandbox.hubspot.url());
    let body = reqwest::Client::new().post(url).bearer_auth(TOKEN).body("{}").send().await.unwrap();
    assert_eq!(body.status().as_u16(), 415);
}

fn search() -> Value {
    json!({
        "after": "", "limit": 100, "properties": ["dealname"],
        "sorts": [{"propertyName": "hs_lastmodifieddate", "direction": "ASCENDING"}],
        "filterGroups": [{"filters": [
            {"propertyName": "hs_is_closed_won", "operator": "EQ", "value": "true"},
            {"propertyName": "hs_lastmodifieddate", "operator": "GTE", "value": "1764000000000"}]}],
    })
}

#[tokio::test]
async fn search_does_not_see_what_just_happened() {
    let trial = Trial::new();
    trial.sandbox.hubspot.closes_deal("301000000417").unwrap();
    let path = "/crm/objects/2026-03/deals/search";
    assert_eq!(trial.hubspot("POST", path, Some(search())).await.json()["total"], 0);
    trial.advance(5);
    let found = trial.hubspot("POST", path, Some(search())).await.json();
    assert_eq!((&found["total"], &found["results"][0]["id"]), (&json!(1), &json!("301000000417")));
    assert_eq!(trial.sandbox.hubspot.problems(), [""; 0]);
}

#[tokio::test]
async fn a_search_that_is_incomplete_or_too_large_is_refused() {
    let path = "/crm/objects/2026-03/deals/search";
    for name in ["after", "filterGroups", "limit", "properties", "sorts"] {
        let mut body = search();
        body.as_object_mut().unwrap().remove(name);
        refused("POST", path, Some(body), 400, name).await;
    }
    let with = |name: &str, value: Value| {
        let mut body = search();
        body[name] = value;
        Some(body)
    };
    let filter = json!({"propertyName": "amount", "operator": "HAS_PROPERTY"});
    refused("POST", path, with("limit", json!(201)), 400, "1 to 200").await;
    refused("POST", path, with("filterGroups", json!([{"filters": vec![&filter; 7]}])), 400, "6 filters")
        .await;
    let odd = |filter: Value| with("filterGroups", json!([{"filters": [filter]}]));
    refused("POST", path, odd(json!({"propertyName": "nope", "operator": "HAS_PROPERTY"})), 400, "nope")
        .await;
    refused("POST", path, odd(json!({"propertyName": "amount", "operator": "LIKE"})), 400, "LIKE").await;
    refused("POST", path, odd(json!({"propertyName": "amount", "operator": "EQ"})), 400, "lacks").await;
    refused("POST", path, with("properties", json!(vec!["dealname"; 400])), 400, "3000").await;
}

#[tokio::test]
async fn more_calls_than_allowed_are_refused_until_ten_seconds_have_passed() {
    let trial = Trial::new();
    trial.sandbox.hubspot.change(|hubspot| hubspot.portal_mut(PORTAL).unwrap().calls_per_10s = 2);
    let first = trial.hubspot("GET", DEAL, None).await;
    assert_eq!(first.headers["x-hubspot-ratelimit-remaining"], "1");
    trial.hubspot("GET", DEAL, None).await;
    let third = trial.hubspot("GET", DEAL, None).await;
    assert_eq!((third.status, &third.json()["policyName"]), (429, &json!("TEN_SECONDLY_ROLLING")));
    trial.advance(10);
    assert_eq!(trial.hubspot("GET", DEAL, None).await.status, 200);
    assert_eq!(trial.sandbox.hubspot.problems().len(), 1);
}

#[tokio::test]
async fn a_sixth_search_in_a_second_is_refused() {
    let trial = Trial::new();
    let path = "/crm/objects/2026-03/deals/search";
    for _ in 0..5 {
        assert_eq!(trial.hubspot("POST", path, Some(search())).await.status, 200);
    }
    let sixth = trial.hubspot("POST", path, Some(search())).await;
    assert_eq!((sixth.status, &sixth.json()["policyName"]), (429, &json!("SECONDLY")));
}

#[tokio::test]
async fn a_refresh_token_buys_an_access_token_for_half_an_hour() {
    let trial = Trial::new();
    trial.sandbox.hubspot.change(|hubspot| {
        let (client_id, client_secret) = ("app".to_owned(), "app-secret".to_owned());
        let refresh_token = "refresh-0".to_owned();
        let grant = Grant { client_id, client_secret, refresh_token, rotates: true };
        hubspot.portal_mut(PORTAL).unwrap().add_grant(grant);
    });
    let url = format!("{}/oauth/2026-03/token", trial.sandbox.hubspot.url());
    let form = [
        ("grant_type", "refresh_token"),
        ("client_id", "app"),
        ("client_secret", "app-secret"),
        ("refresh_token", "refresh-0"),
    ];
    let answer = trial.form(&url, &form).await.json();
    let access = answer["access_token"].as_str().unwrap();
    let deal = format!("{}{DEAL}", trial.sandbox.hubspot.url());
    assert_eq!(trial.send("GET", &deal, Some(access), None).await.unwrap().status, 200);
    trial.advance(1800);
    let late = trial.send("GET", &deal, Some(access), None).await.unwrap();
    assert_eq!((late.status, &late.json()["category"]), (401, &json!("EXPIRED_AUTHENTICATION")));
    let again = trial.form(&url, &form).await;
    assert_eq!((again.status, &again.json()["status"]), (400, &json!("BAD_REFRESH_TOKEN")));
    let secrets_in_the_query = trial.form(&format!("{url}?client_secret=app-secret"), &form).await;
    assert_eq!(secrets_in_the_query.status, 400);
    let json = trial.send("POST", &url, None, Some(json!({"grant_type": "refresh_token"}))).await.unwrap();
    assert_eq!((json.status, &json.json()["error"]), (400, &json!("invalid_request")));
}

#[test]
fn a_won_deal_is_announced_to_every_subscription_of_the_app() {
    let trial = Trial::new();
    let events = trial.sandbox.hubspot.change(|hubspot| {
        hubspot.portal_mut(PORTAL).unwrap().announces = Announce::Both;
        hubspot.closes_deal("301000000417").unwrap()
    });
    assert_eq!(
        events,
        [
            json!({"eventId": 7_100_000_001_u64, "subscriptionId": 410_001, "portalId": 48_210_077,
                   "appId": 9_050_011, "occurredAt": 1_795_161_600_000_u64,
                   "subscriptionType": "deal.propertyChange", "attemptNumber": 0,
                   "objectId": 301_000_000_417_u64, "propertyName": "dealstage",
                   "propertyValue": "closedwon", "changeSource": "CRM_UI", "sourceId": "userId:70000001"}),
            json!({"eventId": 7_100_000_002_u64, "subscriptionId": 410_002, "portalId": 48_210_077,
                   "appId": 9_050_011, "occurredAt": 1_795_161_600_000_u64,
                   "subscriptionType": "object.propertyChange", "attemptNumber": 0,
                   "objectId": 301_000_000_417_u64, "objectTypeId": "0-3", "isSensitive": false,
                   "propertyName": "dealstage", "propertyValue": "closedwon", "changeSource": "CRM_UI",
                   "sourceId": "userId:70000001"}),
        ]
    );
}

#[tokio::test]
async fn closing_sets_the_close_date_and_reopening_leaves_it() {
    let trial = Trial::new();
    trial.sandbox.hubspot.closes_deal("301000000417").unwrap();
    trial.advance(3600);
    trial.sandbox.hubspot.move_to_stage("301000000417", "contractsent").unwrap();
    let path =
        format!("{DEAL}?properties=closedate,hs_is_closed_won,hs_closed_won_date,num_associated_contacts");
    let properties = trial.hubspot("GET", &path, None).await.json()["properties"].clone();
    assert_eq!(properties["closedate"], "2026-11-20T08:00:00.000Z");
    assert_eq!(properties["hs_is_closed_won"], "false");
    assert_eq!(properties["hs_closed_won_date"], Value::Null);
    assert_eq!(properties["num_associated_contacts"], "2");
}

#[test]
fn what_is_not_there_cannot_be_moved() {
    let trial = Trial::new();
    let moved = trial.sandbox.hubspot.closes_deal("301000000999");
    assert_eq!(moved.unwrap_err().to_string(), "no deal 301000000999 in the sandbox");
    assert!(trial.sandbox.hubspot.move_to_stage("301000000417", "closed_won").is_err());
}

#[tokio::test]
async fn a_refusal_switched_on_strikes_as_often_as_told_and_does_nothing() {
    let trial = Trial::new();
    let hubspot = &trial.sandbox.hubspot;
    hubspot.fails("POST /crm/objects/*/tasks", Fault::hubspot_burst(), Times::Next(1));
    hubspot.fails("POST /crm/objects/*/tasks", Fault::hubspot_daily(Some(3)), Times::Next(1));
    let first = trial.hubspot("POST", TASKS, Some(good_task())).await;
    let second = trial.hubspot("POST", TASKS, Some(good_task())).await;
    assert_eq!((first.status, &first.json()["errorType"]), (429, &json!("RATE_LIMIT")));
    assert!(!first.headers.contains_key("retry-after"));
    assert_eq!((second.status, &second.json()["category"]), (429, &json!("RATE_LIMITS")));
    assert_eq!(second.headers["retry-after"], "3");
    assert!(hubspot.see(|state| state.tasks().is_empty()));
    assert_eq!(trial.hubspot("POST", TASKS, Some(good_task())).await.status, 201);
    assert_eq!(hubspot.problems(), [""; 0]);
    assert_eq!(hubspot.log().count("POST /crm/objects/*/tasks"), 3);
}

#[tokio::test]
async fn a_connection_dropped_before_the_work_leaves_nothing_and_one_dropped_after_it_a_task() {
    let trial = Trial::new();
    let url = format!("{}{TASKS}", trial.sandbox.hubspot.url());
    for (fault, tasks) in [(Fault::DropBefore, 0), (Fault::DropAfter, 1)] {
        trial.sandbox.hubspot.fails("POST /crm/objects/*/tasks", fault, Times::Next(1));
        let outcome = trial.send("POST", &url, Some(TOKEN), Some(good_task())).await;
        assert!(outcome.is_err(), "{outcome:?}");
        assert_eq!(trial.sandbox.hubspot.see(|hubspot| hubspot.tasks().len()), tasks);
    }
}

#[tokio::test]
async fn work_can_be_done_and_answered_badly() {
    let trial = Trial::new();
    for fault in [Fault::FailAfter, Fault::Truncate] {
        trial.sandbox.hubspot.fails("POST /crm/objects/*/tasks", fault, Times::Next(1));
    }
    assert_eq!(trial.hubspot("POST", TASKS, Some(good_task())).await.status, 500);
    let cut = trial.hubspot("POST", TASKS, Some(good_task())).await;
    assert_eq!(cut.status, 201);
    assert!(serde_json::from_str::<Value>(&cut.text).is_err());
    assert_eq!(trial.sandbox.hubspot.see(|hubspot| hubspot.tasks().len()), 2);
}

#[tokio::test]
async fn a_gateway_answers_with_a_page_until_the_faults_are_cleared() {
    let trial = Trial::new();
    trial.sandbox.hubspot.fails("*", Fault::bad_gateway(), Times::UntilCleared);
    for _ in 0..3 {
        let reply = trial.hubspot("GET", DEAL, None).await;
        assert_eq!((reply.status, reply.text.starts_with("<html>")), (502, true));
    }
    trial.sandbox.hubspot.clear_faults();
    assert_eq!(trial.hubspot("GET", DEAL, None).await.status, 200);
}

#[tokio::test]
async fn a_hanging_call_goes_on_when_it_is_released() {
    let trial = Trial::new();
    let hubspot = &trial.sandbox.hubspot;
    for (fault, tasks_while_hanging) in [(Fault::HangBefore, 0), (Fault::HangAfter, 2)] {
        hubspot.fails("POST /crm/objects/*/tasks", fault, Times::Next(1));
        let before = hubspot.see(|state| state.recorder().faults.hung());
        let call = trial.hubspot("POST", TASKS, Some(good_task()));
        let release = async {
            hubspot.until(|state| state.recorder().faults.hung() > before).await;
            assert_eq!(hubspot.see(|state| state.tasks().len()), tasks_while_hanging);
            hubspot.release();
        };
        let (reply, ()) = tokio::join!(call, release);
        assert_eq!(reply.status, 201);
    }
}

#[tokio::test]
async fn the_log_counts_calls_since_a_mark() {
    let trial = Trial::new();
    trial.hubspot("GET", DEAL, None).await;
    let mark = trial.sandbox.hubspot.see(|hubspot| hubspot.recorder().log.mark());
    trial.hubspot("GET", "/crm/pipelines/2026-03/deals", None).await;
    let log = trial.sandbox.hubspot.log();
    let lines: Vec<_> = log.calls_since(mark).iter().map(crate::LoggedCall::line).collect();
    assert_eq!(lines, ["GET /crm/pipelines/2026-03/deals"]);
    assert_eq!(log.calls().iter().filter(|call| call.names("301000000417")).count(), 1);
}

#[tokio::test]
async fn the_port_is_closed_once_the_sandbox_is_gone() {
    let trial = Trial::new();
    let url = format!("{}{DEAL}", trial.sandbox.hubspot.url());
    drop(trial.sandbox);
    let outcome = reqwest::Client::new().get(url).send().await;
    assert!(outcome.is_err_and(|error| error.is_connect()));
}
