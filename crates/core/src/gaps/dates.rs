//! `no_date`, `bad_date`, `stale_date`, `outside_window`: when first value is due.

use jiff::ToSpan;
use jiff::civil::Date;

use crate::dates::written::{self, When};
use crate::judgement::Label;
use crate::packet::{Ask, Confidence, Fact, Gap, Origin, RuleId, SectionName};
use crate::record::FieldPath;
use crate::text::tokens::Words;

use super::answer::Written;
use super::questions::ask_for;
use super::{Evidence, Expects, Requires, Rule, answer};

pub(super) const BAD_DATE: Rule = Rule {
    id: RuleId::BadDate,
    catches: "The date field of first value holds text that nobody can read as a date: \"asap\", \"31.02.2027\".",
    leaves_alone: "ISO dates and instants, epoch milliseconds, written dates, quarters, \"in 3 weeks\"; an empty field.",
    confidence: Confidence::Certain,
    question: "Which day is meant?",
    expects: Expects::Day,
    applies_to: (&[SectionName::FirstValue], Requires::Answer),
    check: bad_date,
};

pub(super) const NO_DATE: Rule = Rule {
    id: RuleId::NoDate,
    catches: "First value with neither a date in its field nor a date, quarter or span of time in its text.",
    leaves_alone: "\"by 12 Dec\", \"bis Ende März\", \"Q1\", \"within 21 days\", \"week 2\"; an empty first value.",
    confidence: Confidence::Certain,
    question: "By which day should this happen?",
    expects: Expects::Day,
    applies_to: (&[SectionName::FirstValue], Requires::Answer),
    check: no_date,
};

pub(super) const STALE_DATE: Rule = Rule {
    id: RuleId::StaleDate,
    catches: "First value is due before the deal was closed.",
    leaves_alone: "The day of the close itself; a text that names a day after the close as well.",
    confidence: Confidence::Certain,
    question: "The date is before the close. Which day is meant now?",
    expects: Expects::Day,
    applies_to: (&[SectionName::FirstValue], Requires::Answer),
    check: stale_date,
};

pub(super) const OUTSIDE_WINDOW: Rule = Rule {
    id: RuleId::OutsideWindow,
    catches: "First value is due more than 30 days after the close.",
    leaves_alone: "Day 30 itself; a text that names an earlier day as well; quarters, which customers count differently.",
    confidence: Confidence::Certain,
    question: "What can they see before then, within 30 days of the close?",
    expects: Expects::Day,
    applies_to: (&[SectionName::FirstValue], Requires::Answer),
    check: outside_window,
};

/// First value belongs into this many days after the close.
const WINDOW_DAYS: i32 = 30;

/// When a deal was closed, and what it says about when first value is due.
#[derive(Default)]
pub(super) struct Timing {
    close: Option<Date>,
    /// `None` when first value is not described at all: then the day is no question yet.
    due: Option<Due>,
}

/// What a deal says about when first value is due.
enum Due {
    Missing,
    Unreadable(FieldPath, String),
    Known(Known),
}

/// When first value is due, and how surely.
struct Known {
    origin: Origin,
    /// First and last day of everything that was named.
    spans: Vec<(Date, Date)>,
    confidence: Confidence,
}

impl Timing {
    /// Reads both; what was written must have been read before.
    pub(super) fn of(evidence: &Evidence<'_>) -> Self {
        let close = evidence.record.close_date(&evidence.mapping.time_zone);
        Self { close, due: due(evidence, close) }
    }

    /// Whether first value is described, but nothing says when.
    pub(super) fn is_missing(&self) -> bool {
        matches!(self.due, Some(Due::Missing))
    }

    /// The last day on which first value belongs into the window; not known without a close.
    pub(super) fn window_end(&self) -> Option<Date> {
        self.close.and_then(end_of_window)
    }

    fn known_and_close(&self) -> Option<(&Known, Date)> {
        match (&self.due, self.close) {
            (Some(Due::Known(known)), Some(close)) => Some((known, close)),
            _ => None,
        }
    }
}

fn bad_date(evidence: &Evidence<'_>) -> Vec<Gap> {
    let Some(Due::Unreadable(field, value)) = &evidence.timing.due else { return Vec::new() };
    let fact = Fact::BadDate(field.clone(), value.clone());
    vec![gap(RuleId::BadDate, Confidence::Certain, Ask::WhichDay, fact)]
}

