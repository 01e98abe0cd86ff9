//! The middle of the product, readable top to bottom: resolve the deal, map it, assess it, enqueue its packet. A deal
//! whose packet is open is resolved, mapped and assessed in the same way, and its packet revised.
//!
//! Imports `crm`, `store` and the pure modules below them. [`Handoff::run`] writes nothing and retries nothing: the
//! worker that calls it hands the end to the store, which commits packet and deliveries together.

mod answering;
mod write_back;

use std::collections::BTreeSet;
use std::time::Duration;

use jiff::Timestamp;

pub use self::answering::Answering;
pub use self::write_back::WriteBack;
use crate::clock::{Clock, later};
use crate::crash_point;
use crate::crm::{Crm, Resolution, Won};
use crate::failure::Failure;
use crate::store::{
    Cause, DealEnd, Destination, Follow, FollowConfig, NewPacket, NoPacket, OpenPacket, Revision, Store,
    StoreError,
};
use handoff_core::assemble;
use handoff_core::mapping::Mapping;
use handoff_core::packet::{
    AskPlan, Assessment, DigestParams, Entry, Packet, Questions, ReplyParams, SectionName, TaskParams,
    packet_id, reading_order,
};
use handoff_core::record::{DealKey, DealRecord};

/// How long a deal has to be gone before its packets say so: a token that lost its access for an hour sees none.
const GONE: Duration = Duration::from_hours(24);

/// What handing over the deals of one account needs.
pub struct Handoff<'a> {
    /// Knows which wins have their packet.
    pub store: &'a Store,
    pub crm: &'a dyn Crm,
    pub mapping: &'a Mapping,
    pub clock: &'a Clock,
    /// How long the digest waits for the first try of its task, so that it can link to the task.
    pub digest_waits: Duration,
    /// How the deal of an open packet is looked at again.
    pub follow: &'a FollowConfig,
    /// Clicks reach us, so that people may be asked by direct message.
    pub asks: bool,
}

