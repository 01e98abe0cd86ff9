//! Entries, people, and the packet in a terminal.

use jiff::civil::Date;

use crate::packet::Packet;

use super::value;

super::messages! { "packet";
    not_answered;
    not_answered_but(text);
    not_known;
    roles_not_known(roles);
    person_not_known;
    asked_again;
    seller_says;
    by(day);
    no_date;
    no_date_but(text);
    proposed(day);
    remark(text, remark);
    mail_cut;
    more(count);
    person_title(name, title);
    person_email(name, email);
    also(roles);
    sponsor;
    backed_by(name);
    others;
    perhaps_important(what);
    filled(count, all);
    complete(filled, owner);
    incomplete(filled, owner);
    nobody;
    value(deal, value);
    no_amount;
    important(reasons);
    links;
    link(name, address);
    gaps;
    hint(question);
}

/// How many of the required sections are filled.
pub fn filled_of_required(packet: &Packet) -> String {
    filled(&packet.filled.to_string(), &packet.required().to_string())
}

/// That there is no answer, and what the seller typed in its place.
pub fn missing(stand_in: Option<&str>) -> String {
    stand_in.map_or_else(|| not_answered().to_owned(), not_answered_but)
}

/// That no day is given, and which one counts until then.
pub fn no_day(proposed_day: Option<Date>, today: Date) -> String {
    proposed_day.map_or_else(|| no_date().to_owned(), |day| proposed(&value::near(day, today)))
}

/// Lines that found no room.
pub fn and_more(count: usize) -> String {
    more(&count.to_string())
}

/// One person with job title, perhaps e-mail addresses.
pub fn person(name: &str, title: Option<&str>, emails: &str) -> String {
    let mut text = name.to_owned();
    if let Some(title) = title {
        text = person_title(&text, title);
    }
    if !emails.is_empty() {
        text = person_email(&text, emails);
    }
    text
}
