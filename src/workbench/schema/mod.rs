//! The JSON Schema of a mapping file, for editors that complete and explain keys.
//!
//! The sets of words are the parser's own. What is written here a second time (which keys a block has, which
//! of them it needs, what they hold) is held against the parser by the tests, key by key.

mod pieces;
#[cfg(test)]
mod tests;

use serde_json::{Value, json};

use self::pieces::{block, extend, one_of, one_or_more, refer, text, texts};
use crate::mapping::file::condition::{MOST_CONTACTS, MOST_DAYS, OPERATORS, Operand};
use crate::mapping::file::section::{LIST_STYLES, WORDS};
use crate::mapping::file::{DUE_IN_BUSINESS_DAYS, MOST_BUSINESS_DAYS};
use crate::packet::{Role, SectionName};
use crate::record::CrmKind;
use crate::record::FieldObject;
use crate::text::excerpt;

/// The schema, draft 2020-12.
pub fn mapping() -> Value {
    let mut schema = block(
        "Which CRM fields fill the handoff packet.",
        &["crm", "time_zone", "owner", "slack"],
        vec![
            (
                "crm",
                "The CRM that this mapping is for.",
                one_of(CrmKind::ALL.map(CrmKind::as_str)),
                json!("hubspot"),
            ),
            (
                "time_zone",
                "Days are counted in this zone: due dates, and whether a date is more than 30 days after the close.",
                json!({"type": "string"}),
                json!("Europe/Berlin"),
            ),
            (
                "applies_to",
                "Which deals get a packet. Without it all of them do.",
                applies_to(),
                json!({"pipelines": ["default"]}),
            ),
            (
                "sections",
                "What fills the six sections, and the optional `expansion`.",
                sections(),
                json!({"buying_reason": "deal.handoff_why_now"}),
            ),
            (
                "roles",
                "How the contacts on the deal get their roles.",
                roles(),
                json!({"labels": {"Sponsor": "sponsor"}}),
            ),
            (
                "important_when",
                "An important account gets the 15-minute review.",
                important_when(),
                json!({"any": [{"field": "deal.amount", "at_least": 50000}]}),
            ),
            (
                "owner",
                "Who takes the handoff.",
                owner(),
                json!({"from": "deal.hubspot_owner_id", "fallback": "revops@example.com"}),
            ),
            ("task", "The task on the deal.", task(), json!({"due_in_business_days": 2})),
            ("slack", "Where the digest goes.", slack(), json!({"channel": "C0123ABCD"})),
            (
                "placeholders",
                "Your own ways of writing \"nothing here\", beside the well-known ones (TBD, n/a, see notes). They count only as the whole value of a field.",
                texts(),
                json!(["ask the AE"]),
            ),
            (
                "colleagues",
                "Your own mail domains: people with these addresses are colleagues, never customers.",
                texts(),
                json!(["example.com"]),
            ),
        ],
    );
    let about = json!({
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "Handoff Bridge mapping",
        "$defs": {
            "field": field(),
            "condition": condition(),
            "section": section(Vec::new()),
            "first_value": section(of_first_value()),
            "observation": observation(),
            "contacts": contacts(),
            "role_missing": role_missing(),
            "role": one_of(Role::ALL.map(Role::as_str)),
            "channel": channel(),
        },
    });
    extend(&mut schema, about);
    schema
}

fn field() -> Value {
    let objects = FieldObject::ALL.map(|(word, _)| word).join("|");
    json!({
        "type": "string",
        "pattern": format!("^({objects})\\.\\S+$"),
        "description": "A field as object.name: deal, company, owner (the seller) or line_items (what was sold), and \
                        the field's internal name, not its label.",
        "examples": ["deal.handoff_why_now", "company.customer_tier"],
    })
}

fn channel() -> Value {
    json!({
        "type": "string",
        "pattern": "^[CG][A-Z0-9]{7,}$",
        "description": "The id of a Slack channel, not its name: in Slack click the channel's name, the id stands at \
                        the bottom of About.",
    })
}

