//! The operators' page in a browser's words: what it shows, what it does, and who may.

use std::time::Duration;

use handoff_bridge::clock::Clock;
use handoff_bridge::store::DeliveryState;
use handoff_bridge::store::Destination::SlackDigest;
use handoff_bridge::store::StoreUrl;
use handoff_sandbox::{Fault, Times};
use libtest_mimic::Trial;
use reqwest::{Client, Method, StatusCode, header, redirect};
use serde_json::Value;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

use crate::command_line::{json, said};
use crate::side::Side;
use crate::world::{NORTHLIGHT, PINEBROOK, WORK, World, must};
use crate::{scenarios, tests};

const OPERATOR: &str = "operators-only-0123456789";
const READER: &str = "readers-only-9876543210abc";

pub fn trials() -> Vec<Trial> {
    let mut trials = scenarios![Hubspot:
        the_list_is_filtered_searched_and_paged,
        a_packet_shows_what_its_reader_sees_where_from_and_what_happened,
        a_dead_delivery_is_sent_again,
        a_delivery_of_unknown_outcome_is_settled,
        a_gap_is_dismissed_and_that_is_taken_back,
        what_one_cause_stopped_is_sent_again_at_once,
        stats_are_drawn_with_their_numbers,
        a_post_that_no_page_of_ours_sends_changes_nothing,
        no_page_has_crm_text_in_its_title_or_runs_any,
        a_packet_that_cannot_be_read_holds_up_no_other,
        a_revision_that_cannot_be_read_hides_no_other,
        a_count_is_shown_at_once_and_the_next_comes_behind_it,
    ];
    trials.extend(scenarios![both engines, Hubspot: whatever_is_asked_for_is_only_text]);
    trials.extend(tests![
        a_browser_gets_pages_and_a_program_what_the_commands_print,
        a_token_opens_a_session_that_ends,
        a_new_token_ends_every_session,
        guesses_at_the_token_have_to_wait,
        a_reader_sees_everything_and_changes_nothing,
        every_route_asks_who_is_there,
        a_trusted_proxy_names_who_acted,
        a_link_from_slack_opens_the_packet,
        behind_https_the_cookie_is_for_this_host_only,
        what_a_proxy_asked_for_itself_is_passed_over,
        a_form_that_never_ends_is_given_up,
    ]);
    trials
}

/// A browser without scripts: it keeps one cookie, and follows nothing by itself.
struct Browser {
    url: String,
    client: Client,
    cookie: Option<String>,
}

/// What it got.
struct Page {
    status: StatusCode,
    headers: header::HeaderMap,
    text: String,
}

impl Page {
    fn header(&self, name: header::HeaderName) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().unwrap())
    }

    fn leads_to(&self) -> &str {
        assert_eq!(self.status, StatusCode::SEE_OTHER, "{}", self.text);
        self.header(header::LOCATION)
    }

    /// The values of inputs with this name.
    fn hidden(&self, name: &str) -> Vec<String> {
        let before = format!("name=\"{name}\" value=\"");
        let values = self.text.split(&before).skip(1).map(|rest| rest.split('"').next().unwrap().to_owned());
        values.collect()
    }
}

impl Browser {
    fn of(world: &World) -> Self {
        let client = Client::builder().redirect(redirect::Policy::none()).build().unwrap();
        let url = format!("http://{}", world.service().operator_address.unwrap());
        Self { url, client, cookie: None }
    }

    async fn asks(&self, method: Method, path: &str, with: &[(&str, &str)]) -> Page {
        let mut request = self.client.request(method, format!("{}{path}", self.url));
        for (name, value) in with {
            request = request.header(*name, *value);
        }
        if let Some(cookie) = &self.cookie {
            request = request.header("cookie", cookie);
        }
        let answer = request.send().await.unwrap();
        let (status, headers) = (answer.status(), answer.headers().clone());
        Page { status, headers, text: answer.text().await.unwrap() }
    }

    async fn opens(&self, path: &str) -> Page {
        self.asks(Method::GET, path, &[("accept", "text/html,*/*;q=0.8")]).await
    }

    /// The page, which is there.
    async fn reads(&self, path: &str) -> String {
        let page = self.opens(path).await;
        assert_eq!(page.status, StatusCode::OK, "{path}: {}", page.text);
        page.text
    }

    async fn json(&self, path: &str) -> Value {
        json(&self.asks(Method::GET, path, &[("accept", "application/json")]).await.text)
    }

    /// Submits a form as it stands on a page.
    async fn submits(&self, page: &str, action: &str, fields: &[(&str, &str)]) -> Page {
        let csrf = self.opens(page).await.hidden("csrf").pop().unwrap_or_default();
        self.posts(action, &[fields, &[("csrf", &csrf)]].concat(), &[("origin", &self.url)]).await
    }

    async fn posts(&self, path: &str, fields: &[(&str, &str)], with: &[(&str, &str)]) -> Page {
        let mut request = self.client.post(format!("{}{path}", self.url)).form(fields);
        for (name, value) in [with, &[("accept", "text/html")]].concat() {
            request = request.header(name, value);
        }
        if let Some(cookie) = &self.cookie {
            request = request.header("cookie", cookie);
        }
        let answer = request.send().await.unwrap();
        let (status, headers) = (answer.status(), answer.headers().clone());
        Page { status, headers, text: answer.text().await.unwrap() }
    }

