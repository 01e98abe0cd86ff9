//! The HTTP server under the routes: connections with LRU eviction, and a memory budget for request bodies.
//!
//! Imports hyper, the clock and what a refused request is told; knows no route. Read [`serve`] first.

mod body_budget;
mod connections;
mod listener;
mod strict_heads;

pub use body_budget::BodyBudget;
pub(super) use body_budget::{ReadBody, Reservation};
pub use listener::{Limits, serve};
