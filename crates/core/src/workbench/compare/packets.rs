//! What a packet of one deal says and another packet of the same deal does not.

use super::mappings::either;
use super::{Change, Changes};
use crate::messages;
use crate::packet::{DeliveryPlan, Entry, Gap, Packet, Person, Section, SectionName, SectionStatus};
use crate::workbench::spec::{PACKET_STATUSES, STATUSES, word};

/// Everything that the `new` packet and its plan say differently from the `old`, in the order of a packet.
pub fn packets(
    (old, old_plan): (&Packet, &DeliveryPlan),
    (new, new_plan): (&Packet, &DeliveryPlan),
) -> Vec<Change> {
    let mut changes = Changes(revisions(old, new));
    let assignee = |plan: &DeliveryPlan| match plan.task.known_assignee() {
        Some(user) => format!("for user {user}"),
        None => "for nobody".to_owned(),
    };
    changes.replaced("task", &assignee(old_plan), &assignee(new_plan));
    let due = |plan: &DeliveryPlan| format!("due {}", plan.task.due.strftime("%d %b %Y"));
    changes.replaced("task", &due(old_plan), &due(new_plan));
    changes.replaced("channel", &old_plan.digest.channel, &new_plan.digest.channel);
    changes.0
}

/// Everything that the `new` packet says differently from the `old`, in the order of a packet.
pub fn revisions(old: &Packet, new: &Packet) -> Vec<Change> {
    new.locale.scope(|| {
        let mut changes = Changes::default();
        let status = |packet: &Packet| word(&PACKET_STATUSES, &packet.status);
        changes.replaced("packet", status(old), status(new));
        let filled = |packet: &Packet| format!("{} of {} filled", packet.filled, packet.required());
        changes.replaced("packet", &filled(old), &filled(new));
        for name in either(&old.custom_sections, &new.custom_sections) {
            section(name, old.sections.get(&name), new.sections.get(&name), &mut changes);
        }
        let links = |packet: &Packet| {
            packet.links.iter().map(|link| messages::packet::link(&link.name, &link.url)).collect::<Vec<_>>()
        };
        changes.listed("links", &links(old), &links(new), Clone::clone);
        changes.listed("gaps", &gaps(old), &gaps(new), Clone::clone);
        importance(old, new, &mut changes);
        let owner = |packet: &Packet| {
            let name = packet.owner.name.clone().unwrap_or_else(|| "nobody".to_owned());
            if packet.owner.fallback { format!("{name} (the fallback)") } else { name }
        };
        changes.replaced("owner", &owner(old), &owner(new));
        changes.0
    })
}

fn section(name: SectionName, old: Option<&Section>, new: Option<&Section>, changes: &mut Changes) {
    let about = name.as_str();
    let state = |section: Option<&Section>| {
        word(&STATUSES, &section.map_or(SectionStatus::Missing, |section| section.status))
    };
    changes.replaced(about, state(old), state(new));
    let entries = |section: Option<&Section>| section.map(|one| one.entries.clone()).unwrap_or_default();
    changes.listed(about, &entries(old), &entries(new), entry);
    let people = |section: Option<&Section>| section.map(|one| one.people.clone()).unwrap_or_default();
    changes.listed(about, &people(old), &people(new), person);
}

fn entry(entry: &Entry) -> String {
    let due = entry.given_due().map(|due| format!(" (by {due})")).unwrap_or_default();
    format!("\"{}\"{due}  [{}]", entry.text, entry.origin)
}

fn person(person: &Person) -> String {
    format!("{}: {}  [{}]", person.name, roles(person), person.source.as_str())
}

/// A person's roles as people say them: `Sponsor, Operator`.
pub fn roles(person: &Person) -> String {
    let roles: Vec<&str> = person.roles.iter().map(|role| role.title()).collect();
    if roles.is_empty() { "role unknown".to_owned() } else { roles.join(", ") }
}

/// Gaps that count, with what they ask.
fn gaps(packet: &Packet) -> Vec<String> {
    let name = |gap: &Gap| format!("{}/{}: {}", gap.section.as_str(), gap.id(), gap.question());
    packet.gaps.iter().filter(|gap| gap.counts()).map(name).collect()
}

fn importance(old: &Packet, new: &Packet, changes: &mut Changes) {
    let about = "important";
    match (old.important.is, new.important.is) {
        (false, true) => changes.gained(about, new.important.reasons.join("; ")),
        (true, false) => changes.lost(about, old.important.reasons.join("; ")),
        _ => changes.listed(about, &old.important.reasons, &new.important.reasons, Clone::clone),
    }
}
