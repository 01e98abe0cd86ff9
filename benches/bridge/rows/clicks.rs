//! How long Slack waits for its 200 while webhooks come in as fast as the service takes them, and how long a person waits
//! for a modal whose opening calls Slack, which takes 50 ms. Slack gives up after three seconds.

use std::time::Duration;

use handoff_bridge::clock::Clock;
use handoff_bridge::demo::PUBLIC_URL;
use handoff_sandbox::Delivery;
use handoff_sandbox::deals::{self, SIGNING_SECRET};
use handoff_sandbox::slack::Transport;
use serde_json::{Value, json};

use crate::ground::Ground;
use crate::load::{Batch, CONNECTIONS, Requests, Wire, closed};
use crate::options::Options;
use crate::report::{Found, Row, Target, number};
use crate::samples::Samples;

/// A person who may answer.
const TOM: &str = "U0TOM";

/// The longest that p99 of an acknowledgement and of an opening should be, in milliseconds.
const ACKNOWLEDGED: f64 = 300.0;
const OPENED: f64 = 1_000.0;

/// How long every call to Slack takes while modals are opened.
const UPSTREAM: Duration = Duration::from_millis(50);

pub fn run(options: &Options) -> Found {
    let ground = Ground::prepare(options);
    ground.takes_clicks();
    let service = ground.serves();
    ground.sandbox.slack.change(|slack| slack.add_user(TOM, "tom.lindqvist@seller.example"));
    let mut wire = Wire::to(service.address);
    ground.wins(&mut wire, deals::STORY[1].id);
    let packet = ground.text("SELECT packet_id FROM packets");

    let presses = options.or_quick(2_000, 300);
    let mut waits = Samples::default();
    std::thread::scope(|scope| {
        let webhooks = options.or_quick(150_000, 20_000);
        let load =
            scope.spawn(move || closed(service.address, CONNECTIONS, Requests::render(webhooks, Batch::One)));
        let mut number = 0;
        while !load.is_finished() || number < presses {
            let press = Delivery::interaction(
                &format!("{PUBLIC_URL}/webhooks/slack"),
                SIGNING_SECRET,
                &press(&packet, number),
                ground.clock.now(),
            );
            let request = Requests::of(&press);
            let watch = Clock::stopwatch();
            wire.sends(request.get(0).unwrap());
            waits.push(watch.elapsed().as_secs_f64() * 1_000.0);
            number += 1;
        }
    });
    let request_url = format!("http://{}/webhooks/slack", service.address);
    let signing_secret = SIGNING_SECRET.to_owned();
    ground.sandbox.slack.change(|slack| slack.set_transport(Transport::Http { request_url, signing_secret }));
    let opened = ground.opens_modals(TOM, options.or_quick(100, 20), UPSTREAM);
    let row = |what: &str, waits: &Samples, most| Row {
        what: what.to_owned(),
        figure: format!("{} ms", number(waits.at(0.99))),
        floor: "–".to_owned(),
        judged: [waits.at(0.99)].into_iter().collect(),
        unit: " ms",
        target: Target::AtMost(most),
    };
    Found {
        rows: vec![
            row("click acknowledged beside full webhook load, p99", &waits, ACKNOWLEDGED),
            row("modal opened with calls of 50 ms, p99", &opened, OPENED),
        ],
        notes: vec![format!(
            "p50 {} ms of an acknowledgement, {} ms until a modal is there; {} and {} presses",
            number(waits.median()),
            number(opened.median()),
            waits.values().len(),
            opened.values().len()
        )],
    }
}

/// A press on the button that says that a review was held: it is stored, and opens nothing.
fn press(packet: &str, number: usize) -> Value {
    json!({
        "type": "block_actions", "team": {"id": "T0SANDBOX"}, "user": {"id": TOM, "team_id": "T0SANDBOX"},
        "container": {"type": "message", "message_ts": "1795161600.000001", "channel_id": deals::CHANNEL},
        "actions": [{"type": "button", "action_id": "review_held", "block_id": "b", "value": packet,
            "action_ts": format!("{number}.0")}],
    })
}
