//! Values that a mapping checks before any account is asked: field paths, time zones, channels, addresses.

use jiff::tz::TimeZone;

use crate::record::{FieldObject, FieldPath};
use crate::source::{Field, Node, Problems, Span, Spanned, alternatives, nearest};

/// What people call an object when they do not call it as the mapping does.
const OTHER_NAMES: [(FieldObject, &str); 4] = [
    (FieldObject::Deal, "deals, opportunity"),
    (FieldObject::Company, "companies, account, organization"),
    (FieldObject::Owner, "seller, user"),
    (FieldObject::LineItems, "line_item, lineitems, products, product, opportunitylineitem"),
];

/// The path a key holds.
pub(super) fn path(field: Field<'_>, problems: &mut Problems) -> Option<Spanned<FieldPath>> {
    let (text, span) = field.text(problems)?;
    parse_path(text, span, problems)
}

/// The path an element of a list holds.
pub(super) fn path_in_list(node: &Node, problems: &mut Problems) -> Option<Spanned<FieldPath>> {
    let Some(text) = node.text() else {
        let message = format!("the name of a field stands here, not {}", node.kind());
        return problems.reject(node.span, message, "write a field such as `deal.handoff_risks`");
    };
    parse_path(text.trim(), node.span, problems)
}

fn parse_path(text: &str, span: Span, problems: &mut Problems) -> Option<Spanned<FieldPath>> {
    let fields = several_fields(text);
    if fields.len() > 1 {
        let help = format!("write `[{}]`; where one field belongs, keep one", fields.join(", "));
        return problems.reject(span, format!("several fields stand here without brackets: `{text}`"), help);
    }
    let Some((object, name)) = text.split_once('.') else {
        let help = format!("write `deal.{text}` for a field of the deal, `company.{text}` for the company's");
        return problems.reject(span, format!("`{text}` does not say whose field it is"), help);
    };
    if let Some(help) = wrong_name(object, name) {
        return problems.reject(span, format!("`{text}` is not the internal name of a field"), help);
    }
    if let Some((_, object)) = FieldObject::ALL.into_iter().find(|(word, _)| *word == object) {
        return Some(Spanned { value: FieldPath { object, name: name.to_owned() }, span });
    }
    let help = match meant(object) {
        Some(object) => format!("write `{}.{name}`", object.as_str()),
        None if nearest(object, ["contact", "contacts"]).is_some() => {
            "people come from `roles`; a section can read `deal`, `company`, `owner` and `line_items`"
                .to_owned()
        }
        None => "begin with `deal.`, `company.`, `owner.` or `line_items.`".to_owned(),
    };
    problems.reject(span, format!("there is no object `{object}`"), help)
}

/// The fields of `deal.a, deal.b`, whatever stands between them; none if a part of the text is no field.
fn several_fields(text: &str) -> Vec<&str> {
    let parts = text.split([',', ';', ' ', '+', '&', '|', '[', ']']).filter(|part| !part.is_empty());
    let parts: Vec<&str> = parts.filter(|part| !matches!(*part, "and" | "or" | "und" | "et")).collect();
    let is_field = |part: &&str| {
        part.split_once('.').is_some_and(|(object, name)| {
            !name.is_empty() && FieldObject::ALL.iter().any(|(word, _)| *word == object)
        })
    };
    if parts.iter().all(is_field) { parts } else { Vec::new() }
}

fn wrong_name(object: &str, name: &str) -> Option<String> {
    if name.is_empty() {
        return Some(format!("write the field's name behind the dot: `{object}.handoff_risks`"));
    }
    let plain = |char: char| char.is_alphanumeric() || matches!(char, '_' | '.' | '-');
    (!name.chars().all(plain) || object.contains(char::is_whitespace)).then(|| {
        "write the internal name, not the label that people see: it has no spaces, as in `deal.handoff_risks`"
            .to_owned()
    })
}

fn meant(object: &str) -> Option<FieldObject> {
    let others =
        OTHER_NAMES.into_iter().flat_map(|(object, words)| words.split(", ").map(move |word| (word, object)));
    let names = || FieldObject::ALL.into_iter().chain(others.clone());
    let word = nearest(object, names().map(|(word, _)| word))?;
    names().find(|(other, _)| *other == word).map(|(_, object)| object)
}

/// Three names are enough to recognise one's own.
const MOST_ZONES: usize = 3;

/// A name of the IANA database; another one is kept as well.
pub(super) fn time_zone(field: Field<'_>, problems: &mut Problems) -> Option<Spanned<String>> {
    let (name, span) = field.text(problems)?;
    if TimeZone::get(name).is_err() {
        let help = match zone_of_city(name) {
            Some(zone) => format!("did you mean `{zone}`?"),
            None if zones_like(name).is_empty() => {
                "write area and city of the nearest large city, such as Europe/Berlin or America/New_York, or UTC"
                    .to_owned()
            }
            None => format!("write {}", alternatives(name, zones_like(name).iter().map(String::as_str))),
        };
        problems.error(span, format!("there is no time zone `{name}`"), help);
    }
    Some((name, span).into())
}

