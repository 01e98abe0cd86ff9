//! The floor: what somebody would write who needs the packet of this one mapping and nothing else.
//!
//! Fields are named in the code, in the order of the packet: no mapping is read, no condition is interpreted, no
//! path is looked up. It takes the same deal record and returns the same packet and orders; the benchmark compares
//! them once. Cleaning is the same, because the text that comes out must be the same: HTML, entities, invisible
//! characters, quoted mail, the word budget, and days in the account's time zone. So are people without colleagues,
//! numbers without floats, and a gap for each section without text and each role without a person.
//!
//! It does not judge prose. Placeholders, vague words, pasted texts and dates in sentences are what the rules in
//! `handoff_core::gaps` add, in six languages; their cost stands in the ratio.

use std::collections::BTreeMap;

use handoff_core::dates::stored::{self, StoredAs};
use handoff_core::dates::{self, DueDate, DueSource};
use handoff_core::packet::{
    Addressee, AgendaPoint, Ask, Confidence, DealSummary, DeliveryPlan, DigestParams, Entry, Fact, Gap,
    GapState, HandoffOwner, Importance, MappingRef, Origin, Packet, PacketStatus, Person, Questions, Review,
    Role, RoleSource, RuleId, Section, SectionName, SectionStatus, Severity, TaskParams, TaskTexts,
};
use handoff_core::record::{Contact, DealRecord, FieldPath, User};
use handoff_core::text::clean::{clean, clean_html, clean_line};
use handoff_core::text::locale::Locale;
use handoff_core::text::{decimal as numbers, excerpt, money as text};
use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{Timestamp, Zoned};
use rust_decimal::Decimal;

const ROLES: [(&str, Role); 6] = [
    ("sponsor", Role::Sponsor),
    ("decision maker", Role::Sponsor),
    ("day-to-day user", Role::Operator),
    ("technical evaluator", Role::Evaluator),
    ("blocker", Role::Blocker),
    ("executive sponsor", Role::ExecutiveBacker),
];

const BUYING_ROLES: [(&str, Role); 6] = [
    ("champion", Role::Sponsor),
    ("decision_maker", Role::Sponsor),
    ("end_user", Role::Operator),
    ("influencer", Role::Evaluator),
    ("blocker", Role::Blocker),
    ("executive_sponsor", Role::ExecutiveBacker),
];

