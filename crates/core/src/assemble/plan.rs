//! What a packet sets in motion: who gets the task by when, and which channel the digest goes to.

use jiff::civil::Date;
use jiff::{Timestamp, Zoned};

use crate::dates::business_days_after;
use crate::gaps;
use crate::mapping::{AskWay, Mapping, SlackMapping, owner};
use crate::packet::{AskParams, AskPlan, DeliveryPlan, DigestParams, Gap, PacketStatus, TaskParams};
use crate::record::{DealRecord, User};
use crate::text::case;

/// Hour of the day, in the mapping's zone, at which tasks are due.
const DUE_HOUR: i8 = 17;

/// The deliveries of a packet of `status` with these gaps, whose handoff `owner` takes (`None` if only addresses are known).
/// `important` says in few words why the account is, beside the amount.
pub(super) fn plan(
    mapping: &Mapping,
    record: &DealRecord,
    status: PacketStatus,
    gaps: &[Gap],
    owner: Option<&User>,
    important: Vec<String>,
    now: &Zoned,
) -> DeliveryPlan {
    let questions = Some(gaps::questions(gaps));
    let assignee = assignee(record, status, owner);
    let addresses = if assignee.is_none() { owner::addresses(&mapping.owner, record) } else { Vec::new() };
    let channel = channel(mapping, record, now);
    let asks = (mapping.slack.ask == AskWay::Dm && status == PacketStatus::Incomplete)
        .then(|| asks(mapping, record, owner, now));
    DeliveryPlan {
        task: TaskParams {
            assignee,
            addresses,
            due: due(mapping, now),
            questions: questions.clone(),
            texts: mapping.task.texts.clone(),
        },
        digest: DigestParams { channel, earlier: Vec::new(), questions, important },
        asks,
    }
}

/// The seller has to fill gaps; a complete packet is for the owner of the handoff, who also gets the task
/// when the seller has left.
fn assignee(record: &DealRecord, status: PacketStatus, owner: Option<&User>) -> Option<String> {
    let can_work = |user: &&User| user.is_active() && !user.id().is_empty();
    let seller = record.owner.as_ref().filter(|_| status == PacketStatus::Incomplete);
    seller.filter(can_work).or_else(|| owner.filter(can_work)).map(|user| user.id().to_owned())
}

/// The seller is asked, or without one the owner of the handoff, or the fallback, in working hours; reminded once; then the
/// fallback is asked.
pub(super) fn asks(mapping: &Mapping, record: &DealRecord, owner: Option<&User>, now: &Zoned) -> AskPlan {
    let SlackMapping { hours, remind_after, .. } = &mapping.slack;
    let seller = record.owner.as_ref().filter(|seller| seller.is_active());
    let address = |user: &User| user.email().map(|email| email.trim().to_owned());
    let fallback = mapping.owner.fallback.trim().to_owned();
    let asked =
        seller.and_then(address).or_else(|| owner.and_then(address)).unwrap_or_else(|| fallback.clone());
    let first = hours.next_opening(now);
    let is_other = !case::is_same(&asked, &fallback);
    let next = |since: &Zoned| remind_after.ends(since).map(|end| hours.next_opening(&end));
    let reminder = next(&first);
    let last = reminder.as_ref().and_then(next).filter(|_| is_other);
    let instead = (is_other && last.is_none()).then(|| fallback.clone());
    AskPlan {
        first: (AskParams { address: asked, fallback: instead }, first.timestamp()),
        reminder: reminder.map(|at| at.timestamp()),
        fallback: last.map(|at| (AskParams { address: fallback, fallback: None }, at.timestamp())),
    }
}

/// The day the task is due, in the mapping's zone.
pub(super) fn due_day(mapping: &Mapping, now: &Zoned) -> Date {
    business_days_after(now.date(), mapping.task.due_in_business_days.into())
}

/// When the 15 minutes are proposed: the business day after the task is due, so that its answers are there.
pub(super) fn review_day(mapping: &Mapping, now: &Zoned) -> Date {
    business_days_after(due_day(mapping, now), 1)
}

