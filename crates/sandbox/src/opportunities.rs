//! The Salesforce part of the story that `handoff demo` tells: one org, three opportunities on their way to
//! being won, each announced in another way. Every name is invented.

use std::sync::LazyLock;

use jiff::{SignedDuration, Timestamp};

use super::Sandbox;
use super::delivery::Delivery;
use super::org_fields::add_fields;
use super::rsa_key::RsaKey;
use super::salesforce::{Envelope, NotThere, Notification, Object, Org, SalesforceState};

/// The organisation's id.
pub const ORG: &str = "00DQy00000A7kLmMAJ";
/// Consumer key of the app that logs in with a JWT.
pub const CONSUMER_KEY: &str = "3MVG9sandboxConsumerKey";
/// The integration user.
pub const USERNAME: &str = "handoff.bridge@seller.example";
/// The key pair that the JWT is signed with, made when it is asked for first. It opens nothing but this process's
/// sandbox.
pub static JWT_KEY: LazyLock<RsaKey> = LazyLock::new(RsaKey::generate);
/// Consumer key of the app that logs in with client credentials.
pub const CLIENT_ID: &str = "3MVG9sandboxClientCredentials";
/// Its secret.
pub const CLIENT_SECRET: &str = "sandbox-consumer-secret";
/// The secret in the path that Outbound Messages are posted to.
pub const OUTBOUND_SECRET: &str = "4f1d0c7be2a94d63b8f0a5c1e97d3268";
/// The secret that Apex signs JSON with: 32 bytes in base64.
pub const WEBHOOK_SECRET: &str = "whsec_c2FuZGJveCBzZWNyZXQgZm9yIHN0YW5kYXJkIDMyYiE=";
/// The secret of the formula that signs a flow's JSON.
pub const BODY_SECRET: &str = "sandbox-body-secret";

/// Where the digests of this org go.
pub const CHANNEL: &str = "C0456EFGH";

/// One opportunity of the story.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct StoryOpportunity {
    /// Its id.
    pub id: &'static str,
    /// What it shows, in a few words.
    pub shows: &'static str,
    /// How the win is announced.
    pub by: Channel,
}

/// How a win is announced.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Channel {
    /// SOAP to a secret address.
    OutboundMessage,
    /// JSON with Standard Webhooks headers.
    SignedJson,
    /// JSON of which only the body is signed.
    BodySignedJson,
}

/// The opportunities in the order in which they are won.
pub const STORY: [StoryOpportunity; 3] = [
    StoryOpportunity { id: COMPLETE, shows: "complete and important", by: Channel::OutboundMessage },
    StoryOpportunity { id: HALF_EMPTY, shows: "half empty, a field is hidden", by: Channel::SignedJson },
    StoryOpportunity {
        id: PERSON,
        shows: "a person, another currency, a seller who left",
        by: Channel::BodySignedJson,
    },
];

/// The field that an admin hides just before the second opportunity is won.
pub const HIDDEN_FIELD: &str = "Handoff_Success_Outcome__c";

const COMPLETE: &str = "0065e00001FjeLlAAJ";
const HALF_EMPTY: &str = "0065e00001HaRboAAF";
const PERSON: &str = "0065e00001SoWhiAAF";

const FJELLVIK: &str = "0015e0000FjelLvAQI";
const HARBOUR_LANE: &str = "0015e0000HarbOrAQI";
const ROSALIND: &str = "0015e00000RosalAAB";
const ROSALIND_CONTACT: &str = "0035e00000RosalAAB";

const INTEGRATION: &str = "0055e000001InTeAAK";
const MAREN: &str = "0055e000001MaHaAAK";
const NILS: &str = "0055e000001NaReAAK";
const ELIN: &str = "0055e000001IrOkAAK";

const NEW_BUSINESS: &str = "0125e000000NewBAAS";
const RENEWAL: &str = "0125e0000RenewlAQA";

