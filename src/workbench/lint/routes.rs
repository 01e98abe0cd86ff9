//! `slack.routes`: routes that are never taken, and a channel that is never reached.

use crate::source::{Problems, Span};

use super::draft::{Draft, Routed};
use super::verdict::{Certain, certain, complement, implies};

pub(crate) fn look(draft: &Draft<'_>, problems: &mut Problems) {
    shadowed(&draft.routes, problems);
    if let Some((channel, span)) = draft.channel {
        idle(&draft.routes, channel, problems);
        unreached(draft, span, problems);
    }
}

/// The first route that holds wins, so one behind a wider one is never taken.
fn shadowed(routes: &[Routed<'_>], problems: &mut Problems) {
    for (index, later) in routes.iter().enumerate() {
        let wider = |earlier: &&Routed<'_>| implies(&later.when.condition, &earlier.when.condition);
        if let Some(earlier) = routes.iter().take(index).find(wider) {
            let line = problems.line(earlier.when.span);
            let message = format!(
                "this route is never taken: whenever its condition holds, the one in line {line} holds and comes first"
            );
            let same = implies(&earlier.when.condition, &later.when.condition);
            let help = if same {
                "remove one of the two: a digest goes to one channel"
            } else {
                "move this route above that one: the first route that holds wins"
            };
            problems.warning(later.when.span, message, help);
        }
    }
}

/// A route to the channel that is taken anyway, with no other channel behind it.
fn idle(routes: &[Routed<'_>], channel: &str, problems: &mut Problems) {
    for route in routes.iter().rev().take_while(|route| route.channel == channel) {
        let message = format!("this route changes nothing: without it the digest goes to {channel} too");
        problems.warning(route.when.span, message, "remove the route, or write another channel");
    }
}

/// Routes that leave nothing over for `channel`.
fn unreached(draft: &Draft<'_>, channel: Span, problems: &mut Problems) {
    let pipelines: Vec<&str> = draft.pipelines.iter().map(|(pipeline, _)| *pipeline).collect();
    let always = |route: &&Routed<'_>| {
        let verdict = draft.crm.and_then(|crm| certain(&route.when.condition, crm, &pipelines));
        matches!(verdict, Some(Certain::Always(_)))
    };
    let help = "remove the route that should not take them all; one that takes every deal belongs here, behind `channel`";
    if let Some(route) = draft.routes.iter().find(always) {
        let message = format!(
            "no digest goes here: the route in line {} takes every deal",
            problems.line(route.when.span)
        );
        problems.warning(channel, message, help);
        return;
    }
    for (index, later) in draft.routes.iter().enumerate() {
        let other = |earlier: &&Routed<'_>| complement(&later.when.condition, &earlier.when.condition);
        if let Some(earlier) = draft.routes.iter().take(index).find(other) {
            let (one, two) = (problems.line(earlier.when.span), problems.line(later.when.span));
            let message = format!("no digest goes here: the routes in lines {one} and {two} take every deal");
            problems.warning(channel, message, help);
            return;
        }
    }
}
