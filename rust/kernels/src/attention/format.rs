//! How the numbers of operands and results lie, and what products of them multiply: floats, or pairs of bfloat16.

use std::arch::x86_64::{
    __m512bh, __m512i, _mm512_cvtne2ps_pbh, _mm512_dpbf16_ps, _mm512_loadu_ps, _mm512_loadu_si512, _mm512_maskz_loadu_epi32,
    _mm512_permutexvar_epi16, _mm512_reduce_add_ps, _mm512_setzero_ps, _mm512_storeu_si512,
};
use std::mem::transmute;

use super::tile::{BLOCK, Copied, Dots, LANES};
use crate::conv::vector::{Element, Factors};
use crate::isa::Isa;
use crate::math::frame;
use crate::pairs::{mask, round_rows, weave};

/// Queries in rows, keys in lanes.
pub(super) type Tile<F> = [[<F as Format>::Of; BLOCK]];

/// Operands come in words, each of as many terms of a sum as one multiplication takes; scores, sums and statistics are floats.
pub(super) trait Format {
    type Of: Element;
    type Out: Copy + Send + Sync;
    const FACTORS: Factors;
    /// Terms in a word.
    const TERMS: usize;

    /// Words of a row of so many numbers.
    fn words(size: usize) -> usize {
        size.div_ceil(Self::TERMS)
    }

    /// Rows of words as a right factor whose terms are the rows.
    ///
    /// # Safety
    /// As for [`Copied`]; rows of pairs become half as many (rounded up), each twice as long.
    unsafe fn right(isa: Isa, rows: Copied<Self::Of>);

    /// A tile's rows as left factors whose terms are its lanes, up to `keys`. Says where they are: there or in the spare tile, which may be
    /// the same.
    ///
    /// # Safety
    /// The tiles must have so many rows.
    unsafe fn along_keys(tile: *mut Self::Of, spare: *mut Self::Of, rows: usize, keys: usize) -> *const Self::Of;

    /// A tile, in its place, as a left factor whose terms are its rows.
    ///
    /// # Safety
    /// The tile must have so many rows; `columns` is a multiple of [`LANES`].
    unsafe fn along_queries(tile: *mut Self::Of, rows: usize, columns: usize);

    /// Rows of floats to where results lie.
    ///
    /// # Safety
    /// As for [`Copied`].
    unsafe fn give(isa: Isa, from: (*const Self::Of, usize), to: (*mut Self::Out, usize), rows: usize, size: usize);

    /// Products of rows of words, one sum for each.
    fn dots(isa: Isa, dots: Dots<'_, Self::Of>);
}

impl<T: Element> Format for T {
    type Of = T;
    type Out = T;
    const FACTORS: Factors = Factors::Floats;
    const TERMS: usize = 1;

    unsafe fn right(isa: Isa, rows: Copied<T>) {
        frame::run(isa, rows);
    }
    unsafe fn along_keys(tile: *mut T, _: *mut T, _: usize, _: usize) -> *const T {
        tile
    }
    unsafe fn along_queries(_: *mut T, _: usize, _: usize) {}
    unsafe fn give(isa: Isa, (from, from_row): (*const T, usize), (to, to_row): (*mut T, usize), rows: usize, size: usize) {
        frame::run(isa, Copied { from, from_row, to, to_row, rows, size });
    }
    fn dots(isa: Isa, dots: Dots<'_, T>) {
        frame::run(isa, dots);
    }
}

/// Operands and results of bfloat16; only where the processor multiplies pairs of them.
pub(super) struct Pairs;

impl Format for Pairs {
    type Of = f32;
    type Out = u16;
    const FACTORS: Factors = Factors::Pairs;
    const TERMS: usize = 2;

