//! Slack's `mrkdwn`: escapes, people, dates, links, emphasis, code and quotes.
//!
//! <https://docs.slack.dev/messaging/formatting-message-text>

use maud::{Markup, html};

use super::links::Drawing;

/// Draws a text.
pub(super) fn draw(text: &str, drawing: &Drawing<'_>) -> Markup {
    let mut parts = text.split("```");
    html! {
        (lines(parts.next().unwrap_or_default(), drawing))
        @while let Some(code) = parts.next() {
            pre { (unescaped(code.trim_matches('\n'))) }
            (lines(parts.next().unwrap_or_default(), drawing))
        }
    }
}

fn lines(text: &str, drawing: &Drawing<'_>) -> Markup {
    html! {
        @for (at, line) in text.split('\n').enumerate() {
            @if let Some(quoted) = line.strip_prefix("&gt;").or_else(|| line.strip_prefix('>')) {
                blockquote { (inline(quoted.trim_start(), drawing)) }
            } @else {
                @if at > 0 { br; }
                (inline(line, drawing))
            }
        }
    }
}

/// One line: tokens in `<…>`, code, then emphasis.
fn inline(text: &str, drawing: &Drawing<'_>) -> Markup {
    let Some(at) = text.find(['<', '`', '*', '_', '~']) else { return html! { (unescaped(text)) } };
    let (before, rest) = text.split_at(at);
    let mark = rest.chars().next().unwrap_or_default();
    let inside = rest.get(1..).unwrap_or_default();
    let close = if mark == '<' { '>' } else { mark };
    let opens =
        mark == '<' || mark == '`' || (!before.ends_with(char::is_alphanumeric) && !inside.starts_with(' '));
    let Some((held, after)) = inside.split_once(close).filter(|(held, _)| opens && !held.is_empty()) else {
        return html! { (unescaped(before)) (mark) (inline(inside, drawing)) };
    };
    html! {
        (unescaped(before))
        @match mark {
            '<' => (token(held, drawing)),
            '`' => code { (unescaped(held)) },
            '*' => strong { (inline(held, drawing)) },
            '_' => em { (inline(held, drawing)) },
            _ => s { (inline(held, drawing)) },
        }
        (inline(after, drawing))
    }
}

fn token(token: &str, drawing: &Drawing<'_>) -> Markup {
    let (target, label) = token.split_once('|').unwrap_or((token, ""));
    if let Some(user) = target.strip_prefix('@') {
        return drawing.mention(user);
    }
    if target.starts_with("!date^") {
        return html! { time { (unescaped(label)) } };
    }
    drawing.link(&unescaped(target), &unescaped(label))
}

/// The only escapes that Slack knows.
fn unescaped(text: &str) -> String {
    text.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&")
}