impl Handoff<'_> {
    /// Works on one deal that an event or a look pointed at. Returns a packet and its deliveries if the deal is won
    /// now and this win has none yet, or a revision if its open packet reads differently now.
    ///
    /// # Errors
    ///
    /// A failed call to the CRM or to the store.
    pub async fn run(&self, deal: &DealKey) -> Result<DealEnd, Failure> {
        let resolution = self.crm.resolve(&deal.deal, &self.mapping.wanted_fields()).await?;
        crash_point!("deal.resolved");
        let won = match resolution {
            Resolution::Won(won) => won,
            Resolution::NotWon { stage } => return self.no_packet(deal, NoPacket::NotWon { stage }).await,
            Resolution::Gone => return self.no_packet(deal, NoPacket::Gone).await,
        };
        let now = self.clock.now();
        if !self.mapping.covers(&won.record, now) {
            return Ok(DealEnd::NoPacket { why: NoPacket::NotCovered, withdraws: Vec::new() });
        }
        if let Some(packet_id) = self.known_packet(&won).await? {
            return self.look(packet_id, &won).await;
        }

        let mapped = assemble::map(self.mapping, &won.record, now);
        let (packet, plan) = assemble::assess(mapped, &packet_id(&won.win));
        let mut deliveries = vec![
            (Destination::CrmTask, json(&plan.task)?, now),
            // The first try of the task makes the digest due at once, so that it can link to the task.
            (Destination::SlackDigest, json(&plan.digest)?, later(now, self.digest_waits)),
        ];
        deliveries.extend(direct_messages(plan.asks.filter(|_| self.asks))?);
        Ok(DealEnd::Packet(Box::new(NewPacket {
            packet_id: packet.packet_id.clone(),
            packet: json(&packet)?,
            record: json(&won.record)?,
            assessment: Assessment::of(&packet, Some(&won.record)),
            deliveries,
            follow: packet.is_open().then(|| (self.follow.clone(), contacts(&won.record))),
            withdraws: self.withdraw(deal, |_| true).await?,
            win: won.win,
        })))
    }

    /// Maps and assesses a deal again whose win has this packet: as of the instant of the packet, so that time alone
    /// changes nothing.
    async fn look(&self, packet_id: String, won: &Won) -> Result<DealEnd, Failure> {
        let Some(open) = self.store.open_packet(&packet_id).await? else {
            return Ok(DealEnd::Known { packet_id, follow: Follow::AsBefore });
        };
        let open = Answering::from(self.store, open, won.record.clone()).await?;
        let on = || Follow::On { deal: won.win.deal.clone(), contacts: contacts(&won.record) };
        let (packet, asks) = open.remade(self.mapping);
        let follow = if packet.is_open() { on() } else { Follow::End };
        let remapped = packet.mapping.version != open.before.mapping.version;
        let cause = if remapped { Cause::Mapping } else { Cause::Crm };
        let how = (cause, follow.clone(), self.follow.edit_pause);
        Ok(match open.next(self.store, &packet, &asks, how, self.clock.now()).await? {
            Some(revision) => {
                // Questions that came up after the win are asked like those of the win.
                let was_asked = revision.orders.iter().any(|(to, _)| *to == Destination::SlackDm);
                let asks = (self.asks && packet.is_open() && !was_asked)
                    .then(|| assemble::asks(self.mapping, &won.record, self.clock.now()));
                let asks = direct_messages(asks.flatten())?;
                DealEnd::Revised(Box::new(Revision { asks, ..revision }))
            }
            None => DealEnd::Known { packet_id, follow },
        })
    }

    /// The deal is not won now, for one reason or another. Its open packets say so, once it is certain.
    async fn no_packet(&self, deal: &DealKey, why: NoPacket) -> Result<DealEnd, Failure> {
        let now = self.clock.now();
        let long_gone = |since: Option<Timestamp>| since.is_some_and(|since| later(since, GONE) <= now);
        let certain = |since| why != NoPacket::Gone || long_gone(since);
        let withdraws = self.withdraw(deal, certain).await?;
        Ok(DealEnd::NoPacket { why, withdraws })
    }

    /// Withdraws the questions of a deal's open packets, of those that `certain` says so of by when the deal was gone.
    /// It is still followed: if it turns out to be won after all, the questions come back.
    async fn withdraw(
        &self,
        deal: &DealKey,
        certain: impl Fn(Option<Timestamp>) -> bool,
    ) -> Result<Vec<Revision>, Failure> {
        let mut revisions = Vec::new();
        for (packet_id, gone_at) in self.store.open_packets_of(deal).await? {
            let Some(open) = self.store.open_packet(&packet_id).await? else { continue };
            let before = stored_packet(&open)?;
            let order = open.orders.iter().find(|(to, _)| *to == Destination::SlackDigest);
            let Some((_, order)) = order.filter(|_| !before.no_longer_won && certain(gone_at)) else {
                continue;
            };
            let packet = Packet { no_longer_won: true, ..before };
            let asks = DigestParams { questions: Some(Questions::default()), ..read(order)? };
            let goes_on = (Cause::NoLongerWon, Follow::AsBefore, self.follow.edit_pause);
            revisions.push(revision(&open, &packet, None, &asks, goes_on)?);
        }
        Ok(revisions)
    }

    /// The packet this win has already: under its own key, or under that of a deal merged into it whose packet
    /// was made after the deal was won.
    async fn known_packet(&self, won: &Won) -> Result<Option<String>, StoreError> {
        if let Some(packet_id) = self.store.packet_of_win(&won.win).await? {
            return Ok(Some(packet_id));
        }
        let account = &won.win.deal.account;
        let ancestors: Vec<DealKey> = won
            .merged_from
            .iter()
            .map(|deal| DealKey { account: account.clone(), deal: deal.clone() })
            .collect();
        if ancestors.is_empty() {
            return Ok(None);
        }
        let latest = self.store.latest_packet_of(&ancestors).await?;
        Ok(latest.filter(|(_, _, made_at)| *made_at >= won.win.won_at).map(|(packet_id, ..)| packet_id))
    }
}

/// The direct messages of a plan, as deliveries.
fn direct_messages(plan: Option<AskPlan>) -> Result<Vec<(Destination, String, Timestamp)>, Failure> {
    let Some(AskPlan { first, reminder, fallback }) = plan else { return Ok(Vec::new()) };
    let mut messages = vec![(Destination::SlackDm, json(&first.0)?, first.1)];
    messages.extend(reminder.map(|at| (Destination::SlackReminder, "{}".to_owned(), at)));
    if let Some((params, at)) = fallback {
        messages.push((Destination::SlackFallback, json(&params)?, at));
    }
    Ok(messages)
}