    async fn signs_in(&mut self, token: &str) -> Page {
        let page = self.posts("/sign-in", &[("token", token)], &[("origin", &self.url)]).await;
        let cookie = page.header(header::SET_COOKIE).split(';').next().unwrap_or_default().to_owned();
        self.cookie = Some(cookie).filter(|cookie| !cookie.is_empty());
        page
    }
}

/// A delivered packet of the half empty deal.
async fn half_empty_packet(world: &mut World) -> String {
    world.closes_deal(PINEBROOK).await;
    world.next_digest().await;
    world.settles().await;
    world.packets().await.remove(0).packet_id
}

async fn prints(world: &World, arguments: &[&str]) -> Value {
    let config = world.installation.config.to_str().unwrap();
    json(&said(&[arguments, &["--json", "--config", config]].concat()).await.out)
}

/// A service whose operators present a token, and readers another.
async fn guarded(settings: &str) -> World {
    guarded_at_work(settings, WORK).await
}

async fn guarded_at_work(settings: &str, work: &str) -> World {
    let mut world = World::without_service(Side::Hubspot, work);
    let text = std::fs::read_to_string(&world.installation.config).unwrap();
    let tokens = "operator_token_file = \"operator-token\"\noperator_read_token_file = \"read-token\"\n";
    std::fs::write(&world.installation.config, format!("{settings}{tokens}{text}")).unwrap();
    for (file, token) in [("operator-token", OPERATOR), ("read-token", READER)] {
        std::fs::write(world.directory.path().join(file), token).unwrap();
    }
    world.starts().await;
    world
}

async fn a_browser_gets_pages_and_a_program_what_the_commands_print() {
    // The commands have the machine's clock.
    let mut world = World::on(Side::Hubspot, Clock::running_from(Clock::machine().now()), WORK);
    world.starts().await;
    let packet = half_empty_packet(&mut world).await;
    let browser = Browser::of(&world);
    assert_eq!(browser.opens("/").await.leads_to(), "/packets");
    for (path, arguments) in [
        ("/packets?limit=7", &["list", "--limit", "7"][..]),
        ("/packets?q=pinebrook&state=done", &["list", "--customer", "pinebrook", "--state", "done"]),
        (&format!("/packets/{packet}"), &["show", &packet]),
        ("/stats", &["stats"]),
        ("/events", &["events"]),
    ] {
        assert_eq!(browser.json(path).await, prints(&world, arguments).await, "{path}");
        let page = browser.reads(path).await;
        assert!(page.starts_with("<!DOCTYPE html>") && page.contains("<main id=\"main\""), "{page}");
    }
    assert_eq!(browser.json("/stuck").await, serde_json::json!([]));
    for (path, status) in [
        ("/packets/pkt_000000000000", StatusCode::NOT_FOUND),
        ("/packets?state=lost", StatusCode::BAD_REQUEST),
        ("/stats?since=a-month", StatusCode::BAD_REQUEST),
    ] {
        assert_eq!(browser.opens(path).await.status, status, "{path}");
        let json = browser.asks(Method::GET, path, &[("accept", "application/json")]).await;
        assert!(json.status == status && !json.text.contains('<'), "{path}: {}", json.text);
    }
    world.end().await;
}

async fn the_list_is_filtered_searched_and_paged(world: &mut World) {
    let half_empty = half_empty_packet(world).await;
    world.closes_deal(NORTHLIGHT).await;
    world.next_digest().await;
    world.settles().await;
    let browser = Browser::of(world);
    let both = browser.reads("/packets").await;
    for shown in
        ["Pinebrook Clinics", "Northlight Foods", "1 of 6", "Tom Lindqvist", "delivered", "hubspot:48210077"]
    {
        assert!(both.contains(shown), "{shown}: {both}");
    }
    let shows = async |query: &str| {
        let page = browser.reads(&format!("/packets?{query}")).await;
        ["Pinebrook", "Northlight"]
            .map(|name| page.contains(&format!(">{name}")) || page.contains(&format!("{name} ")))
    };
    for (query, wanted) in [
        ("q=PINEBROOK", [true, false]),
        (&format!("q={half_empty}"), [true, false]),
        (&format!("q={NORTHLIGHT}"), [false, true]),
        ("q=%25", [false, false]),
        ("state=done", [true, true]),
        ("state=open", [false, false]),
        ("account=hubspot:48210077", [true, true]),
        ("account=salesforce:48210077", [false, false]),
    ] {
        assert_eq!(shows(query).await, wanted, "{query}");
    }
    // Page by page, one on each.
    let first = browser.reads("/packets?limit=1&q=o").await;
    assert!(first.contains("Northlight") && !first.contains("Pinebrook"), "{first}");
    let next =
        first.split("href=\"/packets?").nth(1).unwrap().split('"').next().unwrap().replace("&amp;", "&");
    assert!(next.starts_with("q=o&after=4."), "{next}");
    let second = browser.reads(&format!("/packets?limit=1&{next}")).await;
    assert!(second.contains("Pinebrook") && !second.contains("rel=\"next\""), "{second}");
}

