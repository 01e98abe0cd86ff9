//! The 15-minute live talk that important accounts get, and its four questions.

use std::borrow::Cow;

use jiff::civil::Date;

use crate::gaps::{self, Evidence};
use crate::messages;
use crate::packet::{Addressee, AgendaPoint, Gap, Review, RuleId, SectionName};

/// Risks that one answer names.
const MOST_RISKS: usize = 3;

/// What a review is prepared from.
pub(super) struct ReviewInput<'a> {
    /// What people wrote, as the rules saw it.
    pub evidence: &'a Evidence<'a>,
    pub gaps: &'a [Gap],
    /// The seller's name, as long as they still work there.
    pub seller: Option<&'a str>,
    /// The day proposed for it.
    pub day: Date,
}

/// The review of an important account: each question with what people wrote about it, or with what to ask
/// whom. What the data shows by itself is no answer: it is not what the buyer felt.
pub(super) fn review(talk: &ReviewInput<'_>) -> Review {
    use SectionName::{BuyingReason, FirstValue, Promises, Risks, SuccessOutcome};
    let risks = talk.answers(Risks).into_iter().take(MOST_RISKS).collect::<Vec<_>>().join("; ");
    let risks = Some(risks).filter(|risks| !risks.is_empty());
    // "No promises" is an answer about promises, and says nothing about what comes first.
    let promise = talk.answers(Promises).into_iter().find(|promise| !gaps::says_none(promise));
    let win = talk.first(SuccessOutcome).or_else(|| talk.first(FirstValue));
    let agenda = [
        (messages::review::mattered(), talk.first(BuyingReason), BuyingReason),
        (messages::review::felt_risk(), risks, Risks),
        (messages::review::first(), promise.or_else(|| talk.first(FirstValue)), FirstValue),
        (messages::review::win(), win, SuccessOutcome),
    ];
    let point = |(point, answer, section): (&str, Option<String>, SectionName)| AgendaPoint {
        point: point.to_owned(),
        to_ask: answer.is_none(),
        answer: answer.unwrap_or_else(|| messages::review::to_ask(talk.seller, &talk.question(section))),
    };
    Review { due: true, day: Some(talk.day), agenda: agenda.map(point).into() }
}

impl ReviewInput<'_> {
    fn first(&self, name: SectionName) -> Option<String> {
        self.answers(name).into_iter().next()
    }

    /// What a section answers, each on one line. A stand-in such as "TBD" answers nothing, nor does a
    /// section whose words fit every customer.
    fn answers(&self, name: SectionName) -> Vec<String> {
        let says_nothing =
            |gap: &Gap| matches!(gap.rule, RuleId::Vague | RuleId::Activity | RuleId::Duplicate);
        if self.open(name).any(says_nothing) {
            return Vec::new();
        }
        self.evidence.answers(name).map(one_line).collect()
    }

    /// What to ask about a section: what the seller is asked anyway, else its own question.
    fn question(&self, name: SectionName) -> Cow<'_, str> {
        let asked = self.open(name).find(|gap| gap.addressee == Addressee::Seller).map(Gap::question);
        let own = || self.evidence.mapping.sections.get(&name).and_then(|section| section.ask.as_deref());
        asked.or_else(|| own().map(Cow::from)).unwrap_or_else(|| messages::question::section(name).into())
    }

    fn open(&self, name: SectionName) -> impl Iterator<Item = &Gap> {
        self.gaps.iter().filter(move |gap| gap.section == name && gap.counts())
    }
}