fn no_date(evidence: &Evidence<'_>) -> Vec<Gap> {
    let section = SectionName::FirstValue;
    let Some(first) = evidence.given(section).next().filter(|_| evidence.timing.is_missing()) else {
        return Vec::new();
    };
    // A bare text lacks more than the day, and the section's question asks for all of it.
    let ask = if evidence.judged.get(&section).is_some_and(|judgement| judgement.label == Label::Vague) {
        ask_for(evidence, section)
    } else {
        Ask::ByWhen(evidence.timing.window_end())
    };
    let fact = Fact::NoDate(due_field(evidence).cloned(), first.entry.origin.clone());
    vec![gap(RuleId::NoDate, Confidence::Certain, ask, fact)]
}

fn stale_date(evidence: &Evidence<'_>) -> Vec<Gap> {
    let stale = |(Known { origin, spans, confidence }, close): (&Known, Date)| {
        let last = spans.iter().map(|(_, last)| *last).max().filter(|last| *last < close)?;
        let ask = Ask::ByWhenAtTheLatest(end_of_window(close));
        Some(gap(RuleId::StaleDate, *confidence, ask, Fact::StaleDate(origin.clone(), last, close)))
    };
    evidence.timing.known_and_close().and_then(stale).into_iter().collect()
}

fn outside_window(evidence: &Evidence<'_>) -> Vec<Gap> {
    let outside = |(Known { origin, spans, confidence }, close): (&Known, Date)| {
        let end = end_of_window(close)?;
        let first = spans.iter().map(|(first, _)| *first).min().filter(|first| *first > end)?;
        let fact = Fact::OutsideWindow(origin.clone(), first, close);
        Some(gap(RuleId::OutsideWindow, *confidence, Ask::Earlier(end), fact))
    };
    evidence.timing.known_and_close().and_then(outside).into_iter().collect()
}

/// The date field of first value, if there is one that the CRM lets us read.
fn due_field<'a>(evidence: &Evidence<'a>) -> Option<&'a FieldPath> {
    let field = evidence.mapping.sections.get(&SectionName::FirstValue)?.due.as_ref()?;
    (!answer::is_unavailable(evidence.record, field)).then_some(field)
}

fn due(evidence: &Evidence<'_>, close: Option<Date>) -> Option<Due> {
    let mut given = evidence.given(SectionName::FirstValue);
    given.clone().next()?;
    if let Some(field) = due_field(evidence)
        && let Some(value) = evidence.record.read(field).values().first().copied()
    {
        if let Some(day) = given.clone().find_map(|given| given.entry.given_due()) {
            return Some(on(Origin::Field(field.clone()), day));
        }
        let words = Words::of(value);
        let when = written::read(value, &words, close);
        let is_readable = !when.spans.is_empty() || (when.is_readable && written::says_only_when(&words));
        return Some(if is_readable {
            read(Origin::Field(field.clone()), when)
        } else {
            Due::Unreadable(field.clone(), value.to_owned())
        });
    }
    let counted = |given: &Written<'_>| Some(on(given.entry.origin.clone(), given.entry.given_due()?));
    let in_words = |Written { entry, words, .. }: &Written<'_>| {
        let when = written::read(&entry.text, words, close);
        when.is_readable.then(|| read(entry.origin.clone(), when))
    };
    let due = given.clone().find_map(counted).or_else(|| given.find_map(in_words));
    Some(due.unwrap_or(Due::Missing))
}

/// A day that was given.
fn on(origin: Origin, day: Date) -> Due {
    Due::Known(Known { origin, spans: vec![(day, day)], confidence: Confidence::Certain })
}

/// What was read in a text.
fn read(origin: Origin, when: When) -> Due {
    let confidence = if when.is_sure { Confidence::Likely } else { Confidence::Unsure };
    Due::Known(Known { origin, spans: when.spans, confidence })
}

fn end_of_window(close: Date) -> Option<Date> {
    close.checked_add(WINDOW_DAYS.days()).ok()
}

