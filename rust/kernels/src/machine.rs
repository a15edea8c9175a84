//! What the machine can do at best, measured: what the benches and the profiler compare kernels with.

use std::hint::black_box;
use std::time::Instant;

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

/// Bytes a second, read and written, of a copy of `bytes` bytes on one thread.
pub fn copy_bandwidth(bytes: usize) -> f64 {
    let (x, mut y) = (vec![1u8; bytes], vec![0u8; bytes]);
    2.0 * bytes as f64 / seconds(|| black_box(&mut y[..]).copy_from_slice(black_box(&x)))
}

/// Operations a second of float32 multiply-adds that one thread can do with the widest registers: the ceiling of every kernel.
pub fn peak_flops() -> f64 {
    const ROUNDS: usize = 1 << 16;
    let flops = |lanes: usize| (2 * ROUNDS * CHAINS * lanes) as f64;
    #[cfg(target_arch = "x86_64")]
    {
        if std::is_x86_feature_detected!("avx512f") {
            // SAFETY: the feature was detected.
            return flops(16) / seconds(|| unsafe { chains_avx512(ROUNDS) });
        }
        if std::is_x86_feature_detected!("fma") {
            // SAFETY: the feature was detected.
            return flops(8) / seconds(|| unsafe { chains_avx2(ROUNDS) });
        }
    }
    flops(1) / seconds(|| chains(ROUNDS))
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

/// Instructions a second that this thread could issue just now: a run of some microseconds of instructions that do nothing.
///
/// A core whose other half is at work gives each thread about half of them, while multiply-adds alone, two a cycle, run as before.
pub fn issue_rate() -> f64 {
    const ROUNDS: usize = 500;
    let start = Instant::now();
    let instructions = idle(ROUNDS);
    instructions as f64 / start.elapsed().as_secs_f64()
}

/// Runs instructions that do nothing, and says how many.
#[cfg(any(target_arch = "x86_64", target_arch = "aarch64"))]
fn idle(rounds: usize) -> usize {
    for _ in 0..black_box(rounds) {
        // SAFETY: the instruction has no effect.
        unsafe { std::arch::asm!(".rept 240", "nop", ".endr", options(nomem, nostack, preserves_flags)) };
    }
    240 * rounds
}

/// Runs additions, and says how many.
#[cfg(not(any(target_arch = "x86_64", target_arch = "aarch64")))]
fn idle(rounds: usize) -> usize {
    let mut sums = [0_usize; 8];
    for _ in 0..black_box(30 * rounds) {
        for sum in &mut sums {
            *sum = black_box(*sum).wrapping_add(1);
        }
    }
    black_box(sums);
    240 * rounds
}
