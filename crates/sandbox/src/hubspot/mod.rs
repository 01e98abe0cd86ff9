//! The sandbox's HubSpot: portals with people, deals and admins, behind dated API paths.
//!
//! <https://developers.hubspot.com/docs/api-reference/latest/overview>

mod deal_view;
mod definitions;
mod events;
mod fields;
mod kind;
mod links;
mod metadata;
mod oauth;
mod objects;
mod portal;
mod record;
mod refusal;
mod scopes;
mod search;
mod signing;
mod tasks;
mod writes;

use std::collections::BTreeMap;
use std::fmt::Write as _;

use jiff::{SignedDuration, Timestamp};
use serde_json::Value;

pub use events::Announce;
use events::Counter;
pub use fields::{Property, Sensitivity};
pub use kind::Kind;
pub use oauth::Grant;
pub use portal::{Owner, Pipeline, Portal, Stage};
pub use record::Record;
pub use signing::{sign_v1, sign_v2, sign_v3};
pub use writes::Rule;

use self::refusal::{no_route, refusal, too_many};
use super::call::{Answer, Call, Verdict};
use super::clock::Clock;
pub use super::delivery::Delivery;
use super::fake_server::{FakeServer, Platform, Recorder};

/// HubSpot on loopback.
pub type Hubspot = FakeServer<HubspotState>;

/// The daily limit that the headers speak of.
const DAILY: u32 = 625_000;

/// Everything HubSpot knows.
pub struct HubspotState {
    recorder: Recorder,
    clock: Clock,
    version: String,
    portals: BTreeMap<String, Portal>,
    next_id: u64,
    events: Counter,
}

impl HubspotState {
    pub(crate) fn new(clock: Clock) -> Self {
        Self {
            recorder: Recorder::default(),
            clock,
            version: "2026-03".to_owned(),
            portals: BTreeMap::new(),
            next_id: 880_000_000_000,
            events: Counter(7_100_000_000),
        }
    }

    /// The only API version that is served; `2026-03` unless changed.
    pub fn serve_version(&mut self, version: &str) {
        version.clone_into(&mut self.version);
    }

    /// Adds an account, replacing one of the same id.
    pub fn add_portal(&mut self, portal: Portal) {
        self.portals.insert(portal.id.clone(), portal);
    }

    /// An account.
    pub fn portal(&self, id: &str) -> Option<&Portal> {
        self.portals.get(id)
    }

    /// An account, to be changed.
    pub fn portal_mut(&mut self, id: &str) -> Option<&mut Portal> {
        self.portals.get_mut(id)
    }

    /// Makes a token useless: its next calls are refused with 401, and that is nobody's mistake.
    pub fn revoke_token(&mut self, token: &str) {
        for known in self.portals.values_mut().flat_map(|portal| &mut portal.tokens) {
            if known.value == token {
                known.revoked = true;
            }
        }
    }

    /// Makes a revoked token work again.
    pub fn restore_token(&mut self, token: &str) {
        for known in self.portals.values_mut().flat_map(|portal| &mut portal.tokens) {
            if known.value == token {
                known.revoked = false;
            }
        }
    }

    /// The tasks on a deal of any account, oldest first.
    pub fn tasks_of(&self, deal: &str) -> Vec<&Record> {
        self.portals.values().flat_map(|portal| portal.tasks_of(deal)).collect()
    }

    /// Every task of every account, oldest first.
    pub fn tasks(&self) -> Vec<&Record> {
        self.portals.values().flat_map(|portal| portal.records(Kind::Task)).collect()
    }

    /// Moves a deal to a stage now, and returns the events that HubSpot sends about it. Fails if there
    /// is no such deal, or no such stage in its portal.
    pub fn move_to_stage(&mut self, deal: &str, stage: &str) -> Result<Vec<Value>, NotThere> {
        let now = self.clock.now();
        let portal = portal_of(&mut self.portals, deal)?;
        if portal.stage(stage).is_none() {
            return Err(NotThere(format!("no stage {stage}")));
        }
        Ok(portal.move_deal(deal, stage, now, &mut self.events))
    }

    /// Sets values of a deal now, and returns the events that HubSpot sends about it.
    pub fn changes_deal(&mut self, deal: &str, values: &[(&str, &str)]) -> Result<Vec<Value>, NotThere> {
        let now = self.clock.now();
        let portal = portal_of(&mut self.portals, deal)?;
        Ok(portal.change_deal(deal, values, now, &mut self.events))
    }

