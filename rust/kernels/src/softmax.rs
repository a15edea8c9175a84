//! Softmax and its logarithm along the middle of (outer, n, inner), and their gradients.

use crate::math::Fma;
use crate::math::float::Math;
use crate::math::frame::{self, Loop};
use crate::reduce::Number;
use crate::{isa, parallel};

const LANES: usize = 16;
const TASK: usize = 1 << 13;

/// One of the four functions on one column of n numbers, `stride` apart; `a` is x or y, `b` the cotangent.
trait Column: Copy + Send + Sync {
    fn row<T: Number + Math, F: Fma>(a: &[T], b: &[T], out: &mut [T]);
}

/// Sum in `LANES` lanes and a fixed order.
#[inline(always)]
fn sum<T: Number + Math>(n: usize, term: impl Fn(usize) -> T) -> T {
    let mut total = T::ZERO;
    let whole = n / LANES * LANES;
    if whole > 0 {
        let mut lanes = [T::ZERO; LANES];
        let mut k = 0;
        while k < whole {
            for j in 0..LANES {
                lanes[j] += term(k + j);
            }
            k += LANES;
        }
        for lane in lanes {
            total += lane;
        }
    }
    for k in whole..n {
        total += term(k);
    }
    total
}

#[inline(always)]
pub(crate) fn largest<T: Number + Math>(x: &[T]) -> T {
    let mut lanes = [T::LOWEST; LANES];
    let mut chunks = x.chunks_exact(LANES);
    for c in &mut chunks {
        for j in 0..LANES {
            lanes[j] = lanes[j].larger(c[j]);
        }
    }
    let mut top = T::LOWEST;
    for &v in chunks.remainder() {
        top = top.larger(v);
    }
    for lane in lanes {
        top = top.larger(lane);
    }
    top
}

/// Writes exp(x - max) and returns (max, sum). All -inf gives NaN, as the formula does.
#[inline(always)]
pub(crate) fn exponentials<T: Number + Math, F: Fma>(x: &[T], out: &mut [T]) -> (T, T) {
    let top = largest(x);
    for (y, &v) in out.iter_mut().zip(x) {
        *y = T::exp::<F>(v - top);
    }
    let out = &*out;
    (top, sum(out.len(), |k| out[k]))
}

#[derive(Clone, Copy)]
struct Soft;
#[derive(Clone, Copy)]
struct LogSoft;
#[derive(Clone, Copy)]
struct SoftGrad;
#[derive(Clone, Copy)]
struct LogSoftGrad;

impl Column for Soft {
    #[inline(always)]
    fn row<T: Number + Math, F: Fma>(x: &[T], _: &[T], y: &mut [T]) {
        let (_, total) = exponentials::<T, F>(x, y);
        let scale = T::ONE / total;
        for y in y.iter_mut() {
            *y *= scale;
        }
    }
}

impl Column for LogSoft {
    #[inline(always)]
    fn row<T: Number + Math, F: Fma>(x: &[T], _: &[T], y: &mut [T]) {
        let (top, total) = exponentials::<T, F>(x, y);
        let log = T::log::<F>(total);
        for (y, &v) in y.iter_mut().zip(x) {
            *y = (v - top) - log;
        }
    }
}

impl Column for SoftGrad {
    #[inline(always)]
    fn row<T: Number + Math, F: Fma>(y: &[T], g: &[T], dx: &mut [T]) {
        let g = &g[..y.len()];
        let dot = sum(y.len(), |k| y[k] * g[k]);
        for ((d, &y), &g) in dx.iter_mut().zip(y).zip(g) {
            *d = y * (g - dot);
        }
    }
}

impl Column for LogSoftGrad {
    #[inline(always)]
    fn row<T: Number + Math, F: Fma>(y: &[T], g: &[T], dx: &mut [T]) {
        let g = &g[..y.len()];
        let total = sum(y.len(), |k| g[k]);
        for ((d, &y), &g) in dx.iter_mut().zip(y).zip(g) {
            *d = g - T::exp::<F>(y) * total;
        }
    }
}

struct Rows<'a, T, C> {
    n: usize,
    inner: usize,
    a: &'a [T],
    b: &'a [T],
    out: &'a mut [T],
    column: std::marker::PhantomData<C>,
}

impl<T: Number + Math, C: Column> Loop for Rows<'_, T, C> {
    #[inline(always)]
    fn run<F: Fma>(self) {
        let Self { n, inner, a, b, out, .. } = self;
        let slab = n * inner;
        if inner == 1 {
            for ((out, a), b) in out.chunks_exact_mut(n).zip(a.chunks_exact(n)).zip(b.chunks_exact(n)) {
                C::row::<T, F>(a, b, out);
            }
            return;
        }
        // A column at a time through contiguous copies: rare in models, so clarity over speed.
        let (mut ca, mut cb, mut co) = (vec![T::ZERO; n], vec![T::ZERO; n], vec![T::ZERO; n]);
        for ((out, a), b) in out.chunks_exact_mut(slab).zip(a.chunks_exact(slab)).zip(b.chunks_exact(slab)) {
            for i in 0..inner {
                for k in 0..n {
                    ca[k] = a[k * inner + i];
                    cb[k] = b[k * inner + i];
                }
                C::row::<T, F>(&ca, &cb, &mut co);
                for k in 0..n {
                    out[k * inner + i] = co[k];
                }
            }
        }
    }
}

fn rows<T: Number + Math, C: Column>(_: C, outer: usize, n: usize, inner: usize, a: &[T], b: &[T], out: &mut [T]) {
    let slab = n * inner;
    assert_eq!(a.len(), outer * slab, "length of the operand");
    assert_eq!(b.len(), a.len(), "length of the cotangent");
    assert_eq!(out.len(), a.len(), "length of the result");
    if a.is_empty() {
        return;
    }
    let per = (TASK / slab).max(1);
    parallel::for_each_chunk_mut(out, per * slab, |t, out| {
        let (a, b) = (&a[t * per * slab..][..out.len()], &b[t * per * slab..][..out.len()]);
        frame::run(isa::active(), Rows { n, inner, a, b, out, column: std::marker::PhantomData::<C> });
    });
}

/// y = exp(x) / sum(exp(x)) along n.
///
/// # Panics
/// If a slice has another length than the sizes say; as all functions here.
pub fn softmax<T: Number + Math>(outer: usize, n: usize, inner: usize, x: &[T], y: &mut [T]) {
    rows(Soft, outer, n, inner, x, x, y);
}

/// y = x - log(sum(exp(x))) along n.
pub fn log_softmax<T: Number + Math>(outer: usize, n: usize, inner: usize, x: &[T], y: &mut [T]) {
    rows(LogSoft, outer, n, inner, x, x, y);
}

/// dx = y (g - sum(g y)) for y = softmax(x).
pub fn softmax_grad<T: Number + Math>(outer: usize, n: usize, inner: usize, y: &[T], g: &[T], dx: &mut [T]) {
    rows(SoftGrad, outer, n, inner, y, g, dx);
}

/// dx = g - exp(y) sum(g) for y = log_softmax(x).
pub fn log_softmax_grad<T: Number + Math>(outer: usize, n: usize, inner: usize, y: &[T], g: &[T], dx: &mut [T]) {
    rows(LogSoftGrad, outer, n, inner, y, g, dx);
}
