//! The deal in short, in the words of either CRM.

use std::borrow::Cow;

use jiff::tz::TimeZone;

use crate::messages;
use crate::packet::DealSummary;
use crate::record::DealRecord;
use crate::text::clean::clean_line;
use crate::text::decimal::digits;

/// The deal in short; its close date is the day in `zone`. A deal without a name is called by its id.
pub(super) fn summary(record: &DealRecord, zone: &TimeZone) -> DealSummary {
    let fields = &record.crm.dialect().fields;
    let name = record.deal_line(fields.deal_name);
    DealSummary {
        id: record.deal.id.clone(),
        name: name.unwrap_or_else(|| messages::value::deal_without_name(&record.deal.id)),
        url: record.url.clone().filter(|url| is_web_address(url)),
        amount: record
            .deal_line(fields.amount)
            .map(|raw| digits(&raw).map_or_else(|| raw.clone(), Cow::into_owned)),
        currency: record.currency(),
        close_date: record.close_date(zone),
    }
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
}
