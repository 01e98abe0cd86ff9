//! `handoff doctor` on a healthy installation, and on some that are not.

use std::sync::{Arc, Mutex};

use axum::Router;
use axum::body::Bytes;
use axum::extract::{Request, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use handoff_bridge::clock::Clock;
use handoff_bridge::demo::{Installation, PUBLIC_URL};
use handoff_bridge::store::{DeliveryState, Destination};
use handoff_bridge::worker::catch_up::sweep;
use handoff_sandbox::deals::{BOT_TOKEN, CHANNEL, TOKEN};
use handoff_sandbox::slack::Access;
use handoff_sandbox::{Fault, Times};
use libtest_mimic::Trial;
use serde_json::Value;

use crate::command_line::{Said, said};
use crate::side::Side;
use crate::tests;
use crate::world::{NORTHLIGHT, WORK, World};

pub fn trials() -> Vec<Trial> {
    tests![
        a_healthy_installation_has_nothing_to_mend,
        a_proxy_that_changes_the_path_is_found_out,
        a_proxy_that_drops_the_signature_is_found_out,
        another_public_address_than_the_services_is_named,
        a_redirect_and_a_silence_are_named,
        refused_credentials_are_told_account_by_account,
        a_broken_configuration_ends_it_early,
        what_waits_for_a_person_is_told,
        a_socket_that_cannot_be_opened_is_told,
        without_a_public_address_nothing_is_asked_of_it,
        what_slack_refuses_is_told_with_what_to_do,
    ]
}

/// What the proxy does to a webhook before it passes it on.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Proxy {
    Honest,
    AddsASlash,
    DropsTheSignature,
    Redirects,
}

/// A world on the machine's time whose public address is a proxy that can misbehave.
struct Clinic {
    world: World,
    way: Arc<Mutex<Proxy>>,
    /// Where the proxy passes webhooks on to.
    behind: Arc<Mutex<String>>,
}

type Way = (Arc<Mutex<Proxy>>, Arc<Mutex<String>>);

impl Clinic {
    async fn new() -> Self {
        Self::new_with(|_| {}).await
    }

    async fn new_with(change: impl FnOnce(&Installation)) -> Self {
        let mut world = World::on(Side::Hubspot, Clock::machine(), WORK);
        change(&world.installation);
        let (way, behind) = (Arc::new(Mutex::new(Proxy::Honest)), Arc::new(Mutex::new(String::new())));
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = format!("http://{}", listener.local_addr().unwrap());
        let app = Router::new().fallback(pass_on).with_state((Arc::clone(&way), Arc::clone(&behind)));
        tokio::spawn(async move { axum::serve(listener, app).await });
        let config = std::fs::read_to_string(&world.installation.config).unwrap();
        std::fs::write(&world.installation.config, config.replace(PUBLIC_URL, &address)).unwrap();
        world.starts().await;
        *behind.lock().unwrap() = format!("http://{}", world.service().address);
        Self { world, way, behind }
    }

    fn proxy(&self, way: Proxy) {
        *self.way.lock().unwrap() = way;
    }

    /// Everything that is said to be wrong or doubtful, one line each.
    async fn complaints(&self) -> (i32, Vec<String>) {
        let said = self.says(&["--json"]).await;
        let told: Value =
            serde_json::from_str(&said.out).unwrap_or_else(|error| panic!("{error}: {}", said.err));
        assert_eq!(told["healthy"], said.status == 0);
        let findings = told["findings"].as_array().unwrap().iter();
        let complaints = findings.filter(|finding| finding["verdict"] != "good").map(|finding| {
            assert!(finding["remedy"].is_string(), "{finding}");
            let text = |key: &str| finding[key].as_str().unwrap().to_owned();
            self.without_places(&format!("{} {}: {}", text("verdict"), text("subject"), text("seen")))
        });
        (said.status, complaints.collect())
    }

