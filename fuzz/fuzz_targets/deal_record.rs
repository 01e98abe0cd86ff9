//! Whatever a deal record holds, it becomes the same packet twice, a task and a digest within their limits; and
//! what `handoff fetch` would print of it reads back as the same record.
#![no_main]

use std::sync::LazyLock;

use handoff_bridge::crm::TaskBlock;
use handoff_bridge::delivery::{slack, task};
use handoff_core::assemble::assemble;
use handoff_core::mapping::Mapping;
use handoff_core::mapping::file::parse;
use handoff_core::packet::Packet;
use handoff_core::record::DealRecord;
use handoff_core::text::excerpt;
use jiff::Timestamp;
use libfuzzer_sys::fuzz_target;

static MAPPING: LazyLock<Mapping> = LazyLock::new(|| {
    let text = include_str!("../../mappings/hubspot.yaml");
    parse("mappings/hubspot.yaml", text).0.expect("the shipped mapping passes")
});

/// 2026-11-22T08:00:00Z, in seconds since 1970.
const AS_OF: i64 = 1_795_334_400;

fuzz_target!(|text: &str| {
    let Ok(record) = serde_json::from_str::<DealRecord>(text) else { return };
    let printed = serde_json::to_string(&record).expect("a record can be printed");
    let read_back: DealRecord = serde_json::from_str(&printed).expect("and read back");
    assert_eq!(read_back, record);

    let as_of = Timestamp::from_second(AS_OF).expect("in range");
    let (packet, orders) = assemble(&MAPPING, &record, "pkt_0123456789ab", as_of);
    assert_eq!((packet.clone(), orders.clone()), assemble(&MAPPING, &record, "pkt_0123456789ab", as_of));
    is_bounded(&packet);

    let draft = task::draft(&packet, &record, &orders.task);
    assert!(units(&draft.subject) <= task::SUBJECT);
    assert!(draft.body.iter().map(length).sum::<usize>() <= task::BODY);
    let (links, mentions) = (slack::Links::default(), slack::Mentions::default());
    let digest = slack::digest(&packet, &record, &orders.digest, &links, &mentions);
    let shown: usize = digest.blocks.iter().map(|block| units(&block.to_string())).sum();
    assert!(digest.blocks.len() <= 12 && shown <= 12_000, "{shown} units");
    assert!(digest.text.chars().count() <= 4_000);
});

fn is_bounded(packet: &Packet) {
    for section in packet.sections.values() {
        assert!(section.entries.len() <= 20);
        for entry in &section.entries {
            assert!(entry.text.chars().count() <= excerpt::MOST_CHARACTERS, "{entry:?}");
        }
        for person in &section.people {
            assert!(person.name.chars().count() <= 210, "{person:?}");
        }
    }
    assert!(packet.gaps.len() <= 100);
    for gap in &packet.gaps {
        assert!(
            gap.question().chars().count() <= 1_000 && gap.evidence().chars().count() <= 2_000,
            "{gap:?}"
        );
    }
}

fn length(block: &TaskBlock) -> usize {
    match block {
        TaskBlock::Heading(text) | TaskBlock::Paragraph(text) => units(text),
        TaskBlock::List(items) => items.iter().map(|item| units(item)).sum(),
        TaskBlock::Links(links) => links.iter().map(|(name, url)| units(name) + units(url)).sum(),
    }
}

fn units(text: &str) -> usize {
    text.encode_utf16().count()
}
