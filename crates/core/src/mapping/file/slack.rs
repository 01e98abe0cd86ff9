//! `slack`: where the digest goes, and how people are asked.

use std::time::Duration;

use jiff::civil::{Time, Weekday};

use super::ast::{Route, Slack};
use super::task::MOST_BUSINESS_DAYS;
use super::{condition, people, values};
use crate::dates::hours::{Hours, Patience};
use crate::mapping::{AskWay, RollUp};
use crate::source::{Block, Field, Node, Problems, duration};

/// Where people are asked.
pub(crate) const ASK: [(&str, AskWay); 2] = [("channel", AskWay::Channel), ("dm", AskWay::Dm)];

/// Days on which the week is summed up.
pub(crate) const DAYS: [(&str, Weekday); 7] = [
    ("monday", Weekday::Monday),
    ("tuesday", Weekday::Tuesday),
    ("wednesday", Weekday::Wednesday),
    ("thursday", Weekday::Thursday),
    ("friday", Weekday::Friday),
    ("saturday", Weekday::Saturday),
    ("sunday", Weekday::Sunday),
];

/// A shorter span reminds people who had no time to answer.
const SENSIBLE: Duration = Duration::from_hours(1);

pub(super) fn slack(mut section: Block<'_>, problems: &mut Problems) -> Slack {
    let channel = values::channel(section.require("channel", values::CHANNEL), problems);
    let routes = section.take("routes").list(problems);
    let slack = Slack {
        channel,
        ask: section.take("ask").choice(&ASK, problems).unwrap_or_default(),
        remind_after: patience(section.take("remind_after"), problems).unwrap_or_default(),
        hours: hours(section.take("hours"), problems).unwrap_or_default(),
        answer_by: people::addresses(section.take("answer_by"), problems),
        roll_up: section.take("roll_up").block(problems).and_then(|block| roll_up(block, problems)),
        routes: routes.into_iter().filter_map(|node| route(node, problems)).collect(),
    };
    section.finish(problems);
    slack
}

fn route(node: &Node, problems: &mut Problems) -> Option<Route> {
    let mut section = Block::of(node, "a route", problems)?;
    let when = condition::of_route(&mut section, problems);
    let channel = values::channel(section.require("channel", values::CHANNEL), problems);
    section.finish(problems);
    Some(Route { when: when?, channel: channel? })
}

fn patience(field: Field<'_>, problems: &mut Problems) -> Option<Patience> {
    let (text, span) = field.text(problems)?;
    if let Ok(days) = text.parse::<u16>()
        && u32::from(days) <= MOST_BUSINESS_DAYS
    {
        return Some(if days == 0 { Patience::Endless } else { Patience::BusinessDays(days) });
    }
    let Some(wait) = duration(text) else {
        let help = format!(
            "write a number of business days up to {MOST_BUSINESS_DAYS}, 0 for never, or a span such as \"4h\""
        );
        return problems.reject(span, format!("`remind_after` cannot be `{text}`"), help);
    };
    if wait < SENSIBLE {
        let message = format!("`remind_after: {text}` leaves nobody the time to answer");
        problems.warning(span, message, "write a number of business days, such as 2");
    }
    Some(Patience::Span(wait))
}

fn hours(field: Field<'_>, problems: &mut Problems) -> Option<Hours> {
    let (text, span) = field.text(problems)?;
    let help = "write the first and the last hour of a working day, such as \"9-17\"; \"0-24\" is all of it";
    Hours::parse(text).or_else(|| problems.reject(span, format!("`hours` cannot be `{text}`"), help))
}

fn roll_up(mut section: Block<'_>, problems: &mut Problems) -> Option<RollUp> {
    let channel = values::channel(section.require("channel", values::CHANNEL), problems);
    let day = section.require("day", "write the day of the week: `day: monday`").choice(&DAYS, problems);
    let at = section.require("at", "write the time in the mapping's zone: `at: \"09:00\"`");
    let at = at.text(problems).and_then(|(text, span)| {
        let time = text
            .split_once(':')
            .and_then(|(hour, minute)| Time::new(hour.parse().ok()?, minute.parse().ok()?, 0, 0).ok());
        time.or_else(|| {
            problems.reject(span, format!("`at` cannot be `{text}`"), "write a time such as \"09:00\"")
        })
    });
    section.finish(problems);
    Some(RollUp { channel: channel?.value, day: day?, at: at? })
}
