//! When to open a socket to Slack, and when to wait: a state machine that is told what happens.
//!
//! Two sockets are held, so that one is left while the other is recycled. A socket that is told to go is replaced before it
//! closes. Whatever fails, or does not hold, makes the next attempt wait longer: Slack counts sockets, and a client that
//! reconnects without a pause uses them up. <https://docs.slack.dev/apis/events-api/using-socket-mode>

use std::time::Duration;

use jiff::Timestamp;

use crate::clock::later;
use crate::failure::Failure;

/// Sockets that are held at once.
pub(super) const WANTED: usize = 2;

/// The least time between two attempts.
const GAP: Duration = Duration::from_secs(1);

/// The longest time between two attempts after failures in a row.
const LONGEST: Duration = Duration::from_mins(1);

/// The least wait after Slack said that there are too many sockets.
const CROWDED: Duration = Duration::from_secs(30);

/// A socket that ends earlier than this after its greeting did not hold.
const HELD: Duration = Duration::from_secs(10);

/// What happened to a socket.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Event {
    /// Slack greeted it, and counts so many sockets of this app.
    Connected { counted: usize },
    /// Slack told it to go; it goes on delivering for a while.
    Leaving { held: Duration },
    /// Slack has too many sockets of this app. It was connected, or it was not yet.
    Crowded { was_connected: bool },
    /// Slack switched sockets off for this app.
    Disabled,
    /// It ended without notice, after it had been connected for so long.
    Lost { held: Duration },
    /// It could not be opened.
    Failed(Failure),
}

/// How many sockets there are, and when the next may be opened.
#[derive(Debug, Default)]
pub(super) struct Plan {
    connecting: bool,
    /// Connected, and not told to go.
    open: usize,
    failures: u32,
    not_before: Option<Timestamp>,
    disabled: bool,
}

impl Plan {
    pub(super) fn open(&self) -> usize {
        self.open
    }

    pub(super) fn is_disabled(&self) -> bool {
        self.disabled
    }

    /// When the next socket is to be opened; `None` while there are enough, or one is on its way.
    pub(super) fn next(&self, now: Timestamp) -> Option<Timestamp> {
        let short = !self.disabled && !self.connecting && self.open < WANTED;
        // A clock that was set back does not make it wait for longer than it would from now.
        short.then(|| self.not_before.map_or(now, |at| at.min(later(now, LONGEST.max(CROWDED) * 30))))
    }

    /// A socket is being opened.
    pub(super) fn begin(&mut self, now: Timestamp) {
        self.connecting = true;
        self.not_before = Some(later(now, GAP));
    }

