//! Trains the weights and fits the probabilities. Always the same order of the same sums: the same corpus gives
//! the same bits.

use std::borrow::Cow;

use handoff_core::judgement::Label;
use handoff_core::judgement::features::{self, BUCKET_BITS};
use handoff_core::judgement::lexer::Tokens;
use handoff_core::judgement::model::{COLUMNS, KINDS, Model, exp, logistic, values};
use handoff_core::packet::SectionName;
use handoff_core::text::clean::clean;

use crate::corpus::Line;

// Chosen by cross-validation; none of them matters much.
/// Passes over the texts.
const EPOCHS: usize = 40;
/// Step size of `AdaGrad`.
const RATE: f32 = 0.2;
/// Pull of a weight towards zero, whenever one of its texts is seen.
const DECAY: f32 = 1.5e-3;
/// How much a text counts on which sensible readers may differ.
const UNSURE_WEIGHT: f32 = 0.5;

/// A labelled text as features.
pub struct Sample {
    pub text: String,
    pub section: SectionName,
    label: Label,
    weight: f32,
    /// Buckets and their values.
    features: Vec<(usize, f32)>,
}

impl Sample {
    pub fn of(line: &Line) -> Self {
        let text = clean(&line.text);
        let features = features::extract(line.section, &Tokens::of(&text));
        let values = values(&features);
        Self {
            section: line.section,
            label: line.label,
            weight: if line.sure { 1.0 } else { UNSURE_WEIGHT },
            features: features.iter().map(|one| (one.bucket as usize, values[one.block as usize])).collect(),
            text,
        }
    }

    /// How far each column is from what it should say: the gradient of the logistic loss.
    fn errors(&self, scores: [f32; COLUMNS]) -> [f32; COLUMNS] {
        if self.label == Label::Ok {
            return [logistic(scores[0]), 0.0, 0.0, 0.0].map(|error| error * self.weight);
        }
        let power = |kind, score| if is_possible(kind, self.section) { exp(score) } else { 0.0 };
        let powers: [f32; 3] = std::array::from_fn(|kind| power(KINDS[kind], scores[kind + 1]));
        let all: f32 = powers.iter().sum();
        let error = |kind: usize| powers[kind] / all - f32::from(u8::from(KINDS[kind] == self.label));
        [logistic(scores[0]) - 1.0, error(0), error(1), error(2)].map(|error| error * self.weight)
    }
}

fn is_possible(kind: Label, section: SectionName) -> bool {
    kind != Label::Activity || section == SectionName::FirstValue
}

/// Trains the weights with `AdaGrad`; the curve from score to probability is still to be fitted.
pub fn train<'a>(samples: impl IntoIterator<Item = &'a Sample>) -> Model {
    let mut order: Vec<&Sample> = samples.into_iter().collect();
    let mut weights = vec![[0_f32; COLUMNS]; 1 << BUCKET_BITS];
    let mut squares = vec![[1e-2_f32; COLUMNS]; 1 << BUCKET_BITS];
    let (mut bias, mut bias_squares) = ([0_f32; COLUMNS], [1_f32; COLUMNS]);
    let mut random = 1_u32;
    for _ in 0..EPOCHS {
        shuffle(&mut order, &mut random);
        for sample in &order {
            let mut scores = bias;
            for &(bucket, value) in &sample.features {
                for (score, weight) in scores.iter_mut().zip(weights[bucket]) {
                    *score += weight * value;
                }
            }
            for (column, error) in
                sample.errors(scores).into_iter().enumerate().filter(|(_, error)| *error != 0.0)
            {
                step(&mut bias[column], &mut bias_squares[column], error);
                for &(bucket, value) in &sample.features {
                    let weight = &mut weights[bucket][column];
                    let slope = error * value + DECAY * *weight;
                    step(weight, &mut squares[bucket][column], slope);
                }
            }
        }
    }
    quantise(&weights, bias)
}

fn step(weight: &mut f32, squares: &mut f32, slope: f32) {
    *squares += slope * slope;
    *weight -= RATE * slope / squares.sqrt();
}

/// Fisher and Yates, with the linear congruential generator of Numerical Recipes.
fn shuffle(order: &mut [&Sample], random: &mut u32) {
    for last in (1..order.len()).rev() {
        *random = random.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        order.swap(last, (*random >> 8) as usize % (last + 1));
    }
}

/// One byte for each weight. The largest few of a hundred thousand are cut, so that the others keep their digits.
#[expect(clippy::cast_possible_truncation, reason = "clamped to a byte")]
fn quantise(weights: &[[f32; COLUMNS]], bias: [f32; COLUMNS]) -> Model {
    let mut sizes: Vec<f32> = weights.iter().flatten().map(|weight| weight.abs()).collect();
    sizes.sort_by(f32::total_cmp);
    let scale = sizes[sizes.len() - sizes.len() / 100_000 - 1] / 127.0;
    let byte = |weight: &f32| ((weight / scale).round().clamp(-127.0, 127.0) as i8).cast_unsigned();
    let weights = Cow::Owned(weights.iter().flatten().map(byte).collect());
    Model { bias, scale, slope: 1.0, offset: 0.0, weights }
}

/// Fits slope and offset of the logistic curve from a score to the probability of not ok (Platt scaling), by
/// Newton's method. The scores are those of models that did not see the text.
#[expect(clippy::cast_possible_truncation, reason = "the model computes in single precision")]
pub fn fit_probability(scores: &[(f32, bool)]) -> (f32, f32) {
    const STEPS: usize = 30;
    let (mut slope, mut offset) = (1.0_f64, 0.0_f64);
    for _ in 0..STEPS {
        let (mut by_slope, mut by_offset) = (0.0, 0.0);
        let (mut twice_slope, mut mixed, mut twice_offset) = (1e-6, 0.0, 1e-6);
        for &(score, is_not_ok) in scores {
            let score = f64::from(score);
            let probability = f64::from(logistic((slope * score + offset) as f32));
            let error = probability - f64::from(u8::from(is_not_ok));
            let curvature = probability * (1.0 - probability);
            by_slope += error * score;
            by_offset += error;
            twice_slope += curvature * score * score;
            mixed += curvature * score;
            twice_offset += curvature;
        }
        let determinant = twice_slope * twice_offset - mixed * mixed;
        slope -= (twice_offset * by_slope - mixed * by_offset) / determinant;
        offset -= (twice_slope * by_offset - mixed * by_slope) / determinant;
    }
    (slope as f32, offset as f32)
}
