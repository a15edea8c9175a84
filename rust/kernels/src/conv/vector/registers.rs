//! The registers of AVX-512 and AVX2.

use std::arch::x86_64::*;

use super::portable::order;
use super::{Vector, brain};
use crate::gemm::broadcast::{Operands, apart_f32, apart_f64, sums_f32, sums_f64};

#[target_feature(enable = "avx512f,avx512vl,avx512dq,avx512bw,avx2,fma")]
#[inline(never)]
unsafe fn apart_avx512(f: impl FnOnce()) {
    f();
}

#[target_feature(enable = "avx2,fma")]
#[inline(never)]
unsafe fn apart_avx2(f: impl FnOnce()) {
    f();
}

// Choices by comparison: 512-bit registers make masks, 256-bit ones make lanes of ones.
// Larger is greater or unordered, where the best so far is a number.
macro_rules! masked {
    ($larger:ident, $where_equal:ident, $cmp:ident, $blend:ident, $keep:ident) => {
        macro_rules! $larger {
            ($v:expr, $tap:expr, $best:expr, $best_tap:expr) => {{
                let take = $cmp::<_CMP_NLE_UQ>($v, $best) & $cmp::<_CMP_ORD_Q>($best, $best);
                ($blend(take, $best, $v), $blend(take, $best_tap, $tap))
            }};
        }
        macro_rules! $where_equal {
            ($v:expr, $a:expr, $b:expr) => {
                $keep($cmp::<_CMP_EQ_OQ>($a, $b), $v)
            };
        }
    };
}
masked!(larger_512_ps, where_equal_512_ps, _mm512_cmp_ps_mask, _mm512_mask_blend_ps, _mm512_maskz_mov_ps);
masked!(larger_512_pd, where_equal_512_pd, _mm512_cmp_pd_mask, _mm512_mask_blend_pd, _mm512_maskz_mov_pd);

macro_rules! blended {
    ($larger:ident, $where_equal:ident, $cmp:ident, $and:ident, $blend:ident) => {
        macro_rules! $larger {
            ($v:expr, $tap:expr, $best:expr, $best_tap:expr) => {{
                let take = $and($cmp::<_CMP_NLE_UQ>($v, $best), $cmp::<_CMP_ORD_Q>($best, $best));
                ($blend($best, $v, take), $blend($best_tap, $tap, take))
            }};
        }
        macro_rules! $where_equal {
            ($v:expr, $a:expr, $b:expr) => {
                $and($cmp::<_CMP_EQ_OQ>($a, $b), $v)
            };
        }
    };
}
blended!(larger_256_ps, where_equal_256_ps, _mm256_cmp_ps, _mm256_and_ps, _mm256_blendv_ps);
blended!(larger_256_pd, where_equal_256_pd, _mm256_cmp_pd, _mm256_and_pd, _mm256_blendv_pd);

