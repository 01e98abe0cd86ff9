//! The ids of our buttons and modals. They stand in messages that are years old: they never change.

/// Opens the modal with the open questions.
pub const ANSWER: &str = "answer";
/// The handoff is taken.
pub const ACCEPT: &str = "accept";
/// Opens the modal that asks why the handoff is not taken; also that modal.
pub const SEND_BACK: &str = "send_back";
/// First value was reached.
pub const REACHED: &str = "reached";
/// Opens the modal that asks by when first value will be there; also that modal.
pub const NOT_YET: &str = "not_yet";
/// First value was not reached.
pub const MISSED: &str = "missed";
/// The 15-minute review took place.
pub const REVIEW_HELD: &str = "review_held";
