//! The ids of our buttons and modals. They stand in messages that are years old: they never change.

/// Opens the modal with the open questions.
pub const ANSWER: &str = "answer";
/// The handoff is taken.
pub const ACCEPT: &str = "accept";
/// Opens the modal that asks why the handoff is not taken; also that modal.
pub const SEND_BACK: &str = "send_back";
/// The 15-minute review took place.
pub const REVIEW_HELD: &str = "review_held";
