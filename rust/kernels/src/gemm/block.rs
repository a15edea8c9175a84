//! Rectangles of a result over a block of k: the tiles of them, one after the other.

use std::ops::Range;

use super::drive::strip_rows;
use super::pack::panel_of;
use super::tile::{Finish, Tile, size_of_tile};
use super::{Activation, Gemm};
use crate::conv::vector::{Element, Kernel, Vector};
use crate::parallel::SendPtr;

/// One product, with where its operands start.
pub struct Part<'g, T> {
    pub(super) g: &'g Gemm<'g, T>,
    pub(super) a: usize,
    pub(super) b: usize,
    pub(super) c: SendPtr<T>,
    pub(super) ldc: usize,
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
    /// What is packed or read after this, to be fetched on the way: where it begins, or null, and how many elements of it are
    /// fetched with each panel.
    pub(super) next: (*const T, usize),
}

impl<T: Element> Kernel<T> for Block<'_, '_, T> {
    #[inline(always)]
    unsafe fn run<V: Vector<T>>(self) {
        let (g, part) = (self.part.g, self.part);
        let width = 2 * V::LANES;
        let apart = self.strips.is_null() && !g.a_trans;
        let most = strip_rows(self.rows.len(), if apart { V::ROWS_APART } else { V::PIXELS });
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
        let mut column = self.columns.start;
        while column < self.columns.end {
            let (next, share) = self.next;
            let ahead = if next.is_null() { next } else { next.wrapping_add((column - self.columns.start) / width * share) };
            let columns = width.min(self.columns.end - column);
            let (b, b_step) = if self.panels.is_null() {
                (g.b.as_ptr().wrapping_add(part.b + self.k.start * g.ldb + column), g.ldb)
            } else {
                let panel = self.panels.wrapping_add(panel_of::<T>(column - self.columns.start, self.k.len(), width));
                (panel, columns.next_multiple_of(V::LANES))
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
                let at = row * part.ldc + column;
                let finish = finish(at, column);
                let tile = Tile {
                    k: self.k.len(),
                    a,
                    a_row,
                    a_step,
                    b,
                    b_step,
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
            column += width;
        }
    }
}
