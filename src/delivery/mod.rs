//! What goes out: a task on the deal and a digest in Slack, once each per packet.
//!
//! [`worker`] takes outbox rows one by one; [`task`] and [`slack`] write the text of their destination from
//! our own words and the packet; [`backoff`] says when to try again. An attempt of unknown outcome is
//! read back before it is repeated.

pub mod backoff;
mod deadline;
mod excerpt;
mod headline;
mod lines;
pub mod slack;
pub mod task;
pub mod worker;

#[cfg(test)]
mod example;
