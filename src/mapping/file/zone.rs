//! `time_zone`: a name of the IANA database.

use jiff::tz::TimeZone;

use crate::source::{Problems, Span, alternatives};

/// Three names are enough to recognise one's own.
const NAMES: usize = 3;

/// The zone of this name.
pub(crate) fn read((name, span): (&str, Span), problems: &mut Problems) -> Option<TimeZone> {
    let zone = TimeZone::get(name).ok();
    if zone.is_none() {
        let help = match of_city(name) {
            Some(zone) => format!("did you mean `{zone}`?"),
            None => format!("write {}", alternatives(name, near(name).iter().map(String::as_str))),
        };
        problems.error(span, format!("there is no time zone `{name}`"), help);
    }
    zone
}

/// The one zone with this city, if the area in front of it is all that is wrong.
fn of_city(name: &str) -> Option<String> {
    let city =
        |name: &str| name.rsplit('/').next().unwrap_or_default().trim().to_lowercase().replace(' ', "_");
    let wanted = city(name);
    let known: Vec<String> = jiff::tz::db().available().map(|known| known.as_str().to_owned()).collect();
    let mut fitting = known.into_iter().filter(|known| known.contains('/') && city(known) == wanted);
    match (fitting.next(), fitting.next()) {
        (Some(zone), None) => Some(zone),
        _ => None,
    }
}

/// The names that look most like this one: by the city behind the slash as well as by the whole.
fn near(name: &str) -> Vec<String> {
    let wanted: String = name.to_lowercase().replace(' ', "_").chars().take(64).collect();
    let city = wanted.rsplit('/').next().unwrap_or_default();
    let mut names: Vec<(f64, String)> = jiff::tz::db()
        .available()
        .map(|known| {
            let lower = known.as_str().to_lowercase();
            let whole = strsim::normalized_damerau_levenshtein(&wanted, &lower);
            let known_city = lower.rsplit('/').next().unwrap_or_default();
            let likeness = whole.max(strsim::normalized_damerau_levenshtein(city, known_city) - 0.01);
            // Areas are what people choose between; `posix/…` and bare abbreviations are not.
            (likeness - if lower.contains('/') { 0.0 } else { 0.2 }, known.as_str().to_owned())
        })
        .collect();
    names.sort_by(|(a, a_name), (b, b_name)| b.total_cmp(a).then_with(|| a_name.cmp(b_name)));
    names.truncate(NAMES);
    names.into_iter().map(|(_, name)| name).collect()
}
