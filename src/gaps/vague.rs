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

/// Small words.
static SMALL: Vocabulary = Vocabulary::new(&[
    "the, a, an, and, or, but, of, to, for, in, on, at, with, by, from, as, into, about, over, across, through, than, then, that, this, these, those, \
     it, its, they, them, their, theirs, he, she, his, her, him, we, us, our, you, your, i, my, who, which, what, there, here, is, are, was, were, \
     be, been, being, am, has, have, had, having, do, does, did, will, would, can, could, should, may, might, must, not, no, s, t, re, ve, ll, don, \
     very, really, so, too, also, just, quite, more, most, much, many, all, some, any, every, whole, overall, lot, lots, up, out, if, when, because, \
     now, currently, already, still, again, other, own, one, both, etc",
    "der, die, das, den, dem, des, ein, eine, einen, einem, einer, eines, und, oder, aber, von, vom, zu, zum, zur, für, in, im, an, am, auf, aus, mit, \
     bei, nach, über, um, durch, als, wie, dass, diese, dieser, dieses, es, er, sie, ihr, ihre, ihren, ihrem, ihrer, wir, uns, unser, unsere, unserem, \
     unserer, unseren, ich, man, wer, was, ist, sind, war, waren, sein, hat, haben, hatte, hatten, wird, werden, wurde, kann, können, konnte, soll, \
     sollen, muss, müssen, nicht, kein, keine, sehr, so, auch, noch, nur, mehr, viel, viele, alle, alles, etwas, ganz, gerade, aktuell, schon, weil, sich",
    "le, la, les, l, un, une, des, du, de, d, et, ou, mais, à, au, aux, en, dans, sur, sous, avec, pour, par, que, qui, qu, ce, cette, ces, c, il, elle, ils, \
     elles, on, nous, notre, nos, leur, leurs, son, sa, ses, y, est, sont, était, être, a, ont, avait, avoir, fait, peut, doit, ne, n, pas, très, plus, aussi, \
     tout, tous, toute, toutes, bien, se, s, j, je, mon",
    "el, la, lo, los, las, un, una, unos, unas, y, o, pero, de, del, a, al, en, con, por, para, que, se, su, sus, nos, nuestro, nuestra, les, le, es, son, era, \
     está, están, estaba, ser, estar, ha, han, tiene, tienen, hay, no, muy, más, también, todo, todos, toda, todas, mucho, muchos, este, esta, esto, como, ya",
    "o, os, as, um, uma, e, ou, mas, do, da, dos, das, ao, à, em, no, na, nos, nas, com, por, para, que, se, seu, sua, seus, suas, nosso, nossa, eles, elas, ele, \
     ela, é, são, foi, era, ser, estar, está, estão, tem, têm, há, não, muito, mais, também, tudo, todos, toda, este, esta, isso, já",
    "de, het, een, en, of, maar, van, te, ten, ter, voor, in, op, aan, met, bij, naar, door, om, over, als, dat, die, dit, deze, ze, zij, hij, hun, hen, wij, we, \
     ons, onze, er, is, zijn, was, waren, heeft, hebben, had, wordt, worden, kan, kunnen, moet, moeten, zal, niet, geen, heel, erg, zeer, ook, nog, meer, veel, alle, alles",
]);

