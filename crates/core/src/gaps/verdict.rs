//! What every rule has to say about every section, spoken or not: the long form of [`super::assess`].

use crate::packet::SectionName;

use super::{Evidence, OF_CUSTOM, RULES, Requires, Rule, assess};
use crate::packet::Gap;

/// What one rule has to say about one section.
pub struct Verdict {
    pub rule: &'static Rule,
    pub section: SectionName,
    /// What came of it.
    pub outcome: Outcome,
}

/// What a rule found in a section.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// It found something; for roles perhaps several.
    Caught(Vec<Finding>),
    /// It looked, and found nothing.
    Silent,
    /// It does not judge this section, or there is nothing in it that it could judge.
    NotApplicable,
}

/// Something a rule found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// What it would say.
    pub gap: Gap,
    /// It stands in the packet: no earlier rule asks the same person for the same thing.
    pub reported: bool,
}

/// The verdict of every rule on every required section, in section order.
pub fn verdicts(evidence: &Evidence<'_>) -> Vec<Verdict> {
    let spoken = assess(evidence);
    let found: Vec<(&Rule, Vec<Gap>)> = RULES.iter().map(|rule| (rule, (rule.check)(evidence))).collect();
    let sections = evidence.mapping.section_names().into_iter();
    let sections = sections.filter(|section| !evidence.mapping.is_optional(*section));
    sections
        .flat_map(|section| found.iter().map(move |(rule, gaps)| (section, *rule, gaps)))
        .map(|(section, rule, gaps)| {
            let finding = |gap: &Gap| Finding { gap: gap.clone(), reported: spoken.contains(gap) };
            let here: Vec<Finding> = gaps.iter().filter(|gap| gap.section == section).map(finding).collect();
            let outcome = match here.is_empty() {
                false => Outcome::Caught(here),
                true if rule.judges(evidence, section) => Outcome::Silent,
                true => Outcome::NotApplicable,
            };
            Verdict { rule, section, outcome }
        })
        .collect()
}

impl Rule {
    /// Whether there is something in the section that this rule can judge.
    fn judges(&self, evidence: &Evidence<'_>, section: SectionName) -> bool {
        let (sections, needs) = self.applies_to;
        let is_judged =
            if section.is_custom() { OF_CUSTOM.contains(&self.id) } else { sections.contains(&section) };
        is_judged
            && match needs {
                Requires::Nothing => true,
                Requires::Text => !evidence.written(section).is_empty(),
                Requires::Answer => evidence.given(section).next().is_some(),
            }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::gaps::deal_on_paper::DealOnPaper;

    fn told(deal: &DealOnPaper, section: SectionName) -> Vec<String> {
        let verdicts = deal.with_evidence(verdicts);
        let here = verdicts.into_iter().filter(|verdict| verdict.section == section);
        here.map(|verdict| {
            let outcome = match verdict.outcome {
                Outcome::Silent => "silent".to_owned(),
                Outcome::NotApplicable => "-".to_owned(),
                Outcome::Caught(found) => {
                    let told = |one: &Finding| format!("{} speaks={}", one.gap.id(), one.reported);
                    found.iter().map(told).collect::<Vec<_>>().join(", ")
                }
            };
            format!("{} {outcome}", verdict.rule.id.as_str())
        })
        .collect()
    }

    #[test]
    fn a_placeholder_leaves_nothing_for_the_rules_that_judge_answers() {
        let deal = DealOnPaper::new().writes(SectionName::BuyingReason, "TBD");
        let told = told(&deal, SectionName::BuyingReason);
        assert_eq!(told.len(), RULES.len(), "every rule has a verdict");
        assert!(told.contains(&"empty silent".to_owned()), "{told:?}");
        assert!(told.contains(&"placeholder placeholder speaks=true".to_owned()), "{told:?}");
        assert!(told.contains(&"vague -".to_owned()), "{told:?}");
        assert!(told.contains(&"no_date -".to_owned()), "{told:?}");
    }

    #[test]
    fn a_finding_that_another_rule_covers_is_told_too() {
        let deal = DealOnPaper::new()
            .writes(SectionName::BuyingReason, "Excited account.")
            .writes(SectionName::SuccessOutcome, "Excited account.");
        let told = told(&deal, SectionName::SuccessOutcome);
        assert!(told.contains(&"duplicate duplicate speaks=true".to_owned()), "{told:?}");
        assert!(told.contains(&"vague vague speaks=false".to_owned()), "{told:?}");
    }

    #[test]
    fn every_gap_of_a_packet_is_somebodys_finding() {
        for deal in [DealOnPaper::new(), DealOnPaper::complete(), DealOnPaper::complete().important()] {
            let found: Vec<Gap> = deal
                .with_evidence(verdicts)
                .into_iter()
                .filter_map(|verdict| match verdict.outcome {
                    Outcome::Caught(found) => Some(found),
                    Outcome::Silent | Outcome::NotApplicable => None,
                })
                .flatten()
                .filter(|finding| finding.reported)
                .map(|finding| finding.gap)
                .collect();
            assert_eq!(found, deal.gaps());
        }
    }
}
