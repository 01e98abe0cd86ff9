//! What people answered and decided: kept once a click, and no longer than the packet.

use std::time::Duration;

use handoff_bridge::store::{
    Act, AnswerState, Begun, DealEnd, DeliveryEnd, Destination, GivenAnswer, Recipient, RollUpEnd, StoredAct,
    WeekSpan, WriteEnd, WriteLease,
};
use handoff_core::packet::{
    Answer, Answered, FirstValueParams, Given, SectionName, SendBackReason, Shown, Target, Topic, Week,
};
use jiff::Timestamp;
use jiff::civil::{Date, date};

use crate::fixture::{DAY, Fixture, LEASE, MINUTE, account, done};
use crate::story::Story;

pub const STORIES: &[Story] = stories![
    an_answer_of_one_click_is_kept_once,
    a_decision_of_one_click_is_kept_once,
    answers_leave_with_their_packet,
    an_owner_is_asked_once_for_each_day,
    a_weekly_message_is_claimed_once,
    a_week_counts_what_it_brought,
    an_answer_with_a_target_is_work_under_a_lease,
    a_later_answer_supersedes_one_that_waits,
    of_one_packet_one_answer_is_written_at_a_time,
    who_is_told_of_a_conflict_is_work_of_its_own,
    more_than_ten_writes_an_hour_stop,
];

const FIRST: Date = date(2026, 12, 11);
const SECOND: Date = date(2026, 12, 22);

fn answer(fixture: &Fixture, text: &str) -> Answer {
    let (user, name) = ("U0123".to_owned(), "Tom Lindqvist".to_owned());
    Answer {
        topic: Topic::Section(SectionName::Promises),
        given: Given::Text(text.to_owned()),
        by: Answered { user, name, at: fixture.now(), not_in_crm: false },
        field: None,
        target: Some("deal.handoff_promises".parse::<Target>().unwrap()),
        name: None,
        refused: false,
    }
}

async fn gives(fixture: &Fixture, packet_id: &str, click: &str, text: &str) -> bool {
    let answer = GivenAnswer { answer: answer(fixture, text), shown: Some(Shown::of(Some("TBD"))) };
    fixture.store.give((packet_id, 1), click, vec![answer]).await.unwrap()
}

async fn an_answer_of_one_click_is_kept_once(fixture: Fixture) {
    let packet_id = fixture.is_handed_over("1").await;
    assert!(gives(&fixture, &packet_id, "click_a", "SSO").await);
    assert!(!gives(&fixture, &packet_id, "click_a", "SSO").await, "applied again");
    let first = fixture.now();
    fixture.clock.advance(DAY);
    assert!(gives(&fixture, &packet_id, "click_b", "SSO and two training days").await);
    assert!(!gives(&fixture, "pkt_unknown", "click_c", "x").await);

    let kept = fixture.store.answers(&packet_id).await.unwrap();
    let texts: Vec<&Given> = kept.iter().map(|stored| &stored.answer.given).collect();
    let said = |text: &str| Given::Text(text.to_owned());
    assert_eq!(texts, [&said("SSO"), &said("SSO and two training days")], "oldest first");
    assert_eq!((kept[0].answer.by.at, kept[1].state.as_str(), kept[0].revision), (first, "given", 1));
    assert_eq!(kept[0].answer.target.as_ref().unwrap().to_string(), "deal.handoff_promises");
    let since = fixture.store.answers_since(fixture.now()).await.unwrap();
    assert_eq!(since, kept[1..]);
}

async fn a_decision_of_one_click_is_kept_once(fixture: Fixture) {
    let packet_id = fixture.is_handed_over("1").await;
    let (reason, detail) = (Some(SendBackReason::WrongOwner), "Ask Iris".to_owned());
    let (user, name) = ("U0123".to_owned(), "Mia Sand".to_owned());
    let act = StoredAct { act: Act::SentBack, at: fixture.now(), user, name, reason, day: None, detail };
    assert!(fixture.store.act(&packet_id, "click_a", act.clone()).await.unwrap());
    assert!(!fixture.store.act(&packet_id, "click_a", act.clone()).await.unwrap());
    assert_eq!(fixture.store.acts(&packet_id).await.unwrap(), [act]);
}

