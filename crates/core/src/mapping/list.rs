//! How one stored value becomes entries: one, or several if it is a list.

use crate::messages;
use crate::packet::{Answer, Given};
use crate::record::{DealRecord, FieldKind, FieldPath, Value, label, parts};
use crate::text::clean::clean;

use super::{ListStyle, Mapping};

/// What one stored value says: one text, or several if it is a list. Typed values carry their field's
/// label, because `15` alone says nothing.
pub(crate) fn texts(
    mapping: &Mapping,
    record: &DealRecord,
    path: &FieldPath,
    raw: &str,
    list: ListStyle,
) -> Vec<String> {
    let Some(kind) = record.kind(path) else { return prose(clean(raw), list) };
    match (kind, record.value(path, raw, &mapping.time_zone)) {
        (FieldKind::Choices, Value::Choices(labels)) if list != ListStyle::Whole => labels,
        (FieldKind::Choice, _) if list == ListStyle::Semicolons => {
            parts(raw).map(|part| label(part, record.info(path))).collect()
        }
        (FieldKind::Text | FieldKind::Html, Value::Text(text)) => prose(text, list),
        (FieldKind::Choice | FieldKind::Choices, value) => vec![messages::value::shown(&value)],
        (_, value) => {
            let (label, shown) = (record.label(path), messages::value::shown(&value));
            vec![if label.is_empty() { shown } else { messages::value::labelled(&label, &shown) }]
        }
    }
}

/// What an answer to a section says: one text, or several if it is a list. Days and people are no entries.
pub(crate) fn answered(record: &DealRecord, answer: &Answer, list: ListStyle) -> Vec<String> {
    let info = answer.field.as_ref().and_then(|field| record.info(field));
    match &answer.given {
        Given::Text(text) => prose(clean(text), list),
        Given::Options(values) => values.iter().map(|value| label(value, info)).collect(),
        Given::Day(_) | Given::Contact(_) | Given::Person(_) | Given::Nonsense(_) => Vec::new(),
    }
}

fn prose(text: String, list: ListStyle) -> Vec<String> {
    match list {
        ListStyle::Auto | ListStyle::Whole => vec![text],
        ListStyle::Semicolons => {
            parts(&text).filter(|part| !is_separator(part)).map(ToOwned::to_owned).collect()
        }
        ListStyle::Lines => {
            let lines = text.lines().filter(|line| !is_separator(line)).map(without_bullet);
            let lines: Vec<&str> = lines.filter(|line| !line.is_empty()).collect();
            let numbered =
                lines.len() > 1 && (1..).zip(&lines).all(|(n, line)| without_number(line, n).is_some());
            let numbers = (1..).zip(lines);
            numbers
                .map(|(n, line)| {
                    if numbered { without_number(line, n).unwrap_or(line) } else { line }.to_owned()
                })
                .collect()
        }
    }
}

/// A line drawn between two entries: `---`.
fn is_separator(line: &str) -> bool {
    line.chars().count() > 1 && line.chars().all(|letter| "-_=*~–— ".contains(letter))
}

fn without_bullet(line: &str) -> &str {
    let bullets = ["• ", "- ", "* ", "– ", "· ", "◦ ", "▪ ", "o ", "+ ", "→ "];
    let text = bullets.iter().find_map(|bullet| line.strip_prefix(bullet)).unwrap_or(line).trim();
    let is_lone_bullet = bullets.iter().any(|bullet| *bullet != "o " && text == bullet.trim());
    let text = if is_lone_bullet { "" } else { text };
    ["[ ] ", "[x] ", "[X] "].iter().find_map(|tick| text.strip_prefix(tick)).unwrap_or(text)
}

