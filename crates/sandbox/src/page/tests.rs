//! What the page draws of texts and blocks, and what it reads of forms.

use std::time::Duration;

use serde_json::json;

use super::edit::Edit;
use super::form::Form;
use super::links::{Drawing, task_body};
use super::place::Place;
use super::{Playground, ServiceAddress, blocks, modal, mrkdwn, shelf};
use crate::slack::{SlackState, View};
use crate::{Sandbox, deals};

fn now() -> jiff::Timestamp {
    "2026-11-24T09:00:00Z".parse().unwrap()
}

/// Draws in a workspace where `U0TOM` looks, and the story's deals are known.
fn drawn(draw: impl FnOnce(&Drawing<'_>) -> maud::Markup) -> String {
    let sandbox = Sandbox::start(now).unwrap();
    deals::set_up(&sandbox, now());
    sandbox.slack.change(|slack: &mut SlackState| slack.add_person("U0TOM", "Tom", "tom@seller.example"));
    let service = ServiceAddress { public_url: String::new(), listens: "127.0.0.1:1".parse().unwrap() };
    let playground = Playground::new(&sandbox, service, Duration::ZERO);
    let place = Place::parse(&Form::parse(""), &playground);
    let sheets = shelf::all(&playground);
    draw(&Drawing::new(&playground, &sheets, &place)).into_string()
}

#[test]
fn mrkdwn_is_drawn_with_its_marks_and_hostile_text_as_text() {
    let text = "*Acme &amp; Sons* _new_ ~old~ `x*y*` 2 * 3 * 4\n&gt; said <@U0TOM> &lt;script&gt;\n\
                <https://evil.example/?a=1&amp;b=2|Open> <!date^1795334400^{date}|22 Nov>";
    insta::assert_snapshot!(drawn(|drawing| mrkdwn::draw(text, drawing)), @r#"<strong>Acme &amp; Sons</strong> <em>new</em> <s>old</s> <code>x*y*</code> 2 * 3 * 4<blockquote>said <span class="mention" data-self="">@Tom</span> &lt;script&gt;</blockquote><br><a href="https://evil.example/?a=1&amp;b=2" rel="noreferrer" target="_blank">Open</a> <time>22 Nov</time>"#);
}

#[test]
fn a_link_to_a_deal_in_the_crm_stays_on_the_page() {
    let rich = json!([{"type": "rich_text", "elements": [{"type": "rich_text_section", "elements": [
        {"type": "text", "text": "<b>", "style": {"bold": true}},
        {"type": "link", "url": "https://app.hubspot.com/contacts/48210077/record/0-3/301000000417", "text": "Deal"},
        {"type": "link", "url": "javascript:alert(1)", "text": "no link"}]}]}, {"type": "divider"}]);
    let html = drawn(|drawing| blocks::draw(rich.as_array().unwrap(), drawing, &|_| maud::html! {}));
    insta::assert_snapshot!(html, @r#"<div class="rich"><div class="rich-section"><strong>&lt;b&gt;</strong><a href="/?deal=301000000417&amp;channel=C0123ABCD&amp;as=U0TOM">Deal</a>no link</div></div><hr>"#);
}

#[test]
fn a_task_keeps_its_own_tags_only() {
    let html = "<p><b>Why &amp; when</b></p><ul><li>1</li></ul><script>x</script><p onclick=x>\"";
    let kept = "<p><b>Why &amp; when</b></p><ul><li>1</li></ul>&lt;script&gt;x&lt;/script&gt;&lt;p onclick=x&gt;&quot;";
    assert_eq!(task_body(html), kept);
    let link = r#"<a href="https://forms.example/7?a=1&amp;b=2">Order form</a>"#;
    assert_eq!(task_body(link), link);
    for other in
        [r#"<a href="javascript:x">"#, r#"<a href="https://x" onclick="y">"#, r#"<a href="https://x"#]
    {
        assert!(!task_body(other).contains('<'), "{other}");
    }
}

#[test]
fn only_what_a_person_changed_is_an_edit() {
    let sandbox = Sandbox::start(now).unwrap();
    deals::set_up(&sandbox, now());
    let sheet = sandbox.hubspot.see(|hubspot| super::hubspot::sheet(hubspot, shelf::HALF_EMPTY)).unwrap();
    let as_it_is = "field.amount=18500&field.closed_won_reason=TBD&role.521=Decision+maker&role.522=";
    assert_eq!(Edit::read(&Form::parse(as_it_is), &sheet), Edit::default());
    let changed = "field.amount=18500&field.handoff_promises=SSO%0D%0ATraining&field.handoff_risks=none&\
                   field.handoff_risks=thin_team&role.521=-&role.522=Blocker&new.last=Veit&new.role=Sponsor";
    let edit = Edit::read(&Form::parse(changed), &sheet);
    assert_eq!(edit.values(), [("handoff_promises", "SSO\nTraining"), ("handoff_risks", "none;thin_team")]);
    assert_eq!(
        (edit.gone, edit.roles),
        (vec!["521".to_owned()], vec![("522".to_owned(), vec!["Blocker".to_owned()])])
    );
    assert_eq!(edit.new.unwrap().name, (String::new(), "Veit".to_owned()));
}

#[test]
fn an_input_that_was_left_empty_is_sent_as_slack_sends_it() {
    let view = json!({"blocks": [
        {"type": "input", "block_id": "text", "element": {"type": "plain_text_input"}},
        {"type": "input", "block_id": "day", "element": {"type": "datepicker"}},
        {"type": "input", "block_id": "one", "element": {"type": "static_select"}},
        {"type": "input", "block_id": "many", "element": {"type": "checkboxes"}}]});
    let view = View::shown_to("U0TOM", view);
    let typed = |form: &str| {
        json!(modal::typed(&view, &Form::parse(form)).into_iter().map(|(_, value)| value).collect::<Vec<_>>())
    };
    assert_eq!(typed(""), json!(["", null, null, []]));
    assert_eq!(
        typed("text=a&day=2026-12-01&one=x&many=1&many=2"),
        json!(["a", "2026-12-01", "x", ["1", "2"]])
    );
}

#[test]
fn amounts_are_grouped() {
    assert_eq!(
        ["64800", "14200.50", "120000", "900", ""].map(shelf::grouped),
        ["64,800", "14,200.50", "120,000", "900", ""]
    );
}
