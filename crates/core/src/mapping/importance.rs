//! Whether an account is important: every reason that holds, and every condition nobody can judge.

use jiff::Zoned;

use crate::messages;
use crate::packet::Importance;
use crate::record::{DealRecord, FieldPath};

use super::Mapping;
use super::derived::{Seen, Sight};

/// Judges all conditions of the mapping; one that holds is enough. Beside it why it is important apart from the deal's
/// amount, in few words: `Enterprise`, `Seats: 120`.
pub fn importance(mapping: &Mapping, record: &DealRecord, now: &Zoned) -> (Importance, Vec<String>) {
    let amount = FieldPath::deal(record.crm.dialect().fields.amount);
    let (mut importance, mut beside_the_amount) = (Importance::default(), Vec::new());
    for observation in &mapping.important_when {
        match observation.look(mapping, record, &[], now) {
            Seen::Holds(sights) => {
                let together = |part: fn(&Sight) -> &str| {
                    messages::value::list(&sights.iter().map(part).collect::<Vec<_>>())
                };
                importance.reasons.push(together(|sight| &sight.words));
                importance.facts.push(together(|sight| &sight.fact));
                let others = sights.into_iter().filter(|sight| sight.field.as_ref() != Some(&amount));
                beside_the_amount.extend(others.map(|sight| sight.short));
            }
            Seen::Unreadable(words) => importance.unreadable.push(words),
            Seen::DoesNotHold => {}
        }
    }
    importance.is = !importance.reasons.is_empty();
    (importance, beside_the_amount)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::mapping::sample;

    fn judged(amount: &str, tier: &str) -> Importance {
        let record = sample::record(&format!(
            r#"{{"crm":"hubspot","account":1,"deal":{{"id":7,"amount":{amount}}},"company":{{"id":8,"customer_tier":{tier}}}}}"#
        ));
        importance(&sample::mapping(), &record, &sample::now()).0
    }

    #[test]
    fn every_reason_that_holds_is_listed() {
        let both = judged("\"54000\"", "\"Enterprise\"");
        assert!(both.is);
        assert_eq!(both.reasons, ["amount 54000 ≥ 50000", "customer_tier is Enterprise"]);
        assert_eq!(both.facts, ["Amount: 54,000", "Customer tier: Enterprise"]);
        assert!(both.unreadable.is_empty());
    }

    #[test]
    fn nothing_known_is_not_important() {
        assert_eq!(judged("null", "\"SMB\""), Importance::default());
    }

    #[test]
    fn an_input_nobody_can_read_is_reported() {
        let unknown = judged("\"about 50k\"", "\"REDACTED\"");
        assert!(!unknown.is);
        assert_eq!(
            unknown.unreadable,
            [
                "Amount cannot be read (\"about 50k\" is not a number)",
                "Customer tier cannot be read (the CRM redacted it)"
            ]
        );
    }
}
