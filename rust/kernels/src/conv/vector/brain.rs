//! Registers of float32 from bfloat16 and back, rounded to nearest even as [`crate::cast`] does.

use std::arch::x86_64::*;

/// A lane's upper half becomes a bfloat16: half of the last bit that stays is added, less one if that bit is even.
const HALF: i32 = 0x7fff;
/// Rounding could make a NaN an infinity: it is kept, quiet.
const QUIET: i32 = 0x40_0000;

/// The first `n` of sixteen.
#[inline(always)]
pub(super) unsafe fn load_16(from: *const u16, n: usize) -> __m512 {
    // SAFETY: AVX-512 and `n` numbers are there, by the caller's word; masked ones are not touched.
    unsafe {
        let bits = if n == 16 { _mm256_loadu_si256(from.cast()) } else { _mm256_maskz_loadu_epi16(first(n), from.cast()) };
        _mm512_castsi512_ps(_mm512_slli_epi32::<16>(_mm512_cvtepu16_epi32(bits)))
    }
}

/// The first `n` of sixteen, stored.
#[inline(always)]
pub(super) unsafe fn store_16(value: __m512, to: *mut u16, n: usize) {
    // SAFETY: as above.
    unsafe {
        let bits = _mm512_castps_si512(value);
        let even = _mm512_and_si512(_mm512_srli_epi32::<16>(bits), _mm512_set1_epi32(1));
        let rounded = _mm512_add_epi32(_mm512_add_epi32(bits, _mm512_set1_epi32(HALF)), even);
        let nan = _mm512_cmp_ps_mask::<_CMP_UNORD_Q>(value, value);
        let kept = _mm512_mask_or_epi32(rounded, nan, bits, _mm512_set1_epi32(QUIET));
        put_16(_mm512_cvtepi32_epi16(_mm512_srli_epi32::<16>(kept)), to, n);
    }
}

/// The first `n` of sixteen that are bfloat16, zero where `a` and `b` differ.
#[inline(always)]
pub(super) unsafe fn keep_16(value: __m512, a: __m512, b: __m512, to: *mut u16, n: usize) {
    // SAFETY: as above.
    unsafe {
        let halves = _mm512_cvtepi32_epi16(_mm512_srli_epi32::<16>(_mm512_castps_si512(value)));
        put_16(_mm256_maskz_mov_epi16(_mm512_cmp_ps_mask::<_CMP_EQ_OQ>(a, b), halves), to, n);
    }
}

#[inline(always)]
unsafe fn put_16(halves: __m256i, to: *mut u16, n: usize) {
    // SAFETY: as above.
    unsafe { if n == 16 { _mm256_storeu_si256(to.cast(), halves) } else { _mm256_mask_storeu_epi16(to.cast(), first(n), halves) } }
}

#[inline(always)]
fn first(n: usize) -> u16 {
    if n < 16 { (1 << n) - 1 } else { u16::MAX }
}

/// The first `n` of eight.
#[inline(always)]
pub(super) unsafe fn load_8(from: *const u16, n: usize) -> __m256 {
    // SAFETY: AVX2 and `n` numbers are there, by the caller's word.
    unsafe {
        let bits = if n == 8 {
            _mm_loadu_si128(from.cast())
        } else {
            let mut some = [0_u16; 8];
            std::ptr::copy_nonoverlapping(from, some.as_mut_ptr(), n);
            _mm_loadu_si128(some.as_ptr().cast())
        };
        _mm256_castsi256_ps(_mm256_slli_epi32::<16>(_mm256_cvtepu16_epi32(bits)))
    }
}

/// The first `n` of eight, stored.
#[inline(always)]
pub(super) unsafe fn store_8(value: __m256, to: *mut u16, n: usize) {
    // SAFETY: as above.
    unsafe {
        let bits = _mm256_castps_si256(value);
        let even = _mm256_and_si256(_mm256_srli_epi32::<16>(bits), _mm256_set1_epi32(1));
        let rounded = _mm256_add_epi32(_mm256_add_epi32(bits, _mm256_set1_epi32(HALF)), even);
        let nan = _mm256_castps_si256(_mm256_cmp_ps::<_CMP_UNORD_Q>(value, value));
        let kept = _mm256_blendv_epi8(rounded, _mm256_or_si256(bits, _mm256_set1_epi32(QUIET)), nan);
        put_8(kept, to, n);
    }
}

/// The first `n` of eight that are bfloat16, zero where `a` and `b` differ.
#[inline(always)]
pub(super) unsafe fn keep_8(value: __m256, a: __m256, b: __m256, to: *mut u16, n: usize) {
    // SAFETY: as above.
    unsafe { put_8(_mm256_castps_si256(_mm256_and_ps(_mm256_cmp_ps::<_CMP_EQ_OQ>(a, b), value)), to, n) }
}

/// The upper halves of lanes.
#[inline(always)]
unsafe fn put_8(lanes: __m256i, to: *mut u16, n: usize) {
    // SAFETY: as above.
    unsafe {
        let wide = _mm256_srli_epi32::<16>(lanes);
        let halves = _mm256_castsi256_si128(_mm256_permute4x64_epi64::<0b10_00>(_mm256_packus_epi32(wide, wide)));
        if n == 8 {
            return _mm_storeu_si128(to.cast(), halves);
        }
        let mut all = [0_u16; 8];
        _mm_storeu_si128(all.as_mut_ptr().cast(), halves);
        std::ptr::copy_nonoverlapping(all.as_ptr(), to, n);
    }
}
