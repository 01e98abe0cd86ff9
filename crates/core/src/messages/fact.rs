//! What the data shows by itself.

use crate::packet::Role;

use super::role;

/// So many people are named.
const FEW: usize = 3;

super::messages! { "fact";
    shows(say, fact);
    days_ago(day, days);
    days_ago_one(day);
    contacts(count);
    contacts_one;
    no_contacts;
    named(contacts, names);
    role_missing(contacts, role);
}

/// A day and how long ago it is.
pub fn ago(day: &str, days: i32) -> String {
    if days == 1 { days_ago_one(day) } else { days_ago(day, &days.to_string()) }
}

/// Who of the customer's is on the deal, by name if they are few.
pub fn people_on_deal(names: &[&str]) -> String {
    let counted = contacts_on_deal(names.len());
    if (1..=FEW).contains(&names.len()) { named(&counted, &names.join(", ")) } else { counted }
}

/// How many people of the customer's are on the deal.
fn contacts_on_deal(count: usize) -> String {
    match count {
        0 => no_contacts().to_owned(),
        1 => contacts_one().to_owned(),
        count => contacts(&count.to_string()),
    }
}

/// Nobody of so many contacts has the role.
pub fn nobody_is(wanted: Role, contacts: usize) -> String {
    role_missing(&contacts_on_deal(contacts), role::title(wanted))
}
