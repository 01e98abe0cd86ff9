//! What people do in Slack: how it comes in (`receive` over HTTP, `socket` over a connection of ours), and what it is
//! ([`payload`]).
//!
//! May import `handoff` and what is below it, never `worker`. Read [`Interaction`] first, then [`Receiver`]; what a click
//! means is behind the trait [`Clicks`], which [`Desk`] gives them.

mod case;
mod connection;
mod desk;
mod modal;
pub mod payload;
mod plan;
mod receive;
mod signature;
mod socket;

pub use desk::{AccountOf, Desk};
pub use payload::{Clicker, Interaction, Kind, Press, Submission, Surface, Value, Values};
pub use receive::{Click, ClickRoute, Clicks, Receiver, Reply};
pub use socket::{SocketMode, SocketStatus};
