//! What stands behind an entry: who does it, by when, and whether quoted mail was left out.

use jiff::civil::Date;

use crate::messages;
use crate::packet::Entry;

/// The remark behind each of `entries`: `Jonas Petrov, by 11 Dec`. Where the same stands behind several in a row,
/// only the last of them has it.
pub fn due_notes(entries: &[Entry], today: Date) -> Vec<Option<String>> {
    let all: Vec<Option<String>> = entries.iter().map(|entry| due_note(entry, today)).collect();
    let next = all.iter().skip(1).chain([&None]);
    all.iter().zip(next).map(|(remark, next)| remark.clone().filter(|_| remark != next)).collect()
}

fn due_note(entry: &Entry, today: Date) -> Option<String> {
    let day = entry.given_due().map(|day| messages::value::near(day, today));
    // The CRM's own words, in whatever language, take none of ours between them and their day.
    let day = if entry.due_words.is_some() { day } else { day.map(|day| messages::packet::by(&day)) };
    let mail_cut = entry.mail_cut.then(|| messages::packet::mail_cut().to_owned());
    let answered = entry.answered().map(|by| messages::answer::given(by, today));
    let parts: Vec<String> =
        [entry.who.clone(), entry.due_words.clone(), day, mail_cut, answered].into_iter().flatten().collect();
    (!parts.is_empty()).then(|| parts.join(", "))
}

/// A text with its remark behind it; a full stop between the two would tear them apart.
pub fn with_due_note(text: String, remark: Option<String>) -> String {
    match remark {
        None => text,
        Some(remark) if text.is_empty() => remark,
        Some(remark) => {
            let ends_in_dots = text.ends_with("..");
            let text = if ends_in_dots { text.as_str() } else { text.strip_suffix('.').unwrap_or(&text) };
            messages::packet::remark(text, &remark)
        }
    }
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use super::*;
    use crate::dates::{DueDate, DueSource};
    use crate::packet::Origin;

    fn entry(due: Option<i8>) -> Entry {
        let due = due.map(|day| DueDate { day: date(2026, 12, day), source: DueSource::Field });
        Entry { due, ..Entry::new(String::new(), Origin::Derived(None)) }
    }

    const TODAY: Date = date(2026, 11, 22);

    #[test]
    fn who_and_by_when_stand_behind_the_text() {
        let dated = Entry {
            who: Some("Jonas Petrov".to_owned()),
            due_words: Some("within 21 days".to_owned()),
            ..entry(Some(11))
        };
        let proposed = Entry {
            due: Some(DueDate { day: date(2026, 12, 20), source: DueSource::Proposed }),
            ..entry(None)
        };
        let shown = |text: &str, entry: &Entry| with_due_note(text.to_owned(), due_note(entry, TODAY));
        assert_eq!(shown("Plans a week.", &dated), "Plans a week (Jonas Petrov, within 21 days, 11 Dec)");
        assert_eq!(shown("Plans a week.", &proposed), "Plans a week.");
        assert_eq!(shown("Plans a week.", &entry(None)), "Plans a week.");
        assert_eq!(shown("And so on...", &entry(Some(1))), "And so on... (by 1 Dec)");
        let cut = Entry { mail_cut: true, ..entry(None) };
        assert_eq!(shown("Plans a week.", &cut), "Plans a week (quoted mail left out)");
    }

    #[test]
    fn one_day_for_several_entries_is_said_once() {
        let due_notes = due_notes(&[entry(Some(11)), entry(Some(11)), entry(Some(12)), entry(None)], TODAY);
        assert_eq!(due_notes, [None, Some("by 11 Dec".to_owned()), Some("by 12 Dec".to_owned()), None]);
    }
}
