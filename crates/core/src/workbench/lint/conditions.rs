//! Conditions that never hold, always hold, add nothing, or list a value twice.

use super::logic::{Certain, certain, complement, implies};
use super::repeated;
use crate::mapping::file::ast::{Condition, MappingFile, Observation};
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

/// Conditions that `any` or `all` joins: those that add nothing, and those that leave nothing out.
pub(super) fn lint_joined(file: &MappingFile, problems: &mut Problems) {
    pairs(&file.important_when, Join::Any("every account is important"), problems);
    for observation in file.observations() {
        match observation {
            Observation::All(parts) => pairs(parts, Join::All, problems),
            Observation::Any(parts) => pairs(parts, Join::Any("`any` always holds"), problems),
            _ => {}
        }
    }
}

/// How conditions are joined.
#[derive(Clone, Copy)]
enum Join {
    All,
    /// With what follows if one of them always holds.
    Any(&'static str),
}

fn pairs(parts: &[Observation], join: Join, problems: &mut Problems) {
    let conditions: Vec<&Condition> = parts.iter().filter_map(Observation::condition).collect();
    for (index, later) in conditions.iter().enumerate() {
        // One remark about a condition is enough.
        let _ = conditions.iter().take(index).any(|earlier| redundant(earlier, later, join, problems));
    }
}

/// Reports what one condition makes of another; true if there was something to say.
fn redundant(earlier: &Condition, later: &Condition, join: Join, problems: &mut Problems) -> bool {
    let (one, other) = (&earlier.meaning, &later.meaning);
    let lines = [problems.line(earlier.span), problems.line(later.span)];
    let adds_nothing = |line: usize| match join {
        Join::Any(_) => format!("this adds nothing: whenever it holds, the condition in line {line} holds"),
        Join::All => format!("this adds nothing: it holds whenever the condition in line {line} does"),
    };
    let help = match join {
        Join::Any(_) => "remove the narrower one, or the wider one if it is not meant",
        Join::All => "remove the wider one, or the narrower one if it is not meant",
    };
    let later_adds_nothing = match join {
        Join::Any(_) => implies(other, one),
        Join::All => implies(one, other),
    };
    let (span, message, help) = match (implies(other, one), implies(one, other)) {
        (true, true) => {
            let message = format!("this condition stands in line {} already", lines[0]);
            (later.span, message, "remove one of the two")
        }
        (true, false) | (false, true) if later_adds_nothing => (later.span, adds_nothing(lines[0]), help),
        (true, false) | (false, true) => (earlier.span, adds_nothing(lines[1]), help),
        (false, false) => match join {
            Join::Any(consequence) if complement(one, other) => {
                let message =
                    format!("this and the condition in line {} hold for every deal: {consequence}", lines[0]);
                (later.span, message, "remove one of the two")
            }
            _ => return false,
        },
    };
    problems.warning(span, message, help);
    true
}