fn due(mapping: &Mapping, now: &Zoned) -> Timestamp {
    let due = due_day(mapping, now).at(DUE_HOUR, 0, 0, 0).to_zoned(now.time_zone().clone());
    // Only at the end of the calendar is there no such instant.
    due.map_or(now.timestamp(), |due| due.timestamp())
}

fn channel(mapping: &Mapping, record: &DealRecord, now: &Zoned) -> String {
    let SlackMapping { channel, routes, .. } = &mapping.slack;
    let route = routes.iter().find(|route| route.when.look(mapping, record, &[], now).holds());
    route.map_or(channel, |route| &route.channel).clone()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::mapping::{owner, sample};

    fn planned(rest: &str, status: PacketStatus, as_of: &str) -> DeliveryPlan {
        let record = sample::record(&format!(r#"{{"crm":"hubspot","account":1,{rest}}}"#));
        let mapping = sample::mapping();
        let owner = owner::user(&mapping.owner, &record);
        let as_of: Timestamp = as_of.parse().unwrap();
        plan(&mapping, &record, status, &[], owner, Vec::new(), &as_of.to_zoned(mapping.time_zone.clone()))
    }

    const PEOPLE: &str = r#""deal":{"id":7,"amount":"54000","handoff_owner":"11"},"owner":{"id":"12","name":"Tom"},
        "users":{"11":{"id":"11","name":"Mia"}}"#;

    #[test]
    fn the_task_is_due_at_five_after_its_business_days() {
        for (as_of, due) in [
            ("2026-11-20T15:04:05Z", "2026-11-24T16:00:00Z"),
            // Still Sunday in UTC, already Monday in Berlin.
            ("2026-11-22T23:30:00Z", "2026-11-25T16:00:00Z"),
            // Over the change to summer time: five o'clock stays five o'clock.
            ("2027-03-26T10:00:00Z", "2027-03-30T15:00:00Z"),
        ] {
            let planned = planned(PEOPLE, PacketStatus::Complete, as_of);
            assert_eq!(planned.task.due.to_string(), due, "{as_of}");
        }
    }

    #[test]
    fn gaps_are_the_sellers_work_and_a_complete_packet_the_owners() {
        let now = "2026-11-20T15:04:05Z";
        let assignee = |rest, status| planned(rest, status, now).task.assignee;
        assert_eq!(assignee(PEOPLE, PacketStatus::Incomplete).as_deref(), Some("12"));
        assert_eq!(assignee(PEOPLE, PacketStatus::Complete).as_deref(), Some("11"));

        let nobody = r#""deal":{"id":7},"owner":{"id":"12","name":"Tom","IsActive":"false"}"#;
        assert_eq!(assignee(nobody, PacketStatus::Incomplete), None);
        assert_eq!(assignee(nobody, PacketStatus::Complete), None);

        let seller_left = r#""deal":{"id":7,"handoff_owner":"11"},"owner":{"id":"12","archived":"true"},
            "users":{"11":{"id":"11","name":"Mia"}}"#;
        assert_eq!(assignee(seller_left, PacketStatus::Incomplete).as_deref(), Some("11"));

        let addresses = |rest, status| planned(rest, status, now).task.addresses;
        assert_eq!(addresses(nobody, PacketStatus::Incomplete), ["revops@seller.example"]);
        assert!(
            addresses(PEOPLE, PacketStatus::Complete).is_empty(),
            "a user that is known is not looked up"
        );
    }

    #[test]
    fn the_first_route_that_holds_decides_the_channel() {
        let channel = |amount: &str| {
            let rest = format!(r#""deal":{{"id":7,"amount":"{amount}"}}"#);
            planned(&rest, PacketStatus::Complete, "2026-11-20T15:04:05Z").digest.channel
        };
        assert_eq!(channel("100000"), "C0ENTERPR");
        assert_eq!(channel("99999.99"), "C0123ABCD");
        assert_eq!(channel("a lot"), "C0123ABCD");
    }
}
