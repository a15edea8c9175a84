//! Products whose sums are long and whose results are small, cut in k.

use super::block::Part;
use super::drive::whole;
use super::{Activation, Epilogue, Gemm};
use crate::conv::vector::Element;
use crate::memory::Buffer;
use crate::parallel::{self, SendPtr};

/// A result of few elements and a long sum: k is cut into a fixed number of parts, whose results are added in order.
///
/// Each thread then reads rows of B of its own. Where B is weights, these are the rows whose gradients it computes and which it
/// updates, rather than columns, half of each line of which another core has changed since.
pub(super) fn summed<T: Element>(part: &Part<'_, T>, parts: usize, direct: bool) {
    let g = part.g;
    let size = g.m * g.n;
    let mut buffer = Buffer::dirty(parts * size * size_of::<T>()).expect("memory for a few small results");
    let to = SendPtr(buffer.as_bytes_mut().as_mut_ptr().cast::<T>());
    parallel::for_each(parts, |i| {
        let cut = |i: usize| i * g.k / parts;
        let (first, k) = (cut(i), cut(i + 1) - cut(i));
        let g = &Gemm { k, accumulate: false, epilogue: Epilogue::NONE, ..*g };
        let c = SendPtr(to.get().wrapping_add(i * size));
        let a = part.a + first * if g.a_trans { g.lda } else { 1 };
        let b = part.b + first * if g.b_trans { 1 } else { g.ldb };
        let part = Part { g, a, b, c, ldc: g.n, factors: part.factors };
        whole(&part, direct);
    });
    let rows = (size / parts).div_ceil(g.n).max(1);
    parallel::for_each(g.m.div_ceil(rows), |task| {
        for row in task * rows..g.m.min((task + 1) * rows) {
            // SAFETY: the parts have been written, each as large as the result, and this row is this task's; `check` made sure of
            // the result and the residual.
            unsafe { finish_row(part, (to.get(), parts), row) }
        }
    });
}

/// Adds up the parts of a row of the result.
///
/// # Safety
/// The parts must be written, the row in the result and nobody else's.
unsafe fn finish_row<T: Element>(part: &Part<'_, T>, (to, parts): (*const T, usize), row: usize) {
    let g = part.g;
    // SAFETY: the caller's promise.
    unsafe {
        let c = std::slice::from_raw_parts_mut(part.c.get().add(row * part.ldc), g.n);
        let of = |i: usize| std::slice::from_raw_parts(to.add((i * g.m + row) * g.n), g.n);
        let mut sums = [T::ZERO; 256];
        for (piece, c) in c.chunks_mut(sums.len()).enumerate() {
            let at = |i: usize| &of(i)[piece * 256..][..c.len()];
            let sums = &mut sums[..c.len()];
            sums.copy_from_slice(at(0));
            for i in 1..parts {
                sums.iter_mut().zip(at(i)).for_each(|(sum, part)| *sum += *part);
            }
            if g.accumulate {
                sums.iter_mut().zip(c.iter()).for_each(|(sum, c)| *sum += *c);
            }
            c.copy_from_slice(sums);
        }
        if let Some(bias) = g.epilogue.bias {
            c.iter_mut().zip(bias).for_each(|(c, b)| *c += *b);
        }
        if let Some(residual) = g.epilogue.residual {
            let at = row * part.ldc;
            c.iter_mut().zip(&residual[at..at + g.n]).for_each(|(c, r)| *c += *r);
        }
        if g.epilogue.activation == Activation::Relu {
            c.iter_mut().filter(|c| **c < T::ZERO).for_each(|c| *c = T::ZERO);
        }
    }
}
