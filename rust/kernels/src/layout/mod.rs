//! Moving elements without looking at them: by bytes, so that each function exists once for all dtypes.

mod plane;
mod strided;

use crate::parallel;
use plane::{Plane, Way};
use strided::{Axes, Axis};

/// Bytes that one task writes.
const TASK: usize = 1 << 18;

/// Repeats one element's bytes over `out`.
///
/// # Panics
/// If the element has no bytes.
pub fn fill(element: &[u8], out: &mut [u8]) {
    let n = element.len();
    // A multiple of the element, so that each task starts with a whole one.
    parallel::for_each_chunk_mut(out, (TASK / n).max(1) * n, |_, out| match *element {
        [a] => out.fill(a),
        [a, b] => out.as_chunks_mut().0.fill([a, b]),
        [a, b, c, d] => out.as_chunks_mut().0.fill([a, b, c, d]),
        [a, b, c, d, e, f, g, h] => out.as_chunks_mut().0.fill([a, b, c, d, e, f, g, h]),
        _ => out.chunks_exact_mut(n).for_each(|slot| slot.copy_from_slice(element)),
    });
}

/// `to[c * to_row + r] = from[r * from_row + c]` for `rows` by `columns` elements of four or eight bytes.
///
/// # Safety
/// Every place must be readable or writable, and nobody else may use those written.
pub(crate) unsafe fn transpose_block<T>(
    (rows, columns): (usize, usize),
    (from, from_row): (*const T, usize),
    (to, to_row): (*mut T, usize),
) {
    let j = Axis { n: columns, src: 1, dst: to_row as isize };
    let k = Axis { n: rows, src: from_row as isize, dst: 1 };
    // SAFETY: as the caller promises; the words are the elements' bits.
    unsafe {
        if size_of::<T>() == 4 {
            plane::run(Way::Transpose, Plane::<u32> { j, k, src: from.cast(), dst: to.cast() });
        } else {
            plane::run(Way::Transpose, Plane::<u64> { j, k, src: from.cast(), dst: to.cast() });
        }
    }
}

/// As [`transpose_block`], eight rows or more in blocks of eight, of which the last two may overlap: only whole blocks are
/// turned in registers.
///
/// # Safety
/// As for [`transpose_block`].
pub(crate) unsafe fn transpose_rows<T>(
    (rows, columns): (usize, usize),
    (from, from_row): (*const T, usize),
    (to, to_row): (*mut T, usize),
) {
    let whole = if rows < 8 { rows } else { rows / 8 * 8 };
    // SAFETY: as the caller promises.
    unsafe {
        transpose_block((whole, columns), (from, from_row), (to, to_row));
        if whole < rows {
            let last = rows - 8;
            transpose_block((8, columns), (from.add(last * from_row), from_row), (to.add(last), to_row));
        }
    }
}

/// The step of each axis of a contiguous array, with its size; the last axis comes first.
fn contiguous(dims: &[usize]) -> impl Iterator<Item = (usize, isize)> {
    dims.iter().rev().scan(1, |step, &n| {
        let this = *step;
        *step *= n as isize;
        Some((n, this))
    })
}

/// Gathers a strided window (strides and offset in elements) into contiguous bytes.
///
/// # Panics
/// If the window leaves `src` or `dst` has another length; as all functions here.
pub fn copy_strided(elem: usize, dims: &[usize], src: &[u8], offset: isize, strides: &[isize], dst: &mut [u8]) {
    assert_eq!(dst.len(), dims.iter().product::<usize>() * elem, "length of the result");
    let mut axes: Axes =
        contiguous(dims).zip(strides.iter().rev()).map(|((n, dst), &src)| Axis { n, src, dst }).collect();
    axes.reverse();
    strided::copy(elem, axes, src, offset, dst, 0);
}

/// Scatters contiguous bytes into a strided window (strides and offset in elements).
pub fn write_strided(elem: usize, dims: &[usize], src: &[u8], dst: &mut [u8], offset: isize, strides: &[isize]) {
    assert_eq!(src.len(), dims.iter().product::<usize>() * elem, "length of the operand");
    let mut axes: Axes =
        contiguous(dims).zip(strides.iter().rev()).map(|((n, src), &dst)| Axis { n, src, dst }).collect();
    axes.reverse();
    strided::copy(elem, axes, src, 0, dst, offset);
}

/// Axes in another order: axis i of the result is axis `perm[i]` of the operand.
pub fn permute(elem: usize, shape: &[usize], perm: &[usize], src: &[u8], dst: &mut [u8]) {
    assert_eq!(src.len(), dst.len(), "length of the result");
    assert_eq!(src.len(), shape.iter().product::<usize>() * elem, "length of the operand");
    let mut axes: Axes = contiguous(shape).map(|(n, src)| Axis { n, src, dst: 0 }).collect();
    axes.reverse();
    let mut step = 1;
    let mut axes: Axes = perm
        .iter()
        .rev()
        .map(|&p| {
            let axis = Axis { dst: step, ..axes[p] };
            step *= axis.n as isize;
            axis
        })
        .collect();
    axes.reverse();
    strided::copy(elem, axes, src, 0, dst, 0);
}

/// Joins operands, given as (bytes, bytes of one outer slice), slice by slice.
pub fn concatenate(parts: &[(&[u8], usize)], outer: usize, dst: &mut [u8]) {
    let total: usize = parts.iter().map(|p| p.1).sum();
    assert_eq!(dst.len(), total * outer, "length of the result");
    let mut at = 0;
    for &(bytes, len) in parts {
        assert_eq!(bytes.len(), len * outer, "length of an operand");
        // The largest word that divides every place.
        let elem = 1 << (len | total | at).trailing_zeros().min(3);
        let (row, step) = (len / elem, (total / elem) as isize);
        let axes = Axes::from_slice(&[
            Axis { n: outer, src: row as isize, dst: step },
            Axis { n: row, src: 1, dst: 1 },
        ]);
        strided::copy(elem, axes, bytes, 0, dst, (at / elem) as isize);
        at += len;
    }
}