/// Puts the story into a sandbox, with everything but the wins.
pub fn set_up(sandbox: &Sandbox, now: Timestamp) {
    sandbox.salesforce.change(|salesforce| salesforce.add_org(org(now)));
    sandbox.slack.change(|slack| {
        slack.add_channel(CHANNEL, "handoffs-salesforce");
        slack.add_person("U034EF5GH", "Maren Solberg", "maren.solberg@seller.example");
    });
}

/// Lets an opportunity of the story be won now, and returns what the flow sends about it. Before the second
/// one an admin hides [`HIDDEN_FIELD`], from the others too: let the first packet be finished before.
pub fn happens(salesforce: &mut SalesforceState, opportunity: &str) -> Result<Vec<Notification>, NotThere> {
    if opportunity == HALF_EMPTY
        && let Some(org) = salesforce.org_mut(ORG)
    {
        org.hide_field(Object::Opportunity, HIDDEN_FIELD);
    }
    salesforce.closes(opportunity)
}

/// The request that brings a notification, through the opportunity's own channel. `public_url` is the
/// service's address without a trailing slash.
pub fn announces(
    salesforce: &SalesforceState,
    notification: &Notification,
    public_url: &str,
    now: Timestamp,
) -> Result<Delivery, NotThere> {
    let org = salesforce.org_of(&notification.opportunity)?;
    let json = format!("{public_url}/webhooks/salesforce");
    let told = STORY.iter().find(|told| told.id == notification.opportunity);
    Ok(match told.map(|told| told.by) {
        Some(Channel::SignedJson) => org.signed_json(&json, &[WEBHOOK_SECRET], notification, now),
        Some(Channel::BodySignedJson) => org.body_signed_json(&json, BODY_SECRET, notification, now),
        Some(Channel::OutboundMessage) | None => {
            let body = org.outbound_message(std::slice::from_ref(notification), &Envelope::default());
            Delivery::outbound_message(&format!("{json}/outbound/{OUTBOUND_SECRET}"), body)
        }
    })
}

/// The org before anything is won.
pub fn org(now: Timestamp) -> Org {
    let mut org = Org::new(ORG, "seller");
    org.add_jwt_app(CONSUMER_KEY, &JWT_KEY.public_der, USERNAME);
    org.add_secret_app(CLIENT_ID, CLIENT_SECRET, USERNAME);
    org.enable_multi_currency();
    org.enable_person_accounts();
    org.clear(Object::Stage);
    for (stage, closed, won) in [
        ("Discovery", false, false),
        ("Offer", false, false),
        ("Contract out", false, false),
        ("Signed & countersigned", true, true),
        ("Handed to delivery", true, true),
        ("Lost", true, false),
    ] {
        org.add_stage(stage, closed, won);
    }
    add_fields(&mut org);
    let begun = ago(now, 40);
    org.add_record_type(NEW_BUSINESS, "New_Business", begun);
    org.add_record_type(RENEWAL, "Renewal", begun);
    org.add_user(INTEGRATION, ("Handoff", "Bridge"), USERNAME, true);
    org.add_user(MAREN, ("Maren", "Solberg"), "maren.solberg@seller.example", true);
    org.add_user(NILS, ("Nils", "Achterberg"), "nils.achterberg@seller.example", true);
    org.add_user(ELIN, ("Elin", "Marsh"), "elin.marsh@seller.example", false);
    complete(&mut org, begun, now);
    half_empty(&mut org, begun, now);
    person(&mut org, begun, now);
    org
}

