//! Normalisation against plain f64 loops, and its gradients against difference quotients.

use proptest::prelude::*;
use rkeras_kernels::cast::{BF16, Kind, cast};
use rkeras_kernels::element::{Element, as_bytes, as_bytes_mut};
use rkeras_kernels::{isa, norm, parallel, random};

fn numbers(seed: u64, mean: f64, n: usize) -> Vec<f64> {
    let mut x = vec![0.0; n];
    random::normal(seed, 1, mean, 1.0, &mut x);
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

/// Elements that share statistics, for batch (by channel) and layer (by row) normalisation.
fn groups(outer: usize, c: usize, inner: usize, layer: bool) -> Vec<Vec<usize>> {
    if layer {
        return (0..outer).map(|o| (o * c..(o + 1) * c).collect()).collect();
    }
    let place = |o: usize, j: usize, i: usize| (o * c + j) * inner + i;
    (0..c).map(|j| (0..outer).flat_map(|o| (0..inner).map(move |i| place(o, j, i))).collect()).collect()
}

/// Mean and biased variance of each group.
fn statistics(x: &[f64], groups: &[Vec<usize>]) -> (Vec<f64>, Vec<f64>) {
    groups
        .iter()
        .map(|g| {
            let n = g.len() as f64;
            let mean = g.iter().map(|i| x[*i]).sum::<f64>() / n;
            (mean, g.iter().map(|i| (x[*i] - mean).powi(2)).sum::<f64>() / n)
        })
        .unzip()
}

const EPSILON: f64 = 1e-3;

fn naive(x: &[f64], gamma: &[f64], beta: &[f64], groups: &[Vec<usize>], parameter: impl Fn(usize) -> usize) -> Vec<f64> {
    let (mean, var) = statistics(x, groups);
    let mut y = vec![0.0; x.len()];
    for (k, g) in groups.iter().enumerate() {
        for &i in g {
            let p = parameter(i);
            y[i] = (x[i] - mean[k]) / (var[k] + EPSILON).sqrt() * gamma[p] + beta[p];
        }
    }
    y
}

/// Slope of sum(g f(x)) by each x.
fn slopes(x: &[f64], g: &[f64], f: impl Fn(&[f64]) -> Vec<f64>) -> Vec<f64> {
    let value = |x: &[f64]| f(x).iter().zip(g).map(|(y, g)| y * g).sum::<f64>();
    (0..x.len())
        .map(|i| {
            let (mut up, mut down) = (x.to_vec(), x.to_vec());
            up[i] += 1e-5;
            down[i] -= 1e-5;
            (value(&up) - value(&down)) / 2e-5
        })
        .collect()
}

fn check_batch(outer: usize, c: usize, inner: usize) {
    let n = outer * c * inner;
    let (x, gamma, beta) = (numbers(1, 3.0, n), numbers(2, 1.0, c), numbers(3, 0.0, c));
    let of = groups(outer, c, inner, false);
    let wanted = naive(&x, &gamma, &beta, &of, |i| i / inner % c);
    let (mean, var) = statistics(&x, &of);
    let (xs, gs, bs) = (single(&x), single(&gamma), single(&beta));
    for &path in isa::available() {
        isa::with_isa(path, || {
            let (mut y, mut m, mut v) = (vec![9.0; n], vec![9.0; c], vec![9.0; c]);
            norm::batch_norm::<f32>(outer, c, inner, &xs, &gs, &bs, EPSILON, &mut y, &mut m, &mut v);
            if n > 0 {
                close(&m, &mean, 1e-5);
                close(&v, &var, 1e-5);
            }
            close(&y, &wanted, 3e-5);
            norm::batch_norm_inference::<f32>(c, inner, &xs, &gs, &bs, &m, &v, EPSILON, &mut y);
            close(&y, &wanted, 3e-5);
        });
    }
}

fn check_layer(rows: usize, n: usize) {
    let (x, gamma, beta) = (numbers(4, -2.0, rows * n), numbers(5, 1.0, n), numbers(6, 0.0, n));
    let of = groups(rows, n, 1, true);
    let wanted = naive(&x, &gamma, &beta, &of, |i| i % n);
    let (mean, var) = statistics(&x, &of);
    let rstd: Vec<f64> = var.iter().map(|v| 1.0 / (v + EPSILON).sqrt()).collect();
    let (xs, gs, bs) = (single(&x), single(&gamma), single(&beta));
    for &path in isa::available() {
        isa::with_isa(path, || {
            let (mut y, mut m, mut r) = (vec![9.0; rows * n], vec![9.0; rows], vec![9.0; rows]);
            norm::layer_norm::<f32>(rows, n, &xs, &gs, &bs, EPSILON, &mut y, &mut m, &mut r);
            close(&y, &wanted, 3e-5);
            if n > 0 {
                close(&m, &mean, 1e-5);
                close(&r, &rstd, 1e-4);
            }
        });
    }
}

#[test]
fn rows_of_whole_pages() {
    check_batch(7, 1024, 1);
    check_batch(3, 2048, 1);
    check_layer(3, 1024);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]
    #[test]
    fn batches(outer in 0usize..70, c in 0usize..70, inner in prop::sample::select(vec![1, 1, 2, 35])) {
        check_batch(outer, c, inner);
    }

    #[test]
    fn layers(rows in 0usize..40, n in 0usize..100) {
        check_layer(rows, n);
    }
}

