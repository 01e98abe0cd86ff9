//! What can be said about conditions without a deal: which never hold, which always do, which say the same.

use crate::mapping::{Condition, Test};
use crate::record::{Dialect, WellKnown};
use crate::source::Spanned;
use crate::text::case;

/// What is certain about a condition before any deal is seen.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Certain {
    /// It never holds; why, in words that follow a colon.
    Never(String),
    /// It holds for every won deal; why.
    Always(String),
}

/// What is certain about `condition` in this CRM, where the mapping applies to `pipelines` (none: all).
pub(crate) fn certain(
    condition: &Condition,
    dialect: &Dialect,
    pipelines: &[Spanned<String>],
) -> Option<Certain> {
    use Certain::{Always, Never};
    let path = &condition.field;
    let is_true = || format!("`{path}` of a won deal is always true");
    match (&condition.test, dialect.well_known(path)?) {
        (Test::AtLeast(_) | Test::AtMost(_), WellKnown::Day) => {
            Some(Never(format!("`{path}` is a day, and only numbers can be compared")))
        }
        (Test::AtLeast(_) | Test::AtMost(_), WellKnown::Words | WellKnown::Yes) => {
            Some(Never(format!("`{path}` holds text, and only numbers can be compared")))
        }
        (Test::AtMost(limit), WellKnown::Amount) if limit.is_sign_negative() && !limit.is_zero() => {
            Some(Never(format!("`{path}` is never below zero")))
        }
        (Test::In(values), WellKnown::Yes) => {
            Some(if spoken(values)? { Always(is_true()) } else { Never(is_true()) })
        }
        (Test::NotIn(values), WellKnown::Yes) => {
            Some(if spoken(values)? { Never(is_true()) } else { Always(is_true()) })
        }
        (Test::In(values), WellKnown::Pipeline) if !pipelines.is_empty() => {
            let taken = |pipeline: &&Spanned<String>| values.iter().any(|value| same(value, &pipeline.value));
            match pipelines.iter().filter(taken).count() {
                0 if values.iter().all(is_id) => {
                    Some(Never(format!("`applies_to` leaves only {} in", quoted(pipelines))))
                }
                count if count == pipelines.len() => {
                    Some(Always(format!("`applies_to` leaves nothing but {} in", quoted(pipelines))))
                }
                _ => None,
            }
        }
        (Test::Filled(filled), WellKnown::Yes | WellKnown::Pipeline | WellKnown::Stage) => {
            let why = format!("`{path}` of a won deal is always filled");
            Some(if *filled { Always(why) } else { Never(why) })
        }
        _ => None,
    }
}

/// Whether a list says yes (`Some(true)`), no, or neither, to a field that holds `true`.
fn spoken(values: &[String]) -> Option<bool> {
    let any = |words: [&str; 2]| values.iter().any(|value| words.iter().any(|word| same(value, word)));
    match (any(["true", "yes"]), any(["false", "no"])) {
        (true, _) => Some(true),
        (false, true) => Some(false),
        (false, false) => None,
    }
}

/// Whether `narrow` holds only where `wide` holds as well, whatever the deal.
pub(crate) fn implies(narrow: &Condition, wide: &Condition) -> bool {
    use Test::{AtLeast, AtMost, Filled, In, NotIn};
    if narrow.field != wide.field {
        return false;
    }
    match (&narrow.test, &wide.test) {
        (AtLeast(narrow), AtLeast(wide)) => narrow >= wide,
        (AtMost(narrow), AtMost(wide)) => narrow <= wide,
        (In(narrow), In(wide)) => within(narrow, wide),
        (NotIn(narrow), NotIn(wide)) => within(wide, narrow),
        (AtLeast(_) | AtMost(_) | In(_), Filled(true)) | (Filled(false), NotIn(_)) => true,
        (Filled(narrow), Filled(wide)) => narrow == wide,
        _ => false,
    }
}

/// Whether one of the two holds for every deal whose field the CRM shows.
pub(crate) fn complement(one: &Condition, other: &Condition) -> bool {
    use Test::{Filled, In, NotIn};
    let either = |one: &Test, other: &Test| match (one, other) {
        (Filled(true), Filled(false) | NotIn(_)) => true,
        (In(taken), NotIn(left)) => within(left, taken),
        _ => false,
    };
    one.field == other.field && (either(&one.test, &other.test) || either(&other.test, &one.test))
}

/// A value that is no label: on a deal either would do.
fn is_id(value: &String) -> bool {
    value == "default" || value.bytes().all(|byte| byte.is_ascii_digit())
}

fn within(few: &[String], many: &[String]) -> bool {
    few.iter().all(|value| many.iter().any(|other| same(value, other)))
}

