//! Reductions, softmax, normalisation, random numbers, order and indices against plain loops.

use proptest::prelude::*;
use rkeras_kernels::cast::{Kind, cast};
use rkeras_kernels::element::{as_bytes, as_bytes_mut};
use rkeras_kernels::reduce::{Reduce, Reduction, arg_extreme, reduce_float, reduce_int, sum_halves};
use rkeras_kernels::{gather, isa, loss, norm, parallel, random, softmax, sort};

fn numbers(seed: u64, n: usize) -> Vec<f32> {
    let mut x = vec![0.0f32; n];
    random::normal(seed, 7, 0.0, 1.0, &mut x);
    x
}

/// Sum in f64 over the reduced axes, by the index of every element.
fn naive(shape: &[usize], axes: &[usize], x: &[f32]) -> Vec<f64> {
    let kept: Vec<usize> = (0..shape.len()).filter(|i| !axes.contains(i)).collect();
    let mut y = vec![0.0; kept.iter().map(|i| shape[*i]).product()];
    for (flat, v) in x.iter().enumerate() {
        let (mut rest, mut index) = (flat, vec![0; shape.len()]);
        for i in (0..shape.len()).rev() {
            index[i] = rest % shape[i];
            rest /= shape[i];
        }
        let at = kept.iter().fold(0, |a, i| a * shape[*i] + index[*i]);
        y[at] += f64::from(*v);
    }
    y
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]
    #[test]
    fn sums_over_any_axes(shape in prop::collection::vec(0usize..12, 1..5), mask in 0u32..16) {
        let axes: Vec<usize> = (0..shape.len()).filter(|i| mask >> i & 1 == 1).collect();
        let x = numbers(1, shape.iter().product());
        let wanted = naive(&shape, &axes, &x);
        for &path in isa::available() {
            let mut y = vec![9.0f32; wanted.len()];
            isa::with_isa(path, || reduce_float(Reduce::Sum, &Reduction::new(&shape, &axes), &x, &mut y));
            for (y, w) in y.iter().zip(&wanted) {
                prop_assert!((f64::from(*y) - w).abs() < 1e-4, "{y} {w}");
            }
        }
    }

    #[test]
    fn sums_of_halves_are_those_of_float32(shape in prop::collection::vec(0usize..40, 1..4), mask in 0u32..8, brain: bool) {
        let axes: Vec<usize> = (0..shape.len()).filter(|i| mask >> i & 1 == 1).collect();
        let kind = if brain { Kind::BF16 } else { Kind::F16 };
        let mut x = numbers(1, shape.iter().product());
        let mut halves = vec![0_u16; x.len()];
        cast(Kind::F32, kind, as_bytes(&x), as_bytes_mut(&mut halves));
        cast(kind, Kind::F32, as_bytes(&halves), as_bytes_mut(&mut x));
        let loops = Reduction::new(&shape, &axes);
        for &path in isa::available() {
            isa::with_isa(path, || {
                let size = naive(&shape, &axes, &x).len();
                let (mut wanted, mut found) = (vec![9.0f32; size], vec![9.0f32; size]);
                reduce_float(Reduce::Sum, &loops, &x, &mut wanted);
                sum_halves(kind, &loops, &halves, &mut found);
                assert_eq!(found, wanted, "{kind:?} on {path:?}");
            });
        }
    }
}

#[test]
fn long_sums_keep_their_digits_and_bytes() {
    let n = 1_000_003;
    let x = vec![0.1f32; n];
    let before = parallel::num_threads();
    let mut seen = Vec::new();
    for threads in 1..=3 {
        parallel::set_num_threads(threads);
        let mut y = [0.0f32];
        reduce_float(Reduce::Sum, &Reduction::new(&[n], &[0]), &x, &mut y);
        assert!((f64::from(y[0]) / (n as f64 * f64::from(0.1f32)) - 1.0).abs() < 1e-6);
        seen.push(y[0].to_bits());
    }
    parallel::set_num_threads(before);
    assert!(seen.iter().all(|b| *b == seen[0]));
}

#[test]
fn nan_and_ties() {
    let x = [1.0f32, 3.0, f32::NAN, 3.0];
    let mut y = [0.0f32];
    reduce_float(Reduce::Max, &Reduction::new(&[4], &[0]), &x, &mut y);
    assert!(y[0].is_nan());
    let mut at = [9];
    arg_extreme(true, 1, 4, 1, &x, &mut at);
    assert_eq!(at, [2]);
    arg_extreme(true, 1, 2, 1, &[3.0f32, 3.0], &mut at);
    assert_eq!(at, [0]);
    let mut i = [0i32];
    reduce_int(Reduce::Sum, &Reduction::new(&[2], &[0]), &[i32::MAX, 1], &mut i);
    assert_eq!(i, [i32::MIN]);
    reduce_float(Reduce::LogSumExp, &Reduction::new(&[2], &[0]), &[1000.0f32, 1000.0], &mut y);
    assert!((y[0] - 1000.0 - 2f32.ln()).abs() < 1e-3);
    reduce_float(Reduce::LogSumExp, &Reduction::new(&[2], &[0]), &[f32::NEG_INFINITY; 2], &mut y);
    assert_eq!(y[0], f32::NEG_INFINITY);
}

#[test]
fn softmax_rows_and_columns_agree() {
    let (n, inner) = (37, 5);
    let x = numbers(2, n * inner);
    let mut y = vec![0.0; x.len()];
    softmax::softmax(1, n, inner, &x, &mut y);
    for i in 0..inner {
        let total: f64 = (0..n).map(|k| f64::from(x[k * inner + i]).exp()).sum();
        for k in 0..n {
            let wanted = f64::from(x[k * inner + i]).exp() / total;
            assert!((f64::from(y[k * inner + i]) - wanted).abs() < 1e-6);
        }
    }
}

