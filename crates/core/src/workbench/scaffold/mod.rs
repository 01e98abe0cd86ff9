//! A first mapping for an account, from what the account says about itself.
//!
//! [`fields`] matches an account against what the recogniser knows, [`recommended_fields`] says which fields to create for what has no home, and [`write`] and [`sections`] write the
//! file. All of it is pure.

mod fields;
mod recommended_fields;
mod sections;
mod write;

use crate::record::{AccountMetadata, FieldMetadata};

pub use fields::Targets;
pub use recommended_fields::Missing;

/// What the account cannot say.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Given {
    /// The Slack channel, by id.
    pub channel: Option<String>,
    /// The `fallback:` address, which takes the handoffs without an owner.
    pub fallback: Option<String>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Scaffold {
    pub text: String,
    /// Fields to create for sections that nothing in the account answers.
    pub missing: Vec<Missing>,
}

/// Stands where no channel was given; a mapping with it is refused.
pub const NO_CHANNEL: &str = "C000000000";

pub use crate::mapping::file::NO_FALLBACK;

/// Writes a first mapping for an account.
pub fn mapping(account: &AccountMetadata, given: &Given) -> Scaffold {
    let targets = Targets::of(account);
    let missing = recommended_fields::missing(account.dialect(), &targets);
    Scaffold { text: write::file(account, &targets, &missing, given), missing }
}

/// A field with its label, as a comment shows it.
fn with_label(field: &FieldMetadata) -> String {
    format!("{} ({})", field.name, write::comment(&field.label))
}
