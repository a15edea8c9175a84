//! What both directions do with a tile of scores.

use std::ops::Range;

use super::{AttentionShape, Change, NEVER};
use crate::conv::vector::{Element, Kernel, Vector, dispatch};
use crate::gemm::Activation;
use crate::gemm::drive::strip_rows;
use crate::gemm::tile::{Finish, Tile};
use crate::isa::Isa;
use crate::layout::transpose_block;
use crate::math::Fma;
use crate::math::frame::Loop;

/// C = A·B, or C += A·B. Element (i, p) of A is at `a + i * a_row + p * a_step`, row p of B at `b + p * b_row`.
pub(super) struct Product<T> {
    pub rows: usize,
    pub columns: usize,
    pub k: usize,
    pub a: *const T,
    pub a_row: usize,
    pub a_step: usize,
    pub b: *const T,
    pub b_row: usize,
    pub c: *mut T,
    pub c_row: usize,
    pub accumulate: bool,
}

impl<T: Element> Kernel<T> for Product<T> {
    #[inline(always)]
    unsafe fn run<V: Vector<T>>(self) {
        let width = 2 * V::LANES;
        let most = strip_rows(self.rows, V::PIXELS);
        let finish = Finish {
            bias: std::ptr::null(),
            residual: std::ptr::null(),
            accumulate: self.accumulate,
            activation: Activation::None,
        };
        for column in (0..self.columns).step_by(width) {
            for row in (0..self.rows).step_by(most) {
                let tile = Tile {
                    k: self.k,
                    a: self.a.wrapping_add(row * self.a_row),
                    a_row: self.a_row,
                    a_step: self.a_step,
                    b: self.b.wrapping_add(column),
                    b_step: self.b_row,
                    c: self.c.wrapping_add(row * self.c_row + column),
                    ldc: self.c_row,
                    rows: most.min(self.rows - row),
                    columns: width.min(self.columns - column),
                    padded: false,
                    finish,
                };
                // SAFETY: the caller of `multiply` vouches for the operands.
                unsafe { tile.run::<V>() };
            }
        }
    }
}

/// Computes a product.
///
/// # Safety
/// The operands must be readable, and the result writable by nobody else, over the sizes.
pub(super) unsafe fn multiply<T: Element>(isa: Isa, product: Product<T>) {
    dispatch(isa, product);
}

/// Queries that are worked on side by side: some of one head.
pub(super) struct Panel {
    pub batch: usize,
    pub head: usize,
    pub queries: Range<usize>,
}

/// Rows of memory turned into columns of a panel `W` wide, zero past the last row.
///
/// # Safety
/// `rows` rows of `size` elements must be readable, `from_row` apart.
pub(super) unsafe fn turned<T: Element, const W: usize>(
    (from, from_row): (*const T, usize),
    rows: usize,
    to: &mut [[T; W]],
) {
    if rows < W {
        to.fill([T::ZERO; W]);
    }
    // SAFETY: `to` has a row of W for each element of the rows, which are at most W.
    unsafe { transpose_block((rows, to.len()), (from, from_row), (to.as_mut_ptr().cast(), W)) };
}

