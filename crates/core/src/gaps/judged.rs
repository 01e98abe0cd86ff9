//! `vague` and `activity`: prose that the trained judgement takes for no answer. Sure enough it is a gap; in between
//! a hint, which stays out of task and digest.

use crate::judgement::{Certainty, Label};
use crate::packet::SectionName;

use super::answer::IN_WORDS;
use super::questions::ask_for;
use super::{Evidence, Expects, Requires, Rule};
use crate::packet::{Ask, Confidence, Fact, Gap, RuleId};

pub(super) const VAGUE: Rule = Rule {
    id: RuleId::Vague,
    catches: "Text without a fact about the section's question, as the trained judgement sees it: \"Excited account.\", \
              \"They need reporting.\", \"Great team, talk to Sarah\"; a hint where it is less sure.",
    leaves_alone: "A named problem (\"Forecast visibility is poor\"), a short fact, \"none\" in promises and risks; a section \
                   with `judge: off` in the mapping.",
    confidence: Confidence::Likely,
    question: "The section's own question.",
    expects: Expects::Answer,
    applies_to: (&IN_WORDS, Requires::Answer),
    check: vague,
};

pub(super) const ACTIVITY: Rule = Rule {
    id: RuleId::Activity,
    catches: "First value says what we do (kickoff, training, onboarding), or that the customer attends, as the trained \
              judgement sees it; a hint where it is less sure.",
    leaves_alone: "\"After training, the VP Sales uses the dashboard\": the customer does something.",
    confidence: Confidence::Likely,
    question: "What will the customer do with it that they cannot do today?",
    expects: Expects::Answer,
    applies_to: (&[SectionName::FirstValue], Requires::Answer),
    check: activity,
};

fn vague(evidence: &Evidence<'_>) -> Vec<Gap> {
    // Without a day the question is "by when" anyway; the seller should not be asked twice.
    let is_asked = |section| section == SectionName::FirstValue && evidence.timing.is_missing();
    let in_section =
        |section| gap(evidence, section, Label::Vague, RuleId::Vague, ask_for(evidence, section));
    IN_WORDS.into_iter().filter(|&section| !is_asked(section)).filter_map(in_section).collect()
}

fn activity(evidence: &Evidence<'_>) -> Vec<Gap> {
    let gap = gap(evidence, SectionName::FirstValue, Label::Activity, RuleId::Activity, Ask::Activity);
    gap.into_iter().collect()
}

