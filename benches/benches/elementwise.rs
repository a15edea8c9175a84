//! Elementwise kernels, in the cache and out of it, against a copy of the same bytes.

use std::hint::black_box;

use rkeras_benches::{Aligned, Bench};
use rkeras_kernels::binary::{Binary, Broadcast, binary};
use rkeras_kernels::cast::{Kind, cast};
use rkeras_kernels::element::{as_bytes, as_bytes_mut};
use rkeras_kernels::optim::{Adam, Gradient, adam};
use rkeras_kernels::parallel;
use rkeras_kernels::unary::{Unary, unary_float};

fn main() {
    let mut bench = Bench::from_args();
    parallel::set_num_threads(1);
    let n = 1 << 13;
    let x = Aligned::new(n, |i| 0.01 + (i % 997) as f32 * 0.01);
    let mut y = Aligned::new(n, |_| 0f32);
    for op in [
        Unary::Relu, Unary::Exp, Unary::Log, Unary::Tanh, Unary::Sigmoid, Unary::Erf, Unary::Softplus, Unary::Gelu,
        Unary::GeluTanh, Unary::Silu, Unary::Expm1, Unary::Log1p, Unary::Sin, Unary::Elu(1.0), Unary::Sqrt, Unary::PowBy(0.3),
    ] {
        bench.bytes("8192 f32", &format!("{op:?}"), 8 * n, || unary_float(op, black_box(&x), black_box(&mut y)));
    }
    for (name, shape) in [("same shape", vec![64, 128]), ("scalar", vec![]), ("row", vec![128]), ("column", vec![64, 1])] {
        let loops = Broadcast::new(&[64, 128], &shape);
        bench.bytes("8192 f32", &format!("add, {name}"), 8 * n, || {
            binary(Binary::Add, &loops, black_box(&x), black_box(&x), black_box(&mut y));
        });
    }
    for to in [Kind::F16, Kind::BF16, Kind::I32] {
        let bytes = if to == Kind::I32 { 4 * n } else { 2 * n };
        let mut z = Aligned::new(bytes / 4, |_| 0u32);
        let z = as_bytes_mut(&mut z);
        bench.bytes("8192 f32", &format!("cast to {to:?}"), 4 * n + bytes, || {
            cast(Kind::F32, to, black_box(as_bytes(&x)), black_box(z));
        });
    }
    let n = 1 << 24;
    let filled = |value: f32| Aligned::new(n, |_| value);
    let (a, b, mut c) = (filled(1.0), filled(2.0), filled(0.0));
    bench.bytes("16 Mi f32", "relu", 8 * n, || unary_float(Unary::Relu, black_box(&a), black_box(&mut c)));
    let loops = Broadcast::new(&[n], &[n]);
    bench.bytes("16 Mi f32", "add", 12 * n, || binary(Binary::Add, &loops, black_box(&a), black_box(&b), black_box(&mut c)));
    let (mut m, mut v) = (filled(0.0), filled(0.0));
    let factors = Adam { alpha: 1e-3, beta1: 0.9, beta2: 0.999, epsilon: 1e-7 };
    let whole = Gradient::Whole(&a);
    bench.bytes("16 Mi f32", "adam", 28 * n, || adam(black_box(&mut c), &mut m, &mut v, None, black_box(whole), &factors));
    // Rows of an embedding of 64 numbers a word: those of 6400 words, spread over the table.
    let indices: Vec<i64> = (0..6400).map(|i| i * 40_503 % (1 << 18)).collect();
    let rows = Gradient::Rows { updates: &a[..6400 * 64], indices: &indices, n: 1 << 18 };
    bench.bytes("16 Mi f32", "adam of 6400 rows", 24 * n, || adam(black_box(&mut c), &mut m, &mut v, None, black_box(rows), &factors));
    bench.finish();
}
