//! Why a packet says what it says: where every line came from, and what every rule had to say about it. Pure.

use jiff::Zoned;

use super::layout::Page;
use handoff_core::gaps::{Evidence, Finding, Outcome, Verdict, verdicts};
use handoff_core::mapping::derived::Seen;
use handoff_core::mapping::{ListStyle, Mapping, Observation, SectionMapping, apply, people};
use handoff_core::messages;
use handoff_core::packet::{
    Addressee, DeliveryPlan, Entry, Packet, PacketStatus, RoleSource, Section, SectionName, Severity,
};
use handoff_core::record::{DealRecord, FieldKind, FieldPath, Reading, User, Value};
use handoff_core::text::email_tail;
use handoff_core::text::hyperlink::NoAddress;
use handoff_core::workbench::compare;

/// What was explained, and what explains it.
pub(super) struct Explained<'a> {
    pub(super) mapping: &'a Mapping,
    pub(super) record: &'a DealRecord,
    pub(super) packet: &'a Packet,
    pub(super) plan: &'a DeliveryPlan,
    /// The packet's instant, in the account's zone.
    pub(super) now: &'a Zoned,
}

/// The explanation, wrapped to `width` columns.
pub(super) fn explanation(explained: &Explained<'_>, width: usize) -> String {
    explained.mapping.locale.scope(|| explain(explained, width))
}

fn explain(explained: &Explained<'_>, width: usize) -> String {
    let mut page = Page::new(width);
    let Explained { mapping, record, packet, now, .. } = explained;
    // As they were mapped: the packet does not show its placeholders.
    let sections = apply::sections(mapping, record, people::people(mapping, record, &[]), &[], now);
    let evidence = Evidence::new(mapping, record, &sections, &packet.important);
    let (verdicts, hidden) = (verdicts(&evidence), evidence.hidden());
    for (name, section) in mapping.section_names().iter().filter_map(|name| Some((name, sections.get(name)?)))
    {
        page.heading(&format!("Why: {}", packet.title(*name)));
        let hidden = hidden.iter().filter(|(section, _)| section == name).map(|(_, text)| text.as_str());
        explained.section(&mut page, *name, section, &hidden.collect::<Vec<_>>());
        explained.required(&mut page, *name);
        if mapping.requires(*name, record, now) {
            rules(&mut page, verdicts.iter().filter(|verdict| verdict.section == *name));
        }
    }
    explained.links(&mut page);
    page.heading("Why: importance, people and places");
    explained.importance(&mut page);
    explained.owner(&mut page);
    explained.assignee(&mut page);
    explained.channel(&mut page);
    page.into_text()
}

