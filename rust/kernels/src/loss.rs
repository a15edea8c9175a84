//! Cross-entropies in one pass each way. Formulas as in Keras: probabilities are divided by their sum and
//! clipped to `[eps, 1 - eps]`; where a clip holds, the slope is zero.

use crate::math::Fma;
use crate::math::float::Math;
use crate::math::frame::{self, Loop};
use crate::reduce::Number;
use crate::softmax::exponentials;
use crate::{isa, math, parallel};

const TASK: usize = 1 << 13;

/// What a row is compared with.
trait Target<T>: Copy + Send + Sync {
    /// `None` for a label outside the classes.
    fn at(&self, row: usize) -> Option<impl Fn(usize) -> T>;
    /// sum over k of t_k f(k), and sum over k of t_k; touches one class only if there is one.
    fn dot(&self, row: usize, n: usize, f: impl Fn(usize) -> T) -> Option<(T, T)>;
}

#[derive(Clone, Copy)]
struct Dense<'a, T> {
    t: &'a [T],
    n: usize,
}

#[derive(Clone, Copy)]
struct Sparse<'a> {
    labels: &'a [i64],
    n: usize,
}

impl<T: Number + Math> Target<T> for Dense<'_, T> {
    #[inline(always)]
    fn at(&self, row: usize) -> Option<impl Fn(usize) -> T> {
        let t = &self.t[row * self.n..][..self.n];
        Some(|k: usize| t[k])
    }
    #[inline(always)]
    fn dot(&self, row: usize, n: usize, f: impl Fn(usize) -> T) -> Option<(T, T)> {
        let t = &self.t[row * self.n..][..n];
        let (mut dot, mut total) = (T::ZERO, T::ZERO);
        for k in 0..n {
            // Keeps 0 * -inf from spoiling a row whose target excludes the class.
            dot += if t[k] == T::ZERO { T::ZERO } else { t[k] * f(k) };
            total += t[k];
        }
        Some((dot, total))
    }
}

impl<T: Number + Math> Target<T> for Sparse<'_> {
    #[inline(always)]
    fn at(&self, row: usize) -> Option<impl Fn(usize) -> T> {
        let label = usize::try_from(self.labels[row]).ok().filter(|l| *l < self.n)?;
        Some(move |k| if k == label { T::ONE } else { T::ZERO })
    }
    #[inline(always)]
    fn dot(&self, row: usize, _: usize, f: impl Fn(usize) -> T) -> Option<(T, T)> {
        let label = usize::try_from(self.labels[row]).ok().filter(|l| *l < self.n)?;
        Some((f(label), T::ONE))
    }
}

struct Forward<'a, T, G> {
    first: usize,
    n: usize,
    logits: bool,
    eps: T,
    target: G,
    scores: &'a [T],
    out: &'a mut [T],
    scratch: &'a mut [T],
}

impl<T: Number + Math, G: Target<T>> Loop for Forward<'_, T, G> {
    #[inline(always)]
    fn run<F: Fma>(self) {
        let Self { first, n, logits, eps, target, scores, out, scratch } = self;
        for (i, out) in out.iter_mut().enumerate() {
            let row = first + i;
            let s = &scores[row * n..][..n];
            let loss = if logits {
                let (top, total) = exponentials::<T, F>(s, scratch);
                let log = T::log::<F>(total);
                target.dot(row, n, |k| log - (s[k] - top))
            } else {
                let total = s.iter().fold(T::ZERO, |a, b| a + *b);
                target.dot(row, n, |k| -T::log::<F>(math::clamp(s[k] / total, eps, T::ONE - eps)))
            };
            *out = loss.map_or(T::NAN, |l| l.0);
        }
    }
}

struct Backward<'a, T, G> {
    first: usize,
    n: usize,
    logits: bool,
    eps: T,
    target: G,
    scores: &'a [T],
    g: &'a [T],
    out: &'a mut [T],
}

impl<T: Number + Math, G: Target<T>> Loop for Backward<'_, T, G> {
    #[inline(always)]
    fn run<F: Fma>(self) {
        let Self { first, n, logits, eps, target, scores, g, out } = self;
        for (i, out) in out.chunks_exact_mut(n).enumerate() {
            let row = first + i;
            let (s, g) = (&scores[row * n..][..n], g[row]);
            let (Some(t), Some((_, weight))) = (target.at(row), target.dot(row, n, |_| T::ZERO)) else {
                out.fill(T::NAN);
                continue;
            };
            if logits {
                // sum(t) p - t
                let (_, total) = exponentials::<T, F>(s, out);
                let scale = weight / total;
                for (k, d) in out.iter_mut().enumerate() {
                    *d = g * (*d * scale - t(k));
                }
                continue;
            }
            // With q = s / S and u = -t / q where unclipped: ds = (u - sum(u q)) / S.
            let total = s.iter().fold(T::ZERO, |a, b| a + *b);
            let mut dot = T::ZERO;
            for (k, d) in out.iter_mut().enumerate() {
                let q = s[k] / total;
                let inside = q >= eps && q <= T::ONE - eps;
                *d = if inside { -t(k) / q } else { T::ZERO };
                dot += if inside { -t(k) } else { T::ZERO };
            }
            let scale = g / total;
            for d in out.iter_mut() {
                *d = (*d - dot) * scale;
            }
        }
    }
}

