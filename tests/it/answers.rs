//! People answer in Slack: the modal, what an answer does to packet, digest and task, and who may answer.

use std::time::Duration;

use handoff_bridge::interactive::Interaction;
use handoff_bridge::store::{Act, DeliveryState, Destination, StoredRecord};
use handoff_sandbox::deals::{self, CHANNEL, SIGNING_SECRET};
use handoff_sandbox::hubspot::Kind;
use handoff_sandbox::slack::{Ack, Message, Standing, Transport};
use handoff_sandbox::{Fault, Times};
use jiff::Timestamp;
use libtest_mimic::Trial;
use serde_json::{Value, json};

use crate::side::Side;
use crate::test_database::{Engine, TestDatabase};
use crate::world::{NORTHLIGHT, PINEBROOK, WORK, World, must, told_on};
use crate::{named, tests};

pub fn trials() -> Vec<Trial> {
    let mut trials = tests![
        what_is_certainly_no_answer_is_told_at_its_input_and_not_stored,
        a_text_of_the_crm_that_the_rules_accept_wins_over_the_answer,
        only_those_who_may_answer_can,
        a_question_that_makes_no_sense_is_not_asked_any_more,
        the_modal_follows_what_the_crm_holds_by_now,
        a_mapping_in_german_speaks_german_to_everyone,
        the_owner_accepts_or_sends_back,
        who_can_answer_is_asked_once_and_reminded_once,
        a_message_shows_what_was_answered_elsewhere,
        who_cannot_be_written_to_is_not_and_the_fallback_is,
        who_cannot_be_looked_up_now_is_asked_later,
        without_reminders_the_fallback_is_asked_if_the_seller_cannot_be,
        a_question_that_comes_up_later_is_asked_in_a_direct_message,
        a_message_of_unknown_outcome_is_looked_for,
    ];
    for engine in [Engine::Sqlite, Engine::Postgres] {
        trials.push(told_on(
            engine,
            named!(an_answer_stands_in_packet_digest_and_task_at_once),
            async |database| {
                an_answer_stands_in_packet_digest_and_task_at_once(&database).await;
            },
        ));
        trials.push(told_on(engine, named!(the_week_is_summed_up_once), async |database| {
            the_week_is_summed_up_once(&database).await;
        }));
        trials.push(told_on(
            engine,
            named!(the_owner_is_asked_once_a_day_whether_first_value_was_reached),
            async |database| {
                the_owner_is_asked_once_a_day_whether_first_value_was_reached(&database).await;
            },
        ));
    }
    trials
}

/// A member of the workspace who has nothing to do with the half empty deal.
pub const IRIS: &str = "U012AB3CD";

/// The seller of the half empty deal, and the owner of its handoff.
pub const TOM: &str = "U0TOM";

/// Where the week is summed up.
const WEEKLY: &str = "C0WEEKLY1";

pub const PROMISE: &str = "SSO before 1 March, and two training days in Malmö.";

/// People may answer in Slack, where the mapping's `slack` has these lines beside.
pub async fn where_people_answer(database: Option<&TestDatabase>, lines: &str) -> World {
    where_answers_are_written(database, lines, &[]).await
}

/// The same, where these lines of the mapping, which are comments as it is shipped, are none.
pub async fn where_answers_are_written(
    database: Option<&TestDatabase>,
    lines: &str,
    targets: &[&str],
) -> World {
    let mut world = World::without_service(Side::Hubspot, WORK);
    if let Some(database) = database {
        world.keeps_its_store_at(database);
    }
    lets_people_answer(world, lines, targets).await
}

/// The same in a world that was made already.
async fn lets_people_answer(mut world: World, lines: &str, targets: &[&str]) -> World {
    world.installation.takes_clicks("http").unwrap();
    let mapping = std::fs::read_to_string(&world.installation.mapping).unwrap();
    let channel = format!("  channel: {CHANNEL}\n");
    assert!(mapping.contains(&channel));
    let mut mapping = mapping.replacen(&channel, &format!("{channel}{lines}"), 1);
    for target in targets {
        let comment = format!("# {target}\n");
        assert!(mapping.contains(&comment), "{target}");
        mapping = mapping.replacen(&comment, &format!("{target}\n"), 1);
    }
    std::fs::write(&world.installation.mapping, mapping).unwrap();
    world.starts().await;
    let request_url = format!("http://{}/webhooks/slack", world.service().address);
    let signing_secret = SIGNING_SECRET.to_owned();
    world.sandbox.slack.change(|slack| {
        slack.set_transport(Transport::Http { request_url, signing_secret });
        slack.add_user(TOM, "tom.lindqvist@seller.example");
    });
    world
}

