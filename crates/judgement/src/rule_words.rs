//! The words of the certain rules, in six languages.

use crate::tokens::Vocabulary;

/// Stand-ins, and words that say "not now". Compared with the whole value.
pub(crate) static STAND_INS: Vocabulary = Vocabulary::new(&[
    // Any language
    "n/a, na, n.a, n/d, nd, tbd, tba, tbc, t.b.d, t.b.a, t.b.c, todo, to do, idk, dk, null, undefined, nan, \
     x, xx, xxx, xxxx, xxxxx, y, z, abc, asd, asdf, asdfasdf, asdf asdf, asdfg, qwe, qwer, qwerty, qwertz, azerty, \
     test, testing, test test, test 123, 123 test, test1, foo, bar, foo bar, foobar, bla, blah, bla bla, blah blah, \
     blabla, lorem ipsum, lorem ipsum dolor sit amet, dummy, placeholder, sample, wip, etc, same, ok, okay",
    // English
    "to be confirmed, to be determined, to be defined, to be decided, to be discussed, to be announced, \
     to be added, to be completed, to be filled, to be filled in, to be updated, to follow, will follow, follows, \
     pending, open, still open, later, coming soon, soon, fill in later, will fill in later, fill in, fill later, \
     will update, will update later, update later, will add, will add later, add later, unknown, not known, \
     not yet known, not known yet, unclear, unsure, not sure, not sure yet, don't know, I don't know, no idea, \
     no clue, no info, no information, no details, no data, not applicable, not available, not provided, not specified, \
     not defined, not defined yet, not yet, not yet defined, not yet confirmed, not discussed, not discussed yet, \
     none provided, none given, unspecified, various, see comment, same as above, same as before, ditto, ask me, \
     ask later, call me, in my head, on it, notes, my notes, the notes, call notes, meeting notes, gong, gong call, recording, need to check, to check, will check, checking, in progress, work in progress, \
     yes and no, whatever, something, stuff, nothing to add, no comment, no comments, no notes, required field",
    // German
    "offen, noch offen, ist noch offen, folgt, folgt noch, folgt später, kommt noch, kommt später, wird nachgereicht, \
     wird noch nachgereicht, wird ergänzt, wird noch ergänzt, nachtragen, wird nachgetragen, später, unbekannt, \
     noch unbekannt, nicht bekannt, noch nicht bekannt, unklar, noch unklar, weiß nicht, weiß ich nicht, \
     keine Ahnung, keine Angabe, keine Angaben, k.A, keine Info, keine Infos, keine Information, keine Informationen, \
     nicht vorhanden, nicht verfügbar, nicht zutreffend, nicht relevant, entfällt, trifft nicht zu, noch zu klären, \
     zu klären, wird geklärt, wird noch geklärt, in Klärung, muss noch geklärt werden, noch zu definieren, \
     zu definieren, wird noch definiert, noch nicht definiert, noch nicht festgelegt, in Arbeit, in Abstimmung, \
     wie oben, siehe oben, dito, egal, tbd folgt, Platzhalter, Pflichtfeld, Notizen, meine Notizen, Gesprächsnotizen, Call-Notizen, diverses, verschiedenes",
    // French
    "à définir, reste à définir, à confirmer, reste à confirmer, à compléter, à préciser, à déterminer, à venir, à voir, \
     à remplir, à renseigner, à faire, plus tard, en attente, en cours, inconnu, inconnue, pas connu, non connu, \
     je ne sais pas, je sais pas, ne sait pas, nsp, aucune idée, aucune info, aucune information, \
     non communiqué, non renseigné, non précisé, non défini, non disponible, non applicable, s.o, sans objet, n.c, n.r, \
     pas encore, pas encore défini, pas applicable, pas d'info, pas d'information, idem, voir plus haut, divers, notes d'appel",
    // Spanish
    "por definir, por confirmar, por determinar, por completar, por rellenar, por ver, a definir, a confirmar, \
     pendiente, pendiente de definir, pendiente de confirmar, está pendiente, más tarde, después, desconocido, \
     se desconoce, no sé, no lo sé, ni idea, no aplica, no disponible, no especificado, no definido, sin definir, \
     sin confirmar, sin datos, sin información, s/d, n/s, en curso, en proceso, aún no, todavía no, ídem, ver arriba, \
     varios, notas, mis notas",
    // Portuguese
    "a completar, a preencher, a determinar, por preencher, pendente, em aberto, mais tarde, depois, desconhecido, não sei, \
     não sabemos, sem ideia, não se aplica, não aplicável, não disponível, não definido, não informado, sem informação, \
     sem dados, s/i, em andamento, em curso, ainda não, ainda não definido, idem acima, ver acima, vários, teste, \
     preencher depois",
    // Dutch
    "nog te bepalen, te bepalen, ntb, n.t.b, nog te bevestigen, te bevestigen, nog in te vullen, in te vullen, \
     nog onbekend, onbekend, niet bekend, nog niet bekend, weet ik niet, weet niet, geen idee, geen info, \
     geen informatie, nvt, n.v.t, niet van toepassing, niet beschikbaar, volgt, volgt nog, volgt later, komt nog, \
     nader te bepalen, nog open, staat nog open, in behandeling, mee bezig, zie boven, idem dito, diversen, notities, gespreksnotities",
]);