async fn answers_leave_with_their_packet(fixture: Fixture) {
    let packet_id = fixture.is_handed_over("1").await;
    gives(&fixture, &packet_id, "click_a", "SSO").await;
    let (user, name, detail) = ("U0123".to_owned(), "Mia Sand".to_owned(), String::new());
    let act =
        StoredAct { act: Act::Accepted, at: fixture.now(), user, name, reason: None, day: None, detail };
    fixture.store.act(&packet_id, "click_b", act).await.unwrap();
    let digest = fixture.claims_delivery().await;
    fixture.finishes(&digest, DeliveryEnd::Edited).await;
    fixture.clock.advance(DAY);
    fixture.store.purge(fixture.now()).await.unwrap();
    assert_eq!(fixture.store.answers(&packet_id).await.unwrap(), []);
    assert_eq!(fixture.store.acts(&packet_id).await.unwrap(), []);
}

async fn an_owner_is_asked_once_for_each_day(fixture: Fixture) {
    let params = |day| FirstValueParams { day, address: "mia@example.com".to_owned() };
    fixture.hears("1", "won 1").await;
    let lease = fixture.claims_deal().await;
    let mut packet = fixture.packet("1");
    packet.assessment.first_value = Some(FIRST);
    let packet_id = packet.packet_id.clone();
    fixture.ends(&lease, DealEnd::Packet(packet)).await;
    for _ in 0..2 {
        let lease = fixture.claims_delivery().await;
        fixture.finishes(&lease, done("C1/1.1")).await;
    }
    let to_ask = async || {
        let to_ask = fixture.store.first_values_to_ask(Date::MIN, Date::MAX).await.unwrap();
        to_ask.into_iter().map(|one| one.day).collect::<Vec<_>>()
    };
    assert_eq!(to_ask().await, [FIRST]);
    assert!(fixture.store.ask_first_value(&packet_id, params(FIRST)).await.unwrap());
    assert_eq!(to_ask().await, []);
    let again = fixture.store.ask_first_value(&packet_id, params(FIRST)).await.unwrap();
    assert!(!again, "another process comes too late");
    let ask = fixture.claims_delivery().await;
    assert_eq!(ask.destination, Destination::SlackFirstValue);

    let (user, name) = ("U0123".to_owned(), "Mia Sand".to_owned());
    let by = Answered { user, name, at: fixture.now(), not_in_crm: false };
    let moved = StoredAct { day: Some(SECOND), ..StoredAct::of(Act::NotYet, by.clone()) };
    assert!(fixture.store.act(&packet_id, "click_a", moved).await.unwrap());
    assert_eq!(to_ask().await, [SECOND]);
    assert!(!fixture.store.ask_first_value(&packet_id, params(SECOND)).await.unwrap(), "one is on its way");
    fixture.finishes(&ask, done("D1/1.1")).await;
    for edit in fixture.claims_deliveries().await {
        fixture.finishes(&edit, DeliveryEnd::Edited).await;
    }
    assert!(fixture.store.ask_first_value(&packet_id, params(SECOND)).await.unwrap());
    let again = fixture.claims_delivery().await;
    assert_eq!((again.external_id, again.unknown), (None, false), "it is a message of its own");

    fixture.store.act(&packet_id, "click_b", StoredAct::of(Act::Missed, by)).await.unwrap();
    assert_eq!(to_ask().await, []);
    let stats = fixture.store.stats(Timestamp::MIN, fixture.now()).await.unwrap();
    assert_eq!((stats.decisions.reached, stats.decisions.missed), (0, 1));
}

async fn a_weekly_message_is_claimed_once(fixture: Fixture) {
    let (store, at) = (&fixture.store, fixture.now());
    let claim = async || store.claim_roll_up("C1 monday", at, LEASE).await.unwrap();
    let first = claim().await.unwrap();
    assert_eq!(claim().await, None, "another process is at it");
    assert!(store.intend_roll_up(&first).await.unwrap());
    fixture.clock.advance(LEASE + MINUTE);
    assert!(!store.intend_roll_up(&first).await.unwrap(), "the lease has run out");
    let second = claim().await.unwrap();
    assert!(second.unknown && second.attempts == 1, "it may be there: {second:?}");
    let again = RollUpEnd::Again { at: fixture.after(MINUTE), unknown: true, absent: 1 };
    store.finish_roll_up(&first, RollUpEnd::Done("posted".to_owned())).await.unwrap();
    store.finish_roll_up(&second, again).await.unwrap();
    assert_eq!(claim().await, None, "it is not due yet, and who lost the lease changed nothing");
    fixture.clock.advance(MINUTE);
    let third = claim().await.unwrap();
    assert_eq!(third.absent, 1);
    store.finish_roll_up(&third, RollUpEnd::Done("posted".to_owned())).await.unwrap();
    fixture.clock.advance(DAY);
    assert_eq!(claim().await, None, "never again");
}

