//! Entries, people, and the packet in a terminal.

use jiff::civil::Date;

use crate::packet::Role;

use super::{role, value};

super::messages! { "packet";
    not_in_crm;
    by(day);
    proposed(day);
    remark(text, remark);
    mail_cut;
    more(count);
    person_title(name, title);
    person_email(name, email);
    perhaps_important(what);
    complete(filled, owner);
    incomplete(filled, owner);
    nobody;
    value(deal, value);
    no_amount;
    important(reasons);
    gaps;
    hint(question);
}

/// By when something happens.
pub fn due(day: Date) -> String {
    by(&value::date(day))
}

/// By when something would happen, as nobody said.
pub fn proposed_due(day: Date) -> String {
    proposed(&value::date(day))
}

/// Lines that found no room.
pub fn and_more(count: usize) -> String {
    more(&count.to_string())
}

/// One person with job title, perhaps e-mail addresses, and roles.
pub fn person(name: &str, title: Option<&str>, emails: &str, roles: &[Role]) -> String {
    let mut text = name.to_owned();
    if let Some(title) = title {
        text = person_title(&text, title);
    }
    if !emails.is_empty() {
        text = person_email(&text, emails);
    }
    value::titled(&text, &role::list(roles))
}
