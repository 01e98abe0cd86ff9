//! What every page has: the document, its landmarks, the way to the other pages.

use axum::http::StatusCode;
use axum::response::{Html, IntoResponse, Response};
use jiff::Timestamp;
use maud::{DOCTYPE, Markup, html};

use crate::http::access::{Caller, Role};

/// The pages, in the order in which they are listed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Tab {
    Packets,
    Stuck,
    Stats,
    Inputs,
}

impl Tab {
    const ALL: [(Self, &'static str, &'static str); 4] = [
        (Self::Packets, "/packets", "Packets"),
        (Self::Stuck, "/stuck", "Stuck"),
        (Self::Stats, "/stats", "Gaps and people"),
        (Self::Inputs, "/events", "Inputs"),
    ];
}

/// A page. Its title says what kind of page it is and never what a customer or a seller wrote.
pub fn page(tab: Tab, title: &str, caller: &Caller, body: &Markup) -> Html<String> {
    document(
        title,
        &html! {
            header.top {
                p.brand { a href="/packets" { "Handoff Bridge" } }
                nav aria-label="Pages" {
                    @for (other, address, name) in Tab::ALL {
                        a href=(address) aria-current=[(other == tab).then_some("page")] { (name) }
                    }
                }
                p.who {
                    @if let Some(user) = &caller.user { (user) " · " }
                    @match caller.role { Role::Operator => "operator", Role::Reader => "reader: looks, changes nothing" }
                }
                @if caller.has_session {
                    form method="post" action="/sign-out" { button.quiet { "Sign out" } }
                }
            }
            main #main tabindex="-1" { (body) }
        },
    )
}

/// A page for those whom we do not know.
pub fn bare(title: &str, body: &Markup) -> Html<String> {
    document(title, &html! { main #main.bare tabindex="-1" { h1 { (title) } (body) } })
}

/// A page that leads to another of ours at once. A browser sends a strict cookie along with what our own pages lead to.
pub fn onward(path: &str) -> Html<String> {
    Html(
        html! {
            (DOCTYPE)
            html lang="en" {
                head {
                    meta charset="utf-8";
                    meta http-equiv="refresh" content=(format!("0; url={path}"));
                    title { "Handoff Bridge" }
                }
                body { main { p { a href=(path) { "Go on" } } } }
            }
        }
        .into_string(),
    )
}

/// What was asked for cannot be shown or done.
pub fn sorry(status: StatusCode, tab: Tab, caller: &Caller, why: &str) -> Response {
    let body = html! {
        h1 { "That did not work" }
        p.notice role="alert" { @for line in why.lines() { (line) br; } }
        p { a href="/packets" { "All packets" } }
    };
    (status, page(tab, "That did not work", caller, &body)).into_response()
}

fn document(title: &str, body: &Markup) -> Html<String> {
    Html(
        html! {
            (DOCTYPE)
            html lang="en" {
                head {
                    meta charset="utf-8";
                    meta name="viewport" content="width=device-width, initial-scale=1";
                    meta name="color-scheme" content="light dark";
                    title { (title) " · Handoff Bridge" }
                    link rel="icon" href="data:,";
                    link rel="stylesheet" href="/page.css";
                }
                body {
                    a.skip href="#main" { "Skip to the content" }
                    (body)
                }
            }
        }
        .into_string(),
    )
}

/// What proves that a form is ours.
pub fn csrf(caller: &Caller) -> Markup {
    html! { input type="hidden" name="csrf" value=(caller.csrf); }
}

/// An instant, for people and for programs.
pub fn time(at: Timestamp) -> Markup {
    html! { time datetime=(at) { (at.strftime("%Y-%m-%d %H:%M UTC")) } }
}

/// How long ago something was, in its largest unit.
pub fn age(at: Timestamp, now: Timestamp) -> String {
    let seconds = now.duration_since(at).as_secs().max(0);
    match seconds {
        0..60 => "just now".to_owned(),
        60..3_600 => format!("{} min", seconds / 60),
        3_600..172_800 => format!("{} h", seconds / 3_600),
        _ => format!("{} days", seconds / 86_400),
    }
}

/// A link to another machine, if the address is one for browsers.
pub fn outward(address: &str, text: &str) -> Markup {
    let is_web = address.starts_with("https://") || address.starts_with("http://");
    html! {
        @if is_web { a href=(address) rel="noopener noreferrer" { (text) } } @else { (text) }
    }
}
