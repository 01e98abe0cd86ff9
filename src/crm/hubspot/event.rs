//! What a batch of app events says, reduced to "look at this deal again".
//!
//! Parsing is lenient: elements are independent, unknown fields are ignored, and a field of an unexpected
//! shape counts as absent. Only the type, the portal and a deal id are needed; everything else an element
//! claims is a hint.
//!
//! <https://developers.hubspot.com/docs/api-reference/latest/webhooks/guide>

use std::borrow::Cow;

use jiff::Timestamp;
use serde::Deserialize;
use serde_json::value::RawValue;
use sha2::{Digest as _, Sha256};

use super::record::CONTACT;
use super::wire::{id, text};
use crate::crm::{Batch, Event, EventKind, NotJson, OpenDeals, Unwanted, Verification};
use handoff_core::record::{AccountKey, CrmKind, DealKey};

/// Type ids of deals and contacts in generic `object.*` events.
const DEAL: &str = "0-3";
const CONTACT_TYPE: &str = "0-1";

/// What decides which elements are worth recording.
pub struct Interest<'a> {
    /// `known_stage(portal, stage)` says whether a stage is a won one, or `None` if it is not known for sure; changes
    /// to a stage that is known not to be won are left out.
    pub known_stage: &'a dyn Fn(&str, &str) -> Option<bool>,
    /// Of these, changes of what their mapping reads are recorded, and of their contacts.
    pub open: &'a OpenDeals,
}

/// Reads the body of an app subscription's webhook: a JSON array of up to 100 elements.
pub fn parse_batch(
    body: &[u8],
    verification: &Verification,
    interest: &Interest<'_>,
) -> Result<Batch, NotJson> {
    let mut batch = Batch::default();
    let verification = verification.to_string();
    // Almost always the whole body can be read at once. If it cannot, only what is wrong with it is left out.
    let plain: Result<Vec<Element<'_>>, _> = serde_json::from_slice(body);
    if let Ok(elements) = plain
        && elements.iter().all(Element::tells_itself_apart)
    {
        for element in elements {
            batch.add_all(read(&element, "", &verification, interest));
        }
        return Ok(batch);
    }
    let elements: Vec<&RawValue> = serde_json::from_slice(body).map_err(|_| NotJson)?;
    for raw in elements {
        let element = serde_json::from_str(raw.get()).map_err(|_| Unwanted::Broken);
        batch.add_all(element.and_then(|element| read(&element, raw.get(), &verification, interest)));
    }
    Ok(batch)
}

/// One element. Every field is raw, so that a surprise in one costs at most that one.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase", bound(deserialize = "'de: 'a"))]
struct Element<'a> {
    subscription_type: Option<&'a RawValue>,
    /// One of HubSpot's tables calls the type this.
    event_type: Option<&'a RawValue>,
    portal_id: Option<&'a RawValue>,
    object_id: Option<&'a RawValue>,
    object_type_id: Option<&'a RawValue>,
    new_object_id: Option<&'a RawValue>,
    primary_object_id: Option<&'a RawValue>,
    from_object_id: Option<&'a RawValue>,
    to_object_id: Option<&'a RawValue>,
    property_name: Option<&'a RawValue>,
    property_value: Option<&'a RawValue>,
    event_id: Option<&'a RawValue>,
    subscription_id: Option<&'a RawValue>,
    occurred_at: Option<&'a RawValue>,
}

impl Element<'_> {
    /// Whether it has something by which two events of one kind about one deal differ.
    fn tells_itself_apart(&self) -> bool {
        [self.event_id, self.occurred_at].into_iter().flatten().any(|raw| id(raw).is_some())
    }
}

