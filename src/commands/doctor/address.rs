//! Whether what a CRM would sign for our public address is what the service sees: the whole way through DNS, TLS
//! and proxy, to the signature check.
//!
//! The webhook is an empty batch, signed like HubSpot's. It says nothing, so nothing is recorded; that it is
//! answered with 200 proves that scheme, host, path, body and headers arrive as they were signed.

use std::net::SocketAddr;

use jiff::Timestamp;
use reqwest::StatusCode;
use reqwest::header::{CONTENT_TYPE, LOCATION};
use secrecy::{ExposeSecret as _, SecretString};

use super::Finding;
use crate::clock::Clock;
use crate::config::Config;
use crate::crm::hubspot::sign_v3;

const ADDRESS: &str = "public address";
const PATH: &str = "/webhooks/hubspot";

#[derive(Debug, Clone, PartialEq, Eq)]
enum Answer {
    Status(StatusCode),
    Redirect(String),
    None(String),
}

pub(super) async fn look(config: &Config, http: &reqwest::Client) -> Vec<Finding> {
    let Some(public_url) = &config.public_url else {
        let every = config.work.catch_up.unwrap_or_default();
        let seen =
            format!("none is configured, and none is needed: the CRMs are asked for wins every {every:?}");
        return vec![Finding::good(ADDRESS, seen)];
    };
    let trip = Trip { config, public_url, http, now: Clock::machine().now() };
    let mut secrets: Vec<&SecretString> = Vec::new();
    for secret in config.accounts.iter().flat_map(|account| account.settings.address_secrets()) {
        if secrets.iter().all(|known| known.expose_secret() != secret.expose_secret()) {
            secrets.push(secret);
        }
    }
    if secrets.is_empty() {
        return vec![trip.reach().await];
    }
    let mut found = Vec::new();
    for (number, secret) in secrets.into_iter().enumerate() {
        found.push(trip.round(number + 1, secret).await);
    }
    found
}

struct Trip<'a> {
    config: &'a Config,
    public_url: &'a str,
    http: &'a reqwest::Client,
    now: Timestamp,
}

impl Trip<'_> {
    /// Nothing in a Salesforce webhook vouches for the address, so that it leads here is all there is to prove.
    async fn reach(&self) -> Finding {
        let url = format!("{}/healthz", self.public_url);
        match answer(self.http.get(&url).timeout(self.config.work.http_timeout)).await {
            Answer::Status(StatusCode::OK) => Finding::good(ADDRESS, format!("{url} answers")),
            other => self.lost(&url, &other),
        }
    }

    async fn round(&self, number: usize, secret: &SecretString) -> Finding {
        let url = format!("{}{PATH}", self.public_url);
        match self.send(&url, &url, secret).await {
            Answer::Status(StatusCode::OK) => Finding::good(
                ADDRESS,
                format!("{url} takes what HubSpot signs for it (client secret {number})"),
            ),
            Answer::Status(StatusCode::UNAUTHORIZED) => self.explain(&url, number, secret).await,
            other => self.lost(&url, &other),
        }
    }

    /// The batch that says nothing, to one address and signed for another.
    async fn send(&self, to: &str, signed: &str, secret: &SecretString) -> Answer {
        let mut call = self.http.post(to).timeout(self.config.work.http_timeout).body("[]");
        call = call.header(CONTENT_TYPE, "application/json");
        for (name, value) in sign_v3(signed, secret, b"[]", self.now) {
            call = call.header(name, value);
        }
        answer(call).await
    }

    /// It arrived, and its signature did not fit.
    async fn explain(&self, url: &str, number: usize, secret: &SecretString) -> Finding {
        let seen =
            |what: &str| format!("{url} refuses what HubSpot signs for it (client secret {number}): {what}");
        for (other, what) in others(url) {
            if self.send(url, &other, secret).await == Answer::Status(StatusCode::OK) {
                let remedy = "make `public_url` the address that is configured in HubSpot, to the letter, and \
                              restart the service";
                return Finding::bad(ADDRESS, seen(&format!("it would take {other} ({what})")), remedy);
            }
        }
        let direct = match direct(self.config.listen) {
            Some(base) => self.send(&format!("{base}{PATH}"), url, secret).await,
            None => Answer::None("it listens on no fixed port".to_owned()),
        };
        let (what, remedy) = match direct {
            Answer::Status(StatusCode::OK) => (
                "without the proxy it is taken",
                "let the proxy pass on path, query, body and the headers X-HubSpot-* unchanged",
            ),
            Answer::Status(StatusCode::UNAUTHORIZED) => (
                "without the proxy too",
                "the running service has another `public_url` or another secret: restart it, or give it the \
                 environment that this command has",
            ),
            _ => (
                "the service itself is not on this machine, so the proxy cannot be told from the service",
                "see the service's log: it says what would have matched. Run this command beside the service",
            ),
        };
        Finding::bad(ADDRESS, seen(what), remedy)
    }

    fn lost(&self, url: &str, answer: &Answer) -> Finding {
        let (seen, remedy) = match answer {
            Answer::None(why) => (
                format!("{url} cannot be reached: {why}"),
                "see DNS, certificate and proxy, and that the service runs. Some networks cannot call their own \
                 public address: then run this from elsewhere",
            ),
            Answer::Redirect(to) => (
                format!("{url} redirects to {to}"),
                "CRMs do not follow: configure the address that answers, here and there",
            ),
            Answer::Status(StatusCode::SERVICE_UNAVAILABLE) => (
                format!("{url} answers 503"),
                "the service cannot store webhooks, or the proxy cannot reach the service: see both logs",
            ),
            Answer::Status(status) => {
                let seen = format!("{url} answers {}: that is not this service", status.as_u16());
                let remedy = format!("let the proxy pass {PATH} to {}", self.config.listen);
                return Finding::bad(ADDRESS, seen, remedy);
            }
        };
        Finding::bad(ADDRESS, seen, remedy)
    }
}

