//! One entry or one person of a packet as one line, the same in task and digest.

use jiff::civil::Date;

use crate::delivery::{excerpt, words};
use crate::packet::Person;

/// Longest name, job title or address of a person, in UTF-16 units.
const PERSON: usize = 60;

/// An entry's text, already fitted, with the day it is due; nothing if there is neither.
pub(super) fn entry(text: String, due: Option<Date>) -> Option<String> {
    match (text.is_empty(), due.map(words::by)) {
        (true, due) => due,
        (false, None) => Some(text),
        (false, Some(due)) => Some(format!("{text} ({due})")),
    }
}

/// A person by name, with title and roles; nothing if the name holds nothing visible.
pub(super) fn person(person: &Person) -> Option<String> {
    described(person, None)
}

/// The same, with the e-mail address.
pub(super) fn person_with_address(person: &Person) -> Option<String> {
    described(person, person.email.as_deref())
}

fn described(person: &Person, email: Option<&str>) -> Option<String> {
    let name = excerpt::name(&person.name, PERSON);
    // Somebody without a name goes by their address; it is not repeated.
    let more = |text: Option<&str>| {
        text.map(|text| excerpt::name(text, PERSON)).filter(|text| !text.is_empty() && *text != name)
    };
    let (title, email) = (more(person.title.as_deref()), more(email));
    (!name.is_empty()).then(|| words::person(&name, title.as_deref(), email.as_deref(), &person.roles))
}
