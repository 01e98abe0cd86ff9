//! At a steady rate, whether answers come or not: a request that had to wait for a free connection began when it was
//! meant to begin, and not when it got one.
//!
//! One thread for all connections, as it shares the cores with what it measures: a thread for each cost more than the
//! service did. It waits with `poll`, because tokio's timers tick in milliseconds, which is as long as an answer takes.

use std::net::SocketAddr;
use std::time::Duration;

use handoff_bridge::clock::Clock;
use rustix::event::{PollFd, PollFlags, Timespec, poll};

use super::requests::Requests;
use super::wire::{PATIENCE, Wire};
use crate::samples::{Samples, count};

/// A connection, and when the request that it carries was meant to begin.
struct Line {
    wire: Wire,
    intended: Option<Duration>,
}

/// Sends them at `rate` a second, and says how many milliseconds after its intended start each one was answered.
pub fn open(address: SocketAddr, connections: usize, rate: f64, requests: &Requests) -> Samples {
    let line = |_| Line { wire: Wire::to(address), intended: None };
    let mut lines: Vec<Line> = (0..connections).map(line).collect();
    let (mut next, mut late) = (0, Samples::default());
    let watch = Clock::stopwatch();
    loop {
        let mut wait = PATIENCE;
        for line in lines.iter_mut().filter(|line| line.intended.is_none()) {
            let Some(request) = requests.get(next) else { break };
            let intended = Duration::from_secs_f64(count(next) / rate);
            if let Some(early) = intended.checked_sub(watch.elapsed()) {
                wait = early;
                break;
            }
            line.wire.begins(request);
            line.intended = Some(intended);
            next += 1;
        }
        let mut busy: Vec<&mut Line> = lines.iter_mut().filter(|line| line.intended.is_some()).collect();
        if busy.is_empty() && requests.get(next).is_none() {
            return late;
        }
        for number in answered(&busy, wait) {
            let line = &mut *busy[number];
            if line.wire.has_ended() {
                let intended = line.intended.take().unwrap_or_default();
                late.push(watch.elapsed().saturating_sub(intended).as_secs_f64() * 1e3);
            }
        }
    }
}

/// Waits for answers; which connections have more to read.
fn answered(busy: &[&mut Line], wait: Duration) -> Vec<usize> {
    let mut asked: Vec<PollFd<'_>> = busy.iter().map(|line| PollFd::new(&line.wire, PollFlags::IN)).collect();
    let ready = poll(&mut asked, Some(&Timespec::try_from(wait).unwrap())).unwrap();
    assert!(ready > 0 || wait < PATIENCE, "there was no answer");
    let ready = asked.iter().enumerate().filter(|(_, fd)| !fd.revents().is_empty());
    ready.map(|(number, _)| number).collect()
}
