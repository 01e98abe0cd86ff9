//! A mapping and a deal record become a packet and the plan of its deliveries. Pure and total: it never fails, it
//! reports.
//!
//! Whatever is rendered on the way is in the mapping's locale.
//!
//! Read top to bottom: map, assess, plan. Uses everything of the core below the workbench.

mod plan;
mod review;
mod summary;

use std::collections::{BTreeMap, BTreeSet};

use jiff::{Timestamp, Zoned};

use crate::dates::{DueDate, DueSource};
use crate::gaps::{self, Evidence};
use crate::mapping::{AskWay, Mapping, apply, importance, links, owner, people, write};
use crate::packet::{
    Answer, AskPlan, CustomSection, DeliveryPlan, Entry, Gap, GapState, Given, Importance, MappingRef,
    Packet, PacketStatus, Person, Review, Section, SectionName, SectionStatus, Severity, Topic, required,
};
use crate::record::{DealRecord, User};
use crate::text::clean::clean_line;

/// What a mapping makes of a record, before any rule has judged it.
pub struct Mapped<'a> {
    mapping: &'a Mapping,
    record: &'a DealRecord,
    /// The packet's instant, in the account's zone.
    now: Zoned,
    sections: BTreeMap<SectionName, Section>,
    important: Importance,
    /// Why it is important beside the amount, in few words.
    beside_the_amount: Vec<String>,
    owner: Option<&'a User>,
    /// What people answered and the CRM does not say.
    answered: Vec<Topic>,
    /// Of what people say that it makes no sense to ask it.
    senseless: Vec<Topic>,
}

/// Applies a mapping to a record as of one instant.
pub fn map<'a>(mapping: &'a Mapping, record: &'a DealRecord, as_of: Timestamp) -> Mapped<'a> {
    with(mapping, record, as_of, &[])
}

/// The same with what people answered. An answer counts as long as the rules ask for one; what the CRM holds wins as soon
/// as they accept it. Of several answers to one question the latest counts.
pub fn map_answered<'a>(
    mapping: &'a Mapping,
    record: &'a DealRecord,
    as_of: Timestamp,
    answers: &[Answer],
) -> Mapped<'a> {
    if answers.is_empty() {
        return with(mapping, record, as_of, &[]);
    }
    mapping.locale.scope(|| {
        let plain = with(mapping, record, as_of, &[]);
        let evidence = Evidence::new(mapping, record, &plain.sections, &plain.important);
        let open: Vec<Topic> =
            gaps::assess(&evidence).iter().filter(|gap| gap.counts()).filter_map(Topic::of).collect();
        let mut latest: Vec<Answer> = Vec::new();
        for answer in answers.iter().filter(|answer| is_open(answer.topic, &open)) {
            latest.retain(|earlier| earlier.topic != answer.topic);
            latest.push(answer.clone());
        }
        let (senseless, mut latest): (Vec<Answer>, Vec<Answer>) =
            latest.into_iter().partition(|answer| matches!(answer.given, Given::Nonsense(_)));
        let topics = |answers: &[Answer]| answers.iter().map(|answer| answer.topic).collect();
        let (answered, senseless) = (topics(&latest), topics(&senseless));
        latest.retain(|answer| {
            write::holds(mapping, record, answer) != Some(true)
                && !says_the_same(mapping, record, &plain, answer)
        });
        Mapped { answered, senseless, ..with(mapping, record, as_of, &latest) }
    })
}

/// Whether the rules ask for an answer to this. A first value that is not described yet is not asked for its day, which
/// may be given with it.
fn is_open(topic: Topic, open: &[Topic]) -> bool {
    open.contains(&topic) || (topic == Topic::Day && open.contains(&Topic::Section(SectionName::FirstValue)))
}

/// Whether an answer repeats what the section's fields say, which then is the field's.
fn says_the_same(mapping: &Mapping, record: &DealRecord, plain: &Mapped<'_>, answer: &Answer) -> bool {
    let Topic::Section(name) = answer.topic else { return false };
    let texts = |mapped: &Mapped<'_>| -> Vec<String> {
        let entries = mapped.sections.get(&name).map(|section| section.entries.clone()).unwrap_or_default();
        entries.into_iter().filter(Entry::is_written).map(|entry| entry.text).collect()
    };
    let given = with(mapping, record, plain.now.timestamp(), std::slice::from_ref(answer));
    texts(&given) == texts(plain)
}

/// Applies a mapping to a record and to answers that count.
fn with<'a>(
    mapping: &'a Mapping,
    record: &'a DealRecord,
    as_of: Timestamp,
    answers: &[Answer],
) -> Mapped<'a> {
    mapping.locale.scope(|| {
        let now = as_of.to_zoned(mapping.time_zone.clone());
        let people = people::people(mapping, record, answers);
        let (important, beside_the_amount) = importance::importance(mapping, record, &now);
        Mapped {
            sections: apply::sections(mapping, record, people, answers, &now),
            answered: Vec::new(),
            senseless: Vec::new(),
            important,
            beside_the_amount,
            owner: owner::user(&mapping.owner, record),
            now,
            mapping,
            record,
        }
    })
}

