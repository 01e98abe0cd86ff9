//! Whom the service calls: the addresses in its configuration, and nobody whom a webhook, a deal or an answer names.

use handoff_sandbox::deals::PORTAL;
use handoff_sandbox::hubspot::Kind;
use handoff_sandbox::{Answer, Fault, Times};
use libtest_mimic::Trial;
use serde_json::json;
use tokio::io::AsyncReadExt as _;
use tokio::net::TcpListener;

use crate::process::handoff;
use crate::side::{Announcement, Side};
use crate::world::{NORTHLIGHT, WORK, World, must};
use crate::{scenarios, tests};

pub fn trials() -> Vec<Trial> {
    let mut trials = scenarios![Hubspot:
        no_address_in_a_webhook_or_a_deal_is_ever_called,
        a_redirect_is_not_followed,
    ];
    trials.extend(tests![a_proxy_of_the_environment_sees_no_call_to_this_machine]);
    trials
}

/// An address that nobody has a reason to call.
struct Trap(TcpListener);

impl Trap {
    async fn set() -> Self {
        Self(TcpListener::bind("127.0.0.1:0").await.unwrap())
    }

    fn url(&self) -> String {
        format!("http://{}", self.0.local_addr().unwrap())
    }

    /// A connection would wait in the listener's queue.
    async fn nobody_came(&self) {
        tokio::select! {
            biased;
            caller = self.0.accept() => panic!("somebody called: {caller:?}"),
            () = tokio::task::yield_now() => {}
        }
    }
}

async fn a_proxy_of_the_environment_sees_no_call_to_this_machine() {
    let mut world = World::without_service(Side::Hubspot, WORK);
    world.starts().await;
    let trap = Trap::set().await;
    let config = world.installation.config.to_str().unwrap();
    let fetch = ["fetch", "--deal", NORTHLIGHT, "--account", PORTAL, "--config", config];
    for variable in ["HTTP_PROXY", "http_proxy", "HTTPS_PROXY", "ALL_PROXY", "all_proxy"] {
        for command in [&fetch[..], &["healthcheck", "--config", config]] {
            let output = handoff(command).env(variable, trap.url()).output().await.unwrap();
            let said = String::from_utf8(output.stderr).unwrap();
            // The sandbox takes any free port, which the file does not know: who calls it calls nobody's.
            assert!(output.status.success() || command[0] == "healthcheck", "{variable}: {said}");
            trap.nobody_came().await;
        }
    }
    // To other machines the way leads through it.
    let text = std::fs::read_to_string(config).unwrap();
    let elsewhere = world.directory.path().join("elsewhere.toml");
    std::fs::write(
        &elsewhere,
        text.replace(&format!("{}/api", world.sandbox.slack.url()), "https://slack.example/api"),
    )
    .unwrap();
    let elsewhere = elsewhere.to_str().unwrap().to_owned();
    let doctor = tokio::spawn({
        let (elsewhere, url) = (elsewhere.clone(), trap.url());
        async move { handoff(&["doctor", "--config", &elsewhere]).env("HTTPS_PROXY", url).output().await }
    });
    let (mut caller, _) = must("somebody calls the proxy", trap.0.accept()).await.unwrap();
    let mut said = [0; 25];
    must("it says where to", caller.read_exact(&mut said)).await.unwrap();
    assert_eq!(String::from_utf8_lossy(&said), "CONNECT slack.example:443");
    doctor.abort();
    // Its look at the clocks is no call that the sandbox expects.
    world.stops().await;
}

async fn no_address_in_a_webhook_or_a_deal_is_ever_called(world: &mut World) {
    let trap = Trap::set().await;
    let url = trap.url();

    world.sandbox.hubspot.change(|hubspot| {
        let now = "2026-11-20T08:00:00Z".parse().unwrap();
        let portal = hubspot.portal_mut(PORTAL).unwrap();
        for field in ["handoff_why_now", "handoff_promises", "handoff_first_value", "description"] {
            portal.set(Kind::Deal, NORTHLIGHT, field, &format!("see {url}/deal"), now);
        }
    });
    let mut events = world.hubspot_events(NORTHLIGHT);
    for event in &mut events {
        for key in ["url", "callbackUrl", "objectUrl", "sourceId", "appUrl"] {
            event[key] = json!(format!("{url}/hubspot"));
        }
    }
    assert_eq!(world.hubspot_sends(&events).await, 200);
    world.next_digest().await;

    let announcement = Side::Salesforce.wins(&world.sandbox, Side::Salesforce.complete());
    assert!(matches!(announcement, Announcement::Notifications(_)));
    for mut webhook in announcement.webhooks(&world.sandbox, world.now(), 0) {
        let message = String::from_utf8(webhook.body).unwrap();
        let mut pieces = Vec::new();
        // Where Salesforce names its own addresses, it names ours.
        for piece in message.split_inclusive("Url>") {
            match piece.split_once("</") {
                Some((address, tag)) if tag.ends_with("Url>") && address.starts_with("http") => {
                    pieces.push(format!("{url}/salesforce</{tag}"));
                }
                _ => pieces.push(piece.to_owned()),
            }
        }
        webhook.body = pieces.concat().into_bytes();
        assert!(
            String::from_utf8_lossy(&webhook.body).matches(&url).count() >= 2,
            "the trap is in the message"
        );
        assert_eq!(world.receives(&webhook).await, 200);
    }
    world.next_digest().await;
    world.settles().await;
    trap.nobody_came().await;
}

async fn a_redirect_is_not_followed(world: &mut World) {
    let trap = Trap::set().await;
    let elsewhere = || Answer::text(307, "").with("location", &trap.url());
    world.crm_fails(world.side.create_task(), Fault::Refuse(elsewhere()), Times::Next(1));
    world.sandbox.slack.fails("POST /api/chat.postMessage", Fault::Refuse(elsewhere()), Times::Next(1));
    world.closes_deal(world.side.complete()).await;
    world
        .eventually("both were sent elsewhere", async || {
            world.passes(std::time::Duration::from_secs(1));
            let packets = world.packets().await;
            packets
                .iter()
                .flat_map(|packet| &packet.deliveries)
                .filter(|one| !one.attempts.is_empty())
                .count()
                == 2
        })
        .await;
    trap.nobody_came().await;
    // What a redirect means for a delivery is its client's business; here it must only not be followed.
    world.leaves_work();
    let packet = world.packets().await.remove(0).packet_id;
    world.service().app.store.replay(&packet, None).await.unwrap();
    world
        .eventually("the digest is there", async || {
            world.passes(std::time::Duration::from_secs(1));
            !world.digests().is_empty()
        })
        .await;
    world.next_digest().await;
    trap.nobody_came().await;
}
