//! Time and randomness. Everything else asks here, so that tests decide both.
//!
//! `clippy.toml` bans `SystemTime::now` and friends everywhere but in this file.
#![allow(clippy::disallowed_methods, reason = "this is the one place that may read the machine's clock")]

use std::sync::{Arc, LazyLock, Mutex, PoisonError};
use std::time::{Duration, Instant};

use jiff::{SignedDuration, Timestamp};
use tokio::sync::watch;

/// The clock of one running service: the machine's, or one that a test sets and moves.
#[derive(Clone)]
pub struct Clock(Source);

#[derive(Clone)]
enum Source {
    Machine,
    /// Stands still at an instant.
    Manual(Arc<watch::Sender<Timestamp>>),
    /// The machine's clock plus a span.
    Shifted(Arc<watch::Sender<Shift>>),
}

/// A span, and how much time has passed by moving it: a clock that is set back makes none unpassed.
type Shift = (SignedDuration, Duration);

fn shift_by(shift: &mut Shift, span: SignedDuration) {
    *shift = (span, shift.1 + Duration::try_from(span.saturating_sub(shift.0)).unwrap_or_default());
}

/// When the process began, more or less.
static BEGUN: LazyLock<Instant> = LazyLock::new(Instant::now);

impl Clock {
    pub fn machine() -> Self {
        Self(Source::Machine)
    }

    /// The clock of a process: the machine's. In a debug build a test can move it: `HANDOFF_CLOCK_SHIFT` names a
    /// file that holds by how many milliseconds it goes before the machine's, and that may change at any time.
    /// Release builds contain nothing of it.
    pub fn of_process() -> Self {
        #[cfg(debug_assertions)]
        if let Some(file) = std::env::var_os("HANDOFF_CLOCK_SHIFT") {
            return Self::shifted_by(file.into());
        }
        Self::machine()
    }

    #[cfg(debug_assertions)]
    pub(crate) fn shifted_by(file: std::path::PathBuf) -> Self {
        const LOOK: Duration = Duration::from_millis(20);
        let read = move || {
            let millis = std::fs::read_to_string(&file).ok()?.trim().parse().ok()?;
            Some(SignedDuration::from_millis(millis))
        };
        let shift = Arc::new(watch::Sender::new((read().unwrap_or_default(), Duration::ZERO)));
        let moved = Arc::clone(&shift);
        tokio::spawn(async move {
            loop {
                tokio::time::sleep(LOOK).await;
                let Some(now) = read() else { continue };
                if moved.borrow().0 != now {
                    moved.send_modify(|shift| shift_by(shift, now));
                }
            }
        });
        Self(Source::Shifted(shift))
    }

    /// A clock that stands still at `start` until [`Clock::advance`] moves it.
    pub fn manual(start: Timestamp) -> Self {
        Self(Source::Manual(Arc::new(watch::Sender::new(start))))
    }

    /// A clock that shows `start` now, runs like the machine's, and jumps by [`Clock::advance`].
    pub fn running_from(start: Timestamp) -> Self {
        let span = start.duration_since(Timestamp::now());
        Self(Source::Shifted(Arc::new(watch::Sender::new((span, Duration::ZERO)))))
    }

    pub fn now(&self) -> Timestamp {
        match &self.0 {
            Source::Machine => Timestamp::now(),
            Source::Manual(now) => *now.borrow(),
            Source::Shifted(shift) => shifted(*shift.borrow()),
        }
    }

    /// The time that has passed since some instant. It goes on evenly when an operator sets the machine's clock, so what
    /// is limited or kept in memory goes by it.
    pub fn elapsed(&self) -> Duration {
        match &self.0 {
            Source::Machine => BEGUN.elapsed(),
            Source::Manual(now) => now.borrow().as_duration().try_into().unwrap_or_default(),
            Source::Shifted(shift) => BEGUN.elapsed() + shift.borrow().1,
        }
    }

    /// Milliseconds since 1970, the unit of every time in the store.
    pub fn now_millis(&self) -> i64 {
        self.now().as_millisecond()
    }

    /// Waits until this clock shows `instant` or later.
    pub async fn sleep_until(&self, instant: Timestamp) {
        match &self.0 {
            Source::Machine => {
                let left = Duration::try_from(instant.duration_since(Timestamp::now()));
                tokio::time::sleep(left.unwrap_or_default()).await;
            }
            Source::Manual(now) => {
                let mut moved = now.subscribe();
                // The sender lives in `self`, so this cannot end early.
                let _ = moved.wait_for(|now| *now >= instant).await;
            }
            Source::Shifted(shift) => {
                let mut moved = shift.subscribe();
                loop {
                    let left = instant.duration_since(shifted(*moved.borrow_and_update()));
                    let left = Duration::try_from(left).unwrap_or_default();
                    if tokio::time::timeout(left, moved.changed()).await.is_err() {
                        return;
                    }
                }
            }
        }
    }

    /// Waits for `span` of this clock's time.
    pub async fn sleep(&self, span: Duration) {
        self.sleep_until(later(self.now(), span)).await;
    }

    /// Moves a test's clock forward and wakes everyone who waits for the new time.
    /// The machine's clock cannot be moved: nothing happens.
    pub fn advance(&self, span: Duration) {
        match &self.0 {
            Source::Machine => {}
            Source::Manual(now) => now.send_modify(|now| *now = later(*now, span)),
            Source::Shifted(shift) => {
                let span = SignedDuration::try_from(span).unwrap_or(SignedDuration::MAX);
                shift.send_modify(|shift| shift_by(shift, shift.0.saturating_add(span)));
            }
        }
    }

    /// Starts measuring how long something takes, in real time whatever the clock.
    pub fn stopwatch() -> Instant {
        Instant::now()
    }
}

fn shifted((span, _): Shift) -> Timestamp {
    Timestamp::now().checked_add(span).unwrap_or(Timestamp::MAX)
}

/// `instant + span`, standing still at the end of time instead of overflowing.
pub fn later(instant: Timestamp, span: Duration) -> Timestamp {
    instant.checked_add(span).unwrap_or(Timestamp::MAX)
}

/// Randomness for jitter and ids; a test seeds it.
#[derive(Clone)]
pub struct Entropy(Arc<Mutex<fastrand::Rng>>);

impl Entropy {
    /// Seeded by the machine.
    pub fn machine() -> Self {
        Self(Arc::new(Mutex::new(fastrand::Rng::new())))
    }

    /// The same numbers every time.
    pub fn seeded(seed: u64) -> Self {
        Self(Arc::new(Mutex::new(fastrand::Rng::with_seed(seed))))
    }

    /// A number in `0.0..1.0`.
    pub fn fraction(&self) -> f64 {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).f64()
    }
}
