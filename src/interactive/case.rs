//! A packet whose questions are asked and answered: the modal's view of it, and what an answer is.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::modal;
use crate::crm::{Crm, Resolution};
use crate::failure::Failure;
use crate::store::GivenAnswer;
use handoff_core::answers::{self, Input, InputKind};
use handoff_core::assemble;
use handoff_core::mapping::Mapping;
use handoff_core::packet::{Answer, Answered, Given, Packet, Shown, Topic};
use handoff_core::record::{Contact, DealRecord};

/// One packet as the store has it, made again with what was answered so that its gaps know what their rules saw.
pub(super) struct Case {
    pub(super) revision: i64,
    pub(super) mapping: Arc<Mapping>,
    pub(super) crm: Arc<dyn Crm>,
    pub(super) record: DealRecord,
    pub(super) packet: Packet,
    pub(super) answers: Vec<Answer>,
    /// Answers in whose place the CRM holds something else.
    pub(super) conflicts: Vec<Answer>,
}

impl Case {
    /// The modal's view of the packet that the mapping makes of a record.
    pub(super) fn view(&self, record: &DealRecord) -> serde_json::Value {
        let (id, as_of) = (&self.packet.packet_id, self.packet.as_of);
        let mapped = assemble::map_answered(&self.mapping, record, as_of, &self.answers);
        let (packet, _) = assemble::assess(mapped, id);
        let packet = Packet { no_longer_won: self.packet.no_longer_won, ..packet };
        let inputs = answers::inputs(&self.mapping, record, &packet, &self.conflicts);
        let topics = inputs.iter().flat_map(|input| {
            let day = matches!(input.kind, InputKind::TextAndDay(_)).then_some(Topic::Day);
            [Some(input.topic), day].into_iter().flatten()
        });
        let shown = |topic| Some((topic, answers::shown(&self.mapping, record, topic)?));
        let targets: Vec<(Topic, Shown)> = topics.filter_map(shown).collect();
        self.mapping.locale.scope(|| modal::questions(id, self.revision, &inputs, &targets))
    }

    /// The deal as the CRM shows it now, with the other contacts of its company if a person is asked for; `None` if it is
    /// not won.
    pub(super) async fn fresh(&self, asks_person: bool) -> Result<Option<DealRecord>, Failure> {
        let wanted = self.mapping.wanted_fields();
        let Resolution::Won(won) = self.crm.resolve(&self.packet.deal.id, &wanted).await? else {
            return Ok(None);
        };
        let mut record = won.record;
        if asks_person {
            record.others = match self.crm.other_contacts(&record).await {
                Err(Failure::GiveUp { why }) => {
                    tracing::warn!(why, "only contacts of the deal can be named in an answer");
                    Vec::new()
                }
                others => others?,
            };
        }
        Ok(Some(record))
    }

    /// How contacts are called that are named in answers and were not on the deal; `None` of one that the CRM does not have
    /// there.
    pub(super) async fn names(
        &self,
        given: &[(Topic, Given)],
    ) -> Result<BTreeMap<String, Option<String>>, Failure> {
        let is_on_the_deal = |id: &String| self.record.contacts.iter().any(|one| one.object.id == *id);
        let contacts = given.iter().filter_map(|(_, given)| match given {
            Given::Contact(id) if !is_on_the_deal(id) => Some(id.clone()),
            _ => None,
        });
        let mut names: BTreeMap<String, Option<String>> = contacts.map(|id| (id, None)).collect();
        if !names.is_empty()
            && let Some(record) = self.fresh(true).await?
        {
            for (id, label) in answers::choices(&self.mapping, &record) {
                let all = record.contacts.iter().chain(&record.others);
                let name = all.into_iter().find(|one| one.object.id == id).and_then(Contact::name);
                names.entry(id).and_modify(|known| *known = Some(name.unwrap_or(label)));
            }
        }
        Ok(names)
    }

    /// Whether the packet asks for a person.
    pub(super) fn asks_person(&self) -> bool {
        answers::topics(&self.packet).iter().any(|topic| matches!(topic, Topic::Role(_)))
    }

    /// `shown` is there if the question was asked while the mapping named a target: only then the answer has one. `name` is
    /// that of a contact who was not on the deal.
    pub(super) fn answer(
        &self,
        topic: Topic,
        given: Given,
        by: &Answered,
        (shown, name): (Option<Shown>, Option<String>),
    ) -> GivenAnswer {
        let inputs = answers::inputs(&self.mapping, &self.record, &self.packet, &self.conflicts);
        let field =
            inputs.into_iter().find(|input: &Input| input.topic == topic).and_then(|input| input.field);
        let target = shown.as_ref().and_then(|_| answers::target(&self.mapping, topic));
        let mut answer = Answer { topic, given, by: by.clone(), field, target, name, refused: false };
        let change =
            shown.clone().and_then(|shown| answers::change(&self.mapping, &self.record, &answer, shown));
        if change.is_none() {
            answer.target = None;
        }
        GivenAnswer { answer, shown }
    }
}
