//! The task on the deal: what is sent to create and to edit one, and how ours is found again.
//!
//! <https://developers.hubspot.com/docs/api-reference/latest/crm/activities/tasks/guide>

use serde_json::{Value, json};

use super::wire::Item;
use crate::crm::{TaskBlock, TaskDraft};

/// What is read of a task to recognise it.
pub(super) const READ: [&str; 3] = ["hs_task_subject", "hs_task_body", "hs_createdate"];

/// The property that says whether a task is done.
pub(super) const STATUS: &str = "hs_task_status";
const COMPLETED: &str = "COMPLETED";

/// HubSpot takes 65,536 characters in a text property; the rest is room for what it adds.
const LONGEST_BODY: usize = 59_000;
const SHORTENED: &str = "<p>(shortened)</p>";

const TASK_TO_DEAL: u16 = 216;
const TASK_TO_CONTACT: u16 = 204;
const TASK_TO_COMPANY: u16 = 192;

/// The request that creates the task. Every property value is a string, as HubSpot wants it.
pub(super) fn create(draft: &TaskDraft) -> Value {
    let mut properties = json!({
        // The due date, whatever its name says.
        "hs_timestamp": draft.due.to_string(),
        "hs_task_subject": one_line(&draft.subject),
        "hs_task_body": html(&draft.body, &draft.marker),
        "hs_task_status": "NOT_STARTED",
        "hs_task_priority": if draft.urgent { "HIGH" } else { "MEDIUM" },
        "hs_task_type": "TODO",
    });
    if let (Some(owner), Some(properties)) = (&draft.assignee, properties.as_object_mut()) {
        properties.insert("hubspot_owner_id".to_owned(), json!(owner));
    }

    let contacts = draft.contacts.iter().map(|contact| association(contact, TASK_TO_CONTACT));
    let company = draft.company.iter().map(|company| association(company, TASK_TO_COMPANY));
    let associations: Vec<Value> =
        [association(&draft.deal, TASK_TO_DEAL)].into_iter().chain(contacts).chain(company).collect();
    json!({"properties": properties, "associations": associations})
}

/// The request that replaces the text of the task, and completes it if `complete`.
pub(super) fn edit(draft: &TaskDraft, complete: bool) -> Value {
    let mut properties = json!({
        "hs_task_subject": one_line(&draft.subject),
        "hs_task_body": html(&draft.body, &draft.marker),
    });
    if complete {
        properties[STATUS] = json!(COMPLETED);
    }
    json!({ "properties": properties })
}

pub(super) fn is_completed(task: &Item) -> bool {
    task.properties.get(STATUS).is_some_and(|status| status.as_deref() == Some(COMPLETED))
}

fn association(to: &str, kind: u16) -> Value {
    json!({
        "to": {"id": to},
        "types": [{"associationCategory": "HUBSPOT_DEFINED", "associationTypeId": kind}],
    })
}

/// The task with this marker; the oldest if there are several.
pub(super) fn find(tasks: Vec<Item>, marker: &str) -> Option<Item> {
    let escaped = escape(marker);
    let text = |task: &Item, name: &str| task.properties.get(name).cloned().flatten().unwrap_or_default();
    let ours = tasks.into_iter().filter(|task| {
        let body = text(task, "hs_task_body");
        body.contains(&escaped) || body.contains(marker) || text(task, "hs_task_subject").contains(marker)
    });
    ours.min_by_key(|task| (text(task, "hs_createdate"), task.id.len(), task.id.clone()))
}

/// The body in the only tags we use: p, br, b, ul, li, and a for links. All text is escaped, the marker comes last, and the
/// whole stays under HubSpot's limit.
pub(super) fn html(blocks: &[TaskBlock], marker: &str) -> String {
    let last = format!("<p>{}</p>", escape(marker));
    let mut body = Html { text: String::new(), left: LONGEST_BODY - SHORTENED.len(), cut: false };
    for block in blocks {
        match block {
            TaskBlock::Heading(text) => body.element("<p><b>", text, "</b></p>"),
            TaskBlock::Paragraph(text) => body.element("<p>", text, "</p>"),
            TaskBlock::List(items) => body.list(items),
            TaskBlock::Links(links) => body.links(links),
        }
    }
    let shortened = if body.cut { SHORTENED } else { "" };
    format!("{}{shortened}{last}", body.text)
}

/// A body that grows until it is full.
struct Html {
    text: String,
    /// In UTF-16 units, the largest way to count characters.
    left: usize,
    cut: bool,
}

impl Html {
    fn element(&mut self, open: &str, text: &str, close: &str) {
        if !self.reserve(open.len() + close.len()) {
            return;
        }
        self.text.push_str(open);
        self.push(text);
        self.text.push_str(close);
    }

