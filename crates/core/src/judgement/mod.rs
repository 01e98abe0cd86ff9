//! Judges whether a cleaned text answers the question of its section: certain [`rules`] for stand-ins and pointers, and
//! a linear [`model`] over hashed [`features`] for the rest. Deterministic and offline: weights and word lists are data,
//! and `crates/judgement` makes the same bytes of the same corpus. The type to read first is [`Judgement`].

pub mod features;
pub mod lexer;
mod lexicon;
pub mod model;
pub mod rules;

pub use model::{Certainty, Judgement, Label, judge};