/// What an element says; `whole` is its text, needed only if it does not tell itself apart.
fn read(
    element: &Element<'_>,
    whole: &str,
    verification: &str,
    interest: &Interest<'_>,
) -> Result<Vec<Event>, Unwanted> {
    let kind_text = element.subscription_type.and_then(text).or_else(|| element.event_type.and_then(text));
    let kind_text = kind_text.ok_or(Unwanted::Broken)?;
    let (object, change) = kind_text.split_once('.').ok_or(Unwanted::Broken)?;
    let type_id = element.object_type_id.and_then(text);
    let portal = || element.portal_id.and_then(id).ok_or(Unwanted::Broken);
    let (portal, kind, deals) = match (object, type_id.as_deref()) {
        ("deal", _) | ("object", Some(DEAL)) => of_deal(element, change, portal()?, interest)?,
        // Names no type of its own: it is about two objects.
        ("object", None) if change == "associationChange" => of_deal(element, change, portal()?, interest)?,
        ("contact", _) | ("object", Some(CONTACT_TYPE)) => of_contact(element, change, portal()?, interest)?,
        _ => return Err(Unwanted::OtherObject),
    };

    let event_id = element.event_id.and_then(id);
    let occurred = element.occurred_at.and_then(id);
    let event = |deal: String| {
        // HubSpot does not promise that `eventId` is unique, and `attemptNumber` differs between redeliveries.
        let mut dedupe_key = format!(
            "hubspot:{}:{}:{kind_text}:{}:{deal}:{}",
            portal.account,
            element.subscription_id.and_then(id).as_deref().unwrap_or("-"),
            event_id.as_deref().unwrap_or("-"),
            occurred.as_deref().unwrap_or("-"),
        );
        if event_id.is_none() && occurred.is_none() {
            // Nothing tells two such events apart but their text. Reading a deal twice is harmless; losing
            // a later win is not.
            dedupe_key = format!("{dedupe_key}:{}", short_hash(whole.as_bytes()));
        }
        Event {
            deal: DealKey { account: portal.clone(), deal },
            kind,
            dedupe_key,
            provider_id: event_id.as_deref().unwrap_or("-").to_owned(),
            occurred_at: occurred
                .as_deref()
                .and_then(|millis| millis.parse().ok())
                .and_then(|millis| Timestamp::from_millisecond(millis).ok()),
            verification: verification.to_owned(),
        }
    };
    Ok(deals.into_iter().map(event).collect())
}

/// Whose it is, what it says, and about which deals.
type Said = (AccountKey, EventKind, Vec<String>);

fn of_deal(
    element: &Element<'_>,
    change: &str,
    portal: Cow<'_, str>,
    interest: &Interest<'_>,
) -> Result<Said, Unwanted> {
    let of = |raw: Option<&RawValue>| raw.and_then(id).map(Cow::into_owned);
    let deal = of(element.object_id);
    let (kind, deal) = match change {
        "creation" => (EventKind::Created, deal),
        // Out of the recycle bin, perhaps straight into a won stage.
        "restore" => (EventKind::Requested, deal),
        "merge" => {
            let raw = element.new_object_id.or(element.primary_object_id).or(element.object_id);
            (EventKind::Merged, of(raw))
        }
        "propertyChange" => {
            let property = element.property_name.and_then(text).unwrap_or_default();
            let account = account(portal.clone().into_owned());
            let open = |deal: &str| interest.open.has(&account, deal);
            if property != "dealstage" {
                let deal = deal.ok_or(Unwanted::Broken)?;
                let read = interest.open.reads(&account, &deal, &property);
                return if read {
                    Ok((account, EventKind::Changed, vec![deal]))
                } else {
                    Err(Unwanted::OtherProperty)
                };
            }
            let stage = element.property_value.and_then(text);
            let lost = stage.is_some_and(|stage| (interest.known_stage)(&portal, &stage) == Some(false));
            if lost && !deal.as_deref().is_some_and(open) {
                return Err(Unwanted::OpenStage);
            }
            (EventKind::StageChanged, deal)
        }
        "deletion" | "associationChange" => {
            let account = account(portal.into_owned());
            let ends = [deal, of(element.from_object_id), of(element.to_object_id)];
            let open: Vec<String> =
                ends.into_iter().flatten().filter(|deal| interest.open.has(&account, deal)).collect();
            let none = open.is_empty();
            return if none { Err(Unwanted::OtherChange) } else { Ok((account, EventKind::Changed, open)) };
        }
        _ => return Err(Unwanted::OtherChange),
    };
    Ok((account(portal.into_owned()), kind, vec![deal.ok_or(Unwanted::Broken)?]))
}

