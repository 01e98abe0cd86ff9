//! Who may see what of a running service: everybody a word, operators the rest.

use handoff_bridge::clock::Clock;
use handoff_bridge::commands::check::check;
use handoff_bridge::demo::PUBLIC_URL;
use handoff_bridge::store::{DeliveryState, Destination, StoreUrl};
use handoff_bridge::worker::reload::refused;
use handoff_sandbox::deals::{BOT_TOKEN, CLIENT_SECRET, TOKEN};
use handoff_sandbox::{Delivery, Fault, Times};
use libtest_mimic::Trial;
use reqwest::StatusCode;
use serde_json::Value;

use crate::process::{Process, handoff};
use crate::side::Side;
use crate::world::{NORTHLIGHT, World};
use crate::{plain_tests, scenarios, tests};

const OPERATOR_TOKEN: &str = "operators-only-0123456789";

pub fn trials() -> Vec<Trial> {
    let mut trials = scenarios![Hubspot:
        strangers_hear_whether_the_service_is_ready_and_nothing_else,
        operators_hear_what_waits_and_for_how_long,
        operators_read_packets_as_the_commands_print_them,
        three_hundred_strangers_cause_one_question_a_second,
        a_database_that_is_locked_makes_the_service_unready,
        what_a_person_must_act_on_is_counted,
        a_name_that_somebody_else_resolves_to_us_shows_nothing,
    ];
    trials.extend(tests![
        a_disk_that_takes_no_writes_makes_the_service_unready,
        a_flood_of_refusals_is_a_few_lines,
        what_needs_a_person_is_logged_as_an_error,
    ]);
    trials.extend(tests![a_token_opens_the_operators_pages_and_nothing_else_does]);
    trials.extend(plain_tests![a_loaded_configuration_prints_no_secret]);
    trials
}

async fn get(address: std::net::SocketAddr, path: &str) -> (StatusCode, String) {
    let answer = reqwest::get(format!("http://{address}{path}")).await.unwrap();
    (answer.status(), answer.text().await.unwrap())
}

async fn strangers_hear_whether_the_service_is_ready_and_nothing_else(world: &mut World) {
    // There is something to tell: a pause, with a reason and an account.
    world.sandbox.hubspot.change(|hubspot| hubspot.revoke_token(TOKEN));
    world.closes_deal(world.side.complete()).await;
    world.pause().await;
    std::fs::write(&world.installation.mapping, "nonsense").unwrap();
    world
        .eventually("the mapping is refused", async || !refused(&world.service().app.accounts).is_empty())
        .await;

    let address = world.service().address;
    assert_eq!(get(address, "/healthz").await, (StatusCode::OK, "ok\n".to_owned()));
    assert_eq!(get(address, "/readyz").await, (StatusCode::OK, "ready\n".to_owned()));
    for path in ["/metrics", "/packets", "/packets/pkt_1"] {
        assert_eq!(get(address, path).await.0, StatusCode::NOT_FOUND, "{path}");
    }
    world.service().app.store.close().await;
    // An answer holds for a second.
    world
        .eventually("it is not ready", async || {
            get(address, "/readyz").await == (StatusCode::SERVICE_UNAVAILABLE, "not ready\n".to_owned())
        })
        .await;
    let operator = world.service().operator_address.unwrap();
    let (status, told) = get(operator, "/readyz").await;
    assert_eq!(status, StatusCode::SERVICE_UNAVAILABLE);
    assert!(told.contains("\"store\":\"does not answer\""), "{told}");
    world.leaves_work();
}

async fn operators_hear_what_waits_and_for_how_long(world: &mut World) {
    let slack = &world.sandbox.slack;
    slack.change(|slack| slack.revoke_token(BOT_TOKEN));
    world.closes_deal(world.side.complete()).await;
    world.pause().await;
    world.eventually("the task is done", async || world.open_work().await.len() == 1).await;
    world.passes(std::time::Duration::from_mins(10));
    let (status, told) = get(world.service().operator_address.unwrap(), "/readyz").await;
    assert_eq!(status, StatusCode::OK);
    let told: Value = serde_json::from_str(&told).unwrap();
    assert_eq!((&told["ready"], &told["store"]), (&Value::Bool(true), &Value::from("ok")));
    assert_eq!(told["deliveries_waiting"], 1, "{told}");
    assert!(told["oldest_undelivered_seconds"].as_i64().unwrap() >= 600, "{told}");
    assert_eq!(told["paused"][0]["scope"], "slack");

    world.sandbox.slack.change(|slack| slack.add_bot(BOT_TOKEN));
    world.passes(std::time::Duration::from_hours(1));
    world.next_digest().await;
}

