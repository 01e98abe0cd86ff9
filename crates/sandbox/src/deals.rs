//! The story that `handoff demo` tells: one portal, one workspace, four deals on their way to being won.
//! Every name is invented.

use jiff::{SignedDuration, Timestamp};
use serde_json::Value;

use super::Sandbox;
use super::hubspot::{HubspotState, Kind, NotThere, Portal, Property, Stage};

/// The portal's id.
pub const PORTAL: &str = "48210077";
/// The portal's access token.
pub const TOKEN: &str = "pat-eu1-sandbox";
/// The client secret that webhooks are signed with.
pub const CLIENT_SECRET: &str = "sandbox-client-secret";
/// The bot's token.
pub const BOT_TOKEN: &str = "xoxb-sandbox";
/// Signs clicks in Slack.
pub const SIGNING_SECRET: &str = "sandbox-signing-secret";
/// Opens sockets to Slack.
pub const APP_TOKEN: &str = "xapp-1-sandbox";
/// Where digests go.
pub const CHANNEL: &str = "C0123ABCD";
/// Where digests of large deals go.
pub const LARGE_DEALS_CHANNEL: &str = "C0ENTERPR";

/// One deal of the story.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct StoryDeal {
    /// Its id.
    pub id: &'static str,
    /// What it shows, in a few words.
    pub shows: &'static str,
}

/// The deals in the order in which they are won.
pub const STORY: [StoryDeal; 4] = [
    StoryDeal { id: COMPLETE, shows: "complete and important" },
    StoryDeal { id: HALF_EMPTY, shows: "half empty" },
    StoryDeal { id: HOSTILE, shows: "hostile text" },
    StoryDeal { id: CREATED_WON, shows: "created in a won stage of a custom pipeline" },
];

const COMPLETE: &str = "301000000417";
const HALF_EMPTY: &str = "301000000418";
const HOSTILE: &str = "301000000419";
const CREATED_WON: &str = "301000000420";

const CUSTOM_PIPELINE: &str = "8812345";
const ORDER_CONFIRMED: &str = "990000031";

/// Puts the story into an empty sandbox, with everything but the wins.
pub fn set_up(sandbox: &Sandbox, now: Timestamp) {
    sandbox.hubspot.change(|hubspot| hubspot.add_portal(portal(now)));
    sandbox.slack.change(|slack| {
        slack.add_bot(BOT_TOKEN);
        slack.add_app_token(APP_TOKEN);
        slack.add_channel(CHANNEL, "handoffs");
        slack.add_channel(LARGE_DEALS_CHANNEL, "handoffs-enterprise");
        slack.add_person("U012AB3CD", "Iris Okafor", "iris.okafor@seller.example");
    });
}

/// Lets a deal of the story be won now, and returns the events that HubSpot sends about it.
pub fn happens(hubspot: &mut HubspotState, deal: &str) -> Result<Vec<Value>, NotThere> {
    if deal != CREATED_WON {
        return hubspot.closes_deal(deal);
    }
    let values = [
        ("dealname", "Quarry & Pine: web order 10482"),
        ("amount", "7200"),
        ("deal_currency_code", "EUR"),
        ("pipeline", CUSTOM_PIPELINE),
        ("dealstage", ORDER_CONFIRMED),
        ("hubspot_owner_id", "70000009"),
        ("closed_won_reason", "Found us in the marketplace; their old tool is switched off on 31 January."),
        ("handoff_promises", "none"),
    ];
    let events = hubspot.creates_deal(PORTAL, deal, &values)?;
    if let Some(portal) = hubspot.portal_mut(PORTAL) {
        portal.link_company(deal, "9004", true);
        portal.link_contact(deal, "541", &["Sponsor", "Day-to-day user"]);
    }
    Ok(events)
}

