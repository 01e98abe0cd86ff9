//! Text of the product as HTML: addresses that lead to a deal stay on the page, and a task's markup is cut to its tags.

use std::collections::BTreeMap;

use maud::{Markup, html};

use super::deal::DealSheet;
use super::place::Place;
use super::{Playground, shelf};
use crate::opportunities::ORG;
use crate::salesforce::Object;
use crate::{deals, hubspot};

/// What the drawing of messages needs to know.
pub(super) struct Drawing<'a> {
    pub(super) place: &'a Place,
    /// Names of the workspace's people, by id.
    pub(super) people: BTreeMap<String, String>,
    /// The deal that an id in an address belongs to: its own, or that of a task on it.
    deals: BTreeMap<String, String>,
}

impl<'a> Drawing<'a> {
    pub(super) fn new(playground: &Playground, sheets: &[DealSheet], place: &'a Place) -> Self {
        let people = playground.slack.see(|slack| {
            slack.people().map(|(id, name)| (id.to_owned(), name.to_owned())).collect::<BTreeMap<_, _>>()
        });
        let mut deals = BTreeMap::new();
        for DealSheet { id, .. } in sheets {
            deals.insert(id.clone(), id.clone());
            for task in tasks_of(playground, id) {
                deals.insert(task, id.clone());
            }
        }
        Self { place, people, deals }
    }

    /// A link. What leads to a deal or its task in a CRM leads to the deal on this page.
    pub(super) fn link(&self, url: &str, text: &str) -> Markup {
        let text = if text.is_empty() { url } else { text };
        let deal = url.split(['/', '?', '&', '=', '#']).find_map(|part| self.deals.get(part));
        html! {
            @if let Some(deal) = deal {
                a href=(self.place.at_deal(deal).href()) { (text) }
            } @else if url.starts_with("https://") || url.starts_with("http://") {
                a href=(url) rel="noreferrer" target="_blank" { (text) }
            } @else {
                (text)
            }
        }
    }

    pub(super) fn mention(&self, user: &str) -> Markup {
        let name = self.people.get(user).map_or(user, String::as_str);
        html! { span.mention data-self=[(user == self.place.person).then_some("")] { "@" (name) } }
    }
}

fn tasks_of(playground: &Playground, deal: &str) -> Vec<String> {
    match shelf::Crm::of(deal) {
        shelf::Crm::Hubspot => playground.hubspot.see(|crm| {
            let tasks = crm.portal(deals::PORTAL).map(|portal| portal.tasks_of(deal)).unwrap_or_default();
            tasks.into_iter().map(|task: &hubspot::Record| task.id.clone()).collect()
        }),
        shelf::Crm::Salesforce => playground.salesforce.see(|crm| {
            let tasks = crm.org(ORG).map(|org| org.tasks_of(deal)).unwrap_or_default();
            tasks
                .into_iter()
                .map(|task| task.id.clone())
                .filter(|id| id.starts_with(Object::Task.prefix()))
                .collect()
        }),
    }
}

/// The tags that HubSpot's editor writes into a task and that are drawn.
const TAGS: [&str; 10] = ["<p>", "</p>", "<b>", "</b>", "<ul>", "</ul>", "<li>", "</li>", "<br>", "</a>"];

/// The tag that opens a link to a page, if the text begins with one and it says nothing else.
fn link(html: &str) -> Option<&str> {
    let address = html.strip_prefix("<a href=\"http")?;
    let end = address.find(['"', '<', '>']).filter(|end| address[*end..].starts_with("\">"))?;
    html.get(..html.len() - address.len() + end + "\">".len())
}

/// The HTML of a task with these tags and entities; everything else is escaped.
pub(super) fn task_body(html: &str) -> String {
    let mut kept = String::with_capacity(html.len());
    let mut rest = html;
    while let Some(first) = rest.chars().next() {
        if let Some(tag) = TAGS.into_iter().find(|tag| rest.starts_with(tag)).or_else(|| link(rest)) {
            kept.push_str(tag);
            rest = rest.get(tag.len()..).unwrap_or_default();
            continue;
        }
        match first {
            '<' => kept.push_str("&lt;"),
            '>' => kept.push_str("&gt;"),
            '"' => kept.push_str("&quot;"),
            first => kept.push(first),
        }
        rest = rest.get(first.len_utf8()..).unwrap_or_default();
    }
    kept
}
