//! One vector register as a type, so that a kernel is written once and compiled for every instruction set.
//!
//! A kernel is a value with a generic `run`; [`dispatch`] picks the register type of the active instruction set and enters
//! `run` through a function that is compiled with those instructions enabled. Everything on the way is `inline(always)`:
//! an intrinsic that is not inlined into such a function becomes a call.

mod brain;
pub(crate) mod pairs;
mod portable;
mod registers;

use std::arch::x86_64::{__m256, __m256d, __m512, __m512d, _MM_HINT_ET0, _mm_prefetch};

use super::depthwise::gradient::Gradient as PartGradient;
use super::depthwise::pass::Pass;
use super::gradient::Gradient;
use super::tile::Forward;
use crate::gemm::broadcast::Operands;
use crate::isa::{self, Isa};
use crate::math::float::Math;
use portable::Portable;

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
    fn forward_block(isa: Isa, factors: Factors, block: Forward<'_, Self>);
    /// One panel of a partial gradient of the weights.
    #[doc(hidden)]
    fn gradient_panel(isa: Isa, factors: Factors, panel: Gradient<'_, Self>);
    /// One task of a depthwise convolution.
    #[doc(hidden)]
    fn depthwise_pass(isa: Isa, pass: Pass<'_, Self>);
    /// One part of the gradient of its weights.
    #[doc(hidden)]
    fn depthwise_gradient(isa: Isa, part: PartGradient<'_, Self>);
    /// One block of a matrix product.
    #[doc(hidden)]
    fn gemm_block(isa: Isa, factors: Factors, block: crate::gemm::Block<'_, '_, Self>);
    /// Runs a kernel with registers that multiply pairs; only float32 has such.
    #[doc(hidden)]
    fn run_pairs<K: Kernel<Self>>(_: K) {
        unreachable!("products of pairs are summed in float32")
    }
}

/// What a kernel multiplies.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Factors {
    Floats,
    /// Words of two bfloat16, which look like float32 until they are multiplied.
    Pairs,
}

/// A register of `LANES` elements.
///
/// # Safety
/// Every method needs the instruction set of its type; pointers must be valid for the lanes they name.
pub unsafe trait Vector<T>: Copy {
    const LANES: usize;
    /// Pixels of a tile that is two registers wide, such that accumulators, weights and one pixel value fit the register file.
    const PIXELS: usize;
    /// Rows of such a tile of a product if each is read at an address of its own, which takes an address register.
    const ROWS_APART: usize;
    /// Rows of such a tile four registers wide, or none.
    const ROWS_WIDE: usize = 0;

    unsafe fn splat(value: T) -> Self;
    unsafe fn load(from: *const T) -> Self;
    unsafe fn store(self, to: *mut T);
    /// The first `n` lanes from memory, the others zero.
    unsafe fn load_part(from: *const T, n: usize) -> Self;
    /// The first `n` lanes to memory.
    unsafe fn store_part(self, to: *mut T, n: usize);
    /// The first `n` lanes, which may be all.
    #[inline(always)]
    unsafe fn load_first(from: *const T, n: usize) -> Self {
        // SAFETY: passed on to the caller.
        unsafe { if n == Self::LANES { Self::load(from) } else { Self::load_part(from, n) } }
    }
    /// The opposite of [`Vector::load_first`].
    #[inline(always)]
    unsafe fn store_first(self, to: *mut T, n: usize) {
        // SAFETY: passed on to the caller.
        unsafe { if n == Self::LANES { self.store(to) } else { self.store_part(to, n) } }
    }
    /// The first `n` lanes from bfloat16, the others zero; only registers of float32 do it.
    unsafe fn load_brain(_: *const u16, _: usize) -> Self {
        unreachable!("bfloat16 is computed with in float32")
    }
    /// The first `n` lanes to bfloat16, likewise.
    unsafe fn store_brain(self, _: *mut u16, _: usize) {
        unreachable!("bfloat16 is computed with in float32")
    }
    /// The first `n` lanes, which are bfloat16 already, zero where two registers differ; likewise.
    unsafe fn keep_brain(self, _: Self, _: Self, _: *mut u16, _: usize) {
        unreachable!("bfloat16 is computed with in float32")
    }
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
    /// Adds to the sums of a tile, the factors of whose rows lie side by side.
    #[inline(always)]
    unsafe fn sums<const ROWS: usize, const REGS: usize>(sums: [[Self; REGS]; ROWS], from: Operands<T>) -> [[Self; REGS]; ROWS]
    where
        T: Element,
    {
        // SAFETY: passed on to the caller.
        unsafe { summed(sums, from, |i, p| from.a.wrapping_add(p * from.a_step + i)) }
    }
    /// As [`Vector::sums`], each row starting at an address of its own and its factors side by side.
    #[inline(always)]
    unsafe fn sums_apart<const ROWS: usize, const REGS: usize>(
        sums: [[Self; REGS]; ROWS],
        starts: [*const T; ROWS],
        from: Operands<T>,
    ) -> [[Self; REGS]; ROWS]
    where
        T: Element,
    {
        // SAFETY: passed on to the caller.
        unsafe { summed(sums, from, |i, p| starts[i].wrapping_add(p)) }
    }
}

/// Adds to the sums of a tile, the factor of row `i` in step `p` being at `factor(i, p)`.
///
/// # Safety
/// The operands must be readable over the tile, and the instruction set of `V` present.
#[inline(always)]
unsafe fn summed<T: Element, V: Vector<T>, const ROWS: usize, const REGS: usize>(
    mut sums: [[V; REGS]; ROWS],
    from: Operands<T>,
    factor: impl Fn(usize, usize) -> *const T,
) -> [[V; REGS]; ROWS] {
    // SAFETY: the caller's promise.
    unsafe {
        for p in 0..from.k {
            let b = from.b.wrapping_add(p * from.b_step);
            let row: [V; REGS] = std::array::from_fn(|r| {
                let n = if r + 1 == REGS { from.last } else { V::LANES };
                V::load_first(b.wrapping_add(r * V::LANES), n)
            });
            for i in 0..ROWS {
                let x = V::splat(*factor(i, p));
                for r in 0..REGS {
                    sums[i][r] = x.mul_add(row[r], sums[i][r]);
                }
            }
        }
        sums
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

/// As [`dispatch`], with registers for these factors.
#[inline]
pub fn dispatch_factors<T: Element, K: Kernel<T>>(isa: Isa, factors: Factors, kernel: K) {
    match factors {
        Factors::Floats => dispatch(isa, kernel),
        Factors::Pairs => T::run_pairs(kernel),
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

/// How a tile of a product finds its factors.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Rows {
    /// Laid out for it.
    Packed,
    /// Those of a step side by side, steps anywhere.
    Together,
    /// Those of a row side by side, rows anywhere.
    Apart,
}

/// Rows and columns of the largest tile of a product of so many columns with registers of `isa`.
pub fn tile_size<T: Element>(isa: Isa, rows: Rows, columns: usize) -> (usize, usize) {
    match isa {
        Isa::Avx512 => tile_of::<T, T::Avx512>(rows, columns),
        Isa::Avx2 => tile_of::<T, T::Avx2>(rows, columns),
        Isa::Scalar => tile_of::<T, T::Portable>(rows, columns),
    }
}

/// As [`tile_size`], of the registers `V`.
#[inline(always)]
pub fn tile_of<T, V: Vector<T>>(rows: Rows, columns: usize) -> (usize, usize) {
    // Three registers are left to tiles of two and of one.
    let wide = V::ROWS_WIDE > 0 && columns > 3 * V::LANES && (rows != Rows::Packed || isa::loads_are_scarce());
    match rows {
        _ if wide => (V::ROWS_WIDE, 4 * V::LANES),
        Rows::Apart => (V::ROWS_APART, 2 * V::LANES),
        Rows::Packed | Rows::Together => (V::PIXELS, 2 * V::LANES),
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

macro_rules! element {
    ($t:ty, $avx512:ty, $avx2:ty, $portable:ty $(, $pairs:path)?) => {
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
            fn forward_block(isa: Isa, factors: Factors, block: Forward<'_, Self>) {
                dispatch_factors(isa, factors, block);
            }
            fn gradient_panel(isa: Isa, factors: Factors, panel: Gradient<'_, Self>) {
                dispatch_factors(isa, factors, panel);
            }
            fn depthwise_pass(isa: Isa, pass: Pass<'_, Self>) {
                dispatch(isa, pass);
            }
            fn depthwise_gradient(isa: Isa, part: PartGradient<'_, Self>) {
                dispatch(isa, part);
            }
            fn gemm_block(isa: Isa, factors: Factors, block: crate::gemm::Block<'_, '_, Self>) {
                dispatch_factors(isa, factors, block);
            }
            $(fn run_pairs<K: Kernel<Self>>(kernel: K) {
                $pairs(kernel);
            })?
        }
    };
}
element!(f32, __m512, __m256, Portable<f32, 8>, pairs::dispatch);
element!(f64, __m512d, __m256d, Portable<f64, 4>);
