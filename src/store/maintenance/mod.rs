//! What operators ask of the store and what keeps it small: backup, copy, health, backlog, statistics, purge. Imports
//! the rest of the store; only [`restored`] is imported by it. Each file is one command or one figure.

pub mod backlog;
pub mod backup;
pub mod copy;
pub mod health;
pub mod purge;
pub mod restored;
pub mod stats;