impl Explained<'_> {
    /// Every field of the section in the order of the mapping, with its entries or why it has none.
    fn section(&self, page: &mut Page, name: SectionName, section: &Section, hidden: &[&str]) {
        let unmapped = SectionMapping::default();
        let mapping = self.mapping.sections.get(&name).unwrap_or(&unmapped);
        if mapping.from.is_empty() && name != SectionName::Stakeholders {
            page.line("", "no field feeds it");
        }
        for path in &mapping.from {
            let source = path.to_string();
            let from_here = |entry: &&Entry| entry.is_written() && entry.origin.field() == Some(path);
            let entries: Vec<&Entry> = section.entries.iter().filter(from_here).collect();
            let outcome = if mapping.first_filled && entries.is_empty() && !section.entries.is_empty() {
                "passed over: another field answers, and `first_filled` reads one".to_owned()
            } else {
                self.field(path, mapping, entries.len())
            };
            page.line("", &format!("{source}: {outcome}"));
            for entry in entries {
                let cut = match entry {
                    _ if hidden.contains(&entry.text.as_str()) => " (a placeholder, not shown)",
                    Entry { excerpt: true, .. } => " (cut to the word budget)",
                    _ => "",
                };
                page.line("    ", &format!("\"{}\"{cut}", entry.text));
            }
            for left_out in self.left_out(path, mapping) {
                page.line("    left out as quoted mail: ", &format!("\"{left_out}\""));
            }
        }
        self.first_value(page, mapping, section);
        for derivation in &mapping.derive {
            let people = self.packet.sections.get(&SectionName::Stakeholders);
            let people = people.map(|section| section.people.as_slice()).unwrap_or_default();
            let when = compare::observation(&derivation.when);
            match derivation.when.look(self.mapping, self.record, people, self.now).fact() {
                Some(fact) => page.line("", &format!("seen in the data, as {when}: {fact}")),
                None => page.line("", &format!("not seen in the data: {when}")),
            }
        }
        for person in &section.people {
            let why = match person.source {
                RoleSource::Label => "by the label on the deal",
                RoleSource::BuyingRole => "by the contact's buying role, as no label of the deal is mapped",
                RoleSource::Answer => "named in an answer",
                RoleSource::Unknown => "neither a label nor a buying role is mapped",
            };
            page.line("", &format!("{}: {}, {why}", person.name, compare::roles(person)));
        }
    }

    /// Whether anything is asked about a section that is not always required.
    fn required(&self, page: &mut Page, name: SectionName) {
        if let Some(when) =
            self.mapping.sections.get(&name).and_then(|section| section.required_when.as_ref())
        {
            let asked =
                if self.mapping.requires(name, self.record, self.now) { "asked" } else { "nothing is asked" };
            page.line("", &format!("required when {}; {asked}", self.judged(when)));
        } else if name.is_custom() && self.mapping.is_optional(name) {
            page.line("", "not required, so nothing is asked");
        }
    }

    /// The mail that was left out of a field's values.
    fn left_out(&self, path: &FieldPath, mapping: &SectionMapping) -> Vec<String> {
        let values = self.record.read(path).values().into_iter().filter(|_| mapping.list.is_prose());
        let left_out = values.map(|raw| match self.record.value(path, raw, &self.mapping.time_zone) {
            Value::Text(text) => email_tail::split(&text).1,
            _ => String::new(),
        });
        left_out.filter(|left_out| !left_out.is_empty()).collect()
    }

    /// Who does it, and by when.
    fn first_value(&self, page: &mut Page, mapping: &SectionMapping, section: &Section) {
        if let Some(path) = &mapping.due {
            let due = section.entries.iter().find_map(Entry::given_due);
            let outcome = match (self.record.read(path), due) {
                (Reading::Values(_), Some(day)) => format!("gives the day {day}"),
                (Reading::Values(_), None) => "holds no day that can be counted with".to_owned(),
                (reading, Some(day)) => {
                    format!("{}; {day} was counted from the text", self.nothing(path, &reading))
                }
                (reading, None) => self.nothing(path, &reading).to_owned(),
            };
            page.line("", &format!("due {path}: {outcome}"));
        }
        if let Some(path) = &mapping.who {
            let who = section.entries.iter().find_map(|entry| entry.who.as_deref());
            let outcome = match (self.record.read(path), who) {
                (Reading::Values(_), Some(who)) => format!("gives {who}"),
                (Reading::Values(_), None) => "not repeated, the text names them".to_owned(),
                (reading, _) => self.nothing(path, &reading).to_owned(),
            };
            page.line("", &format!("who {path}: {outcome}"));
        }
    }

    /// How a field was read, and how many entries it gave.
    fn field(&self, path: &FieldPath, mapping: &SectionMapping, entries: usize) -> String {
        let reading = self.record.read(path);
        let Reading::Values(_) = reading else { return self.nothing(path, &reading).to_owned() };
        let how = self.transform(path, mapping.list);
        match entries {
            0 => format!("{how}; says nothing that is not said already"),
            1 => format!("{how}; 1 entry"),
            more => format!("{how}; {more} entries"),
        }
    }

    fn transform(&self, path: &FieldPath, list: ListStyle) -> String {
        let read = match self.record.kind(path) {
            None => "text of unknown type, cleaned",
            Some(FieldKind::Text) => "text, cleaned",
            Some(FieldKind::Html) => "HTML, read as text",
            Some(FieldKind::Number) => "a number",
            Some(FieldKind::Money) => "an amount, with its currency",
            Some(FieldKind::Bool) => "yes or no",
            Some(FieldKind::Date) => "a day",
            Some(FieldKind::DateTime) => "an instant, as its day in the account's time zone",
            Some(FieldKind::Choice) => "a pick list, by its label",
            Some(FieldKind::Choices) => "a pick list with several values, by their labels",
            Some(FieldKind::User) => "a CRM user, by name",
        };
        match list {
            ListStyle::Auto => read.to_owned(),
            other => format!("{read}, {}", compare::list(other)),
        }
    }

    /// Every link of the mapping, or why there is none.
    fn links(&self, page: &mut Page) {
        if !self.mapping.links.is_empty() {
            page.heading("Why: links");
        }
        for link in &self.mapping.links {
            let outcome = match link.address(self.mapping, self.record) {
                Some(Ok(url)) => url,
                Some(Err(NoAddress::NotWeb)) => {
                    "left out, what it holds is no http or https address".to_owned()
                }
                Some(Err(NoAddress::Credentials)) => {
                    "left out, its address has a user name or password before the host".to_owned()
                }
                Some(Err(NoAddress::TooLong)) => "left out, its address is too long".to_owned(),
                None => self.nothing(&link.from, &self.record.read(&link.from)).to_owned(),
            };
            page.line("", &format!("{} {}: {outcome}", link.name, link.from));
        }
    }

    fn importance(&self, page: &mut Page) {
        if let Some(when) = &self.mapping.applies_when {
            page.line("", &format!("applies when {}", self.judged(when)));
        }
        if self.mapping.important_when.is_empty() {
            page.line("", "important: no condition is mapped");
        }
        for condition in &self.mapping.important_when {
            page.line("", &format!("important when {}", self.judged(condition)));
        }
    }

    /// A condition, and what came of it.
    fn judged(&self, observation: &Observation) -> String {
        let said = compare::observation(observation);
        match self.seen(observation) {
            Seen::Holds(sights) => {
                let words: Vec<&str> = sights.iter().map(|sight| sight.words.as_str()).collect();
                format!("{said}: holds, {}", words.join(", "))
            }
            Seen::DoesNotHold => format!("{said}: does not hold"),
            Seen::Unreadable(why) => format!("{said}: nobody can tell, {why}"),
        }
    }

    fn seen(&self, observation: &Observation) -> Seen {
        observation.look(self.mapping, self.record, &[], self.now)
    }

    fn owner(&self, page: &mut Page) {
        let (path, owner) = (&self.mapping.owner.from, &self.packet.owner);
        let name = owner.name.as_deref().unwrap_or("nobody");
        let why = match self.record.read(path) {
            _ if !owner.fallback => "names them".to_owned(),
            Reading::Values(_) => "names nobody who still works there, so the fallback takes it".to_owned(),
            reading => format!("{}, so the fallback takes it", self.nothing(path, &reading)),
        };
        page.line("", &format!("owner {name}: {path} {why}"));
    }

    fn assignee(&self, page: &mut Page) {
        let task = &self.plan.task;
        let Some(assignee) = &task.assignee else {
            let addresses = task.addresses.join(" or ");
            page.line("", &format!("task for the CRM user with the address {addresses}, else for nobody"));
            return;
        };
        let is_seller = self.record.owner.as_ref().map(User::id) == Some(assignee);
        let why = match (self.packet.status, is_seller) {
            (PacketStatus::Complete, _) => "the owner of the handoff, as nothing is missing",
            (PacketStatus::Incomplete, true) => "the seller, who can fill the gaps",
            (PacketStatus::Incomplete, false) => "the owner of the handoff, as the seller is gone",
        };
        page.line("", &format!("task for user {assignee}: {why}"));
    }

    fn channel(&self, page: &mut Page) {
        let slack = &self.mapping.slack;
        for route in &slack.routes {
            page.line("", &format!("route to {} when {}", route.channel, self.judged(&route.when)));
            if self.seen(&route.when).holds() {
                page.line("", &format!("digest to {}: the first route that holds", route.channel));
                return;
            }
        }
        let why = if slack.routes.is_empty() { "there are no routes" } else { "no route holds" };
        page.line("", &format!("digest to {}: {why}", slack.channel));
    }

    /// Why a field gives nothing.
    fn nothing(&self, path: &FieldPath, reading: &Reading<'_>) -> &'static str {
        match reading {
            Reading::Empty if !self.record.holds(path) => "not in this record",
            Reading::Values(_) | Reading::Empty => "empty",
            Reading::Hidden(why) => messages::condition::hidden(*why),
        }
    }
}