async fn a_packet_shows_what_its_reader_sees_where_from_and_what_happened(world: &mut World) {
    world.sandbox.slack.fails("POST /api/chat.postMessage", Fault::status(500), Times::Next(1));
    world.sandbox.slack.fails("GET /api/conversations.history", Fault::status(503), Times::Next(1));
    world.closes_deal(PINEBROOK).await;
    world.delivers(SlackDigest).await;
    world.next_digest().await;
    world.settles().await;
    let packet = world.packets().await.remove(0).packet_id;
    let page = Browser::of(world).reads(&format!("/packets/{packet}")).await;
    for shown in [
        // As its reader sees it, and where each line is from.
        "No-shows at the Elm Street clinic drop below 8 %",
        "<details class=\"source\"><summary>source</summary><code>deal.handoff_success_outcome",
        "not answered yet",
        // Its gaps.
        "role_missing:blocker",
        "<td data-label=\"For\">seller</td>",
        // What happened, with every attempt.
        "won, says the CRM",
        "read from the CRM: the packet",
        "crm_task for user 70000003: delivered in ",
        "slack_digest to C0123ABCD: unknown in ",
        "500",
        // What can be done.
        "Look at the deal again",
        "Why it is none",
    ] {
        assert!(page.contains(shown), "{shown}: {page}");
    }
    assert!(!page.contains("Send it again"), "nothing is stuck: {page}");
}

async fn a_dead_delivery_is_sent_again(world: &mut World) {
    let packet = dead_digest(world).await;
    let browser = Browser::of(world);
    let list = browser.reads("/packets?state=dead").await;
    assert!(list.contains("slack_digest dead") && list.contains(&packet), "{list}");
    let page = format!("/packets/{packet}");
    let shown = browser.reads(&page).await;
    assert!(shown.contains("Send it again") && shown.contains("slack_digest was given up"), "{shown}");
    world.sandbox.slack.clear_faults();
    let done = browser.submits(&page, &format!("{page}/replay"), &[("destination", "slack_digest")]).await;
    assert_eq!(done.leads_to(), format!("{page}?done=replay"));
    assert!(browser.reads(done.leads_to()).await.contains("It is sent again."));
    world.next_digest().await;
    world.delivery_becomes(SlackDigest, DeliveryState::Done).await;
    let again = browser.submits(&page, &format!("{page}/replay"), &[("destination", "slack_digest")]).await;
    assert_eq!(again.status, StatusCode::CONFLICT);
    assert!(again.text.contains("has nothing dead or held"), "{}", again.text);
    let done = browser.submits(&page, &format!("{page}/recheck"), &[]).await;
    assert_eq!(done.leads_to(), format!("{page}?done=recheck"));
    world.settles().await;
}

async fn dead_digest(world: &mut World) -> String {
    let refused = Fault::slack_error("channel_not_found");
    world.sandbox.slack.fails("POST /api/chat.postMessage", refused, Times::UntilCleared);
    world.closes_deal(PINEBROOK).await;
    world.waits_for(SlackDigest, DeliveryState::Dead, Duration::from_secs(1)).await;
    world.packets().await.remove(0).packet_id
}

async fn a_delivery_of_unknown_outcome_is_settled(world: &mut World) {
    world.sandbox.slack.fails("POST /api/chat.postMessage", Fault::DropBefore, Times::Next(1));
    world.sandbox.slack.fails("GET /api/conversations.history", Fault::status(500), Times::UntilCleared);
    world.closes_deal(PINEBROOK).await;
    world.waits_for(SlackDigest, DeliveryState::Held, Duration::from_hours(1)).await;
    let packet = world.packets().await.remove(0).packet_id;
    let browser = Browser::of(world);
    let (page, settle) = (format!("/packets/{packet}"), format!("/packets/{packet}/settle"));
    assert!(browser.reads(&page).await.contains("It is not there: send it again"));
    for wrong in [
        &[("destination", "slack_digest")][..],
        &[("destination", "telegram"), ("seen", "done")],
        &[("destination", "slack_digest"), ("seen", "done"), ("url", "javascript:1")],
    ] {
        let refused = browser.submits(&page, &settle, wrong).await;
        assert!(matches!(refused.status.as_u16(), 400 | 404), "{wrong:?}: {}", refused.text);
    }
    assert_eq!(world.delivery_state(SlackDigest).await, Some(DeliveryState::Held));
    let not_done = [("destination", "slack_digest"), ("seen", "not_done")];
    assert_eq!(
        browser.submits(&page, &settle, &not_done).await.leads_to(),
        format!("{page}?done=sent-again")
    );
    world.next_digest().await;
    world.delivery_becomes(SlackDigest, DeliveryState::Done).await;
    let attempts = world.attempts(SlackDigest).await;
    assert_eq!(attempts[attempts.len() - 2..], ["settled", "delivered"]);
    assert!(browser.reads(&page).await.contains("settled by operator: it is not there, so it is sent again"));
    let done = [("destination", "crm_task"), ("seen", "done")];
    let refused = browser.submits(&page, &settle, &done).await;
    assert!(refused.text.contains("there is nothing to settle about crm_task"), "{}", refused.text);
}

async fn a_gap_is_dismissed_and_that_is_taken_back(world: &mut World) {
    let packet = half_empty_packet(world).await;
    let browser = Browser::of(world);
    let (page, dismiss) = (format!("/packets/{packet}"), format!("/packets/{packet}/dismiss"));
    let gap = [("section", "promises"), ("gap", "placeholder")];
    let with = |reason| [&gap[..], &[("reason", reason)]].concat();
    let dismissed = browser.submits(&page, &dismiss, &with("None were \u{202e}made\n")).await;
    assert_eq!(dismissed.leads_to(), format!("{page}?done=dismissed"));
    let shown = prints(world, &["show", &packet]).await;
    let gaps = shown["gaps"].as_array().unwrap();
    let of_promises = gaps.iter().find(|gap| gap["section"] == "promises").unwrap();
    assert_eq!(of_promises["dismissed"]["reason"], "None were made", "as the command does it");
    assert!(browser.reads(&page).await.contains("dismissed: None were made"));
    let again = browser.submits(&page, &dismiss, &with("Agreed by phone")).await;
    assert_eq!(again.leads_to(), format!("{page}?done=dismissed-again"));
    let undo = [&gap[..], &[("undo", "1")]].concat();
    assert_eq!(browser.submits(&page, &dismiss, &undo).await.leads_to(), format!("{page}?done=taken-back"));
    for (fields, status) in [
        (undo.clone(), StatusCode::CONFLICT),
        (with(" "), StatusCode::CONFLICT),
        (vec![("section", "risks"), ("gap", "vague"), ("reason", "x")], StatusCode::NOT_FOUND),
        (vec![("reason", "x")], StatusCode::BAD_REQUEST),
    ] {
        assert_eq!(browser.submits(&page, &dismiss, &fields).await.status, status, "{fields:?}");
    }
    assert_eq!(browser.submits(&page, &format!("{page}/forget"), &[]).await.status, StatusCode::NOT_FOUND);
}

