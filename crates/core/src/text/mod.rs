//! Text as a CRM stores it, and as a reader sees it: cleaning, excerpts, numbers, words.

pub(crate) mod case;
pub mod clean;
pub mod decimal;
pub mod email_tail;
pub(crate) mod evidence_text;
pub mod excerpt;
pub mod greeting;
mod html;
pub mod hyperlink;
pub mod locale;
pub mod money;
mod tag;
pub(crate) mod tokens;
pub mod visible;