/// Stand-ins that stay what they are when a day, a person or a meeting follows: "tbd by 1 May", "folgt nach dem Kickoff".
pub(crate) static OPENERS: Vocabulary = Vocabulary::new(&[
    "tbd, tba, tbc, to be confirmed, to be determined, to be defined, to be decided, to be discussed, to be agreed, to be added, to be completed, \
     to be filled, to be filled in, to be clarified, to follow, will follow, follows, will update, will be updated, will add, will fill in, will fill this in, \
     will be defined, will be agreed, will be added, not yet defined, not defined yet, not defined, not known yet, fill in later, details to follow, details follow",
    "folgt, folgt noch, kommt noch, wird nachgereicht, wird noch nachgereicht, wird ergänzt, wird noch ergänzt, wird nachgetragen, trage ich nach, \
     reiche ich nach, ergänze ich, wird noch geklärt, wird geklärt, wird noch definiert, wird definiert, wird festgelegt, wird vereinbart, zu definieren, noch offen, noch zu klären",
    "à définir, à confirmer, à compléter, à préciser, à déterminer, à renseigner, sera défini, sera précisé, sera fixé, je complète, je compléterai, reste à définir",
    "por definir, por confirmar, por determinar, por completar, pendiente, pendiente de definir, pendiente de confirmar, se definirá, se fijará, lo completo, sin definir",
    "a definir, a confirmar, a determinar, a preencher, por preencher, pendente, será definido, definimos, completo depois, preencho",
    "nog te bepalen, te bepalen, nader te bepalen, nog te bevestigen, nog in te vullen, volgt, volgt nog, volgt later, komt nog, vul ik aan, vul ik in, wordt bepaald, wordt vastgesteld, wordt aangevuld",
]);

/// What may stand around a stand-in or a pointer without making it an answer: small words, people and meetings.
pub(crate) static AROUND: Vocabulary = Vocabulary::new(&[
    "the, a, an, this, that, it, we, i, our, my, their, them, they, by, until, till, before, after, in, on, at, of, from, for, with, w, to, as, and, or, next, last, latest, \
     first, once, during, later, soon, please, pls, still, customer, client, cs, csm, team, legal, kickoff, kick-off, kick off, onboarding, onboarding call, workshop, call, calls, meeting, session, review, \
     s, p, pg, holidays, holiday, vacation, leave, week, month, fy, asap, all, details, everything, together",
    "der, die, das, den, dem, des, ein, eine, einem, wir, ich, im, in, am, an, auf, vom, von, zum, zur, mit, bis, nach, vor, bei, und, noch, später, nächste, nächsten, nächster, letzten, bitte, \
     Kunde, Kunden, Kundin, Team, Kickoff, Auftakt, Urlaub, Woche, Monat, Termin, Gespräch, alles, gemeinsam",
    "le, la, les, l, un, une, du, de, des, d, au, aux, à, en, avec, après, avant, lors, dans, sur, et, ou, je, nous, mon, mes, prochain, prochaine, dernier, dernière, le client, client, kickoff, kick-off, lancement, \
     réunion, congés, semaine, mois, plus tard, ensemble, tout",
    "el, la, los, las, un, una, del, de, al, a, en, con, después, antes, tras, hasta, y, o, lo, mi, mis, próximo, próxima, último, última, cliente, kickoff, arranque, reunión, vacaciones, semana, mes, juntos, todo",
    "o, os, as, um, uma, do, da, dos, das, de, ao, à, no, na, em, com, depois, antes, até, e, ou, meu, minha, próximo, próxima, último, última, cliente, kickoff, reunião, férias, semana, mês, juntos, tudo, por, para, pra",
    "de, het, een, van, voor, na, in, op, met, bij, tot, en, of, ik, we, wij, mijn, volgende, laatste, klant, kickoff, kick-off, overleg, vakantie, week, maand, samen, alles, uiterlijk, nog",
]);