async fn what_one_cause_stopped_is_sent_again_at_once(world: &mut World) {
    dead_digest(world).await;
    world.closes_deal(NORTHLIGHT).await;
    let browser = Browser::of(world);
    world
        .eventually("both are dead", async || {
            let groups = browser.json("/stuck").await;
            groups[0]["ids"].as_array().is_some_and(|ids| ids.len() == 2)
        })
        .await;
    let groups = browser.json("/stuck").await;
    assert_eq!(groups.as_array().unwrap().len(), 1, "{groups}");
    assert!(groups[0]["cause"].as_str().unwrap().contains("channel_not_found"), "{groups}");
    let page = browser.reads("/stuck").await;
    assert!(page.contains("2 × slack_digest dead") && page.contains("channel_not_found"), "{page}");
    world.sandbox.slack.clear_faults();
    let group = groups[0]["group"].as_str().unwrap();
    let done = browser.submits("/stuck", "/stuck/replay", &[("group", group)]).await;
    assert_eq!(done.leads_to(), "/stuck?done=group");
    world.next_digest().await;
    world.next_digest().await;
    world.settles().await;
    assert!(browser.reads("/stuck").await.contains("Nothing is dead, held or refused."));
    let csrf = browser.opens("/packets").await.hidden("csrf");
    assert!(csrf.is_empty(), "nothing on the list can be changed");
    let packet = world.packets().await.remove(0).packet_id;
    let late = browser.submits(&format!("/packets/{packet}"), "/stuck/replay", &[("group", group)]).await;
    assert_eq!(late.status, StatusCode::NOT_FOUND);
}

async fn stats_are_drawn_with_their_numbers(world: &mut World) {
    half_empty_packet(world).await;
    let page = Browser::of(world).reads("/stats?since=30d").await;
    for shown in
        ["1 packet, 0 complete at close (0 %)", "2026-11-16", "People", "placeholder", "not judged", "others"]
    {
        assert!(page.contains(shown), "{shown}: {page}");
    }
    assert!(page.contains("<svg") && !page.contains("style="), "{page}");
    assert!(!page.contains("Tom Lindqvist"), "a seller of one deal is not named: {page}");
}

async fn a_post_that_no_page_of_ours_sends_changes_nothing(world: &mut World) {
    let packet = half_empty_packet(world).await;
    let browser = Browser::of(world);
    let page = format!("/packets/{packet}");
    let csrf = browser.opens(&page).await.hidden("csrf").pop().unwrap();
    let dismiss = [("section", "promises"), ("gap", "placeholder"), ("reason", "x")];
    let with_token = [&dismiss[..], &[("csrf", &csrf)]].concat();
    let wrong = [&dismiss[..], &[("csrf", &csrf[1..])]].concat();
    let own = ("origin", browser.url.as_str());
    for (fields, headers) in [
        (&dismiss[..], &[own][..]),
        (&wrong, &[own]),
        (&with_token, &[]),
        (&with_token, &[("origin", "https://evil.example")]),
        (&with_token, &[("origin", "null")]),
        (&with_token, &[own, ("host", "evil.example")]),
    ] {
        let refused = browser.posts(&format!("{page}/dismiss"), fields, headers).await;
        assert!(matches!(refused.status.as_u16(), 403 | 421), "{headers:?}: {}", refused.status);
    }
    assert!(world.packets().await[0].dismissals.is_empty());
    let mine = browser.posts(&format!("{page}/dismiss"), &with_token, &[own]).await;
    assert_eq!(mine.leads_to(), format!("{page}?done=dismissed"));
}

async fn no_page_has_crm_text_in_its_title_or_runs_any(world: &mut World) {
    let hostile = crate::world::ZAZOLC;
    world.closes_deal(hostile).await;
    world.next_digest().await;
    world.settles().await;
    let packet = world.packets().await.remove(0);
    let name: Value = serde_json::from_str(&packet.packet).unwrap();
    let name = name["deal"]["name"].as_str().unwrap().to_owned();
    let browser = Browser::of(world);
    for path in ["/packets", "/stuck", "/stats", "/events", &format!("/packets/{}", packet.packet_id)] {
        let page = browser.opens(path).await;
        let title = page.text.split("<title>").nth(1).unwrap().split("</title>").next().unwrap();
        assert!(title.ends_with(" · Handoff Bridge") && !title.contains(&name), "{title}");
        for wrong in ["<script", "onerror=", " style=", "javascript:"] {
            assert!(!page.text.contains(wrong), "{path}: {wrong}: {}", page.text);
        }
        let policy = page.header(header::CONTENT_SECURITY_POLICY);
        assert!(policy.starts_with("default-src 'none';") && !policy.contains("unsafe"), "{policy}");
        assert!(
            policy.contains("frame-ancestors 'none'") && policy.contains("form-action 'self'"),
            "{policy}"
        );
        assert_eq!(page.header(header::CACHE_CONTROL), "no-store");
        assert_eq!(page.header(header::X_CONTENT_TYPE_OPTIONS), "nosniff");
        assert_eq!(page.header(header::REFERRER_POLICY), "same-origin");
    }
}

