//! The story in the terminal: every deal is won by real webhooks, and what comes of it is printed.

use std::time::Duration;

use super::super::layout::{Page, WIDTH};
use super::super::{Problem, terminal};
use super::Demo;
use crate::demo::PUBLIC_URL;
use crate::store::Destination;
use handoff_core::assemble::assemble;
use handoff_core::packet::Packet;
use handoff_core::record::{AccountKey, CrmKind, DealKey, DealRecord};
use handoff_sandbox::{Delivery, SlackState, deals, deals_filled, opportunities, slack};

/// How long the story may take before something is wrong.
const PATIENCE: Duration = Duration::from_secs(30);

/// Tells the whole story; `full` shows packet and task of every deal.
pub(super) async fn tell_all(demo: &Demo, full: bool) -> Result<(), Problem> {
    let story = story();
    println!("A HubSpot, a Salesforce, a Slack and the service are up, all on this machine.");
    println!("{} deals are won, one after another.", story.len());
    for (at, win) in story.iter().enumerate() {
        // The first two are one of each CRM.
        tell(demo, win, full || at < 2).await?;
    }
    tell_what_was_filled(demo, &story[2]).await?;
    tell_what_was_answered(demo, &story[2]).await
}

/// The first deal is won. Returns its digest.
pub(super) async fn first_digest(demo: &Demo) -> Result<String, Problem> {
    let story = story();
    let win = story.first().ok_or_else(|| Problem::new("handoff: the story is empty"))?;
    is_won(demo, win).await?;
    show(demo, win, false).await
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
async fn tell(demo: &Demo, win: &Win, full: bool) -> Result<(), Problem> {
    let rule = rule();
    let mut title = Page::new(terminal::screen().unwrap_or(WIDTH));
    title.line("  ", &format!("{} deal {}: {}", win.account().crm, win.deal, win.shows));
    println!("\n{rule}\n{}{rule}", title.into_text());
    for (webhook, status) in is_won(demo, win).await? {
        println!("{} sends {}, the answer is {status}.\n", win.account().crm, kind_of(&webhook));
    }
    print!("{}", show(demo, win, full).await?);
    Ok(())
}

/// Lets one deal be won, and waits for its digest and its task. Returns the webhooks and their answers.
async fn is_won(demo: &Demo, win: &Win) -> Result<Vec<(Delivery, u16)>, Problem> {
    let sandbox = &demo.sandbox;
    let before = sandbox.slack.see(in_channels);
    let mut sent = Vec::new();
    for webhook in happens(demo, win)? {
        let status = send(demo, &webhook).await?;
        sent.push((webhook, status));
    }
    let done = async {
        sandbox.slack.until(|slack| in_channels(slack) > before).await;
        match win.side {
            Side::Portal => sandbox.hubspot.until(|crm| !crm.tasks_of(win.deal).is_empty()).await,
            Side::Org => sandbox.salesforce.until(|crm| !crm.tasks_of(win.deal).is_empty()).await,
        }
    };
    if tokio::time::timeout(PATIENCE, done).await.is_err() {
        return Err(Problem::new("handoff: the story got stuck: see the log above"));
    }
    Ok(sent)
}

/// Messages in channels, those to one person not counted.
fn in_channels(slack: &SlackState) -> usize {
    slack.channels().map(|(id, _)| slack.messages_in(id).count()).sum()
}

async fn send(demo: &Demo, webhook: &Delivery) -> Result<u16, Problem> {
    let sent = webhook.send(demo.service.address).await;
    sent.map_err(|error| Problem::new(format!("handoff: the service did not answer: {error}")))
}

/// The seller fills what was open about a deal, in the CRM; digest and task follow.
async fn tell_what_was_filled(demo: &Demo, win: &Win) -> Result<(), Problem> {
    let (sandbox, clock, rule) = (&demo.sandbox, &demo.clock, rule());
    println!(
        "\n{rule}\n  {} deal {} again: its seller fills in what was asked\n{rule}",
        win.account().crm,
        win.deal
    );
    let shown = |message: &slack::Message| {
        message.edits > 0 && message.text.starts_with("Pinebrook") && message.text.contains("\nComplete. ")
    };
    let before = sandbox.slack.see(in_channels);
    let events = sandbox.hubspot.change(|hubspot| deals_filled::fill(hubspot, clock.now()))?;
    let url = format!("{PUBLIC_URL}/webhooks/hubspot");
    let webhook = Delivery::batch(&url, deals::CLIENT_SECRET, &events, clock.now());
    println!("hubspot sends a signed webhook, the answer is {}.\n", send(demo, &webhook).await?);
    let ts = |slack: &SlackState| {
        slack.messages().iter().find(|message| shown(message)).map(|found| found.ts.clone())
    };
    let told =
        sandbox.slack.until(|slack| ts(slack).is_some_and(|ts| slack.replies_to(&ts).next().is_some()));
    if tokio::time::timeout(PATIENCE, told).await.is_err() {
        return Err(Problem::new("handoff: what was filled did not show: see the log above"));
    }
    print!("{}", show(demo, win, false).await?);
    let (after, reply) = sandbox.slack.see(|slack| {
        let reply = ts(slack).and_then(|ts| slack.replies_to(&ts).next().map(|reply| reply.text.clone()));
        (in_channels(slack), reply.unwrap_or_default())
    });
    if (after, sandbox.hubspot.see(|crm| crm.tasks_of(win.deal).len())) != (before, 1) {
        return Err(Problem::new("handoff: a digest or a task was made a second time"));
    }
    println!("\nIt is the same message, edited, and the same task, completed. In its thread:\n{reply}");
    Ok(())
}

/// The deal is half empty and won once more, and its seller answers in Slack.
async fn tell_what_was_answered(demo: &Demo, win: &Win) -> Result<(), Problem> {
    let rule = rule();
    println!(
        "\n{rule}\n  {} deal {} once more, as it was: its seller is asked in Slack\n{rule}",
        win.account().crm,
        win.deal
    );
    let told = demo.page.plays().await.map_err(|why| Problem::new(format!("handoff: {why}")))?;
    println!("A direct message to him says:\n\n{}\n", told.asked);
    println!("About what was promised he answers \"n/a\". At its input stands: {}\n", told.refusal);
    println!("Then he answers every question. In HubSpot the deal's promises are now: {}\n", told.written);
    println!(
        "Digest and direct message are the same ones, edited, and the task is completed:\n\n{}",
        told.digest
    );
    Ok(())
}

/// The deal is won in its CRM; these webhooks say so.
fn happens(demo: &Demo, win: &Win) -> Result<Vec<Delivery>, Problem> {
    let (sandbox, clock) = (&demo.sandbox, &demo.clock);
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

/// A line over the terminal's width, as far as text goes there.
pub(super) fn rule() -> String {
    "━".repeat(terminal::screen().unwrap_or(WIDTH).min(WIDTH))
}

/// The digest of a deal, and in `full` packet and task too, from what the service stored about it.
async fn show(demo: &Demo, win: &Win, full: bool) -> Result<String, Problem> {
    let account = win.account();
    let key = DealKey { account, deal: win.deal.to_owned() };
    let (store, gone) = (&demo.service.app.store, || Problem::new("handoff: the deal has no packet"));
    let (packet_id, ..) = store.latest_packet_of(std::slice::from_ref(&key)).await?.ok_or_else(gone)?;
    let stored = store.delivery_payload(&packet_id).await?.ok_or_else(gone)?;
    let packet: Packet = serde_json::from_str(&stored.packet)?;
    let record: DealRecord = serde_json::from_str(stored.record.kept().unwrap_or_default())?;
    let mapping = demo.service.app.accounts.get(&key.account).ok_or_else(gone)?.mapping();
    // Assembling is pure: the same record at the same instant gives the orders that were carried out.
    let (_, orders) = assemble(&mapping, &record, &packet_id, packet.as_of);
    let task = store.external(&packet_id, Destination::CrmTask).await?.and_then(|(_, url)| url);
    let render = if full { terminal::render } else { terminal::digest };
    Ok(render(&packet, &record, &orders, task, terminal::screen()))
}
