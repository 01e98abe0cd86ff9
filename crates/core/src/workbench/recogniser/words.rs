//! What well-known fields, labels and roles are called, in several languages. The one place to add to.
//!
//! Words are compared without case, spaces, punctuation and the ending of a custom field. They stand for the whole
//! name or label, or for its beginning or end: `Success criteria` is also `Customer success criteria`. Hints are words
//! that may stand anywhere in it; a hyphen at the end stands for any ending. Fields of sales methods (MEDDIC, MEDDPICC)
//! are among them. Each list is one string, with commas between the words.

use crate::packet::{Role, SectionName};

/// The words of one list.
pub(super) fn words(list: &'static str) -> impl Iterator<Item = &'static str> + Clone {
    list.split(", ").filter(|word| !word.is_empty())
}

/// A section, what fields that answer it are called, and what hints at such a field.
pub(super) const SECTIONS: [(SectionName, &str, &str); 7] = [
    (
        SectionName::BuyingReason,
        "why now, why us, why they bought, reason to buy, buying reason, purchase reason, \
         compelling event, identify pain, identified pain, implicate the pain, primary pain, \
         pain point, pain points, win reason, won reason, closed won reason, reason won, \
         value justification, warum jetzt, kaufgrund, kaufanlass, abschlussgrund, gewinngrund, \
         pourquoi maintenant, raison d'achat, raison du gain, déclencheur d'achat, por qué ahora, \
         motivo de compra, motivo de ganancia, razón de compra, waarom nu, aankoopreden, \
         reden van aankoop, perché ora, motivo d'acquisto, porquê agora, por que agora, \
         motivo da compra, varför nu, なぜ今, 受注理由, 購入理由",
        "why, reason-, pain, pains, problem-, challenge-, trigger-, motivation, use case-, driver-, \
         description, grund, gründe, warum, anlass, herausforderung-",
    ),
    (
        SectionName::SuccessOutcome,
        "success criteria, success outcome, success metrics, success definition, desired outcome, \
         desired outcomes, business outcome, business outcomes, metrics, decision criteria, \
         customer goal, customer goals, customer objectives, erfolgskriterien, erfolgskriterium, \
         ziel des kunden, ziele des kunden, kundenziele, critères de succès, critères de réussite, \
         objectifs du client, criterios de éxito, objetivos del cliente, succescriteria, \
         doelen van de klant, criteri di successo, critérios de sucesso, framgångskriterier, 成功基準, \
         成功条件",
        "success, outcome-, objective-, goal-, metric-, kpi-, desired result-, expected result-, \
         business case, value driver-, roi, ziel, ziele, erfolg-, ergebnis-, kennzahl-",
    ),
    (
        SectionName::Stakeholders,
        "champion, economic buyer, decision maker, decision makers, executive sponsor, \
         key stakeholders, entscheider, décideur, tomador de decisiones, decisor, beslisser, 意思決定者",
        "",
    ),
    (
        SectionName::Promises,
        "promises, promises made, commitments, sales commitments, what we promised, special terms, \
         agreed terms, paper process, side agreements, zusagen, versprechen, sondervereinbarungen, \
         engagements, promesses, conditions particulières, compromisos, promesas, \
         condiciones especiales, toezeggingen, afspraken, impegni, promesse, compromissos, löften, \
         約束, 約束事項",
        "promise-, commitment-, committed, concession-, side letter, agreed, scope, next step-, zusage-, \
         zugesagt-, vereinbart-, nebenabrede-",
    ),
    (
        SectionName::Risks,
        "risk, risks, risk flags, risk notes, deal risks, blockers, concerns, objections, risiken, \
         risiko, bedenken, risques, points de vigilance, riesgos, objeciones, risico's, bezwaren, \
         rischi, riscos, risker, リスク, 懸念点",
        "risk-, concern-, objection-, blocker-, threat-, competitor-, red flag-, wettbewerb-",
    ),
    (
        SectionName::FirstValue,
        "first value, first milestone, first win, quick win, first use case, go live plan, \
         first 30 days, 30 day goal, onboarding goal, erster nutzen, erster meilenstein, \
         erster erfolg, première valeur, premier jalon, premier succès, primer valor, primer hito, \
         eerste mijlpaal, eerste resultaat, primo traguardo, primeiro marco, första värde, 最初の成果, \
         最初のマイルストーン",
        "launch, milestone, kickoff, kick off, implementation date, time to value, go live, golive, \
         inbetriebnahme, meilenstein-",
    ),
    (
        SectionName::Expansion,
        "expansion, expansion angle, expansion potential, upsell, cross sell, growth potential, \
         erweiterung, ausbaupotenzial, potentiel d'expansion, potencial de expansión, uitbreiding, \
         espansione, expansão, 拡大余地",
        "upsell-, cross sell-, future need-, roadmap, phase 2, ausbau, erweiterung-",
    ),
];

/// Words of fields that are about something else.
pub(super) const OTHER: &str =
    "lost, disqualif-, churn-, loss, unqualified, verloren-, analytics, probability";

/// What the date of first value is called.
pub(super) const FIRST_VALUE_DATES: &str = "\
    first value date, first value by, go live date, go live, target go live, launch date, \
    implementation date, first milestone date, go live datum, starttermin, einführungstermin, \
    date de mise en service, mise en service, date de mise en production, date de lancement, \
    fecha de puesta en marcha, puesta en marcha, fecha de lanzamiento, livegang, datum livegang, \
    data di avvio, data de lançamento, data de entrada em produção, driftstart, 稼働日, 本番稼働日, サービス開始日";

/// What the person in customer success is called, as a field that holds a CRM user.
pub(super) const CUSTOMER_SUCCESS: &str = "\
    customer success manager, csm, customer success owner, onboarding manager, onboarding owner, \
    implementation manager, account manager post sale, kundenbetreuer, \
    responsable de la réussite client, responsable de onboarding, implementatiemanager, カスタマーサクセス担当";

/// What the rank of a customer is called, as a pick list of the company, and its upper values.
pub(super) const TIERS: &str = "\
    customer tier, account tier, tier, segment, customer segment, account segment, kundensegment, \
    segmento, 顧客ランク";
/// See [`TIERS`].
pub(super) const UPPER_TIERS: &str =
    "enterprise, strategic, key account, tier 1, strategisch, stratégique, estratégico";

/// A role and what people in it are called. The longest word that fits decides.
pub(super) const ROLES: [(Role, &str); 5] = [
    (
        Role::Sponsor,
        "sponsor, champion, decision maker, economic buyer, economic decision maker, budget holder, \
         buyer, entscheider, budgetverantwortlicher, décideur, détenteur du budget, decisor, \
         tomador de decisiones, patrocinador, beslisser, decisore, beslutsfattare, 意思決定者, 決裁者",
    ),
    (
        Role::Operator,
        "end user, user, day to day user, business user, power user, administrator, project lead, \
         project manager, anwender, nutzer, projektleiter, utilisateur, chef de projet, usuario, \
         usuario final, jefe de proyecto, gebruiker, projectleider, utente, usuário, användare, 利用者, \
         担当者",
    ),
    (
        Role::Evaluator,
        "evaluator, technical evaluator, technical buyer, influencer, it contact, prüfer, gutachter, \
         évaluateur, évaluateur technique, influenceur, evaluador, evaluador técnico, beoordelaar, \
         valutatore, avaliador, utvärderare, 評価者",
    ),
    (
        Role::Blocker,
        "blocker, detractor, gatekeeper, legal and compliance, legal & compliance, procurement, \
         security review, blockierer, verhinderer, bloqueur, opposant, bloqueador, \
         detractor interno, tegenstander, oppositore, blockerare, 反対者",
    ),
    (
        Role::ExecutiveBacker,
        "executive sponsor, executive backer, executive, c level, geschäftsführung, \
         sponsor exécutif, direction générale, patrocinador ejecutivo, sponsor esecutivo, directie, \
         役員スポンサー",
    ),
];
