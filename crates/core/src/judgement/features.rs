//! What the model sees of a text: hashed n-grams of characters, words and word classes, and the text's shape.
//!
//! A feature is a bucket of the weight table. Which features a text has, and in which order, depends on nothing
//! but the text and its section.

use super::lexer::{Kind, Token, Tokens};
use super::lexicon::Classes;
use crate::packet::SectionName;

/// The weight table has `1 << BUCKET_BITS` rows.
pub const BUCKET_BITS: u32 = 18;

/// Kinds of features. Within a block all features of a text weigh the same: the more there are, the less each.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Block {
    Characters,
    Words,
    Classes,
    Shape,
}

impl Block {
    pub const ALL: [Self; 4] = [Self::Characters, Self::Words, Self::Classes, Self::Shape];

    /// What each of `count` features counts. The factors were chosen by cross-validation.
    #[expect(clippy::cast_precision_loss, reason = "far below 2^24")]
    pub fn value(self, count: u32) -> f32 {
        let factor = match self {
            Self::Characters => 1.4,
            Self::Words | Self::Classes => 1.0,
            Self::Shape => 0.6,
        };
        factor / (count.max(1) as f32).sqrt()
    }
}

/// One feature of a text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Feature {
    /// Row of the weight table.
    pub bucket: u32,
    pub block: Block,
    /// Position of the token it comes from; a shape comes from the whole text.
    pub token: Option<u16>,
}

/// Lengths of character n-grams, in bytes of the folded text.
const SHORTEST: usize = 2;
const LONGEST: usize = 4;

/// Features that a token gives at most: its word and three n-grams of classes, each with the section and without.
const OF_A_TOKEN: usize = 8;

/// Features that the shape gives, with the section and without.
const OF_THE_SHAPE: usize = 40;

/// Shows all features of a text: a piece of characters as often as it stands there, all others once.
pub fn visit(section: SectionName, tokens: &Tokens, see: impl FnMut(Feature)) {
    let most = tokens.iter().len() * OF_A_TOKEN + OF_THE_SHAPE;
    let mut features = Features { section, see, seen: vec![0; (2 * most).next_power_of_two()] };
    features.characters(tokens);
    features.words(tokens);
    features.classes(tokens);
    features.shape(tokens);
}

/// The section's number in the trained model, which never sees a custom one.
fn number(section: SectionName) -> u8 {
    match section {
        SectionName::BuyingReason => 0,
        SectionName::SuccessOutcome => 1,
        SectionName::Stakeholders => 2,
        SectionName::Promises => 3,
        SectionName::Risks => 4,
        SectionName::FirstValue => 5,
        SectionName::Expansion => 6,
        SectionName::Custom(_) => 7,
    }
}

struct Features<See> {
    section: SectionName,
    see: See,
    /// Hash set with open addressing, never full: a bucket plus one, or 0 for a free slot.
    seen: Vec<u32>,
}

impl<See: FnMut(Feature)> Features<See> {
    fn add(&mut self, hash: Hash, block: Block, token: Option<u16>) {
        let bucket = hash.bucket();
        if self.is_new(bucket) {
            (self.see)(Feature { bucket, block, token });
        }
    }

    fn is_new(&mut self, bucket: u32) -> bool {
        let last = self.seen.len() - 1;
        let mut at = bucket as usize & last;
        while let Some(slot) = self.seen.get_mut(at) {
            if *slot == 0 {
                *slot = bucket + 1;
                return true;
            }
            if *slot == bucket + 1 {
                return false;
            }
            at = (at + 1) & last;
        }
        false
    }

    /// With the section and without it, so that the sections learn from each other.
    fn add_crossed(&mut self, hash: Hash, block: Block, token: Option<u16>) {
        self.add(hash, block, token);
        self.add(hash.with(0x80 + number(self.section)), block, token);
    }

    /// The pieces that begin within a token or in the space before it.
    fn characters(&mut self, tokens: &Tokens) {
        let mut rest = tokens.folded().as_bytes();
        let mut begins = 0;
        for (position, token) in (0..).zip(tokens.iter()) {
            for _ in begins..token.end {
                let mut hash = Hash::new(Block::Characters);
                let (shorter, longer) = rest.split_at(rest.len().min(SHORTEST - 1));
                for &byte in shorter {
                    hash = hash.with(byte);
                }
                for &byte in longer.get(..longer.len().min(LONGEST + 1 - SHORTEST)).unwrap_or_default() {
                    hash = hash.with(byte);
                    let bucket = hash.bucket();
                    (self.see)(Feature { bucket, block: Block::Characters, token: Some(position) });
                }
                rest = rest.get(1..).unwrap_or_default();
            }
            begins = token.end;
        }
    }

