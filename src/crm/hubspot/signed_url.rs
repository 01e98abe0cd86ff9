//! Why a signature does not match, when the reason is the URL: a proxy in front of us changed what
//! HubSpot called. This finds out which part, for the operator's log. It never accepts anything.

use std::borrow::Cow;

use crate::crm::RawWebhook;

/// Looking further costs up to 31 more hashes, so a stranger's large body is not worth it. A full batch
/// of 100 events is about 40 kB.
const LARGEST_BODY: usize = 64 * 1024;

/// A changed part of the URL: what to call it, and the text in its place.
type Part<'a> = (Option<String>, Cow<'a, str>);

/// Says which other form of the URL `signs` accepts, changing as few parts as possible. The answer names
/// the parts only; the host is repeated because a valid signature vouches for it.
pub(super) fn explain(raw: &RawWebhook, public_url: &str, signs: &dyn Fn(&str) -> bool) -> String {
    if raw.body.len() > LARGEST_BODY {
        return "the body is too large to look for a reason".to_owned();
    }
    let mut candidates = candidates(raw, public_url);
    candidates.sort_by_key(|(changes, _)| changes.len());
    match candidates.iter().find(|(_, url)| signs(url)) {
        Some((changes, _)) => format!("it would have matched with {}", changes.join(" and ")),
        None => "no other scheme, host, slash or query form matches: wrong secret, or the body was changed"
            .to_owned(),
    }
}

/// Every combination of changed parts, with the names of the changes.
fn candidates(raw: &RawWebhook, public_url: &str) -> Vec<(Vec<String>, String)> {
    let (scheme, rest) = public_url.split_once("://").unwrap_or(("https", public_url));
    let (host, base) = match rest.find('/') {
        Some(slash) => rest.split_at(slash),
        None => (rest, ""),
    };
    let (path, query) = match raw.path_and_query.split_once('?') {
        Some((path, query)) => (path, Some(query)),
        None => (raw.path_and_query.as_str(), None),
    };

    let mut all = Vec::new();
    for (scheme_change, scheme) in schemes(scheme) {
        for (host_change, host) in hosts(host, raw) {
            for (slash_change, path) in paths(path) {
                for (query_change, query) in queries(query) {
                    let changes: Vec<String> = [&scheme_change, &host_change, &slash_change, &query_change]
                        .into_iter()
                        .flatten()
                        .cloned()
                        .collect();
                    if !changes.is_empty() {
                        all.push((changes, format!("{scheme}://{host}{base}{path}{query}")));
                    }
                }
            }
        }
    }
    all
}

fn schemes(scheme: &str) -> [Part<'_>; 2] {
    let other = if scheme == "https" { "http" } else { "https" };
    [(None, scheme.into()), (Some(format!("scheme {other}")), other.into())]
}

fn hosts<'a>(host: &'a str, raw: &'a RawWebhook) -> Vec<Part<'a>> {
    let received = raw.single_header("host").filter(|received| *received != host);
    let other = received.map(|received| (Some(format!("host {received}")), received.into()));
    [(None, host.into())].into_iter().chain(other).collect()
}

fn paths(path: &str) -> [Part<'_>; 2] {
    let other = match path.strip_suffix('/') {
        Some(shorter) => (Some("no trailing slash".to_owned()), shorter.into()),
        None => (Some("a trailing slash".to_owned()), format!("{path}/").into()),
    };
    [(None, path.into()), other]
}

fn queries(query: Option<&str>) -> Vec<Part<'static>> {
    let Some(query) = query else { return vec![(None, "".into())] };
    let mut forms = vec![
        (None, format!("?{query}").into()),
        (Some("no query in the URL".to_owned()), "".into()),
        (Some("an empty query in the URL".to_owned()), "?".into()),
    ];
    if query.contains('%') {
        forms.push((
            Some("every escape of the query decoded".to_owned()),
            format!("?{}", decode(query, |_| true)).into(),
        ));
    }
    forms
}

/// Decodes each `%XX` that stands for one of these bytes; all else stays.
pub(super) fn decode(text: &str, listed: impl Fn(u8) -> bool) -> String {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((&first, tail)) = rest.split_first() {
        let mut byte = [0];
        let escaped = tail.split_at_checked(2).filter(|_| first == b'%');
        match escaped {
            Some((digits, after))
                if hex::decode_to_slice(digits, &mut byte).is_ok()
                    && byte.iter().all(|byte| listed(*byte)) =>
            {
                bytes.extend(byte);
                rest = after;
            }
            _ => {
                bytes.push(first);
                rest = tail;
            }
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}
