//! A won deal becomes one short handoff packet, a task in the CRM and a digest in Slack.
//!
//! A webhook's life, in the order of the modules below:
//!
//! 1. [`http`] takes the request as raw bytes; [`crm`] proves who sent it.
//! 2. [`store`] commits its events to the inbox; only then does the sender get its 2xx.
//! 3. [`handoff`] re-reads the deal from the CRM and decides whether it is won *now*.
//! 4. [`mapping`] turns CRM fields into the six sections of a [`packet`].
//! 5. [`gaps`] says what the CRM could not fill, and whom to ask.
//! 6. Packet and outbox rows are committed together, in one transaction.
//! 7. [`delivery`] puts a task on the deal and a digest into Slack, once each.
//!
//! Around that: [`worker::catch_up`] finds wins that no webhook told of, `messages` holds our own sentences, [`config`] and
//! [`source`] read the files people write, [`clock`] owns time and randomness, [`failure`] names how a call to a
//! platform failed, [`app`], [`server`] and [`worker`] run it, [`worker::circuit_breaker`] keeps one dead
//! destination from holding up the others, [`commands`] is the command line, and `demo` connects
//! the service to the HubSpot, Salesforce and Slack of the crate `handoff-sandbox`.

pub mod app;
pub mod assemble;
pub mod clock;
pub mod commands;
pub mod config;
pub mod crash;
pub mod crm;
pub mod dates;
pub mod delivery;
#[cfg(any(feature = "demo", test))]
pub mod demo;
pub mod failure;
pub mod gaps;
pub mod handoff;
pub mod http;
pub mod mapping;
mod messages;
pub mod metrics;
pub mod packet;
pub mod record;
pub mod server;
pub mod source;
pub mod store;
pub mod text;
pub mod workbench;
pub mod worker;
