//! The files in `config/` that run and watch the service speak of things that are really there.

use std::collections::BTreeSet;
use std::path::Path;
use std::time::Duration;

use handoff_bridge::config;
use handoff_bridge::store::{DeliveryState, Destination};
use handoff_bridge::worker::reload::refused;
use handoff_sandbox::deals::TOKEN;
use libtest_mimic::Trial;
use serde_json::Value;

use crate::command_line::said;
use crate::world::{NORTHLIGHT, PINEBROOK, World};
use crate::{plain_tests, scenarios, tests};

const ALERTS: &str = include_str!("../../config/prometheus/alerts.yml");
const DASHBOARD: &str = include_str!("../../config/grafana/dashboard.json");
const KUBERNETES: &str = include_str!("../../config/kubernetes.yaml");
const COMPOSE: &str = include_str!("../../config/compose.yaml");
const UNIT: &str = include_str!("../../config/handoff.service");
const DOCKERFILE: &str = include_str!("../../Dockerfile");

/// Labels that Prometheus itself adds to what it collects.
const SCRAPED: [&str; 2] = ["instance", "job"];

pub fn trials() -> Vec<Trial> {
    let mut trials = scenarios![Hubspot: what_alerts_and_dashboard_ask_for_is_rendered];
    trials.extend(plain_tests![every_alert_says_what_to_do, the_compose_file_fits_the_image]);
    trials.extend(tests![the_kubernetes_manifest_fits_the_program, the_systemd_unit_calls_what_there_is]);
    trials
}

fn yaml(text: &str) -> Value {
    serde_saphyr::from_str(text).unwrap_or_else(|error| panic!("{error}"))
}

/// A metric in an expression, with the labels that are asked for.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Asked {
    metric: String,
    labels: BTreeSet<String>,
    /// `label="value"` exactly.
    values: BTreeSet<(String, String)>,
}

/// Every `handoff_…` of an expression, with its matchers and the labels that the expression groups by.
fn asked(expression: &str) -> Vec<Asked> {
    let word = |c: char| c.is_ascii_alphanumeric() || c == '_';
    let mut grouped = BTreeSet::new();
    for part in expression.split("by (").skip(1) {
        let labels = part.split_once(')').expect("a closing bracket").0;
        grouped.extend(labels.split(',').map(|label| label.trim().to_owned()));
    }
    let mut found = Vec::new();
    for (at, _) in expression.match_indices("handoff_") {
        let rest = &expression[at..];
        let metric: String = rest.chars().take_while(|c| word(*c)).collect();
        let (mut labels, mut values) = (grouped.clone(), BTreeSet::new());
        if let Some(matchers) = rest[metric.len()..].strip_prefix('{') {
            for matcher in matchers.split_once('}').expect("a closing brace").0.split(',') {
                let matcher = matcher.trim();
                let label: String = matcher.chars().take_while(|c| word(*c)).collect();
                let (operator, value) = matcher[label.len()..].split_once('"').expect("a value in quotes");
                if operator == "=" {
                    values.insert((label.clone(), value.trim_end_matches('"').to_owned()));
                }
                labels.insert(label);
            }
        }
        found.push(Asked { metric, labels, values });
    }
    found
}

fn expressions() -> Vec<String> {
    let (alerts, dashboard) = (yaml(ALERTS), serde_json::from_str::<Value>(DASHBOARD).unwrap());
    let rules =
        alerts["groups"].as_array().unwrap().iter().flat_map(|group| group["rules"].as_array().unwrap());
    let panels = dashboard["panels"].as_array().unwrap().iter();
    let targets = panels.flat_map(|panel| panel["targets"].as_array().unwrap());
    let all = rules.chain(targets).map(|item| item["expr"].as_str().unwrap().to_owned());
    all.collect()
}

/// What a line of `/metrics` is about: name and labels with their values.
fn rendered(line: &str) -> (String, Vec<(String, String)>) {
    let (series, _) = line.rsplit_once(' ').unwrap();
    let Some((name, labels)) = series.split_once('{') else { return (series.to_owned(), Vec::new()) };
    let labels = labels.trim_end_matches('}').split("\",").map(|label| {
        let (name, value) = label.split_once("=\"").unwrap();
        (name.to_owned(), value.trim_end_matches('"').to_owned())
    });
    (name.to_owned(), labels.collect())
}

