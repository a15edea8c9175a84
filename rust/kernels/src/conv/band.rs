//! Copies of the input with its padding, interleaved where several segments share a register.

use std::arch::x86_64::{_MM_HINT_T0, _mm_prefetch};

use super::layout::Layout;
use super::shape::{Axis, Job};
use super::vector::Element;
use crate::layout::transpose_rows;

/// Mixes `GROUP` rows element by element.
#[inline(always)]
unsafe fn mix<T: Copy, const GROUP: usize>(rows: &[*const T; 16], to: *mut T, n: usize) {
    for e in 0..n {
        for i in 0..GROUP {
            // SAFETY: the caller's rows have `n` elements and its target `n * GROUP`.
            unsafe { *to.add(e * GROUP + i) = *rows[i].add(e) };
        }
    }
}

/// `n` elements of `group` rows, mixed.
///
/// # Safety
/// The first `group` rows must have `n` elements each and `to` room for all of them.
#[inline(always)]
pub(super) unsafe fn mix_rows<T: Copy>(group: usize, rows: &[*const T; 16], to: *mut T, n: usize) {
    // SAFETY: passed on to the caller.
    unsafe {
        match group {
            1 => std::ptr::copy_nonoverlapping(rows[0], to, n),
            _ => mix::<T, 2>(rows, to, n),
        }
    }
}

/// Has the row after this one come while this one is turned: its lines are read by eights, which the processor does not foresee.
#[inline(always)]
fn expect_row<T>(row: *const T, len: usize) {
    const LINE: usize = 64;
    for line in (0..len * size_of::<T>()).step_by(LINE) {
        // SAFETY: an address is no access; where there is nothing, nothing happens.
        unsafe { _mm_prefetch::<_MM_HINT_T0>(row.cast::<i8>().wrapping_add(line)) };
    }
}

/// Input position of band row `row` of a segment that starts at output `out`, if it is not padding.
fn position(axis: &Axis, out: usize, row: usize) -> Option<usize> {
    let at = axis.origin + (out * axis.in_step + row) as isize;
    (at >= 0 && (at as usize) < axis.in_len).then_some(at as usize)
}

/// Fills the bands of `block`; `zeros` is a row of zeros as long as the band is wide.
///
/// # Safety
/// `x` must be the input of the job, `band` have room for `images * band_len * interleave` elements.
#[inline(always)]
pub(super) unsafe fn fill<T: Element>(job: &Job, layout: &Layout, block: usize, x: *const T, zeros: &[T], band: *mut T) {
    let group = layout.interleave;
    let count = job.from.count;
    let [depth, height, width] = layout.band;
    let row_len = width * count;
    let [d, h, w] = &job.axes;
    // Columns of the band that are not padding: the same for every row.
    let left = ((-w.origin).max(0) as usize).min(width);
    let right = (w.in_len as isize - w.origin).clamp(left as isize, width as isize) as usize;
    let first_column = (w.origin + left as isize).max(0) as usize;
    let mut to = band;
    for m in 0..layout.images {
        let mut places = [None; 16];
        for (part, place) in places.iter_mut().enumerate().take(group) {
            let segment = layout.segment(block, part) + m;
            *place = (segment < layout.segments).then(|| layout.place(segment));
        }
        for bd in 0..depth {
            for bh in 0..height {
                let mut rows = [zeros.as_ptr(); 16];
                let mut padding = true;
                for (part, row) in rows.iter_mut().enumerate().take(group) {
                    let Some([image, od, oh]) = places[part] else { continue };
                    if let (Some(pd), Some(ph)) = (position(d, od, bd), position(h, oh, bh)) {
                        let pixel = job.from.pixel(pd, ph, 0) + first_column * job.from.channels;
                        *row = x.wrapping_add(image * job.from.image() + pixel + job.from.first);
                        padding = false;
                    }
                }
                // SAFETY: the target has `row_len * group` elements left; sources are rows of the input from the first column
                // that the band covers, or of zeros.
                unsafe {
                    if padding || left == right {
                        to.write_bytes(0, row_len * group);
                    } else if layout.planar {
                        expect_row(rows[0].wrapping_add(job.from.extent[2] * job.from.channels), (right - left) * job.from.channels);
                        // A few elements each: a call of the system's function would take longer than all else here.
                        for plane in 0..count {
                            let plane = to.add(plane * width);
                            for column in (0..left).chain(right..width) {
                                *plane.add(column) = *zeros.as_ptr();
                            }
                        }
                        transpose_rows((right - left, count), (rows[0], job.from.channels), (to.add(left), width));
                    } else {
                        to.write_bytes(0, left * count * group);
                        let middle = to.add(left * count * group);
                        if count == job.from.channels {
                            mix_rows(group, &rows, middle, (right - left) * count);
                        } else {
                            for column in 0..right - left {
                                let shifted = rows.map(|r| if r == zeros.as_ptr() { r } else { r.add(column * job.from.channels) });
                                mix_rows(group, &shifted, middle.add(column * count * group), count);
                            }
                        }
                        to.add(right * count * group).write_bytes(0, (width - right) * count * group);
                    }
                    to = to.add(row_len * group);
                }
            }
        }
    }
}
