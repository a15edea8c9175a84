//! log(sum(exp(x))) without overflow.

use super::core::{TASK, fold3};
use super::fold::{Max, Number};
use crate::math::Fma;
use crate::math::float::Math;
use crate::math::frame::{self, Loop};
use crate::softmax::strip;
use crate::{isa, parallel};

const LANES: usize = 16;

struct Body<'a, T> {
    n: usize,
    inner: usize,
    x: &'a [T],
    /// Holds the maxima.
    y: &'a mut [T],
}

impl<T: Number + Math> Loop for Body<'_, T> {
    #[inline(always)]
    fn run<F: Fma>(self) {
        let Self { n, inner, x, y } = self;
        for (o, y) in y.chunks_exact_mut(inner).enumerate() {
            let x = &x[o * n * inner..][..n * inner];
            if inner == 1 {
                for y in y {
                    let m = *y;
                    let mut lanes = [T::ZERO; LANES];
                    let (chunks, rest) = x.as_chunks::<LANES>();
                    for c in chunks {
                        for l in 0..LANES {
                            lanes[l] += T::exp::<F>(c[l] - m);
                        }
                    }
                    let mut total = T::ZERO;
                    for &v in rest {
                        total += T::exp::<F>(v - m);
                    }
                    for lane in lanes {
                        total += lane;
                    }
                    *y = result::<T, F>(m, total);
                }
                continue;
            }
            let mut i = 0;
            while i + LANES <= inner {
                columns::<T, F, LANES>(i, inner, x, y);
                i += LANES;
            }
            while i < inner {
                columns::<T, F, 1>(i, inner, x, y);
                i += 1;
            }
        }
    }
}

/// m + log(total); without a finite maximum the result is that maximum (all -inf, some inf, or NaN).
#[inline(always)]
fn result<T: Number + Math, F: Fma>(m: T, total: T) -> T {
    if m.abs() < T::INFINITY { m + T::log::<F>(total) } else { m }
}

/// W columns from the i-th on.
#[inline(always)]
fn columns<T: Number + Math, F: Fma, const W: usize>(i: usize, inner: usize, x: &[T], y: &mut [T]) {
    let Some(y) = y[i..].first_chunk_mut::<W>() else { return };
    let mut total = [T::ZERO; W];
    for x in strip::<T, W>(i, inner, x) {
        for l in 0..W {
            total[l] += T::exp::<F>(x[l] - y[l]);
        }
    }
    for l in 0..W {
        y[l] = result::<T, F>(y[l], total[l]);
    }
}

pub(super) fn logsumexp<T: Number + Math>(outer: usize, n: usize, inner: usize, x: &[T], y: &mut [T]) {
    fold3::<T, T, Max>(outer, n, inner, x, y);
    if y.is_empty() {
        return;
    }
    let slab = n * inner;
    let per = (TASK / 8 / slab.max(1)).max(1);
    parallel::for_each_chunk_mut(y, per * inner, |t, y| {
        let x = &x[t * per * slab..][..y.len() / inner * slab];
        frame::run(isa::active(), Body { n, inner, x, y });
    });
}
