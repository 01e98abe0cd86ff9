//! What people do in Slack: how it comes in ([`receive`] over HTTP or [`socket`]), and what it is ([`payload`]).
//!
//! May import `handoff` and what is below it, never `worker`. Read [`Interaction`] first, then [`Receiver`]; what a click
//! means is behind the trait [`Clicks`], which [`Desk`] gives them.

mod desk;
mod modal;
pub mod payload;
mod receive;
mod signature;

pub use desk::{AccountOf, Desk};
pub use payload::{Clicker, Interaction, Kind, Press, Submission, Surface, Value, Values};
pub use receive::{Click, ClickRoute, Clicks, Receiver, Reply};
