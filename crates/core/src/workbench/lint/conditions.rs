//! Conditions that never hold, always hold, add nothing, or list a value twice.

use super::logic::{Certain, certain, complement, implies};
use super::repeated;
use crate::mapping::file::ast::{Condition, MappingFile};
use crate::mapping::{self, Test};
use crate::record::{Dialect, WellKnown};
use crate::source::Problems;

pub(super) fn lint(file: &MappingFile, problems: &mut Problems) {
    for condition in file.conditions() {
        repeated(&condition.values, "this value", problems);
        let Some(dialect) = file.dialect() else { continue };
        match certain(&condition.meaning, dialect, &file.pipelines) {
            Some(Certain::Never(why)) => {
                let help = instead(&condition.meaning, dialect);
                problems.warning(condition.span, format!("this condition never holds: {why}"), help);
            }
            Some(Certain::Always(why)) => {
                let help = "remove the condition, or look at another field";
                problems.warning(condition.span, format!("this condition always holds: {why}"), help);
            }
            None => from_zero(condition, dialect, problems),
        }
    }
}

fn instead(condition: &mapping::Condition, dialect: &Dialect) -> &'static str {
    match (&condition.test, dialect.well_known(&condition.field)) {
        (Test::AtLeast(_) | Test::AtMost(_), Some(WellKnown::Day)) => {
            "use `filled: true` to ask whether there is a day, or remove the condition"
        }
        (Test::AtLeast(_) | Test::AtMost(_), Some(WellKnown::Words | WellKnown::Yes)) => {
            "compare words with `in: [\"…\"]`"
        }
        (_, Some(WellKnown::Pipeline)) => "write ids that `applies_to` names, or remove the condition",
        _ => "remove the condition, or look at another field",
    }
}

/// `at_least: 0` looks like a threshold and is none.
fn from_zero(condition: &Condition, dialect: &Dialect, problems: &mut Problems) {
    let mapping::Condition { field, test: Test::AtLeast(limit) } = &condition.meaning else { return };
    if dialect.well_known(field) == Some(WellKnown::Amount) && *limit <= rust_decimal::Decimal::ZERO {
        let message = format!("this holds for every deal whose `{field}` is filled");
        problems.warning(
            condition.span,
            message,
            "write `filled: true` if that is meant, else a larger number",
        );
    }
}

/// `important_when`: conditions that add nothing, and those that make every account important.
pub(super) fn lint_importance(file: &MappingFile, problems: &mut Problems) {
    for (index, later) in file.important_when.iter().enumerate() {
        // One remark about a condition is enough.
        let _ = file.important_when.iter().take(index).any(|earlier| redundant(earlier, later, problems));
    }
}

/// Reports what one condition makes of another; true if there was something to say.
fn redundant(earlier: &Condition, later: &Condition, problems: &mut Problems) -> bool {
    let (one, other) = (&earlier.meaning, &later.meaning);
    let adds_nothing = "this adds nothing: whenever it holds, the condition in line";
    let wider = "remove the narrower one, or the wider one if it is not meant";
    let line = problems.line(earlier.span);
    let (span, message, help) = match (implies(other, one), implies(one, other)) {
        (true, true) => {
            (later.span, format!("this condition stands in line {line} already"), "remove one of the two")
        }
        (true, false) => (later.span, format!("{adds_nothing} {line} holds"), wider),
        (false, true) => (earlier.span, format!("{adds_nothing} {} holds", problems.line(later.span)), wider),
        (false, false) if complement(one, other) => (
            later.span,
            format!("this and the condition in line {line} hold for every deal: every account is important"),
            "remove one of the two",
        ),
        (false, false) => return false,
    };
    problems.warning(span, message, help);
    true
}
