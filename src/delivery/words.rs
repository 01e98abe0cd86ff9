//! Our own words: every sentence of task and digest that is not a CRM value stands here, for translators.
//!
//! Section titles, roles and the questions come from the packet.

use jiff::civil::Date;

use crate::packet::{Role, SectionName};

/// What is shown where the CRM holds nothing.
pub const NOT_IN_CRM: &str = "Not in the CRM";
/// What is shown for a deal without company and name.
pub const UNNAMED_ACCOUNT: &str = "Unnamed deal";
/// What the first line says of a deal without an amount.
pub const NO_VALUE: &str = "value not in the CRM";
/// What the first line says of a handoff that nobody takes.
pub const NO_OWNER: &str = "not in the CRM";
/// Title of the four questions of the review.
pub const REVIEW: &str = "15-minute review";
/// Title above the questions that only a change of the mapping answers.
pub const FOR_REVOPS: &str = "For RevOps, once in the mapping";
/// Title above the deal's key facts.
pub const THE_DEAL: &str = "The deal";
/// Stands before the person who takes the handoff.
pub const OWNER: &str = "owner";
/// Label of the button to the deal.
pub const OPEN_DEAL: &str = "Open deal";
/// Label of the button to the task.
pub const OPEN_TASK: &str = "Open task";
/// Said when the digest leaves something out.
pub const SHORTENED: &str = "shortened, the task has all of it";
/// First paragraph of a task about a complete packet.
pub const ALL_THERE: &str =
    "The deal is won and all six sections are filled. There is nothing to add; the packet is below.";
/// Second line of the notification about a complete packet.
pub const READY: &str = "Nothing to ask. The packet is in this message and in the task.";

/// A day: `20 Nov 2026`.
pub fn day(date: Date) -> String {
    const MONTHS: [&str; 12] =
        ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
    let month = usize::try_from(date.month()).ok().and_then(|month| MONTHS.get(month.saturating_sub(1)));
    format!("{} {} {}", date.day(), month.unwrap_or(&""), date.year())
}

/// By when something happens.
pub fn by(date: Date) -> String {
    format!("by {}", day(date))
}

/// When the deal was closed.
pub fn closed(date: Option<Date>) -> String {
    date.map_or_else(|| "Close date not in the CRM".to_owned(), |date| format!("Closed {}", day(date)))
}

/// The deal by its own name.
pub fn deal(name: &str) -> String {
    format!("deal: {name}")
}

/// Who takes the handoff although the CRM names somebody else, or nobody.
pub fn stands_in(name: &str) -> String {
    format!("{name} (stand-in)")
}

/// The first line of a notification, which stands among those of other senders.
pub fn handoff(headline: &str) -> String {
    format!("Handoff: {headline}")
}

/// How many of the six sections are filled.
pub fn filled(count: usize) -> String {
    format!("{count} of {}", SectionName::REQUIRED.len())
}

/// What is missing and what is weak, or that nothing is.
pub fn state(missing: &[SectionName], weak: &[SectionName], open: usize) -> String {
    let mut parts = Vec::new();
    if missing.len() == SectionName::REQUIRED.len() {
        parts.push("missing: all six sections".to_owned());
    } else if !missing.is_empty() {
        parts.push(format!("missing: {}", titles(missing)));
    }
    if !weak.is_empty() {
        parts.push(format!("weak: {}", titles(weak)));
    }
    match (parts.is_empty(), open) {
        (true, 0) => "nothing missing".to_owned(),
        (true, 1) => "1 open question".to_owned(),
        (true, open) => format!("{open} open questions"),
        (false, _) => parts.join("; "),
    }
}

fn titles(sections: &[SectionName]) -> String {
    sections.iter().map(|section| section.title().to_lowercase()).collect::<Vec<_>>().join(", ")
}

/// The title of a section that is shown although something about it is flagged.
pub fn weak(title: &str) -> String {
    format!("{title} (weak)")
}

