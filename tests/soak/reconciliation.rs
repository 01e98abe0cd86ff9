//! The reckoning: what was won and acknowledged, against the other side's own books, and both against the store.

use std::collections::{BTreeMap, BTreeSet};

use handoff_sandbox::deals::PORTAL;
use handoff_sandbox::opportunities::ORG;
use handoff_sandbox::slack::Message;

use crate::database::{DAYS_LATER, Database};
use crate::environment::Environment;
use crate::expected_state::{Crm, ExpectedState};

/// Ids of the other side by packet id.
type Things = BTreeMap<String, String>;

/// What the books say.
#[derive(Debug, Default)]
pub struct Reconciliation {
    pub events: usize,
    pub acknowledged: usize,
    pub wins: usize,
    pub tasks: usize,
    pub digests: usize,
    /// Direct messages.
    pub asked: usize,
    /// Answers that were acknowledged.
    pub answered: usize,
    pub attempts: usize,
    /// Deliveries that wait for an operator: nobody guessed.
    pub held: usize,
    pub lost: Vec<String>,
    pub doubled: Vec<String>,
    /// What the store tells otherwise than it was, and calls that no correct client makes.
    pub untrue: Vec<String>,
}

impl Environment {
    /// The packet ids of a deal's tasks, as the CRM has them.
    pub fn tasks_of(&self, crm: Crm, deal: &str) -> Vec<String> {
        self.task_ids(crm, deal).into_iter().map(|(_, packet)| packet).collect()
    }

    /// Id and packet id of each task of a deal.
    fn task_ids(&self, crm: Crm, deal: &str) -> Vec<(String, String)> {
        match crm {
            Crm::Hubspot => self.sandbox.hubspot.see(|hubspot| {
                let of = |field: &str, task: &handoff_sandbox::hubspot::Record| {
                    (task.id.clone(), packet_of(task.get(field).unwrap_or_default()))
                };
                hubspot.tasks_of(deal).into_iter().map(|task| of("hs_task_body", task)).collect()
            }),
            Crm::Salesforce => self.sandbox.salesforce.see(|salesforce| {
                let of = |task: &handoff_sandbox::salesforce::Record| {
                    (task.id.clone(), packet_of(task.get("Description").unwrap_or_default()))
                };
                salesforce.tasks_of(deal).into_iter().map(of).collect()
            }),
        }
    }

    /// Digests that do not say what was filled in last, of deals whose newest packet has one.
    pub fn stale(&self, expected: &ExpectedState) -> Vec<String> {
        let shown: BTreeMap<String, String> = self
            .messages(is_digest)
            .iter()
            .map(|digest| (announced(digest), serde_json::to_string(&digest.blocks).unwrap_or_default()))
            .collect();
        let says = |(crm, deal): &(Crm, String), text: &str| {
            let newest = self.tasks_of(*crm, deal).pop();
            let digest = newest.and_then(|packet| shown.get(&packet));
            // Its number is enough: a line may be cut.
            digest.is_none_or(|digest| digest.contains(text.split(' ').next().unwrap_or(text)))
        };
        let stale = expected.filled.iter().filter(|(deal, text)| !says(deal, text));
        stale.map(|((_, deal), text)| format!("the digest of deal {deal} does not say {text:?}")).collect()
    }

    /// How many tasks there are.
    pub fn task_count(&self) -> usize {
        self.sandbox.hubspot.see(|hubspot| hubspot.tasks().len())
            + self.sandbox.salesforce.see(|salesforce| salesforce.tasks().len())
    }

    /// How many digests there are.
    pub fn digest_count(&self) -> usize {
        self.sandbox.slack.see(|slack| slack.messages().iter().filter(|message| is_digest(message)).count())
    }

    /// The digest of a packet.
    pub fn digest_of(&self, packet: &str) -> Option<Message> {
        self.messages(is_digest).into_iter().find(|digest| announced(digest) == packet)
    }

    fn messages(&self, which: impl Fn(&Message) -> bool) -> Vec<Message> {
        self.sandbox.slack.see(|slack| slack.messages().iter().filter(|one| which(one)).cloned().collect())
    }
}