/// Judges what was mapped and makes it the packet called `packet_id`, with the plan of its deliveries.
pub fn assess(mapped: Mapped<'_>, packet_id: &str) -> (Packet, DeliveryPlan) {
    mapped.mapping.locale.scope(|| judged(mapped, packet_id))
}

fn judged(mapped: Mapped<'_>, packet_id: &str) -> (Packet, DeliveryPlan) {
    let Mapped { mapping, record, now, mut sections, important, owner, answered, senseless, .. } = mapped;
    let evidence = Evidence::new(mapping, record, &sections, &important);
    let mut gaps = gaps::assess(&evidence);
    let optional: BTreeSet<SectionName> =
        mapping.section_names().into_iter().filter(|name| !mapping.requires(*name, record, &now)).collect();
    gaps.retain(|gap| !optional.contains(&gap.section));
    for gap in &mut gaps {
        let is_about = |topics: &[Topic]| Topic::of(gap).is_some_and(|topic| topics.contains(&topic));
        if is_about(&senseless) {
            (gap.severity, gap.state) = (Severity::Hint, GapState::Answered);
        } else if is_about(&answered) {
            gap.state = GapState::Answered;
        }
    }
    let proposed = gaps::proposed_due(&evidence).map(|day| DueDate { day, source: DueSource::Proposed });
    let review = if important.is { prepare_review(&evidence, &gaps, &now) } else { Review::default() };
    let hidden = evidence.hidden();
    hide(&mut sections, &hidden);
    sections.retain(|name, section| !optional.contains(name) || !section.is_empty());
    if !optional.contains(&SectionName::FirstValue) {
        propose(&mut sections, proposed);
    }
    rate(&mut sections, &gaps, &optional);

    let incomplete = gaps.iter().any(Gap::counts);
    let status = if incomplete { PacketStatus::Incomplete } else { PacketStatus::Complete };
    let plan = plan::plan(mapping, record, status, &gaps, owner, mapped.beside_the_amount, &now);
    let packet = Packet {
        packet_id: packet_id.to_owned(),
        crm: record.crm,
        account: record.account.clone(),
        status,
        filled: filled(&sections, &mapping.custom_sections),
        deal: summary::summary(record, &mapping.time_zone),
        owner: owner::shown(&mapping.owner, record, owner),
        important,
        sections,
        custom_sections: mapping.custom_sections.clone(),
        links: links::links(mapping, record),
        gaps,
        review,
        mapping: MappingRef { file: mapping.file.clone(), version: mapping.version.clone() },
        locale: mapping.locale,
        as_of: now.timestamp(),
        no_longer_won: false,
    };
    (packet, plan)
}

/// Who is asked by direct message about a packet whose questions came up at this instant; `None` where the mapping asks
/// in the channel.
pub fn asks(mapping: &Mapping, record: &DealRecord, now: Timestamp) -> Option<AskPlan> {
    let owner = owner::user(&mapping.owner, record);
    let now = now.to_zoned(mapping.time_zone.clone());
    (mapping.slack.ask == AskWay::Dm).then(|| plan::asks(mapping, record, owner, &now))
}

/// The packet called `packet_id` that `mapping` makes of `record`, as of one instant, and the plan of its deliveries.
/// The same arguments always give the same packet.
pub fn assemble(
    mapping: &Mapping,
    record: &DealRecord,
    packet_id: &str,
    as_of: Timestamp,
) -> (Packet, DeliveryPlan) {
    assess(map(mapping, record, as_of), packet_id)
}

fn prepare_review(evidence: &Evidence<'_>, gaps: &[Gap], now: &Zoned) -> Review {
    let seller = evidence.record.owner.as_ref().filter(|seller| seller.is_active()).and_then(User::name);
    let seller = seller.map(|name| clean_line(&name)).filter(|name| !name.is_empty());
    let day = plan::review_day(evidence.mapping, now);
    review::review(&review::ReviewInput { evidence, gaps, seller: seller.as_deref(), day })
}

/// Takes the placeholders out that a packet does not show.
fn hide(sections: &mut BTreeMap<SectionName, Section>, hidden: &[(SectionName, String)]) {
    let is_hidden = |name, entry: &Entry| {
        entry.is_written() && hidden.iter().any(|(section, text)| *section == name && *text == entry.text)
    };
    for (name, section) in sections.iter_mut() {
        section.entries.retain(|entry| !is_hidden(*name, entry));
    }
}

/// Writes the proposed day beside what first value says.
fn propose(sections: &mut BTreeMap<SectionName, Section>, proposed: Option<DueDate>) {
    let Some(proposed) = proposed else { return };
    let entries = sections.get_mut(&SectionName::FirstValue).map(|section| section.entries.as_mut_slice());
    for entry in entries.unwrap_or_default() {
        entry.due = Some(proposed);
    }
}

