//! A mapping file either has errors or gives a mapping, never both and never neither; its problems can be
//! shown in a terminal; and a mapping that passed makes a packet of a messy deal.
#![no_main]

use std::sync::LazyLock;

use handoff_core::assemble::assemble;
use handoff_core::mapping::file::version;
use handoff_core::record::DealRecord;
use handoff_core::workbench::lint::parse;
use jiff::Timestamp;
use libfuzzer_sys::fuzz_target;

static RECORD: LazyLock<DealRecord> = LazyLock::new(|| {
    serde_json::from_str(include_str!("../corpus/deal_record/messy.json")).expect("a deal record")
});

fuzz_target!(|text: &str| {
    let (mapping, problems) = parse("mappings/fuzz.yaml", text);
    assert_eq!(mapping.is_none(), problems.has_errors(), "{problems}");
    for problem in problems.iter() {
        let Some(place) = problem.place else { continue };
        assert!(problems.text().get(place.span.start..place.span.end).is_some(), "{problem:?}");
        assert!(place.line <= problems.text().split('\n').count() && place.column >= 1, "{problem:?}");
    }
    let shown = problems.to_string();
    assert_eq!(shown.is_empty(), problems.is_empty());
    let reaches_terminal = |letter: char| letter.is_control() && letter != '\n';
    assert!(!shown.contains(reaches_terminal), "{shown:?}");

    if let Some(mapping) = mapping {
        assert_eq!(mapping.version, version(text));
        assert!(mapping.wanted_fields().paths.contains(&mapping.owner.from));
        assemble(&mapping, &RECORD, "pkt_fuzz", Timestamp::UNIX_EPOCH);
    }
});