    async fn says(&self, arguments: &[&str]) -> Said {
        let config = self.world.installation.config.to_str().unwrap();
        said(&[&["doctor", "--config", config], arguments].concat()).await
    }

    fn without_places(&self, text: &str) -> String {
        let directory = self.world.directory.path().display().to_string();
        text.replace(&directory, "DIR").replace(self.public_url().trim_start_matches("http://"), "HOST")
    }

    fn public_url(&self) -> String {
        let config = std::fs::read_to_string(&self.world.installation.config).unwrap();
        config.split('"').nth(1).unwrap().to_owned()
    }
}

async fn pass_on(State((way, behind)): State<Way>, request: Request) -> Response {
    let (way, behind) = (*way.lock().unwrap(), behind.lock().unwrap().clone());
    let (parts, body) = request.into_parts();
    let body: Bytes = axum::body::to_bytes(body, 1 << 20).await.unwrap();
    if way == Proxy::Redirects {
        return (StatusCode::MOVED_PERMANENTLY, [("location", "https://www.example.com/hooks")])
            .into_response();
    }
    // The service has no such route, so the slash stands for any change of the query.
    let query = if way == Proxy::AddsASlash { "?via=proxy" } else { "" };
    let mut call =
        reqwest::Client::new().request(parts.method, format!("{behind}{}{query}", parts.uri.path()));
    for (name, value) in &parts.headers {
        if way != Proxy::DropsTheSignature || !name.as_str().starts_with("x-hubspot-signature-v3") {
            call = call.header(name, value);
        }
    }
    let answer = call.body(body).send().await.unwrap();
    (answer.status(), answer.bytes().await.unwrap()).into_response()
}

