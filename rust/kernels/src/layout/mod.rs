//! Moving elements without looking at them: by bytes, so that each function exists once for all dtypes.

use crate::parallel;

/// Repeats one element's bytes over `out`.
pub fn fill(element: &[u8], out: &mut [u8]) {
    if element.iter().all(|b| *b == element[0]) {
        out.fill(element[0]);
        return;
    }
    for slot in out.chunks_exact_mut(element.len()) {
        slot.copy_from_slice(element);
    }
}

/// Gathers a strided window (strides and offset in elements) into contiguous bytes.
pub fn copy_strided(elem: usize, dims: &[usize], src: &[u8], offset: isize, strides: &[isize], dst: &mut [u8]) {
    if dims.contains(&0) {
        return;
    }
    let Some((&n, outer)) = dims.split_last() else {
        let at = offset as usize * elem;
        dst.copy_from_slice(&src[at..at + elem]);
        return;
    };
    let (stride, outer_strides) = (strides[dims.len() - 1], &strides[..dims.len() - 1]);
    let row_bytes = n * elem;
    let rows_per_task = (1_usize << 16).div_ceil(row_bytes);
    parallel::for_each_chunk_mut(dst, rows_per_task * row_bytes, |task, part| {
        for (i, row) in part.chunks_exact_mut(row_bytes).enumerate() {
            let mut index = task * rows_per_task + i;
            let mut at = offset;
            for (d, s) in outer.iter().zip(outer_strides).rev() {
                at += (index % d) as isize * s;
                index /= d;
            }
            copy_row(elem, n, src, at, stride, row);
        }
    });
}

fn copy_row(elem: usize, n: usize, src: &[u8], at: isize, stride: isize, row: &mut [u8]) {
    let first = at as usize * elem;
    match stride {
        1 => row.copy_from_slice(&src[first..first + n * elem]),
        0 => fill(&src[first..first + elem], row),
        _ => {
            for (i, slot) in row.chunks_exact_mut(elem).enumerate() {
                let from = (at + i as isize * stride) as usize * elem;
                slot.copy_from_slice(&src[from..from + elem]);
            }
        }
    }
}

/// Scatters contiguous bytes into a strided window (strides and offset in elements).
pub fn write_strided(elem: usize, dims: &[usize], src: &[u8], dst: &mut [u8], offset: isize, strides: &[isize]) {
    if dims.contains(&0) {
        return;
    }
    let Some((&n, outer)) = dims.split_last() else {
        let at = offset as usize * elem;
        dst[at..at + elem].copy_from_slice(src);
        return;
    };
    let (stride, outer_strides) = (strides[dims.len() - 1], &strides[..dims.len() - 1]);
    for (i, row) in src.chunks_exact(n * elem).enumerate() {
        let mut index = i;
        let mut at = offset;
        for (d, s) in outer.iter().zip(outer_strides).rev() {
            at += (index % d) as isize * s;
            index /= d;
        }
        if stride == 1 {
            let first = at as usize * elem;
            dst[first..first + row.len()].copy_from_slice(row);
            continue;
        }
        for (k, slot) in row.chunks_exact(elem).enumerate() {
            let to = (at + k as isize * stride) as usize * elem;
            dst[to..to + elem].copy_from_slice(slot);
        }
    }
}

/// Axes in another order.
pub fn permute(elem: usize, shape: &[usize], perm: &[usize], src: &[u8], dst: &mut [u8]) {
    let mut strides = vec![1_isize; shape.len()];
    for i in (0..shape.len().saturating_sub(1)).rev() {
        strides[i] = strides[i + 1] * shape[i + 1] as isize;
    }
    let dims: Vec<usize> = perm.iter().map(|p| shape[*p]).collect();
    let strides: Vec<isize> = perm.iter().map(|p| strides[*p]).collect();
    copy_strided(elem, &dims, src, 0, &strides, dst);
}

/// Joins operands, given as (bytes, bytes of one outer slice), slice by slice.
pub fn concatenate(parts: &[(&[u8], usize)], outer: usize, dst: &mut [u8]) {
    let total: usize = parts.iter().map(|p| p.1).sum();
    if total == 0 {
        return;
    }
    for (i, row) in dst.chunks_exact_mut(total).take(outer).enumerate() {
        let mut at = 0;
        for (bytes, len) in parts {
            row[at..at + len].copy_from_slice(&bytes[i * len..(i + 1) * len]);
            at += len;
        }
    }
}
