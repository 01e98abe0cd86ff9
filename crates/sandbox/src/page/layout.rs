//! The document: what stands where.

use maud::{DOCTYPE, Markup, html};

use super::deal::{self, hidden};
use super::links::Drawing;
use super::place::Place;
use super::shelf::Crm;
use super::{Playground, messages, modal, shelf, story};

/// The whole page. Parts with `data-live` are replaced by `page.js` when they changed.
pub(super) fn document(playground: &Playground, place: &Place) -> Markup {
    let deals = shelf::all(playground);
    let drawing = Drawing::new(playground, &deals, place);
    let open = deals.iter().find(|deal| deal.id == place.deal);
    let view = playground.slack.see(|slack| slack.open_view(&place.person).cloned());
    let notice = playground.board().notices.get(&place.person).cloned();
    html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                meta name="color-scheme" content="light dark";
                title { "Handoff Bridge: the demo" }
                link rel="icon" href="/icon.svg";
                link rel="stylesheet" href="/page.css";
                script src="/page.js" defer {}
            }
            body {
                a.skip href="#slack" { "Skip to Slack" }
                header.top {
                    h1 { "Handoff Bridge" }
                    p { "Left, a deal in its CRM. Right, Slack. Between them runs the real service." }
                    nav.jump aria-label="Parts of the page" {
                        a href="#shelf" { "Deals" } a href="#deal" { "Deal" } a href="#slack" { "Slack" }
                    }
                }
                section.story #story data-live aria-label="The story" { (story::draw(&playground.board().story, place)) }
                main {
                    nav #shelf data-live aria-label="Deals" { (shelf::draw(playground, &deals, place)) }
                    section #deal aria-label="The deal in its CRM" {
                        div.deal {
                            div #deal-live data-live {
                                @if let Some(notice) = notice { p.notice role="alert" { (notice) } }
                                @if let Some(deal) = open {
                                    (deal::draw_head(deal, place))
                                } @else {
                                    p.quiet { "This order has not come in yet." }
                                    form method="post" action="/act/order" {
                                        (hidden(place))
                                        button.primary { "Let it come in" }
                                    }
                                }
                            }
                            div #task data-live { @if let Some(deal) = open { (deal::draw_tasks(deal)) } }
                            div #fields data-live { @if let Some(deal) = open { (deal::draw_form(deal, place)) } }
                            div #sent data-live { (sent(playground)) }
                        }
                        @if let Some(deal) = open {
                            p.actions { button.primary form="sheet" { "Save in " (Crm::of(&deal.id).name()) } }
                        }
                    }
                    section #slack data-live aria-label="Slack" { (messages::draw(playground, &drawing)) }
                }
                div #modal data-live { @if let Some(view) = &view { (modal::draw(view, &drawing)) } }
                noscript { p.quiet { "Without scripts, reload the page to see what changed." } }
            }
        }
    }
}

/// The webhooks that were sent, newest first.
fn sent(playground: &Playground) -> Markup {
    let board = playground.board();
    html! {
        details.sent #webhooks {
            summary { "Webhooks to the service" }
            @if board.sent.is_empty() { p.quiet { "None from this page yet." } }
            ol {
                @for webhook in &board.sent {
                    li {
                        time { (webhook.at.strftime("%H:%M:%S")) } " " (webhook.what) ": "
                        @match &webhook.answer {
                            Ok(status) => { "answered " strong { (status) } },
                            Err(why) => { "no answer, " (why) },
                        }
                    }
                }
            }
        }
    }
}