#[test]
fn gradients_of_batches_are_difference_quotients() {
    for (outer, c, inner) in [(7, 5, 1), (2, 3, 11), (40, 1, 1), (3, 40, 1)] {
        let n = outer * c * inner;
        let (x, gamma, beta, g) = (numbers(7, 1.0, n), numbers(8, 1.0, c), numbers(9, 0.0, c), numbers(10, 0.3, n));
        let of = groups(outer, c, inner, false);
        let (mean, var) = statistics(&x, &of);
        let (mut dx, mut dgamma, mut dbeta) = (vec![9.0; n], vec![9.0; c], vec![9.0; c]);
        for &path in isa::available() {
            isa::with_isa(path, || {
                norm::batch_norm_grad::<f64>(
                    outer, c, inner, &x, &gamma, &mean, &var, EPSILON, &g, Some(&mut dx), &mut dgamma, &mut dbeta,
                );
            });
            let run = |x: &[f64], gamma: &[f64], beta: &[f64]| naive(x, gamma, beta, &of, |i| i / inner % c);
            close(&single(&dx), &slopes(&x, &g, |x| run(x, &gamma, &beta)), 1e-6);
            close(&single(&dgamma), &slopes(&gamma, &g, |p| run(&x, p, &beta)), 1e-6);
            close(&single(&dbeta), &slopes(&beta, &g, |p| run(&x, &gamma, p)), 1e-6);
        }
    }
}

#[test]
fn gradients_of_layers_are_difference_quotients() {
    for (rows, n) in [(3, 5), (2, 67), (9, 1)] {
        let (x, gamma, beta, g) =
            (numbers(11, 1.0, rows * n), numbers(12, 1.0, n), numbers(13, 0.0, n), numbers(14, 0.3, rows * n));
        let of = groups(rows, n, 1, true);
        let (mean, var) = statistics(&x, &of);
        let rstd: Vec<f64> = var.iter().map(|v| 1.0 / (v + EPSILON).sqrt()).collect();
        let (mut dx, mut dgamma, mut dbeta) = (vec![9.0; rows * n], vec![9.0; n], vec![9.0; n]);
        for &path in isa::available() {
            isa::with_isa(path, || {
                norm::layer_norm_grad::<f64>(rows, n, &x, &gamma, &mean, &rstd, &g, Some(&mut dx), &mut dgamma, &mut dbeta);
            });
            let run = |x: &[f64], gamma: &[f64], beta: &[f64]| naive(x, gamma, beta, &of, |i| i % n);
            close(&single(&dx), &slopes(&x, &g, |x| run(x, &gamma, &beta)), 1e-6);
            close(&single(&dgamma), &slopes(&gamma, &g, |p| run(&x, p, &beta)), 1e-6);
            close(&single(&dbeta), &slopes(&beta, &g, |p| run(&x, &gamma, p)), 1e-6);
        }
    }
}

#[test]
fn an_offset_costs_no_digits() {
    let (rows, c) = (2000, 3);
    let x = single(&numbers(15, 10_000.0, rows * c));
    let exact: Vec<f64> = x.iter().map(|v| f64::from(*v)).collect();
    let (mean, var) = statistics(&exact, &groups(rows, c, 1, false));
    let (mut y, mut m, mut v) = (vec![0.0; x.len()], vec![0.0; c], vec![0.0; c]);
    norm::batch_norm::<f32>(rows, c, 1, &x, &[1.0; 3], &[0.0; 3], 1e-3, &mut y, &mut m, &mut v);
    close(&m, &mean, 1e-7);
    close(&v, &var, 1e-5);
}

fn converted<S: Element, D: Element>(from: Kind, to: Kind, x: &[S]) -> Vec<D> {
    let mut y = vec![D::ZERO; x.len()];
    cast(from, to, as_bytes(x), as_bytes_mut(&mut y));
    y
}

