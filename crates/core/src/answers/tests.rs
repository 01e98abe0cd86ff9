use jiff::civil::date;

use super::*;
use crate::mapping::{Condition, Observation, Test, sample};
use crate::packet::{Answered, GapState, Role, RoleTarget};

/// A packet of the sample mapping, whose seller left first value and promises open.
fn record(deal: &str) -> DealRecord {
    sample::record(&format!(
        r#"{{"crm":"hubspot","account":1,"company":{{"id":"9","name":"Acme"}},
            "deal":{{"id":7,"closedate":"2026-11-20T15:04:05Z","handoff_success":"Forecast error below 10 % in Q1, from 24 %",
                "handoff_why_now":"Their contract ends on 31 March, the board wants one system before that",
                "handoff_risks":"The works council has to approve the time tracking", {deal}}},
            "contacts":[{{"id":"501","firstname":"Sarah","lastname":"Lind","jobtitle":"VP Sales","email":"s@acme.example","labels":["Sponsor"]}},
                {{"id":"502","firstname":"Ben","lastname":"Ode","email":"b@acme.example","hs_buying_role":"BLOCKER;END_USER"}}],
            "fields":{{"deal.handoff_promises":{{"kind":"text","label":"Promises made"}},
                "deal.handoff_risks":{{"kind":"choices","label":"Risks","options":{{"it_review":"IT review","data":"Data quality"}}}}}}}}"#
    ))
}

const OPEN: &str = r#""handoff_promises":"TBD""#;

fn as_of() -> Timestamp {
    sample::now().timestamp()
}

fn answer(topic: Topic, given: Given) -> Answer {
    let by = Answered {
        user: "U0123".to_owned(),
        name: "Tom Lindqvist".to_owned(),
        at: "2026-12-02T10:00:00Z".parse().unwrap(),
        not_in_crm: false,
    };
    let target = Some(Target::Field(FieldPath::deal("any")));
    Answer { topic, given, by, field: None, target, name: None, refused: false }
}

fn text(section: SectionName, text: &str) -> Answer {
    answer(Topic::Section(section), Given::Text(text.to_owned()))
}

