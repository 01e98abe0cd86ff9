//! Writing to an opportunity and to the contact roles on it.
//!
//! <https://developer.salesforce.com/docs/platform/api-rest/guide/resources-sobject-retrieve-patch.html>

use jiff::fmt::strtime;
use jiff::{Timestamp, tz::TimeZone};
use serde_json::{Map, Value, json};

use super::guards::{ChangeEvent, Hold};
use super::object::Object;
use super::org::Org;
use super::permissions::PermittedView;
use super::refusal::{about_field, absent, body, only_query, refusal, wrong, wrong_field};
use super::tasks::Writing;
use super::{id, values};
use crate::call::{Answer, Call, Verdict};

/// `PATCH sobjects/Opportunity/{id}`
pub(super) fn update_opportunity(
    org: &mut Org,
    call: &Call,
    deal: &str,
    writing: &Writing<'_>,
) -> Result<Answer, Answer> {
    let client = client(call)?;
    let deal = known(org, call, Object::Opportunity, deal, writing)?;
    may_edit(org, Object::Opportunity, &deal)?;
    unmodified(org, call, &deal)?;
    let values = org.before_save(changes(org, call, Object::Opportunity, |_| true, writing)?);
    if let Some(record) = org.record(Object::Opportunity, &deal)
        && let Some(rule) = org.broken_rule(record, &values)
    {
        let fields: &[&str] = if rule.at_field { &[&rule.field] } else { &[] };
        let code = "FIELD_CUSTOM_VALIDATION_EXCEPTION";
        let body = json!([{"message": rule.message, "errorCode": code, "fields": fields}]);
        return Err(Answer::json(400, &body).because(Verdict::Switched));
    }
    let changed: Vec<(&str, &str)> = pairs(&values);
    let raised =
        org.change_opportunity(&deal, &changed, writing.now).map_err(|gone| absent(&gone.to_string()))?;
    org.raised.extend(raised);
    org.note(Object::Opportunity, &deal, &values, client, writing);
    Ok(Answer::text(204, ""))
}

/// `POST sobjects/OpportunityContactRole`
pub(super) fn create_role(org: &mut Org, call: &Call, writing: &Writing<'_>) -> Result<Answer, Answer> {
    only_query(call, &[])?;
    let client = client(call)?;
    may_edit(org, Object::ContactRole, "")?;
    let mut values = changes(org, call, Object::ContactRole, |_| true, writing)?;
    let of = |name: &str| values.iter().find(|(known, _)| known == name).map(|(_, value)| value.clone());
    for required in ["OpportunityId", "ContactId"] {
        if of(required).is_none_or(|id| id.is_empty()) {
            let why = format!("Required fields are missing: [{required}]");
            return Err(wrong_field("REQUIRED_FIELD_MISSING", required, &why));
        }
    }
    let deal = of("OpportunityId").unwrap_or_default();
    may_edit(org, Object::ContactRole, &deal)?;
    if of("IsPrimary").is_none() {
        values.push(("IsPrimary".to_owned(), "false".to_owned()));
    }
    let id = org.create(Object::ContactRole, writing.now, &pairs(&values));
    org.one_primary(&deal, &id, &values, writing.now);
    org.note(Object::ContactRole, &id, &values, client, writing);
    Ok(Answer::json(201, &json!({"id": id, "success": true, "errors": []})))
}

/// `PATCH sobjects/OpportunityContactRole/{id}`. Neither the contact nor the opportunity of a role can be changed.
pub(super) fn update_role(
    org: &mut Org,
    call: &Call,
    role: &str,
    writing: &Writing<'_>,
) -> Result<Answer, Answer> {
    let client = client(call)?;
    let role = known(org, call, Object::ContactRole, role, writing)?;
    let row = org.record(Object::ContactRole, &role);
    let deal = row.and_then(|row| row.get("OpportunityId")).unwrap_or_default().to_owned();
    may_edit(org, Object::ContactRole, &deal)?;
    let fixed = |name: &str| matches!(name, "OpportunityId" | "ContactId");
    let values = changes(org, call, Object::ContactRole, |name| !fixed(name), writing)?;
    for (name, value) in &values {
        org.set(Object::ContactRole, &role, name, value, writing.now);
    }
    org.one_primary(&deal, &role, &values, writing.now);
    org.note(Object::ContactRole, &role, &values, client, writing);
    Ok(Answer::text(204, ""))
}

/// The record that a path names.
fn known(
    org: &Org,
    call: &Call,
    object: Object,
    name: &str,
    writing: &Writing<'_>,
) -> Result<String, Answer> {
    only_query(call, &[])?;
    let view = PermittedView { org, version: writing.version };
    let known = id::full(name).and_then(|id| view.record(object, &id));
    Ok(known.ok_or_else(|| absent("The requested resource does not exist"))?.id.clone())
}

