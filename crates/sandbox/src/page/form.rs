//! Names and values of a form or a query.

use crate::call::pairs;

/// The pairs that a browser sent, in order.
pub(super) struct Form(Vec<(String, String)>);

impl Form {
    /// Decodes `a=1&b=2`. Line ends become `\n`: browsers send `\r\n`.
    pub(super) fn parse(encoded: &str) -> Self {
        let pairs = pairs(encoded).into_iter();
        Self(pairs.map(|(name, value)| (name, value.replace("\r\n", "\n"))).collect())
    }

    pub(super) fn get(&self, name: &str) -> Option<&str> {
        self.all(name).next()
    }

    /// Every value of a name.
    pub(super) fn all(&self, name: &str) -> impl Iterator<Item = &str> {
        self.0.iter().filter(move |(known, _)| known == name).map(|(_, value)| value.as_str())
    }
}
