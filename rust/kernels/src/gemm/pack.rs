//! Operands laid out in the order in which tiles read them.

use std::ops::Range;

use super::block::Part;
use super::choice::packed_rows;
use super::tile::size_of_tile;
use crate::conv::vector::{Element, lanes};
use crate::isa;
use crate::layout::transpose_rows;
use crate::memory::Buffer;
use crate::parallel::{self, SendPtr};

/// Elements of B from which on its panels are packed by all threads.
const SHARED: usize = 1 << 15;
/// Panels of B that are packed side by side: a row of all of them is read at once, not a line or two of its page.
pub(super) const TOGETHER: usize = 8;

/// Elements from a panel of `most` columns (or a strip of rows) over `k` steps to the next one: two lines more than it has. Without
/// them, panels of a power of two would all begin in the same few lines of the first-level cache.
pub(super) fn distance<T>(k: usize, most: usize) -> usize {
    k * most + 128 / size_of::<T>()
}

/// Where in a packed operand the panel begins that has this line (a column of B or a row of A) as its first.
pub(super) fn panel_of<T>(line: usize, k: usize, most: usize) -> usize {
    line / most * distance::<T>(k, most)
}

/// Panels of B, each contiguous: row p of a panel is two registers wide (the last panel as few as hold its columns),
/// zero past the last column.
pub(super) fn pack_b<T: Element>(part: &Part<'_, T>, columns: Range<usize>, k: Range<usize>) -> Buffer {
    let g = part.g;
    let lanes = lanes::<T>(isa::active());
    let most = 2 * lanes;
    let panels = columns.len().div_ceil(most);
    let size = distance::<T>(k.len(), most);
    let bytes = panels * size * size_of::<T>();
    let mut buffer = Buffer::dirty(bytes).expect("memory for a packed operand, about as large as the operand");
    let to = SendPtr(buffer.as_bytes_mut().as_mut_ptr().cast::<T>());
    let per_task = if panels * size > SHARED { TOGETHER.min(panels.div_ceil(2)) } else { panels.max(1) };
    parallel::for_each(panels.div_ceil(per_task), |task| {
        let first = columns.start + task * per_task * most;
        let here = columns.end.min(first + per_task * most) - first;
        let shape = (k.len(), most, (here % most).next_multiple_of(lanes));
        // SAFETY: panels are disjoint parts of the buffer, and all columns lie in B.
        unsafe {
            let out = to.get().add(task * per_task * size);
            if g.b_trans {
                let from = g.b.as_ptr().add(part.b + first * g.ldb + k.start);
                turn(here, shape, (from, g.ldb), out);
            } else {
                let from = g.b.as_ptr().add(part.b + k.start * g.ldb + first);
                slice(here, shape, (from, g.ldb), out);
            }
        }
    });
    buffer
}

/// Strips of A, each contiguous: step p of a strip is a factor for each row of its tile, zero past the last row.
pub(super) fn pack_a<T: Element>(part: &Part<'_, T>, rows: Range<usize>, k: Range<usize>) -> Buffer {
    let most = packed_rows::<T>(rows.len(), part.g.n);
    let elements = rows.len().div_ceil(most) * distance::<T>(k.len(), most);
    let mut buffer = Buffer::dirty(elements * size_of::<T>()).expect("memory for a packed block of an operand");
    // SAFETY: the buffer has room for all strips, the last one filled up.
    unsafe { pack_strips(part, rows, k, buffer.as_bytes_mut().as_mut_ptr().cast::<T>()) };
    buffer
}

/// As [`pack_a`], to memory of the caller's.
///
/// # Safety
/// There must be room for all strips, the last one filled up to a size of tile.
pub(super) unsafe fn pack_strips<T: Element>(part: &Part<'_, T>, rows: Range<usize>, k: Range<usize>, out: *mut T) {
    let g = part.g;
    let most = packed_rows::<T>(rows.len(), g.n);
    let shape = (k.len(), most, size_of_tile(rows.len() % most));
    // SAFETY: the caller's promise; all rows lie in A.
    unsafe {
        if g.a_trans {
            let from = g.a.as_ptr().add(part.a + k.start * g.lda + rows.start);
            slice(rows.len(), shape, (from, g.lda), out);
        } else {
            let from = g.a.as_ptr().add(part.a + rows.start * g.lda + k.start);
            turn(rows.len(), shape, (from, g.lda), out);
        }
    }
}

/// Panels of `most` columns of the `n` columns of a matrix of `k` rows; the rest is a panel of `last`, filled up with zeros.
///
/// # Safety
/// The matrix must be readable, and the panels writable by nobody else.
pub(super) unsafe fn slice<T: Element>(n: usize, (k, most, last): (usize, usize, usize), (from, ld): (*const T, usize), out: *mut T) {
    let whole = n / most;
    // SAFETY: the caller's promise.
    unsafe {
        match most {
            32 => columns::<T, 32>(k, whole, (from, ld), out),
            16 => columns::<T, 16>(k, whole, (from, ld), out),
            14 => columns::<T, 14>(k, whole, (from, ld), out),
            12 => columns::<T, 12>(k, whole, (from, ld), out),
            10 => columns::<T, 10>(k, whole, (from, ld), out),
            8 => columns::<T, 8>(k, whole, (from, ld), out),
            6 => columns::<T, 6>(k, whole, (from, ld), out),
            2 => columns::<T, 2>(k, whole, (from, ld), out),
            1 => columns::<T, 1>(k, whole, (from, ld), out),
            _ => unreachable!("panels of {most} columns"),
        }
        if n > whole * most {
            let (from, out) = (from.add(whole * most), out.add(whole * distance::<T>(k, most)));
            std::ptr::write_bytes(out, 0, last * k);
            for row in 0..k {
                std::ptr::copy_nonoverlapping(from.add(row * ld), out.add(row * last), n - whole * most);
            }
        }
    }
}

/// As [`slice`] for whole panels, whose width the compiler knows: a few moves for each row rather than a call.
///
/// # Safety
/// As for [`slice`].
unsafe fn columns<T: Copy, const N: usize>(k: usize, panels: usize, (from, ld): (*const T, usize), out: *mut T) {
    for row in 0..k {
        for panel in 0..panels {
            // SAFETY: the caller's promise.
            unsafe {
                let columns = from.add(row * ld + panel * N).cast::<[T; N]>().read_unaligned();
                out.add(panel * distance::<T>(k, N) + row * N).cast::<[T; N]>().write_unaligned(columns);
            }
        }
    }
}

/// As [`slice`], of the transpose of a matrix of `n` rows of `k` elements.
///
/// # Safety
/// As for [`slice`].
pub(super) unsafe fn turn<T: Element>(n: usize, (k, most, last): (usize, usize, usize), (from, ld): (*const T, usize), out: *mut T) {
    let whole = n / most;
    // SAFETY: the caller's promise.
    unsafe {
        for panel in 0..whole {
            transpose_rows((most, k), (from.add(panel * most * ld), ld), (out.add(panel * distance::<T>(k, most)), most));
        }
        if n > whole * most {
            let (from, out) = (from.add(whole * most * ld), out.add(whole * distance::<T>(k, most)));
            std::ptr::write_bytes(out, 0, last * k);
            transpose_rows((n - whole * most, k), (from, ld), (out, last));
        }
    }
}
