//! What applies when the configuration file does not say. `config/handoff.toml` writes all of it out, and a
//! test holds the two together.

use std::net::{Ipv4Addr, SocketAddr, SocketAddrV4};
use std::time::Duration;

use super::{HttpConfig, LogConfig, WorkConfig};
use crate::store::FollowConfig;

/// Where webhooks are taken: behind a proxy on the same machine.
pub(super) const LISTEN: SocketAddr = loopback(8080);
/// Where `/metrics` and packets are served: not to the outside.
pub(super) const OPERATOR_LISTEN: SocketAddr = loopback(9090);

pub(super) const SLACK_API: &str = "https://slack.com/api";

const fn loopback(port: u16) -> SocketAddr {
    SocketAddr::V4(SocketAddrV4::new(Ipv4Addr::LOCALHOST, port))
}

impl Default for HttpConfig {
    fn default() -> Self {
        Self {
            max_connections: 512,
            idle_timeout: Duration::from_secs(75),
            body_timeout: Duration::from_secs(10),
            body_memory_mib: 64,
            answer_within: Duration::from_secs(4),
        }
    }
}

impl Default for LogConfig {
    fn default() -> Self {
        Self { json: false, level: tracing::Level::INFO }
    }
}

impl Default for WorkConfig {
    fn default() -> Self {
        Self {
            workers: 8,
            replicas: 1,
            http_timeout: Duration::from_secs(10),
            first_retry: Duration::from_secs(10),
            longest_retry: Duration::from_hours(6),
            tries: 16,
            lease: Duration::from_mins(2),
            pause: Duration::from_mins(15),
            poll: Duration::from_secs(2),
            digest_waits: Duration::from_secs(20),
            reload: Duration::from_secs(5),
            shutdown: Duration::from_secs(20),
            catch_up: Some(Duration::from_hours(1)),
            catch_up_window: Duration::from_hours(3 * 24),
            follow: FollowConfig {
                span: Duration::from_hours(30 * 24),
                schedule: [5, 30, 120].map(Duration::from_mins).to_vec(),
                every: Duration::from_hours(6),
                edit_pause: Duration::from_mins(1),
            },
        }
    }
}