/// The one zone with this city, if the area in front of it is all that is wrong. `Etc/GMT+2` is none: it is two hours
/// behind Greenwich. <https://data.iana.org/time-zones/tzdb/etcetera>
fn zone_of_city(name: &str) -> Option<String> {
    let city =
        |name: &str| name.rsplit('/').next().unwrap_or_default().trim().to_lowercase().replace(' ', "_");
    let wanted = city(name);
    let known: Vec<String> = jiff::tz::db().available().map(|known| known.as_str().to_owned()).collect();
    let is_place = |known: &str| known.contains('/') && !known.starts_with("Etc/");
    let mut fitting = known.into_iter().filter(|known| is_place(known) && city(known) == wanted);
    match (fitting.next(), fitting.next()) {
        (Some(zone), None) => Some(zone),
        _ => None,
    }
}

/// How much of a name must be right for another one to be meant.
const LIKE_A_ZONE: f64 = 0.7;

/// The names that look most like this one: by the city behind the slash, and of equal ones by the whole. None for an offset
/// or an abbreviation, which looks like a zone it has nothing to do with.
fn zones_like(name: &str) -> Vec<String> {
    let wanted: String = name.to_lowercase().replace(' ', "_").chars().take(64).collect();
    let city = wanted.rsplit('/').next().unwrap_or_default();
    let mut names: Vec<(f64, String)> = jiff::tz::db()
        .available()
        .map(|known| {
            let lower = known.as_str().to_lowercase();
            let known_city = lower.rsplit('/').next().unwrap_or_default();
            let whole = strsim::normalized_damerau_levenshtein(&wanted, &lower) / 100.0;
            let likeness = strsim::normalized_damerau_levenshtein(city, known_city) + whole - 0.01;
            // Areas are what people choose between; `posix/…` and bare abbreviations are not.
            (likeness - if lower.contains('/') { 0.0 } else { 0.2 }, known.as_str().to_owned())
        })
        .collect();
    let is_place =
        name.chars().all(|letter| !letter.is_ascii_digit()) && name.chars().any(char::is_lowercase);
    names.retain(|(likeness, name)| is_place && *likeness >= LIKE_A_ZONE && name.contains('/'));
    names.sort_by(|(a, a_name), (b, b_name)| b.total_cmp(a).then_with(|| a_name.cmp(b_name)));
    names.truncate(MOST_ZONES);
    names.into_iter().map(|(_, name)| name).collect()
}

/// Channels have a stable id beside their name; a mapping uses the id, so that renaming a channel changes
/// nothing.
pub(super) const CHANNEL: &str = "write the channel's id, such as C0123ABCD: in Slack click the channel's name, it stands at \
                     the bottom of About";

const ONE_CHANNEL: &str = "keep one channel; other deals get theirs under `routes`: `{when: …, channel: …}`";

/// A channel's id; other text is kept as well.
pub(super) fn channel(field: Field<'_>, problems: &mut Problems) -> Option<Spanned<String>> {
    let key = field.key_span()?;
    // `channel: #wins` is a key with a comment behind it: say more than "empty".
    let mut silent = Problems::default();
    let Some((text, span)) = field.text(&mut silent) else {
        if let Some(node) = field.node(&mut silent).filter(|node| node.text().is_none()) {
            let message = format!("`channel` takes one channel, not {}", node.kind());
            return problems.reject(node.span, message, ONE_CHANNEL);
        }
        return problems.reject(key, "`channel` holds no channel id (text behind `#` is a comment)", CHANNEL);
    };
    let message = match text.chars().next() {
        _ if is_channel(text) && !is_stand_in(text) => return Some((text, span).into()),
        _ if text.split([',', ';', ' ']).filter(|part| is_channel(part)).count() > 1 => {
            let message = format!("`channel` takes one channel, not several: `{text}`");
            return problems.reject(span, message, ONE_CHANNEL);
        }
        Some(_) if is_stand_in(text) => {
            let message = format!("`{text}` is a stand-in for a channel and has to be replaced");
            problems.stand_in(span, message, CHANNEL);
            return Some((text, span).into());
        }
        Some('#') => format!("`{text}` is the name of a channel, not its id"),
        Some('U' | 'W' | 'D') if is_channel(&format!("C{}", text.get(1..).unwrap_or_default())) => {
            format!("`{text}` is the id of a person or a direct message, not of a channel")
        }
        _ => format!("`{text}` is not the id of a Slack channel"),
    };
    problems.error(span, message, CHANNEL);
    Some((text, span).into())
}

/// `C000000000`, which `init` writes, and `C0XXXXXXX`, which manuals do.
fn is_stand_in(text: &str) -> bool {
    text.strip_prefix('C').is_some_and(|rest| rest.bytes().all(|byte| matches!(byte, b'0' | b'X')))
}

fn is_channel(text: &str) -> bool {
    let id =
        |rest: &str| rest.len() >= 7 && rest.bytes().all(|b| b.is_ascii_uppercase() || b.is_ascii_digit());
    text.strip_prefix(['C', 'G']).is_some_and(id)
}

pub(super) fn is_address(text: &str) -> bool {
    let allowed = |char: char| char.is_ascii_graphic() && !matches!(char, '@' | '<' | '>' | ',' | ';' | '"');
    text.split_once('@').is_some_and(|(person, domain)| {
        !person.is_empty() && person.chars().all(allowed) && is_domain(domain)
    })
}

pub(super) fn is_domain(text: &str) -> bool {
    let label =
        |label: &str| !label.is_empty() && label.chars().all(|char| char.is_alphanumeric() || char == '-');
    text.contains('.') && text.split('.').all(label)
}
