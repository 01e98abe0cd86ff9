//! `applies_to`: pipelines or record types that do not exist, or in which nothing is ever won.

use super::{nearest, with_label};
use crate::mapping::file::ast::MappingFile;
use crate::record::{AccountMetadata, OptionMetadata, PipelineMetadata};
use crate::source::{Problems, Span, Spanned};
use crate::workbench::lint::logic::same;

pub(super) fn check(file: &MappingFile, account: &AccountMetadata, problems: &mut Problems) {
    if let Some(known) = &account.pipelines {
        for Spanned { value: id, span } in &file.pipelines {
            match known.iter().find(|pipeline| pipeline.id == *id) {
                Some(pipeline) => winnable(pipeline, *span, problems),
                None => unknown(id, *span, known, account, problems),
            }
        }
    }
    if account.won_stages.as_ref().is_some_and(Vec::is_empty) {
        let message =
            format!("{} has no stage that counts as won: no packet will ever be made", account.named());
        problems.error(file.start, message, account.dialect().hints.won_stage);
    }
}

fn winnable(pipeline: &PipelineMetadata, span: Span, problems: &mut Problems) {
    if pipeline.can_win == Some(false) {
        let message = format!(
            "pipeline {} ({}) has no won stage: none of its deals gets a packet",
            pipeline.id, pipeline.label
        );
        let help = "give one of its stages the probability Won (100 %), or remove the pipeline here";
        problems.error(span, message, help);
    }
}

fn unknown(
    id: &str,
    span: Span,
    known: &[PipelineMetadata],
    account: &AccountMetadata,
    problems: &mut Problems,
) {
    let nouns = &account.dialect().nouns;
    let what = nouns.pipeline;
    let options: Vec<OptionMetadata> = known
        .iter()
        .map(|pipeline| OptionMetadata { value: pipeline.id.clone(), label: pipeline.label.clone() })
        .collect();
    if let Some(pipeline) = options.iter().find(|pipeline| same(&pipeline.label, id)) {
        let (name, which) = nouns.pipeline_label_and_id;
        let message =
            format!("`{id}` is the {name} of a {what}, not its {which}: no deal would get a packet");
        problems.error(span, message, format!("write {}", with_label(pipeline)));
        return;
    }
    let message = format!("{} has no {what} `{id}`: no deal gets a packet from it", account.named());
    let help = match nearest::offers(id, &options, with_label) {
        (Some(meant), _) => format!("did you mean {meant}?"),
        (None, Some(all)) => format!("write {all}"),
        (None, None) => "remove `applies_to`: this org has no record types".to_owned(),
    };
    problems.error(span, message, help);
}