fn applies_to() -> Value {
    let what = "Deals of these pipelines (HubSpot: their ids; Salesforce: record types) get a packet.";
    block("Which deals get a packet.", &[], vec![("pipelines", what, texts(), json!(["default", "8812345"]))])
}

fn sections() -> Value {
    let asks = |name: SectionName| match name {
        SectionName::BuyingReason => "Why did they choose us, and why now?",
        SectionName::SuccessOutcome => "What specific result do they want first?",
        SectionName::Stakeholders => {
            "Who is sponsor, operator, evaluator, likely blocker? The people come from `roles`; a field adds a remark."
        }
        SectionName::Promises => "What did sales commit to, said or implied?",
        SectionName::Risks => "What could slow adoption or make the account wobble early?",
        SectionName::FirstValue => "What happens in the first 30 days that proves the deal was smart?",
        SectionName::Expansion => "What could come later. Never missed when it is empty.",
    };
    let holds = |name: SectionName| {
        let definition = if name == SectionName::FirstValue { "first_value" } else { "section" };
        json!({"anyOf": [one_or_more(&refer("field")), refer(definition)]})
    };
    let key = |name: SectionName| {
        (name.as_str(), asks(name), holds(name), json!({"from": ["deal.handoff_why_now"]}))
    };
    block("The sections of a packet.", &[], SectionName::ALL.map(key).to_vec())
}

fn section(more: Vec<(&str, &str, Value, Value)>) -> Value {
    let words = format!("The longest entry, in words. {} when you leave it out.", excerpt::DEFAULT_WORDS);
    let styles = "How one value becomes several entries: auto (by the field's type, the default), whole (always one), \
                  lines (one a line) or semicolons (one for each part between semicolons).";
    let mut keys = vec![
        (
            "from",
            "One field or several; each one that holds text adds to the section.",
            one_or_more(&refer("field")),
            json!(["deal.handoff_why_now", "deal.closed_won_reason"]),
        ),
        (
            "ask",
            "The question for the seller when the section is empty, instead of the built-in one.",
            text(),
            json!("Why did they choose us now?"),
        ),
        ("list", styles, one_of(LIST_STYLES.map(|(word, _)| word)), json!("lines")),
        (
            "words",
            words.as_str(),
            json!({"type": "integer", "minimum": WORDS.0, "maximum": WORDS.1}),
            json!(80),
        ),
        (
            "derive",
            "Entries that the data itself shows.",
            one_or_more(&derivation()),
            json!([{"when": {"field": "deal.num_associated_contacts", "at_most": 1}, "say": "Only one contact on the deal"}]),
        ),
    ];
    keys.extend(more);
    block("How a section is filled.", &[], keys)
}

fn of_first_value() -> Vec<(&'static str, &'static str, Value, Value)> {
    let due = "The field with the date by which it happens: a day, or words such as \"within 21 days\".";
    let who = "The field that names who does it.";
    vec![
        ("due", due, refer("field"), json!("deal.handoff_first_value_date")),
        ("who", who, refer("field"), json!("deal.handoff_first_value_owner")),
    ]
}

/// A condition on a field, or who is on the deal: each alternative has keys of its own.
fn observation() -> Value {
    json!({"anyOf": [refer("condition"), refer("contacts"), refer("role_missing")]})
}

fn contacts() -> Value {
    let number = || json!({"type": "integer", "minimum": 0, "maximum": MOST_CONTACTS});
    let mut limit = block(
        "One limit to the number of people.",
        &[],
        vec![
            ("at_least", "This many people or more.", number(), json!(10)),
            ("at_most", "This many people or fewer.", number(), json!(1)),
        ],
    );
    extend(&mut limit, json!({"oneOf": [{"required": ["at_least"]}, {"required": ["at_most"]}]}));
    let what = "How many of the customer's people are on the deal, colleagues not counted.";
    block(
        "Holds when so many people are on the deal.",
        &["contacts"],
        vec![("contacts", what, limit, json!({"at_most": 1}))],
    )
}

fn role_missing() -> Value {
    let what = "A role that nobody on the deal has.";
    block(
        "Holds when nobody on the deal has a role.",
        &["role_missing"],
        vec![("role_missing", what, refer("role"), json!("executive_backer"))],
    )
}

