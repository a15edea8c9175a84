//! Telling what a kernel needs from what others on the same cores take.
//!
//! On a rented machine another tenant's thread may run on the other half of a core. It takes half of the instructions that the core can
//! issue and of the lines that its caches deliver, for milliseconds at a time, and shows in no counter. So a run is cut into
//! pieces, before and after each the rate of issue is taken, and pieces beside which it was not the full one are repeated.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use rkeras_kernels::machine::issue_rate;
use rkeras_kernels::parallel;

/// The least part of the full rate at which a core counts as undisturbed. Wide registers lower the clock by some percent,
/// a neighbour takes the rate to half.
const UNDISTURBED: f64 = 0.85;
/// What is measured between two looks at the cores.
const PIECE: Duration = Duration::from_micros(100);
/// How long pieces are repeated in all before they count as they are.
const PATIENCE: Duration = Duration::from_secs(6);

/// A stopwatch for calls on a number of threads.
pub struct Clock {
    threads: usize,
    full: f64,
    /// All that was run, disturbed or not.
    all: Spent,
    /// Of what counts: the pieces that found no quiet moment.
    forced: Spent,
    counted: Spent,
}

#[derive(Clone, Copy, Default)]
struct Spent {
    calls: u64,
    time: Duration,
}

impl Spent {
    fn add(&mut self, calls: u64, time: Duration) {
        self.calls += calls;
        self.time += time;
    }

    fn seconds_a_call(&self) -> f64 {
        self.time.as_secs_f64() / self.calls as f64
    }
}

/// The slowest of the threads' rates of issue.
fn slowest(threads: usize) -> f64 {
    let rates: Vec<AtomicU64> = (0..threads).map(|_| AtomicU64::new(0)).collect();
    parallel::for_each(threads, |i| rates[i].store(issue_rate().to_bits(), Ordering::Relaxed));
    rates.iter().map(|rate| f64::from_bits(rate.load(Ordering::Relaxed))).fold(f64::INFINITY, f64::min)
}

impl Clock {
    /// Knows the full rate from the best of many looks.
    pub fn new(threads: usize) -> Self {
        let full = (0..2000).map(|_| issue_rate()).fold(0.0, f64::max);
        Self { threads, full, all: Spent::default(), forced: Spent::default(), counted: Spent::default() }
    }

    /// The time that so many calls take on cores of their own.
    pub fn time(&mut self, calls: u64, mut f: impl FnMut()) -> Duration {
        let (mut total, mut left, mut size) = (Spent::default(), calls, 1);
        let mut before = slowest(self.threads);
        while left > 0 {
            let n = left.min(size);
            let start = Instant::now();
            (0..n).for_each(|_| f());
            let time = start.elapsed();
            let after = slowest(self.threads);
            self.all.add(n, time);
            let quiet = before.min(after) > UNDISTURBED * self.full;
            if quiet || self.all.time > PATIENCE {
                total.add(n, time);
                if !quiet {
                    self.forced.add(n, time);
                }
                left -= n;
            }
            before = after;
            size = (PIECE.as_secs_f64() / self.all.seconds_a_call()).max(1.0) as u64;
        }
        self.counted.add(total.calls, total.time);
        total.time
    }

    /// How many times longer a call took on cores as they were, and the part of the time counted that found no quiet moment; nothing if
    /// nothing was run.
    pub fn disturbance(&self) -> Option<(f64, f64)> {
        let part = |of: Spent| of.time.as_secs_f64() / self.counted.time.as_secs_f64();
        (self.counted.calls > 0).then(|| (self.all.seconds_a_call() / self.counted.seconds_a_call(), part(self.forced)))
    }
}
