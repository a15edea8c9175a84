//! Registers of float32 sums whose factors are pairs of bfloat16.
//!
//! A lane of a factor holds two successive terms of the sum. One instruction multiplies both with their counterparts and adds both
//! products: twice the work of a float32 multiply-add. So a kernel for float32 becomes one for bfloat16 by running it with these
//! registers over half as many steps.

use std::arch::asm;
use std::arch::x86_64::__m512;
use std::mem::transmute_copy;

use super::{Kernel, Vector};
use crate::isa;
use crate::gemm::broadcast::{Operands, apart_pairs, sums_pairs};

/// A register of AVX-512 whose products are those of pairs; sums and all else are float32. Needs AVX512-BF16 besides.
#[derive(Clone, Copy)]
#[repr(transparent)]
pub struct Pairs(__m512);

type Single = __m512;

/// `sum` plus the products of pairs.
///
/// The intrinsic would not be inlined: the functions that tiles run in do not enable AVX512-BF16.
#[inline]
#[target_feature(enable = "avx512f,avx512vl,avx512dq,avx512bw,avx2,fma")]
unsafe fn dot(x: Single, y: Single, mut sum: Single) -> Single {
    // SAFETY: registers only; the caller promises that the instruction is there.
    unsafe {
        asm!("vdpbf16ps {sum}, {x}, {y}", sum = inout(zmm_reg) sum, x = in(zmm_reg) x, y = in(zmm_reg) y,
            options(pure, nomem, nostack, preserves_flags));
    }
    sum
}

/// Runs a kernel for float32 on pairs.
///
/// # Panics
/// If the processor does not have the instructions.
#[inline]
pub fn dispatch<K: Kernel<f32>>(kernel: K) {
    assert!(isa::has_pairs(), "pairs of bfloat16 on this processor");
    // SAFETY: AVX-512 and AVX512-BF16 are there.
    unsafe { enter(kernel) }
}

/// # Safety
/// AVX-512 and AVX512-BF16 must be present.
#[target_feature(enable = "avx512f,avx512vl,avx512dq,avx512bw,avx2,fma")]
unsafe fn enter<K: Kernel<f32>>(kernel: K) {
    // SAFETY: the caller's promise.
    unsafe { kernel.run::<Pairs>() }
}

// SAFETY: what the register of float32 does, and one instruction more, on pointers that the caller vouches for.
unsafe impl Vector<f32> for Pairs {
    const LANES: usize = <Single as Vector<f32>>::LANES;
    const PIXELS: usize = <Single as Vector<f32>>::PIXELS;
    const ROWS_APART: usize = <Single as Vector<f32>>::ROWS_APART;
    const ROWS_WIDE: usize = <Single as Vector<f32>>::ROWS_WIDE;

    #[inline(always)]
    unsafe fn mul_add(self, factor: Self, addend: Self) -> Self {
        // SAFETY: see the impl.
        Self(unsafe { dot(self.0, factor.0, addend.0) })
    }
    #[inline(always)]
    unsafe fn sums<const ROWS: usize, const REGS: usize>(sums: [[Self; REGS]; ROWS], from: Operands<f32>) -> [[Self; REGS]; ROWS] {
        // `map` over the arrays was not inlined, and kept the sums in memory: a quarter of the speed.
        // SAFETY: see the impl; both types are the same registers.
        unsafe { transmute_copy(&sums_pairs::<ROWS, REGS>(transmute_copy(&sums), from)) }
    }
    #[inline(always)]
    unsafe fn sums_apart<const ROWS: usize, const REGS: usize>(
        sums: [[Self; REGS]; ROWS],
        starts: [*const f32; ROWS],
        from: Operands<f32>,
    ) -> [[Self; REGS]; ROWS] {
        // SAFETY: see the impl; both types are the same registers.
        unsafe { transmute_copy(&apart_pairs::<ROWS, REGS>(transmute_copy(&sums), starts, from)) }
    }
    #[inline(always)]
    unsafe fn apart(f: impl FnOnce()) {
        // SAFETY: see the impl.
        unsafe { <Single as Vector<f32>>::apart(f) }
    }
    #[inline(always)]
    unsafe fn splat(value: f32) -> Self {
        // SAFETY: see the impl.
        Self(unsafe { <Single as Vector<f32>>::splat(value) })
    }
    #[inline(always)]
    unsafe fn load(from: *const f32) -> Self {
        // SAFETY: see the impl.
        Self(unsafe { <Single as Vector<f32>>::load(from) })
    }
    #[inline(always)]
    unsafe fn store(self, to: *mut f32) {
        // SAFETY: see the impl.
        unsafe { <Single as Vector<f32>>::store(self.0, to) }
    }
    #[inline(always)]
    unsafe fn load_part(from: *const f32, n: usize) -> Self {
        // SAFETY: see the impl.
        Self(unsafe { <Single as Vector<f32>>::load_part(from, n) })
    }
    #[inline(always)]
    unsafe fn store_part(self, to: *mut f32, n: usize) {
        // SAFETY: see the impl.
        unsafe { <Single as Vector<f32>>::store_part(self.0, to, n) }
    }
    #[inline(always)]
    unsafe fn repeat<const GROUP: usize>(from: *const f32) -> Self {
        // SAFETY: see the impl.
        Self(unsafe { <Single as Vector<f32>>::repeat::<GROUP>(from) })
    }
    #[inline(always)]
    unsafe fn deinterleave<const GROUP: usize>(self) -> Self {
        // SAFETY: see the impl.
        Self(unsafe { <Single as Vector<f32>>::deinterleave::<GROUP>(self.0) })
    }
    #[inline(always)]
    unsafe fn add(self, other: Self) -> Self {
        // SAFETY: see the impl.
        Self(unsafe { <Single as Vector<f32>>::add(self.0, other.0) })
    }
    #[inline(always)]
    unsafe fn mul(self, other: Self) -> Self {
        // SAFETY: see the impl.
        Self(unsafe { <Single as Vector<f32>>::mul(self.0, other.0) })
    }
    #[inline(always)]
    unsafe fn div(self, other: Self) -> Self {
        // SAFETY: see the impl.
        Self(unsafe { <Single as Vector<f32>>::div(self.0, other.0) })
    }
    #[inline(always)]
    unsafe fn relu(self) -> Self {
        // SAFETY: see the impl.
        Self(unsafe { <Single as Vector<f32>>::relu(self.0) })
    }
    #[inline(always)]
    unsafe fn where_equal(self, a: Self, b: Self) -> Self {
        // SAFETY: see the impl.
        Self(unsafe { <Single as Vector<f32>>::where_equal(self.0, a.0, b.0) })
    }
    #[inline(always)]
    unsafe fn larger(self, tap: Self, best: Self, best_tap: Self) -> (Self, Self) {
        // SAFETY: see the impl.
        let (value, tap) = unsafe { <Single as Vector<f32>>::larger(self.0, tap.0, best.0, best_tap.0) };
        (Self(value), Self(tap))
    }
}