    /// Moves a deal to the first won stage of its pipeline.
    pub fn closes_deal(&mut self, deal: &str) -> Result<Vec<Value>, NotThere> {
        let portal = portal_of(&mut self.portals, deal)?;
        let pipeline = portal.record(Kind::Deal, deal).and_then(|record| record.get("pipeline"));
        let mut stages = portal.pipelines.iter().filter(|known| Some(known.id.as_str()) == pipeline);
        let won = stages.next().and_then(|pipeline| pipeline.stages.iter().find(|stage| stage.is_won()));
        let won = won.ok_or_else(|| NotThere(format!("no won stage for deal {deal}")))?.id.clone();
        self.move_to_stage(deal, &won)
    }

    /// Creates a deal now, and returns the events that HubSpot sends about it: a creation, and no change of
    /// the stage it was created in.
    pub fn creates_deal(
        &mut self,
        portal: &str,
        deal: &str,
        values: &[(&str, &str)],
    ) -> Result<Vec<Value>, NotThere> {
        let now = self.clock.now();
        let known = self.portals.get_mut(portal).ok_or_else(|| NotThere(format!("no portal {portal}")))?;
        known.add(Kind::Deal, deal, now, values);
        Ok(known.deal_created(deal, now, &mut self.events))
    }

    /// The creation events of a deal that is there already.
    pub fn announces_creation(&mut self, deal: &str) -> Result<Vec<Value>, NotThere> {
        let now = self.clock.now();
        Ok(portal_of(&mut self.portals, deal)?.deal_created(deal, now, &mut self.events))
    }

    /// Merges two deals of one account into a new one, and returns its id and the events.
    pub fn merges_deals(&mut self, kept: &str, other: &str) -> Result<(String, Vec<Value>), NotThere> {
        let now = self.clock.now();
        self.next_id += 1;
        let merged = self.next_id.to_string();
        let portal = portal_of(&mut self.portals, kept)?;
        let events = portal.merge((kept, other), &merged, now, &mut self.events);
        Ok((merged, events))
    }
}

/// What was to be changed does not exist in the sandbox.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0} in the sandbox")]
pub struct NotThere(String);

impl Hubspot {
    /// See [`HubspotState::closes_deal`].
    pub fn closes_deal(&self, deal: &str) -> Result<Vec<Value>, NotThere> {
        self.change(|hubspot| hubspot.closes_deal(deal))
    }

    /// See [`HubspotState::move_to_stage`].
    pub fn move_to_stage(&self, deal: &str, stage: &str) -> Result<Vec<Value>, NotThere> {
        self.change(|hubspot| hubspot.move_to_stage(deal, stage))
    }
}

fn portal_of<'a>(portals: &'a mut BTreeMap<String, Portal>, deal: &str) -> Result<&'a mut Portal, NotThere> {
    let mut all = portals.values_mut();
    let found = all.find(|portal| portal.record(Kind::Deal, deal).is_some_and(|record| record.id == deal));
    found.ok_or_else(|| NotThere(format!("no deal {deal}")))
}

impl Platform for HubspotState {
    fn answer(&mut self, call: &Call) -> Answer {
        let now = self.clock.now();
        let segments = call.segments();
        if let ["oauth", version, "token"] = segments[..]
            && version == self.version
        {
            self.next_id += 1;
            return either(oauth::token(self.portals.values_mut(), call, self.next_id, now));
        }
        match self.portals.values_mut().find_map(|portal| portal.admit(call, now)) {
            None => {
                let why = "no valid bearer token";
                refusal(401, "INVALID_AUTHENTICATION", why, Verdict::Wrong(why.to_owned()))
            }
            Some(Err(refused)) => refused,
            Some(Ok(portal)) => {
                self.next_id += 1;
                let answer = either(route(portal, call, &self.version, self.next_id, now));
                portal.with_rate_headers(answer)
            }
        }
    }

    fn overview(&self) -> String {
        let mut page = "The sandbox's HubSpot: deals, and the tasks on them.\n".to_owned();
        for deal in self.portals.values().flat_map(|portal| portal.records(Kind::Deal)) {
            let of = |name| deal.get(name).unwrap_or_default();
            let _ = write!(page, "\ndeal {}: {} ({})\n", deal.id, of("dealname"), of("dealstage"));
            for task in self.tasks_of(&deal.id) {
                let of = |name| task.get(name).unwrap_or_default();
                let _ =
                    write!(page, "  task {}: {}\n{}\n", task.id, of("hs_task_subject"), of("hs_task_body"));
            }
        }
        page
    }

    fn recorder(&self) -> &Recorder {
        &self.recorder
    }

    fn recorder_mut(&mut self) -> &mut Recorder {
        &mut self.recorder
    }
}

fn either(answer: Result<Answer, Answer>) -> Answer {
    answer.unwrap_or_else(|refused| refused)
}

