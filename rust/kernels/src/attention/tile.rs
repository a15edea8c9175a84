//! What both directions do with a tile of scores: queries in rows, keys in lanes.

use std::ops::Range;

use super::format::{Format, Tile};
use super::product::{APART, Product};
use super::{AttentionShape, Change, NEVER};
use crate::conv::vector::Element;
use crate::element::Element as _;
use crate::isa::Isa;
use crate::layout::transpose_block;
use crate::math::Fma;
use crate::math::frame::{self, Loop};

/// Keys of a tile, at most.
pub(super) const BLOCK: usize = 128;
/// Queries that a softmax takes at once, at most.
pub(super) const STRIP: usize = 12;
/// Keys come in multiples of so many lanes; those that do not exist weigh nothing.
pub(super) const LANES: usize = 16;

/// Queries of one head that are worked on together.
#[derive(Clone)]
pub(super) struct Queries {
    pub batch: usize,
    pub head: usize,
    pub range: Range<usize>,
}

/// The keys of a block that any of these queries sees, or all with `whole`. The range starts a multiple of [`LANES`] after
/// the block.
pub(super) fn visible(shape: &AttentionShape, queries: &Range<usize>, block: &Range<usize>, whole: bool) -> Range<usize> {
    if whole {
        return block.clone();
    }
    let seen = shape.seen(queries);
    let (start, end) = (seen.start.max(block.start), seen.end.min(block.end));
    if start >= end { block.start..block.start } else { start - (start - block.start) % LANES..end }
}

/// The distance of rows of `block` keys that were turned; not a power of two, whose rows would share a few sets of the cache.
pub(super) fn turned_row(block: usize) -> usize {
    block.next_multiple_of(LANES) + LANES
}

/// Keys, or values, of a block with time in lanes: rows [`turned_row`] apart, times a factor if there is one.
///
/// # Safety
/// `rows` rows of `size` words must be readable, `from_row` apart.
pub(super) unsafe fn turned<T: Element>(
    isa: Isa,
    (from, from_row): (*const T, usize),
    (rows, size): (usize, usize),
    (to, to_row): (&mut [T], usize),
    factor: Option<T>,
) {
    assert!(to.len() >= size * to_row && rows <= to_row, "room for turned rows");
    // SAFETY: `to` has a row for each element of the rows.
    unsafe { transpose_block((rows, size), (from, from_row), (to.as_mut_ptr(), to_row)) };
    if let Some(factor) = factor {
        for row in to[..size * to_row].chunks_exact_mut(to_row) {
            frame::run(isa, Scale { row: &mut row[..rows], factor });
        }
    }
}

/// What keys are multiplied by when they are turned; scores instead where that would round keys once more.
pub(super) fn factor_of_keys<F: Format>(shape: &AttentionShape) -> Option<F::Of> {
    (F::TERMS == 1).then(|| F::Of::from_f64(shape.scale))
}

/// The scores of some queries and keys: products, bias, masks. Lanes past the last key are minus infinity.
///
/// # Safety
/// Rows of the queries must be readable from `q` on, `keys` turned from `k` on, both for the words of a head.
pub(super) unsafe fn scores<F: Format>(
    isa: Isa,
    shape: &AttentionShape,
    change: &Change<'_, F::Of>,
    queries: &Queries,
    keys: &Range<usize>,
    (q, q_row): (*const F::Of, usize),
    (k, k_row): (*const F::Of, usize),
    out: &mut Tile<F>,
) {
    let rows = queries.range.len();
    let columns = keys.len().next_multiple_of(LANES);
    assert!(rows <= out.len() && columns <= BLOCK, "room for the scores");
    let product = Product::<F::Of, APART> {
        rows,
        columns,
        k: F::words(shape.size),
        a: q,
        stride: q_row,
        b: k,
        b_row: k_row,
        c: out.as_mut_ptr().cast(),
        c_row: BLOCK,
        accumulate: false,
    };
    // SAFETY: operands by the caller's word; rows of the result are as long as a block.
    unsafe { product.run(isa, F::FACTORS) };
    if factor_of_keys::<F>(shape).is_none() {
        frame::run(isa, Scaled { rows: &mut out[..rows], columns, factor: F::Of::from_f64(shape.scale) });
    }
    let banded = !shape.all_seen(&queries.range, keys);
    if columns > keys.len() || banded || change.bias.is_some() || change.mask.is_some() {
        frame::run(isa, Changed { shape, change, queries, keys, banded, rows: &mut out[..rows] });
    }
}

