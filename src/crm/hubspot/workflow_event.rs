//! A workflow's "Send a webhook": whatever its body looks like, it requests a look at one deal.
//!
//! The body is the enrolled deal as an old API returned it, or fields that an admin picked. Only the deal's
//! id and perhaps the portal's are taken from it.
//!
//! <https://developers.hubspot.com/docs/methods/workflows/webhook_information>

use std::collections::HashMap;

use jiff::Timestamp;
use serde_json::value::RawValue;

use super::event::{account, short_hash};
use super::wire::id;
use crate::crm::{Event, EventKind, Verification};
use handoff_core::record::DealKey;

/// The header that HubSpot puts on a workflow's request. Pass its value to [`parse_workflow_event`].
pub const CORRELATION_HEADER: &str = "x-hubspot-correlation-id";

/// Why a workflow's body says nothing we can use. The texts are for the admin who built the workflow.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum UselessWorkflowEvent {
    #[error("the body is not a JSON object")]
    NotJson,
    #[error("no deal id in the body: send hs_object_id")]
    NoDeal,
    #[error("no portal id in the body, and more than one portal is configured: send portalId")]
    NoPortal,
}

type Fields<'a> = HashMap<String, &'a RawValue>;

/// Reads a workflow's body. `only_portal` is the portal to assume when there is just one.
///
/// Two requests count as the same when their bodies agree and they came in the same minute. No signature covers
/// `correlation`, so it is shown and decides nothing: who has one request could send it again under any number of
/// them. Nothing in the body tells a retry from a deal that was won again. So the window is short: a request too many
/// costs one look at the deal, a lost one costs a handoff. While a deal waits for its look, a further request adds
/// nothing (see [`Event::is_poke`]).
pub fn parse_workflow_event(
    body: &[u8],
    correlation: Option<&str>,
    only_portal: Option<&str>,
    verification: &Verification,
    now: Timestamp,
) -> Result<Event, UselessWorkflowEvent> {
    let fields: Fields<'_> = serde_json::from_slice(body).map_err(|_| UselessWorkflowEvent::NotJson)?;
    let deal = deal_id(&fields).ok_or(UselessWorkflowEvent::NoDeal)?;
    let portal = ["portalId", "portal_id"]
        .iter()
        .find_map(|name| id(fields.get(*name)?))
        .or_else(|| only_portal.map(Into::into))
        .ok_or(UselessWorkflowEvent::NoPortal)?
        .into_owned();

    let deal = DealKey { account: account(portal), deal };
    Ok(Event {
        dedupe_key: format!("{deal}{}{}:{}", Event::POKE, short_hash(body), now.as_second().div_euclid(60)),
        deal,
        kind: EventKind::Requested,
        provider_id: correlation.filter(|text| is_plain(text)).unwrap_or("-").to_owned(),
        occurred_at: None,
        verification: verification.to_string(),
    })
}

fn deal_id(fields: &Fields<'_>) -> Option<String> {
    let beside = ["objectId", "hs_object_id", "dealId", "id"].iter().find_map(|name| id(fields.get(*name)?));
    if let Some(found) = beside {
        return Some(found.into_owned());
    }
    let properties: Fields<'_> = serde_json::from_str(fields.get("properties")?.get()).ok()?;
    let within = *properties.get("hs_object_id")?;
    let found = match serde_json::from_str::<Fields<'_>>(within.get()) {
        Ok(wrapped) => id(wrapped.get("value")?)?,
        Err(_) => id(within)?,
    };
    Some(found.into_owned())
}