fn complete(org: &mut Org, begun: Timestamp, now: Timestamp) {
    let account = [
        ("Name", "Fjellvik Seafoods"),
        ("Website", "https://fjellvik-seafoods.example"),
        ("Industry", "Food & Beverage"),
        ("NumberOfEmployees", "850"),
        ("Customer_Tier__c", "strategic"),
        ("CurrencyIsoCode", "EUR"),
    ];
    org.add(Object::Account, FJELLVIK, begun, &account);
    let values = [
        ("Name", "Fjellvik Seafoods: cold chain monitoring, 5 plants"),
        ("AccountId", FJELLVIK),
        ("OwnerId", MAREN),
        ("RecordTypeId", NEW_BUSINESS),
        ("StageName", "Contract out"),
        ("Amount", "120000"),
        ("CurrencyIsoCode", "EUR"),
        ("CloseDate", &day(now)),
        (
            "Handoff_Why_Now__c",
            "A container of salmon worth 74,000 EUR was refused in Rotterdam in September. Their insurer wants \
             gapless temperature records from 1 January.",
        ),
        (
            "Handoff_Success_Outcome__c",
            "Plant Bodø proves every transport above 4 °C within 10 minutes; refused containers fall from 3 a \
             quarter to none.",
        ),
        (
            "Handoff_Promises__c",
            "Sensors for all 5 plants delivered by 15 December\n\
             Alarm messages in Norwegian and Polish\n\
             Three months' notice before any price change",
        ),
        ("Handoff_Risks__c", "security_review;thin_team"),
        (
            "Handoff_First_Value__c",
            "Tomasz Wrona releases the first 20 containers of Plant Bodø with the new temperature record.",
        ),
        ("Handoff_First_Value_Date__c", &day(later(now, 24))),
        (
            "Handoff_Expansion__c",
            "The sister company in Aberdeen runs 3 plants on paper; Sunniva Moe sits on its board.",
        ),
    ];
    org.add_opportunity(COMPLETE, begun, &values);
    let people = [
        ("0035e0000InGunNAQS", ("Ingunn", "Dahl"), "Head of Operations", &["Economic Buyer"][..]),
        ("0035e0000TomasZAQQ", ("Tomasz", "Wrona"), "Quality lead, Plant Bodø", &["Business User"]),
        ("0035e00000LeiLaAAJ", ("Leila", "Haddad"), "Automation engineer", &["Technical Buyer", "Evaluator"]),
        ("0035e000000PerAAAS", ("Per", "Aune"), "Head of IT security", &["Blocker"]),
        ("0035e0000SunnivAQA", ("Sunniva", "Moe"), "CFO", &["Executive Sponsor"]),
    ];
    for (id, name, title, roles) in people {
        let email = format!("{}@fjellvik-seafoods.example", name.0.to_lowercase());
        org.add_contact(id, FJELLVIK, begun, name, &[("Title", title), ("Email", &email)]);
        for role in roles {
            org.add_contact_role(COMPLETE, id, role, *role == "Economic Buyer", begun);
        }
    }
    org.add_line_item(COMPLETE, "Cold chain monitoring, 5 plants", "96000", begun);
    org.add_line_item(COMPLETE, "Sensor installation", "24000", begun);
}

/// Nobody is named, and [`HIDDEN_FIELD`] holds text that the integration user will not see.
fn half_empty(org: &mut Org, begun: Timestamp, now: Timestamp) {
    let account = [
        ("Name", "Harbour Lane Dental"),
        ("Website", "https://harbour-lane.example"),
        ("NumberOfEmployees", "22"),
        ("Customer_Tier__c", "standard"),
        ("CurrencyIsoCode", "EUR"),
    ];
    org.add(Object::Account, HARBOUR_LANE, begun, &account);
    let values = [
        ("Name", "Harbour Lane Dental: recall letters"),
        ("AccountId", HARBOUR_LANE),
        ("OwnerId", NILS),
        ("RecordTypeId", NEW_BUSINESS),
        ("StageName", "Contract out"),
        ("Amount", "14200.50"),
        ("CurrencyIsoCode", "EUR"),
        ("CloseDate", &day(now)),
        ("Handoff_Why_Now__c", "TBD"),
        ("Handoff_Success_Outcome__c", "Recall visits rise from 31 to 45 a week by the end of March."),
        ("Handoff_Promises__c", "see e-mail"),
        ("Handoff_First_Value__c", "Kick-off and training of the front desk"),
    ];
    org.add_opportunity(HALF_EMPTY, begun, &values);
}