    /// Something happened to a socket. `jitter` is a fraction in `0.0..1.0`, `pause` the wait after a refusal that ends
    /// only when a person acts.
    pub(super) fn note(&mut self, event: &Event, now: Timestamp, jitter: f64, pause: Duration) {
        let (wait, failed) = match event {
            Event::Connected { .. } => {
                self.connecting = false;
                self.open += 1;
                return;
            }
            Event::Disabled => {
                *self = Self { disabled: true, ..Self::default() };
                return;
            }
            Event::Leaving { held } | Event::Lost { held } => {
                self.open = self.open.saturating_sub(1);
                (Duration::ZERO, *held < HELD)
            }
            Event::Crowded { was_connected } => {
                if *was_connected {
                    self.open = self.open.saturating_sub(1);
                } else {
                    self.connecting = false;
                }
                (CROWDED, true)
            }
            Event::Failed(failure) => {
                self.connecting = false;
                let wait = match failure {
                    Failure::Retry { after, .. } => after.unwrap_or_default(),
                    Failure::Unknown { .. } => Duration::ZERO,
                    Failure::Pause { .. } | Failure::GiveUp { .. } => pause,
                };
                (wait, true)
            }
        };
        self.failures = if failed { self.failures.saturating_add(1) } else { 0 };
        let backoff = if failed { GAP * 2_u32.saturating_pow(self.failures.min(10)) } else { Duration::ZERO };
        let spread = 0.8 + 0.4 * jitter.clamp(0.0, 1.0);
        let wait = wait.max(backoff.min(LONGEST).mul_f64(spread));
        let soonest = later(now, wait);
        self.not_before = Some(self.not_before.map_or(soonest, |at| at.max(soonest)));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PAUSE: Duration = Duration::from_mins(15);
    const STEADY: Duration = Duration::from_hours(1);

    /// A plan and the seconds of its clock.
    struct Story(Plan, i64);

    impl Story {
        fn new() -> Self {
            Self(Plan::default(), 1_000)
        }

        fn now(&self) -> Timestamp {
            Timestamp::from_second(self.1).unwrap()
        }

        /// Seconds until the next socket is opened.
        fn wait(&self) -> Option<i64> {
            self.0.next(self.now()).map(|at| at.duration_since(self.now()).as_secs().max(0))
        }

        fn opens(&mut self) {
            self.1 += self.wait().expect("a socket is wanted");
            let now = self.now();
            self.0.begin(now);
            assert_eq!(self.wait(), None, "one at a time");
        }

        fn hears(&mut self, event: &Event) {
            let now = self.now();
            self.0.note(event, now, 0.5, PAUSE);
        }

        fn connects(&mut self) {
            self.opens();
            self.hears(&Event::Connected { counted: 1 });
        }
    }

    #[test]
    fn two_sockets_are_held_a_second_apart() {
        let mut story = Story::new();
        assert_eq!(story.wait(), Some(0));
        story.connects();
        assert_eq!(story.wait(), Some(1));
        story.connects();
        assert_eq!((story.wait(), story.0.open()), (None, 2));
    }

    #[test]
    fn a_socket_that_is_told_to_go_is_replaced_at_once() {
        let mut story = Story::new();
        story.connects();
        story.connects();
        story.1 += 3_600;
        story.hears(&Event::Leaving { held: STEADY });
        assert_eq!(story.wait(), Some(0));
    }

    #[test]
    fn failures_in_a_row_wait_longer_up_to_a_minute_and_a_socket_that_held_ends_them() {
        let mut story = Story::new();
        let failed = Event::Failed(Failure::retry("could not connect"));
        let mut waits = Vec::new();
        for _ in 0..8 {
            story.opens();
            story.hears(&failed);
            waits.extend(story.wait());
        }
        assert_eq!(waits, [2, 4, 8, 16, 32, 60, 60, 60]);
        story.connects();
        story.hears(&Event::Lost { held: Duration::from_secs(1) });
        assert_eq!(story.wait(), Some(60), "it did not hold");
        story.connects();
        story.1 += 3_600;
        story.hears(&Event::Lost { held: STEADY });
        assert_eq!(story.wait(), Some(0));
    }

    #[test]
    fn where_there_are_too_many_the_next_waits_half_a_minute_at_least() {
        let mut story = Story::new();
        story.connects();
        story.opens();
        story.hears(&Event::Crowded { was_connected: false });
        assert_eq!((story.wait(), story.0.open()), (Some(30), 1));
        story.hears(&Event::Crowded { was_connected: true });
        assert_eq!(story.0.open(), 0);
    }

    #[test]
    fn a_refusal_waits_for_a_person_and_slacks_wish_is_honoured() {
        let mut story = Story::new();
        story.opens();
        story.hears(&Event::Failed(Failure::Pause { why: "invalid_auth".to_owned(), until: None }));
        assert_eq!(story.wait(), Some(900));
        let mut story = Story::new();
        story.opens();
        let after = Some(Duration::from_secs(90));
        story.hears(&Event::Failed(Failure::Retry { why: "429".to_owned(), after }));
        assert_eq!(story.wait(), Some(90));
    }

    #[test]
    fn once_sockets_are_switched_off_none_is_opened_any_more() {
        let mut story = Story::new();
        story.connects();
        story.hears(&Event::Disabled);
        story.1 += 100_000;
        assert_eq!((story.wait(), story.0.open(), story.0.is_disabled()), (None, 0, true));
    }
}
