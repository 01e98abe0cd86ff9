//! The model: a linear classifier with quantised weights, and what it says about a text.

use std::borrow::Cow;
use std::sync::LazyLock;

use super::features::{self, BUCKET_BITS, Block, Feature};
use super::lexer::{Token, Tokens};
use crate::packet::SectionName;

/// From this calibrated probability on, a text that is not ok is a gap.
pub const SURE: f32 = 0.57;
/// From this one on it is a hint.
pub const UNSURE: f32 = 0.3;

/// Pieces of a text that are named as evidence.
const MOST_WORDS: usize = 4;

/// How much likelier than any other kind a placeholder must be to be called so, in log-odds.
const PLACEHOLDER_MARGIN: f32 = 2.5;

/// What a text is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Label {
    /// A customer-success manager can act on it.
    Ok,
    /// Text without a fact about the section's question.
    Vague,
    /// A stand-in or a pointer as the whole value.
    Placeholder,
    /// First value that is our work, not the customer's.
    Activity,
}

impl Label {
    /// The label with a name of the corpus.
    pub fn named(name: &str) -> Option<Self> {
        match name {
            "ok" => Some(Self::Ok),
            "vague" => Some(Self::Vague),
            "placeholder" => Some(Self::Placeholder),
            "activity" => Some(Self::Activity),
            _ => None,
        }
    }
}

/// How sure it is that a text is not ok.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Certainty {
    /// Nothing to say.
    Ok,
    /// A hint: shown where gaps are explained, asked of no one.
    Unsure,
    /// A gap: the seller is asked.
    Sure,
}

/// The kinds of not ok, which are weighed against each other.
pub const KINDS: [Label; 3] = [Label::Vague, Label::Placeholder, Label::Activity];

/// Buckets share the weights of the kinds, which are easier to tell apart: the lowest bits count.
pub const KIND_BUCKETS: usize = 1 << 16;

/// What the model says about a text.
#[derive(Debug, Clone, PartialEq)]
pub struct Judgement {
    /// The likeliest label of a text that is not ok; `Ok` below [`UNSURE`].
    pub label: Label,
    /// Calibrated on texts that the model was not trained on.
    pub probability_not_ok: f32,
    /// The pieces of the text that weighed most against it, in the order of the text.
    pub words: Vec<String>,
}

impl Judgement {
    /// Sure enough to ask, to hint, or neither.
    pub fn certainty(&self) -> Certainty {
        match self.probability_not_ok {
            sure if sure >= SURE => Certainty::Sure,
            unsure if unsure >= UNSURE => Certainty::Unsure,
            _ => Certainty::Ok,
        }
    }
}

/// Judges a cleaned text in its section; the rules have not been certain of it. The corpus holds Latin letters only:
/// of other scripts nothing is said.
pub fn judge(section: SectionName, text: &str) -> Judgement {
    static MODEL: LazyLock<Model> = LazyLock::new(|| Model::parse(include_bytes!("model.bin")));
    if !text.is_ascii() {
        let letters = || text.chars().filter(|letter| letter.is_alphabetic());
        if letters().filter(|&letter| letter >= '\u{250}').count() * 2 > letters().count() {
            return Judgement { label: Label::Ok, probability_not_ok: 0.0, words: Vec::new() };
        }
    }
    MODEL.judge(section, text)
}

/// The weights, one byte each, and how a score becomes a probability.
#[derive(Default)]
pub struct Model {
    pub bias: f32,
    pub kind_bias: [f32; KINDS.len()],
    /// The value of a weight of 1.
    pub scale: f32,
    /// Slope and offset of the logistic curve from score to probability.
    pub slope: f32,
    pub offset: f32,
    /// Not ok against ok, for each bucket.
    pub weights: Cow<'static, [u8]>,
    /// The kinds of not ok against each other, for each of [`KIND_BUCKETS`].
    pub kind_weights: Cow<'static, [u8]>,
}

impl Model {
    const FLOATS: usize = KINDS.len() + 4;

    pub fn parse(file: &'static [u8]) -> Self {
        let (head, weights) = file.split_at_checked(Self::FLOATS * 4).unwrap_or_default();
        let (weights, kind_weights) = weights.split_at_checked(1 << BUCKET_BITS).unwrap_or_default();
        let mut floats = head.as_chunks::<4>().0.iter().copied().map(f32::from_le_bytes);
        let mut next = || floats.next().unwrap_or_default();
        Self {
            bias: next(),
            kind_bias: [next(), next(), next()],
            scale: next(),
            slope: next(),
            offset: next(),
            weights: Cow::Borrowed(weights),
            kind_weights: Cow::Borrowed(kind_weights),
        }
    }

    pub fn bytes(&self) -> Vec<u8> {
        let floats = [self.bias].into_iter().chain(self.kind_bias);
        let floats = floats.chain([self.scale, self.slope, self.offset]).flat_map(f32::to_le_bytes);
        floats.chain(self.weights.iter().copied()).chain(self.kind_weights.iter().copied()).collect()
    }

