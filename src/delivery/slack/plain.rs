//! A message as lines of text, for terminals.

use std::fmt;

use super::blocks::{Block, Line, List, Message, Rich, Span};

impl fmt::Display for Message {
    /// The blocks from top to bottom, as a reader in Slack sees them, without styles.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for block in &self.blocks {
            match block {
                Block::RichText { elements, .. } => {
                    for element in elements {
                        match element {
                            Rich::Line(line) => writeln!(f, "{line}")?,
                            Rich::List(list) => write!(f, "{list}")?,
                        }
                    }
                }
                Block::Context { elements, .. } => {
                    for text in elements {
                        writeln!(f, "{}", text.text)?;
                    }
                }
                Block::Actions { elements, .. } => {
                    for button in elements {
                        writeln!(f, "[{}] {}", button.text.text, button.url)?;
                    }
                }
            }
        }
        Ok(())
    }
}

impl fmt::Display for Line {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for span in &self.elements {
            match span {
                Span::Text { text, .. } => f.write_str(text)?,
                Span::User { user_id } => write!(f, "@{user_id}")?,
                Span::Emoji { name: "warning" } => f.write_str("⚠")?,
                Span::Emoji { name: "white_check_mark" } => f.write_str("✓")?,
                Span::Emoji { name } => write!(f, ":{name}:")?,
            }
        }
        Ok(())
    }
}

impl fmt::Display for List {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for item in self.items() {
            writeln!(f, "  • {item}")?;
        }
        Ok(())
    }
}
