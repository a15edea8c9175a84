//! Layer normalisation.

use super::loops::{column_sums, row_sums};
use crate::math::Fma;
use crate::math::float::Math;
use crate::math::frame::{self, Loop};
use crate::parallel::{self, SendPtr};
use crate::reduce::Number;
use crate::isa;

/// Elements of one task.
const TASK: usize = 1 << 14;

struct Forward<'a, T> {
    x: &'a [T],
    gamma: &'a [T],
    beta: &'a [T],
    epsilon: T,
    y: &'a mut [T],
    mean: &'a mut [T],
    rstd: &'a mut [T],
}

impl<T: Number + Math> Loop for Forward<'_, T> {
    #[inline(always)]
    fn run<F: Fma>(self) {
        let n = self.gamma.len();
        let (gamma, beta) = (self.gamma, &self.beta[..n]);
        let scale = T::from_f64(1.0 / n as f64);
        let rows = self.y.chunks_exact_mut(n).zip(self.x.chunks_exact(n));
        for (((y, x), mean), rstd) in rows.zip(self.mean).zip(self.rstd) {
            let m = row_sums(x, x, |x, _| (x, T::ZERO)).0 * scale;
            // The sum of differences corrects what rounding left in the mean.
            let (d, q) = row_sums(x, x, |x, _| (x - m, (x - m) * (x - m)));
            let d = d * scale;
            let m = m + d;
            let r = T::ONE / ((q * scale - d * d).larger(T::ZERO) + self.epsilon).sqrt();
            for j in 0..n {
                y[j] = (x[j] - m) * r * gamma[j] + beta[j];
            }
            (*mean, *rstd) = (m, r);
        }
    }
}

/// Each row of n normalised, scaled and shifted; writes mean and 1 / sqrt(var + epsilon) of each row.
///
/// # Panics
/// If a slice has another length than the sizes say.
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
    assert!(mean.len() == rows && rstd.len() == rows, "one statistic a row");
    if n == 0 {
        mean.fill(T::NAN);
        return rstd.fill(T::NAN);
    }
    let per = (TASK / n).max(1);
    let (means, rstds) = (SendPtr(mean.as_mut_ptr()), SendPtr(rstd.as_mut_ptr()));
    parallel::for_each_chunk_mut(y, per * n, |t, y| {
        let count = y.len() / n;
        // SAFETY: tasks have distinct rows, `per` each but the last; both slices have `rows` elements.
        let mean = unsafe { std::slice::from_raw_parts_mut(means.get().add(t * per), count) };
        // SAFETY: as above.
        let rstd = unsafe { std::slice::from_raw_parts_mut(rstds.get().add(t * per), count) };
        let x = &x[t * per * n..][..y.len()];
        frame::run(isa::active(), Forward { x, gamma, beta, epsilon, y, mean, rstd });
    });
}

struct Backward<'a, T> {
    x: &'a [T],
    g: &'a [T],
    gamma: &'a [T],
    mean: &'a [T],
    rstd: &'a [T],
    dx: &'a mut [T],
}

impl<T: Number + Math> Loop for Backward<'_, T> {
    #[inline(always)]
    fn run<F: Fma>(self) {
        let n = self.gamma.len();
        let scale = T::from_f64(1.0 / n as f64);
        for (i, dx) in self.dx.chunks_exact_mut(n).enumerate() {
            let (x, g) = (&self.x[i * n..][..n], &self.g[i * n..][..n]);
            let (m, r) = (self.mean[i], self.rstd[i]);
            // The result holds g gamma until it is known.
            for j in 0..n {
                dx[j] = g[j] * self.gamma[j];
            }
            let (a, b) = row_sums(x, dx, |x, h| (h, h * (x - m)));
            let (level, slope) = (a * scale, b * scale * r * r);
            for j in 0..n {
                dx[j] = r * ((dx[j] - level) - (x[j] - m) * slope);
            }
        }
    }
}

/// Cotangents of x (if wanted), gamma and beta; mean and rstd must be those of x.
///
/// # Panics
/// As [`layer_norm`].
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
    if x.is_empty() {
        dgamma.fill(T::ZERO);
        return dbeta.fill(T::ZERO);
    }
    let term = |x: T, g: T, _, (m, r): (T, T)| (g, g * ((x - m) * r));
    let sums = column_sums(n, 1, x, g, gamma, |row| (mean[row], rstd[row]), term);
    dbeta.copy_from_slice(&sums[..n]);
    dgamma.copy_from_slice(&sums[n..]);
    let Some(dx) = dx else { return };
    assert_eq!(dx.len(), x.len(), "length of the cotangent");
    let per = (TASK / n).max(1);
    parallel::for_each_chunk_mut(dx, per * n, |t, dx| {
        let (from, count) = (t * per, dx.len() / n);
        let (x, g) = (&x[from * n..][..dx.len()], &g[from * n..][..dx.len()]);
        let (mean, rstd) = (&mean[from..][..count], &rstd[from..][..count]);
        frame::run(isa::active(), Backward { x, g, gamma, mean, rstd, dx });
    });
}
