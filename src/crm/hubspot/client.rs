//! One method per HTTP call. Every method says what a failure means: reads are retried, a write is
//! read back when its outcome is unknown.
//!
//! Paths carry a dated version (`/crm/objects/2026-03/…`), which the configuration chooses.
//! <https://developers.hubspot.com/changelog/introducing-date-based-api-versioning>

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use futures_util::future::try_join_all;
use reqwest::{Method, RequestBuilder};
use secrecy::ExposeSecret as _;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use super::auth::Auth;
use super::config::Settings;
use super::error::{ApiError, CallError};
use super::wire::{Item, Link, LinksOf, Page, Pipeline, Property, TokenInfo};
use crate::clock::later;
use crate::crm::outbound::Outbound;
use crate::crm::rate_limiter::RateLimiter;
use crate::failure::Failure;
use handoff_core::record::User;

/// A batch read takes this many ids.
const BATCH: usize = 100;
/// A batch read of associations takes this many ids.
const LINKS_BATCH: usize = 1_000;
/// The largest page of associations.
const PAGE: &str = "500";
/// Pages of associations that are followed: 5,000 contacts on a deal are enough.
const PAGES: usize = 10;

/// The span HubSpot counts calls in.
/// <https://developers.hubspot.com/docs/developer-tooling/platform/usage-guidelines>
pub(super) const WINDOW: Duration = Duration::from_secs(10);
/// Searches that an account allows in one second, to all its apps together.
/// <https://developers.hubspot.com/docs/api-reference/latest/crm/search-the-crm>
const SEARCHES_PER_SECOND: u32 = 5;
/// How often one page of a search is asked for while other apps use up the searches of the account.
const SEARCH_TRIES: usize = 5;
/// All calls of one limiter count together.
const RATE: &str = "account";
/// Calls that one piece of work makes: most deals are read in so many, and a task takes fewer.
const CALLS_OF_WORK: usize = 4;
const SEARCHING: &str = "searching for won deals";

pub(super) struct Client {
    outbound: Outbound,
    /// Without a trailing slash.
    base: String,
    version: String,
    auth: Auth,
    limiter: RateLimiter,
    searches: RateLimiter,
}

impl Client {
    pub(super) fn new(config: &Settings, outbound: &Outbound) -> Self {
        // Replicas do not know of each other's calls, so each keeps to its part.
        let replicas = config.replicas.max(1);
        let limiter = |calls, window| RateLimiter::new(calls, window, outbound.clock.clone());
        Self {
            auth: Auth::new(config, outbound),
            limiter: limiter(config.calls_per_10s / replicas, WINDOW),
            searches: limiter(SEARCHES_PER_SECOND, Duration::from_secs(1) * replicas),
            base: config.api_url.trim_end_matches('/').to_owned(),
            version: config.api_version.clone(),
            outbound: outbound.clone(),
        }
    }

    /// The deal with its stage history and the ids of what it is associated with. The id in the answer
    /// differs from the one asked for when the deal was merged into another.
    pub(super) async fn deal(&self, id: &str, properties: &str) -> Result<Option<Item>, Failure> {
        let request = self.request(Method::GET, &format!("objects/{}/deals/{id}", self.version)).query(&[
            ("properties", properties),
            ("propertiesWithHistory", "dealstage"),
            ("associations", "contacts,companies,line_items"),
            ("archived", "false"),
        ]);
        unless_missing(self.call(request).await, "reading the deal")
    }

    /// What a deal is associated with, with types and labels. `to` is `contacts`, `companies`,
    /// `line_items` or `tasks`. Empty for a deal that is gone.
    pub(super) async fn links(&self, deal: &str, to: &str) -> Result<Vec<Link>, Failure> {
        let path = format!("objects/{}/deals/{deal}/associations/{to}", self.version);
        let mut links = Vec::new();
        let mut after: Option<String> = None;
        for _ in 0..PAGES {
            let mut request = self.request(Method::GET, &path).query(&[("limit", PAGE)]);
            if let Some(after) = &after {
                request = request.query(&[("after", after)]);
            }
            let doing = format!("reading the deal's {to}");
            let Some(page) = unless_missing::<Page<Link>>(self.call(request).await, &doing)? else { break };
            after = page.next().map(ToOwned::to_owned);
            links.extend(page.results);
            if after.is_none() {
                break;
            }
        }
        Ok(links)
    }

