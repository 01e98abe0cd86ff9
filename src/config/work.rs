//! `[work]`: workers, retries and time limits.

use std::time::Duration;

use super::WorkConfig;
use crate::store::{StoreConfig, StoreUrl};
use handoff_core::source::{Block, Field, Problems, Span};

/// Working on one row takes several calls in a row. A lease that ends before they can all have timed out
/// would let a second worker begin the same work.
const CALLS_PER_LEASE: u32 = 4;

/// How long those calls may have to wait for the rate limits, together: within HubSpot's window everything that waits
/// gets its turn.
const RATE_LIMIT_WAIT: Duration = Duration::from_secs(10);

/// How often the CRMs are asked for wins when they cannot tell of them: 1,440 calls a day and account.
const ASKED: Duration = Duration::from_mins(1);

/// Reads the block; what it leaves out keeps its default. Without `webhooks` the CRMs are asked for every win.
pub(super) fn read(
    section: Option<Block<'_>>,
    store: &StoreConfig,
    webhooks: bool,
    problems: &mut Problems,
) -> WorkConfig {
    let mut default = WorkConfig::default();
    if !webhooks {
        default.catch_up = Some(ASKED);
    }
    let Some(mut section) = section else { return default };
    let workers = section.take("workers").integer(1, 64, problems);
    let replicas = section.take("replicas");
    let replicas_at = replicas.value_span();
    let tries = section.take("tries").integer(1, 1000, problems);
    let http_timeout = section.take("http_timeout");
    let longest_retry = section.take("longest_retry");
    let lease = section.take("lease");
    let first_retry = section.take("first_retry");
    let lease_at = lease.key_span().or(http_timeout.key_span());
    let retry_at = first_retry.key_span().or(longest_retry.key_span());
    let (catch_up, window) = (section.take("catch_up"), section.take("catch_up_window"));
    let (asked_at, window_at) = (catch_up.key_span(), window.key_span().or(catch_up.key_span()));
    let mut time = |name: &str, default| section.take(name).duration(problems).unwrap_or(default);
    let (pause, poll) = (time("pause", default.pause), time("poll", default.poll));
    let digest_waits = time("digest_waits", default.digest_waits);
    let (reload, shutdown) = (time("reload", default.reload), time("shutdown", default.shutdown));
    let work = WorkConfig {
        workers: workers.and_then(|workers| usize::try_from(workers).ok()).unwrap_or(default.workers),
        replicas: replicas.integer(1, 64, problems).unwrap_or(default.replicas),
        http_timeout: http_timeout.duration(problems).unwrap_or(default.http_timeout),
        first_retry: first_retry.duration(problems).unwrap_or(default.first_retry),
        longest_retry: longest_retry.duration(problems).unwrap_or(default.longest_retry),
        tries: tries.unwrap_or(default.tries),
        lease: lease.duration(problems).unwrap_or(default.lease),
        pause,
        poll,
        digest_waits,
        reload,
        shutdown,
        catch_up: or_off(catch_up, default.catch_up, problems),
        catch_up_window: window.duration(problems).unwrap_or(default.catch_up_window),
        follow: default.follow,
    };
    section.finish(problems);
    if let (Some(span), 2.., StoreUrl::Sqlite(_)) = (replicas_at, work.replicas, &store.url) {
        let help = "set url_env under [store] to a PostgreSQL database, or replicas = 1";
        problems.error(span, "a SQLite file is served by one process only", help);
    }
    if let (Some(span), None, false) = (asked_at, work.catch_up, webhooks) {
        let help = "write how often the CRMs are asked: catch_up = \"1m\"; or where they reach the service: public_url";
        problems.error(span, "without `public_url` nothing would tell of a win", help);
    }
    contradictions(&work, [lease_at, retry_at, window_at], problems);
    work
}

/// A time, or the word `off`.
fn or_off(field: Field<'_>, default: Option<Duration>, problems: &mut Problems) -> Option<Duration> {
    if !field.is_present() {
        return default;
    }
    match field.text(problems) {
        Some(("off", _)) | None => None,
        Some(_) => field.duration(problems),
    }
}

/// Reports settings that contradict each other, at these places for the lease, the retries and the window.
fn contradictions(work: &WorkConfig, [lease, retry, window]: [Option<Span>; 3], problems: &mut Problems) {
    let needed = work.http_timeout.saturating_mul(CALLS_PER_LEASE);
    if let Some(span) = lease.filter(|_| work.lease < needed) {
        problems.error(
            span,
            format!(
                "with a lease of {:?} and an http_timeout of {:?} two workers could do the same work",
                work.lease, work.http_timeout
            ),
            format!(
                "make lease at least {CALLS_PER_LEASE} times http_timeout: lease = \"{}s\"",
                needed.as_secs().max(1)
            ),
        );
    }
    let busy = needed.saturating_add(RATE_LIMIT_WAIT);
    if let Some(span) = lease.filter(|_| (needed..busy).contains(&work.lease)) {
        problems.warning(
            span,
            format!("a lease of {:?} may end while its calls wait for the rate limits", work.lease),
            format!("add {} s for that: lease = \"{}s\"", RATE_LIMIT_WAIT.as_secs(), busy.as_secs()),
        );
    }
    if let Some(span) = retry.filter(|_| work.first_retry > work.longest_retry) {
        problems.error(
            span,
            format!(
                "first_retry ({:?}) is longer than longest_retry ({:?})",
                work.first_retry, work.longest_retry
            ),
            "make longest_retry the longer of the two",
        );
    }
    let overlapping = work.catch_up.unwrap_or_default().saturating_mul(2);
    if let Some(span) = window.filter(|_| work.catch_up_window < overlapping) {
        problems.error(
            span,
            format!(
                "with a catch_up of {:?} and a catch_up_window of {:?} a win could fall between two looks",
                work.catch_up.unwrap_or_default(),
                work.catch_up_window
            ),
            format!(
                "make catch_up_window at least twice catch_up: catch_up_window = \"{}s\"",
                overlapping.as_secs().max(1)
            ),
        );
    }
}