/// A contact's change is one of every deal with an open packet that the contact is on.
fn of_contact(
    element: &Element<'_>,
    change: &str,
    portal: Cow<'_, str>,
    interest: &Interest<'_>,
) -> Result<Said, Unwanted> {
    let property = element.property_name.and_then(text).unwrap_or_default();
    let account = account(portal.into_owned());
    let contact = element.object_id.and_then(id).ok_or(Unwanted::OtherObject)?;
    let deals = match change {
        "propertyChange" if CONTACT.contains(&&*property) => interest.open.with_contact(&account, &contact),
        _ => Vec::new(),
    };
    if deals.is_empty() { Err(Unwanted::OtherObject) } else { Ok((account, EventKind::Changed, deals)) }
}

/// The portal as an account.
pub(super) fn account(portal: String) -> AccountKey {
    AccountKey { crm: CrmKind::Hubspot, account: portal }
}

/// The first 16 hex digits of a SHA-256: enough to tell events apart.
pub(super) fn short_hash(bytes: &[u8]) -> String {
    let hash = Sha256::digest(bytes);
    hex::encode(hash.get(..8).unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use proptest::prelude::*;

    use super::*;

    const SIGNED: Verification = Verification::Signed { scheme: "hubspot-v3", key: 0 };

    fn parse(body: &str) -> Batch {
        parse_bytes(body.as_bytes(), &OpenDeals::default()).expect("an array")
    }

    fn parse_bytes(body: &[u8], open: &OpenDeals) -> Result<Batch, NotJson> {
        parse_batch(body, &SIGNED, &Interest { known_stage: &|_, _| None, open })
    }

    fn only_event(element: &str) -> Event {
        let mut batch = parse(&format!("[{element}]"));
        assert_eq!(batch.events.len(), 1, "{element} dropped as {:?}", batch.dropped);
        batch.events.remove(0)
    }

    fn reason(element: &str) -> Unwanted {
        let batch = parse(&format!("[{element}]"));
        assert!(batch.events.is_empty(), "{element} was kept");
        *batch.dropped.keys().next().expect("a reason")
    }

    fn stage_change(event_id: u64) -> String {
        format!(
            r#"{{"eventId":{event_id},"subscriptionId":410001,"portalId":48210077,"appId":9050011,
                "occurredAt":1764000000000,"subscriptionType":"deal.propertyChange","attemptNumber":0,
                "objectId":301000000417,"propertyName":"dealstage","propertyValue":"closedwon"}}"#
        )
    }

    #[test]
    fn a_stage_change_becomes_an_event() {
        let event = only_event(&stage_change(7_100_000_001));
        assert_eq!(event.deal.to_string(), "hubspot:48210077:301000000417");
        assert_eq!(event.kind, EventKind::StageChanged);
        assert_eq!(
            event.dedupe_key,
            "hubspot:48210077:410001:deal.propertyChange:7100000001:301000000417:1764000000000"
        );
        assert_eq!(event.provider_id, "7100000001");
        assert_eq!(event.occurred_at.map(|at| at.to_string()).as_deref(), Some("2025-11-24T16:00:00Z"));
        assert_eq!(event.verification, "signed(hubspot-v3, key 1)");
    }

    #[test]
    fn deal_and_generic_events_say_the_same_things() {
        let table = [
            (r#""subscriptionType":"deal.creation","objectId":7"#, EventKind::Created, "7"),
            (
                r#""subscriptionType":"object.creation","objectTypeId":"0-3","objectId":7"#,
                EventKind::Created,
                "7",
            ),
            (r#""eventType":"deal.restore","objectId":"7""#, EventKind::Requested, "7"),
            (
                r#""subscriptionType":"object.restore","objectTypeId":"0-3","objectId":7"#,
                EventKind::Requested,
                "7",
            ),
            (
                r#""subscriptionType":"deal.merge","newObjectId":9,"primaryObjectId":8,"objectId":7"#,
                EventKind::Merged,
                "9",
            ),
            (
                r#""subscriptionType":"object.merge","objectTypeId":"0-3","primaryObjectId":8"#,
                EventKind::Merged,
                "8",
            ),
            (r#""subscriptionType":"deal.merge","objectId":7,"newObjectId":null"#, EventKind::Merged, "7"),
            (
                r#""subscriptionType":"object.propertyChange","objectTypeId":"0-3","objectId":7,"propertyName":"dealstage""#,
                EventKind::StageChanged,
                "7",
            ),
        ];
        for (fields, kind, deal) in table {
            let event = only_event(&format!(r#"{{"portalId":1,{fields}}}"#));
            assert_eq!((event.kind, event.deal.deal.as_str()), (kind, deal), "{fields}");
        }
    }

    #[test]
    fn everything_else_is_counted_by_reason() {
        let table = [
            (r#""subscriptionType":"contact.creation","objectId":7"#, Unwanted::OtherObject),
            (
                r#""subscriptionType":"object.creation","objectTypeId":"0-1","objectId":7"#,
                Unwanted::OtherObject,
            ),
            (r#""subscriptionType":"object.creation","objectId":7"#, Unwanted::OtherObject),
            (r#""subscriptionType":"conversation.newMessage","objectId":7"#, Unwanted::OtherObject),
            (r#""subscriptionType":"deal.deletion","objectId":7"#, Unwanted::OtherChange),
            (r#""subscriptionType":"deal.associationChange","fromObjectId":7"#, Unwanted::OtherChange),
            (
                r#""subscriptionType":"deal.propertyChange","objectId":7,"propertyName":"amount""#,
                Unwanted::OtherProperty,
            ),
            (r#""subscriptionType":"deal.propertyChange","objectId":7"#, Unwanted::OtherProperty),
            (r#""subscriptionType":"deal.creation""#, Unwanted::Broken),
            (r#""subscriptionType":"deal.creation","objectId":-7"#, Unwanted::Broken),
            (r#""subscriptionType":"deal.creation","objectId":7.5"#, Unwanted::Broken),
            (r#""subscriptionType":"deal.creation","objectId":"../7""#, Unwanted::Broken),
            (r#""subscriptionType":"deal.creation","objectId":true"#, Unwanted::Broken),
            (r#""subscriptionType":"dealcreation","objectId":7"#, Unwanted::Broken),
            (r#""subscriptionType":7,"objectId":7"#, Unwanted::Broken),
            (r#""objectId":7"#, Unwanted::Broken),
        ];
        for (fields, expected) in table {
            assert_eq!(reason(&format!(r#"{{"portalId":1,{fields}}}"#)), expected, "{fields}");
        }
        assert_eq!(reason(r#"{"subscriptionType":"deal.creation","objectId":7}"#), Unwanted::Broken);
    }

    #[test]
    fn broken_elements_do_not_sink_their_siblings() {
        let body = format!(
            r#"[null, 17, "text", [{{}}], {{}}, {}, {{"portalId":{{}},"subscriptionType":"deal.creation"}}, {}]"#,
            stage_change(1),
            stage_change(2)
        );
        let batch = parse(&body);
        let ids: Vec<&str> = batch.events.iter().map(|event| event.provider_id.as_str()).collect();
        assert_eq!(ids, ["1", "2"]);
        assert_eq!(batch.dropped, BTreeMap::from([(Unwanted::Broken, 6)]));
    }

    #[test]
    fn optional_fields_of_an_odd_shape_count_as_absent() {
        let event = only_event(
            r#"{"portalId":"1","subscriptionType":"deal.creation","objectId":7,"eventId":"abc","occurredAt":"soon",
                "subscriptionId":[1],"isSensitive":"maybe","changeFlag":{"new":true},"mergedObjectIds":5}"#,
        );
        assert_eq!(event.provider_id, "-");
        assert_eq!(event.occurred_at, None);
    }

    #[test]
    fn a_redelivery_has_the_same_key_and_other_events_have_others() {
        let first = only_event(&stage_change(1));
        let again = only_event(&stage_change(1).replace(r#""attemptNumber":0"#, r#""attemptNumber":3"#));
        assert_eq!(first.dedupe_key, again.dedupe_key);
        for (from, to) in [
            ("48210077", "48210078"),
            ("410001", "410002"),
            ("deal.propertyChange", "object.propertyChange\",\"objectTypeId\":\"0-3"),
            (r#""eventId":1"#, r#""eventId":2"#),
            ("301000000417", "301000000418"),
            ("1764000000000", "1764000000001"),
        ] {
            let other = only_event(&stage_change(1).replace(from, to));
            assert_ne!(first.dedupe_key, other.dedupe_key, "{from} → {to}");
        }
    }

    #[test]
    fn events_without_id_and_time_are_told_apart_by_their_text() {
        let element = r#"{"portalId":1,"subscriptionType":"deal.creation","objectId":7}"#;
        let other = r#"{"portalId":1,"subscriptionType":"deal.creation","objectId":7,"sourceId":"x"}"#;
        assert_eq!(only_event(element).dedupe_key, only_event(element).dedupe_key);
        assert_ne!(only_event(element).dedupe_key, only_event(other).dedupe_key);
    }

    #[test]
    fn a_stage_known_to_be_open_is_dropped_and_an_unknown_one_never() {
        let known = |portal: &str, stage: &str| match (portal, stage) {
            ("1", "won") => Some(true),
            ("1", "open") => Some(false),
            _ => None,
        };
        let kept = |portal: &str, value: &str| {
            let body = format!(
                r#"[{{"portalId":{portal},"subscriptionType":"deal.propertyChange","objectId":7,
                     "propertyName":"dealstage","propertyValue":{value}}}]"#
            );
            let interest = Interest { known_stage: &known, open: &OpenDeals::default() };
            let batch = parse_batch(body.as_bytes(), &SIGNED, &interest).expect("an array");
            assert_eq!(batch.dropped.contains_key(&Unwanted::OpenStage), batch.events.is_empty());
            !batch.events.is_empty()
        };
        assert!(
            kept("1", "\"won\"") && kept("1", "\"8812345\"") && kept("2", "\"open\"") && kept("1", "null")
        );
        assert!(kept("1", "\"REDACTED\""));
        assert!(!kept("1", "\"open\""));
    }

    #[test]
    fn of_a_deal_with_an_open_packet_every_change_that_may_fill_it_is_recorded() {
        let open = OpenDeals::default();
        let deal = |id: &str| DealKey { account: account("1".to_owned()), deal: id.to_owned() };
        open.replace_fields([(account("1".to_owned()), ["promises".to_owned()].into())].into());
        open.replace([(deal("7"), vec!["501".to_owned()]), (deal("8"), vec!["501".to_owned()])]);
        let deals = |element: &str| -> Vec<String> {
            let body = format!(r#"[{{"portalId":1,"eventId":5,{element}}}]"#);
            let batch = parse_bytes(body.as_bytes(), &open).expect("an array");
            batch.events.into_iter().map(|event| event.deal.deal).collect()
        };
        let table: [(&str, &[&str]); 12] = [
            (r#""subscriptionType":"deal.propertyChange","objectId":7,"propertyName":"promises""#, &["7"]),
            (
                r#""subscriptionType":"object.propertyChange","objectTypeId":"0-3","objectId":7,"propertyName":"promises""#,
                &["7"],
            ),
            (r#""subscriptionType":"deal.propertyChange","objectId":7,"propertyName":"amount""#, &[]),
            (r#""subscriptionType":"deal.propertyChange","objectId":9,"propertyName":"promises""#, &[]),
            (r#""subscriptionType":"deal.deletion","objectId":7"#, &["7"]),
            (
                r#""subscriptionType":"deal.associationChange","fromObjectId":7,"toObjectId":501,"associationType":"DEAL_TO_CONTACT""#,
                &["7"],
            ),
            (
                r#""subscriptionType":"object.associationChange","fromObjectTypeId":"0-1","fromObjectId":501,"toObjectId":7"#,
                &["7"],
            ),
            (r#""subscriptionType":"deal.associationChange","fromObjectId":9,"toObjectId":501"#, &[]),
            (
                r#""subscriptionType":"contact.propertyChange","objectId":501,"propertyName":"hs_buying_role""#,
                &["7", "8"],
            ),
            (
                r#""subscriptionType":"object.propertyChange","objectTypeId":"0-1","objectId":501,"propertyName":"jobtitle""#,
                &["7", "8"],
            ),
            (r#""subscriptionType":"contact.propertyChange","objectId":501,"propertyName":"city""#, &[]),
            (r#""subscriptionType":"contact.propertyChange","objectId":502,"propertyName":"jobtitle""#, &[]),
        ];
        for (element, expected) in table {
            assert_eq!(deals(element), expected, "{element}");
        }

        // It may be lost now, and its reader has to hear of that.
        let body = br#"[{"portalId":1,"subscriptionType":"deal.propertyChange","objectId":7,
            "propertyName":"dealstage","propertyValue":"closedlost"}]"#;
        let interest = Interest { known_stage: &|_, _| Some(false), open: &open };
        assert_eq!(parse_batch(body, &SIGNED, &interest).expect("an array").events.len(), 1);
    }

    #[test]
    fn a_body_that_is_not_an_array_is_refused() {
        for body in ["", "{}", "[", "[1,]", "nonsense", "[{\"a\":}]", "\u{feff}[]"] {
            assert_eq!(parse_bytes(body.as_bytes(), &OpenDeals::default()).err(), Some(NotJson), "{body:?}");
        }
        assert!(parse_bytes(b"[\"\xff\"]", &OpenDeals::default()).is_err());
        assert!(parse("[]").events.is_empty());
    }

    /// Any JSON, a few levels deep, with the field names that matter among others.
    fn any_json() -> impl Strategy<Value = String> {
        let leaf = prop_oneof![
            Just("null".to_owned()),
            any::<bool>().prop_map(|value| value.to_string()),
            any::<i64>().prop_map(|value| value.to_string()),
            "[a-z.0-9-]{0,12}".prop_map(|text| format!("\"{text}\"")),
            Just("\"deal.propertyChange\"".to_owned()),
        ];
        leaf.prop_recursive(3, 24, 6, |inner| {
            let name = prop_oneof![
                Just("portalId"),
                Just("objectId"),
                Just("subscriptionType"),
                Just("propertyName"),
                Just("occurredAt"),
                Just("other")
            ];
            prop_oneof![
                prop::collection::vec(inner.clone(), 0..5).prop_map(|items| format!("[{}]", items.join(","))),
                prop::collection::vec((name, inner), 0..6).prop_map(|fields| {
                    let fields: Vec<String> =
                        fields.into_iter().map(|(name, value)| format!("\"{name}\":{value}")).collect();
                    format!("{{{}}}", fields.join(","))
                }),
            ]
        })
    }

    proptest! {
        #[test]
        fn no_bytes_make_parsing_panic(body in prop::collection::vec(any::<u8>(), 0..300)) {
            let _ = parse_bytes(&body, &OpenDeals::default());
        }

        #[test]
        fn good_siblings_always_survive(before in prop::collection::vec(any_json(), 0..4), after in prop::collection::vec(any_json(), 0..4)) {
            let mut elements = before;
            elements.push(stage_change(999_777));
            elements.extend(after);
            let batch = parse(&format!("[{}]", elements.join(",")));
            prop_assert_eq!(batch.events.iter().filter(|event| event.provider_id == "999777").count(), 1);
            prop_assert_eq!(batch.events.len() + batch.dropped.values().sum::<usize>(), elements.len());
        }
    }
}