fn person(org: &mut Org, begun: Timestamp, now: Timestamp) {
    let name = ("Rosalind", "Achebe");
    org.add_person_account(ROSALIND, ROSALIND_CONTACT, begun, name, "rosalind@achebe.example");
    org.set(Object::Account, ROSALIND, "CurrencyIsoCode", "CHF", begun);
    let values = [
        ("Name", "Rosalind Achebe: studio bookkeeping"),
        ("AccountId", ROSALIND),
        ("OwnerId", ELIN),
        ("RecordTypeId", NEW_BUSINESS),
        ("StageName", "Offer"),
        ("Amount", "8900"),
        ("CurrencyIsoCode", "CHF"),
        ("CloseDate", &day(later(now, 9))),
        (
            "Handoff_Why_Now__c",
            "Her accountant retires on 31 December and takes no new clients' books along.",
        ),
        ("Handoff_Promises__c", "none"),
        ("Handoff_Risks__c", "none"),
        ("Handoff_First_Value__c", "Rosalind files her January VAT return herself from the new books."),
        ("Handoff_First_Value_Date__c", &day(later(now, 28))),
    ];
    org.add_opportunity(PERSON, begun, &values);
    org.add_contact_role(PERSON, ROSALIND_CONTACT, "Decision Maker", true, begun);
    org.add_contact_role(PERSON, ROSALIND_CONTACT, "Business User", false, begun);
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

    fn now() -> Timestamp {
        "2026-11-20T08:00:00Z".parse().unwrap()
    }

    #[test]
    fn every_opportunity_of_the_story_is_won_once_it_happened() {
        let sandbox = Sandbox::start(now).unwrap();
        set_up(&sandbox, now());
        for StoryOpportunity { id, by, .. } in STORY {
            let sent = sandbox.salesforce.change(|salesforce| happens(salesforce, id)).unwrap();
            assert_eq!(sent.len(), 1, "{id}");
            let delivery = sandbox.salesforce.see(|salesforce| {
                assert!(salesforce.org(ORG).unwrap().is_won(id));
                announces(salesforce, &sent[0], "https://hooks.example.com", now()).unwrap()
            });
            let said = String::from_utf8(delivery.body).unwrap();
            assert!(said.contains(id) && said.contains(ORG), "{said}");
            assert_eq!(delivery.url.contains(OUTBOUND_SECRET), by == Channel::OutboundMessage);
        }
    }

    #[test]
    fn every_value_of_the_story_is_one_that_the_org_knows() {
        let org = org(now());
        for object in Object::ALL {
            for record in org.records(object) {
                assert_eq!(crate::salesforce::full_id(&record.id).as_deref(), Some(record.id.as_str()));
                assert!(record.id.starts_with(object.prefix()), "{}", record.id);
                for (name, value) in record.values() {
                    let field = org.field(object, name).unwrap_or_else(|| panic!("{} {name}", object.name()));
                    let known = |part: &str| field.choices.iter().any(|choice| choice.value == part);
                    assert!(field.choices.is_empty() || value.split(';').all(known), "{name} {value}");
                    if let Some((to, _)) = field.refers_to {
                        assert!(org.record(to, value).is_some(), "{name} {value}");
                    }
                }
            }
        }
    }

    #[test]
    fn the_secret_that_apex_signs_with_has_thirty_two_bytes() {
        use base64::Engine as _;
        let key =
            base64::engine::general_purpose::STANDARD.decode(WEBHOOK_SECRET.strip_prefix("whsec_").unwrap());
        assert_eq!(key.unwrap().len(), 32);
    }
}