/// Whether a message stands in a channel, and not in a conversation with one person.
fn is_digest(message: &Message) -> bool {
    message.channel.starts_with('C')
}

/// The packet that a task's marker names: `[handoff:0a1b2c3d4e5f]`.
fn packet_of(body: &str) -> String {
    let marker = body.rsplit_once("[handoff:").and_then(|(_, rest)| rest.split_once(']'));
    marker.map_or_else(|| "without a marker".to_owned(), |(id, _)| format!("pkt_{id}"))
}

fn announced(message: &Message) -> String {
    let packet = message.metadata.as_ref().and_then(|metadata| metadata.pointer("/event_payload/packet_id"));
    packet.and_then(serde_json::Value::as_str).unwrap_or("without metadata").to_owned()
}

/// The store's name of a deal.
fn key(crm: Crm, deal: &str) -> String {
    match crm {
        Crm::Hubspot => format!("hubspot:{PORTAL}:{deal}"),
        Crm::Salesforce => format!("salesforce:{ORG}:{deal}"),
    }
}

impl Reconciliation {
    /// Compares everything. The services have stopped, or have nothing left to do.
    pub async fn audit(environment: &Environment, expected: &ExpectedState) -> Self {
        let (mut reconciliation, tasks, digests) = Self::outside(environment, expected);
        let asked = reconciliation.messages(environment, |message| !is_digest(message));
        reconciliation.asked = asked.len();
        let mut database = Database::connect(environment).await;
        reconciliation.inbox(&mut database, expected).await;
        reconciliation.store(&mut database, [&tasks, &digests, &asked]).await;
        reconciliation.attempts(&mut database).await;
        reconciliation.answers(&mut database, environment, expected).await;
        reconciliation
    }

    /// Compares what was won with the other side's books only.
    pub fn count(environment: &Environment, expected: &ExpectedState) -> Self {
        Self::outside(environment, expected).0
    }

    fn outside(environment: &Environment, expected: &ExpectedState) -> (Self, Things, Things) {
        let mut reconciliation = Self {
            events: expected.notices.len(),
            acknowledged: expected.acknowledged(),
            wins: expected.total_wins(),
            tasks: environment.task_count(),
            digests: environment.digest_count(),
            ..Self::default()
        };
        let tasks = reconciliation.tasks(environment, expected);
        let digests = reconciliation.digests(environment, &tasks);
        reconciliation.untrue.extend(environment.stale(expected));
        reconciliation.calls(environment);
        (reconciliation, tasks, digests)
    }

    /// Every acknowledged event is there once, and something came of it.
    async fn inbox(&mut self, database: &mut Database, expected: &ExpectedState) {
        let rows = database.rows(&["deal", "provider_id", "outcome"], "inbox").await.unwrap();
        let mut found: BTreeMap<(String, String), Vec<String>> = BTreeMap::new();
        for row in rows {
            found.entry((row[0].clone(), row[1].clone())).or_default().push(row[2].clone());
        }
        for notice in &expected.notices {
            let outcomes =
                found.remove(&(key(notice.crm, &notice.deal), notice.id.clone())).unwrap_or_default();
            let what = format!("event {} of deal {}", notice.id, notice.deal);
            // What is known not to win a deal need not be kept.
            if outcomes.is_empty() && notice.acknowledged && notice.win.is_some() {
                self.lost.push(format!("{what} was acknowledged and is not in the inbox"));
            }
            if outcomes.len() > 1 {
                self.doubled.push(format!("{what} is in the inbox {} times", outcomes.len()));
            }
            for outcome in outcomes.iter().filter(|outcome| outcome.is_empty() || outcome.starts_with("dead"))
            {
                self.lost.push(format!("{what} came to nothing: {outcome:?}"));
            }
        }
        self.untrue.extend(found.keys().map(|(deal, id)| format!("event {id} of {deal}, which nobody sent")));
    }

