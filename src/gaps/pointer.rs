//! Pointers where an answer should be: "see call notes", "ask Peter".

use std::sync::LazyLock;

use crate::text::tokens::{Vocabulary, Words};

/// What opens a pointer to somewhere else.
static SEE: Vocabulary = Vocabulary::new(&[
    "see, please see, pls see, check, please check, refer to, look at, cf, per, as per, all in, it's in, it's all in, in, \
     documented in, as discussed in, as discussed on, captured in, from",
    "siehe, s, bitte siehe, vgl, steht in, steht im, steht alles in, in, im, liegt in",
    "voir, cf, se référer à, consulter, c'est dans, dans",
    "ver, véase, vea, está en, en, consultar, revisar",
    "ver, veja, vide, está em, está no, está nas, em, no, nas, consultar",
    "zie, bekijk, staat in, in, check",
]);

/// Where a pointer points, and the small words around it.
static PLACES: Vocabulary = Vocabulary::new(&[
    "call, calls, notes, note, meeting, meetings, minutes, transcript, recording, recordings, gong, chorus, fireflies, modjo, \
     zoom, teams, loom, email, emails, e-mail, e-mails, mail, mails, thread, slack, chat, crm, hubspot, salesforce, deal, \
     description, comment, comments, activity, activities, timeline, history, log, attached, attachment, attachments, doc, docs, \
     document, documents, deck, slides, sheet, spreadsheet, notion, confluence, drive, folder, file, files, proposal, offer, \
     quote, contract, sow, msa, rfp, order form, mutual action plan, map, above, below, field, fields, here, there, elsewhere, \
     discovery, demo, handover, link, page, record, ticket, opportunity, opp",
    "the, my, our, last, latest, previous, first, all, from, for, in, on, of, and, it, details, please, sales",
    "Notiz, Notizen, Gesprächsnotiz, Gesprächsnotizen, Telefonnotiz, Protokoll, Gespräch, Anruf, Aufzeichnung, Anhang, \
     Vertrag, Angebot, Beschreibung, Kommentar, Kommentare, Verlauf, Dokument, Unterlagen, oben, unten, Anlage, Ticket, \
     den, die, der, das, dem, meine, meinen, meiner, unsere, vom, im, aus, letzten, letzter, letztem, Call-Notizen",
    "notes, note, compte-rendu, compte rendu, CR, appel, appels, échange, échanges, enregistrement, pièce jointe, contrat, devis, \
     proposition, fiche, ci-dessus, ci-dessous, le, la, les, l, d, du, de, des, mes, mon, dernier, dernière, réunion, mail",
    "notas, nota, llamada, llamadas, reunión, grabación, correo, correos, adjunto, adjuntos, contrato, propuesta, oferta, \
     descripción, arriba, abajo, el, los, las, de, del, mis, última",
    "notas, ligação, chamada, reunião, gravação, anexo, contrato, proposta, descrição, acima, abaixo, o, as, os, da, do, das, minhas",
    "notities, notitie, gesprek, gespreksverslag, verslag, opname, bijlage, contract, offerte, voorstel, omschrijving, \
     boven, onder, hierboven, het, de, van, mijn, laatste",
]);

/// Pointers to a person; `*` is a name of one or two words.
const TO_A_PERSON: [&str; 36] = [
    "ask *",
    "please ask *",
    "pls ask *",
    "just ask *",
    "best ask *",
    "talk to *",
    "speak to *",
    "speak with *",
    "check with *",
    "sync with *",
    "* knows",
    "* has it",
    "* has details",
    "* has the details",
    "frag *",
    "frage *",
    "fragt *",
    "bitte * fragen",
    "* fragen",
    "bei * nachfragen",
    "bei * erfragen",
    "* weiß bescheid",
    "rücksprache mit *",
    "demander à *",
    "demandez à *",
    "voir avec *",
    "à voir avec *",
    "preguntar a *",
    "pregunta a *",
    "hablar con *",
    "perguntar ao *",
    "perguntar à *",
    "falar com *",
    "vraag *",
    "vraag het aan *",
    "navragen bij *",
];

/// Words in the longest pointer to a person.
const LONGEST: usize = 6;

/// The same patterns, folded: what stands before and after the name.
static AROUND_A_NAME: LazyLock<Vec<(String, String)>> = LazyLock::new(|| {
    let around = |pattern: &&str| {
        let (before, after) = pattern.split_once('*')?;
        Some((Words::of(before).joined().to_owned(), Words::of(after).joined().to_owned()))
    };
    TO_A_PERSON.iter().filter_map(around).collect()
});

/// The seller, when nobody writes their name.
static OUR_PEOPLE: Vocabulary = Vocabulary::new(&[
    "me, him, her, them, us, ae, sales, seller, rep, sdr, bdr, presales, mich, mir, ihn, \
     moi, lui, mí, mim, mij, vertrieb, commercial, verkoop",
]);

/// Words that follow "ask" in a real answer, or stand before "Fragen": no names.
static NOT_A_NAME: Vocabulary = Vocabulary::new(&[
    "for, about, if, whether, what, why, how, when, that, price, pricing, budget, discount, question, questions, nobody, everyone",
    "nach, ob, wie, warum, wer, alle, keiner, niemand, viele, offene, einige, technische, rechtliche, weitere, häufige",
    "naar, om, of, si, pour, qui",
]);

/// Whether a whole value points to a place: "see call notes".
pub(super) fn is_to_a_place(words: &Words) -> bool {
    let Some(mut position) = SEE.match_at(words, 0) else { return false };
    if position == words.len() {
        return false;
    }
    while position < words.len() {
        match PLACES.match_at(words, position) {
            Some(count) => position += count,
            None => return false,
        }
    }
    true
}

/// Whether a whole value points to a person: "ask Peter".
pub(super) fn is_to_a_person(words: &Words, text: &str) -> bool {
    if words.len() > LONGEST {
        return false;
    }
    AROUND_A_NAME.iter().any(|(before, after)| {
        let name =
            words.joined().strip_prefix(before.as_str()).and_then(|rest| rest.strip_suffix(after.as_str()));
        name.is_some_and(|name| {
            let stands_alone =
                (before.is_empty() || name.starts_with(' ')) && (after.is_empty() || name.ends_with(' '));
            stands_alone && is_name(name.trim(), text, after.is_empty() && !before.contains(' '))
        })
    })
}

/// One or two words that are written as names are; after a plain "ask" one word may be in lower case.
fn is_name(name: &str, text: &str, after_plain_ask: bool) -> bool {
    let has_capital = |part: &str| {
        text.split_whitespace()
            .any(|word| word.starts_with(char::is_uppercase) && Words::of(word).joined() == part)
    };
    match name.split(' ').collect::<Vec<_>>().as_slice() {
        [one] => {
            one.chars().all(char::is_alphabetic)
                && !NOT_A_NAME.lists(one)
                && (after_plain_ask || OUR_PEOPLE.lists(one) || has_capital(one))
        }
        ["the", one] => OUR_PEOPLE.lists(one),
        [first, last] => has_capital(first) && has_capital(last),
        _ => false,
    }
}
