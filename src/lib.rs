//! A won deal becomes one short handoff packet, a task in the CRM and a digest in Slack.
//!
//! A webhook's life, in the order of the modules below:
//!
//! 1. [`http`] reads the request as raw bytes, and [`crm`] verifies who sent it.
//! 2. [`store`] commits its events to the inbox; only then does the sender get its 2xx.
//! 3. [`worker`] claims the deal, and [`handoff`] re-reads it from the CRM: is it won *now*?
//! 4. [`handoff_core::mapping`] turns CRM fields into the six sections of a [`handoff_core::packet`].
//! 5. [`handoff_core::gaps`] says what the CRM could not fill, and whom to ask.
//! 6. [`store`] commits packet and outbox rows together, in one transaction.
//! 7. [`worker`] claims each row, and [`delivery`] puts a task on the deal and a digest into Slack, once each.
//!
//! What people click and answer in Slack comes in through [`interactive`].
//!
//! Around that: [`app`] holds the state of a service that [`server`] starts and stops, [`config`] reads its file
//! ([`settings`]: what several of its blocks share), [`commands`] is the command line, and `demo` connects the service to
//! the HubSpot, Salesforce and Slack of the crate `handoff-sandbox`.

pub mod http;
pub mod crm;
pub mod store;
pub mod handoff;
pub mod interactive;
pub mod delivery;
pub mod worker;
pub mod operations;
pub mod app;
pub mod server;
pub mod settings;
pub mod config;
pub mod commands;
pub mod clock;
pub mod failure;
pub mod metrics;
pub mod crash;
#[cfg(any(feature = "demo", test))]
pub mod demo;
