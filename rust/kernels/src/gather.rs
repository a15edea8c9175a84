//! Reading and adding by index. Negative indices count from the end; one outside reads zeros and adds nothing.

use crate::by_row::{ByRow, row_of};
use crate::conv::scratch::Array;
use crate::element::Element;
use crate::parallel::{self, SendPtr};
use crate::reduce::Number;

const TASK: usize = 1 << 16;

/// out[o, j] = src[o, indices[j]], each a row of `row` bytes.
///
/// # Panics
/// If a slice has another length than the sizes say; as all functions here.
pub fn take(outer: usize, n: usize, row: usize, src: &[u8], indices: &[i64], out: &mut [u8]) {
    assert_eq!(src.len(), outer * n * row, "length of the operand");
    assert_eq!(out.len(), outer * indices.len() * row, "length of the result");
    if out.is_empty() {
        return;
    }
    let per = (TASK / row).max(1);
    parallel::for_each_chunk_mut(out, per * row, |t, out| {
        for (i, out) in out.chunks_exact_mut(row).enumerate() {
            let at = t * per + i;
            let (o, j) = (at / indices.len(), at % indices.len());
            match row_of(indices[j], n) {
                Some(k) => out.copy_from_slice(&src[(o * n + k) * row..][..row]),
                None => out.fill(0),
            }
        }
    });
}

/// Rows of `row` bytes of src at these indices.
pub fn gather_rows(row: usize, src: &[u8], indices: &[i64], out: &mut [u8]) {
    if let Some(n) = src.len().checked_div(row) {
        take(1, n, row, src, indices, out);
    }
}

/// Rows of n elements at these indices, converted on the way.
pub fn gather_rows_cast<S: Element, T: Element>(n: usize, src: &[S], indices: &[i64], out: &mut [T]) {
    assert_eq!(out.len(), indices.len() * n, "length of the result");
    if n == 0 {
        return;
    }
    let per = (TASK / 4 / n).max(1);
    parallel::for_each_chunk_mut(out, per * n, |t, out| {
        for (i, out) in out.chunks_exact_mut(n).enumerate() {
            match row_of(indices[t * per + i], src.len() / n) {
                Some(k) => {
                    for (y, x) in out.iter_mut().zip(&src[k * n..][..n]) {
                        *y = T::from_f64(x.to_f64());
                    }
                }
                None => out.fill(T::ZERO),
            }
        }
    });
}

/// out[o, indices[j], :] += u[o, j, :], in the order of j.
///
/// Each task owns a range of rows and has a list of the updates for them.
pub fn scatter_add<T: Number>(outer: usize, n: usize, inner: usize, u: &[T], indices: &[i64], out: &mut [T]) {
    assert_eq!(u.len(), outer * indices.len() * inner, "length of the updates");
    assert_eq!(out.len(), outer * n * inner, "length of the result");
    if out.is_empty() || u.is_empty() {
        return;
    }
    // Rows of a task: a few thousand updated elements on average.
    let rows = (n * (1 << 14)).div_ceil(u.len() / outer).clamp(1, n);
    let lists = ByRow::new(indices, n, rows);
    for (o, out) in out.chunks_exact_mut(n * inner).enumerate() {
        let u = &u[o * indices.len() * inner..][..indices.len() * inner];
        debug_assert_eq!(parallel::chunks(n * inner, rows * inner), lists.tasks());
        parallel::for_each_chunk_mut(out, rows * inner, |task, out| lists.add(task, u, inner, out, T::plus));
    }
}