async fn operators_read_packets_as_the_commands_print_them(world: &mut World) {
    world.closes_deal(world.side.complete()).await;
    world.next_digest().await;
    world.settles().await;
    let address = world.service().operator_address.unwrap();
    let packet = world.packets().await.remove(0).packet_id;
    let config = world.installation.config.to_str().unwrap();
    for (path, arguments) in [
        ("/packets?limit=7".to_owned(), vec!["list", "--json", "--limit", "7", "--config", config]),
        (format!("/packets/{packet}"), vec!["show", &packet, "--json", "--config", config]),
    ] {
        let printed = handoff(&arguments).output().await.unwrap();
        let printed: Value = serde_json::from_slice(&printed.stdout).unwrap();
        let (status, served) = get(address, &path).await;
        assert_eq!(status, StatusCode::OK);
        assert_eq!(serde_json::from_str::<Value>(&served).unwrap(), printed, "{path}");
    }
    let (status, index) = get(address, "/").await;
    assert_eq!(status, StatusCode::OK);
    for path in ["/packets", "/metrics", "/readyz", "/healthz"] {
        assert!(index.contains(path) && get(address, path).await.0.is_success(), "{path}: {index}");
    }
    let (status, public) = get(world.service().address, "/").await;
    assert!(status.is_success() && public.contains("POST /webhooks/hubspot\n"), "{public}");
    assert!(!public.contains("packets"), "{public}");
    // So do the sandbox's platforms, for people who look around in the demo.
    let sandbox = &world.sandbox;
    for (url, shown) in [
        (sandbox.hubspot.url(), "Northlight"),
        (sandbox.salesforce.url(), "opportunity 006"),
        (sandbox.slack.url(), "(C0123ABCD)"),
    ] {
        let page = reqwest::get(format!("{url}/")).await.unwrap();
        assert!(page.status().is_success());
        let page = page.text().await.unwrap();
        assert!(
            page.contains(shown) && page.contains(world.side.complete()) || url != sandbox.hubspot.url(),
            "{page}"
        );
    }
    assert_eq!(get(address, "/packets/pkt_000000000000").await.0, StatusCode::NOT_FOUND);
    assert_eq!(get(address, "/packets?limit=all").await.0, StatusCode::BAD_REQUEST);
}

async fn three_hundred_strangers_cause_one_question_a_second(world: &mut World) {
    let address = world.service().address;
    let (watch, before) = (Clock::stopwatch(), world.service().app.store.commits());
    for path in ["/readyz", "/readyz?verbose", "/readyz", "/healthz", "/readyz?all=1"] {
        let strangers = (0..60).map(|_| get(address, path));
        let answers = futures_util::future::join_all(strangers).await;
        assert!(answers.iter().all(|(status, _)| *status == StatusCode::OK), "{answers:?}");
    }
    let asked = world.service().app.store.commits() - before;
    assert!(asked <= watch.elapsed().as_secs() + 1, "{asked} questions");
}

async fn a_database_that_is_locked_makes_the_service_unready(world: &mut World) {
    let addresses = [world.service().address, world.service().operator_address.unwrap()];
    let ready = async || {
        let answers = futures_util::future::join_all(addresses.map(|address| get(address, "/readyz"))).await;
        answers.into_iter().map(|(status, _)| status).collect::<Vec<_>>()
    };
    let StoreUrl::Sqlite(file) = &world.store_url else { panic!("this is about files") };
    let other = rusqlite::Connection::open(file).unwrap();
    other.execute_batch("BEGIN IMMEDIATE").unwrap();
    world.eventually("unready", async || ready().await == [StatusCode::SERVICE_UNAVAILABLE; 2]).await;
    let told = get(addresses[1], "/readyz").await.1;
    assert!(told.contains("\"store\":\"takes no writes\""), "{told}");
    let metrics = get(addresses[1], "/metrics").await.1;
    assert!(metrics.contains("\nhandoff_store_up 0\n"), "{metrics}");
    other.execute_batch("ROLLBACK").unwrap();
    world.eventually("ready again", async || ready().await == [StatusCode::OK; 2]).await;
}