/// What differs between the four hardware registers: names of intrinsics, partial access, and repeated groups.
macro_rules! hardware {
    ($reg:ty, $t:ty, $lanes:literal, $pixels:literal, $rows_apart:literal, $apart:ident, $splat:ident, $load:ident, $store:ident, $fma:ident, $add:ident, $mul:ident,
     $max:ident, $div:ident, $larger:ident, $where_equal:ident, part: ($from:ident, $n:ident, $load_part:expr, $to:ident, $value:ident, $store_part:expr),
     groups: {$($group:literal => $repeat:expr, $split:expr;)*} $(, brain: $load_brain:path, $store_brain:path, $keep_brain:path)? $(, sums: $sums:path, $sums_apart:path, rows_wide: $rows_wide:literal)?) => {
        // SAFETY: each method is the intrinsic it is named after, on pointers that the caller vouches for.
        unsafe impl Vector<$t> for $reg {
            const LANES: usize = $lanes;
            const PIXELS: usize = $pixels;
            const ROWS_APART: usize = $rows_apart;
            $(const ROWS_WIDE: usize = $rows_wide;)?

            #[inline(always)]
            unsafe fn splat(value: $t) -> Self {
                // SAFETY: see the impl.
                unsafe { $splat(value) }
            }
            #[inline(always)]
            unsafe fn load(from: *const $t) -> Self {
                // SAFETY: see the impl.
                unsafe { $load(from) }
            }
            #[inline(always)]
            unsafe fn store(self, to: *mut $t) {
                // SAFETY: see the impl.
                unsafe { $store(to, self) }
            }
            #[inline(always)]
            unsafe fn load_part($from: *const $t, $n: usize) -> Self {
                // SAFETY: masked lanes are not touched.
                unsafe { $load_part }
            }
            #[inline(always)]
            unsafe fn store_part(self, $to: *mut $t, $n: usize) {
                let $value = self;
                // SAFETY: masked lanes are not touched.
                unsafe { $store_part }
            }
            #[inline(always)]
            unsafe fn repeat<const GROUP: usize>(from: *const $t) -> Self {
                let $from = from;
                // SAFETY: each arm reads `GROUP` elements.
                unsafe {
                    match GROUP {
                        1 => $splat(*$from),
                        $($group => $repeat,)*
                        _ => $load($from),
                    }
                }
            }
            #[inline(always)]
            unsafe fn deinterleave<const GROUP: usize>(self) -> Self {
                let $value = self;
                // SAFETY: a permutation within the register.
                unsafe {
                    match GROUP {
                        $($group => $split,)*
                        _ => self,
                    }
                }
            }
            #[inline(always)]
            unsafe fn apart(f: impl FnOnce()) {
                // SAFETY: see the impl.
                unsafe { $apart(f) }
            }
            #[inline(always)]
            unsafe fn mul_add(self, factor: Self, addend: Self) -> Self {
                // SAFETY: see the impl.
                unsafe { $fma(self, factor, addend) }
            }
            #[inline(always)]
            unsafe fn add(self, other: Self) -> Self {
                // SAFETY: see the impl.
                unsafe { $add(self, other) }
            }
            #[inline(always)]
            unsafe fn mul(self, other: Self) -> Self {
                // SAFETY: see the impl.
                unsafe { $mul(self, other) }
            }
            #[inline(always)]
            unsafe fn relu(self) -> Self {
                // `maxps` returns its second operand if either is NaN: the value must be the second one.
                // SAFETY: see the impl.
                unsafe { $max($splat(0.0), self) }
            }
            #[inline(always)]
            unsafe fn larger(self, tap: Self, best: Self, best_tap: Self) -> (Self, Self) {
                // SAFETY: see the impl.
                unsafe { $larger!(self, tap, best, best_tap) }
            }
            #[inline(always)]
            unsafe fn where_equal(self, a: Self, b: Self) -> Self {
                // SAFETY: see the impl.
                unsafe { $where_equal!(self, a, b) }
            }
            #[inline(always)]
            unsafe fn div(self, other: Self) -> Self {
                // SAFETY: see the impl.
                unsafe { $div(self, other) }
            }
            $(#[inline(always)]
            unsafe fn load_brain(from: *const u16, n: usize) -> Self {
                // SAFETY: see the impl.
                unsafe { $load_brain(from, n) }
            }
            #[inline(always)]
            unsafe fn store_brain(self, to: *mut u16, n: usize) {
                // SAFETY: see the impl.
                unsafe { $store_brain(self, to, n) }
            }
            #[inline(always)]
            unsafe fn keep_brain(self, a: Self, b: Self, to: *mut u16, n: usize) {
                // SAFETY: see the impl.
                unsafe { $keep_brain(self, a, b, to, n) }
            })?
            $(#[inline(always)]
            unsafe fn sums<const ROWS: usize, const REGS: usize>(sums: [[Self; REGS]; ROWS], from: Operands<$t>) -> [[Self; REGS]; ROWS] {
                // SAFETY: see the impl.
                unsafe { $sums(sums, from) }
            }
            #[inline(always)]
            unsafe fn sums_apart<const ROWS: usize, const REGS: usize>(
                sums: [[Self; REGS]; ROWS],
                starts: [*const $t; ROWS],
                from: Operands<$t>,
            ) -> [[Self; REGS]; ROWS] {
                // SAFETY: see the impl.
                unsafe { $sums_apart(sums, starts, from) }
            })?
        }
    };
}

#[inline(always)]
fn mask(n: usize) -> u32 {
    if n >= 16 { 0xffff } else { (1 << n) - 1 }
}

static LANE_MASK_32: [i32; 16] = [-1, -1, -1, -1, -1, -1, -1, -1, 0, 0, 0, 0, 0, 0, 0, 0];
static LANE_MASK_64: [i64; 8] = [-1, -1, -1, -1, 0, 0, 0, 0];

/// The mask of the first `n` of eight lanes of 32 bits.
#[inline(always)]
unsafe fn mask_8x32(n: usize) -> __m256i {
    // SAFETY: eight masks are read from at most the ninth of sixteen.
    unsafe { _mm256_loadu_si256(LANE_MASK_32.as_ptr().add(8 - n.min(8)).cast()) }
}

/// The mask of the first `n` of four lanes of 64 bits.
#[inline(always)]
unsafe fn mask_4x64(n: usize) -> __m256i {
    // SAFETY: four masks are read from at most the fifth of eight.
    unsafe { _mm256_loadu_si256(LANE_MASK_64.as_ptr().add(4 - n.min(4)).cast()) }
}

