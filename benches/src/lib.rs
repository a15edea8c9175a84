//! Shared pieces of the benches: what the machine can do, and Criterion with rows that say how much of it a kernel uses.

mod aligned;
mod quiet;

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use criterion::measurement::{Measurement, ValueFormatter, WallTime};
use criterion::{Criterion, Throughput};
use rkeras_kernels::machine::{copy_bandwidth, peak_flops};

pub use aligned::Aligned;
use quiet::Clock;

/// What the row being measured could reach at best: units of its throughput a second.
static CEILING: AtomicU64 = AtomicU64::new(0);

/// Wall time, whose throughputs are shown with their fraction of the ceiling.
pub struct OfCeiling(WallTime);

impl Measurement for OfCeiling {
    type Intermediate = Instant;
    type Value = Duration;

    fn start(&self) -> Instant {
        self.0.start()
    }
    fn end(&self, start: Instant) -> Duration {
        self.0.end(start)
    }
    fn add(&self, a: &Duration, b: &Duration) -> Duration {
        self.0.add(a, b)
    }
    fn zero(&self) -> Duration {
        self.0.zero()
    }
    fn to_f64(&self, value: &Duration) -> f64 {
        self.0.to_f64(value)
    }
    fn formatter(&self) -> &dyn ValueFormatter {
        self
    }
}

impl ValueFormatter for OfCeiling {
    fn scale_values(&self, typical: f64, values: &mut [f64]) -> &'static str {
        self.0.formatter().scale_values(typical, values)
    }

    fn scale_throughputs(&self, typical: f64, throughput: &Throughput, values: &mut [f64]) -> &'static str {
        let (units, name) = match *throughput {
            Throughput::Elements(n) => (n as f64, "GFLOP/s"),
            Throughput::Bytes(n) => (n as f64, "GB/s"),
            _ => return self.0.formatter().scale_throughputs(typical, throughput, values),
        };
        // Values are nanoseconds.
        for value in values.iter_mut() {
            *value = units / *value;
        }
        let ceiling = f64::from_bits(CEILING.load(Ordering::Relaxed)) / 1e9;
        let percent = 100.0 * units / typical / ceiling;
        // Criterion wants a name that lasts: a few bytes a row.
        Box::leak(format!("{name} ({percent:.0}% of {ceiling:.0})").into_boxed_str())
    }

    fn scale_for_machines(&self, values: &mut [f64]) -> &'static str {
        self.0.formatter().scale_for_machines(values)
    }
}

/// Criterion for kernels of microseconds: short runs, compared with a ceiling that was measured just before or earlier on.
pub struct Bench {
    criterion: Criterion<OfCeiling>,
    /// Operations a second of one thread, the most that was seen.
    peak: f64,
}

impl Bench {
    /// With the arguments of the command line: a filter, `--save-baseline` and so on.
    pub fn from_args() -> Self {
        let criterion = Criterion::default()
            .with_measurement(OfCeiling(WallTime))
            .warm_up_time(Duration::from_millis(100))
            .measurement_time(Duration::from_millis(500))
            .sample_size(20)
            .without_plots()
            .configure_from_args();
        Self { criterion, peak: 0.0 }
    }

    /// A call of so many floating-point operations, against the peak of this many threads.
    pub fn flops(&mut self, group: &str, name: &str, flops: usize, threads: usize, f: impl FnMut()) {
        self.peak = self.peak.max(peak_flops());
        self.row(group, name, self.peak * threads as f64, Throughput::Elements(flops as u64), f);
    }

    /// A call that moves so many bytes, against a copy of as many.
    pub fn bytes(&mut self, group: &str, name: &str, bytes: usize, f: impl FnMut()) {
        self.row(group, name, copy_bandwidth(bytes / 2), Throughput::Bytes(bytes as u64), f);
    }

    #[expect(clippy::print_stdout, reason = "a line more of what Criterion prints")]
    fn row(&mut self, group: &str, name: &str, ceiling: f64, throughput: Throughput, mut f: impl FnMut()) {
        CEILING.store(ceiling.to_bits(), Ordering::Relaxed);
        let mut clock = Clock::new();
        let mut group = self.criterion.benchmark_group(group);
        group.throughput(throughput).bench_function(name, |b| b.iter_custom(|calls| clock.time(calls, &mut f)));
        group.finish();
        if let Some((times, forced)) = clock.disturbance() {
            println!("{:24}cores shared: a call took {times:.2} times as long; {:.0}% of the time above is of shared cores too", "", 100.0 * forced);
        }
    }

    /// Prints the summary.
    pub fn finish(self) {
        self.criterion.final_summary();
    }
}