fn forward<T: Number + Math, G: Target<T>>(rows: usize, n: usize, logits: bool, eps: T, target: G, scores: &[T], out: &mut [T]) {
    assert_eq!(scores.len(), rows * n, "length of the scores");
    assert_eq!(out.len(), rows, "length of the losses");
    let per = (TASK / n.max(1)).max(1);
    parallel::for_each_chunk_mut(out, per, |t, out| {
        let mut held = [T::ZERO; 64];
        let mut long = vec![T::ZERO; if n > 64 { n } else { 0 }];
        let scratch = if n > 64 { &mut long[..] } else { &mut held[..n] };
        frame::run(isa::active(), Forward { first: t * per, n, logits, eps, target, scores, out, scratch });
    });
}

fn backward<T: Number + Math, G: Target<T>>(
    rows: usize,
    n: usize,
    logits: bool,
    eps: T,
    target: G,
    scores: &[T],
    g: &[T],
    out: &mut [T],
) {
    assert_eq!(scores.len(), rows * n, "length of the scores");
    assert_eq!(g.len(), rows, "length of the cotangent");
    assert_eq!(out.len(), scores.len(), "length of the gradient");
    if n == 0 {
        return;
    }
    let per = (TASK / n).max(1);
    parallel::for_each_chunk_mut(out, per * n, |t, out| {
        frame::run(isa::active(), Backward { first: t * per, n, logits, eps, target, scores, g, out });
    });
}

/// out[r] = -sum_k t[r, k] log p[r, k].
///
/// # Panics
/// If a slice has another length than the sizes say; as all functions here.
pub fn categorical<T: Number + Math>(rows: usize, n: usize, logits: bool, eps: T, t: &[T], scores: &[T], out: &mut [T]) {
    assert_eq!(t.len(), rows * n, "length of the targets");
    forward(rows, n, logits, eps, Dense { t, n }, scores, out);
}

/// The slope of [`categorical`] by the scores, times g[r].
pub fn categorical_grad<T: Number + Math>(
    rows: usize,
    n: usize,
    logits: bool,
    eps: T,
    t: &[T],
    scores: &[T],
    g: &[T],
    out: &mut [T],
) {
    assert_eq!(t.len(), rows * n, "length of the targets");
    backward(rows, n, logits, eps, Dense { t, n }, scores, g, out);
}

/// out[r] = -log p[r, labels[r]]; NaN for a label outside the classes.
pub fn sparse_categorical<T: Number + Math>(
    rows: usize,
    n: usize,
    logits: bool,
    eps: T,
    labels: &[i64],
    scores: &[T],
    out: &mut [T],
) {
    assert_eq!(labels.len(), rows, "length of the labels");
    forward(rows, n, logits, eps, Sparse { labels, n }, scores, out);
}

/// The slope of [`sparse_categorical`] by the scores, times g[r].
pub fn sparse_categorical_grad<T: Number + Math>(
    rows: usize,
    n: usize,
    logits: bool,
    eps: T,
    labels: &[i64],
    scores: &[T],
    g: &[T],
    out: &mut [T],
) {
    assert_eq!(labels.len(), rows, "length of the labels");
    backward(rows, n, logits, eps, Sparse { labels, n }, scores, g, out);
}

struct Binary<'a, T> {
    logits: bool,
    eps: T,
    t: &'a [T],
    s: &'a [T],
    g: Option<&'a [T]>,
    out: &'a mut [T],
}

impl<T: Number + Math> Loop for Binary<'_, T> {
    #[inline(always)]
    fn run<F: Fma>(self) {
        let Self { logits, eps, t, s, g, out } = self;
        let top = T::ONE - eps;
        for i in 0..out.len() {
            let (t, s) = (t[i], s[i]);
            out[i] = match (logits, g) {
                // max(s, 0) - s t + log(1 + e^-|s|)
                (true, None) => T::softplus::<F>(s) - s * t,
                (true, Some(g)) => g[i] * (T::sigmoid::<F>(s) - t),
                (false, None) => {
                    let p = math::clamp(s, eps, top);
                    -(t * T::log::<F>(p) + (T::ONE - t) * T::log::<F>(T::ONE - p))
                }
                (false, Some(g)) => {
                    let p = math::clamp(s, eps, top);
                    let slope = (p - t) / (p * (T::ONE - p));
                    if s < eps || s > top { T::ZERO } else { g[i] * slope }
                }
            };
        }
    }
}

fn binary_any<T: Number + Math>(logits: bool, eps: T, t: &[T], s: &[T], g: Option<&[T]>, out: &mut [T]) {
    assert_eq!(t.len(), out.len(), "length of the targets");
    assert_eq!(s.len(), out.len(), "length of the scores");
    assert!(g.is_none_or(|g| g.len() == out.len()), "length of the cotangent");
    parallel::for_each_chunk_mut(out, TASK, |i, out| {
        let (at, len) = (i * TASK, out.len());
        let g = g.map(|g| &g[at..][..len]);
        frame::run(isa::active(), Binary { logits, eps, t: &t[at..][..len], s: &s[at..][..len], g, out });
    });
}

/// out = -(t log p + (1 - t) log(1 - p)), element by element.
pub fn binary<T: Number + Math>(logits: bool, eps: T, t: &[T], s: &[T], out: &mut [T]) {
    binary_any(logits, eps, t, s, None, out);
}

/// The slope of [`binary`] by the scores, times g.
pub fn binary_grad<T: Number + Math>(logits: bool, eps: T, t: &[T], s: &[T], g: &[T], out: &mut [T]) {
    binary_any(logits, eps, t, s, Some(g), out);
}
