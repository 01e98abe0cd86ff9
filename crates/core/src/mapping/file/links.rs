//! `links`: fields that hold the address of a page, under the names that people read.

use super::ast::Link;
use super::values;
use crate::source::{Field, Problems, Spanned};
use crate::text::case;
use crate::text::clean::clean_line;

/// All links stand in the last line of a digest.
pub(crate) const MOST_LINKS: usize = 5;

/// Characters of the longest name.
pub(crate) const LONGEST_NAME: usize = 40;

pub(super) fn links(field: Field<'_>, problems: &mut Problems) -> Vec<Link> {
    let mut links: Vec<Link> = Vec::new();
    let Some(mut block) = field.block(problems) else { return links };
    for entry in block.rest() {
        let name = clean_line(&entry.key);
        let same = |other: &&Link| case::is_same(&other.name.value, &name);
        if name.is_empty() {
            let help = "write what people read: `Order form: deal.order_form_url`";
            problems.error(entry.span, "this link has no name", help);
        } else if name.chars().count() > LONGEST_NAME {
            let message = "this name is too long: all links stand in one line of the digest";
            problems.error(entry.span, message, format!("write at most {LONGEST_NAME} characters"));
        } else if let Some(other) = links.iter().find(same) {
            let message =
                format!("`{name}` and `{}` are the same: capitals make no difference", other.name.value);
            problems.error(entry.span, message, "give each link a name of its own");
        } else if let Some(address) = entry.value.text().filter(|text| text.contains("://")) {
            let message = format!("`{}` is an address: every deal would get the same link", address.trim());
            problems.error(
                entry.value.span,
                message,
                "write the field that holds the address of each deal's page",
            );
        } else if let Some(from) = values::path(Field::from(entry), problems) {
            links.push(Link { name: Spanned { value: name, span: entry.span }, from });
        }
    }
    if let Some(beyond) = links.get(MOST_LINKS) {
        let message = format!("a digest has room for {MOST_LINKS} links, and this is one more");
        problems.error(beyond.name.span, message, "remove those that are opened least");
    }
    links
}