async fn a_week_counts_what_it_brought(fixture: Fixture) {
    let first = fixture.now();
    let packet_id = fixture.has_packet("1").await;
    gives(&fixture, &packet_id, "click_a", "SSO").await;
    let (user, name) = ("U0123".to_owned(), "Mia Sand".to_owned());
    let by = Answered { user, name, at: fixture.now(), not_in_crm: false };
    fixture.store.act(&packet_id, "click_b", StoredAct::of(Act::Reached, by)).await.unwrap();
    let until = fixture.after(7 * DAY);
    let span = WeekSpan { from: first, until, old: first, next: (FIRST, SECOND) };
    let ours = [account()];
    let week = fixture.store.week(&ours, span, &[]).await.unwrap();
    let expected = Week { wins: 1, reached: 1, ..Week::default() };
    assert_eq!(week, expected);
    let others = ["hubspot:7".parse().unwrap()];
    assert!(fixture.store.week(&others, span, &[]).await.unwrap().is_empty());
    let later = WeekSpan { from: until, until: fixture.after(14 * DAY), ..span };
    assert!(fixture.store.week(&ours, later, &[]).await.unwrap().is_empty());
}

async fn claims(fixture: &Fixture) -> Vec<WriteLease> {
    assert_eq!(fixture.store.claim_writes(&"hubspot:7".parse().unwrap(), 8, LEASE).await.unwrap(), []);
    fixture.store.claim_writes(&account(), 8, LEASE).await.unwrap()
}

/// When the account's next answer may be claimed.
async fn due(fixture: &Fixture) -> Option<Timestamp> {
    let due = fixture.store.due_writes().await.unwrap();
    assert!(due.iter().all(|(key, _)| *key == account()), "{due:?}");
    due.first().map(|(_, at)| *at)
}

async fn states(fixture: &Fixture, packet_id: &str) -> Vec<AnswerState> {
    let answers = fixture.store.answers(packet_id).await.unwrap();
    answers.into_iter().map(|stored| stored.state).collect()
}

async fn an_answer_with_a_target_is_work_under_a_lease(fixture: Fixture) {
    let packet_id = fixture.is_handed_over("1").await;
    assert_eq!(due(&fixture).await, None);
    gives(&fixture, &packet_id, "click_a", "SSO").await;
    assert_eq!(due(&fixture).await, Some(fixture.now()));
    let first = claims(&fixture).await.remove(0);
    assert_eq!(
        (first.packet_id.as_str(), first.click.as_str(), first.attempts),
        (packet_id.as_str(), "click_a", 0)
    );
    assert_eq!(states(&fixture, &packet_id).await, [AnswerState::Writing]);
    assert_eq!(claims(&fixture).await, [], "it is leased");

    // A worker that was killed: another takes over, and the first changes nothing any more.
    fixture.clock.advance(LEASE);
    let second = claims(&fixture).await.remove(0);
    assert_eq!((second.epoch, second.attempts), (first.epoch + 1, 1));
    let written = || WriteEnd::done(AnswerState::Written, None, None);
    assert_eq!(fixture.store.begin_write(&first).await.unwrap(), Begun::No);
    assert!(!fixture.store.finish_write(&first, written()).await.unwrap());
    assert_eq!(fixture.store.begin_write(&second).await.unwrap(), Begun::Yes);

    let at = fixture.now() + LEASE;
    assert!(fixture.store.finish_write(&second, WriteEnd::at(at)).await.unwrap());
    assert_eq!(due(&fixture).await, Some(at));
    fixture.clock.advance(LEASE);
    let third = claims(&fixture).await.remove(0);
    let (code, words) = (Some("INVALID_OPTION".to_owned()), Some("was not one of the options".to_owned()));
    let end = WriteEnd::done(AnswerState::Refused, code.clone(), words.clone());
    assert!(fixture.store.finish_write(&third, end).await.unwrap());
    assert_eq!(due(&fixture).await, None);
    let stored = fixture.store.answers(&packet_id).await.unwrap().remove(0);
    assert_eq!((stored.state, stored.code, stored.detail), (AnswerState::Refused, code, words));
    assert!(stored.answer.refused);
    assert_eq!(fixture.store.stats(fixture.now() - DAY, fixture.now()).await.unwrap().refused_answers, 1);
}

async fn a_later_answer_supersedes_one_that_waits(fixture: Fixture) {
    let packet_id = fixture.is_handed_over("1").await;
    gives(&fixture, &packet_id, "click_a", "SSO").await;
    fixture.clock.advance(Duration::from_secs(1));
    gives(&fixture, &packet_id, "click_b", "SSO and training").await;
    assert_eq!(states(&fixture, &packet_id).await, [AnswerState::Superseded, AnswerState::Given]);
    let lease = claims(&fixture).await.remove(0);
    assert_eq!(lease.click, "click_b");
    let conflict = WriteEnd::done(AnswerState::Conflict, None, Some("their text".to_owned()));
    fixture.store.finish_write(&lease, conflict).await.unwrap();
    assert!(fixture.store.settle_conflict(&packet_id, lease.topic).await.unwrap());
    assert!(!fixture.store.settle_conflict(&packet_id, lease.topic).await.unwrap());
    assert_eq!(states(&fixture, &packet_id).await, [AnswerState::Superseded; 2]);
}