    /// What deals are associated with: by deal and id, the types of the association as JSON. `to` is as for
    /// [`Client::links`]. A deal with more than fits into a page is asked for its links alone.
    pub(super) async fn links_of(
        &self,
        deals: &[String],
        to: &str,
    ) -> Result<BTreeMap<String, BTreeMap<String, BTreeSet<String>>>, Failure> {
        let (doing, mut all) = (format!("reading the {to} of deals"), BTreeMap::new());
        for deals in deals.chunks(LINKS_BATCH) {
            let inputs: Vec<Value> = deals.iter().map(|id| json!({"id": id})).collect();
            let path = self.dated("associations", &format!("/deals/{to}/batch/read"));
            let request = self.request(Method::POST, &path).json(&json!({"inputs": inputs}));
            let page: Option<Page<LinksOf>> = unless_missing(self.call(request).await, &doing)?;
            for of in page.into_iter().flat_map(|page| page.results) {
                let linked = if of.is_cut() { self.links(&of.from.id, to).await? } else { of.to };
                let links: &mut BTreeMap<_, BTreeSet<String>> = all.entry(of.from.id).or_default();
                for link in linked {
                    let types = link.association_types.iter().map(|kind| {
                        format!("{} {}", *kind.type_id, kind.label.as_deref().unwrap_or_default())
                    });
                    links.entry(link.to_object_id).or_default().extend(types);
                }
            }
        }
        Ok(all)
    }

    /// Records of one kind by id, in no promised order. Archived and deleted ones are missing.
    pub(super) async fn items(
        &self,
        kind: &str,
        ids: &[String],
        properties: &[String],
    ) -> Result<Vec<Item>, Failure> {
        let pages = ids.chunks(BATCH).map(|ids| self.batch(kind, ids, properties));
        Ok(try_join_all(pages).await?.into_iter().flatten().collect())
    }

    async fn batch(&self, kind: &str, ids: &[String], properties: &[String]) -> Result<Vec<Item>, Failure> {
        let inputs: Vec<Value> = ids.iter().map(|id| json!({"id": id})).collect();
        let request = self
            .request(Method::POST, &format!("objects/{}/{kind}/batch/read", self.version))
            .json(&json!({"properties": properties, "propertiesWithHistory": [], "inputs": inputs}));
        let found: Option<Page<Item>> = unless_missing(self.call(request).await, &format!("reading {kind}"))?;
        Ok(found.map(|found| found.results).unwrap_or_default())
    }

    /// All pipelines of deals with their stages.
    pub(super) async fn pipelines(&self) -> Result<Vec<Pipeline>, Failure> {
        let page = self.ask::<Page<Pipeline>>(&self.dated("crm/pipelines", "/deals"), &[]).await;
        page.map(|page| page.results).map_err(|error| error.retry("reading the pipelines"))
    }

    /// Everything the portal knows about the properties of one kind of record. Sensitive ones are left out unless
    /// `sensitivity` asks for them.
    pub(super) async fn properties(
        &self,
        kind: &str,
        archived: &str,
        sensitivity: Option<&str>,
    ) -> Result<Vec<Property>, CallError> {
        let mut query = vec![("archived", archived)];
        query.extend(sensitivity.map(|level| ("dataSensitivity", level)));
        let path = self.dated("crm/properties", &format!("/{kind}"));
        self.ask::<Page<Property>>(&path, &query).await.map(|page| page.results)
    }

    /// An owner by owner id (not user id). People who left are found only with `archived`.
    pub(super) async fn owner(&self, id: &str, archived: bool) -> Result<Option<User>, Failure> {
        let archived = if archived { "true" } else { "false" };
        let path = self.dated("crm/owners", &format!("/{id}"));
        unless_missing(
            self.ask(&path, &[("idProperty", "id"), ("archived", archived)]).await,
            "reading an owner",
        )
    }

    /// One page of a search for deals. Its index is some seconds behind, so it proves nothing about what has
    /// just happened.
    pub(super) async fn search(&self, query: &Value) -> Result<Page<Item>, Failure> {
        let mut tries = 1;
        loop {
            self.searches.acquire(RATE).await.map_err(|wait| self.held(wait))?;
            let path = format!("objects/{}/deals/search", self.version);
            match self.call(self.request(Method::POST, &path).json(query)).await {
                // The next call waits for as long as HubSpot asked for.
                Err(CallError::Refused(refused)) if tries < SEARCH_TRIES && refused.quiet().is_some() => {
                    tries += 1;
                }
                answer => return answer.map_err(|error| error.retry(SEARCHING)),
            }
        }
    }

    /// See [`crate::crm::Crm::room`]. Work that runs may still have all its calls to make.
    pub(super) fn room(&self, running: usize) -> Result<usize, Duration> {
        let free = self.limiter.room(RATE, (running + 1) * CALLS_OF_WORK)?;
        Ok((free / CALLS_OF_WORK).saturating_sub(running).max(1))
    }

    /// Waits for the rate limit, and for a token if there is none.
    pub(super) async fn prepare_write(&self) -> Result<(), Failure> {
        self.limiter.acquire(RATE).await.map_err(|wait| self.held(wait))?;
        self.auth.bearer().await.map(drop)
    }