    /// Single words only: pairs made the model remember texts.
    fn words(&mut self, tokens: &Tokens) {
        for (position, token) in (0..).zip(tokens.iter()) {
            let hash = Hash::new(Block::Words).with_all(tokens.text_of(token));
            self.add_crossed(hash, Block::Words, Some(position));
        }
    }

    /// N-grams of word classes, which all languages share.
    fn classes(&mut self, tokens: &Tokens) {
        let (mut before, mut last) = (0, 0);
        for (position, token) in (0..).zip(tokens.iter()) {
            let class = class_of(token);
            let one = Hash::new(Block::Classes).with(class);
            let two = one.with(last);
            for hash in [one, two, two.with(before)] {
                self.add_crossed(hash, Block::Classes, Some(position));
            }
            (before, last) = (last, class);
        }
    }

    fn shape(&mut self, tokens: &Tokens) {
        let words = || tokens.iter().filter(|token| token.kind == Kind::Word);
        let of_kind = |kind| tokens.iter().filter(|token| token.kind == kind).count();
        let of_class = |classes| words().filter(|word| word.classes.holds(classes)).count();
        let all = words().count();
        let unlisted = words().filter(|word| word.classes.is_empty()).count();
        let content = words().filter(|word| !word.classes.holds(Classes::SMALL)).count();
        let stock = of_class(Classes::STOCK);
        let numbers = of_kind(Kind::Number);
        let names = tokens.iter().filter(|token| token.is_name).count();
        let ends_on_a_small_word =
            tokens.iter().last().is_some_and(|last| last.classes.holds(Classes::SMALL));
        let counts = [
            all,
            unlisted,
            content,
            numbers,
            names,
            stock,
            of_class(Classes::TITLE),
            of_class(Classes::PROBLEM.with(Classes::NOT)),
            of_class(Classes::DAY.with(Classes::UNIT).with(Classes::NUMBER)),
            of_kind(Kind::Link),
            of_kind(Kind::Emoji),
            tokens.lines(),
            tenths(unlisted, all),
            tenths(stock, content),
            usize::from(ends_on_a_small_word),
            usize::from(numbers + names == 0),
            words().filter(|word| !word.is_capital).count(),
        ];
        for (number, count) in (0..).zip(counts) {
            self.add_crossed(Hash::new(Block::Shape).with(number).with(bucketed(count)), Block::Shape, None);
        }
    }
}

fn tenths(part: usize, whole: usize) -> usize {
    (part * 10).checked_div(whole).unwrap_or(11)
}

/// Counts that mean about the same.
fn bucketed(count: usize) -> u8 {
    match count {
        0..=4 => u8::try_from(count).unwrap_or_default(),
        5..=6 => 5,
        7..=9 => 6,
        10..=14 => 7,
        15..=24 => 8,
        25..=49 => 9,
        _ => 10,
    }
}

/// A token as a letter of the alphabet of classes.
fn class_of(token: &Token) -> u8 {
    match token.kind {
        Kind::Word if token.classes.is_empty() && token.is_name => 1,
        Kind::Word => 16 + token.classes.most_telling(),
        Kind::Number => 2,
        Kind::Link => 3,
        Kind::Emoji => 4,
        Kind::Mark(mark) => match mark {
            '.' => 5,
            ',' | ';' => 6,
            ':' => 7,
            '!' => 8,
            '?' => 9,
            '%' | '€' | '$' | '£' | '₹' => 10,
            '(' | '[' | '<' | '{' => 11,
            ')' | ']' | '>' | '}' => 12,
            '→' | '=' | '≥' | '≤' | '+' => 13,
            '-' | '–' | '—' | '•' | '*' => 14,
            _ => 15,
        },
    }
}

/// FNV-1a over bytes, then mixed down to a bucket.
#[derive(Clone, Copy)]
struct Hash(u64);

impl Hash {
    fn new(block: Block) -> Self {
        Self(0xcbf2_9ce4_8422_2325).with(block as u8)
    }

    fn with(self, byte: u8) -> Self {
        Self((self.0 ^ u64::from(byte)).wrapping_mul(0x100_0000_01b3))
    }

    fn with_all(self, text: &str) -> Self {
        text.bytes().fold(self, Self::with)
    }

    fn bucket(self) -> u32 {
        let mixed = (self.0 ^ (self.0 >> 32)).wrapping_mul(0x9e37_79b9_7f4a_7c15);
        u32::try_from(mixed >> (64 - BUCKET_BITS)).unwrap_or_default()
    }
}
