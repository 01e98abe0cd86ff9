//! What clicks on our buttons and modals mean: who may answer, what is asked, what an answer does.

use std::collections::BTreeMap;
use std::sync::Arc;

use async_trait::async_trait;
use jiff::civil::Date;
use tokio::sync::OnceCell;

use super::case::Case;
use super::modal;
use super::payload::{Interaction, Kind, Press, Submission, Surface};
use super::receive::{Click, Clicks, Reply};
use crate::clock::Clock;
use crate::crm::Crm;
use crate::delivery::slack::{SlackClient, action};
use crate::failure::Failure;
use crate::handoff::{Answering, revised};
use crate::metrics::Metrics;
use crate::store::{Act, AnswerState, GivenAnswer, Store, StoredAct};
use handoff_core::answers;
use handoff_core::assemble;
use handoff_core::mapping::Mapping;
use handoff_core::messages;
use handoff_core::packet::{Answered, Given, HandoffOwner, Packet, Topic};
use handoff_core::record::{AccountKey, DealRecord};
use handoff_core::text::locale::Locale;

/// How an account's CRM and the mapping that is running are found.
pub type AccountOf = Box<dyn Fn(&AccountKey) -> Option<(Arc<dyn Crm>, Arc<Mapping>)> + Send + Sync>;

/// Gives clicks their meaning.
pub struct Desk {
    pub store: Store,
    pub slack: Arc<SlackClient>,
    pub clock: Clock,
    pub account: AccountOf,
    pub metrics: Arc<Metrics>,
    /// The workspace that the bot belongs to, once it is known.
    pub team: OnceCell<String>,
}

/// A packet with those who may answer and decide. Its deal record may be gone, as a packet's of weeks ago.
struct Parties {
    mapping: Arc<Mapping>,
    /// The packet's.
    locale: Locale,
    owner: HandoffOwner,
    record: Option<DealRecord>,
}

/// Why a person may not answer, as they are told.
struct Refused(String);

#[async_trait]
impl Clicks for Desk {
    async fn check(&self, submitted: &Interaction) -> Reply {
        let Kind::Submitted(submission) = &submitted.kind else { return Reply::Empty };
        match self.errors(submitted, submission).await {
            Ok(errors) if errors.is_empty() => Reply::Empty,
            Ok(errors) => Reply::Errors(errors),
            // It is stored, and what is wrong with it is found again.
            Err(failure) => {
                tracing::warn!(%failure, "a submit could not be checked");
                Reply::Empty
            }
        }
    }

    async fn open(&self, pressed: Interaction) {
        let (Kind::Pressed(press), Some(trigger)) = (&pressed.kind, &pressed.trigger_id) else { return };
        if let Err(failure) = self.show(&pressed, press, trigger).await {
            tracing::warn!(%failure, action = press.action_id, "a click could not be answered");
        }
    }

    async fn apply(&self, click: &Click) -> Result<String, Failure> {
        let by = &click.interaction;
        match &by.kind {
            Kind::Pressed(Press { action_id, value: Some(packet_id), .. }) => {
                let act = match action_id.as_str() {
                    action::ACCEPT => Act::Accepted,
                    action::REVIEW_HELD => Act::ReviewHeld,
                    action::REACHED => Act::Reached,
                    action::MISSED => Act::Missed,
                    _ => return Ok("opened".to_owned()),
                };
                self.act(click, packet_id, |by| StoredAct::of(act, by)).await
            }
            Kind::Submitted(submission) if submission.callback_id == action::SEND_BACK => {
                let (reason, detail) = modal::reason(submission);
                let act = |by| StoredAct { reason, detail, ..StoredAct::of(Act::SentBack, by) };
                self.act(click, &submission.metadata, act).await
            }
            Kind::Submitted(submission) if submission.callback_id == action::NOT_YET => {
                // It was after the day of the submit, which was checked; a worker may come later.
                let Ok(day) = modal::new_day(submission, Date::MIN) else { return Ok("wrong".to_owned()) };
                let act = |by| StoredAct { day: Some(day), ..StoredAct::of(Act::NotYet, by) };
                self.act(click, &submission.metadata, act).await
            }
            Kind::Submitted(submission) if submission.callback_id == action::ANSWER => {
                self.answer(click, submission).await
            }
            _ => Ok("ignored".to_owned()),
        }
    }
}

impl Desk {
    /// The packet that an id names, if there is enough of it left to ask about.
    async fn case(&self, packet_id: &str) -> Result<Option<Case>, Failure> {
        let Some(answering) = Answering::of(&self.store, packet_id).await? else { return Ok(None) };
        let key = answering.account();
        let Some((crm, mapping)) = (self.account)(&key) else { return Ok(None) };
        let answers = answering.answers(&mapping);
        let Answering { revision, before, record, stored, .. } = answering;
        let conflicts = stored.into_iter().filter(|stored| stored.state == AnswerState::Conflict);
        let conflicts = conflicts.map(|stored| stored.answer).collect();
        let mapped = assemble::map_answered(&mapping, &record, before.as_of, &answers);
        let (packet, _) = assemble::assess(mapped, packet_id);
        let packet = Packet { no_longer_won: before.no_longer_won, ..packet };
        Ok(Some(Case { revision, mapping, crm, record, packet, answers, conflicts }))
    }

