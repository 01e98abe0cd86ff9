use super::*;
use insta::assert_snapshot;

const TWO: &str = "006Hn00001QwErUIAV";
const THREE: &str = "006Hn00001QwErVIAV";

fn at() -> Timestamp {
    "2026-11-20T15:04:05Z".parse().unwrap()
}

fn acme(fields: &[&str]) -> Org {
    let mut org = Org::new(ORG, "acme");
    org.add_stage("Signed & Countersigned", true, true);
    org.message_fields = fields.iter().map(|name| (*name).to_owned()).collect();
    org
}

fn notification(letter: char, opportunity: &str) -> Notification {
    let id = full_id(&format!("04lHn00000A1b2{letter}")).unwrap();
    Notification { id, opportunity: opportunity.to_owned() }
}

#[test]
fn one_won_opportunity_looks_like_this() {
    let mut org = acme(&[
        "Name",
        "StageName",
        "OwnerId",
        "Id",
        "AccountId",
        "Amount",
        "CloseDate",
        "IsClosed",
        "IsWon",
        "LastModifiedDate",
    ]);
    let values = [
        ("AccountId", ACCOUNT),
        ("Amount", "120000"),
        ("CloseDate", "2026-11-20"),
        ("Name", "Northwind - Platform 250 seats"),
        ("OwnerId", SELLER),
        ("StageName", "Closed Won"),
    ];
    org.add_opportunity(DEAL, at(), &values);
    let body = org.outbound_message(&[notification('C', DEAL)], &Envelope::default());
    assert_snapshot!(body, @r#"
    <?xml version="1.0" encoding="UTF-8"?>
    <soapenv:Envelope xmlns:soapenv="http://schemas.xmlsoap.org/soap/envelope/" xmlns:xsd="http://www.w3.org/2001/XMLSchema" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance">
     <soapenv:Body>
      <notifications xmlns="http://soap.sforce.com/2005/09/outbound">
       <OrganizationId>00DHn0000012AbCMAU</OrganizationId>
       <ActionId>04kHn0000008xYzIAI</ActionId>
       <SessionId xsi:nil="true"/>
       <EnterpriseUrl>https://acme.my.salesforce.com/services/Soap/c/66.0/00DHn0000012AbC</EnterpriseUrl>
       <PartnerUrl>https://acme.my.salesforce.com/services/Soap/u/66.0/00DHn0000012AbC</PartnerUrl>
       <Notification>
        <Id>04lHn00000A1b2CIAR</Id>
        <sObject xsi:type="sf:Opportunity" xmlns:sf="urn:sobject.enterprise.soap.sforce.com">
         <sf:Id>006Hn00001QwErTIAV</sf:Id>
         <sf:AccountId>001Hn00002ZxCvBIAV</sf:AccountId>
         <sf:Amount>120000.0</sf:Amount>
         <sf:CloseDate>2026-11-20</sf:CloseDate>
         <sf:IsClosed>true</sf:IsClosed>
         <sf:IsWon>true</sf:IsWon>
         <sf:LastModifiedDate>2026-11-20T15:04:05.000Z</sf:LastModifiedDate>
         <sf:Name>Northwind - Platform 250 seats</sf:Name>
         <sf:OwnerId>005Hn00000AbCdEIAV</sf:OwnerId>
         <sf:StageName>Closed Won</sf:StageName>
        </sObject>
       </Notification>
      </notifications>
     </soapenv:Body>
    </soapenv:Envelope>
    "#);
}

#[test]
fn a_batch_leaves_out_what_is_null_and_says_what_is_true_when_it_is_sent() {
    let mut org = acme(&["Id", "Amount", "IsWon", "NextStep", "OwnerId", "StageName"]);
    let first = [
        ("Amount", "120000.0"),
        ("NextStep", "Kick-off on 1 Dec"),
        ("OwnerId", SELLER),
        ("StageName", "Closed Won"),
    ];
    org.add_opportunity(DEAL, at(), &first);
    org.add_opportunity(TWO, at(), &[("Amount", "8000"), ("OwnerId", SELLER), ("StageName", "Closed Won")]);
    org.add_opportunity(THREE, at(), &[("StageName", "Signed & Countersigned")]);
    let batch = [notification('D', DEAL), notification('E', TWO), notification('F', THREE)];
    // Won when it was queued, reopened before it is sent.
    org.change_opportunity(TWO, &[("StageName", "Negotiation/Review")], at()).unwrap();
    let body = org.outbound_message(&batch, &Envelope::default());
    let notifications =
        &body[body.find("   <Notification>").unwrap()..body.find("  </notifications>").unwrap()];
    assert_snapshot!(notifications, @r#"
       <Notification>
        <Id>04lHn00000A1b2DIAR</Id>
        <sObject xsi:type="sf:Opportunity" xmlns:sf="urn:sobject.enterprise.soap.sforce.com">
         <sf:Id>006Hn00001QwErTIAV</sf:Id>
         <sf:Amount>120000.0</sf:Amount>
         <sf:IsWon>true</sf:IsWon>
         <sf:NextStep>Kick-off on 1 Dec</sf:NextStep>
         <sf:OwnerId>005Hn00000AbCdEIAV</sf:OwnerId>
         <sf:StageName>Closed Won</sf:StageName>
        </sObject>
       </Notification>
       <Notification>
        <Id>04lHn00000A1b2EIAR</Id>
        <sObject xsi:type="sf:Opportunity" xmlns:sf="urn:sobject.enterprise.soap.sforce.com">
         <sf:Id>006Hn00001QwErUIAV</sf:Id>
         <sf:Amount>8000.0</sf:Amount>
         <sf:IsWon>false</sf:IsWon>
         <sf:OwnerId>005Hn00000AbCdEIAV</sf:OwnerId>
         <sf:StageName>Negotiation/Review</sf:StageName>
        </sObject>
       </Notification>
       <Notification>
        <Id>04lHn00000A1b2FIAR</Id>
        <sObject xsi:type="sf:Opportunity" xmlns:sf="urn:sobject.enterprise.soap.sforce.com">
         <sf:Id>006Hn00001QwErVIAV</sf:Id>
         <sf:IsWon>true</sf:IsWon>
         <sf:StageName>Signed &amp; Countersigned</sf:StageName>
        </sObject>
       </Notification>
    "#);
}

#[test]
fn everything_can_stand_in_one_line_with_escapes_and_line_breaks_in_texts() {
    let mut org = acme(&["Description", "Id", "IsWon", "MainCompetitors__c", "Name", "StageName"]);
    let choices = Field::new("MainCompetitors__c", "Main Competitors", Type::Choices);
    org.add_field(Object::Opportunity, choices);
    let values = [
        ("Description", "Promised: SSO by go-live\n\"white glove\" onboarding < 30 days"),
        ("MainCompetitors__c", "Globex;Initech"),
        ("Name", "Zürich Bäckerei – Rollout"),
        ("StageName", "Closed Won"),
    ];
    org.add_opportunity(THREE, at(), &values);
    let compact = Envelope { compact: true, ..Envelope::default() };
    let expected = r#"<?xml version="1.0" encoding="UTF-8"?><soapenv:Envelope xmlns:soapenv="http://schemas.xmlsoap.org/soap/envelope/" xmlns:xsd="http://www.w3.org/2001/XMLSchema" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"><soapenv:Body><notifications xmlns="http://soap.sforce.com/2005/09/outbound"><OrganizationId>00DHn0000012AbCMAU</OrganizationId><ActionId>04kHn0000008xYzIAI</ActionId><SessionId xsi:nil="true"/><EnterpriseUrl>https://acme.my.salesforce.com/services/Soap/c/66.0/00DHn0000012AbC</EnterpriseUrl><PartnerUrl>https://acme.my.salesforce.com/services/Soap/u/66.0/00DHn0000012AbC</PartnerUrl><Notification><Id>04lHn00000A1b2CIAR</Id><sObject xsi:type="sf:Opportunity" xmlns:sf="urn:sobject.enterprise.soap.sforce.com"><sf:Id>006Hn00001QwErVIAV</sf:Id><sf:Description>Promised: SSO by go-live
"white glove" onboarding &lt; 30 days</sf:Description><sf:IsWon>true</sf:IsWon><sf:MainCompetitors__c>Globex;Initech</sf:MainCompetitors__c><sf:Name>Zürich Bäckerei – Rollout</sf:Name><sf:StageName>Closed Won</sf:StageName></sObject></Notification></notifications></soapenv:Body></soapenv:Envelope>"#;
    assert_eq!(org.outbound_message(&[notification('C', THREE)], &compact), expected);
}

#[test]
fn prefixes_mean_nothing_and_can_be_others() {
    let mut org = acme(&["Id"]);
    org.add_opportunity(DEAL, at(), &[]);
    let envelope = Envelope { prefix: "ns1".into(), soap_prefix: "S".into(), ..Envelope::default() };
    let body = org.outbound_message(&[notification('C', DEAL)], &envelope);
    assert!(body.contains(r#"<sObject xsi:type="ns1:Opportunity" xmlns:ns1="urn:"#), "{body}");
    assert!(body.contains("<ns1:Id>006Hn00001QwErTIAV</ns1:Id>") && body.contains("<S:Body>"), "{body}");
}

#[test]
fn a_deleted_record_leaves_a_notification_without_data() {
    let mut org = acme(&["Id"]);
    org.add_opportunity(DEAL, at(), &[]);
    org.delete(Object::Opportunity, DEAL);
    for (deleted, expected) in [(Deleted::Missing, 0), (Deleted::Nil, 1), (Deleted::Empty, 1)] {
        let body =
            org.outbound_message(&[notification('C', DEAL)], &Envelope { deleted, ..Envelope::default() });
        assert!(body.contains("<Id>04lHn00000A1b2CIAR</Id>") && !body.contains(DEAL), "{body}");
        assert_eq!(body.matches("<sObject").count(), expected);
    }
}

#[test]
fn a_hidden_field_looks_like_a_null_and_characters_that_xml_cannot_hold_are_left_out() {
    let mut org = acme(&["Id", "Name", "NextStep"]);
    org.hide_field(Object::Opportunity, "NextStep");
    org.add_opportunity(DEAL, at(), &[("Name", "a\u{0}b\u{1b}]]>"), ("NextStep", "secret")]);
    let body = org.outbound_message(&[notification('C', DEAL)], &Envelope::default());
    assert!(body.contains("<sf:Name>ab]]&gt;</sf:Name>") && !body.contains("NextStep"), "{body}");
}

#[test]
fn a_delivery_proves_its_sender_by_its_address_alone() {
    let delivery = crate::Delivery::outbound_message("https://x.example/s3cret", "<x/>".into());
    assert_eq!(delivery.url, "https://x.example/s3cret");
    let names: Vec<_> = delivery.headers.iter().map(|(name, value)| format!("{name}: {value}")).collect();
    assert_eq!(
        names,
        ["content-type: text/xml; charset=utf-8", "soapaction: \"\"", "user-agent: SFDC-Callout/66.0"]
    );
}