/// The packet of `tests/deals/hubspot.yaml`.
pub fn assemble(
    record: &DealRecord,
    mapping: &MappingRef,
    zone: &TimeZone,
    packet_id: &str,
    as_of: Timestamp,
) -> (Packet, DeliveryPlan) {
    let now = as_of.to_zoned(zone.clone());
    let close = record.deal.get("closedate").and_then(|close| stored::day(close, StoredAs::Instant, zone));
    let important = important(record);
    let people = people(record);
    let mut sections = BTreeMap::from([
        (SectionName::BuyingReason, section(prose(record, &["handoff_why_now", "closed_won_reason"]))),
        (SectionName::SuccessOutcome, section(prose(record, &["handoff_success_outcome"]))),
        (SectionName::Stakeholders, Section { people, ..section(prose(record, &["handoff_stakeholders"])) }),
        (SectionName::Promises, section(promises(record))),
        (SectionName::Risks, section(risks(record, close, zone, &now))),
        (SectionName::FirstValue, section(first_value(record, zone))),
    ]);
    let expansion = prose(record, &["handoff_expansion"]);
    if !expansion.is_empty() {
        sections.insert(SectionName::Expansion, section(expansion));
    }
    let gaps = gaps(&sections, important.is);
    for (name, section) in &mut sections {
        let is_there = !section.entries.is_empty() || section.people.iter().any(|one| !one.roles.is_empty());
        section.status = match (is_there, gaps.iter().any(|gap| gap.section == *name)) {
            (false, _) => SectionStatus::Missing,
            (true, true) => SectionStatus::Weak,
            (true, false) => SectionStatus::Filled,
        };
    }
    let is_filled = |name: &&SectionName| sections[name].status == SectionStatus::Filled;
    let filled = SectionName::REQUIRED.iter().filter(is_filled).count();
    let status = if gaps.is_empty() { PacketStatus::Complete } else { PacketStatus::Incomplete };
    let success = record.deal.get("customer_success_owner");
    let success = success.and_then(|id| record.users.get(id.trim())).filter(|user| user.is_active());
    let due = dates::business_days_after(now.date(), 2);
    let packet = Packet {
        packet_id: packet_id.to_owned(),
        crm: record.crm,
        account: record.account.clone(),
        status,
        filled,
        deal: DealSummary {
            id: record.deal.id.clone(),
            name: record.deal.get("dealname").map(clean_line).unwrap_or_default(),
            url: record.url.clone(),
            amount: record.deal.get("amount").map(clean_line),
            currency: record.deal.get("deal_currency_code").map(clean_line),
            close_date: close,
        },
        owner: owner(success),
        review: if important.is { review(&sections, due) } else { Review::default() },
        important,
        sections,
        custom_sections: Vec::new(),
        links: Vec::new(),
        gaps,
        mapping: mapping.clone(),
        as_of,
        no_longer_won: false,
        locale: Locale::default(),
    };
    let seller = record.owner.as_ref().filter(|_| status == PacketStatus::Incomplete);
    let assignee = seller.filter(|seller| seller.is_active()).or(success).map(|user| user.id().to_owned());
    let at_five = due.at(17, 0, 0, 0).to_zoned(zone.clone()).map_or(as_of, |due| due.timestamp());
    let questions = Some(Questions::default());
    let digest = DigestParams {
        channel: "C0123ABCD".to_owned(),
        earlier: Vec::new(),
        questions: questions.clone(),
        important: tier(record).into_iter().collect(),
    };
    (
        packet,
        DeliveryPlan {
            asks: None,
            task: TaskParams {
                assignee,
                addresses: Vec::new(),
                due: at_five,
                questions,
                texts: TaskTexts::default(),
            },
            digest,
        },
    )
}

fn section(entries: Vec<Entry>) -> Section {
    Section { status: SectionStatus::Missing, entries, people: Vec::new() }
}

fn entry(text: &str, name: &str) -> Option<Entry> {
    written(text, Origin::Field(FieldPath::deal(name)))
}

fn written(text: &str, origin: Origin) -> Option<Entry> {
    let (text, excerpt) = excerpt::within(text, excerpt::DEFAULT_WORDS);
    (!text.is_empty()).then(|| Entry { excerpt, ..Entry::new(text, origin) })
}

/// Text fields of the deal, one entry each.
fn prose(record: &DealRecord, fields: &[&str]) -> Vec<Entry> {
    let read = |name: &&str| entry(&clean(record.deal.get(name)?), name);
    fields.iter().filter_map(read).collect()
}

/// A numbered list in HTML, and a box that may be ticked.
fn promises(record: &DealRecord) -> Vec<Entry> {
    let list = record.deal.get("handoff_promises").map(clean_html);
    let lines = list.as_deref().unwrap_or_default().lines().filter(|line| !line.is_empty()).map(|line| {
        let numbered = line.trim_start_matches(|letter: char| letter.is_ascii_digit());
        numbered.strip_prefix(". ").or_else(|| line.strip_prefix("• ")).unwrap_or(line)
    });
    let sso = record.deal.get("sso_promised").map(|value| {
        let yes_or_no = if value == "true" { "yes" } else { "no" };
        format!("{}: {yes_or_no}", label(record, "deal.sso_promised", "SSO promised"))
    });
    let mut entries: Vec<Entry> = lines.filter_map(|line| entry(line, "handoff_promises")).collect();
    entries.extend(sso.and_then(|sso| entry(&sso, "sso_promised")));
    entries
}