    /// Those who may answer and decide about the packet that an id names.
    async fn parties(&self, packet_id: &str) -> Result<Option<Parties>, Failure> {
        let Some(stored) = self.store.packet_to_revise(packet_id).await? else { return Ok(None) };
        let Ok(packet) = serde_json::from_str::<Packet>(&stored.packet) else { return Ok(None) };
        let key = AccountKey { crm: packet.crm, account: packet.account };
        let record = stored.record.kept().and_then(|record| serde_json::from_str(record).ok());
        let parties = |(_, mapping): (_, Arc<Mapping>)| Parties {
            locale: packet.locale.or_same(mapping.locale),
            mapping,
            owner: packet.owner,
            record,
        };
        Ok((self.account)(&key).map(parties))
    }

    /// Whether the person belongs to our workspace and is one of those who may answer.
    async fn refusal(&self, by: &Interaction, parties: &Parties) -> Result<Option<Refused>, Failure> {
        let team = self.team.get_or_try_init(|| self.slack.team()).await?;
        let stranger = || Ok(Some(Refused(parties.locale.scope(messages::answer::stranger).to_owned())));
        let Some(member) = self.slack.user(&by.user.id).await?.filter(|_| by.team == *team) else {
            return stranger();
        };
        if member.is_outsider || member.is_gone || member.team != *team {
            return stranger();
        }
        let people = parties.who_may_answer();
        for (_, email) in &people {
            let email = email.trim().to_lowercase();
            if member.email.as_ref() == Some(&email)
                || self.slack.user_by_email(&email).await?.as_ref() == Some(&member.id)
            {
                return Ok(None);
            }
        }
        let mut names: Vec<&str> = people.iter().map(|(name, _)| name.as_str()).collect();
        names.dedup();
        let why = || messages::answer::only(&messages::value::list(&names));
        Ok(Some(Refused(parties.locale.scope(why))))
    }

    /// What is wrong with a submit, by block.
    async fn errors(
        &self,
        by: &Interaction,
        submission: &Submission,
    ) -> Result<BTreeMap<String, String>, Failure> {
        let first = || submission.values.keys().next().cloned().unwrap_or_default();
        let packet_id = modal::packet_id(submission);
        let Some(parties) = self.parties(packet_id).await? else { return Ok(BTreeMap::new()) };
        let filled = if submission.callback_id == action::ANSWER {
            match parties.locale.scope(|| modal::read(submission)) {
                Ok(filled) => Some(filled),
                Err(errors) => return Ok(errors),
            }
        } else {
            None
        };
        if let Some(Refused(why)) = self.refusal(by, &parties).await? {
            return Ok(BTreeMap::from([(first(), why)]));
        }
        if submission.callback_id == action::NOT_YET {
            let now = self.clock.now().to_zoned(parties.mapping.time_zone.clone());
            let day = parties.locale.scope(|| modal::new_day(submission, now.date()));
            return Ok(day.err().unwrap_or_default());
        }
        let Some(case) = self.case(packet_id).await? else { return Ok(BTreeMap::new()) };
        let by = self.answered(by).await;
        let mut errors = BTreeMap::new();
        for (topic, given) in filled.into_iter().flat_map(|filled| filled.given) {
            let block = modal::block_of(topic, &given);
            let answer = case.answer(topic, given, &by, (None, None)).answer;
            let answers = [case.answers.clone(), vec![answer]].concat();
            let objection = answers::objection(&case.mapping, &case.record, case.packet.as_of, &answers);
            errors.extend(objection.map(|why| (block, why)));
        }
        Ok(errors)
    }

    /// Opens what a press asks for, or says why not.
    async fn show(&self, pressed: &Interaction, press: &Press, trigger: &str) -> Result<(), Failure> {
        let Some(packet_id) = press.value.as_deref() else { return Ok(()) };
        let Some(parties) = self.parties(packet_id).await? else { return Ok(()) };
        if let Some(Refused(why)) = self.refusal(pressed, &parties).await? {
            if let Surface::Message { channel, .. } = &press.from {
                self.slack.ephemeral(channel, &pressed.user.id, &why).await?;
            }
            return Ok(());
        }
        match press.action_id.as_str() {
            action::SEND_BACK => {
                let view = parties.locale.scope(|| modal::send_back(packet_id));
                self.slack.open_view(trigger, &view).await.map(drop)
            }
            action::NOT_YET => {
                let view = parties.locale.scope(|| modal::not_yet(packet_id));
                self.slack.open_view(trigger, &view).await.map(drop)
            }
            action::ANSWER => {
                let Some(case) = self.case(packet_id).await? else { return Ok(()) };
                let view = case.view(&case.record);
                let shown = self.slack.open_view(trigger, &view).await?;
                // The person already reads; what the CRM holds by now follows.
                let Some(record) = case.fresh(case.asks_person()).await? else { return Ok(()) };
                let fresh = case.view(&record);
                if fresh != view {
                    self.slack.update_view(&shown, &fresh).await?;
                }
                Ok(())
            }
            _ => Ok(()),
        }
    }