/// A full disk, as a process sees it: no file grows any more.
async fn a_disk_that_takes_no_writes_makes_the_service_unready() {
    let mut world = World::on(Side::Hubspot, Clock::machine(), crate::world::WORK);
    world.sandbox.hubspot.fails("*", Fault::status(503), Times::UntilCleared);
    let process = Process::serve_on_a_limited_disk(&world.installation).await;
    let (public, operator) = (process.address.parse().unwrap(), process.operator_address.parse().unwrap());
    assert_eq!(get(public, "/readyz").await.0, StatusCode::OK);
    let log = std::fs::metadata(world.directory.path().join("handoff.db-wal")).unwrap().len();
    process.limits_files_to(Some(log));
    world
        .eventually("unready", async || get(public, "/readyz").await.0 == StatusCode::SERVICE_UNAVAILABLE)
        .await;
    let announcement = world.wins(NORTHLIGHT);
    let webhook = async || {
        let webhook = announcement.webhooks(&world.sandbox, world.now(), 0).remove(0);
        process.receives(&webhook).await.unwrap()
    };
    assert_eq!(webhook().await, StatusCode::SERVICE_UNAVAILABLE);
    let (status, told) = get(operator, "/readyz").await;
    assert_eq!(status, StatusCode::SERVICE_UNAVAILABLE);
    assert!(told.contains("\"store\":\"takes no writes\""), "{told}");
    let metrics = get(operator, "/metrics").await.1;
    assert!(metrics.contains("\nhandoff_store_up 0\n"), "{metrics}");

    process.limits_files_to(None);
    world.eventually("ready again", async || get(public, "/readyz").await.0 == StatusCode::OK).await;
    assert_eq!(webhook().await, StatusCode::OK);
    process.kill().await;
    world.leaves_work();
    world.end().await;
}

async fn a_flood_of_refusals_is_a_few_lines() {
    let world = World::on(Side::Hubspot, Clock::machine(), crate::world::WORK);
    let process = Process::serve(&world.installation, None).await;
    let watch = Clock::stopwatch();
    for number in 0..100 {
        for (path, secret) in
            [("hubspot", "x"), ("hubspot/workflow", "y"), ("salesforce", "z"), ("nowhere", "w")]
        {
            let url = format!("{PUBLIC_URL}/webhooks/{path}?{number}");
            process.receives(&Delivery::batch(&url, secret, &[], world.now())).await.unwrap();
        }
        let guessed = format!("{PUBLIC_URL}/webhooks/salesforce/outbound/{number}");
        process.receives(&Delivery::batch(&guessed, "x", &[], world.now())).await.unwrap();
    }
    let lines = process.logged("webhook refused");
    let most = 4 * (1 + watch.elapsed().as_secs() / 10);
    assert!(lines.len() >= 4 && lines.len() as u64 <= most, "{} lines", lines.len());
    process.kill().await;
}

async fn what_needs_a_person_is_logged_as_an_error() {
    let slack = |code: &str| Fault::slack_error(code);
    let world = World::on(Side::Hubspot, Clock::machine(), crate::world::WORK);
    world.sandbox.slack.change(|slack| slack.withdraw_scope("chat:write"));
    is_logged(&world, "calls are refused until a person mends that", "ERROR", "slack").await;
    for (fault, message, level, says) in [
        (slack("channel_not_found"), "delivery", "ERROR", "gave_up"),
        (slack("msg_too_long"), "delivery", "ERROR", "gave_up"),
        (slack("invalid_auth"), "calls are refused until a person mends that", "ERROR", "slack"),
        (slack("account_inactive"), "calls are refused until a person mends that", "ERROR", "slack"),
        (Fault::slack_rate_limited(Some(30)), "delivery", "INFO", "retry"),
    ] {
        let world = World::on(Side::Hubspot, Clock::machine(), crate::world::WORK);
        // A token that is refused for one message only is no reason to hold the others back.
        for call in ["POST /api/chat.postMessage", "POST /api/auth.test"] {
            world.sandbox.slack.fails(call, fault.clone(), Times::UntilCleared);
        }
        is_logged(&world, message, level, says).await;
    }
}

/// A deal is won, and the service logs this message at this level.
async fn is_logged(world: &World, message: &str, level: &str, says: &str) {
    let process = Process::serve(&world.installation, None).await;
    let webhook = world.wins(NORTHLIGHT).webhooks(&world.sandbox, world.now(), 0).remove(0);
    assert_eq!(process.receives(&webhook).await, Some(StatusCode::OK));
    let logged = || process.logged(message).into_iter().find(|(_, fields)| fields.to_string().contains(says));
    world.eventually(&format!("{message} with {says}"), async || logged().is_some()).await;
    assert_eq!(logged().unwrap().0, level, "{says}");
    process.kill().await;
}

async fn what_a_person_must_act_on_is_counted(world: &mut World) {
    world.sandbox.slack.fails(
        "POST /api/chat.postMessage",
        Fault::slack_error("channel_not_found"),
        Times::UntilCleared,
    );
    world.closes_deal(world.side.complete()).await;
    world.delivery_becomes(Destination::SlackDigest, DeliveryState::Dead).await;
    let told = get(world.service().operator_address.unwrap(), "/readyz").await.1;
    let told: Value = serde_json::from_str(&told).unwrap();
    let counts =
        ["deals_dead", "deliveries_dead", "deliveries_held"].map(|name| told[name].as_u64().unwrap());
    assert_eq!(counts, [0, 1, 0], "{told}");
    world.leaves_work();
}