/// What another version of the program wrote, or a disk spoiled.
fn spoils(world: &World, sql: &str, packet: &str) {
    let StoreUrl::Sqlite(file) = &world.store_url else { panic!("this is about files") };
    let other = rusqlite::Connection::open(file).unwrap();
    assert_eq!(other.execute(sql, [packet]).unwrap(), 1);
}

async fn a_packet_that_cannot_be_read_holds_up_no_other(world: &mut World) {
    dead_digest(world).await;
    world.closes_deal(NORTHLIGHT).await;
    let browser = Browser::of(world);
    let ids = async || {
        let groups = browser.json("/stuck").await;
        groups[0]["ids"].as_array().into_iter().flatten().map(|id| id.as_str().unwrap().to_owned()).collect()
    };
    world.eventually("both are dead", async || Vec::<String>::len(&ids().await) == 2).await;
    // The newest, which is come to first.
    let spoilt = ids().await.remove(0);
    spoils(world, "UPDATE packets SET packet = '{}' WHERE packet_id = $1", &spoilt);
    assert!(browser.reads("/packets").await.contains("cannot be read by this version"));
    let page = browser.opens(&format!("/packets/{spoilt}")).await;
    assert_eq!(page.status, StatusCode::INTERNAL_SERVER_ERROR);
    for shown in
        ["cannot be read by this version", "slack_digest was given up", "I have looked", "gave_up in "]
    {
        assert!(page.text.contains(shown), "{shown}: {}", page.text);
    }

    world.sandbox.slack.clear_faults();
    let group = browser.json("/stuck").await[0]["group"].as_str().unwrap().to_owned();
    let done = browser.submits("/stuck", "/stuck/replay", &[("group", &group)]).await;
    assert_eq!(done.leads_to(), "/stuck?done=group-part");
    assert!(browser.reads(done.leads_to()).await.contains("What could be tried again is."));
    world.next_digest().await;
    assert_eq!(ids().await, [spoilt.as_str()]);
    // A person who has looked can still say that it is there.
    let page = format!("/packets/{spoilt}");
    let done = [("destination", "slack_digest"), ("seen", "done")];
    let settled = browser.submits(&page, &format!("{page}/settle"), &done).await;
    assert_eq!(settled.leads_to(), format!("{page}?done=settled"));
    world.leaves_work();
}

async fn a_revision_that_cannot_be_read_hides_no_other(world: &mut World) {
    let packet = half_empty_packet(world).await;
    let earlier = "INSERT INTO revisions (packet_id, revision, at, cause, packet)
        SELECT packet_id, 1, created_at, 'won', '{}' FROM packets WHERE packet_id = $1";
    spoils(world, earlier, &packet);
    spoils(world, "UPDATE packets SET revision = 2, cause = 'crm' WHERE packet_id = $1", &packet);
    let page = Browser::of(world).reads(&format!("/packets/{packet}")).await;
    let told = "cannot be read by this version of the program";
    assert!(page.contains(told) && page.contains("revision 2: the CRM changed"), "{page}");
    let config = world.installation.config.to_str().unwrap();
    let shown = said(&["show", &packet, "--history", "--config", config]).await.out;
    assert!(shown.contains(told) && shown.contains("revision 2"), "{shown}");
}

async fn a_count_is_shown_at_once_and_the_next_comes_behind_it(world: &mut World) {
    half_empty_packet(world).await;
    let browser = Browser::of(world);
    assert!(browser.reads("/stats").await.contains("1 packet, "));
    world.closes_deal(NORTHLIGHT).await;
    world.next_digest().await;
    world.settles().await;
    assert!(browser.reads("/stats").await.contains("1 packet, "), "a minute old at most");
    assert_eq!(browser.json("/stats").await["packets"], 2, "programs hear what is");
    world.passes(Duration::from_mins(2));
    assert!(browser.reads("/stats").await.contains("1 packet, "), "nobody waits for the next");
    world.eventually("it is there", async || browser.reads("/stats").await.contains("2 packets, ")).await;
    world.settles().await;
    world.passes(Duration::from_hours(2));
    assert!(browser.reads("/stats").await.contains("2 packets, "));
    world.settles().await;
}