fn route(portal: &mut Portal, call: &Call, version: &str, id: u64, now: Timestamp) -> Result<Answer, Answer> {
    let segments = call.segments();
    match (call.method.as_str(), &segments[..]) {
        ("GET", ["account-info", dated, "details"]) if *dated == version => {
            return metadata::details(portal, call);
        }
        ("POST", ["oauth", "v2", "private-apps", "get", "access-token-info"]) => {
            return scopes::token_info(portal, call);
        }
        _ => {}
    }
    let ["crm", family, dated, rest @ ..] = &segments[..] else { return Err(no_route(call)) };
    let writes = matches!(
        (call.method.as_str(), *family, rest),
        ("PATCH", "objects", ["deals" | "contacts", _]) | ("PUT", "objects", _)
    );
    // Under an older version a write would go round the portal's rules.
    if *dated != if writes { writes::VERSION } else { version } {
        return Err(no_route(call));
    }
    portal.permit(call.method.as_str(), family, rest)?;
    match (call.method.as_str(), *family, rest) {
        ("GET", "pipelines", rest) => metadata::pipelines(portal, call, rest),
        ("GET", "properties", rest) => metadata::properties(portal, call, rest),
        ("GET", "owners", rest) => metadata::owners(portal, call, rest),
        ("POST", "properties", rest) => definitions::create_property(portal, call, rest),
        ("POST", "associations", ["deals", "contacts", "labels"]) => definitions::create_label(portal, call),
        (_, "associations", [from, to, rest @ ..]) => links::route(portal, call, from, to, rest),
        (method, "objects", [kind, rest @ ..]) => {
            let kind = Kind::from_path(kind).ok_or_else(|| no_route(call))?;
            match (method, rest) {
                ("POST", []) if kind == Kind::Task => tasks::create(portal, call, &id.to_string(), now),
                ("PATCH", [task]) if kind == Kind::Task => tasks::update(portal, call, task, now),
                ("PATCH", [id]) if matches!(kind, Kind::Deal | Kind::Contact) => {
                    writes::update(portal, call, (kind, id), now)
                }
                ("PUT", [deal, "associations", "contacts", contact]) if kind == Kind::Deal => {
                    writes::relabel(portal, call, deal, contact)
                }
                ("POST", ["batch", "read"]) => objects::batch_read(portal, call, kind),
                ("POST", ["search"]) => {
                    portal.admit_search(now)?;
                    search::search(portal, call, kind, now)
                }
                ("GET", [id]) => objects::read(portal, call, kind, id),
                ("GET", [id, "associations", to]) => links::list(portal, call, kind, id, to),
                _ => Err(no_route(call)),
            }
        }
        _ => Err(no_route(call)),
    }
}

impl Portal {
    /// Lets a call in that carries one of this portal's tokens; `None` if it does not.
    fn admit(&mut self, call: &Call, now: Timestamp) -> Option<Result<&mut Self, Answer>> {
        let token = self.tokens.iter().find(|token| call.bearer() == Some(&token.value))?;
        if token.revoked {
            let why = "this token was revoked";
            return Some(Err(refusal(401, "INVALID_AUTHENTICATION", why, Verdict::Switched)));
        }
        if token.expires.is_some_and(|expires| expires <= now) {
            let why = "The OAuth token used to make this call expired";
            return Some(Err(refusal(401, "EXPIRED_AUTHENTICATION", why, Verdict::Wrong(why.to_owned()))));
        }
        let since = now.checked_sub(SignedDuration::from_secs(10)).unwrap_or(now);
        self.recent_calls.retain(|at| *at > since);
        if self.recent_calls.len() >= self.calls_per_10s {
            return Some(Err(self.with_rate_headers(too_many("TEN_SECONDLY_ROLLING"))));
        }
        self.recent_calls.push_back(now);
        self.calls_today += 1;
        Some(Ok(self))
    }

    /// Five searches a second.
    fn admit_search(&mut self, now: Timestamp) -> Result<(), Answer> {
        let since = now.checked_sub(SignedDuration::from_secs(1)).unwrap_or(now);
        self.recent_searches.retain(|at| *at > since);
        if self.recent_searches.len() >= 5 {
            return Err(too_many("SECONDLY"));
        }
        self.recent_searches.push_back(now);
        Ok(())
    }

    fn with_rate_headers(&self, answer: Answer) -> Answer {
        let left = self.calls_per_10s.saturating_sub(self.recent_calls.len());
        answer
            .with("x-hubspot-ratelimit-max", &self.calls_per_10s)
            .with("x-hubspot-ratelimit-remaining", &left)
            .with("x-hubspot-ratelimit-interval-milliseconds", &10_000)
            .with("x-hubspot-ratelimit-daily", &DAILY)
            .with("x-hubspot-ratelimit-daily-remaining", &DAILY.saturating_sub(self.calls_today))
    }
}

#[cfg(test)]
mod tests;
