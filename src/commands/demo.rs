//! `handoff demo`: the whole job offline. A HubSpot, a Salesforce and a Slack on loopback, the real service
//! between them, a few messy deals closed by real webhooks.

use std::time::Duration;

use clap::Args;

use super::check::check;
use super::layout::{Page, WIDTH};
use super::{Problem, terminal};
use crate::clock::{Clock, Entropy};
use crate::demo::{Installation, PUBLIC_URL, start_sandbox};
use crate::server::{Service, http_client};
use crate::store::Destination;
use handoff_core::assemble::assemble;
use handoff_core::packet::Packet;
use handoff_core::record::{AccountKey, CrmKind, DealKey, DealRecord};
use handoff_sandbox::{Delivery, Sandbox, SlackState, deals, deals_filled, opportunities, slack};

/// What is filled shows at once; otherwise it would within a minute.
const FOLLOW: &str = "\n[follow]\nschedule = [\"3s\"]\nevery = \"10s\"\nedit_pause = \"1s\"\n";

/// How long the story may take before something is wrong.
const PATIENCE: Duration = Duration::from_secs(30);

#[derive(Debug, Args)]
pub struct DemoArgs {
    /// End when the story is told, instead of staying up for looking around
    #[arg(long)]
    once: bool,
    /// Show packet and task of every deal, not only of the first one in each CRM
    #[arg(long)]
    full: bool,
}

pub(super) async fn run(args: DemoArgs) -> Result<(), Problem> {
    let clock = Clock::machine();
    let sandbox = start_sandbox(&clock)?;
    let directory = Directory::create(&clock)?;
    let installation = Installation::write(&directory.0, &sandbox, FOLLOW)?;
    let report = check(&installation.config, &Installation::secret);
    let config = report.config.ok_or_else(|| Problem::new("handoff: the demo's own files are broken"))?;
    let service = Service::start(config, clock.clone(), Entropy::machine()).await?;

    let story = story();
    println!("A HubSpot, a Salesforce, a Slack and the service are up, all on this machine.");
    println!("{} deals are won, one after another.", story.len());
    for (at, win) in story.iter().enumerate() {
        // The first two are one of each CRM.
        tell(&sandbox, &service, &clock, win, args.full || at < 2).await?;
    }
    tell_what_was_filled(&sandbox, &service, &clock, &story[2]).await?;
    if !args.once {
        look_around(&sandbox, &service, &installation);
        tokio::signal::ctrl_c().await?;
    }
    service.stop().await;
    Ok(())
}

/// A CRM of the sandbox.
#[derive(Clone, Copy)]
enum Side {
    Portal,
    Org,
}

/// One deal that is won in the demo.
struct Win {
    side: Side,
    deal: &'static str,
    shows: &'static str,
}

impl Win {
    fn account(&self) -> AccountKey {
        let (crm, account) = match self.side {
            Side::Portal => (CrmKind::Hubspot, deals::PORTAL),
            Side::Org => (CrmKind::Salesforce, opportunities::ORG),
        };
        AccountKey { crm, account: account.to_owned() }
    }
}

/// HubSpot's and Salesforce's deals in turn: each CRM's digests go to a channel of their own, and Slack takes
/// about one message a second in each.
fn story() -> Vec<Win> {
    let hubspot = deals::STORY.map(|told| Win { side: Side::Portal, deal: told.id, shows: told.shows });
    let salesforce =
        opportunities::STORY.map(|told| Win { side: Side::Org, deal: told.id, shows: told.shows });
    let mut salesforce = salesforce.into_iter();
    hubspot.into_iter().flat_map(|win| std::iter::once(win).chain(salesforce.next())).collect()
}

/// Lets one deal be won and shows what comes of it.
async fn tell(
    sandbox: &Sandbox,
    service: &Service,
    clock: &Clock,
    win: &Win,
    full: bool,
) -> Result<(), Problem> {
    let rule = rule();
    let mut title = Page::new(terminal::screen().unwrap_or(WIDTH));
    title.line("  ", &format!("{} deal {}: {}", win.account().crm, win.deal, win.shows));
    println!("\n{rule}\n{}{rule}", title.into_text());
    let before = sandbox.slack.see(|slack| slack.messages().len());
    for webhook in happens(sandbox, clock, win)? {
        let status = send(service, &webhook).await?;
        println!("{} sends {}, the answer is {status}.\n", win.account().crm, kind_of(&webhook));
    }
    let done = async {
        sandbox.slack.until(|slack| slack.messages().len() > before).await;
        match win.side {
            Side::Portal => sandbox.hubspot.until(|crm| !crm.tasks_of(win.deal).is_empty()).await,
            Side::Org => sandbox.salesforce.until(|crm| !crm.tasks_of(win.deal).is_empty()).await,
        }
    };
    if tokio::time::timeout(PATIENCE, done).await.is_err() {
        return Err(Problem::new("handoff: the story got stuck: see the log above"));
    }
    print!("{}", show(service, win, full).await?);
    Ok(())
}