async fn whatever_is_asked_for_is_only_text(world: &mut World) {
    let packet = half_empty_packet(world).await;
    let browser = Browser::of(world);
    let long = "_".repeat(26_000);
    for (query, is_found) in [
        ("q=", true),
        ("q=+%09", true),
        ("q=Pinebrook%20CLINICS", true),
        ("q=%", false),
        ("q=%25", false),
        ("q=_", false),
        ("q=%5C", false),
        ("q=!", false),
        ("q='+OR+1=1--", false),
        ("q=%22", false),
        ("q=%00", false),
        ("q=%FF%FE", false),
        ("q=%E2%80%AE", false),
        ("q=%F0%9F%98%80", false),
        ("q=P%C4%B0NEBROOK", true),
        (&format!("q={long}"), false),
        (&format!("account={long}"), false),
        ("account=%00", false),
        ("after=nonsense", true),
        ("after=0.9223372036854775807.", true),
        ("after=4.-9223372036854775808.", false),
    ] {
        let page = browser.reads(&format!("/packets?{query}")).await;
        assert_eq!(page.contains(&packet), is_found, "{query}: {page}");
    }
    for (path, status) in [
        ("/packets/%00", StatusCode::NOT_FOUND),
        ("/packets/..%2F..%2Fetc%2Fpasswd", StatusCode::NOT_FOUND),
        ("/packets/%FF", StatusCode::BAD_REQUEST),
        ("//evil.example/packets", StatusCode::NOT_FOUND),
        ("/packets?limit=-1", StatusCode::BAD_REQUEST),
    ] {
        assert_eq!(browser.opens(path).await.status, status, "{path}");
    }
    let (page, dismiss) = (format!("/packets/{packet}"), format!("/packets/{packet}/dismiss"));
    let unknown = [("section", "promises"), ("gap", "a\0b"), ("reason", "x")];
    assert_eq!(browser.submits(&page, &dismiss, &unknown).await.status, StatusCode::NOT_FOUND);
    let csrf = browser.opens(&page).await.hidden("csrf").pop().unwrap();
    let posts = async |method: Method, body: String, with: &[(&str, &str)]| {
        let mut request = browser.client.request(method, format!("{}{dismiss}", browser.url)).body(body);
        // What is refused unread ends its connection.
        for (name, value) in [with, &[("origin", browser.url.as_str()), ("connection", "close")]].concat() {
            request = request.header(name, value);
        }
        request.send().await.unwrap().status()
    };
    let form = format!("csrf={csrf}&section=promises&gap=placeholder&reason=x");
    for (method, body, with, status) in [
        (Method::POST, "%".to_owned(), &[][..], StatusCode::FORBIDDEN),
        (Method::POST, format!("{form}&more={}", "x".repeat(65_536)), &[], StatusCode::PAYLOAD_TOO_LARGE),
        (Method::POST, form.clone(), &[("content-encoding", "gzip")], StatusCode::UNSUPPORTED_MEDIA_TYPE),
        (Method::POST, format!("{form}&csrf=00"), &[], StatusCode::FORBIDDEN),
        (Method::PUT, form.clone(), &[], StatusCode::METHOD_NOT_ALLOWED),
        (Method::GET, form.clone(), &[("x-http-method-override", "POST")], StatusCode::METHOD_NOT_ALLOWED),
    ] {
        assert_eq!(posts(method.clone(), body, with).await, status, "{method} {with:?}");
    }
    assert!(world.packets().await[0].dismissals.is_empty());
}

async fn a_token_opens_a_session_that_ends() {
    let world = guarded("").await;
    let mut browser = Browser::of(&world);
    let asked = browser.opens("/packets?q=acme").await;
    assert_eq!(asked.leads_to(), "/sign-in?next=%2Fpackets%3Fq%3Dacme");
    let form = browser.reads(asked.leads_to()).await;
    assert!(form.contains("value=\"/packets?q=acme\"") && form.contains("type=\"password\""), "{form}");
    let refused = browser.signs_in("operators-only-9876543210").await;
    assert!(refused.leads_to().contains("refused=1") && browser.cookie.is_none());
    assert!(browser.reads(refused.leads_to()).await.contains("not known here"));

    let origin = browser.url.clone();
    for (next, leads_to) in [
        ("/packets?q=acme", "/packets?q=acme"),
        ("//evil.example", "/packets"),
        ("https://evil.example", "/packets"),
        ("/\\evil.example", "/packets"),
    ] {
        let fields = [("token", OPERATOR), ("next", next)];
        let opened = browser.posts("/sign-in", &fields, &[("origin", &origin)]).await;
        assert_eq!(opened.leads_to(), leads_to);
    }
    let opened = browser.signs_in(OPERATOR).await;
    let cookie = opened.header(header::SET_COOKIE);
    for wanted in ["HttpOnly", "SameSite=Strict", "Path=/", "Max-Age=36000"] {
        assert!(cookie.contains(wanted), "{cookie}");
    }
    assert!(!cookie.contains(OPERATOR), "{cookie}");
    assert!(browser.reads("/packets").await.contains("Sign out"));

    // What is changed, and what stands there twice, is no session.
    let good = browser.cookie.clone().unwrap();
    let foreign =
        browser.posts("/sign-in", &[("token", OPERATOR)], &[("origin", "https://evil.example")]).await;
    assert_eq!(foreign.status, StatusCode::FORBIDDEN);
    for bad in [
        good.replace("operator.", "reader."),
        good.replacen(".1", ".9", 1),
        good[..good.len() - 1].to_owned(),
        format!("{good}; {good}"),
        "handoff=operator.9999999999.00.00".to_owned(),
    ] {
        browser.cookie = Some(bad.clone());
        assert!(browser.opens("/packets").await.leads_to().starts_with("/sign-in"), "{bad}");
    }
    browser.cookie = Some(good.clone());
    let ended = browser.posts("/sign-out", &[], &[("origin", &origin)]).await;
    assert!(ended.header(header::SET_COOKIE).contains("Max-Age=0"));
    world.passes(Duration::from_hours(9));
    browser.reads("/packets").await;
    world.passes(Duration::from_hours(2));
    assert!(browser.opens("/packets").await.leads_to().starts_with("/sign-in"));
    world.end().await;
}

