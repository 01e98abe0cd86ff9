//! A deadline by the service's clock, which holds even after the process was stopped for a while.

use std::future::poll_fn;
use std::pin::pin;
use std::task::Poll;

use jiff::Timestamp;

use crate::clock::Clock;

/// Runs the call until the instant. Returns `None` if the instant came first; the call is not polled after it.
///
/// The clock is asked each time, before the call is: a timer is ready only once the runtime has looked at its timers,
/// and a process that was stopped for a while may have other things to do first.
pub(super) async fn before<T>(clock: &Clock, instant: Timestamp, call: impl Future<Output = T>) -> Option<T> {
    let (mut call, mut timer) = (pin!(call), pin!(clock.sleep_until(instant)));
    poll_fn(|context| {
        if clock.now() >= instant {
            return Poll::Ready(None);
        }
        match call.as_mut().poll(context) {
            Poll::Ready(done) => Poll::Ready(Some(done)),
            Poll::Pending => timer.as_mut().poll(context).map(|()| None),
        }
    })
    .await
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;
    use std::time::Duration;

    use futures_util::poll;

    use super::*;
    use crate::clock::later;

    #[tokio::test]
    async fn a_call_is_not_gone_on_with_even_if_nobody_has_looked_at_the_timers() {
        let clock = Clock::machine();
        let instant = later(clock.now(), Duration::from_millis(50));
        let looks = Cell::new(0);
        let call = poll_fn(|_| {
            looks.set(looks.get() + 1);
            Poll::<()>::Pending
        });
        let mut limited = pin!(before(&clock, instant, call));
        let _ = poll!(limited.as_mut());
        let until_then = looks.get();
        // The runtime's only thread does not get to its timers here, as in a process that was stopped.
        while clock.now() < instant {
            std::hint::spin_loop();
        }
        assert_eq!(poll!(limited.as_mut()), Poll::Ready(None));
        assert_eq!(looks.get(), until_then);
    }

    #[tokio::test]
    async fn a_call_ends_at_the_instant_or_before() {
        let clock = Clock::manual(Timestamp::UNIX_EPOCH);
        let instant = later(clock.now(), Duration::from_secs(1));
        assert_eq!(before(&clock, instant, async { 7 }).await, Some(7));
        let mut limited = pin!(before(&clock, instant, std::future::pending::<u8>()));
        assert!(poll!(limited.as_mut()).is_pending());
        clock.advance(Duration::from_secs(1));
        assert_eq!(limited.await, None);
    }
}
