//! What the tests of this folder share: one org and its messages.

use axum::http::{HeaderMap, HeaderName, HeaderValue};
use handoff_sandbox::opportunities::JWT_KEY;

use crate::crm::RawWebhook;
use crate::crm::salesforce::{Auth, Settings};

pub(crate) const ORG: &str = "00DHn0000012AbCMAU";
pub(crate) const OTHER_ORG: &str = "00D7F00000107XsUAI";
pub(crate) const DEAL: &str = "006Hn00001QwErTIAV";

pub(crate) const ENVELOPE_A: &str = r#"<?xml version="1.0" encoding="UTF-8"?>
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
</soapenv:Envelope>"#;

/// Three: won, no longer won, won with fields that are null or hidden.
pub(crate) const ENVELOPE_B: &str = r#"<?xml version="1.0" encoding="UTF-8"?>
<soapenv:Envelope xmlns:soapenv="http://schemas.xmlsoap.org/soap/envelope/" xmlns:xsd="http://www.w3.org/2001/XMLSchema" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance">
 <soapenv:Body>
  <notifications xmlns="http://soap.sforce.com/2005/09/outbound">
   <OrganizationId>00DHn0000012AbCMAU</OrganizationId>
   <ActionId>04kHn0000008xYzIAI</ActionId>
   <SessionId xsi:nil="true"/>
   <EnterpriseUrl>https://acme.my.salesforce.com/services/Soap/c/66.0/00DHn0000012AbC</EnterpriseUrl>
   <PartnerUrl>https://acme.my.salesforce.com/services/Soap/u/66.0/00DHn0000012AbC</PartnerUrl>
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
  </notifications>
 </soapenv:Body>
</soapenv:Envelope>"#;

/// Custom fields, escapes, a line break, Unicode, everything in one line.
pub(crate) const ENVELOPE_C: &str = r#"<?xml version="1.0" encoding="UTF-8"?><soapenv:Envelope xmlns:soapenv="http://schemas.xmlsoap.org/soap/envelope/" xmlns:xsd="http://www.w3.org/2001/XMLSchema" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"><soapenv:Body><notifications xmlns="http://soap.sforce.com/2005/09/outbound"><OrganizationId>00DHn0000012AbCMAU</OrganizationId><ActionId>04kHn0000008xYzIAI</ActionId><SessionId xsi:nil="true"/><EnterpriseUrl>https://acme.my.salesforce.com/services/Soap/c/66.0/00DHn0000012AbC</EnterpriseUrl><PartnerUrl>https://acme.my.salesforce.com/services/Soap/u/66.0/00DHn0000012AbC</PartnerUrl><Notification><Id>04lHn00000A1b2CIAR</Id><sObject xsi:type="sf:Opportunity" xmlns:sf="urn:sobject.enterprise.soap.sforce.com"><sf:Id>006Hn00001QwErVIAV</sf:Id><sf:Description>Promised: SSO by go-live
"white glove" onboarding &lt; 30 days</sf:Description><sf:IsWon>true</sf:IsWon><sf:MainCompetitors__c>Globex;Initech</sf:MainCompetitors__c><sf:Name>Zürich Bäckerei – Rollout</sf:Name><sf:StageName>Closed Won</sf:StageName></sObject></Notification></notifications></soapenv:Body></soapenv:Envelope>"#;

/// An org on `base` that takes every kind of webhook without a secret set yet.
pub(crate) fn config(base: &str) -> Settings {
    Settings {
        org: ORG.to_owned(),
        login_url: base.to_owned(),
        instance_url: base.to_owned(),
        app_url: "https://acme.lightning.force.com".to_owned(),
        api_version: "v66.0".to_owned(),
        audience: "https://login.salesforce.com".to_owned(),
        auth: Auth::Jwt {
            client_id: "consumer".to_owned(),
            username: "bridge@acme.example".to_owned(),
            private_key: JWT_KEY.private_pem.as_str().into(),
        },
        webhook_secrets: Vec::new(),
        body_secrets: Vec::new(),
        outbound_secrets_sha256: Vec::new(),
        client_certs_sha256: Vec::new(),
        client_cert_header: None,
        task_status: None,
        task_key_field: None,
    }
}

/// A POST with these headers.
pub(crate) fn webhook(headers: &[(&str, &str)], body: &[u8]) -> RawWebhook {
    let mut map = HeaderMap::new();
    for (name, value) in headers {
        let name = HeaderName::from_bytes(name.as_bytes()).unwrap();
        map.append(name, HeaderValue::from_bytes(value.as_bytes()).unwrap());
    }
    RawWebhook::new("POST", "/webhooks/salesforce", map, body.to_vec())
}
