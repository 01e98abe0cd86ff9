//! Candidates that take turns at the same requests.

use std::net::SocketAddr;
use std::time::Duration;

use crate::load::{Batch, CONNECTIONS, Requests, closed};
use crate::options::Options;
use crate::samples::{Samples, count};

/// Requests of one turn, at most: they are rendered beforehand, and memory has an end.
const MOST_BYTES: usize = 400 << 20;

/// A server, and what it did.
pub struct Candidate {
    address: SocketAddr,
    /// Requests that it answered with 200.
    pub answered: usize,
    /// Requests a second, round by round.
    pub rates: Samples,
}

impl Candidate {
    pub fn at(address: SocketAddr) -> Self {
        Self { address, answered: 0, rates: Samples::default() }
    }

    /// Answers so many requests; says how fast.
    pub fn answers(&mut self, requests: usize, batch: Batch) -> f64 {
        let took = closed(self.address, CONNECTIONS, Requests::render(requests, batch));
        self.answered += requests;
        count(requests) / took.as_secs_f64()
    }
}

/// Warms all of them up, and then lets each have its turn in every round.
pub fn take_turns(options: &Options, batch: Batch, candidates: &mut [&mut Candidate]) {
    let most = MOST_BYTES / Requests::render(10, batch).size();
    let warm_up = options.or_quick(10_000, 2_000) / batch.events().isqrt();
    let in_a_turn = |rate: f64, span: Duration| {
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a number of requests")]
        let requests = (rate * span.as_secs_f64()) as usize;
        requests.clamp(100, most)
    };
    let mut requests = Vec::new();
    for candidate in candidates.iter_mut() {
        candidate.answers(warm_up, batch);
        requests.push(in_a_turn(candidate.answers(warm_up, batch), options.turn()));
    }
    for _ in 0..options.rounds() {
        for (candidate, requests) in candidates.iter_mut().zip(&requests) {
            let rate = candidate.answers(*requests, batch);
            candidate.rates.push(rate);
        }
    }
}
