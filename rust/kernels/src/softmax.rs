//! Softmax and its logarithm along the middle of (outer, n, inner), and their gradients.

use crate::math::Fma;
use crate::math::float::Math;
use crate::math::frame::{self, Loop};
use crate::reduce::Number;
use crate::{isa, parallel};

const LANES: usize = 16;
const TASK: usize = 1 << 13;
/// Rows up to this length are worked on side by side where there are exponentials to compute.
const SHORT: usize = 24;

/// One of the four functions on a column of n numbers; `a` is x or y, `b` the cotangent.
trait Column: Copy + Send + Sync {
    /// The column as a contiguous row.
    fn row<T: Number + Math, F: Fma>(a: &[T], b: &[T], out: &mut [T]);

    // The same element by element, for several columns side by side:
    /// Whether `top`, the largest of the column, is wanted.
    const TOP: bool;
    /// What is summed over the column.
    fn term<T: Number + Math, F: Fma>(a: T, b: T, top: T) -> T;
    fn finish<T: Number + Math, F: Fma>(sum: T) -> T {
        sum
    }
    fn value<T: Number + Math, F: Fma>(a: T, b: T, top: T, sum: T) -> T;
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
    let (chunks, rest) = x.as_chunks::<LANES>();
    let mut lanes = padded(rest, T::LOWEST);
    for c in chunks {
        for j in 0..LANES {
            lanes[j] = lanes[j].larger(c[j]);
        }
    }
    halve(lanes, T::larger)
}

/// A last piece of a row filled up: a vector at once, where element by element would cost as much as whole rows.
#[inline(always)]
fn padded<T: Copy>(rest: &[T], with: T) -> [T; LANES] {
    let mut lanes = [with; LANES];
    for (l, v) in lanes.iter_mut().zip(rest) {
        *l = *v;
    }
    lanes
}

#[inline(always)]
fn halve<T: Copy>(mut lanes: [T; LANES], combine: impl Fn(T, T) -> T) -> T {
    let mut half = LANES / 2;
    while half > 0 {
        for j in 0..half {
            lanes[j] = combine(lanes[j], lanes[j + half]);
        }
        half /= 2;
    }
    lanes[0]
}

