//! A file of own words: messages that a team words differently, in the form of the message files.

use std::collections::{BTreeMap, BTreeSet};

use super::file::messages;
use crate::source::{self, Block, Problems, Span};
use crate::text::locale::{Language, OwnWords};

/// What Slack shows of a modal's title, and of the buttons below one, in characters.
pub(super) const SHORT: (usize, [&str; 5]) = (
    24,
    [
        "answer.modal_title",
        "answer.modal_save",
        "answer.modal_cancel",
        "answer.send_back_title",
        "first_value.modal_title",
    ],
);

/// What any other message may have, in characters: task and digest are read in twenty seconds.
const LONGEST: usize = 300;

/// Reads a file of own words. Every key has to be one of ours and keep its words in braces.
pub fn read(name: &str, text: &str) -> (OwnWords, Problems) {
    let (mut own, mut problems) = (OwnWords::new(), Problems::new(name, text));
    let mut tables: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for (table, key) in messages(Language::En).keys().filter_map(|key| key.split_once('.')) {
        tables.entry(table).or_default().push(key);
    }
    let root = source::toml(text, &mut problems);
    let top = root.as_ref().and_then(|root| Block::of(root, "a file of own words", &mut problems));
    let Some(mut top) = top else { return (own, problems) };
    for (table, keys) in tables {
        let Some(mut block) = top.take(table).block(&mut problems) else { continue };
        for key in keys {
            let Some((text, span)) = block.take(key).text(&mut problems) else { continue };
            let key = format!("{table}.{key}");
            check(&key, text, span, &mut problems);
            own.insert(key, text.to_owned());
        }
        block.finish(&mut problems);
    }
    top.finish(&mut problems);
    (own, problems)
}

fn check(key: &str, text: &str, span: Span, problems: &mut Problems) {
    let ours = messages(Language::En).get(key).map(String::as_str).unwrap_or_default();
    let (wanted, found) = (in_braces(ours), in_braces(text));
    let shown =
        |names: Vec<&&str>| names.iter().map(|name| format!("{{{name}}}")).collect::<Vec<_>>().join(", ");
    let (lost, unknown) =
        (wanted.difference(&found).collect::<Vec<_>>(), found.difference(&wanted).collect::<Vec<_>>());
    if !lost.is_empty() {
        let help = format!("keep {}; our words are: {ours}", shown(lost));
        problems.error(span, format!("`{key}` has lost a word in braces"), help);
    }
    if !unknown.is_empty() {
        let help = if wanted.is_empty() {
            "remove the braces: nothing is filled in here".to_owned()
        } else {
            format!("use {} and nothing else in braces", shown(wanted.iter().collect()))
        };
        problems.error(span, format!("`{key}` does not know {}", shown(unknown)), help);
    }
    let (short, keys) = SHORT;
    let most = if keys.contains(&key) { short } else { LONGEST };
    if text.trim().is_empty() || text.contains('\n') || text.chars().count() > most {
        let help = format!("write one line of 1 to {most} characters, or remove the key to keep our words");
        problems.error(span, format!("`{key}` cannot be shown like this"), help);
    }
}

/// The words that are filled in.
pub(super) fn in_braces(message: &str) -> BTreeSet<&str> {
    message.split('{').skip(1).filter_map(|rest| rest.split_once('}').map(|(name, _)| name)).collect()
}
