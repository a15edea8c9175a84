//! Elementwise kernels: ns an element in cache, and GB/s against a copy of the same bytes.

use std::hint::black_box;
use std::time::Instant;

use rkeras_kernels::binary::{Binary, Broadcast, binary};
use rkeras_kernels::cast::{Kind, cast};
use rkeras_kernels::element::{as_bytes, as_bytes_mut};
use rkeras_kernels::optim::{Adam, adam};
use rkeras_kernels::unary::{Unary, unary_float};

/// Seconds of one call, the least of several runs of some milliseconds.
fn seconds(mut f: impl FnMut()) -> f64 {
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

fn report(line: &str) {
    use std::io::Write;
    let _ = writeln!(std::io::stdout(), "{line}");
}

fn main() {
    let n = 1 << 13;
    let x: Vec<f32> = (0..n).map(|i| 0.01 + (i % 997) as f32 * 0.01).collect();
    let mut y = vec![0f32; n];
    report("8192 f32, ns an element");
    for op in [
        Unary::Relu, Unary::Exp, Unary::Log, Unary::Tanh, Unary::Sigmoid, Unary::Erf, Unary::Softplus, Unary::Gelu,
        Unary::GeluTanh, Unary::Silu, Unary::Expm1, Unary::Log1p, Unary::Sin, Unary::Elu(1.0), Unary::Sqrt, Unary::PowBy(0.3),
    ] {
        let t = seconds(|| unary_float(op, black_box(&x), black_box(&mut y)));
        report(&format!("{op:?}: {:.3}", t * 1e9 / n as f64));
    }
    for (name, shape) in [("same shape", vec![64, 128]), ("scalar", vec![]), ("row", vec![128]), ("column", vec![64, 1])] {
        let loops = Broadcast::new(&[64, 128], &shape);
        let t = seconds(|| binary(Binary::Add, &loops, black_box(&x), black_box(&x), black_box(&mut y)));
        report(&format!("add, {name}: {:.3}", t * 1e9 / n as f64));
    }
    for to in [Kind::F16, Kind::BF16, Kind::I32] {
        let bytes = if to == Kind::I32 { 4 * n } else { 2 * n };
        let mut z = vec![0u32; bytes / 4];
        let z = as_bytes_mut(&mut z);
        let t = seconds(|| cast(Kind::F32, to, black_box(as_bytes(&x)), black_box(z)));
        report(&format!("f32 to {to:?}: {:.3}", t * 1e9 / n as f64));
    }
    let n = 1 << 24;
    let (a, b, mut c) = (vec![1f32; n], vec![2f32; n], vec![0f32; n]);
    report("16 Mi f32, GB/s");
    let gigabytes = |arrays: usize, t: f64| (arrays * 4 * n) as f64 / t / 1e9;
    report(&format!("copy: {:.1}", gigabytes(2, seconds(|| black_box(&mut c).copy_from_slice(black_box(&a))))));
    report(&format!("relu: {:.1}", gigabytes(2, seconds(|| unary_float(Unary::Relu, black_box(&a), black_box(&mut c))))));
    let loops = Broadcast::new(&[n], &[n]);
    let t = seconds(|| binary(Binary::Add, &loops, black_box(&a), black_box(&b), black_box(&mut c)));
    report(&format!("add: {:.1}", gigabytes(3, t)));
    let (mut m, mut v) = (vec![0f32; n], vec![0f32; n]);
    let factors = Adam { alpha: 1e-3, beta1: 0.9, beta2: 0.999, epsilon: 1e-7 };
    let t = seconds(|| adam(black_box(&mut c), &mut m, &mut v, None, black_box(&a), &factors));
    report(&format!("adam (7 arrays moved): {:.1}", gigabytes(7, t)));
}