/// Whether the user may edit an opportunity, or what hangs on it.
fn may_edit(org: &Org, object: Object, deal: &str) -> Result<(), Answer> {
    let verdict = match org.edits_deals {
        None => Verdict::Wrong(format!("{}: no permission set lets the bridge write to it", object.name())),
        Some(_) => Verdict::Switched,
    };
    if !org.may_edit(object) {
        let why = "insufficient access rights on object id";
        return Err(refusal(403, "INSUFFICIENT_ACCESS_OR_READONLY", why, verdict));
    }
    match org.holds.get(deal) {
        None => Ok(()),
        Some(Hold::ReadOnly) => {
            let why = "insufficient access rights on object id";
            Err(refusal(400, "INSUFFICIENT_ACCESS_OR_READONLY", why, Verdict::Switched))
        }
        Some(Hold::Locked) => {
            let why = "the entity is locked for editing";
            Err(refusal(400, "ENTITY_IS_LOCKED", why, Verdict::Switched))
        }
    }
}

/// Refuses if the opportunity was changed after the instant that the caller names, to the second.
/// <https://developer.salesforce.com/docs/platform/api-rest/guide/intro-rest-conditional-requests.html>
fn unmodified(org: &Org, call: &Call, deal: &str) -> Result<(), Answer> {
    for name in ["if-match", "if-none-match", "if-modified-since"] {
        if call.headers.contains_key(name) {
            return Err(wrong("INVALID_HEADER", &format!("{name} is of no use to this resource")));
        }
    }
    let Some(header) = call.headers.get("if-unmodified-since") else { return Ok(()) };
    let invalid = || wrong("INVALID_HEADER", "If-Unmodified-Since is not an RFC 1123 date");
    let since = header.to_str().ok().and_then(http_date).ok_or_else(invalid)?;
    match org.record(Object::Opportunity, deal) {
        // The body is empty: what it holds is not documented.
        Some(record) if record.modified > since => Err(Answer::text(412, "").because(Verdict::Switched)),
        _ => Ok(()),
    }
}

/// `Mon, 30 Nov 2026 10:15:04 GMT`
fn http_date(text: &str) -> Option<Timestamp> {
    let format = "%a, %d %b %Y %H:%M:%S GMT";
    let read = strtime::parse(format, text).ok()?.to_datetime().ok()?;
    let at = read.to_zoned(TimeZone::UTC).ok()?.timestamp();
    (at.strftime(format).to_string() == text).then_some(at)
}

/// The name that a caller gives itself in `Sforce-Call-Options: client=NAME`.
fn client(call: &Call) -> Result<Option<&str>, Answer> {
    let Some(header) = call.header("sforce-call-options") else { return Ok(None) };
    let name = header.strip_prefix("client=").filter(|name| {
        !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_graphic() && !matches!(byte, b',' | b'='))
    });
    name.map(Some).ok_or_else(|| wrong("INVALID_HEADER", "not a client name"))
}

/// The values of a body, by field name.
fn changes(
    org: &Org,
    call: &Call,
    object: Object,
    may_change: impl Fn(&str) -> bool,
    writing: &Writing<'_>,
) -> Result<Vec<(String, String)>, Answer> {
    let sent: Map<String, Value> = body(call)?;
    if sent.keys().any(|name| name.eq_ignore_ascii_case("id")) {
        let why = "The Id field should not be specified in the sobject data.";
        return Err(wrong_field("INVALID_FIELD", "Id", why));
    }
    if let Some(name) = sent.keys().find(|name| !may_change(name)) {
        let why = format!("Unable to create/update fields: {name}");
        return Err(wrong_field("INVALID_FIELD_FOR_INSERT_UPDATE", name, &why));
    }
    let view = PermittedView { org, version: writing.version };
    let entered = values::check(view, object, &sent, |field| org.may_set(object, field))?;
    if let Some((field, _)) =
        entered.iter().find(|(field, text)| field.entry == super::Entry::Required && text.trim().is_empty())
    {
        let why = format!("Required fields are missing: [{}]", field.name);
        return Err(about_field("REQUIRED_FIELD_MISSING", &field.name, &why, Verdict::Switched));
    }
    // Salesforce keeps no blanks around a text.
    Ok(entered.into_iter().map(|(field, text)| (field.name.clone(), text.trim().to_owned())).collect())
}

fn pairs(values: &[(String, String)]) -> Vec<(&str, &str)> {
    values.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect()
}

impl Org {
    /// An opportunity has one primary contact: another one stops being it.
    fn one_primary(&mut self, deal: &str, role: &str, values: &[(String, String)], now: Timestamp) {
        if !values.iter().any(|(name, value)| name == "IsPrimary" && value == "true") {
            return;
        }
        let is_other = |row: &&super::Record| {
            row.id != role && row.get("OpportunityId") == Some(deal) && row.get("IsPrimary") == Some("true")
        };
        let others: Vec<String> =
            self.records(Object::ContactRole).filter(is_other).map(|row| row.id.clone()).collect();
        for other in others {
            self.set(Object::ContactRole, &other, "IsPrimary", "false", now);
        }
    }

    fn note(
        &mut self,
        object: Object,
        record: &str,
        values: &[(String, String)],
        client: Option<&str>,
        writing: &Writing<'_>,
    ) {
        let version = writing.version.trim_start_matches('v');
        let client = client.map_or_else(String::new, |name| format!(";client={name}"));
        self.change_events.push(ChangeEvent {
            object,
            record: record.to_owned(),
            fields: values.iter().map(|(name, _)| name.clone()).collect(),
            origin: format!("com/salesforce/api/rest/{version}{client}"),
            user: writing.user.to_owned(),
            at: writing.now,
        });
    }
}