/// Values are compared without case, as on a deal.
pub(crate) fn same(one: &str, other: &str) -> bool {
    case::is_same(one.trim(), other.trim())
}

fn quoted(words: &[Spanned<String>]) -> String {
    words.iter().take(5).map(|word| format!("`{}`", word.value)).collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::mapping::condition::Verdict;
    use crate::mapping::sample;
    use crate::record::{FieldObject, FieldPath};

    fn amount(test: Test) -> Condition {
        Condition { field: FieldPath::deal("amount"), test }
    }

    fn list(values: &[&str]) -> Vec<String> {
        values.iter().map(|value| (*value).to_owned()).collect()
    }

    #[test]
    fn a_narrower_condition_implies_a_wider_one_on_the_same_field_only() {
        let least = |limit: i64| amount(Test::AtLeast(limit.into()));
        let most = |limit: i64| amount(Test::AtMost(limit.into()));
        assert!(implies(&least(100), &least(50)) && implies(&least(50), &least(50)));
        assert!(!implies(&least(50), &least(100)));
        assert!(implies(&most(5), &most(9)) && !implies(&most(9), &most(5)));
        assert!(!implies(&least(100), &most(50)) && !implies(&most(50), &least(100)));
        assert!(implies(&amount(Test::In(list(&["a"]))), &amount(Test::In(list(&["B", "A"])))));
        assert!(!implies(&amount(Test::In(list(&["a", "c"]))), &amount(Test::In(list(&["a"])))));
        assert!(implies(&amount(Test::NotIn(list(&["a", "b"]))), &amount(Test::NotIn(list(&["a"])))));
        assert!(implies(&least(1), &amount(Test::Filled(true))));
        let elsewhere = Condition { field: FieldPath::deal("other"), test: Test::AtLeast(50.into()) };
        assert!(!implies(&least(100), &elsewhere));
    }

    #[test]
    fn a_field_with_several_values_can_be_in_one_list_and_not_in_another() {
        let taken = amount(Test::In(list(&["a"])));
        assert!(!implies(&taken, &amount(Test::NotIn(list(&["b"])))), "a;b is in both");
    }

    #[test]
    fn two_conditions_can_leave_nothing_out() {
        let (filled, empty) = (amount(Test::Filled(true)), amount(Test::Filled(false)));
        assert!(complement(&filled, &empty) && complement(&empty, &filled));
        let (taken, left) = (amount(Test::In(list(&["a", "b"]))), amount(Test::NotIn(list(&["A"]))));
        assert!(complement(&taken, &left));
        assert!(!complement(&amount(Test::In(list(&["a"]))), &amount(Test::NotIn(list(&["a", "b"])))));
        let (high, low) = (amount(Test::AtLeast(5.into())), amount(Test::AtMost(5.into())));
        assert!(!complement(&high, &low), "an empty field is neither");
    }

    fn any_test() -> impl Strategy<Value = Test> {
        let values = || proptest::collection::vec(prop_oneof!["[abAB]", "[0-3]"], 1..3);
        prop_oneof![
            (0i64..4).prop_map(|limit| Test::AtLeast(limit.into())),
            (0i64..4).prop_map(|limit| Test::AtMost(limit.into())),
            values().prop_map(Test::In),
            values().prop_map(Test::NotIn),
            any::<bool>().prop_map(Test::Filled),
        ]
    }

    proptest! {
        #[test]
        fn what_is_said_about_two_conditions_is_true_of_every_deal(
            (one, other) in (any_test(), any_test()),
            value in prop_oneof![Just(String::new()), "[abAB]", "[0-3]", "[ab0-3](;[ab0-3]){1,2}"],
            line_items in proptest::collection::vec("[ab0-3]?", 0..3),
        ) {
            let items: Vec<String> = line_items.iter().map(|item| format!(r#"{{"x":"{item}"}}"#)).collect();
            let record = sample::record(&format!(
                r#"{{"crm":"hubspot","account":1,"deal":{{"x":"{value}"}},"line_items":[{}]}}"#,
                items.join(",")
            ));
            for object in [FieldObject::Deal, FieldObject::LineItems] {
                let field = FieldPath { object, name: "x".to_owned() };
                let [one, other] =
                    [&one, &other].map(|test| Condition { field: field.clone(), test: test.clone() });
                let [first, second] = [&one, &other].map(|condition| {
                    matches!(condition.judge(&record, &sample::now()), Verdict::Holds { .. })
                });
                prop_assert!(!(implies(&one, &other) && first) || second, "{one:?} {other:?}");
                prop_assert!(!complement(&one, &other) || first || second, "{one:?} {other:?}");
            }
        }
    }
}