/// What opens a pointer to somewhere else.
pub(crate) static SEE: Vocabulary = Vocabulary::new(&[
    "see, please see, pls see, check, please check, pls check, refer to, please refer to, look at, cf, per, as per, all in, it's in, it's all in, is in, in, documented in, captured in, covered in, \
     described in, copy from, read, please read, as discussed, as agreed, as mentioned, discussed, as above, same as, see also, everything is in, is all in",
    "siehe, s, bitte siehe, vgl, laut, gemäß, steht in, steht im, steht alles in, in, im, liegt in, liegt im, wie, wie in, wie im, wie besprochen, wie vereinbart, analog",
    "voir, cf, se référer à, consulter, c'est dans, dans, selon, comme convenu, comme vu, comme discuté, comme dans, tout est dans, lire, idem",
    "ver, véase, vea, está en, está todo en, todo está en, en, consultar, revisar, según, conforme, conforme a, como hablado, como acordado, según lo hablado, según lo acordado, lo hablado, lo acordado, igual que, leer",
    "ver, veja, vide, está em, está no, está na, está nas, está tudo na, está tudo no, tá tudo na, em, no, nas, consultar, conforme, segundo, conforme combinado, conforme falado, como combinado, como falado, igual à, ler",
    "zie, bekijk, staat in, staat allemaal in, in, check, volgens, conform, zoals, zoals besproken, zoals afgesproken, zelfde als, lees",
]);

/// Openers that point by themselves: "as agreed".
pub(crate) static AS_AGREED: Vocabulary = Vocabulary::new(&[
    "as discussed, as agreed, as mentioned, as above, same as above, see above, see below, discussed",
    "wie besprochen, wie vereinbart, wie oben, siehe oben, siehe unten",
    "comme convenu, comme discuté, comme vu, voir ci-dessus",
    "como hablado, como acordado, según lo hablado, según lo acordado, lo hablado, lo acordado",
    "conforme combinado, conforme falado, como combinado, como falado",
    "zoals besproken, zoals afgesproken, zie boven, zie onder",
]);

