use super::*;

const OPPORTUNITY: &str = "/services/data/v66.0/sobjects/Opportunity/006Hn00001QwErTIAV";
const ROLES: &str = "/services/data/v66.0/sobjects/OpportunityContactRole";
const OTHER_CONTACT: &str = "003Hn00002AbCdFIAV";

impl Trial {
    /// A trial whose integration user may edit what a mapping would name.
    fn editable() -> Self {
        let trial = Self::new();
        trial.change(|org| {
            org.add_contact(OTHER_CONTACT, ACCOUNT, trial.clock.now(), ("Kit", "Moran"), &[]);
            let tiers = [("gold", "Gold"), ("silver", "Silver")];
            org.add_field(
                Object::Opportunity,
                Field::new("Tier__c", "Tier", Type::Choice).choices(&tiers).restricted(),
            );
            org.add_field(
                Object::Opportunity,
                Field::new("Risks__c", "Risks", Type::Choices).choices(&tiers).restricted(),
            );
            org.add_field(Object::Opportunity, Field::new("Score__c", "Score", Type::Number).formula());
            org.grant_edit(&[
                "Pain__c",
                "NextStep",
                "Tier__c",
                "Risks__c",
                "CloseDate",
                "Amount",
                "Score__c",
            ]);
        });
        trial
    }

    async fn patch(&self, path: &str, body: Value, headers: &[(&str, &str)]) -> Reply {
        let mut request = self.client.patch(self.url(path)).bearer_auth(self.token().await).json(&body);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        Self::read(request).await.unwrap()
    }

    fn held(&self, field: &str) -> Option<String> {
        self.see(|org| org.record(Object::Opportunity, DEAL).unwrap().get(field).map(ToOwned::to_owned))
    }
}

/// A write that is refused with one error, and changes nothing.
async fn refused(trial: &Trial, field: &str, value: Value, status: u16, code: &str) -> Reply {
    let before = trial.see(|org| org.record(Object::Opportunity, DEAL).unwrap().clone());
    let reply = trial.patch(OPPORTUNITY, json!({field: value}), &[]).await;
    assert_eq!((reply.status, reply.code()), (status, code.to_owned()), "{}", reply.text);
    let after = trial.see(|org| org.record(Object::Opportunity, DEAL).unwrap().clone());
    assert_eq!(format!("{before:?}"), format!("{after:?}"));
    reply
}

#[tokio::test]
async fn a_field_is_written_cleared_and_dated() {
    let trial = Trial::editable();
    trial.advance(90);
    let text = "Their insurer asks for records.\n<b>From</b> 1 January ";
    let reply = trial.patch(OPPORTUNITY, json!({"Pain__c": text, "NextStep": null}), &[]).await;
    assert_eq!((reply.status, reply.text.as_str()), (204, ""));
    let path = format!("{OPPORTUNITY}?fields=Pain__c,LastModifiedDate,SystemModstamp");
    let read = trial.call("GET", &path, None).await.json();
    assert_eq!(read["Pain__c"], json!(text.trim()));
    assert_eq!(read["LastModifiedDate"], json!("2026-11-20T08:01:30.000+0000"));
    assert_eq!(read["SystemModstamp"], read["LastModifiedDate"]);
    assert_eq!(trial.patch(OPPORTUNITY, json!({"Pain__c": null}), &[]).await.status, 204);
    assert_eq!(trial.held("Pain__c"), None);
    trial.nothing_was_wrong();
}

#[tokio::test]
async fn a_write_is_made_only_if_nothing_changed_since() {
    let trial = Trial::editable();
    let body = json!({"Pain__c": "mine"});
    for (since, status) in [
        ("Fri, 20 Nov 2026 07:59:59 GMT", 412),
        ("Fri, 20 Nov 2026 08:00:00 GMT", 204),
        ("Fri, 20 Nov 2026 08:00:01 GMT", 204),
    ] {
        let reply = trial.patch(OPPORTUNITY, body.clone(), &[("If-Unmodified-Since", since)]).await;
        assert_eq!((reply.status, reply.text.as_str()), (status, ""), "{since}");
        let written = trial.held("Pain__c").as_deref() == Some("mine");
        assert_eq!(written, status == 204);
    }
    trial.nothing_was_wrong();
}