fn gap(rule: RuleId, confidence: Confidence, ask: Ask, fact: Fact) -> Gap {
    Gap::for_seller(rule, SectionName::FirstValue, confidence, ask, fact)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::gaps::deal_on_paper::DealOnPaper;

    const DATE_RULES: [&str; 4] = ["bad_date", "no_date", "stale_date", "outside_window"];

    /// A deal closed on 20 November 2026 in Berlin.
    fn says(text: &str) -> DealOnPaper {
        DealOnPaper::new().writes(SectionName::FirstValue, text)
    }

    fn due(value: &str) -> DealOnPaper {
        says("VP Sales uses the dashboard").due(value)
    }

    fn date_gaps(deal: &DealOnPaper) -> Vec<String> {
        deal.gaps().into_iter().map(|gap| gap.id()).filter(|id| DATE_RULES.contains(&id.as_str())).collect()
    }

    #[test]
    fn a_first_value_without_a_day_is_asked_for_one() {
        let texts = [
            "VP Sales uses the dashboard",
            "Dashboard in the weekly call",
            "First invoice sent",
            "Cut the close from 10 days to 4 days",
            "10 reports sent every week",
            "asap",
            "As soon as possible",
            "They may use it",
            "Vertrieb nutzt das Dashboard",
            "Erster Monatsabschluss ohne Excel",
            "so bald wie möglich",
            "La DAF consulte le tableau",
            "Première clôture sans Excel",
            "dès que possible",
            "El equipo usa el panel",
            "lo antes posible",
            "A equipe usa o painel",
            "o mais rápido possível",
            "Verkoop gebruikt het dashboard",
            "zo snel mogelijk",
        ];
        for text in texts {
            assert_eq!(date_gaps(&says(text)), ["no_date"], "{text}");
            assert_eq!(date_gaps(&says(text).due(" ")), ["no_date"], "{text}");
        }
    }

    #[test]
    fn a_day_in_the_window_is_left_alone_however_it_is_written() {
        let texts = [
            "Dashboard used by 12 Dec",
            "Dashboard used by 2026-12-12",
            "Used by 12/12/2026",
            "By December 12th",
            "Used within 21 days",
            "Used in three weeks",
            "Used by day 30",
            "Live in week 2",
            "By Friday",
            "Next month",
            "By end of Q4",
            "In the first month",
            "FY27 Q1",
            "Nutzt es bis 12.12.",
            "bis 12. Dezember 2026",
            "bis Mitte Dezember",
            "innerhalb von 21 Tagen",
            "in drei Wochen",
            "KW 50",
            "bis Monatsende",
            "avant le 12 décembre",
            "d'ici 3 semaines",
            "fin décembre",
            "sous 30 jours",
            "antes del 12 de diciembre",
            "en 3 semanas",
            "fin de mes",
            "até 12 de dezembro",
            "em 2 semanas",
            "vóór 12 december",
            "binnen 3 weken",
            "TBD",
            "none",
            "",
        ];
        for text in texts {
            assert_eq!(date_gaps(&says(text)), [""; 0], "{text}");
        }
    }

    #[test]
    fn a_date_that_nobody_can_read_is_reported() {
        let values = [
            "asap",
            "ASAP!",
            "soon",
            "TBD",
            "n/a",
            "?",
            "31.02.2027",
            "2026-13-01",
            "2026-02-30",
            "32.12.2026",
            "30. Februar 2027",
            "31 avril 2027",
            "31 de junio de 2027",
            "31 de novembro de 2026",
            "31 april 2027",
            "so früh es geht",
            "à voir avec Paul",
            "por confirmar",
            "a combinar com o cliente",
            "in overleg",
            "sobald wie möglich",
            "nach Absprache",
            "dès que possible",
            "à définir",
            "cuanto antes",
            "a definir",
            "zo snel mogelijk",
            "12345",
            "x",
            "yes",
            "true",
        ];
        for value in values {
            assert_eq!(date_gaps(&due(value)), ["bad_date"], "{value}");
        }
    }

    #[test]
    fn a_date_field_is_read_in_every_shape_a_crm_or_a_person_gives_it() {
        let values = [
            "2026-12-11",
            " 2026-12-11 ",
            "2026-12-11T00:00:00Z",
            "2026-12-11T23:30:00+01:00",
            "2026-12-11T09:00:00.000Z",
            "2026-12-11T09:00:00.000+0000",
            "2026-12-11T09:00:00",
            "1796947200000",
            "1796990400000",
            "2026-11-20",
            "2026-12-20",
            "12 Dec 2026",
            "12.12.2026",
            "12.12.",
            "12/12/2026",
            "Dec 12",
            "12. Dezember",
            "1er décembre",
            "12 de diciembre",
            "12 de dezembro",
            "12 december",
            "Q4",
            "in 3 weeks",
            "in 3 Wochen",
            "dans 3 semaines",
            "next week",
            "Ende Dezember",
            "fin décembre",
            "antes de fin de año",
            "d'ici Noël",
            "hasta Navidad",
            "até o Natal",
            "tot Kerst",
            "binnen 3 weken",
        ];
        for value in values {
            assert_eq!(date_gaps(&due(value)), [""; 0], "{value}");
        }
    }

    #[test]
    fn an_empty_date_field_is_not_unreadable() {
        for value in ["", " ", "\u{a0}"] {
            assert_eq!(date_gaps(&due(value)), ["no_date"], "{value:?}");
        }
    }

    #[test]
    fn a_day_before_the_close_is_stale() {
        let values = [
            "2026-11-19",
            "2026-11-01",
            "2025-12-12",
            "2020-01-01",
            "2026-11-19T22:59:59Z",
            "2026-11-19T00:00:00Z",
            "1793491200000",
            "1 Nov 2026",
            "01.11.2026",
            "1. November 2026",
            "1er novembre 2026",
            "1 de noviembre de 2026",
            "1 de novembro de 2026",
            "1 november 2026",
            "October 2026",
        ];
        for value in values {
            let gaps = due(value).gaps();
            let gap = gaps.iter().find(|gap| gap.rule == RuleId::StaleDate);
            assert!(gap.is_some_and(Gap::counts), "{value}");
        }
    }

    #[test]
    fn a_day_more_than_thirty_days_after_the_close_is_outside_the_window() {
        let values = [
            "2026-12-21",
            "2027-01-15",
            "2030-01-01",
            "2026-12-20T23:00:00Z",
            "1800000000000",
            "1 Feb 2027",
            "01.02.2027",
            "1. Februar 2027",
            "1er février 2027",
            "1 de febrero de 2027",
            "1 de fevereiro de 2027",
            "1 februari 2027",
            "in 6 weeks",
            "in 3 Monaten",
            "dans deux mois",
        ];
        for value in values {
            let gaps = due(value).gaps();
            let gap = gaps.iter().find(|gap| gap.rule == RuleId::OutsideWindow);
            assert!(gap.is_some_and(Gap::counts), "{value}");
        }
    }

    #[test]
    fn the_day_of_the_close_and_every_day_after_it_are_not_stale() {
        let values = [
            "2026-11-20",
            "2026-11-20T12:00:00Z",
            "2026-11-19T23:00:00Z",
            "1795132800000",
            "2026-12-01",
            "2030-01-01",
            "20 Nov 2026",
            "November 20th, 2026",
            "11/20/2026",
            "November 2026",
            "by Friday",
            "next week",
            "Q4",
            "within 10 days",
            "20.11.2026",
            "20. November 2026",
            "Ende November 2026",
            "KW 48",
            "nächste Woche",
            "20 novembre 2026",
            "fin novembre 2026",
            "la semaine prochaine",
            "dans dix jours",
            "20 de noviembre de 2026",
            "finales de noviembre de 2026",
            "la próxima semana",
            "20 de novembro de 2026",
            "semana que vem",
            "20 november 2026",
            "volgende week",
        ];
        for value in values {
            assert_eq!(due(value).gap("stale_date"), None, "{value}");
        }
    }

    #[test]
    fn day_thirty_and_every_day_before_it_are_inside_the_window() {
        let values = [
            "2026-12-20",
            "2026-12-20T12:00:00Z",
            "1797724800000",
            "2026-11-20",
            "2020-01-01",
            "20 Dec 2026",
            "December 20th, 2026",
            "12/20/2026",
            "December 2026",
            "within 30 days",
            "day 30",
            "week 4",
            "Q1 2027",
            "FY27 Q1",
            "20.12.2026",
            "20. Dezember 2026",
            "innerhalb von 30 Tagen",
            "Woche 4",
            "KW 2",
            "nächstes Quartal",
            "20 décembre 2026",
            "sous 30 jours",
            "d'ici un mois",
            "premier trimestre",
            "20 de diciembre de 2026",
            "en cuatro semanas",
            "primer trimestre",
            "20 de dezembro de 2026",
            "em 30 dias",
            "20 december 2026",
            "binnen vier weken",
        ];
        for value in values {
            assert_eq!(due(value).gap("outside_window"), None, "{value}");
        }
    }

    #[test]
    fn a_guessed_year_does_not_count() {
        let gap = says("VP Sales uses it by 5 February").gap("outside_window").unwrap();
        assert!(!gap.counts());
        let gap = says("VP Sales uses it by 5 November").gap("stale_date").unwrap();
        assert!(!gap.counts());
    }

    #[test]
    fn a_text_with_several_days_is_given_the_benefit_of_the_doubt() {
        let texts = [
            "Signed 3 Nov 2026, used by 12 Dec 2026",
            "Used by 12 Dec 2026, all sites by 1 March 2027",
            "Within 21 days, all sites within 90 days",
            "Vertrag vom 3.11.2026, Nutzung bis 12.12.2026",
            "Contrat du 3 novembre 2026, usage au 12 décembre 2026",
        ];
        for text in texts {
            assert_eq!(date_gaps(&says(text)), [""; 0], "{text}");
        }
    }

    #[test]
    fn days_are_counted_in_the_accounts_time_zone() {
        // 23:30 UTC on the 20th is the 21st in Berlin, and still the 20th in New York.
        let closed_late = |zone: &str| due("2026-11-20").closes("2026-11-20T23:30:00Z").in_time_zone(zone);
        assert_eq!(date_gaps(&closed_late("Europe/Berlin")), ["stale_date"]);
        assert_eq!(date_gaps(&closed_late("America/New_York")), [""; 0]);
    }

    #[test]
    fn milliseconds_of_a_day_mean_that_day_west_of_greenwich_too() {
        // 1793491200000 is midnight UTC on 1 November 2026, the day a date field holds.
        let deal = due("1793491200000").closes("2026-11-01T15:00:00Z").in_time_zone("America/Los_Angeles");
        assert_eq!(date_gaps(&deal), [""; 0]);
    }

    #[test]
    fn without_a_close_date_no_day_is_too_early_or_too_late() {
        for value in ["2020-01-01", "2099-01-01"] {
            assert_eq!(date_gaps(&due(value).closes("")), [""; 0]);
        }
    }

    #[test]
    fn without_a_first_value_there_is_no_question_about_its_day() {
        let deal = DealOnPaper::new().maps(SectionName::FirstValue).due("asap");
        assert_eq!(date_gaps(&deal), [""; 0]);
    }

    #[test]
    fn a_hidden_date_field_is_not_called_empty() {
        let gap = due("REDACTED").gap("no_date").unwrap();
        insta::assert_snapshot!(gap.evidence(), @"deal.handoff_first_value names no day");
        let ids = due("REDACTED").ids();
        assert!(ids.contains(&"first_value unmapped (does not count)".to_owned()));
    }

    #[test]
    fn questions_and_evidence_name_days_and_fields() {
        let read = |deal: DealOnPaper, id: &str| {
            let gap = deal.gap(id).unwrap();
            format!("{} | {}", gap.question(), gap.evidence())
        };
        let no_date = says("VP Sales uses the dashboard").due(" ");
        insta::assert_snapshot!(read(no_date, "no_date"), @"By which day should this happen? Without an answer we plan for day 30, 20 Dec 2026. | deal.handoff_first_value_date is empty, and deal.handoff_first_value names no day");
        insta::assert_snapshot!(read(due("asap"), "bad_date"), @r#"Which day should first value be there? The date cannot be read. | deal.handoff_first_value_date is "asap", which is not a date"#);
        insta::assert_snapshot!(read(due("2026-11-01"), "stale_date"), @"By which day, 20 Dec 2026 at the latest, should this happen? | deal.handoff_first_value_date says 2026-11-01, before the close on 2026-11-20");
        insta::assert_snapshot!(read(due("2027-01-15"), "outside_window"), @"What can they see earlier, by 20 Dec 2026? | deal.handoff_first_value_date says 2027-01-15, 56 days after the close on 2026-11-20");
    }

    #[test]
    fn a_deadline_in_the_text_is_not_said_to_stand_in_the_empty_date_field() {
        let deal = says("VP Sales uses the dashboard within 5 weeks").due("");
        let gap = deal.gap("outside_window").unwrap();
        insta::assert_snapshot!(gap.evidence(), @"deal.handoff_first_value says 2026-12-25, 35 days after the close on 2026-11-20");
    }

    #[test]
    fn a_deadline_that_a_gap_names_is_the_due_date_of_its_entry() {
        let deal = says("VP Sales uses the dashboard within five weeks");
        let due = deal.with_evidence(|evidence| {
            evidence.given(SectionName::FirstValue).next().and_then(|given| given.entry.given_due())
        });
        assert_eq!(due, Some(Date::constant(2026, 12, 25)));
        assert!(deal.gap("outside_window").unwrap().evidence().contains("2026-12-25"));
    }

    #[test]
    fn the_day_a_deal_was_won_counts_where_its_close_date_is_empty() {
        let deal = says("VP Sales uses the dashboard within 5 weeks").closes("").won("2026-11-20T12:00:00Z");
        assert!(deal.gap("outside_window").is_some());
    }

    #[test]
    fn a_date_field_that_holds_seconds_or_half_a_quarter_is_not_read_as_a_day() {
        for value in ["1796947200", "end of Q3-ish", "179694720", "1796947200.5", "Q1 maybe", "2026"] {
            assert_eq!(date_gaps(&due(value)), ["bad_date"], "{value}");
        }
        assert_eq!(date_gaps(&due("end of Q1")), [""; 0]);
    }
}
