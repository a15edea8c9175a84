//! B laid out in the order in which tiles read it.

use std::ops::Range;

use super::drive::Part;
use crate::conv::vector::{Element, lanes};
use crate::isa;
use crate::layout::transpose_block;
use crate::memory::Buffer;
use crate::parallel::{self, SendPtr};

/// Elements of B from which on its panels are packed by all threads.
const SHARED: usize = 1 << 15;

/// Panels of B, each contiguous: row p of a panel is `width` elements, zero past the last column.
pub(super) fn pack_b<T: Element>(part: &Part<'_, T>, columns: Range<usize>, k: Range<usize>) -> Buffer {
    let g = part.g;
    let width = 2 * lanes::<T>(isa::active());
    let panels = columns.len().div_ceil(width);
    let size = width * k.len();
    let bytes = panels * size * size_of::<T>();
    let mut buffer = Buffer::dirty(bytes).expect("memory for a packed operand, about as large as the operand");
    let to = SendPtr(buffer.as_bytes_mut().as_mut_ptr().cast::<T>());
    let tasks = if panels * size > SHARED { panels } else { 1 };
    let per_task = panels.div_ceil(tasks.max(1)).max(1);
    parallel::for_each(tasks, |task| {
        for panel in task * per_task..((task + 1) * per_task).min(panels) {
            let first = columns.start + panel * width;
            let n = width.min(columns.end - first);
            // SAFETY: panels are disjoint parts of the buffer, and all columns lie in B.
            unsafe {
                let out = to.get().add(panel * size);
                if n < width {
                    std::ptr::write_bytes(out, 0, size);
                }
                if g.b_trans {
                    let from = g.b.as_ptr().add(part.b + first * g.ldb + k.start);
                    transpose_block((n, k.len()), (from, g.ldb), (out, width));
                } else {
                    for p in 0..k.len() {
                        let from = g.b.as_ptr().add(part.b + (k.start + p) * g.ldb + first);
                        std::ptr::copy_nonoverlapping(from, out.add(p * width), n);
                    }
                }
            }
        }
    });
    buffer
}
