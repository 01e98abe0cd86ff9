//! Nobody can click, and nothing is written to a deal: not one request more goes out than for the handoff itself.

use handoff_sandbox::{Log, LoggedCall};
use libtest_mimic::Trial;
use serde_json::Value;

use crate::side::Side;
use crate::tests;
use crate::world::{WORK, World};

pub fn trials() -> Vec<Trial> {
    let mut trials = tests![what_a_win_in_hubspot_sends, what_a_win_in_salesforce_sends];
    trials.extend(tests![Hubspot, Salesforce: clicks_add_buttons_and_nothing_else]);
    trials
}

/// What one win sends, to the CRM and to Slack: a line each, in order of the alphabet.
async fn sent(side: Side, interactive: Option<&str>) -> (Vec<String>, Vec<String>) {
    let mut world = World::without_service(side, WORK);
    if let Some(transport) = interactive {
        world.installation.takes_clicks(transport).unwrap();
    }
    world.starts().await;
    world.closes_deal(side.half_empty()).await;
    world.next_digest().await;
    world.settles().await;
    let (hubspot, salesforce) = (&world.sandbox.hubspot, &world.sandbox.salesforce);
    let (crm, other) = match side {
        Side::Hubspot => (hubspot.log(), salesforce.log()),
        Side::Salesforce => (salesforce.log(), hubspot.log()),
    };
    assert_eq!(lines(&other), [""; 0], "the other CRM has nothing to do with it");
    // Links lead to the org.
    let steady = |line: String| line.replace(salesforce.url(), "https://acme.example");
    let slack = lines(&world.sandbox.slack.log()).into_iter().map(steady).collect();
    let sent = (lines(&crm), slack);
    world.end().await;
    sent
}

fn lines(log: &Log) -> Vec<String> {
    let mut lines: Vec<String> = log.calls().iter().map(line).collect();
    lines.sort();
    lines
}

/// Method, path, query and body, without what is different each time: times, what depends on them, and signatures.
fn line(call: &LoggedCall) -> String {
    let query: Vec<String> = call.query.iter().map(|(name, value)| format!("{name}={value}")).collect();
    let body = String::from_utf8(call.body.clone()).unwrap();
    let (body, _) = body.split_once("&assertion=").unwrap_or((&body, ""));
    let parts = [call.line(), query.join("&"), body.to_owned()];
    let parts: Vec<String> = parts.into_iter().filter(|part| !part.is_empty()).collect();
    steady(&parts.join(" "))
}

fn steady(text: &str) -> String {
    let mut steady = String::new();
    let mut rest = text;
    while let Some(next) = rest.chars().next() {
        let hex = |prefix: &str| {
            let id = rest.strip_prefix(prefix)?;
            Some(rest.len() - id.trim_start_matches(|c: char| c.is_ascii_hexdigit()).len())
        };
        let digits = rest.len() - rest.trim_start_matches(|c: char| c.is_ascii_digit() || c == '.').len();
        let (word, taken) = if let Some(taken) = hex("pkt_").or_else(|| hex("handoff:")) {
            ("PACKET", taken)
        } else if rest.starts_with("2026-11-20T") {
            ("NOW", rest.find('Z').map_or(rest.len(), |end| end + 1))
        } else if rest.starts_with("1795") && digits >= 13 {
            ("NOW", digits)
        } else {
            let taken = digits.max(next.len_utf8());
            (&rest[..taken], taken)
        };
        steady.push_str(word);
        rest = &rest[taken..];
    }
    steady
}

