//! The REST calls, one method each. Every one goes to the configured instance and nowhere else.

use jiff::Timestamp;
use reqwest::header::IF_UNMODIFIED_SINCE;
use reqwest::{Method, RequestBuilder, StatusCode, Url};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

use super::auth::Tokens;
use super::error::{CallError, unreadable};
use super::field::Described;
use super::id::{Prefix, SalesforceId};
use crate::crm::outbound::{Answer, Outbound};

/// Pages of one query that are followed; a page has up to 2,000 rows.
const PAGES: usize = 500;

/// How the org's change events name us. No spaces or commas.
/// <https://developer.salesforce.com/docs/platform/api-rest/guide/headers-calloptions.html>
const CALLER: (&str, &str) = ("Sforce-Call-Options", "client=HandoffBridge");

pub struct Client {
    outbound: Outbound,
    pub(super) tokens: Tokens,
    /// `https://acme.my.salesforce.com/services/data/v66.0`
    base: Url,
}

/// A page of query results.
#[derive(Debug, Deserialize)]
pub struct Rows<T> {
    pub records: Vec<T>,
    /// Where the next page is, as a path; `None` on the last one.
    #[serde(default, rename = "nextRecordsUrl")]
    next: Option<String>,
}

/// A record by its id alone; `id` in the answer to a write, `Id` when read.
#[derive(Deserialize)]
pub struct Identified {
    #[serde(alias = "Id")]
    pub id: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct TaskState {
    is_closed: bool,
}

impl Client {
    /// Calls `instance` under an API version such as `v66.0`.
    pub fn new(outbound: &Outbound, tokens: Tokens, instance: &Url, version: &str) -> Self {
        let mut base = instance.clone();
        base.set_path(&format!("/services/data/{version}"));
        Self { outbound: outbound.clone(), tokens, base }
    }

    /// Runs a query and returns its first page.
    /// <https://developer.salesforce.com/docs/platform/api-rest/guide/resources-query.html>
    pub async fn query<T: DeserializeOwned>(&self, soql: &str) -> Result<Rows<T>, CallError> {
        let url = self.url(&["query"]);
        read(&self.call(|| self.outbound.http.get(url.clone()).query(&[("q", soql)])).await?)
    }

    /// Runs a query and returns the rows of all its pages. Of the address of a page only the cursor at its end
    /// is used: the host is always the configured one.
    pub async fn query_all<T: DeserializeOwned>(&self, soql: &str) -> Result<Vec<T>, CallError> {
        let mut page: Rows<T> = self.query(soql).await?;
        let mut rows = page.records;
        for _ in 1..PAGES {
            let Some(next) = page.next else { return Ok(rows) };
            let (_, cursor) = next.rsplit_once("/query/").ok_or_else(unreadable)?;
            let url = self.url(&["query", cursor]);
            page = self.read_at(&url).await?;
            rows.extend(page.records);
        }
        Err(CallError::Unreadable(format!("there are more than {PAGES} pages")))
    }

    /// What our user may see of an object.
    pub async fn describe(&self, object: &str) -> Result<Described, CallError> {
        self.read_at(&self.url(&["sobjects", object, "describe"])).await
    }

    /// Creates a record and returns its id.
    pub async fn create(
        &self,
        object: &str,
        prefix: Prefix,
        fields: &Value,
    ) -> Result<SalesforceId, CallError> {
        let url = self.url(&["sobjects", object]);
        created(prefix, &self.call(|| self.write(Method::POST, &url).json(fields)).await?)
    }

    /// Creates the task with this external key, or updates it. `None` if Salesforce does not say which id it
    /// has: an update may be answered with 204 and no body.
    /// <https://developer.salesforce.com/docs/platform/api-rest/guide/dome-upsert.html>
    pub async fn upsert_task(
        &self,
        field: &str,
        key: &str,
        task: &Value,
    ) -> Result<Option<SalesforceId>, CallError> {
        let url = self.url(&["sobjects", "Task", field, key]);
        let answer = self.call(|| self.write(Method::PATCH, &url).json(task)).await?;
        if answer.status == StatusCode::NO_CONTENT {
            return Ok(None);
        }
        created(Prefix::Task, &answer).map(Some)
    }