async fn answer(call: reqwest::RequestBuilder) -> Answer {
    match call.send().await {
        Ok(answer) if answer.status().is_redirection() => {
            let to = answer.headers().get(LOCATION).and_then(|to| to.to_str().ok()).unwrap_or("nowhere");
            Answer::Redirect(to.to_owned())
        }
        Ok(answer) => Answer::Status(answer.status()),
        Err(error) => {
            let mut deepest: &dyn std::error::Error = &error;
            while let Some(source) = deepest.source() {
                deepest = source;
            }
            Answer::None(deepest.to_string())
        }
    }
}

/// Addresses that a service behind the same proxy may be configured for by mistake.
fn others(url: &str) -> Vec<(String, &'static str)> {
    let swapped = match url.split_once("://") {
        Some(("https", rest)) => format!("http://{rest}"),
        Some((_, rest)) => format!("https://{rest}"),
        None => url.to_owned(),
    };
    let www = match url.split_once("://www.") {
        Some((scheme, rest)) => format!("{scheme}://{rest}"),
        None => url.replacen("://", "://www.", 1),
    };
    let mut others = vec![(swapped, "another scheme"), (www, "another host")];
    // A path of the public address that the proxy takes away on the way.
    if let Some((origin, _)) = url.strip_suffix(PATH).and_then(|base| {
        let (scheme, rest) = base.split_once("://")?;
        let (host, path) = rest.split_once('/')?;
        Some((format!("{scheme}://{host}"), path))
    }) {
        others.push((format!("{origin}{PATH}"), "a shorter path"));
    }
    others
}

/// Where the service itself answers, if it is on this machine.
fn direct(listen: SocketAddr) -> Option<String> {
    let host = match listen {
        _ if listen.port() == 0 => return None,
        SocketAddr::V4(address) if address.ip().is_unspecified() => "127.0.0.1".to_owned(),
        SocketAddr::V6(address) if address.ip().is_unspecified() => "[::1]".to_owned(),
        SocketAddr::V4(address) => address.ip().to_string(),
        SocketAddr::V6(address) => format!("[{}]", address.ip()),
    };
    Some(format!("http://{host}:{}", listen.port()))
}