/// The portal before anything is won.
pub fn portal(now: Timestamp) -> Portal {
    let mut portal = Portal::new(PORTAL, TOKEN);
    add_fields(&mut portal);
    portal.add_pipeline(
        CUSTOM_PIPELINE,
        "Self-service",
        vec![
            Stage::new("990000030", "Basket", false, "0.3"),
            Stage::new(ORDER_CONFIRMED, "Order confirmed", true, "1.0"),
            Stage::new("990000032", "Invoiced", true, "1.0"),
            Stage::new("990000033", "Cancelled", true, "0.0"),
        ],
    );
    portal.add_owner("70000002", "Iris", "Okafor", "iris.okafor@seller.example", false);
    portal.add_owner("70000003", "Tom", "Lindqvist", "tom.lindqvist@seller.example", false);
    portal.add_owner("70000009", "Nadia", "Reyes", "nadia.reyes@seller.example", true);
    let labels = [
        "Sponsor",
        "Decision maker",
        "Day-to-day user",
        "Technical evaluator",
        "Blocker",
        "Executive sponsor",
    ];
    for (number, label) in (37..).zip(labels) {
        portal.label(number, label);
    }
    let begun = ago(now, 40);
    complete(&mut portal, begun, now);
    half_empty(&mut portal, begun);
    hostile(&mut portal, begun, now);
    let quarry = [("name", "Quarry & Pine"), ("domain", "quarry-pine.example"), ("numberofemployees", "14")];
    portal.add(Kind::Company, "9004", begun, &quarry);
    person(&mut portal, begun, ("541", "Sol", "Whitaker"), "Owner", "sol@quarry-pine.example", "");
    portal
}

/// The properties a mapping reads that no portal has by itself.
pub fn add_fields(portal: &mut Portal) {
    let texts = [
        ("handoff_why_now", "Why now"),
        ("handoff_success_outcome", "First result they want"),
        ("handoff_promises", "Promises made"),
        ("handoff_risk_notes", "Risk notes"),
        ("handoff_first_value", "First value"),
        ("handoff_expansion", "Expansion angle"),
    ];
    for (name, label) in texts {
        portal.add_property(Kind::Deal, Property::new(name, label, "string", "textarea"));
    }
    let risks = Property::new("handoff_risks", "Risks", "enumeration", "checkbox").options(&[
        ("none", "None"),
        ("security_review", "Security review still open"),
        ("data_migration", "Data migration needed"),
        ("champion_leaving", "Champion may leave"),
        ("thin_team", "Nobody has time for the rollout"),
    ]);
    portal.add_property(Kind::Deal, risks);
    let date = Property::new("handoff_first_value_date", "First value by", "date", "date");
    portal.add_property(Kind::Deal, date);
    let tier = Property::new("customer_tier", "Customer tier", "enumeration", "select").options(&[
        ("standard", "Standard"),
        ("strategic", "Strategic"),
        ("enterprise", "Enterprise"),
    ]);
    portal.add_property(Kind::Company, tier);
}

