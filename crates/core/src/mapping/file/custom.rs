//! Custom sections: those that a mapping adds to the seven, each with an id and a title of its own.

use super::{ast, section};
use crate::packet::{CustomSection, LONGEST_ID, SectionName};
use crate::source::{Block, Entry, Problems, Value, nearest};
use crate::text::case;
use crate::text::clean::clean_line;

/// A digest is read in half a minute.
pub(crate) const MOST_CUSTOM: usize = 10;

/// Characters of the longest title: it stands before the text, on one line of the digest.
pub(crate) const LONGEST_TITLE: usize = 40;

/// Whether a key that is none of the seven is meant as a section of its own.
pub(super) fn is_custom(entry: &Entry) -> bool {
    matches!(&entry.value.value, Value::Map(keys) if keys.iter().any(|key| key.key == "title"))
}

/// Reads a section that has a `title`. `earlier` are those that stand above it.
pub(super) fn section(
    entry: &Entry,
    earlier: &[CustomSection],
    problems: &mut Problems,
) -> Option<(CustomSection, ast::Section)> {
    let mut block = Block::of(&entry.value, "a section", problems)?.at(entry.span);
    let id = id(entry, problems)?;
    if earlier.len() == MOST_CUSTOM {
        let message =
            format!("a packet has room for {MOST_CUSTOM} sections of your own, and this is one more");
        problems.error(entry.span, message, "remove those that are read least");
    }
    let title = title(&mut block, earlier, problems);
    let required = block.take("required");
    let (flag, when) = (required.boolean(problems), block.take("required_when"));
    if let Some(span) = required.key_span().filter(|_| flag == Some(false) && when.is_present()) {
        let message = "`required: false` and `required_when` contradict each other";
        problems.error(span, message, "remove one of the two");
    }
    let required = flag.unwrap_or(when.is_present());
    if let Some(span) = block.forbidden("question").key_span() {
        problems.error(span, "unknown key `question`", "write `ask`, as in every other section");
    } else if required {
        block.require("ask", "write the question for the seller: `ask: Which certificates do they need?`");
    }
    let words = SectionName::ALL.each_ref().map(|name| (name.as_str(), *name));
    let after = block.take("after").choice(&words, problems);
    let section = section::block(id, block, problems);
    Some((CustomSection { id, title: title?, required, after }, section))
}

fn id(entry: &Entry, problems: &mut Problems) -> Option<SectionName> {
    let key = entry.key.as_str();
    if let Some(known) = nearest(key, SectionName::ALL.each_ref().map(SectionName::as_str)) {
        let message = format!("`{key}` has a `title` as a section of your own, and is almost `{known}`");
        let help = format!("write `{known}` without `title`, or give your section another id");
        return problems.reject(entry.span, message, help);
    }
    key.parse().ok().or_else(|| {
        let word = |part: &str| part.to_ascii_lowercase();
        let words = key.split(|char: char| !char.is_ascii_alphanumeric()).filter(|part| !part.is_empty());
        let id = words.map(word).collect::<Vec<_>>().join("_");
        let help = match id.parse::<SectionName>() {
            Ok(_) => format!("write `{id}`; what people read is its `title`"),
            Err(()) => format!(
                "write at most {LONGEST_ID} small letters, digits and `_`, a letter first, such as \
                 `security_review`; what people read is its `title`"
            ),
        };
        problems.reject(entry.span, format!("`{key}` cannot be the id of a section"), help)
    })
}

fn title(block: &mut Block<'_>, earlier: &[CustomSection], problems: &mut Problems) -> Option<String> {
    let (title, span) = block.take("title").text(problems)?;
    let title = clean_line(title);
    let built_in = SectionName::ALL.into_iter().map(|name| name.title().into_owned());
    let mut taken = built_in.chain(earlier.iter().map(|custom| custom.title.clone()));
    if title.is_empty() || title.chars().count() > LONGEST_TITLE {
        let help = format!("write a title of at most {LONGEST_TITLE} characters that people can read");
        return problems.reject(span, "this title does not fit before the text in a digest", help);
    }
    if taken.any(|other| case::is_same(&other, &title)) {
        let message = format!("another section is called `{title}` already");
        return problems.reject(span, message, "write a title of its own");
    }
    Some(title)
}