    /// One task for each win that was heard of; task id and packet id of each.
    fn tasks(&mut self, environment: &Environment, expected: &ExpectedState) -> Things {
        let heard = expected.heard_wins();
        let mut by_packet = BTreeMap::new();
        for ((crm, deal), (won, _)) in &expected.wins {
            let least = heard.get(&(*crm, deal.clone())).map_or(0, Vec::len);
            let tasks = environment.task_ids(*crm, deal);
            if tasks.len() < least {
                self.lost.push(format!("deal {deal}: {least} wins were acknowledged, {} tasks", tasks.len()));
            }
            if tasks.len() > *won {
                self.doubled.push(format!("deal {deal}: {won} wins, {} tasks {tasks:?}", tasks.len()));
            }
            for (id, packet) in tasks {
                if by_packet.insert(packet.clone(), id).is_some() {
                    self.doubled.push(format!("deal {deal}: two tasks of {packet}"));
                }
            }
        }
        by_packet
    }

    /// One digest for each packet that has a task; channel and time of each.
    fn digests(&mut self, environment: &Environment, tasks: &Things) -> Things {
        let by_packet = self.messages(environment, is_digest);
        let (with_task, with_digest): (BTreeSet<_>, BTreeSet<_>) =
            (tasks.keys().collect(), by_packet.keys().collect());
        self.lost.extend(with_task.difference(&with_digest).map(|packet| format!("{packet}: no digest")));
        self.lost.extend(with_digest.difference(&with_task).map(|packet| format!("{packet}: no task")));
        by_packet
    }

    /// Channel and time of the one message of each packet.
    fn messages(&mut self, environment: &Environment, which: impl Fn(&Message) -> bool) -> Things {
        let mut by_packet = BTreeMap::new();
        for message in environment.messages(which) {
            let packet = announced(&message);
            let place = format!("{}/{}", message.channel, message.ts);
            if let Some(other) = by_packet.insert(packet.clone(), place.clone()) {
                self.doubled.push(format!("{packet}: a message at {other} and one at {place}"));
            }
        }
        by_packet
    }

    /// What was acknowledged is in the CRM, and nothing was written twice.
    async fn answers(
        &mut self,
        database: &mut Database,
        environment: &Environment,
        expected: &ExpectedState,
    ) {
        for answer in &expected.answers {
            let (held, writes) = environment.written(answer);
            let deal = &answer.deal;
            self.answered += usize::from(answer.acknowledged);
            if answer.acknowledged && held != answer.text {
                self.lost.push(format!("deal {deal}: an answer was acknowledged, the field holds {held:?}"));
            }
            if writes > 1 {
                self.doubled.push(format!("deal {deal}: an answer was written {writes} times"));
            }
        }
        let columns = ["w.deal", "a.topic", "a.state", "a.code", "a.detail"];
        let from = "answers a JOIN wins w ON w.packet_id = a.packet_id WHERE a.state <> 'written'";
        for row in database.rows(&columns, from).await.unwrap() {
            self.untrue.push(format!("an answer is left {}", row.join(" ")));
        }
    }

    /// The store says what is there: one packet a win, deliveries that name the right things, nothing leased.
    async fn store(&mut self, database: &mut Database, [tasks, digests, asked]: [&Things; 3]) {
        let wins = database.rows(&["packet_id"], "wins").await.unwrap();
        if wins.len() != tasks.len() {
            self.untrue.push(format!(
                "the store knows {} wins, the CRMs have {} tasks",
                wins.len(),
                tasks.len()
            ));
        }
        for row in database.rows(&["deal", "state"], "deals WHERE state <> 'idle'").await.unwrap() {
            self.untrue.push(format!("deal {} is left {}", row[0], row[1]));
        }
        let columns = ["packet_id", "destination", "state", "unknown", "external_id", "frozen"];
        let from = format!("deliveries WHERE destination NOT IN ({DAYS_LATER})");
        for row in database.rows(&columns, &from).await.unwrap() {
            let [packet, destination, state, unknown, external, frozen] = &row[..] else { continue };
            let there = match destination.as_str() {
                "crm_task" => tasks.get(packet),
                "slack_digest" => digests.get(packet),
                "slack_dm" => asked.get(packet),
                _ => None,
            };
            match (state.as_str(), unknown.as_str()) {
                ("done", "0") if there == Some(external) => {}
                // Nothing is asked any more about a deal that was won again or answered before.
                ("done", "0") if destination == "slack_dm" && !frozen.is_empty() && there.is_none() => {}
                ("held", "1") => self.held += 1,
                _ => self.untrue.push(format!(
                    "{packet} {destination} is {state} (unknown {unknown}) at {external:?}, and really at {there:?}"
                )),
            }
        }
    }

