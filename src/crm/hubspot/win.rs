//! Which stages are won ones, and when a deal entered them.
//!
//! A deal is won when its current stage is closed with a probability of 1 in the metadata of its pipeline.
//! Names prove nothing: `closedwon` exists in the default pipeline only, and may have been repurposed.
//!
//! <https://developers.hubspot.com/docs/api-reference/latest/crm/pipelines/guide>

use std::collections::BTreeMap;

use jiff::Timestamp;
use rust_decimal::Decimal;

use super::wire::{Change, Pipeline, Stage};
use handoff_core::record::{DealRecord, FieldPath, Object};

/// The fields that hold the id of a pipeline, and of a stage.
pub(super) const LABELLED: [&str; 2] = ["pipeline", "dealstage"];

/// Every pipeline with its stages: what they are called, and which of them are won ones.
#[derive(Debug, Default)]
pub(super) struct Stages(BTreeMap<String, KnownPipeline>);

#[derive(Debug)]
struct KnownPipeline {
    label: String,
    /// By id: whether it is a won one, and its label.
    stages: BTreeMap<String, (bool, String)>,
}

impl Stages {
    pub(super) fn new(pipelines: Vec<Pipeline>) -> Self {
        let of = |pipeline: Pipeline| {
            let known = |stage: Stage| (stage.id.clone(), (is_won(&stage), stage.label.0));
            let stages = pipeline.stages.into_iter().map(known).collect();
            (pipeline.id, KnownPipeline { label: pipeline.label.0, stages })
        };
        Self(pipelines.into_iter().map(of).collect())
    }

    /// Whether a stage of a pipeline is a won one. The history of a deal names stages without their
    /// pipeline, so a stage that this pipeline does not have is looked up in the others.
    pub(super) fn is_won(&self, pipeline: Option<&str>, stage: &str) -> Option<bool> {
        let here = pipeline.and_then(|pipeline| self.0.get(pipeline)?.stages.get(stage));
        let here = here.map(|(is_won, _)| *is_won);
        here.or_else(|| self.is_won_anywhere(stage))
    }

    /// The same without knowing the pipeline: won if it is so in any pipeline.
    pub(super) fn is_won_anywhere(&self, stage: &str) -> Option<bool> {
        let verdicts = self.0.values().filter_map(|pipeline| pipeline.stages.get(stage));
        verdicts.map(|(is_won, _)| *is_won).reduce(|one, other| one || other)
    }

    /// Labels of pipelines, and of the stages of the deal's own, for the fields that hold their ids: the metadata of these
    /// properties need not have them.
    pub(super) fn label(&self, record: &mut DealRecord) {
        let here = record.deal.get("pipeline").and_then(|id| self.0.get(id));
        let stages: Vec<_> = here
            .into_iter()
            .flat_map(|pipeline| pipeline.stages.iter().map(|(id, (_, label))| (id, label)))
            .collect();
        let pipelines = self.0.iter().map(|(id, pipeline)| (id, &pipeline.label)).collect();
        for (name, labels) in LABELLED.into_iter().zip([pipelines, stages]) {
            let Some(info) = record.fields.get_mut(&FieldPath::deal(name).to_string()) else { continue };
            for (id, label) in labels.into_iter().filter(|(_, label)| !label.trim().is_empty()) {
                info.options.entry(id.clone()).or_insert_with(|| label.clone());
            }
        }
    }
}

/// The values are texts: `"true"`, `"1.0"`.
pub(super) fn is_won(stage: &Stage) -> bool {
    let value = |name: &str| stage.metadata.get(name).and_then(Option::as_deref).map(str::trim);
    let certain = value("probability").and_then(|text| text.parse().ok()) == Some(Decimal::ONE);
    // A stage of probability 1 is closed by definition; only an explicit "false" says otherwise.
    certain && value("isClosed").is_none_or(|closed| closed.eq_ignore_ascii_case("true"))
}

