//! Batch normalisation over (outer, channels, inner) and layer normalisation over rows, each way.

use crate::math::Fma;
use crate::math::float::Math;
use crate::math::frame::{self, Loop};
use crate::reduce::Number;
use crate::reduce::core::{TASK, fold3};
use crate::reduce::fold::Sum;
use crate::{isa, parallel};

/// Sums of two terms for each channel over a block of outer slices.
struct Sums<'a, T, P> {
    first: usize,
    count: usize,
    c: usize,
    inner: usize,
    term: &'a P,
    out: &'a mut [T],
}

impl<T: Number + Math, P: Fn(usize, usize) -> (T, T)> Loop for Sums<'_, T, P> {
    #[inline(always)]
    fn run<F: Fma>(self) {
        let Self { first, count, c, inner, term, out } = self;
        let (a, b) = out.split_at_mut(c);
        for o in first..first + count {
            for j in 0..c {
                let (mut s, mut q) = (T::ZERO, T::ZERO);
                for i in (o * c + j) * inner..(o * c + j + 1) * inner {
                    let (x, y) = term(i, j);
                    s += x;
                    q += y;
                }
                a[j] += s;
                b[j] += q;
            }
        }
    }
}

/// The sums of `term(element, channel)` over outer and inner, by fixed blocks that are folded in order.
fn channel_sums<T: Number + Math>(
    outer: usize,
    c: usize,
    inner: usize,
    term: impl Fn(usize, usize) -> (T, T) + Sync,
) -> Vec<T> {
    let per = (TASK / 4 / (c * inner).max(1)).clamp(1, 256);
    let blocks = parallel::chunks(outer, per);
    let mut partial = vec![T::ZERO; blocks * 2 * c];
    parallel::for_each_chunk_mut(&mut partial, 2 * c, |t, out| {
        let rows = parallel::chunk_range(outer, per, t);
        frame::run(isa::active(), Sums { first: rows.start, count: rows.len(), c, inner, term: &term, out });
    });
    let mut total = vec![T::ZERO; 2 * c];
    fold3::<T, Sum>(1, blocks, 2 * c, &partial, &mut total);
    total
}

/// Writes `value(element, channel)` everywhere.
struct Each<'a, T, P> {
    first: usize,
    c: usize,
    inner: usize,
    value: &'a P,
    out: &'a mut [T],
}

impl<T: Number, P: Fn(usize, usize) -> T> Loop for Each<'_, T, P> {
    #[inline(always)]
    fn run<F: Fma>(self) {
        let Self { first, c, inner, value, out } = self;
        for (r, out) in out.chunks_mut(c * inner).enumerate() {
            for j in 0..c {
                for i in j * inner..(j + 1) * inner {
                    out[i] = value(first + r * c * inner + i, j);
                }
            }
        }
    }
}

fn each<T: Number>(c: usize, inner: usize, out: &mut [T], value: impl Fn(usize, usize) -> T + Sync) {
    let row = c * inner;
    if row == 0 {
        return;
    }
    let per = (TASK / row).max(1) * row;
    parallel::for_each_chunk_mut(out, per, |t, out| {
        frame::run(isa::active(), Each { first: t * per, c, inner, value: &value, out });
    });
}

/// Mean and biased variance of each channel, and y = (x - mean) / sqrt(var + epsilon) * gamma + beta.
///
/// The mean comes first and the squares are of differences from it: a large offset costs no digits.
///
/// # Panics
/// If a slice has another length than the sizes say; as all functions here.
pub fn batch_norm<T: Number + Math>(
    outer: usize,
    c: usize,
    inner: usize,
    x: &[T],
    gamma: &[T],
    beta: &[T],
    epsilon: T,
    y: &mut [T],
    mean: &mut [T],
    var: &mut [T],
) {
    assert!(x.len() == outer * c * inner && y.len() == x.len(), "length of the operand");
    assert!([gamma.len(), beta.len(), mean.len(), var.len()].iter().all(|n| *n == c), "one parameter a channel");
    let scale = T::from_f64(1.0 / (outer * inner) as f64);
    let sums = channel_sums(outer, c, inner, |i, _| (x[i], T::ZERO));
    for j in 0..c {
        mean[j] = sums[j] * scale;
    }
    let m = &*mean;
    // The sum of differences corrects what rounding left in the mean.
    let sums = channel_sums(outer, c, inner, |i, j| {
        let d = x[i] - m[j];
        (d, d * d)
    });
    for j in 0..c {
        let d = sums[j] * scale;
        var[j] = (sums[c + j] * scale - d * d).larger(T::ZERO);
        mean[j] += d;
    }
    batch_norm_inference(c, inner, x, gamma, beta, mean, var, epsilon, y);
}

