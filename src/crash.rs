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
    "look.seen",
    "look.recorded",
    "delivery.edited",
];

/// The same for a click in Slack.
pub const CLICK_POINTS: &[&str] = &["click.before_commit", "click.after_commit", "click.applied"];

/// The same for the weekly message.
pub const ROLL_UP_POINTS: &[&str] = &["roll_up.claimed", "roll_up.intent", "roll_up.sent"];

/// The same for an answer on its way to the CRM.
pub const WRITE_POINTS: &[&str] =
    &["write.begun", "write.patched", "write.sent", "write.shown", "write.recorded"];

/// The same for people who are told that an answer and the CRM differ.
pub const CONFLICT_POINTS: &[&str] = &["write.recorded", "write.told"];

/// Dies on the spot, without unwinding or flushing, if `HANDOFF_CRASH_AT` names this place.
/// `HANDOFF_CRASH_AT=delivery.sent:2` dies on the second visit.
///
/// `HANDOFF_HANG_AT` names a place in the same way; the thread that reaches it hangs there, as does every later one,
/// and the rest of the process goes on until it is killed. An acknowledgement that is sent too early gets the time to
/// be sent. Release builds contain nothing of either.
#[macro_export]
macro_rules! crash_point {
    ($name:literal) => {
        #[cfg(debug_assertions)]
        $crate::crash::visit($name);
    };
}

#[cfg(debug_assertions)]
#[doc(hidden)]
pub fn visit(name: &'static str) {
    use std::sync::LazyLock;

    static DIES: LazyLock<Option<Place>> = LazyLock::new(|| Place::named_by("HANDOFF_CRASH_AT"));
    static HANGS: LazyLock<Option<Place>> = LazyLock::new(|| Place::named_by("HANDOFF_HANG_AT"));

    if DIES.as_ref().is_some_and(|place| place.is_reached(name)) {
        std::process::abort();
    }
    if HANGS.as_ref().is_some_and(|place| place.is_reached(name)) {
        tracing::warn!(point = name, "stands still");
        tokio::task::block_in_place(|| {
            loop {
                std::thread::park();
            }
        });
    }
}

/// A place, and how many visits are still free.
#[cfg(debug_assertions)]
struct Place {
    name: String,
    free: std::sync::atomic::AtomicI64,
}

#[cfg(debug_assertions)]
impl Place {
    fn named_by(variable: &str) -> Option<Self> {
        let wanted = std::env::var(variable).ok()?;
        let (name, visit) = wanted.split_once(':').unwrap_or((&wanted, "1"));
        Some(Self { name: name.to_owned(), free: (visit.parse().unwrap_or(1) - 1).into() })
    }

    fn is_reached(&self, name: &str) -> bool {
        self.name == name && self.free.fetch_sub(1, std::sync::atomic::Ordering::SeqCst) <= 0
    }
}