/// Where a pointer points.
pub(crate) static PLACES: Vocabulary = Vocabulary::new(&[
    "call, calls, notes, note, meeting, meetings, minutes, transcript, recording, recordings, gong, chorus, fireflies, modjo, zoom, teams, loom, email, emails, e-mail, e-mails, mail, mails, thread, slack, chat, \
     crm, hubspot, salesforce, opportunity, opp, opp notes, deal, description, comment, comments, activity, timeline, history, attached, attachment, attachments, doc, docs, document, documents, deck, slides, slide, sheet, \
     spreadsheet, notion, confluence, sharepoint, drive, folder, file, files, proposal, offer, quote, contract, sow, msa, rfp, po, order form, mutual action plan, success plan, project plan, account plan, business case, \
     above, below, field, fields, here, there, elsewhere, discovery, demo, handover, link, page, record, ticket, side letter, risk log, section, tab, min, minute, buying reason, success, outcome, promises, risks, first value, discovery doc",
    "Notiz, Notizen, Gesprächsnotiz, Gesprächsnotizen, Call-Notizen, Telefonnotiz, Protokoll, Aufzeichnung, Anhang, Vertrag, Angebot, Auftragsbestätigung, Bestellung, Beschreibung, Kommentar, Kommentare, Verlauf, \
     Dokument, Unterlagen, oben, unten, Anlage, Lastenheft, Pflichtenheft, Projektplan, Risikoliste, Seite, Abschnitt, Erfolg, Kaufgrund, Zusagen, Risiken, Mail, Laufwerk",
    "notes, note, compte-rendu, compte rendu, CR, enregistrement, pièce jointe, contrat, devis, proposition, offre, fiche, ci-dessus, ci-dessous, plus haut, plus bas, mail, appel, appels, échange, échanges, cahier des charges, page, planning projet, dossier, PPT",
    "notas, nota, llamada, llamadas, grabación, correo, correos, adjunto, adjuntos, contrato, propuesta, oferta, ficha, descripción, arriba, abajo, pliego, página, plan de proyecto, plan de implantación, teléfono, documento, doc, oportunidad",
    "notas, ligação, chamada, gravação, e-mail, anexo, contrato, proposta, descrição, acima, abaixo, edital, página, plano de projeto, ficha, telefone, documento, cláusula, orçamento",
    "notities, notitie, gespreksverslag, verslag, opname, bijlage, contract, offerte, voorstel, omschrijving, boven, onder, hierboven, pagina, projectplan, dossier, programma van eisen, mail, telefoon",
]);

/// Values that say "there are none".
pub(crate) static NONE: Vocabulary = Vocabulary::new(&[
    "none, no, nope, nothing, nil, zero, 0, none at all, none known, none so far, none identified, none yet, none that I know of, \
     nothing special, nothing so far, nothing known, nothing promised, nothing beyond the contract, nothing beyond contract, \
     nothing outside the contract, nothing outside contract, no risk, no risks, no known risk, no known risks, no risks known, no risks identified, \
     no major risks, no big risks, no promises, no promises made, no promise, no commitments, no special commitments, \
     no specific promises, no special promises, no concerns, no issues, no blockers, nothing to report",
    "keine, keiner, kein, keines, keins, nein, nichts, nichts bekannt, keine bekannt, keine bekannten, nichts besonderes, \
     nichts zugesagt, nichts versprochen, kein Risiko, keine Risiken, keine Risiken bekannt, keine bekannten Risiken, \
     keine Zusagen, keine Zusage, keine besonderen Zusagen, keine Versprechen, keine Bedenken, bisher keine, \
     aktuell keine, derzeit keine, keine weiteren",
    "aucun, aucune, non, rien, néant, rien de particulier, rien de spécial, rien à signaler, RAS, aucun risque, aucun risque connu, \
     aucun risque identifié, pas de risque, pas de risques, aucune promesse, aucun engagement, pas d'engagement, pas de promesse",
    "ninguno, ninguna, nada, nada especial, nada en particular, ningún riesgo, ningún riesgo conocido, sin riesgo, sin riesgos, \
     sin riesgos conocidos, no hay, no hay riesgos, ninguna promesa, ningún compromiso, sin compromisos, sin promesas",
    "nenhum, nenhuma, não, não há, nada, nenhum risco, nenhum risco conhecido, sem riscos, sem risco, nenhuma promessa, \
     nenhum compromisso, s/ riscos, s/ risco, s/ promessas, sem promessas, sem compromissos, não há riscos",
    "geen, nee, niets, niks, niets bijzonders, geen risico, geen risico's, geen bekende risico's, geen risico's bekend, \
     geen toezeggingen, geen beloftes, geen bijzonderheden, geen afspraken",
]);

/// What opens a "none" of more words.
pub(crate) static NO: Vocabulary = Vocabulary::new(&[
    "no, none, nothing, not any, zero",
    "keine, kein, keinerlei, nichts, nix",
    "aucun, aucune, pas de, pas d, rien, rien de, sans",
    "ningún, ninguna, ninguno, sin, nada, no hay",
    "nenhum, nenhuma, sem, nada, não há",
    "geen, niets, niks",
]);

