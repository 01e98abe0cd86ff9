//! `handoff labels`: dismissed gaps as labelled texts, in the format of the corpus that the judgement is trained on.

use clap::Args;
use serde::Serialize;

use super::fetch::read_mapping;
use super::{ConfigArg, Problem, open_store_of, store_access};
use crate::store::StoredPacket;
use handoff_core::mapping::Mapping;
use handoff_core::packet::{Packet, RuleId, SectionName};
use handoff_core::record::{AccountKey, DealRecord};

#[derive(Debug, Args)]
pub struct LabelsArgs {
    #[command(flatten)]
    config: ConfigArg,
}

/// One line: a text of the CRM that a person called an answer.
#[derive(Debug, Serialize)]
struct LabelledText {
    id: String,
    deal: String,
    section: String,
    /// Not known: `und`, as ISO 639 says.
    lang: &'static str,
    text: String,
    label: &'static str,
}

/// Prints the texts of all gaps about prose that were dismissed, while their records are kept. They hold customers' words:
/// nothing leaves this machine.
pub(super) async fn run(args: &LabelsArgs) -> Result<(), Problem> {
    let access = store_access(&args.config.config)?;
    let store = open_store_of(&access.store).await?;
    let mut gone = 0;
    for packet_id in store.dismissed_packets().await? {
        let Some(stored) = store.packet(&packet_id).await? else { continue };
        let Some(record) = stored.record.kept() else {
            gone += 1;
            continue;
        };
        let packet: Packet = serde_json::from_str(&stored.packet)?;
        let key = AccountKey { crm: packet.crm, account: packet.account };
        let Some((_, file)) = access.mappings.iter().find(|(account, _)| *account == key) else {
            return Err(Problem::new(format!("handoff: {key} is not configured any more")));
        };
        for label in labels(&stored, &serde_json::from_str(record)?, &read_mapping(file)?) {
            println!("{}", serde_json::to_string(&label)?);
        }
    }
    if gone > 0 {
        eprintln!("handoff: {gone} packets with a dismissed gap are left out: their records are deleted");
    }
    store.close().await;
    Ok(())
}

/// The sections of a packet in which a gap about prose was dismissed, with what their fields hold.
fn labels(stored: &StoredPacket, record: &DealRecord, mapping: &Mapping) -> Vec<LabelledText> {
    let is_about_prose = |gap: &str| {
        matches!(RuleId::parse(gap), Some((RuleId::Placeholder | RuleId::Vague | RuleId::Activity, _)))
    };
    // The judgement is trained for the built-in sections.
    let is_built_in = |section: &str| SectionName::built_in(section).is_some();
    let dismissed = stored.dismissals.iter();
    let dismissed = dismissed.filter(|one| is_about_prose(&one.gap) && is_built_in(&one.section));
    let label = |section: &str| {
        let fields = mapping.sections.iter().find(|(name, _)| name.as_str() == section);
        let values = fields.into_iter().flat_map(|(_, fields)| &fields.from);
        let values: Vec<&str> = values.flat_map(|path| record.read(path).values()).collect();
        LabelledText {
            id: format!("{}/{section}", stored.packet_id),
            deal: stored.deal.clone(),
            section: section.to_owned(),
            lang: "und",
            text: values.join("\n"),
            label: "ok",
        }
    };
    let labels = dismissed.map(|one| label(&one.section));
    labels.filter(|label| !label.text.is_empty()).collect()
}