#[tokio::test]
async fn a_date_that_is_none_and_a_condition_for_accounts_are_refused() {
    for (name, value) in [
        ("If-Unmodified-Since", "2026-11-20T08:00:00Z"),
        ("If-Unmodified-Since", "Sat, 20 Nov 2026 08:00:00 GMT"),
        ("If-Unmodified-Since", "Fri, 20 Nov 2026 08:00:00 +0000"),
        ("If-Match", "\"abc\""),
    ] {
        let trial = Trial::editable();
        let reply = trial.patch(OPPORTUNITY, json!({"Pain__c": "mine"}), &[(name, value)]).await;
        assert_eq!((reply.status, reply.code()), (400, "INVALID_HEADER".to_owned()), "{value}");
        assert_eq!(trial.salesforce.problems().len(), 1);
        assert_ne!(trial.held("Pain__c").as_deref(), Some("mine"));
    }
}

#[tokio::test]
async fn without_a_grant_a_write_is_a_mistake_and_a_revoked_one_is_the_admins_doing() {
    let trial = Trial::new();
    refused(&trial, "Pain__c", json!("x"), 403, "INSUFFICIENT_ACCESS_OR_READONLY").await;
    trial.noticed("no permission set lets the bridge write to it");
    let trial = Trial::editable();
    trial.change(Org::revoke_edit);
    refused(&trial, "Pain__c", json!("x"), 403, "INSUFFICIENT_ACCESS_OR_READONLY").await;
    trial.change(|org| {
        org.grant_edit(&[]);
        org.revoke_edit_of("Pain__c");
    });
    let reply = refused(&trial, "Pain__c", json!("x"), 400, "INVALID_FIELD_FOR_INSERT_UPDATE").await;
    assert!(
        reply.text.contains("Unable to create/update fields: Pain__c. Please check the security settings")
    );
    trial.nothing_was_wrong();
}

#[tokio::test]
async fn a_formula_an_unknown_field_and_the_id_are_refused() {
    let trial = Trial::editable();
    refused(&trial, "Score__c", json!(5), 400, "INVALID_FIELD_FOR_INSERT_UPDATE").await;
    refused(&trial, "Gone__c", json!("x"), 400, "INVALID_FIELD").await;
    trial.change(|org| org.hide_field(Object::Opportunity, "Pain__c"));
    let reply = refused(&trial, "Pain__c", json!("x"), 400, "INVALID_FIELD").await;
    assert_eq!(reply.json()[0]["message"], "No such column 'Pain__c' on sobject of type Opportunity");
    trial.nothing_was_wrong();
    refused(&trial, "Id", json!(DEAL), 400, "INVALID_FIELD").await;
    trial.noticed("The Id field should not be specified");
}

#[tokio::test]
async fn a_value_has_its_fields_type_length_and_options() {
    let trial = Trial::editable();
    refused(&trial, "NextStep", json!("x".repeat(256)), 400, "STRING_TOO_LONG").await;
    let gone = "INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST";
    refused(&trial, "Tier__c", json!("Gold"), 400, gone).await;
    refused(&trial, "Risks__c", json!("gold;bronze"), 400, gone).await;
    trial.nothing_was_wrong();
    for (field, value) in
        [("CloseDate", json!("20.11.2026")), ("Amount", json!("12000")), ("Pain__c", json!(["a"]))]
    {
        refused(&trial, field, value, 400, "JSON_PARSER_ERROR").await;
    }
    assert_eq!(trial.salesforce.problems().len(), 3);
    let good =
        json!({"Tier__c": "gold", "Risks__c": "silver;gold", "CloseDate": "2026-12-01", "Amount": 12000});
    assert_eq!(trial.patch(OPPORTUNITY, good, &[]).await.status, 204);
}

#[tokio::test]
async fn a_rule_speaks_the_admins_words_at_its_field_or_at_the_top() {
    for at_field in [true, false] {
        let trial = Trial::editable();
        let message = "Please name a <b>date</b>".to_owned();
        let refuses = |text: &str| !text.contains("2026");
        trial.change(|org| {
            org.add_validation_rule(ValidationRule { field: "Pain__c".into(), refuses, message, at_field });
        });
        let reply = refused(&trial, "Pain__c", json!("soon"), 400, "FIELD_CUSTOM_VALIDATION_EXCEPTION").await;
        assert_eq!(reply.json()[0]["message"], "Please name a <b>date</b>");
        assert_eq!(reply.json()[0]["fields"], if at_field { json!(["Pain__c"]) } else { json!([]) });
        // A rule looks at the record and not only at what is written.
        refused(&trial, "NextStep", json!("call"), 400, "FIELD_CUSTOM_VALIDATION_EXCEPTION").await;
        assert_eq!(trial.patch(OPPORTUNITY, json!({"Pain__c": "in 2026"}), &[]).await.status, 204);
        trial.nothing_was_wrong();
    }
}

