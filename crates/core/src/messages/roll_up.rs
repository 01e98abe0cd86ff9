//! The week in one short message.

use jiff::civil::Date;

use super::{packet, reply, value};
use crate::packet::Week;

super::messages! { "roll_up";
    won(count);
    won_one;
    none_won;
    complete(close, now);
    median(span);
    open;
    open_what(sections);
    counted(what, count);
    of_sellers(what, sellers);
    others;
    first_value;
    due(deals);
    on_day(deal, day);
    came(reached, missed);
    refused_by;
    refused(count);
    refused_one;
    rules;
    right(rule, percent);
}

/// Deals that are named; the others are counted.
const DEALS: usize = 4;

/// Rules that are named.
const RULES: usize = 4;

/// The first line, and below it one line for each thing that there is to say: label and text.
pub fn lines(week: &Week, today: Date) -> (String, Vec<(&'static str, String)>) {
    let won = match week.wins {
        0 => none_won().to_owned(),
        1 => won_one().to_owned(),
        count => won(&count.to_string()),
    };
    let complete = (week.wins > 0)
        .then(|| complete(&week.complete_at_close.to_string(), &week.complete_now.to_string()));
    let median = week.median_minutes.map(|minutes| median(&reply::span(minutes)));
    let first = [Some(won), complete, median].into_iter().flatten().collect::<Vec<_>>().join(" · ");
    let rows = [
        (open(), still_open(week)),
        (first_value(), first_values(week, today)),
        (refused_by(), refusals(week.refused)),
        (rules(), precision(week)),
    ];
    (first, rows.into_iter().filter_map(|(label, text)| Some((label, text?))).collect())
}

fn still_open(week: &Week) -> Option<String> {
    let count = |what: &str, count: u64| counted(what, &count.to_string());
    let sections: Vec<String> = week.open.iter().map(|(name, gaps)| count(&name.title(), *gaps)).collect();
    if sections.is_empty() {
        return None;
    }
    let what = open_what(&sections.join(" · "));
    let others = (week.other_sellers > 0).then(|| count(others(), week.other_sellers));
    let sellers: Vec<String> =
        week.sellers.iter().map(|(name, gaps)| count(name, *gaps)).chain(others).collect();
    Some(if week.sellers.is_empty() { what } else { of_sellers(&what, &sellers.join(", ")) })
}

fn first_values(week: &Week, today: Date) -> Option<String> {
    let named = week.due.iter().take(DEALS);
    let mut deals: Vec<String> =
        named.map(|(deal, day)| on_day(deal, &value::near_with_weekday(*day, today))).collect();
    if week.due.len() > DEALS {
        deals.push(packet::and_more(week.due.len() - DEALS));
    }
    let due = (!deals.is_empty()).then(|| due(&deals.join(", ")));
    let came =
        (week.reached + week.missed > 0).then(|| came(&week.reached.to_string(), &week.missed.to_string()));
    let said: Vec<String> = [due, came].into_iter().flatten().collect();
    (!said.is_empty()).then(|| said.join(" · "))
}

fn refusals(count: u64) -> Option<String> {
    match count {
        0 => None,
        1 => Some(refused_one().to_owned()),
        count => Some(refused(&count.to_string())),
    }
}

fn precision(week: &Week) -> Option<String> {
    let rules = week.rules.iter().take(RULES);
    let rules: Vec<String> = rules.map(|(rule, percent)| right(rule, &percent.to_string())).collect();
    (!rules.is_empty()).then(|| rules.join(", "))
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use super::*;
    use crate::packet::SectionName::{Promises, Risks};

    fn said(week: &Week) -> String {
        let (first, rows) = lines(week, date(2026, 11, 30));
        let rows = rows.into_iter().map(|(label, text)| format!("\n{label}: {text}"));
        first + &rows.collect::<String>()
    }

    #[test]
    fn a_week_is_summed_up_in_a_few_lines() {
        let week = Week {
            wins: 6,
            complete_at_close: 2,
            complete_now: 5,
            median_minutes: Some(26 * 60),
            open: vec![(Promises, 3), (Risks, 2)],
            sellers: vec![("Tom Lindqvist".to_owned(), 3)],
            other_sellers: 2,
            refused: 2,
            due: vec![
                ("Acme: forecasting".to_owned(), date(2026, 12, 3)),
                ("Pinebrook Clinics: appointment reminders".to_owned(), date(2026, 12, 4)),
            ],
            reached: 3,
            missed: 1,
            rules: vec![("vague".to_owned(), 71), ("empty".to_owned(), 92)],
        };
        insta::assert_snapshot!(said(&week), @r"
        6 deals won last week · 2 complete at close, 5 now · half of the others within 26 hours
        Still open: Promised 3 · Risk 2, for more than five business days (Tom Lindqvist 3, others 2)
        First value: due this week: Acme: forecasting (Thu 3 Dec), Pinebrook Clinics: appointment reminders (Fri 4 Dec) · last week 3 reached, 1 missed
        Refused: 2 answers are not in the CRM, which refused them
        Rules: vague right in 71 %, empty right in 92 %
        ");
        assert!(!week.is_empty());
    }

    #[test]
    fn what_there_is_not_is_not_said() {
        let one = Week { wins: 1, ..Week::default() };
        insta::assert_snapshot!(said(&one), @"1 deal won last week · 0 complete at close, 0 now");
        let due = (0..6).map(|n| (format!("Deal {n}"), date(2026, 12, 1))).collect();
        let quiet = Week { refused: 1, due, other_sellers: 2, open: vec![(Risks, 2)], ..Week::default() };
        insta::assert_snapshot!(said(&quiet), @r"
        No deal was won last week
        Still open: Risk 2, for more than five business days
        First value: due this week: Deal 0 (Tue 1 Dec), Deal 1 (Tue 1 Dec), Deal 2 (Tue 1 Dec), Deal 3 (Tue 1 Dec), +2 more
        Refused: 1 answer is not in the CRM, which refused it
        ");
        assert!(Week { rules: vec![("vague".to_owned(), 71)], ..Week::default() }.is_empty());
    }
}
