//! `vague`: words that fit every customer. Published rules for vague prose are right in about 59 % of cases, so
//! this one speaks up only when hardly a word of substance is left, guesses in `preview`, and is silent otherwise.

use crate::packet::SectionName;

use super::answer::Written;
use super::concrete::is_concrete;
use super::questions::ask_for;
use super::{Evidence, Expects, Requires, Rule};
use crate::packet::{Confidence, Fact, Gap, RuleId};
use crate::text::tokens::{Vocabulary, Words};

pub(super) const RULE: Rule = Rule {
    id: RuleId::Vague,
    catches: "A buying reason, outcome or first value without number, date, person, job title or event, in words that fit \
              every customer: \"Excited account.\", \"They need reporting.\"",
    leaves_alone: "A named problem (\"Forecast visibility is poor\"), any number, any named person or event, promises and risks.",
    confidence: Confidence::Likely,
    question: "The section's own question.",
    expects: Expects::Answer,
    applies_to: (
        &[SectionName::BuyingReason, SectionName::SuccessOutcome, SectionName::FirstValue],
        Requires::Answer,
    ),
    check,
};

const WORDS: &str = include_str!("vocabulary/vague.toml");

static SMALL: Vocabulary = Vocabulary::new(WORDS, "small");

/// Words of sales talk that fit every customer.
static STOCK: Vocabulary = Vocabulary::new(WORDS, "stock");

/// Words that name a problem: a reason, even without a number.
static PROBLEM: Vocabulary = Vocabulary::new(WORDS, "problem");

/// With this much substance a text may still be vague; with more the rule is silent.
const A_GUESS: usize = 2;

fn check(evidence: &Evidence<'_>) -> Vec<Gap> {
    [SectionName::BuyingReason, SectionName::SuccessOutcome, SectionName::FirstValue]
        .into_iter()
        .filter_map(|section| in_section(evidence, section))
        .collect()
}

fn in_section(evidence: &Evidence<'_>, section: SectionName) -> Option<Gap> {
    let first = evidence.given(section).next()?.entry;
    let confidence = judge(evidence, section)?;
    // Without a day the question is "by when" anyway; the seller should not be asked twice.
    if section == SectionName::FirstValue && evidence.timing.is_missing() {
        return None;
    }
    Some(Gap::for_seller(
        RULE.id,
        section,
        confidence,
        ask_for(evidence, section),
        Fact::Vague(first.origin.clone(), first.text.clone()),
    ))
}

/// How vague the texts of a section are, taken together; `None` if not at all.
pub(super) fn judge(evidence: &Evidence<'_>, section: SectionName) -> Option<Confidence> {
    let mut substance = 0;
    for Written { words, .. } in evidence.given(section) {
        // Other scripts are not in the lists; silence is better than a guess.
        if words.iter().any(|word| !word.is_ascii()) || is_concrete(words, evidence) {
            return None;
        }
        substance += substance_of(words);
        if substance > A_GUESS {
            return None;
        }
    }
    let is_sure = substance < A_GUESS && !evidence.given(section).any(|given| has_a_name(&given.entry.text));
    Some(if is_sure { Confidence::Likely } else { Confidence::Unsure })
}

fn substance_of(words: &Words) -> usize {
    let weigh = |word: &str| match word {
        _ if SMALL.lists(word) || STOCK.lists(word) => 0,
        _ if PROBLEM.lists(word) => 2,
        _ => 1,
    };
    words.iter().map(weigh).sum()
}