async fn a_name_that_somebody_else_resolves_to_us_shows_nothing(world: &mut World) {
    let address = world.service().operator_address.unwrap();
    let port = address.port();
    for (host, status) in [
        (format!("127.0.0.1:{port}"), StatusCode::OK),
        (format!("LOCALHOST:{port}"), StatusCode::OK),
        ("handoff.localhost".to_owned(), StatusCode::OK),
        (format!("[::1]:{port}"), StatusCode::OK),
        ("10.0.0.7".to_owned(), StatusCode::OK),
        ("evil.example".to_owned(), StatusCode::MISDIRECTED_REQUEST),
        (format!("evil.example:{port}"), StatusCode::MISDIRECTED_REQUEST),
        (format!("127.0.0.1.evil.example:{port}"), StatusCode::MISDIRECTED_REQUEST),
        ("localhost.evil.example".to_owned(), StatusCode::MISDIRECTED_REQUEST),
        ("notlocalhost".to_owned(), StatusCode::MISDIRECTED_REQUEST),
        ("evil.example@x y".to_owned(), StatusCode::MISDIRECTED_REQUEST),
        (String::new(), StatusCode::MISDIRECTED_REQUEST),
    ] {
        for path in ["/readyz", "/metrics", "/packets", "/packets/pkt_1"] {
            let request = reqwest::Client::new().get(format!("http://{address}{path}")).header("host", &host);
            let expected = if path == "/packets/pkt_1" && status == StatusCode::OK {
                StatusCode::NOT_FOUND
            } else {
                status
            };
            assert_eq!(request.send().await.unwrap().status(), expected, "{host} {path}");
        }
    }
}

/// The world's configuration with a token for operators.
fn with_token(world: &World) {
    let text = std::fs::read_to_string(&world.installation.config).unwrap();
    let text = format!("operator_token_file = \"operator-token\"\n{text}");
    std::fs::write(world.directory.path().join("operator-token"), OPERATOR_TOKEN).unwrap();
    std::fs::write(&world.installation.config, text).unwrap();
}

async fn a_token_opens_the_operators_pages_and_nothing_else_does() {
    let mut world = World::without_service(Side::Hubspot, crate::world::WORK);
    with_token(&world);
    world.starts().await;
    let address = world.service().operator_address.unwrap();
    let ask = async |path: &str, header: Option<&str>| {
        let mut request = reqwest::Client::new().get(format!("http://{address}{path}"));
        if let Some(header) = header {
            request = request.header("authorization", header);
        }
        request.send().await.unwrap().status()
    };
    let good = format!("Bearer {OPERATOR_TOKEN}");
    let half = format!("Bearer {}", &OPERATOR_TOKEN[..12]);
    let longer = format!("Bearer {OPERATOR_TOKEN}x");
    let basic = format!("Basic {OPERATOR_TOKEN}");
    for path in ["/readyz", "/metrics", "/packets"] {
        assert_eq!(ask(path, Some(&good)).await, StatusCode::OK, "{path}");
        assert_eq!(ask(path, None).await, StatusCode::UNAUTHORIZED, "{path}");
        for bad in [half.as_str(), &longer, &basic, "Bearer ", "Bearer", OPERATOR_TOKEN] {
            assert_eq!(ask(path, Some(bad)).await, StatusCode::UNAUTHORIZED, "{path} {bad}");
        }
    }
    // A name of ours, such as that of a Kubernetes service, with the token.
    let named = reqwest::Client::new()
        .get(format!("http://{address}/readyz"))
        .header("host", "handoff.monitoring.svc");
    assert_eq!(named.header("authorization", &good).send().await.unwrap().status(), StatusCode::OK);
    assert_eq!(ask("/packets/pkt_1", None).await, StatusCode::UNAUTHORIZED);
    assert_eq!(ask("/packets/pkt_1", Some(&good)).await, StatusCode::NOT_FOUND);
    assert_eq!(ask("/healthz", None).await, StatusCode::OK, "whether it lives is no secret");
    world.end().await;
}

fn a_loaded_configuration_prints_no_secret() {
    let world = World::without_service(Side::Hubspot, crate::world::WORK);
    with_token(&world);
    let report = check(&world.installation.config, &|name| handoff_bridge::demo::Installation::secret(name));
    let config = report.config.expect("the configuration is good");
    let printed = format!("{config:?} {config:#?}");
    assert!(printed.contains("REDACTED"), "{printed}");
    let environment = handoff_bridge::demo::Installation::environment();
    let key = handoff_sandbox::opportunities::JWT_KEY.private_pem.lines().nth(1).unwrap();
    let secrets = environment.map(|(_, value)| value).into_iter().chain([OPERATOR_TOKEN, CLIENT_SECRET, key]);
    for secret in secrets {
        assert!(!printed.contains(secret), "a secret of {} characters is printed", secret.len());
    }
}
