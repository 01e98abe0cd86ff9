//! `duplicate`: the same text as an earlier section, pasted to get past a required field.

use std::collections::HashSet;

use crate::judgement::rules::says_none;
use crate::packet::SectionName;

use super::answer::{IN_WORDS, Written};
use super::questions::ask_for;
use super::{Evidence, Expects, Requires, Rule};
use crate::packet::{Confidence, Fact, Gap, RuleId};
use crate::text::tokens::Words;

pub(super) const RULE: Rule = Rule {
    id: RuleId::Duplicate,
    catches: "Every entry of the section repeats an entry of an earlier section, word for word or nearly.",
    leaves_alone: "\"None\" twice; texts that share a topic but not their words; one repeated line among new ones.",
    confidence: Confidence::Likely,
    question: "The section's own question.",
    expects: Expects::Answer,
    applies_to: (&IN_WORDS, Requires::Answer),
    check,
};

/// Texts with fewer words must be equal to be the same.
const WORDS_TO_COMPARE: usize = 4;

/// Of a hundred words that two texts hold together, how many they must share.
const SHARED_PERCENT: usize = 85;

fn check(evidence: &Evidence<'_>) -> Vec<Gap> {
    let mut gaps = Vec::new();
    let mut earlier: Vec<(SectionName, &Written<'_>)> = Vec::new();
    for section in evidence.in_words() {
        let says_more = |given: &&Written<'_>| !says_none(&given.words);
        let texts: Vec<&Written<'_>> = evidence.given(section).filter(says_more).collect();
        gaps.extend(repeats(evidence, section, &texts, &earlier));
        earlier.extend(texts.into_iter().map(|text| (section, text)));
    }
    gaps
}

fn repeats(
    evidence: &Evidence<'_>,
    section: SectionName,
    texts: &[&Written<'_>],
    earlier: &[(SectionName, &Written<'_>)],
) -> Option<Gap> {
    let twin = |text: &Written<'_>| earlier.iter().find(|(_, other)| are_the_same(&text.words, &other.words));
    let first = texts.first()?;
    let (where_first, original) = twin(first)?;
    if !texts.iter().all(|text| twin(text).is_some()) {
        return None;
    }
    Some(Gap::for_seller(
        RULE.id,
        section,
        if first.words.joined() == original.words.joined() {
            Confidence::Certain
        } else {
            Confidence::Likely
        },
        ask_for(evidence, section),
        Fact::Duplicate(first.entry.origin.clone(), original.entry.origin.clone(), *where_first),
    ))
}

fn are_the_same(one: &Words, other: &Words) -> bool {
    if one.is_empty() || other.is_empty() {
        return false;
    }
    if one.joined() == other.joined() {
        return true;
    }
    // They share no more than all words of the shorter one.
    let shorter = one.len().min(other.len());
    let may_share = shorter * 100 >= (one.len() + other.len() - shorter) * SHARED_PERCENT;
    // A different number is a different fact, however much else is shared.
    if shorter < WORDS_TO_COMPARE || !may_share || !numbers(one).eq(numbers(other)) {
        return false;
    }
    let (one, other): (HashSet<&str>, HashSet<&str>) = (one.iter().collect(), other.iter().collect());
    let shared = one.intersection(&other).count();
    let together = one.len() + other.len() - shared;
    shared * 100 >= together * SHARED_PERCENT
}

fn numbers(words: &Words) -> impl Iterator<Item = &str> {
    words.iter().filter(|word| word.chars().all(char::is_numeric))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::gaps::deal_on_paper::DealOnPaper;

    fn pasted(earlier: &str, later: &str) -> Option<Gap> {
        DealOnPaper::new()
            .writes(SectionName::BuyingReason, earlier)
            .writes(SectionName::SuccessOutcome, later)
            .gap("duplicate")
    }

    #[test]
    fn the_same_text_twice_is_a_duplicate() {
        let pairs = [
            ("Forecast error below 10 % by May", "Forecast error below 10 % by May"),
            ("Forecast error below 10 % by May", "forecast error below 10% by may."),
            ("  Forecast   error ", "forecast error!"),
            ("GDPR", "gdpr"),
            ("The board wants a weekly forecast by May", "The board wants a weekly forecast in by May"),
            ("Month-end close takes ten days today", "Month end close takes ten days, today"),
            ("Der Monatsabschluss dauert zehn Tage", "der Monatsabschluss dauert zehn Tage."),
            ("Prüfung durch den Auditor im März 2027", "PRÜFUNG durch den Auditor im März 2027"),
            ("La clôture prend dix jours", "La cloture prend dix jours"),
            ("El cierre tarda diez días", "• El cierre tarda diez dias"),
            ("O fechamento leva dez dias", "O fechamento leva dez dias"),
            ("De maandafsluiting duurt tien dagen", "De maandafsluiting duurt tien dagen…"),
            (
                "Replace Excel in controlling before the audit in May",
                "Replace Excel in the controlling before the audit in May",
            ),
            ("監査は5月", "監査は5月"),
        ];
        for (earlier, later) in pairs {
            let gap = pasted(earlier, later);
            assert_eq!(
                gap.map(|gap| (gap.section, gap.counts())),
                Some((SectionName::SuccessOutcome, true)),
                "{later}"
            );
        }
    }

    #[test]
    fn texts_that_only_share_a_topic_are_left_alone() {
        let pairs = [
            ("Forecast error is 30 %", "Forecast error below 10 % by May"),
            ("Forecast error below 10 % by May", "Forecast error below 10 % by June"),
            (
                "Cut the close from 10 to 4 days in Berlin and Hamburg",
                "Cut the close from 10 to 3 days in Berlin and Hamburg",
            ),
            ("Excel is slow", "Excel is gone"),
            ("GDPR", "GDPR audit passed"),
            ("SAP", "SSO"),
            ("Audit in May", "Audit in June"),
            ("The audit is in May", "Pass the audit in May without findings"),
            ("Month-end close takes ten days", "Close the month in four days"),
            ("Der Monatsabschluss dauert zehn Tage", "Monatsabschluss in vier Tagen"),
            ("Der Vertrag endet im März", "Der neue Vertrag gilt ab März 2027"),
            ("Prüfung im März", "Prüfung im März ohne Befund bestehen"),
            ("La clôture prend dix jours", "Clôturer en quatre jours"),
            ("Contrat SAP échu en mars", "Sortir de SAP avant mars"),
            ("El cierre tarda diez días", "Cerrar el mes en cuatro días"),
            ("O fechamento leva dez dias", "Fechar o mês em quatro dias"),
            ("De afsluiting duurt tien dagen", "Afsluiting in vier dagen"),
            ("VP Sales sees no forecast", "VP Sales sees the forecast weekly"),
            ("Competitor raised its price by 40 %", "Licence cost under 40 k"),
            ("監査は5月", "監査に合格する"),
            ("none", "none"),
            ("n/a", "n/a"),
        ];
        for (earlier, later) in pairs {
            assert_eq!(pasted(earlier, later), None, "{earlier} / {later}");
        }
    }

    #[test]
    fn no_promises_and_no_risks_are_two_answers() {
        let deal =
            DealOnPaper::new().writes(SectionName::Promises, "None").writes(SectionName::Risks, "None");
        assert_eq!(deal.gap("duplicate"), None);
    }

    #[test]
    fn one_repeated_line_among_new_ones_is_left_alone() {
        let deal = DealOnPaper::new()
            .writes(SectionName::Promises, "API by 3 May")
            .ticks(SectionName::Risks, &["API by 3 May", "Betriebsrat has to agree"]);
        assert_eq!(deal.gap("duplicate"), None);
    }

    #[test]
    fn the_evidence_names_both_fields() {
        let gap = pasted("Audit in May", "audit in May.").unwrap();
        insta::assert_snapshot!(gap.evidence(), @"deal.handoff_success_outcome repeats deal.handoff_buying_reason (buying_reason)");
    }
}
