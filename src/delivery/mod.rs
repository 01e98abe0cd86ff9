//! What goes out: a task on the deal and a digest in Slack, once each per packet.
//!
//! [`task`] and [`slack`] write the text of their destination from our own words and the packet. An attempt of
//! unknown outcome is read back before it is repeated: see [`crate::worker::delivery`].

mod excerpt;
mod headline;
mod lines;
pub mod slack;
pub mod task;

#[cfg(test)]
#[path = "tests/example/mod.rs"]
mod example;
