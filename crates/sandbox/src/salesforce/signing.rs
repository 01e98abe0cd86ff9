//! Webhooks as an org sends them. The signatures are written apart from the product's verifier, on another
//! implementation of the hash: the two must agree.
//!
//! Salesforce signs nothing by itself: the first kind comes from Apex code, the second from the header
//! formula of an external credential, and an Outbound Message carries no signature at all.
//! <https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md>

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use jiff::Timestamp;
use ring::hmac;
use serde::Serialize;

use super::outbound::Notification;
use super::{Object, Org};
use crate::Delivery;

/// One signature of a Standard Webhooks message: `v1,` and base64. `secret` is `whsec_` and base64.
pub fn sign_standard(secret: &str, id: &str, seconds: i64, body: &[u8]) -> String {
    let key = STANDARD.decode(secret.strip_prefix("whsec_").unwrap_or(secret)).unwrap_or_default();
    let message = [id.as_bytes(), b".", seconds.to_string().as_bytes(), b".", body].concat();
    format!("v1,{}", STANDARD.encode(mac(&key, &message)))
}

/// What the formula `HEX(HMAC('SHA-256', Body, BLOB(secret)))` gives.
pub fn sign_body(secret: &str, body: &[u8]) -> String {
    hex::encode(mac(secret.as_bytes(), body))
}

fn mac(key: &[u8], message: &[u8]) -> hmac::Tag {
    hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, key), message)
}

/// The JSON that says that an opportunity was won. Fields in the order in which Apex writes them.
#[derive(Serialize)]
struct ClosedWon<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    id: Option<&'a str>,
    #[serde(rename = "type")]
    kind: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    timestamp: Option<String>,
    #[serde(rename = "sentAt", skip_serializing_if = "Option::is_none")]
    sent_at: Option<String>,
    data: Data<'a>,
}

#[derive(Serialize)]
struct Data<'a> {
    #[serde(rename = "orgId")]
    org: &'a str,
    id: &'a str,
    #[serde(rename = "stageName")]
    stage: Option<&'a str>,
}

impl<'a> ClosedWon<'a> {
    fn new(org: &'a Org, opportunity: &'a str) -> Self {
        let record = org.record(Object::Opportunity, opportunity);
        let stage = record.and_then(|record| record.get("StageName"));
        let data = Data { org: &org.id, id: opportunity, stage };
        Self { id: None, kind: "opportunity.closed_won", timestamp: None, sent_at: None, data }
    }

    fn bytes(&self) -> Vec<u8> {
        serde_json::to_vec(self).unwrap_or_default()
    }
}

impl Org {
    /// What Apex posts about a won opportunity: signed by each of `secrets`, as during a rotation. Its id is
    /// the notification's, and stays the same when it is sent again later.
    pub fn signed_json(
        &self,
        url: &str,
        secrets: &[&str],
        notification: &Notification,
        now: Timestamp,
    ) -> Delivery {
        let message =
            ClosedWon { timestamp: Some(millis(now)), ..ClosedWon::new(self, &notification.opportunity) };
        Delivery::standard_webhook(url, secrets, &notification.id, message.bytes(), now)
    }

    /// What a flow posts through a named credential: only the body is signed, and says itself when it was sent.
    pub fn body_signed_json(
        &self,
        url: &str,
        secret: &str,
        notification: &Notification,
        now: Timestamp,
    ) -> Delivery {
        let (id, sent_at) = (Some(notification.id.as_str()), Some(millis(now)));
        let body = ClosedWon { id, sent_at, ..ClosedWon::new(self, &notification.opportunity) }.bytes();
        let signature = sign_body(secret, &body);
        let headers = [JSON, CALLOUT, ("x-handoff-signature", signature.as_str())];
        Delivery::new(url, &headers, body)
    }
}

const JSON: (&str, &str) = ("content-type", "application/json");
const CALLOUT: (&str, &str) = ("user-agent", "SFDC-Callout/66.0");

impl Delivery {
    /// An Outbound Message. The secret is a part of the address, and nothing else proves the sender.
    pub fn outbound_message(url: &str, body: String) -> Self {
        let headers = [("content-type", "text/xml; charset=utf-8"), ("soapaction", "\"\""), CALLOUT];
        Self::new(url, &headers, body.into_bytes())
    }

    /// Any body with Standard Webhooks headers.
    pub fn standard_webhook(url: &str, secrets: &[&str], id: &str, body: Vec<u8>, now: Timestamp) -> Self {
        let seconds = now.as_second();
        let signatures: Vec<String> =
            secrets.iter().map(|secret| sign_standard(secret, id, seconds, &body)).collect();
        let headers = [
            JSON,
            CALLOUT,
            ("webhook-id", id),
            ("webhook-timestamp", &seconds.to_string()),
            ("webhook-signature", &signatures.join(" ")),
        ];
        Self::new(url, &headers, body)
    }
}

