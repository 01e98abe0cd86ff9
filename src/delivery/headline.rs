//! What task and digest both need of a deal beside its sections: customer, value, who takes over, whom to ask.

use crate::delivery::excerpt;
use handoff_core::gaps;
use handoff_core::messages;
use handoff_core::packet::{Packet, Question, Questions};
use handoff_core::record::{DealRecord, User};
use handoff_core::text::clean::clean_line;
use handoff_core::text::money::money;

/// Longest name, in UTF-16 units.
const NAME: usize = 80;

/// The facts both texts begin with; every string is one clean line of at most 80 units.
pub(super) struct Headline {
    /// The customer: the company's name, else the deal's.
    pub account: String,
    /// The amount, with its currency if there is one.
    pub value: Option<String>,
    /// Who takes the handoff; `None` if that is the seller, who hands it over.
    pub owner: Option<String>,
    pub seller: Option<String>,
    /// Whether the seller still works there.
    pub seller_left: bool,
    pub questions: Questions,
}

impl Headline {
    /// Reads the headline off a packet; company and seller come from the record it was made from, the questions from
    /// the plan of the delivery.
    pub fn of(packet: &Packet, record: &DealRecord, questions: Option<&Questions>) -> Self {
        let owner = packet.owner.name.as_deref().or(packet.owner.email.as_deref()).and_then(shown);
        let seller = record.owner.as_ref();
        Self {
            account: account(packet, record),
            value: value(packet),
            owner: owner.filter(|_| !is_seller(packet, record)),
            seller: seller.and_then(User::name).and_then(|raw| shown(&clean_line(&raw))),
            seller_left: seller.is_some_and(|seller| !seller.is_active()),
            questions: questions.cloned().unwrap_or_else(|| gaps::questions(&packet.gaps)),
        }
    }

    /// How many questions are open.
    pub fn open(&self) -> usize {
        self.questions.for_seller.len() + self.questions.for_revops.len()
    }

    /// The seller, as long as they can be asked.
    pub fn asked(&self) -> Option<&str> {
        self.seller.as_deref().filter(|_| !self.seller_left)
    }
}

/// Whether the handoff's owner is the person who hands it over.
fn is_seller(packet: &Packet, record: &DealRecord) -> bool {
    let (owner, seller) = (&packet.owner, record.owner.as_ref());
    let same = |one: Option<&str>, other: Option<&str>| {
        one.zip(other).map(|(one, other)| one.trim().to_lowercase() == other.trim().to_lowercase())
    };
    let same_email = same(owner.email.as_deref(), seller.and_then(User::email));
    let same_name = || same(owner.name.as_deref(), seller.and_then(User::name).as_deref());
    !owner.fallback && same_email.or_else(same_name).unwrap_or(false)
}

/// What a question is about: one section, or two.
pub(super) fn subject(packet: &Packet, question: &Question) -> String {
    match question.sections.as_slice() {
        [first, second, ..] => messages::section::pair(
            &packet.title(*first),
            &messages::value::inside_a_sentence(&packet.title(*second)),
        ),
        sections => sections.first().map(|section| packet.title(*section).into_owned()).unwrap_or_default(),
    }
}

fn account(packet: &Packet, record: &DealRecord) -> String {
    let company = record.company_name();
    company
        .and_then(|name| shown(&name))
        .or_else(|| shown(&packet.deal.name))
        .unwrap_or_else(|| messages::headline::unnamed().to_owned())
}

fn value(packet: &Packet) -> Option<String> {
    let amount = packet.deal.amount.as_deref().filter(|amount| !amount.trim().is_empty())?;
    shown(&money(amount, packet.deal.currency.as_deref()))
}

fn shown(name: &str) -> Option<String> {
    Some(excerpt::name(name, NAME)).filter(|name| !name.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::delivery::example::Deal;

    /// What a reader sees as the customer's name.
    fn account_of(company: &str) -> String {
        let deal = Deal::won(company);
        Headline::of(&deal.packet, &deal.record, None).account
    }

    #[test]
    fn a_company_name_reaches_no_reader_with_invisible_characters() {
        for raw in ["Ac\u{61c}me", "Acme\u{e0041}\u{e0042}", "\u{fffa}Acme\u{fffb}", "A\u{202e}c\u{200b}me"] {
            assert_eq!(account_of(raw), "Acme", "{raw:?}");
        }
    }

    #[test]
    fn entities_in_the_names_of_companies_and_sellers_are_decoded() {
        assert_eq!(account_of("M&#252;ller &amp; Co"), "Müller & Co");
        let deal = Deal::won("Acme").sold_by("Zo&euml; O&#39;Neil");
        let seller = Headline::of(&deal.packet, &deal.record, None).seller;
        assert_eq!(seller.as_deref(), Some("Zoë O'Neil"));
    }
}
