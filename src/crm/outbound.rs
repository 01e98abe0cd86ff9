//! One HTTP call to HubSpot, Salesforce or Slack: sends it, reads the answer up to a limit and says how it ended.
//!
//! What an answer means is decided in each vendor's own file; whether a failed call may be repeated is named at the
//! call site, by [`CallError::retry`] or [`CallError::read_back`].

use std::error::Error as _;
use std::time::Duration;

use reqwest::header::{HeaderMap, RETRY_AFTER};
use reqwest::{RequestBuilder, Response, StatusCode};
use serde::de::DeserializeOwned;

use crate::clock::Clock;
use crate::failure::Failure;

/// The largest answer that is read, in bytes. A describe of a large Salesforce org has some 2 MiB.
pub const MAX_ANSWER_BYTES: usize = 16 << 20;

/// An HTTP answer with any status, read whole.
#[derive(Debug, Clone)]
pub struct Answer {
    pub status: StatusCode,
    pub headers: HeaderMap,
    /// At most [`MAX_ANSWER_BYTES`].
    pub body: Vec<u8>,
}

impl Answer {
    /// A header as text; `None` if it is absent or not ASCII.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name)?.to_str().ok()
    }

    /// `Retry-After` in seconds. An HTTP date, which none of the three sends, counts as absent.
    pub fn retry_after(&self) -> Option<Duration> {
        self.header(RETRY_AFTER.as_str())?.trim().parse().ok().map(Duration::from_secs)
    }

    pub fn json<T: DeserializeOwned>(&self) -> serde_json::Result<T> {
        serde_json::from_slice(&self.body)
    }
}

/// Why a call got no whole answer. Never holds the URL, which may contain a secret.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SendError {
    /// The request could not be built, so nothing was sent.
    Invalid(String),
    /// No connection was made, so nothing was sent.
    NotSent(String),
    /// The request may have arrived; the time ran out.
    TimedOut,
    /// The request may have arrived; the connection broke.
    Broken(String),
    /// The request has arrived; the answer is larger than [`MAX_ANSWER_BYTES`].
    TooLarge,
}

impl From<reqwest::Error> for SendError {
    fn from(error: reqwest::Error) -> Self {
        // The innermost cause is the one that says something.
        let mut innermost = error.source();
        while let Some(deeper) = innermost.and_then(std::error::Error::source) {
            innermost = Some(deeper);
        }
        let cause = innermost.map_or_else(|| "the connection broke".to_owned(), ToString::to_string);
        match error {
            error if error.is_builder() => Self::Invalid(cause),
            error if error.is_connect() => Self::NotSent(cause),
            error if error.is_timeout() => Self::TimedOut,
            _ => Self::Broken(cause),
        }
    }
}

/// What every call is made with.
#[derive(Clone)]
pub struct Outbound {
    /// Must not follow redirects: a token must never travel to another host.
    pub http: reqwest::Client,
    /// Limit for one call, its answer included.
    pub timeout: Duration,
    /// A longer `Retry-After` counts as this one: `longest_retry` of the configuration.
    pub longest_wait: Duration,
    /// How long an account rests whose limit is used up, if it does not say.
    pub limit_pause: Duration,
    pub clock: Clock,
}

impl Outbound {
    /// Waits as long as a service does that is not configured otherwise.
    pub fn new(http: reqwest::Client, timeout: Duration, clock: Clock) -> Self {
        let (longest_wait, limit_pause) = (Duration::from_hours(6), Duration::from_mins(15));
        Self { http, timeout, longest_wait, limit_pause, clock }
    }

    /// Sends a request and reads the answer, whatever its status.
    pub async fn send(&self, request: RequestBuilder) -> Result<Answer, SendError> {
        let mut answer = read(request.timeout(self.timeout).send().await?).await?;
        if answer.retry_after().is_some_and(|wait| wait > self.longest_wait) {
            answer.headers.insert(RETRY_AFTER, self.longest_wait.as_secs().into());
        }
        Ok(answer)
    }
}

async fn read(mut response: Response) -> Result<Answer, SendError> {
    let (status, headers) = (response.status(), std::mem::take(response.headers_mut()));
    let mut body = Vec::new();
    while let Some(chunk) = response.chunk().await? {
        if body.len() + chunk.len() > MAX_ANSWER_BYTES {
            return Err(SendError::TooLarge);
        }
        body.extend_from_slice(&chunk);
    }
    Ok(Answer { status, headers, body })
}

