//! A second look at a mapping file as a whole: what can be read, but cannot be meant.
//!
//! One file per family of findings. Each looks at the [`Draft`] and says what the consequence is. All of them
//! are warnings: the file can be used, and does less (or more) than its author thinks.

mod conditions;
pub(crate) mod draft;
mod fields;
mod importance;
mod known;
mod people;
mod repeats;
mod routes;
pub(crate) mod verdict;

use self::draft::Draft;
use crate::source::{Node, Problems};

/// Every family, in the order of the mapping file.
const FAMILIES: [fn(&Draft<'_>, &mut Problems); 6] =
    [repeats::look, fields::look, people::look, conditions::look, importance::look, routes::look];

/// Looks at a whole mapping file, also at one that has mistakes: what cannot be read is passed over, since
/// reading it has already said so.
pub(crate) fn look(root: &Node, problems: &mut Problems) {
    let Some(draft) = Draft::read(root) else { return };
    for family in FAMILIES {
        family(&draft, problems);
    }
}