/// The scores of a panel and a block of keys, which are rows of `k`: products, bias, masks.
///
/// # Safety
/// `k` must be readable for a row of the size of a head for each key.
pub(super) unsafe fn scores<T: Element, const W: usize>(
    isa: Isa,
    shape: &AttentionShape,
    change: &Change<'_, T>,
    panel: &Panel,
    keys: &Range<usize>,
    queries: &[[T; W]],
    k: *const T,
    out: &mut [[T; W]],
) {
    let product = Product {
        rows: keys.len(),
        columns: W,
        k: shape.size,
        a: k,
        a_row: shape.size,
        a_step: 1,
        b: queries.as_ptr().cast(),
        b_row: W,
        c: out.as_mut_ptr().cast(),
        c_row: W,
        accumulate: false,
    };
    // SAFETY: keys by the caller's word; the panel and the tile have rows of W.
    unsafe { multiply(isa, product) };
    let lanes = panel.queries.len();
    let never = T::from_f64(NEVER);
    if let Some(bias) = &change.bias {
        let [by_batch, by_head, by_query, by_key] = bias.strides;
        let base = panel.batch * by_batch + panel.head * by_head;
        for lane in 0..lanes {
            let row = base + (panel.queries.start + lane) * by_query;
            for (out, key) in out.iter_mut().zip(keys.clone()) {
                out[lane] += bias.data[row + key * by_key];
            }
        }
    }
    if let Some(mask) = &change.mask {
        let [by_batch, by_head, by_query, by_key] = mask.strides;
        let base = panel.batch * by_batch + panel.head * by_head;
        if by_query == 0 {
            for (out, key) in out.iter_mut().zip(keys.clone()) {
                if mask.data[base + key * by_key] == 0 {
                    out.fill(never);
                }
            }
        } else {
            for lane in 0..lanes {
                let row = base + (panel.queries.start + lane) * by_query;
                if by_key == 0 {
                    if mask.data[row] == 0 {
                        out.iter_mut().for_each(|out| out[lane] = never);
                    }
                    continue;
                }
                let row = &mask.data[row + keys.start..][..keys.len()];
                if row.iter().fold(1, |all, m| all & u8::from(*m != 0)) == 1 {
                    continue;
                }
                for (out, m) in out.iter_mut().zip(row) {
                    if *m == 0 {
                        out[lane] = never;
                    }
                }
            }
        }
    }
    if !shape.all_seen(&panel.queries, keys) {
        let first = panel.queries.start;
        for (out, key) in out.iter_mut().zip(keys.clone()) {
            let (from, to) = shape.seen_from(key);
            out[..from.saturating_sub(first).min(W)].fill(never);
            out[to.saturating_sub(first).min(W)..].fill(never);
        }
    }
}

/// A step of the running softmax: scores become weights relative to the largest score so far, to which what was found
/// before is adjusted.
pub(super) struct Weigh<'a, T, const W: usize> {
    pub scores: &'a mut [[T; W]],
    pub top: &'a mut [T; W],
    pub total: &'a mut [T; W],
    pub found: &'a mut [[T; W]],
    pub first: bool,
}

#[inline(always)]
fn larger<T: PartialOrd>(a: T, b: T) -> T {
    if a > b { a } else { b }
}

impl<T: Element, const W: usize> Loop for Weigh<'_, T, W> {
    #[inline(always)]
    fn run<F: Fma>(self) {
        let old = *self.top;
        let mut top = old;
        let (quads, rest) = self.scores.as_chunks::<4>();
        for [a, b, c, d] in quads {
            for l in 0..W {
                top[l] = larger(larger(larger(a[l], b[l]), larger(c[l], d[l])), top[l]);
            }
        }
        for a in rest {
            for l in 0..W {
                top[l] = larger(a[l], top[l]);
            }
        }
        let mut sum = [T::ZERO; W];
        for row in self.scores.iter_mut() {
            for l in 0..W {
                row[l] = T::exp_falling::<F>(row[l] - top[l]);
                sum[l] += row[l];
            }
        }
        *self.top = top;
        if self.first {
            *self.total = sum;
            return;
        }
        let mut fade = [T::ZERO; W];
        for l in 0..W {
            fade[l] = T::exp_falling::<F>(old[l] - top[l]);
            self.total[l] = F::fma(self.total[l], fade[l], sum[l]);
        }
        for row in self.found.iter_mut() {
            for l in 0..W {
                row[l] *= fade[l];
            }
        }
    }
}

/// `row *= factor`, lane by lane.
pub(super) struct Scale<'a, T, const W: usize> {
    pub rows: &'a mut [[T; W]],
    pub factor: &'a [T; W],
}

