//! Softmax, losses and scans against plain f64 loops; slopes against difference quotients.

use proptest::prelude::*;
use rkeras_kernels::reduce::{Reduce, Reduction, reduce_float};
use rkeras_kernels::{isa, loss, parallel, random, scan, softmax};

fn numbers(seed: u64, n: usize) -> Vec<f64> {
    let mut x = vec![0.0; n];
    random::uniform(seed, 1, -3.0, 3.0, &mut x);
    x
}

fn single(x: &[f64]) -> Vec<f32> {
    x.iter().map(|v| *v as f32).collect()
}

fn close(got: &[f32], wanted: &[f64], tolerance: f64) {
    assert_eq!(got.len(), wanted.len());
    for (i, (g, w)) in got.iter().zip(wanted).enumerate() {
        assert!((f64::from(*g) - w).abs() <= tolerance * (1.0 + w.abs()), "{i}: {g}, wanted {w}");
    }
}

/// log(sum(exp)) of every column.
fn log_sums(outer: usize, n: usize, inner: usize, x: &[f64]) -> Vec<f64> {
    let column = |o: usize, i: usize| (0..n).map(move |k| x[(o * n + k) * inner + i].exp()).sum::<f64>().ln();
    (0..outer).flat_map(|o| (0..inner).map(move |i| column(o, i))).collect()
}

fn log_softmax(outer: usize, n: usize, inner: usize, x: &[f64]) -> Vec<f64> {
    let sums = log_sums(outer, n, inner, x);
    x.iter().enumerate().map(|(at, v)| v - sums[at / (n * inner) * inner + at % inner]).collect()
}

/// Slope of the function's value by each x.
fn slopes(x: &[f64], value: impl Fn(&[f64]) -> f64) -> Vec<f64> {
    (0..x.len())
        .map(|i| {
            let (mut up, mut down) = (x.to_vec(), x.to_vec());
            up[i] += 1e-5;
            down[i] -= 1e-5;
            (value(&up) - value(&down)) / 2e-5
        })
        .collect()
}

fn dot(a: &[f64], b: &[f64]) -> f64 {
    a.iter().zip(b).map(|(a, b)| a * b).sum()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn softmax_and_logarithms(outer in 0usize..5, n in 1usize..50, inner in 0usize..40) {
        let x = numbers(1, outer * n * inner);
        let (logs, sums) = (log_softmax(outer, n, inner, &x), log_sums(outer, n, inner, &x));
        let probabilities: Vec<f64> = logs.iter().map(|v| v.exp()).collect();
        let x = single(&x);
        for &path in isa::available() {
            isa::with_isa(path, || {
                let mut y = vec![9.0; x.len()];
                softmax::softmax(outer, n, inner, &x, &mut y);
                close(&y, &probabilities, 1e-6);
                softmax::log_softmax(outer, n, inner, &x, &mut y);
                close(&y, &logs, 1e-6);
                let mut s = vec![9.0; outer * inner];
                reduce_float(Reduce::LogSumExp, &Reduction::new(&[outer, n, inner], &[1]), &x, &mut s);
                close(&s, &sums, 1e-6);
            });
        }
    }

    #[test]
    fn scans(outer in 0usize..5, n in 0usize..40, inner in 0usize..9, reverse: bool) {
        let x: Vec<i64> = numbers(2, outer * n * inner).iter().map(|v| *v as i64).collect();
        let run = |start: i64, f: fn(i64, i64) -> i64| {
            let mut y = vec![0; x.len()];
            for o in 0..outer {
                for i in 0..inner {
                    let mut total = start;
                    for k in 0..n {
                        let at = (o * n + if reverse { n - 1 - k } else { k }) * inner + i;
                        total = f(total, x[at]);
                        y[at] = total;
                    }
                }
            }
            y
        };
        let mut y = vec![9; x.len()];
        scan::cumsum(outer, n, inner, reverse, &x, &mut y);
        prop_assert_eq!(&y, &run(0, i64::wrapping_add));
        scan::cumprod(outer, n, inner, reverse, &x, &mut y);
        prop_assert_eq!(&y, &run(1, i64::wrapping_mul));
    }
}

#[test]
fn gradients_of_softmax_are_difference_quotients() {
    for (outer, n, inner) in [(2, 19, 1), (2, 5, 21)] {
        let (x, g) = (numbers(3, outer * n * inner), numbers(4, outer * n * inner));
        let logs = log_softmax(outer, n, inner, &x);
        let probabilities: Vec<f64> = logs.iter().map(|v| v.exp()).collect();
        let by_log = slopes(&x, |x| dot(&log_softmax(outer, n, inner, x), &g));
        let by_soft = slopes(&x, |x| {
            dot(&log_softmax(outer, n, inner, x).iter().map(|v| v.exp()).collect::<Vec<_>>(), &g)
        });
        for &path in isa::available() {
            isa::with_isa(path, || {
                let mut dx = vec![9.0; x.len()];
                softmax::softmax_grad(outer, n, inner, &single(&probabilities), &single(&g), &mut dx);
                close(&dx, &by_soft, 2e-6);
                softmax::log_softmax_grad(outer, n, inner, &single(&logs), &single(&g), &mut dx);
                close(&dx, &by_log, 1e-5);
            });
        }
    }
}

