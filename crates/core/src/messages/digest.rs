//! The digest in Slack.

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
    task_closed(count);
    task_closed_one;
}

/// What the digest says of a task that a person closed although questions are open.
pub fn closed_task(open: usize) -> String {
    if open == 1 { task_closed_one().to_owned() } else { task_closed(&open.to_string()) }
}

/// The label of the button that opens the questions.
pub fn answer_questions(count: usize) -> String {
    if count == 1 { answer_one().to_owned() } else { answer(&count.to_string()) }
}