/// The half empty deal was handed over where people may answer in Slack. Its digest.
pub async fn is_handed_over(database: Option<&TestDatabase>) -> (World, Message) {
    let mut world = where_people_answer(database, "").await;
    world.closes_deal(PINEBROOK).await;
    let digest = world.next_digest().await;
    world.settles().await;
    (world, digest)
}

pub async fn presses(world: &World, user: &str, digest: &Message, action: &str) -> Ack {
    world.sandbox.slack.presses(user, &digest.channel, &digest.ts, action).await.unwrap()
}

/// A person opens the questions of a digest.
pub async fn opens(world: &World, user: &str, digest: &Message) -> Value {
    assert_eq!(presses(world, user, digest, "answer").await, Ack::Taken);
    let slack = &world.sandbox.slack;
    must("a modal", slack.until(|slack| slack.open_view(user).is_some())).await;
    slack.see(|slack| slack.open_view(user).unwrap().view.clone())
}

pub async fn submits(world: &World, user: &str, values: &[(&str, Value)]) -> Ack {
    world.sandbox.slack.submits(user, values).await.unwrap()
}

/// Every click has had its effect, and every message shows it.
pub async fn are_applied(world: &World) {
    world
        .eventually("every click is applied", async || {
            let clicks = world.service().app.store.clicks(Timestamp::UNIX_EPOCH).await.unwrap();
            clicks.iter().all(|click| click.state == "done")
        })
        .await;
    world.settles().await;
}

pub async fn document(world: &World) -> Value {
    world.packets().await.remove(0).document(&[], &[]).unwrap()
}

pub fn shown(message: &Message) -> String {
    serde_json::to_string(&message.blocks).unwrap()
}

pub fn buttons(message: &Message) -> Vec<String> {
    let blocks = serde_json::to_value(&message.blocks).unwrap();
    let last = blocks.as_array().unwrap().last().unwrap().clone();
    let labels =
        last["elements"].as_array().into_iter().flatten().filter(|element| element["type"] == "button");
    labels.map(|button| button["text"]["text"].as_str().unwrap().to_owned()).collect()
}

async fn an_answer_stands_in_packet_digest_and_task_at_once(database: &TestDatabase) {
    let (world, digest) = is_handed_over(Some(database)).await;
    assert_eq!(buttons(&digest), ["Answer 6 questions", "Accept", "Send back"]);
    let asked = world.task_on(PINEBROOK).await;

    let view = opens(&world, TOM, &digest).await;
    let asks: Vec<&str> =
        view["blocks"].as_array().unwrap().iter().filter_map(|block| block["block_id"].as_str()).collect();
    assert!(asks.contains(&"gap.promises.none") && asks.contains(&"gap.risks"), "{asks:?}");
    assert_eq!(view["private_metadata"].as_str().unwrap().split(':').nth(1), Some("1"));
    let before = world.now();
    let answers = [("gap.promises", json!(PROMISE)), ("gap.risks", json!(["none"]))];
    assert_eq!(submits(&world, TOM, &answers).await, Ack::Taken);
    are_applied(&world).await;

    let packet = document(&world).await;
    assert_eq!(packet["revision"], 2, "one submit is one revision");
    let entry = &packet["sections"]["promises"]["entries"][0];
    assert_eq!((&entry["source"], &entry["answered_by"]), (&json!("slack:U0TOM"), &json!("tom lindqvist")));
    assert!(entry["answered_at"].as_str().unwrap().parse::<Timestamp>().unwrap() >= before);
    assert_eq!(packet["sections"]["risks"]["status"], "filled");
    assert!(!packet["gaps"].as_array().unwrap().iter().any(|gap| gap["section"] == "promises"));

    let edited = world.digests().remove(0);
    assert_eq!((world.digests().len(), &edited.ts), (1, &digest.ts), "the same digest");
    assert!(shown(&edited).contains("tom lindqvist in Slack, 20 Nov, not in the CRM"), "{}", shown(&edited));
    assert_eq!(buttons(&edited)[0], "Answer 4 questions");
    let task = world.task_on(PINEBROOK).await;
    assert_eq!(task.id, asked.id);
    assert!(task.body.contains("SSO before 1 March") && !asked.body.contains("SSO before 1 March"));
    // At once: no pause was waited out.
    assert!(world.now().duration_since(before).as_secs() < 30);

    let id = packet["packet_id"].as_str().unwrap();
    let store = &world.service().app.store;
    let causes: Vec<String> = store.revisions(id).await.unwrap().into_iter().map(|one| one.cause).collect();
    assert_eq!(causes, ["won", "answer"]);
    let states: Vec<&str> =
        store.answers(id).await.unwrap().into_iter().map(|one| one.state.as_str()).collect();
    assert_eq!(states, ["given", "given"]);
    world.end().await;
}