/// Scores, times a factor.
struct Scaled<'a, T> {
    rows: &'a mut [[T; BLOCK]],
    /// A multiple of [`LANES`].
    columns: usize,
    factor: T,
}

impl<T: Element> Loop for Scaled<'_, T> {
    #[inline(always)]
    fn run<F: Fma>(self) {
        for row in self.rows {
            row[..self.columns].iter_mut().for_each(|x| *x *= self.factor);
        }
    }
}

struct Changed<'a, T> {
    shape: &'a AttentionShape,
    change: &'a Change<'a, T>,
    queries: &'a Queries,
    keys: &'a Range<usize>,
    banded: bool,
    rows: &'a mut [[T; BLOCK]],
}

impl<T: Element> Loop for Changed<'_, T> {
    #[inline(always)]
    fn run<F: Fma>(self) {
        let Self { shape, change, queries, keys, banded, rows } = self;
        let never = T::from_f64(NEVER);
        for (row, query) in rows.iter_mut().zip(queries.range.clone()) {
            let (row, rest) = row.split_at_mut(keys.len());
            if let Some(bias) = &change.bias {
                let (at, by_key) = bias.place(queries, query, keys.start);
                if by_key == 0 {
                    row.iter_mut().for_each(|x| *x += bias.data[at]);
                } else {
                    row.iter_mut().zip(&bias.data[at..]).for_each(|(x, b)| *x += *b);
                }
            }
            if let Some(mask) = &change.mask {
                let (at, by_key) = mask.place(queries, query, keys.start);
                if by_key != 0 {
                    row.iter_mut().zip(&mask.data[at..]).for_each(|(x, m)| *x = if *m == 0 { never } else { *x });
                } else if mask.data[at] == 0 {
                    row.fill(never);
                }
            }
            if banded {
                let seen = shape.seen(&(query..query + 1));
                row[..seen.start.clamp(keys.start, keys.end) - keys.start].fill(never);
                row[seen.end.clamp(keys.start, keys.end) - keys.start..].fill(never);
            }
            let lanes = (keys.len().next_multiple_of(LANES) - keys.len()).min(rest.len());
            rest[..lanes].fill(T::from_f64(f64::NEG_INFINITY));
        }
    }
}

#[inline(always)]
fn larger<T: PartialOrd>(a: T, b: T) -> T {
    if a > b { a } else { b }
}

/// The lanes of a register taken together, half by half. They must come from memory: folded where they were computed, the
/// compiler takes the whole computation apart into pairs of lanes.
#[inline(always)]
fn folded<T: Element>(lanes: &[T; LANES], f: impl Fn(T, T) -> T) -> T {
    let eight: [T; 8] = std::array::from_fn(|l| f(lanes[l], lanes[l + 8]));
    let four: [T; 4] = std::array::from_fn(|l| f(eight[l], eight[l + 4]));
    f(f(four[0], four[2]), f(four[1], four[3]))
}

/// A step of the running softmax: scores become weights relative to the largest score of their query so far. What was
/// found before is to be multiplied by `fade`.
pub(super) struct Weigh<'a, T> {
    pub scores: &'a mut [[T; BLOCK]],
    /// A multiple of [`LANES`].
    pub columns: usize,
    pub top: &'a mut [T],
    pub total: &'a mut [T],
    pub fade: &'a mut [T],
}

impl<T: Element> Loop for Weigh<'_, T> {
    #[inline(always)]
    fn run<F: Fma>(self) {
        let n = self.columns / LANES;
        let mut parts = [[T::ZERO; LANES]; STRIP];
        for ((row, top), part) in self.scores.iter().zip(self.top.iter()).zip(&mut parts) {
            let mut lanes = [*top; LANES];
            for score in &row.as_chunks::<LANES>().0[..n] {
                for l in 0..LANES {
                    lanes[l] = larger(score[l], lanes[l]);
                }
            }
            *part = lanes;
        }
        for ((top, fade), part) in self.top.iter_mut().zip(self.fade.iter_mut()).zip(&parts) {
            let old = *top;
            *top = folded(part, larger);
            // The difference for now: its exponential is taken for all rows at once.
            *fade = old - *top;
        }
        self.fade.iter_mut().for_each(|x| *x = T::exp_falling::<F>(*x));
        for ((row, top), part) in self.scores.iter_mut().zip(&*self.top).zip(&mut parts) {
            let mut sums = [T::ZERO; LANES];
            for score in &mut row.as_chunks_mut::<LANES>().0[..n] {
                for l in 0..LANES {
                    score[l] = T::exp_falling::<F>(score[l] - *top);
                    sums[l] += score[l];
                }
            }
            *part = sums;
        }
        for ((total, fade), part) in self.total.iter_mut().zip(&*self.fade).zip(&parts) {
            *total = F::fma(*total, *fade, folded(part, |a, b| a + b));
        }
    }
}