/// The correlation ends up on screens, and no signature covers it.
fn is_plain(correlation: &str) -> bool {
    (1..=64).contains(&correlation.len())
        && correlation.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_".contains(&byte))
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECRET: Verification = Verification::Authenticated { by: "header-secret", key: 0 };

    fn at(time: &str) -> Timestamp {
        time.parse().expect("a timestamp")
    }

    fn parse(body: &str) -> Result<Event, UselessWorkflowEvent> {
        parse_workflow_event(
            body.as_bytes(),
            Some("c-1"),
            Some("48210077"),
            &SECRET,
            at("2026-11-20T10:00:00Z"),
        )
    }

    #[test]
    fn the_deal_is_found_wherever_a_workflow_puts_it() {
        for body in [
            r#"{"objectId":301000000417}"#,
            r#"{"hs_object_id":"301000000417"}"#,
            r#"{"dealId":301000000417,"properties":{"hs_object_id":{"value":"5"}}}"#,
            r#"{"id":"301000000417","properties":{}}"#,
            r#"{"objectId":null,"hs_object_id":"","id":301000000417}"#,
            r#"{"properties":{"hs_object_id":"301000000417"}}"#,
            r#"{"properties":{"hs_object_id":301000000417}}"#,
            r#"{"properties":{"dealname":{"value":"\u00e9"},"hs_object_id":{"value":"301000000417","versions":[]}}}"#,
        ] {
            let event = parse(body).expect(body);
            assert_eq!(event.deal.to_string(), "hubspot:48210077:301000000417", "{body}");
            assert_eq!(event.kind, EventKind::Requested);
            assert_eq!(event.verification, "authenticated(header-secret, key 1)");
        }
    }

    #[test]
    fn a_body_without_a_usable_id_is_useless() {
        for body in [
            "{}",
            r#"{"objectId":"seven"}"#,
            r#"{"id":{"value":7}}"#,
            r#"{"properties":[]}"#,
            r#"{"properties":{"hs_object_id":{"value":null}}}"#,
        ] {
            assert_eq!(parse(body), Err(UselessWorkflowEvent::NoDeal), "{body}");
        }
        for body in ["", "[]", "7", "objectId=7", "{\"objectId\":7"] {
            assert_eq!(parse(body), Err(UselessWorkflowEvent::NotJson), "{body}");
        }
    }

    #[test]
    fn the_portal_of_the_body_wins_over_the_only_one_configured() {
        let body = br#"{"objectId":7,"portalId":99}"#;
        let event = parse_workflow_event(body, None, Some("48210077"), &SECRET, at("2026-11-20T10:00:00Z"))
            .expect("an event");
        assert_eq!(event.deal.account.account, "99");
        let anywhere =
            parse_workflow_event(br#"{"objectId":7}"#, None, None, &SECRET, at("2026-11-20T10:00:00Z"));
        assert_eq!(anywhere, Err(UselessWorkflowEvent::NoPortal));
    }

    #[test]
    fn a_redelivery_is_recognised_and_a_later_win_is_not_mistaken_for_one() {
        let key = |body: &str, correlation: Option<&str>, time: &str| {
            let event = parse_workflow_event(body.as_bytes(), correlation, Some("1"), &SECRET, at(time))
                .expect("an event");
            event.dedupe_key
        };
        let body = r#"{"hs_object_id":7}"#;
        let first = key(body, Some("c-1"), "2026-11-20T10:00:00Z");
        // An unsigned header makes no other event of it.
        for unsigned in [Some("c-1"), Some("c-2"), Some(""), Some("c\n1"), None] {
            assert_eq!(first, key(body, unsigned, "2026-11-20T10:00:59Z"), "{unsigned:?}");
        }
        assert_ne!(first, key(body, Some("c-1"), "2026-11-20T10:01:00Z"));
        assert_ne!(first, key(r#"{"hs_object_id":7,"stage":"x"}"#, Some("c-1"), "2026-11-20T10:00:00Z"));
    }

    #[test]
    fn a_correlation_that_is_not_plain_is_not_repeated() {
        let event = parse_workflow_event(
            br#"{"id":7}"#,
            Some("c\n:evil"),
            Some("1"),
            &SECRET,
            at("2026-11-20T10:00:00Z"),
        );
        assert_eq!(event.expect("an event").provider_id, "-");
    }
}
