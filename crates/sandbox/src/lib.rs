//! A small, strict HubSpot, Salesforce and Slack on loopback: what `handoff demo` and the integration tests talk to.
//! It is written from the platforms' documentation and uses nothing of the product, not even its types, so that each
//! checks the other: an error that both share would be found by neither. The type to read first is [`Sandbox`].
//!
//! The product reaches it through base URLs alone and cannot tell the difference. It keeps state, answers in
//! the platforms' own shapes and refuses every request that the real ones would refuse, and a few that they
//! would only regret. What was refused is kept ([`Log::problems`]), so that a test can demand there was none.
//!
//! A platform is a state that answers calls ([`Platform`]) behind a server that knows nothing about it
//! ([`FakeServer`]). Failures of the network are switched on by [`fault`].

mod call;
mod clock;
pub mod deals;
pub mod deals_filled;
mod delivery;
mod fake_server;
pub mod fault;
pub mod hubspot;
mod line;
mod log;
mod loopback;
pub mod opportunities;
mod org_fields;
mod page;
mod rsa_key;
pub mod salesforce;
pub mod slack;
#[cfg(test)]
mod trial;
pub mod write_access;

use std::io;

use jiff::Timestamp;

pub use call::{Answer, Call, Verdict};
pub use delivery::{Delivery, SendError};
pub use fake_server::{FakeServer, Platform, Recorder};
pub use fault::{Fault, Times};
pub use hubspot::{Hubspot, HubspotState};
pub use log::{Log, LoggedCall, Mark, Pattern};
pub use page::{DemoPage, ServiceAddress, Told};
pub use rsa_key::RsaKey;
pub use salesforce::{Salesforce, SalesforceState};
pub use slack::{Slack, SlackState};

use self::clock::Clock;

/// Every platform, each on its own port of 127.0.0.1. They close when this is dropped.
pub struct Sandbox {
    /// One CRM.
    pub hubspot: Hubspot,
    /// The other.
    pub salesforce: Salesforce,
    /// Where digests go.
    pub slack: Slack,
    clock: Clock,
}

impl Sandbox {
    /// Binds the platforms and serves them on threads of their own; `now` tells them the time.
    /// They start empty: no portal, no org, no channel.
    ///
    /// Fails only if loopback has no free port.
    pub fn start(now: impl Fn() -> Timestamp + Send + Sync + 'static) -> io::Result<Self> {
        let clock = Clock::new(now);
        Ok(Self {
            hubspot: FakeServer::start(HubspotState::new(clock.clone()))?,
            salesforce: FakeServer::start(SalesforceState::new(clock.clone()))?,
            slack: FakeServer::start(SlackState::new(clock.clone()))?,
            clock,
        })
    }
}