fn millis(at: Timestamp) -> String {
    at.strftime("%Y-%m-%dT%H:%M:%S.%3fZ").to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    const FIRST: &str = "whsec_AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=";
    const SECOND: &str = "whsec_//79/Pv6+fj39vX08/Lx8O/u7ezr6uno5+bl5OPi4eA=";
    const B1: &str = r#"{"type":"opportunity.closed_won","timestamp":"2026-11-20T15:04:05.000Z","data":{"orgId":"00DHn0000012AbCMAU","id":"006Hn00001QwErTIAV","stageName":"Closed Won"}}"#;
    const B2: &str = r#"{"type":"opportunity.closed_won","timestamp":"2026-11-20T15:04:06.000Z","data":{"id":"006Hn00001QwErUIAV","name":"Zürich Bäckerei – 日本 ✅"}}"#;

    fn header(delivery: &Delivery, name: &str) -> String {
        let found = delivery.headers.iter().find(|(known, _)| known == name);
        found.map(|(_, value)| value.clone()).unwrap_or_default()
    }

    #[test]
    fn the_known_signatures_come_out() {
        let sign = |secret, id, seconds, body: &str| sign_standard(secret, id, seconds, body.as_bytes());
        assert_eq!(
            sign(FIRST, "evt_0001", 1_795_187_045, B1),
            "v1,ruO3cBDaFD2ilcmuqbMhG6/bDXYFQlQhFzRNIBPNo8g="
        );
        assert_eq!(
            sign(FIRST, "evt_0002", 1_795_187_046, B2),
            "v1,EPKBaBIftYexwWdbRmVnrDNr7gUhGJg6wad9l9dmjME="
        );
        assert_eq!(
            sign(SECOND, "evt_0003", 1_795_187_047, "{}"),
            "v1,QV63cqMSqyfYNMUBcxx+PrvBKE34jQCYRv6mT71e3/8="
        );
        assert_eq!(
            sign_body("baton-demo-secret", B1.as_bytes()),
            "4a499a8c07cb93a61581944705a52e6c3dbb8a250d08f969207082b6b837ca3b"
        );
    }

    #[test]
    fn during_a_rotation_both_secrets_sign() {
        let at = Timestamp::from_second(1_795_187_047).unwrap();
        let delivery =
            Delivery::standard_webhook("https://x.example", &[FIRST, SECOND], "evt_0003", b"{}".to_vec(), at);
        assert_eq!(
            header(&delivery, "webhook-signature"),
            "v1,eDmSmSzHMKWeSQ/RSr+YLfDwRXwGOcgw97kYm3Rjxpk= v1,QV63cqMSqyfYNMUBcxx+PrvBKE34jQCYRv6mT71e3/8="
        );
        assert_eq!(header(&delivery, "webhook-timestamp"), "1795187047");
    }

    #[test]
    fn apex_writes_the_known_body() {
        let at: Timestamp = "2026-11-20T15:04:05Z".parse().unwrap();
        let mut org = Org::new("00DHn0000012AbC", "acme");
        org.add_opportunity("006Hn00001QwErTIAV", at, &[("StageName", "Closed Won")]);
        let notification = Notification { id: "evt_0001".into(), opportunity: "006Hn00001QwErTIAV".into() };
        let delivery = org.signed_json("https://x.example", &[FIRST], &notification, at);
        assert_eq!(String::from_utf8_lossy(&delivery.body), B1);
        assert_eq!(header(&delivery, "webhook-signature"), "v1,ruO3cBDaFD2ilcmuqbMhG6/bDXYFQlQhFzRNIBPNo8g=");
    }

    #[test]
    fn a_flow_puts_id_and_time_into_the_body() {
        let at: Timestamp = "2026-11-20T15:04:05Z".parse().unwrap();
        let mut org = Org::new("00DHn0000012AbC", "acme");
        org.add_opportunity("006Hn00001QwErTIAV", at, &[("StageName", "Closed Won")]);
        let notification = Notification { id: "evt_0001".into(), opportunity: "006Hn00001QwErTIAV".into() };
        let delivery = org.body_signed_json("https://x.example", "secret", &notification, at);
        insta::assert_snapshot!(String::from_utf8_lossy(&delivery.body), @r#"{"id":"evt_0001","type":"opportunity.closed_won","sentAt":"2026-11-20T15:04:05.000Z","data":{"orgId":"00DHn0000012AbCMAU","id":"006Hn00001QwErTIAV","stageName":"Closed Won"}}"#);
        assert_eq!(header(&delivery, "x-handoff-signature"), sign_body("secret", &delivery.body));
        assert_eq!(header(&delivery, "webhook-signature"), "");
    }
}
