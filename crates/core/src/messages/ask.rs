//! What is asked of a person in a direct message.

super::messages! { "ask";
    questions(count, account);
    questions_one(account);
    remind(count, account);
    remind_one(account);
    done(account);
    withdrawn(account);
}

/// The first line of the message.
pub fn please(count: usize, account: &str) -> String {
    if count == 1 { questions_one(account) } else { questions(&count.to_string(), account) }
}

/// The reminder.
pub fn still_open(count: usize, account: &str) -> String {
    if count == 1 { remind_one(account) } else { remind(&count.to_string(), account) }
}
