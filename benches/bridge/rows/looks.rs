//! What looking at open packets costs those who wait for an acknowledgement, and what many of them take in memory.

use std::thread;
use std::time::Duration;

use handoff_bridge::clock::Clock;
use handoff_sandbox::deals::PORTAL;
use handoff_sandbox::hubspot::Kind;

use super::footprint::{REST, absolute};
use crate::ground::Ground;
use crate::load::Batch;
use crate::options::Options;
use crate::report::{Found, Row, Target, a_second, number};
use crate::samples::{Samples, count};
use crate::service::Service;
use crate::turns::Candidate;

/// Open packets of a busy account.
const OPEN: usize = 2_000;

/// More than any account has.
const MANY: usize = 50_000;

/// The looks never pause: as soon as all were taken they are due again.
const WITHOUT_PAUSE: &str = "\n[follow]\nfor = \"30d\"\nschedule = []\nevery = \"1s\"\n\n[work]\n";

const NEVER: &str = "\n[follow]\nfor = \"0\"\n\n[work]\n";

/// No round of looks takes longer, unless something is wrong.
const PATIENCE: Duration = Duration::from_mins(2);

pub fn run(options: &Options) -> Found {
    let mut found = Found::default();
    rates(options, &mut found);
    memory(options, &mut found);
    found
}

/// One service, started in turn without looks and with looks that take all calls that the account has.
fn rates(options: &Options, found: &mut Found) {
    let ground = Ground::prepare(options);
    ground.edits_config(
        "\ntoken_env = \"HUBSPOT_TOKEN\"",
        "\ncalls_per_10s = 250\ntoken_env = \"HUBSPOT_TOKEN\"",
    );
    ground.first_win(&ground.serves());
    let begun = ground.clock.now().checked_sub(Duration::from_hours(240)).unwrap();
    ground.sandbox.hubspot.change(|hubspot| {
        let portal = hubspot.portal_mut(PORTAL).unwrap();
        portal.calls_per_10s = 1_000_000;
        for deal in 0..OPEN {
            let values = [
                ("dealname", "Northlight Foods: depot"),
                ("pipeline", "default"),
                ("dealstage", "closedwon"),
            ];
            portal.add(Kind::Deal, &(800_000_000_000 + deal).to_string(), begun, &values);
        }
    });
    let quiet = ground.config().replace("\n[work]\n", NEVER);
    ground.edits_config("\n[work]\n", WITHOUT_PAUSE);
    let looking = ground.config();
    open_packets(&ground, OPEN, "0");
    let service = ground.serves();
    let watch = Clock::stopwatch();
    while ground.number("SELECT COUNT(*) FROM follows WHERE seen IS NULL AND due_at IS NOT NULL") > 0 {
        assert!(watch.elapsed() < PATIENCE, "the first round of looks does not end");
        thread::sleep(Duration::from_millis(100));
    }
    let first_round = watch.elapsed();
    drop(service);
    // The first look at a packet has its deal read, as if an event had come; that is over long before.
    ground.changes_database("UPDATE follows SET changed = 0; DELETE FROM deals WHERE deal LIKE '%:8%'");

    let (mut alone, mut beside) = (Samples::default(), Samples::default());
    let mut answered = 0;
    let calls = |ground: &Ground| ground.sandbox.hubspot.log().calls().len();
    let before = calls(&ground);
    for _ in 0..options.rounds() {
        for (config, rates) in [(&quiet, &mut alone), (&looking, &mut beside)] {
            ground.writes_config(config);
            let service = ground.serves();
            rates.push(turn(options, &service, &mut answered));
        }
    }
    let looked = calls(&ground) - before;
    assert!(looked > 0, "nothing was looked at");
    ground.holds_every_win(answered);
    found.rows.push(Row {
        what: format!("webhooks of 1 event beside looks at {OPEN} open packets without a pause"),
        figure: a_second(beside.median()),
        floor: format!("without looks {}", a_second(alone.median())),
        judged: beside.per(&alone),
        unit: "",
        target: Target::AtLeast(0.85),
    });
    found.notes.push(format!(
        "{looked} calls for looks in {} turns, as many as 250 in 10 s allow; the first round of {OPEN} took {} s",
        options.rounds(),
        number(first_round.as_secs_f64())
    ));
}

fn turn(options: &Options, service: &Service, answered: &mut usize) -> f64 {
    let mut candidate = Candidate::at(service.address);
    let warm_up = options.or_quick(10_000, 2_000);
    let rate = candidate.answers(warm_up, Batch::One);
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a number of requests")]
    let requests = (rate * options.turn().as_secs_f64()) as usize;
    let rate = candidate.answers(requests, Batch::One);
    *answered += candidate.answered;
    rate
}

fn memory(options: &Options, found: &mut Found) {
    let ground = Ground::prepare(options);
    ground.first_win(&ground.serves());
    let resting = |ground: &Ground| {
        let service = ground.serves();
        thread::sleep(REST + REST);
        service.memory()
    };
    let few = resting(&ground);
    open_packets(&ground, MANY, "9000000000000");
    let many = resting(&ground);
    found.rows.push(absolute(
        &format!("memory, idle, {MANY} open packets"),
        Samples::from_iter([many]),
        "MiB",
        40.0,
    ));
    found.notes.push(format!(
        "with one open packet {} MiB, so each of {MANY}, with five contacts, takes {} bytes",
        number(few),
        number((many - few) * 1024.0 * 1024.0 / count(MANY))
    ));
}

/// So many packets are followed, whose next look is due then. Of a packet nothing else is there: a look needs no more.
fn open_packets(ground: &Ground, packets: usize, due_at: &str) {
    let since = ground.clock.now().as_millisecond();
    ground.changes_database(&format!(
        "PRAGMA foreign_keys = OFF;
         INSERT INTO follows (packet_id, deal, account, since, looks, due_at, contacts)
         WITH RECURSIVE n (i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i < {packets} - 1)
         SELECT 'pkt_' || printf('%012x', i), 'hubspot:{PORTAL}:' || (800000000000 + i), 'hubspot:{PORTAL}', {since}, 0,
             {due_at}, '[\"' || (5 * i) || '\",\"' || (5 * i + 1) || '\",\"' || (5 * i + 2) || '\",\"' || (5 * i + 3)
                 || '\",\"' || (5 * i + 4) || '\"]' FROM n"
    ));
}