/// As [`order`], for lanes of 32 bits.
const fn order32<const N: usize>(group: usize) -> [i32; N] {
    let wide = order::<N>(group);
    let mut from = [0; N];
    let mut lane = 0;
    while lane < N {
        from[lane] = wide[lane] as i32;
        lane += 1;
    }
    from
}

macro_rules! permute_16x32 {
    ($v:expr, $group:literal) => {
        _mm512_permutexvar_ps(_mm512_loadu_si512(const { &order32::<16>($group) }.as_ptr().cast()), $v)
    };
}
macro_rules! permute_8x64 {
    ($v:expr, $group:literal) => {
        _mm512_permutexvar_pd(_mm512_loadu_si512(const { &order::<8>($group) }.as_ptr().cast()), $v)
    };
}
macro_rules! permute_8x32 {
    ($v:expr, $group:literal) => {
        _mm256_permutevar8x32_ps($v, _mm256_loadu_si256(const { &order32::<8>($group) }.as_ptr().cast()))
    };
}

hardware!(__m512, f32, 16, 14, 10, apart_avx512, _mm512_set1_ps, _mm512_loadu_ps, _mm512_storeu_ps, _mm512_fmadd_ps, _mm512_add_ps, _mm512_mul_ps,
    _mm512_max_ps, _mm512_div_ps, larger_512_ps, where_equal_512_ps,
    part: (p, n, _mm512_maskz_loadu_ps(mask(n) as u16, p), q, v, _mm512_mask_storeu_ps(q, mask(n) as u16, v)),
    groups: {
        2 => _mm512_castpd_ps(_mm512_set1_pd(p.cast::<f64>().read_unaligned())), permute_16x32!(v, 2);
        4 => _mm512_broadcast_f32x4(_mm_loadu_ps(p)), permute_16x32!(v, 4);
        8 => _mm512_broadcast_f32x8(_mm256_loadu_ps(p)), permute_16x32!(v, 8);
    }, brain: brain::load_16, brain::store_16, brain::keep_16, sums: sums_f32, apart_f32, rows_wide: 6);
hardware!(__m512d, f64, 8, 14, 10, apart_avx512, _mm512_set1_pd, _mm512_loadu_pd, _mm512_storeu_pd, _mm512_fmadd_pd, _mm512_add_pd, _mm512_mul_pd,
    _mm512_max_pd, _mm512_div_pd, larger_512_pd, where_equal_512_pd,
    part: (p, n, _mm512_maskz_loadu_pd(mask(n) as u8, p), q, v, _mm512_mask_storeu_pd(q, mask(n) as u8, v)),
    groups: {
        2 => _mm512_broadcast_f64x2(_mm_loadu_pd(p)), permute_8x64!(v, 2);
        4 => _mm512_broadcast_f64x4(_mm256_loadu_pd(p)), permute_8x64!(v, 4);
    }, sums: sums_f64, apart_f64, rows_wide: 6);
hardware!(__m256, f32, 8, 6, 6, apart_avx2, _mm256_set1_ps, _mm256_loadu_ps, _mm256_storeu_ps, _mm256_fmadd_ps, _mm256_add_ps, _mm256_mul_ps,
    _mm256_max_ps, _mm256_div_ps, larger_256_ps, where_equal_256_ps,
    part: (p, n, _mm256_maskload_ps(p, mask_8x32(n)), q, v, _mm256_maskstore_ps(q, mask_8x32(n), v)),
    groups: {
        2 => _mm256_castpd_ps(_mm256_set1_pd(p.cast::<f64>().read_unaligned())), permute_8x32!(v, 2);
        4 => _mm256_set_m128(_mm_loadu_ps(p), _mm_loadu_ps(p)), permute_8x32!(v, 4);
    }, brain: brain::load_8, brain::store_8, brain::keep_8);
hardware!(__m256d, f64, 4, 6, 6, apart_avx2, _mm256_set1_pd, _mm256_loadu_pd, _mm256_storeu_pd, _mm256_fmadd_pd, _mm256_add_pd, _mm256_mul_pd,
    _mm256_max_pd, _mm256_div_pd, larger_256_pd, where_equal_256_pd,
    part: (p, n, _mm256_maskload_pd(p, mask_4x64(n)), q, v, _mm256_maskstore_pd(q, mask_4x64(n), v)),
    groups: {
        2 => _mm256_set_m128d(_mm_loadu_pd(p), _mm_loadu_pd(p)), _mm256_permute4x64_pd::<0b11_01_10_00>(v);
    });
