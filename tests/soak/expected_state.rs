//! What happened in the CRMs and what the service acknowledged: the harness's own account of it.

use std::collections::{BTreeMap, VecDeque};

use handoff_sandbox::salesforce::Notification;
use serde_json::Value;

/// Which CRM.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Crm {
    Hubspot,
    Salesforce,
}

/// What a notice looks like on the wire.
#[derive(Debug, Clone)]
pub enum Wire {
    /// An element of a HubSpot batch.
    Event(Value),
    /// Part of an Outbound Message.
    Outbound(Notification),
    /// Signed JSON.
    Json(Notification),
}

/// One thing a CRM has to say, under the id that it keeps through all redeliveries.
#[derive(Debug, Clone)]
pub struct Notice {
    pub crm: Crm,
    pub deal: String,
    /// The provider's id, as it stands in the inbox.
    pub id: String,
    pub wire: Wire,
    /// Which win of the deal it tells of; `None` for a change that is no win.
    pub win: Option<usize>,
    pub sent: u32,
    pub acknowledged: bool,
    /// The CRM sent it in vain and will not send it again.
    pub given_up: bool,
}

/// What a seller said in Slack about a deal.
#[derive(Debug, Clone)]
pub struct Answer {
    pub crm: Crm,
    pub deal: String,
    pub text: String,
    pub acknowledged: bool,
}

/// Everything so far.
#[derive(Debug, Clone, Default)]
pub struct ExpectedState {
    pub notices: Vec<Notice>,
    /// Notices to be sent, by number.
    pub waiting: BTreeMap<Crm, VecDeque<usize>>,
    /// How often each deal was won, with the instant (milliseconds) of the latest win.
    pub wins: BTreeMap<(Crm, String), (usize, i64)>,
    /// What was filled in last, by deal: its digest has to say so.
    pub filled: BTreeMap<(Crm, String), String>,
    /// At most one for each deal.
    pub answers: Vec<Answer>,
    pub refused: u64,
    /// Requests that got no 200.
    pub failed: u64,
    pub requests: u64,
}

impl ExpectedState {
    /// The deal was won; notices of it follow.
    pub fn won(&mut self, crm: Crm, deal: &str, now: i64) -> usize {
        let entry = self.wins.entry((crm, deal.to_owned())).or_insert((0, now));
        *entry = (entry.0 + 1, now);
        entry.0
    }

    /// Something to be sent.
    pub fn expects(&mut self, crm: Crm, deal: &str, id: String, wire: Wire, win: Option<usize>) {
        let (sent, acknowledged, given_up) = (0, false, false);
        self.notices.push(Notice { crm, deal: deal.to_owned(), id, wire, win, sent, acknowledged, given_up });
        self.waiting.entry(crm).or_default().push_back(self.notices.len() - 1);
    }

    /// How many times deals were won.
    pub fn total_wins(&self) -> usize {
        self.wins.values().map(|(count, _)| count).sum()
    }

    /// Wins of a deal that the service acknowledged at least one notice of.
    pub fn heard_wins(&self) -> BTreeMap<(Crm, String), Vec<usize>> {
        let mut heard: BTreeMap<(Crm, String), Vec<usize>> = BTreeMap::new();
        for notice in self.notices.iter().filter(|notice| notice.acknowledged) {
            if let Some(win) = notice.win {
                let wins = heard.entry((notice.crm, notice.deal.clone())).or_default();
                if !wins.contains(&win) {
                    wins.push(win);
                }
            }
        }
        heard
    }

    /// Whether nothing is left to be sent.
    pub fn is_told(&self) -> bool {
        self.notices.iter().all(|notice| notice.acknowledged || notice.given_up)
    }

    pub fn acknowledged(&self) -> usize {
        self.notices.iter().filter(|notice| notice.acknowledged).count()
    }
}