/// Words of sales talk that fit every customer.
static STOCK: Vocabulary = Vocabulary::new(&[
    "excited, exciting, excitement, happy, pleased, keen, eager, interested, interest, enthusiastic, motivated, positive, friendly, committed, engaged, warm, hot, \
     great, good, nice, best, better, excellent, amazing, awesome, perfect, ideal, strong, super, cool, right, fit, match, account, customer, customers, client, \
     clients, prospect, lead, company, business, organisation, organization, firm, enterprise, people, everyone, everybody, contact, main, user, users, team, teams, \
     product, products, solution, solutions, platform, tool, tools, tooling, software, system, systems, service, services, app, application, technology, tech, feature, features, \
     functionality, need, needs, needed, want, wants, wanted, require, requires, required, requirement, requirements, looking, look, look for, seek, seeking, like, likes, liked, \
     love, loves, loved, prefer, prefers, preferred, choose, chose, chosen, decided, decide, trust, trusted, believe, hope, expect, improve, improves, improved, \
     improving, improvement, improvements, increase, increased, optimise, optimize, optimised, optimized, optimisation, optimization, enhance, boost, grow, growing, \
     growth, scale, scaling, scalable, scalability, succeed, success, successful, succesful, value, benefit, benefits, roi, efficiency, efficiencies, efficient, efficiently, \
     effective, effectiveness, productivity, productive, transparency, visibility, insight, insights, overview, control, clarity, data, reporting, report, reports, \
     analytics, analysis, dashboard, dashboards, kpi, kpis, information, process, processes, workflow, workflows, automation, automate, automated, automating, digital, \
     digitise, digitize, digitalisation, digitalization, digitization, transform, transformation, innovation, innovative, modern, modernise, modernize, easy, easier, ease, \
     simple, simpler, simplify, quality, performance, performant, results, result, outcome, outcomes, goal, goals, objective, objectives, thing, things, stuff, support, \
     relationship, price, prices, pricing, cheap, cheaper, cost, costs, save, saving, savings, money, budget, time, fast, faster, quick, quickly, quicker, flexible, \
     flexibility, strategic, strategy, partner, partnership, future, new, important, big, huge, potential, opportunity, deal, buy, bought, purchase, ready, start, \
     started, get, getting, make, making, help, helps, helped, work, works, working, use, using, used, adopt, adoption, roll, move, moving, forward, next, level, smooth, smoothly, \
     experience, satisfied, satisfaction, confident, impressed, convinced, competitive, alternative, integrated, reliable, reliability, secure",
    "begeistert, begeisterter, begeisterte, zufrieden, glücklich, interessiert, interesse, motiviert, gut, gute, guter, gutes, guten, besser, bessere, besseres, besseren, \
     besserer, beste, besten, toll, tolle, tolles, super, perfekt, passt, passend, optimal, kunde, kunden, kundin, firma, unternehmen, team, teams, mitarbeiter, leute, nutzer, \
     produkt, produkte, lösung, lösungen, plattform, software, system, systeme, werkzeug, service, funktion, funktionen, braucht, brauchen, benötigt, benötigen, \
     will, wollen, wollten, möchte, möchten, sucht, suchen, wünscht, wünschen, bedarf, anforderungen, mag, mögen, gefällt, überzeugt, entschieden, vertrauen, verbessern, \
     verbesserung, verbesserte, steigern, steigerung, erhöhen, optimieren, optimierung, wachsen, wachstum, skalieren, skalierung, erfolg, erfolgreich, mehrwert, nutzen, vorteile, effizienz, \
     effizient, effizienter, effizientere, produktivität, transparenz, sichtbarkeit, übersicht, überblick, daten, auswertung, auswertungen, bericht, berichte, \
     berichtswesen, reporting, analyse, analysen, kennzahlen, prozess, prozesse, prozessen, abläufe, automatisieren, automatisierung, digitalisierung, digitalisieren, modernisierung, modern, einfach, \
     einfacher, qualität, leistung, ergebnis, ergebnisse, ziel, ziele, unterstützung, zusammenarbeit, beziehung, preis, preise, günstig, günstiger, kosten, sparen, einsparen, \
     geld, zeit, schnell, schneller, flexibel, strategisch, strategische, partner, partnerschaft, zukunft, neu, neue, neues, neuen, wichtig, groß, potenzial, starten, arbeiten, verwenden, kundenzufriedenheit, zufriedenheit",
    "enthousiaste, enthousiastes, content, contents, satisfait, satisfaits, ravi, ravis, intéressé, intéressés, motivé, motivés, intérêt, bon, bonne, bons, meilleur, \
     meilleure, meilleurs, meilleures, mieux, super, parfait, idéal, client, clients, compte, entreprise, société, équipe, équipes, gens, utilisateur, produit, solution, \
     solutions, plateforme, outil, outils, logiciel, système, service, besoin, besoins, veut, veulent, souhaite, souhaitent, cherche, cherchent, recherche, aime, aiment, \
     adore, préfère, choisi, confiance, améliorer, amélioration, augmenter, optimiser, optimisation, croissance, croître, grandir, réussir, succès, valeur, efficacité, efficace, \
     productivité, transparence, visibilité, suivi, données, reporting, rapport, rapports, analyse, analyses, tableaux, tableau, bord, indicateurs, processus, automatiser, \
     automatisation, digitalisation, transformation, innovation, moderne, modernisation, simple, simplifier, facile, qualité, performance, performances, résultat, résultats, objectif, objectifs, \
     accompagnement, relation, prix, moins, cher, coût, coûts, économies, économiser, argent, temps, gagner, gain, rapide, rapidement, flexible, stratégique, partenaire, partenariat, avenir, \
     nouveau, nouvelle, important, potentiel, bonne, adéquation, avancer",
    "contento, contentos, contenta, satisfecho, satisfechos, encantado, encantados, interesado, interesados, interesada, motivado, motivados, entusiasmado, entusiasmados, interés, buen, buena, \
     bueno, mejor, mejores, perfecto, ideal, cliente, clientes, cuenta, empresa, compañía, equipo, equipos, gente, usuario, producto, solución, soluciones, plataforma, herramienta, \
     herramientas, software, sistema, servicio, necesita, necesitan, necesidad, quiere, quieren, busca, buscan, desea, desean, gusta, gustó, prefiere, eligió, confianza, mejorar, mejora, \
     aumentar, optimizar, optimización, crecer, crecimiento, escalar, éxito, valor, eficiencia, eficiente, productividad, transparencia, visibilidad, control, datos, informes, informe, \
     reportes, reporting, análisis, indicadores, proceso, procesos, automatizar, automatización, digitalización, transformación, innovación, moderno, simple, sencillo, fácil, calidad, \
     rendimiento, resultado, resultados, objetivo, objetivos, apoyo, relación, precio, precios, barato, coste, costes, costo, costos, ahorrar, ahorro, dinero, tiempo, rápido, flexible, estratégico, \
     socio, futuro, nuevo, nueva, importante, potencial, trabajar, usar",
    "animado, animados, satisfeito, satisfeitos, interessado, interessados, bom, boa, melhor, melhores, melhorar, melhoria, perfeito, conta, equipe, equipa, equipes, pessoas, produto, solução, \
     soluções, ferramenta, ferramentas, serviço, precisa, precisam, necessidade, quer, querem, procura, procuram, gostou, gostaram, gosta, prefere, escolheu, confiança, otimizar, otimização, \
     crescimento, sucesso, eficiência, produtividade, transparência, visibilidade, controle, dados, relatório, relatórios, análise, processo, processos, automação, digitalização, \
     transformação, inovação, fácil, qualidade, desempenho, resultado, resultados, meta, metas, apoio, preço, preços, custo, custos, economizar, economia, dinheiro, tempo, rápido, estratégico, \
     parceiro, parceria, novo, nova, usuário, empolgado, empolgados, entusiasmado",
    "enthousiast, enthousiaste, blij, tevreden, geïnteresseerd, gemotiveerd, interesse, goed, goede, beter, betere, beste, mooi, leuk, perfect, klant, klanten, bedrijf, organisatie, mensen, \
     gebruiker, oplossing, oplossingen, platform, tool, systeem, dienst, nodig, behoefte, wil, willen, zoekt, zoeken, wenst, vindt, vinden, kiest, kozen, vertrouwen, verbeteren, verbetering, \
     verhogen, optimaliseren, groei, groeien, schalen, succes, waarde, efficiëntie, efficiënt, efficiënter, productiviteit, transparantie, inzicht, inzichten, overzicht, grip, controle, data, \
     gegevens, rapportage, rapportages, rapport, rapporten, analyse, proces, processen, automatiseren, automatisering, digitalisering, digitaliseren, innovatie, eenvoudig, makkelijk, makkelijker, \
     kwaliteit, prestaties, resultaat, resultaten, doel, doelen, ondersteuning, samenwerking, relatie, prijs, goedkoper, goedkoop, kosten, besparen, besparing, geld, tijd, snel, sneller, flexibel, \
     strategisch, toekomst, nieuw, nieuwe, belangrijk, werken, gebruiken",
]);

