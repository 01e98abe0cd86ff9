//! What the seller fills in afterwards: the half empty deal of [`crate::deals`] becomes complete.

use jiff::{SignedDuration, Timestamp};
use serde_json::Value;

use super::deals::{PORTAL, STORY};
use super::hubspot::{HubspotState, Kind, NotThere};

/// The seller answers what is open about the half empty deal. Returns the events that HubSpot sends about it.
pub fn fill(hubspot: &mut HubspotState, now: Timestamp) -> Result<Vec<Value>, NotThere> {
    add_people(hubspot, now);
    let first_value = now.checked_add(SignedDuration::from_hours(24 * 20)).unwrap_or(now);
    let first_value = first_value.strftime("%Y-%m-%d").to_string();
    let values = [
        (
            "handoff_why_now",
            "Four no-shows a day cost the Elm Street clinic 2,300 EUR a week since the move in May.",
        ),
        (
            "handoff_promises",
            "Reminders in Polish and Turkish at go-live\nNo fee for the second clinic until 30 June",
        ),
        ("handoff_risks", "thin_team"),
        ("handoff_first_value_date", &first_value),
    ];
    hubspot.changes_deal(STORY[1].id, &values)
}

/// Adds the two people whose roles are open to the half empty deal.
pub fn add_people(hubspot: &mut HubspotState, now: Timestamp) {
    let (deal, portal) = (STORY[1].id, hubspot.portal_mut(PORTAL));
    let people = [
        ("523", "Dario", "Veit", "IT manager", "Technical evaluator"),
        ("524", "Lena", "Osei", "Data protection officer", "Blocker"),
    ];
    let Some(portal) = portal else { return };
    for (id, first, last, title, label) in people {
        let values = [("firstname", first), ("lastname", last), ("jobtitle", title)];
        portal.add(Kind::Contact, id, now, &values);
        portal.relabel_contact(deal, id, &[label]);
    }
}
