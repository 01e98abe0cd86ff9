//! Preparing an account: what became of something that was to be created, and what only a person can do.

use handoff_core::record::Creation;

/// What became of something that was to be created.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Created {
    Created,
    /// It was there already, and was left as it is.
    Existed,
    /// We may not create it: one of these permissions is missing.
    NotAllowed(Vec<String>),
    /// The CRM does not make it, and says so in these words; cleaned, never logged.
    Refused(String),
}

/// Something that only a person can do, in the CRM's settings or with its own tool.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PersonStep {
    pub text: String,
    /// The page to open for it.
    pub url: Option<String>,
}

/// What the steps of a person depend on.
#[derive(Debug, Clone, Copy)]
pub struct SetupAt<'a> {
    /// Base of the CRM's web app, without a trailing slash.
    pub app_url: &'a str,
    /// The account's id.
    pub account: &'a str,
    /// Whether CRMs reach us.
    pub webhooks: bool,
    /// What is not in the account and is not created through the API.
    pub lacking: &'a [Creation],
}