async fn what_is_certainly_no_answer_is_told_at_its_input_and_not_stored() {
    let (world, digest) = is_handed_over(None).await;
    opens(&world, TOM, &digest).await;
    let stand_in = [("gap.promises", json!("n/a")), ("gap.first_value_due", json!("2026-11-02"))];
    let Ack::Errors(errors) = submits(&world, TOM, &stand_in).await else { panic!("it was taken") };
    assert_eq!(errors.keys().collect::<Vec<_>>(), ["gap.first_value_due", "gap.promises"]);
    assert!(errors["gap.promises"].contains("\"n/a\""), "{errors:?}");
    assert!(world.service().app.store.answers_since(Timestamp::UNIX_EPOCH).await.unwrap().is_empty());

    // The modal is still open, and a corrected submit counts.
    let corrected = [("gap.promises", json!(PROMISE)), ("gap.first_value_due", json!("2026-12-11"))];
    assert_eq!(submits(&world, TOM, &corrected).await, Ack::Taken);
    are_applied(&world).await;
    let entry = document(&world).await["sections"]["first_value"]["entries"][0].clone();
    assert_eq!((&entry["due"], &entry["due_answered"]["user"]), (&json!("2026-12-11"), &json!(TOM)));
    assert_eq!(entry["source"], "deal.handoff_first_value", "the text is the field's");
    world.end().await;
}

async fn a_text_of_the_crm_that_the_rules_accept_wins_over_the_answer() {
    let (world, digest) = is_handed_over(None).await;
    opens(&world, TOM, &digest).await;
    submits(&world, TOM, &[("gap.promises", json!(PROMISE))]).await;
    are_applied(&world).await;
    let in_crm = "Data import from the old system before 12 January.";
    for (text, source) in [("TBD", "slack:U0TOM"), (in_crm, "deal.handoff_promises")] {
        let now = world.now();
        world.sandbox.hubspot.change(|hubspot| {
            hubspot.portal_mut(deals::PORTAL).unwrap().set(
                Kind::Deal,
                PINEBROOK,
                "handoff_promises",
                text,
                now,
            );
        });
        let id = world.packets().await.remove(0).packet_id;
        world.service().app.store.recheck(&id).await.unwrap();
        world
            .eventually("the deal was looked at", async || {
                world.passes(Duration::from_secs(5));
                document(&world).await["sections"]["promises"]["entries"][0]["source"] == source
            })
            .await;
    }
    world.finishes().await;
    let id = world.packets().await.remove(0).packet_id;
    assert_eq!(
        world.service().app.store.answers(&id).await.unwrap().len(),
        1,
        "the history keeps the answer"
    );
    world.end().await;
}

async fn only_those_who_may_answer_can() {
    let (world, digest) = is_handed_over(None).await;
    let told = async |user: &str| {
        let before = world.sandbox.slack.see(|slack| slack.ephemerals().len());
        assert_eq!(presses(&world, user, &digest, "answer").await, Ack::Taken);
        let said = world.sandbox.slack.until(|slack| slack.ephemerals().len() > before);
        must("a sentence", said).await;
        assert!(world.sandbox.slack.see(|slack| slack.open_view(user).is_none()));
        world.sandbox.slack.see(|slack| slack.ephemerals().last().unwrap().text.clone())
    };
    insta::assert_snapshot!(told(IRIS).await, @"Only Tom Lindqvist and revops@seller.example can answer this.");
    world.sandbox.slack.change(|slack| slack.set_standing(TOM, Standing::Guest));
    insta::assert_snapshot!(told(TOM).await, @"Only members of this workspace can answer this.");
    presses(&world, IRIS, &digest, "accept").await;
    are_applied(&world).await;
    let id = document(&world).await["packet_id"].as_str().unwrap().to_owned();
    assert_eq!(world.service().app.store.acts(&id).await.unwrap(), []);
    let clicks = world.service().app.store.clicks(Timestamp::UNIX_EPOCH).await.unwrap();
    let read = |click: &str| serde_json::from_str::<Interaction>(click).unwrap().user.id;
    assert!(
        clicks.iter().any(|click| read(&click.click) == IRIS && click.outcome.as_deref() == Some("refused"))
    );
    world.end().await;
}

