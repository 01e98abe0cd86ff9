//! The story that one click plays: a bad handoff, the questions, junk that is refused, answers, and a complete packet. Each
//! step does what a person would do on this page.

use std::sync::Arc;
use std::time::Duration;

use maud::{Markup, html};
use serde_json::{Value, json};

use super::Playground;
use super::deal::hidden;
use super::edit::Edit;
use super::form::Form;
use super::place::{Place, TOM};
use super::shelf::HALF_EMPTY;
use crate::deals::{self, CHANNEL, PORTAL};
use crate::deals_filled;
use crate::hubspot::{HubspotState, Kind};
use crate::slack::{Ack, Message, SlackState};

/// How long the service may take for a step before something is wrong.
const PATIENCE: Duration = Duration::from_secs(30);

/// Title of each step, and what happens in it.
const STEPS: [(&str, &str); 5] = [
    (
        "Bad handoff",
        "Tom closes Pinebrook Clinics as won. Why now says \u{201c}TBD\u{201d}, promises say \u{201c}see call notes\u{201d}. HubSpot sends a signed webhook.",
    ),
    (
        "Questions",
        "The digest is in the channel, honest about what is missing. Tom gets a message and a task, and opens the questions.",
    ),
    (
        "Junk refused",
        "Tom answers \u{201c}n/a\u{201d} to what was promised. The service says at the input why that is no answer, and stores nothing.",
    ),
    (
        "Answered",
        "Now Tom answers for real. What he promised is written into the deal; digest, message and task are edited, and carry his name.",
    ),
    (
        "Complete",
        "The two people who were missing go onto the deal in HubSpot. Nothing is open: the task is done, and the thread says so.",
    ),
];

/// What was promised, which goes into this field of the deal.
const PROMISE: &str = "Reminders in Polish and Turkish at go-live.";
const PROMISES: &str = "handoff_promises";

/// What people saw in the story.
#[derive(Debug, Clone)]
pub struct Told {
    /// The direct message that asks the seller.
    pub asked: String,
    /// What stands at the input with junk in it.
    pub refusal: String,
    /// What the field of the deal holds in the end.
    pub written: String,
    /// The digest in the end.
    pub digest: String,
}

/// How far the story is.
#[derive(Default)]
pub(super) struct Story {
    /// The step that runs, counted from 0.
    at: Option<usize>,
    is_running: bool,
    /// It was told to its end once.
    is_told: bool,
    /// Why it stopped.
    stopped: Option<String>,
}

impl Story {
    /// Begins, unless it runs already.
    pub(super) fn begin(&mut self) -> bool {
        let begins = !self.is_running;
        if begins {
            *self = Self { at: Some(0), is_running: true, ..Self::default() };
        }
        begins
    }
}

/// The button, and the steps with the one that runs.
pub(super) fn draw(story: &Story, place: &Place) -> Markup {
    let is_done = |step: usize| story.is_told || story.at.is_some_and(|at| step < at);
    let caption = match (story.at.and_then(|at| STEPS.get(at)), &story.stopped) {
        (_, Some(why)) => format!("The story stopped: {why}"),
        _ if story.is_told => "Nothing is open any more: the task is done, and the thread says so. Now you: edit a deal, press Closed won, answer in Slack.".to_owned(),
        (Some((_, caption)), None) => (*caption).to_owned(),
        (None, None) => "Watch a bad handoff become a good one, or try it yourself: edit a deal, press Closed won, answer in Slack.".to_owned(),
    };
    html! {
        form method="post" action="/act/story" {
            (hidden(place))
            button.primary #play disabled[story.is_running] {
                @if story.is_running { "Playing…" } @else if story.is_told { "Play again" } @else { "Play the story" }
            }
        }
        ol {
            @for (step, (title, _)) in STEPS.iter().enumerate() {
                @let runs = story.is_running && story.at == Some(step);
                li data-done=[is_done(step).then_some("")] aria-current=[runs.then_some("step")] { (title) }
            }
        }
        p.caption role="status" { (caption) }
    }
}

