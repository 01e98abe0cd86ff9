use insta::assert_snapshot;

use super::*;

/// A query that must be refused, and noticed; what Salesforce says about it, without the place.
async fn refused(soql: &str, code: &str) -> String {
    let trial = Trial::new();
    let reply = trial.query(soql).await;
    assert_eq!((reply.status, reply.code()), (400, code.to_owned()), "{soql}: {}", reply.text);
    assert_eq!(trial.salesforce.problems().len(), 1);
    message(&reply)
}

fn message(reply: &Reply) -> String {
    reply.json()[0]["message"].as_str().unwrap().lines().last().unwrap().to_owned()
}

#[tokio::test]
async fn one_query_reads_a_deal_with_parents_and_children() {
    let trial = Trial::new();
    let soql = format!(
        "SELECT Id, Name, Amount, IsWon, NextStep, Account.Name, Account.Owner.Email, Owner.IsActive, \
         (SELECT ContactId, Role, IsPrimary, Contact.Name, Contact.Title FROM OpportunityContactRoles \
         ORDER BY IsPrimary DESC LIMIT 50), (SELECT Id FROM OpportunityLineItems LIMIT 200), \
         (SELECT StageName, CreatedDate FROM OpportunityHistories ORDER BY CreatedDate DESC, Id DESC LIMIT 50) \
         FROM Opportunity WHERE Id = '{DEAL}'"
    );
    let reply = trial.query(&soql).await;
    let answer = reply.json();
    assert_eq!((&answer["totalSize"], &answer["done"]), (&json!(1), &json!(true)));
    let at = "/services/data/v66.0/sobjects";
    let mut row = answer["records"][0].clone();
    let history = row["OpportunityHistories"].take();
    assert_eq!(history["records"][0]["StageName"], "Negotiation/Review");
    assert_eq!(history["records"][0]["CreatedDate"], "2026-11-20T08:00:00.000+0000");
    let role = &mut row["OpportunityContactRoles"]["records"][0];
    assert_eq!(role["attributes"]["type"].take(), "OpportunityContactRole");
    role["attributes"].take();
    assert_eq!(
        row,
        json!({
            "attributes": {"type": "Opportunity", "url": format!("{at}/Opportunity/{DEAL}")},
            "Id": DEAL, "Name": "Northwind - Platform 250 seats", "Amount": 120_000.0, "IsWon": false, "NextStep": null,
            "Account": {
                "attributes": {"type": "Account", "url": format!("{at}/Account/{ACCOUNT}")}, "Name": "Northwind",
                "Owner": {"attributes": {"type": "User", "url": format!("{at}/User/{SELLER}")}, "Email": "ana@acme.example"},
            },
            "Owner": {"attributes": {"type": "User", "url": format!("{at}/User/{SELLER}")}, "IsActive": true},
            "OpportunityContactRoles": {"totalSize": 1, "done": true, "records": [{
                "attributes": null, "ContactId": CONTACT, "Role": "Decision Maker", "IsPrimary": true,
                "Contact": {
                    "attributes": {"type": "Contact", "url": format!("{at}/Contact/{CONTACT}")},
                    "Name": "Dee Ortega", "Title": "COO",
                },
            }]},
            "OpportunityLineItems": null, "OpportunityHistories": null,
        })
    );
    assert!(reply.text.contains(r#""Amount":120000.0"#), "{}", reply.text);
    trial.nothing_was_wrong();
}

#[tokio::test]
async fn a_lookup_that_leads_nowhere_and_rows_that_are_not_there_are_null() {
    let trial = Trial::new();
    let soql = "SELECT Account.Name, Owner.Id, (SELECT Id FROM OpportunityContactRoles) FROM Opportunity WHERE Id = ";
    let mut rows = trial.rows(&format!("{soql}'{OTHER_DEAL}'")).await;
    rows[0]["attributes"].take();
    assert_eq!(
        rows,
        [json!({"attributes": null, "Account": null, "Owner": null, "OpportunityContactRoles": null})]
    );
}

#[tokio::test]
async fn names_ignore_case_and_answers_keep_the_fields_own_spelling() {
    let trial = Trial::new();
    let rows = trial
        .rows(&format!("select STAGENAME, account.NAME from opportunity where id='{DEAL}' limit 1"))
        .await;
    assert_eq!(rows[0]["StageName"], "Negotiation/Review");
    assert_eq!(rows[0]["Account"]["Name"], "Northwind");
}

#[tokio::test]
async fn an_unknown_and_a_hidden_field_are_refused_in_the_same_words() {
    let trial = Trial::new();
    let misspelt = trial.query("SELECT Id, Pian__c FROM Opportunity").await;
    trial.change(|org| org.hide_field(Object::Opportunity, "Pain__c"));
    let hidden = trial.query("SELECT Id, Pain__c FROM Opportunity").await;
    assert_eq!((misspelt.status, misspelt.code()), (400, "INVALID_FIELD".to_owned()));
    assert_eq!(hidden.text, misspelt.text.replace("Pian__c", "Pain__c"));
    assert_snapshot!(hidden.json()[0]["message"].as_str().unwrap(), @r"

    SELECT Id, Pain__c FROM Opportunity
               ^
    ERROR at Row:1:Column:12
    No such column 'Pain__c' on entity 'Opportunity'. If you are attempting to use a custom field, be sure to append the '__c' after the custom field name. Please reference your WSDL or the describe call for the appropriate names.
    ");
    // Both happen to a correct client: an admin hides a field, RevOps misspells one.
    trial.nothing_was_wrong();
}

#[tokio::test]
async fn a_name_that_no_org_has_is_the_callers_mistake() {
    let message = refused("SELECT Nmae FROM Opportunity", "INVALID_FIELD").await;
    assert!(message.starts_with("No such column 'Nmae' on entity 'Opportunity'."), "{message}");
    let message = refused("SELECT Acount.Name FROM Opportunity", "INVALID_FIELD").await;
    assert!(message.starts_with("Didn't understand relationship 'Acount' in field path."), "{message}");
    let message = refused("SELECT Id FROM Opportunities", "INVALID_TYPE").await;
    assert!(message.starts_with("sObject type 'Opportunities' is not supported."), "{message}");
    let message = refused("SELECT Id, (SELECT Id FROM LineItems) FROM Opportunity", "INVALID_TYPE").await;
    assert!(message.starts_with("Didn't understand relationship 'LineItems' in FROM part"), "{message}");
    refused("SELECT Id, (SELECT Nmae FROM OpportunityLineItems) FROM Opportunity", "INVALID_FIELD").await;
}

#[tokio::test]
async fn optional_features_have_fields_only_where_they_are_on() {
    let trial = Trial::new();
    let soql = "SELECT CurrencyIsoCode, RecordType.DeveloperName, Account.IsPersonAccount FROM Opportunity";
    assert_eq!(
        message(&trial.query(soql).await).split(" on ").next(),
        Some("No such column 'CurrencyIsoCode'")
    );
    trial.change(Org::enable_multi_currency);
    let message = message(&trial.query(soql).await);
    assert!(message.starts_with("Didn't understand relationship 'RecordType'"), "{message}");
    trial.change(|org| org.add_record_type("0125e000000NewBAAS", "New_Business", Timestamp::UNIX_EPOCH));
    assert_eq!(trial.query(soql).await.code(), "INVALID_FIELD");
    trial.change(Org::enable_person_accounts);
    let rows = trial.rows(&format!("{soql} WHERE Id = '{DEAL}'")).await;
    assert_eq!(rows[0]["RecordType"], Value::Null);
    assert_eq!(rows[0]["Account"]["IsPersonAccount"], false);
    trial.nothing_was_wrong();
}

#[tokio::test]
async fn a_person_account_has_a_persons_name_and_a_contact() {
    let trial = Trial::new();
    let (person, contact) = ("0015e00000RosalAAB", "0035e00000RosalAAB");
    trial.change(|org| {
        org.enable_person_accounts();
        org.add_person_account(person, contact, Timestamp::UNIX_EPOCH, ("Rosa", "Lind"), "rosa@lind.example");
    });
    let soql = format!(
        "SELECT Name, IsPersonAccount, PersonEmail, PersonContact.Name FROM Account WHERE Id = '{person}'"
    );
    let row = &trial.rows(&soql).await[0];
    assert_eq!((&row["Name"], &row["IsPersonAccount"]), (&json!("Rosa Lind"), &json!(true)));
    assert_eq!(
        (&row["PersonEmail"], &row["PersonContact"]["Name"]),
        (&json!("rosa@lind.example"), &json!("Rosa Lind"))
    );
}

#[tokio::test]
async fn an_object_that_the_user_may_not_read_is_not_there() {
    let trial = Trial::new();
    trial.change(|org| org.hide_object(Object::ContactRole));
    let child = trial.query("SELECT Id, (SELECT Id FROM OpportunityContactRoles) FROM Opportunity").await;
    let root = trial.query("SELECT Id FROM OpportunityContactRole").await;
    assert_eq!((child.code(), root.code()), ("INVALID_TYPE".to_owned(), "INVALID_TYPE".to_owned()));
    trial.nothing_was_wrong();
}

#[tokio::test]
async fn a_contact_that_is_not_shared_leaves_its_role_behind() {
    let trial = Trial::new();
    trial.change(|org| {
        org.add_contact_role(DEAL, CONTACT, "", false, Timestamp::UNIX_EPOCH);
        org.unshare(CONTACT);
    });
    let soql = "SELECT ContactId, Role, Contact.Name FROM OpportunityContactRole ORDER BY IsPrimary DESC";
    let rows = trial.rows(soql).await;
    let seen: Vec<_> = rows.iter().map(|row| (&row["ContactId"], &row["Role"], &row["Contact"])).collect();
    assert_eq!(
        seen,
        [
            (&json!(CONTACT), &json!("Decision Maker"), &Value::Null),
            (&json!(CONTACT), &Value::Null, &Value::Null)
        ]
    );
}

#[tokio::test]
async fn a_deal_that_is_deleted_or_not_shared_has_no_rows() {
    let trial = Trial::new();
    trial.change(|org| {
        org.delete(Object::Opportunity, OTHER_DEAL);
        org.unshare(DEAL);
    });
    assert_eq!(trial.rows("SELECT Id FROM Opportunity").await, [Value::Null; 0]);
    assert_eq!(trial.rows("SELECT Id FROM OpportunityContactRole").await, [Value::Null; 0]);
}

#[tokio::test]
async fn what_is_not_spoken_is_a_syntax_error() {
    for (soql, token) in [
        ("", "<EOF>"),
        ("SELECT", "<EOF>"),
        ("SELECT FROM Opportunity", "FROM"),
        ("SELECT Id, FROM Opportunity", "FROM"),
        ("SELECT Id Name FROM Opportunity", "Name"),
        ("SELECT Id FORM Opportunity", "FORM"),
        ("SELECT Id FROM Opportunity WHERE", "<EOF>"),
        ("SELECT Id FROM Opportunity WHERE IsWon", "<EOF>"),
        ("SELECT Id FROM Opportunity WHERE IsWon = true OR IsClosed = true", "OR"),
        ("SELECT Id FROM Opportunity WHERE (IsWon = true)", "("),
        ("SELECT Id FROM Opportunity WHERE Name LIKE 'N%'", "LIKE"),
        ("SELECT Id FROM Opportunity WHERE Id IN ()", ")"),
        ("SELECT Id FROM Opportunity WHERE Name = 'a' 'b'", "b"),
        ("SELECT Id FROM Opportunity ORDER BY", "<EOF>"),
        ("SELECT Id FROM Opportunity LIMIT -1", "-1"),
        ("SELECT Id FROM Opportunity LIMIT 1 OFFSET 2", "OFFSET"),
        ("SELECT Id FROM Opportunity;", ";"),
        ("SELECT COUNT() FROM Opportunity", "("),
        ("SELECT Ö FROM Opportunity", "Ö"),
        ("SELECT A..B FROM Opportunity", "A..B"),
        ("SELECT (SELECT (SELECT Id FROM X) FROM Y) FROM Opportunity", "("),
    ] {
        assert_eq!(refused(soql, "MALFORMED_QUERY").await, format!("unexpected token: '{token}'"), "{soql}");
    }
    let twice = refused("SELECT Id, Owner.Name, owner.NAME FROM Opportunity", "MALFORMED_QUERY").await;
    assert_eq!(twice, "duplicate field selected: owner.NAME");
}

#[tokio::test]
async fn texts_are_escaped_as_soql_says() {
    let trial = Trial::new();
    trial.change(|org| {
        org.set(Object::Opportunity, DEAL, "Name", "O'Neil \\ \"sons\"", Timestamp::UNIX_EPOCH);
    });
    let rows = trial.rows(r#"SELECT Id FROM Opportunity WHERE Name = 'o\'neil \\ \"SONS\"'"#).await;
    assert_eq!(rows.len(), 1);
    for soql in [
        r"SELECT Id FROM Opportunity WHERE Name = 'a\q'",
        r"SELECT Id FROM Opportunity WHERE Name = 'a\_'",
        "SELECT Id FROM Opportunity WHERE Name = 'open",
        "SELECT Id FROM Opportunity WHERE Name = 'two\nlines'",
    ] {
        refused(soql, "MALFORMED_QUERY").await;
    }
}

#[tokio::test]
async fn an_id_must_be_one() {
    for id in ["", "006", "006Hn00001QwErTIAW", "006hn00001QwErTIAV", "006Hn00001QwErT' OR Name != '"] {
        let soql = format!("SELECT Id FROM Opportunity WHERE Id = '{}'", id.replace('\'', "\\'"));
        let message = refused(&soql, "INVALID_QUERY_FILTER_OPERATOR").await;
        assert_eq!(message, format!("invalid ID field: {id}"));
    }
    refused("SELECT Id FROM Opportunity WHERE Id > '006Hn00001QwErT'", "INVALID_QUERY_FILTER_OPERATOR").await;
    assert_eq!(Trial::new().rows("SELECT Id FROM Opportunity WHERE Id = '006Hn00001QwErT'").await.len(), 1);
}

#[tokio::test]
async fn long_text_can_be_read_but_neither_filtered_nor_sorted_by() {
    let message = refused("SELECT Id FROM Opportunity WHERE Pain__c = 'x'", "INVALID_FIELD").await;
    assert_eq!(message, "field 'Pain__c' can not be filtered in a query call");
    let message = refused("SELECT Id FROM Task WHERE Description = 'x'", "INVALID_FIELD").await;
    assert_eq!(message, "field 'Description' can not be filtered in a query call");
    let message = refused("SELECT Id FROM Opportunity ORDER BY Description", "MALFORMED_QUERY").await;
    assert_eq!(message, "field 'Description' can not be sorted in a query call");
}

#[tokio::test]
async fn a_value_is_written_as_its_field_demands() {
    for (condition, kind) in [
        ("IsWon = 'true'", "boolean"),
        ("Amount > '5'", "currency"),
        ("CloseDate = '2026-11-20'", "date"),
        ("CloseDate = 2026-11-20T00:00:00Z", "date"),
        ("LastModifiedDate > '2026-11-20T08:00:00Z'", "datetime"),
        ("LastModifiedDate > 2026-11-20", "datetime"),
        ("LastModifiedDate > 2026-11-20T08:00:00", "datetime"),
        ("LastModifiedDate = LAST_N_DAYS:7", "datetime"),
        ("StageName = Closed", "string"),
    ] {
        let message =
            refused(&format!("SELECT Id FROM Opportunity WHERE {condition}"), "INVALID_FIELD").await;
        assert!(message.contains(&format!("must be of type {kind}")), "{condition}: {message}");
    }
}

#[tokio::test]
async fn a_plus_in_an_instant_must_be_escaped_in_the_address() {
    let trial = Trial::new();
    let soql = "SELECT+Id+FROM+Opportunity+WHERE+LastModifiedDate+>+2026-11-20T07:00:00+00:00";
    let reply = trial.call("GET", &format!("/services/data/v66.0/query?q={soql}"), None).await;
    assert_eq!(reply.code(), "MALFORMED_QUERY");
    let soql = soql.replace("+00:00", "%2B00:00");
    let reply = trial.call("GET", &format!("/services/data/v66.0/query?q={soql}"), None).await;
    assert_eq!(reply.json()["totalSize"], 2);
}

#[tokio::test]
async fn conditions_compare_by_type() {
    let trial = Trial::new();
    trial.advance(60);
    trial.salesforce.closes(DEAL).unwrap();
    for (condition, found) in [
        ("IsWon = true", 1),
        ("IsWon = true AND LastModifiedDate >= 2026-11-20T08:01:00Z", 1),
        ("IsWon = true AND LastModifiedDate > 2026-11-20T08:01:00.000Z", 0),
        ("LastModifiedDate < 2026-11-20T09:01:00%2B01:00", 1),
        ("Amount >= 9000", 1),
        ("Amount <= 9000", 0),
        ("Amount = null", 1),
        ("Amount != null", 1),
        ("StageName IN ('closed won', 'Prospecting')", 2),
        ("StageName NOT IN ('Closed Won')", 1),
        ("Account.NumberOfEmployees > 39.5", 1),
        ("Owner.Email = 'ANA@acme.example'", 1),
        ("CloseDate > 2026-11-19", 1),
    ] {
        let soql = format!("SELECT Id FROM Opportunity WHERE {}", condition.replace("%2B", "+"));
        assert_eq!(trial.rows(&soql).await.len(), found, "{condition}");
    }
    trial.nothing_was_wrong();
}

#[tokio::test]
async fn rows_come_in_the_order_that_is_asked_for_and_nulls_first() {
    let trial = Trial::new();
    trial.change(|org| {
        org.add_opportunity(
            "006Hn00001QwErVIAV",
            Timestamp::UNIX_EPOCH,
            &[("Name", "Third"), ("Amount", "9000")],
        );
    });
    let names = async |tail: &str| {
        let rows = trial.rows(&format!("SELECT Name FROM Opportunity ORDER BY {tail}")).await;
        rows.iter().map(|row| row["Name"].as_str().unwrap()[..4].to_owned()).collect::<Vec<_>>().join(" ")
    };
    assert_eq!(names("Amount").await, "Bare Thir Nort");
    assert_eq!(names("Amount DESC").await, "Bare Nort Thir");
    assert_eq!(names("Amount DESC NULLS LAST").await, "Nort Thir Bare");
    assert_eq!(names("Amount ASC NULLS FIRST, Name LIMIT 2").await, "Bare Thir");
    assert_eq!(names("Account.Name DESC, Name").await, "Bare Thir Nort");
}

#[tokio::test]
async fn stages_can_be_asked_for() {
    let trial = Trial::new();
    trial.change(|org| org.add_stage("Signed", true, true));
    let rows = trial
        .rows("SELECT ApiName, MasterLabel FROM OpportunityStage WHERE IsWon = true ORDER BY SortOrder")
        .await;
    let names: Vec<_> = rows.iter().map(|row| row["ApiName"].as_str().unwrap()).collect();
    assert_eq!(names, ["Closed Won", "Signed"]);
    let statuses = trial.rows("SELECT ApiName FROM TaskStatus WHERE IsClosed = true").await;
    assert_eq!(statuses[0]["ApiName"], "Completed");
}