/// What every rule said about one section.
fn rules<'a>(page: &mut Page, verdicts: impl Iterator<Item = &'a Verdict>) {
    let (mut silent, mut without): (Vec<&str>, Vec<&str>) = (Vec::new(), Vec::new());
    for Verdict { rule, outcome, .. } in verdicts {
        match outcome {
            Outcome::Caught(findings) => findings.iter().for_each(|one| finding(page, one)),
            Outcome::Silent => silent.push(rule.id.as_str()),
            Outcome::NotApplicable => without.push(rule.id.as_str()),
        }
    }
    for (what, rules) in [("silent: ", silent), ("not applicable: ", without)] {
        if !rules.is_empty() {
            page.line(what, &rules.join(", "));
        }
    }
}

fn finding(page: &mut Page, Finding { gap, reported }: &Finding) {
    let addressee = match gap.addressee {
        Addressee::Seller => "the seller",
        Addressee::Revops => "RevOps",
    };
    let weight = match (reported, gap.counts(), gap.severity) {
        (false, ..) => "not asked, as another rule asks for the same",
        (true, true, _) => "counts",
        (true, false, Severity::Hint) => "a hint",
        (true, false, Severity::Gap) => "unsure, so only shown here",
    };
    let head =
        format!("{} ({}, for {addressee}, {weight}): {}", gap.id(), gap.confidence.as_str(), gap.evidence());
    page.line("caught: ", &head);
}