async fn a_question_that_makes_no_sense_is_not_asked_any_more() {
    let (world, digest) = is_handed_over(None).await;
    opens(&world, TOM, &digest).await;
    let nonsense = [("nonsense", json!(["promises"])), ("nonsense.reason", json!("It is a renewal."))];
    assert_eq!(submits(&world, TOM, &nonsense).await, Ack::Taken);
    are_applied(&world).await;
    let packet = document(&world).await;
    let gap = packet["gaps"].as_array().unwrap().iter().find(|gap| gap["section"] == "promises").unwrap();
    assert_eq!((&gap["severity"], &gap["dismissed"]["reason"]), (&json!("hint"), &json!("It is a renewal.")));
    assert_eq!(buttons(&world.digests().remove(0))[0], "Answer 5 questions");
    world.end().await;
}

async fn the_modal_follows_what_the_crm_holds_by_now() {
    let (world, digest) = is_handed_over(None).await;
    let now = world.now();
    world.sandbox.hubspot.change(|hubspot| {
        let portal = hubspot.portal_mut(deals::PORTAL).unwrap();
        portal.set(Kind::Deal, PINEBROOK, "handoff_promises", "ask Priya", now);
    });
    opens(&world, TOM, &digest).await;
    world
        .eventually("the newest text", async || {
            world.sandbox.slack.see(|slack| {
                let view = &slack.open_view(TOM).unwrap().view;
                let blocks = view["blocks"].as_array().unwrap();
                let promises = blocks.iter().find(|block| block["block_id"] == "gap.promises").unwrap();
                promises["element"]["initial_value"] == "ask Priya"
            })
        })
        .await;
    world.end().await;
}