/// Writes exp(x - max) and returns (max, sum). All -inf gives NaN, as the formula does.
#[inline(always)]
pub(crate) fn exponentials<T: Number + Math, F: Fma>(x: &[T], out: &mut [T]) -> (T, T) {
    let top = largest(x);
    let (chunks, rest) = x.as_chunks::<LANES>();
    let (outs, out_rest) = out.as_chunks_mut::<LANES>();
    let mut total = [T::ZERO; LANES];
    for (out, x) in outs.iter_mut().zip(chunks) {
        for j in 0..LANES {
            out[j] = T::exp::<F>(x[j] - top);
            total[j] += out[j];
        }
    }
    if !rest.is_empty() {
        let mut last = padded(rest, T::LOWEST);
        for l in &mut last {
            *l = T::exp::<F>(*l - top);
        }
        for (l, (y, e)) in out_rest.iter_mut().zip(last).enumerate() {
            *y = e;
            total[l] += e;
        }
    }
    (top, halve(total, |a, b| a + b))
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
    const TOP: bool = true;
    #[inline(always)]
    fn term<T: Number + Math, F: Fma>(x: T, _: T, top: T) -> T {
        T::exp::<F>(x - top)
    }
    #[inline(always)]
    fn finish<T: Number + Math, F: Fma>(sum: T) -> T {
        T::ONE / sum
    }
    #[inline(always)]
    fn value<T: Number + Math, F: Fma>(x: T, _: T, top: T, scale: T) -> T {
        T::exp::<F>(x - top) * scale
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
    const TOP: bool = true;
    #[inline(always)]
    fn term<T: Number + Math, F: Fma>(x: T, _: T, top: T) -> T {
        T::exp::<F>(x - top)
    }
    #[inline(always)]
    fn finish<T: Number + Math, F: Fma>(sum: T) -> T {
        T::log::<F>(sum)
    }
    #[inline(always)]
    fn value<T: Number + Math, F: Fma>(x: T, _: T, top: T, log: T) -> T {
        (x - top) - log
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
    const TOP: bool = false;
    #[inline(always)]
    fn term<T: Number + Math, F: Fma>(y: T, g: T, _: T) -> T {
        y * g
    }
    #[inline(always)]
    fn value<T: Number + Math, F: Fma>(y: T, g: T, _: T, dot: T) -> T {
        y * (g - dot)
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
    const TOP: bool = false;
    #[inline(always)]
    fn term<T: Number + Math, F: Fma>(_: T, g: T, _: T) -> T {
        g
    }
    #[inline(always)]
    fn value<T: Number + Math, F: Fma>(y: T, g: T, _: T, total: T) -> T {
        g - T::exp::<F>(y) * total
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
        if C::TOP && inner == 1 && n <= SHORT {
            let group = n * LANES;
            for ((out, a), b) in out.chunks_mut(group).zip(a.chunks(group)).zip(b.chunks(group)) {
                short_rows::<T, C, F>(n, a, b, out);
            }
            return;
        }
        if inner == 1 {
            for ((out, a), b) in out.chunks_exact_mut(n).zip(a.chunks_exact(n)).zip(b.chunks_exact(n)) {
                C::row::<T, F>(a, b, out);
            }
            return;
        }
        for ((out, a), b) in out.chunks_exact_mut(slab).zip(a.chunks_exact(slab)).zip(b.chunks_exact(slab)) {
            let mut i = 0;
            while i + LANES <= inner {
                columns::<T, C, F, LANES>(i, inner, a, b, out);
                i += LANES;
            }
            while i + 4 <= inner {
                columns::<T, C, F, 4>(i, inner, a, b, out);
                i += 4;
            }
            while i < inner {
                columns::<T, C, F, 1>(i, inner, a, b, out);
                i += 1;
            }
        }
    }
}

/// Up to `LANES` short rows, turned into columns on the way: a row alone would not fill a vector, and what is
/// left over of vectors cost ten times as much as this.
#[inline(always)]
fn short_rows<T: Number + Math, C: Column, F: Fma>(n: usize, a: &[T], b: &[T], out: &mut [T]) {
    let turned = |x: &[T]| {
        let mut columns = [[T::ZERO; LANES]; SHORT];
        for (r, row) in x.chunks_exact(n).enumerate() {
            for (column, v) in columns.iter_mut().zip(row) {
                column[r % LANES] = *v;
            }
        }
        columns
    };
    let (a, b, mut held) = (turned(a), turned(b), [[T::ZERO; LANES]; SHORT]);
    let len = n * LANES;
    let (a, b) = (&a.as_flattened()[..len], &b.as_flattened()[..len]);
    columns::<T, C, F, LANES>(0, LANES, a, b, &mut held.as_flattened_mut()[..len]);
    for (r, row) in out.chunks_exact_mut(n).enumerate() {
        for (v, column) in row.iter_mut().zip(&held) {
            *v = column[r % LANES];
        }
    }
}

/// The W numbers of each row of `inner`, from the i-th on.
#[inline(always)]
pub(crate) fn strip<T, const W: usize>(i: usize, inner: usize, x: &[T]) -> impl Iterator<Item = &[T; W]> {
    x.chunks_exact(inner).filter_map(move |row| row[i..].first_chunk::<W>())
}

/// W columns from the i-th on.
#[inline(always)]
fn columns<T: Number + Math, C: Column, F: Fma, const W: usize>(i: usize, inner: usize, a: &[T], b: &[T], out: &mut [T]) {
    let mut top = [T::LOWEST; W];
    if C::TOP {
        for a in strip::<T, W>(i, inner, a) {
            for l in 0..W {
                top[l] = top[l].larger(a[l]);
            }
        }
    }
    let mut sum = [T::ZERO; W];
    for (a, b) in strip::<T, W>(i, inner, a).zip(strip::<T, W>(i, inner, b)) {
        for l in 0..W {
            sum[l] += C::term::<T, F>(a[l], b[l], top[l]);
        }
    }
    for l in 0..W {
        sum[l] = C::finish::<T, F>(sum[l]);
    }
    let out = out.chunks_exact_mut(inner).filter_map(|row| row[i..].first_chunk_mut::<W>());
    for ((out, a), b) in out.zip(strip::<T, W>(i, inner, a)).zip(strip::<T, W>(i, inner, b)) {
        for l in 0..W {
            out[l] = C::value::<T, F>(a[l], b[l], top[l], sum[l]);
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