/// The seller fills what was open about a deal, in the CRM; digest and task follow.
async fn tell_what_was_filled(
    sandbox: &Sandbox,
    service: &Service,
    clock: &Clock,
    win: &Win,
) -> Result<(), Problem> {
    let rule = rule();
    println!(
        "\n{rule}\n  {} deal {} again: its seller fills in what was asked\n{rule}",
        win.account().crm,
        win.deal
    );
    let shown = |message: &slack::Message| {
        message.edits > 0 && message.text.starts_with("Pinebrook") && message.text.contains("\nComplete. ")
    };
    let before = sandbox.slack.see(|slack| slack.messages().len());
    let events = sandbox.hubspot.change(|hubspot| deals_filled::fill(hubspot, clock.now()))?;
    let url = format!("{PUBLIC_URL}/webhooks/hubspot");
    let webhook = Delivery::batch(&url, deals::CLIENT_SECRET, &events, clock.now());
    println!("hubspot sends a signed webhook, the answer is {}.\n", send(service, &webhook).await?);
    let ts = |slack: &SlackState| {
        slack.messages().iter().find(|message| shown(message)).map(|found| found.ts.clone())
    };
    let told =
        sandbox.slack.until(|slack| ts(slack).is_some_and(|ts| slack.replies_to(&ts).next().is_some()));
    if tokio::time::timeout(PATIENCE, told).await.is_err() {
        return Err(Problem::new("handoff: what was filled did not show: see the log above"));
    }
    print!("{}", show(service, win, false).await?);
    let (after, reply) = sandbox.slack.see(|slack| {
        let reply = ts(slack).and_then(|ts| slack.replies_to(&ts).next().map(|reply| reply.text.clone()));
        (slack.messages().len(), reply.unwrap_or_default())
    });
    if (after, sandbox.hubspot.see(|crm| crm.tasks_of(win.deal).len())) != (before, 1) {
        return Err(Problem::new("handoff: a digest or a task was made a second time"));
    }
    println!("\nIt is the same message, edited, and the same task, completed. In its thread:\n{reply}");
    Ok(())
}

/// The deal is won in its CRM; these webhooks say so.
fn happens(sandbox: &Sandbox, clock: &Clock, win: &Win) -> Result<Vec<Delivery>, Problem> {
    match win.side {
        Side::Portal => {
            let events = sandbox.hubspot.change(|hubspot| deals::happens(hubspot, win.deal))?;
            let url = format!("{PUBLIC_URL}/webhooks/hubspot");
            Ok(vec![Delivery::batch(&url, deals::CLIENT_SECRET, &events, clock.now())])
        }
        Side::Org => sandbox.salesforce.change(|salesforce| {
            let notifications = opportunities::happens(salesforce, win.deal)?;
            let webhook = |one| opportunities::announces(salesforce, one, PUBLIC_URL, clock.now());
            notifications.iter().map(webhook).map(|webhook| Ok(webhook?)).collect()
        }),
    }
}

fn kind_of(webhook: &Delivery) -> &'static str {
    if webhook.url.contains("/outbound/") { "an Outbound Message" } else { "a signed webhook" }
}

async fn send(service: &Service, webhook: &Delivery) -> Result<reqwest::StatusCode, Problem> {
    let path = webhook.url.trim_start_matches(PUBLIC_URL);
    let mut request = http_client()?.post(format!("http://{}{path}", service.address));
    for (name, value) in &webhook.headers {
        request = request.header(name, value);
    }
    Ok(request.body(webhook.body.clone()).send().await?.status())
}

/// A line over the terminal's width, as far as text goes there.
fn rule() -> String {
    "━".repeat(terminal::screen().unwrap_or(WIDTH).min(WIDTH))
}

/// The digest of a deal, and in `full` packet and task too, from what the service stored about it.
async fn show(service: &Service, win: &Win, full: bool) -> Result<String, Problem> {
    let account = win.account();
    let key = DealKey { account, deal: win.deal.to_owned() };
    let (store, gone) = (&service.app.store, || Problem::new("handoff: the deal has no packet"));
    let (packet_id, ..) = store.latest_packet_of(std::slice::from_ref(&key)).await?.ok_or_else(gone)?;
    let stored = store.delivery_payload(&packet_id).await?.ok_or_else(gone)?;
    let packet: Packet = serde_json::from_str(&stored.packet)?;
    let record: DealRecord = serde_json::from_str(stored.record.kept().unwrap_or_default())?;
    let mapping = service.app.accounts.get(&key.account).ok_or_else(gone)?.mapping();
    // Assembling is pure: the same record at the same instant gives the orders that were carried out.
    let (_, orders) = assemble(&mapping, &record, &packet_id, packet.as_of);
    let task = store.external(&packet_id, Destination::CrmTask).await?.and_then(|(_, url)| url);
    let render = if full { terminal::render } else { terminal::digest };
    Ok(render(&packet, &record, &orders, task, terminal::screen()))
}

fn look_around(sandbox: &Sandbox, service: &Service, installation: &Installation) {
    let secrets: Vec<String> =
        Installation::environment().iter().map(|(name, value)| format!("{name}={value}")).collect();
    let config = installation.config.display();
    println!("\n{}", rule());
    println!("Everything stays up until Ctrl-C. In another terminal:\n");
    println!("  export HANDOFF_CONFIG={config}");
    for command in ["list", "show northlight", "events", "stats"] {
        println!("  cargo run -- {command}");
    }
    println!("\nThese ask HubSpot, and need its secrets:\n\n  export {}", secrets.join(" \\\n         "));
    for command in ["fetch --deal 301000000417 --account 48210077", "coverage --account 48210077"] {
        println!("  cargo run -- {command}");
    }
    println!("\nIn a browser:\n\n  the service   http://{}/", service.address);
    if let Some(address) = service.operator_address {
        println!("  for operators http://{address}/");
    }
    println!("  HubSpot       {}/", sandbox.hubspot.url());
    println!("  Salesforce    {}/", sandbox.salesforce.url());
    println!("  Slack         {}/", sandbox.slack.url());
}

/// A directory of the demo's own, removed with everything in it when the demo ends.
struct Directory(std::path::PathBuf);

impl Directory {
    fn create(clock: &Clock) -> std::io::Result<Self> {
        let name = format!("handoff-demo-{}-{}", std::process::id(), clock.now_millis());
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
