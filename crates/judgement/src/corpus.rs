//! The labelled texts that the model is trained on and judged by.

use std::io;
use std::path::Path;

use serde::Deserialize;

use handoff_core::judgement::Label;
use handoff_core::packet::SectionName;

/// A labelled value of a CRM field: one line of a corpus file.
#[derive(Debug, Clone, Deserialize)]
pub struct Line {
    /// Name within the corpus.
    pub id: String,
    /// The deal it belongs to; lines of one deal are never in both halves of a split.
    pub deal: Option<String>,
    /// Section of the packet.
    pub section: SectionName,
    /// Language, as ISO 639-1.
    pub lang: String,
    /// As the CRM sends it.
    pub text: String,
    /// What it is.
    #[serde(deserialize_with = "label")]
    pub label: Label,
    /// Whether a reader said that no other sensible reader judges otherwise.
    #[serde(default = "is_sure")]
    pub sure: bool,
}

impl Line {
    /// The deal, or the line itself where it has none.
    pub fn group(&self) -> &str {
        self.deal.as_deref().unwrap_or(&self.id)
    }
}

/// Reads a corpus file.
pub fn read(file: &Path) -> io::Result<Vec<Line>> {
    let text = std::fs::read_to_string(file)?;
    Ok(text.lines().map(serde_json::from_str).collect::<Result<_, _>>()?)
}

fn is_sure() -> bool {
    true
}

fn label<'de, D: serde::Deserializer<'de>>(from: D) -> Result<Label, D::Error> {
    let name = String::deserialize(from)?;
    Label::named(&name).ok_or_else(|| serde::de::Error::custom(format!("no label is called {name}")))
}
