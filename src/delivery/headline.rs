//! What task and digest both say first: account, value, owner, how much is filled and what is missing.

use crate::delivery::excerpt;
use handoff_core::gaps;
use handoff_core::messages;
use handoff_core::packet::{Packet, Question, Questions, Section, SectionName, SectionStatus};
use handoff_core::record::{DealRecord, User};
use handoff_core::text::clean::clean_line;
use handoff_core::text::money as text;

/// Longest account or person's name, in UTF-16 units.
const NAME: usize = 80;

/// The facts both texts begin with; every string is one clean line of at most 80 units.
pub(super) struct Headline {
    /// The customer: the company's name, else the deal's.
    pub account: String,
    pub value: Option<String>,
    /// Who takes the handoff, and whether they only stand in.
    pub owner: Option<String>,
    pub seller: Option<String>,
    /// Whether the seller still works there.
    pub seller_left: bool,
    /// How many of the six sections are filled.
    pub filled: usize,
    /// Required sections with nothing in them.
    pub missing: Vec<SectionName>,
    /// Required sections that are shown, but flagged.
    pub weak: Vec<SectionName>,
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
            owner: if packet.owner.fallback {
                owner.as_deref().map(messages::headline::stand_in)
            } else {
                owner
            },
            seller: seller.and_then(User::name).and_then(|raw| shown(&clean_line(&raw))),
            seller_left: seller.is_some_and(|seller| !seller.is_active()),
            filled: packet.filled,
            missing: sections(packet, SectionStatus::Missing),
            weak: sections(packet, SectionStatus::Weak),
            questions: questions.cloned().unwrap_or_else(|| gaps::questions(&packet.gaps)),
        }
    }

    /// How many questions are open.
    pub fn open(&self) -> usize {
        self.questions.for_seller.len() + self.questions.for_revops.len()
    }

    /// What is missing and what is weak, in words.
    pub fn state(&self) -> String {
        messages::headline::state(&self.missing, &self.weak, self.open())
    }

    /// Title above the questions for the seller.
    pub fn to_seller(&self) -> String {
        match (&self.seller, self.seller_left) {
            (None, _) => messages::task::for_seller().to_owned(),
            (Some(name), false) => messages::task::for_seller_named(name),
            (Some(name), true) => messages::task::for_seller_left(name),
        }
    }

    /// Who comes to the review: the seller and who takes over, as far as they still work there.
    pub fn people(&self) -> Vec<&str> {
        let seller = self.seller.as_deref().filter(|_| !self.seller_left);
        let owner = self.owner.as_deref().filter(|owner| Some(*owner) != seller);
        owner.into_iter().chain(seller).collect()
    }

    /// The whole headline as one line.
    pub fn line(&self) -> String {
        let value = self.value.as_deref().unwrap_or(messages::headline::no_value());
        let owner = self.owner.as_deref().unwrap_or(messages::headline::no_owner());
        let owner = format!("{} {owner}", messages::headline::owner());
        let filled = messages::headline::filled_of_six(self.filled);
        [self.account.as_str(), value, &owner, &filled, &self.state()].join(" · ")
    }
}

/// What a question is about: one section, or two.
pub(super) fn subject(question: &Question) -> String {
    match question.sections.as_slice() {
        [first, second, ..] => messages::section::pair(first.title(), &second.title().to_lowercase()),
        sections => sections.first().map_or("", |section| section.title()).to_owned(),
    }
}

/// The title of a section, which says if it is weak.
pub(super) fn title(name: SectionName, section: Option<&Section>) -> String {
    let weak = section.is_some_and(|section| section.status == SectionStatus::Weak);
    if weak { messages::section::weak(name.title()) } else { name.title().to_owned() }
}

fn account(packet: &Packet, record: &DealRecord) -> String {
    let company = record.company_name();
    company
        .and_then(|name| shown(&name))
        .or_else(|| shown(&packet.deal.name))
        .unwrap_or_else(|| messages::headline::unnamed().to_owned())
}

fn value(packet: &Packet) -> Option<String> {
    let deal = &packet.deal;
    let amount = deal.amount.as_deref().filter(|amount| !amount.trim().is_empty())?;
    let money = text::money(amount, deal.currency.as_deref());
    shown(&if deal.currency.is_some() { money } else { messages::headline::value(&money) })
}

fn shown(name: &str) -> Option<String> {
    Some(excerpt::name(name, NAME)).filter(|name| !name.is_empty())
}

fn sections(packet: &Packet, status: SectionStatus) -> Vec<SectionName> {
    SectionName::REQUIRED
        .into_iter()
        .filter(|name| {
            packet.sections.get(name).map_or(SectionStatus::Missing, |section| section.status) == status
        })
        .collect()
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