    fn list(&mut self, items: &[String]) {
        if items.is_empty() || !self.reserve("<ul></ul>".len()) {
            return;
        }
        self.text.push_str("<ul>");
        for item in items {
            self.element("<li>", item, "</li>");
        }
        self.text.push_str("</ul>");
    }

    fn links(&mut self, links: &[(String, String)]) {
        if links.is_empty() || !self.reserve("<ul></ul>".len()) {
            return;
        }
        self.text.push_str("<ul>");
        for (name, url) in links {
            // An address that is cut leads elsewhere, so it is there whole or not at all.
            let open = format!("<li><a href=\"{}\">", escape(url));
            self.element(&open, name, "</a></li>");
        }
        self.text.push_str("</ul>");
    }

    fn push(&mut self, text: &str) {
        for character in text.trim().chars() {
            let escaped = escaped(character);
            if !self.reserve(if escaped.is_empty() { character.len_utf16() } else { escaped.len() }) {
                return;
            }
            match escaped {
                "" => self.text.push(character),
                escaped => self.text.push_str(escaped),
            }
        }
    }

    /// Once something did not fit, nothing after it does: half a body with a hole would mislead.
    fn reserve(&mut self, units: usize) -> bool {
        match self.left.checked_sub(units) {
            Some(left) if !self.cut => {
                self.left = left;
                true
            }
            _ => {
                self.cut = true;
                false
            }
        }
    }
}

fn escape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for character in text.chars() {
        match escaped(character) {
            "" => out.push(character),
            escaped => out.push_str(escaped),
        }
    }
    out
}

/// What stands for a character that must not stand for itself; empty for all others.
fn escaped(character: char) -> &'static str {
    match character {
        '&' => "&amp;",
        '<' => "&lt;",
        '>' => "&gt;",
        '"' => "&quot;",
        '\'' => "&#39;",
        '\n' => "<br>",
        // A carriage return, a NUL or an escape sequence has no business in a task.
        control if control.is_control() => " ",
        _ => "",
    }
}

