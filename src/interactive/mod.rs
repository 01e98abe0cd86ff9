//! What people do in Slack: how it comes in ([`receive`] over HTTP or [`socket`]), and what it is ([`payload`]).
//!
//! May import `handoff` and what is below it, never `worker`. Read [`Interaction`] first, then [`Receiver`]; what a click
//! means is behind the trait [`Clicks`].

pub mod payload;
mod receive;
mod signature;

pub use payload::{Clicker, Interaction, Kind, Press, Submission, Surface, Value, Values};
pub use receive::{Click, ClickRoute, Clicks, Receiver, Reply};

use async_trait::async_trait;

use crate::failure::Failure;

/// Takes every click and gives none an effect.
pub struct Ignored;

#[async_trait]
impl Clicks for Ignored {
    async fn check(&self, _: &Interaction) -> Reply {
        Reply::Empty
    }

    async fn open(&self, _: Interaction) {}

    async fn apply(&self, _: &Click) -> Result<String, Failure> {
        Ok("ignored".to_owned())
    }
}
