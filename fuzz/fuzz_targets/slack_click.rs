//! A payload of Slack is read or refused, and never more: what has no person behind it does nothing, what is stored reads
//! back as it was without the trigger, and the same payload is the same click.
#![no_main]

use handoff_bridge::interactive::{Interaction, Kind};
use libfuzzer_sys::fuzz_target;
use serde_json::Value;

fuzz_target!(|data: &[u8]| {
    let Ok(text) = std::str::from_utf8(data) else { return };
    let is_object = serde_json::from_str::<Value>(text).is_ok_and(|payload| payload.is_object());
    let Ok(click) = Interaction::parse(text) else {
        assert!(!is_object, "every object is read");
        return;
    };
    assert!(is_object);
    assert!(!click.user.id.is_empty() || click.kind == Kind::Other, "nobody did something: {click:?}");
    assert_eq!(Interaction::parse(text).map(|again| again.dedupe_key()), Ok(click.dedupe_key()));
    let stored = serde_json::to_string(&click).expect("a click is JSON");
    let read: Interaction = serde_json::from_str(&stored).expect("it was stored as it is read");
    assert_eq!(read, Interaction { trigger_id: None, ..click });
});
