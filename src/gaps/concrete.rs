//! Signs that a text says something that can be checked: numbers, days, people, job titles, named events.

use crate::packet::SectionName;

use super::Evidence;
use crate::dates::written as calendar;
use crate::text::tokens::{Vocabulary, Words};

/// Job titles, and the words for the people who use what was sold.
static TITLES: Vocabulary = Vocabulary::new(&[
    "ceo, cfo, coo, cto, cio, cmo, cro, cco, cpo, cso, ciso, cdo, chro, vp, svp, evp, avp, md, gm, president, vice president, chief, \
     director, head, head of, lead, leads, leader, manager, managers, supervisor, owner, founder, cofounder, partner in charge, \
     controller, controllers, accountant, accountants, buyer, analyst, analysts, admin, admins, administrator, engineer, engineers, \
     architect, developer, developers, consultant, coordinator, specialist, sponsor, champion, operator, evaluator, blocker, \
     procurement, legal, revops, rev ops, sales ops, reps, rep, sdr, sdrs, bdr, ae, aes, csm, csms, recruiter, recruiters, dispatcher, \
     planner, planners, nurse, nurses, teacher, teachers, technician, technicians, works council, board, management board, \
     finance team, sales team, support team, it team, ops team, marketing team, end users, key users, power users",
    "leiter, leiterin, chef, chefin, geschäftsführer, geschäftsführerin, geschäftsführung, vorstand, vorständin, direktor, \
     direktorin, bereichsleiter, abteilungsleiter, teamleiter, inhaber, inhaberin, einkauf, einkäufer, betriebsrat, \
     sachbearbeiter, sachbearbeiterin, disponent, disponenten, anwender, key user, buchhalter, buchhaltung, fachbereich, \
     projektleiter, projektleiterin, datenschutzbeauftragte, datenschutzbeauftragter, controller, vertriebler, schichtleiter",
    "directeur, directrice, responsable, chef de projet, pdg, daf, dsi, drh, rssi, dg, gérant, gérante, président, présidente, comptable, \
     comptables, acheteur, achats, contrôleur, utilisateurs, commerciaux, équipe commerciale, dpo, cse",
    "director, directora, gerente, gerentes, jefe, jefa, responsable, encargado, encargada, presidente, presidenta, consejero delegado, \
     comprador, contable, contables, usuarios, comerciales, vendedores, dueño, dueña",
    "diretor, diretora, gerente, coordenador, coordenadora, chefe, responsável, presidente, sócio, sócia, comprador, contador, \
     usuários, utilizadores, vendedores, analista, analistas",
    "directeur, directrice, manager, teamleider, afdelingshoofd, hoofd, inkoper, inkoop, eigenaar, bestuur, beheerder, gebruikers, \
     boekhouder, ondernemingsraad, planner, verkopers",
]);

/// Endings of German and Dutch compounds that name a job: Vertriebsleiterin, Werksleiter, teamleider.
const TITLE_ENDINGS: [&str; 7] =
    ["leiter", "leiterin", "leitung", "leider", "beauftragter", "beauftragte", "referent"];

