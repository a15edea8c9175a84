//! Operands laid out in the order in which tiles read them.

use std::ops::Range;

use super::drive::{Part, strip_rows};
use super::tile::size_of_tile;
use crate::conv::vector::{Element, lanes, tile_rows};
use crate::isa;
use crate::layout::transpose_block;
use crate::memory::Buffer;
use crate::parallel::{self, SendPtr};

/// Elements of B from which on its panels are packed by all threads.
const SHARED: usize = 1 << 15;

/// Panels of B, each contiguous: row p of a panel is two registers wide (the last panel as few as hold its columns),
/// zero past the last column.
pub(super) fn pack_b<T: Element>(part: &Part<'_, T>, columns: Range<usize>, k: Range<usize>) -> Buffer {
    let g = part.g;
    let lanes = lanes::<T>(isa::active());
    let most = 2 * lanes;
    let panels = columns.len().div_ceil(most);
    let size = most * k.len();
    let bytes = panels * size * size_of::<T>();
    let mut buffer = Buffer::dirty(bytes).expect("memory for a packed operand, about as large as the operand");
    let to = SendPtr(buffer.as_bytes_mut().as_mut_ptr().cast::<T>());
    let tasks = if panels * size > SHARED { panels } else { 1 };
    let per_task = panels.div_ceil(tasks.max(1)).max(1);
    parallel::for_each(tasks, |task| {
        for panel in task * per_task..((task + 1) * per_task).min(panels) {
            let first = columns.start + panel * most;
            let n = most.min(columns.end - first);
            let width = n.next_multiple_of(lanes);
            // SAFETY: panels are disjoint parts of the buffer, and all columns lie in B.
            unsafe {
                let out = to.get().add(panel * size);
                if n < width {
                    std::ptr::write_bytes(out, 0, width * k.len());
                }
                if g.b_trans {
                    let from = g.b.as_ptr().add(part.b + first * g.ldb + k.start);
                    transpose_block((n, k.len()), (from, g.ldb), (out, width));
                } else {
                    let from = g.b.as_ptr().add(part.b + k.start * g.ldb + first);
                    copy_rows(k.len(), n, (from, g.ldb), (out, width));
                }
            }
        }
    });
    buffer
}

/// Strips of A, each contiguous: step p of a strip is a factor for each row of its tile, zero past the last row.
pub(super) fn pack_a<T: Element>(part: &Part<'_, T>, rows: Range<usize>, k: Range<usize>) -> Buffer {
    let g = part.g;
    let most = strip_rows(rows.len(), tile_rows::<T>(isa::active()));
    let elements = (rows.len() + most) * k.len();
    let mut buffer = Buffer::dirty(elements * size_of::<T>()).expect("memory for a packed block of an operand");
    let to = buffer.as_bytes_mut().as_mut_ptr().cast::<T>();
    for first in rows.clone().step_by(most) {
        let n = most.min(rows.end - first);
        let height = size_of_tile(n);
        // SAFETY: the strips before this one are of `most` rows each; all rows lie in A.
        unsafe {
            let out = to.add((first - rows.start) * k.len());
            if n < height {
                std::ptr::write_bytes(out, 0, height * k.len());
            }
            if g.a_trans {
                let from = g.a.as_ptr().add(part.a + k.start * g.lda + first);
                copy_rows(k.len(), n, (from, g.lda), (out, height));
            } else {
                let from = g.a.as_ptr().add(part.a + first * g.lda + k.start);
                // As two blocks that overlap: only blocks of eight rows are turned in registers.
                let block = n.min(8);
                transpose_block((block, k.len()), (from, g.lda), (out, height));
                if n > block {
                    let rest = n - block;
                    transpose_block((block, k.len()), (from.add(rest * g.lda), g.lda), (out.add(rest), height));
                }
            }
        }
    }
    buffer
}

/// Copies `rows` rows of `n` elements.
///
/// # Safety
/// All of them must be readable and writable at these distances.
unsafe fn copy_rows<T: Copy>(rows: usize, n: usize, (from, from_row): (*const T, usize), (to, to_row): (*mut T, usize)) {
    /// Rows whose length the compiler knows: a few moves rather than a call.
    unsafe fn known<T: Copy, const N: usize>(rows: usize, (from, from_row): (*const T, usize), (to, to_row): (*mut T, usize)) {
        for row in 0..rows {
            // SAFETY: the caller's promise.
            unsafe { to.add(row * to_row).cast::<[T; N]>().write_unaligned(from.add(row * from_row).cast::<[T; N]>().read_unaligned()) };
        }
    }
    // SAFETY: the caller's promise.
    unsafe {
        match n {
            14 => known::<T, 14>(rows, (from, from_row), (to, to_row)),
            12 => known::<T, 12>(rows, (from, from_row), (to, to_row)),
            32 => known::<T, 32>(rows, (from, from_row), (to, to_row)),
            16 => known::<T, 16>(rows, (from, from_row), (to, to_row)),
            _ => {
                for row in 0..rows {
                    std::ptr::copy_nonoverlapping(from.add(row * from_row), to.add(row * to_row), n);
                }
            }
        }
    }
}