/// A line that begins with its own place in the list: `2. Template`. Other numbers are content, such as the
/// day in `3. Dezember`.
fn without_number(line: &str, place: usize) -> Option<&str> {
    let rest = line.strip_prefix(&place.to_string())?;
    rest.strip_prefix(". ").or_else(|| rest.strip_prefix(") ")).map(str::trim)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::mapping::sample;

    const RECORD: &str = r#"{"crm":"hubspot","account":1,"deal":{"id":7,"deal_currency_code":"EUR"},
        "users":{"11":{"id":"11","firstName":"Mia","lastName":"Sørensen"}},
        "owner":{"id":"12","email":"tom@seller.example"},
        "fields":{"deal.risks":{"kind":"choices","options":{"migration":"Data migration","no_admin":"No admin"}},
                  "deal.tier":{"kind":"choice","options":{"ent":"Enterprise"}},
                  "deal.discount":{"kind":"number","label":"Discount"},
                  "deal.setup_fee":{"kind":"money","label":"Setup fee"},
                  "deal.sso":{"kind":"bool","label":"SSO promised"},
                  "deal.go_live":{"kind":"date","label":"Go-live"},
                  "deal.signed_at":{"kind":"date_time","label":""},
                  "deal.champion":{"kind":"user","label":"Champion"},
                  "deal.rich":{"kind":"html"},
                  "deal.note":{"kind":"text","label":"Note"}}}"#;

    fn texts(field: &str, value: &str, list: ListStyle) -> Vec<String> {
        super::texts(&sample::mapping(), &sample::record(RECORD), &FieldPath::deal(field), value, list)
    }

    #[test]
    fn a_value_reads_as_its_type_says() {
        for (field, value, expected) in [
            ("risks", ";migration;no_admin", vec!["Data migration", "No admin"]),
            ("risks", "MIGRATION; brand_new ;", vec!["Data migration", "Brand new"]),
            ("tier", "ent", vec!["Enterprise"]),
            ("tier", "a;b", vec!["a;b"]),
            ("discount", "15.00", vec!["Discount: 15"]),
            ("discount", "a lot", vec!["Discount: a lot"]),
            ("setup_fee", "1234.5", vec!["Setup fee: 1,234.50 EUR"]),
            ("setup_fee", "1.2E7", vec!["Setup fee: 12,000,000 EUR"]),
            ("discount", "1.25E1", vec!["Discount: 12.5"]),
            ("note", "1.2E7", vec!["1.2E7"]),
            ("sso", "true", vec!["SSO promised: yes"]),
            ("sso", "false", vec!["SSO promised: no"]),
            ("go_live", "1796947200000", vec!["Go-live: 11 Dec 2026"]),
            ("go_live", "soon", vec!["Go-live: soon"]),
            ("signed_at", "2026-12-31T23:30:00Z", vec!["Signed at: 1 Jan 2027"]),
            ("champion", "11", vec!["Champion: Mia Sørensen"]),
            ("champion", "12", vec!["Champion: tom@seller.example"]),
            ("champion", "99", vec!["Champion: 99"]),
            ("champion", "11;12", vec!["Champion: Mia Sørensen, tom@seller.example"]),
            ("champion", ";99; 11", vec!["Champion: 99, Mia Sørensen"]),
            ("rich", "<p>One</p><p>Two</p>", vec!["One\nTwo"]),
            ("note", "a;b\nc", vec!["a;b\nc"]),
            ("unknown_to_metadata", "a;b", vec!["a;b"]),
        ] {
            assert_eq!(texts(field, value, ListStyle::Auto), expected, "{field}");
        }
    }

    #[test]
    fn a_list_style_decides_what_is_one_entry() {
        use ListStyle::{Lines, Semicolons, Whole};
        for (field, value, list, expected) in [
            ("risks", "migration;no_admin", Whole, vec!["Data migration, No admin"]),
            ("risks", "migration;no_admin", Lines, vec!["Data migration", "No admin"]),
            ("note", " a ; b;; ", Semicolons, vec!["a", "b"]),
            (
                "note",
                "- one\n* two\n\n• three\n-5% discount\n-",
                Lines,
                vec!["one", "two", "three", "-5% discount"],
            ),
            ("note", "1. one\n2) two", Lines, vec!["one", "two"]),
            ("note", "3. Dezember\n24. Dezember", Lines, vec!["3. Dezember", "24. Dezember"]),
            ("note", "1. Dezember", Lines, vec!["1. Dezember"]),
            ("note", "one\n--\ntwo\n---\n* * *\n____\n–––\n===\nthree", Lines, vec!["one", "two", "three"]),
            ("note", "one\n-- two --\n-> three", Lines, vec!["one", "-- two --", "-> three"]),
            ("note", "one; ---; two", Semicolons, vec!["one", "two"]),
            ("note", "[ ] one\n- [x] two", Lines, vec!["one", "two"]),
            ("rich", "<ul><li>one</li><li>two</li></ul>", Lines, vec!["one", "two"]),
            ("rich", "<ul><li>one</li><li>two</li></ul>", Whole, vec!["• one\n• two"]),
        ] {
            assert_eq!(texts(field, value, list), expected, "{value}");
        }
    }
}
