//! Telling what a kernel needs from what others on the same cores take.
//!
//! On a rented machine another tenant's thread may run on the other half of a core. It takes half of the instructions that the core can
//! issue and a quarter of its loads, for milliseconds at a time, and shows in no counter. So a run is cut into
//! pieces, before and after each the rate of issue is taken, and pieces beside which it was not the full one are repeated. So are
//! pieces in which a core stood still, which the machine's host may also do to it for milliseconds. And threads are given a core each: a
//! kernel of such a host may rather leave two of them on one for seconds, and another idle.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Barrier, OnceLock};
use std::time::{Duration, Instant};

use rkeras_kernels::machine::issue_rate;
use rkeras_kernels::parallel;

/// The least part of the full rate at which a core counts as undisturbed. Wide registers lower the clock by some percent,
/// a neighbour takes the rate to half.
const UNDISTURBED: f64 = 0.85;
/// How many times as long as in the quickest piece a call may take: one that took longer had a core that stood still.
const STOOD_STILL: f64 = 2.0;
/// What is measured between two looks at the cores.
const PIECE: Duration = Duration::from_micros(100);
/// How long pieces are repeated in all before they count as they are.
const PATIENCE: Duration = Duration::from_secs(6);

/// Looks at the cores before the first row, a fifth of a second: spells of shared cores are shorter.
const LOOKS: usize = 30_000;

/// The highest rate of issue seen, in bits.
static FULL: AtomicU64 = AtomicU64::new(0);

/// A stopwatch for calls on as many threads as are set.
#[derive(Default)]
pub struct Clock {
    /// All that was run, disturbed or not.
    all: Spent,
    /// Of what counts: the pieces that found no quiet moment.
    forced: Spent,
    counted: Spent,
    /// Seconds of a call in the quickest piece.
    quickest: Option<f64>,
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

/// A core's rate of issue, as a part of the highest one seen.
fn rate() -> f64 {
    let rate = issue_rate();
    // Positive numbers are in the order of their bits.
    rate / f64::from_bits(FULL.fetch_max(rate.to_bits(), Ordering::Relaxed)).max(rate)
}

/// Gives each thread a core of its own, if there are as many.
fn spread() {
    static CORES: OnceLock<Vec<core_affinity::CoreId>> = OnceLock::new();
    // Asked before any thread is bound: afterwards only its own core would be found.
    let cores = CORES.get_or_init(|| core_affinity::get_core_ids().unwrap_or_default());
    let threads = parallel::num_threads();
    if threads > cores.len() {
        return;
    }
    // Nobody passes before everybody is there, so nobody takes two.
    let all = Barrier::new(threads);
    parallel::for_each(threads, |i| {
        all.wait();
        core_affinity::set_for_current(cores[i]);
    });
}

/// Whether no thread's core is shared just now.
fn undisturbed() -> bool {
    let shared = AtomicBool::new(false);
    parallel::for_each(parallel::num_threads(), |_| {
        shared.fetch_or(rate() < UNDISTURBED, Ordering::Relaxed);
    });
    !shared.into_inner()
}

impl Clock {
    pub fn new() -> Self {
        spread();
        if FULL.load(Ordering::Relaxed) == 0 {
            (0..LOOKS).for_each(|_| _ = rate());
        }
        Self::default()
    }

    /// The time that so many calls take on cores of their own.
    pub fn time(&mut self, calls: u64, mut f: impl FnMut()) -> Duration {
        let (mut total, mut left, mut size) = (Spent::default(), calls, 1);
        let mut before = undisturbed();
        while left > 0 {
            let n = left.min(size);
            let start = Instant::now();
            (0..n).for_each(|_| f());
            let time = start.elapsed();
            let after = undisturbed();
            self.all.add(n, time);
            let took = time.as_secs_f64() / n as f64;
            let quickest = self.quickest.map_or(took, |quickest| quickest.min(took));
            self.quickest = Some(quickest);
            let quiet = before && after && took <= STOOD_STILL * quickest;
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
