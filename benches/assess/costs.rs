//! What a round of something costs.

use std::time::{Duration, Instant};

/// Each candidate runs this often, then the next one has its turn: what disturbs the machine disturbs all of them.
pub const ROUNDS: u32 = 500;
pub const TURNS: usize = 41;

/// What one round cost, in microseconds, cheapest turn first.
#[derive(Default)]
pub struct Costs(Vec<f64>);

impl Costs {
    #[expect(clippy::disallowed_methods, reason = "a benchmark measures the machine's own time")]
    pub fn measure(&mut self, round: impl Fn()) {
        let start = Instant::now();
        (0..ROUNDS).for_each(|_| round());
        let cost = micros(start.elapsed()) / f64::from(ROUNDS);
        let at = self.0.partition_point(|other| *other < cost);
        self.0.insert(at, cost);
    }

    pub fn median(&self) -> f64 {
        self.0[self.0.len() / 2]
    }
}

impl std::fmt::Display for Costs {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let quarter = self.0.len() / 4;
        let (fastest, low, high) = (self.0[0], self.0[quarter], self.0[self.0.len() - 1 - quarter]);
        write!(f, "{:7.1} µs {fastest:7.1} µs  {low:.1} to {high:.1} µs", self.median())
    }
}

pub fn micros(cost: Duration) -> f64 {
    cost.as_secs_f64() * 1e6
}
