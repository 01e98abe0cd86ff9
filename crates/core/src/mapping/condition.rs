//! Judges a condition against a deal record, and says in words what it saw.

use jiff::Zoned;
use jiff::civil::Date;
use rust_decimal::Decimal;

use crate::dates;
use crate::messages::condition as words;
use crate::record::{DealRecord, Reading, find, label as shown_label};
use crate::text::clean::clean_line;
use crate::text::decimal::{decimal, trimmed};

use super::{Condition, Test};

/// Whether a condition holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verdict {
    /// It does; why, in words: `amount 54000 ≥ 50000`, `customer_tier is Enterprise`.
    Holds {
        words: String,
        /// The stored value that decided it; none where emptiness decided.
        value: Option<String>,
    },
    /// It does not, and the field could be read. An absent number is not zero: it does not hold.
    DoesNotHold,
    /// Nobody can tell; why, in words: `Amount cannot be read ("about 50k" is not a number)`.
    Unreadable(String),
}

impl Condition {
    /// Judges this condition at an instant in the account's zone. For line items it holds when it holds for
    /// any of them (`NotIn`: for all).
    pub fn judge(&self, record: &DealRecord, now: &Zoned) -> Verdict {
        let name = self.field.short_name();
        let info = || record.info(&self.field);
        let values = match record.read(&self.field) {
            Reading::Values(values) => values,
            Reading::Empty => Vec::new(),
            Reading::Hidden(why) => return self.unreadable(record, words::hidden(why)),
        };
        match &self.test {
            Test::AtLeast(limit) => self.compare(record, &values, |number| number >= *limit, "≥", *limit),
            Test::AtMost(limit) => self.compare(record, &values, |number| number <= *limit, "≤", *limit),
            Test::In(wanted) => {
                let hit = values.iter().find_map(|value| Some((*value, find(value, wanted, info())?)));
                hit.map_or(Verdict::DoesNotHold, |(value, shown)| holds(words::is(name, &shown), Some(value)))
            }
            Test::NotIn(refused) => {
                if values.iter().any(|value| find(value, refused, info()).is_some()) {
                    return Verdict::DoesNotHold;
                }
                match values.first() {
                    Some(value) => holds(words::is(name, &shown_label(value, info())), Some(value)),
                    None => holds(words::is_empty(name), None),
                }
            }
            Test::Filled(true) => values
                .first()
                .map_or(Verdict::DoesNotHold, |value| holds(words::is_filled(name), Some(value))),
            Test::Filled(false) if values.is_empty() => holds(words::is_empty(name), None),
            Test::Filled(false) => Verdict::DoesNotHold,
            Test::OlderThanDays(limit) => self.any_day(record, &values, now, |day| {
                let days = dates::days_between(day, now.date());
                (i64::from(days) > i64::from(*limit)).then(|| words::is_old(name, &days.to_string()))
            }),
            Test::LastDayOfQuarter(wanted) => self.any_day(record, &values, now, |day| {
                let said = if *wanted { words::is_quarter_end } else { words::is_not_quarter_end };
                (dates::is_last_of_quarter(day) == *wanted).then(|| said(name))
            }),
        }
    }

    /// Holds if one of `values` is a day about which `test` has something to say.
    fn any_day(
        &self,
        record: &DealRecord,
        values: &[&str],
        now: &Zoned,
        test: impl Fn(Date) -> Option<String>,
    ) -> Verdict {
        let day = |value: &str| record.day(&self.field, value, now.time_zone());
        if let Some((value, why)) = values.iter().find_map(|value| Some((*value, test(day(value)?)?))) {
            return holds(why, Some(value));
        }
        match values.iter().find(|value| day(value).is_none()) {
            Some(value) => self.unreadable(record, &words::not_a_day(&clean_line(value))),
            None => Verdict::DoesNotHold,
        }
    }