/// The next revision. Its deliveries keep channel, assignee and due day: only what they ask changes.
fn revision(
    open: &OpenPacket,
    packet: &Packet,
    record: Option<&DealRecord>,
    asks: &DigestParams,
    (cause, follow, edit_pause): (Cause, Follow, Duration),
) -> Result<Revision, Failure> {
    let orders = open.orders.iter().filter_map(|(destination, order)| {
        let order = match destination {
            Destination::CrmTask => {
                let questions = asks.questions.clone();
                read(order).and_then(|planned| json(&TaskParams { questions, ..planned }))
            }
            Destination::SlackDigest => {
                let DigestParams { questions, important, .. } = asks.clone();
                read(order).and_then(|planned| json(&DigestParams { questions, important, ..planned }))
            }
            // It is written once, and stays.
            Destination::SlackReply | Destination::SlackSentBack | Destination::SlackReminder => return None,
            // To whom it goes stays; what it asks is read off the packet.
            Destination::SlackDm | Destination::SlackFallback | Destination::SlackFirstValue => {
                Ok(order.clone())
            }
        };
        Some(order.map(|order| (*destination, order)))
    });
    Ok(Revision {
        packet_id: packet.packet_id.clone(),
        replaces: open.revision,
        cause,
        packet: json(packet)?,
        record: match record {
            Some(record) => json(record)?,
            None => open.record.kept().unwrap_or_default().to_owned(),
        },
        orders: orders.collect::<Result<_, Failure>>()?,
        asks: Vec::new(),
        reply: None,
        follow,
        edit_pause,
    })
}

/// The reply to the digest of a packet that has become complete: what any of its revisions asked for.
async fn reply(
    store: &Store,
    open: &OpenPacket,
    packet: &Packet,
    complete_at: Timestamp,
) -> Result<ReplyParams, Failure> {
    let mut revisions = store.revisions(&packet.packet_id).await?;
    revisions.retain(|revision| revision.revision <= open.revision);
    let mut filled = BTreeSet::new();
    for revision in revisions {
        let earlier: Packet = read(&revision.packet)?;
        filled.extend(earlier.gaps.iter().filter(|gap| gap.counts()).map(|gap| gap.section));
    }
    // What is not required any more has not been answered.
    filled.retain(|section| packet.sections.contains_key(section));
    let names = |section: &SectionName| {
        let section = packet.sections.get(section)?;
        let people = section.people.iter().flat_map(|person| &person.answered).map(|role| &role.by);
        let entries = section.entries.iter().filter_map(Entry::answered);
        let mut names: Vec<String> = entries.chain(people).map(|by| by.name.clone()).collect();
        names.sort_unstable();
        names.dedup();
        (!names.is_empty()).then_some(names)
    };
    let order = reading_order(&SectionName::ALL, &packet.custom_sections).into_iter();
    let filled: Vec<SectionName> = order.filter(|name| filled.contains(name)).collect();
    let by = filled.iter().filter_map(|section| Some((*section, names(section)?))).collect();
    Ok(ReplyParams { won_at: open.won_at, complete_at, filled, by })
}

/// The next revision of an answered packet: of the record, which is the stored one, and of every answer. `None` if it
/// reads the same. Digest and task show it at once.
///
/// # Errors
///
/// A failed call to the store, or stored JSON that cannot be read.
pub async fn revised(
    store: &Store,
    mapping: &Mapping,
    packet_id: &str,
    now: Timestamp,
) -> Result<Option<Revision>, Failure> {
    let answered = Answering::of(store, packet_id).await?;
    let Some(answered) = answered.filter(|answered| !answered.before.no_longer_won) else { return Ok(None) };
    let (packet, asks) = answered.remade(mapping);
    let follow = if packet.is_open() { Follow::AsBefore } else { Follow::End };
    answered.next(store, &packet, &asks, (Cause::Answer, follow, Duration::ZERO), now).await
}

/// The ids of the contacts on a deal.
fn contacts(record: &DealRecord) -> Vec<String> {
    record.contacts.iter().map(|contact| contact.object.id.clone()).collect()
}

fn stored_packet(open: &OpenPacket) -> Result<Packet, Failure> {
    read(&open.packet)
}

/// What this program, or an older version of it, has stored.
fn read<T: serde::de::DeserializeOwned>(stored: &str) -> Result<T, Failure> {
    serde_json::from_str(stored)
        .map_err(|error| Failure::give_up(format!("stored JSON cannot be read: {error}")))
}

/// Our own types always serialise; should one not, that is told like any other failure.
fn json<T: serde::Serialize>(value: &T) -> Result<String, Failure> {
    serde_json::to_string(value).map_err(|error| Failure::give_up(error.to_string()))
}
