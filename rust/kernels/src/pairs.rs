//! Arrays of bfloat16 as kernels take them that multiply pairs: two terms of a sum in the place of each float32.

use std::arch::x86_64::{__m256bh, __m256i, _mm256_mask_storeu_epi16, _mm512_cvtneps_pbh, _mm512_maskz_loadu_ps};
use std::mem::transmute;
use std::ops::Deref;

use crate::conv::scratch::Array;
use crate::isa;
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

/// A bit for each of the elements left of a register of sixteen.
#[inline]
pub(crate) fn mask(left: usize) -> u16 {
    if left < 16 { (1 << left) - 1 } else { u16::MAX }
}

/// Rows of floats as rows of bfloat16.
///
/// # Safety
/// Rows of `size` elements must be readable there and writable here by nobody else, and AVX512-BF16 present.
#[target_feature(enable = "avx512f,avx512vl,avx512dq,avx512bw,avx512bf16")]
pub(crate) unsafe fn round_rows((from, from_row): (*const f32, usize), (to, to_row): (*mut u16, usize), rows: usize, size: usize) {
    for row in 0..rows {
        for start in (0..size).step_by(16) {
            let mask = mask(size - start);
            // SAFETY: the caller's promise; masked elements are not touched.
            unsafe {
                let numbers = _mm512_maskz_loadu_ps(mask, from.add(row * from_row + start));
                _mm256_mask_storeu_epi16(to.add(row * to_row + start).cast(), mask, transmute::<__m256bh, __m256i>(_mm512_cvtneps_pbh(numbers)));
            }
        }
    }
}

/// Rows of `len` floats, `ld` apart, rounded to bfloat16 and paired with their neighbours; the last of an odd number is paired with zero.
///
/// # Panics
/// If the slice is too short, or the processor has no instructions for it.
pub(crate) fn rounded(x: &[f32], (rows, len, ld): (usize, usize, usize)) -> Array<f32> {
    assert!(rows == 0 || len == 0 || (rows - 1) * ld + len <= x.len(), "{rows} rows of {len} elements");
    assert!(isa::has_pairs(), "pairs of bfloat16 on this processor");
    let words = len.div_ceil(2);
    let mut made = Array::<f32>::dirty(rows * words);
    if len % 2 == 1 {
        made.fill(0.0);
    }
    // SAFETY: the rows lie in the slice and the array, and the instructions are there.
    unsafe { round_rows((x.as_ptr(), ld), (made.as_mut_ptr().cast(), 2 * words), rows, len) };
    made
}