async fn of_one_packet_one_answer_is_written_at_a_time(fixture: Fixture) {
    let packet_id = fixture.is_handed_over("1").await;
    let shown = Some(Shown::of(None));
    let of = |section: SectionName| {
        let answer = Answer { topic: Topic::Section(section), ..answer(&fixture, "SSO") };
        GivenAnswer { answer, shown: shown.clone() }
    };
    let both = vec![of(SectionName::Promises), of(SectionName::Risks)];
    fixture.store.give((&packet_id, 1), "click_a", both).await.unwrap();
    let first = claims(&fixture).await;
    assert_eq!(first.len(), 1);
    assert_eq!(claims(&fixture).await, []);
    let written = WriteEnd::done(AnswerState::Written, None, None);
    fixture.store.finish_write(&first[0], written).await.unwrap();
    assert_eq!(claims(&fixture).await.len(), 1);
}

async fn who_is_told_of_a_conflict_is_work_of_its_own(fixture: Fixture) {
    let packet_id = fixture.is_handed_over("1").await;
    gives(&fixture, &packet_id, "click_a", "SSO").await;
    let write = claims(&fixture).await.remove(0);
    let both = [Recipient::Answered("U0123".to_owned()), Recipient::Overtaken("iris@example.com".to_owned())];
    let conflict = WriteEnd::done(AnswerState::Conflict, None, Some("their text".to_owned()));
    let conflict = WriteEnd { tell: both.to_vec(), ..conflict };
    assert!(fixture.store.finish_write(&write, conflict).await.unwrap());
    assert_eq!(states(&fixture, &packet_id).await, [AnswerState::Conflict], "whether or not they are told");

    let first = claims(&fixture).await.remove(0);
    assert_eq!((first.tell.as_slice(), first.attempts), (both.as_slice(), 1));
    assert_eq!(claims(&fixture).await, [], "it is leased");
    fixture.clock.advance(LEASE);
    let second = claims(&fixture).await.remove(0);
    assert_eq!((second.tell.len(), second.attempts), (2, 2), "the first was cut off");
    assert!(!fixture.store.tell_later(&first, &[], None).await.unwrap());
    let later = fixture.after(LEASE);
    assert!(fixture.store.tell_later(&second, &both[1..], Some(later)).await.unwrap());
    assert_eq!(due(&fixture).await, Some(later));
    fixture.clock.advance(LEASE);
    let third = claims(&fixture).await.remove(0);
    assert_eq!(third.tell, both[1..]);
    assert_eq!(states(&fixture, &packet_id).await, [AnswerState::Conflict]);

    // The person chooses without having been told.
    assert!(fixture.store.settle_conflict(&packet_id, third.topic).await.unwrap());
    assert!(!fixture.store.tell_later(&third, &both, Some(later)).await.unwrap());
    assert_eq!(due(&fixture).await, None);
}

async fn more_than_ten_writes_an_hour_stop(fixture: Fixture) {
    let packet_id = fixture.is_handed_over("1").await;
    let mut begun = Vec::new();
    for click in 0..12 {
        fixture.clock.advance(Duration::from_secs(1));
        gives(&fixture, &packet_id, &format!("click_{click:02}"), "SSO").await;
        let lease = claims(&fixture).await.remove(0);
        begun.push(fixture.store.begin_write(&lease).await.unwrap());
        let written = WriteEnd::done(AnswerState::Written, None, None);
        fixture.store.finish_write(&lease, written).await.unwrap();
    }
    let stopped = vec![Begun::TooMany; 2];
    assert_eq!(begun, [vec![Begun::Yes; 10], stopped].concat());
    // The eleventh was superseded by the twelfth, which waits for a person.
    assert_eq!(fixture.store.stopped_writes().await.unwrap(), [(packet_id.clone(), 1)]);
    assert_eq!(due(&fixture).await, None);
    fixture.clock.advance(Duration::from_hours(1));
    gives(&fixture, &packet_id, "click_99", "SSO").await;
    let lease = claims(&fixture).await.remove(0);
    assert_eq!(fixture.store.begin_write(&lease).await.unwrap(), Begun::Yes);
}