fn one_line(text: &str) -> String {
    text.split(|character: char| character.is_whitespace() || character.is_control())
        .filter(|word| !word.is_empty())
        .collect::<Vec<_>>()
        .join(" ")
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn draft() -> TaskDraft {
        TaskDraft {
            subject: "Handoff: fill 2 gaps\nfor Acme".to_owned(),
            body: vec![TaskBlock::Paragraph("Two things are missing.".to_owned())],
            marker: "[handoff:pkt_3f9c1a]".to_owned(),
            assignee: Some("70000002".to_owned()),
            due: "2026-11-24T17:00:00Z".parse().expect("a timestamp"),
            deal: "301000000417".to_owned(),
            contacts: vec!["501".to_owned(), "502".to_owned()],
            company: Some("9001".to_owned()),
            urgent: true,
        }
    }

    #[test]
    fn the_request_has_string_properties_and_the_right_associations() {
        insta::assert_snapshot!(serde_json::to_string_pretty(&create(&draft())).expect("JSON"), @r#"
        {
          "associations": [
            {
              "to": {
                "id": "301000000417"
              },
              "types": [
                {
                  "associationCategory": "HUBSPOT_DEFINED",
                  "associationTypeId": 216
                }
              ]
            },
            {
              "to": {
                "id": "501"
              },
              "types": [
                {
                  "associationCategory": "HUBSPOT_DEFINED",
                  "associationTypeId": 204
                }
              ]
            },
            {
              "to": {
                "id": "502"
              },
              "types": [
                {
                  "associationCategory": "HUBSPOT_DEFINED",
                  "associationTypeId": 204
                }
              ]
            },
            {
              "to": {
                "id": "9001"
              },
              "types": [
                {
                  "associationCategory": "HUBSPOT_DEFINED",
                  "associationTypeId": 192
                }
              ]
            }
          ],
          "properties": {
            "hs_task_body": "<p>Two things are missing.</p><p>[handoff:pkt_3f9c1a]</p>",
            "hs_task_priority": "HIGH",
            "hs_task_status": "NOT_STARTED",
            "hs_task_subject": "Handoff: fill 2 gaps for Acme",
            "hs_task_type": "TODO",
            "hs_timestamp": "2026-11-24T17:00:00Z",
            "hubspot_owner_id": "70000002"
          }
        }
        "#);
    }

    #[test]
    fn nobody_to_assign_and_nothing_to_associate_leave_no_trace() {
        let request = create(&TaskDraft {
            assignee: None,
            contacts: Vec::new(),
            company: None,
            urgent: false,
            ..draft()
        });
        assert_eq!(request["properties"].get("hubspot_owner_id"), None);
        assert_eq!(request["properties"]["hs_task_priority"], "MEDIUM");
        assert_eq!(request["associations"].as_array().map(Vec::len), Some(1));
    }

    #[test]
    fn blocks_become_simple_markup() {
        let blocks = [
            TaskBlock::Heading("What is missing".to_owned()),
            TaskBlock::List(vec!["Promises".to_owned(), "Risks".to_owned()]),
            TaskBlock::List(Vec::new()),
            TaskBlock::Paragraph("One line\nand another".to_owned()),
        ];
        insta::assert_snapshot!(
            html(&blocks, "[m]"),
            @"<p><b>What is missing</b></p><ul><li>Promises</li><li>Risks</li></ul><p>One line<br>and another</p><p>[m]</p>"
        );
    }

    #[test]
    fn hostile_text_stays_text() {
        let blocks = [
            TaskBlock::Paragraph("<script>alert('x')</script> & \"<!channel>\" {{deal}}".to_owned()),
            TaskBlock::List(vec!["</li></ul><img src=x onerror=y>\r\u{0}\u{1b}[31m".to_owned()]),
        ];
        insta::assert_snapshot!(
            html(&blocks, "[m]"),
            @"<p>&lt;script&gt;alert(&#39;x&#39;)&lt;/script&gt; &amp; &quot;&lt;!channel&gt;&quot; {{deal}}</p><ul><li>&lt;/li&gt;&lt;/ul&gt;&lt;img src=x onerror=y&gt;   [31m</li></ul><p>[m]</p>"
        );
    }

    #[test]
    fn a_link_reads_as_its_name_and_cannot_leave_its_attribute() {
        let link = |name: &str, url: &str| (name.to_owned(), url.to_owned());
        let links = vec![
            link("Order <form>", "https://forms.example/7?a=1&b=2"),
            link("Call", "https://calls.example/\"onclick='x'"),
        ];
        insta::assert_snapshot!(
            html(&[TaskBlock::Links(links)], "[m]"),
            @r#"<ul><li><a href="https://forms.example/7?a=1&amp;b=2">Order &lt;form&gt;</a></li><li><a href="https://calls.example/&quot;onclick=&#39;x&#39;">Call</a></li></ul><p>[m]</p>"#
        );
    }

    #[test]
    fn a_body_that_is_too_long_is_cut_and_still_carries_its_marker() {
        let long = "<".repeat(100_000);
        for blocks in [
            vec![TaskBlock::Paragraph(long.clone()), TaskBlock::Paragraph("after".to_owned())],
            vec![TaskBlock::List(vec!["x".to_owned(); 20_000])],
            vec![TaskBlock::List(vec![long])],
        ] {
            let body = html(&blocks, "[m]");
            assert!(body.len() < 60_000 && body.len() > 50_000, "{}", body.len());
            assert!(body.ends_with("<p>(shortened)</p><p>[m]</p>"));
            assert!(!body.contains("after"));
        }
    }

    fn task(id: &str, subject: &str, body: &str, created: &str) -> Item {
        serde_json::from_value(json!({
            "id": id,
            "properties": {"hs_task_subject": subject, "hs_task_body": body, "hs_createdate": created},
        }))
        .expect("a task")
    }

    #[test]
    fn our_task_is_found_by_its_marker_in_body_or_subject() {
        let tasks = || {
            vec![
                task("1", "Call Zoë", "<p>[handoff:other]</p>", "2026-11-20T10:00:00Z"),
                task("2", "Handoff", "<div><p>text</p><p>[handoff:a]</p></div>", "2026-11-20T12:00:00Z"),
                task("3", "Handoff [handoff:a]", "", "2026-11-20T11:00:00Z"),
            ]
        };
        assert_eq!(find(tasks(), "[handoff:a]").map(|task| task.id).as_deref(), Some("3"), "the oldest");
        assert!(find(tasks(), "[handoff:b]").is_none());
    }

    proptest! {
        #[test]
        fn no_text_becomes_a_tag(texts in prop::collection::vec(any::<String>(), 0..6), marker in "[a-z<>&]{1,12}") {
            let blocks = [
                TaskBlock::Heading(texts.first().cloned().unwrap_or_default()),
                TaskBlock::Paragraph(texts.last().cloned().unwrap_or_default()),
                TaskBlock::List(texts),
            ];
            let mut rest = html(&blocks, &marker);
            for tag in ["<p>", "</p>", "<b>", "</b>", "<ul>", "</ul>", "<li>", "</li>", "<br>"] {
                rest = rest.replace(tag, "");
            }
            prop_assert!(!rest.contains(['<', '>', '"', '\'']), "{rest}");
        }

        #[test]
        fn escaped_text_reads_back_as_it_was(text in "[^\\p{Cc}]{0,60}") {
            prop_assert_eq!(htmlize::unescape(escape(&text)).into_owned(), text);
        }
    }
}
