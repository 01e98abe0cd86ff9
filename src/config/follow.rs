//! `[follow]`: how long, and how often, the deal of an open packet is looked at again.

use std::time::Duration;

use super::WorkConfig;
use crate::store::FollowConfig;
use handoff_core::source::{Block, Field, Problems, duration};

/// Reads the block; what it leaves out keeps its default.
pub(super) fn read(section: Option<Block<'_>>, problems: &mut Problems) -> FollowConfig {
    let default = WorkConfig::default().follow;
    let Some(mut section) = section else { return default };
    let span = section.take("for");
    let schedule = section.take("schedule");
    let follow = FollowConfig {
        span: or_zero(span, default.span, problems),
        schedule: if schedule.is_empty_list() {
            Vec::new()
        } else {
            spans(schedule, default.schedule, problems)
        },
        every: section.take("every").duration(problems).unwrap_or(default.every),
        edit_pause: or_zero(section.take("edit_pause"), default.edit_pause, problems),
    };
    section.finish(problems);
    follow
}

/// A time, or `"0"`.
fn or_zero(field: Field<'_>, default: Duration, problems: &mut Problems) -> Duration {
    match field.text(&mut Problems::new("", "")) {
        Some(("0", _)) => Duration::ZERO,
        _ => field.duration(problems).unwrap_or(default),
    }
}

/// Times after the win, each longer than the one before.
fn spans(field: Field<'_>, default: Vec<Duration>, problems: &mut Problems) -> Vec<Duration> {
    if !field.is_present() {
        return default;
    }
    let mut spans = Vec::new();
    for (text, at) in field.texts(problems) {
        let span = duration(text);
        match span.filter(|span| spans.last().is_none_or(|last| last < span)) {
            Some(span) => spans.push(span),
            None if span.is_some() => {
                problems.error(
                    at,
                    "`schedule` goes back in time",
                    "write each time after the win, the shortest first",
                );
            }
            None => {
                let help = "write a number and a unit, such as \"5m\" or \"2h\"";
                problems.error(at, format!("`{text}` is not a time"), help);
            }
        }
    }
    spans
}
