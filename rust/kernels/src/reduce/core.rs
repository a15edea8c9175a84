//! The loops of a reduction over the middle of (outer, n, inner), in an order that depends on the sizes only.
//!
//! Sums cascade: 64 rows into one accumulator, 64 of those into the next, so that the error of a float32 sum
//! grows like that of a pairwise one. A single row is folded as a matrix of `LANES` columns.

use std::marker::PhantomData;

use super::fold::{Fold, Number};
use crate::math::Fma;
use crate::math::frame::{self, Loop};
use crate::{isa, parallel};

const LANES: usize = 64;
const BLOCK: usize = 64;
/// Elements of one task.
pub(crate) const TASK: usize = 1 << 15;

/// Folds `rows` rows of `W` columns, `stride` apart.
#[inline(always)]
fn cascade<X: Copy, T: Number, O: Fold<T, X>, const W: usize>(x: &[X], rows: usize, stride: usize) -> [T; W] {
    let mut total = [O::identity(); W];
    let mut row = 0;
    while row < rows {
        let mut middle = [O::identity(); W];
        let end = rows.min(row + BLOCK * BLOCK);
        while row < end {
            let mut low = [O::identity(); W];
            let stop = end.min(row + BLOCK);
            while row < stop {
                let line = &x[row * stride..][..W];
                for j in 0..W {
                    low[j] = O::combine(low[j], O::map(line[j]));
                }
                row += 1;
            }
            for j in 0..W {
                middle[j] = O::combine(middle[j], low[j]);
            }
        }
        for j in 0..W {
            total[j] = O::combine(total[j], middle[j]);
        }
    }
    total
}

/// Folds one row to a number.
#[inline(always)]
fn row<X: Copy, T: Number, O: Fold<T, X>>(x: &[X]) -> T {
    let rows = x.len() / LANES;
    let mut rest = O::identity();
    for &v in &x[rows * LANES..] {
        rest = O::combine(rest, O::map(v));
    }
    if rows == 0 {
        return rest;
    }
    let mut lanes = cascade::<X, T, O, LANES>(x, rows, LANES);
    let mut half = LANES / 2;
    while half > 0 {
        for j in 0..half {
            lanes[j] = O::combine(lanes[j], lanes[j + half]);
        }
        half /= 2;
    }
    O::combine(lanes[0], rest)
}

struct Body<'a, X, T, O> {
    n: usize,
    inner: usize,
    x: &'a [X],
    y: &'a mut [T],
    fold: PhantomData<O>,
}

impl<X: Copy, T: Number, O: Fold<T, X>> Loop for Body<'_, X, T, O> {
    #[inline(always)]
    fn run<F: Fma>(self) {
        let Self { n, inner, x, y, .. } = self;
        if inner == 1 {
            for (i, y) in y.iter_mut().enumerate() {
                *y = row::<X, T, O>(&x[i * n..][..n]);
            }
            return;
        }
        for (i, y) in y.chunks_exact_mut(inner).enumerate() {
            let x = &x[i * n * inner..][..n * inner];
            let mut j = 0;
            while j + LANES <= inner {
                y[j..j + LANES].copy_from_slice(&cascade::<X, T, O, LANES>(x.get(j..).unwrap_or(&[]), n, inner));
                j += LANES;
            }
            while j + 8 <= inner {
                y[j..j + 8].copy_from_slice(&cascade::<X, T, O, 8>(x.get(j..).unwrap_or(&[]), n, inner));
                j += 8;
            }
            while j < inner {
                y[j] = cascade::<X, T, O, 1>(x.get(j..).unwrap_or(&[]), n, inner)[0];
                j += 1;
            }
        }
    }
}

/// y[o, i] = fold over k of x[o, k, i].
///
/// # Panics
/// If a slice has another length than the sizes say.
pub(crate) fn fold3<X: Copy + Sync, T: Number, O: Fold<T, X>>(outer: usize, n: usize, inner: usize, x: &[X], y: &mut [T]) {
    assert_eq!(x.len(), outer * n * inner, "length of the operand");
    assert_eq!(y.len(), outer * inner, "length of the result");
    if y.is_empty() {
        return;
    }
    let slab = n * inner;
    // Long and few: cut along n, fold the pieces, then fold their results (which are mapped already).
    if slab > 2 * TASK && n >= 4 * BLOCK && outer < 64 {
        let piece = (TASK / inner).max(BLOCK);
        let (whole, rest) = (n / piece, n % piece);
        let pieces = whole + usize::from(rest > 0);
        let mut partial = vec![O::identity(); outer * pieces * inner];
        parallel::for_each_chunk_mut(&mut partial, inner, |t, y| {
            let (o, p) = (t / pieces, t % pieces);
            let count = if p < whole { piece } else { rest };
            let x = &x[(o * n + p * piece) * inner..][..count * inner];
            frame::run(isa::active(), Body::<X, T, O> { n: count, inner, x, y, fold: PhantomData });
        });
        return fold_plain::<T, T, Mapped<X, O>>(outer, pieces, inner, &partial, y);
    }
    fold_plain::<X, T, O>(outer, n, inner, x, y);
}

/// Without cutting n.
fn fold_plain<X: Copy + Sync, T: Number, O: Fold<T, X>>(outer: usize, n: usize, inner: usize, x: &[X], y: &mut [T]) {
    debug_assert_eq!(x.len(), outer * n * inner);
    let slab = n * inner;
    let per = (TASK / slab.max(1)).max(1);
    parallel::for_each_chunk_mut(y, per * inner, |t, y| {
        let x = &x[t * per * slab..][..y.len() / inner * slab];
        frame::run(isa::active(), Body::<X, T, O> { n, inner, x, y, fold: PhantomData });
    });
}

/// The same combination over what has been mapped before.
pub(crate) struct Mapped<X, O>(PhantomData<(fn(X), O)>);

impl<X, O> Clone for Mapped<X, O> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<X, O> Copy for Mapped<X, O> {}

impl<X, T: Number, O: Fold<T, X>> Fold<T> for Mapped<X, O> {
    #[inline(always)]
    fn identity() -> T {
        O::identity()
    }
    #[inline(always)]
    fn map(x: T) -> T {
        x
    }
    #[inline(always)]
    fn combine(a: T, b: T) -> T {
        O::combine(a, b)
    }
}
