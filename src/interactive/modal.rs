//! The modals as Slack draws them, and what stands in their inputs when they come back.
//!
//! Block and action ids are stable, so that what was typed survives an update. All text is `plain_text`: CRM text is
//! data there. <https://docs.slack.dev/surfaces/modals>

use std::collections::BTreeMap;

use jiff::civil::Date;
use serde_json::{Value as Json, json};
use sha2::{Digest as _, Sha256};

use super::payload::{Submission, Value, Values};
use crate::delivery::slack::action;
use handoff_core::answers::{Input, InputKind};
use handoff_core::messages::{answer as words, first_value};
use handoff_core::packet::{Given, SendBackReason, Shown, Topic};
use handoff_core::text::clean::clean;
use handoff_core::text::excerpt::within_characters;

/// Longest label or hint of an input; longest text of one; longest option.
/// <https://docs.slack.dev/reference/block-kit/blocks/input-block>
const LABEL: usize = 1_900;
const TEXT: usize = 3_000;
const OPTION: usize = 75;

/// The blocks in which people say that questions make no sense.
const NONSENSE: &str = "nonsense";
const NONSENSE_REASON: &str = "nonsense.reason";

/// The block with the new day of first value.
const DAY: &str = "day";

/// The choice between what the CRM holds and an earlier answer.
const KEEP: &str = "keep";
const WRITE_MINE: &str = "write_mine";

/// The modal with the open questions of a packet, as it was at `revision`. `targets` are the questions whose answers may
/// be written to the CRM, with a fingerprint of what it holds.
pub fn questions(packet_id: &str, revision: i64, inputs: &[Input], targets: &[(Topic, Shown)]) -> Json {
    if inputs.is_empty() {
        let blocks = vec![json!({"type": "section", "text": plain(words::modal_nothing(), LABEL)})];
        return view(action::ANSWER, words::modal_title(), packet_id, &blocks, false);
    }
    let mut blocks: Vec<Json> = inputs.iter().flat_map(question).collect();
    let options: Vec<Json> =
        inputs.iter().map(|input| option(&input.topic.to_string(), &input.question)).collect();
    let pick = select(true, "pick", &options);
    blocks.push(input(NONSENSE, words::nonsense(), None, &pick));
    blocks.push(input(NONSENSE_REASON, words::nonsense_reason(), None, &text("", false)));
    // By these it is recognised later what a person left as it stood. They are no authority.
    let shown: Vec<String> = inputs.iter().flat_map(initial).map(|text| fingerprint(&text)).collect();
    let targets: Vec<String> =
        targets.iter().map(|(topic, shown)| format!("{topic}={}", shown.as_str())).collect();
    let metadata = format!("{packet_id}:{revision}:{}:{}", shown.join(","), targets.join(","));
    view(action::ANSWER, words::modal_title(), &metadata, &blocks, true)
}

/// The modal that asks why a handoff is sent back.
pub fn send_back(packet_id: &str) -> Json {
    let reasons = SendBackReason::ALL.map(|reason| option(reason.as_str(), words::send_back_label(reason)));
    let reasons = select(false, "pick", &reasons);
    let mut reason = input("reason", words::send_back_reason(), None, &reasons);
    reason["optional"] = json!(false);
    let blocks = [reason, input("text", words::send_back_text(), None, &text("", true))];
    view(action::SEND_BACK, words::send_back_title(), packet_id, &blocks, true)
}

/// The modal that asks by when first value will be there.
pub fn not_yet(packet_id: &str) -> Json {
    let mut day = input(DAY, first_value::new_day(), None, &date(None));
    day["optional"] = json!(false);
    view(action::NOT_YET, first_value::modal_title(), packet_id, &[day], true)
}

/// The day in that modal, if it is after `today`; else what is wrong, by block.
pub fn new_day(submitted: &Submission, today: Date) -> Result<Date, BTreeMap<String, String>> {
    let held = submitted.values.get(DAY).into_iter().flat_map(BTreeMap::values);
    let mut held = held.filter_map(|value| if let Value::Day(day) = value { Some(*day) } else { None });
    let too_early = || BTreeMap::from([(DAY.to_owned(), first_value::too_early().to_owned())]);
    held.find(|day| *day > today).ok_or_else(too_early)
}

