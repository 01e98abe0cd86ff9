//! `placeholder`: a stand-in or a pointer where an answer should be. The certain rules match on the whole value only.

use crate::judgement::Label;

use crate::packet::SectionName;

use super::answer::IN_WORDS;
use super::questions::ask_for;
use super::{Evidence, Expects, Requires, Rule, judged};
use crate::packet::{Confidence, Fact, Gap, RuleId};

pub(super) const RULE: Rule = Rule {
    id: RuleId::Placeholder,
    catches: "A stand-in, a pointer or a template as the whole value, which is not shown: TBD, n/a, a lone dot, \"see call \
              notes\", \"ask Peter\", \"will follow after the kickoff\"; a bare link, which is.",
    leaves_alone: "\"None\" in promises and risks, and any sentence that merely holds such a word: \"Budget TBD until 3 May\".",
    confidence: Confidence::Certain,
    question: "The section's own question.",
    expects: Expects::Answer,
    applies_to: (&IN_WORDS, Requires::Text),
    check,
};

fn check(evidence: &Evidence<'_>) -> Vec<Gap> {
    evidence.in_words().filter_map(|section| in_section(evidence, section)).collect()
}

/// A section is a placeholder when none of its entries is an answer.
fn in_section(evidence: &Evidence<'_>, section: SectionName) -> Option<Gap> {
    let first = evidence.written(section).first()?.entry;
    let ask = ask_for(evidence, section);
    if evidence.given(section).next().is_some() {
        return judged::gap(evidence, section, Label::Placeholder, RULE.id, ask);
    }
    let fact = Fact::Placeholder(first.origin.clone(), first.text.clone());
    Some(Gap::for_seller(RULE.id, section, Confidence::Certain, ask, fact))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::gaps::deal_on_paper::DealOnPaper;

    fn caught(section: SectionName, text: &str) -> bool {
        let gap = DealOnPaper::new().writes(section, text).gap("placeholder");
        gap.is_some_and(|gap| gap.section == section && gap.counts())
    }

    #[test]
    #[expect(clippy::too_many_lines, reason = "a table")]
    fn a_stand_in_or_a_pointer_is_no_answer() {
        let texts = [
            // English
            "TBD",
            "tbd.",
            "T.B.D.",
            "(tbd)",
            "** TBD **",
            "TBA",
            "TBC",
            "n/a",
            "N/A",
            "N.A.",
            "na",
            ".",
            "-",
            "--",
            "—",
            "?",
            "???",
            "…",
            "*",
            "/",
            "xxx",
            "XXXX",
            "x",
            "test",
            "Test test",
            "asdf",
            "asdfasdf",
            "qwerty",
            "lorem ipsum",
            "to be confirmed",
            "To be determined",
            "to do",
            "TODO",
            "unknown",
            "Not sure",
            "don't know",
            "Don’t know",
            "idk",
            "no idea",
            "pending",
            "later",
            "will update later",
            "not applicable",
            "see above",
            "same as above",
            "ditto",
            "null",
            "undefined",
            "👍",
            "see call notes",
            "See Call Notes.",
            "see notes",
            "see gong",
            "See Gong call",
            "see the gong recording",
            "please see call notes",
            "see my notes from last call",
            "see email thread",
            "see attached",
            "see proposal",
            "check gong",
            "it's all in the notes",
            "refer to the contract",
            "as per contract",
            "in the contract",
            "call notes",
            "Gong",
            "ask Peter",
            "Ask peter",
            "ask Peter Müller",
            "please ask Peter",
            "ask me",
            "ask the AE",
            "Talk to Sarah",
            "check with Sarah",
            "Peter knows",
            // German
            "folgt",
            "noch offen",
            "wird nachgereicht",
            "siehe Notizen",
            "Siehe Gong",
            "siehe Gesprächsnotizen",
            "s. Notizen",
            "siehe oben",
            "k.A.",
            "keine Angabe",
            "unbekannt",
            "weiß nicht",
            "weiss nicht",
            "keine Ahnung",
            "noch zu klären",
            "Frag Peter",
            "Peter fragen",
            "bitte Peter fragen",
            "bei Peter nachfragen",
            "Rücksprache mit Sabine",
            "steht in den Notizen",
            // French
            "à définir",
            "A definir",
            "à confirmer",
            "à compléter",
            "voir notes",
            "Voir les notes d'appel",
            "voir Gong",
            "voir compte-rendu",
            "voir avec Pierre",
            "demander à Pierre",
            "non communiqué",
            "N.C.",
            "je ne sais pas",
            "sans objet",
            "en attente",
            "à venir",
            // Spanish
            "por definir",
            "por confirmar",
            "pendiente",
            "no aplica",
            "N/D",
            "ver notas",
            "ver las notas de la llamada",
            "preguntar a Pedro",
            "hablar con Pedro",
            "no sé",
            "sin datos",
            // Portuguese
            "a definir",
            "a confirmar",
            "pendente",
            "não se aplica",
            "não sei",
            "ver notas",
            "veja as notas da reunião",
            "perguntar ao João",
            "falar com João",
            "em aberto",
            // Dutch
            "nog te bepalen",
            "n.t.b.",
            "nvt",
            "N.v.t.",
            "volgt",
            "zie notities",
            "zie gespreksverslag",
            "vraag Peter",
            "geen idee",
            "onbekend",
        ];
        let missed: Vec<_> = texts
            .into_iter()
            .flat_map(|text| IN_WORDS.map(|section| (section, text)))
            .filter(|(section, text)| !caught(*section, text))
            .collect();
        assert_eq!(missed, []);
    }

    #[test]
    fn a_sentence_that_merely_holds_such_a_word_is_left_alone() {
        let texts = [
            "Budget TBD until 3 May",
            "Test environment by 12 May",
            "Testing takes ten days today",
            "See the dashboard go live in Q1",
            "See results in the weekly call",
            "Ask for a weekly report",
            "Ask price approval from the CFO by May",
            "They ask why the forecast is wrong",
            "Unknown devices on the network",
            "Unknown senders get through",
            "Open invoices over 90 days",
            "Pending audit in May",
            "Later go-live than the competitor promised",
            "Call notes are typed twice today",
            "Gong replaces Chorus in March",
            "Notes are lost after calls",
            "SSO",
            "API",
            "GDPR",
            "3",
            "42",
            "SAP S/4HANA",
            "Price",
            "Contract ends on 31 March",
            "In 3 months the contract ends",
            "From Excel to one tool",
            "Same-day delivery",
            "N/A values break their report",
            "Peter knows the API limit and wants it raised",
            "Talk to the works council by May",
            "Viele Fragen",
            "Offene Fragen zur Datenqualität",
            "Folgt dem Audit im März",
            "Offene Posten über 90 Tage",
            "Testphase bis 12. Mai",
            "Keine Schnittstelle zu SAP",
            "Unbekannte Kosten im Lager",
            "Voir le tableau de bord chaque lundi",
            "Demander à la DSI un accès SSO",
            "Pendiente de firma del CFO el 3 de mayo",
            "Ver el panel cada lunes",
            "Pendente de aprovação do CFO até maio",
            "Ver o painel toda segunda",
            "Zie 12 open orders per dag",
            "Volgt de audit in maart",
            "Vraag naar koeling stijgt",
            "監査は5月",
            "Aucun accès API avant mars",
        ];
        let wrong: Vec<_> = texts
            .into_iter()
            .flat_map(|text| IN_WORDS.map(|section| (section, text)))
            .filter(|(section, text)| caught(*section, text))
            .collect();
        assert_eq!(wrong, []);
    }

    #[test]
    fn none_answers_what_was_promised_and_what_could_go_wrong() {
        let texts = [
            "none",
            "None.",
            "no",
            "nothing",
            "No risks",
            "no known risks",
            "No promises",
            "None so far",
            "keine",
            "Keine Risiken",
            "nichts zugesagt",
            "aucun",
            "Aucun risque",
            "RAS",
            "ninguno",
            "Sin riesgos",
            "nenhum",
            "Não há",
            "geen",
            "Geen toezeggingen",
        ];
        for text in texts {
            for section in IN_WORDS {
                assert_eq!(
                    caught(section, text),
                    !crate::judgement::rules::none_is_an_answer(section),
                    "{text:?} in {section:?}"
                );
            }
        }
    }

    #[test]
    fn one_real_entry_makes_the_section_an_answer() {
        let deal =
            DealOnPaper::new().writes(SectionName::Risks, "TBD").writes(SectionName::Risks, "SSO is late");
        assert_eq!(deal.gap("placeholder"), None);
    }

    #[test]
    fn a_team_can_add_its_own() {
        let deal = DealOnPaper::new()
            .also_takes_for_placeholder("Wie besprochen")
            .also_takes_for_placeholder("¯\\_(ツ)_/¯");
        let gap = deal.writes(SectionName::BuyingReason, "wie besprochen!").gap("placeholder").unwrap();
        insta::assert_snapshot!(gap.evidence(), @r#"deal.handoff_buying_reason holds only "wie besprochen!""#);
    }

    #[test]
    fn the_question_is_the_sections_own() {
        let deal = DealOnPaper::new().writes(SectionName::BuyingReason, "TBD");
        insta::assert_snapshot!(deal.gap("placeholder").unwrap().question(), @"Why did they choose us, and why now?");
    }
}
