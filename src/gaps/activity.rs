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

/// Words for what a vendor does.
static OUR_WORK: Vocabulary = Vocabulary::new(&[
    "kickoff, kick-off, onboarding, onboard, training, trainings, train, implementation, implement, setup, set up, set-up, \
     workshop, workshops, walkthrough, walk-through, demo, webinar, installation, install, configuration, configure, \
     provisioning, provision, deployment, deploy, enablement, welcome call, welcome email, intro call, introduction call, \
     onboarding call, kickoff meeting, discovery workshop, project plan, handover, handover call, account setup, integration",
    "Auftakt, Kick-off-Termin, Kickoff-Termin, Auftakttermin, Schulung, Schulungen, schulen, Einweisung, Einführung, Einrichtung, \
     einrichten, Implementierung, implementieren, Installation, installieren, Konfiguration, konfigurieren, Begrüßung, \
     Projektstart, Einarbeitung, Anbindung",
    "formation, formations, former, lancement, réunion de lancement, atelier, ateliers, mise en place, mise en œuvre, \
     installation, paramétrage, paramétrer, configuration, intégration, déploiement, accompagnement, prise en main",
    "formación, capacitación, capacitar, reunión de arranque, reunión inicial, taller, talleres, implantación, implementación, \
     instalación, configuración, configurar, puesta en marcha, integración, despliegue",
    "formação, treinamento, treinar, reunião inicial, reunião de kickoff, oficina, implantação, implementação, instalação, \
     configuração, configurar, integração, parametrização",
    "opleiding, trainen, kennismaking, startbijeenkomst, implementatie, implementeren, inrichting, inrichten, installatie, \
     configuratie, instructie, uitrol",
]);

/// Words for what a customer does or has when it works.
static THEIR_WORK: Vocabulary = Vocabulary::new(&[
    "use, uses, used, using, run, runs, running, see, sees, send, sends, sent, build, builds, built, create, creates, created, \
     publish, publishes, published, report, reports, reported, present, presents, presented, decide, decides, approve, approves, approved, \
     replace, replaces, replaced, closes, closed, import, imports, imported, submit, submits, submitted, book, books, booked, \
     plans, forecast, forecasts, reviews, reviewed, log in, logs in, work in, works in, work with, works with, \
     complete, completes, completed, processes, processed, ship, ships, shipped, launch, launches, launched, hire, hires, \
     save, saves, saved, reduce, reduces, reduced, cuts, stop, stops, switch, switches, adopt, adopts, go live, goes live, live, \
     in production, in use, productive, read, reads, open, opens, share, shares, shared, export, exports, answer, answers, resolve, resolves, \
     schedule, schedules, track, tracks, receive, receives, sign, signs, pay, pays, checks, manage, manages, handle, handles",
    "nutzt, nutzen, verwendet, verwenden, benutzt, benutzen, sieht, sehen, arbeitet, arbeiten, erstellt, erstellen, verschickt, \
     verschicken, versendet, bucht, buchen, plant, planen, prüft, prüfen, entscheidet, entscheiden, genehmigt, genehmigen, ersetzt, \
     ersetzen, schließt, schließen, meldet, melden, spart, sparen, reduziert, läuft, laufen, live, produktiv, im Einsatz, liest, \
     steuert, steuern, zeigt, präsentiert, importiert, exportiert, bearbeitet, bearbeiten, veröffentlicht, gibt frei, abgelöst",
    "utilise, utilisent, voit, voient, envoie, envoient, crée, créent, travaille, travaillent, publie, publient, décide, décident, valide, \
     valident, remplace, remplacent, clôture, présente, présentent, pilote, pilotent, suit, suivent, traite, traitent, économise, \
     réduit, réduisent, en production, en service, en ligne, consulte, consultent, saisit, saisissent, importe, exporte",
    "usa, usan, utiliza, utilizan, ve, ven, envía, envían, crea, crean, trabaja, trabajan, publica, publican, decide, deciden, aprueba, \
     aprueban, reemplaza, sustituye, cierra, cierran, presenta, presentan, revisa, revisan, gestiona, gestionan, ahorra, reduce, reducen, \
     en producción, en uso, consulta, consultan, importa, exporta",
    "usam, utilizam, vê, veem, envia, enviam, cria, criam, trabalha, trabalham, publicam, decidem, aprova, aprovam, substitui, fecha, \
     fecham, apresenta, apresentam, revisam, gerencia, economiza, reduz, em produção, em uso, consultam, no ar",
    "gebruikt, gebruiken, ziet, zien, stuurt, sturen, verstuurt, maakt, maken, werkt, werken, publiceert, beslist, keurt goed, vervangt, \
     sluit, presenteert, controleert, plant, plannen, bespaart, vermindert, in productie, in gebruik, leest, boekt, boeken, verwerkt",
]);

/// Small words, and words that go with a meeting or a project.
static AROUND: Vocabulary = Vocabulary::new(&[
    "the, a, an, and, or, of, to, for, in, on, at, with, by, from, we, our, us, is, are, will, be, do, first, start, begin, then, plus, call, \
     meeting, session, sessions, project, phase, customer, client, them, they, their, new, full, initial, technical, product, platform, system, \
     account, day, days, week, weeks, month, within, next, after, before, until, end, planned, scheduled, remote, onsite, on site, online",
    "der, die, das, den, dem, des, ein, eine, einen, einer, und, oder, mit, für, im, in, am, an, auf, von, vom, zum, zur, bis, nach, vor, wir, unser, \
     unsere, wird, werden, erste, erster, ersten, erstes, Termin, Kunde, Kunden, Projekt, Woche, Wochen, Tag, Tage, Tagen, Monat, gemeinsam, vor Ort, dann",
    "le, la, les, l, un, une, des, du, de, d, et, ou, avec, pour, en, au, aux, à, sur, par, nous, notre, sera, premier, première, réunion, client, clients, \
     projet, semaine, semaines, jour, jours, mois, sous, avant, après, puis, prévue",
    "el, los, las, una, unos, del, y, o, con, para, al, por, nosotros, nuestro, será, primer, primera, reunión, cliente, clientes, proyecto, semana, \
     semanas, día, días, mes, antes, después, luego",
    "os, as, um, uma, do, da, dos, das, e, com, no, na, ao, nós, nosso, primeiro, primeira, reunião, projeto, dia, dias, mês, depois",
    "het, een, van, en, met, voor, op, bij, te, tot, wij, we, onze, eerste, klant, klanten, project, week, weken, dag, dagen, maand, daarna, sessie",
]);

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