async fn a_mapping_in_german_speaks_german_to_everyone() {
    let world = World::without_service(Side::Hubspot, WORK);
    let mut world = {
        let mapping = std::fs::read_to_string(&world.installation.mapping).unwrap();
        let german = format!("{mapping}\nlanguage: de\nwords: meine.toml\n");
        std::fs::write(&world.installation.mapping, german).unwrap();
        let words = world.installation.mapping.with_file_name("meine.toml");
        std::fs::write(words, "[digest]\naccept = \"Passt so\"\n").unwrap();
        lets_people_answer(world, "  ask: dm\n  hours: \"0-24\"\n", &[]).await
    };
    world.closes_deal(PINEBROOK).await;
    world.next_digest().await;
    world.eventually("digest and message", async || world.digests().len() == 2).await;
    let posted = || world.digests().into_iter().find(|message| message.channel == CHANNEL).unwrap();
    let digest = posted();
    insta::assert_snapshot!(digest.text, @"
    Pinebrook Clinics · 18.500 EUR · noch offen, wer übernimmt · 4 offene Fragen an Tom Lindqvist
    Anlass: noch nicht beantwortet („TBD“)
    Ziel: No-shows at the Elm Street clinic drop below 8 % by the end of June.
    Erster Nutzen: Front desk sends the first 50 reminders from the new system. · noch kein Datum, Vorschlag 20. Dez.
    Sponsor: Priya Castellan, Practice manager
    Weitere: Ola Brenner, Front desk (Anwender) · Prüfer und möglicher Blocker noch nicht bekannt
    Zusagen: noch nicht beantwortet („see call notes“)
    Risiken: noch nicht beantwortet
    Pinebrook Clinics: appointment reminders · Aufgabe
    ");
    assert_eq!(buttons(&digest), ["6 Fragen beantworten", "Passt so", "Zurückgeben"]);
    insta::assert_snapshot!(messages_to(&world, TOM)[0].text, @"
    Pinebrook Clinics ist gewonnen. 6 Fragen sind noch offen, das dauert keine Minute:
    Anlass: Why did they choose us now, and what forced the date?
    Beteiligte: Wer ist bei Pinebrook Clinics der Prüfer, beurteilt also, ob es gut ist?
    Beteiligte: Wer ist bei Pinebrook Clinics der mögliche Blocker?
    Zusagen: Welche Zusagen haben wir gemacht, ausdrücklich oder zwischen den Zeilen? „Keine“ ist auch eine Antwort.
    Risiken: Welche Risiken könnten den Kunden anfangs bremsen? „Keine“ ist auch eine Antwort.
    Erster Nutzen: Bis wann soll das passieren? Ohne Antwort planen wir mit Tag 30, dem 20. Dez. 2026.
    Pinebrook Clinics: appointment reminders
    ");

    let view = opens(&world, TOM, &digest).await;
    let chrome = ["title", "submit", "close"].map(|part| view[part]["text"].as_str().unwrap());
    assert_eq!(chrome, ["Offene Fragen", "Speichern", "Abbrechen"]);
    let refused = submits(&world, TOM, &[("gap.promises", json!("n/a"))]).await;
    insta::assert_debug_snapshot!(refused, @r#"
    Errors(
        {
            "gap.promises": "„n/a“ ist ein Platzhalter, keine Antwort. Bitte einen Satz schreiben oder das Feld leer lassen.",
        },
    )
    "#);
    let answers = [("gap.promises", json!(PROMISE)), ("gap.risks", json!(["none"]))];
    assert_eq!(submits(&world, TOM, &answers).await, Ack::Taken);
    let answered = "in Malmö (tom lindqvist in Slack, 20. Nov., nicht im CRM)";
    world.eventually("the answer is shown", async || posted().text.contains(answered)).await;
    let packet = document(&world).await;
    assert_eq!(
        (&packet["language"], &packet["sections"]["risks"]["status"]),
        (&json!("de"), &json!("filled"))
    );
    ends(world).await;
}

async fn the_owner_accepts_or_sends_back() {
    let (world, digest) = is_handed_over(None).await;
    presses(&world, TOM, &digest, "send_back").await;
    let slack = &world.sandbox.slack;
    must("a modal", slack.until(|slack| slack.open_view(TOM).is_some())).await;
    let reason = [("reason", json!("wrong_owner")), ("text", json!("This is Iris' customer."))];
    assert_eq!(submits(&world, TOM, &reason).await, Ack::Taken);
    are_applied(&world).await;
    let replies = || slack.see(|slack| slack.replies_to(&digest.ts).cloned().collect::<Vec<_>>());
    insta::assert_snapshot!(replies()[0].text, @"Tom Lindqvist, tom lindqvist sent this handoff back. Wrong owner: This is Iris' customer.");
    assert!(shown(&replies()[0]).contains(r#""user_id":"U0TOM""#), "the seller is mentioned");
    let sent_back = world.digests().remove(0);
    assert!(shown(&sent_back).contains("Sent back by tom lindqvist, 20 Nov: Wrong owner: This is Iris"));

    // Another reason is read in the same place, and mentions nobody anew.
    presses(&world, TOM, &sent_back, "send_back").await;
    must("a modal", slack.until(|slack| slack.open_view(TOM).is_some())).await;
    submits(&world, TOM, &[("reason", json!("not_a_handoff"))]).await;
    are_applied(&world).await;
    let said: Vec<String> = replies().into_iter().map(|reply| reply.text).collect();
    assert_eq!(said, ["Tom Lindqvist, tom lindqvist sent this handoff back. Not a handoff"]);

    presses(&world, TOM, &sent_back, "accept").await;
    are_applied(&world).await;
    let accepted = world.digests().remove(0);
    assert!(shown(&accepted).contains("Accepted by tom lindqvist, 20 Nov"), "{}", shown(&accepted));
    assert_eq!(buttons(&accepted), ["Answer 6 questions"]);
    let id = document(&world).await["packet_id"].as_str().unwrap().to_owned();
    let acts: Vec<Act> =
        world.service().app.store.acts(&id).await.unwrap().into_iter().map(|act| act.act).collect();
    assert_eq!(acts, [Act::SentBack, Act::SentBack, Act::Accepted]);
    assert_eq!(digest.channel, CHANNEL);
    world.end().await;
}

async fn the_owner_is_asked_once_a_day_whether_first_value_was_reached(database: &TestDatabase) {
    let (mut world, digest) = is_handed_over(Some(database)).await;
    opens(&world, TOM, &digest).await;
    submits(&world, TOM, &[("gap.first_value_due", json!("2026-12-11"))]).await;
    are_applied(&world).await;
    let days = |days: u64| Duration::from_hours(24 * days);
    // Friday 11 December, eight in the morning in Berlin.
    world.passes(Duration::from_hours(24 * 21 - 1));
    world.settles().await;
    assert_eq!(messages_to(&world, TOM).len(), 0, "it is not within working hours");
    world.passes(Duration::from_hours(2));
    world.eventually("the owner is asked", async || messages_to(&world, TOM).len() == 1).await;
    let asked = messages_to(&world, TOM).remove(0);
    let what = "\nFront desk sends the first 50 reminders from the new system.\nPinebrook Clinics: appointment reminders";
    let question = "Pinebrook Clinics: first value is due today. Did it happen?";
    assert_eq!(asked.text, format!("{question}{what}"));
    assert_eq!(buttons(&asked), ["Yes", "Not yet", "No"]);

    presses(&world, TOM, &asked, "not_yet").await;
    must("a modal", world.sandbox.slack.until(|slack| slack.open_view(TOM).is_some())).await;
    let Ack::Errors(errors) = submits(&world, TOM, &[("day", json!("2026-12-11"))]).await else { panic!() };
    assert_eq!(errors["day"], "Choose a day that is still to come.");
    assert_eq!(submits(&world, TOM, &[("day", json!("2026-12-29"))]).await, Ack::Taken);
    are_applied(&world).await;
    let moved = messages_to(&world, TOM).remove(0);
    assert_eq!(moved.text, format!("Pinebrook Clinics · Not yet, says tom lindqvist: by 29 Dec{what}"));
    assert_eq!(buttons(&moved), Vec::<String>::new());
    let shown_then = shown(&world.digests().remove(0));
    assert!(shown_then.contains("Not yet, says tom lindqvist: by 29 Dec"), "{shown_then}");

    world.passes(days(17));
    let is_deleted = async || matches!(world.packets().await[0].record, StoredRecord::Deleted(_));
    world.eventually("the deal record is deleted", is_deleted).await;
    world.passes(days(1));
    world.eventually("the owner is asked again", async || messages_to(&world, TOM).len() == 2).await;
    let again = messages_to(&world, TOM).remove(1);
    presses(&world, TOM, &again, "reached").await;
    are_applied(&world).await;
    let reached = "Pinebrook Clinics: appointment reminders · Reached 29 Dec, says tom lindqvist";
    assert_eq!(messages_to(&world, TOM).remove(1).text, format!("{reached}{what}"));
    assert_eq!(messages_to(&world, TOM).remove(0).text, moved.text, "the first message stays as it was");
    world.passes(days(9));
    world.settles().await;
    assert_eq!(messages_to(&world, TOM).len(), 2, "never more");
    let stats = world.service().app.store.stats(Timestamp::MIN, world.now()).await.unwrap();
    assert_eq!((stats.decisions.reached, stats.decisions.missed), (1, 0));
    for _ in 0..2 {
        world.next_digest().await;
    }
    world.end().await;
}

/// The messages that summed weeks up, oldest first.
fn weekly(world: &World) -> Vec<String> {
    let weekly = world.digests().into_iter().filter(|message| message.channel == WEEKLY);
    weekly.map(|message| message.text).collect()
}

/// The week is summed up on Monday at nine, once, and again after another week.
async fn the_week_is_summed_up_once(database: &TestDatabase) {
    let roll_up = format!("  roll_up: {{channel: {WEEKLY}, day: monday, at: \"09:00\"}}\n");
    let mut world = where_people_answer(Some(database), &roll_up).await;
    world.sandbox.slack.change(|slack| slack.add_channel(WEEKLY, "weekly"));
    world.closes_deal(PINEBROOK).await;
    world.next_digest().await;
    world.settles().await;
    // Monday, half past eight in Berlin.
    world.passes(Duration::from_mins(60 * 72 - 30));
    world.settles().await;
    assert_eq!(weekly(&world), Vec::<String>::new());
    world.passes(Duration::from_mins(45));
    world.eventually("the week is summed up", async || weekly(&world).len() == 1).await;
    let first = "1 deal won last week · 0 complete at close, 0 now";
    assert_eq!(weekly(&world), [first]);
    world.passes(Duration::from_hours(24));
    world.settles().await;
    world.stops().await;
    world.starts().await;
    for _ in 0..6 {
        world.passes(Duration::from_hours(24));
        world.settles().await;
    }
    world.eventually("the next week", async || weekly(&world).len() == 2).await;
    let open = "Still open: Why now 1 · People 2 · Promised 1 · Risk 1 · First value 1, for more than five business days";
    assert_eq!(weekly(&world)[1], format!("No deal was won last week\n{open}"));
    for _ in 0..2 {
        world.next_digest().await;
    }
    world.end().await;
}

/// The messages to one person, oldest first.
pub fn messages_to(world: &World, user: &str) -> Vec<Message> {
    world.sandbox.slack.see(|slack| {
        slack.direct(user).map(|channel| slack.messages_in(channel).cloned().collect()).unwrap_or_default()
    })
}

/// Every message that is there was looked at, and nothing is left to do.
async fn ends(mut world: World) {
    for destination in [Destination::SlackReminder, Destination::SlackFallback] {
        world.waits_for(destination, DeliveryState::Done, Duration::from_mins(40)).await;
    }
    for _ in 0..world.digests().len() - 1 {
        world.next_digest().await;
    }
    world.end().await;
}

async fn who_can_answer_is_asked_once_and_reminded_once() {
    let mut world = where_people_answer(None, "  ask: dm\n  remind_after: 2h\n").await;
    // Friday, nine in the morning in Berlin.
    world.closes_deal(PINEBROOK).await;
    world.next_digest().await;
    world.eventually("a message", async || messages_to(&world, TOM).len() == 1).await;
    let asked = messages_to(&world, TOM).remove(0);
    insta::assert_snapshot!(asked.text, @r#"
    Pinebrook Clinics is won. 6 questions are open that you can answer in under a minute:
    Why now: Why did they choose us now, and what forced the date?
    People: Who is the evaluator at Pinebrook Clinics, judging whether it is good?
    People: Who is the likely blocker at Pinebrook Clinics?
    Promised: What did we promise them, said or implied? "None" is an answer.
    Risk: What could slow them down early on? "None" is an answer.
    First value: By which day should this happen? Without an answer we plan for day 30, 20 Dec 2026.
    Pinebrook Clinics: appointment reminders
    "#);
    assert_eq!(buttons(&asked), ["Answer 6 questions"]);
    world
        .eventually("the gaps say so", async || {
            document(&world).await["gaps"].as_array().unwrap().iter().any(|gap| gap["state"] == "asked")
        })
        .await;

    let before = world.now();
    world.waits_for(Destination::SlackReminder, DeliveryState::Done, Duration::from_mins(5)).await;
    assert!(world.now().duration_since(before).as_mins() >= 115);
    let reminder = world.sandbox.slack.see(|slack| slack.replies_to(&asked.ts).next().unwrap().clone());
    insta::assert_snapshot!(reminder.text, @"6 questions about Pinebrook Clinics are still open.");
    world.waits_for(Destination::SlackFallback, DeliveryState::Done, Duration::from_mins(5)).await;
    for _ in 0..6 {
        world.passes(Duration::from_hours(12));
        world.settles().await;
    }
    let reminders = world.sandbox.slack.see(|slack| slack.replies_to(&asked.ts).count());
    assert_eq!((messages_to(&world, TOM).len(), reminders), (1, 1), "never more");
    ends(world).await;
}

async fn a_message_shows_what_was_answered_elsewhere() {
    let mut world = where_people_answer(None, "  ask: dm\n").await;
    world.closes_deal(PINEBROOK).await;
    world.next_digest().await;
    world.eventually("digest and message", async || world.digests().len() == 2).await;
    let digest = world.digests().into_iter().find(|message| message.channel == CHANNEL).unwrap();
    opens(&world, TOM, &digest).await;
    submits(&world, TOM, &[("gap.promises", json!(PROMISE))]).await;
    world
        .eventually("the message follows", async || {
            messages_to(&world, TOM).first().is_some_and(|message| buttons(message) == ["Answer 5 questions"])
        })
        .await;
    // Its own button opens the same questions.
    let message = messages_to(&world, TOM).remove(0);
    let view = opens(&world, TOM, &message).await;
    assert!(!view["blocks"].to_string().contains("gap.promises\""), "{view}");
    ends(world).await;
}

async fn who_cannot_be_written_to_is_not_and_the_fallback_is() {
    let mut world = where_people_answer(None, "  ask: dm\n").await;
    world.sandbox.slack.change(|slack| {
        slack.set_standing(TOM, Standing::Bot);
        slack.add_user("U0REVOPS", "revops@seller.example");
    });
    world.closes_deal(PINEBROOK).await;
    world.next_digest().await;
    world.eventually("the fallback is asked", async || messages_to(&world, "U0REVOPS").len() == 1).await;
    assert_eq!(messages_to(&world, TOM).len(), 0);
    ends(world).await;
}

async fn who_cannot_be_looked_up_now_is_asked_later() {
    let mut world = where_people_answer(None, "  ask: dm\n").await;
    world.sandbox.slack.fails("GET /api/users.lookupByEmail", Fault::DropBefore, Times::UntilCleared);
    world.closes_deal(PINEBROOK).await;
    world.next_digest().await;
    world
        .eventually("the lookups fail", async || {
            world.passes(Duration::from_secs(5));
            lookups(&world) >= 6
        })
        .await;
    world.sandbox.slack.clear_faults();
    world
        .eventually("the seller is asked", async || {
            world.passes(Duration::from_secs(5));
            messages_to(&world, TOM).len() == 1
        })
        .await;
    ends(world).await;
}

fn lookups(world: &World) -> usize {
    world.sandbox.slack.log().count("GET /api/users.lookupByEmail")
}

async fn without_reminders_the_fallback_is_asked_if_the_seller_cannot_be() {
    let mut world = where_people_answer(None, "  ask: dm\n  remind_after: 0\n").await;
    world.sandbox.slack.change(|slack| {
        slack.set_standing(TOM, Standing::Bot);
        slack.add_user("U0REVOPS", "revops@seller.example");
    });
    world.closes_deal(PINEBROOK).await;
    world.next_digest().await;
    world.eventually("the fallback is asked", async || messages_to(&world, "U0REVOPS").len() == 1).await;
    world.settles().await;
    world.next_digest().await;
    world.end().await;
}

async fn a_question_that_comes_up_later_is_asked_in_a_direct_message() {
    let mut world = where_people_answer(None, "  ask: dm\n  remind_after: 0\n").await;
    world.closes_deal(NORTHLIGHT).await;
    world.next_digest().await;
    world.settles().await;
    assert_eq!(world.delivery_state(Destination::SlackDm).await, None, "nothing is open");
    let id = world.packets().await.remove(0).packet_id;
    let now = world.now();
    world.sandbox.hubspot.change(|hubspot| {
        let portal = hubspot.portal_mut(deals::PORTAL).unwrap();
        portal.set(Kind::Deal, NORTHLIGHT, "handoff_promises", "TBD", now);
    });
    world.service().app.store.recheck(&id).await.unwrap();
    world.delivers(Destination::SlackDm).await;
    world.finishes().await;
    for _ in 1..world.digests().len() {
        world.next_digest().await;
    }
    world.end().await;
}

/// A message whose answer is lost may be there: it is looked for, in the conversation with the person.
async fn a_message_of_unknown_outcome_is_looked_for() {
    let mut world = where_people_answer(None, "  ask: dm\n  remind_after: 0\n  hours: \"12-17\"\n").await;
    world.closes_deal(PINEBROOK).await;
    world.next_digest().await;
    world.delivers(Destination::SlackDigest).await;
    world.passes(Duration::from_hours(2));
    assert_eq!(messages_to(&world, TOM).len(), 0, "it is not within working hours");
    let fails = handoff_sandbox::Times::Next(1);
    world.sandbox.slack.fails("POST /api/chat.postMessage", handoff_sandbox::Fault::DropAfter, fails);
    world.waits_for(Destination::SlackDm, DeliveryState::Done, Duration::from_mins(5)).await;
    let attempts = world.attempts(Destination::SlackDm).await;
    assert!(attempts.ends_with(&["unknown".to_owned(), "found".to_owned()]), "{attempts:?}");
    assert_eq!(messages_to(&world, TOM).len(), 1, "one message");
    world.settles().await;
    world.next_digest().await;
    world.end().await;
}
