//! `slack.routes`: routes that are never taken, and a channel that is never reached.

use super::logic::{Certain, certain, complement, implies};
use crate::mapping::file::ast::{Condition, MappingFile, Route};
use crate::source::{Problems, Span};

pub(super) fn lint(file: &MappingFile, problems: &mut Problems) {
    shadowed(&file.slack.routes, problems);
    if let Some(channel) = &file.slack.channel {
        idle(&file.slack.routes, &channel.value, problems);
        unreached(file, channel.span, problems);
    }
}

/// The first route that holds wins, so one behind a wider one is never taken.
fn shadowed(routes: &[Route], problems: &mut Problems) {
    for (index, later) in routes.iter().enumerate() {
        let Some(later) = later.when.condition() else { continue };
        let earlier = routes.iter().take(index).filter_map(|route| route.when.condition());
        let mut wider = earlier.filter(|earlier| implies(&later.meaning, &earlier.meaning));
        if let Some(earlier) = wider.next() {
            let line = problems.line(earlier.span);
            let message = format!(
                "this route is never taken: whenever its condition holds, the one in line {line} holds and comes first"
            );
            let same = implies(&earlier.meaning, &later.meaning);
            let help = if same {
                "remove one of the two: a digest goes to one channel"
            } else {
                "move this route above that one: the first route that holds wins"
            };
            problems.warning(later.span, message, help);
        }
    }
}

/// A route to the channel that is taken anyway, with no other channel behind it.
fn idle(routes: &[Route], channel: &str, problems: &mut Problems) {
    for route in routes.iter().rev().take_while(|route| route.channel.value == channel) {
        let message = format!("this route changes nothing: without it the digest goes to {channel} too");
        let span = route.when.condition().map_or(route.channel.span, |condition| condition.span);
        problems.warning(span, message, "remove the route, or write another channel");
    }
}

/// Routes that leave nothing over for `channel`.
fn unreached(file: &MappingFile, channel: Span, problems: &mut Problems) {
    let conditions: Vec<&Condition> =
        file.slack.routes.iter().filter_map(|route| route.when.condition()).collect();
    let always = |condition: &&&Condition| {
        let dialect = file.dialect();
        let certain = dialect.and_then(|dialect| certain(&condition.meaning, dialect, &file.pipelines));
        matches!(certain, Some(Certain::Always(_)))
    };
    let help = "remove the route that should not take them all; one that takes every deal belongs here, behind `channel`";
    if let Some(condition) = conditions.iter().find(always) {
        let message = format!(
            "no digest goes here: the route in line {} takes every deal",
            problems.line(condition.span)
        );
        problems.warning(channel, message, help);
        return;
    }
    for (index, later) in conditions.iter().enumerate() {
        let other = |earlier: &&&Condition| complement(&later.meaning, &earlier.meaning);
        if let Some(earlier) = conditions.iter().take(index).find(other) {
            let (one, two) = (problems.line(earlier.span), problems.line(later.span));
            let message = format!("no digest goes here: the routes in lines {one} and {two} take every deal");
            problems.warning(channel, message, help);
            return;
        }
    }
}
