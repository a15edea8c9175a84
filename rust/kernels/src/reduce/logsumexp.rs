//! log(sum(exp(x))) without overflow.

use super::core::{TASK, fold3};
use super::fold::{Max, Number};
use crate::math::Fma;
use crate::math::float::Math;
use crate::math::frame::{self, Loop};
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
            for (i, y) in y.iter_mut().enumerate() {
                // Without a finite maximum the result is that maximum (all -inf, some inf, or NaN).
                let m = *y;
                if !(m.abs() < T::INFINITY) {
                    continue;
                }
                let total = if inner == 1 {
                    let mut lanes = [T::ZERO; LANES];
                    let mut chunks = x.chunks_exact(LANES);
                    for c in &mut chunks {
                        for j in 0..LANES {
                            lanes[j] += T::exp::<F>(c[j] - m);
                        }
                    }
                    let mut total = T::ZERO;
                    for &v in chunks.remainder() {
                        total += T::exp::<F>(v - m);
                    }
                    for lane in lanes {
                        total += lane;
                    }
                    total
                } else {
                    let mut total = T::ZERO;
                    for k in 0..n {
                        total += T::exp::<F>(x[k * inner + i] - m);
                    }
                    total
                };
                *y = m + T::log::<F>(total);
            }
        }
    }
}

pub(super) fn logsumexp<T: Number + Math>(outer: usize, n: usize, inner: usize, x: &[T], y: &mut [T]) {
    fold3::<T, Max>(outer, n, inner, x, y);
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
