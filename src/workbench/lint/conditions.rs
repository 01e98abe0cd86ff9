//! Conditions that never hold, always hold, or list a value twice.

use crate::record::CrmKind;
use crate::source::Problems;

use super::draft::{Draft, Placed};
use super::known::{Known, known};
use super::repeats;
use super::verdict::{Certain, certain};
use crate::mapping::{Condition, Test};

pub(crate) fn look(draft: &Draft<'_>, problems: &mut Problems) {
    for placed in draft.conditions() {
        repeats::values(&placed.values, "this value", problems);
        let Some(crm) = draft.crm else { continue };
        let pipelines: Vec<&str> = draft.pipelines.iter().map(|(pipeline, _)| *pipeline).collect();
        match certain(&placed.condition, crm, &pipelines) {
            Some(Certain::Never(why)) => {
                let help = instead(&placed.condition, crm);
                problems.warning(placed.span, format!("this condition never holds: {why}"), help);
            }
            Some(Certain::Always(why)) => {
                let help = "remove the condition, or look at another field";
                problems.warning(placed.span, format!("this condition always holds: {why}"), help);
            }
            None => from_zero(placed, crm, problems),
        }
    }
}

fn instead(condition: &Condition, crm: CrmKind) -> &'static str {
    match (&condition.test, known(crm, &condition.field)) {
        (Test::AtLeast(_) | Test::AtMost(_), Some(Known::Day)) => {
            "use `filled: true` to ask whether there is a day, or remove the condition"
        }
        (Test::AtLeast(_) | Test::AtMost(_), Some(Known::Words | Known::Yes)) => {
            "compare words with `in: [\"…\"]`"
        }
        (_, Some(Known::Pipeline)) => "write ids that `applies_to` names, or remove the condition",
        _ => "remove the condition, or look at another field",
    }
}

/// `at_least: 0` looks like a threshold and is none.
fn from_zero(placed: &Placed, crm: CrmKind, problems: &mut Problems) {
    let Test::AtLeast(limit) = placed.condition.test else { return };
    let path = &placed.condition.field;
    if known(crm, path) == Some(Known::Amount) && limit <= rust_decimal::Decimal::ZERO {
        let message = format!("this holds for every deal whose `{path}` is filled");
        problems.warning(placed.span, message, "write `filled: true` if that is meant, else a larger number");
    }
}
