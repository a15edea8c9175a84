//! Rectangles of a result over a block of k: the tiles of them, one after the other.

use std::ops::Range;

use super::choice::strip_rows;
use super::pack::{distance, panel_of};
use super::tile::{Finish, Tile, size_of_tile};
use super::{Activation, Gemm};
use crate::conv::vector::{Element, Factors, Kernel, Rows, Vector, tile_of};
use crate::parallel::SendPtr;

/// One product, with where its operands start.
pub struct Part<'g, T> {
    pub(super) g: &'g Gemm<'g, T>,
    pub(super) a: usize,
    pub(super) b: usize,
    pub(super) c: SendPtr<T>,
    pub(super) ldc: usize,
    pub(super) factors: Factors,
}

/// A rectangle of the result over a block of k.
pub struct Block<'p, 'g, T> {
    pub(super) part: &'p Part<'g, T>,
    pub(super) rows: Range<usize>,
    pub(super) columns: Range<usize>,
    pub(super) k: Range<usize>,
    /// Packed strips of A over these rows and this block of k, or null.
    pub(super) strips: *const T,
    /// Packed panels of B over these columns and this block of k, or null.
    pub(super) panels: *const T,
    /// What is packed or read after this, to be fetched on the way.
    pub(super) ahead: Option<Ahead<T>>,
}

/// Memory that is needed after a block: parts of one or two matrices, of both of which together (one after the other) this range.
pub(super) struct Ahead<T> {
    pub matrices: [(*const T, usize); 2],
    pub range: Range<usize>,
}

impl<T> Ahead<T> {
    /// Where the share of a tile begins.
    fn of(&self, tile: usize, tiles: usize) -> *const T {
        let [(first, len), (second, _)] = self.matrices;
        let at = self.range.start + tile * self.range.len() / tiles;
        if at < len { first.wrapping_add(at) } else { second.wrapping_add(at - len) }
    }
}

/// How rows of A lie where they are not packed.
pub(super) fn rows_in_place<T>(g: &Gemm<'_, T>) -> Rows {
    if g.a_trans { Rows::Together } else { Rows::Apart }
}

impl<T: Element> Kernel<T> for Block<'_, '_, T> {
    #[inline(always)]
    unsafe fn run<V: Vector<T>>(self) {
        let (g, part) = (self.part.g, self.part);
        let panel = 2 * V::LANES;
        let rows = if self.strips.is_null() { rows_in_place(g) } else { Rows::Packed };
        // Rows are packed alike for all columns.
        let (most, widest) = tile_of::<T, V>(rows, if rows == Rows::Packed { g.n } else { self.columns.len() });
        let most = strip_rows(self.rows.len(), most);
        let (a_row, a_step) = if g.a_trans { (1, g.lda) } else { (g.lda, 1) };
        let (first, last) = (self.k.start == 0, self.k.end == g.k);
        // Of a tile that begins at this element of the result and this column.
        let finish = |at: usize, column: usize| {
            let null = std::ptr::null();
            Finish {
                bias: if last { g.epilogue.bias.map_or(null, |v| v.as_ptr().wrapping_add(column)) } else { null },
                residual: if last { g.epilogue.residual.map_or(null, |v| v.as_ptr().wrapping_add(at)) } else { null },
                accumulate: g.accumulate || !first,
                activation: if last { g.epilogue.activation } else { Activation::None },
            }
        };
        if self.is_row::<V>() {
            let at = self.rows.start * part.ldc + self.columns.start;
            // SAFETY: passed on to the caller.
            return unsafe { self.row::<V>(&finish(at, self.columns.start)) };
        }
        let tiles = self.columns.len().div_ceil(widest) * self.rows.len().div_ceil(most);
        let (mut column, mut count) = (self.columns.start, 0);
        while column < self.columns.end {
            // Two panels, if the second is more than a register wide and so laid out as the first.
            let left = self.columns.end - column;
            let columns = left.min(if left > 3 * V::LANES { widest } else { panel });
            let (b, b_step, right) = if self.panels.is_null() {
                (g.b.as_ptr().wrapping_add(part.b + self.k.start * g.ldb + column), g.ldb, panel)
            } else {
                let first = self.panels.wrapping_add(panel_of::<T>(column - self.columns.start, self.k.len(), panel));
                (first, columns.min(panel).next_multiple_of(V::LANES), distance::<T>(self.k.len(), panel))
            };
            let mut row = self.rows.start;
            while row < self.rows.end {
                let mut rows = most.min(self.rows.end - row);
                if self.strips.is_null() && g.a_trans && rows > 1 {
                    // Tiles have even numbers of rows, and the row after the last may not be there to be read.
                    rows -= rows % 2;
                }
                let (a, a_row, a_step) = if self.strips.is_null() {
                    (g.a.as_ptr().wrapping_add(part.a + row * a_row + self.k.start * a_step), a_row, a_step)
                } else {
                    (self.strips.wrapping_add(panel_of::<T>(row - self.rows.start, self.k.len(), most)), 1, size_of_tile(rows))
                };
                let ahead = self.ahead.as_ref().map_or(std::ptr::null(), |ahead| ahead.of(count, tiles));
                count += 1;
                let at = row * part.ldc + column;
                let finish = finish(at, column);
                let tile = Tile {
                    k: self.k.len(),
                    a,
                    a_row,
                    a_step,
                    b,
                    b_step,
                    right,
                    ahead,
                    c: part.c.get().wrapping_add(at),
                    ldc: part.ldc,
                    rows,
                    columns,
                    padded: !self.strips.is_null(),
                    filled: !self.panels.is_null(),
                    finish,
                };
                // SAFETY: `check` made sure that the operands hold the product; blocks of different tasks are disjoint.
                unsafe { tile.run::<V>() };
                row += rows;
            }
            column += columns;
        }
    }
}
