//! `too_long`: more than anybody reads in a handoff.

use crate::mapping::{SectionMapping, list};
use crate::packet::{Entry, MOST_ENTRIES, SectionName};
use crate::text::excerpt::{DEFAULT_WORDS, MOST_CHARACTERS};

use super::answer::{IN_WORDS, origins};
use super::{Evidence, Expects, Requires, Rule};
use crate::packet::{Ask, Confidence, Fact, Gap, RuleId};

pub(super) const RULE: Rule = Rule {
    id: RuleId::TooLong,
    catches: "An entry over the section's word budget (60 words unless the mapping says otherwise), or a list of more \
              than 20 entries, shown as an excerpt: a hint. Over three times as much: a gap.",
    leaves_alone: "Anything within the budget; several short entries; expansion.",
    confidence: Confidence::Certain,
    question: "Can you say the buying reason in one sentence?",
    expects: Expects::Answer,
    applies_to: (&IN_WORDS, Requires::Text),
    check,
};

/// So many times over what is shown, a text is asked for again; with less, customer success reads the excerpt.
const FAR_OVER: usize = 3;

fn check(evidence: &Evidence<'_>) -> Vec<Gap> {
    evidence.in_words().filter_map(|section| in_section(evidence, section)).collect()
}

fn in_section(evidence: &Evidence<'_>, section: SectionName) -> Option<Gap> {
    let cut: Vec<&Entry> =
        evidence.written(section).iter().map(|written| written.entry).filter(|entry| entry.excerpt).collect();
    if cut.is_empty() {
        return None;
    }
    let section_mapping = evidence.mapping.sections.get(&section)?;
    let budget = section_mapping.words.unwrap_or(DEFAULT_WORDS);
    let texts = whole_texts(evidence, section_mapping);
    let is_far_over = |text: &String| {
        let words = usize::try_from(budget).unwrap_or(usize::MAX).saturating_mul(FAR_OVER);
        text.split_whitespace().nth(words).is_some() || text.chars().nth(MOST_CHARACTERS * FAR_OVER).is_some()
    };
    let asks = texts.len() > MOST_ENTRIES * FAR_OVER || texts.iter().any(is_far_over);
    let fact = Fact::TooLong(origins(&cut), budget);
    let gap = Gap::for_seller(RULE.id, section, Confidence::Certain, Ask::Shorter, fact);
    Some(if asks { gap } else { gap.into_hint() })
}

