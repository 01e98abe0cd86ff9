//! What task and digest both say first: account, value, owner, how much is filled and what is missing.

use crate::crm::DealRecord;
use crate::delivery::{excerpt, words};
use crate::gaps::{Addressee, Gap};
use crate::packet::{Packet, SectionName, SectionStatus, text};

/// Longest account or person's name, in UTF-16 units.
const NAME: usize = 80;

/// The facts both texts begin with; every string is one clean line of at most 80 units.
pub(super) struct Headline<'a> {
    /// The customer: the company's name, else the deal's.
    pub account: String,
    /// What it is worth.
    pub value: Option<String>,
    /// Who takes the handoff, and whether they only stand in.
    pub owner: Option<String>,
    /// Who sold it, as long as they still work there.
    pub seller: Option<String>,
    /// How many of the six sections are filled.
    pub filled: usize,
    /// Required sections with nothing in them.
    pub missing: Vec<SectionName>,
    /// Required sections that are shown, but flagged.
    pub weak: Vec<SectionName>,
    /// What the seller can answer.
    pub for_seller: Vec<&'a Gap>,
    /// What RevOps can change.
    pub for_revops: Vec<&'a Gap>,
}

impl<'a> Headline<'a> {
    /// Reads the headline off a packet; company and seller come from the record it was made from.
    pub fn of(packet: &'a Packet, record: &DealRecord) -> Self {
        let (for_seller, for_revops) =
            packet.gaps.iter().filter(|gap| gap.counts()).partition(|gap| gap.addressee == Addressee::Seller);
        let owner = packet.owner.name.as_deref().or(packet.owner.email.as_deref()).and_then(shown);
        Self {
            account: account(packet, record),
            value: value(packet),
            owner: if packet.owner.fallback { owner.as_deref().map(words::stands_in) } else { owner },
            seller: record
                .owner
                .as_ref()
                .filter(|seller| seller.is_active())
                .and_then(|seller| shown(&seller.name()?)),
            filled: packet.filled,
            missing: sections(packet, SectionStatus::Missing),
            weak: sections(packet, SectionStatus::Weak),
            for_seller,
            for_revops,
        }
    }

    /// How many gaps count.
    pub fn open(&self) -> usize {
        self.for_seller.len() + self.for_revops.len()
    }

    /// What is missing and what is weak, in words.
    pub fn state(&self) -> String {
        words::state(&self.missing, &self.weak, self.open())
    }

    /// The whole headline as one line.
    pub fn line(&self) -> String {
        let value = self.value.as_deref().unwrap_or(words::NO_VALUE);
        let owner = format!("{} {}", words::OWNER, self.owner.as_deref().unwrap_or(words::NO_OWNER));
        [self.account.as_str(), value, &owner, &words::filled(self.filled), &self.state()].join(" · ")
    }
}

fn account(packet: &Packet, record: &DealRecord) -> String {
    let company = record.company.as_ref().and_then(|company| company.first_of(&["name", "Name"]));
    company
        .and_then(shown)
        .or_else(|| shown(&packet.deal.name))
        .unwrap_or_else(|| words::UNNAMED_ACCOUNT.to_owned())
}

fn value(packet: &Packet) -> Option<String> {
    let deal = &packet.deal;
    let amount = deal.amount.as_deref().filter(|amount| !amount.trim().is_empty())?;
    shown(&text::money(amount, deal.currency.as_deref()))
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