async fn a_new_token_ends_every_session() {
    let mut world = guarded("").await;
    let mut browser = Browser::of(&world);
    browser.signs_in(OPERATOR).await;
    browser.reads("/packets").await;
    let cookie = browser.cookie.take();
    for (token, is_known) in [(OPERATOR, true), ("another-token-0123456789", false)] {
        world.stops().await;
        std::fs::write(world.directory.path().join("operator-token"), token).unwrap();
        world.starts().await;
        let mut browser = Browser::of(&world);
        browser.cookie.clone_from(&cookie);
        assert_eq!(browser.opens("/packets").await.status.is_success(), is_known, "{token}");
    }
    world.end().await;
}

async fn guesses_at_the_token_have_to_wait() {
    let world = guarded("").await;
    let mut browser = Browser::of(&world);
    browser.signs_in(OPERATOR).await;
    let session = browser.cookie.take();
    for _ in 0..9 {
        assert!(browser.signs_in("operators-only-9876543210").await.leads_to().contains("refused"));
    }
    let eleventh = browser.signs_in(OPERATOR).await;
    assert_eq!(eleventh.status, StatusCode::TOO_MANY_REQUESTS);
    assert_eq!(eleventh.header(header::RETRY_AFTER), "60");
    browser.cookie = session;
    browser.reads("/packets").await;
    world.passes(Duration::from_mins(1));
    assert_eq!(browser.signs_in(OPERATOR).await.leads_to(), "/packets");
    world.end().await;
}

/// Every address of the operators' listener, with what is posted there.
fn routes(packet: &str) -> Vec<(Method, String)> {
    let get = ["/packets", "/stuck", "/stats", "/events", "/readyz", "/metrics"].map(ToOwned::to_owned);
    let post = ["/stuck/replay", "/deals/replay"].map(ToOwned::to_owned);
    let deeds = ["recheck", "replay", "settle", "dismiss"].map(|deed| format!("/packets/{packet}/{deed}"));
    let get = get.into_iter().chain([format!("/packets/{packet}")]).map(|path| (Method::GET, path));
    get.chain(post.into_iter().chain(deeds).map(|path| (Method::POST, path))).collect()
}

async fn a_reader_sees_everything_and_changes_nothing() {
    let mut world = guarded("").await;
    let packet = dead_digest(&mut world).await;
    let mut reader = Browser::of(&world);
    assert_eq!(reader.signs_in(READER).await.leads_to(), "/packets");
    for (method, path) in routes(&packet) {
        if method == Method::GET {
            let page = reader.opens(&path).await;
            assert_eq!(page.status, StatusCode::OK, "{path}");
            let posts: Vec<&str> = page.text.split("method=\"post\" action=\"").skip(1).collect();
            assert!(posts.iter().all(|form| form.starts_with("/sign-out")), "{path}: {}", page.text);
        } else {
            let csrf = reader.opens("/packets").await.hidden("csrf").pop().unwrap_or_default();
            let refused = reader.posts(&path, &[("csrf", &csrf)], &[("origin", &reader.url)]).await;
            assert_eq!(refused.status, StatusCode::FORBIDDEN, "{path}");
        }
    }
    assert_eq!(world.delivery_state(SlackDigest).await, Some(DeliveryState::Dead));
    world.leaves_work();
    world.end().await;
}

/// A route that was forgotten here would be served to everybody unnoticed: those of the source are compared.
async fn every_route_asks_who_is_there() {
    let mut world = guarded("").await;
    let packet = half_empty_packet(&mut world).await;
    let source =
        [include_str!("../../src/http/operator_page/mod.rs"), include_str!("../../src/http/routes.rs")];
    let operator = source[1].split("pub fn operator_routes").nth(1).unwrap();
    let declared = source[0].matches(".route(\"").count() + operator.matches(".route(\"").count();
    let open = ["/", "/healthz", "/page.css", "/sign-in", "/sign-out"];
    let templates = 3;
    assert_eq!(declared, open.len() + routes(&packet).len() - templates, "list new routes in this test");

    let browser = Browser::of(&world);
    for (method, path) in routes(&packet) {
        let asked = async |accept: &str, token: Option<&str>| {
            let bearer = token.map(|token| format!("Bearer {token}"));
            let mut with = vec![("accept", accept)];
            with.extend(bearer.as_deref().map(|bearer| ("authorization", bearer)));
            browser.asks(method.clone(), &path, &with).await.status
        };
        let is_get = method == Method::GET;
        for accept in ["*/*", "application/json"] {
            assert_eq!(asked(accept, None).await, StatusCode::UNAUTHORIZED, "{path}");
        }
        let invited = if is_get { StatusCode::SEE_OTHER } else { StatusCode::UNAUTHORIZED };
        assert_eq!(asked("text/html", None).await, invited, "{path}");
        for wrong in ["", "wrong", &OPERATOR[1..]] {
            assert_eq!(asked("text/html", Some(wrong)).await, StatusCode::UNAUTHORIZED, "{path}");
        }
        for token in [OPERATOR, READER] {
            // A post needs a page of ours, whoever sends it.
            let known = if is_get { StatusCode::OK } else { StatusCode::FORBIDDEN };
            assert_eq!(asked("*/*", Some(token)).await, known, "{path}");
        }
    }
    let hidden = ["/packets/", "/packets/x/y/z", "/admin", "/page.js", "/.env"];
    for path in hidden {
        let status = browser.asks(Method::GET, path, &[]).await.status;
        assert_eq!(status, StatusCode::NOT_FOUND, "{path}");
    }
    for path in ["/healthz", "/page.css", "/sign-in", "/"] {
        assert_eq!(browser.asks(Method::GET, path, &[]).await.status, StatusCode::OK, "{path}");
    }
    world.end().await;
}

