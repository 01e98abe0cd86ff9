//! The labelled texts that the model is trained on and judged by.

use std::io;
use std::path::Path;

use serde::Deserialize;

use crate::{Label, Section};

/// A labelled value of a CRM field: one line of a corpus file.
#[derive(Debug, Clone, Deserialize)]
pub struct Line {
    /// Name within the corpus.
    pub id: String,
    /// The deal it belongs to; lines of one deal are never in both halves of a split.
    pub deal: Option<String>,
    /// Section of the packet.
    #[serde(deserialize_with = "section")]
    pub section: Section,
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

/// Reads the corpus file of a name in a folder.
pub fn read(folder: &Path, name: &str) -> io::Result<Vec<Line>> {
    let file = std::fs::read_to_string(folder.join(name))?;
    Ok(file.lines().map(serde_json::from_str).collect::<Result<_, _>>()?)
}

fn is_sure() -> bool {
    true
}

fn section<'de, D: serde::Deserializer<'de>>(from: D) -> Result<Section, D::Error> {
    let name = String::deserialize(from)?;
    Section::named(&name).ok_or_else(|| serde::de::Error::custom(format!("no section is called {name}")))
}

fn label<'de, D: serde::Deserializer<'de>>(from: D) -> Result<Label, D::Error> {
    let name = String::deserialize(from)?;
    Label::named(&name).ok_or_else(|| serde::de::Error::custom(format!("no label is called {name}")))
}

/// A text without its HTML, as the product cleans it before it is judged.
pub fn plain_text(text: &str) -> String {
    const ENTITIES: [(&str, &str); 6] =
        [("&lt;", "<"), ("&gt;", ">"), ("&nbsp;", " "), ("&hellip;", "…"), ("&rarr;", "→"), ("&amp;", "&")];
    if !["</", "<br", "<p>"].iter().any(|tag| text.contains(tag)) {
        return text.to_owned();
    }
    let mut plain = String::new();
    let mut rest = text;
    while let Some((before, (tag, after))) =
        rest.split_once('<').and_then(|(before, after)| Some((before, after.split_once('>')?)))
    {
        plain.push_str(before);
        let name = tag.trim_start_matches('/').split([' ', '/']).next().unwrap_or_default();
        plain.push_str(match name {
            "p" | "br" | "li" | "div" | "tr" | "ul" | "ol" => "\n",
            "td" => " ",
            _ => "",
        });
        if let Some((_, target)) = tag.split_once("href=\"") {
            plain.extend(target.split('"').next().into_iter().chain([" "]));
        }
        rest = after;
    }
    plain.push_str(rest);
    for (entity, character) in ENTITIES {
        plain = plain.replace(entity, character);
    }
    let lines: Vec<&str> = plain.lines().map(str::trim).filter(|line| !line.is_empty()).collect();
    lines.join("\n")
}
