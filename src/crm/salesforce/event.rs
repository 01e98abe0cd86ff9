//! What verified webhooks announce: opportunities to look at. Everything else is counted and dropped.

use jiff::Timestamp;
use serde_json::Value;
use sha2::{Digest as _, Sha256};

use super::envelope::Notification;
use super::id::{Prefix, SalesforceId};
use super::outbound_message::VerifiedMessage;
use crate::crm::{Batch, Event, EventKind, NotJson, Unwanted, VerifiedWebhook};
use handoff_core::record::{AccountKey, CrmKind, DealKey};

/// What a signed webhook calls a change of a won opportunity.
const CHANGED: &str = "opportunity.changed";

/// The events of an Outbound Message, all of one kind. A notification that cannot be read never sinks its siblings.
pub fn parse_outbound(verified: &VerifiedMessage, kind: EventKind) -> Batch {
    let org = &verified.organization;
    let verification = verified.webhook.verification().to_string();
    let mut batch = Batch::default();
    for Notification { id, record, .. } in &verified.message.notifications {
        let read = SalesforceId::parse(id.trim()).ok_or(Unwanted::Broken);
        let read = read.and_then(|id| Ok((id, opportunity(record.trim())?)));
        batch.add(read.map(|(notification, opportunity)| Event {
            deal: deal(org, &opportunity),
            kind,
            dedupe_key: format!("salesforce:{org}:om:{notification}"),
            provider_id: notification.to_string(),
            occurred_at: None,
            verification: verification.clone(),
        }));
    }
    batch
}

/// The events of a signed JSON webhook:
/// `{"id":…, "type":…, "timestamp":…, "sentAt":…, "data":{"orgId":…, "id":…}}`. `data` may be a list, and may be missing
/// when `orgId` and `opportunityId` stand on top. `orgId` may be missing when the secret belongs to one
/// organisation only; `signers` are the organisations it belongs to.
pub fn parse_json(webhook: &VerifiedWebhook, signers: &[SalesforceId]) -> Result<Batch, NotJson> {
    let body: Value = serde_json::from_slice(webhook.body()).map_err(|_| NotJson)?;
    let top = body.as_object().ok_or(NotJson)?;
    let message = Message::read(webhook, &body);
    let verification = webhook.verification().to_string();
    let changed = top.get("type").is_some_and(|said| said == CHANGED);
    let kind = if changed { EventKind::Changed } else { EventKind::Requested };
    let elements = match top.get("data") {
        Some(Value::Array(elements)) => elements.as_slice(),
        Some(element) => std::slice::from_ref(element),
        None => std::slice::from_ref(&body),
    };
    let mut batch = Batch::default();
    for element in elements {
        let read = read(element, top.get("orgId"), signers);
        batch.add(read.map(|(org, opportunity)| Event {
            deal: deal(&org, &opportunity),
            kind,
            dedupe_key: format!("salesforce:{org}:{}:{opportunity}", message.key),
            provider_id: message.provider_id.clone(),
            occurred_at: message.occurred_at,
            verification: verification.clone(),
        }));
    }
    Ok(batch)
}

fn read(
    element: &Value,
    org_on_top: Option<&Value>,
    signers: &[SalesforceId],
) -> Result<(SalesforceId, SalesforceId), Unwanted> {
    let id = ["opportunityId", "id", "Id"].iter().find_map(|name| element.get(*name)?.as_str());
    let opportunity = opportunity(id.ok_or(Unwanted::Broken)?)?;
    let org = match (element.get("orgId").or(org_on_top), signers) {
        (Some(named), _) => {
            let named = named.as_str().and_then(|id| SalesforceId::of(Prefix::Organization, id));
            named.filter(|named| signers.contains(named))
        }
        (None, [only]) => Some(only.clone()),
        (None, _) => None,
    };
    Ok((org.ok_or(Unwanted::OtherOrg)?, opportunity))
}

fn opportunity(id: &str) -> Result<SalesforceId, Unwanted> {
    let id = SalesforceId::parse(id).ok_or(Unwanted::Broken)?;
    SalesforceId::of(Prefix::Opportunity, id.as_str()).ok_or(Unwanted::OtherObject)
}

/// What the message as a whole says about itself.
struct Message {
    /// The same for a redelivery, different for everything else.
    key: String,
    provider_id: String,
    occurred_at: Option<Timestamp>,
}