    unsafe fn right(_: Isa, rows: Copied<f32>) {
        // SAFETY: the caller's promise; whoever takes pairs has the instructions.
        unsafe { woven(rows) }
    }
    unsafe fn along_keys(tile: *mut f32, spare: *mut f32, rows: usize, keys: usize) -> *const f32 {
        // SAFETY: as above.
        unsafe { narrowed(tile, spare, rows, keys) }
        spare
    }
    unsafe fn along_queries(tile: *mut f32, rows: usize, columns: usize) {
        // SAFETY: as above.
        unsafe { paired(tile, rows, columns) }
    }
    unsafe fn give(_: Isa, from: (*const f32, usize), to: (*mut u16, usize), rows: usize, size: usize) {
        // SAFETY: as above.
        unsafe { round_rows(from, to, rows, size) }
    }
    fn dots(_: Isa, dots: Dots<'_, f32>) {
        // SAFETY: as above.
        unsafe { sums(dots) }
    }
}

/// # Safety
/// See [`Format::right`]; AVX-512 must be present.
#[target_feature(enable = "avx512f,avx512vl,avx512dq,avx512bw")]
unsafe fn woven(Copied { from, from_row, to, to_row, rows, size }: Copied<f32>) {
    for row in (0..rows).step_by(2) {
        // SAFETY: the caller's promise; a word is two numbers.
        unsafe {
            let halves = |row: usize| std::slice::from_raw_parts(from.add(row * from_row).cast::<u16>(), 2 * size);
            let to = std::slice::from_raw_parts_mut(to.add(row / 2 * to_row), 2 * size);
            weave(halves(row), (row + 1 < rows).then(|| halves(row + 1)), to);
        }
    }
}

/// # Safety
/// See [`Format::along_keys`]; AVX512-BF16 must be present.
#[target_feature(enable = "avx512f,avx512vl,avx512dq,avx512bw,avx512bf16")]
unsafe fn narrowed(tile: *mut f32, spare: *mut f32, rows: usize, keys: usize) {
    for row in 0..rows {
        // SAFETY: rows are a block long, which is a multiple of two registers; what is written was read before.
        unsafe {
            let (from, to) = (tile.add(row * BLOCK), spare.add(row * BLOCK));
            if keys % 2 == 1 {
                // The second term of the last pair.
                *from.add(keys) = 0.0;
            }
            for start in (0..keys).step_by(2 * LANES) {
                let (low, high) = (_mm512_loadu_ps(from.add(start)), _mm512_loadu_ps(from.add(start + LANES)));
                _mm512_storeu_si512(to.add(start / 2).cast(), transmute::<__m512bh, __m512i>(_mm512_cvtne2ps_pbh(high, low)));
            }
        }
    }
}

/// Places of sixteen numbers and of their counterparts, in turns.
const TURNS: [u16; 32] = {
    let mut turns = [0; 32];
    let mut i = 0;
    while i < 32 {
        turns[i] = (i / 2 + i % 2 * 16) as u16;
        i += 1;
    }
    turns
};

/// # Safety
/// See [`Format::along_queries`]; AVX512-BF16 must be present.
#[target_feature(enable = "avx512f,avx512vl,avx512dq,avx512bw,avx512bf16")]
unsafe fn paired(tile: *mut f32, rows: usize, columns: usize) {
    // SAFETY: the caller's promise. Rows of pairs are written to rows that were read before.
    unsafe {
        let turns = _mm512_loadu_si512(TURNS.as_ptr().cast());
        for row in (0..rows).step_by(2) {
            for column in (0..columns).step_by(LANES) {
                let first = tile.add(row * BLOCK + column);
                let second = if row + 1 < rows { _mm512_loadu_ps(first.add(BLOCK)) } else { _mm512_setzero_ps() };
                let both = transmute::<__m512bh, __m512i>(_mm512_cvtne2ps_pbh(second, _mm512_loadu_ps(first)));
                _mm512_storeu_si512(tile.add(row / 2 * BLOCK + column).cast(), _mm512_permutexvar_epi16(turns, both));
            }
        }
    }
}

/// # Safety
/// AVX512-BF16 must be present.
#[target_feature(enable = "avx512f,avx512vl,avx512dq,avx512bw,avx512bf16")]
unsafe fn sums(Dots { a, b, row, size, sums }: Dots<'_, f32>) {
    for (i, sum) in sums.iter_mut().enumerate() {
        let (a, b) = (&a[i * row..][..size], &b[i * row..][..size]);
        let mut lanes = _mm512_setzero_ps();
        for start in (0..size).step_by(LANES) {
            let mask = mask(size - start);
            // SAFETY: masked elements are not touched.
            unsafe {
                let a = _mm512_maskz_loadu_epi32(mask, a.as_ptr().add(start).cast());
                let b = _mm512_maskz_loadu_epi32(mask, b.as_ptr().add(start).cast());
                lanes = _mm512_dpbf16_ps(lanes, transmute::<__m512i, __m512bh>(a), transmute::<__m512i, __m512bh>(b));
            }
        }
        *sum = _mm512_reduce_add_ps(lanes);
    }
}