/// How a call to a CRM failed; `E` is what this CRM answers with when it refuses.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum CallError<E> {
    /// Not tried: the rate limit holds the call back, or there is no token.
    Held(Failure),
    NotSent(String),
    /// The request may have arrived; no whole answer came back.
    Lost(String),
    /// The CRM answered, and the answer is not success.
    Refused(Box<E>),
    /// The CRM reported success in a form that cannot be read.
    Unreadable(String),
}

/// An answer of a CRM that is not success.
pub trait ApiError {
    /// What the answer means for a read and a write alike; `None` for a fault on the CRM's side, after which only a
    /// read is certain to have done nothing.
    fn failure(&self, doing: &str) -> Option<Failure>;

    /// What was tried and what was answered, without anything that could quote a customer.
    fn explain(&self, doing: &str) -> String;

    /// How long the CRM asked us to wait.
    fn retry_after(&self) -> Option<Duration>;
}

impl<E: ApiError> CallError<E> {
    /// The failure of a read, which changes nothing: it may be repeated unless the answer is final.
    pub fn retry(self, doing: &str) -> Failure {
        match self {
            Self::Held(failure) => failure,
            Self::NotSent(why) | Self::Lost(why) | Self::Unreadable(why) => {
                Failure::retry(format!("{doing}: {why}"))
            }
            Self::Refused(error) => error
                .failure(doing)
                .unwrap_or_else(|| Failure::Retry { why: error.explain(doing), after: error.retry_after() }),
        }
    }

    /// The failure of a write: if it may have happened, it must be read back before it is repeated.
    pub fn read_back(self, doing: &str) -> Failure {
        match self {
            Self::Held(failure) => failure,
            Self::NotSent(why) => Failure::retry(format!("{doing}: {why}")),
            Self::Lost(why) | Self::Unreadable(why) => Failure::unknown(format!("{doing}: {why}")),
            Self::Refused(error) => {
                error.failure(doing).unwrap_or_else(|| Failure::unknown(error.explain(doing)))
            }
        }
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    pub(crate) fn test_outbound(http: reqwest::Client, clock: Clock) -> Outbound {
        Outbound::new(http, Duration::from_secs(10), clock)
    }

    /// A server on loopback that answers every request with success and a body of this many bytes, which it sends packed
    /// where the client unpacks.
    pub(crate) async fn server_that_sends(bytes: usize) -> String {
        server_that_sends_elsewhere(bytes, axum::Router::new()).await
    }

    /// The same for every path that is not among these routes.
    pub(crate) async fn server_that_sends_elsewhere(bytes: usize, routes: axum::Router) -> String {
        let mut packed = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        std::io::Write::write_all(&mut packed, &vec![b' '; bytes]).unwrap();
        let packed = packed.finish().unwrap();
        assert!(packed.len() < bytes / 100, "a bomb");
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let app = routes.fallback(move |headers: axum::http::HeaderMap| {
            let unpacks =
                headers.get("accept-encoding").is_some_and(|value| value.to_str().unwrap().contains("gzip"));
            let packed = packed.clone();
            async move {
                let (encoding, body) =
                    if unpacks { ("gzip", packed) } else { ("identity", vec![b' '; bytes]) };
                ([("content-encoding", encoding)], body)
            }
        });
        tokio::spawn(async move { axum::serve(listener, app).await });
        url
    }

    async fn sent(url: &str) -> Result<Answer, SendError> {
        let _ = rustls::crypto::ring::default_provider().install_default();
        let http = reqwest::Client::builder().tls_certs_only([]).build().unwrap();
        let outbound = test_outbound(http, Clock::machine());
        outbound.send(outbound.http.get(url)).await
    }

    #[tokio::test]
    async fn an_answer_is_read_up_to_the_limit_and_not_beyond() {
        let answer = sent(&server_that_sends(MAX_ANSWER_BYTES).await).await.unwrap();
        assert_eq!((answer.status.as_u16(), answer.body.len()), (200, MAX_ANSWER_BYTES));
        let larger = sent(&server_that_sends(MAX_ANSWER_BYTES + 1).await).await;
        assert_eq!(larger.unwrap_err(), SendError::TooLarge);
    }

    #[tokio::test]
    async fn only_a_call_without_a_connection_was_certainly_not_sent() {
        let gone = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap();
        assert!(matches!(sent(&format!("http://{gone}")).await, Err(SendError::NotSent(_))));
        assert!(matches!(sent("http://").await, Err(SendError::Invalid(_))));
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        tokio::spawn(async move {
            while let Ok((connection, _)) = listener.accept().await {
                connection.readable().await.unwrap();
            }
        });
        assert!(matches!(sent(&url).await, Err(SendError::Broken(_))));
    }
}
