//! Layer normalisation.

use super::sums::{column_sums, row_sums};
use crate::element::{Element as _, Float as _, cast_slice_mut};
use crate::isa;
use crate::math::Fma;
use crate::math::frame::{self, Loop};
use crate::memory::Buffer;
use crate::parallel::{self, SendPtr};
use crate::reduce::Number as _;
use crate::stored::Stored;

/// Elements of one task.
const TASK: usize = 1 << 14;

struct Forward<'a, M: Stored> {
    x: &'a [M::Bits],
    gamma: &'a [M::Float],
    beta: &'a [M::Float],
    epsilon: M::Float,
    y: &'a mut [M::Bits],
    mean: &'a mut [M::Float],
    rstd: &'a mut [M::Float],
}

impl<M: Stored> Loop for Forward<'_, M> {
    #[inline(always)]
    fn run<F: Fma>(self) {
        let n = self.gamma.len();
        let (gamma, beta) = (self.gamma, &self.beta[..n]);
        let scale = M::Float::from_f64(1.0 / n as f64);
        let rows = self.y.chunks_exact_mut(n).zip(self.x.chunks_exact(n));
        for (((y, x), mean), rstd) in rows.zip(self.mean).zip(self.rstd) {
            let m = row_sums(x, x, |x, _| (M::read(x), M::Float::ZERO)).0 * scale;
            // The sum of differences corrects what rounding left in the mean.
            let (d, q) = row_sums(x, x, |x, _| {
                let d = M::read(x) - m;
                (d, d * d)
            });
            let d = d * scale;
            let m = m + d;
            let r = M::Float::ONE / ((q * scale - d * d).larger(M::Float::ZERO) + self.epsilon).sqrt();
            for j in 0..n {
                y[j] = M::write((M::read(x[j]) - m) * r * gamma[j] + beta[j]);
            }
            (*mean, *rstd) = (m, r);
        }
    }
}

/// Each row of n normalised, scaled and shifted; writes mean and 1 / sqrt(var + epsilon) of each row.
///
/// # Panics
/// If a slice has another length than the sizes say.
pub fn layer_norm<M: Stored>(
    rows: usize,
    n: usize,
    x: &[M::Bits],
    gamma: &[M::Float],
    beta: &[M::Float],
    epsilon: f64,
    y: &mut [M::Bits],
    mean: &mut [M::Float],
    rstd: &mut [M::Float],
) {
    assert!(x.len() == rows * n && y.len() == x.len(), "length of the operand");
    assert!(gamma.len() == n && beta.len() == n, "one parameter a column");
    assert!(mean.len() == rows && rstd.len() == rows, "one statistic a row");
    if n == 0 {
        mean.fill(M::Float::NAN);
        return rstd.fill(M::Float::NAN);
    }
    let (per, epsilon) = ((TASK / n).max(1), M::Float::from_f64(epsilon));
    let (means, rstds) = (SendPtr(mean.as_mut_ptr()), SendPtr(rstd.as_mut_ptr()));
    parallel::for_each_chunk_mut(y, per * n, |t, y| {
        let count = y.len() / n;
        // SAFETY: tasks have distinct rows, `per` each but the last; both slices have `rows` elements.
        let mean = unsafe { std::slice::from_raw_parts_mut(means.get().add(t * per), count) };
        // SAFETY: as above.
        let rstd = unsafe { std::slice::from_raw_parts_mut(rstds.get().add(t * per), count) };
        let x = &x[t * per * n..][..y.len()];
        frame::run(isa::active(), Forward::<M> { x, gamma, beta, epsilon, y, mean, rstd });
    });
}

struct Backward<'a, M: Stored> {
    x: &'a [M::Bits],
    g: &'a [M::Bits],
    gamma: &'a [M::Float],
    mean: &'a [M::Float],
    rstd: &'a [M::Float],
    dx: &'a mut [M::Bits],
    /// Room for a row.
    held: &'a mut [M::Float],
}

impl<M: Stored> Loop for Backward<'_, M> {
    #[inline(always)]
    fn run<F: Fma>(self) {
        let n = self.gamma.len();
        let (gamma, held) = (self.gamma, &mut self.held[..n]);
        let scale = M::Float::from_f64(1.0 / n as f64);
        for (i, dx) in self.dx.chunks_exact_mut(n).enumerate() {
            let (x, g) = (&self.x[i * n..][..n], &self.g[i * n..][..n]);
            let (m, r) = (self.mean[i], self.rstd[i]);
            for j in 0..n {
                held[j] = M::read(g[j]) * gamma[j];
            }
            let (a, b) = row_sums(x, held, |x, h| (h, h * (M::read(x) - m)));
            let (level, slope) = (a * scale, b * scale * r * r);
            for j in 0..n {
                dx[j] = M::write(r * ((held[j] - level) - (M::read(x[j]) - m) * slope));
            }
        }
    }
}

/// Cotangents of x (if wanted), gamma and beta; mean and rstd must be those of x.
///
/// # Panics
/// As [`layer_norm`].
pub fn layer_norm_grad<M: Stored>(
    rows: usize,
    n: usize,
    x: &[M::Bits],
    gamma: &[M::Float],
    mean: &[M::Float],
    rstd: &[M::Float],
    g: &[M::Bits],
    dx: Option<&mut [M::Bits]>,
    dgamma: &mut [M::Float],
    dbeta: &mut [M::Float],
) {
    assert!(x.len() == rows * n && g.len() == x.len(), "length of the operand");
    assert!(mean.len() == rows && rstd.len() == rows && gamma.len() == n, "length of statistics and gamma");
    if x.is_empty() {
        dgamma.fill(M::Float::ZERO);
        return dbeta.fill(M::Float::ZERO);
    }
    let term = |x: M::Float, g: M::Float, _: M::Float, (m, r): (M::Float, M::Float)| (g, g * ((x - m) * r));
    let sums = column_sums::<M, _>(n, 1, x, g, gamma, |row| (mean[row], rstd[row]), term);
    dbeta.copy_from_slice(&sums[..n]);
    dgamma.copy_from_slice(&sums[n..]);
    let Some(dx) = dx else { return };
    assert_eq!(dx.len(), x.len(), "length of the cotangent");
    let per = (TASK / n).max(1);
    parallel::for_each_chunk_mut(dx, per * n, |t, dx| {
        let (from, count) = (t * per, dx.len() / n);
        let (x, g) = (&x[from * n..][..dx.len()], &g[from * n..][..dx.len()]);
        let (mean, rstd) = (&mean[from..][..count], &rstd[from..][..count]);
        let mut held = Buffer::dirty(n * size_of::<M::Float>()).expect("memory for a row");
        let held = cast_slice_mut(held.as_bytes_mut());
        frame::run(isa::active(), Backward::<M> { x, g, gamma, mean, rstd, dx, held });
    });
}