/// Plays the story, and remembers how it ended.
pub(super) async fn play(playground: Arc<Playground>) {
    let ended = steps(&playground).await;
    playground.note(|board| {
        board.story.is_running = false;
        match ended {
            Ok(_) => board.story.is_told = true,
            Err(why) => board.story.stopped = Some(why),
        }
    });
}

/// Plays one step after the other.
pub(super) async fn steps(playground: &Playground) -> Result<Told, String> {
    let tom = Place { deal: HALF_EMPTY.to_owned(), channel: CHANNEL.to_owned(), person: TOM.to_owned() };
    playground.starts_over().await?;
    playground.rest().await;
    let before = playground.slack.see(|slack| slack.messages_in(CHANNEL).count());
    let asked_before = playground.slack.see(|slack| asked(slack, 0).count());
    playground.moves(HALF_EMPTY, true).await?;
    let posted = |slack: &SlackState| digest(slack, before).is_some();
    playground.within("the digest", posted).await?;
    let ts =
        playground.slack.see(|slack| digest(slack, before).map(|found| found.ts.clone())).unwrap_or_default();
    playground.rest().await;

    playground.step(1);
    playground.within("the message to Tom", |slack| asked(slack, asked_before).next().is_some()).await?;
    let question =
        playground.slack.see(|slack| asked(slack, asked_before).next().map(|found| found.text.clone()));
    playground.rest().await;
    playground.presses(&tom, CHANNEL, &ts, "answer").await?;
    playground.within("the questions", |slack| slack.open_view(TOM).is_some()).await?;
    playground.rest().await;

    playground.step(2);
    let junk = form(&[("gap.promises", "n/a".to_owned())]);
    let refusal = match playground.submits(&tom, &junk).await? {
        Ack::Errors(errors) => errors.into_values().collect(),
        other => return Err(format!("junk was not refused but {other:?}")),
    };
    playground.rest().await;
    playground.rest().await;

    playground.step(3);
    let answers = playground.answers();
    playground.slack.change(|slack| slack.types(TOM, &answers))?;
    playground.rest().await;
    let click = playground.slack.change(|slack| slack.submit(TOM))?;
    match playground.acknowledged(click).await {
        Ack::Taken => {}
        other => return Err(format!("the answers were not taken: {other:?}")),
    }
    playground.within("the edited digest", |slack| edits(slack, &ts) > 0).await?;
    let is_edited = |slack: &SlackState| asked(slack, asked_before).any(|message| message.edits > 0);
    playground.within("the edited message to Tom", is_edited).await?;
    let is_written = |hubspot: &HubspotState| promised(hubspot) == Some(PROMISE);
    playground.in_hubspot("the answer in its field", is_written).await?;
    playground.rest().await;

    playground.step(4);
    let events = playground.hubspot.change(|hubspot| {
        deals_filled::add_people(hubspot, playground.clock.now());
        hubspot.changes_deal(HALF_EMPTY, &[("handoff_risks", "thin_team")])
    });
    playground.announce_events(&events.map_err(|error| error.to_string())?, "what was changed").await?;
    playground.within("the reply in the thread", |slack| slack.replies_to(&ts).next().is_some()).await?;
    let is_completed = |hubspot: &HubspotState| {
        hubspot
            .tasks_of(HALF_EMPTY)
            .last()
            .is_some_and(|task| task.get("hs_task_status") == Some("COMPLETED"))
    };
    playground.in_hubspot("the completed task", is_completed).await?;
    let written = playground.hubspot.see(|hubspot| promised(hubspot).map(ToOwned::to_owned));
    let digest = playground.slack.see(|slack| digest(slack, before).map(|found| found.text.clone()));
    Ok(Told {
        asked: question.unwrap_or_default(),
        refusal,
        written: written.unwrap_or_default(),
        digest: digest.unwrap_or_default(),
    })
}

/// Direct messages to Tom, behind so many.
fn asked(slack: &SlackState, before: usize) -> impl Iterator<Item = &Message> {
    slack.direct(TOM).into_iter().flat_map(|channel| slack.messages_in(channel)).skip(before)
}

/// What the field of the story's deal holds.
fn promised(hubspot: &HubspotState) -> Option<&str> {
    hubspot.portal(PORTAL)?.record(Kind::Deal, HALF_EMPTY)?.get(PROMISES)
}

