//! Days as a CRM stores them and as people write them.

mod names;
pub mod relative;
pub mod stored;
pub(crate) mod written;