    /// Each delivery's last attempt says how it got there, no other one does, and the epochs add up.
    async fn attempts(&mut self, database: &mut Database) {
        let columns = ["a.packet_id", "a.destination", "a.epoch", "a.outcome", "d.epoch", "d.state"];
        let from =
            "attempts a JOIN deliveries d ON d.packet_id = a.packet_id AND d.destination = a.destination
            ORDER BY a.packet_id, a.destination, a.epoch";
        let mut stories: BTreeMap<String, Vec<(i64, String, i64, String)>> = BTreeMap::new();
        for row in database.rows(&columns, from).await.unwrap() {
            let number = |text: &String| text.parse::<i64>().unwrap_or(-1);
            let story = stories.entry(format!("{} {}", row[0], row[1])).or_default();
            story.push((number(&row[2]), row[3].clone(), number(&row[4]), row[5].clone()));
            self.attempts += 1;
        }
        for (delivery, story) in &stories {
            let ended =
                |(_, outcome, ..): &&(i64, String, i64, String)| outcome == "delivered" || outcome == "found";
            let ends = story.iter().filter(ended).count();
            let Some((epoch, outcome, last, state)) = story.last() else { continue };
            let shows = |one: &(i64, String, i64, String)| ended(&one) || one.1 == "edited";
            let rises = story.windows(2).all(|pair| pair[0].0 < pair[1].0);
            // Asked no more before it was said.
            let never_said = outcome == "frozen" && ends == 0;
            let found_blindly = story.len() == 1 && outcome == "found" && *epoch == 1;
            if state == "done"
                && !never_said
                && (ends != 1
                    || epoch != last
                    || !rises
                    || found_blindly
                    || story.last().is_none_or(|one| !shows(one)))
            {
                self.untrue.push(format!("attempts of {delivery} (epoch {last}): {story:?}"));
            }
        }
        let from = "deliveries d WHERE d.state = 'done' AND NOT EXISTS (SELECT 1 FROM attempts a
            WHERE a.packet_id = d.packet_id AND a.destination = d.destination)";
        let silent = database.number("COUNT(*)", from).await.unwrap();
        if silent > 0 {
            self.untrue.push(format!("{silent} deliveries are done without an attempt"));
        }
    }

    /// Nothing was sent that the platforms would refuse.
    fn calls(&mut self, environment: &Environment) {
        let sandbox = &environment.sandbox;
        let mut wrong =
            [sandbox.hubspot.problems(), sandbox.salesforce.problems(), sandbox.slack.problems()].concat();
        // A login by a clock that had jumped; nobody's mistake.
        wrong.retain(|call| !call.contains("invalid_grant"));
        wrong.extend(sandbox.slack.see(|slack| slack.violations().to_vec()));
        self.untrue.extend(wrong);
    }

    /// Whether there is nothing to complain about.
    pub fn are_in_order(&self) -> bool {
        self.lost.is_empty() && self.doubled.is_empty() && self.untrue.is_empty() && self.held == 0
    }

    /// The complaints, not more than a screen of them.
    pub fn complaints(&self) -> String {
        let list = |what: &str, all: &[String]| {
            let shown: Vec<String> = all.iter().take(12).map(|one| format!("  {what}: {one}\n")).collect();
            let shown = shown.concat();
            if all.len() > 12 { format!("{shown}  … and {} more\n", all.len() - 12) } else { shown }
        };
        list("lost", &self.lost) + &list("doubled", &self.doubled) + &list("untrue", &self.untrue)
    }
}