impl<T: Element, const W: usize> Loop for Scale<'_, T, W> {
    #[inline(always)]
    fn run<F: Fma>(self) {
        for row in self.rows.iter_mut() {
            for l in 0..W {
                row[l] *= self.factor[l];
            }
        }
    }
}

/// Rows copied to or from a place where they lie side by side.
///
/// A call of the system's copy for each row would take longer than the copying.
pub(super) struct Copied<T> {
    pub from: *const T,
    pub from_row: usize,
    pub to: *mut T,
    pub to_row: usize,
    pub rows: usize,
    pub size: usize,
}

impl<T: Element> Copied<T> {
    /// # Safety
    /// The rows must be readable there and writable here by nobody else.
    #[inline(always)]
    unsafe fn each<const N: usize>(&self, start: usize) {
        for row in 0..self.rows {
            // SAFETY: rows as the caller promised; `run` starts pieces of N within them.
            unsafe {
                let from = self.from.add(row * self.from_row + start).cast::<[T; N]>();
                self.to.add(row * self.to_row + start).cast::<[T; N]>().write_unaligned(from.read_unaligned());
            }
        }
    }
}

impl<T: Element> Loop for Copied<T> {
    #[inline(always)]
    fn run<F: Fma>(self) {
        let mut start = 0;
        // SAFETY: whoever makes such a loop vouches for its rows; pieces end within them.
        unsafe {
            while start + 16 <= self.size {
                self.each::<16>(start);
                start += 16;
            }
            while start < self.size {
                self.each::<1>(start);
                start += 1;
            }
        }
    }
}

/// For the gradient: scores become weights, and cotangents of weights become those of scores.
pub(super) struct Slopes<'a, T, const W: usize> {
    pub weights: &'a mut [[T; W]],
    pub slopes: &'a mut [[T; W]],
    pub top: &'a [T; W],
    pub share: &'a [T; W],
    pub level: &'a [T; W],
    /// The factor of scores, or zero for a query that sees nothing, whose weights do not depend on anything.
    pub scale: &'a [T; W],
}

impl<T: Element, const W: usize> Loop for Slopes<'_, T, W> {
    #[inline(always)]
    fn run<F: Fma>(self) {
        let (top, share, level, scale) = (*self.top, *self.share, *self.level, *self.scale);
        for (weights, slopes) in self.weights.iter_mut().zip(self.slopes.iter_mut()) {
            for l in 0..W {
                let weight = T::exp_falling::<F>(weights[l] - top[l]) * share[l];
                weights[l] = weight;
                slopes[l] = weight * (slopes[l] - level[l]) * scale[l];
            }
        }
    }
}

/// Products of rows of two tensors, one sum for each row.
pub(super) struct Dots<'a, T, const W: usize> {
    pub a: &'a [T],
    pub b: &'a [T],
    /// Distance between rows.
    pub row: usize,
    pub size: usize,
    pub count: usize,
    pub sums: &'a mut [T; W],
}

impl<T: Element, const W: usize> Loop for Dots<'_, T, W> {
    #[inline(always)]
    fn run<F: Fma>(self) {
        for i in 0..self.count {
            let (a, b) = (&self.a[i * self.row..][..self.size], &self.b[i * self.row..][..self.size]);
            let ((a, a_rest), (b, b_rest)) = (a.as_chunks::<16>(), b.as_chunks::<16>());
            let mut lanes = [T::ZERO; 16];
            for (a, b) in a.iter().zip(b) {
                for l in 0..16 {
                    lanes[l] = F::fma(a[l], b[l], lanes[l]);
                }
            }
            let mut sum = T::ZERO;
            for (a, b) in a_rest.iter().zip(b_rest) {
                sum += *a * *b;
            }
            for lane in lanes {
                sum += lane;
            }
            self.sums[i] = sum;
        }
    }
}
