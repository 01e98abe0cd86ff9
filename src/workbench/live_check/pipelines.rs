//! `applies_to`: pipelines or record types that do not exist, or in which nothing is ever won.

use super::fields::or;
use super::{nearest, speech};
use crate::record::{AccountMetadata, CrmKind, OptionMetadata, PipelineMetadata};
use crate::source::{Problems, Span};
use crate::workbench::lint::draft::Draft;
use crate::workbench::lint::verdict::same;

pub(crate) fn look(draft: &Draft<'_>, account: &AccountMetadata, problems: &mut Problems) {
    if let Some(known) = &account.pipelines {
        for (id, span) in &draft.pipelines {
            match known.iter().find(|pipeline| pipeline.id == *id) {
                Some(pipeline) => winnable(pipeline, *span, problems),
                None => unknown(id, *span, known, account, problems),
            }
        }
    }
    if account.won_stages.as_ref().is_some_and(Vec::is_empty) {
        let message = format!(
            "{} has no stage that counts as won: no packet will ever be made",
            speech::account(account)
        );
        let help = match account.account.crm {
            CrmKind::Hubspot => {
                "give a stage the probability Won (100 %) under Settings > Objects > Deals > Pipelines"
            }
            CrmKind::Salesforce => {
                "give a stage the type Closed/Won under Setup > Object Manager > Opportunity > Stage"
            }
        };
        problems.error(draft.start, message, help);
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
    let what = match account.account.crm {
        CrmKind::Hubspot => "pipeline",
        CrmKind::Salesforce => "record type of opportunities",
    };
    let shown = |value: &str, label: &str| {
        if same(value, label) { format!("`{value}`") } else { format!("`{value}` ({label})") }
    };
    if let Some(pipeline) = known.iter().find(|pipeline| same(&pipeline.label, id)) {
        let (name, which) = match account.account.crm {
            CrmKind::Hubspot => ("name", "id"),
            CrmKind::Salesforce => ("label", "API name"),
        };
        let message =
            format!("`{id}` is the {name} of a {what}, not its {which}: no deal would get a packet");
        problems.error(span, message, format!("write {}", shown(&pipeline.id, &pipeline.label)));
        return;
    }
    let options: Vec<OptionMetadata> = known
        .iter()
        .map(|pipeline| OptionMetadata { value: pipeline.id.clone(), label: pipeline.label.clone() })
        .collect();
    let quoted = |option: &OptionMetadata| shown(&option.value, &option.label);
    let meant: Vec<String> = nearest::options(id, &options).into_iter().map(quoted).collect();
    let all: Vec<String> = options.iter().take(5).map(quoted).collect();
    let message = format!("{} has no {what} `{id}`: no deal gets a packet from it", speech::account(account));
    let help = match (or(&meant), or(&all)) {
        (Some(meant), _) => format!("did you mean {meant}?"),
        (None, Some(all)) => format!("write {all}"),
        (None, None) => "remove `applies_to`: this org has no record types".to_owned(),
    };
    problems.error(span, message, help);
}
