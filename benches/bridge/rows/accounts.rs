//! What ten thousand accounts cost: a start, memory, and a stranger's forged request.

use std::fmt::Write as _;
use std::thread;

use handoff_sandbox::deals::PORTAL;

use super::footprint::{REST, absolute};
use crate::ground::Ground;
use crate::load::{Batch, Requests, Wire};
use crate::options::Options;
use crate::report::{Found, Row, Target, number};
use crate::samples::{Samples, count};
use crate::service::Service;

const MANY: usize = 10_000;

pub fn run(options: &Options) -> Found {
    let [few, many] = [1, MANY].map(|accounts| prepare(options, accounts));
    let services = [few.serves(), many.serves()];
    thread::sleep(REST);
    let memory = services[1].memory();
    let mut costs = [Samples::default(), Samples::default()];
    let forged = options.or_quick(5_000, 1_000);
    for _ in 0..options.rounds() {
        for (service, costs) in services.iter().zip(&mut costs) {
            costs.push(forged_cost(service, forged));
        }
    }
    drop(services);
    let starts: Samples = (0..5).map(|_| many.serves().started_in.as_secs_f64() * 1e3).collect();
    let [at_one, at_many] = &costs;
    Found {
        rows: vec![
            Row {
                what: format!("processor time of a forged request, {MANY} accounts"),
                figure: format!("{} µs", number(at_many.median() * 1e3)),
                floor: format!("1 account: {} µs", number(at_one.median() * 1e3)),
                judged: at_many.per(at_one),
                unit: "",
                target: Target::AtMost(1.5),
            },
            absolute(&format!("start to ready, {MANY} accounts, median of 5"), starts, "ms", 300.0),
            absolute(&format!("memory, idle, {MANY} accounts"), Samples::from_iter([memory]), "MiB", 80.0),
        ],
        notes: vec![format!(
            "{forged} forged requests a turn over one connection; every account has a client secret of its own, and the \
             body names the one that it pretends to be from; the service does not catch up with accounts meanwhile"
        )],
    }
}

/// Milliseconds of the service's processor time for each of so many forged requests.
fn forged_cost(service: &Service, requests: usize) -> f64 {
    let forged = Requests::forge(requests, Batch::One);
    let mut wire = Wire::to(service.address);
    let before = service.processor_ms();
    for request in 0..requests {
        wire.is_refused(forged.get(request).unwrap());
    }
    (service.processor_ms() - before) / count(requests)
}

/// A service with so many HubSpot accounts, each with a secret of its own.
fn prepare(options: &Options, accounts: usize) -> Ground {
    let mut ground = Ground::prepare(options);
    ground.edits_config("\n[work]\n", "\n[work]\ncatch_up = \"off\"\n");
    let config = ground.config();
    let (_, block) = config.split_once("\n[[hubspot]]\n").unwrap();
    let (block, _) = block.split_once("\n[[salesforce]]\n").unwrap();
    let mut blocks = String::new();
    for account in 1..accounts {
        let portal = (PORTAL.parse::<usize>().unwrap() + account).to_string();
        let secret = format!("HUBSPOT_CLIENT_SECRET_{account}");
        let block = block.replace(PORTAL, &portal).replace("HUBSPOT_CLIENT_SECRET", &secret);
        let _ = write!(blocks, "\n[[hubspot]]\n{block}");
        ground.environment.push((secret, format!("the client secret of account {account}")));
    }
    ground.edits_config("\n[[salesforce]]\n", &format!("{blocks}\n[[salesforce]]\n"));
    ground
}
