//! The digest in Slack.

use super::value;
use crate::packet::SendBackReason;

super::messages! { "digest";
    complete;
    answer(count);
    answer_one;
    accept;
    send_back;
    review_held;
    accepted(name, day);
    sent_back(name, day, reason);
    review_was_held(day);
    task;
    packet;
    task_closed(count);
    task_closed_one;
}

/// What the digest says of a task that a person closed although questions are open.
pub fn closed_task(open: usize) -> String {
    if open == 1 { task_closed_one().to_owned() } else { task_closed(&open.to_string()) }
}

/// Why a handoff was sent back, with what else the person wrote.
pub fn why(reason: Option<SendBackReason>, detail: &str) -> String {
    let label = reason.map(super::answer::send_back_label);
    match (label, detail.is_empty()) {
        (Some(label), true) => label.to_owned(),
        (Some(label), false) => value::titled(label, detail),
        (None, _) => detail.to_owned(),
    }
}

/// The label of the button that opens the questions.
pub fn answer_questions(count: usize) -> String {
    if count == 1 { answer_one().to_owned() } else { answer(&count.to_string()) }
}
