//! What a person does on the page, done in the sandbox as on the platforms themselves.

use std::time::Duration;

use super::edit::Edit;
use super::form::Form;
use super::place::Place;
use super::shelf::{self, Crm};
use super::{Playground, SentWebhook, modal};
use crate::deals::CLIENT_SECRET;
use crate::opportunities::announces;
use crate::slack::{Ack, SlackState};
use crate::{Delivery, deals};

/// How long what a press opens may take until the page is shown without it.
const OPENS: Duration = Duration::from_millis(1_500);

impl Playground {
    /// Does what a form asks for.
    ///
    /// # Errors
    ///
    /// Why it cannot be done, for the person who asked.
    pub(super) async fn act(&self, what: &str, form: &Form, place: &Place) -> Result<(), String> {
        let text = |name: &str| form.get(name).unwrap_or_default();
        match what {
            "save" => {
                let sheet = shelf::sheet(self, &place.deal).ok_or("There is no such deal.")?;
                self.edits(&place.deal, &Edit::read(form, &sheet)).await
            }
            "move" => self.moves(&place.deal, text("to") == "won").await,
            "order" => self.orders().await,
            "press" => self.presses(place, text("in"), text("ts"), text("action")).await,
            "submit" => self.submits(place, form).await.map(|_| ()),
            "close" => self.slack.change(|slack| slack.closes_view(&place.person)).map(|_| ()),
            _ => Err("The page has no such action.".to_owned()),
        }
    }

    /// Changes a deal in its CRM, which announces what its settings announce.
    pub(super) async fn edits(&self, deal: &str, edit: &Edit) -> Result<(), String> {
        match Crm::of(deal) {
            Crm::Hubspot => {
                let events = super::hubspot::save(self, deal, edit).map_err(|error| error.to_string())?;
                self.announce_events(&events, "what was changed").await
            }
            Crm::Salesforce => {
                let sent = super::salesforce::save(self, deal, edit).map_err(|error| error.to_string())?;
                self.announce_notifications(&sent).await
            }
        }
    }

    /// Moves a deal to its won stage, or back to an open one.
    pub(super) async fn moves(&self, deal: &str, won: bool) -> Result<(), String> {
        match Crm::of(deal) {
            Crm::Hubspot => {
                let events = self.hubspot.change(|hubspot| {
                    if won { hubspot.closes_deal(deal) } else { hubspot.reopens_deal(deal) }
                });
                let what = if won { "a deal that is won" } else { "a deal that was reopened" };
                self.announce_events(&events.map_err(|error| error.to_string())?, what).await
            }
            Crm::Salesforce => {
                let sent = self.salesforce.change(|salesforce| {
                    if won { salesforce.closes(deal) } else { salesforce.reopens(deal) }
                });
                self.announce_notifications(&sent.map_err(|error| error.to_string())?).await
            }
        }
    }

    /// A deal comes into being as won.
    async fn orders(&self) -> Result<(), String> {
        let events = self.hubspot.change(|hubspot| deals::happens(hubspot, shelf::CREATED_WON));
        self.announce_events(&events.map_err(|error| error.to_string())?, "a deal that was created").await
    }

    /// HubSpot sends events as one signed webhook.
    pub(super) async fn announce_events(
        &self,
        events: &[serde_json::Value],
        what: &str,
    ) -> Result<(), String> {
        if events.is_empty() {
            return Ok(());
        }
        let url = format!("{}/webhooks/hubspot", self.service.public_url);
        let webhook = Delivery::batch(&url, CLIENT_SECRET, events, self.clock.now());
        self.sends(&webhook, format!("HubSpot announces {what}, signed")).await
    }

    async fn announce_notifications(&self, sent: &[crate::salesforce::Notification]) -> Result<(), String> {
        for notification in sent {
            let webhook = self.salesforce.see(|salesforce| {
                announces(salesforce, notification, &self.service.public_url, self.clock.now())
            });
            let webhook = webhook.map_err(|error| error.to_string())?;
            let way = if webhook.url.contains("/outbound/") { "by an Outbound Message" } else { "signed" };
            self.sends(&webhook, format!("Salesforce announces a deal that is won, {way}")).await?;
        }
        Ok(())
    }

    async fn sends(&self, webhook: &Delivery, what: String) -> Result<(), String> {
        let answer = webhook.send(self.service.listens).await.map_err(|error| error.to_string());
        let failed = answer.clone().err();
        self.list(SentWebhook { at: self.clock.now(), what, answer });
        failed.map_or(Ok(()), |why| Err(format!("The service did not take the webhook: {why}")))
    }

    /// Presses a button of a message, or of the open modal if no message is named, and waits for what it opens.
    pub(super) async fn presses(
        &self,
        place: &Place,
        channel: &str,
        ts: &str,
        action: &str,
    ) -> Result<(), String> {
        let person = place.person.as_str();
        let before = self.slack.see(|slack| seen_by(slack, person));
        let click = self.slack.change(|slack| {
            if ts.is_empty() {
                slack.press_in_view(person, action)
            } else {
                slack.press(person, channel, ts, action)
            }
        })?;
        if let Ack::Refused(why) = self.acknowledged(click).await {
            return Err(format!("Slack shows a warning: {why}."));
        }
        let opened = self.slack.until(|slack| seen_by(slack, person) != before);
        // Some buttons open nothing.
        let _ = tokio::time::timeout(OPENS, opened).await;
        Ok(())
    }

    /// Fills the open modal and submits it. Errors at its inputs are no failure: the modal shows them.
    pub(super) async fn submits(&self, place: &Place, form: &Form) -> Result<Ack, String> {
        let person = place.person.as_str();
        let click = self.slack.change(|slack| {
            let view = slack.open_view(person).cloned().ok_or("No modal is open any more.")?;
            slack.types(person, &modal::typed(&view, form))?;
            slack.submit(person)
        })?;
        match self.acknowledged(click).await {
            Ack::Refused(why) => Err(format!("Slack shows a warning: {why}.")),
            ack => Ok(ack),
        }
    }

    /// Waits until a click is answered; Slack gives up on it after three seconds.
    pub(super) async fn acknowledged(&self, click: u64) -> Ack {
        self.slack.until(|slack| slack.ack(click).is_some()).await;
        self.slack.see(|slack| slack.ack(click).cloned()).unwrap_or(Ack::Taken)
    }
}

/// What a press may change on a person's screen: the open modal, what only they are told, edits.
fn seen_by(slack: &SlackState, person: &str) -> (Option<String>, usize, u32) {
    let view = slack.open_view(person).map(|view| view.hash.clone());
    (view, slack.ephemerals().len(), slack.messages().iter().map(|message| message.edits).sum())
}
