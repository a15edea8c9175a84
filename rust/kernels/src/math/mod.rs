//! Elementary functions, written once as branch-free scalar code and compiled per instruction set.
//!
//! The compiler vectorises a loop over these functions inside a `#[target_feature]` frame ([`crate::math::frame`]).
//! Chosen over hand-written intrinsics because the scalar tail of a loop is then the very same sequence of
//! IEEE operations as its vector body: an element's bits do not depend on where a chunk starts or ends.
//! The rules that keep a function vectorisable: no branch around work, no call, no table; `if` only to
//! select between two finished values, integers from floats only by the magic-number trick.
//!
//! Accuracy for f32 (tested against f64 over the whole range, NaN, infinities and denormals included):
//! 2 ulp for exp, exp2, log; 3 ulp for tanh, sigmoid, softplus, GELU down to -2.5; the functions of [`wide`] compute in f64
//! lanes and round once (1 ulp). f64 goes through the standard library and `libm`, one element at a time.

pub(crate) mod apply;
pub mod erf;
pub mod exp;
pub mod float;
pub mod frame;
pub mod log;
pub mod normal;
pub mod special;
pub mod wide;

use crate::element::Float;

/// How the compiled frame multiplies and adds: with one rounding where the CPU has FMA, else with two.
pub trait Fma {
    fn fma<T: Float>(a: T, b: T, c: T) -> T;
}

/// Hardware fused multiply-add; only for frames compiled with the `fma` feature.
pub struct Fused;

/// Separate multiply and add; `f32::mul_add` without hardware support is a slow library call.
pub struct Separate;

impl Fma for Fused {
    #[inline(always)]
    fn fma<T: Float>(a: T, b: T, c: T) -> T {
        a.mul_add(b, c)
    }
}

impl Fma for Separate {
    #[inline(always)]
    fn fma<T: Float>(a: T, b: T, c: T) -> T {
        a * b + c
    }
}

/// `c[0] + c[1] x + c[2] x² + …`
#[inline(always)]
pub(crate) fn horner<F: Fma, T: Float, const N: usize>(x: T, c: &[T; N]) -> T {
    let mut sum = c[N - 1];
    let mut i = N - 1;
    while i > 0 {
        i -= 1;
        sum = F::fma(sum, x, c[i]);
    }
    sum
}

/// `x` held between `low` and `high`; NaN stays NaN.
#[inline(always)]
pub fn clamp<T: Float>(x: T, low: T, high: T) -> T {
    let x = if x < low { low } else { x };
    if x > high { high } else { x }
}

/// The larger of two; NaN if either is NaN.
#[inline(always)]
pub fn max<T: Float>(a: T, b: T) -> T {
    // The first select keeps a NaN in `a` only; the second one brings in a NaN of `b`.
    let m = if a > b || a.is_nan() { a } else { b };
    if b.is_nan() { b } else { m }
}

/// The smaller of two; NaN if either is NaN.
#[inline(always)]
pub fn min<T: Float>(a: T, b: T) -> T {
    let m = if a < b || a.is_nan() { a } else { b };
    if b.is_nan() { b } else { m }
}