fn risks(record: &DealRecord, close: Option<Date>, zone: &TimeZone, now: &Zoned) -> Vec<Entry> {
    let deal = &record.deal;
    let ticked = deal.get("handoff_risks").unwrap_or_default().split(';').filter(|part| !part.is_empty());
    let ticked = ticked.map(|part| choice(record, "deal.handoff_risks", part));
    let mut risks: Vec<Entry> = ticked.filter_map(|risk| entry(&risk, "handoff_risks")).collect();
    risks.extend(prose(record, &["handoff_risk_notes"]));

    let number = |name: &str| deal.get(name).and_then(numbers::decimal);
    let at_least = |name: &str, limit: i64| number(name).filter(|number| *number >= Decimal::from(limit));
    let mut shows = |say: &str, source: &str, name: &str, value: &str| {
        let text = format!("{say} ({}: {value})", label(record, source, name));
        risks.extend(written(&text, Origin::Derived(source.parse().ok())));
    };
    if at_least("discount_percent", 20).is_some() {
        let value = numbers::trimmed(deal.get("discount_percent").unwrap_or_default());
        shows("Large discount", "deal.discount_percent", "Discount", &value);
    }
    if at_least("close_date_changes", 2).is_some() {
        let value = numbers::trimmed(deal.get("close_date_changes").unwrap_or_default());
        shows("The close date moved more than once", "deal.close_date_changes", "Close date changes", &value);
    }
    if let Some(competitor) = deal.get("competitor") {
        let competitor = choice(record, "deal.competitor", competitor);
        shows("A competitor was in the deal", "deal.competitor", "Competitor", &competitor);
    }
    if let Some(close) = close.filter(|close| dates::is_last_of_quarter(*close)) {
        let close = close.strftime("%-d %b %Y").to_string();
        shows("Closed on the last day of a quarter", "deal.closedate", "Close date", &close);
    }
    let touched = deal.get("notes_last_contacted").and_then(|at| stored::day(at, StoredAs::Instant, zone));
    if let Some(touched) = touched.filter(|touched| dates::days_between(*touched, now.date()) > 14) {
        let touched = touched.strftime("%-d %b %Y").to_string();
        let source = "deal.notes_last_contacted";
        shows("Nobody has been in touch for two weeks", source, "Last contacted", &touched);
    }
    risks
}

fn first_value(record: &DealRecord, zone: &TimeZone) -> Vec<Entry> {
    let mut entries = prose(record, &["handoff_first_value"]);
    let due =
        record.deal.get("handoff_first_value_date").and_then(|due| stored::day(due, StoredAs::Day, zone));
    let who = record.deal.get("handoff_first_value_who").map(clean_line);
    for entry in &mut entries {
        entry.due = due.map(|day| DueDate { day, source: DueSource::Field });
        entry.who = who.clone().filter(|who| !entry.text.contains(who));
    }
    entries
}

fn label<'a>(record: &'a DealRecord, field: &str, otherwise: &'a str) -> &'a str {
    record.fields.get(field).map_or(otherwise, |info| &info.label)
}

fn choice(record: &DealRecord, field: &str, value: &str) -> String {
    let label = record.fields.get(field).and_then(|info| info.options.get(value));
    clean_line(label.map_or(value, String::as_str))
}

fn important(record: &DealRecord) -> Importance {
    let mut important = Importance::default();
    let amount = record.deal.get("amount").unwrap_or_default();
    if numbers::decimal(amount).is_some_and(|amount| amount >= Decimal::from(50_000)) {
        important.reasons.push(format!("amount {} ≥ 50000", numbers::trimmed(amount)));
        let money = text::money(amount, record.deal.get("deal_currency_code"));
        important.facts.push(format!("{}: {money}", label(record, "deal.amount", "Amount")));
    }
    if let Some(shown) = tier(record) {
        important.reasons.push(format!("customer_tier is {shown}"));
        let label = label(record, "company.customer_tier", "Customer tier");
        important.facts.push(format!("{label}: {shown}"));
    }
    important.is = !important.reasons.is_empty();
    important
}

/// The customer's tier, if it makes the account important.
fn tier(record: &DealRecord) -> Option<String> {
    let tier = record.company.as_ref()?.get("customer_tier")?;
    tier.eq_ignore_ascii_case("enterprise").then(|| choice(record, "company.customer_tier", tier))
}