/// A word that looks like a name: a capital inside a sentence, or capitals only (GDPR, SAP).
fn has_a_name(text: &str) -> bool {
    if !text.contains(char::is_lowercase) {
        return false;
    }
    let mut starts_a_sentence = true;
    text.split_whitespace().any(|token| {
        let starts = std::mem::replace(&mut starts_a_sentence, token.ends_with(['.', '!', '?', ':']));
        let capitals = token.chars().filter(|character| character.is_uppercase()).count();
        let word = Words::of(token);
        let known = SMALL.lists(word.joined()) || STOCK.lists(word.joined());
        !known && (capitals > 1 || (capitals == 1 && !starts && token.starts_with(char::is_uppercase)))
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::gaps::deal_on_paper::DealOnPaper;
    use crate::packet::Role;

    const SECTIONS: [SectionName; 3] =
        [SectionName::BuyingReason, SectionName::SuccessOutcome, SectionName::FirstValue];

    fn says(section: SectionName, text: &str) -> DealOnPaper {
        DealOnPaper::new()
            .person("Sarah Lind", "sarah@acme.test", &[Role::Sponsor])
            .writes(section, text)
            .due("2026-12-11")
    }

    #[test]
    fn words_that_fit_every_customer_are_vague() {
        let texts = [
            "Excited account.",
            "They need reporting.",
            "Great fit",
            "They love the product",
            "Better reporting",
            "They want to grow",
            "Requires more visibility into their data",
            "Happy customer",
            "Increase efficiency and transparency across the whole organisation",
            "Save time and money",
            "Good relationship with the team",
            "They want a better solution",
            "Best price",
            "EXCITED ACCOUNT",
            "Better tool.",
            "Kunde ist begeistert",
            "Sie brauchen Reporting",
            "Prozesse optimieren",
            "Mehr Transparenz und Effizienz",
            "Besseres Reporting für das Team",
            "Digitalisierung",
            "Client enthousiaste",
            "Ils veulent gagner du temps",
            "Besoin de reporting",
            "Améliorer la visibilité",
            "Cliente contento",
            "Necesitan mejores informes",
            "Mejorar la eficiencia",
            "Cliente satisfeito",
            "Precisam de relatórios",
            "Melhorar os processos",
            "Klant is enthousiast",
            "Meer inzicht in de data",
            "Ze willen betere rapportages",
        ];
        for text in texts {
            for section in SECTIONS {
                let gap = says(section, text).gap("vague");
                assert!(
                    gap.is_some_and(|gap| gap.section == section && gap.counts()),
                    "{text:?} in {section:?}"
                );
            }
        }
    }

    #[test]
    fn anything_that_can_be_checked_is_left_alone() {
        let texts = [
            "Forecast visibility poor",
            "Forecast visibility was poor",
            "Poor forecast visibility across regions",
            "Forecast error below 10 %",
            "Reporting by Friday",
            "Better reporting for Sarah",
            "Need it before the audit",
            "The CFO needs reporting",
            "VP Sales wants visibility",
            "Renewal of the old tool",
            "Reporting for Q3",
            "Board meeting needs better data",
            "Go-live in May",
            "Close the month in ten days instead of four",
            "Manual spreadsheets lose orders",
            "The RevOps lead wants one forecast",
            "Competitor was discontinued, contracts move",
            "Two teams on one process",
            "Weekly call uses the dashboard",
            "Kickoff before summer",
            "Vertriebsleiterin will Reporting",
            "Prüfung im März",
            "Der Betriebsrat verlangt Transparenz",
            "Zwei Systeme ablösen",
            "Lizenz läuft aus",
            "Excel im Controlling ersetzen",
            "Neuer Geschäftsführer will Zahlen",
            "Le DAF veut du reporting",
            "Clôture en retard chaque mois",
            "Échéance du contrat",
            "Visibilité avant la rentrée",
            "La directora quiere informes",
            "El contrato vence",
            "Auditoría pendiente",
            "Cierre lento y con errores manuales",
            "O diretor quer relatórios",
            "Auditoria externa",
            "Planilhas com erros no estoque",
            "De teamleider wil inzicht",
            "Contract verloopt",
            "Handmatige planning kost orders",
            "レポートが必要",
            "Им нужна отчётность",
            "none",
        ];
        for text in texts {
            for section in SECTIONS {
                assert_eq!(says(section, text).gap("vague"), None, "{text:?} in {section:?}");
            }
        }
    }

    #[test]
    fn a_guess_does_not_count() {
        for text in ["GDPR reasons", "Replace the tool", "Integration with Contoso", "Warehouse routing"] {
            let gap = says(SectionName::BuyingReason, text).gap("vague").unwrap();
            assert!(!gap.counts(), "{text}");
        }
    }

    #[test]
    fn promises_and_risks_are_not_judged() {
        for section in [SectionName::Promises, SectionName::Risks] {
            assert_eq!(says(section, "Good support").gap("vague"), None);
        }
    }

    #[test]
    fn one_concrete_entry_makes_the_section_concrete() {
        let deal = says(SectionName::BuyingReason, "Great fit")
            .writes(SectionName::BuyingReason, "Contract ends 31 March");
        assert_eq!(deal.gap("vague"), None);
    }

    #[test]
    fn a_bare_first_value_without_a_day_gets_one_question() {
        let deal = DealOnPaper::new().writes(SectionName::FirstValue, "Happy customer");
        let gaps = deal.gaps();
        let gaps: Vec<_> = gaps.iter().filter(|gap| gap.section == SectionName::FirstValue).collect();
        assert_eq!(gaps.len(), 1);
        assert_eq!(gaps[0].id(), "no_date");
        insta::assert_snapshot!(gaps[0].question(), @"Who on their side does what, by when, to see the first value?");
    }

    #[test]
    fn the_evidence_quotes_a_short_text() {
        let gap = says(SectionName::BuyingReason, "Excited account.").gap("vague").unwrap();
        insta::assert_snapshot!(gap.evidence(), @r#"deal.handoff_buying_reason says "Excited account.": no number, date, person or event"#);
    }
}