#[test]
fn an_answer_outlives_the_condition_that_asked_for_it() {
    let mut mapping = sample::mapping();
    let test = Test::AtLeast(20_000.into());
    let when = Observation::Field(Condition { field: FieldPath::deal("amount"), test });
    mapping.sections.get_mut(&SectionName::Promises).unwrap().required_when = Some(when);
    let record = sample::record(r#"{"crm":"hubspot","account":1,"deal":{"id":7,"amount":"100"}}"#);
    let answers = [text(SectionName::Promises, "Two seats free until 1 March")];
    let mapped = assemble::map_answered(&mapping, &record, as_of(), &answers);
    let packet = assemble::assess(mapped, "pkt_x").0;
    assert_eq!(packet.sections[&SectionName::Promises].entries[0].text, "Two seats free until 1 March");
    assert!(packet.gaps.iter().all(|gap| gap.section != SectionName::Promises));
}

fn packet(record: &DealRecord, answers: &[Answer]) -> Packet {
    assemble::assess(assemble::map_answered(&sample::mapping(), record, as_of(), answers), "pkt_x").0
}

fn shown(packet: &Packet, section: SectionName) -> Vec<String> {
    let entries = &packet.sections[&section].entries;
    entries.iter().map(|entry| format!("{} [{}]", entry.text, entry.origin)).collect()
}

fn open(packet: &Packet) -> Vec<(String, GapState)> {
    let counts = packet.gaps.iter().filter(|gap| gap.counts());
    counts.map(|gap| (Topic::of(gap).unwrap().to_string(), gap.state)).collect()
}

const SSO: &str = "SSO before 1 March;\nno extra fee";

#[test]
fn each_open_question_is_an_input_of_its_own() {
    let record = record(OPEN);
    let inputs = inputs(&sample::mapping(), &record, &packet(&record, &[]), &[]);
    let told: Vec<String> = inputs
        .iter()
        .map(|input| {
            let Input { topic, question, label, today, why, example, kind, none, .. } = input;
            format!("{topic}: {question}\n  {label:?} {today:?}, {why}\n  {kind:?} {example:?} {none}")
        })
        .collect();
    insta::assert_snapshot!(told.join("\n"), @r#"
    stakeholders.evaluator: Who is the evaluator at Acme, judging whether it is good?
      None "", No one on the deal is recorded as evaluator.
      Person([("501", "Sarah Lind, VP Sales"), ("502", "Ben Ode")]) None false
    promises: What did we promise them, said or implied? "None" is an answer.
      Some("Promises made") "TBD", The CRM says only "TBD".
      Text Some("SSO before 1 March; two training days on site. Or: None") true
    first_value: Who on their side does what, by when, to see the first value?
      Some("Handoff first value") "", The CRM has nothing about it yet.
      TextAndDay(None) Some("Dispatch in Malmö plans all its tours with it for a week.") false
    "#);
}

#[test]
fn an_answer_stands_in_place_of_what_the_field_holds_and_says_who_gave_it() {
    let record = record(OPEN);
    let answered = packet(&record, &[text(SectionName::Promises, SSO)]);
    assert_eq!(
        shown(&answered, SectionName::Promises),
        ["SSO before 1 March; [slack:U0123]", "no extra fee [slack:U0123]"]
    );
    let asked: Vec<String> = open(&answered).into_iter().map(|(topic, _)| topic).collect();
    assert!(!asked.contains(&"promises".to_owned()), "{asked:?}");
    let json = serde_json::to_value(&answered).unwrap();
    assert_eq!(
        json["sections"]["promises"]["entries"][1],
        serde_json::json!({"text": "no extra fee", "source": "slack:U0123", "answered_by": "Tom Lindqvist",
            "answered_at": "2026-12-02T10:00:00Z"})
    );
    let again: Packet = serde_json::from_value(json.clone()).unwrap();
    assert_eq!(serde_json::to_value(&again).unwrap(), json);
    assert!(again.sections[&SectionName::Promises].entries[0].is_written());
}

#[test]
fn text_in_the_crm_that_the_rules_accept_wins_over_the_answer() {
    let answers = [text(SectionName::Promises, SSO)];
    let accepted = packet(&record(r#""handoff_promises":"Two training days on site in Malmö""#), &answers);
    assert_eq!(
        shown(&accepted, SectionName::Promises),
        ["Two training days on site in Malmö [deal.handoff_promises]"]
    );
    let placeholder = packet(&record(r#""handoff_promises":"see call notes""#), &answers);
    assert_eq!(shown(&placeholder, SectionName::Promises).len(), 2);
}

#[test]
fn an_answer_that_the_field_holds_is_the_fields_also_while_a_rule_objects() {
    let vague = "Excited account.";
    let record = record(&format!(r#""handoff_why_now":"{vague}""#));
    let asked = open(&packet(&record, &[]));
    assert!(asked.contains(&("buying_reason".to_owned(), GapState::Open)), "{asked:?}");
    let answered = packet(&record, &[text(SectionName::BuyingReason, vague)]);
    assert_eq!(shown(&answered, SectionName::BuyingReason), [format!("{vague} [deal.handoff_why_now]")]);
    assert!(open(&answered).contains(&("buying_reason".to_owned(), GapState::Answered)));
}

#[test]
fn of_several_answers_the_latest_counts_and_a_rule_may_still_object() {
    let record = record(r#""handoff_why_now":"TBD""#);
    let vague = "Excited account.";
    let reason = "Their contract ends on 31 March";
    let answers = [reason, vague].map(|answer| text(SectionName::BuyingReason, answer));
    let answered = packet(&record, &answers);
    assert_eq!(shown(&answered, SectionName::BuyingReason), [format!("{vague} [slack:U0123]")]);
    assert!(open(&answered).contains(&("buying_reason".to_owned(), GapState::Answered)));
}

#[test]
fn an_answered_day_says_who_gave_it() {
    let record = record(
        r#""handoff_promises":"None","handoff_first_value":"Dispatch in Malmö plans every tour with it""#,
    );
    assert!(open(&packet(&record, &[])).contains(&("first_value_due".to_owned(), GapState::Open)));
    let day = answer(Topic::Day, Given::Day(date(2026, 12, 11)));
    let answered = packet(&record, std::slice::from_ref(&day));
    let entry = &answered.sections[&SectionName::FirstValue].entries[0];
    assert_eq!((entry.given_due(), &entry.due_by), (Some(date(2026, 12, 11)), &Some(day.by)));
    assert!(!open(&answered).iter().any(|(topic, _)| topic == "first_value_due"));
    let json = serde_json::to_string(&answered).unwrap();
    assert_eq!(serde_json::to_string(&serde_json::from_str::<Packet>(&json).unwrap()).unwrap(), json);
}

#[test]
fn a_role_goes_to_a_contact_or_to_somebody_who_is_not_in_the_crm() {
    let record = record(OPEN);
    let answers = [
        answer(Topic::Role(Role::Evaluator), Given::Contact("501".to_owned())),
        answer(Topic::Role(Role::ExecutiveBacker), Given::Person(" Ola\u{202e} Berg ".to_owned())),
    ];
    let asked = open(&packet(&record, &[]));
    assert!(asked.contains(&("stakeholders.evaluator".to_owned(), GapState::Open)), "{asked:?}");
    let answered = packet(&record, &answers);
    let sarah = &answered.sections[&SectionName::Stakeholders].people[0];
    assert_eq!((sarah.roles.as_slice(), sarah.answered.len()), (&[Role::Sponsor, Role::Evaluator][..], 1));
    assert!(!open(&answered).iter().any(|(topic, _)| topic == "stakeholders.evaluator"));
    // An executive backer is asked for on important accounts only; a role that no question is about is not shown.
    assert_eq!(answered.sections[&SectionName::Stakeholders].people.len(), 2);
    let answers = [answer(Topic::Role(Role::Evaluator), Given::Person(" Ola\u{202e} Berg ".to_owned()))];
    let answered = packet(&record, &answers);
    let named = |name: &str| {
        answered.sections[&SectionName::Stakeholders].people.iter().any(|person| person.name == name)
    };
    assert!(named("Ola Berg"));
}

#[test]
fn what_is_certainly_no_answer_is_told_and_nothing_else() {
    let record = record(
        r#""handoff_promises":"TBD","handoff_first_value":"Dispatch in Malmö plans every tour with it""#,
    );
    let objection = |answer: Answer| objection(&sample::mapping(), &record, as_of(), &[answer]);
    insta::assert_snapshot!(objection(text(SectionName::Promises, "n/a")).unwrap(), @r#""n/a" stands for an answer and is none. Write a sentence, or leave it empty."#);
    insta::assert_snapshot!(objection(text(SectionName::Promises, " \u{200b}<p></p>")).unwrap(), @"There is nothing to read in this answer.");
    insta::assert_snapshot!(objection(answer(Topic::Day, Given::Day(date(2026, 11, 2)))).unwrap(), @"This day is before the close on 20 Nov 2026. Choose a later one.");
    for fine in [
        text(SectionName::Promises, "None"),
        text(SectionName::Promises, "We will do our best."),
        answer(Topic::Day, Given::Day(date(2026, 12, 11))),
        // Too late for the window: a rule objects, and keeps nothing back.
        answer(Topic::Day, Given::Day(date(2027, 4, 11))),
        answer(Topic::Role(Role::Evaluator), Given::Person("Ola Berg".to_owned())),
    ] {
        assert_eq!(objection(fine.clone()), None, "{fine:?}");
    }
}

#[test]
fn a_question_that_makes_no_sense_is_not_asked_any_more() {
    let promises = Topic::Section(SectionName::Promises);
    let senseless = answer(promises, Given::Nonsense("It is a renewal".to_owned()));
    let packet = packet(&record(OPEN), &[text(SectionName::Promises, "SSO"), senseless]);
    assert!(!topics(&packet).contains(&promises));
    let gap = packet.gaps.iter().find(|gap| Topic::of(gap) == Some(promises)).unwrap();
    assert_eq!((gap.counts(), gap.state), (false, GapState::Answered));
    let senseless = answer(promises, Given::Nonsense("It is a renewal".to_owned()));
    assert_eq!(objection(&sample::mapping(), &record(OPEN), as_of(), &[senseless]), None);
}

#[test]
fn an_answer_goes_where_the_mapping_says_and_says_so_if_nowhere() {
    let mut mapping = sample::mapping();
    let promises = Topic::Section(SectionName::Promises);
    assert_eq!(target(&mapping, promises), None);
    let unwritten = Answer { target: None, ..text(SectionName::Promises, SSO) };
    let answered = packet(&record(OPEN), &[unwritten]);
    assert!(answered.sections[&SectionName::Promises].entries[0].answered().unwrap().not_in_crm);
    mapping.sections.get_mut(&SectionName::Promises).unwrap().write =
        Some(FieldPath::deal("handoff_promises"));
    mapping.roles.write = Some(RoleTarget::Labels);
    let written =
        [promises, Topic::Role(Role::Sponsor)].map(|topic| target(&mapping, topic).unwrap().to_string());
    assert_eq!(written, ["deal.handoff_promises", "roles.labels"]);
    for target in written {
        assert_eq!(target.parse::<Target>().unwrap().to_string(), target);
    }
}

#[test]
fn a_topic_is_found_again_by_its_text() {
    for topic in
        SectionName::ALL.map(Topic::Section).into_iter().chain(Role::ALL.map(Topic::Role)).chain([Topic::Day])
    {
        assert_eq!(topic.to_string().parse(), Ok(topic));
    }
}