/// What the fields of a section hold, before anything is cut.
fn whole_texts(evidence: &Evidence<'_>, section: &SectionMapping) -> Vec<String> {
    let Evidence { mapping, record, .. } = evidence;
    let values = section
        .from
        .iter()
        .flat_map(|path| record.read(path).values().into_iter().map(move |value| (path, value)));
    values.flat_map(|(path, value)| list::texts(mapping, record, path, value, section.list)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::gaps::deal_on_paper::DealOnPaper;

    /// Long answers, each just within the 60 words that a section has.
    const LONG: [&str; 21] = [
        "They chose us because the old contract ends on 31 March and the auditor will not accept another year of spreadsheets. \
         The competitor wanted 14 months for the migration of three sites, and the CFO had promised the board one set of numbers by May.",
        "Sarah Lind and two planners book every shipment of the Hamburg warehouse in the tool by 11 December. Today each of them \
         types 120 lines a day into Excel, and about one in ten is wrong when the truck leaves.",
        "1. SSO through Entra before go-live. 2. Import of 40,000 contacts by us, not by them. 3. A price that holds for three \
         years. 4. Training of 12 people in two sessions. 5. One named contact in support until the end of May.",
        "On Thu, 12 Nov the VP Sales said: \"If the weekly call does not show one number by January, I go back to my sheet.\" She \
         owns the budget, her deputy is on leave until 4 January, and nobody else knows the old tool.",
        "Sie haben sich für uns entschieden, weil der Vertrag mit dem alten Anbieter am 31. März endet und der Betriebsrat der \
         Alternative nicht zugestimmt hat. Der Vorstand will im Mai zum ersten Mal eine Zahl für alle fünf Werke sehen.",
        "Frau Lind und zwei Disponenten buchen bis zum 11. Dezember alle Sendungen des Lagers Hamburg im System. Heute tippt jeder \
         von ihnen 120 Zeilen am Tag in Excel, und etwa jede zehnte ist falsch, wenn der Lkw fährt.",
        "Anmeldung über Entra vor dem Start; Übernahme von 40.000 Kontakten durch uns; Preis gilt drei Jahre; Schulung von zwölf \
         Personen in zwei Terminen; ein fester Ansprechpartner im Support bis Ende Mai; Schnittstelle zu SAP ohne Aufpreis.",
        "Der Leiter IT sagte am 2. Juni, dass ohne Freigabe des Datenschutzes nichts in Betrieb geht. Die Prüfung dauert meist acht \
         Wochen, der zuständige Kollege ist bis 4. Januar im Urlaub, und eine Vertretung gibt es nach seinen Worten nicht.",
        "Ils nous ont choisis parce que leur contrat se termine le 31 mars et que le commissaire aux comptes refuse une année de plus \
         sous Excel. Le concurrent demandait 14 mois pour trois sites ; la DAF a promis un seul chiffre en mai.",
        "Sarah Lind et deux planificateurs saisissent toutes les expéditions de l'entrepôt de Lyon dans l'outil avant le 11 décembre. \
         Aujourd'hui chacun tape 120 lignes par jour, et une sur dix est fausse quand le camion part.",
        "Connexion SSO avant le démarrage ; reprise de 40 000 contacts par nos soins ; prix garanti trois ans ; formation de douze \
         personnes en deux séances ; un interlocuteur nommé au support jusqu'à fin mai ; connecteur SAP sans supplément.",
        "Le directeur informatique a dit le 2 juin que rien ne démarre sans l'accord du délégué à la protection des données. Cet \
         examen prend huit semaines, la personne chargée du dossier est absente jusqu'au 4 janvier.",
        "Nos eligieron porque el contrato vence el 31 de marzo y el auditor no acepta otro año de hojas de cálculo. El competidor \
         pedía 14 meses para migrar tres plantas, y la directora financiera prometió una sola cifra para mayo.",
        "Sarah Lind y dos planificadores registran todos los envíos del almacén de Valencia en la herramienta antes del 11 de \
         diciembre. Hoy cada uno escribe 120 líneas al día, y una de cada diez está mal cuando sale el camión.",
        "Acceso con SSO antes del arranque; importación de 40.000 contactos por nuestra parte; precio fijo durante tres años; \
         formación de doce personas en dos sesiones; una persona de contacto en soporte hasta finales de mayo.",
        "Escolheram-nos porque o contrato termina em 31 de março e o auditor não aceita mais um ano de planilhas. O concorrente pedia \
         14 meses para migrar três fábricas, e a diretora financeira prometeu um único número até maio.",
        "Sarah Lind e dois planejadores registram todos os envios do armazém de Santos na ferramenta até 11 de dezembro. Hoje cada um \
         digita 120 linhas por dia, e uma em cada dez está errada quando o caminhão sai.",
        "Acesso com SSO antes do início; importação de 40.000 contatos por nossa conta; preço fixo por três anos; treinamento de doze \
         pessoas em duas sessões; uma pessoa de contato no suporte até o fim de maio.",
        "Ze kozen ons omdat het contract op 31 maart afloopt en de accountant geen jaar Excel meer accepteert. De concurrent vroeg 14 \
         maanden voor drie vestigingen, en de CFO heeft het bestuur voor mei één cijfer beloofd.",
        "Sarah Lind en twee planners boeken vóór 11 december alle zendingen van het magazijn in Venlo in het systeem. Nu typt ieder \
         van hen 120 regels per dag, en één op de tien klopt niet als de vrachtwagen vertrekt.",
        "Inloggen met SSO voor de start; wij nemen 40.000 contacten over; de prijs geldt drie jaar; training van twaalf mensen in twee \
         sessies; een vaste contactpersoon bij support tot eind mei; koppeling met SAP zonder meerprijs.",
    ];

    fn says(section: SectionName, text: &str) -> DealOnPaper {
        DealOnPaper::new().writes(section, text)
    }

    #[test]
    fn an_answer_over_the_budget_is_too_long_in_every_section() {
        for (text, next) in LONG.iter().zip(LONG.iter().skip(1)) {
            for section in IN_WORDS {
                let gap = says(section, &format!("{text} {next}")).gap("too_long").unwrap();
                assert_eq!((gap.section, gap.counts()), (section, false), "{text}");
                let book = [text, next].map(|text| text.repeat(4)).join(" ");
                let gap = says(section, &book).gap("too_long").unwrap();
                assert_eq!((gap.section, gap.counts()), (section, true), "{book}");
            }
        }
    }

    #[test]
    fn the_seller_is_asked_beyond_three_times_the_budget() {
        let asks = |text: &str| {
            DealOnPaper::new().writes(SectionName::Risks, text).gap("too_long").map(|gap| gap.counts())
        };
        let all = LONG.join(" ");
        let words = |count| asks(&all.split_whitespace().take(count).collect::<Vec<_>>().join(" "));
        assert_eq!([60, 61, 180, 181].map(words), [None, Some(false), Some(false), Some(true)]);
        // Without spaces, characters are counted: 600 are shown.
        let characters = |count: usize| asks(&"監査".repeat(count / 2));
        assert_eq!([600, 602, 1_800, 1_802].map(characters), [None, Some(false), Some(false), Some(true)]);
        let lines = |count: usize| {
            let lines: Vec<String> =
                (0..count).map(|line| format!("API {line} has no owner until March")).collect();
            let lines: Vec<&str> = lines.iter().map(String::as_str).collect();
            DealOnPaper::new().ticks(SectionName::Risks, &lines).gap("too_long").map(|gap| gap.counts())
        };
        assert_eq!([20, 21, 60, 61].map(lines), [None, Some(false), Some(false), Some(true)]);
    }

    #[test]
    fn a_long_answer_within_the_budget_is_left_alone() {
        for text in LONG {
            assert!((30..=60).contains(&text.split_whitespace().count()), "not long, or too long: {text}");
            for section in IN_WORDS {
                assert_eq!(says(section, text).gap("too_long"), None, "{text}");
            }
        }
    }

    #[test]
    fn the_seller_is_asked_for_one_sentence() {
        let gap = DealOnPaper::new()
            .writes_too_much(SectionName::Risks, "First, the migration of 3 sites…")
            .gap("too_long")
            .unwrap();
        insta::assert_snapshot!(gap.question(), @"Can you say the main risk in one sentence?");
        insta::assert_snapshot!(gap.evidence(), @"deal.handoff_risks is longer than 60 words, or has more than 20 entries");
    }
}
