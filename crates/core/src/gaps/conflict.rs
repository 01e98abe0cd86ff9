//! `conflict`: "none" stands beside something.

use crate::judgement::rules::Certain;
use crate::packet::SectionName;

use super::{Evidence, Expects, Requires, Rule};
use crate::packet::{Ask, Confidence, Fact, Gap, RuleId};
use crate::text::tokens::Words;

pub(super) const RULE: Rule = Rule {
    id: RuleId::Conflict,
    catches: "\"None\" or \"no risks\" ticked or written together with a promise or a risk.",
    leaves_alone: "\"None\" alone; \"None, except the API limit\"; a risk that only the data shows; \"None\" beside n/a.",
    confidence: Confidence::Certain,
    question: "Is there none, or does the other entry hold?",
    expects: Expects::Choice,
    applies_to: (&[SectionName::Promises, SectionName::Risks], Requires::Answer),
    check,
};

fn check(evidence: &Evidence<'_>) -> Vec<Gap> {
    [SectionName::Promises, SectionName::Risks]
        .into_iter()
        .filter_map(|section| in_section(evidence, section))
        .collect()
}

fn in_section(evidence: &Evidence<'_>, section: SectionName) -> Option<Gap> {
    let (mut none, mut more) = (None, None);
    for given in evidence.given(section) {
        let entry = given.entry;
        for part in entry.text.split([';', '\n', '\r']).filter(|part| !part.trim().is_empty()) {
            let is_whole = part.len() == entry.text.len();
            let certain = if is_whole {
                given.certain
            } else {
                evidence.placeholders.certain(section, part, &Words::of(part))
            };
            match certain {
                Some(Certain::SaysNone) => none.get_or_insert(&entry.origin),
                None => more.get_or_insert(&entry.origin),
                Some(Certain::StandIn | Certain::Pointer) => continue,
            };
        }
    }
    let fact = Fact::Conflict(none?.clone(), more?.clone());
    Some(Gap::for_seller(RULE.id, section, Confidence::Certain, Ask::WhichHolds, fact))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::gaps::deal_on_paper::DealOnPaper;

    #[test]
    fn none_beside_something_is_a_conflict() {
        let ticked: [&[&str]; 16] = [
            &["None", "Budget"],
            &["Budget", "none"],
            &["No risks", "Data quality"],
            &["No known risks", "SSO is late"],
            &["none", "TBD", "Works council"],
            &["Keine", "Betriebsrat"],
            &["Keine Risiken", "Datenqualität"],
            &["keine bekannt", "Schnittstelle zu SAP"],
            &["Aucun", "Qualité des données"],
            &["Aucun risque", "Intégration SAP"],
            &["Ninguno", "Calidad de los datos"],
            &["Sin riesgos", "Integración con SAP"],
            &["Nenhum", "Qualidade dos dados"],
            &["Geen", "Datakwaliteit"],
            &["Geen risico's", "Ondernemingsraad"],
            &["None; API limit is tight"],
        ];
        for texts in ticked {
            for section in [SectionName::Promises, SectionName::Risks] {
                let gap = DealOnPaper::new().ticks(section, texts).gap("conflict");
                assert_eq!(gap.map(|gap| (gap.section, gap.counts())), Some((section, true)), "{texts:?}");
            }
        }
    }

    #[test]
    fn an_answer_without_contradiction_is_left_alone() {
        let ticked: [&[&str]; 22] = [
            &["None"],
            &["none", "None"],
            &["None", "No risks"],
            &["None", "n/a"],
            &["none", "TBD"],
            &["None, except the API limit"],
            &["None known beyond the open SSO question"],
            &["No risks if the API key arrives by May"],
            &["Budget", "Data quality"],
            &["Nonessential modules are switched off"],
            &["No SSO before May", "Data quality"],
            &["No budget for training"],
            &["Keine"],
            &["Keine Schnittstelle zu SAP", "Datenqualität"],
            &["Keine, außer der Datenqualität"],
            &["Aucun accès API", "Qualité des données"],
            &["Aucun"],
            &["Ningún acceso al API", "Datos"],
            &["Nenhum acesso ao SAP", "Dados"],
            &["Geen toegang tot SAP", "Datakwaliteit"],
            &["Nothing works without SSO", "Data"],
            &["Zero-downtime cutover promised", "Data export"],
        ];
        for texts in ticked {
            for section in [SectionName::Promises, SectionName::Risks] {
                assert_eq!(DealOnPaper::new().ticks(section, texts).gap("conflict"), None, "{texts:?}");
            }
        }
    }

    #[test]
    fn a_risk_that_only_the_data_shows_contradicts_nobody() {
        let deal = DealOnPaper::new()
            .derives(SectionName::Risks, "Only one contact on the deal")
            .writes(SectionName::Risks, "None");
        assert_eq!(deal.gap("conflict"), None);
    }

    #[test]
    fn the_evidence_names_both_fields() {
        let deal =
            DealOnPaper::new().writes(SectionName::Risks, "None").writes(SectionName::Risks, "SSO is late");
        let gap = deal.gap("conflict").unwrap();
        insta::assert_snapshot!(gap.evidence(), @r#"deal.handoff_risks says "none", deal.handoff_risks_2 says something else"#);
        insta::assert_snapshot!(gap.question(), @"Are there no risks, or does the risk listed here hold?");
    }
}
