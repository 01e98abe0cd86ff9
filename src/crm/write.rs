//! Writing a person's answer to the deal: the one write to a customer's own data that the product makes, and only
//! where the mapping names a target.

use jiff::Timestamp;

use handoff_core::packet::Change;
use handoff_core::text::clean::clean_line;
use handoff_core::text::excerpt::within_characters;

/// Longest text of a CRM's that is kept of a refusal, in characters.
const WORDS: usize = 300;

/// A change to a deal that a person's submit asked for. Making it twice does no harm: every try reads first, and ends at
/// once if the CRM holds the new value already.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DealWrite {
    /// The CRM's id of the deal.
    pub deal: String,
    pub change: Change,
    /// When the person submitted it: a CRM with a history of its fields can tell whether an earlier try got through.
    pub given_at: Timestamp,
    /// An earlier try may have got through.
    pub was_tried: bool,
}

/// What became of a write.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum WriteOutcome {
    /// The CRM was read after the write, or before it, and holds the new value.
    Written,
    /// The CRM does not take the value, and holds what it held.
    Refused(WriteRefusal),
    /// The field holds something else than the person was shown, and was left alone or restored.
    Conflict {
        /// What it holds, as it is stored.
        theirs: String,
        /// E-mail address of the CRM user who wrote that while we did, if the CRM says so: they are told too.
        written_by: Option<String>,
    },
    /// We may not write to this account's deals at all: all its writes wait, its reads and tasks go on.
    NotAllowed {
        /// What an admin has to grant. Never CRM text.
        why: String,
    },
}

/// Why a CRM refused a value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WriteRefusal {
    /// The CRM's code, such as `INVALID_OPTION`: a word of its vocabulary, counted in metrics.
    pub code: String,
    /// The CRM's own words, which may quote what was written: never logged.
    pub words: String,
    /// The record is locked for a while, as by an approval: the same write is tried again a day later.
    pub is_locked: bool,
}

impl WriteRefusal {
    /// A refusal in the CRM's own words, cleaned and cut.
    pub fn new(code: impl Into<String>, words: &str) -> Self {
        Self { code: code.into(), words: within_characters(&clean_line(words), WORDS), is_locked: false }
    }
}