/// Says of each section whether it is missing, weak because a gap counts against it, or filled. Of people who have no
/// role an `optional` one is full.
fn rate(sections: &mut BTreeMap<SectionName, Section>, gaps: &[Gap], optional: &BTreeSet<SectionName>) {
    for (name, section) in sections {
        let counts = |person: &Person| !person.roles.is_empty() || optional.contains(name);
        section.status = if section.entries.is_empty() && !section.people.iter().any(counts) {
            SectionStatus::Missing
        } else if gaps.iter().any(|gap| gap.section == *name && gap.counts()) {
            SectionStatus::Weak
        } else {
            SectionStatus::Filled
        };
    }
}

fn filled(sections: &BTreeMap<SectionName, Section>, custom: &[CustomSection]) -> usize {
    let is_filled = |name: &SectionName| {
        sections.get(name).is_some_and(|section| section.status == SectionStatus::Filled)
    };
    required(custom).filter(is_filled).count()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::mapping::{Condition, Derivation, Limit, Observation, Test, sample};
    use crate::packet::{Ask, Confidence, Entry, Fact, Origin, Role, RuleId, Severity, packet_id};
    use crate::record::FieldPath;
    use crate::record::{AccountKey, DealKey, WinKey};
    use crate::text::excerpt;

    const MESSY: &str = r#"{
  "crm": "hubspot",
  "account": 48210077,
  "url": "https://app.hubspot.com/contacts/48210077/record/0-3/301000000417",
  "deal": {
    "id": "301000000417",
    "properties": {
      "dealname": " Brandt &amp; Söhne – Forecast  rollout\r\n",
      "amount": "54000.00",
      "deal_currency_code": "EUR",
      "closedate": "2026-11-20T23:30:00Z",
      "handoff_why_now": "<p>Forecast visibility was poor: the board saw <b>three different numbers</b> in Q3.</p><p>&nbsp;</p><p>Old contract ends on 31&nbsp;December, see <a href=\"https://brandt.example/rfp?utm=1\">the RFP</a>.</p>",
      "closed_won_reason": "price;timing",
      "handoff_success": "Weekly forecast within 5 % of actuals 📈\u202e\r\n\r\n\r\nOn Thu, 12 Nov 2026 at 10:00, Sarah Lind <sarah.lind@brandt.example> wrote:\r\n> the usual\r\n> long thread",
      "handoff_promises": "- Field mapping done by us\n- First template\n\n- <!channel> Slack alerts for deals < 10k",
      "handoff_risks": ";data_quality;brand_new_value",
      "handoff_risk_notes": "REDACTED",
      "num_associated_contacts": "1",
      "handoff_first_value": "VP Sales uses the dashboard in the weekly call within 21 days",
      "handoff_first_value_date": null,
      "handoff_owner": "77"
    }
  },
  "company": {"id": "9001", "properties": {"name": "Brandt & Söhne GmbH", "customer_tier": "tier_1"}},
  "contacts": [
    {"id": "501", "properties": {"firstname": "Sarah", "lastname": "Lind", "email": "Sarah.Lind@brandt.example", "jobtitle": "RevOps Lead", "hs_buying_role": "END_USER"}, "labels": ["Decision Maker", "Billing contact"]},
    {"id": "502", "properties": {"firstname": null, "lastname": "", "email": "sales-ops@brandt.example", "hs_buying_role": "END_USER;BLOCKER"}, "labels": []},
    {"id": "503", "properties": {"firstname": "Sarah", "lastname": "Lind", "email": "sarah.lind@brandt.example"}, "labels": ["Evaluator"]},
    {"id": "504", "properties": {"firstname": "Ahmet", "lastname": "Kaya", "email": "ahmet.kaya@brandt.example", "jobtitle": "  "}},
    {"id": "505", "properties": {"firstname": "Tom", "lastname": "Weber", "email": "tom@seller.example"}, "labels": ["Sponsor"]}
  ],
  "owner": {"id": "12", "firstName": "Tom", "lastName": "Weber", "email": "tom@seller.example", "archived": false},
  "users": {"77": {"id": "77", "firstName": "Mia", "lastName": "Sørensen", "email": "mia@seller.example"}},
  "line_items": [{"id": "1", "properties": {"name": "Platform seats", "quantity": "40"}}],
  "fields": {
    "deal.handoff_why_now": {"kind": "html", "label": "Why now"},
    "deal.closed_won_reason": {"kind": "choices", "label": "Closed won reason", "options": {"price": "Price", "timing": "Timing"}},
    "deal.handoff_success": {"kind": "text", "label": "Success outcome"},
    "deal.handoff_promises": {"kind": "text", "label": "Promises"},
    "deal.handoff_risks": {"kind": "choices", "label": "Risks", "options": {"data_quality": "Field quality"}},
    "deal.num_associated_contacts": {"kind": "number", "label": "Number of associated contacts"},
    "deal.handoff_first_value_date": {"kind": "date", "label": "First value date"},
    "company.customer_tier": {"kind": "choice", "label": "Tier", "options": {"tier_1": "Enterprise"}}
  }
}"#;

    fn as_of() -> Timestamp {
        "2026-11-22T08:00:00Z".parse().unwrap()
    }

    #[test]
    #[expect(clippy::too_many_lines, reason = "a whole packet is that long")]
    fn a_messy_hubspot_deal_becomes_this_packet() {
        let record = sample::record(MESSY);
        let (packet, orders) = assemble(&sample::mapping(), &record, "pkt_0123456789ab", as_of());
        insta::assert_snapshot!(serde_json::to_string_pretty(&packet).unwrap(), @r#"
        {
          "packet_id": "pkt_0123456789ab",
          "crm": "hubspot",
          "account": "48210077",
          "status": "incomplete",
          "filled": 5,
          "deal": {
            "id": "301000000417",
            "name": "Brandt & Söhne – Forecast rollout",
            "url": "https://app.hubspot.com/contacts/48210077/record/0-3/301000000417",
            "amount": "54000.00",
            "currency": "EUR",
            "close_date": "2026-11-21"
          },
          "owner": {
            "name": "Mia Sørensen",
            "email": "mia@seller.example",
            "fallback": false
          },
          "important": {
            "is": true,
            "reasons": [
              "amount 54000 ≥ 50000",
              "customer_tier is Enterprise"
            ],
            "facts": [
              "Amount: 54,000 EUR",
              "Tier: Enterprise"
            ]
          },
          "sections": {
            "buying_reason": {
              "status": "filled",
              "entries": [
                {
                  "text": "Forecast visibility was poor: the board saw three different numbers in Q3.\n\nOld contract ends on 31 December, see the RFP (https://brandt.example/rfp?utm=1).",
                  "source": "deal.handoff_why_now"
                },
                {
                  "text": "Price",
                  "source": "deal.closed_won_reason"
                },
                {
                  "text": "Timing",
                  "source": "deal.closed_won_reason"
                }
              ]
            },
            "success_outcome": {
              "status": "filled",
              "entries": [
                {
                  "text": "Weekly forecast within 5 % of actuals 📈",
                  "source": "deal.handoff_success",
                  "mail_cut": true
                }
              ]
            },
            "stakeholders": {
              "status": "weak",
              "entries": [],
              "people": [
                {
                  "name": "Sarah Lind",
                  "title": "RevOps Lead",
                  "email": "Sarah.Lind@brandt.example",
                  "roles": [
                    "sponsor",
                    "evaluator"
                  ],
                  "source": "contacts.label"
                },
                {
                  "name": "sales-ops@brandt.example",
                  "email": "sales-ops@brandt.example",
                  "roles": [
                    "operator",
                    "blocker"
                  ],
                  "source": "contacts.hs_buying_role"
                },
                {
                  "name": "Ahmet Kaya",
                  "email": "ahmet.kaya@brandt.example",
                  "roles": [],
                  "source": "contacts"
                }
              ]
            },
            "promises": {
              "status": "filled",
              "entries": [
                {
                  "text": "Field mapping done by us",
                  "source": "deal.handoff_promises"
                },
                {
                  "text": "First template",
                  "source": "deal.handoff_promises"
                },
                {
                  "text": "<!channel> Slack alerts for deals < 10k",
                  "source": "deal.handoff_promises"
                }
              ]
            },
            "risks": {
              "status": "filled",
              "entries": [
                {
                  "text": "Field quality",
                  "source": "deal.handoff_risks"
                },
                {
                  "text": "Brand new value",
                  "source": "deal.handoff_risks"
                },
                {
                  "text": "Only one contact on the deal (Number of associated contacts: 1)",
                  "source": "deal.num_associated_contacts"
                }
              ]
            },
            "first_value": {
              "status": "filled",
              "entries": [
                {
                  "text": "VP Sales uses the dashboard in the weekly call within 21 days",
                  "source": "deal.handoff_first_value",
                  "due": "2026-12-12"
                }
              ]
            }
          },
          "gaps": [
            {
              "id": "role_missing:executive_backer",
              "section": "stakeholders",
              "for": "seller",
              "severity": "gap",
              "confidence": "certain",
              "question": "Who is the executive backer at Brandt & Söhne GmbH, standing behind the sponsor?",
              "evidence": "contacts: none of 3 is recorded as executive backer",
              "state": "open"
            },
            {
              "id": "unnamed:operator",
              "section": "stakeholders",
              "for": "seller",
              "severity": "gap",
              "confidence": "likely",
              "question": "Which person at Brandt & Söhne GmbH is behind \"sales-ops@brandt.example\"?",
              "evidence": "contacts.hs_buying_role for operator is \"sales-ops@brandt.example\"",
              "state": "open"
            },
            {
              "id": "unnamed:blocker",
              "section": "stakeholders",
              "for": "seller",
              "severity": "gap",
              "confidence": "likely",
              "question": "Which person at Brandt & Söhne GmbH is behind \"sales-ops@brandt.example\"?",
              "evidence": "contacts.hs_buying_role for blocker is \"sales-ops@brandt.example\"",
              "state": "open"
            },
            {
              "id": "unmapped",
              "section": "risks",
              "for": "revops",
              "severity": "hint",
              "confidence": "certain",
              "question": "Can you let us read deal.handoff_risk_notes, or name another field in the mapping?",
              "evidence": "deal.handoff_risk_notes does not exist in the CRM, or is hidden from our user",
              "state": "open"
            }
          ],
          "review": {
            "due": true,
            "day": "2026-11-25",
            "agenda": [
              {
                "point": "What mattered most in the sale?",
                "answer": "Forecast visibility was poor: the board saw three different numbers in Q3. Old contract ends on 31 December, see the RFP (https://brandt.example/rfp?utm=1)."
              },
              {
                "point": "Where did the buyer feel risk?",
                "answer": "Field quality; Brand new value"
              },
              {
                "point": "What must happen first?",
                "answer": "Field mapping done by us"
              },
              {
                "point": "What would feel like a win by day 30?",
                "answer": "Weekly forecast within 5 % of actuals 📈"
              }
            ]
          },
          "mapping": {
            "file": "mappings/hubspot.yaml",
            "version": "sha256:0123"
          },
          "as_of": "2026-11-22T08:00:00Z"
        }
        "#);
        assert_eq!(orders.digest.channel, "C0123ABCD");
        assert_eq!(orders.task.due.to_string(), "2026-11-24T16:00:00Z");
    }

    #[test]
    fn an_empty_record_is_a_packet_too() {
        let record = sample::record(r#"{"crm":"salesforce","account":"00D","deal":{}}"#);
        let (packet, _) = assemble(&sample::mapping(), &record, "pkt_x", as_of());
        assert_eq!(packet.filled, 0);
        assert_eq!(packet.sections.keys().copied().collect::<Vec<_>>(), SectionName::REQUIRED);
        assert!(packet.sections.values().all(|section| section.status == SectionStatus::Missing));
        assert!(packet.owner.fallback);
    }

    #[test]
    fn a_win_always_has_the_same_packet_id() {
        let account = AccountKey { crm: "hubspot".parse().unwrap(), account: "48210077".to_owned() };
        let deal = DealKey { account, deal: "301000000417".to_owned() };
        let win = |won_at: &str| WinKey { deal: deal.clone(), won_at: won_at.parse().unwrap() };
        let first = packet_id(&win("2026-11-20T15:04:05Z"));
        // First 12 digits of: printf 'hubspot:48210077:301000000417@2026-11-20T15:04:05Z' | sha256sum
        assert_eq!(first, "pkt_610207f4e129");
        assert_ne!(first, packet_id(&win("2026-11-21T15:04:05Z")), "won again is another win");
    }

    #[test]
    fn a_section_is_missing_weak_or_filled() {
        use SectionName::{BuyingReason, Promises, Risks, Stakeholders, SuccessOutcome};
        use SectionStatus::{Filled, Missing, Weak};
        let entry = Entry::new("x".to_owned(), Origin::Field(FieldPath::deal("x")));
        let person =
            |roles: &[Role]| Person { name: "Sarah".to_owned(), roles: roles.to_vec(), ..Person::default() };
        let section = |entries: &[Entry], people: &[Person]| Section {
            status: SectionStatus::Missing,
            entries: entries.to_vec(),
            people: people.to_vec(),
        };
        let gap = |section, severity, confidence| Gap {
            severity,
            ..Gap::for_seller(RuleId::Vague, section, confidence, Ask::Section, Fact::Unmapped)
        };
        let some = section(std::slice::from_ref(&entry), &[]);
        let mut sections = BTreeMap::from([
            (BuyingReason, some.clone()),
            (SuccessOutcome, some.clone()),
            (Stakeholders, section(&[], &[person(&[])])),
            (Promises, section(&[], &[])),
            (Risks, some),
        ]);
        let gaps = [
            gap(BuyingReason, Severity::Gap, Confidence::Likely),
            gap(SuccessOutcome, Severity::Gap, Confidence::Unsure),
            gap(Risks, Severity::Hint, Confidence::Certain),
            gap(Promises, Severity::Gap, Confidence::Certain),
        ];
        rate(&mut sections, &gaps, &BTreeSet::new());
        let statuses: Vec<SectionStatus> = sections.values().map(|section| section.status).collect();
        assert_eq!(statuses, [Weak, Filled, Missing, Missing, Filled]);

        sections.insert(Stakeholders, section(&[], &[person(&[Role::Sponsor])]));
        rate(&mut sections, &gaps, &BTreeSet::new());
        assert_eq!(sections[&Stakeholders].status, Filled);
    }

    /// The packet of a deal with what `deal` and `rest` say, of which `section` is required only from 20000 on.
    fn with_requirement(section: SectionName, deal: &str, rest: &str) -> Packet {
        let mut mapping = sample::mapping();
        let test = Test::AtLeast(20_000.into());
        let when = Observation::Field(Condition { field: FieldPath::deal("amount"), test });
        mapping.sections.entry(section).or_default().required_when = Some(when);
        let record = format!(r#"{{"crm":"hubspot","account":1,"deal":{{"id":7{deal}}}{rest}}}"#);
        assemble(&mapping, &sample::record(&record), "pkt_x", as_of()).0
    }

    #[test]
    fn a_section_is_asked_about_only_where_it_is_required() {
        use SectionName::{FirstValue, Promises, Stakeholders};
        let asked = |packet: &Packet, name| packet.gaps.iter().any(|gap| gap.section == name);
        for (amount, is_required) in [
            (r#","amount":"19999.99""#, false),
            (r#","amount":"20000""#, true),
            // Nobody can tell.
            (r#","amount":"REDACTED""#, true),
            (r#","amount":"about 20k""#, true),
            // An empty number is not known to be less, and the condition does not hold.
            ("", false),
        ] {
            for name in [Promises, FirstValue, Stakeholders] {
                let packet = with_requirement(name, amount, "");
                assert_eq!(asked(&packet, name), is_required, "{name:?} {amount}");
                assert_eq!(packet.sections.contains_key(&name), is_required, "{name:?} {amount}");
                assert_eq!(packet.required(), 5 + usize::from(is_required));
                assert!(packet.gaps.len() > 3, "the others are asked about");
            }
        }
    }

    #[test]
    fn what_is_not_required_and_there_all_the_same_is_shown_and_not_judged() {
        use SectionName::{FirstValue, Promises, Stakeholders};
        let packet = with_requirement(FirstValue, r#","handoff_first_value":"Kickoff""#, "");
        let section = &packet.sections[&FirstValue];
        assert_eq!((section.entries[0].text.as_str(), section.status), ("Kickoff", SectionStatus::Filled));
        assert_eq!(section.entries[0].due, None, "no day is proposed");
        assert_eq!((packet.filled, packet.required()), (1, 6));

        let stand_in = with_requirement(Promises, r#","handoff_promises":"TBD""#, "");
        assert!(!stand_in.sections.contains_key(&Promises), "a stand-in says nothing");

        let contact = r#","contacts":[{"id":1,"properties":{"firstname":"Ines","lastname":"Duarte"}}]"#;
        let people = with_requirement(Stakeholders, "", contact);
        assert_eq!(people.sections[&Stakeholders].status, SectionStatus::Filled);
    }

    /// Everything in a packet that came from somebody's writing.
    #[test]
    fn a_placeholder_is_asked_about_and_not_shown() {
        let mut mapping = sample::mapping();
        let fields = |names: [&str; 2]| names.map(FieldPath::deal).to_vec();
        for (name, names) in [
            (SectionName::Promises, ["promises", "side_letter"]),
            (SectionName::Expansion, ["expansion", "expansion_notes"]),
        ] {
            let section = mapping.sections.entry(name).or_default();
            (section.from, section.list) = (fields(names), crate::mapping::ListStyle::Lines);
        }
        let packet = |one: &str, other: &str| {
            let value = |text: &str| serde_json::json!(text).to_string();
            let (one, other) = (value(one), value(other));
            let record = sample::record(&format!(
                r#"{{"crm":"hubspot","account":1,"deal":{{"id":7,"promises":{one},"side_letter":{other},
                    "expansion":{one},"expansion_notes":{other}}}}}"#
            ));
            assemble(&mapping, &record, "pkt_x", as_of()).0
        };
        let link = "https://gong.example/call/88213";
        for (one, other, status, shown) in [
            ("TBD", "", SectionStatus::Missing, vec![]),
            ("n/a", "siehe oben", SectionStatus::Missing, vec![]),
            ("tbd by 1 May", "", SectionStatus::Missing, vec![]),
            ("see call notes", "", SectionStatus::Missing, vec![]),
            ("[Describe what you promised]", "", SectionStatus::Missing, vec![]),
            ("Promise 1:\nPromise 2:", "", SectionStatus::Missing, vec![]),
            (link, "", SectionStatus::Weak, vec![link]),
            ("TBD", link, SectionStatus::Weak, vec![link]),
            ("none", "", SectionStatus::Filled, vec!["none"]),
            ("SSO before 1 March", "TBD", SectionStatus::Filled, vec!["SSO before 1 March"]),
            ("SSO before 1 March", link, SectionStatus::Filled, vec!["SSO before 1 March", link]),
        ] {
            let packet = packet(one, other);
            let texts = |name| -> Vec<&str> {
                let entries = packet.sections.get(&name).map(|section| section.entries.as_slice());
                entries.unwrap_or_default().iter().map(|entry| entry.text.as_str()).collect()
            };
            assert_eq!(packet.sections[&SectionName::Promises].status, status, "{one} / {other}");
            assert_eq!(texts(SectionName::Promises), shown, "{one} / {other}");
            assert_eq!(texts(SectionName::Expansion), shown, "{one} / {other}");
            let asked = packet.gaps.iter().find(|gap| gap.section == SectionName::Promises);
            let asked = asked.map(|gap| (gap.rule, gap.confidence));
            let is_asked = status != SectionStatus::Filled;
            assert_eq!(
                asked,
                is_asked.then_some((RuleId::Placeholder, Confidence::Certain)),
                "{one} / {other}"
            );
        }
    }

    fn writing(packet: &Packet) -> Vec<&str> {
        let mut texts = vec![packet.deal.name.as_str()];
        texts.extend(packet.deal.amount.as_deref());
        texts.extend(packet.deal.url.as_deref());
        texts.extend(packet.deal.currency.as_deref());
        texts.extend(packet.owner.name.as_deref());
        texts.extend(packet.important.reasons.iter().map(String::as_str));
        texts.extend(packet.important.unreadable.iter().map(String::as_str));
        texts.extend(packet.review.agenda.iter().map(|point| point.answer.as_str()));
        for section in packet.sections.values() {
            texts.extend(section.entries.iter().map(|entry| entry.text.as_str()));
            for person in &section.people {
                texts.push(&person.name);
                texts.extend(person.title.as_deref());
                texts.extend(person.email.as_deref());
            }
        }
        texts
    }

    /// Text as people and attackers write it: markup, bidi, entities, lists, quoted mail, dates and numbers.
    fn nasty() -> impl Strategy<Value = String> {
        let piece = prop_oneof![
            Just("<p>"),
            Just("</p>"),
            Just("<br>"),
            Just("<li>"),
            Just("<a href=\"https://x.example/\">"),
            Just("</a>"),
            Just("<script>"),
            Just("<!--"),
            Just("<"),
            Just(">"),
            Just("\""),
            Just("&nbsp;"),
            Just("&#8238;"),
            Just("&amp"),
            Just("\u{202e}"),
            Just("\u{0}"),
            Just("\u{a0}"),
            Just("\u{200d}"),
            Just("\u{feff}"),
            Just("👩‍👩‍👧‍👦"),
            Just("🏴󠁧󠁢󠁳󠁣󠁴󠁿"),
            Just("\r\n"),
            Just("\n\n\n"),
            Just(" "),
            Just("; "),
            Just(";"),
            Just("- "),
            Just("1. "),
            Just("word "),
            Just("Ende. "),
            Just("REDACTED"),
            Just("TBD"),
            Just("54000.00"),
            Just("1e999"),
            Just("within 21 days "),
            Just("2026-12-11"),
            Just("9223372036854775807"),
            Just("1796947200000"),
            Just("0000-00-00"),
            Just("-----Original Message-----\n"),
            Just("On 1 May, X wrote:\n"),
            Just("> "),
            Just("sarah@acme.example"),
            Just("@"),
            Just("{{7*7}}"),
            Just("<!channel>"),
            Just("e\u{301}\u{301}\u{301}"),
            Just("漢字"),
            Just("Ünï"),
            Just("true"),
            Just("CHAMPION"),
        ];
        let pieces =
            prop::collection::vec(piece.prop_map(str::to_owned), 0..40).prop_map(|pieces| pieces.concat());
        prop_oneof![3 => pieces, 1 => any::<String>(), 1 => "\\PC{0,40}".prop_map(|text| text.repeat(60))]
    }

    fn nasty_record() -> impl Strategy<Value = DealRecord> {
        const KINDS: [&str; 10] =
            ["text", "html", "number", "money", "bool", "date", "date_time", "choice", "choices", "user"];
        let value = || prop::option::weighted(0.9, nasty());
        let deal = prop::collection::vec(value(), 12);
        let person = prop::collection::vec(value(), 6);
        let contacts = prop::collection::vec(person, 0..4);
        let kinds = prop::collection::vec(prop::sample::select(&KINDS[..]), 8);
        (deal, contacts, kinds, value(), any::<bool>()).prop_map(|(deal, contacts, kinds, label, hubspot)| {
            let names = [
                "dealname",
                "Name",
                "amount",
                "closedate",
                "CloseDate",
                "handoff_why_now",
                "handoff_success",
                "handoff_promises",
                "handoff_risks",
                "handoff_first_value",
                "handoff_first_value_date",
                "handoff_owner",
            ];
            let deal: BTreeMap<_, _> = names.into_iter().zip(deal).collect();
            let contact = |person: Vec<Option<String>>| {
                let names = ["id", "firstname", "lastname", "email", "jobtitle", "hs_buying_role"];
                names.into_iter().zip(person).collect::<BTreeMap<_, _>>()
            };
            let contacts: Vec<_> = contacts.into_iter().map(contact).collect();
            let fields: BTreeMap<String, _> = names[4..]
                .iter()
                .zip(kinds)
                .map(|(name, kind)| {
                    (
                        format!("deal.{name}"),
                        serde_json::json!({"kind": kind, "label": label.clone().unwrap_or_default()}),
                    )
                })
                .collect();
            let record = serde_json::json!({
                "crm": if hubspot { "hubspot" } else { "salesforce" }, "account": "1", "deal": deal, "url": label,
                "contacts": contacts, "fields": fields, "company": {"id": "1", "customer_tier": label},
                "owner": {"id": "1", "name": label},
            });
            sample::record(&record.to_string())
        })
    }

    /// The sample mapping with everything that the data can show, and with a person for first value.
    fn observant() -> Mapping {
        let mut mapping = sample::mapping();
        let close = |test| Observation::Field(Condition { field: FieldPath::deal("closedate"), test });
        let seen = [
            Observation::Contacts(Limit::AtMost(2)),
            Observation::RoleMissing(Role::ExecutiveBacker),
            close(Test::OlderThanDays(1)),
            close(Test::LastDayOfQuarter(false)),
            close(Test::Filled(false)),
        ];
        for section in mapping.sections.values_mut() {
            section.derive =
                seen.clone().map(|when| Derivation { when, say: "It shows.".to_owned() }).to_vec();
            section.who = Some(FieldPath::deal("handoff_owner"));
        }
        mapping
    }

    /// Every visible character of `text` stands in `field`, in this order; our own bullets and cuts aside.
    fn is_within(text: &str, field: &str) -> bool {
        let mut field = field.chars();
        let ours = |letter: &char| letter.is_whitespace() || ['•', '…'].contains(letter);
        text.chars().filter(|letter| !ours(letter)).all(|letter| field.any(|other| other == letter))
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(40))]

        #[test]
        fn any_record_becomes_a_packet_of_clean_short_text(record in nasty_record(), words in 1u32..70) {
            let mut mapping = observant();
            for section in mapping.sections.values_mut() {
                section.words = Some(words);
            }
            let (packet, orders) = assemble(&mapping, &record, "pkt_x", as_of());

            for text in writing(&packet) {
                let bad = |letter: char| {
                    (letter.is_control() && letter != '\n')
                        || matches!(letter, '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
                };
                prop_assert!(!text.contains(bad), "{:?}", text);
                prop_assert!(!text.trim().is_empty());
            }
            for entry in packet.sections.values().flat_map(|section| &section.entries) {
                prop_assert!(entry.text.chars().count() <= excerpt::MOST_CHARACTERS);
                prop_assert!(entry.text.split_whitespace().count() <= words as usize);
            }
            prop_assert!(packet.outline().iter().all(|line| !line.text.trim().is_empty()));
            let again = assemble(&mapping, &record, "pkt_x", as_of());
            prop_assert_eq!(&(packet.clone(), orders), &again);
            let json = serde_json::to_string(&packet).unwrap();
            let stored: Packet = serde_json::from_str(&json).unwrap();
            prop_assert_eq!(serde_json::to_string(&stored).unwrap(), json);
        }

        #[test]
        fn an_entry_holds_nothing_that_its_field_does_not(raw in nasty(), html in any::<bool>(), cut in 1u32..70) {
            let mut mapping = sample::mapping();
            for section in mapping.sections.values_mut() {
                section.words = Some(cut);
            }
            let kind = if html { "html" } else { "text" };
            let record = serde_json::json!({
                "crm": "hubspot", "account": "1",
                "deal": {"id": "1", "handoff_why_now": raw, "handoff_promises": raw},
                "fields": {"deal.handoff_why_now": {"kind": kind}, "deal.handoff_promises": {"kind": kind}},
            });
            let (packet, _) = assemble(&mapping, &sample::record(&record.to_string()), "pkt_x", as_of());
            for name in [SectionName::BuyingReason, SectionName::Promises] {
                for entry in &packet.sections[&name].entries {
                    // A link's target stands before its label in the field and behind it in the entry.
                    let text = entry.text.replace("(https://x.example/)", "");
                    prop_assert!(is_within(&text, &raw), "{:?} is not in {:?}", text, raw);
                }
            }
        }

        #[test]
        fn every_word_of_an_entry_stands_in_its_field(words in prop::collection::vec("[a-zäß]{1,12}[.,!?]?", 1..120)) {
            let written = words.join(" ");
            let record = serde_json::json!({
                "crm": "hubspot", "account": "1", "deal": {"id": "1", "handoff_why_now": format!("<p>{written}</p>")}
            });
            let (packet, _) = assemble(&sample::mapping(), &sample::record(&record.to_string()), "pkt_x", as_of());
            let entry = &packet.sections[&SectionName::BuyingReason].entries[0];
            prop_assert!(written.starts_with(entry.text.trim_end_matches('…')));
        }
    }
}
