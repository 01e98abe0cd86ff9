//! The 15-minute review.

use jiff::civil::Date;

use super::value;

super::messages! { "review";
    title;
    title_on(day);
    talk;
    talk_with(name);
    talk_on(talk, day);
    agenda(talk);
    mattered;
    felt_risk;
    first;
    win;
    ask(question);
    ask_named(name, question);
    important(reasons);
    proposal(day, people);
    proposal_nobody(day);
    together;
}

/// The title, with the day proposed for it.
pub fn titled(day: Option<Date>) -> String {
    day.map_or_else(|| title().to_owned(), |day| title_on(&value::date_with_weekday(day)))
}

/// The talk in one line.
pub fn in_short(seller: Option<&str>, day: Option<Date>, today: Date) -> String {
    let talk = seller.map_or_else(|| talk().to_owned(), talk_with);
    agenda(&day.map(|day| talk_on(&talk, &value::near_with_weekday(day, today))).unwrap_or(talk))
}

/// What to ask where the packet has no answer, and whom if they still work there.
pub fn to_ask(seller: Option<&str>, question: &str) -> String {
    seller.map_or_else(|| ask(question), |name| ask_named(name, question))
}

/// When to meet, and who.
pub fn proposed(day: Option<Date>, people: &[&str]) -> String {
    match (day.map(value::date_with_weekday), people) {
        (None, _) => together().to_owned(),
        (Some(day), []) => proposal_nobody(&day),
        (Some(day), people) => proposal(&day, &value::list(people)),
    }
}
