//! How well an account's fields fill the sections: over deals that were won lately, how often each mapped field
//! held an answer, which gaps the packets would have had, and which fields that no section reads are well filled.

mod candidate;
mod count;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::Serialize;

pub use candidate::{Candidate, candidates};
use count::Part;
pub use count::Tally;

use crate::assemble::assemble;
use crate::mapping::Mapping;
use crate::packet::{PacketStatus, SectionName};
use crate::record::DealRecord;

/// A field that no section reads is worth a line when so many of a hundred deals fill it.
pub const WELL_FILLED: usize = 40;

/// What the deals of one account say about a mapping.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Coverage {
    /// Deals that the mapping covers.
    pub deals: usize,
    /// Deals that `applies_to` leaves out; they count nowhere else.
    pub left_out: usize,
    /// Deals whose packet lacks nothing.
    pub complete: usize,
    /// Every place of the mapping that reads a field, in the order of a mapping file.
    pub fields: Vec<Field>,
    /// Gaps that count against a packet, by section, the most frequent first.
    pub gaps: Vec<Gaps>,
    /// Fields that nothing reads, that at least [`WELL_FILLED`] of a hundred deals fill, and whose name or label
    /// sounds like a section; the best filled first.
    pub suggestions: Vec<Suggestion>,
}

/// How one mapped field is filled.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Field {
    /// What reads it: a section's name, `applies_to`, `important_when`, `owner` or `slack`.
    pub part: String,
    /// As which key, unless it simply feeds the section: `due`, `who`, `derive`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub key: Option<&'static str>,
    /// `deal.handoff_why_now`.
    pub field: String,
    /// How often it held what.
    #[serde(flatten)]
    pub tally: Tally,
}

/// How many packets have one kind of gap in one section.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Gaps {
    pub section: SectionName,
    /// The gap, such as `empty` or `role_missing:sponsor`.
    pub gap: String,
    /// Deals that have it.
    pub deals: usize,
}

/// A field that a section might read.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Suggestion {
    /// `deal.pain_points`.
    pub field: String,
    /// What people call it.
    pub label: String,
    /// The section it sounds like.
    pub section: SectionName,
    /// As which key, unless it would simply feed the section: `due`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub key: Option<&'static str>,
    /// How often it held what.
    #[serde(flatten)]
    pub tally: Tally,
}

impl Coverage {
    /// Counts over `records`, each fetched with the fields of the mapping and of the `candidates`. A packet
    /// speaks of the instant its record was fetched, else of `now`.
    pub fn of(mapping: &Mapping, candidates: &[Candidate], records: &[DealRecord], now: Timestamp) -> Self {
        let covered: Vec<&DealRecord> = records
            .iter()
            .filter(|record| {
                record.crm == mapping.crm && mapping.covers(record, record.fetched_at.unwrap_or(now))
            })
            .collect();
        let (complete, gaps) = gaps(mapping, &covered, now);
        let field = |part: Part| Field {
            part: part.name().to_owned(),
            key: part.key,
            field: part.path.to_string(),
            tally: part.tally(mapping, &covered),
        };
        let deals = covered.len();
        let mut suggestions: Vec<Suggestion> = candidates
            .iter()
            .map(|candidate| suggestion(candidate, mapping, &covered))
            .filter(|found| deals > 0 && found.tally.filled * 100 >= deals * WELL_FILLED)
            .collect();
        suggestions.sort_by(|one, other| {
            other.tally.filled.cmp(&one.tally.filled).then_with(|| one.field.cmp(&other.field))
        });
        Self {
            deals,
            left_out: records.len() - deals,
            complete,
            fields: count::parts(mapping).into_iter().map(field).collect(),
            gaps,
            suggestions,
        }
    }
}

/// How many packets lack nothing, and what the others lack.
fn gaps(mapping: &Mapping, records: &[&DealRecord], now: Timestamp) -> (usize, Vec<Gaps>) {
    let mut complete = 0;
    let mut counted: BTreeMap<(SectionName, String), usize> = BTreeMap::new();
    for record in records {
        let as_of = record.fetched_at.unwrap_or(now);
        let (packet, _) = assemble(mapping, record, "pkt_coverage", as_of);
        complete += usize::from(packet.status == PacketStatus::Complete);
        for gap in packet.gaps.into_iter().filter(crate::packet::Gap::counts) {
            *counted.entry((gap.section, gap.id())).or_default() += 1;
        }
    }
    let gaps = counted.into_iter().map(|((section, gap), deals)| Gaps { section, gap, deals });
    let mut gaps: Vec<Gaps> = gaps.collect();
    let order = mapping.section_names();
    let place = |name: SectionName| order.iter().position(|other| *other == name);
    gaps.sort_by_key(|gaps| (place(gaps.section), std::cmp::Reverse(gaps.deals)));
    (complete, gaps)
}

fn suggestion(candidate: &Candidate, mapping: &Mapping, records: &[&DealRecord]) -> Suggestion {
    let Candidate { path, label, section, key } = candidate;
    let part = Part { section: Some(*section), other: "", key: *key, path: path.clone() };
    Suggestion {
        field: path.to_string(),
        label: label.clone(),
        section: *section,
        key: *key,
        tally: part.tally(mapping, records),
    }
}