impl Message {
    fn read(webhook: &VerifiedWebhook, body: &Value) -> Self {
        let text = |name: &str| match body.get(name) {
            Some(Value::String(text)) => Some(text.clone()),
            Some(Value::Number(number)) => Some(number.to_string()),
            _ => None,
        };
        let occurred_at = text("timestamp").or_else(|| text("sentAt")).and_then(|text| instant(&text));
        if let Some(id) = webhook.message_id() {
            return Self { key: format!("wh:{id}"), provider_id: id.to_owned(), occurred_at };
        }
        let id = text("id").unwrap_or_else(|| hex::encode(Sha256::digest(webhook.body())));
        // An id from a formula may be the record's own, which a second win repeats: the time keeps them apart.
        let sent = text("sentAt").unwrap_or_default();
        Self { key: format!("body:{id}@{sent}"), provider_id: id, occurred_at }
    }
}

/// An ISO instant, or milliseconds since 1970.
fn instant(text: &str) -> Option<Timestamp> {
    match text.parse::<i64>() {
        Ok(millis) => Timestamp::from_millisecond(millis).ok(),
        Err(_) => text.parse().ok(),
    }
}

fn deal(org: &SalesforceId, opportunity: &SalesforceId) -> DealKey {
    let account = AccountKey { crm: CrmKind::Salesforce, account: org.to_string() };
    DealKey { account, deal: opportunity.to_string() }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use proptest::prelude::*;

    use super::super::config::Settings;
    use super::super::envelope::OutboundMessage;
    use super::super::outbound_message::verify_outbound;
    use super::super::tests::sample::{DEAL, ENVELOPE_B, ORG, OTHER_ORG, config, webhook};
    use super::*;
    use crate::crm::{OpenDeals, Verification};

    fn org(id: &str) -> SalesforceId {
        SalesforceId::of(Prefix::Organization, id).unwrap()
    }

    fn signed(body: &str, message_id: Option<&str>) -> VerifiedWebhook {
        let verification = Verification::Signed { scheme: "standard-webhooks", key: 0 };
        webhook(&[], body.as_bytes()).verified_message(verification, message_id.map(ToOwned::to_owned))
    }

    fn parse(body: &str, message_id: Option<&str>) -> Batch {
        parse_json(&signed(body, message_id), &[org(ORG)]).unwrap()
    }

    fn keys(batch: &Batch) -> Vec<&str> {
        batch.events.iter().map(|event| event.dedupe_key.as_str()).collect()
    }

    fn outbound(message: OutboundMessage) -> Batch {
        let by = Verification::Authenticated { by: "url-secret+org", key: 0 };
        let webhook = webhook(&[], b"").verified(by);
        parse_outbound(&VerifiedMessage { webhook, organization: org(ORG), message }, EventKind::Requested)
    }

    #[test]
    fn every_notification_of_a_batch_becomes_an_event() {
        let secret = hex::encode(Sha256::digest("secret"));
        let org = Settings { outbound_secrets_sha256: vec![secret], ..config("https://acme") };
        let verified = verify_outbound(webhook(&[], ENVELOPE_B.as_bytes()), "secret", &[org]).ok().unwrap();
        let batch = parse_outbound(&verified, EventKind::Requested);
        assert_eq!(
            keys(&batch),
            [
                "salesforce:00DHn0000012AbCMAU:om:04lHn00000A1b2DIAR",
                "salesforce:00DHn0000012AbCMAU:om:04lHn00000A1b2EIAR",
                "salesforce:00DHn0000012AbCMAU:om:04lHn00000A1b2FIAR",
            ]
        );
        let event = &batch.events[0];
        assert_eq!(event.deal.to_string(), "salesforce:00DHn0000012AbCMAU:006Hn00001QwErTIAV");
        assert_eq!(event.kind, EventKind::Requested);
        assert_eq!(event.provider_id, "04lHn00000A1b2DIAR");
        assert_eq!(event.verification, "authenticated(url-secret+org, key 1)");
    }

    #[test]
    fn a_notification_that_cannot_be_read_never_sinks_its_siblings() {
        let notification =
            |id: &str, record: &str| Notification { id: id.into(), object: None, record: record.into() };
        let batch = outbound(OutboundMessage {
            organization: ORG.into(),
            notifications: vec![
                notification("04lHn00000A1b2D", ""),
                notification("04lHn00000A1b2D", "001M000000qfPyS"),
                notification("", DEAL),
                notification("04lHn00000A1b2D", "006Hn00001QwErTIAW"),
                notification("04lHn00000A1b2D", "006Hn00001QwErT"),
            ],
        });
        assert_eq!(keys(&batch), ["salesforce:00DHn0000012AbCMAU:om:04lHn00000A1b2DIAR"]);
        assert_eq!(batch.events[0].deal.deal, DEAL);
        assert_eq!(batch.dropped, BTreeMap::from([(Unwanted::Broken, 3), (Unwanted::OtherObject, 1)]));
    }

    #[test]
    fn a_signed_message_is_told_apart_by_its_webhook_id() {
        let body = format!(
            r#"{{"type":"opportunity.closed_won","timestamp":"2026-11-20T15:04:05.000Z","data":{{"orgId":"{ORG}","id":"{DEAL}"}}}}"#
        );
        let batch = parse(&body, Some("evt_0001"));
        assert_eq!(keys(&batch), ["salesforce:00DHn0000012AbCMAU:wh:evt_0001:006Hn00001QwErTIAV"]);
        let event = &batch.events[0];
        assert_eq!(event.provider_id, "evt_0001");
        assert_eq!(event.occurred_at.map(|at| at.to_string()).as_deref(), Some("2026-11-20T15:04:05Z"));
        assert_eq!(event.verification, "signed(standard-webhooks, key 1)");
    }

    #[test]
    fn a_change_is_recorded_of_a_deal_with_an_open_packet_only() {
        let body = |kind: &str| format!(r#"{{"type":"{kind}","data":{{"orgId":"{ORG}","id":"{DEAL}"}}}}"#);
        let kept = |kind: &str, open: &OpenDeals| {
            let mut batch = parse(&body(kind), Some("evt_0001"));
            batch.keep_open(open);
            (batch.events.len(), batch.dropped.get(&Unwanted::OtherChange).copied().unwrap_or_default())
        };
        let (none, open) = (OpenDeals::default(), OpenDeals::default());
        open.replace([(deal(&org(ORG), &opportunity(DEAL).unwrap()), Vec::new())]);
        assert_eq!((kept(CHANGED, &none), kept(CHANGED, &open)), ((0, 1), (1, 0)));
        assert_eq!(kept("opportunity.closed_won", &none), (1, 0), "a win is recorded of any deal");
    }

    #[test]
    fn a_body_signature_tells_messages_apart_by_id_and_time_or_by_all_of_the_body() {
        let with_id =
            parse(&format!(r#"{{"id":"x1","sentAt":1795187045000,"data":{{"id":"{DEAL}"}}}}"#), None);
        assert_eq!(
            keys(&with_id),
            ["salesforce:00DHn0000012AbCMAU:body:x1@1795187045000:006Hn00001QwErTIAV"]
        );
        assert_eq!(with_id.events[0].occurred_at.map(jiff::Timestamp::as_second), Some(1_795_187_045));
        let flat = |sent: &str| parse(&format!(r#"{{"sentAt":"{sent}","opportunityId":"{DEAL}"}}"#), None);
        let (one, same, other) =
            (flat("2026-11-20T15:04:05Z"), flat("2026-11-20T15:04:05Z"), flat("2026-11-20T15:04:06Z"));
        assert_eq!(one, same);
        assert_ne!(keys(&one), keys(&other));
    }

    #[test]
    fn a_list_may_hold_strangers_and_nonsense_beside_ours() {
        let body = format!(
            r#"{{"data":[{{"orgId":"{ORG}","id":"{DEAL}"}},{{"orgId":"{OTHER_ORG}","id":"{DEAL}"}},
                {{"orgId":7,"id":"{DEAL}"}},{{"id":"001M000000qfPyS"}},{{"id":7}},null,"006",
                {{"orgId":"00DHn0000012AbC","id":"006Hn00001QwErU"}}]}}"#
        );
        let batch = parse(&body, Some("e"));
        let deals: Vec<&str> = batch.events.iter().map(|event| event.deal.deal.as_str()).collect();
        assert_eq!(deals, [DEAL, "006Hn00001QwErUIAV"]);
        let expected = [(Unwanted::Broken, 3), (Unwanted::OtherObject, 1), (Unwanted::OtherOrg, 2)];
        assert_eq!(batch.dropped, BTreeMap::from(expected));
    }

    #[test]
    fn without_an_organisation_the_secret_must_belong_to_one_only() {
        let body = format!(r#"{{"data":{{"id":"{DEAL}"}}}}"#);
        let batch = parse_json(&signed(&body, None), &[org(ORG), org(OTHER_ORG)]).unwrap();
        assert_eq!(batch.dropped, BTreeMap::from([(Unwanted::OtherOrg, 1)]));
    }

    #[test]
    fn a_body_that_is_not_an_object_is_said_to_be_so() {
        for body in ["", "[]", "7", "{"] {
            assert_eq!(parse_json(&signed(body, None), &[]), Err(NotJson), "{body}");
        }
    }

    proptest! {
        #[test]
        fn no_body_makes_it_panic(body in "\\PC{0,200}") {
            let _ = parse_json(&signed(&body, None), &[org(ORG)]);
        }
    }
}
