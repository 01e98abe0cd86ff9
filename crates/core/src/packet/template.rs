//! Texts of a mapping with a closed set of placeholders, which are filled in when a task is written.

use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// What may stand in braces.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Placeholder {
    Account,
    Deal,
    /// Who takes the handoff.
    Owner,
    Seller,
    Value,
    CloseDate,
    /// How many questions are open.
    Open,
}

impl Placeholder {
    /// All of them, by the word of a mapping.
    pub const ALL: [(&'static str, Self); 7] = [
        ("account", Self::Account),
        ("deal", Self::Deal),
        ("owner", Self::Owner),
        ("seller", Self::Seller),
        ("value", Self::Value),
        ("close_date", Self::CloseDate),
        ("open", Self::Open),
    ];
}

impl FromStr for Placeholder {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        Self::ALL.into_iter().find(|(word, _)| *word == text).map(|(_, placeholder)| placeholder).ok_or(())
    }
}

/// A text with placeholders. One whose braces hold something else cannot be made.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Template(String);

impl Template {
    /// Parses a template.
    ///
    /// # Errors
    ///
    /// Returns the first braces that hold no placeholder, or the brace that is never closed and what follows it.
    pub fn parse(text: &str) -> Result<Self, String> {
        for opened in text.split('{').skip(1) {
            let (word, _) = opened.split_once('}').ok_or_else(|| format!("{{{opened}"))?;
            word.parse::<Placeholder>().map_err(|()| format!("{{{word}}}"))?;
        }
        Ok(Self(text.to_owned()))
    }

    /// The text with its placeholders filled in, once: braces in a value stay as they are.
    pub fn fill(&self, value: impl Fn(Placeholder) -> String) -> String {
        let mut parts = self.0.split('{');
        let mut filled = parts.next().unwrap_or_default().to_owned();
        for (word, text) in parts.filter_map(|part| part.split_once('}')) {
            filled.extend(word.parse().ok().map(&value));
            filled.push_str(text);
        }
        filled
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// What a mapping adds to every task.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct TaskTexts {
    /// Stands behind the subject.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub subject: Option<Template>,
    /// A paragraph below the opening one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub note: Option<Template>,
}

impl TaskTexts {
    /// Whether nothing is added.
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_placeholders_may_stand_in_braces() {
        for text in ["", "Onboarding", "{deal}", "{account}: {deal}, {open} open", "a } b"] {
            assert_eq!(Template::parse(text).unwrap().as_str(), text);
        }
        for (text, wrong) in [
            ("{acount}", "{acount}"),
            ("{deal} {}", "{}"),
            ("{deal", "{deal"),
            ("{{deal}}", "{"),
            ("{ deal }", "{ deal }"),
        ] {
            assert_eq!(Template::parse(text), Err(wrong.to_owned()), "{text}");
        }
    }

    #[test]
    fn a_value_is_not_filled_in_again() {
        let template = Template::parse("{deal} of {account}.").unwrap();
        let filled = template.fill(|one| match one {
            Placeholder::Deal => "{account}".to_owned(),
            _ => "Acme } {open}".to_owned(),
        });
        assert_eq!(filled, "{account} of Acme } {open}.");
    }
}