fn complete(portal: &mut Portal, begun: Timestamp, now: Timestamp) {
    let company = [
        ("name", "Northlight Foods"),
        ("domain", "northlight-foods.example"),
        ("numberofemployees", "640"),
        ("customer_tier", "enterprise"),
    ];
    portal.add(Kind::Company, "9001", begun, &company);
    let first_value_date = day(later(now, 21));
    let values = [
        ("dealname", "Northlight Foods: route planning, 3 depots"),
        ("amount", "64800"),
        ("deal_currency_code", "EUR"),
        ("pipeline", "default"),
        ("dealstage", "contractsent"),
        ("hubspot_owner_id", "70000002"),
        (
            "handoff_why_now",
            "Their planner retires on 31 March and her spreadsheet with her. Two missed supermarket slots in \
             October cost 38,000 EUR in penalties.",
        ),
        ("closed_won_reason", "Only offer that plans chilled and dry goods on one tour."),
        (
            "handoff_success_outcome",
            "Depot Malmö plans all 22 tours without the spreadsheet; late deliveries fall from 9 to under 4 a week.",
        ),
        (
            "handoff_promises",
            "Import of 14 months of tour history before go-live\n\
             A named contact in German until 30 June\n\
             Second depot at the price of the first",
        ),
        ("handoff_risks", "security_review;data_migration"),
        ("handoff_risk_notes", "Ruben Falk wants the penetration test report before any driver data moves."),
        (
            "handoff_first_value",
            "Jonas Petrov plans one full week of Malmö tours himself and sends it to the drivers.",
        ),
        ("handoff_first_value_date", &first_value_date),
        ("handoff_expansion", "Two more depots open in autumn; Helena Voss asked for prices."),
    ];
    portal.add(Kind::Deal, COMPLETE, begun, &values);
    let people = [
        (("501", "Mara", "Ekström"), "Head of Logistics", "Sponsor"),
        (("502", "Jonas", "Petrov"), "Dispatch lead", "Day-to-day user"),
        (("503", "Aiko", "Brandt"), "Systems architect", "Technical evaluator"),
        (("504", "Ruben", "Falk"), "Head of IT security", "Blocker"),
        (("505", "Helena", "Voss"), "COO", "Executive sponsor"),
    ];
    for (name, title, label) in people {
        let email = format!("{}@northlight-foods.example", name.1.to_lowercase());
        person(portal, begun, name, title, &email, "");
        portal.link_contact(COMPLETE, name.0, &[label]);
    }
    // The parent company comes first: whoever takes the first one takes the wrong one.
    portal.add(
        Kind::Company,
        "9009",
        begun,
        &[("name", "Northlight Holding"), ("customer_tier", "standard")],
    );
    portal.link_company(COMPLETE, "9009", false);
    portal.link_company(COMPLETE, "9001", true);
    let items =
        [("7001", "Route planning, 3 depots", "54000.00"), ("7002", "Tour history import", "10800.00")];
    for (id, name, amount) in items {
        let values = [("name", name), ("quantity", "1"), ("price", amount), ("amount", amount)];
        portal.add(Kind::LineItem, id, begun, &values);
        portal.link_line_item(COMPLETE, id);
    }
}

fn half_empty(portal: &mut Portal, begun: Timestamp) {
    let company =
        [("name", "Pinebrook Clinics"), ("domain", "pinebrook.example"), ("customer_tier", "standard")];
    portal.add(Kind::Company, "9002", begun, &company);
    let values = [
        ("dealname", "Pinebrook Clinics: appointment reminders"),
        ("amount", "18500"),
        ("deal_currency_code", "EUR"),
        ("pipeline", "default"),
        ("dealstage", "contractsent"),
        ("hubspot_owner_id", "70000003"),
        ("closed_won_reason", "TBD"),
        ("handoff_promises", "see call notes"),
        ("handoff_success_outcome", "No-shows at the Elm Street clinic drop below 8 % by the end of June."),
        ("handoff_risks", ""),
        ("handoff_risk_notes", " \u{a0}\n"),
        ("handoff_first_value", "Front desk sends the first 50 reminders from the new system."),
    ];
    portal.add(Kind::Deal, HALF_EMPTY, begun, &values);
    portal.link_company(HALF_EMPTY, "9002", true);
    person(portal, begun, ("521", "Priya", "Castellan"), "Practice manager", "priya@pinebrook.example", "");
    portal.link_contact(HALF_EMPTY, "521", &["Decision maker"]);
    person(portal, begun, ("522", "Ola", "Brenner"), "Front desk", "ola@pinebrook.example", ";END_USER");
    portal.link_contact(HALF_EMPTY, "522", &[]);
}