#[tokio::test]
async fn a_locked_or_hidden_record_takes_nothing() {
    let trial = Trial::editable();
    trial.change(|org| org.lock(DEAL));
    refused(&trial, "Pain__c", json!("x"), 400, "ENTITY_IS_LOCKED").await;
    trial.change(|org| org.share_read_only(DEAL));
    refused(&trial, "Pain__c", json!("x"), 400, "INSUFFICIENT_ACCESS_OR_READONLY").await;
    trial.change(|org| org.unlock(DEAL));
    trial.salesforce.fails("PATCH /services/data/*", Fault::salesforce_row_locked(), Times::Next(1));
    refused(&trial, "Pain__c", json!("x"), 400, "UNABLE_TO_LOCK_ROW").await;
    trial.change(|org| org.unshare(DEAL));
    refused(&trial, "Pain__c", json!("x"), 404, "NOT_FOUND").await;
    trial.nothing_was_wrong();
}

#[tokio::test]
async fn a_change_says_which_client_made_it_and_sets_the_flow_off_like_any_edit() {
    let trial = Trial::editable();
    trial.salesforce.closes(DEAL).unwrap();
    trial.change(|org| org.watch_changes(&["Pain__c"]));
    let named = [("Sforce-Call-Options", "client=HandoffBridge")];
    assert_eq!(trial.patch(OPPORTUNITY, json!({"Pain__c": "new"}), &named).await.status, 204);
    assert_eq!(trial.patch(OPPORTUNITY, json!({"Pain__c": "new"}), &[]).await.status, 204);
    assert_eq!(trial.patch(OPPORTUNITY, json!({"NextStep": "call"}), &[]).await.status, 204);
    let by_person = trial.salesforce.change(|state| state.changes(DEAL, &[("Pain__c", "newer")])).unwrap();
    let (raised, events) = trial.change(|org| (org.take_notifications(), org.change_events().to_vec()));
    assert_eq!((raised.len(), by_person.len()), (1, 1), "only a value that changed");
    assert_eq!((raised[0].opportunity.as_str(), events.len()), (DEAL, 3));
    assert_eq!(events[0].origin, "com/salesforce/api/rest/66.0;client=HandoffBridge");
    assert_eq!((events[1].origin.as_str(), events[1].user.as_str()), ("com/salesforce/api/rest/66.0", ROBOT));
    trial.nothing_was_wrong();
    let spaced = [("Sforce-Call-Options", "client=Handoff Bridge")];
    assert_eq!(trial.patch(OPPORTUNITY, json!({"Pain__c": "new"}), &spaced).await.status, 400);
}

#[tokio::test]
async fn a_contact_gets_a_role_and_a_role_is_changed() {
    let trial = Trial::editable();
    let role = json!({"OpportunityId": DEAL, "ContactId": OTHER_CONTACT, "Role": "Evaluator"});
    let reply = trial.call("POST", ROLES, Some(role)).await;
    let id = reply.json()["id"].as_str().unwrap().to_owned();
    assert_eq!((reply.status, reply.json()), (201, json!({"id": id, "success": true, "errors": []})));
    let path = format!("{ROLES}/{id}");
    assert_eq!(
        trial.patch(&path, json!({"Role": "Decision Maker", "IsPrimary": true}), &[]).await.status,
        204
    );
    let soql = format!(
        "SELECT ContactId, Role, IsPrimary FROM OpportunityContactRole WHERE OpportunityId = '{DEAL}' ORDER BY CreatedDate, Id"
    );
    let rows = trial.rows(&soql).await;
    let rows: Vec<String> =
        rows.iter().map(|row| format!("{} {} {}", row["ContactId"], row["Role"], row["IsPrimary"])).collect();
    assert_eq!(
        rows,
        [
            format!("\"{CONTACT}\" \"Decision Maker\" false"),
            format!("\"{OTHER_CONTACT}\" \"Decision Maker\" true"),
        ],
        "there is one primary contact"
    );
    trial.nothing_was_wrong();
    assert_eq!(trial.patch(&path, json!({"ContactId": CONTACT}), &[]).await.status, 400);
    trial.noticed("INVALID_FIELD_FOR_INSERT_UPDATE");
}

