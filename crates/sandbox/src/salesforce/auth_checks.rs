//! Authentication checks before a call is answered: the right version, a valid token, and a request limit that is not used up.

use std::collections::BTreeSet;

use jiff::{SignedDuration, Timestamp};
use serde_json::json;

use super::id;
use super::login::no_session;
use super::object::Object;
use super::org::Org;
use super::refusal::refusal;
use crate::call::{Answer, Call, Verdict, pairs};

/// Bytes of an address, and of address and headers together.
const LONGEST_URI: usize = 16_384;

/// Versions below this were switched off.
/// <https://developer.salesforce.com/docs/platform/api/guide/api-eol-soap.html>
const OLDEST_VERSION: u32 = 31;

/// 414 for a long address, 431 for one that is long together with its headers.
pub(super) fn short_enough(call: &Call) -> Result<(), Answer> {
    let headers: usize = call.headers.iter().map(|(name, value)| name.as_str().len() + value.len() + 4).sum();
    let refuse = |status, code, why: &str| Err(refusal(status, code, why, Verdict::Wrong(why.to_owned())));
    if call.uri_bytes > LONGEST_URI {
        return refuse(414, "URI_TOO_LONG", "the address is longer than 16,384 bytes");
    }
    if call.uri_bytes + headers > LONGEST_URI {
        return refuse(
            431,
            "REQUEST_HEADER_FIELDS_TOO_LARGE",
            "address and headers are longer than 16,384 bytes",
        );
    }
    Ok(())
}

/// 410 for a version that was retired, 404 for one that is not served.
pub(super) fn served(version: &str, serves: &str) -> Result<(), Answer> {
    if version == serves {
        return Ok(());
    }
    let number = version
        .strip_prefix('v')
        .and_then(|rest| rest.strip_suffix(".0"))
        .and_then(|n| n.parse::<u32>().ok());
    let why = format!("version {version} is not served");
    Err(match number {
        Some(number) if number < OLDEST_VERSION => refusal(
            410,
            "UNSUPPORTED_API_VERSION",
            "The requested resource is no longer available",
            Verdict::Wrong(why),
        ),
        _ => refusal(404, "NOT_FOUND", "The requested resource does not exist", Verdict::Wrong(why)),
    })
}

/// The org and the user that a call's token speaks for.
pub(super) fn org_of<'a>(
    orgs: impl Iterator<Item = &'a mut Org>,
    call: &Call,
    now: Timestamp,
) -> Result<(&'a mut Org, String), Answer> {
    if call.bearer().is_none() {
        let why = "no bearer token";
        return Err(refusal(
            401,
            "INVALID_AUTH_HEADER",
            "INVALID_HEADER_TYPE",
            Verdict::Wrong(why.to_owned()),
        ));
    }
    for org in orgs {
        match org.admit(call, now) {
            None => {}
            Some(Ok(user)) => return Ok((org, user)),
            Some(Err(refused)) => return Err(refused),
        }
    }
    Err(no_session(Verdict::Wrong("a token that nobody handed out".to_owned())))
}

impl Org {
    /// Counts a call against the rolling 24 hours, and to the opportunities that it names.
    pub(super) fn count(&mut self, call: &Call, now: Timestamp) -> Result<(), Answer> {
        let since = now.checked_sub(SignedDuration::from_hours(24)).unwrap_or(now);
        while self.calls.front().is_some_and(|at| *at <= since) {
            self.calls.pop_front();
        }
        if self.calls.len() >= self.daily_api_requests {
            // The limit is shared by every program that calls the org.
            let refused =
                refusal(403, "REQUEST_LIMIT_EXCEEDED", "TotalRequests Limit exceeded.", Verdict::Switched);
            return Err(self.with_limit_header(refused));
        }
        self.calls.push_back(now);
        let query = call.query.iter().map(|(_, value)| value.as_str());
        let said: String = query.chain([call.path.as_str(), &String::from_utf8_lossy(&call.body)]).collect();
        for opportunity in self.named_in(&said) {
            *self.calls_about.entry(opportunity).or_default() += 1;
        }
        Ok(())
    }

    /// The opportunities whose ids, long or short, stand somewhere in a text.
    fn named_in(&self, text: &str) -> BTreeSet<String> {
        let starts = text.match_indices(Object::Opportunity.prefix()).map(|(start, _)| start);
        let known = |short: &str| {
            let full = id::full(short)?;
            self.record(Object::Opportunity, &full).map(|opportunity| opportunity.id.clone())
        };
        starts.filter_map(|start| text.get(start..start + 15).and_then(known)).collect()
    }

    pub(super) fn with_limit_header(&self, answer: Answer) -> Answer {
        let usage = format!("api-usage={}/{}", self.calls.len(), self.daily_api_requests);
        answer.with("sforce-limit-info", &usage)
    }

    /// `GET limits`
    pub(super) fn limits(&self) -> Answer {
        let left = self.daily_api_requests.saturating_sub(self.calls.len());
        Answer::json(200, &json!({"DailyApiRequests": {"Max": self.daily_api_requests, "Remaining": left}}))
    }
}

/// A part of a path without its escapes.
pub(super) fn decoded(part: &str) -> String {
    let form = format!("part={}", part.replace('+', "%2B").replace('&', "%26"));
    pairs(&form).into_iter().map(|(_, value)| value).collect()
}
