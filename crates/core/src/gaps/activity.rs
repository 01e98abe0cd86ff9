//! `activity`: first value says what we do, not what the customer does.

use crate::packet::SectionName;

use super::concrete::{names_a_contact, names_a_role};
use super::{Evidence, Expects, Requires, Rule};
use crate::dates::written as calendar;
use crate::packet::{Ask, Confidence, Fact, Gap, RuleId};
use crate::text::tokens::{Vocabulary, Words};

pub(super) const RULE: Rule = Rule {
    id: RuleId::Activity,
    catches: "First value names only our work (kickoff, training, onboarding); a hint when somebody of the customer's takes part.",
    leaves_alone: "\"After training, the VP Sales uses the dashboard\": the customer does something.",
    confidence: Confidence::Likely,
    question: "What will the customer do with it that they cannot do today?",
    expects: Expects::Answer,
    applies_to: (&[SectionName::FirstValue], Requires::Answer),
    check,
};

const WORDS: &str = include_str!("vocabulary/activity.toml");

/// Words for what a vendor does.
static OUR_WORK: Vocabulary = Vocabulary::new(WORDS, "our_work");

/// Words for what a customer does or has when it works.
static THEIR_WORK: Vocabulary = Vocabulary::new(WORDS, "their_work");

/// Small words, and words that go with a meeting or a project.
static AROUND: Vocabulary = Vocabulary::new(WORDS, "around");

/// Other words in a text that is still plainly about our work only.
const OTHER_WORDS: usize = 3;

fn check(evidence: &Evidence<'_>) -> Vec<Gap> {
    look(evidence).into_iter().collect()
}

fn look(evidence: &Evidence<'_>) -> Option<Gap> {
    let first = evidence.given(SectionName::FirstValue).next()?;
    let texts = evidence.given(SectionName::FirstValue).map(|given| &given.words);
    let any = |found: &dyn Fn(&Words) -> bool| texts.clone().any(found);
    if !any(&|words| OUR_WORK.found_in(words)) || any(&|words| THEIR_WORK.found_in(words)) {
        return None;
    }
    let others: usize = texts.clone().map(other_words).sum();
    let confidence = if others <= OTHER_WORDS { Confidence::Likely } else { Confidence::Unsure };
    let gap = Gap::for_seller(
        RULE.id,
        SectionName::FirstValue,
        confidence,
        Ask::Activity,
        Fact::Activity(first.entry.origin.clone()),
    );
    let takes_part = any(&|words| names_a_role(words) || names_a_contact(words, evidence));
    Some(if takes_part { gap.into_hint() } else { gap })
}

fn other_words(words: &Words) -> usize {
    let mut others = 0;
    let mut position = 0;
    while position < words.len() {
        let known = OUR_WORK.match_at(words, position).or_else(|| AROUND.match_at(words, position));
        let is_date =
            words.at(position).chars().any(char::is_numeric) || calendar::is_day_or_month(words.at(position));
        others += usize::from(known.is_none() && !is_date);
        position += known.unwrap_or(1);
    }
    others
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::gaps::deal_on_paper::DealOnPaper;
    use crate::packet::Role;

    fn look(text: &str) -> Option<Gap> {
        DealOnPaper::new()
            .person("Sarah Lind", "sarah@acme.test", &[Role::Sponsor])
            .writes(SectionName::FirstValue, text)
            .gap("activity")
    }

    #[test]
    fn our_own_work_is_no_first_value() {
        let texts = [
            "Kickoff call",
            "Kick-off on 3 Dec",
            "Onboarding",
            "Onboarding and training in the first week",
            "Implementation project",
            "We set up the account",
            "Training session on 12 December",
            "Kickoff meeting, then workshop",
            "Auftakttermin am 3. Dezember",
            "Schulung",
            "Einführung und Einrichtung",
            "Wir schulen in der ersten Woche",
            "Réunion de lancement",
            "Formation le 3 décembre",
            "Mise en place et formation",
            "Reunión de arranque",
            "Capacitación en la primera semana",
            "Puesta en marcha",
            "Treinamento",
            "Implantação e treinamento",
            "Training in week 2",
            "Implementatie en training",
            "Startbijeenkomst op 3 december",
        ];
        for text in texts {
            assert!(look(text).is_some_and(|gap| gap.counts()), "{text}");
        }
    }

    #[test]
    fn what_the_customer_does_is_left_alone() {
        let texts = [
            "VP Sales uses the dashboard in the weekly call within 21 days",
            "After training, the team runs its first forecast",
            "First invoice sent by 12 Dec",
            "Sarah presents the report to the board",
            "Dashboard live in production after setup",
            "Ops books all shipments in the tool after onboarding",
            "12 planners work in the tool by 12 Dec",
            "First payroll without Excel by 31 Dec",
            "Forecast error below 10 %",
            "Warehouse goes live after the workshop",
            "Reports on Monday by 8:00",
            "Nach der Schulung nutzt der Vertrieb das Dashboard",
            "Vertriebsleiterin sieht den Forecast im Montagstermin",
            "Erster Monatsabschluss in vier Tagen",
            "Disponenten arbeiten nach der Einführung im System",
            "Après la formation, le DAF consulte le tableau",
            "Les commerciaux utilisent le tableau après l'atelier",
            "Première clôture en quatre jours",
            "Tras la formación, el equipo usa el panel",
            "Primer cierre en cuatro días",
            "Após o treinamento, a equipe usa o painel",
            "Primeiro fechamento em quatro dias",
            "Na de training gebruikt verkoop het dashboard",
            "Eerste afsluiting in vier dagen",
            "TBD",
            "none",
            "",
        ];
        for text in texts {
            assert_eq!(look(text), None, "{text}");
        }
    }

    #[test]
    fn our_work_with_somebody_of_theirs_is_a_hint() {
        for text in [
            "Kickoff with the CFO on 3 Dec",
            "Training for Sarah",
            "Schulung der Anwender",
            "Formation des utilisateurs",
            "Training voor de gebruikers",
        ] {
            assert_eq!(look(text).map(|gap| gap.severity), Some(crate::packet::Severity::Hint), "{text}");
        }
    }

    #[test]
    fn much_else_in_the_text_makes_it_a_guess() {
        let gap = look("Implementation of warehouse scanners, label printers and customs forms").unwrap();
        assert_eq!(gap.confidence, Confidence::Unsure);
    }

    #[test]
    fn the_question_is_about_the_customer() {
        let gap = look("Kickoff call").unwrap();
        insta::assert_snapshot!(gap.question(), @"What will the customer do with it that they cannot do today?");
        insta::assert_snapshot!(gap.evidence(), @"deal.handoff_first_value says what we do, not what they do");
    }
}
