//! Trains the weights and fits the probabilities. Always the same order of the same sums: the same corpus gives
//! the same bits.

use handoff_core::judgement::Label;
use handoff_core::judgement::features::{self, BUCKET_BITS};
use handoff_core::judgement::lexer::Tokens;
use handoff_core::judgement::model::{KIND_BUCKETS, KINDS, Model, exp, logistic, values};
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
        let mut features = Vec::new();
        features::visit(line.section, &Tokens::of(&text), |feature| features.push(feature));
        let values = values(&features);
        Self {
            section: line.section,
            label: line.label,
            weight: if line.sure { 1.0 } else { UNSURE_WEIGHT },
            features: features.iter().map(|one| (one.bucket as usize, values[one.block as usize])).collect(),
            text,
        }
    }

    /// How far a score is from what it should say: the gradient of the logistic loss.
    fn error(&self, score: f32) -> f32 {
        (logistic(score) - f32::from(u8::from(self.label != Label::Ok))) * self.weight
    }

    /// The same of the kinds of a text that is not ok.
    fn kind_errors(&self, scores: [f32; KINDS.len()]) -> [f32; KINDS.len()] {
        let power = |kind, score| if is_possible(kind, self.section) { exp(score) } else { 0.0 };
        let powers: [f32; KINDS.len()] = std::array::from_fn(|kind| power(KINDS[kind], scores[kind]));
        let all: f32 = powers.iter().sum();
        let error = |kind: usize| powers[kind] / all - f32::from(u8::from(KINDS[kind] == self.label));
        std::array::from_fn(|kind| error(kind) * self.weight)
    }
}

fn is_possible(kind: Label, section: SectionName) -> bool {
    kind != Label::Activity || section == SectionName::FirstValue
}

/// Weights of one column with the sums of squared slopes that `AdaGrad` needs; the bias stands behind the buckets.
struct Column {
    weights: Vec<f32>,
    squares: Vec<f32>,
}

impl Column {
    fn of(buckets: usize) -> Self {
        let mut squares = vec![1e-2; buckets + 1];
        squares[buckets] = 1.0;
        Self { weights: vec![0.0; buckets + 1], squares }
    }

    fn buckets(&self) -> usize {
        self.weights.len() - 1
    }

    fn bias(&self) -> f32 {
        self.weights[self.buckets()]
    }

    fn score(&self, features: &[(usize, f32)]) -> f32 {
        let weight = |&(bucket, value): &(usize, f32)| self.weights[bucket % self.buckets()] * value;
        self.bias() + features.iter().map(weight).sum::<f32>()
    }

    fn learn(&mut self, features: &[(usize, f32)], error: f32) {
        let buckets = self.buckets();
        step(&mut self.weights[buckets], &mut self.squares[buckets], error);
        for &(bucket, value) in features {
            let weight = &mut self.weights[bucket % buckets];
            let slope = error * value + DECAY * *weight;
            step(weight, &mut self.squares[bucket % buckets], slope);
        }
    }
}

/// Trains the weights with `AdaGrad`; the curve from score to probability is still to be fitted.
pub fn train<'a>(samples: impl IntoIterator<Item = &'a Sample>) -> Model {
    let mut order: Vec<&Sample> = samples.into_iter().collect();
    let mut not_ok = Column::of(1 << BUCKET_BITS);
    let mut kinds = KINDS.map(|_| Column::of(KIND_BUCKETS));
    let mut random = 1_u32;
    for _ in 0..EPOCHS {
        shuffle(&mut order, &mut random);
        for sample in &order {
            let features = &sample.features;
            not_ok.learn(features, sample.error(not_ok.score(features)));
            if sample.label == Label::Ok {
                continue;
            }
            let errors = sample.kind_errors(kinds.each_ref().map(|column| column.score(features)));
            for (column, error) in kinds.iter_mut().zip(errors).filter(|(_, error)| *error != 0.0) {
                column.learn(features, error);
            }
        }
    }
    quantise(&not_ok, &kinds)
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
fn quantise(not_ok: &Column, kinds: &[Column; KINDS.len()]) -> Model {
    let weights = |column: &Column| column.weights[..column.buckets()].to_vec();
    let (weights, kind_weights) = (weights(not_ok), kinds.each_ref().map(weights));
    let mut sizes: Vec<f32> =
        weights.iter().chain(kind_weights.iter().flatten()).map(|weight| weight.abs()).collect();
    sizes.sort_by(f32::total_cmp);
    let scale = sizes[sizes.len() - sizes.len() / 100_000 - 1] / 127.0;
    let byte = |weight: f32| ((weight / scale).round().clamp(-127.0, 127.0) as i8).cast_unsigned();
    let rows =
        (0..KIND_BUCKETS).flat_map(|bucket| kind_weights.each_ref().map(|column| byte(column[bucket])));
    Model {
        bias: not_ok.bias(),
        kind_bias: kinds.each_ref().map(Column::bias),
        scale,
        slope: 1.0,
        offset: 0.0,
        weights: weights.into_iter().map(byte).collect(),
        kind_weights: rows.collect(),
    }
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