#[test]
fn edges_of_softmax() {
    let inf = f32::INFINITY;
    for n in [3, 40] {
        let mut x = vec![0.0f32; n];
        let mut y = vec![0.0f32; n];
        x[1] = -inf;
        softmax::softmax(1, n, 1, &x, &mut y);
        assert!(y[1] == 0.0 && (y[0] - 1.0 / (n - 1) as f32).abs() < 1e-7);
        x[0] = f32::NAN;
        softmax::softmax(1, n, 1, &x, &mut y);
        assert!(y.iter().all(|v| v.is_nan()));
        x.fill(-inf);
        softmax::softmax(1, n, 1, &x, &mut y);
        assert!(y.iter().all(|v| v.is_nan()));
    }
}

#[test]
fn dense_losses_and_slopes() {
    let eps = 1e-7;
    for n in [2, 10, 70] {
        let rows = 4;
        let (mut t, g) = (numbers(5, rows * n), numbers(6, rows));
        t.iter_mut().for_each(|v| *v = v.abs() / 10.0);
        for logits in [true, false] {
            let mut s = numbers(7, rows * n);
            if !logits {
                s.iter_mut().for_each(|v| *v = v.abs() + 0.2);
            }
            let losses = |s: &[f64]| -> Vec<f64> {
                let logs = if logits {
                    log_softmax(rows, n, 1, s)
                } else {
                    s.chunks(n).flat_map(|r| r.iter().map(move |v| (v / r.iter().sum::<f64>()).ln())).collect()
                };
                logs.chunks(n).zip(t.chunks(n)).map(|(l, t)| -dot(l, t)).collect()
            };
            let slope = slopes(&s, |s| dot(&losses(s), &g));
            for &path in isa::available() {
                isa::with_isa(path, || {
                    let (mut out, mut ds) = (vec![9.0; rows], vec![9.0; rows * n]);
                    loss::categorical(rows, n, logits, eps, &single(&t), &single(&s), &mut out);
                    close(&out, &losses(&s), 3e-6);
                    loss::categorical_grad(rows, n, logits, eps, &single(&t), &single(&s), &single(&g), &mut ds);
                    close(&ds, &slope, 5e-6);
                });
            }
        }
    }
}

#[test]
fn binary_losses_and_slopes() {
    let (n, eps) = (77, 1e-7);
    let (t, g) = (numbers(8, n).iter().map(|v| (v + 3.0) / 6.0).collect::<Vec<_>>(), numbers(9, n));
    for logits in [true, false] {
        let s: Vec<f64> = numbers(10, n).iter().map(|v| if logits { *v } else { (v + 3.5) / 7.0 }).collect();
        let losses = |s: &[f64]| -> Vec<f64> {
            s.iter()
                .zip(&t)
                .map(|(s, t)| {
                    let p = if logits { 1.0 / (1.0 + (-s).exp()) } else { *s };
                    -(t * p.ln() + (1.0 - t) * (1.0 - p).ln())
                })
                .collect()
        };
        let slope = slopes(&s, |s| dot(&losses(s), &g));
        for &path in isa::available() {
            isa::with_isa(path, || {
                let (mut out, mut ds) = (vec![9.0; n], vec![9.0; n]);
                loss::binary(logits, eps, &single(&t), &single(&s), &mut out);
                close(&out, &losses(&s), 2e-6);
                loss::binary_grad(logits, eps, &single(&t), &single(&s), &single(&g), &mut ds);
                close(&ds, &slope, 1e-5);
            });
        }
    }
}

#[test]
fn threads_do_not_change_bytes() {
    let before = parallel::num_threads();
    for (outer, n, inner) in [(300, 41, 7), (5003, 10, 1)] {
        let x = single(&numbers(11, outer * n * inner));
        let mut seen = Vec::new();
        for threads in 1..=3 {
            parallel::set_num_threads(threads);
            let (mut y, mut z, mut c) = (vec![0.0; x.len()], vec![0.0; x.len()], vec![0.0; x.len()]);
            let (mut s, mut l) = (vec![0.0; outer * inner], vec![0.0; outer * inner]);
            softmax::softmax(outer, n, inner, &x, &mut y);
            softmax::log_softmax_grad(outer, n, inner, &y, &x, &mut z);
            scan::cumsum(outer, n, inner, true, &x, &mut c);
            reduce_float(Reduce::LogSumExp, &Reduction::new(&[outer, n, inner], &[1]), &x, &mut s);
            loss::categorical(outer * inner, n, true, 1e-7, &y, &x, &mut l);
            seen.push([y, z, c, s, l].concat().iter().map(|v: &f32| v.to_bits()).collect::<Vec<_>>());
        }
        assert!(seen[0] == seen[1] && seen[0] == seen[2], "{outer} {n} {inner}");
    }
    parallel::set_num_threads(before);
}
