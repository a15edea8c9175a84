//! One vector register as a type, so that a kernel is written once and compiled for every instruction set.
//!
//! A kernel is a value with a generic `run`; [`dispatch`] picks the register type of the active instruction set and enters
//! `run` through a function that is compiled with those instructions enabled. Everything on the way is `inline(always)`:
//! an intrinsic that is not inlined into such a function becomes a call.

use std::arch::x86_64::*;

use super::gradient::Gradient;
use super::tile::Forward;
use crate::gemm::broadcast::{Operands, sums_f32, sums_f64};
use crate::isa::Isa;
use crate::math::float::Math;

/// The element types that convolution and pooling work on.
pub trait Element: Math + super::scratch::Plain {
    type Avx512: Vector<Self>;
    type Avx2: Vector<Self>;
    type Portable: Vector<Self>;

    /// A small whole number as an element.
    fn from_tap(tap: i32) -> Self;
    /// The whole number that an element is.
    ///
    /// # Safety
    /// It must be one that an `i32` holds: nothing is checked, so that the compiler converts whole registers.
    unsafe fn to_tap(self) -> i32;
    /// One block of a forward job. Methods of the concrete types, so that the kernels are compiled here and nowhere else:
    /// they are large, and a generic function is compiled anew in every crate that calls it.
    #[doc(hidden)]
    fn forward_block(isa: Isa, block: Forward<'_, Self>);
    /// One panel of a partial gradient of the weights.
    #[doc(hidden)]
    fn gradient_panel(isa: Isa, panel: Gradient<'_, Self>);
    /// One block of a matrix product.
    #[doc(hidden)]
    fn gemm_block(isa: Isa, block: crate::gemm::Block<'_, '_, Self>);
}

/// A register of `LANES` elements.
///
/// # Safety
/// Every method needs the instruction set of its type; pointers must be valid for the lanes they name.
pub unsafe trait Vector<T>: Copy {
    const LANES: usize;
    /// Pixels of a tile that is two registers wide, such that accumulators, weights and one pixel value fit the register file.
    const PIXELS: usize;

    unsafe fn splat(value: T) -> Self;
    unsafe fn load(from: *const T) -> Self;
    unsafe fn store(self, to: *mut T);
    /// The first `n` lanes from memory, the others zero.
    unsafe fn load_part(from: *const T, n: usize) -> Self;
    /// The first `n` lanes to memory.
    unsafe fn store_part(self, to: *mut T, n: usize);
    /// `GROUP` consecutive elements, repeated over the register.
    unsafe fn repeat<const GROUP: usize>(from: *const T) -> Self;
    /// Lane `j * GROUP + i` goes to lane `i * (LANES / GROUP) + j`.
    unsafe fn deinterleave<const GROUP: usize>(self) -> Self;
    /// Runs `f`, which must be `inline(always)`, as a function of its own: one function of all tiles takes minutes to compile.
    unsafe fn apart(f: impl FnOnce());
    /// Fetches the line that is about to be written.
    #[inline(always)]
    unsafe fn expect_store(to: *mut T) {
        // SAFETY: a hint, which never faults.
        unsafe { _mm_prefetch::<_MM_HINT_ET0>(to.cast()) };
    }
    /// `self * factor + addend`
    unsafe fn mul_add(self, factor: Self, addend: Self) -> Self;
    unsafe fn add(self, other: Self) -> Self;
    unsafe fn mul(self, other: Self) -> Self;
    /// `max(self, 0)`; NaN stays NaN.
    unsafe fn relu(self) -> Self;
    /// The larger of `self` and `best` in each lane, with `tap` or what belongs to `best`; a NaN is larger than anything but
    /// an earlier NaN, and the earlier of equals wins.
    unsafe fn larger(self, tap: Self, best: Self, best_tap: Self) -> (Self, Self);
    /// `self` in the lanes where `a` equals `b`, zero in the others.
    unsafe fn where_equal(self, a: Self, b: Self) -> Self;
    unsafe fn div(self, other: Self) -> Self;
    /// The sums of a tile of a product, the factors of whose rows lie side by side.
    #[inline(always)]
    unsafe fn sums<const ROWS: usize, const REGS: usize>(from: Operands<T>) -> [[Self; REGS]; ROWS]
    where
        T: Element,
    {
        // SAFETY: the operands are readable over the tile, by the caller's word.
        unsafe {
            let mut sums = [[Self::splat(T::default()); REGS]; ROWS];
            for p in 0..from.k {
                let (a, b) = (from.a.wrapping_add(p * from.a_step), from.b.wrapping_add(p * from.b_step));
                let row: [Self; REGS] = std::array::from_fn(|r| {
                    let at = b.wrapping_add(r * Self::LANES);
                    if r + 1 == REGS && from.last < Self::LANES { Self::load_part(at, from.last) } else { Self::load(at) }
                });
                for i in 0..ROWS {
                    let x = Self::splat(*a.wrapping_add(i));
                    for r in 0..REGS {
                        sums[i][r] = x.mul_add(row[r], sums[i][r]);
                    }
                }
            }
            sums
        }
    }
}

/// The same address, of which the compiler knows nothing any more.
#[inline(always)]
pub(crate) fn opaque<T>(mut address: *const T) -> *const T {
    // SAFETY: no instruction at all; only the value's origin is hidden.
    unsafe { std::arch::asm!("/* {0} */", inout(reg) address, options(pure, readonly, nostack, preserves_flags)) };
    address
}

/// A piece of work that is generic over the register type.
pub trait Kernel<T> {
    /// # Safety
    /// The instruction set of `V` must be present.
    unsafe fn run<V: Vector<T>>(self);
}

/// Runs `kernel` with the registers of `isa`, which is passed on because layouts depend on it: it may not change on the way.
#[inline]
pub fn dispatch<T: Element, K: Kernel<T>>(isa: Isa, kernel: K) {
    match isa {
        // SAFETY: an `Isa` only names instruction sets that this processor has.
        Isa::Avx512 => unsafe { enter_avx512::<T, K>(kernel) },
        // SAFETY: as above.
        Isa::Avx2 => unsafe { enter_avx2::<T, K>(kernel) },
        // SAFETY: plain Rust arrays; no instruction set needed.
        Isa::Scalar => unsafe { kernel.run::<T::Portable>() },
    }
}

/// Elements in a register of `isa`.
pub fn lanes<T: Element>(isa: Isa) -> usize {
    match isa {
        Isa::Avx512 => T::Avx512::LANES,
        Isa::Avx2 => T::Avx2::LANES,
        Isa::Scalar => T::Portable::LANES,
    }
}

/// Rows of the largest tile of a product with registers of `isa`.
pub fn tile_rows<T: Element>(isa: Isa) -> usize {
    match isa {
        Isa::Avx512 => T::Avx512::PIXELS,
        Isa::Avx2 => T::Avx2::PIXELS,
        Isa::Scalar => T::Portable::PIXELS,
    }
}

#[target_feature(enable = "avx512f,avx512vl,avx512dq,avx512bw,avx2,fma")]
unsafe fn enter_avx512<T: Element, K: Kernel<T>>(kernel: K) {
    // SAFETY: the instructions are enabled here and, by the caller's word, present.
    unsafe { kernel.run::<T::Avx512>() }
}

#[target_feature(enable = "avx2,fma")]
unsafe fn enter_avx2<T: Element, K: Kernel<T>>(kernel: K) {
    // SAFETY: as in `enter_avx512`.
    unsafe { kernel.run::<T::Avx2>() }
}

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

macro_rules! element {
    ($t:ty, $avx512:ty, $avx2:ty, $portable:ty) => {
        impl Element for $t {
            type Avx512 = $avx512;
            type Avx2 = $avx2;
            type Portable = $portable;

            #[inline(always)]
            fn from_tap(tap: i32) -> Self {
                tap as $t
            }
            #[inline(always)]
            unsafe fn to_tap(self) -> i32 {
                // SAFETY: in range, by the caller's word.
                unsafe { self.to_int_unchecked() }
            }
            fn forward_block(isa: Isa, block: Forward<'_, Self>) {
                dispatch(isa, block);
            }
            fn gradient_panel(isa: Isa, panel: Gradient<'_, Self>) {
                dispatch(isa, panel);
            }
            fn gemm_block(isa: Isa, block: crate::gemm::Block<'_, '_, Self>) {
                dispatch(isa, block);
            }
        }
    };
}
element!(f32, __m512, __m256, Portable<f32, 8>);
element!(f64, __m512d, __m256d, Portable<f64, 4>);

/// The fallback: an array the compiler may vectorise with whatever the build target has.
#[derive(Clone, Copy)]
pub struct Portable<T, const N: usize>([T; N]);

macro_rules! portable {
    ($t:ty, $n:literal) => {
        // SAFETY: plain Rust; pointers are read and written for exactly the lanes named.
        unsafe impl Vector<$t> for Portable<$t, $n> {
            const LANES: usize = $n;
            const PIXELS: usize = 2;

            #[inline(always)]
            unsafe fn splat(value: $t) -> Self {
                Self([value; $n])
            }
            #[inline(always)]
            unsafe fn load(from: *const $t) -> Self {
                // SAFETY: valid for the lanes, by the trait's contract.
                Self(unsafe { from.cast::<[$t; $n]>().read_unaligned() })
            }
            #[inline(always)]
            unsafe fn store(self, to: *mut $t) {
                // SAFETY: as in `load`.
                unsafe { to.cast::<[$t; $n]>().write_unaligned(self.0) }
            }
            #[inline(always)]
            unsafe fn load_part(from: *const $t, n: usize) -> Self {
                // SAFETY: only the first `n` elements are read.
                Self(std::array::from_fn(|i| if i < n { unsafe { *from.add(i) } } else { 0.0 }))
            }
            #[inline(always)]
            unsafe fn store_part(self, to: *mut $t, n: usize) {
                for i in 0..n.min($n) {
                    // SAFETY: only the first `n` elements are written.
                    unsafe { *to.add(i) = self.0[i] };
                }
            }
            #[inline(always)]
            unsafe fn repeat<const GROUP: usize>(from: *const $t) -> Self {
                // SAFETY: only the first `GROUP` elements are read.
                Self(std::array::from_fn(|i| unsafe { *from.add(i % GROUP) }))
            }
            #[inline(always)]
            unsafe fn deinterleave<const GROUP: usize>(self) -> Self {
                Self(std::array::from_fn(|lane| self.0[order::<$n>(GROUP)[lane] as usize]))
            }
            #[inline(never)]
            unsafe fn apart(f: impl FnOnce()) {
                f();
            }
            #[inline(always)]
            unsafe fn mul_add(self, factor: Self, addend: Self) -> Self {
                // Two roundings: without the instruction, a fused one is a library call per element.
                Self(std::array::from_fn(|i| self.0[i] * factor.0[i] + addend.0[i]))
            }
            #[inline(always)]
            unsafe fn add(self, other: Self) -> Self {
                Self(std::array::from_fn(|i| self.0[i] + other.0[i]))
            }
            #[inline(always)]
            unsafe fn mul(self, other: Self) -> Self {
                Self(std::array::from_fn(|i| self.0[i] * other.0[i]))
            }
            #[inline(always)]
            unsafe fn relu(self) -> Self {
                Self(std::array::from_fn(|i| if self.0[i] < 0.0 { 0.0 } else { self.0[i] }))
            }
            #[inline(always)]
            unsafe fn larger(self, tap: Self, best: Self, best_tap: Self) -> (Self, Self) {
                let takes = |i: usize| (self.0[i] > best.0[i]) | (self.0[i].is_nan() & !best.0[i].is_nan());
                let pick = |a: Self, b: Self| Self(std::array::from_fn(|i| if takes(i) { a.0[i] } else { b.0[i] }));
                (pick(self, best), pick(tap, best_tap))
            }
            #[inline(always)]
            unsafe fn where_equal(self, a: Self, b: Self) -> Self {
                Self(std::array::from_fn(|i| if a.0[i] == b.0[i] { self.0[i] } else { 0.0 }))
            }
            #[inline(always)]
            unsafe fn div(self, other: Self) -> Self {
                Self(std::array::from_fn(|i| self.0[i] / other.0[i]))
            }
        }
    };
}
portable!(f32, 8);
portable!(f64, 4);

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
    ($reg:ty, $t:ty, $lanes:literal, $pixels:literal, $apart:ident, $splat:ident, $load:ident, $store:ident, $fma:ident, $add:ident, $mul:ident,
     $max:ident, $div:ident, $larger:ident, $where_equal:ident, part: ($from:ident, $n:ident, $load_part:expr, $to:ident, $value:ident, $store_part:expr),
     groups: {$($group:literal => $repeat:expr, $split:expr;)*} $(, sums: $sums:path)?) => {
        // SAFETY: each method is the intrinsic it is named after, on pointers that the caller vouches for.
        unsafe impl Vector<$t> for $reg {
            const LANES: usize = $lanes;
            const PIXELS: usize = $pixels;

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
            unsafe fn sums<const ROWS: usize, const REGS: usize>(from: Operands<$t>) -> [[Self; REGS]; ROWS] {
                // SAFETY: see the impl.
                unsafe { $sums(from) }
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

/// Where each lane comes from when groups of `group` lanes are taken apart.
const fn order<const N: usize>(group: usize) -> [i64; N] {
    let mut from = [0; N];
    let mut lane = 0;
    while lane < N {
        let per = N / group;
        from[lane] = ((lane % per) * group + lane / per) as i64;
        lane += 1;
    }
    from
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

hardware!(__m512, f32, 16, 14, apart_avx512, _mm512_set1_ps, _mm512_loadu_ps, _mm512_storeu_ps, _mm512_fmadd_ps, _mm512_add_ps, _mm512_mul_ps,
    _mm512_max_ps, _mm512_div_ps, larger_512_ps, where_equal_512_ps,
    part: (p, n, _mm512_maskz_loadu_ps(mask(n) as u16, p), q, v, _mm512_mask_storeu_ps(q, mask(n) as u16, v)),
    groups: {
        2 => _mm512_castpd_ps(_mm512_set1_pd(p.cast::<f64>().read_unaligned())), permute_16x32!(v, 2);
        4 => _mm512_broadcast_f32x4(_mm_loadu_ps(p)), permute_16x32!(v, 4);
        8 => _mm512_broadcast_f32x8(_mm256_loadu_ps(p)), permute_16x32!(v, 8);
    }, sums: sums_f32);
hardware!(__m512d, f64, 8, 14, apart_avx512, _mm512_set1_pd, _mm512_loadu_pd, _mm512_storeu_pd, _mm512_fmadd_pd, _mm512_add_pd, _mm512_mul_pd,
    _mm512_max_pd, _mm512_div_pd, larger_512_pd, where_equal_512_pd,
    part: (p, n, _mm512_maskz_loadu_pd(mask(n) as u8, p), q, v, _mm512_mask_storeu_pd(q, mask(n) as u8, v)),
    groups: {
        2 => _mm512_broadcast_f64x2(_mm_loadu_pd(p)), permute_8x64!(v, 2);
        4 => _mm512_broadcast_f64x4(_mm256_loadu_pd(p)), permute_8x64!(v, 4);
    }, sums: sums_f64);
hardware!(__m256, f32, 8, 6, apart_avx2, _mm256_set1_ps, _mm256_loadu_ps, _mm256_storeu_ps, _mm256_fmadd_ps, _mm256_add_ps, _mm256_mul_ps,
    _mm256_max_ps, _mm256_div_ps, larger_256_ps, where_equal_256_ps,
    part: (p, n, _mm256_maskload_ps(p, mask_8x32(n)), q, v, _mm256_maskstore_ps(q, mask_8x32(n), v)),
    groups: {
        2 => _mm256_castpd_ps(_mm256_set1_pd(p.cast::<f64>().read_unaligned())), permute_8x32!(v, 2);
        4 => _mm256_set_m128(_mm_loadu_ps(p), _mm_loadu_ps(p)), permute_8x32!(v, 4);
    });
hardware!(__m256d, f64, 4, 6, apart_avx2, _mm256_set1_pd, _mm256_loadu_pd, _mm256_storeu_pd, _mm256_fmadd_pd, _mm256_add_pd, _mm256_mul_pd,
    _mm256_max_pd, _mm256_div_pd, larger_256_pd, where_equal_256_pd,
    part: (p, n, _mm256_maskload_pd(p, mask_4x64(n)), q, v, _mm256_maskstore_pd(q, mask_4x64(n), v)),
    groups: {
        2 => _mm256_set_m128d(_mm_loadu_pd(p), _mm_loadu_pd(p)), _mm256_permute4x64_pd::<0b11_01_10_00>(v);
    });