/// Rows that belong to the same of `n` rows are added up in their order: the first of them holds the sum, the others become zeros, as do
/// rows whose index names none. `indices` become the rows that the sums belong to, and `n`, which is none, for the zeros.
pub fn sum_rows<T: Number>(n: usize, inner: usize, rows: &mut [T], indices: &mut [i64]) {
    assert_eq!(rows.len(), indices.len() * inner, "length of the rows");
    if rows.is_empty() {
        return indices.fill(n as i64);
    }
    for (index, row) in indices.iter().zip(rows.chunks_exact_mut(inner)) {
        if row_of(*index, n).is_none() {
            row.fill(T::ZERO);
        }
    }
    let per_task = (n * (1 << 14)).div_ceil(rows.len()).clamp(1, n.max(1));
    let lists = ByRow::new(indices, n, per_task);
    indices.fill(n as i64);
    let (all, named) = (SendPtr(rows.as_mut_ptr()), SendPtr(indices.as_mut_ptr()));
    parallel::for_each(lists.tasks(), |task| {
        let owned = lists.rows(task);
        let mut first = Array::<usize>::zeroed(owned.len());
        for change in lists.changes(task) {
            // SAFETY: the row of an update, which is on the list of one task and there once; it is no other update's first one.
            let own = unsafe { std::slice::from_raw_parts_mut(all.get().add(change.update * inner), inner) };
            // One more than the update that came first.
            let place = &mut first[change.row - owned.start];
            if *place == 0 {
                *place = change.update + 1;
                // SAFETY: as above.
                unsafe { *named.get().add(change.update) = change.row as i64 };
                continue;
            }
            // SAFETY: this task's too, and another one than `own`.
            let sum = unsafe { std::slice::from_raw_parts_mut(all.get().add((*place - 1) * inner), inner) };
            for (sum, x) in sum.iter_mut().zip(own) {
                *sum = sum.plus(std::mem::replace(x, T::ZERO));
            }
        }
    });
}

/// out[o, j, i] = src[o, indices[o, j, i], i]; elements of `elem` bytes.
pub fn take_along(elem: usize, outer: usize, n: usize, inner: usize, src: &[u8], indices: &[i64], out: &mut [u8]) {
    assert_eq!(src.len(), outer * n * inner * elem, "length of the operand");
    assert_eq!(out.len(), indices.len() * elem, "length of the result");
    if out.is_empty() {
        return;
    }
    let slab = indices.len() / outer;
    let per = TASK / 8;
    parallel::for_each_chunk_mut(out, per * elem, |t, out| {
        for (at, out) in out.chunks_exact_mut(elem).enumerate() {
            let at = t * per + at;
            match row_of(indices[at], n) {
                Some(k) => out.copy_from_slice(&src[((at / slab * n + k) * inner + at % inner) * elem..][..elem]),
                None => out.fill(0),
            }
        }
    });
}

/// out[o, indices[o, j, i], i] += u[o, j, i] for j below `count`, in the order of j.
pub fn scatter_along<T: Number>(
    outer: usize,
    count: usize,
    n: usize,
    inner: usize,
    u: &[T],
    indices: &[i64],
    out: &mut [T],
) {
    assert_eq!(u.len(), outer * count * inner, "length of the updates");
    assert_eq!(indices.len(), u.len(), "length of the indices");
    assert_eq!(out.len(), outer * n * inner, "length of the result");
    if out.is_empty() || u.is_empty() {
        return;
    }
    let slab = count * inner;
    let per = (TASK / 8 / slab).max(1);
    parallel::for_each_chunk_mut(out, per * n * inner, |t, out| {
        for (o, out) in out.chunks_exact_mut(n * inner).enumerate() {
            let from = (t * per + o) * slab;
            for at in 0..slab {
                if let Some(k) = row_of(indices[from + at], n) {
                    let y = &mut out[k * inner + at % inner];
                    *y = y.plus(u[from + at]);
                }
            }
        }
    });
}

/// A row of `classes` elements for each index: `one` where it points, else zero bytes.
pub fn one_hot(one: &[u8], classes: usize, indices: &[i64], out: &mut [u8]) {
    let row = classes * one.len();
    assert_eq!(out.len(), indices.len() * row, "length of the result");
    if row == 0 {
        return;
    }
    let per = (TASK / row).max(1);
    parallel::for_each_chunk_mut(out, per * row, |t, out| {
        out.fill(0);
        for (out, i) in out.chunks_exact_mut(row).zip(&indices[t * per..]) {
            // Unlike elsewhere a negative index names nothing, as in Keras.
            if let Some(k) = usize::try_from(*i).ok().filter(|k| *k < classes) {
                out[k * one.len()..][..one.len()].copy_from_slice(one);
            }
        }
    });
}
