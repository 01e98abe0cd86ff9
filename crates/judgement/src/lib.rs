//! Trains the model of `handoff_core::judgement` on labelled field values and cross-validates it together with the
//! rules. The same corpus trains the same bytes. The module to read first is [`training`].
//!
//! ```text
//! cargo run --release -p handoff-judgement --bin train [FILE.jsonl …]   # corpus/ and more → crates/core/src/judgement/model.bin
//! cargo bench --bench judgement                                             # figures, misses, false alarms, speed
//! ```

pub mod corpus;
pub mod training;
pub mod validation;

/// The bytes of a model that is trained on all lines; its probabilities are fitted on texts it did not see.
pub fn trained(lines: &[corpus::Line], beside: &[corpus::Line]) -> Vec<u8> {
    let (slope, offset) = validation::fit(&validation::cross_validate(lines, beside, ALIKE));
    let samples: Vec<_> = lines.iter().chain(beside).map(training::Sample::of).collect();
    handoff_core::judgement::model::Model { slope, offset, ..training::train(&samples) }.bytes()
}

/// See [`validation::cross_validate`]: strict enough to leave out paraphrases that keep the phrases.
pub const ALIKE: usize = 25;
