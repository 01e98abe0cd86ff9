//! The words for months, weekdays and spans of time, in six languages.

use crate::text::tokens::{Numbered, Vocabulary, Words};

use super::written::number;

/// The months, each in six languages, January first. Short words that mean something else stand in [`UNSURE`].
static MONTHS: Numbered = Numbered::new(&[
    (1, "january, jan, januar, jänner, janvier, janv, enero, ene, janeiro, januari"),
    (2, "february, feb, februar, février, févr, fév, febrero, fevereiro, fev, februari"),
    (3, "march, mar, märz, mrz, mars, marzo, março, maart"),
    (4, "april, apr, avril, avr, abril, abr"),
    (5, "may, mai, mayo, maio, mei"),
    (6, "june, jun, juni, juin, junio, junho"),
    (7, "july, jul, juli, juillet, juil, julio, julho"),
    (8, "august, aug, août, agosto, ago, augustus"),
    (9, "september, sept, sep, septembre, septiembre, setembro, set"),
    (10, "october, oct, oktober, okt, octobre, octubre, outubro, out"),
    (11, "november, nov, novembre, noviembre, novembro"),
    (12, "december, dec, dezember, dez, décembre, déc, diciembre, dic, dezembro"),
]);

/// Months only when a day or "in", "by", "end of" stands beside them.
pub(crate) static UNSURE: Vocabulary =
    Vocabulary::new(&["may, mar, mars, march, sept, set, out, ago, dez, mei, avr"]);

pub(crate) static WEEKDAYS: Vocabulary = Vocabulary::new(&[
    "monday, tuesday, wednesday, thursday, friday, saturday, sunday, mondays, tuesdays, wednesdays, thursdays, fridays",
    "montag, dienstag, mittwoch, donnerstag, freitag, samstag, sonnabend, sonntag, montags, freitags",
    "lundi, mardi, mercredi, jeudi, vendredi, samedi, dimanche, lunes, martes, miércoles, jueves, viernes, sábado, domingo",
    "segunda-feira, terça-feira, quarta-feira, quinta-feira, sexta-feira",
    "maandag, dinsdag, woensdag, donderdag, vrijdag, zaterdag, zondag",
]);

/// A time that people agree on without a date.
pub(crate) static AGREED: Vocabulary = Vocabulary::new(&[
    "today, tomorrow, next week, this week, next month, this month, next quarter, this quarter, end of week, end of the week, end of month, \
     end of the month, month end, end of quarter, end of the quarter, quarter end, end of year, end of the year, year end, eom, eoq, eoy, eow, \
     first quarter, second quarter, third quarter, fourth quarter, before christmas, by christmas, before easter, after easter, thanksgiving",
    "heute, morgen, nächste Woche, nächster Woche, diese Woche, nächsten Monat, nächster Monat, diesen Monat, Ende der Woche, Wochenende, Monatsende, \
     Ende des Monats, Quartalsende, Ende des Quartals, Jahresende, Ende des Jahres, nächstes Quartal, erstes Quartal, ersten Quartal, zweites Quartal, \
     zweiten Quartal, drittes Quartal, dritten Quartal, viertes Quartal, vierten Quartal, vor Weihnachten, bis Weihnachten, bis Ostern, vor Ostern",
    "aujourd'hui, demain, semaine prochaine, cette semaine, mois prochain, ce mois, fin de semaine, fin de mois, fin du mois, fin de trimestre, \
     fin du trimestre, fin d'année, fin de l'année, premier trimestre, deuxième trimestre, troisième trimestre, quatrième trimestre, avant Noël, d'ici Noël, avant Pâques",
    "hoy, próxima semana, semana que viene, esta semana, próximo mes, mes que viene, este mes, fin de semana, fin de mes, final de mes, finales de mes, \
     fin de trimestre, fin de año, final de año, primer trimestre, segundo trimestre, tercer trimestre, cuarto trimestre, antes de Navidad, hasta Navidad",
    "hoje, amanhã, semana que vem, mês que vem, próximo mês, este mês, fim da semana, fim do mês, final do mês, fim do trimestre, fim do ano, \
     final do ano, primeiro trimestre, terceiro trimestre, quarto trimestre, antes do Natal, até o Natal, até ao Natal",
    "vandaag, volgende week, deze week, volgende maand, deze maand, eind van de week, eind van de maand, einde van de maand, maandeinde, einde kwartaal, \
     eind van het kwartaal, eind van het jaar, jaareinde, eerste kwartaal, tweede kwartaal, derde kwartaal, vierde kwartaal, voor Kerst, tot Kerst",
]);

/// The word before a day or a span of time that is meant as a deadline. Single words only.
pub(crate) static DEADLINE: Vocabulary = Vocabulary::new(&[
    "by, on, in, within, inside, until, till, before, after, due, first, next, under, max, end, of, mid, early, late, eta",
    "bis, am, im, in, vor, nach, zum, ab, innerhalb, binnen, nächsten, ersten, erste, erster, ende, mitte, anfang, spätestens",
    "le, en, au, avant, après, ici, dans, sous, fin, mi, début, premiers, premier, première, courant, prochains",
    "el, para, antes, hasta, dentro, finales, mediados, principios, primeros, primera, primer, próximos",
    "até, em, no, ao, dentro, final, meados, início, primeiros, primeira, primeiro, próximos",
    "op, voor, tot, uiterlijk, over, tegen, na, eind, begin, medio, eerste, komende, vanaf, per",
]);