/// y = (x - mean) / sqrt(var + epsilon) * gamma + beta with given statistics.
pub fn batch_norm_inference<T: Number + Math>(
    c: usize,
    inner: usize,
    x: &[T],
    gamma: &[T],
    beta: &[T],
    mean: &[T],
    var: &[T],
    epsilon: T,
    y: &mut [T],
) {
    assert_eq!(x.len(), y.len(), "length of the result");
    let scale: Vec<T> = (0..c).map(|j| gamma[j] / (var[j] + epsilon).sqrt()).collect();
    each(c, inner, y, |i, j| (x[i] - mean[j]) * scale[j] + beta[j]);
}

/// Cotangents of x (if wanted), gamma and beta; mean and var must be those of x.
pub fn batch_norm_grad<T: Number + Math>(
    outer: usize,
    c: usize,
    inner: usize,
    x: &[T],
    gamma: &[T],
    mean: &[T],
    var: &[T],
    epsilon: T,
    g: &[T],
    dx: Option<&mut [T]>,
    dgamma: &mut [T],
    dbeta: &mut [T],
) {
    assert!(x.len() == outer * c * inner && g.len() == x.len(), "length of the operand");
    let inverse: Vec<T> = var.iter().map(|v| T::ONE / (*v + epsilon).sqrt()).collect();
    let sums = channel_sums(outer, c, inner, |i, j| (g[i], g[i] * ((x[i] - mean[j]) * inverse[j])));
    dbeta.copy_from_slice(&sums[..c]);
    dgamma.copy_from_slice(&sums[c..]);
    let Some(dx) = dx else { return };
    assert_eq!(dx.len(), x.len(), "length of the cotangent");
    let n = T::from_f64((outer * inner) as f64);
    each(c, inner, dx, |i, j| {
        let z = (x[i] - mean[j]) * inverse[j];
        gamma[j] * inverse[j] * (g[i] - (sums[j] + z * sums[c + j]) / n)
    });
}

/// Each row of n normalised, scaled and shifted; writes mean and 1 / sqrt(var + epsilon) of each row.
pub fn layer_norm<T: Number + Math>(
    rows: usize,
    n: usize,
    x: &[T],
    gamma: &[T],
    beta: &[T],
    epsilon: T,
    y: &mut [T],
    mean: &mut [T],
    rstd: &mut [T],
) {
    assert!(x.len() == rows * n && y.len() == x.len(), "length of the operand");
    assert!(gamma.len() == n && beta.len() == n, "one parameter a column");
    fold3::<T, Sum>(rows, n, 1, x, mean);
    let scale = T::from_f64(1.0 / n as f64);
    for m in mean.iter_mut() {
        *m *= scale;
    }
    let m = &*mean;
    // y holds the squared differences until the result replaces them.
    each(n, 1, y, |i, _| {
        let d = x[i] - m[i / n];
        d * d
    });
    fold3::<T, Sum>(rows, n, 1, y, rstd);
    for r in rstd.iter_mut() {
        *r = T::ONE / (*r * scale + epsilon).sqrt();
    }
    let r = &*rstd;
    each(n, 1, y, |i, j| (x[i] - m[i / n]) * r[i / n] * gamma[j] + beta[j]);
}

/// Cotangents of x (if wanted), gamma and beta; mean and rstd must be those of x.
pub fn layer_norm_grad<T: Number + Math>(
    rows: usize,
    n: usize,
    x: &[T],
    gamma: &[T],
    mean: &[T],
    rstd: &[T],
    g: &[T],
    dx: Option<&mut [T]>,
    dgamma: &mut [T],
    dbeta: &mut [T],
) {
    assert!(x.len() == rows * n && g.len() == x.len(), "length of the operand");
    assert!(mean.len() == rows && rstd.len() == rows && gamma.len() == n, "length of statistics and gamma");
    let z = |i: usize| (x[i] - mean[i / n]) * rstd[i / n];
    let sums = channel_sums(rows, n, 1, |i, _| (g[i], g[i] * z(i)));
    dbeta.copy_from_slice(&sums[..n]);
    dgamma.copy_from_slice(&sums[n..]);
    let Some(dx) = dx else { return };
    assert_eq!(dx.len(), x.len(), "length of the cotangent");
    if n == 0 {
        return;
    }
    let scale = T::from_f64(1.0 / n as f64);
    let per = (TASK / 4 / n).max(1);
    parallel::for_each_chunk_mut(dx, per * n, |t, dx| {
        for (k, dx) in dx.chunks_exact_mut(n).enumerate() {
            let at = (t * per + k) * n;
            let (mut a, mut b) = (T::ZERO, T::ZERO);
            for j in 0..n {
                let h = g[at + j] * gamma[j];
                a += h;
                b += h * z(at + j);
            }
            let (a, b, r) = (a * scale, b * scale, rstd[t * per + k]);
            for j in 0..n {
                dx[j] = r * (g[at + j] * gamma[j] - a - z(at + j) * b);
            }
        }
    });
}
