//! The deals of both CRMs, each a link to its sheet.

use maud::{Markup, html};

use super::Playground;
use super::deal::{DealSheet, hidden};
use super::place::{Place, TOM};
use crate::opportunities::ORG;
use crate::salesforce::Object;
use crate::{deals, opportunities};

/// The deal that the story is about.
pub(super) const HALF_EMPTY: &str = deals::STORY[1].id;

/// A deal that comes into being as won: an order in a web shop.
pub(super) const CREATED_WON: &str = deals::STORY[3].id;

/// A CRM of the sandbox.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Crm {
    Hubspot,
    Salesforce,
}

impl Crm {
    /// The CRM that has a deal of this id: those of Salesforce begin with the prefix of opportunities.
    pub(super) fn of(deal: &str) -> Self {
        if deal.starts_with(Object::Opportunity.prefix()) { Self::Salesforce } else { Self::Hubspot }
    }

    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Hubspot => "HubSpot",
            Self::Salesforce => "Salesforce",
        }
    }

    /// The channel that digests of its deals go to, large ones apart, as the shipped mappings say.
    fn channel(self, is_large: bool) -> &'static str {
        match self {
            _ if is_large => deals::LARGE_DEALS_CHANNEL,
            Self::Hubspot => deals::CHANNEL,
            Self::Salesforce => opportunities::CHANNEL,
        }
    }
}

/// Reads a deal of either CRM.
pub(super) fn sheet(playground: &Playground, id: &str) -> Option<DealSheet> {
    match Crm::of(id) {
        Crm::Hubspot => playground.hubspot.see(|hubspot| super::hubspot::sheet(hubspot, id)),
        Crm::Salesforce => playground.salesforce.see(|salesforce| super::salesforce::sheet(salesforce, id)),
    }
}

/// Whether the page has something to show for this id.
pub(super) fn exists(playground: &Playground, id: &str) -> bool {
    id == CREATED_WON || sheet(playground, id).is_some()
}

/// Every deal, CRM by CRM.
pub(super) fn all(playground: &Playground) -> Vec<DealSheet> {
    let kind = crate::hubspot::Kind::Deal;
    let hubspot = playground.hubspot.see(|hubspot| {
        let portal = hubspot.portal(deals::PORTAL);
        portal
            .into_iter()
            .flat_map(|portal| portal.records(kind))
            .map(|deal| deal.id.clone())
            .collect::<Vec<_>>()
    });
    let salesforce = playground.salesforce.see(|salesforce| {
        let records = salesforce.org(ORG).into_iter().flat_map(|org| org.records(Object::Opportunity));
        records.map(|deal| deal.id.clone()).collect::<Vec<_>>()
    });
    hubspot.iter().chain(&salesforce).filter_map(|id| sheet(playground, id)).collect()
}

/// Where a deal is looked at: in the channel of its digests, with the eyes of its seller if they are in the workspace.
pub(super) fn place_of(playground: &Playground, deal: &DealSheet) -> Place {
    let person = playground.slack.see(|slack| slack.person_of(&deal.seller.1).map(ToOwned::to_owned));
    let whole = deal.amount.split(['.', ' ']).next().unwrap_or_default().replace(',', "");
    let is_large = whole.parse::<u64>().is_ok_and(|amount| amount >= 100_000);
    Place {
        deal: deal.id.clone(),
        channel: Crm::of(&deal.id).channel(is_large).to_owned(),
        person: person.unwrap_or_else(|| TOM.to_owned()),
    }
}

/// The shelf.
pub(super) fn draw(playground: &Playground, deals: &[DealSheet], place: &Place) -> Markup {
    let of = |crm: Crm| deals.iter().filter(move |deal| Crm::of(&deal.id) == crm);
    let is_ordered = deals.iter().any(|deal| deal.id == CREATED_WON);
    html! {
        @for crm in [Crm::Hubspot, Crm::Salesforce] {
            h2 { span.crm data-crm=(crm.name()) { (crm.name()) } }
            ul {
                @for deal in of(crm) {
                    li {
                        a href=(place_of(playground, deal).href()) aria-current=[(deal.id == place.deal).then_some("true")] {
                            strong { (deal.account) }
                            span { (deal.amount) }
                            span.stage data-won=[deal.is_won.then_some("")] { (deal.stage) }
                        }
                    }
                }
                @if crm == Crm::Hubspot && !is_ordered {
                    li {
                        form method="post" action="/act/order" {
                            (hidden(&place.at_deal(CREATED_WON)))
                            button { "Let an order come in from the web shop" }
                        }
                    }
                }
            }
        }
    }
}

/// `64800.5` as `64,800.5`.
pub(super) fn grouped(amount: &str) -> String {
    let (whole, rest) =
        amount.split_once('.').map_or((amount, String::new()), |(whole, rest)| (whole, format!(".{rest}")));
    let mut grouped = String::new();
    for (at, digit) in whole.chars().enumerate() {
        if at > 0 && (whole.len() - at).is_multiple_of(3) {
            grouped.push(',');
        }
        grouped.push(digit);
    }
    grouped + &rest
}