/// The digest of the story's deal behind so many messages.
fn digest(slack: &SlackState, before: usize) -> Option<&Message> {
    slack.messages_in(CHANNEL).skip(before).find(|message| message.text.starts_with("Pinebrook"))
}

fn edits(slack: &SlackState, ts: &str) -> u32 {
    slack.messages_in(CHANNEL).find(|message| message.ts == ts).map_or(0, |message| message.edits)
}

fn form(values: &[(&str, String)]) -> Form {
    let pairs = values.iter();
    Form::parse(&form_urlencoded::Serializer::new(String::new()).extend_pairs(pairs).finish())
}

impl Playground {
    fn step(&self, at: usize) {
        self.note(|board| board.story.at = Some(at));
    }

    /// Waits until Slack is as described.
    async fn within(&self, what: &str, reached: impl FnMut(&SlackState) -> bool) -> Result<(), String> {
        let waited = tokio::time::timeout(PATIENCE, self.slack.until(reached)).await;
        waited.map_err(|_| format!("{what} did not come"))
    }

    /// Waits until HubSpot is as described.
    async fn in_hubspot(&self, what: &str, reached: impl FnMut(&HubspotState) -> bool) -> Result<(), String> {
        let waited = tokio::time::timeout(PATIENCE, self.hubspot.until(reached)).await;
        waited.map_err(|_| format!("{what} did not come"))
    }

    /// Puts the deal back to where it was before anything happened, and closes what is on Tom's screen.
    async fn starts_over(&self) -> Result<(), String> {
        self.slack.change(|slack| while slack.closes_view(TOM).is_ok() {});
        let fresh = deals::portal(self.clock.now());
        let text =
            |record: &crate::hubspot::Record, name: &str| record.get(name).unwrap_or_default().to_owned();
        let values = self.hubspot.change(|hubspot| {
            let (portal, was) = (hubspot.portal_mut(PORTAL)?, fresh.record(Kind::Deal, HALF_EMPTY)?);
            let known: Vec<String> =
                fresh.contacts_of(HALF_EMPTY).iter().map(|(one, _)| one.id.clone()).collect();
            let linked: Vec<String> =
                portal.contacts_of(HALF_EMPTY).iter().map(|(one, _)| one.id.clone()).collect();
            for contact in linked.iter().filter(|contact| !known.contains(contact)) {
                portal.unlink_contact(HALF_EMPTY, contact);
            }
            for (contact, labels) in fresh.contacts_of(HALF_EMPTY) {
                portal.relabel_contact(HALF_EMPTY, &contact.id, &labels);
            }
            let now = portal.record(Kind::Deal, HALF_EMPTY)?;
            let fields = super::hubspot::FIELDS.iter().filter(|name| text(now, name) != text(was, name));
            Some(fields.map(|name| ((*name).to_owned(), text(was, name))).collect::<Vec<_>>())
        });
        self.edits(HALF_EMPTY, &Edit::of_fields(values.unwrap_or_default())).await?;
        let is_won = super::shelf::sheet(self, HALF_EMPTY).is_some_and(|deal| deal.is_won);
        if is_won { self.moves(HALF_EMPTY, false).await } else { Ok(()) }
    }

    /// What Tom answers, as far as he is asked.
    fn answers(&self) -> Vec<(&'static str, Value)> {
        let day = self.clock.now() + jiff::SignedDuration::from_hours(24 * 20);
        let answers = [
            (
                "gap.buying_reason",
                json!(
                    "Four no-shows a day cost the Elm Street clinic 2,300 EUR a week since the move in May."
                ),
            ),
            ("gap.promises", json!(PROMISE)),
            ("gap.risks", json!(["thin_team"])),
            ("gap.first_value_due", json!(day.strftime("%Y-%m-%d").to_string())),
        ];
        self.slack.see(|slack| {
            let asked = |block: &str| slack.open_view(TOM).is_some_and(|view| view.input(block).is_some());
            answers.into_iter().filter(|(block, _)| asked(block)).collect()
        })
    }
}
