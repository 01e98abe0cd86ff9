//! A task as Salesforce takes it: plain text, cut to its limits.
//!
//! <https://developer.salesforce.com/docs/platform/object-reference/references/standard-objects/object-task.html>

use jiff::tz::TimeZone;
use serde_json::{Map, Value, json};
use unicode_segmentation::UnicodeSegmentation as _;

use super::error::CallError;
use super::id::{Prefix, SalesforceId};
use crate::crm::{TaskBlock, TaskDraft};

/// Characters of a subject.
const SUBJECT_LIMIT: usize = 255;
/// UTF-16 units of a description.
const DESCRIPTION_LIMIT: usize = 32_000;

/// The fields of a task. `None` if the draft does not hang on an opportunity.
///
/// The due day is the day of `draft.due` in UTC.
pub fn fields(draft: &TaskDraft, status: Option<&str>) -> Option<Map<String, Value>> {
    let deal = SalesforceId::of(Prefix::Opportunity, &draft.deal)?;
    let mut fields = text(draft);
    let mut set = |name: &str, value: Value| fields.insert(name.to_owned(), value);
    set("WhatId", deal.as_str().into());
    set("ActivityDate", json!(draft.due.to_zoned(TimeZone::UTC).date().to_string()));
    set("Priority", if draft.urgent { "High" } else { "Normal" }.into());
    let contact = draft.contacts.first().and_then(|id| SalesforceId::of(Prefix::Contact, id));
    if let Some(contact) = contact {
        set("WhoId", contact.as_str().into());
    }
    let assignee = draft.assignee.as_ref().and_then(|id| SalesforceId::of(Prefix::User, id));
    if let Some(assignee) = assignee {
        set("OwnerId", assignee.as_str().into());
    }
    if let Some(status) = status {
        set("Status", status.into());
    }
    Some(fields)
}

/// Subject and description, which an edit replaces.
pub fn text(draft: &TaskDraft) -> Map<String, Value> {
    let subject = cut(&one_line(&draft.subject), SUBJECT_LIMIT);
    [("Subject", subject), ("Description", description(draft))]
        .map(|(name, value)| (name.to_owned(), value.into()))
        .into_iter()
        .collect()
}

/// The field that a refusal is about, if the task is worth having without it: the contact may be hidden
/// from our user, and the assignee may have left.
pub fn dispensable(error: &CallError, fields: &Map<String, Value>) -> Option<&'static str> {
    let about = |field: &str, codes: &[&str]| {
        fields.contains_key(field)
            && error.listed().iter().any(|listed| {
                listed.fields.iter().any(|name| name == field) || codes.contains(&listed.code.as_str())
            })
    };
    if about("OwnerId", &["INACTIVE_OWNER_OR_USER"]) {
        Some("OwnerId")
    } else if about(
        "WhoId",
        &["INSUFFICIENT_ACCESS_ON_CROSS_REFERENCE_ENTITY", "INVALID_CROSS_REFERENCE_KEY"],
    ) {
        Some("WhoId")
    } else {
        None
    }
}

/// The body as plain text, with the marker as its last line whatever has to be cut.
fn description(draft: &TaskDraft) -> String {
    let marker = one_line(&draft.marker);
    let room = DESCRIPTION_LIMIT.saturating_sub(units(&marker) + 2);
    let body = cut(&plain(&draft.body), room);
    if body.is_empty() { marker } else { format!("{body}\n\n{marker}") }
}

fn plain(blocks: &[TaskBlock]) -> String {
    let mut text = String::new();
    let mut after_heading = true;
    for block in blocks {
        if !text.is_empty() {
            text.push_str(if after_heading { "\n" } else { "\n\n" });
        }
        match block {
            TaskBlock::Heading(heading) => text.push_str(&one_line(heading)),
            TaskBlock::Paragraph(paragraph) => text.push_str(&printable(paragraph)),
            TaskBlock::List(items) => {
                let items = items.iter().map(|item| format!("- {}", printable(item).replace('\n', "\n  ")));
                text.push_str(&items.collect::<Vec<_>>().join("\n"));
            }
            TaskBlock::Links(links) => {
                let links =
                    links.iter().map(|(name, url)| format!("- {}: {}", one_line(name), one_line(url)));
                text.push_str(&links.collect::<Vec<_>>().join("\n"));
            }
        }
        after_heading = matches!(block, TaskBlock::Heading(_));
    }
    text
}

fn one_line(text: &str) -> String {
    printable(text).split_whitespace().collect::<Vec<_>>().join(" ")
}

/// Without control characters, which Salesforce may refuse.
fn printable(text: &str) -> String {
    text.replace("\r\n", "\n")
        .chars()
        .filter(|char| !char.is_control() || matches!(char, '\n' | '\t'))
        .collect()
}

/// The text, or as much of it as fits with an ellipsis behind it; never half a character.
fn cut(text: &str, limit: usize) -> String {
    if units(text) <= limit {
        return text.to_owned();
    }
    let mut room = limit.saturating_sub(1);
    let kept: String = text
        .graphemes(true)
        .take_while(|grapheme| {
            let left = room.checked_sub(units(grapheme));
            room = left.unwrap_or(room);
            left.is_some()
        })
        .collect();
    format!("{}…", kept.trim_end())
}