    /// Holds if one of `values` is a number that passes `test`, which compares it with `limit`.
    fn compare(
        &self,
        record: &DealRecord,
        values: &[&str],
        test: impl Fn(Decimal) -> bool,
        sign: &str,
        limit: Decimal,
    ) -> Verdict {
        if let Some(value) = values.iter().find(|value| decimal(value).is_some_and(&test)) {
            let limit = limit.normalize().to_string();
            return holds(
                words::compares(self.field.short_name(), &trimmed(value), sign, &limit),
                Some(value),
            );
        }
        match values.iter().find(|value| decimal(value).is_none()) {
            Some(value) => self.unreadable(record, &words::not_a_number(&clean_line(value))),
            None => Verdict::DoesNotHold,
        }
    }

    fn unreadable(&self, record: &DealRecord, why: &str) -> Verdict {
        Verdict::Unreadable(words::unreadable(&record.label(&self.field), why))
    }
}

fn holds(words: String, value: Option<&str>) -> Verdict {
    Verdict::Holds { words, value: value.map(ToOwned::to_owned) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::mapping::sample;

    const RECORD: &str = r#"{"crm":"hubspot","account":1,"unavailable":["deal.gone"],
        "deal":{"id":7,"amount":"54000.00","half":"0.50","words":"about 50k","power":"1e3","none":null,
                "closedate":"2026-12-31T22:30:00Z","closed_late":"2026-12-31T23:30:00Z","last_call":"2026-11-02",
                "risks":";migration;no_admin","secret":"REDACTED","html":"<p> </p>","tier":"t_ent"},
        "company":{"id":8,"customer_tier":"Enterprise"},
        "line_items":[{"id":1,"quantity":"5"},{"id":2,"quantity":"500"}],
        "fields":{"deal.risks":{"kind":"choices","options":{"migration":"Data migration","no_admin":"No admin"}},
                  "deal.tier":{"kind":"choice","options":{"t_ent":"Enterprise"}}}}"#;

    fn judge(path: &str, test: Test) -> Verdict {
        let field = path.parse().unwrap();
        Condition { field, test }.judge(&sample::record(RECORD), &sample::now())
    }

    fn limit(text: &str) -> Decimal {
        text.parse().unwrap()
    }

    fn list(values: &[&str]) -> Vec<String> {
        values.iter().map(|value| (*value).to_owned()).collect()
    }

    #[test]
    fn a_condition_that_holds_says_why() {
        for (path, test, expected) in [
            ("deal.amount", Test::AtLeast(limit("50000")), "amount 54000 ≥ 50000"),
            ("deal.amount", Test::AtLeast(limit("54000.0")), "amount 54000 ≥ 54000"),
            ("deal.half", Test::AtMost(limit("0.5")), "half 0.50 ≤ 0.5"),
            ("line_items.quantity", Test::AtLeast(limit("100")), "quantity 500 ≥ 100"),
            (
                "company.customer_tier",
                Test::In(list(&["strategic", "ENTERPRISE"])),
                "customer_tier is Enterprise",
            ),
            ("deal.tier", Test::In(list(&["Enterprise"])), "tier is Enterprise"),
            ("deal.tier", Test::In(list(&["T_ENT"])), "tier is Enterprise"),
            ("deal.risks", Test::In(list(&["no admin"])), "risks is No admin"),
            ("company.customer_tier", Test::NotIn(list(&["SMB"])), "customer_tier is Enterprise"),
            ("deal.none", Test::NotIn(list(&["SMB"])), "none is empty"),
            ("deal.amount", Test::Filled(true), "amount is filled"),
            ("deal.html", Test::Filled(false), "html is empty"),
            ("deal.last_call", Test::OlderThanDays(19), "last_call is 20 days ago"),
            ("deal.closedate", Test::LastDayOfQuarter(true), "closedate is the last day of a quarter"),
            (
                "deal.closed_late",
                Test::LastDayOfQuarter(false),
                "closed_late is not the last day of a quarter",
            ),
        ] {
            match judge(path, test) {
                Verdict::Holds { words, .. } => assert_eq!(words, expected),
                other => panic!("{path}: {other:?}"),
            }
        }
    }

    #[test]
    fn a_number_in_scientific_notation_is_a_number_wherever_it_stands() {
        let record = sample::record(
            r#"{"crm":"salesforce","account":"00D","deal":{"Id":"006","Amount":1.2E7,"Rate__c":5.0E-4,"Loss__c":-1.5e7},
                "company":{"Id":"001","AnnualRevenue":1.23456789E8,"Parent":{"Score__c":"2.5E+1"}},
                "line_items":[{"Id":"00k","Quantity":3},{"Id":"00l","Quantity":1.0E7}]}"#,
        );
        for (path, test, expected) in [
            ("deal.Amount", Test::AtLeast(limit("12000000")), "Amount 12000000 ≥ 12000000"),
            ("deal.Rate__c", Test::AtMost(limit("0.0005")), "Rate__c 0.00050 ≤ 0.0005"),
            ("deal.Loss__c", Test::AtMost(limit("-15000000")), "Loss__c -15000000 ≤ -15000000"),
            (
                "company.AnnualRevenue",
                Test::AtLeast(limit("123456789")),
                "AnnualRevenue 123456789 ≥ 123456789",
            ),
            ("company.Parent.Score__c", Test::AtLeast(limit("25")), "Score__c 25 ≥ 25"),
            ("line_items.Quantity", Test::AtLeast(limit("10000000")), "Quantity 10000000 ≥ 10000000"),
        ] {
            let condition = Condition { field: path.parse().unwrap(), test };
            let Verdict::Holds { words, .. } = condition.judge(&record, &sample::now()) else {
                panic!("{path} does not hold")
            };
            assert_eq!(words, expected);
        }
    }

    #[test]
    fn a_condition_that_does_not_hold_is_silent() {
        for (path, test) in [
            ("deal.amount", Test::AtLeast(limit("54000.01"))),
            ("deal.none", Test::AtMost(limit("1"))),
            ("deal.never_heard_of", Test::AtLeast(limit("0"))),
            ("company.never_heard_of", Test::In(list(&[""]))),
            ("deal.risks", Test::In(list(&["risk"]))),
            ("deal.risks", Test::NotIn(list(&["Data migration"]))),
            ("deal.none", Test::Filled(true)),
            ("deal.amount", Test::Filled(false)),
            ("deal.last_call", Test::OlderThanDays(20)),
            ("deal.closedate", Test::OlderThanDays(0)),
            ("deal.none", Test::OlderThanDays(1)),
            ("deal.closed_late", Test::LastDayOfQuarter(true)),
            ("deal.none", Test::LastDayOfQuarter(false)),
        ] {
            assert_eq!(judge(path, test), Verdict::DoesNotHold, "{path}");
        }
    }

    #[test]
    fn what_cannot_be_read_is_not_a_no() {
        for (path, test, expected) in [
            ("deal.words", Test::AtLeast(limit("1")), "Words cannot be read (\"about 50k\" is not a number)"),
            ("deal.power", Test::AtMost(limit("1")), "Power cannot be read (\"1e3\" is not a number)"),
            ("deal.secret", Test::In(list(&["x"])), "Secret cannot be read (the CRM redacted it)"),
            ("deal.gone", Test::Filled(true), "Gone cannot be read (the CRM does not supply it)"),
            ("deal.words", Test::OlderThanDays(3), "Words cannot be read (\"about 50k\" is not a date)"),
            (
                "deal.words",
                Test::LastDayOfQuarter(true),
                "Words cannot be read (\"about 50k\" is not a date)",
            ),
        ] {
            assert_eq!(judge(path, test), Verdict::Unreadable(expected.to_owned()));
        }
    }
}
