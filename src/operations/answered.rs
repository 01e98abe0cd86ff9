//! What a person answered, as operators read it.

use handoff_core::packet::Given;

/// The answer as text.
pub fn answer_text(given: &Given) -> String {
    match given {
        Given::Text(text) | Given::Person(text) => text.clone(),
        Given::Options(values) => values.join("; "),
        Given::Day(day) => day.to_string(),
        Given::Contact(id) => format!("contact {id}"),
        Given::Nonsense(reason) => format!("the question makes no sense: {reason}"),
    }
}
