//! `handoff demo`: the whole job offline. A HubSpot, a Salesforce and a Slack on loopback, the real service between
//! them, and a page to play on; or the story of a few messy deals in the terminal.

mod desktop;
mod tell;

use std::time::Duration;

use clap::Args;
use jiff::civil::Weekday;
use jiff::{SignedDuration, Timestamp};

use super::Problem;
use super::check::check;
use crate::clock::{Clock, Entropy};
use crate::demo::{Installation, PUBLIC_URL, start_sandbox};
use crate::server::Service;
use handoff_sandbox::slack::Transport;
use handoff_sandbox::{DemoPage, Sandbox, ServiceAddress, deals, write_access};

/// What is filled shows at once; otherwise it would within a minute.
const FOLLOW: &str = "\n[follow]\nschedule = [\"3s\"]\nevery = \"10s\"\nedit_pause = \"1s\"\n";

/// How long the page's story rests between two steps.
const PACE: Duration = Duration::from_secs(3);

#[derive(Debug, Args)]
#[expect(clippy::struct_excessive_bools, reason = "each is a flag of its own")]
pub struct DemoArgs {
    /// Tell the story here and end, instead of serving the page; for CI
    #[arg(long)]
    once: bool,
    /// Tell the story here, and stay up for looking around
    #[arg(long, conflicts_with = "once")]
    plain: bool,
    /// Let what people press in Slack come over Socket Mode instead of HTTP
    #[arg(long)]
    socket: bool,
    /// With --once or --plain: show packet and task of every deal, not only of the first one in each CRM
    #[arg(long)]
    full: bool,
}

pub(super) async fn run(args: DemoArgs) -> Result<(), Problem> {
    let in_terminal = args.once || args.plain;
    let transport = if args.socket { "socket" } else { "http" };
    let demo = Demo::start(clock(), transport, if in_terminal { Duration::ZERO } else { PACE }).await?;
    if in_terminal {
        tell::tell_all(&demo, args.full).await?;
    } else {
        let digest = tell::first_digest(&demo).await?;
        demo.introduce(&digest);
    }
    if args.plain {
        demo.look_around();
    }
    if !args.once {
        tokio::signal::ctrl_c().await?;
    }
    demo.service.stop().await;
    Ok(())
}

/// A demo that runs: the sandbox, the service on an installation of its own, and the page.
pub struct Demo {
    // Dropped before the sandbox that it shows.
    pub page: DemoPage,
    pub service: Service,
    pub sandbox: Sandbox,
    clock: Clock,
    installation: Installation,
    _directory: Directory,
}

impl Demo {
    /// Starts everything on the time of `clock`, with nothing won yet. Clicks in Slack go over `transport`, `http` or
    /// `socket`; the page's story rests for `rest` between two steps.
    ///
    /// # Errors
    ///
    /// The demo's files cannot be written, or no port is free.
    pub async fn start(clock: Clock, transport: &str, rest: Duration) -> Result<Self, Problem> {
        let sandbox = start_sandbox(&clock)?;
        let directory = Directory::create(&clock, &sandbox)?;
        let installation = Installation::write(&directory.0, &sandbox, FOLLOW)?;
        installation.takes_clicks(transport)?;
        installation.asks_in_direct_messages()?;
        installation.writes_answers()?;
        write_access::grant(&sandbox);
        let report = check(&installation.config, &Installation::secret);
        let config = report.config.ok_or_else(|| Problem::new("handoff: the demo's own files are broken"))?;
        let service = Service::start(config, clock.clone(), Entropy::machine()).await?;
        let transport = match transport {
            "socket" => Transport::Socket,
            _ => Transport::Http {
                request_url: format!("http://{}/webhooks/slack", service.address),
                signing_secret: deals::SIGNING_SECRET.to_owned(),
            },
        };
        sandbox.slack.change(|slack| {
            slack.set_transport(transport);
            slack.add_person("U0TOM", "Tom Lindqvist", "tom.lindqvist@seller.example");
            slack.add_person("U0NILS", "Nils Achterberg", "nils.achterberg@seller.example");
            slack.add_person("U0REVOPS", "RevOps", "revops@seller.example");
        });
        let address = ServiceAddress { public_url: PUBLIC_URL.to_owned(), listens: service.address };
        let page = DemoPage::start(&sandbox, address, rest)?;
        Ok(Self { page, service, sandbox, clock, installation, _directory: directory })
    }