    pub fn judge(&self, section: SectionName, text: &str) -> Judgement {
        let tokens = Tokens::of(text);
        let probability_not_ok = self.probability(self.score(section, &tokens));
        if probability_not_ok < UNSURE {
            return Judgement { label: Label::Ok, probability_not_ok, words: Vec::new() };
        }
        let mut features = Vec::new();
        features::visit(section, &tokens, |feature| features.push(feature));
        Judgement {
            label: kind(section, self.kind_scores(&features)),
            probability_not_ok,
            words: self.words(text, &tokens, &features),
        }
    }

    /// Not ok against ok, in log-odds. The sums are of whole numbers, so that they are exact in any order.
    pub fn score(&self, section: SectionName, tokens: &Tokens) -> f32 {
        let mut sums = Block::ALL.map(|block| (block, 0_i32, 0_u32));
        features::visit(section, tokens, |feature| {
            if let Some((_, sum, count)) = sums.get_mut(feature.block as usize) {
                *sum += self.weight(feature);
                *count += 1;
            }
        });
        let score = |(block, sum, count): (Block, i32, u32)| block.value(count) * as_float(sum);
        self.bias + self.scale * sums.map(score).iter().sum::<f32>()
    }

    fn weight(&self, feature: Feature) -> i32 {
        self.weights.get(feature.bucket as usize).map_or(0, |byte| i32::from(byte.cast_signed()))
    }

    fn kind_scores(&self, features: &[Feature]) -> [f32; KINDS.len()] {
        let rows = self.kind_weights.as_chunks::<{ KINDS.len() }>().0;
        let values = values(features);
        let mut scores = self.kind_bias;
        for feature in features {
            let value = values.get(feature.block as usize).copied().unwrap_or_default();
            let row = rows.get(feature.bucket as usize % KIND_BUCKETS).copied().unwrap_or_default();
            for (score, byte) in scores.iter_mut().zip(row) {
                *score += self.scale * value * f32::from(byte.cast_signed());
            }
        }
        scores
    }

    pub fn probability(&self, score: f32) -> f32 {
        logistic(self.slope * score + self.offset)
    }

    /// The pieces of a text that weighed most against it, in the order of the text.
    fn words(&self, text: &str, tokens: &Tokens, features: &[Feature]) -> Vec<String> {
        let values = values(features);
        let mut against: Vec<(f32, usize)> =
            (0..tokens.iter().len()).map(|position| (0.0, position)).collect();
        for &feature in features {
            let value = values.get(feature.block as usize).copied().unwrap_or_default();
            if let Some((sum, _)) = feature.token.and_then(|token| against.get_mut(usize::from(token))) {
                *sum += as_float(self.weight(feature)) * value;
            }
        }
        let says_something = |position| tokens.iter().nth(position).is_some_and(Token::says_something);
        against.retain(|&(sum, position)| sum > 0.0 && says_something(position));
        against.sort_by(|(one, _), (other, _)| other.total_cmp(one));
        against.truncate(MOST_WORDS);
        let is_chosen = |position| against.iter().any(|&(_, chosen)| chosen == position);
        let chosen = tokens.iter().enumerate().filter(|&(position, _)| is_chosen(position));
        chosen.filter_map(|(_, token)| text.get(token.source.clone())).map(str::to_owned).collect()
    }
}

#[expect(clippy::cast_precision_loss, reason = "far below 2^24")]
fn as_float(sum: i32) -> f32 {
    sum as f32
}

/// What a feature of each block counts.
pub fn values(features: &[Feature]) -> [f32; Block::ALL.len()] {
    let mut counts = Block::ALL.map(|block| (block, 0));
    for feature in features {
        if let Some((_, count)) = counts.get_mut(feature.block as usize) {
            *count += 1;
        }
    }
    counts.map(|(block, count)| block.value(count))
}

/// The kind of a text that is not ok. Calling it a placeholder takes more than being a little likelier.
fn kind(section: SectionName, scores: [f32; KINDS.len()]) -> Label {
    let [vague, placeholder, activity] = scores;
    let is_activity = section == SectionName::FirstValue && activity > vague;
    let (other, score) = if is_activity { (Label::Activity, activity) } else { (Label::Vague, vague) };
    if placeholder > score + PLACEHOLDER_MARGIN { Label::Placeholder } else { other }
}

/// 1 / (1 + e^-x)
pub fn logistic(x: f32) -> f32 {
    1.0 / (1.0 + exp(-x))
}

/// e^x from sums and products only, so that every machine computes the same bits.
pub fn exp(x: f32) -> f32 {
    let part = x.clamp(-30.0, 30.0) / 1024.0;
    let mut power = 1.0 + part * (1.0 + part * (0.5 + part / 6.0));
    for _ in 0..10 {
        power *= power;
    }
    power
}