/// Words that name a problem: a reason, even without a number.
static PROBLEM: Vocabulary = Vocabulary::new(&[
    "poor, slow, slowly, manual, manually, broken, missing, lost, losing, loses, wrong, late, delayed, delay, delays, error, errors, inaccurate, incomplete, outdated, \
     legacy, spreadsheet, spreadsheets, excel, churn, downtime, fragmented, scattered, silos, siloed, duplicate, duplicates, bottleneck, backlog, fails, failed, failing, failure, overdue, \
     discontinued, replace, replaces, replacing, compliance, unreliable, blind, wasted",
    "schlecht, schlechte, langsam, manuell, manuelle, händisch, fehlt, fehlen, fehlende, verloren, falsch, spät, verspätet, verzögert, fehler, fehlerhaft, veraltet, altsystem, excel, \
     unvollständig, doppelt, doppelte, engpass, rückstand, ausfälle, überfällig, eingestellt, ersetzen",
    "lent, lente, lents, manuel, manuelle, manuels, manque, perdu, perdus, perte, faux, retard, retards, erreur, erreurs, obsolète, dispersé, dispersées, doublons, remplacer, mauvaise",
    "lento, lenta, manual, manuales, falta, faltan, perdido, perdida, pérdida, errores, error, retraso, retrasos, obsoleto, duplicados, disperso, dispersos, reemplazar, mala",
    "lenta, manuais, perdidos, perda, erro, erros, atraso, atrasos, desatualizado, planilhas, planilha, ruim, substituir",
    "traag, trage, handmatig, handmatige, ontbreekt, ontbreken, verloren, fout, fouten, te laat, vertraging, verouderd, verouderde, versnipperd, vervangen, slecht, slechte",
]);

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
    // Without a day the question is "by when" anyway; asking twice helps nobody.
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