    /// Creates a task and returns its id. Its turn was taken by [`Client::prepare_write`].
    pub(super) async fn create_task(&self, body: &Value) -> Result<String, Failure> {
        let request = self.request(Method::POST, &format!("objects/{}/tasks", self.version)).json(body);
        let task: Item = self.send(request).await.map_err(|error| error.read_back("creating the task"))?;
        Ok(task.id)
    }

    /// Changes properties of a task; false if there is no such task.
    pub(super) async fn edit_task(&self, id: &str, body: &Value) -> Result<bool, Failure> {
        let path = format!("objects/{}/tasks/{id}", self.version);
        let request = self.request(Method::PATCH, &path).json(body);
        Ok(unless_missing::<Item>(self.call(request).await, "editing the task")?.is_some())
    }

    /// The path of a family of calls in the configured version: `crm/pipelines/2026-03/deals`.
    pub(super) fn dated(&self, family: &str, rest: &str) -> String {
        format!("{family}/{}{rest}", self.version)
    }

    /// Reads whatever is at a path below the base.
    pub(super) async fn ask<T: DeserializeOwned>(
        &self,
        path: &str,
        query: &[(&str, &str)],
    ) -> Result<T, CallError> {
        let request = self.outbound.http.get(format!("{}/{path}", self.base));
        self.call(request.query(query)).await
    }

    /// The active owner with this e-mail address.
    pub(super) async fn owner_by_email(&self, email: &str) -> Result<Option<User>, Failure> {
        let query = [("email", email), ("limit", "1"), ("archived", "false")];
        let page = self.ask::<Page<User>>(&self.dated("crm/owners", ""), &query).await;
        page.map(|page| page.results.into_iter().next()).map_err(|error| error.retry("looking for an owner"))
    }

    /// The scopes of our token; `None` if HubSpot does not say, as for some kinds of app. An OAuth token comes
    /// with its scopes, a static one is asked about.
    /// <https://developers.hubspot.com/docs/apps/legacy-apps/private-apps/overview>
    pub(super) async fn granted(&self) -> Option<BTreeSet<String>> {
        let bearer = self.auth.bearer().await.ok()?;
        if let Some(scopes) = self.auth.scopes().await {
            return Some(scopes);
        }
        let url = format!("{}/oauth/v2/private-apps/get/access-token-info", self.base);
        let request = self.outbound.http.post(url).json(&json!({"tokenKey": bearer.token.expose_secret()}));
        let info: TokenInfo = self.call(request).await.ok()?;
        Some(info.scopes.into_iter().collect())
    }

    pub(super) fn request(&self, method: Method, path: &str) -> RequestBuilder {
        self.outbound.http.request(method, format!("{}/crm/{path}", self.base))
    }

    /// The call is not made, and neither are others: HubSpot asked for quiet.
    fn held(&self, wait: Duration) -> Failure {
        let why = "HubSpot asked us to be quiet for a while".to_owned();
        Failure::Pause { why, until: Some(later(self.outbound.clock.now(), wait)) }
    }

    /// Sends a request when the limit allows.
    pub(super) async fn call<T: DeserializeOwned>(&self, request: RequestBuilder) -> Result<T, CallError> {
        self.limiter.acquire(RATE).await.map_err(|wait| CallError::Held(self.held(wait)))?;
        self.send(request).await
    }

    /// Sends a request with a token; once more if HubSpot refuses the token and there is a newer one. A refused token
    /// means that nothing was done, so this is safe for a write too.
    async fn send<T: DeserializeOwned>(&self, request: RequestBuilder) -> Result<T, CallError> {
        let mut renewed = false;
        loop {
            let bearer = self.auth.bearer().await.map_err(CallError::Held)?;
            let request = request
                .try_clone()
                .ok_or_else(|| CallError::Held(Failure::give_up("the request cannot be repeated")))?;
            let answer = self.outbound.send(request.bearer_auth(bearer.token.expose_secret())).await?;
            if answer.status.is_success() {
                return answer.json().map_err(|error| CallError::Unreadable(unreadable(&error)));
            }
            let refused = ApiError::read(&answer, self.outbound.clock.now());
            if let Some(span) = refused.quiet() {
                self.limiter.quiet_for(span);
            }
            if refused.is_unauthorized() && !renewed && self.auth.discard(&bearer).await {
                renewed = true;
                self.limiter.acquire(RATE).await.map_err(|wait| CallError::Held(self.held(wait)))?;
                continue;
            }
            return Err(CallError::Refused(Box::new(refused)));
        }
    }
}

/// The answer of a read; `None` if there is no such object.
fn unless_missing<T>(answer: Result<T, CallError>, doing: &str) -> Result<Option<T>, Failure> {
    match answer {
        Err(error) if error.is_missing() => Ok(None),
        answer => answer.map(Some).map_err(|error| error.retry(doing)),
    }
}

/// Where an answer cannot be read, without repeating any of it.
fn unreadable(error: &serde_json::Error) -> String {
    format!("the answer cannot be read (line {}, column {})", error.line(), error.column())
}
