//! `check --live` against the sandbox, with the real clients over HTTP.
#![expect(clippy::too_many_lines, reason = "reports are pinned whole")]

use crate::commands::check;
use crate::commands::test_env::TestEnv;
use handoff_sandbox::hubspot::{Kind, Property, Sensitivity, Stage};
use handoff_sandbox::salesforce::{Field, Object, Type};
use handoff_sandbox::slack::Access;
use handoff_sandbox::{Fault, Times, deals};

#[tokio::test]
async fn the_shipped_mappings_fit_the_demo_accounts() {
    let env = TestEnv::with_fallback();
    let report = env.report().await;
    insta::assert_snapshot!(env.said().await, @"
    DIR/handoff.toml: ok
    DIR/hubspot.yaml: ok
    DIR/salesforce.yaml: ok
    hubspot:48210077: compared with DIR/hubspot.yaml
    salesforce:00DQy00000A7kLmMAJ: compared with DIR/salesforce.yaml
    slack: compared with the workspace Sandbox
    no problems
    ");
    assert_eq!(report.exit_code(), 0);
    assert_eq!(env.sandbox.hubspot.problems(), [""; 0]);
    assert_eq!(env.sandbox.salesforce.problems(), [""; 0]);
    assert_eq!(env.sandbox.slack.problems(), [""; 0]);
    assert!(env.sandbox.slack.see(|slack| slack.messages().is_empty()));
}

#[tokio::test]
async fn a_clean_mapping_takes_few_calls_and_only_reads() {
    let env = TestEnv::with_fallback();
    env.report().await;
    let lines = |log: handoff_sandbox::Log| {
        let mut lines: Vec<String> = log.calls().iter().map(handoff_sandbox::LoggedCall::line).collect();
        lines.sort();
        lines.join("\n")
    };
    insta::assert_snapshot!(lines(env.sandbox.hubspot.log()), @"
    GET /account-info/2026-03/details
    GET /crm/associations/2026-03/deals/contacts/labels
    GET /crm/owners/2026-03
    GET /crm/pipelines/2026-03/deals
    GET /crm/properties/2026-03/companies
    GET /crm/properties/2026-03/contacts
    GET /crm/properties/2026-03/deals
    GET /crm/properties/2026-03/line_items
    POST /oauth/v2/private-apps/get/access-token-info
    ");
    insta::assert_snapshot!(lines(env.sandbox.salesforce.log()), @"
    GET /services/data/v66.0/query
    GET /services/data/v66.0/query
    GET /services/data/v66.0/query
    GET /services/data/v66.0/query
    GET /services/data/v66.0/sobjects/Account/describe
    GET /services/data/v66.0/sobjects/Opportunity/describe
    GET /services/data/v66.0/sobjects/OpportunityContactRole/describe
    GET /services/data/v66.0/sobjects/OpportunityLineItem/describe
    GET /services/data/v66.0/sobjects/Task/describe
    POST /services/oauth2/token
    ");
    insta::assert_snapshot!(lines(env.sandbox.slack.log()), @"
    GET /api/conversations.history
    GET /api/conversations.history
    GET /api/conversations.history
    GET /api/conversations.history
    GET /api/users.lookupByEmail
    GET /api/users.lookupByEmail
    POST /api/auth.test
    ");
}

#[tokio::test]
async fn fields_that_a_portal_does_not_have() {
    let env = TestEnv::with_fallback();
    env.portal(|portal| {
        portal.add_property(
            Kind::Deal,
            Property::new("passport_number", "Passport number", "string", "text")
                .guarded(Sensitivity::Sensitive),
        );
        let old = Property::new("first_win", "First win", "string", "textarea").archived();
        portal.add_property(Kind::Deal, old);
    });
    env.writes_hubspot(&[
        (
            "[deal.handoff_why_now, deal.closed_won_reason]",
            "[deal.handoff_why_nwo, deal.why_now, deal.xyzzy]",
        ),
        ("[deal.handoff_success_outcome]", "[deal.sucess_outcome]"),
        ("[deal.handoff_promises]", "[deal.PromisesMade]"),
        ("deal.handoff_risk_notes", "deal.customer_tier"),
        ("[deal.handoff_first_value]", "[deal.first_win, deal.passport_number]"),
        ("due: deal.handoff_first_value_date", "due: deal.amount"),
        ("[deal.handoff_expansion]", "[deal.jobtitle, owner.mail]"),
        ("from: deal.hubspot_owner_id", "from: deal.dealname"),
    ]);
    insta::assert_snapshot!(env.said().await, @r"
    error: `deal.handoff_why_nwo`: deals of portal 48210077 have no field `handoff_why_nwo`
      --> DIR/hubspot.yaml:40:12
       |
    40 |     from: [deal.handoff_why_nwo, deal.why_now, deal.xyzzy]
       |            ^^^^^^^^^^^^^^^^^^^^
       |
       = help: did you mean `deal.handoff_why_now` (Why now)?

    error: `deal.why_now` has the label of a field, not its name
      --> DIR/hubspot.yaml:40:34
       |
    40 |     from: [deal.handoff_why_nwo, deal.why_now, deal.xyzzy]
       |                                  ^^^^^^^^^^^^
       |
       = help: write `deal.handoff_why_now` (Why now)

    error: `deal.xyzzy`: deals of portal 48210077 have no field `xyzzy`
      --> DIR/hubspot.yaml:40:48
       |
    40 |     from: [deal.handoff_why_nwo, deal.why_now, deal.xyzzy]
       |                                                ^^^^^^^^^^
       |
       = help: write the internal name: in HubSpot open Settings > Properties, click the property, then </>

    error: `deal.sucess_outcome`: deals of portal 48210077 have no field `sucess_outcome`
      --> DIR/hubspot.yaml:45:12
       |
    45 |     from: [deal.sucess_outcome]
       |            ^^^^^^^^^^^^^^^^^^^
       |
       = help: did you mean `deal.handoff_success_outcome` (First result they want)?

    warning: `deal.PromisesMade` has capitals, and internal names in HubSpot have none
      --> DIR/hubspot.yaml:53:12
       |
    53 |     from: [deal.PromisesMade]
       |            ^^^^^^^^^^^^^^^^^
       |
       = help: write `deal.promisesmade`

    error: `deal.PromisesMade` has the label of a field, not its name
      --> DIR/hubspot.yaml:53:12
       |
    53 |     from: [deal.PromisesMade]
       |            ^^^^^^^^^^^^^^^^^
       |
       = help: write `deal.handoff_promises` (Promises made)

    error: `deal.customer_tier`: deals have no field `customer_tier`, companies have one
      --> DIR/hubspot.yaml:59:32
       |
    59 |     from: [deal.handoff_risks, deal.customer_tier]
       |                                ^^^^^^^^^^^^^^^^^^
       |
       = help: write `company.customer_tier`

    error: `deal.first_win` (First win) is archived: HubSpot returns no value of it
      --> DIR/hubspot.yaml:88:12
       |
    88 |     from: [deal.first_win, deal.passport_number]
       |            ^^^^^^^^^^^^^^
       |
       = help: restore it under Settings > Properties > Archived properties, or write another field

    error: `deal.passport_number` (Passport number) is sensitive, and its values are kept from the app
      --> DIR/hubspot.yaml:88:28
       |
    88 |     from: [deal.first_win, deal.passport_number]
       |                            ^^^^^^^^^^^^^^^^^^^^
       |
       = help: grant the app the scope crm.objects.deals.sensitive.read.v2 and install it again, or write another field

    warning: `deal.amount` (Amount) holds an amount, and no day can be read from it
      --> DIR/hubspot.yaml:89:10
       |
    89 |     due: deal.amount
       |          ^^^^^^^^^^^
       |
       = help: write a date field, or a text field with words such as `within 21 days`

    error: `deal.jobtitle`: deals have no field `jobtitle`, contacts have one
      --> DIR/hubspot.yaml:96:12
       |
    96 |     from: [deal.jobtitle, owner.mail]
       |            ^^^^^^^^^^^^^
       |
       = help: people come from `roles`; to show such a field, let the CRM copy it to one of the deal, and write that

    error: `owner.mail`: owners of portal 48210077 have no field `mail`
      --> DIR/hubspot.yaml:96:27
       |
    96 |     from: [deal.jobtitle, owner.mail]
       |                           ^^^^^^^^^^
       |
       = help: write `owner.email`, `owner.firstName` or `owner.lastName`

    warning: `deal.dealname` (Deal name) holds text, not a CRM user: the fallback takes every handoff
       --> DIR/hubspot.yaml:138:9
        |
    138 |   from: deal.dealname
        |         ^^^^^^^^^^^^^
        |
        = help: write a field that holds a user, such as the deal's owner

    DIR/handoff.toml: ok
    DIR/salesforce.yaml: ok
    hubspot:48210077: compared with DIR/hubspot.yaml
    salesforce:00DQy00000A7kLmMAJ: compared with DIR/salesforce.yaml
    slack: compared with the workspace Sandbox
    10 errors, 3 warnings
    ");
}

#[tokio::test]
async fn values_labels_and_pipelines_that_a_portal_does_not_have() {
    let env = TestEnv::with_fallback();
    env.portal(|portal| {
        portal.time_zone = "US/Eastern".to_owned();
        portal.add_pipeline("7700001", "Partners", vec![Stage::new("7700002", "Talking", false, "0.5")]);
    });
    env.writes_hubspot(&[
        ("pipelines: [default, \"8812345\"]", "pipelines: [Self-service, \"8812346\", \"7700001\", onlineshop]"),
        ("    \"Decision maker\": sponsor", "    \"Decison maker\": sponsor\n    Juror: blocker"),
        ("    CHAMPION: sponsor", "    Legal & compliance: blocker\n    CHAMPIONS: sponsor"),
        (
            "in: [Enterprise, Strategic]}",
            "in: [Enterprise, Platinum]}\n    - {field: deal.handoff_risks, in: [\"Data migration needed\", unheard_of]}\n    \
             - {field: deal.pipeline, not_in: [Self-service, \"99\"]}\n    - {field: company.customer_tier, at_least: 3}\n    \
             - {field: deal.amount, older_than_days: 3}",
        ),
    ]);
    insta::assert_snapshot!(env.said().await, @r#"
    warning: portal 48210077 is in US/Eastern: days here are counted in Europe/Berlin
      --> DIR/hubspot.yaml:18:12
       |
    18 | time_zone: Europe/Berlin
       |            ^^^^^^^^^^^^^
       |
       = help: write `time_zone: US/Eastern`, unless the people who work with the digest live elsewhere

    error: `Self-service` is the name of a pipeline, not its id: no deal would get a packet
      --> DIR/hubspot.yaml:23:15
       |
    23 |   pipelines: [Self-service, "8812346", "7700001", onlineshop]
       |               ^^^^^^^^^^^^
       |
       = help: write `8812345` (Self-service)

    error: portal 48210077 has no pipeline `8812346`: no deal gets a packet from it
      --> DIR/hubspot.yaml:23:29
       |
    23 |   pipelines: [Self-service, "8812346", "7700001", onlineshop]
       |                             ^^^^^^^^^
       |
       = help: did you mean `8812345` (Self-service)?

    error: pipeline 7700001 (Partners) has no won stage: none of its deals gets a packet
      --> DIR/hubspot.yaml:23:40
       |
    23 |   pipelines: [Self-service, "8812346", "7700001", onlineshop]
       |                                        ^^^^^^^^^
       |
       = help: give one of its stages the probability Won (100 %), or remove the pipeline here

    error: portal 48210077 has no pipeline `onlineshop`: no deal gets a packet from it
      --> DIR/hubspot.yaml:23:51
       |
    23 |   pipelines: [Self-service, "8812346", "7700001", onlineshop]
       |                                                   ^^^^^^^^^^
       |
       = help: write `default` (Sales pipeline), `8812345` (Self-service) or `7700001` (Partners)

    error: portal 48210077 has no association label `Decison maker`: nobody ever gets a role from it
       --> DIR/hubspot.yaml:103:5
        |
    103 |     "Decison maker": sponsor
        |     ^^^^^^^^^^^^^^^
        |
        = help: did you mean `Decision maker`?

    error: portal 48210077 has no association label `Juror`: nobody ever gets a role from it
       --> DIR/hubspot.yaml:104:5
        |
    104 |     Juror: blocker
        |     ^^^^^
        |
        = help: remove the line, or write one that is there, such as `Sponsor`, `Decision maker`, `Day-to-day user`, `Technical evaluator` or `Blocker`

    error: `Legal & compliance` is what people read, not the buying role as it is stored
       --> DIR/hubspot.yaml:111:5
        |
    111 |     Legal & compliance: blocker
        |     ^^^^^^^^^^^^^^^^^^
        |
        = help: write `LEGAL_AND_COMPLIANCE`

    error: portal 48210077 has no buying role `CHAMPIONS`: nobody ever gets a role from it
       --> DIR/hubspot.yaml:112:5
        |
    112 |     CHAMPIONS: sponsor
        |     ^^^^^^^^^
        |
        = help: did you mean `CHAMPION`?

    error: `company.customer_tier` (Customer tier) has no value `Platinum`
       --> DIR/hubspot.yaml:134:55
        |
    134 |     - {field: company.customer_tier, in: [Enterprise, Platinum]}
        |                                                       ^^^^^^^^
        |
        = help: write `standard`, `strategic` or `enterprise`

    warning: `Data migration needed` is a label of `deal.handoff_risks`: once somebody rewords it, this stops working
       --> DIR/hubspot.yaml:135:40
        |
    135 |     - {field: deal.handoff_risks, in: ["Data migration needed", unheard_of]}
        |                                        ^^^^^^^^^^^^^^^^^^^^^^^
        |
        = help: write the internal value `data_migration`

    error: `deal.handoff_risks` (Risks) has no value `unheard_of`
       --> DIR/hubspot.yaml:135:65
        |
    135 |     - {field: deal.handoff_risks, in: ["Data migration needed", unheard_of]}
        |                                                                 ^^^^^^^^^^
        |
        = help: write `none`, `security_review` (Security review still open), `data_migration` (Data migration needed), `champion_leaving` (Champion may leave) or `thin_team` (Nobody has time for the rollout)

    warning: `Self-service` is a label of `deal.pipeline`: once somebody rewords it, this stops working
       --> DIR/hubspot.yaml:136:39
        |
    136 |     - {field: deal.pipeline, not_in: [Self-service, "99"]}
        |                                       ^^^^^^^^^^^^
        |
        = help: write the internal value `8812345`

    error: `deal.pipeline` (Pipeline) has no value `99`
       --> DIR/hubspot.yaml:136:53
        |
    136 |     - {field: deal.pipeline, not_in: [Self-service, "99"]}
        |                                                     ^^^^
        |
        = help: write `default` (Sales pipeline), `8812345` (Self-service) or `7700001` (Partners)

    warning: this condition never holds: `company.customer_tier` (Customer tier) holds one value of a list, and only numbers can be compared
       --> DIR/hubspot.yaml:137:38
        |
    137 |     - {field: company.customer_tier, at_least: 3}
        |                                      ^^^^^^^^
        |
        = help: compare words with `in: ["…"]`, or write a number field

    warning: this condition never holds: `deal.amount` (Amount) holds an amount, not a day
       --> DIR/hubspot.yaml:138:28
        |
    138 |     - {field: deal.amount, older_than_days: 3}
        |                            ^^^^^^^^^^^^^^^
        |
        = help: write a date field

    DIR/handoff.toml: ok
    DIR/salesforce.yaml: ok
    hubspot:48210077: compared with DIR/hubspot.yaml
    salesforce:00DQy00000A7kLmMAJ: compared with DIR/salesforce.yaml
    slack: compared with the workspace Sandbox
    11 errors, 5 warnings
    "#);
}

#[tokio::test]
async fn what_links_and_requirements_name_is_looked_up() {
    let env = TestEnv::with_fallback();
    env.portal(|portal| {
        portal.add_property(Kind::Deal, Property::new("order_form_url", "Order form", "string", "text"));
    });
    let links = "links:\n  Order form: deal.order_form_url\n  Call: deal.order_from_url\n  \
                 Risks: deal.handoff_risks\n\nroles:\n";
    env.writes_hubspot(&[
        ("    list: lines\n", "    list: lines\n    required_when: {field: deal.amuont, at_least: 20000}\n"),
        ("roles:\n", links),
    ]);
    let said = env.said().await;
    let told: Vec<&str> =
        said.lines().filter(|line| line.contains("error") || line.contains("warning")).collect();
    insta::assert_snapshot!(told.join("\n"), @r"
    error: `deal.amuont`: deals of portal 48210077 have no field `amuont`
    error: `deal.order_from_url`: deals of portal 48210077 have no field `order_from_url`
    warning: `deal.handoff_risks` (Risks) holds values of a list, not the address of a page: no link is made
    2 errors, 1 warning
    ");
}

#[tokio::test]
async fn fields_that_no_answer_can_be_written_to() {
    let env = TestEnv::with_fallback();
    env.portal(|portal| {
        let mut sealed = Property::new("sealed", "Sealed", "string", "textarea");
        sealed.read_only = true;
        portal.add_property(Kind::Deal, sealed);
        portal.add_property(Kind::Deal, Property::new("pitch", "Pitch", "string", "html"));
    });
    let section = |field: &str| format!("[deal.handoff_why_now, deal.{field}]\n    write: deal.{field}");
    env.writes_hubspot(&[
        ("[deal.handoff_why_now, deal.closed_won_reason]", &section("sealed")),
        ("[deal.handoff_success_outcome]", &section("pitch")),
        ("[deal.handoff_promises]", &section("no_such_field")),
        ("[deal.handoff_risks, deal.handoff_risk_notes]", &section("num_associated_contacts")),
        ("[deal.handoff_first_value]", &section("amount")),
        ("due: deal.handoff_first_value_date", "due: deal.amount\n    write_due: deal.amount"),
    ]);
    let report = env.report().await;
    let said = env.said().await;
    let written: Vec<&str> =
        said.lines().filter(|line| line.contains("answer") || line.contains("no_such_field`")).collect();
    insta::assert_snapshot!(written.join("\n"), @r"
    error: `deal.sealed` (Sealed) is read-only: no answer can be written to it
    error: answers are to be written to the CRM, and the app may not change deals
    error: `deal.no_such_field`: deals of portal 48210077 have no field `no_such_field`
    error: `deal.no_such_field`: deals of portal 48210077 have no field `no_such_field`
    error: `deal.num_associated_contacts` (Number of contacts) is calculated: no answer can be written to it
    error: `deal.amount` (Amount) holds an amount, and an answer is text
    error: `deal.amount` (Amount) holds an amount, and the answer is a day
    ");
    assert_eq!(report.exit_code(), 1);
}

#[tokio::test]
async fn a_portal_without_labels_and_without_a_won_stage_says_so_once() {
    let env = TestEnv::with_fallback();
    env.sandbox.hubspot.change(|hubspot| {
        let start = "2026-11-20T08:00:00Z".parse().unwrap();
        let mut portal = handoff_sandbox::hubspot::Portal::new(deals::PORTAL, deals::TOKEN);
        deals::add_fields(&mut portal);
        portal.add_owner("70000010", "Rae", "Ops", "revops@seller.example", false);
        portal.clear_pipelines();
        portal.add_pipeline("default", "Sales", vec![Stage::new("1", "Talking", false, "0.5")]);
        portal.add(Kind::Deal, "1", start, &[]);
        hubspot.add_portal(portal);
    });
    env.writes_hubspot(&[("pipelines: [default, \"8812345\"]", "pipelines: [default]")]);
    insta::assert_snapshot!(env.said().await, @r"
    error: portal 48210077 has no stage that counts as won: no packet will ever be made
      --> DIR/hubspot.yaml:15:1
       |
    15 | crm: hubspot
       | ^^^
       |
       = help: give a stage the probability Won (100 %) under Settings > Objects > Deals > Pipelines

    error: pipeline default (Sales) has no won stage: none of its deals gets a packet
      --> DIR/hubspot.yaml:23:15
       |
    23 |   pipelines: [default]
       |               ^^^^^^^
       |
       = help: give one of its stages the probability Won (100 %), or remove the pipeline here

    warning: portal 48210077 has no labels between deals and contacts: nobody gets a role from here
       --> DIR/hubspot.yaml:102:5
        |
    102 |     Sponsor: sponsor
        |     ^^^^^^^
        |
        = help: make them under Settings > Objects > Deals > Associations (Professional or Enterprise), or rely on `buying_roles`

    DIR/handoff.toml: ok
    DIR/salesforce.yaml: ok
    hubspot:48210077: compared with DIR/hubspot.yaml
    salesforce:00DQy00000A7kLmMAJ: compared with DIR/salesforce.yaml
    slack: compared with the workspace Sandbox
    2 errors, 1 warning
    ");
}

#[tokio::test]
async fn scopes_that_are_missing_are_named() {
    let env = TestEnv::with_fallback();
    env.portal(|portal| {
        portal.withdraw_scope("crm.objects.contacts.write");
        portal.withdraw_scope("crm.objects.owners.read");
        portal.withdraw_scope("crm.objects.companies.read");
    });
    insta::assert_snapshot!(env.said().await, @r#"
    error: hubspot:48210077 lacks a permission: no task can be created
      --> DIR/handoff.toml:15:10
       |
    15 | portal = "48210077"
       |          ^^^^^^^^^^
       |
       = help: grant the app the scope crm.objects.contacts.write and install it again

    error: hubspot:48210077 lacks a permission: no company can be read
      --> DIR/handoff.toml:15:10
       |
    15 | portal = "48210077"
       |          ^^^^^^^^^^
       |
       = help: grant the app the scope crm.objects.companies.read and install it again

    error: hubspot:48210077 lacks a permission: no owner has a name, and none gets the task
      --> DIR/handoff.toml:15:10
       |
    15 | portal = "48210077"
       |          ^^^^^^^^^^
       |
       = help: grant the app the scope crm.objects.owners.read and install it again

    DIR/hubspot.yaml: ok
    DIR/salesforce.yaml: ok
    hubspot:48210077: compared with DIR/hubspot.yaml
    salesforce:00DQy00000A7kLmMAJ: compared with DIR/salesforce.yaml
    slack: compared with the workspace Sandbox
    3 errors
    "#);
}

#[tokio::test]
async fn a_granted_scope_opens_a_sensitive_property() {
    let env = TestEnv::with_fallback();
    env.portal(|portal| {
        let passport = Property::new("passport_number", "Passport number", "string", "text");
        portal.add_property(Kind::Deal, passport.guarded(Sensitivity::Highly));
        portal.grant_scope("crm.objects.deals.highly_sensitive.read.v2");
    });
    env.writes_hubspot(&[("[deal.handoff_expansion]", "[deal.passport_number]")]);
    assert!(env.report().await.is_clean());
}

#[tokio::test]
async fn where_scopes_are_not_told_a_sensitive_property_is_a_warning() {
    let env = TestEnv::with_fallback();
    env.portal(|portal| {
        let passport = Property::new("passport_number", "Passport number", "string", "text");
        portal.add_property(Kind::Deal, passport.guarded(Sensitivity::Highly));
    });
    env.writes_hubspot(&[("[deal.handoff_expansion]", "[deal.passport_number]")]);
    env.sandbox.hubspot.fails("POST /oauth/*", Fault::bad_gateway(), Times::UntilCleared);
    insta::assert_snapshot!(env.said().await, @r"
    warning: `deal.passport_number` (Passport number) is sensitive, and its values may be kept from the app
      --> DIR/hubspot.yaml:96:12
       |
    96 |     from: [deal.passport_number]
       |            ^^^^^^^^^^^^^^^^^^^^
       |
       = help: grant the app the scope crm.objects.deals.highly_sensitive.read.v2 and install it again, or write another field

    DIR/handoff.toml: ok
    DIR/salesforce.yaml: ok
    hubspot:48210077: compared with DIR/hubspot.yaml
    salesforce:00DQy00000A7kLmMAJ: compared with DIR/salesforce.yaml
    slack: compared with the workspace Sandbox
    1 warning
    ");
}

#[tokio::test]
async fn one_platform_that_cannot_be_asked_hides_nothing_of_the_others() {
    let env = TestEnv::with_fallback();
    env.sandbox.hubspot.change(|hubspot| hubspot.revoke_token(deals::TOKEN));
    env.writes_salesforce(&[("deal.Handoff_Why_Now__c", "deal.Handoff_Why_Nwo__c")]);
    insta::assert_snapshot!(env.said().await, @r#"
    error: hubspot:48210077 cannot be asked: reading the properties of deals: HubSpot answered 401 INVALID_AUTHENTICATION, correlation 00000000-0000-4000-8000-000000000000; check the token or connect the app again
      --> DIR/handoff.toml:15:10
       |
    15 | portal = "48210077"
       |          ^^^^^^^^^^
       |
       = help: mend that and check again: DIR/hubspot.yaml was not compared with it

    error: `deal.Handoff_Why_Nwo__c`: opportunities of org 00DQy00000A7kLmMAJ have no field `Handoff_Why_Nwo__c`, or it is hidden from the integration user
      --> DIR/salesforce.yaml:44:12
       |
    44 |     from: [deal.Handoff_Why_Nwo__c]
       |            ^^^^^^^^^^^^^^^^^^^^^^^
       |
       = help: did you mean `deal.Handoff_Why_Now__c` (Why now)? If not, give the integration user's permission set read access to it

    DIR/hubspot.yaml: ok
    salesforce:00DQy00000A7kLmMAJ: compared with DIR/salesforce.yaml
    slack: compared with the workspace Sandbox
    2 errors
    "#);
}

#[tokio::test]
async fn nobody_can_be_reached() {
    let env = TestEnv::with_fallback();
    for (platform, closed) in [("hubspot", "api_url"), ("salesforce", "instance_url"), ("slack", "api_url")] {
        let url = match platform {
            "hubspot" => env.sandbox.hubspot.url().to_owned(),
            "salesforce" => env.sandbox.salesforce.url().to_owned(),
            _ => env.sandbox.slack.api_url(),
        };
        TestEnv::writes(
            &env.installation.config,
            &[(&format!("{closed} = \"{url}\""), &format!("{closed} = \"http://127.0.0.1:1\""))],
        );
    }
    insta::assert_snapshot!(env.said().await, @r#"
    error: hubspot:48210077 cannot be asked: reading the properties of deals: no connection: Connection refused (os error 111)
      --> DIR/handoff.toml:15:10
       |
    15 | portal = "48210077"
       |          ^^^^^^^^^^
       |
       = help: mend that and check again: DIR/hubspot.yaml was not compared with it

    error: salesforce:00DQy00000A7kLmMAJ cannot be asked: logging in to Salesforce: Salesforce cannot be reached
      --> DIR/handoff.toml:23:7
       |
    23 | org = "00DQy00000A7kLmMAJ"
       |       ^^^^^^^^^^^^^^^^^^^^
       |
       = help: mend that and check again: DIR/salesforce.yaml was not compared with it

    error: slack cannot be asked: Slack: auth.test: could not connect
      --> DIR/handoff.toml:35:17
       |
    35 | bot_token_env = "SLACK_BOT_TOKEN"
       |                 ^^^^^^^^^^^^^^^^^
       |
       = help: mend that and check again: no channel was looked at

    DIR/hubspot.yaml: ok
    DIR/salesforce.yaml: ok
    3 errors
    "#);
}

#[tokio::test]
async fn a_token_of_another_portal_is_noticed() {
    let env = TestEnv::with_fallback();
    TestEnv::writes(&env.installation.config, &[("portal = \"48210077\"", "portal = \"48210078\"")]);
    insta::assert_snapshot!(env.said().await, @r#"
    error: the credentials of hubspot:48210078 open another account: 48210077
      --> DIR/handoff.toml:15:10
       |
    15 | portal = "48210078"
       |          ^^^^^^^^^^
       |
       = help: write the token of this account, or the id of that one

    DIR/hubspot.yaml: ok
    DIR/salesforce.yaml: ok
    hubspot:48210078: compared with DIR/hubspot.yaml
    salesforce:00DQy00000A7kLmMAJ: compared with DIR/salesforce.yaml
    slack: compared with the workspace Sandbox
    1 error
    "#);
}

#[tokio::test]
async fn fields_roles_and_record_types_that_an_org_does_not_have() {
    let env = TestEnv::with_fallback();
    env.org(|org| {
        org.hide_field(Object::Opportunity, "Handoff_Promises__c");
        org.set_time_zone("Europe/Lisbon");
        org.add_field(Object::Contact, Field::new("Buying_Power__c", "Buying power", Type::Text));
    });
    env.writes_salesforce(&[
        ("# applies_to:\n#   pipelines: [New_Business]", "applies_to:\n  pipelines: [New_Buisness, \"Renewal\", Upsell]"),
        ("[deal.Handoff_Why_Now__c]", "[deal.Handoff_Why_Nwo__c, deal.Why_Now__c, deal.Account.Industri]"),
        ("[deal.Handoff_Success_Outcome__c]", "[deal.Customer_Tier__c, deal.Csm__r.Name]"),
        ("[deal.Handoff_Risks__c]", "[deal.Buying_Power__c]"),
        ("\"Decision Maker\": sponsor", "\"Decison Maker\": sponsor\n    Juror: blocker"),
        (
            "in: [Enterprise, Strategic]}",
            "in: [Enterprise, Platinum]}\n    - {field: deal.Handoff_Risks__c, in: [\"Data migration needed\"]}\n    \
             - {field: deal.HasOpenActivity, in: [\"yes\"]}",
        ),
    ]);
    insta::assert_snapshot!(env.said().await, @r#"
    warning: org 00DQy00000A7kLmMAJ is in Europe/Lisbon: days here are counted in Europe/Berlin
      --> DIR/salesforce.yaml:22:12
       |
    22 | time_zone: Europe/Berlin
       |            ^^^^^^^^^^^^^
       |
       = help: write `time_zone: Europe/Lisbon`, unless the people who work with the digest live elsewhere

    error: org 00DQy00000A7kLmMAJ has no record type of opportunities `New_Buisness`: no deal gets a packet from it
      --> DIR/salesforce.yaml:27:15
       |
    27 |   pipelines: [New_Buisness, "Renewal", Upsell]
       |               ^^^^^^^^^^^^
       |
       = help: did you mean `New_Business`?

    error: org 00DQy00000A7kLmMAJ has no record type of opportunities `Upsell`: no deal gets a packet from it
      --> DIR/salesforce.yaml:27:40
       |
    27 |   pipelines: [New_Buisness, "Renewal", Upsell]
       |                                        ^^^^^^
       |
       = help: write `Renewal` or `New_Business`

    error: `deal.Handoff_Why_Nwo__c`: opportunities of org 00DQy00000A7kLmMAJ have no field `Handoff_Why_Nwo__c`, or it is hidden from the integration user
      --> DIR/salesforce.yaml:44:12
       |
    44 |     from: [deal.Handoff_Why_Nwo__c, deal.Why_Now__c, deal.Account.Industri]
       |            ^^^^^^^^^^^^^^^^^^^^^^^
       |
       = help: did you mean `deal.Handoff_Why_Now__c` (Why now)? If not, give the integration user's permission set read access to it

    error: `deal.Why_Now__c` has the label of a field, not its name
      --> DIR/salesforce.yaml:44:37
       |
    44 |     from: [deal.Handoff_Why_Nwo__c, deal.Why_Now__c, deal.Account.Industri]
       |                                     ^^^^^^^^^^^^^^^
       |
       = help: write `deal.Handoff_Why_Now__c` (Why now)

    error: `deal.Account.Industri`: accounts of org 00DQy00000A7kLmMAJ have no field `Industri`, or it is hidden from the integration user
      --> DIR/salesforce.yaml:44:54
       |
    44 |     from: [deal.Handoff_Why_Nwo__c, deal.Why_Now__c, deal.Account.Industri]
       |                                                      ^^^^^^^^^^^^^^^^^^^^^
       |
       = help: did you mean `deal.Account.Industry` (Industry)? If not, give the integration user's permission set read access to it

    error: `deal.Customer_Tier__c`: opportunities have no field `Customer_Tier__c`, accounts have one
      --> DIR/salesforce.yaml:49:12
       |
    49 |     from: [deal.Customer_Tier__c, deal.Csm__r.Name]
       |            ^^^^^^^^^^^^^^^^^^^^^
       |
       = help: write `company.Customer_Tier__c`

    error: `deal.Csm__r.Name`: opportunities of org 00DQy00000A7kLmMAJ have no field `Csm__r`, or it is hidden from the integration user
      --> DIR/salesforce.yaml:49:35
       |
    49 |     from: [deal.Customer_Tier__c, deal.Csm__r.Name]
       |                                   ^^^^^^^^^^^^^^^^
       |
       = help: write the API name (Setup > Object Manager > Fields & Relationships, column Field Name), and give the permission set of the integration user read access to it

    error: `deal.Handoff_Promises__c`: opportunities of org 00DQy00000A7kLmMAJ have no field `Handoff_Promises__c`, or it is hidden from the integration user
      --> DIR/salesforce.yaml:57:12
       |
    57 |     from: [deal.Handoff_Promises__c]
       |            ^^^^^^^^^^^^^^^^^^^^^^^^
       |
       = help: write the API name (Setup > Object Manager > Fields & Relationships, column Field Name), and give the permission set of the integration user read access to it

    error: `deal.Buying_Power__c`: opportunities have no field `Buying_Power__c`, contacts have one
      --> DIR/salesforce.yaml:63:12
       |
    63 |     from: [deal.Buying_Power__c]
       |            ^^^^^^^^^^^^^^^^^^^^
       |
       = help: people come from `roles`; to show such a field, let the CRM copy it to one of the deal, and write that

    error: org 00DQy00000A7kLmMAJ has no contact role `Decison Maker`: nobody ever gets a role from it
       --> DIR/salesforce.yaml:108:5
        |
    108 |     "Decison Maker": sponsor
        |     ^^^^^^^^^^^^^^^
        |
        = help: did you mean `Decision Maker`?

    error: org 00DQy00000A7kLmMAJ has no contact role `Juror`: nobody ever gets a role from it
       --> DIR/salesforce.yaml:109:5
        |
    109 |     Juror: blocker
        |     ^^^^^
        |
        = help: remove the line, or write one that is there, such as `Business User`, `Decision Maker`, `Economic Buyer`, `Economic Decision Maker` or `Evaluator`

    error: `company.Customer_Tier__c` (Customer tier) has no value `Platinum`
       --> DIR/salesforce.yaml:132:58
        |
    132 |     - {field: company.Customer_Tier__c, in: [Enterprise, Platinum]}
        |                                                          ^^^^^^^^
        |
        = help: write `standard`, `strategic` or `enterprise`

    warning: `Data migration needed` is a label of `deal.Handoff_Risks__c`: once somebody rewords it, this stops working
       --> DIR/salesforce.yaml:133:43
        |
    133 |     - {field: deal.Handoff_Risks__c, in: ["Data migration needed"]}
        |                                           ^^^^^^^^^^^^^^^^^^^^^^^
        |
        = help: write the internal value `data_migration`

    error: `deal.HasOpenActivity` (Has Open Activity) has no value `yes`
       --> DIR/salesforce.yaml:134:42
        |
    134 |     - {field: deal.HasOpenActivity, in: ["yes"]}
        |                                          ^^^^^
        |
        = help: write `true` or `false`

    DIR/handoff.toml: ok
    DIR/hubspot.yaml: ok
    hubspot:48210077: compared with DIR/hubspot.yaml
    salesforce:00DQy00000A7kLmMAJ: compared with DIR/salesforce.yaml
    slack: compared with the workspace Sandbox
    13 errors, 2 warnings
    "#);
}

#[tokio::test]
async fn what_the_integration_user_may_not_write_to_is_named_with_its_permission_set() {
    let env = TestEnv::with_fallback();
    env.org(|org| {
        org.add_field(Object::Opportunity, Field::new("Score__c", "Score", Type::Text).formula());
        org.grant_edit(&["Handoff_Promises__c", "NextStep", "Score__c"]);
    });
    let section = |field: &str| format!("[deal.{field}]\n    write: deal.{field}");
    env.writes_salesforce(&[
        ("[deal.Handoff_Why_Now__c]", &section("Handoff_Why_Now__c")),
        ("[deal.Handoff_Success_Outcome__c]", &section("Score__c")),
        ("[deal.Handoff_Promises__c]", &section("Handoff_Promises__c")),
        ("[deal.Handoff_First_Value__c]", &section("NextStep")),
        ("\nroles:\n", "\nroles:\n  write: roles\n"),
    ]);
    insta::assert_snapshot!(env.said().await, @"
    error: `deal.Handoff_Why_Now__c` (Why now) cannot be edited by the integration user: no answer can be written to it
      --> DIR/salesforce.yaml:45:12
       |
    45 |     write: deal.Handoff_Why_Now__c
       |            ^^^^^^^^^^^^^^^^^^^^^^^
       |
       = help: give the permission set Handoff Write-back Edit on opportunities and on their field, and assign it to the integration user; or remove the line

    error: `deal.Score__c` (Score) is calculated: no answer can be written to it
      --> DIR/salesforce.yaml:51:12
       |
    51 |     write: deal.Score__c
       |            ^^^^^^^^^^^^^
       |
       = help: write a field that people fill in

    warning: `deal.NextStep` (Next Step) holds 255 characters: a longer answer stays in the packet
      --> DIR/salesforce.yaml:96:12
       |
    96 |     write: deal.NextStep
       |            ^^^^^^^^^^^^^
       |
       = help: write a field for long text

    DIR/handoff.toml: ok
    DIR/hubspot.yaml: ok
    hubspot:48210077: compared with DIR/hubspot.yaml
    salesforce:00DQy00000A7kLmMAJ: compared with DIR/salesforce.yaml
    slack: compared with the workspace Sandbox
    2 errors, 1 warning
    ");
    env.org(|org| {
        org.grant_edit(&["Handoff_Why_Now__c"]);
        org.revoke_edit();
    });
    let said = env.said().await;
    let errors: Vec<&str> = said.lines().filter(|line| line.starts_with("error")).collect();
    insta::assert_snapshot!(errors.join("\n"), @"
    error: `deal.Handoff_Why_Now__c` (Why now) cannot be edited by the integration user: no answer can be written to it
    error: `deal.Score__c` (Score) is calculated: no answer can be written to it
    error: `deal.Handoff_Promises__c` (Promises made) cannot be edited by the integration user: no answer can be written to it
    error: `deal.NextStep` (Next Step) cannot be edited by the integration user: no answer can be written to it
    error: org 00DQy00000A7kLmMAJ lets our user create no contact roles: none can be written
    ");
    assert_eq!(env.sandbox.salesforce.problems(), [""; 0]);
}

#[tokio::test]
async fn what_an_org_does_not_allow_is_named() {
    let env = TestEnv::with_fallback();
    env.org(|org| {
        org.may_edit_tasks = false;
        org.hide_object(Object::ContactRole);
        org.clear(Object::Stage);
        org.add_stage("Talking", false, false);
    });
    TestEnv::writes(
        &env.installation.config,
        &[(
            "[salesforce.jwt]",
            "task_status = \"Open\"\ntask_key_field = \"Handoff_Kee__c\"\n[salesforce.jwt]",
        )],
    );
    insta::assert_snapshot!(env.said().await, @r#"
    error: salesforce:00DQy00000A7kLmMAJ lacks a permission: nobody can be shown among the stakeholders
      --> DIR/handoff.toml:23:7
       |
    23 | org = "00DQy00000A7kLmMAJ"
       |       ^^^^^^^^^^^^^^^^^^^^
       |
       = help: give the integration user's permission set: Read on OpportunityContactRole

    error: salesforce:00DQy00000A7kLmMAJ lacks a permission: no task can be created
      --> DIR/handoff.toml:23:7
       |
    23 | org = "00DQy00000A7kLmMAJ"
       |       ^^^^^^^^^^^^^^^^^^^^
       |
       = help: give the integration user's permission set: Create on tasks (Edit Tasks)

    error: tasks of this org have no status `Open`
      --> DIR/handoff.toml:29:15
       |
    29 | task_status = "Open"
       |               ^^^^^^
       |
       = help: write one that it has: `Not Started`, `In Progress`, `Completed`

    error: tasks of this org have no field `Handoff_Kee__c`, or our user cannot see it
      --> DIR/handoff.toml:30:18
       |
    30 | task_key_field = "Handoff_Kee__c"
       |                  ^^^^^^^^^^^^^^^^
       |
       = help: create it on Activity and give the permission set read and edit access, or remove the setting

    error: org 00DQy00000A7kLmMAJ has no stage that counts as won: no packet will ever be made
      --> DIR/salesforce.yaml:19:1
       |
    19 | crm: salesforce
       | ^^^
       |
       = help: give a stage the type Closed/Won under Setup > Object Manager > Opportunity > Stage

    DIR/hubspot.yaml: ok
    hubspot:48210077: compared with DIR/hubspot.yaml
    salesforce:00DQy00000A7kLmMAJ: compared with DIR/salesforce.yaml
    slack: compared with the workspace Sandbox
    5 errors
    "#);
}

#[tokio::test]
async fn channels_that_no_digest_can_be_posted_to() {
    let env = TestEnv::with_fallback();
    env.sandbox.slack.change(|slack| {
        slack.set_access("C0123ABCD", Access::NotInvited);
        slack.set_access("C0456EFGH", Access::Private);
    });
    insta::assert_snapshot!(env.said().await, @r"
    error: the bot is not in C0123ABCD: no digest can be posted there
       --> DIR/hubspot.yaml:148:12
        |
    148 |   channel: C0123ABCD
        |            ^^^^^^^^^
        |
        = help: in that channel write: /invite @handoff (the name of your app)

    error: Sandbox has no channel C0456EFGH, or it is private and the bot is not in it
       --> DIR/salesforce.yaml:147:12
        |
    147 |   channel: C0456EFGH
        |            ^^^^^^^^^
        |
        = help: copy the id from the bottom of the channel's About; if it is private, invite the bot there

    DIR/handoff.toml: ok
    hubspot:48210077: compared with DIR/hubspot.yaml
    salesforce:00DQy00000A7kLmMAJ: compared with DIR/salesforce.yaml
    slack: compared with the workspace Sandbox
    2 errors
    ");

    // With a look at the channel itself, an archived one shows too.
    env.sandbox.slack.change(|slack| {
        slack.grant_scope("channels:read");
        slack.grant_scope("groups:read");
        slack.set_access("C0ENTERPR", Access::Archived);
    });
    let said = env.said().await;
    assert!(said.contains("C0ENTERPR is archived: no digest can be posted there"), "{said}");
    assert!(said.contains("the bot is not in C0123ABCD"), "{said}");
    assert!(said.contains("Sandbox has no channel C0456EFGH, or it is private"), "{said}");
}

#[tokio::test]
async fn what_the_slack_app_may_not_do() {
    let env = TestEnv::with_fallback();
    env.sandbox.slack.change(|slack| {
        for scope in ["chat:write", "users:read.email", "channels:history"] {
            slack.withdraw_scope(scope);
        }
    });
    insta::assert_snapshot!(env.said().await, @r#"
    error: the Slack app lacks the scope chat:write: no digest can be posted
      --> DIR/handoff.toml:35:17
       |
    35 | bot_token_env = "SLACK_BOT_TOKEN"
       |                 ^^^^^^^^^^^^^^^^^
       |
       = help: add chat:write under OAuth & Permissions > Bot Token Scopes and install the app again

    error: the Slack app lacks the scope users:read.email: digests show owners by name and mention nobody
      --> DIR/handoff.toml:35:17
       |
    35 | bot_token_env = "SLACK_BOT_TOKEN"
       |                 ^^^^^^^^^^^^^^^^^
       |
       = help: add users:read.email under OAuth & Permissions > Bot Token Scopes and install the app again

    warning: nobody can say whether digests can be posted to C0123ABCD: the bot may not look
       --> DIR/hubspot.yaml:148:12
        |
    148 |   channel: C0123ABCD
        |            ^^^^^^^^^
        |
        = help: add the bot scopes channels:read and groups:read and install the app again

    warning: nobody can say whether digests can be posted to C0ENTERPR: the bot may not look
       --> DIR/hubspot.yaml:151:16
        |
    151 |       channel: C0ENTERPR
        |                ^^^^^^^^^
        |
        = help: add the bot scopes channels:read and groups:read and install the app again

    warning: nobody can say whether digests can be posted to C0456EFGH: the bot may not look
       --> DIR/salesforce.yaml:147:12
        |
    147 |   channel: C0456EFGH
        |            ^^^^^^^^^
        |
        = help: add the bot scopes channels:read and groups:read and install the app again

    warning: nobody can say whether digests can be posted to C0ENTERPR: the bot may not look
       --> DIR/salesforce.yaml:150:16
        |
    150 |       channel: C0ENTERPR
        |                ^^^^^^^^^
        |
        = help: add the bot scopes channels:read and groups:read and install the app again

    hubspot:48210077: compared with DIR/hubspot.yaml
    salesforce:00DQy00000A7kLmMAJ: compared with DIR/salesforce.yaml
    slack: compared with the workspace Sandbox
    2 errors, 4 warnings
    "#);
    env.sandbox.slack.change(|slack| slack.revoke_token(deals::BOT_TOKEN));
    let said = env.said().await;
    assert!(
        said.contains("slack cannot be asked: Slack: auth.test: token_revoked; check the bot token"),
        "{said}"
    );
}

#[tokio::test]
async fn clicks_need_their_scopes_and_a_socket_that_opens() {
    let env = TestEnv::with_fallback();
    env.installation.takes_clicks("socket").unwrap();
    env.sandbox.slack.change(|slack| {
        slack.grant_scope("channels:read");
        slack.grant_scope("groups:read");
    });
    let said = env.said().await;
    assert!(said.ends_with("no problems\n") || !said.contains("error"), "{said}");
    assert_eq!(env.sandbox.slack.see(handoff_sandbox::SlackState::open_sockets), 0, "nothing is connected");

    env.sandbox.slack.change(|slack| {
        slack.withdraw_scope("im:write");
        slack.withdraw_scope("im:history");
        slack.withdraw_connections(deals::APP_TOKEN);
    });
    let said = env.said().await;
    for wrong in [
        "the Slack app lacks the scope im:write: nobody can be asked in a direct message",
        "the Slack app lacks the scope im:history: a direct message whose answer was lost cannot be looked up, and is held",
        "no socket can be opened: Slack: apps.connections.open: missing_scope; grant the app connections:write",
    ] {
        assert!(said.contains(&format!("error: {wrong}\n")), "{said}");
    }
    assert_eq!(env.sandbox.slack.problems(), [""; 0]);

    // Over HTTP nothing has to open, and with clicks off nothing of it is asked for.
    let config = &env.installation.config;
    TestEnv::writes(config, &[("interactive = \"socket\"", "interactive = \"http\"")]);
    assert!(!env.said().await.contains("socket"));
    TestEnv::writes(config, &[("interactive = \"http\"", "interactive = \"off\"")]);
    let said = env.said().await;
    assert!(!said.contains("error"), "{said}");
}

#[tokio::test]
async fn a_fallback_that_nobody_knows() {
    let env = TestEnv::with_fallback();
    env.writes_hubspot(&[("fallback: revops@seller.example", "fallback: nobody.o'brien@example.com")]);
    env.writes_salesforce(&[("fallback: revops@seller.example", "fallback: nobody.o'brien@example.com")]);
    insta::assert_snapshot!(env.said().await, @r"
    warning: `nobody.o'brien@example.com` is no active user of hubspot:48210077: they cannot open the deal and its task
       --> DIR/hubspot.yaml:139:13
        |
    139 |   fallback: nobody.o'brien@example.com
        |             ^^^^^^^^^^^^^^^^^^^^^^^^^^
        |
        = help: write the address that somebody signs in to the CRM with

    warning: `nobody.o'brien@example.com` has no Slack account: such a digest mentions nobody
       --> DIR/hubspot.yaml:139:13
        |
    139 |   fallback: nobody.o'brien@example.com
        |             ^^^^^^^^^^^^^^^^^^^^^^^^^^
        |
        = help: write the address of somebody who has one, if they should be told

    warning: `nobody.o'brien@example.com` is no active user of salesforce:00DQy00000A7kLmMAJ: they cannot open the deal and its task
       --> DIR/salesforce.yaml:138:13
        |
    138 |   fallback: nobody.o'brien@example.com
        |             ^^^^^^^^^^^^^^^^^^^^^^^^^^
        |
        = help: write the address that somebody signs in to the CRM with

    warning: `nobody.o'brien@example.com` has no Slack account: such a digest mentions nobody
       --> DIR/salesforce.yaml:138:13
        |
    138 |   fallback: nobody.o'brien@example.com
        |             ^^^^^^^^^^^^^^^^^^^^^^^^^^
        |
        = help: write the address of somebody who has one, if they should be told

    DIR/handoff.toml: ok
    hubspot:48210077: compared with DIR/hubspot.yaml
    salesforce:00DQy00000A7kLmMAJ: compared with DIR/salesforce.yaml
    slack: compared with the workspace Sandbox
    4 warnings
    ");
}

#[tokio::test]
async fn a_subscription_that_never_fires() {
    let env = TestEnv::with_fallback();
    let project = env.directory.path().join("hubspot/src/app/webhooks");
    std::fs::create_dir_all(&project).unwrap();
    let shipped = include_str!("../../../config/hubspot/src/app/webhooks/handoff-hsmeta.json");
    let file = project.join("handoff-hsmeta.json");
    std::fs::write(&file, shipped).unwrap();
    assert!(env.report().await.is_clean());
    for (name, told) in [
        ("hs_is_closed_won", "`hs_is_closed_won` (Is closed won) is calculated"),
        ("dealstag", "portal 48210077 has no deal property `dealstag`"),
    ] {
        std::fs::write(&file, shipped.replace("\"dealstage\"", &format!("\"{name}\""))).unwrap();
        let said = env.said().await;
        assert!(said.contains(told), "{said}");
        assert!(said.contains("DIR/hubspot/src/app/webhooks/handoff-hsmeta.json:14:27"), "{said}");
    }
}

#[tokio::test]
async fn a_field_of_the_mapping_that_no_webhook_tells_of() {
    let env = TestEnv::with_fallback();
    let project = env.directory.path().join("hubspot/src/app/webhooks");
    std::fs::create_dir_all(&project).unwrap();
    let file = project.join("handoff-hsmeta.json");
    let shipped = include_str!("../../../config/hubspot/src/app/webhooks/handoff-hsmeta.json");
    let one = shipped.replace(
        "\"crmObjects\": [",
        "\"crmObjects\": [{\"subscriptionType\": \"object.propertyChange\", \"objectType\": \"deal\", \
         \"propertyName\": \"handoff_promises\", \"active\": true},",
    );
    std::fs::write(&file, one).unwrap();
    let said = env.said().await;
    assert!(
        said.contains("no webhook tells when `amount` changes, and the mapping reads it (11 such fields)"),
        "{said}"
    );
    assert!(said.contains("handoff init --subscriptions --force"), "{said}");
}

#[tokio::test]
async fn without_a_configuration_nobody_is_asked() {
    let env = TestEnv::with_fallback();
    let mut report = check::check(&env.installation.config, &|_| None);
    super::look(&mut report, &env.installation.config, &env.clock).await;
    assert_eq!(report.compared, ["nobody was asked: mend the configuration first"]);
    assert_eq!(report.exit_code(), 1);
    assert!(env.sandbox.hubspot.log().calls().is_empty());
}