    /// What runs, one digest, one address.
    fn introduce(&self, digest: &str) {
        let url = format!("{}/", self.page.url());
        println!(
            "A HubSpot, a Salesforce, a Slack and the service between them are up, all on this machine."
        );
        println!(
            "One deal was won, HubSpot sent a signed webhook, and customer success got this:\n\n{digest}"
        );
        let is_open = desktop::open(&url);
        println!(
            "{}\n\n  {url}\n",
            if is_open { "The rest is open in your browser:" } else { "The rest is in your browser:" }
        );
        println!("There you win deals, answer in Slack, and play the story of a bad handoff.");
        if let Some(address) = self.service.operator_address {
            println!("What an operator sees of it: http://{address}/");
        }
        println!("Ctrl-C ends it. Everything in the terminal instead: handoff demo --plain");
    }

    /// What to type in another terminal, and every address.
    fn look_around(&self) {
        let Self { sandbox, service, .. } = self;
        let secrets: Vec<String> =
            Installation::environment().iter().map(|(name, value)| format!("{name}={value}")).collect();
        println!("\n{}", tell::rule());
        println!("Everything stays up until Ctrl-C. In another terminal:\n");
        println!("  export HANDOFF_CONFIG={}", self.installation.config.display());
        for command in ["list", "show northlight", "events", "stats"] {
            println!("  cargo run -- {command}");
        }
        println!("\nThese ask HubSpot, and need its secrets:\n\n  export {}", secrets.join(" \\\n         "));
        for command in ["fetch --deal 301000000417 --account 48210077", "coverage --account 48210077"] {
            println!("  cargo run -- {command}");
        }
        println!("\nIn a browser:\n\n  the demo      {}/", self.page.url());
        println!("  the service   http://{}/", service.address);
        if let Some(address) = service.operator_address {
            println!("  for operators http://{address}/");
        }
        println!("  HubSpot       {}/", sandbox.hubspot.url());
        println!("  Salesforce    {}/", sandbox.salesforce.url());
        println!("  Slack         {}/", sandbox.slack.url());
    }
}

/// The machine's clock; on a weekend one that shows Friday, because people are asked on working days only.
fn clock() -> Clock {
    let now = Clock::machine().now();
    let days = days_since_friday(now);
    if days == 0 {
        Clock::machine()
    } else {
        Clock::running_from(now - SignedDuration::from_hours(24 * days))
    }
}

fn days_since_friday(at: Timestamp) -> i64 {
    match at.in_tz("Europe/Berlin").map(|at| at.weekday()) {
        Ok(Weekday::Saturday) => 1,
        Ok(Weekday::Sunday) => 2,
        _ => 0,
    }
}

/// A directory of the demo's own, removed with everything in it when the demo ends.
struct Directory(std::path::PathBuf);

impl Directory {
    fn create(clock: &Clock, sandbox: &Sandbox) -> std::io::Result<Self> {
        // Several demos of one process differ in their ports.
        let port = sandbox.slack.url().rsplit(':').next().unwrap_or_default();
        let name = format!("handoff-demo-{}-{port}-{}", std::process::id(), clock.now_millis());
        let path = std::env::temp_dir().join(name);
        std::fs::create_dir(&path)?;
        Ok(Self(path))
    }
}

impl Drop for Directory {
    fn drop(&mut self) {
        // Nothing depends on it: what stays behind is a small directory in the system's temporary one.
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn on_a_weekend_the_demo_shows_friday() {
        // Saturday begins in Berlin an hour before it does in UTC.
        let days = |at: &str| days_since_friday(at.parse().unwrap());
        assert_eq!(days("2026-11-27T22:59:00Z"), 0);
        assert_eq!(days("2026-11-27T23:01:00Z"), 1);
        assert_eq!(days("2026-11-29T12:00:00Z"), 2);
        assert_eq!(days("2026-11-30T12:00:00Z"), 0);
    }
}
