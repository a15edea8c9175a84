//! B of bfloat16 laid out for tiles: panels as `pack` makes them, of pairs of successive terms of the sum.

use super::pack::distance;
use crate::layout::transpose_rows;
use crate::memory::Buffer;
use std::ops::Range;

/// Columns of a panel: two registers of AVX-512, the only instructions here that multiply pairs.
pub(super) const WIDTH: usize = 32;

/// Columns of B, each with `k` terms.
#[derive(Clone, Copy)]
pub(super) struct Side<'a> {
    /// The matrix, from the first term of the first column on.
    pub from: &'a [u16],
    /// Elements between rows of the matrix as it lies in memory.
    pub ld: usize,
    /// The terms of a column lie side by side.
    pub together: bool,
    /// Terms of the whole sum. Where they are odd, the last pair is filled up with a zero.
    pub k: usize,
}

/// Panels of `WIDTH` of these columns, the last one of `last`, for the pairs `pairs` of terms; zero where there is no more.
///
/// # Safety
/// The operand must be readable, the panels writable by nobody else, and the instructions those of AVX-512.
#[target_feature(enable = "avx512f,avx512vl,avx512dq,avx512bw")]
pub(super) unsafe fn pack(side: &Side<'_>, lines: Range<usize>, pairs: Range<usize>, last: usize, out: *mut u32) {
    let whole = lines.len() / WIDTH;
    let rest = lines.len() - whole * WIDTH;
    // SAFETY: the caller's promise.
    unsafe {
        if side.together {
            return together(side, lines, pairs, last, out);
        }
        let from = side.from.as_ptr().add(2 * pairs.start * side.ld + lines.start);
        let terms = side.k - 2 * pairs.start;
        woven((from, side.ld), (terms, pairs.len()), whole, out);
        if rest > 0 {
            let (from, out) = (from.add(whole * WIDTH), out.add(whole * distance::<u32>(pairs.len(), WIDTH)));
            std::ptr::write_bytes(out, 0, last * pairs.len());
            for p in 0..pairs.len() {
                for j in 0..rest {
                    let high = if 2 * p + 1 < terms { *from.add((2 * p + 1) * side.ld + j) } else { 0 };
                    *out.add(p * last + j) = u32::from(*from.add(2 * p * side.ld + j)) | u32::from(high) << 16;
                }
            }
        }
    }
}

/// Whole panels from two rows of the matrix at a time, whose elements are interleaved.
///
/// # Safety
/// As for [`pack`].
#[inline(always)]
unsafe fn woven((from, ld): (*const u16, usize), (terms, pairs): (usize, usize), panels: usize, out: *mut u32) {
    for p in 0..pairs {
        for panel in 0..panels {
            // SAFETY: the caller's promise.
            unsafe {
                let at = from.add(2 * p * ld + panel * WIDTH);
                let low = at.cast::<[u16; WIDTH]>().read_unaligned();
                let high = if 2 * p + 1 < terms { at.add(ld).cast::<[u16; WIDTH]>().read_unaligned() } else { [0; WIDTH] };
                let mut both = [0_u32; WIDTH];
                for j in 0..WIDTH {
                    both[j] = u32::from(low[j]) | u32::from(high[j]) << 16;
                }
                out.add(panel * distance::<u32>(pairs, WIDTH) + p * WIDTH).cast::<[u32; WIDTH]>().write_unaligned(both);
            }
        }
    }
}

/// Panels of lines whose terms lie side by side: a transpose of pairs.
///
/// # Safety
/// As for [`pack`].
unsafe fn together(side: &Side<'_>, lines: Range<usize>, pairs: Range<usize>, last: usize, out: *mut u32) {
    let whole = lines.len() / WIDTH;
    // SAFETY: the caller's promise; a copy holds the lines it is made of.
    unsafe {
        let from = side.from.as_ptr().add(lines.start * side.ld + 2 * pairs.start);
        let terms = (side.k - 2 * pairs.start).min(2 * pairs.len());
        // Where lines are of whole pairs, these are read where they lie.
        let copied = (side.ld % 2 == 1 || terms % 2 == 1).then(|| {
            let mut copy = Buffer::dirty(lines.len() * pairs.len() * 4).expect("memory for a copy of a block of an operand");
            let to = copy.as_bytes_mut().as_mut_ptr().cast::<u16>();
            for line in 0..lines.len() {
                let to = to.add(line * 2 * pairs.len());
                std::ptr::copy_nonoverlapping(from.add(line * side.ld), to, terms);
                to.add(terms).write_bytes(0, 2 * pairs.len() - terms);
            }
            copy
        });
        let (from, ld) = match &copied {
            Some(copy) => (copy.as_bytes().as_ptr().cast::<u32>(), pairs.len()),
            None => (from.cast::<u32>(), side.ld / 2),
        };
        for panel in 0..whole {
            let to = out.add(panel * distance::<u32>(pairs.len(), WIDTH));
            transpose_rows((WIDTH, pairs.len()), (from.add(panel * WIDTH * ld), ld), (to, WIDTH));
        }
        if lines.len() > whole * WIDTH {
            let (from, out) = (from.add(whole * WIDTH * ld), out.add(whole * distance::<u32>(pairs.len(), WIDTH)));
            std::ptr::write_bytes(out, 0, last * pairs.len());
            transpose_rows((lines.len() - whole * WIDTH, pairs.len()), (from, ld), (out, last));
        }
    }
}
