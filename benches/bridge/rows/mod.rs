//! The rows of the table.

mod accounts;
mod ack;
mod batch;
mod claim;
mod clicks;
mod footprint;
mod looks;
mod packet;
mod postgres;
mod single;
mod win;
mod workers;

use crate::options::Options;
use crate::report::Found;

/// Measures one row, or a few that belong together.
pub type Run = fn(&Options) -> Found;

/// All of them, in the order of the table.
pub const ALL: [(&str, Run); 12] = [
    ("single", single::run),
    ("batch", batch::run),
    ("postgres", postgres::run),
    ("ack", ack::run),
    ("clicks", clicks::run),
    ("packet", packet::run),
    ("win", win::run),
    ("workers", workers::run),
    ("claim", claim::run),
    ("looks", looks::run),
    ("accounts", accounts::run),
    ("footprint", footprint::run),
];

/// Their names.
pub fn names() -> String {
    ALL.map(|(name, _)| name).join(", ")
}