/// What may follow it.
pub(crate) static NO_WHAT: Vocabulary = Vocabulary::new(&[
    "risk, risks, promise, promises, commitment, commitments, concern, concerns, issue, issues, blocker, blockers, extras, expansion, upsell, known, identified, so far, yet, at this time, at the moment, for now, \
     that i know of, i know of, as such, really, special, specific, major, big, extra, other, further, additional, planned, made, promised, agreed, committed, outside, beyond, in, the, contract, order form, msa, standard, \
     of, to, report, on, besides, apart from, at all, currently, right now, to my knowledge, writing",
    "risiko, risiken, zusage, zusagen, versprechen, bedenken, bekannt, bekannten, bekannte, besonderen, besonderes, weiteren, weitere, geplant, gemacht, zugesagt, versprochen, außerhalb, über, den, vertrag, vertrags, hinaus, \
     aktuell, derzeit, bisher, zurzeit, im moment, des, standardvertrag, extra, mündlich, mündlichen, erweiterung",
    "risque, risques, promesse, promesses, engagement, engagements, connu, connus, identifié, identifiés, particulier, spécial, à signaler, hors, contrat, prévu, prévue, pour l'instant, pour le moment, à ce jour, de, extension, autre, autres, promis",
    "riesgo, riesgos, promesa, promesas, compromiso, compromisos, conocido, conocidos, identificado, identificados, especial, particular, en, fuera, del, contrato, previsto, prevista, por ahora, de momento, otros, expansión, prometido",
    "risco, riscos, promessa, promessas, compromisso, compromissos, conhecido, conhecidos, identificado, identificados, especial, fora, do, contrato, previsto, prevista, por enquanto, no momento, outros, expansão, prometido, combinado",
    "risico, risico's, belofte, beloftes, toezegging, toezeggingen, bekend, bekende, bijzonders, bijzonderheden, bijzondere, buiten, het, contract, gepland, op dit moment, vooralsnog, verder, extra, uitbreiding, toegezegd, beloofd",
]);

/// What a template asks of its reader.
pub(crate) static FILL_IN: Vocabulary = Vocabulary::new(&[
    "insert, describe, list, add, enter, explain, fill in, please fill, please fill in, please complete, please describe, specify, write, your text, type here, text here",
    "hier, bitte, eintragen, ausfüllen, beschreiben, einfügen",
    "indiquer, décrire, insérer, saisir, expliquer, à remplir, compléter",
    "explicar, describir, insertar, rellenar, indicar, escribir",
    "descrever, inserir, preencher, indicar",
    "vul in, invullen, beschrijf, voeg toe, omschrijf",
]);

/// Pointers to a person; `*` is a name of one or two words.
pub(crate) const TO_A_PERSON: [&str; 36] = [
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

/// The seller, when nobody writes their name.
pub(crate) static OUR_PEOPLE: Vocabulary = Vocabulary::new(&[
    "me, him, her, them, us, ae, sales, seller, rep, sdr, bdr, presales, mich, mir, ihn, \
     moi, lui, mí, mim, mij, vertrieb, commercial, verkoop",
]);

/// Words that follow "ask" in a real answer, or stand before "Fragen": no names.
pub(crate) static NOT_A_NAME: Vocabulary = Vocabulary::new(&[
    "for, about, if, whether, what, why, how, when, that, price, pricing, budget, discount, question, questions, nobody, everyone",
    "nach, ob, wie, warum, wer, alle, keiner, niemand, viele, offene, einige, technische, rechtliche, weitere, häufige",
    "naar, om, of, si, pour, qui",
]);

/// What stands before a person. German writes all nouns as if they were names, so that a capital is not enough.
pub(crate) static BEFORE_A_NAME: Vocabulary = Vocabulary::new(&[
    "to, with, w, by, from, on, mr, mrs, ms, an, mit, von, bei, auf, frau, herr, herrn, fr, hr, à, avec, de, par, mme, m, con, de, sr, sra, com, a, o, met, van, aan, mevrouw, meneer, op",
]);