#[tokio::test]
async fn a_role_that_no_org_offers_or_for_a_contact_that_is_gone_is_refused() {
    let trial = Trial::editable();
    let role = |contact: &str, role: &str| json!({"OpportunityId": DEAL, "ContactId": contact, "Role": role});
    let code = trial.call("POST", ROLES, Some(role(CONTACT, "Champion"))).await.code();
    assert_eq!(code, "INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST");
    trial.change(|org| org.unshare(OTHER_CONTACT));
    let code = trial.call("POST", ROLES, Some(role(OTHER_CONTACT, "Evaluator"))).await.code();
    assert_eq!(code, "INSUFFICIENT_ACCESS_ON_CROSS_REFERENCE_ENTITY");
    trial.change(|org| org.delete(Object::Contact, OTHER_CONTACT));
    let code = trial.call("POST", ROLES, Some(role(OTHER_CONTACT, "Evaluator"))).await.code();
    assert_eq!(code, "INVALID_CROSS_REFERENCE_KEY");
    trial.change(|org| org.lock(DEAL));
    let code = trial.call("POST", ROLES, Some(role(CONTACT, "Evaluator"))).await.code();
    assert_eq!(code, "ENTITY_IS_LOCKED");
    trial.nothing_was_wrong();
    let without = json!({"OpportunityId": DEAL, "Role": "Evaluator"});
    assert_eq!(trial.call("POST", ROLES, Some(without)).await.code(), "REQUIRED_FIELD_MISSING");
    assert_eq!(trial.see(|org| org.records(Object::ContactRole).count()), 1);
}

#[tokio::test]
async fn the_describe_shows_what_may_be_written() {
    let trial = Trial::editable();
    trial.change(|org| org.revoke_edit_of("NextStep"));
    let describe = |object: &str| format!("/services/data/v66.0/sobjects/{object}/describe");
    let shown = trial.call("GET", &describe("Opportunity"), None).await.json();
    assert_eq!((&shown["updateable"], &shown["createable"]), (&json!(true), &json!(false)));
    let flags = |shown: &Value, name: &str| {
        let fields = shown["fields"].as_array().unwrap();
        let field = fields.iter().find(|field| field["name"] == name).unwrap();
        ["updateable", "calculated", "restrictedPicklist"].map(|flag| field[flag].as_bool().unwrap())
    };
    assert_eq!(flags(&shown, "Pain__c"), [true, false, false]);
    assert_eq!(flags(&shown, "NextStep"), [false, false, false]);
    assert_eq!(flags(&shown, "Score__c"), [false, true, false]);
    assert_eq!(flags(&shown, "Risks__c"), [true, false, true]);
    let shown = trial.call("GET", &describe("OpportunityContactRole"), None).await.json();
    assert_eq!((flags(&shown, "Role")[0], flags(&shown, "ContactId")[0]), (true, false));
    trial.change(Org::revoke_edit);
    let shown = trial.call("GET", &describe("Opportunity"), None).await.json();
    assert_eq!((&shown["updateable"], flags(&shown, "Pain__c")[0]), (&json!(false), false));
}

#[tokio::test]
async fn a_write_can_be_done_and_its_answer_lost() {
    let trial = Trial::editable();
    let token = trial.token().await;
    for (fault, value) in [(Fault::DropBefore, "zero"), (Fault::DropAfter, "one"), (Fault::FailAfter, "two")]
    {
        trial.salesforce.fails("PATCH /services/data/*/sobjects/Opportunity/*", fault, Times::Next(1));
        let body = json!({"Pain__c": value});
        let outcome = Trial::read(trial.client.patch(trial.url(OPPORTUNITY)).bearer_auth(&token).json(&body));
        assert!(outcome.await.is_ok_and(|reply| reply.status == 500) || value != "two");
        assert_eq!(trial.held("Pain__c").as_deref() == Some(value), value != "zero");
    }
}
