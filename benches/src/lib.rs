//! Shared pieces of the benches: what the machine can do, and rows that say how much of it a kernel uses.

use std::hint::black_box;
use std::io::Write;
use std::time::Instant;

/// Seconds of one call, the least of several runs of some milliseconds: other work on the machine only adds.
pub fn seconds(mut f: impl FnMut()) -> f64 {
    let mut best = f64::INFINITY;
    for _ in 0..7 {
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
pub fn copy_bandwidth(bytes: usize) -> f64 {
    let (x, mut y) = (vec![1u8; bytes], vec![0u8; bytes]);
    2.0 * bytes as f64 / seconds(|| black_box(&mut y[..]).copy_from_slice(black_box(&x))) / 1e9
}

pub fn line(text: &str) {
    // A closed pipe is no reason to stop.
    let _ = writeln!(std::io::stdout(), "{text}");
}

/// Prints the throughput of one call that moves `bytes` bytes, and its share of a copy of as many.
pub fn row(name: &str, bytes: usize, elements: usize, f: impl FnMut()) {
    let time = seconds(f);
    let (rate, copy) = (bytes as f64 / time / 1e9, copy_bandwidth(bytes / 2));
    let each = time * 1e9 / elements as f64;
    line(&format!("{name:<44} {each:>8.3} ns/element {rate:>7.1} GB/s {:>4.0} % of a copy", 100.0 * rate / copy));
}

/// GFLOP/s of float32 multiply-adds that one thread can do with the widest registers: the ceiling of every kernel.
pub fn peak() -> f64 {
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

/// Prints GFLOP/s of one call and the fraction of the peak that was measured just before it.
pub fn flops_row(name: &str, flops: usize, threads: usize, f: impl FnMut()) {
    let top = peak() * threads as f64;
    let time = seconds(f);
    let rate = flops as f64 / time / 1e9;
    line(&format!("{name:<52} {:>9.1} µs {rate:>7.1} GFLOP/s {:>4.0} % of peak {top:.0}", time * 1e6, 100.0 * rate / top));
}
