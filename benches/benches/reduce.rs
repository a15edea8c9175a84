//! Reductions, normalisation and moves: all of them should run at the speed of memory.

use std::hint::black_box;

use rkeras_benches::{Aligned, Bench};
use rkeras_kernels::element::{as_bytes, as_bytes_mut};
use rkeras_kernels::reduce::{Reduce, Reduction, reduce_float};
use rkeras_kernels::{layout, norm, parallel, random};

fn main() {
    let mut bench = Bench::from_args();
    parallel::set_num_threads(1);
    let n = 1 << 20;
    let mut x = Aligned::new(n, |_| 0f32);
    random::normal(1, 1, 0.0, 1.0, &mut x);
    let mut y = Aligned::new(n, |_| 0f32);
    for (shape, axes) in [([1024, 1024, 1], vec![0]), ([1024, 1024, 1], vec![1]), ([1024, 1024, 1], vec![0, 1]), ([64, 64, 256], vec![1])] {
        let loops = Reduction::new(&shape, &axes);
        for op in [Reduce::Sum, Reduce::Max, Reduce::LogSumExp] {
            let out = n / loops.count();
            bench.bytes("memory", &format!("{op:?} of {shape:?} over {axes:?}"), 4 * n, || {
                reduce_float(op, &loops, black_box(&x), black_box(&mut y[..out]));
            });
        }
    }
    for (outer, c, inner) in [(16384, 64, 1), (65536, 16, 1), (349_524, 3, 1), (16, 64, 1024)] {
        let n = outer * c * inner;
        let (gamma, beta, mut mean, mut var) = (vec![1.0; c], vec![0.0; c], vec![0.0; c], vec![1.0; c]);
        bench.bytes("memory", &format!("batch_norm ({outer}, {c}, {inner})"), 12 * n, || {
            let (x, y) = (black_box(&x[..n]), black_box(&mut y[..n]));
            norm::batch_norm::<f32>(outer, c, inner, x, &gamma, &beta, 1e-3, y, &mut mean, &mut var);
        });
        let (mut dgamma, mut dbeta) = (vec![0.0; c], vec![0.0; c]);
        bench.bytes("memory", &format!("its gradient ({outer}, {c}, {inner})"), 20 * n, || {
            let (x, dx) = (black_box(&x[..n]), black_box(&mut y[..n]));
            norm::batch_norm_grad::<f32>(
                outer, c, inner, x, &gamma, &mean, &var, 1e-3, x, Some(dx), &mut dgamma, &mut dbeta,
            );
        });
    }
    for (rows, k) in [(4096, 256), (1024, 1024)] {
        let (gamma, beta, mut mean, mut rstd) = (vec![1.0; k], vec![0.0; k], vec![0.0; rows], vec![0.0; rows]);
        bench.bytes("memory", &format!("layer_norm ({rows}, {k})"), 8 * n, || {
            norm::layer_norm::<f32>(rows, k, black_box(&x), &gamma, &beta, 1e-3, black_box(&mut y), &mut mean, &mut rstd);
        });
    }
    for (shape, order) in [
        (vec![1024, 1024], vec![1, 0]),
        (vec![16, 32, 32, 64], vec![0, 3, 1, 2]),
        (vec![16, 64, 32, 32], vec![0, 2, 3, 1]),
        (vec![16, 128, 8, 64], vec![0, 2, 1, 3]),
    ] {
        bench.bytes("memory", &format!("permute {shape:?} to {order:?}"), 8 * n, || {
            layout::permute(4, &shape, &order, black_box(as_bytes(&x)), black_box(as_bytes_mut(&mut y)));
        });
    }
    bench.finish();
}
