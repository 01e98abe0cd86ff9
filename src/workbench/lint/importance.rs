//! `important_when`: conditions that add nothing, and those that make every account important.

use crate::source::Problems;

use super::draft::{Draft, Placed};
use super::verdict::{complement, implies};

pub(crate) fn look(draft: &Draft<'_>, problems: &mut Problems) {
    for (index, later) in draft.important.iter().enumerate() {
        // One remark about a condition is enough.
        let _ = draft.important.iter().take(index).any(|earlier| says(earlier, later, problems));
    }
}

/// Reports what one condition makes of another; true if there was something to say.
fn says(earlier: &Placed, later: &Placed, problems: &mut Problems) -> bool {
    let (one, other) = (&earlier.condition, &later.condition);
    let adds_nothing = "this adds nothing: whenever it holds, the condition in line";
    let wider = "remove the narrower one, or the wider one if it is not meant";
    match (implies(other, one), implies(one, other)) {
        (true, true) => {
            let message = format!("this condition stands in line {} already", problems.line(earlier.span));
            problems.warning(later.span, message, "remove one of the two");
        }
        (true, false) => {
            let message = format!("{adds_nothing} {} holds", problems.line(earlier.span));
            problems.warning(later.span, message, wider);
        }
        (false, true) => {
            let message = format!("{adds_nothing} {} holds", problems.line(later.span));
            problems.warning(earlier.span, message, wider);
        }
        (false, false) if complement(one, other) => {
            let line = problems.line(earlier.span);
            let message = format!(
                "this and the condition in line {line} hold for every deal: every account is important"
            );
            problems.warning(later.span, message, "remove one of the two");
        }
        (false, false) => return false,
    }
    true
}