/// What opens a deadline that is counted from the close: "within 21 days".
pub(super) static WITHIN: Vocabulary = Vocabulary::new(&["within, innerhalb, binnen, sous, dentro"]);

/// What opens one only together with [`FIRST`]: "in the first 30 days"; "in 2 weeks" may be how long something takes.
pub(super) static DURING: Vocabulary = Vocabulary::new(&["in, during, dans, durante, en, nos"]);

pub(super) static FIRST: Vocabulary = Vocabulary::new(&[
    "first, ersten, premiers, premières, primeros, primeras, primeiros, primeiras, eerste",
]);

/// Small words between a deadline's opening and its count.
pub(super) static FILLERS: Vocabulary = Vocabulary::new(&[
    "the, next, of, von, der, des, den, nächsten, de, du, les, los, las, os, as, prochains, próximos",
]);

/// What opens a numbered day that is a deadline: "by day 30".
pub(super) static BY: Vocabulary = Vocabulary::new(&["by, bis"]);

/// Units of time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Unit {
    Day,
    BusinessDay,
    Week,
    Month,
}

static DAYS: Vocabulary = Vocabulary::new(&[
    "day, days, d, calendar days, tag, tage, tagen, jour, jours, día, días, dia, dias, dag, dagen",
]);
static WORKING_DAYS: Vocabulary = Vocabulary::new(&[
    "working days, business days, working day, business day, arbeitstage, arbeitstagen, werktage, werktagen, jours ouvrés, \
     días hábiles, días laborables, dias úteis, werkdagen",
]);
static WEEKS: Vocabulary =
    Vocabulary::new(&["week, weeks, wk, wks, woche, wochen, semaine, semaines, semana, semanas, weken"]);
static MONTH_UNITS: Vocabulary =
    Vocabulary::new(&["month, months, monat, monate, monaten, mois, mes, meses, mês, maand, maanden"]);

/// Small numbers in words. "dez" is a month before it is a ten.
static COUNTS: Numbered = Numbered::new(&[
    (
        1,
        "one, a, an, first, eine, einer, einem, einen, ein, erste, erster, ersten, un, une, première, premier, una, primera, primer, um, uma, primeira, primeiro, een, één, eerste",
    ),
    (2, "two, zwei, deux, dos, dois, duas, twee, couple"),
    (3, "three, drei, trois, tres, três, drie"),
    (4, "four, vier, quatre, cuatro, quatro"),
    (5, "five, fünf, cinq, cinco, vijf"),
    (6, "six, sechs, seis, zes"),
    (7, "seven, sieben, siete, sete, zeven"),
    (8, "eight, huit, ocho, oito, acht"),
    (9, "nine, neun, neuf, nueve, nove, negen"),
    (10, "ten, zehn, dix, diez, dez, tien"),
    (11, "eleven, elf, onze, once"),
    (12, "twelve, zwölf, douze, doce, doze, twaalf"),
    (14, "fourteen, vierzehn, quatorze, catorce, veertien"),
    (20, "twenty, zwanzig, vingt, veinte, vinte, twintig"),
    (30, "thirty, dreißig, trente, treinta, trinta, dertig"),
]);

/// Whether a weekday, a month or an agreed time stands anywhere.
pub(crate) fn names_a_day_or_month(words: &Words) -> bool {
    WEEKDAYS.found_in(words)
        || AGREED.found_in(words)
        || words.iter().any(|word| month_number(word).is_some() && !UNSURE.lists(word))
}

/// Whether one word is a weekday or a month.
pub(crate) fn is_day_or_month(word: &str) -> bool {
    WEEKDAYS.lists(word) || month_number(word).is_some()
}

/// The number of a month, from its name.
pub(crate) fn month_number(word: &str) -> Option<i32> {
    MONTHS.number(word)
}

/// The unit of time that stands at a position.
pub(super) fn unit(words: &Words, at: usize) -> Option<Unit> {
    let units = [
        (&WORKING_DAYS, Unit::BusinessDay),
        (&DAYS, Unit::Day),
        (&WEEKS, Unit::Week),
        (&MONTH_UNITS, Unit::Month),
    ];
    units.into_iter().find(|(names, _)| names.match_at(words, at).is_some()).map(|(_, unit)| unit)
}

/// A small number, in digits or in words.
pub(crate) fn counted(word: &str) -> Option<i32> {
    number(word).filter(|count| *count < 1_000).or_else(|| COUNTS.number(word))
}

/// `q3`, `h1`, `t2`, `fy27`, `KW 50`: readable, although only the customer knows its days.
pub(crate) fn is_period(words: &Words, at: usize) -> bool {
    let is_digits =
        |tail: &str| (1..=4).contains(&tail.len()) && tail.bytes().all(|byte| byte.is_ascii_digit());
    let word = words.at(at);
    let quarter = ["q", "t", "h"].iter().filter_map(|letter| word.strip_prefix(letter));
    let counted = ["fy", "kw", "cw"].iter().filter_map(|letters| word.strip_prefix(letters));
    quarter.into_iter().any(|tail| tail.len() <= 5 && tail.starts_with(['1', '2', '3', '4']))
        || counted.into_iter().any(|tail| is_digits(tail) || (tail.is_empty() && is_digits(words.at(at + 1))))
}