    /// The task with this external key.
    pub async fn task_by_key(&self, field: &str, key: &str) -> Result<Option<SalesforceId>, CallError> {
        let url = self.url(&["sobjects", "Task", field, key]);
        match self.call(|| self.outbound.http.get(url.clone()).query(&[("fields", "Id")])).await {
            Ok(answer) => created(Prefix::Task, &answer).map(Some),
            Err(error) if error.is("NOT_FOUND") => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// Whether a task is closed; `None` if there is no such task.
    pub async fn task_is_closed(&self, id: &SalesforceId) -> Result<Option<bool>, CallError> {
        match self.record::<TaskState>("Task", id, "IsClosed").await {
            Ok(task) => Ok(Some(task.is_closed)),
            Err(error) if error.is("NOT_FOUND") || error.is("ENTITY_IS_DELETED") => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// A record's fields, given as names joined by commas.
    pub async fn record<T: DeserializeOwned>(
        &self,
        object: &str,
        id: &SalesforceId,
        fields: &str,
    ) -> Result<T, CallError> {
        let url = self.url(&["sobjects", object, id.as_str()]);
        read(&self.call(|| self.outbound.http.get(url.clone()).query(&[("fields", fields)])).await?)
    }

    /// Changes fields of a record; [`CallError::is_stale`] if it was changed after `unmodified_since`, to the second.
    /// <https://developer.salesforce.com/docs/platform/api-rest/guide/resources-sobject-retrieve-patch.html>
    pub async fn update(
        &self,
        object: &str,
        id: &SalesforceId,
        fields: &Value,
        unmodified_since: Option<Timestamp>,
    ) -> Result<(), CallError> {
        let url = self.url(&["sobjects", object, id.as_str()]);
        let since = unmodified_since.map(|at| at.strftime("%a, %d %b %Y %H:%M:%S GMT").to_string());
        let request = || {
            let request = self.write(Method::PATCH, &url).json(fields);
            since.iter().fold(request, |request, since| request.header(IF_UNMODIFIED_SINCE, since))
        };
        self.call(request).await.map(drop)
    }

    fn write(&self, method: Method, url: &Url) -> RequestBuilder {
        self.outbound.http.request(method, url.clone()).header(CALLER.0, CALLER.1)
    }

    async fn read_at<T: DeserializeOwned>(&self, url: &Url) -> Result<T, CallError> {
        read(&self.call(|| self.outbound.http.get(url.clone())).await?)
    }

    /// Sends with the current token; a refused token is replaced once. A 401 means that nothing was done, so
    /// even a write may be repeated after it.
    async fn call(&self, request: impl Fn() -> RequestBuilder) -> Result<Answer, CallError> {
        let mut session = self.tokens.session().await.map_err(CallError::Held)?;
        let mut answer = self.outbound.send(request().bearer_auth(session.token())).await?;
        if answer.status == StatusCode::UNAUTHORIZED {
            self.tokens.discard(&session);
            session = self.tokens.session().await.map_err(CallError::Held)?;
            answer = self.outbound.send(request().bearer_auth(session.token())).await?;
        }
        if answer.status.is_success() {
            Ok(answer)
        } else {
            Err(CallError::refused(&answer, self.outbound.clock.now(), self.outbound.limit_pause))
        }
    }

    /// The base and further segments, each escaped.
    fn url(&self, segments: &[&str]) -> Url {
        let mut url = self.base.clone();
        if let Ok(mut path) = url.path_segments_mut() {
            path.extend(segments);
        }
        url
    }
}

fn read<T: DeserializeOwned>(answer: &Answer) -> Result<T, CallError> {
    answer.json().map_err(|_| unreadable())
}

fn created(prefix: Prefix, answer: &Answer) -> Result<SalesforceId, CallError> {
    SalesforceId::of(prefix, &read::<Identified>(answer)?.id).ok_or_else(unreadable)
}
