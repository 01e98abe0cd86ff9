//! `slack`: where the digest goes.

use super::super::{Route, SlackMapping};
use super::condition;
use crate::source::{Field, Node, Problems, Section};

/// Channels have a stable id beside their name; a mapping uses the id, so that renaming a channel changes
/// nothing.
const WHERE: &str = "write the channel's id, such as C0123ABCD: in Slack click the channel's name, it stands at \
                     the bottom of About";

/// The channel and its exceptions.
pub(crate) fn slack(mut section: Section<'_>, problems: &mut Problems) -> Option<SlackMapping> {
    let channel = read(section.require("channel", WHERE), problems);
    let routes = section.take("routes").list(problems);
    section.finish(problems);
    let routes = routes.into_iter().filter_map(|node| route(node, problems)).collect();
    Some(SlackMapping { channel: channel?, routes })
}

fn route(node: &Node, problems: &mut Problems) -> Option<Route> {
    let mut section = Section::of(node, "a route", problems)?;
    let when = condition::when(&mut section, problems);
    let channel = read(section.require("channel", WHERE), problems);
    section.finish(problems);
    Some(Route { when: when?, channel: channel? })
}

fn read(field: Field<'_>, problems: &mut Problems) -> Option<String> {
    let key = field.key_span()?;
    // `channel: #wins` is a key with a comment behind it: say more than "empty".
    let mut silent = Problems::default();
    let Some((text, span)) = field.text(&mut silent) else {
        problems.error(key, "`channel` holds no channel id (text behind `#` is a comment)", WHERE);
        return None;
    };
    if is_channel(text) {
        return Some(text.to_owned());
    }
    let message = match text.chars().next() {
        Some('#') => format!("`{text}` is the name of a channel, not its id"),
        Some('U' | 'W' | 'D') if is_channel(&format!("C{}", text.get(1..).unwrap_or_default())) => {
            format!("`{text}` is the id of a person or a direct message, not of a channel")
        }
        _ => format!("`{text}` is not the id of a Slack channel"),
    };
    problems.error(span, message, WHERE);
    None
}

fn is_channel(text: &str) -> bool {
    let id =
        |rest: &str| rest.len() >= 7 && rest.bytes().all(|b| b.is_ascii_uppercase() || b.is_ascii_digit());
    text.strip_prefix(['C', 'G']).is_some_and(id)
}
