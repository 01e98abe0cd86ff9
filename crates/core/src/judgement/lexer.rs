//! A text as tokens: words, numbers, links and marks, folded, with where they stood.

use std::ops::Range;

use super::lexicon::{Classes, Lexicon};
use crate::text::tokens::{fold, is_combining};
use crate::text::visible::is_invisible;

/// Characters of a text that are looked at.
const LOOKED_AT: usize = 2_000;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    Word,
    /// Digits, with what stands between and beside them: `12`, `10:30`, `Q3`, `v2`.
    Number,
    Link,
    Emoji,
    Mark(char),
}

/// A word, number, link or mark.
#[derive(Debug, Clone)]
pub struct Token {
    pub kind: Kind,
    pub(super) classes: Classes,
    /// It begins with a capital letter.
    pub is_capital: bool,
    /// Capitalised, though it opens no sentence.
    pub is_name: bool,
    /// Where it stands in the folded text.
    start: usize,
    pub end: usize,
    /// Where it stands in the text itself.
    pub source: Range<usize>,
}

impl Token {
    /// It is no mark, and more than a small word.
    pub fn says_something(&self) -> bool {
        match self.kind {
            Kind::Word => !self.classes.holds(Classes::SMALL),
            Kind::Number | Kind::Link => true,
            Kind::Emoji | Kind::Mark(_) => false,
        }
    }
}

/// The tokens of one text.
pub struct Tokens {
    folded: String,
    all: Vec<Token>,
    lines: usize,
}

impl Tokens {
    pub fn of(text: &str) -> Self {
        let mut lexer = Lexer { text, tokens: Self::with_capacity(text.len().min(LOOKED_AT)), opens: true };
        lexer.run();
        let mut tokens = lexer.tokens;
        tokens.classify();
        tokens
    }

    fn with_capacity(bytes: usize) -> Self {
        let mut folded = String::with_capacity(bytes + bytes / 4 + 2);
        folded.push(' ');
        Self { folded, all: Vec::with_capacity(bytes / 4 + 1), lines: 1 }
    }

    /// All tokens with one space between them, and a space at either end. Digits are zeros.
    pub fn folded(&self) -> &str {
        &self.folded
    }

    pub fn iter(&self) -> impl DoubleEndedIterator<Item = &Token> + ExactSizeIterator {
        self.all.iter()
    }

    pub fn text_of(&self, token: &Token) -> &str {
        self.folded.get(token.start..token.end).unwrap_or_default()
    }

    /// Lines that hold anything.
    pub fn lines(&self) -> usize {
        self.lines
    }

    fn classify(&mut self) {
        let lexicon = Lexicon::get();
        let mut position = 0;
        while let Some(token) = self.all.get(position) {
            let may_open_a_phrase = matches!(token.kind, Kind::Word | Kind::Number);
            let longest = may_open_a_phrase.then(|| lexicon.longest_from(self.text_of(token))).flatten();
            let found = (1..=longest.unwrap_or(0)).rev().find_map(|count| {
                let last = self.all.get(position + count - 1)?;
                Some((count, lexicon.classes_of(self.folded.get(token.start..last.end)?)?))
            });
            let (count, classes) = found.unwrap_or((1, Classes::default()));
            for token in self.all.iter_mut().skip(position).take(count) {
                token.classes = classes;
            }
            position += count;
        }
    }
}

struct Lexer<'a> {
    text: &'a str,
    tokens: Tokens,
    /// The next word opens a sentence.
    opens: bool,
}

impl Lexer<'_> {
    fn run(&mut self) {
        let length = self.text.char_indices().nth(LOOKED_AT).map_or(self.text.len(), |(at, _)| at);
        let mut start = 0;
        while let Some(rest) = self.text.get(start..length).filter(|rest| !rest.is_empty()) {
            start += self.token(start, rest);
        }
    }

    /// Reads the token that `rest` starts with, if it starts with one; returns the bytes read.
    fn token(&mut self, start: usize, rest: &str) -> usize {
        let Some(first) = rest.chars().next() else { return 1 };
        let mut length = first.len_utf8();
        if first.is_whitespace() || is_invisible(first) || is_combining(first) {
            self.opens |= first == '\n';
            self.tokens.lines += usize::from(first == '\n');
        } else if rest.starts_with("http://") || rest.starts_with("https://") || rest.starts_with("www.") {
            length = rest.find(char::is_whitespace).unwrap_or(rest.len());
            self.push_as(Kind::Link, start..start + length, "http");
        } else if first.is_alphanumeric() {
            length = self.word(start, rest);
        } else if first >= '\u{1f000}' || ('\u{2600}'..='\u{27bf}').contains(&first) {
            self.push_as(Kind::Emoji, start..start + length, "\u{1}");
        } else {
            self.push_as(Kind::Mark(first), start..start + length, first.encode_utf8(&mut [0; 4]));
            self.opens |= matches!(first, '.' | '!' | '?' | ':' | '•' | '(');
        }
        length
    }

    /// Reads letters and digits, and between two digits also `.`, `,`, `:`, `/` and `-`; returns the bytes read. Every
    /// digit is a zero: which one it is says nothing.
    fn word(&mut self, start: usize, rest: &str) -> usize {
        let starts = self.tokens.folded.len();
        let (mut length, mut kind, mut after_digit) = (0, Kind::Word, false);
        let mut characters = rest.chars().peekable();
        while let Some(character) = characters.next() {
            let is_unseen = is_combining(character) || is_invisible(character);
            let joins = character.is_alphanumeric()
                || is_unseen
                || (after_digit
                    && matches!(character, '.' | ',' | ':' | '/' | '-')
                    && characters.peek().is_some_and(|next| next.is_numeric()));
            if !joins {
                break;
            }
            after_digit = character.is_numeric();
            if after_digit {
                kind = Kind::Number;
                self.tokens.folded.push('0');
            } else if !is_unseen {
                fold(character, &mut self.tokens.folded);
            }
            length += character.len_utf8();
        }
        self.push(kind, start..start + length, starts);
        length
    }

    fn push_as(&mut self, kind: Kind, source: Range<usize>, folded: &str) {
        let start = self.tokens.folded.len();
        self.tokens.folded.push_str(folded);
        self.push(kind, source, start);
    }

    /// A token whose folded text begins at `start`, and is the last that was pushed.
    fn push(&mut self, kind: Kind, source: Range<usize>, start: usize) {
        let is_capital =
            self.text.get(source.start..).is_some_and(|text| text.starts_with(char::is_uppercase));
        let end = self.tokens.folded.len();
        self.tokens.folded.push(' ');
        let is_name = kind == Kind::Word && !self.opens && is_capital;
        self.opens &= !matches!(kind, Kind::Word | Kind::Number);
        self.tokens.all.push(Token {
            kind,
            classes: Classes::default(),
            is_capital,
            is_name,
            start,
            end,
            source,
        });
    }
}