/// Events that happen on a day, and deadlines that force one.
static EVENTS: Vocabulary = Vocabulary::new(&[
    "kickoff, kick-off, go-live, golive, renewal, renewals, expiry, expires, expired, expiring, deadline, audit, audits, auditor, auditors, \
     board meeting, board, qbr, ipo, funding round, series a, series b, series c, merger, acquisition, acquired, spin-off, carve-out, \
     tender, rfp, migration, sunset, end of life, eol, end of support, contract end, contract ends, contract expired, \
     fiscal year, year-end, year end, month-end, month end, quarter-end, quarter end, quarter, peak season, season, black friday, \
     trade show, conference, summit, launch, relaunch, rollout, roll-out, inspection, certification, recertification, \
     reorg, restructuring, layoffs, hiring freeze, breach, outage, incident, fine, fined, lawsuit, regulation, \
     weekly call, weekly meeting, monthly call, monthly meeting, forecast call, pipeline review, standup, all-hands, offsite, sko",
    "vertragsende, vertragsverlängerung, verlängerung, kündigung, gekündigt, abgelaufen, läuft aus, laufzeitende, frist, stichtag, wirtschaftsprüfung, \
     prüfung, betriebsprüfung, jahresabschluss, jahresende, quartal, quartalsende, monatsabschluss, monatsende, geschäftsjahr, \
     vorstandssitzung, aufsichtsrat, aufsichtsratssitzung, beiratssitzung, messe, ausschreibung, übernahme, fusion, zertifizierung, \
     einführung, produktivstart, inventur, saisonstart, ausfall, umzug, umstellung, ablösung, abschaltung, budgetende, auditor",
    "renouvellement, échéance, fin de contrat, audit, clôture, fin d'année, fin de trimestre, trimestre, exercice fiscal, \
     conseil d'administration, comité de direction, codir, comex, appel d'offres, salon, rachat, fusion, acquisition, levée de fonds, \
     certification, mise en service, mise en production, lancement, rentrée, panne, résiliation, inspection",
    "renovación, vencimiento, vence, fin de contrato, auditoría, cierre, cierre fiscal, cierre de mes, fin de año, trimestre, consejo, \
     junta directiva, comité de dirección, licitación, feria, adquisición, fusión, certificación, lanzamiento, puesta en producción, \
     arranque, inspección, ronda de inversión, temporada alta, caída, multa",
    "renovação, vencimento, vence, fim de contrato, fim do contrato, auditoria, fechamento, fechamento do mês, fim de ano, trimestre, \
     conselho, reunião do conselho, licitação, feira, aquisição, fusão, certificação, lançamento, entrada em produção, inspeção, \
     rodada de investimento, multa, alta temporada",
    "verlenging, contracteinde, einde contract, opzegging, opgezegd, verloopt, deadline, jaarafsluiting, jaareinde, kwartaal, \
     maandafsluiting, boekjaar, raad van bestuur, directievergadering, aanbesteding, beurs, overname, fusie, certificering, \
     livegang, lancering, keuring, storing, boete, hoogseizoen",
]);

/// Numbers in words.
static NUMBERS: Vocabulary = Vocabulary::new(&[
    "two, three, four, five, six, seven, eight, nine, ten, eleven, twelve, twenty, thirty, fifty, hundred, thousand, million, \
     half, double, twice, triple, third, daily, weekly, monthly, quarterly, hours, per day, per week",
    "zwei, drei, vier, fünf, sechs, sieben, acht, neun, zehn, zwölf, zwanzig, dreißig, hundert, tausend, million, halbieren, hälfte, \
     verdoppeln, doppelt, täglich, wöchentlich, monatlich, stunden",
    "deux, trois, quatre, cinq, huit, neuf, dix, douze, vingt, trente, cent, mille, moitié, doubler, quotidien, hebdomadaire, \
     mensuel, heures",
    "dos, tres, cuatro, cinco, seis, siete, ocho, nueve, diez, doce, veinte, treinta, cien, mil, mitad, duplicar, diario, semanal, \
     mensual, horas",
    "dois, duas, três, quatro, sete, oito, nove, dez, doze, vinte, trinta, cem, metade, dobrar, diário, semanalmente, mensalmente",
    "twee, drie, vijf, zes, zeven, acht, negen, tien, twaalf, twintig, dertig, honderd, duizend, helft, verdubbelen, dagelijks, \
     wekelijks, maandelijks, uur",
]);

/// Whether a text holds anything that can be checked.
pub(super) fn is_concrete(words: &Words, evidence: &Evidence<'_>) -> bool {
    words.iter().any(|word| word.chars().any(char::is_numeric))
        || calendar::names_a_day_or_month(words)
        || NUMBERS.found_in(words)
        || EVENTS.found_in(words)
        || names_a_role(words)
        || names_a_contact(words, evidence)
}

/// Whether a job title or another word for the customer's people stands in the text.
pub(super) fn names_a_role(words: &Words) -> bool {
    TITLES.found_in(words)
        || words.iter().any(|word| TITLE_ENDINGS.iter().any(|ending| word.ends_with(ending)))
}

/// Whether a person stands in the text that the CRM lists on this deal.
pub(super) fn names_a_contact(words: &Words, evidence: &Evidence<'_>) -> bool {
    let shown = evidence.sections.get(&SectionName::Stakeholders);
    let shown = shown.into_iter().flat_map(|section| &section.people).map(|person| person.name.clone());
    let listed = evidence.record.contacts.iter().filter_map(crate::record::Contact::name);
    shown.chain(listed).take(MOST_CONTACTS).any(|name| {
        let name = Words::of(&name);
        name.iter().any(|part| part.chars().count() > 2 && words.iter().any(|word| word == part))
    })
}

/// Contacts that are looked for in a text.
const MOST_CONTACTS: usize = 50;