    async fn act(
        &self,
        click: &Click,
        packet_id: &str,
        act: impl FnOnce(Answered) -> StoredAct,
    ) -> Result<String, Failure> {
        let Some(parties) = self.parties(packet_id).await? else { return Ok("gone".to_owned()) };
        if self.refusal(&click.interaction, &parties).await?.is_some() {
            return Ok("refused".to_owned());
        }
        let by = Answered { at: click.received_at, ..self.answered(&click.interaction).await };
        let stored = act(by);
        let outcome = stored.act.as_str().to_owned();
        self.store.act(packet_id, &click.id, stored).await?;
        Ok(outcome)
    }

    /// Keeps the answers of a submit, and makes the packet's next revision of them.
    async fn answer(&self, click: &Click, submission: &Submission) -> Result<String, Failure> {
        let packet_id = modal::packet_id(submission);
        let (Some(parties), Some(case)) = (self.parties(packet_id).await?, self.case(packet_id).await?)
        else {
            return Ok("gone".to_owned());
        };
        let Ok(mut filled) = parties.locale.scope(|| modal::read(submission)) else {
            return Ok("wrong".to_owned());
        };
        if self.refusal(&click.interaction, &parties).await?.is_some() {
            return Ok("refused".to_owned());
        }
        for topic in &filled.kept {
            self.store.settle_conflict(packet_id, *topic).await?;
        }
        let insisted = case.conflicts.iter().filter(|answer| filled.insisted.contains(&answer.topic));
        let insisted = insisted.map(|answer| (answer.topic, answer.given.clone()));
        filled.given.extend(insisted);
        let names = case.names(&filled.given).await?;
        filled
            .given
            .retain(|(_, given)| !matches!(given, Given::Contact(id) if names.get(id) == Some(&None)));
        if filled.given.is_empty() {
            return Ok(if filled.kept.is_empty() { "nothing" } else { "kept" }.to_owned());
        }
        let by = Answered { at: click.received_at, ..self.answered(&click.interaction).await };
        for (topic, given) in &filled.given {
            let Given::Nonsense(reason) = given else { continue };
            for gap in case.packet.gaps.iter().filter(|gap| Topic::of(gap) == Some(*topic)) {
                self.store.dismiss(packet_id, gap.section.as_str(), &gap.id(), Some(reason)).await?;
            }
        }
        let targets = filled.targets;
        let answer = |(topic, given): (Topic, Given)| {
            let name = if let Given::Contact(id) = &given { names.get(id).cloned().flatten() } else { None };
            case.answer(topic, given, &by, (targets.get(&topic).cloned(), name))
        };
        let answers: Vec<GivenAnswer> = filled.given.into_iter().map(answer).collect();
        if self.store.give((packet_id, filled.revision), &click.id, answers.clone()).await? {
            let asked_at = self.store.asked_at(packet_id).await?;
            if let Some(asked_at) = asked_at {
                self.metrics.answered(by.at.duration_since(asked_at).as_secs());
            }
            for GivenAnswer { answer, .. } in &answers {
                let is_nonsense = matches!(answer.given, Given::Nonsense(_));
                self.metrics.answer(if is_nonsense { "nonsense" } else { "given" });
            }
        }
        // Made of the store as it is now, answers included: another revision may have come in between.
        if let Some(revision) = revised(&self.store, &case.mapping, packet_id, self.clock.now()).await?
            && !self.store.revise(revision).await?
        {
            return Err(Failure::retry("the packet got another revision at the same time"));
        }
        Ok("answered".to_owned())
    }

    /// Who clicks, by the name that the workspace has of them.
    async fn answered(&self, by: &Interaction) -> Answered {
        let member = self.slack.user(&by.user.id).await.ok().flatten();
        let name = member.map_or_else(|| by.user.name.clone(), |member| member.name);
        let name = handoff_core::text::clean::clean_line(&name);
        Answered { user: by.user.id.clone(), name, at: self.clock.now(), not_in_crm: false }
    }
}

impl Parties {
    /// The seller, the owner of the handoff, the fallback and those the mapping names: name and address.
    fn who_may_answer(&self) -> Vec<(String, String)> {
        let seller = self.record.as_ref().and_then(|record| record.owner.as_ref());
        let seller = seller.filter(|seller| seller.is_active());
        let seller = seller.and_then(|seller| Some((seller.name()?, seller.email()?.to_owned())));
        let owner = self.owner.name.clone().zip(self.owner.email.clone());
        let fallback = &self.mapping.owner.fallback;
        let named = self.mapping.slack.answer_by.iter().chain([fallback]);
        let named = named.map(|email| (email.clone(), email.clone()));
        seller.into_iter().chain(owner).chain(named).collect()
    }
}
