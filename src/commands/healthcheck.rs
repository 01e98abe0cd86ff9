//! `handoff healthcheck`: asks a running service whether it is alive, for an image that holds no `curl`.

use std::net::Ipv4Addr;
use std::time::Duration;

use super::{ConfigArg, Problem, store_access};

pub(super) async fn run(args: &ConfigArg) -> Result<(), Problem> {
    let access = store_access(&args.config)?;
    let mut address = access.listen;
    if address.ip().is_unspecified() {
        address.set_ip(Ipv4Addr::LOCALHOST.into());
    }
    let client = reqwest::Client::builder().no_proxy().timeout(Duration::from_secs(2)).build()?;
    client.get(format!("http://{address}/healthz")).send().await?.error_for_status()?;
    Ok(())
}
