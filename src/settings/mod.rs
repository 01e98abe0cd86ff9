//! Keys of a configuration file that name a secret or hold an address, as `config` and each CRM's own block read them.
//!
//! Imports `source` only. Read first: [`Secrets`].

pub mod secret;
pub mod url;

pub use secret::{Found, Secrets};
