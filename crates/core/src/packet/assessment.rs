//! How a packet came out: what is counted, and kept longer than the packet, because it holds none of its words; and the
//! names it is found by, which leave with it.

use jiff::civil::Date;

use super::{Addressee, Fact, Gap, Packet, PacketStatus, RuleId};
use crate::record::DealRecord;
use crate::text::case::fold;
use crate::text::clean::clean_line;

/// The longest name that packets are found by, in characters.
const LONGEST_NAME: usize = 200;

/// How a packet came out when it was made.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Assessment {
    /// Nothing was missing.
    pub complete: bool,
    /// Whose deal it was.
    pub seller: Option<Seller>,
    /// What was raised, hints included.
    pub gaps: Vec<RaisedGap>,
    /// See [`Packet::first_value_day`].
    pub first_value: Option<Date>,
    /// What the packet is found by.
    pub names: Names,
}

/// The names that a packet is found by, folded and cut to what an index can hold. Forgotten with the packet.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Names {
    /// What sales called the deal.
    pub deal: String,
    /// The company, while the deal record is kept.
    pub customer: Option<String>,
}

impl Names {
    /// A name, or a part of one, as it is kept and searched for.
    pub fn fold(text: &str) -> String {
        fold(text)
    }
}

/// Whose deal it was. Forgotten with the packet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Seller {
    /// The CRM account and the CRM's id of the user: `hubspot:48210077:11`.
    pub key: String,
    /// The name in the CRM.
    pub name: String,
}

/// One gap, without a word of what was in the CRM.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RaisedGap {
    /// See [`crate::packet::SectionName::as_str`].
    pub section: String,
    /// See [`Gap::id`].
    pub gap: String,
    /// The first field that it is about, as the mapping writes it: `deal.handoff_risks`. A packet that was read back from
    /// the store does not know.
    pub field: Option<String>,
    /// Who can fill it.
    pub addressee: Addressee,
    /// See [`Gap::counts`].
    pub counts: bool,
    /// Which stage raised it: `certain` rules, the trained `model`, or a `hint` of either.
    pub stage: &'static str,
}

impl Assessment {
    /// What is kept of a packet and the record it was made from.
    pub fn of(packet: &Packet, record: Option<&DealRecord>) -> Self {
        let seller = record.and_then(|record| {
            let owner = record.owner.as_ref().filter(|owner| !owner.id().is_empty())?;
            let key = format!("{}:{}:{}", packet.crm, packet.account, owner.id());
            let name = clean_line(&owner.name()?);
            (!name.is_empty()).then_some(Seller { key, name })
        });
        let gaps = packet.gaps.iter().map(RaisedGap::of).collect();
        let first_value = packet.first_value_day();
        let names = Names {
            deal: searchable(&packet.deal.name),
            customer: record.and_then(DealRecord::company_name).map(|name| searchable(&name)),
        };
        Self { complete: packet.status == PacketStatus::Complete, seller, gaps, first_value, names }
    }

    /// The same, from the JSON of both; `None` if the packet cannot be read. The record may be gone.
    pub fn of_json(packet: &str, record: &str) -> Option<Self> {
        let packet: Packet = serde_json::from_str(packet).ok()?;
        let record: Option<DealRecord> = serde_json::from_str(record).ok();
        Some(Self::of(&packet, record.as_ref()))
    }
}

fn searchable(name: &str) -> String {
    fold(name).chars().take(LONGEST_NAME).collect()
}

impl RaisedGap {
    fn of(gap: &Gap) -> Self {
        Self {
            section: gap.section.as_str().to_owned(),
            gap: gap.id(),
            field: gap.fact.field().map(ToString::to_string),
            addressee: gap.addressee,
            counts: gap.counts(),
            stage: match (&gap.fact, gap.rule) {
                _ if !gap.counts() => "hint",
                (Fact::Judged(..), _) | (_, RuleId::Vague | RuleId::Activity) => "model",
                _ => "certain",
            },
        }
    }
}
