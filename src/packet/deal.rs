//! The deal in short, in the words of either CRM.

use jiff::civil::Date;
use jiff::tz::TimeZone;

use super::DealSummary;
use crate::dates::stored as dates;
use crate::mapping::field::is_redacted;
use crate::messages;
use crate::record::{CrmKind, DealRecord, FieldKind};
use crate::record::{FieldObject, FieldPath};
use crate::text::clean::clean_line;

/// The names of a CRM's own deal fields.
struct Names {
    name: &'static str,
    amount: &'static str,
    currency: &'static str,
    close_date: &'static str,
    /// How the close date is stored: Salesforce has a day, HubSpot an instant.
    close_kind: FieldKind,
}

const HUBSPOT: Names = Names {
    name: "dealname",
    amount: "amount",
    currency: "deal_currency_code",
    close_date: "closedate",
    close_kind: FieldKind::DateTime,
};

const SALESFORCE: Names = Names {
    name: "Name",
    amount: "Amount",
    currency: "CurrencyIsoCode",
    close_date: "CloseDate",
    close_kind: FieldKind::Date,
};

/// How the CRM's own amount and close date are stored in every account.
pub fn own_kind(crm: CrmKind, path: &FieldPath) -> Option<FieldKind> {
    let names = names(crm);
    match path.name.as_str() {
        _ if path.object != FieldObject::Deal => None,
        name if name == names.amount => Some(FieldKind::Money),
        name if name == names.close_date => Some(names.close_kind),
        _ => None,
    }
}

fn names(crm: CrmKind) -> &'static Names {
    match crm {
        CrmKind::Hubspot => &HUBSPOT,
        CrmKind::Salesforce => &SALESFORCE,
    }
}

/// The deal in short; its close date is the day in `zone`. A deal without a name is called by its id.
pub fn summary(record: &DealRecord, zone: &TimeZone) -> DealSummary {
    let name = line(record, names(record.crm).name)
        .unwrap_or_else(|| messages::value::deal_without_name(&record.deal.id));
    DealSummary {
        id: record.deal.id.clone(),
        name,
        url: record.url.clone().filter(|url| is_web_address(url)),
        amount: line(record, names(record.crm).amount),
        currency: currency(record),
        close_date: close_date(record, zone),
    }
}

/// The deal's currency code, if the CRM has one.
pub fn currency(record: &DealRecord) -> Option<String> {
    line(record, names(record.crm).currency)
}

/// The day the deal was closed, in `zone`: 23:30 UTC on the 31st is the 1st in Berlin.
pub fn close_date(record: &DealRecord, zone: &TimeZone) -> Option<Date> {
    let names = names(record.crm);
    let known = record.fields.get(&FieldPath::deal(names.close_date).to_string()).map(|info| info.kind);
    dates::day(record.deal.get(names.close_date)?, known.or(Some(names.close_kind)), zone)
}

fn line(record: &DealRecord, name: &str) -> Option<String> {
    let value = record.deal.get(name).filter(|value| !is_redacted(value))?;
    Some(clean_line(value)).filter(|line| !line.is_empty())
}

fn is_web_address(url: &str) -> bool {
    (url.starts_with("https://") || url.starts_with("http://"))
        && url.chars().all(|letter| !letter.is_control() && !letter.is_whitespace())
        && clean_line(url).chars().count() == url.chars().count()
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use super::*;
    use crate::mapping::sample;

    fn summary_of(json: &str) -> DealSummary {
        summary(&sample::record(json), &TimeZone::get("Europe/Berlin").unwrap())
    }

    #[test]
    fn hubspot_and_salesforce_name_things_differently() {
        let hubspot = summary_of(
            r#"{"crm":"hubspot","account":1,"url":"https://app.hubspot.com/x",
                "deal":{"id":7,"dealname":"Acme &amp; Co\n","amount":"54000.00","deal_currency_code":"EUR",
                        "closedate":"2026-10-31T23:30:00Z"}}"#,
        );
        assert_eq!(hubspot.name, "Acme & Co");
        assert_eq!(hubspot.url.as_deref(), Some("https://app.hubspot.com/x"));
        assert_eq!(hubspot.amount.as_deref(), Some("54000.00"));
        assert_eq!(hubspot.currency.as_deref(), Some("EUR"));
        assert_eq!(hubspot.close_date, Some(date(2026, 11, 1)));

        let salesforce = summary_of(
            r#"{"crm":"salesforce","account":"00D000000000001EAA",
                "deal":{"Id":"006000000000001AAA","Name":"Acme","Amount":54000.50,"CurrencyIsoCode":"USD",
                        "CloseDate":"2026-10-31"}}"#,
        );
        assert_eq!(salesforce.id, "006000000000001AAA");
        assert_eq!(salesforce.name, "Acme");
        assert_eq!(salesforce.amount.as_deref(), Some("54000.50"));
        assert_eq!(salesforce.currency.as_deref(), Some("USD"));
        assert_eq!(salesforce.close_date, Some(date(2026, 10, 31)));
    }

    #[test]
    fn a_deal_without_anything_still_has_a_name() {
        let empty = summary_of(
            r#"{"crm":"hubspot","account":1,"url":"javascript:x","deal":{"id":7,"amount":"REDACTED"}}"#,
        );
        assert_eq!(empty.name, "Deal 7");
        assert_eq!((empty.url, empty.amount, empty.currency, empty.close_date), (None, None, None, None));
    }

    #[test]
    fn a_close_date_at_midnight_utc_is_still_an_instant() {
        let deal = r#"{"crm":"hubspot","account":1,"deal":{"id":7,"closedate":"1796947200000"}}"#;
        let new_york = TimeZone::get("America/New_York").unwrap();
        assert_eq!(close_date(&sample::record(deal), &new_york), Some(date(2026, 12, 10)));
    }
}