/// When the deal entered a won stage from outside the won stages, for the win it is in now.
///
/// That instant is part of the win's key: won to won is the same win, reopened and won again is another.
/// Without a history that ends in a won stage it falls back to the date HubSpot keeps, then to the close
/// date (which people edit), then to the creation. `None` if the deal has none of them.
pub(super) fn won_at(history: &[Change], deal: &Object, is_won: impl Fn(&str) -> bool) -> Option<Timestamp> {
    entered(history, is_won).or_else(|| {
        let dates = ["hs_closed_won_date", "closedate", "createdate"];
        dates.iter().find_map(|name| instant(deal.get(name)?))
    })
}

fn entered(history: &[Change], is_won: impl Fn(&str) -> bool) -> Option<Timestamp> {
    // HubSpot lists the newest first. Turned round, changes of the same instant keep their order.
    let mut changes: Vec<(Timestamp, &str)> = history
        .iter()
        .rev()
        .filter_map(|change| Some((instant(change.timestamp.as_deref()?)?, change.value.as_deref()?)))
        .collect();
    changes.sort_by_key(|(at, _)| *at);

    let mut since = None;
    for (at, stage) in changes {
        since = if is_won(stage) { since.or(Some(at)) } else { None };
    }
    since
}

/// ISO 8601, or epoch milliseconds.
pub(super) fn instant(text: &str) -> Option<Timestamp> {
    let text = text.trim();
    match text.parse::<i64>() {
        Ok(millis) => Timestamp::from_millisecond(millis).ok(),
        Err(_) => text.parse().ok(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::crm::hubspot::wire::Lax;

    fn stages() -> Stages {
        let pipelines = r#"[
            {"id":"default","stages":[
                {"id":"contractsent","label":"Contract sent","metadata":{"isClosed":"false","probability":"0.9"}},
                {"id":"closedwon","metadata":{"isClosed":"true","probability":"1.0"}},
                {"id":"closedlost","metadata":{"isClosed":"true","probability":"0.0"}}]},
            {"id":8812345,"label":"Renewals","stages":[
                {"id":"8812350","metadata":{"isClosed":"false","probability":"1.0"}},
                {"id":"8812351","metadata":{"isClosed":true,"probability":1}},
                {"id":"8812352","metadata":{"isClosed":"true","probability":"1.00"}},
                {"id":"8812353","metadata":{"probability":"1.0"}},
                {"id":"8812354","metadata":{"isClosed":"true","probability":"0.99"}},
                {"id":"8812355","metadata":{"isClosed":"true"}},
                {"id":"8812356","metadata":null},
                {"id":"closedwon","metadata":{"isClosed":"true","probability":"0.0"}}]}]"#;
        Stages::new(serde_json::from_str(pipelines).expect("pipelines"))
    }

    #[test]
    fn won_is_closed_with_probability_one() {
        let stages = stages();
        for (pipeline, stage, verdict) in [
            ("default", "closedwon", Some(true)),
            ("default", "contractsent", Some(false)),
            ("default", "closedlost", Some(false)),
            ("8812345", "8812350", Some(false)),
            ("8812345", "8812351", Some(true)),
            ("8812345", "8812352", Some(true)),
            ("8812345", "8812353", Some(true)),
            ("8812345", "8812354", Some(false)),
            ("8812345", "8812355", Some(false)),
            ("8812345", "8812356", Some(false)),
            ("8812345", "unheard of", None),
        ] {
            assert_eq!(stages.is_won(Some(pipeline), stage), verdict, "{pipeline}/{stage}");
        }
    }

    #[test]
    fn ids_of_pipelines_and_stages_get_their_labels() {
        let mut record: DealRecord = serde_json::from_str(
            r#"{"crm":"hubspot","account":1,"deal":{"id":7,"pipeline":"default"},"fields":{
                "deal.pipeline":{"kind":"choice","label":"Pipeline","options":{"default":"Sales"}},
                "deal.dealstage":{"kind":"choice","label":"Stage"}}}"#,
        )
        .expect("a record");
        stages().label(&mut record);
        let options = |path: &str| record.fields[path].options.clone().into_iter().collect::<Vec<_>>();
        let pair = |id: &str, label: &str| (id.to_owned(), label.to_owned());
        assert_eq!(options("deal.pipeline"), [pair("8812345", "Renewals"), pair("default", "Sales")]);
        assert_eq!(options("deal.dealstage"), [pair("contractsent", "Contract sent")]);
    }

    #[test]
    fn a_repurposed_closedwon_is_judged_in_its_own_pipeline() {
        assert_eq!(stages().is_won(Some("8812345"), "closedwon"), Some(false));
        assert_eq!(stages().is_won(None, "closedwon"), Some(true), "won somewhere, so it must be looked at");
        assert_eq!(stages().is_won(Some("gone"), "8812352"), Some(true));
    }

    /// Changes as `(stage, second)`, in the order HubSpot would list them.
    fn history(changes: &[(&str, i64)]) -> Vec<Change> {
        changes
            .iter()
            .map(|(stage, second)| Change {
                value: Some((*stage).to_owned()),
                timestamp: Timestamp::from_second(*second).ok().map(|at| at.to_string()),
                source_type: Lax::default(),
                updated_by_user_id: None,
            })
            .collect()
    }

    fn won_second(changes: &[(&str, i64)]) -> Option<i64> {
        won_at(&history(changes), &Object::default(), |stage| stage.starts_with("won"))
            .map(Timestamp::as_second)
    }

    #[test]
    fn the_win_begins_when_the_won_stages_are_entered_from_outside() {
        for (changes, second, why) in [
            (&[("won", 30), ("open", 20), ("new", 10)][..], Some(30), "a plain win"),
            (&[("new", 10), ("won", 30), ("open", 20)][..], Some(30), "in any order"),
            (&[("won2", 40), ("won", 30), ("open", 20)][..], Some(30), "won to won is the same win"),
            (
                &[("won", 60), ("open", 50), ("won2", 40), ("won", 30), ("open", 20)][..],
                Some(60),
                "won again",
            ),
            (&[("won", 10)][..], Some(10), "created directly in won"),
            (&[("won", 20), ("open", 20), ("new", 10)][..], Some(20), "two changes in one instant"),
            (&[("open", 40), ("won", 30)][..], None, "not won any more"),
            (&[][..], None, "no history"),
        ] {
            assert_eq!(won_second(changes), second, "{why}");
        }
    }

    #[test]
    fn history_times_may_be_milliseconds() {
        let history: Vec<Change> =
            serde_json::from_str(r#"[{"value":"won","timestamp":1764000000500,"sourceType":"CRM_UI"},{"value":"open","timestamp":"1763000000000"}]"#)
                .expect("changes");
        let at = won_at(&history, &Object::default(), |stage| stage == "won").expect("won");
        assert_eq!(at.to_string(), "2025-11-24T16:00:00.5Z");
    }

    #[test]
    fn without_a_history_the_dates_of_the_deal_decide_in_order() {
        let deal = |properties: &[(&str, &str)]| {
            let properties = properties
                .iter()
                .map(|(name, value)| ((*name).to_owned(), Some((*value).to_owned())))
                .collect();
            Object { id: "7".to_owned(), properties }
        };
        let all = [
            ("createdate", "2026-01-01T00:00:00Z"),
            ("closedate", "2026-02-01T00:00:00Z"),
            ("hs_closed_won_date", "2026-03-01T00:00:00Z"),
        ];
        for (count, expected) in [
            (3, Some("2026-03-01T00:00:00Z")),
            (2, Some("2026-02-01T00:00:00Z")),
            (1, Some("2026-01-01T00:00:00Z")),
            (0, None),
        ] {
            let found = won_at(&[], &deal(&all[..count]), |_| true).map(|at| at.to_string());
            assert_eq!(found.as_deref(), expected);
        }
        assert!(won_at(&[], &deal(&[("closedate", "soon"), ("createdate", "")]), |_| true).is_none());
    }
}