async fn a_trusted_proxy_names_who_acted() {
    let world = guarded("operator_user_header = \"X-Forwarded-User\"\n").await;
    world.sandbox.slack.fails("POST /api/chat.postMessage", Fault::DropBefore, Times::Next(1));
    world.sandbox.slack.fails("GET /api/conversations.history", Fault::status(500), Times::UntilCleared);
    world.closes_deal(PINEBROOK).await;
    world.waits_for(SlackDigest, DeliveryState::Held, Duration::from_hours(1)).await;
    let packet = world.packets().await.remove(0).packet_id;
    let mut browser = Browser::of(&world);
    browser.signs_in(OPERATOR).await;
    let csrf = browser.opens(&format!("/packets/{packet}")).await.hidden("csrf").pop().unwrap();
    let fields = [("destination", "slack_digest"), ("seen", "done"), ("csrf", csrf.as_str())];
    let with = [("origin", browser.url.as_str()), ("x-forwarded-user", "mia@acme.example")];
    let settled = browser.posts(&format!("/packets/{packet}/settle"), &fields, &with).await;
    assert_eq!(settled.leads_to(), format!("/packets/{packet}?done=settled"));
    let shown = browser.reads(&format!("/packets/{packet}")).await;
    assert!(shown.contains("settled by operator mia@acme.example: it is there"), "{shown}");
    let named = async |names: &[&str]| {
        let names = names.iter().map(|name| ("x-forwarded-user", *name)).chain([("accept", "text/html")]);
        browser.asks(Method::GET, "/packets", &names.collect::<Vec<_>>()).await.text
    };
    assert!(named(&["Zoë Müller"]).await.contains("Zoë Müller · operator"));
    let two = named(&["root", "mia@acme.example"]).await;
    assert!(!two.contains("root") && !two.contains("mia@"), "one of them is the caller's: {two}");
    world.end().await;
}

async fn a_link_from_slack_opens_the_packet() {
    let mut world = guarded("operator_url = \"https://handoff.example.com\"\n").await;
    world.closes_deal(PINEBROOK).await;
    let digest = world.next_digest().await;
    world.settles().await;
    let packet = world.packets().await.remove(0).packet_id;
    let address = format!("https://handoff.example.com/packets/{packet}");
    assert!(serde_json::to_string(&digest.blocks).unwrap().contains(&address), "{digest:?}");
    // The browser keeps a strict cookie to itself when Slack leads here; a page of ours leads on at once.
    let browser = Browser::of(&world);
    let path = format!("/packets/{packet}");
    let with = [("accept", "text/html"), ("sec-fetch-site", "cross-site")];
    let page = browser.asks(Method::GET, &path, &with).await;
    assert_eq!(page.status, StatusCode::OK);
    assert!(page.text.contains(&format!("content=\"0; url={path}\"")) && !page.text.contains("Pinebrook"));
    world.end().await;
}

/// A proxy that asks for a password passes it on.
async fn what_a_proxy_asked_for_itself_is_passed_over() {
    let world = guarded("").await;
    let mut browser = Browser::of(&world);
    let with = [("accept", "text/html"), ("authorization", "Basic bWlhOm1pYQ==")];
    let asked = browser.asks(Method::GET, "/packets", &with).await;
    assert_eq!(asked.leads_to(), "/sign-in?next=%2Fpackets");
    browser.signs_in(READER).await;
    assert_eq!(browser.asks(Method::GET, "/packets", &with).await.status, StatusCode::OK);
    let wrong = [("accept", "text/html"), ("authorization", "bearer wrong")];
    assert_eq!(browser.asks(Method::GET, "/packets", &wrong).await.status, StatusCode::UNAUTHORIZED);
    world.end().await;
}

/// Connections that are busy for ever would leave none for operators.
async fn a_form_that_never_ends_is_given_up() {
    let world = guarded_at_work("", &format!("{WORK}\n[http]\nbody_timeout = \"100ms\"")).await;
    let address = world.service().operator_address.unwrap();
    for head in ["", &format!("cookie: {}\r\n", cookie(&world).await)] {
        let path = if head.is_empty() { "/sign-in" } else { "/stuck/replay" };
        let mut stream = TcpStream::connect(address).await.unwrap();
        let request = format!(
            "POST {path} HTTP/1.1\r\nhost: a\r\norigin: http://a\r\n{head}content-length: 9\r\n\r\ncsrf"
        );
        stream.write_all(request.as_bytes()).await.unwrap();
        let mut heard = String::new();
        must("an answer", stream.read_to_string(&mut heard)).await.unwrap();
        assert!(heard.starts_with("HTTP/1.1 408 Request Timeout"), "{path}: {heard}");
    }
    world.end().await;
}

async fn cookie(world: &World) -> String {
    let mut browser = Browser::of(world);
    browser.signs_in(OPERATOR).await;
    browser.cookie.unwrap()
}

async fn behind_https_the_cookie_is_for_this_host_only() {
    let world = guarded("operator_url = \"https://Handoff.example.com:443/\"\n").await;
    let browser = Browser::of(&world);
    // The proxy may call us by another name than the browser calls the proxy.
    let own = [("origin", "https://handoff.example.com"), ("host", "handoff.internal:9090")];
    let opened = browser.posts("/sign-in", &[("token", OPERATOR)], &own).await;
    let cookie = opened.header(header::SET_COOKIE);
    assert!(cookie.starts_with("__Host-handoff=") && cookie.ends_with("; Secure"), "{cookie}");
    world.end().await;
}