async fn what_alerts_and_dashboard_ask_for_is_rendered(world: &mut World) {
    world.stops().await;
    world.installation.takes_clicks("socket").unwrap();
    world.starts().await;
    world.closes_deal(PINEBROOK).await;
    world.next_digest().await;
    world.settles().await;
    handoff_bridge::worker::catch_up::sweep(&world.service().app.worker).await.unwrap();
    std::fs::write(&world.installation.mapping, "crm: nothing").unwrap();
    world.passes(Duration::from_secs(1));
    world
        .eventually("the mapping is refused", async || !refused(&world.service().app.accounts).is_empty())
        .await;
    world.sandbox.hubspot.change(|hubspot| hubspot.revoke_token(TOKEN));
    world.closes_deal(NORTHLIGHT).await;
    world.pause().await;
    world.leaves_work();
    let address = world.service().operator_address.unwrap();
    let text = reqwest::get(format!("http://{address}/metrics")).await.unwrap().text().await.unwrap();
    let series: Vec<_> = text.lines().filter(|line| !line.starts_with('#')).map(rendered).collect();

    for Asked { metric, labels, .. } in expressions().iter().flat_map(|expression| asked(expression)) {
        let of_metric = series.iter().filter(|(name, _)| *name == metric);
        let names: BTreeSet<&str> =
            of_metric.flat_map(|(_, labels)| labels.iter().map(|(name, _)| name.as_str())).collect();
        assert!(series.iter().any(|(name, _)| *name == metric), "{metric} is not in\n{text}");
        for label in labels.iter().filter(|label| !SCRAPED.contains(&label.as_str())) {
            assert!(names.contains(label.as_str()), "{metric} has no label {label}, but {names:?}");
        }
        let counter = text.contains(&format!("# TYPE {} counter", metric.trim_end_matches("_total")));
        assert_eq!(
            metric.ends_with("_total"),
            counter,
            "{metric}: counters end in _total, and nothing else does"
        );
    }
    let all = expressions().join("\n");
    let unwatched: BTreeSet<&String> =
        series.iter().map(|(name, _)| name).filter(|name| !all.contains(name.as_str())).collect();
    assert!(unwatched.is_empty(), "neither an alert nor a panel shows {unwatched:?}");
}

fn every_alert_says_what_to_do() {
    let mut states: BTreeSet<String> =
        ["waiting", "leased", "unknown", "held", "done", "dead"].map(Into::into).into();
    for state in [DeliveryState::Held, DeliveryState::Dead] {
        assert!(states.remove(state.as_str()));
    }
    let alerts = yaml(ALERTS);
    for rule in alerts["groups"][0]["rules"].as_array().unwrap() {
        let name = rule["alert"].as_str().unwrap();
        for text in ["summary", "what_to_do"] {
            assert!(rule["annotations"][text].as_str().is_some_and(|text| text.len() > 20), "{name}: {text}");
        }
        assert!(["critical", "warning"].contains(&rule["labels"]["severity"].as_str().unwrap()), "{name}");
        let manual = include_str!("../../docs/running.md");
        assert!(manual.contains(name), "docs/running.md says nothing about {name}");
        for (label, value) in asked(rule["expr"].as_str().unwrap()).into_iter().flat_map(|asked| asked.values)
        {
            let known = match label.as_str() {
                "state" => {
                    [DeliveryState::Held, DeliveryState::Dead].iter().any(|state| state.as_str() == value)
                }
                "kind" => Destination::ALL.iter().any(|kind| kind.as_str() == value) || value == "deal",
                // As written in the code that counts.
                "result" => {
                    let counted =
                        [include_str!("../../src/http/webhooks.rs"), include_str!("../../src/http/error.rs")];
                    counted.iter().any(|code| code.contains(&format!("\"{value}\"")))
                }
                "side" => value == "open",
                "outcome" => {
                    let counted = [
                        include_str!("../../src/worker/catch_up.rs"),
                        include_str!("../../src/worker/follow.rs"),
                    ];
                    counted.iter().any(|code| code.contains(&format!("\"{value}\"")))
                }
                _ => SCRAPED.contains(&label.as_str()),
            };
            assert!(known, "{name}: {label}={value}");
        }
    }
}

