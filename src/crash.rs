//! Crash points: places where a test can kill the process, to prove that nothing is lost or doubled.

/// Every place named by [`crash_point!`], in the order a webhook passes them. The kill sweep in
/// `tests/it` runs over this list and fails if a name here is never reached.
pub const POINTS: &[&str] = &[
    "webhook.before_commit",
    "webhook.after_commit",
    "deal.claimed",
    "deal.resolved",
    "deal.before_commit",
    "deal.after_commit",
    "delivery.claimed",
    "delivery.intent",
    "delivery.sent",
    "delivery.recorded",
];

/// Dies on the spot, without unwinding or flushing, if `HANDOFF_CRASH_AT` names this place.
/// `HANDOFF_CRASH_AT=delivery.sent:2` dies on the second visit. Release builds contain nothing of it.
#[macro_export]
macro_rules! crash_point {
    ($name:literal) => {
        #[cfg(debug_assertions)]
        $crate::crash::visit($name);
    };
}

#[cfg(debug_assertions)]
#[doc(hidden)]
pub fn visit(name: &str) {
    use std::sync::LazyLock;
    use std::sync::atomic::{AtomicU32, Ordering};

    static WANTED: LazyLock<Option<(String, AtomicU32)>> = LazyLock::new(|| {
        let wanted = std::env::var("HANDOFF_CRASH_AT").ok()?;
        let (name, visit) = wanted.split_once(':').unwrap_or((&wanted, "1"));
        Some((name.to_owned(), AtomicU32::new(visit.parse().unwrap_or(1))))
    });
    if let Some((wanted, left)) = &*WANTED
        && wanted == name
        && left.fetch_sub(1, Ordering::SeqCst) == 1
    {
        std::process::abort();
    }
}