/// Length in UTF-16 units, which is never less than in characters.
fn units(text: &str) -> usize {
    text.encode_utf16().count()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::error::{ApiError, ListedError};
    use super::*;

    fn draft() -> TaskDraft {
        TaskDraft {
            subject: "Handoff: Northwind\n- 2 gaps".into(),
            body: vec![
                TaskBlock::Heading("Please answer".into()),
                TaskBlock::List(vec![
                    "Who is the sponsor?".into(),
                    "First line\r\nsecond <b>line</b>".into(),
                ]),
                TaskBlock::Heading("Promises".into()),
                TaskBlock::Paragraph("SSO by go-live\u{0}\nAcme & Sons".into()),
                TaskBlock::Heading("Links".into()),
                TaskBlock::Links(vec![("Order form".into(), "https://forms.example/7?a=1&b=2".into())]),
            ],
            marker: "Handoff pkt_0a1b2c3d4e5f".into(),
            assignee: Some("005Hn00000AbCdEIAV".into()),
            due: "2026-11-24T08:00:00Z".parse().unwrap(),
            deal: "006Hn00001QwErTIAV".into(),
            contacts: vec!["003M000000qfPyS".into(), "003M000000qfPyT".into()],
            company: None,
            urgent: true,
        }
    }

    #[test]
    fn a_task_is_plain_text_on_the_deal_with_its_marker_last() {
        let fields = fields(&draft(), Some("Open")).unwrap();
        insta::assert_snapshot!(fields["Description"].as_str().unwrap(), @r"
        Please answer
        - Who is the sponsor?
        - First line
          second <b>line</b>

        Promises
        SSO by go-live
        Acme & Sons

        Links
        - Order form: https://forms.example/7?a=1&b=2

        Handoff pkt_0a1b2c3d4e5f
        ");
        let rest: Map<String, Value> = fields.into_iter().filter(|(name, _)| name != "Description").collect();
        assert_eq!(
            Value::Object(rest),
            json!({
                "Subject": "Handoff: Northwind - 2 gaps", "WhatId": "006Hn00001QwErTIAV",
                "ActivityDate": "2026-11-24", "Priority": "High", "WhoId": "003M000000qfPySIAU",
                "OwnerId": "005Hn00000AbCdEIAV", "Status": "Open",
            })
        );
    }

    #[test]
    fn what_is_not_known_is_left_to_the_org() {
        let mut draft = draft();
        (draft.contacts, draft.assignee, draft.urgent) = (vec!["not an id".into()], None, false);
        let fields = fields(&draft, None).unwrap();
        for name in ["WhoId", "OwnerId", "Status"] {
            assert!(!fields.contains_key(name), "{name}");
        }
        assert_eq!(fields["Priority"], "Normal");
    }

    #[test]
    fn a_draft_for_something_else_makes_no_task() {
        let mut draft = draft();
        draft.deal = "001M000000qfPyS".into();
        assert_eq!(fields(&draft, None), None);
    }

    #[test]
    fn long_text_is_cut_before_the_marker() {
        let mut draft = draft();
        draft.subject = "ü".repeat(300);
        draft.body = vec![TaskBlock::Paragraph("😀".repeat(40_000))];
        let fields = fields(&draft, None).unwrap();
        let (subject, description) =
            (fields["Subject"].as_str().unwrap(), fields["Description"].as_str().unwrap());
        assert_eq!(subject.chars().count(), 255);
        assert!(subject.ends_with('…'));
        assert!(description.ends_with("😀…\n\nHandoff pkt_0a1b2c3d4e5f"));
        assert!((31_990..=32_000).contains(&units(description)), "{}", units(description));
    }

    #[test]
    fn a_refused_contact_or_owner_is_left_out_and_nothing_else() {
        let fields = fields(&draft(), None).unwrap();
        let about = |code: &str, names: &[&str]| {
            let names = names.iter().map(|name| (*name).to_owned()).collect();
            let error = ListedError { code: code.into(), message: String::new(), fields: names };
            let error = CallError::Refused(Box::new(ApiError {
                status: 400,
                errors: vec![error],
                retry_after: None,
                at: jiff::Timestamp::UNIX_EPOCH,
            }));
            dispensable(&error, &fields)
        };
        assert_eq!(about("INACTIVE_OWNER_OR_USER", &[]), Some("OwnerId"));
        assert_eq!(about("INVALID_CROSS_REFERENCE_KEY", &["OwnerId"]), Some("OwnerId"));
        assert_eq!(about("INSUFFICIENT_ACCESS_ON_CROSS_REFERENCE_ENTITY", &[]), Some("WhoId"));
        assert_eq!(about("FIELD_CUSTOM_VALIDATION_EXCEPTION", &["Subject"]), None);
    }

    proptest! {
        #[test]
        fn no_text_breaks_a_limit(subject in "\\PC{0,400}", body in "\\PC{0,400}", limit in 0_usize..100) {
            prop_assert!(units(&cut(&body, limit)) <= limit.max(1));
            let draft = TaskDraft { subject, body: vec![TaskBlock::Paragraph(body)], ..draft() };
            let fields = fields(&draft, None).unwrap();
            prop_assert!(units(fields["Subject"].as_str().unwrap()) <= SUBJECT_LIMIT);
            prop_assert!(fields["Description"].as_str().unwrap().ends_with(&draft.marker));
        }
    }
}
