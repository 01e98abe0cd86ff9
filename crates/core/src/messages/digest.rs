//! The digest in Slack.

super::messages! { "digest";
    complete;
    task;
    task_closed(count);
    task_closed_one;
}

/// What the digest says of a task that a person closed although questions are open.
pub fn closed_task(open: usize) -> String {
    if open == 1 { task_closed_one().to_owned() } else { task_closed(&open.to_string()) }
}