fn hostile(portal: &mut Portal, begun: Timestamp, now: Timestamp) {
    let company = [("name", "Zażółć <b>& Sons</b> 🚀"), ("domain", "zazolc.example")];
    portal.add(Kind::Company, "9003", begun, &company);
    let sentence = "Then they asked about the export again, and we said that it would be there on 12 May. ";
    let endless: String = sentence.chars().cycle().take(10_000).collect();
    let first_value_date = day(later(now, 45));
    let values = [
        ("dealname", "<!channel> Zażółć renewal <https://evil.example|Open in CRM>"),
        ("amount", "23000.50"),
        ("deal_currency_code", "EUR"),
        ("pipeline", "default"),
        ("dealstage", "contractsent"),
        ("hubspot_owner_id", "70000002"),
        (
            "handoff_why_now",
            "<p>Their vendor <b>raised prices by 40&nbsp;%</b> on 1&nbsp;May.</p>\
             <script>alert('x')</script><img src=x onerror=alert(1)>",
        ),
        ("handoff_success_outcome", "{{deal.amount}} ${HOME} %s {0} *all* _invoices_ `paid` ~in~ 14 days"),
        ("handoff_promises", &endless),
        ("handoff_risks", "none;champion_leaving"),
        ("handoff_risk_notes", "Read this \u{202E}sdrawkcab\u{202C} @here @everyone &lt;!here&gt; 🧨🧨🧨"),
        ("handoff_first_value", "'; DROP TABLE deals; -- first invoice run by Zoë on the new system"),
        ("handoff_first_value_date", &first_value_date),
    ];
    portal.add(Kind::Deal, HOSTILE, begun, &values);
    portal.link_company(HOSTILE, "9003", true);
    let name = ("531", "<@U012AB3CD>", "O'Neil | <!here>");
    person(portal, begun, name, "Head of \"Everything\" & more", "zoe@zazolc.example", "");
    portal.link_contact(HOSTILE, "531", &["Sponsor", "Technical evaluator"]);
}

fn person(
    portal: &mut Portal,
    at: Timestamp,
    (id, first, last): (&str, &str, &str),
    title: &str,
    email: &str,
    buying_role: &str,
) {
    let mut values = vec![("firstname", first), ("lastname", last), ("jobtitle", title), ("email", email)];
    if !buying_role.is_empty() {
        values.push(("hs_buying_role", buying_role));
    }
    portal.add(Kind::Contact, id, at, &values);
}

fn later(now: Timestamp, days: i64) -> Timestamp {
    now.checked_add(SignedDuration::from_hours(24 * days)).unwrap_or(now)
}

fn ago(now: Timestamp, days: i64) -> Timestamp {
    later(now, -days)
}

fn day(at: Timestamp) -> String {
    at.strftime("%Y-%m-%d").to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_deal_of_the_story_is_won_once_it_happened() {
        let now: Timestamp = "2026-11-20T08:00:00Z".parse().unwrap();
        let sandbox = Sandbox::start(move || now).unwrap();
        set_up(&sandbox, now);
        for StoryDeal { id, .. } in STORY {
            let events = sandbox.hubspot.change(|hubspot| happens(hubspot, id)).unwrap();
            assert_eq!(events.len(), 1);
            let stage = sandbox.hubspot.see(|hubspot| {
                let deal = hubspot.portal(PORTAL).unwrap().record(Kind::Deal, id).unwrap();
                deal.get("dealstage").unwrap().to_owned()
            });
            assert_eq!(stage, if id == CREATED_WON { ORDER_CONFIRMED } else { "closedwon" });
        }
    }

    #[test]
    fn every_value_of_the_story_is_one_that_the_portal_knows() {
        let portal = portal(Timestamp::UNIX_EPOCH);
        for kind in Kind::ALL {
            for (record, (name, value)) in
                portal.records(kind).flat_map(|record| record.values().map(move |pair| (record, pair)))
            {
                let property = portal.property(kind, name).unwrap_or_else(|| panic!("{name}"));
                let known = |part: &str| property.options.iter().any(|(option, _)| option == part);
                let mut parts = value.split(';').filter(|part| !part.is_empty());
                assert!(property.options.is_empty() || parts.all(known), "{} {name}", record.id);
            }
        }
    }

    #[test]
    fn the_hostile_deal_has_a_field_of_ten_thousand_characters() {
        let portal = portal(Timestamp::UNIX_EPOCH);
        let deal = portal.record(Kind::Deal, HOSTILE).unwrap();
        assert_eq!(deal.get("handoff_promises").unwrap().chars().count(), 10_000);
    }
}
