//! Softmax and its gradient by rows and down columns, the losses on it, and random numbers.

use std::hint::black_box;

use rkeras_benches::{Aligned, Bench};
use rkeras_kernels::{loss, parallel, random, softmax};

fn main() {
    let mut bench = Bench::from_args();
    parallel::set_num_threads(1);
    for (outer, n, inner) in [(1024, 10, 1), (256, 1000, 1), (64, 64, 64), (1024, 10, 4)] {
        let len = outer * n * inner;
        let (mut x, mut y) = (Aligned::new(len, |_| 0f32), Aligned::new(len, |_| 0f32));
        random::normal(1, 1, 0.0, 1.0, &mut x);
        let shape = format!("({outer}, {n}, {inner})");
        bench.bytes("softmax", &format!("softmax {shape}"), 8 * len, || {
            softmax::softmax(outer, n, inner, black_box(&x), black_box(&mut y));
        });
        bench.bytes("softmax", &format!("log_softmax {shape}"), 8 * len, || {
            softmax::log_softmax(outer, n, inner, black_box(&x), black_box(&mut y));
        });
        bench.bytes("softmax", &format!("softmax_grad {shape}"), 12 * len, || {
            softmax::softmax_grad(outer, n, inner, black_box(&x), black_box(&x), black_box(&mut y));
        });
        if inner == 1 {
            let (labels, mut losses) = (vec![1; outer], vec![0.0; outer]);
            bench.bytes("softmax", &format!("sparse crossentropy {shape}"), 4 * len, || {
                loss::sparse_categorical(outer, n, true, 1e-7, &labels, black_box(&x), black_box(&mut losses));
            });
        }
    }
    let n = 1 << 20;
    let (x, mut y) = (Aligned::new(n, |_| 1f32), Aligned::new(n, |_| 0f32));
    bench.bytes("softmax", "uniform", 4 * n, || random::uniform(1, 1, 0.0, 1.0, black_box(&mut y)));
    bench.bytes("softmax", "normal", 4 * n, || random::normal(1, 1, 0.0, 1.0, black_box(&mut y)));
    bench.bytes("softmax", "truncated_normal", 4 * n, || random::truncated_normal(1, 1, 0.0, 1.0, black_box(&mut y)));
    bench.bytes("softmax", "dropout", 8 * n, || random::dropout(black_box(&x), 1, 1, 0.3, black_box(&mut y)));
    bench.finish();
}