fn view(callback: &str, title: &str, metadata: &str, blocks: &[Json], submits: bool) -> Json {
    let mut view = json!({"type": "modal", "callback_id": callback, "private_metadata": metadata, "blocks": blocks,
        "title": plain(title, 24), "close": plain(words::modal_cancel(), 24)});
    if submits {
        view["submit"] = plain(words::modal_save(), 24);
    }
    view
}

fn question(asked: &Input) -> Vec<Json> {
    let Input { topic, question, label, today, why, example, kind, none, .. } = asked;
    let hint = example.map_or_else(|| why.clone(), |example| words::hint(why, example));
    let hint = label.as_ref().map_or_else(|| hint.clone(), |label| words::field(label, &hint));
    let id = block_id(*topic);
    let ask = |element: &Json| input(&id, question, Some(&hint), element);
    let mut blocks = match kind {
        InputKind::Text => vec![ask(&text(today, true))],
        InputKind::TextAndDay(day) => {
            let by_when = input(&block_id(Topic::Day), words::by_when(), None, &date(*day));
            vec![ask(&text(today, true)), by_when]
        }
        InputKind::Day(day) => vec![ask(&date(*day))],
        InputKind::Options { several, options } => {
            let options: Vec<Json> = options.iter().map(|(value, label)| option(value, label)).collect();
            vec![ask(&select(*several, "pick", &options))]
        }
        InputKind::Person(contacts) => {
            let options: Vec<Json> = contacts.iter().take(100).map(|(id, name)| option(id, name)).collect();
            let name_id = format!("{id}.name");
            if options.is_empty() {
                vec![input(&name_id, question, Some(&hint), &text("", false))]
            } else {
                let name = input(&name_id, words::name(), None, &text("", false));
                vec![ask(&select(false, "pick", &options)), name]
            }
        }
        InputKind::Either { answered } => {
            let texts = [words::crm_says(today), words::you_answered(answered)];
            let texts = texts.map(|text| json!({"type": "section", "text": plain(&text, LABEL)}));
            let options = [option(KEEP, words::keep()), option(WRITE_MINE, words::write_mine())];
            let choice =
                input(&format!("{id}.both"), question, Some(&hint), &select(false, "pick", &options));
            texts.into_iter().chain([choice]).collect()
        }
    };
    if *none {
        let element =
            json!({"type": "checkboxes", "action_id": "none", "options": [option("none", words::none())]});
        blocks.push(input(&format!("{id}.none"), words::none_label(), None, &element));
    }
    blocks
}

fn block_id(topic: Topic) -> String {
    format!("gap.{topic}")
}

fn input(id: &str, label: &str, hint: Option<&str>, element: &Json) -> Json {
    let mut block = json!({"type": "input", "block_id": id, "optional": true, "label": plain(label, LABEL),
        "element": element});
    if let Some(hint) = hint {
        block["hint"] = plain(hint, LABEL);
    }
    block
}

fn plain(text: &str, most: usize) -> Json {
    json!({"type": "plain_text", "text": within_characters(text, most), "emoji": false})
}

fn text(initial: &str, multiline: bool) -> Json {
    let mut element = json!({"type": "plain_text_input", "action_id": "text", "multiline": multiline,
        "max_length": TEXT});
    if !initial.is_empty() && initial.encode_utf16().count() <= TEXT {
        element["initial_value"] = json!(initial);
    }
    element
}

fn date(initial: Option<Date>) -> Json {
    let mut element = json!({"type": "datepicker", "action_id": "day"});
    if let Some(day) = initial {
        element["initial_date"] = json!(day.to_string());
    }
    element
}

fn select(several: bool, action: &str, options: &[Json]) -> Json {
    let kind = if several { "multi_static_select" } else { "static_select" };
    json!({"type": kind, "action_id": action, "options": options})
}

