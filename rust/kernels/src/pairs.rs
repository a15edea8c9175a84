//! Arrays of bfloat16 as kernels take them that multiply pairs: two terms of a sum in the place of each float32.

use std::ops::Deref;

use crate::conv::scratch::Array;
use crate::parallel::{self, SendPtr};

/// Pairs, where they lie or made. They look like float32, and are nothing but moved until the registers of pairs multiply them.
pub(crate) enum Words<'a> {
    There(&'a [f32]),
    Made(Array<f32>),
}

impl Deref for Words<'_> {
    type Target = [f32];
    fn deref(&self) -> &[f32] {
        match self {
            Self::There(words) => words,
            Self::Made(words) => words,
        }
    }
}

/// Elements of a task.
const TASK: usize = 1 << 15;

/// Neighbours as pairs: rows of `len` elements that lie `ld` apart become rows of `len / 2` words, rounded up, a missing element
/// being zero. Returns them with their distance.
pub(crate) fn neighbours(x: &[u16], (rows, len, ld): (usize, usize, usize)) -> (Words<'_>, usize) {
    if len.is_multiple_of(2) && (ld.is_multiple_of(2) || rows < 2) && x.as_ptr().cast::<f32>().is_aligned() {
        // SAFETY: aligned, as long as the whole pairs among the elements, and any bits are a float.
        return (Words::There(unsafe { std::slice::from_raw_parts(x.as_ptr().cast(), x.len() / 2) }), ld / 2);
    }
    let words = len.div_ceil(2);
    let mut made = Array::<f32>::dirty(rows * words);
    let each = (TASK / words.max(1)).max(1);
    parallel::for_each_chunk_mut(&mut made, (each * words).max(1), |task, out| {
        for (i, out) in out.chunks_exact_mut(words.max(1)).enumerate() {
            let row = &x[(task * each + i) * ld..][..len];
            for (word, pair) in out.iter_mut().zip(row.chunks(2)) {
                *word = word_of(pair[0], pair.get(1).copied().unwrap_or(0));
            }
        }
    });
    (Words::Made(made), words)
}

/// Each two rows of `len` elements, `ld` apart, as a row of pairs; the last of an odd number of rows is paired with zeros.
pub(crate) fn woven(x: &[u16], (rows, len, ld): (usize, usize, usize)) -> Array<f32> {
    let mut made = Array::<f32>::dirty(rows.div_ceil(2) * len);
    assert!(rows == 0 || len == 0 || (rows - 1) * ld + len <= x.len(), "{rows} rows of {len} elements");
    let to = SendPtr(made.as_mut_ptr());
    // Long rows are cut, short ones are done together.
    let (cut, each) = (len.clamp(1, TASK), (TASK / len.max(1)).max(1));
    let (cuts, tasks) = (len.div_ceil(cut), rows.div_ceil(2).div_ceil(each));
    parallel::for_each(tasks * cuts, |task| {
        let columns = task % cuts * cut..len.min((task % cuts + 1) * cut);
        for pair in task / cuts * each..rows.div_ceil(2).min((task / cuts + 1) * each) {
            let low = &x[2 * pair * ld..][columns.clone()];
            let high = if 2 * pair + 1 < rows { Some(&x[(2 * pair + 1) * ld..][columns.clone()]) } else { None };
            // SAFETY: a part of the result that no other task has; whoever makes pairs multiplies them, for which AVX-512 is needed.
            unsafe { weave(low, high, std::slice::from_raw_parts_mut(to.get().add(pair * len + columns.start), columns.len())) };
        }
    });
    made
}

#[inline(always)]
fn word_of(low: u16, high: u16) -> f32 {
    f32::from_bits(u32::from(low) | u32::from(high) << 16)
}

/// A row of pairs out of two rows.
///
/// # Safety
/// AVX-512 must be present.
#[inline]
#[target_feature(enable = "avx512f,avx512vl,avx512dq,avx512bw")]
pub(crate) unsafe fn weave(low: &[u16], high: Option<&[u16]>, out: &mut [f32]) {
    match high {
        Some(high) => out.iter_mut().zip(low.iter().zip(high)).for_each(|(word, (low, high))| *word = word_of(*low, *high)),
        None => out.iter_mut().zip(low).for_each(|(word, low)| *word = word_of(*low, 0)),
    }
}