async fn a_healthy_installation_has_nothing_to_mend() {
    let clinic = Clinic::new().await;
    let said = clinic.says(&[]).await;
    assert_eq!((said.status, said.err.as_str()), (0, ""), "{}", said.out);
    let free =
        said.out.lines().position(|line| line.contains(" MiB are free in ")).expect("free room is told");
    let lines: Vec<&str> =
        said.out.lines().enumerate().filter(|(at, _)| *at != free).map(|(_, line)| line).collect();
    insta::assert_snapshot!(clinic.without_places(&lines.join("\n")), @"
    ✓ configuration: DIR/handoff.toml and 2 mapping(s) have no mistakes
    ✓ store: sqlite:DIR/handoff.db is sound (quick_check) and in WAL mode
    ✓ work: nothing waits for a person
    ✓ clock: the same as hubspot:48210077's
    ✓ clock: the same as salesforce:00DQy00000A7kLmMAJ's
    ✓ clock: the same as slack's
    ✓ public address: http://HOST/webhooks/hubspot takes what HubSpot signs for it (client secret 1)
    ✓ hubspot:48210077: the credentials open this account
    ✓ hubspot:48210077: won deals can be looked for
    ✓ salesforce:00DQy00000A7kLmMAJ: the credentials open this account
    ✓ salesforce:00DQy00000A7kLmMAJ: won deals can be looked for
    ✓ slack: the token is handoff's in Sandbox
    ");
    assert_eq!(clinic.world.events().await, [], "nothing was recorded");
}

async fn a_proxy_that_changes_the_path_is_found_out() {
    let clinic = Clinic::new().await;
    clinic.proxy(Proxy::AddsASlash);
    let (status, complaints) = clinic.complaints().await;
    assert_eq!(status, 1);
    insta::assert_snapshot!(complaints.join("\n"), @"bad public address: http://HOST/webhooks/hubspot refuses what HubSpot signs for it (client secret 1): the service itself is not on this machine, so the proxy cannot be told from the service");
}

async fn a_proxy_that_drops_the_signature_is_found_out() {
    let clinic = Clinic::new().await;
    clinic.proxy(Proxy::DropsTheSignature);
    let config = std::fs::read_to_string(&clinic.world.installation.config).unwrap();
    let listen = format!("listen = \"{}\"", clinic.world.service().address);
    let config = config.replacen("listen = \"127.0.0.1:0\"", &listen, 1);
    std::fs::write(&clinic.world.installation.config, config).unwrap();
    let (status, complaints) = clinic.complaints().await;
    assert_eq!(status, 1);
    insta::assert_snapshot!(complaints.join("\n"), @"bad public address: http://HOST/webhooks/hubspot refuses what HubSpot signs for it (client secret 1): without the proxy it is taken");
}

async fn another_public_address_than_the_services_is_named() {
    let mut clinic = Clinic::new().await;
    let config = std::fs::read_to_string(&clinic.world.installation.config).unwrap();
    clinic.world.stops().await;
    let mistaken = config.replacen("public_url = \"http:", "public_url = \"https:", 1);
    std::fs::write(&clinic.world.installation.config, mistaken).unwrap();
    clinic.world.starts().await;
    *clinic.behind.lock().unwrap() = format!("http://{}", clinic.world.service().address);
    std::fs::write(&clinic.world.installation.config, config).unwrap();
    let (status, complaints) = clinic.complaints().await;
    assert_eq!(status, 1);
    insta::assert_snapshot!(complaints.join("\n"), @"bad public address: http://HOST/webhooks/hubspot refuses what HubSpot signs for it (client secret 1): it would take https://HOST/webhooks/hubspot (another scheme)");
}

async fn a_redirect_and_a_silence_are_named() {
    let clinic = Clinic::new().await;
    clinic.proxy(Proxy::Redirects);
    insta::assert_snapshot!(clinic.complaints().await.1.join("\n"), @"bad public address: http://HOST/webhooks/hubspot redirects to https://www.example.com/hooks");
    let config = std::fs::read_to_string(&clinic.world.installation.config).unwrap();
    let config = config.replace(&clinic.public_url(), "http://127.0.0.1:1");
    std::fs::write(&clinic.world.installation.config, config).unwrap();
    insta::assert_snapshot!(clinic.complaints().await.1.join("\n"), @"bad public address: http://HOST/webhooks/hubspot cannot be reached: Connection refused (os error 111)");
}

async fn refused_credentials_are_told_account_by_account() {
    let clinic = Clinic::new().await;
    clinic.world.sandbox.hubspot.change(|hubspot| hubspot.revoke_token(TOKEN));
    clinic.world.sandbox.slack.change(|slack| slack.revoke_token(BOT_TOKEN));
    let (status, complaints) = clinic.complaints().await;
    assert_eq!(status, 1);
    insta::assert_snapshot!(complaints.join("\n"), @"
    bad hubspot:48210077: reading the properties of deals: HubSpot answered 401 INVALID_AUTHENTICATION, correlation 00000000-0000-4000-8000-000000000000; check the token or connect the app again
    bad slack: Slack: auth.test: token_revoked; check the bot token
    ");
}

async fn a_broken_configuration_ends_it_early() {
    let clinic = Clinic::new().await;
    std::fs::write(&clinic.world.installation.mapping, "crm: hubspot\nsection: {}\n").unwrap();
    let (status, complaints) = clinic.complaints().await;
    assert_eq!(
        (status, complaints),
        (1, vec!["bad configuration: DIR/hubspot.yaml has mistakes".to_owned()])
    );
}

async fn what_waits_for_a_person_is_told() {
    let clinic = Clinic::new().await;
    let fault = Fault::slack_error("channel_not_found");
    clinic.world.sandbox.slack.fails("POST /api/chat.postMessage", fault, Times::UntilCleared);
    // Webhooks go through the proxy, so the sweep has to find the win.
    clinic.world.sandbox.hubspot.change(|hubspot| {
        hubspot.portal_mut(handoff_sandbox::deals::PORTAL).unwrap().search_lag_seconds = 0;
    });
    clinic.world.wins(NORTHLIGHT);
    sweep(&clinic.world.service().app.worker).await.unwrap();
    clinic.world.delivery_becomes(Destination::SlackDigest, DeliveryState::Dead).await;
    let (status, complaints) = clinic.complaints().await;
    assert_eq!(
        (status, complaints),
        (1, vec!["bad work: 1 deals, deliveries or answers wait for a person".to_owned()])
    );
}

async fn without_a_public_address_nothing_is_asked_of_it() {
    let clinic = Clinic::new().await;
    let config = std::fs::read_to_string(&clinic.world.installation.config).unwrap();
    std::fs::write(&clinic.world.installation.config, config.replace("catch_up = \"off\"", "")).unwrap();
    clinic.world.has_no_address();
    let said = clinic.says(&[]).await;
    let line =
        "✓ public address: none is configured, and none is needed: the CRMs are asked for wins every 60s";
    assert!(said.status == 0 && said.out.lines().any(|told| told == line), "{}", said.out);
}

async fn what_slack_refuses_is_told_with_what_to_do() {
    let clinic = Clinic::new_with(|installation| installation.takes_clicks("http").unwrap()).await;
    clinic.world.sandbox.slack.change(|slack| {
        slack.add_user("U0REVOPS", "revops@seller.example");
        slack.set_access(CHANNEL, Access::NotInvited);
        slack.set_messages_tab(false);
    });
    let told = async || {
        let told = clinic.says(&[]).await.out;
        let told: Vec<&str> = told.lines().skip_while(|line| !line.starts_with("✗ slack")).collect();
        told.join("\n")
    };
    insta::assert_snapshot!(told().await, @"
    ✗ slack: the bot is not in C0123ABCD: no digest can be posted there
        in that channel write: /invite @handoff (the name of your app)
    ✗ slack: revops@seller.example cannot be asked: messages_tab_disabled
        switch the Messages tab on under App Home in the settings of the Slack app, and install it again
    ");
    clinic.world.sandbox.slack.change(|slack| slack.withdraw_scope("im:write"));
    insta::assert_snapshot!(told().await, @"
    ✗ slack: the bot is not in C0123ABCD: no digest can be posted there
        in that channel write: /invite @handoff (the name of your app)
    ✗ slack: nobody can be asked in a direct message
        add im:write under OAuth & Permissions, and install the app again
    ");
}

async fn a_socket_that_cannot_be_opened_is_told() {
    let clinic = Clinic::new_with(|installation| installation.takes_clicks("socket").unwrap()).await;
    let slack = &clinic.world.sandbox.slack;
    slack.change(|slack| slack.set_transport(handoff_sandbox::slack::Transport::Socket));
    crate::world::must("two sockets", slack.until(|slack| slack.open_sockets() == 2)).await;
    let address = clinic.world.service().operator_address.unwrap();
    let config = std::fs::read_to_string(&clinic.world.installation.config).unwrap();
    let config =
        config.replace("operator_listen = \"127.0.0.1:0\"", &format!("operator_listen = \"{address}\""));
    std::fs::write(&clinic.world.installation.config, config).unwrap();
    let out = clinic.says(&[]).await.out;
    for good in ["✓ slack: a socket can be opened", "✓ slack: the running service's sockets: 2 open"] {
        assert!(out.contains(good), "{out}");
    }
    slack.change(handoff_sandbox::SlackState::disable_socket_mode);
    let status = clinic.world.service().app.sockets.as_ref().unwrap().status.clone();
    clinic
        .world
        .eventually("the service has noticed", async || status.describe().starts_with("down: Socket Mode"))
        .await;
    let out = clinic.says(&[]).await.out;
    for bad in [
        "✗ slack: no socket can be opened: Slack: apps.connections.open: forbidden_team",
        "✗ slack: the running service's sockets: down: Socket Mode is switched off",
    ] {
        assert!(out.contains(bad), "{out}");
    }
}
