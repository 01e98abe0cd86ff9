//! What the model sees of a text: hashed n-grams of characters, words and word classes, and the text's shape.
//!
//! A feature is a bucket of the weight table. Which features a text has, and in which order, depends on nothing
//! but the text and its section.

use super::lexer::{Kind, Token, Tokens};
use super::lexicon::Classes;
use crate::packet::SectionName;

/// The weight table has `1 << BUCKET_BITS` rows.
pub const BUCKET_BITS: u32 = 16;

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
    pub fn value(self, count: u16) -> f32 {
        let factor = match self {
            Self::Characters => 1.4,
            Self::Words | Self::Classes => 1.0,
            Self::Shape => 0.6,
        };
        factor / f32::from(count.max(1)).sqrt()
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

/// All features of a text, each bucket once.
pub fn extract(section: SectionName, tokens: &Tokens) -> Vec<Feature> {
    let mut features =
        Features { section, all: Vec::with_capacity(1_024), seen: vec![0; (1 << BUCKET_BITS) / 64] };
    features.characters(tokens);
    features.words(tokens);
    features.classes(tokens);
    features.shape(tokens);
    features.all
}

struct Features {
    section: SectionName,
    all: Vec<Feature>,
    /// One bit for each bucket.
    seen: Vec<u64>,
}

impl Features {
    fn add(&mut self, hash: Hash, block: Block, token: Option<usize>) {
        let bucket = hash.bucket();
        let token = token.and_then(|token| u16::try_from(token).ok());
        let Some(seen) = self.seen.get_mut(bucket as usize / 64) else { return };
        let bit = 1 << (bucket % 64);
        if *seen & bit == 0 {
            *seen |= bit;
            self.all.push(Feature { bucket, block, token });
        }
    }

    /// With the section and without it, so that the sections learn from each other.
    fn add_crossed(&mut self, hash: Hash, block: Block, token: Option<usize>) {
        self.add(hash, block, token);
        self.add(hash.with(0x80 + self.section as u8), block, token);
    }

    fn characters(&mut self, tokens: &Tokens) {
        let bytes = tokens.folded().as_bytes();
        let mut ends = tokens.iter().map(|token| token.end).enumerate().peekable();
        for start in 0..bytes.len() {
            while ends.next_if(|&(_, end)| end <= start).is_some() {}
            let token = ends.peek().map(|&(position, _)| position);
            let mut hash = Hash::new(Block::Characters);
            for (length, &byte) in (1..=LONGEST).zip(bytes.iter().skip(start)) {
                hash = hash.with(byte);
                if length >= SHORTEST {
                    self.add(hash, Block::Characters, token);
                }
            }
        }
    }

    /// Single words only: pairs made the model remember texts.
    fn words(&mut self, tokens: &Tokens) {
        for (position, token) in tokens.iter().enumerate() {
            let hash = Hash::new(Block::Words).with_all(tokens.text_of(token));
            self.add_crossed(hash, Block::Words, Some(position));
        }
    }

    /// N-grams of word classes, which all languages share.
    fn classes(&mut self, tokens: &Tokens) {
        let (mut before, mut last) = (0, 0);
        for (position, token) in tokens.iter().enumerate() {
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