async fn what_a_win_in_hubspot_sends() {
    let (crm, slack) = sent(Side::Hubspot, None).await;
    insta::assert_snapshot!(crm.join("\n"), @r#"
    GET /crm/objects/2026-03/deals/301000000418 properties=dealname,dealstage,pipeline,amount,deal_currency_code,closedate,createdate,hubspot_owner_id,hs_is_closed_won,hs_closed_won_date,hs_merged_object_ids,hs_primary_associated_company,closed_won_reason,handoff_expansion,handoff_first_value,handoff_first_value_date,handoff_promises,handoff_risk_notes,handoff_risks,handoff_success_outcome,handoff_why_now&propertiesWithHistory=dealstage&associations=contacts,companies,line_items&archived=false
    GET /crm/objects/2026-03/deals/301000000418/associations/contacts limit=500
    GET /crm/owners/2026-03/70000003 idProperty=id&archived=false
    GET /crm/pipelines/2026-03/deals
    GET /crm/properties/2026-03/companies archived=false
    GET /crm/properties/2026-03/deals archived=false
    POST /crm/objects/2026-03/companies/batch/read {"inputs":[{"id":"9002"}],"properties":["name","domain","customer_tier","numberofemployees"],"propertiesWithHistory":[]}
    POST /crm/objects/2026-03/contacts/batch/read {"inputs":[{"id":"521"},{"id":"522"}],"properties":["firstname","lastname","email","jobtitle","hs_buying_role"],"propertiesWithHistory":[]}
    POST /crm/objects/2026-03/tasks {"associations":[{"to":{"id":"301000000418"},"types":[{"associationCategory":"HUBSPOT_DEFINED","associationTypeId":216}]},{"to":{"id":"521"},"types":[{"associationCategory":"HUBSPOT_DEFINED","associationTypeId":204}]},{"to":{"id":"522"},"types":[{"associationCategory":"HUBSPOT_DEFINED","associationTypeId":204}]},{"to":{"id":"9002"},"types":[{"associationCategory":"HUBSPOT_DEFINED","associationTypeId":192}]}],"properties":{"hs_task_body":"<p>The deal is won. Please answer each question in the place it names; a sentence is enough.</p><p><b>For the seller, Tom Lindqvist</b></p><p>1. Why now (deal field &quot;Closed won reason&quot;): Why did they choose us now, and what forced the date?<br>2. People (association label of each contact): Who are the evaluator and likely blocker at Pinebrook Clinics?<br>3. Promised and risk (deal field &quot;Promises made&quot; and deal field &quot;Risks&quot;): What did we promise them, said or implied, and what could slow them down early on? &quot;None&quot; is an answer to either.<br>4. First value (deal field &quot;First value by&quot;): By which day should this happen? Without an answer we plan for day 30, 20 Dec 2026.</p><p><b>The deal</b></p><p>Deal: Pinebrook Clinics: appointment reminders<br>Value: 18,500 EUR<br>Closed: 20 Nov 2026<br>Takes over: not known yet<br>Seller: Tom Lindqvist</p><p><b>Why now</b></p><p>not answered yet (&quot;TBD&quot;)</p><p><b>Outcome</b></p><p>No-shows at the Elm Street clinic drop below 8 % by the end of June.</p><p><b>First value</b></p><ul><li>Front desk sends the first 50 reminders from the new system.</li><li>No date yet, proposal 20 Dec</li></ul><p><b>People</b></p><ul><li>Sponsor: Priya Castellan, Practice manager (priya@pinebrook.example)</li><li>Operator: Ola Brenner, Front desk (ola@pinebrook.example)</li><li>Evaluator and likely blocker not known yet</li></ul><p><b>Promised</b></p><p>not answered yet (&quot;see call notes&quot;)</p><p><b>Risk</b></p><p>not answered yet</p><p>[PACKET]</p>","hs_task_priority":"MEDIUM","hs_task_status":"NOT_STARTED","hs_task_subject":"Handoff: 4 open questions about Pinebrook Clinics","hs_task_type":"TODO","hs_timestamp":"2026-11-24T16:00:00Z","hubspot_owner_id":"70000003"}}
    "#);
    insta::assert_snapshot!(slack.join("\n"), @r#"
    GET /api/chat.getPermalink channel=C0123ABCD&message_ts=NOW
    GET /api/users.lookupByEmail email=tom.lindqvist@seller.example
    POST /api/chat.postMessage {"channel":"C0123ABCD","text":"Pinebrook Clinics · 18,500 EUR · who takes over is not known yet · 4 questions open, asked of Tom Lindqvist\nWhy now: not answered yet (\"TBD\")\nOutcome: No-shows at the Elm Street clinic drop below 8 % by the end of June.\nFirst value: Front desk sends the first 50… · no date yet, proposal 20 Dec\nSponsor: Priya Castellan, Practice manager\nOthers: Ola Brenner (operator) · evaluator and likely blocker not known yet\nPromised: not answered yet (\"see call notes\")\nRisk: not answered yet\nPinebrook Clinics: appointment reminders · task","blocks":[{"type":"rich_text","block_id":"PACKET.headline","elements":[{"type":"rich_text_section","elements":[{"type":"text","text":"Pinebrook Clinics","style":{"bold":true}},{"type":"text","text":" · "},{"type":"text","text":"18,500 EUR"},{"type":"text","text":" · "},{"type":"text","text":"who takes over is not known yet"},{"type":"text","text":" · "},{"type":"text","text":"4 questions open, asked of "},{"type":"text","text":"Tom Lindqvist"}]}]},{"type":"rich_text","block_id":"PACKET.packet","elements":[{"type":"rich_text_section","elements":[{"type":"text","text":"Why now: ","style":{"bold":true}},{"type":"text","text":"not answered yet (\"TBD\")"},{"type":"text","text":"\n"},{"type":"text","text":"Outcome: ","style":{"bold":true}},{"type":"text","text":"No-shows at the Elm Street clinic drop below 8 % by the end of June."},{"type":"text","text":"\n"},{"type":"text","text":"First value: ","style":{"bold":true}},{"type":"text","text":"Front desk sends the first 50… · no date yet, proposal 20 Dec"},{"type":"text","text":"\n"},{"type":"text","text":"Sponsor: ","style":{"bold":true}},{"type":"text","text":"Priya Castellan, Practice manager"},{"type":"text","text":"\n"},{"type":"text","text":"Others: ","style":{"bold":true}},{"type":"text","text":"Ola Brenner (operator) · evaluator and likely blocker not known yet"},{"type":"text","text":"\n"},{"type":"text","text":"Promised: ","style":{"bold":true}},{"type":"text","text":"not answered yet (\"see call notes\")"},{"type":"text","text":"\n"},{"type":"text","text":"Risk: ","style":{"bold":true}},{"type":"text","text":"not answered yet"}]}]},{"type":"rich_text","block_id":"PACKET.links","elements":[{"type":"rich_text_section","elements":[{"type":"link","url":"https://app.hubspot.com/contacts/48210077/record/0-3/301000000418","text":"Pinebrook Clinics: appointment reminders"},{"type":"text","text":" · "},{"type":"link","url":"https://app.hubspot.com/contacts/48210077/record/0-27/880000000009","text":"task"}]}]}],"metadata":{"event_type":"handoff_packet_posted","event_payload":{"packet_id":"PACKET","revision":1}},"unfurl_links":false,"unfurl_media":false}
    "#);
}

async fn what_a_win_in_salesforce_sends() {
    let (crm, slack) = sent(Side::Salesforce, None).await;
    insta::assert_snapshot!(crm.join("\n"), @r#"
    GET /services/data/v66.0/query q=SELECT ApiName, MasterLabel FROM OpportunityStage WHERE IsWon = true
    GET /services/data/v66.0/query q=SELECT Id, StageName, IsWon, Name, IsClosed, CloseDate, Amount, CurrencyIsoCode, RecordType.DeveloperName, LastStageChangeDate, LastModifiedDate, OwnerId, Owner.Id, Owner.Name, Owner.Email, Owner.IsActive, Account.Id, Account.Name, Handoff_Expansion__c, Handoff_First_Value_Date__c, Handoff_First_Value__c, Handoff_Promises__c, Handoff_Risks__c, Handoff_Why_Now__c, Account.Customer_Tier__c, Account.NumberOfEmployees, (SELECT ContactId, Role, IsPrimary, Contact.Name, Contact.Title, Contact.Email, Contact.Phone FROM OpportunityContactRoles ORDER BY IsPrimary DESC LIMIT 50), (SELECT Id, Name, Quantity, TotalPrice FROM OpportunityLineItems ORDER BY Id LIMIT 200), (SELECT StageName, CreatedDate FROM OpportunityHistories ORDER BY CreatedDate DESC, Id DESC LIMIT 50) FROM Opportunity WHERE Id = '0065e00001HaRboAAF'
    GET /services/data/v66.0/sobjects/Account/describe
    GET /services/data/v66.0/sobjects/Opportunity/describe
    POST /services/data/v66.0/sobjects/Task {"ActivityDate":"2026-11-24","Description":"The deal is won. Please answer each question in the place it names; a sentence is enough.\n\nFor the seller, Nils Achterberg\n1. Why now (deal field \"Why now\"): Why did they choose us now, and what forced the date?\n2. People (contact role of each contact): Who are the sponsor, operator, evaluator and likely blocker at Harbour Lane Dental?\n3. Promised and risk (deal field \"Promises made\" and deal field \"Risks\"): What did we promise them, said or implied, and what could slow them down early on? \"None\" is an answer to either.\n4. First value (deal field \"First value\" and deal field \"First value by\"): What will the customer do with it that they cannot do today, and by when?\n\nFor RevOps, once in the mapping\n- Outcome: Can you let us read deal.Handoff_Success_Outcome__c, or name another field in the mapping?\n\nThe deal\nDeal: Harbour Lane Dental: recall letters\nValue: 14,200.50 EUR\nClosed: 20 Nov 2026\nTakes over: not known yet\nSeller: Nils Achterberg\n\nWhy now\nnot answered yet (\"TBD\")\n\nOutcome\nnot answered yet\n\nFirst value (asked again)\n- Kick-off and training of the front desk\n- No date yet, proposal 20 Dec\n\nPeople\nnot known yet\n\nPromised\nnot answered yet (\"see e-mail\")\n\nRisk\n- not answered yet\n- Too few people on the opportunity (no contacts)\n\n[PACKET]","OwnerId":"0055e000001NaReAAK","Priority":"Normal","Subject":"Handoff: 5 open questions about Harbour Lane Dental","WhatId":"0065e00001HaRboAAF"}
    POST /services/oauth2/token grant_type=urn%3Aietf%3Aparams%3Aoauth%3Agrant-type%3Ajwt-bearer
    "#);
    insta::assert_snapshot!(slack.join("\n"), @r#"
    GET /api/chat.getPermalink channel=C0456EFGH&message_ts=NOW
    GET /api/users.lookupByEmail email=nils.achterberg@seller.example
    POST /api/chat.postMessage {"channel":"C0456EFGH","text":"Harbour Lane Dental · 14,200.50 EUR · who takes over is not known yet · 4 questions open, asked of Nils Achterberg\nWhy now: not answered yet (\"TBD\")\nOutcome: not answered yet\nFirst value: Kick-off and training of the front desk (asked again) · no date yet, proposal 20 Dec\nPeople: not known yet\nPromised: not answered yet (\"see e-mail\")\nRisk: not answered yet · Too few people on the opportunity (no contacts)\nHarbour Lane Dental: recall letters · task","blocks":[{"type":"rich_text","block_id":"PACKET.headline","elements":[{"type":"rich_text_section","elements":[{"type":"text","text":"Harbour Lane Dental","style":{"bold":true}},{"type":"text","text":" · "},{"type":"text","text":"14,200.50 EUR"},{"type":"text","text":" · "},{"type":"text","text":"who takes over is not known yet"},{"type":"text","text":" · "},{"type":"text","text":"4 questions open, asked of "},{"type":"text","text":"Nils Achterberg"}]}]},{"type":"rich_text","block_id":"PACKET.packet","elements":[{"type":"rich_text_section","elements":[{"type":"text","text":"Why now: ","style":{"bold":true}},{"type":"text","text":"not answered yet (\"TBD\")"},{"type":"text","text":"\n"},{"type":"text","text":"Outcome: ","style":{"bold":true}},{"type":"text","text":"not answered yet"},{"type":"text","text":"\n"},{"type":"text","text":"First value: ","style":{"bold":true}},{"type":"text","text":"Kick-off and training of the front desk (asked again) · no date yet, proposal 20 Dec"},{"type":"text","text":"\n"},{"type":"text","text":"People: ","style":{"bold":true}},{"type":"text","text":"not known yet"},{"type":"text","text":"\n"},{"type":"text","text":"Promised: ","style":{"bold":true}},{"type":"text","text":"not answered yet (\"see e-mail\")"},{"type":"text","text":"\n"},{"type":"text","text":"Risk: ","style":{"bold":true}},{"type":"text","text":"not answered yet · Too few people on the opportunity (no contacts)"}]}]},{"type":"rich_text","block_id":"PACKET.links","elements":[{"type":"rich_text_section","elements":[{"type":"link","url":"https://acme.example/lightning/r/Opportunity/0065e00001HaRboAAF/view","text":"Harbour Lane Dental: recall letters"},{"type":"text","text":" · "},{"type":"link","url":"https://acme.example/lightning/r/Task/00TSb0000000033MAA/view","text":"task"}]}]}],"metadata":{"event_type":"handoff_packet_posted","event_payload":{"packet_id":"PACKET","revision":1}},"unfurl_links":false,"unfurl_media":false}
    "#);
}

async fn clicks_add_buttons_and_nothing_else(side: Side) {
    let (off_crm, off_slack) = sent(side, None).await;
    let (crm, slack) = sent(side, Some("http")).await;
    assert_eq!(crm, off_crm);
    let buttons = |line: &String| line.contains(r#""type":"actions""#);
    assert_eq!(off_slack.iter().filter(|line| buttons(line)).count(), 0);
    assert_eq!(slack.iter().filter(|line| buttons(line)).count(), 1, "those of the digest");
    let without: Vec<String> = slack.iter().map(|line| without_buttons(line)).collect();
    let off_slack: Vec<String> = off_slack.iter().map(|line| without_buttons(line)).collect();
    assert_eq!(without, off_slack);
}

/// The same message without its buttons.
fn without_buttons(line: &str) -> String {
    let Some((call, body)) = line.split_once(" {") else { return line.to_owned() };
    let mut body: Value = serde_json::from_str(&format!("{{{body}")).unwrap();
    if let Some(blocks) = body["blocks"].as_array_mut() {
        blocks.retain(|block| block["type"] != "actions");
    }
    format!("{call} {body}")
}