#[test]
fn cross_entropy_slopes_are_difference_quotients() {
    let (rows, n) = (3, 7);
    let mut s = vec![0.0f64; rows * n];
    random::uniform(3, 1, 0.2, 1.0, &mut s);
    let labels = [0, 6, 3];
    for logits in [true, false] {
        let value = |s: &[f64]| {
            let mut out = vec![0.0; rows];
            loss::sparse_categorical(rows, n, logits, 1e-7, &labels, s, &mut out);
            out.iter().sum::<f64>()
        };
        let mut slope = vec![0.0; s.len()];
        loss::sparse_categorical_grad(rows, n, logits, 1e-7, &labels, &s, &[1.0; 3], &mut slope);
        for i in 0..s.len() {
            let (mut up, mut down) = (s.clone(), s.clone());
            up[i] += 1e-5;
            down[i] -= 1e-5;
            assert!(((value(&up) - value(&down)) / 2e-5 - slope[i]).abs() < 1e-7);
        }
    }
    let mut out = [0.0f64; 1];
    loss::sparse_categorical(1, n, true, 1e-7, &[7], &s[..n], &mut out);
    assert!(out[0].is_nan());
}

#[test]
fn batch_norm_survives_an_offset() {
    let (rows, c) = (1000, 3);
    let x: Vec<f32> = numbers(4, rows * c).iter().map(|v| v + 10_000.0).collect();
    let (mut y, mut m, mut v) = (vec![0.0; x.len()], vec![0.0; c], vec![0.0; c]);
    norm::batch_norm::<f32>(rows, c, 1, &x, &[1.0; 3], &[0.0; 3], 1e-3, &mut y, &mut m, &mut v);
    for j in 0..c {
        let column = (0..rows).map(|i| f64::from(x[i * c + j]));
        let mean = column.clone().sum::<f64>() / rows as f64;
        let var = column.map(|x| (x - mean).powi(2)).sum::<f64>() / rows as f64;
        assert!((f64::from(m[j]) - mean).abs() < 2e-3 && (f64::from(v[j]) / var - 1.0).abs() < 1e-4);
    }
}

#[test]
fn philox_gives_the_published_words() {
    assert_eq!(random::philox_words(0, 0, 0), [0x6627_e8d5, 0xe169_c58d, 0xbc57_ac4c, 0x9b00_dbd8]);
    let ones = u64::MAX;
    assert_eq!(random::philox_words(ones, ones, ones), [0x408f_276d, 0x41c8_3b0e, 0xa20b_c7c6, 0x6d54_51fd]);
}

#[test]
fn distributions_have_their_moments() {
    let n = 200_000;
    let moments = |x: &[f32]| {
        let mean = x.iter().map(|v| f64::from(*v)).sum::<f64>() / n as f64;
        (mean, x.iter().map(|v| (f64::from(*v) - mean).powi(2)).sum::<f64>() / n as f64)
    };
    let mut x = vec![0.0f32; n];
    random::uniform(5, 0, 0.0, 1.0, &mut x);
    let (m, v) = moments(&x);
    assert!((m - 0.5).abs() < 0.003 && (v - 1.0 / 12.0).abs() < 0.001);
    random::normal(5, 1, 0.0, 1.0, &mut x);
    let (m, v) = moments(&x);
    assert!(m.abs() < 0.01 && (v - 1.0).abs() < 0.015);
    random::truncated_normal(5, 2, 0.0, 1.0, &mut x);
    let (m, v) = moments(&x);
    assert!(m.abs() < 0.01 && (v - 0.7737).abs() < 0.01 && x.iter().all(|v| v.abs() <= 2.0));
    let mut y = vec![0.0f32; n];
    random::dropout(&vec![1.0f32; n], 5, 3, 0.25, &mut y);
    let kept = y.iter().filter(|v| **v != 0.0).count() as f64 / n as f64;
    assert!((kept - 0.75).abs() < 0.005 && y.iter().all(|v| *v == 0.0 || (*v - 4.0 / 3.0).abs() < 1e-6));
    let mut part = vec![0.0f32; 1001];
    random::normal(5, 1, 0.0, 1.0, &mut part);
    random::normal(5, 1, 0.0, 1.0, &mut x);
    assert_eq!(part, x[..1001]);
}

#[test]
fn order_and_indices() {
    let x = [2.0f32, f32::NAN, 1.0, 2.0];
    let mut at = [0; 4];
    sort::argsort(4, &x, &mut at);
    assert_eq!(at, [2, 0, 3, 1]);
    let (mut v, mut p) = ([0.0f32; 2], [0; 2]);
    sort::top_k(3, 2, &[5.0f32, 7.0, 7.0], &mut v, &mut p);
    assert_eq!((v, p), ([7.0, 7.0], [1, 2]));
    let mut out = [0.0f32; 6];
    gather::scatter_add(1, 3, 2, &[1.0, 2.0, 3.0, 4.0, 5.0, 6.0], &[2, 9, -1], &mut out);
    assert_eq!(out, [0.0, 0.0, 0.0, 0.0, 6.0, 8.0]);
    let mut row = [7u8; 4];
    gather::take(1, 3, 2, &[0, 1, 2, 3, 4, 5], &[-1, 3], &mut row);
    assert_eq!(row, [4, 5, 0, 0]);
}