/// `row *= factor`
pub(super) struct Scale<'a, T> {
    pub row: &'a mut [T],
    pub factor: T,
}

impl<T: Element> Loop for Scale<'_, T> {
    #[inline(always)]
    fn run<F: Fma>(self) {
        self.row.iter_mut().for_each(|x| *x *= self.factor);
    }
}

/// Rows `width` long, each times its factor.
pub(super) struct ScaleRows<'a, T> {
    pub rows: &'a mut [T],
    pub width: usize,
    pub factors: &'a [T],
}

impl<T: Element> Loop for ScaleRows<'_, T> {
    #[inline(always)]
    fn run<F: Fma>(self) {
        for (row, factor) in self.rows.chunks_exact_mut(self.width).zip(self.factors) {
            row.iter_mut().for_each(|x| *x *= *factor);
        }
    }
}

/// Rows copied to or from a place where they lie side by side: where heads are many, rows are a power of two apart and
/// would share a few places of the cache.
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
pub(super) struct Slopes<'a, T> {
    pub weights: &'a mut [[T; BLOCK]],
    pub slopes: &'a mut [[T; BLOCK]],
    /// A multiple of [`LANES`].
    pub columns: usize,
    pub top: &'a [T],
    pub share: &'a [T],
    pub level: &'a [T],
    /// The factor of scores, or zero for a query that sees nothing, whose weights do not depend on anything.
    pub scale: &'a [T],
}

impl<T: Element> Loop for Slopes<'_, T> {
    #[inline(always)]
    fn run<F: Fma>(self) {
        let n = self.columns / LANES;
        for (i, (weights, slopes)) in self.weights.iter_mut().zip(self.slopes.iter_mut()).enumerate() {
            let (top, share, level, scale) = (self.top[i], self.share[i], self.level[i], self.scale[i]);
            let (weights, slopes) = (&mut weights.as_chunks_mut::<LANES>().0[..n], &mut slopes.as_chunks_mut::<LANES>().0[..n]);
            for (weights, slopes) in weights.iter_mut().zip(slopes) {
                for l in 0..LANES {
                    let weight = T::exp_falling::<F>(weights[l] - top) * share;
                    weights[l] = weight;
                    slopes[l] = weight * (slopes[l] - level) * scale;
                }
            }
        }
    }
}

/// Products of rows of two tensors, one sum for each row.
pub(super) struct Dots<'a, T> {
    pub a: &'a [T],
    pub b: &'a [T],
    /// Distance between rows.
    pub row: usize,
    pub size: usize,
    pub sums: &'a mut [T],
}

impl<T: Element> Loop for Dots<'_, T> {
    #[inline(always)]
    fn run<F: Fma>(self) {
        for (start, sums) in (0..).step_by(STRIP).zip(self.sums.chunks_mut(STRIP)) {
            let mut parts = [[T::ZERO; LANES]; STRIP];
            for ((row, sum), part) in (start..).zip(sums.iter_mut()).zip(&mut parts) {
                let (a, b) = (&self.a[row * self.row..][..self.size], &self.b[row * self.row..][..self.size]);
                let ((a, a_rest), (b, b_rest)) = (a.as_chunks::<LANES>(), b.as_chunks::<LANES>());
                let mut lanes = [T::ZERO; LANES];
                for (a, b) in a.iter().zip(b) {
                    for l in 0..LANES {
                        lanes[l] = F::fma(a[l], b[l], lanes[l]);
                    }
                }
                *part = lanes;
                *sum = a_rest.iter().zip(b_rest).fold(T::ZERO, |sum, (a, b)| F::fma(*a, *b, sum));
            }
            for (sum, part) in sums.iter_mut().zip(&parts) {
                *sum += folded(part, |a, b| a + b);
            }
        }
    }
}