/// Title above the questions for the seller.
pub fn for_seller(name: Option<&str>) -> String {
    match name {
        Some(name) => format!("For the seller, {name}"),
        None => "For the seller".to_owned(),
    }
}

/// Entries or people of a section that found no room.
pub fn more(count: usize) -> String {
    format!("+{count} more")
}

/// Questions that found no room in the digest.
pub fn more_in_task(count: usize) -> String {
    format!("+{count} more in the task")
}

/// One person with job title, perhaps e-mail address, and roles.
pub fn person(name: &str, title: Option<&str>, email: Option<&str>, roles: &[Role]) -> String {
    let mut text = name.to_owned();
    if let Some(title) = title {
        text = format!("{text}, {title}");
    }
    if let Some(email) = email {
        text = format!("{text} ({email})");
    }
    let roles: Vec<_> = roles.iter().map(|role| role.title()).collect();
    let roles = if roles.is_empty() { "role unknown".to_owned() } else { roles.join(", ") };
    format!("{text}: {roles}")
}

/// Why the account is important, behind the title of the review.
pub fn important(reasons: &str) -> String {
    format!("(important: {reasons})")
}

/// What could not be read while deciding whether the account is important.
pub fn importance_unreadable(what: &str) -> String {
    format!("importance could not be checked: {what}")
}

/// Subject of the task when something is missing.
pub fn subject_with_gaps(gaps: usize, account: &str) -> String {
    match gaps {
        1 => format!("Handoff: 1 gap to fill for {account}"),
        gaps => format!("Handoff: {gaps} gaps to fill for {account}"),
    }
}

/// Subject of the task when nothing is missing.
pub fn subject_ready(account: &str) -> String {
    format!("Handoff ready: {account}")
}

/// First paragraph of the task when the seller has something to answer.
pub fn seller_asked(filled: usize, state: &str) -> String {
    format!("{}. Please answer on the deal itself; a sentence each is enough.", won(filled, state))
}

/// First paragraph of the task when only RevOps has something to change.
pub fn revops_asked(filled: usize, state: &str) -> String {
    format!(
        "{}. There is nothing for the seller to add; RevOps can close the gaps below.",
        won(filled, state)
    )
}

fn won(filled: usize, state: &str) -> String {
    format!("The deal is won, and {} sections are filled; {state}", self::filled(filled))
}

/// The deal's key facts, one a line; what is `None` is not in the CRM.
pub fn facts(
    name: Option<&str>,
    value: Option<&str>,
    closed: Option<Date>,
    owner: Option<&str>,
    seller: Option<&str>,
) -> String {
    let closed = closed.map(day);
    let facts = [
        ("Deal", name),
        ("Value", value),
        ("Closed", closed.as_deref()),
        ("Handoff owner", owner),
        ("Seller", seller),
    ];
    facts.map(|(label, fact)| format!("{label}: {}", fact.unwrap_or(NOT_IN_CRM))).join(
        "
",
    )
}

/// Why there is a review, and what to do about it.
pub fn review_due(reasons: &str) -> String {
    let talk = "Take 15 minutes together before kickoff and settle these four points.";
    if reasons.is_empty() {
        return talk.to_owned();
    }
    format!("This account is important ({reasons}). {talk}")
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use super::*;

    #[test]
    fn a_day_names_its_month() {
        assert_eq!(day(date(2026, 11, 20)), "20 Nov 2026");
        assert_eq!(day(date(2027, 1, 5)), "5 Jan 2027");
    }

    #[test]
    fn what_is_missing_is_told_from_what_is_weak() {
        let missing = [SectionName::Promises, SectionName::Risks];
        assert_eq!(
            state(&missing, &[SectionName::FirstValue], 3),
            "missing: promises, risks; weak: first value"
        );
        assert_eq!(state(&SectionName::REQUIRED, &[], 6), "missing: all six sections");
        assert_eq!(state(&[], &[], 0), "nothing missing");
    }
}
