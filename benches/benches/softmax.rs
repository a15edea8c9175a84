//! Softmax and its gradient by rows and down columns, the losses on it, and random numbers.

use std::hint::black_box;

use rkeras_benches::row;
use rkeras_kernels::{loss, parallel, random, softmax};

fn main() {
    parallel::set_num_threads(1);
    for (outer, n, inner) in [(1024, 10, 1), (256, 1000, 1), (64, 64, 64), (1024, 10, 4)] {
        let len = outer * n * inner;
        let (mut x, mut y) = (vec![0f32; len], vec![0f32; len]);
        random::normal(1, 1, 0.0, 1.0, &mut x);
        let shape = format!("({outer}, {n}, {inner})");
        row(&format!("softmax {shape}"), 8 * len, len, || {
            softmax::softmax(outer, n, inner, black_box(&x), black_box(&mut y));
        });
        row(&format!("log_softmax {shape}"), 8 * len, len, || {
            softmax::log_softmax(outer, n, inner, black_box(&x), black_box(&mut y));
        });
        row(&format!("softmax_grad {shape}"), 12 * len, len, || {
            softmax::softmax_grad(outer, n, inner, black_box(&x), black_box(&x), black_box(&mut y));
        });
        if inner == 1 {
            let (labels, mut losses) = (vec![1; outer], vec![0.0; outer]);
            row(&format!("sparse crossentropy {shape}"), 4 * len, len, || {
                loss::sparse_categorical(outer, n, true, 1e-7, &labels, black_box(&x), black_box(&mut losses));
            });
        }
    }
    let n = 1 << 20;
    let (x, mut y) = (vec![1f32; n], vec![0f32; n]);
    row("uniform", 4 * n, n, || random::uniform(1, 1, 0.0, 1.0, black_box(&mut y)));
    row("normal", 4 * n, n, || random::normal(1, 1, 0.0, 1.0, black_box(&mut y)));
    row("truncated_normal", 4 * n, n, || random::truncated_normal(1, 1, 0.0, 1.0, black_box(&mut y)));
    row("dropout", 8 * n, n, || random::dropout(black_box(&x), 1, 1, 0.3, black_box(&mut y)));
}
