//! Products of bfloat16 with instructions that take pairs of successive terms.
//!
//! As far as loads are concerned, a matrix whose rows hold whole pairs is one of float32 half as wide, and the kernels of float32 run on
//! it with other registers. So A is read where it lies, or, if it lies transposed, from a copy with its rows woven two by two. B is packed
//! once for the whole sum; each task then keeps its own sums until they are rounded, and nobody waits again.

use std::ops::Range;

use super::block::{Part, rows_in_place};
use super::choice::{SERIAL, k_block, packs_by_task, reads_transposed_in_place};
use super::drive::{block, by_strips, each_k_block, for_column_groups};
use super::half::{blank, round};
use super::pack::{TOGETHER, distance, panel_of};
use super::pack_pairs::{Side, pack};
use super::tasks::Tasks;
use super::Gemm;
use crate::cast::Kind;
use crate::conv::scratch::Array;
use crate::conv::vector::{Factors, lanes};
use crate::isa;
use crate::pairs::{Words, neighbours, woven};
use crate::parallel::{self, SendPtr};

/// Columns of a task: its sums stay in the second-level cache until they are rounded.
const COLUMNS: usize = 512;

/// One product.
struct Product<'g> {
    g: &'g Gemm<'g, u16>,
    /// A in words of two terms.
    words: Words<'g>,
    lda: usize,
    b: usize,
    c: SendPtr<u16>,
    /// Words of a sum.
    steps: usize,
}

/// Computes a product whose operands begin at these offsets.
pub(super) fn product(g: &Gemm<'_, u16>, (a, b): (usize, usize), c: SendPtr<u16>) {
    let (words, lda) = if g.a_trans { (Words::Made(woven(&g.a[a..], (g.k, g.m, g.lda))), g.m) } else { neighbours(&g.a[a..], (g.m, g.k, g.lda)) };
    let product = Product { g, words, lda, b, c, steps: g.k.div_ceil(2) };
    let whole = product.as_floats();
    if g.m * g.n * g.k <= SERIAL {
        product.rectangle((0..g.m, 0..g.n), &product.pack_b(0..g.n), 0);
    } else if packs_by_task(&whole) {
        for_column_groups::<f32>(g.n, |columns| {
            product.rectangle((0..g.m, columns.clone()), &product.pack_b(columns.clone()), columns.start);
        });
    } else {
        let tasks = Tasks::new::<f32>((g.m, g.n), COLUMNS, rows_in_place(&whole));
        let panels = product.pack_b(0..g.n);
        parallel::for_each(tasks.count(), |task| product.rectangle((tasks.rows(task).1, tasks.columns(task)), &panels, 0));
    }
}

impl Product<'_> {
    /// The product as one of float32 of half as many terms. B is packed, and nothing there to be read from it.
    fn as_floats(&self) -> Gemm<'_, f32> {
        Gemm { a: &self.words, lda: self.lda, a_trans: self.g.a_trans, b_trans: true, ..blank(self.g.m, self.g.n, self.steps) }
    }

    /// Calls `f` with the blocks of the sum, and where the panels of each begin if there are so many.
    fn each_block(&self, panels: usize, mut f: impl FnMut(Range<usize>, usize)) {
        let (mut start, width) = (0, 2 * lanes::<f32>(isa::active()));
        each_k_block(self.steps, k_block(&self.as_floats(), true), |k| {
            let len = panels * distance::<f32>(k.len(), width);
            f(k, start);
            start += len;
        });
    }

    /// A part of the result over the whole sum, with panels of B from column `first` on.
    fn rectangle(&self, (rows, columns): (Range<usize>, Range<usize>), panels: &Panels, first: usize) {
        let whole = self.as_floats();
        let ldc = columns.len();
        let mut sums = Array::<f32>::dirty(rows.len() * ldc);
        let c = SendPtr(sums.as_mut_ptr().wrapping_sub(rows.start * ldc + columns.start));
        let part = Part { g: &whole, a: 0, b: 0, c, ldc, factors: Factors::Pairs };
        let width = 2 * lanes::<f32>(isa::active());
        self.each_block(panels.count, |k, start| {
            let at = start + panel_of::<f32>(columns.start - first, k.len(), width);
            let (rectangle, packed) = ((rows.clone(), columns.clone(), k), (std::ptr::null(), panels.words[at..].as_ptr()));
            if whole.a_trans && reads_transposed_in_place(&whole) {
                block(&part, rectangle, packed, None);
            } else {
                by_strips(&part, rectangle, packed);
            }
        });
        // SAFETY: the sums were just written, and no other task has this part of the result.
        unsafe { round(Kind::BF16, self.g, self.c, (rows, columns), (sums.as_ptr(), ldc)) }
    }

    /// Panels of these columns of B over the whole sum, block after block.
    fn pack_b(&self, columns: Range<usize>) -> Panels {
        let (g, width) = (self.g, 2 * lanes::<f32>(isa::active()));
        let side = Side { from: &g.b[self.b..], ld: g.ldb, together: g.b_trans, k: g.k };
        let count = columns.len().div_ceil(width);
        let (mut blocks, mut len) = (Vec::new(), 0);
        self.each_block(count, |k, start| {
            len = start + count * distance::<f32>(k.len(), width);
            blocks.push((k, start));
        });
        let mut words = Array::<f32>::dirty(len);
        let to = SendPtr(words.as_mut_ptr());
        let groups = count.div_ceil(TOGETHER);
        parallel::for_each(blocks.len() * groups, |task| {
            let ((k, start), group) = (&blocks[task / groups], task % groups);
            let first = columns.start + group * TOGETHER * width;
            let here = first..columns.end.min(first + TOGETHER * width);
            let last = (here.len() % width).next_multiple_of(width / 2);
            let at = start + panel_of::<f32>(first - columns.start, k.len(), width);
            // SAFETY: panels are disjoint parts of the array, and all columns lie in B.
            unsafe { pack(&side, here, k.clone(), last, to.get().add(at).cast()) }
        });
        Panels { words, count }
    }
}

/// Packed columns of B.
struct Panels {
    words: Array<f32>,
    count: usize,
}