fn option(value: &str, label: &str) -> Json {
    json!({"text": plain(label, OPTION), "value": value})
}

/// What an input holds at first.
fn initial(input: &Input) -> Vec<String> {
    match input.kind {
        InputKind::Text => vec![input.today.clone()],
        InputKind::TextAndDay(day) => {
            [Some(input.today.clone()), day.map(|day| day.to_string())].into_iter().flatten().collect()
        }
        InputKind::Day(day) => day.map(|day| day.to_string()).into_iter().collect(),
        InputKind::Options { .. } | InputKind::Person(_) | InputKind::Either { .. } => Vec::new(),
    }
}

fn fingerprint(text: &str) -> String {
    hex::encode(&Sha256::digest(clean(text))[..4])
}

/// What a person filled in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Filled {
    /// The revision of the packet that was shown.
    pub revision: i64,
    /// What differs from what was shown.
    pub given: Vec<(Topic, Given)>,
    /// Questions whose answers may be written to the CRM, with a fingerprint of what it held.
    pub targets: BTreeMap<Topic, Shown>,
    /// Of conflicts, those where the CRM's text stays.
    pub kept: Vec<Topic>,
    /// Those where the earlier answer is to be written after all.
    pub insisted: Vec<Topic>,
}

/// The packet that a modal was opened for.
pub fn packet_id(submitted: &Submission) -> &str {
    submitted.metadata.split(':').next().unwrap_or_default()
}

/// Reads a submitted modal, or says what is wrong with it, by block. Whether an answer can stand, the packet's rules say.
pub fn read(submitted: &Submission) -> Result<Filled, BTreeMap<String, String>> {
    let mut metadata = submitted.metadata.splitn(4, ':');
    let revision = metadata.nth(1).and_then(|revision| revision.parse().ok()).unwrap_or_default();
    let shown: Vec<&str> = metadata.next().unwrap_or_default().split(',').collect();
    let targets = metadata.next().unwrap_or_default().split(',').filter_map(|target| {
        let (topic, shown) = target.split_once('=')?;
        Some((topic.parse().ok()?, Shown::from_text(shown)))
    });
    let targets = targets.collect();
    let is_new = |text: &str| !text.trim().is_empty() && !shown.contains(&fingerprint(text).as_str());
    let values = &submitted.values;
    let (mut given, mut errors) = (Vec::new(), BTreeMap::new());
    let (mut kept, mut insisted) = (Vec::new(), Vec::new());
    for (id, inputs) in values {
        let Some(topic) = id.strip_prefix("gap.") else { continue };
        let (topic, part) = match topic
            .strip_suffix(".none")
            .zip(Some("none"))
            .or(topic.strip_suffix(".name").zip(Some("name")))
            .or(topic.strip_suffix(".both").zip(Some("both")))
        {
            Some((topic, part)) => (topic, part),
            None => (topic, ""),
        };
        let Ok(topic) = topic.parse::<Topic>() else { continue };
        for value in inputs.values() {
            match (part, value) {
                ("none", Value::Picks(picks)) if !picks.is_empty() => {
                    if held_text(values, &block_id(topic)).is_some_and(is_new) {
                        errors.insert(id.clone(), words::both().to_owned());
                    }
                    given.push((topic, Given::Text(words::none().to_owned())));
                }
                ("both", Value::Picks(picks)) => match picks.first().map(String::as_str) {
                    Some(KEEP) => kept.push(topic),
                    Some(WRITE_MINE) => insisted.push(topic),
                    _ => {}
                },
                ("name", Value::Text(name)) if !name.trim().is_empty() => {
                    let picked = values.get(&block_id(topic)).is_some_and(|inputs| {
                        inputs.values().any(|value| matches!(value, Value::Picks(picks) if !picks.is_empty()))
                    });
                    if !picked {
                        given.push((topic, Given::Person(name.trim().to_owned())));
                    }
                }
                ("", Value::Text(text)) if is_new(text) => {
                    given.push((topic, Given::Text(text.replace("\r\n", "\n"))));
                }
                ("", Value::Day(day)) if is_new(&day.to_string()) => given.push((topic, Given::Day(*day))),
                ("", Value::Picks(picks)) if !picks.is_empty() => given.push((
                    topic,
                    match (topic, picks.first()) {
                        (Topic::Role(_), Some(contact)) => Given::Contact(contact.clone()),
                        _ => Given::Options(picks.clone()),
                    },
                )),
                _ => {}
            }
        }
    }
    let senseless = picks(values, NONSENSE);
    let reason = held_text(values, NONSENSE_REASON).unwrap_or_default().trim();
    if !senseless.is_empty() && reason.is_empty() {
        errors.insert(NONSENSE_REASON.to_owned(), words::no_reason().to_owned());
    }
    for topic in senseless.iter().filter_map(|topic| topic.parse::<Topic>().ok()) {
        given.retain(|(other, _)| *other != topic);
        given.push((topic, Given::Nonsense(clean(reason))));
    }
    if errors.is_empty() { Ok(Filled { revision, given, targets, kept, insisted }) } else { Err(errors) }
}