/// The gap of a section whose answers are of this kind.
pub(super) fn gap(
    evidence: &Evidence<'_>,
    section: SectionName,
    label: Label,
    rule: RuleId,
    ask: Ask,
) -> Option<Gap> {
    let first = evidence.given(section).next()?.entry;
    let judgement = evidence.judged.get(&section).filter(|judgement| judgement.label == label)?;
    let confidence = match judgement.certainty() {
        Certainty::Sure => Confidence::Likely,
        Certainty::Unsure | Certainty::Ok => Confidence::Unsure,
    };
    let fact = Fact::Judged(first.origin.clone(), first.text.clone(), judgement.words.clone());
    Some(Gap::for_seller(rule, section, confidence, ask, fact))
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

    /// The gap about prose that counts, if there is one.
    fn flagged(section: SectionName, text: &str) -> Option<RuleId> {
        let gaps = says(section, text).gaps().into_iter();
        let mut rules = gaps.filter(|gap| gap.section == section && gap.counts()).map(|gap| gap.rule);
        rules.find(|rule| matches!(rule, RuleId::Vague | RuleId::Activity | RuleId::Placeholder))
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
                assert_eq!(flagged(section, text), Some(RuleId::Vague), "{text:?} in {section:?}");
            }
        }
    }

    #[test]
    fn what_answers_its_question_is_left_alone() {
        use SectionName::{BuyingReason, FirstValue, SuccessOutcome};
        let texts = [
            (BuyingReason, "Forecast visibility poor"),
            (BuyingReason, "Forecast visibility was poor"),
            (BuyingReason, "Poor forecast visibility across regions"),
            (SuccessOutcome, "Forecast error below 10 %"),
            (BuyingReason, "Need it before the audit"),
            (BuyingReason, "Renewal of the old tool"),
            (FirstValue, "Close the month in ten days instead of four"),
            (SuccessOutcome, "Close the month in ten days instead of four"),
            (BuyingReason, "Manual spreadsheets lose orders"),
            (BuyingReason, "The RevOps lead wants one forecast"),
            (BuyingReason, "Competitor was discontinued, contracts move"),
            (FirstValue, "Weekly call uses the dashboard"),
            (BuyingReason, "Prüfung im März"),
            (SuccessOutcome, "Zwei Systeme ablösen"),
            (BuyingReason, "Zwei Systeme ablösen"),
            (BuyingReason, "Lizenz läuft aus"),
            (BuyingReason, "Excel im Controlling ersetzen"),
            (SuccessOutcome, "Excel im Controlling ersetzen"),
            (BuyingReason, "Clôture en retard chaque mois"),
            (BuyingReason, "Échéance du contrat"),
            (BuyingReason, "El contrato vence"),
            (BuyingReason, "Auditoría pendiente"),
            (BuyingReason, "Cierre lento y con errores manuales"),
            (BuyingReason, "Auditoria externa"),
            (BuyingReason, "Planilhas com erros no estoque"),
            (BuyingReason, "Contract verloopt"),
            (BuyingReason, "Handmatige planning kost orders"),
            (BuyingReason, "レポートが必要"),
            (BuyingReason, "Им нужна отчётность"),
        ];
        let wrong: Vec<_> =
            texts.into_iter().filter(|(section, text)| flagged(*section, text).is_some()).collect();
        assert_eq!(wrong, []);
    }

    #[test]
    fn a_sign_of_substance_alone_is_no_answer() {
        let texts = [
            "1",
            "12",
            "#12",
            "v2",
            "abc123",
            "7 %",
            "Q3",
            "SAP",
            "2027-01-15",
            "deadline driven",
            "Great team, talk to Sarah",
            "Better reporting for Sarah",
            "The CFO needs reporting",
            "Reporting for Q3",
            "Board meeting needs better data",
            "Vertriebsleiterin will Reporting",
            "La directora quiere informes",
            "O diretor quer relatórios",
            "De teamleider wil inzicht",
        ];
        let missed = |section| move |text: &&str| flagged(section, text).is_none();
        for section in [SectionName::BuyingReason, SectionName::SuccessOutcome] {
            assert_eq!(texts.into_iter().filter(missed(section)).collect::<Vec<_>>(), [""; 0], "{section:?}");
        }
    }

    #[test]
    fn a_bare_name_or_number_answers_nothing() {
        use SectionName::{BuyingReason, FirstValue, Promises, Risks, SuccessOutcome};
        let everywhere = [
            "Sarah Lind",
            "Nadine Brückner",
            "Théo Marchetti",
            "Lucía Prieto",
            "Joaquim Bastos",
            "Femke de Wit",
            "Dr. Oduya",
            "Sarah Lind, Tom Roy",
            "Fernbach GmbH",
            "Grupo Almenar",
            "17",
        ];
        let missed = |section| move |text: &&str| flagged(section, text).is_none();
        for section in [BuyingReason, SuccessOutcome, Promises, Risks, FirstValue] {
            assert_eq!(
                everywhere.into_iter().filter(missed(section)).collect::<Vec<_>>(),
                [""; 0],
                "{section:?}"
            );
        }
    }

    #[test]
    fn a_promise_without_a_thing_promised_is_vague_in_every_language() {
        let texts = [
            "We said we would make it work for them",
            "Great support and fast answers",
            "Everything they saw in the presentation",
            "Wir haben zugesagt, dass es klappt",
            "Alles, was wir in den Terminen gezeigt haben",
            "Un accompagnement de qualité tout au long du projet",
            "Nous leur avons dit que tout irait bien",
            "Quelques gestes commerciaux en fin de négociation",
            "Acompañamiento cercano y buen servicio",
            "Les dijimos que todo iba a salir bien",
            "Atendimento próximo e suporte de qualidade",
            "Falamos que ia dar tudo certo",
            "Goede begeleiding en korte lijnen",
            "We hebben gezegd dat het goed komt",
        ];
        let missed = |text: &&str| flagged(SectionName::Promises, text).is_none();
        assert_eq!(texts.into_iter().filter(missed).collect::<Vec<_>>(), [""; 0]);
    }

    #[test]
    fn an_empty_text_stays_empty_however_many_words_it_has() {
        let texts = [
            "They loved the pitch and want to start quickly after the holidays",
            "The team was really impressed by how intuitive everything looked compared to the others they saw",
            "Lange Gespräche mit allen Beteiligten, am Ende hat das Gesamtpaket einfach am besten gepasst",
            "Très bonne dynamique depuis le premier rendez-vous, ils sont alignés avec notre vision",
            "Se ha generado mucha confianza durante todo el proceso y quieren avanzar cuanto antes",
            "Prettig contact gehad met iedereen, ze zijn er helemaal klaar voor om samen aan de slag te gaan",
            "Tivemos ótimas reuniões, eles acreditam muito na parceria e querem crescer com a gente",
        ];
        for text in texts {
            assert_eq!(flagged(SectionName::BuyingReason, text), Some(RuleId::Vague), "{text}");
        }
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
            "Dashboard live in production after setup",
            "Warehouse goes live after the workshop",
            "Kickoff with the CFO on 3 Dec",
            "Training for Sarah",
            "Schulung der Anwender",
            "Formation des utilisateurs",
            "Training voor de gebruikers",
        ];
        for text in texts {
            assert_eq!(flagged(SectionName::FirstValue, text), Some(RuleId::Activity), "{text}");
        }
    }

    #[test]
    fn what_the_customer_does_is_left_alone() {
        let texts = [
            "VP Sales uses the dashboard in the weekly call within 21 days",
            "After training, the team runs its first forecast",
            "First invoice sent by 12 Dec",
            "Sarah presents the report to the board",
            "Ops books all shipments in the tool after onboarding",
            "12 planners work in the tool by 12 Dec",
            "First payroll without Excel by 31 Dec",
            "Forecast error below 10 %",
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
        ];
        for text in texts {
            assert_eq!(flagged(SectionName::FirstValue, text), None, "{text}");
        }
    }

    #[test]
    fn a_ticked_promise_or_risk_is_an_answer() {
        for section in [SectionName::Promises, SectionName::Risks] {
            assert_eq!(says(section, "Good support").ticks(section, &["Data quality"]).gap("vague"), None);
        }
    }

    #[test]
    fn a_mapping_can_switch_the_judgement_off_for_a_section() {
        let deal = says(SectionName::BuyingReason, "Excited account.").unjudged(SectionName::BuyingReason);
        assert_eq!(deal.gap("vague"), None);
        let deal = says(SectionName::BuyingReason, "TBD").unjudged(SectionName::BuyingReason);
        assert!(deal.gap("placeholder").is_some());
    }

    #[test]
    fn one_concrete_entry_makes_the_section_concrete() {
        let deal = says(SectionName::BuyingReason, "Great fit")
            .writes(SectionName::BuyingReason, "Contract with the old vendor ends 31 March");
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
    fn the_evidence_quotes_the_text_and_the_words_that_weighed_most() {
        let gap = says(SectionName::BuyingReason, "Excited account.").gap("vague").unwrap();
        insta::assert_snapshot!(gap.evidence(), @r#"deal.handoff_buying_reason says "Excited account." ("Excited", "account"); an answer names what happened at the customer, and by when it must change"#);
        let gap = says(SectionName::FirstValue, "Kickoff call").gap("activity").unwrap();
        insta::assert_snapshot!(gap.evidence(), @r#"deal.handoff_first_value says what we do ("Kickoff"), not what they do; an answer names who of theirs does what, by when"#);
        insta::assert_snapshot!(gap.question(), @"What will the customer do with it that they cannot do today?");
    }
}
