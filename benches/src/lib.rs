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