/// What casts to float32 and back around a normalisation give.
fn check_brain(outer: usize, c: usize, inner: usize) {
    let (n, narrow) = (outer * c * inner, |x: &[f32]| converted::<f32, u16>(Kind::F32, Kind::BF16, x));
    let (half_x, half_g) = (narrow(&single(&numbers(18, 1.0, n))), narrow(&single(&numbers(19, 0.0, n))));
    let [x, g] = [&half_x, &half_g].map(|h| converted::<u16, f32>(Kind::BF16, Kind::F32, h));
    let (gamma, beta) = (single(&numbers(20, 1.0, c)), single(&numbers(21, 0.0, c)));
    let (mut y, mut half_y, mut s) = (vec![9.0; n], vec![9; n], [0; 4].map(|_| vec![9.0; c]));
    let [m, v, half_m, half_v] = &mut s;
    norm::batch_norm::<f32>(outer, c, inner, &x, &gamma, &beta, EPSILON, &mut y, m, v);
    norm::batch_norm::<BF16>(outer, c, inner, &half_x, &gamma, &beta, EPSILON, &mut half_y, half_m, half_v);
    assert!(half_y == narrow(&y) && m == half_m && v == half_v, "{outer} {c} {inner}");
    let mut p = [0; 4].map(|_| vec![9.0; c]);
    let [a, b, half_a, half_b] = &mut p;
    norm::batch_norm_grad::<f32>(outer, c, inner, &x, &gamma, m, v, EPSILON, &g, Some(&mut y), a, b);
    norm::batch_norm_grad::<BF16>(outer, c, inner, &half_x, &gamma, m, v, EPSILON, &half_g, Some(&mut half_y), half_a, half_b);
    assert!(half_y == narrow(&y) && a == half_a && b == half_b, "{outer} {c} {inner}");
    let rows = outer * inner;
    let mut s = [0; 4].map(|_| vec![9.0; rows]);
    let [m, r, half_m, half_r] = &mut s;
    norm::layer_norm::<f32>(rows, c, &x, &gamma, &beta, EPSILON, &mut y, m, r);
    norm::layer_norm::<BF16>(rows, c, &half_x, &gamma, &beta, EPSILON, &mut half_y, half_m, half_r);
    assert!(half_y == narrow(&y) && m == half_m && r == half_r, "{rows} {c}");
    norm::layer_norm_grad::<f32>(rows, c, &x, &gamma, m, r, &g, Some(&mut y), a, b);
    norm::layer_norm_grad::<BF16>(rows, c, &half_x, &gamma, m, r, &half_g, Some(&mut half_y), half_a, half_b);
    assert!(half_y == narrow(&y) && a == half_a && b == half_b, "{rows} {c}");
}

#[test]
fn bfloat16_is_widened_and_results_rounded() {
    for (outer, c, inner) in [(70, 5, 1), (2, 3, 70), (401, 16, 1), (3, 100, 1), (300, 67, 1), (5, 1024, 1), (5, 2048, 1)] {
        for &path in isa::available() {
            isa::with_isa(path, || {
                check_brain(outer, c, inner);
            });
        }
    }
}

#[test]
fn threads_do_not_change_bytes() {
    let before = parallel::num_threads();
    for (outer, c, inner) in [(5003, 24, 1), (301, 200, 1), (11, 7, 901)] {
        let n = outer * c * inner;
        let (x, g) = (single(&numbers(16, 0.0, n)), single(&numbers(17, 0.0, n)));
        let mut seen: Vec<Vec<u32>> = Vec::new();
        for threads in 1..=3 {
            parallel::set_num_threads(threads);
            let (mut y, mut m, mut v) = (vec![0.0; n], vec![0.0; c], vec![0.0; c]);
            let (mut dx, mut a, mut b) = (vec![0.0; n], vec![0.0; c], vec![0.0; c]);
            norm::batch_norm::<f32>(outer, c, inner, &x, &vec![1.0; c], &vec![0.5; c], 1e-3, &mut y, &mut m, &mut v);
            norm::batch_norm_grad::<f32>(outer, c, inner, &x, &m, &m, &v, 1e-3, &g, Some(&mut dx), &mut a, &mut b);
            let mut all = [y, m, v, dx.clone(), a, b].concat();
            let (rows, k) = (outer, c * inner);
            let (mut y, mut m, mut r) = (vec![0.0; n], vec![0.0; rows], vec![0.0; rows]);
            let (mut a, mut b) = (vec![0.0; k], vec![0.0; k]);
            norm::layer_norm::<f32>(rows, k, &x, &vec![1.0; k], &vec![0.5; k], 1e-3, &mut y, &mut m, &mut r);
            norm::layer_norm_grad::<f32>(rows, k, &x, &vec![1.0; k], &m, &r, &g, Some(&mut dx), &mut a, &mut b);
            all.extend([y, m, r, dx, a, b].concat());
            seen.push(all.iter().map(|v: &f32| v.to_bits()).collect());
        }
        assert!(seen[0] == seen[1] && seen[0] == seen[2], "{outer} {c} {inner}");
    }
    parallel::set_num_threads(before);
}