/// Customers by role, then by name. One person for each address; nobody of the seller's.
fn people(record: &DealRecord) -> Vec<Person> {
    let mut seen: Vec<String> = Vec::with_capacity(record.contacts.len());
    let mut people = Vec::with_capacity(record.contacts.len());
    for contact in &record.contacts {
        let address = contact.email().unwrap_or_default().to_lowercase();
        let is_ours = address.ends_with("@seller.example") || address.ends_with(".seller.example");
        if is_ours || (!address.is_empty() && seen.contains(&address)) {
            continue;
        }
        people.push(person(contact));
        seen.push(address);
    }
    people.sort_by_cached_key(|one: &Person| {
        (one.roles.is_empty(), one.roles.first().copied(), one.name.to_lowercase())
    });
    people
}

fn person(contact: &Contact) -> Person {
    let by_label = roles(&ROLES, contact.labels.iter().map(String::as_str));
    let buying = contact.object.get("hs_buying_role").unwrap_or_default();
    let (roles, source) = if by_label.is_empty() {
        (roles(&BUYING_ROLES, buying.split(';')), RoleSource::BuyingRole)
    } else {
        (by_label, RoleSource::Label)
    };
    Person {
        name: contact.name().map(|name| clean_line(&name)).unwrap_or_default(),
        title: contact.title().map(clean_line),
        email: contact.email().map(clean_line),
        other_emails: Vec::new(),
        source: if roles.is_empty() { RoleSource::Unknown } else { source },
        roles,
        answered: Vec::new(),
    }
}

fn roles<'a>(known: &[(&str, Role)], names: impl Iterator<Item = &'a str>) -> Vec<Role> {
    let role = |name: &str| {
        known.iter().find(|(known, _)| known.eq_ignore_ascii_case(name.trim())).map(|(_, role)| *role)
    };
    let mut roles: Vec<Role> = names.filter_map(role).collect();
    roles.sort_unstable();
    roles.dedup();
    roles
}

fn owner(user: Option<&User>) -> HandoffOwner {
    match user {
        Some(user) => HandoffOwner {
            name: user.name().map(|name| clean_line(&name)),
            email: user.email().map(clean_line),
            fallback: false,
        },
        None => HandoffOwner {
            name: Some("revops@seller.example".to_owned()),
            email: Some("revops@seller.example".to_owned()),
            fallback: true,
        },
    }
}

/// Sections without text, and roles without a person.
fn gaps(sections: &BTreeMap<SectionName, Section>, important: bool) -> Vec<Gap> {
    let gap = |rule: RuleId, role: Option<Role>, section: SectionName| Gap {
        rule,
        role,
        section,
        addressee: Addressee::Seller,
        severity: Severity::Gap,
        confidence: Confidence::Certain,
        ask: Ask::Section,
        fact: Fact::Recorded(format!("{} is empty", section.as_str())),
        state: GapState::Open,
    };
    let mut gaps = Vec::new();
    for (name, section) in sections {
        if *name != SectionName::Stakeholders {
            if section.entries.is_empty() {
                gaps.push(gap(RuleId::Empty, None, *name));
            }
            continue;
        }
        for role in Role::ALL.into_iter().filter(|role| important || *role != Role::ExecutiveBacker) {
            if !section.people.iter().any(|person| person.roles.contains(&role)) {
                gaps.push(gap(RuleId::RoleMissing, Some(role), *name));
            }
        }
    }
    gaps
}

fn review(sections: &BTreeMap<SectionName, Section>, task_due: Date) -> Review {
    let first = |name: SectionName| sections[&name].entries.first().map(|entry| entry.text.clone());
    let written = |entry: &&Entry| entry.is_written();
    let risks = sections[&SectionName::Risks].entries.iter().filter(written).take(3);
    let risks = risks.map(|entry| entry.text.as_str()).collect::<Vec<_>>().join("; ");
    let point = |point: &str, answer: Option<String>| AgendaPoint {
        point: point.to_owned(),
        to_ask: answer.is_none(),
        answer: answer.unwrap_or_else(|| "Ask the seller.".to_owned()),
    };
    Review {
        due: true,
        day: Some(dates::business_days_after(task_due, 1)),
        agenda: vec![
            point("What mattered most in the sale?", first(SectionName::BuyingReason)),
            point("Where did the buyer feel risk?", Some(risks).filter(|risks| !risks.is_empty())),
            point("What must happen first?", first(SectionName::Promises)),
            point("What would feel like a win by day 30?", first(SectionName::SuccessOutcome)),
        ],
    }
}
