use super::*;

#[tokio::test]
async fn a_large_result_comes_in_pages_each_of_which_can_be_fetched_once() {
    let trial = Trial::new();
    trial.change(|org| {
        org.page_size = 2;
        for stage in ["A", "B"] {
            org.add_stage(stage, false, false);
        }
    });
    let first = trial.query("SELECT ApiName FROM OpportunityStage ORDER BY SortOrder LIMIT 5").await.json();
    assert_eq!((&first["totalSize"], &first["done"]), (&json!(5), &json!(false)));
    assert_eq!(first["records"].as_array().unwrap().len(), 2);
    let next = first["nextRecordsUrl"].as_str().unwrap();
    let second = trial.call("GET", next, None).await.json();
    assert_eq!(second["records"][0]["ApiName"], "Proposal/Price Quote");
    let last = trial.call("GET", second["nextRecordsUrl"].as_str().unwrap(), None).await.json();
    assert_eq!((&last["done"], last["records"].as_array().unwrap().len()), (&json!(true), 1));
    assert!(last.get("nextRecordsUrl").is_none());
    trial.nothing_was_wrong();
    assert_eq!(trial.call("GET", next, None).await.code(), "INVALID_QUERY_LOCATOR");
}

#[tokio::test]
async fn an_unknown_or_repeated_query_name_is_refused() {
    for (path, why) in [
        ("query?soql=SELECT", "soql"),
        ("query?q=SELECT+Id+FROM+Task&q=x", "twice"),
        ("query", "has to be specified"),
        ("sobjects/Opportunity/describe?fields=Id", "fields"),
    ] {
        let trial = Trial::new();
        let reply = trial.call("GET", &format!("/services/data/v66.0/{path}"), None).await;
        assert_eq!(reply.status, 400);
        trial.noticed(why);
    }
}

fn field<'a>(described: &'a Value, name: &str) -> Option<&'a Value> {
    described["fields"].as_array().unwrap().iter().find(|field| field["name"] == name)
}

#[tokio::test]
async fn describe_shows_what_the_user_may_see() {
    let trial = Trial::new();
    let path = "/services/data/v66.0/sobjects/Opportunity/describe";
    let described = trial.call("GET", path, None).await.json();
    let pain = field(&described, "Pain__c").unwrap();
    assert_eq!(
        (&pain["type"], &pain["length"], &pain["filterable"]),
        (&json!("textarea"), &json!(32_000), &json!(false))
    );
    let owner = field(&described, "OwnerId").unwrap();
    assert_eq!((&owner["referenceTo"], &owner["relationshipName"]), (&json!(["User"]), &json!("Owner")));
    let stage = &field(&described, "StageName").unwrap()["picklistValues"][4];
    assert_eq!((&stage["value"], &stage["active"]), (&json!("Closed Won"), &json!(true)));
    assert!(described["childRelationships"].to_string().contains("OpportunityHistories"));
    assert!(field(&described, "CurrencyIsoCode").is_none());

    trial.change(|org| {
        org.hide_field(Object::Opportunity, "Pain__c");
        org.hide_object(Object::History);
    });
    let described = trial.call("GET", path, None).await.json();
    assert!(field(&described, "Pain__c").is_none());
    assert!(!described["childRelationships"].to_string().contains("OpportunityHistories"));
    let hidden = trial.call("GET", "/services/data/v66.0/sobjects/OpportunityHistory/describe", None).await;
    assert_eq!(hidden.status, 404);
    trial.nothing_was_wrong();
}

#[tokio::test]
async fn describe_of_tasks_says_what_can_be_written_and_what_is_a_key() {
    let trial = Trial::new();
    let path = "/services/data/v66.0/sobjects/Task/describe";
    let described = trial.call("GET", path, None).await.json();
    let (key, status) = (field(&described, "Handoff_Key__c").unwrap(), field(&described, "Status").unwrap());
    assert_eq!(
        (&key["externalId"], &key["unique"], &key["custom"]),
        (&json!(true), &json!(true), &json!(true))
    );
    assert_eq!((&status["restrictedPicklist"], &status["createable"]), (&json!(true), &json!(true)));
    trial.change(|org| org.may_edit_tasks = false);
    assert_eq!(trial.call("GET", path, None).await.json()["createable"], false);
}

#[tokio::test]
async fn a_record_is_read_whole_or_by_named_fields_and_a_hidden_name_refuses_all() {
    let trial = Trial::new();
    trial.change(|org| org.hide_field(Object::Opportunity, "Pain__c"));
    let path = format!("/services/data/v66.0/sobjects/Opportunity/{DEAL}");
    let whole = trial.call("GET", &path, None).await.json();
    assert_eq!((&whole["Amount"], whole.get("Pain__c")), (&json!(120_000.0), None));
    let some = trial.call("GET", &format!("{path}?fields=Id,NextStep"), None).await.json();
    assert_eq!(some.as_object().unwrap().len(), 3);
    let hidden = trial.call("GET", &format!("{path}?fields=Id,Pain__c"), None).await;
    assert_eq!((hidden.status, hidden.code()), (400, "INVALID_FIELD".to_owned()));
    trial.change(|org| org.unshare(DEAL));
    assert_eq!(trial.call("GET", &path, None).await.code(), "NOT_FOUND");
    trial.nothing_was_wrong();
    let malformed = trial.call("GET", "/services/data/v66.0/sobjects/Opportunity/006", None).await;
    assert_eq!((malformed.status, malformed.code()), (400, "MALFORMED_ID".to_owned()));
}
