//! Shared pieces of the benches: what the machine can do, and Criterion with rows that say how much of it a kernel uses.

mod aligned;

use std::hint::black_box;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use criterion::measurement::{Measurement, ValueFormatter, WallTime};
use criterion::{Criterion, Throughput};

pub use aligned::Aligned;

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

/// Criterion for kernels of microseconds: short runs, compared with a ceiling that was measured just before.
pub struct Bench(Criterion<OfCeiling>);

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
        Self(criterion)
    }

    /// A call of so many floating-point operations, against the peak of this many threads.
    pub fn flops(&mut self, group: &str, name: &str, flops: usize, threads: usize, f: impl FnMut()) {
        self.row(group, name, peak() * 1e9 * threads as f64, Throughput::Elements(flops as u64), f);
    }

    /// A call that moves so many bytes, against a copy of as many.
    pub fn bytes(&mut self, group: &str, name: &str, bytes: usize, f: impl FnMut()) {
        self.row(group, name, copy_bandwidth(bytes / 2) * 1e9, Throughput::Bytes(bytes as u64), f);
    }

    fn row(&mut self, group: &str, name: &str, ceiling: f64, throughput: Throughput, mut f: impl FnMut()) {
        CEILING.store(ceiling.to_bits(), Ordering::Relaxed);
        let mut group = self.0.benchmark_group(group);
        group.throughput(throughput).bench_function(name, |b| b.iter(&mut f));
        group.finish();
    }

    /// Prints the summary.
    pub fn finish(self) {
        self.0.final_summary();
    }
}

/// Seconds of one call, the least of several runs of some milliseconds: other work on the machine only adds.
fn seconds(mut f: impl FnMut()) -> f64 {
    let mut best = f64::INFINITY;
    for _ in 0..5 {
        let (start, mut calls) = (Instant::now(), 0);
        while start.elapsed().as_millis() < 3 || calls == 0 {
            f();
            calls += 1;
        }
        best = best.min(start.elapsed().as_secs_f64() / f64::from(calls));
    }
    best
}

/// GB/s, read and written, of a copy of `bytes` bytes on one thread.
fn copy_bandwidth(bytes: usize) -> f64 {
    let (x, mut y) = (vec![1u8; bytes], vec![0u8; bytes]);
    2.0 * bytes as f64 / seconds(|| black_box(&mut y[..]).copy_from_slice(black_box(&x))) / 1e9
}

/// GFLOP/s of float32 multiply-adds that one thread can do with the widest registers: the ceiling of every kernel.
fn peak() -> f64 {
    const ROUNDS: usize = 1 << 16;
    let flops = |lanes: usize| (2 * ROUNDS * CHAINS * lanes) as f64;
    #[cfg(target_arch = "x86_64")]
    {
        if std::is_x86_feature_detected!("avx512f") {
            // SAFETY: the feature was detected.
            return flops(16) / seconds(|| unsafe { chains_avx512(ROUNDS) }) / 1e9;
        }
        if std::is_x86_feature_detected!("fma") {
            // SAFETY: the feature was detected.
            return flops(8) / seconds(|| unsafe { chains_avx2(ROUNDS) }) / 1e9;
        }
    }
    flops(1) / seconds(|| chains(ROUNDS)) / 1e9
}

/// Independent sums, enough to hide the latency of a multiply-add on two ports.
const CHAINS: usize = 24;

macro_rules! chains {
    ($name:ident, $features:literal, $set:ident, $fma:ident) => {
        #[cfg(target_arch = "x86_64")]
        #[target_feature(enable = $features)]
        fn $name(rounds: usize) {
            use std::arch::x86_64::{$fma, $set};
            let (x, y) = ($set(black_box(0.999_f32)), $set(black_box(1e-3_f32)));
            let mut sums = [$set(1.0); CHAINS];
            for _ in 0..rounds {
                for sum in &mut sums {
                    *sum = $fma(*sum, x, y);
                }
            }
            black_box(sums);
        }
    };
}

chains!(chains_avx512, "avx512f", _mm512_set1_ps, _mm512_fmadd_ps);
// Sixteen registers hold twelve sums and two factors; the rest go through memory, which costs this older path a little.
chains!(chains_avx2, "avx2,fma", _mm256_set1_ps, _mm256_fmadd_ps);

/// The same without vector registers.
fn chains(rounds: usize) {
    let (x, y) = (black_box(0.999_f32), black_box(1e-3_f32));
    let mut sums = [1.0_f32; CHAINS];
    for _ in 0..rounds {
        for sum in &mut sums {
            *sum = *sum * x + y;
        }
    }
    black_box(sums);
}