/// The configuration inside the manifest, read as the service reads it.
async fn the_kubernetes_manifest_fits_the_program() {
    let documents: Vec<Value> = KUBERNETES.split("\n---\n").map(yaml).collect();
    let of = |kind: &str| documents.iter().find(|document| document["kind"] == kind).unwrap_or(&Value::Null);
    let toml = of("ConfigMap")["data"]["handoff.toml"].as_str().unwrap();
    let directory = tempfile::tempdir().unwrap();
    let (etc, mappings) = (directory.path().join("etc/handoff"), directory.path().join("etc/mappings"));
    for folder in [&etc, &mappings] {
        std::fs::create_dir_all(folder).unwrap();
    }
    std::fs::copy("mappings/hubspot.yaml", mappings.join("hubspot.yaml")).unwrap();
    let file = etc.join("handoff.toml");
    std::fs::write(&file, toml).unwrap();
    // The secrets that the comment at the top tells to create.
    let secret = |name: &str| {
        let told = KUBERNETES.contains(&format!("--from-literal={name}="));
        let url = "postgres://handoff@db.example.com/handoff?sslmode=verify-full";
        told.then(|| if name == "HANDOFF_STORE_URL" { url } else { "a secret of enough letters" }.to_owned())
    };
    let loaded = config::load(&file, &secret);
    let config = loaded.config.unwrap_or_else(|| panic!("{}", loaded.problems));

    let pod = &of("Deployment")["spec"]["template"]["spec"];
    let container = &pod["containers"][0];
    let ports: Vec<i64> = container["ports"]
        .as_array()
        .unwrap()
        .iter()
        .map(|port| port["containerPort"].as_i64().unwrap())
        .collect();
    let operator = config.operator_listen.unwrap();
    assert_eq!(ports, [i64::from(config.listen.port()), i64::from(operator.port())]);
    assert!(config.listen.ip().is_unspecified(), "others reach it");
    assert_eq!(of("Deployment")["spec"]["replicas"], config.work.replicas, "they divide the budgets");
    let stop = container["lifecycle"]["preStop"]["sleep"]["seconds"].as_u64().unwrap();
    let grace = Duration::from_secs(pod["terminationGracePeriodSeconds"].as_u64().unwrap() - stop);
    assert!(grace > config.work.shutdown, "work in flight is finished before the kill");
    let args: Vec<&str> =
        container["args"].as_array().unwrap().iter().map(|argument| argument.as_str().unwrap()).collect();
    accepts(&args).await;
    let mounts = container["volumeMounts"].as_array().unwrap();
    assert_eq!(args[2], format!("{}/handoff.toml", mounts[0]["mountPath"].as_str().unwrap()));
    let mapping = config.accounts[0].mapping.strip_prefix(directory.path()).unwrap();
    let folder = Path::new("/").join(mapping.parent().unwrap());
    assert_eq!(folder, Path::new(mounts[1]["mountPath"].as_str().unwrap()));
    assert!(DOCKERFILE.contains("\nWORKDIR /data\n") && DOCKERFILE.contains("\nUSER 65532:65532\n"));
    assert_eq!(pod["securityContext"]["runAsUser"], 65532);
    assert_eq!(container["securityContext"]["readOnlyRootFilesystem"], true);
    for probe in ["startupProbe", "livenessProbe", "readinessProbe"] {
        let path = container[probe]["httpGet"]["path"].as_str().unwrap();
        assert!(include_str!("../../src/http/routes.rs").contains(&format!("\"{path}\"")), "{probe}: {path}");
    }
    let budget = of("PodDisruptionBudget")["spec"]["selector"].clone();
    assert_eq!(budget, of("Deployment")["spec"]["selector"]);
    let rule = &of("Ingress")["spec"]["rules"][0];
    assert_eq!(config.public_url.unwrap(), format!("https://{}", rule["host"].as_str().unwrap()));
}

fn the_compose_file_fits_the_image() {
    let file = yaml(COMPOSE);
    let service = &file["services"]["handoff"];
    assert_eq!((&service["read_only"], service["user"].as_str()), (&true.into(), Some("65532:65532")));
    let shipped = include_str!("../../config/handoff.toml");
    for name in service["environment"].as_object().unwrap().keys() {
        assert!(shipped.contains(&format!("\"{name}\"")), "{name} is not in config/handoff.toml");
    }
    // Every secret that the shipped file names or gives as an example, with one line in this file for each.
    let named = shipped.split('"').filter(|name| {
        name.contains('_')
            && name.chars().all(|char| char.is_ascii_uppercase() || char.is_ascii_digit() || char == '_')
    });
    for name in named.filter(|name| *name != "HANDOFF_STORE_URL") {
        assert!(service["environment"].get(name).is_some(), "{name} is not passed");
    }
    let volumes: Vec<&str> =
        service["volumes"].as_array().unwrap().iter().map(|text| text.as_str().unwrap()).collect();
    assert!(
        DOCKERFILE.contains("\"/etc/handoff/handoff.toml\"") && DOCKERFILE.contains("VOLUME [\"/data\"]")
    );
    assert_eq!(volumes[1], "./handoff.toml:/etc/handoff/handoff.toml:ro");
    for (there, _) in volumes.iter().filter_map(|volume| volume.strip_prefix('.')?.split_once(':')) {
        let path = Path::new("config").join(format!(".{there}"));
        assert!(path.exists(), "{} is not there", path.display());
    }
    let named: BTreeSet<&str> = file["volumes"].as_object().unwrap().keys().map(String::as_str).collect();
    assert!(named.contains(volumes[0].split(':').next().unwrap()));
    assert!(
        file["services"]["proxy"]["command"].as_array().unwrap().iter().any(|word| word == "handoff:8080")
    );
}

async fn the_systemd_unit_calls_what_there_is() {
    let lines = UNIT.lines().filter_map(|line| line.split_once('='));
    let commands: Vec<Vec<&str>> = lines
        .filter(|(key, _)| key.starts_with("ExecStart"))
        .map(|(_, command)| command.split(' ').collect())
        .collect();
    assert_eq!(commands.len(), 2);
    for command in commands {
        assert_eq!(command[0], "/usr/local/bin/handoff");
        accepts(&command[1..]).await;
    }
    assert!(UNIT.contains("\nProtectSystem=strict\n") && UNIT.contains("\nUser=handoff\n"));
}

/// The command line understands these arguments: the file they name is not there, and that is all it says.
async fn accepts(arguments: &[&str]) {
    let missing: Vec<String> =
        arguments.iter().map(|argument| argument.replace("/etc/handoff/", "/nowhere/")).collect();
    let missing: Vec<&str> = missing.iter().map(String::as_str).collect();
    let said = said(&missing).await;
    assert_eq!(said.status, 1, "{}", said.err);
    assert!(said.err.contains("/nowhere/handoff.toml"), "{}", said.err);
}