fn one_line(text: &str) -> String {
    let mut joined = String::new();
    for line in text.lines().map(|line| line.trim_start_matches("• ").trim()).filter(|line| !line.is_empty())
    {
        if joined.ends_with(['.', '!', '?', ':', ';', ',']) {
            joined.push(' ');
        } else if !joined.is_empty() {
            joined.push_str("; ");
        }
        joined.push_str(line);
    }
    joined
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use jiff::civil::date;

    use super::*;
    use crate::mapping::sample;
    use crate::packet::{Ask, Confidence, Entry, Fact, Importance, Origin, Section, SectionStatus};
    use crate::record::{CrmKind, DealRecord, FieldPath};

    fn sections(texts: &[(SectionName, &[&str])]) -> BTreeMap<SectionName, Section> {
        let entry = |(name, at, text): (SectionName, usize, &&str)| {
            let path = FieldPath::deal(&format!("{}_{at}", name.as_str()));
            Entry::new((**text).to_owned(), Origin::Field(path))
        };
        let section = |(name, texts): &(SectionName, &[&str])| {
            let entries = texts.iter().enumerate().map(|(at, text)| entry((*name, at, text))).collect();
            (*name, Section { status: SectionStatus::Filled, entries, people: Vec::new() })
        };
        texts.iter().map(section).collect()
    }

    fn prepared(sections: &BTreeMap<SectionName, Section>, gaps: &[Gap], seller: Option<&str>) -> Review {
        let (mapping, record) = (sample::mapping(), DealRecord::empty(CrmKind::Hubspot, "1", "1"));
        let important = Importance::default();
        let evidence = &Evidence::new(&mapping, &record, sections, &important);
        review(&ReviewInput { evidence, gaps, seller, day: date(2026, 11, 25) })
    }

    fn answers(sections: &BTreeMap<SectionName, Section>, gaps: &[Gap], seller: Option<&str>) -> Vec<String> {
        prepared(sections, gaps, seller).agenda.into_iter().map(|point| point.answer).collect()
    }

    fn gap(rule: RuleId, section: SectionName) -> Gap {
        let ask = Ask::Own("Which one, exactly?".to_owned());
        Gap::for_seller(rule, section, Confidence::Certain, ask, Fact::Unmapped)
    }

    #[test]
    fn the_packet_answers_what_it_can() {
        use SectionName::{BuyingReason, FirstValue, Promises, Risks, SuccessOutcome};
        let full = sections(&[
            (BuyingReason, &["Forecast visibility was poor", "second"]),
            (Risks, &["One", "Two", "Three", "Four"]),
            (Promises, &["We do:\n• Field mapping\n• First template"]),
            (SuccessOutcome, &["Forecast within 5 %"]),
            (FirstValue, &["Dashboard in the weekly call"]),
        ]);
        let shown: Vec<String> = prepared(&full, &[], None)
            .agenda
            .into_iter()
            .map(|point| format!("{} {}", point.point, point.answer))
            .collect();
        assert_eq!(
            shown,
            [
                "What mattered most in the sale? Forecast visibility was poor",
                "Where did the buyer feel risk? One; Two; Three",
                "What must happen first? We do: Field mapping; First template",
                "What would feel like a win by day 30? Forecast within 5 %",
            ]
        );
        let only_first_value = sections(&[(FirstValue, &["Dashboard in the weekly call"])]);
        assert_eq!(
            answers(&only_first_value, &[], Some("Tom Weber")),
            [
                "Ask Tom Weber: Why did they choose us, and why now?",
                "Ask Tom Weber: What could slow them down early on? \"None\" is an answer.",
                "Dashboard in the weekly call",
                "Dashboard in the weekly call",
            ]
        );
        let nothing_promised =
            sections(&[(Promises, &["none"]), (FirstValue, &["Dashboard in the weekly call"])]);
        assert_eq!(answers(&nothing_promised, &[], None)[2], "Dashboard in the weekly call");
    }

    #[test]
    fn what_the_data_shows_is_not_what_the_buyer_felt() {
        let mut some = sections(&[(SectionName::Risks, &["Only one contact on the deal", "Field quality"])]);
        for section in some.values_mut() {
            section.entries[0].origin = Origin::Derived(Some(FieldPath::deal("num_associated_contacts")));
        }
        assert_eq!(answers(&some, &[], None)[1], "Field quality");
    }

    #[test]
    fn a_stand_in_answers_nothing() {
        let some =
            sections(&[(SectionName::BuyingReason, &["TBD", "New board"]), (SectionName::Risks, &["n/a"])]);
        let answered = answers(&some, &[gap(RuleId::Placeholder, SectionName::Risks)], None);
        assert_eq!(answered[..2], ["New board", "To ask: Which one, exactly?"]);
    }

    #[test]
    fn words_that_fit_every_customer_answer_nothing() {
        let some = sections(&[(SectionName::BuyingReason, &["Excited account."])]);
        let gaps = [gap(RuleId::Vague, SectionName::BuyingReason)];
        assert_eq!(answers(&some, &gaps, Some("Tom Weber"))[0], "Ask Tom Weber: Which one, exactly?");
    }
}
