//! What a packet of one deal says and another packet of the same deal does not.

use super::{Change, Changes};
use crate::delivery::Orders;
use crate::gaps::Gap;
use crate::packet::{Entry, Packet, PacketStatus, Person, Section, SectionName, SectionStatus};

/// Everything that the `new` packet and its orders say differently from the `old`, in the order of a packet.
pub fn packets((old, old_orders): (&Packet, &Orders), (new, new_orders): (&Packet, &Orders)) -> Vec<Change> {
    let mut changes = Changes::default();
    changes.replaced("packet", status(old), status(new));
    changes.replaced(
        "packet",
        &format!("{} of 6 filled", old.filled),
        &format!("{} of 6 filled", new.filled),
    );
    for name in SectionName::ALL {
        section(name, old.sections.get(&name), new.sections.get(&name), &mut changes);
    }
    changes.listed("gaps", &gaps(old), &gaps(new), Clone::clone);
    importance(old, new, &mut changes);
    let owner = |packet: &Packet| {
        let name = packet.owner.name.clone().unwrap_or_else(|| "nobody".to_owned());
        if packet.owner.fallback { format!("{name} (the fallback)") } else { name }
    };
    changes.replaced("owner", &owner(old), &owner(new));
    let assignee = |orders: &Orders| match &orders.task.assignee {
        Some(user) => format!("for user {user}"),
        None => "for nobody".to_owned(),
    };
    changes.replaced("task", &assignee(old_orders), &assignee(new_orders));
    let due = |orders: &Orders| format!("due {}", orders.task.due.strftime("%d %b %Y"));
    changes.replaced("task", &due(old_orders), &due(new_orders));
    changes.replaced("channel", &old_orders.digest.channel, &new_orders.digest.channel);
    changes.0
}

fn status(packet: &Packet) -> &'static str {
    match packet.status {
        PacketStatus::Complete => "complete",
        PacketStatus::Incomplete => "incomplete",
    }
}

fn section(name: SectionName, old: Option<&Section>, new: Option<&Section>, changes: &mut Changes) {
    let about = name.as_str();
    let state = |section: Option<&Section>| match section.map(|section| section.status) {
        Some(SectionStatus::Filled) => "filled",
        Some(SectionStatus::Weak) => "weak",
        Some(SectionStatus::Missing) | None => "missing",
    };
    changes.replaced(about, state(old), state(new));
    let entries = |section: Option<&Section>| section.map(|one| one.entries.clone()).unwrap_or_default();
    changes.listed(about, &entries(old), &entries(new), entry);
    let people = |section: Option<&Section>| section.map(|one| one.people.clone()).unwrap_or_default();
    changes.listed(about, &people(old), &people(new), person);
}

fn entry(entry: &Entry) -> String {
    let due = entry.due.map(|due| format!(" (by {due})")).unwrap_or_default();
    format!("\"{}\"{due}  [{}]", entry.text, entry.source)
}

fn person(person: &Person) -> String {
    let roles: Vec<&str> = person.roles.iter().map(|role| role.title()).collect();
    let roles = if roles.is_empty() { "role unknown".to_owned() } else { roles.join(", ") };
    format!("{}: {roles}  [{}]", person.name, person.source)
}

/// Gaps that count, with what they ask.
fn gaps(packet: &Packet) -> Vec<String> {
    let name = |gap: &Gap| format!("{}/{}: {}", gap.section.as_str(), gap.id, gap.question);
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