fn derivation() -> Value {
    let when = (
        "when",
        "The condition on a field, or who is on the deal.",
        refer("observation"),
        json!({"field": "deal.num_associated_contacts", "at_most": 1}),
    );
    let say = ("say", "What the packet says when it holds.", text(), json!("Only one contact on the deal"));
    block("An entry that the data itself shows.", &["when", "say"], vec![when, say])
}

fn condition() -> Value {
    let mut keys = vec![("field", "The field that is looked at.", refer("field"), json!("deal.amount"))];
    keys.extend(OPERATORS.map(|(key, operand, about, example)| {
        let holds = match operand {
            Operand::Number(_) => {
                json!({"anyOf": [{"type": "number"}, {"type": "string", "pattern": r"^-?\d+(\.\d+)?$"}]})
            }
            Operand::Values(_) => texts(),
            Operand::Days(_) => json!({"type": "integer", "minimum": 1, "maximum": MOST_DAYS}),
            Operand::Flag(_) => json!({"type": "boolean"}),
        };
        (key, about, holds, serde_json::from_str(example).unwrap_or_default())
    }));
    let mut schema = block("A field and exactly one of the operators.", &["field"], keys);
    let one = OPERATORS.map(|(key, ..)| json!({"required": [key]}));
    extend(&mut schema, json!({"oneOf": one}));
    schema
}

fn roles() -> Value {
    let table = || json!({"type": "object", "additionalProperties": refer("role")});
    let labels = "Label of a contact on the deal (HubSpot) or contact role (Salesforce), and the role it leads to. \
                  Capitals make no difference.";
    let buying = "HubSpot's Buying role of a contact, for people without such a label: its internal values.";
    block(
        "How people get their roles.",
        &[],
        vec![
            ("labels", labels, table(), json!({"Decision maker": "sponsor"})),
            ("buying_roles", buying, table(), json!({"END_USER": "operator"})),
        ],
    )
}

fn important_when() -> Value {
    let what = "One of these conditions is enough.";
    let example = json!([{"field": "deal.amount", "at_least": 50000}]);
    block(
        "When an account is important.",
        &["any"],
        vec![("any", what, one_or_more(&refer("condition")), example)],
    )
}

fn owner() -> Value {
    let address = json!({"type": "string", "pattern": "^[^@\\s]+@[^@\\s]+\\.[^@\\s]+$"});
    block(
        "Who takes the handoff.",
        &["from", "fallback"],
        vec![
            (
                "from",
                "The deal field that holds the person.",
                json!({"type": "string", "pattern": "^deal\\.\\S+$"}),
                json!("deal.hubspot_owner_id"),
            ),
            (
                "fallback",
                "The address of somebody who takes it when that field is empty or its person has left.",
                address,
                json!("revops@example.com"),
            ),
        ],
    )
}

fn task() -> Value {
    let what = format!(
        "Business days (Monday to Friday) from the win to the due day. {DUE_IN_BUSINESS_DAYS} when you leave it out."
    );
    let holds = json!({"type": "integer", "minimum": 0, "maximum": MOST_BUSINESS_DAYS});
    block("The task on the deal.", &[], vec![("due_in_business_days", what.as_str(), holds, json!(2))])
}

fn slack() -> Value {
    let when =
        ("when", "The condition.", refer("condition"), json!({"field": "deal.amount", "at_least": 100_000}));
    let to = ("channel", "The channel for such deals.", refer("channel"), json!("C0ENTERPR"));
    let route = block("A channel for some deals.", &["when", "channel"], vec![when, to]);
    let routes = json!([{"when": {"field": "deal.amount", "at_least": 100_000}, "channel": "C0ENTERPR"}]);
    block(
        "Where the digest goes.",
        &["channel"],
        vec![
            (
                "channel",
                "The channel that takes every digest that no route takes.",
                refer("channel"),
                json!("C0123ABCD"),
            ),
            (
                "routes",
                "The first route whose condition holds wins over `channel`.",
                one_or_more(&route),
                routes,
            ),
        ],
    )
}
