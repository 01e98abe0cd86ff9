//! Where a packet is not what a case expected, with the field that every surprise came from.

use std::fmt;

use super::expect::{Expectation, ExpectedGap, ExpectedSection, Important, PACKET_STATUSES, STATUSES, word};
use crate::mapping::Mapping;
use crate::mapping::derived::Sight;
use crate::messages;
use crate::packet::{
    DeliveryPlan, Gap, Link, Packet, PacketStatus, Role, Section, SectionName, SectionStatus,
};
use crate::record::{CrmKind, DealRecord};

/// One thing that is not as expected.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Difference {
    /// What it is about: `promises`, `gaps`, `sponsor`.
    pub about: String,
    /// What was expected and is not there, then what is there and was not expected.
    pub sides: Vec<Side>,
}

/// One line of a difference.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Side {
    /// Expected, and not there.
    Expected(String),
    /// There, and not expected; with where it came from.
    Got {
        text: String,
        /// The field or rule it came from; may be empty.
        source: String,
    },
    /// The same on both sides.
    Same(String),
}

impl Difference {
    /// The record is from another CRM than the mapping.
    pub(crate) fn other_crm(record: CrmKind, mapping: CrmKind) -> Self {
        let sides =
            vec![Side::Expected(format!("a deal from {mapping}")), got(format!("a deal from {record}"), "")];
        Self { about: "crm".to_owned(), sides }
    }

    /// A difference about `about`, unless all sides are the same.
    fn of(about: &str, sides: Vec<Side>) -> Option<Self> {
        let differs = sides.iter().any(|side| !matches!(side, Side::Same(_)));
        differs.then(|| Self { about: about.to_owned(), sides })
    }
}

impl fmt::Display for Difference {
    /// What it is about, then `−` expected, `+` got; unchanged lines without a sign.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{}", self.about)?;
        for side in &self.sides {
            match side {
                Side::Expected(text) => writeln!(f, "  − {text}")?,
                Side::Got { text, source } if source.is_empty() => writeln!(f, "  + {text}")?,
                Side::Got { text, source } => writeln!(f, "  + {text}  [{source}]")?,
                Side::Same(text) => writeln!(f, "    {text}")?,
            }
        }
        Ok(())
    }
}

/// Everything in which the packet is not as expected, in the order of the packet.
pub(crate) fn all(
    expect: &Expectation,
    mapping: &Mapping,
    record: &DealRecord,
    packet: &Packet,
    plan: &DeliveryPlan,
) -> Vec<Difference> {
    let mut differences = Vec::new();
    differences.extend(expect.applies.and_then(|applies| self::applies(applies, mapping, record, packet)));
    differences.extend(expect.status.and_then(|status| self::status(status, packet)));
    for (name, expected) in &expect.sections {
        differences.extend(
            unknown(*name, mapping)
                .or_else(|| self::section(name.as_str(), expected, packet.sections.get(name))),
        );
    }
    for (role, names) in &expect.roles {
        differences.extend(self::role(*role, names, packet));
    }
    differences.extend(expect.gaps.as_ref().and_then(|gaps| self::gaps(gaps, packet)));
    differences.extend(expect.links.as_ref().and_then(|links| self::links(links, packet)));
    differences.extend(expect.important.as_ref().and_then(|important| self::important(important, packet)));
    differences.extend(expect.owner.as_ref().and_then(|owner| self::owner(owner, mapping, packet)));
    differences.extend(
        expect.channel.as_ref().and_then(|channel| self::channel(channel, mapping, record, (packet, plan))),
    );
    differences
}

fn got(text: impl Into<String>, source: impl Into<String>) -> Side {
    Side::Got { text: text.into(), source: source.into() }
}

fn applies(expected: bool, mapping: &Mapping, record: &DealRecord, packet: &Packet) -> Option<Difference> {
    let word = |applies| if applies { "the deal gets a packet" } else { "the deal gets no packet" };
    let found = mapping.covers(record, packet.as_of);
    let source = match record.deal.get(record.crm.dialect().fields.pipeline) {
        _ if found => String::new(),
        _ if mapping.covers_pipeline(record) => "applies_to.when does not hold".to_owned(),
        Some(pipeline) => format!("pipeline {pipeline}"),
        None => "the deal has no pipeline".to_owned(),
    };
    let sides = vec![Side::Expected(word(expected).to_owned()), got(word(found), source)];
    (expected != found).then_some(Difference { about: "applies".to_owned(), sides })
}

fn status(expected: PacketStatus, packet: &Packet) -> Option<Difference> {
    let name = |status| word(&PACKET_STATUSES, &status);
    let gaps: Vec<String> = packet.gaps.iter().filter(|gap| gap.counts()).map(gap_name).collect();
    let sides = vec![Side::Expected(name(expected).to_owned()), got(name(packet.status), gaps.join(", "))];
    (expected != packet.status).then_some(Difference { about: "status".to_owned(), sides })
}

fn section(name: &str, expected: &ExpectedSection, section: Option<&Section>) -> Option<Difference> {
    let status_name = |status| word(&STATUSES, &status);
    let mut sides = Vec::new();
    // An optional section is absent when it has nothing to say.
    let status = section.map_or(SectionStatus::Missing, |section| section.status);
    if let Some(wanted) = expected.status.filter(|wanted| *wanted != status) {
        sides.push(Side::Expected(format!("status {}", status_name(wanted))));
        sides.push(got(format!("status {}", status_name(status)), ""));
    }
    if let Some(wanted) = &expected.entries {
        let found: Vec<(String, String)> = section
            .map(|section| {
                section.entries.iter().map(|entry| (entry.text.clone(), entry.origin.to_string())).collect()
            })
            .unwrap_or_default();
        sides.extend(in_order(wanted, &found));
    }
    Difference::of(name, sides)
}

