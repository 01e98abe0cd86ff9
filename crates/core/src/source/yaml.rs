//! YAML into the tree.
//!
//! Works on parser events, so that values stay text (`yes`, `8812345` and `1.50` are not guessed at) and
//! several mistakes can be told at once. References (`*name`) are refused, which is also what keeps a small
//! file from unfolding into a huge one.

use serde_saphyr::granit_parser::{Event, Parser, ScalarStyle, Span as Scanned};

use super::syntax::{refuse, refuse_reference, warn_of_comment};
use super::{Entry, Node, Problems, Scalar, Span, Value, characters, without_mark};

/// More values than any hand-written file has.
const MAX_NODES: usize = 20_000;
/// Deeper than any hand-written file goes.
const MAX_DEPTH: usize = 32;

/// Parses a whole file; `None` when its syntax is broken, which is recorded.
pub fn parse(text: &str, problems: &mut Problems) -> Option<Node> {
    let text = without_mark(text);
    let mut tree =
        Tree { text, open: Vec::new(), root: None, nodes: 0, documents: 0, has_strange_key: false };
    let mut parser = Parser::new_from_str(text);
    while let Some(event) = parser.next_event() {
        let taken = match event {
            Ok((event, scanned)) => tree.take(event, &scanned, problems),
            Err(error) => {
                refuse(text, &error, problems);
                return None;
            }
        };
        taken?;
    }
    // What such a key belongs to is not known.
    if tree.has_strange_key {
        return None;
    }
    if tree.root.is_none() {
        problems.error(Span::default(), "this file is empty", "begin with a copy of mappings/hubspot.yaml");
    }
    tree.root
}

/// A tree under construction; `open` are the blocks around the current event, outermost first.
struct Tree<'t> {
    text: &'t str,
    open: Vec<Open>,
    root: Option<Node>,
    nodes: usize,
    documents: usize,
    has_strange_key: bool,
}

enum Open {
    List { span: Span, items: Vec<Node> },
    Map { span: Span, entries: Vec<Entry>, key: Option<(String, Span)> },
}

impl Tree<'_> {
    /// Takes one event; `None` when it makes no sense to go on.
    fn take(&mut self, event: Event<'_>, scanned: &Scanned, problems: &mut Problems) -> Option<()> {
        let span = self.span(scanned);
        if event.is_node() {
            self.nodes += 1;
            if self.nodes > MAX_NODES || self.open.len() >= MAX_DEPTH {
                problems.error(span, "this file is too large or nested too deeply", "write it shorter");
                return None;
            }
        }
        let tag = event.tag().and(scanned.tag_span()).map(|tag| self.span(&tag));
        if let Some(tag) = tag {
            let help = "put the text in quotes if it begins with an exclamation mark";
            problems.error(tag, "`!` has a special meaning at the start of a value", help);
        }
        match event {
            Event::DocumentStart(..) => {
                self.documents += 1;
                if self.documents > 1 {
                    problems.error(span, "`---` begins a second document", "keep only one document a file");
                    return None;
                }
            }
            Event::Scalar(text, style, ..) => {
                let bare = style == ScalarStyle::Plain;
                let is_key = matches!(self.open.last(), Some(Open::Map { key: None, .. }));
                self.has_strange_key |= characters::refuse(self.text, span, bare, problems) && is_key;
                if bare && !is_key {
                    warn_of_comment(self.text, span, problems);
                }
                let nothing = bare && matches!(&*text, "" | "~" | "null" | "Null" | "NULL");
                let value = match tag {
                    None if nothing => Value::Nothing,
                    None => Value::Scalar(Scalar { text: text.into_owned(), bare }),
                    // Reported above; what was meant is not known.
                    Some(_) => Value::Scalar(Scalar { text: format!("!{text}"), bare }),
                };
                self.add(Node { span, value }, problems);
            }
            Event::SequenceStart(..) => self.open.push(Open::List { span, items: Vec::new() }),
            Event::MappingStart(..) => self.open.push(Open::Map { span, entries: Vec::new(), key: None }),
            Event::SequenceEnd | Event::MappingEnd => self.close(span, problems),
            Event::Alias(_) => {
                refuse_reference(span, problems);
                self.add(Node { span, value: Value::Nothing }, problems);
            }
            _ => {}
        }
        Some(())
    }

    fn close(&mut self, end: Span, problems: &mut Problems) {
        let node = match self.open.pop() {
            Some(Open::List { span, items }) => {
                Node { span: self.until(span, end), value: Value::List(items) }
            }
            Some(Open::Map { span, entries, .. }) => {
                Node { span: self.until(span, end), value: Value::Map(entries) }
            }
            None => return,
        };
        self.add(node, problems);
    }

    fn add(&mut self, node: Node, problems: &mut Problems) {
        match self.open.last_mut() {
            None => self.root = Some(node),
            Some(Open::List { items, .. }) => items.push(node),
            Some(Open::Map { entries, key, .. }) => match key.take() {
                None => *key = Some(key_of(node, problems)),
                Some((name, span)) => {
                    if entries.iter().any(|entry| entry.key == name) {
                        let help = "keep one of the two, or put both values behind one key";
                        problems.error(span, format!("`{name}` is written twice in this block"), help);
                    } else {
                        entries.push(Entry { key: name, span, value: node });
                    }
                }
            },
        }
    }

    fn span(&self, scanned: &Scanned) -> Span {
        let end = self.text.len();
        scanned.byte_range().map_or(Span { start: end, end }, Span::from)
    }

    /// From the start of a block to the end of what is in it, without the blank lines behind it.
    fn until(&self, start: Span, end: Span) -> Span {
        let inside = self.text.get(start.start..end.end).unwrap_or_default();
        Span { start: start.start, end: start.start + inside.trim_end().len() }
    }
}

fn key_of(node: Node, problems: &mut Problems) -> (String, Span) {
    let name = match node.value {
        Value::Scalar(scalar) => scalar.text,
        Value::Nothing => String::new(),
        Value::List(_) | Value::Map(_) => {
            problems.error(node.span, "a key is a single word or text", "put the key in quotes");
            String::new()
        }
    };
    (name, node.span)
}