/// Why a handoff is sent back, and what else the person wrote.
pub fn reason(submitted: &Submission) -> (Option<SendBackReason>, String) {
    let picked = picks(&submitted.values, "reason").into_iter().find_map(|reason| reason.parse().ok());
    (picked, held_text(&submitted.values, "text").map(clean).unwrap_or_default())
}

/// The block at which what is wrong with an answer is shown.
pub fn block_of(topic: Topic, given: &Given) -> String {
    match given {
        Given::Person(_) => format!("{}.name", block_id(topic)),
        _ => block_id(topic),
    }
}

fn held_text<'v>(values: &'v Values, block: &str) -> Option<&'v str> {
    values.get(block)?.values().find_map(|value| match value {
        Value::Text(text) => Some(text.as_str()),
        Value::Day(_) | Value::Picks(_) => None,
    })
}

fn picks(values: &Values, block: &str) -> Vec<String> {
    let held = values.get(block).into_iter().flat_map(BTreeMap::values);
    held.flat_map(|value| if let Value::Picks(picks) = value { picks.clone() } else { Vec::new() }).collect()
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use super::*;
    use handoff_core::packet::{Role, SectionName};

    const PROMISES: Topic = Topic::Section(SectionName::Promises);
    const SPONSOR: Topic = Topic::Role(Role::Sponsor);

    fn asked(topic: Topic, today: &str, kind: InputKind) -> Input {
        let none = topic == PROMISES;
        let (question, why) = (format!("What of {topic}?"), "It is empty.".to_owned());
        let (today, example) = (today.to_owned(), Some("SSO before 1 March."));
        Input { topic, question, field: None, label: None, today, why, example, kind, none }
    }

    fn inputs() -> Vec<Input> {
        let contacts = vec![("501".to_owned(), "Sarah Lind".to_owned())];
        vec![
            asked(SPONSOR, "", InputKind::Person(contacts)),
            asked(PROMISES, "TBD", InputKind::Text),
            asked(
                Topic::Section(SectionName::FirstValue),
                "",
                InputKind::TextAndDay(Some(date(2026, 12, 20))),
            ),
        ]
    }

    /// What comes back when this was left or typed into the modal with the questions above.
    fn submitted(values: &[(&str, &str, Value)]) -> Submission {
        let view = questions("pkt_1", 3, &inputs(), &[]);
        let mut all = Values::new();
        for (block, action, value) in values {
            all.entry((*block).to_owned()).or_default().insert((*action).to_owned(), value.clone());
        }
        Submission {
            callback_id: view["callback_id"].as_str().unwrap().to_owned(),
            view_id: "V1".to_owned(),
            hash: "1.a".to_owned(),
            metadata: view["private_metadata"].as_str().unwrap().to_owned(),
            values: all,
        }
    }

    fn text(text: &str) -> Value {
        Value::Text(text.to_owned())
    }

    fn picks(values: &[&str]) -> Value {
        Value::Picks(values.iter().map(|value| (*value).to_owned()).collect())
    }

    fn given(values: &[(&str, &str, Value)]) -> Vec<(Topic, Given)> {
        let submitted = submitted(values);
        let filled = read(&submitted).unwrap();
        assert_eq!((packet_id(&submitted), filled.revision), ("pkt_1", 3));
        filled.given
    }

    #[test]
    fn each_question_has_inputs_with_stable_ids_and_none_is_a_choice() {
        let view = questions("pkt_1", 3, &inputs(), &[]);
        let blocks: Vec<String> = view["blocks"]
            .as_array()
            .unwrap()
            .iter()
            .map(|block| {
                let element = &block["element"];
                format!(
                    "{} {} {} | {} | {}",
                    block["block_id"],
                    element["type"],
                    element["action_id"],
                    block["label"]["text"],
                    block["hint"]["text"]
                )
            })
            .collect();
        insta::assert_snapshot!(blocks.join("\n").replace('"', ""), @r"
        gap.stakeholders.sponsor static_select pick | What of stakeholders.sponsor? | It is empty. For example: SSO before 1 March.
        gap.stakeholders.sponsor.name plain_text_input text | Name, if the person is not in the CRM | null
        gap.promises plain_text_input text | What of promises? | It is empty. For example: SSO before 1 March.
        gap.promises.none checkboxes none | Or | null
        gap.first_value plain_text_input text | What of first_value? | It is empty. For example: SSO before 1 March.
        gap.first_value_due datepicker day | By when | null
        nonsense multi_static_select pick | Questions that make no sense here | null
        nonsense.reason plain_text_input text | Why they make no sense | null
        ");
    }

    #[test]
    fn what_was_left_as_it_stood_answers_nothing() {
        let left = [
            ("gap.promises", "text", text("TBD ")),
            ("gap.first_value_due", "day", Value::Day(date(2026, 12, 20))),
            ("gap.first_value", "text", text("  ")),
            ("gap.promises.none", "none", picks(&[])),
        ];
        assert_eq!(given(&left), []);
    }

    #[test]
    fn what_was_filled_in_is_given_by_question() {
        let day = date(2026, 12, 11);
        let filled = [
            ("gap.promises", "text", text("SSO\r\nTraining")),
            ("gap.first_value_due", "day", Value::Day(day)),
            ("gap.stakeholders.sponsor", "pick", picks(&["501"])),
            ("gap.stakeholders.sponsor.name", "text", text("Ola")),
            ("gap.no such section", "text", text("x")),
        ];
        let expected = vec![
            (Topic::Day, Given::Day(day)),
            (PROMISES, Given::Text("SSO\nTraining".to_owned())),
            (SPONSOR, Given::Contact("501".to_owned())),
        ];
        assert_eq!(given(&filled), expected);
        let named = [("gap.stakeholders.sponsor.name", "text", text(" Ola Berg "))];
        assert_eq!(given(&named), [(SPONSOR, Given::Person("Ola Berg".to_owned()))]);
        let none = [("gap.promises", "text", text("TBD")), ("gap.promises.none", "none", picks(&["none"]))];
        assert_eq!(given(&none), [(PROMISES, Given::Text("None".to_owned()))]);
    }

    #[test]
    fn none_beside_a_text_and_nonsense_without_a_reason_are_told_at_their_inputs() {
        let both = [("gap.promises", "text", text("SSO")), ("gap.promises.none", "none", picks(&["none"]))];
        assert_eq!(read(&submitted(&both)).unwrap_err().keys().collect::<Vec<_>>(), ["gap.promises.none"]);
        let silent = [("nonsense", "pick", picks(&["promises"]))];
        assert_eq!(read(&submitted(&silent)).unwrap_err().keys().collect::<Vec<_>>(), ["nonsense.reason"]);
        let reasoned = [
            ("nonsense", "pick", picks(&["promises"])),
            ("nonsense.reason", "text", text("A renewal")),
            ("gap.promises", "text", text("SSO")),
        ];
        assert_eq!(given(&reasoned), [(PROMISES, Given::Nonsense("A renewal".to_owned()))]);
    }
}