/// A section of the mapping's own that it does not have.
fn unknown(name: SectionName, mapping: &Mapping) -> Option<Difference> {
    let sides =
        vec![Side::Expected("a section of this name".to_owned()), got("there is none", &mapping.file)];
    (!mapping.section_names().contains(&name)).then(|| Difference { about: name.as_str().to_owned(), sides })
}

fn role(role: Role, names: &[String], packet: &Packet) -> Option<Difference> {
    let people = packet.sections.values().flat_map(|section| &section.people);
    let found: Vec<(String, String)> = people
        .filter(|person| person.roles.contains(&role))
        .map(|person| (person.name.clone(), person.source.as_str().to_owned()))
        .collect();
    Difference::of(role.as_str(), in_any_order(names, &found))
}

/// Lists whose order matters: common lines are shown between the others.
fn in_order(expected: &[String], found: &[(String, String)]) -> Vec<Side> {
    let (mut sides, mut rest) = (Vec::new(), found);
    for text in expected {
        match rest.iter().position(|(other, _)| other == text) {
            Some(place) => {
                let (before, from) = rest.split_at(place);
                sides.extend(before.iter().map(|(text, source)| got(text, source)));
                sides.push(Side::Same(text.clone()));
                rest = from.get(1..).unwrap_or_default();
            }
            None => sides.push(Side::Expected(text.clone())),
        }
    }
    sides.extend(rest.iter().map(|(text, source)| got(text, source)));
    sides
}

fn in_any_order(expected: &[String], found: &[(String, String)]) -> Vec<Side> {
    let absent = |text: &&String| found.iter().all(|(other, _)| other != *text);
    let new = |(text, _): &&(String, String)| !expected.contains(text);
    let missing = expected.iter().filter(absent).map(|text| Side::Expected(text.clone()));
    missing.chain(found.iter().filter(new).map(|(text, source)| got(text, source))).collect()
}

/// A gap that was not expected counts; one that was expected may also be a hint.
fn gaps(expected: &[ExpectedGap], packet: &Packet) -> Option<Difference> {
    let mut left: Vec<&Gap> = packet.gaps.iter().collect();
    let mut sides = Vec::new();
    for wanted in expected {
        let fits =
            |gap: &&Gap| gap.id() == wanted.id && wanted.section.is_none_or(|section| section == gap.section);
        if let Some(place) = left.iter().position(fits) {
            left.remove(place);
        } else {
            let section = wanted.section.map(|section| format!("{}/", section.as_str()));
            sides.push(Side::Expected(format!("{}{}", section.unwrap_or_default(), wanted.id)));
        }
    }
    let surprises = left.into_iter().filter(|gap| gap.counts());
    sides.extend(surprises.map(|gap| got(gap_name(gap), gap.evidence())));
    Difference::of("gaps", sides)
}

fn gap_name(gap: &Gap) -> String {
    format!("{}/{}", gap.section.as_str(), gap.id())
}

fn links(expected: &[String], packet: &Packet) -> Option<Difference> {
    let found = |link: &Link| (messages::packet::link(&link.name, &link.url), link.source.clone());
    let found: Vec<_> = packet.links.iter().map(found).collect();
    Difference::of("links", in_any_order(expected, &found))
}

fn important(expected: &Important, packet: &Packet) -> Option<Difference> {
    let reasons = &packet.important.reasons;
    let sides = match expected {
        Important::Is(is) if *is == packet.important.is => Vec::new(),
        Important::Is(true) => vec![
            Side::Expected("important".to_owned()),
            got("not important", packet.important.unreadable.join("; ")),
        ],
        Important::Is(false) => {
            vec![Side::Expected("not important".to_owned()), got("important", reasons.join("; "))]
        }
        Important::Because(expected) => {
            let found: Vec<(String, String)> =
                reasons.iter().map(|reason| (reason.clone(), String::new())).collect();
            in_any_order(expected, &found)
        }
    };
    Difference::of("important", sides)
}

fn owner(expected: &str, mapping: &Mapping, packet: &Packet) -> Option<Difference> {
    let owner = &packet.owner;
    let same =
        |text: &Option<String>| text.as_deref().is_some_and(|text| text.eq_ignore_ascii_case(expected));
    if same(&owner.name) || same(&owner.email) {
        return None;
    }
    let name = owner.name.clone().unwrap_or_else(|| "nobody".to_owned());
    let source = if owner.fallback { "the fallback".to_owned() } else { mapping.owner.from.to_string() };
    Difference::of("owner", vec![Side::Expected(expected.to_owned()), got(name, source)])
}

fn channel(
    expected: &str,
    mapping: &Mapping,
    record: &DealRecord,
    (packet, plan): (&Packet, &DeliveryPlan),
) -> Option<Difference> {
    let found = plan.digest.channel.as_str();
    if expected == found {
        return None;
    }
    let now = packet.as_of.to_zoned(mapping.time_zone.clone());
    let mut seen =
        mapping.slack.routes.iter().map(|route| route.when.look(mapping, record, &[], &now).sights());
    let words =
        |sights: Vec<Sight>| sights.into_iter().map(|sight| sight.words).collect::<Vec<_>>().join(", ");
    let source = seen.find(|sights| !sights.is_empty()).map_or_else(|| "no route holds".to_owned(), words);
    Difference::of("channel", vec![Side::Expected(expected.to_owned()), got(found, source)])
}
