//! A packet whose questions are asked and answered: the modal's view of it, and what an answer is.

use std::sync::Arc;

use super::modal;
use crate::crm::Crm;
use crate::store::GivenAnswer;
use handoff_core::answers::{self, Input, InputKind};
use handoff_core::assemble;
use handoff_core::mapping::Mapping;
use handoff_core::packet::{Answer, Answered, Given, Packet, Shown, Topic};
use handoff_core::record::DealRecord;

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
        modal::questions(id, self.revision, &inputs, &targets)
    }

    /// `shown` is there if the question was asked while the mapping named a target: only then the answer has one.
    pub(super) fn answer(
        &self,
        topic: Topic,
        given: Given,
        by: &Answered,
        shown: Option<Shown>,
    ) -> GivenAnswer {
        let inputs = answers::inputs(&self.mapping, &self.record, &self.packet, &self.conflicts);
        let field =
            inputs.into_iter().find(|input: &Input| input.topic == topic).and_then(|input| input.field);
        let has_place = !matches!(given, Given::Person(_) | Given::Nonsense(_));
        let target = shown.as_ref().filter(|_| has_place).and_then(|_| answers::target(&self.mapping, topic));
        let answer = Answer { topic, given, by: by.clone(), field, target, refused: false };
        GivenAnswer { answer, shown }
    }
}
