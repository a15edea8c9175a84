//! The element types of tensors, and the only casts between raw bytes and typed slices.

use std::fmt::{Debug, Display};
use std::ops::{Add, AddAssign, Div, DivAssign, Mul, MulAssign, Neg, Sub, SubAssign};

mod sealed {
    /// Only types without padding and without invalid bit patterns may be elements; `cast_slice` rests on it.
    pub trait Sealed {}
}

/// A number that a tensor can hold. `bool` tensors hold one byte an element, 0 or 1, and are read as `u8`.
pub trait Element:
    sealed::Sealed + Copy + Send + Sync + 'static + PartialOrd + Default + Debug + Display
{
    const ZERO: Self;
    const ONE: Self;
    /// The identities of max and min: the infinities of a float, the bounds of an integer.
    const LOWEST: Self;
    const HIGHEST: Self;

    /// Nearest value of this type; saturates, and NaN becomes 0 in an integer type.
    fn from_f64(x: f64) -> Self;
    /// Nearest f64 (inexact above 2^53).
    fn to_f64(self) -> f64;
}

/// `f32` or `f64`.
pub trait Float:
    Element
    + Neg<Output = Self>
    + Add<Output = Self>
    + Sub<Output = Self>
    + Mul<Output = Self>
    + Div<Output = Self>
    + AddAssign
    + SubAssign
    + MulAssign
    + DivAssign
{
    const NAN: Self;
    const INFINITY: Self;
    /// Distance from 1 to the next larger value.
    const EPSILON: Self;

    fn abs(self) -> Self;
    fn sqrt(self) -> Self;
    fn floor(self) -> Self;
    fn ceil(self) -> Self;
    fn trunc(self) -> Self;
    fn round_ties_even(self) -> Self;
    fn copysign(self, sign: Self) -> Self;
    fn is_nan(self) -> bool;
    /// `self * b + c` rounded once. A library call, slow, where the loop is not compiled for FMA.
    fn mul_add(self, b: Self, c: Self) -> Self;
}

macro_rules! element {
    ($lowest:ident $highest:ident: $($t:ident)*) => {$(
        impl sealed::Sealed for $t {}
        impl Element for $t {
            const ZERO: Self = 0 as $t;
            const ONE: Self = 1 as $t;
            const LOWEST: Self = $t::$lowest;
            const HIGHEST: Self = $t::$highest;
            #[inline(always)]
            fn from_f64(x: f64) -> Self {
                x as $t
            }
            #[inline(always)]
            fn to_f64(self) -> f64 {
                self as f64
            }
        }
    )*};
}
element!(NEG_INFINITY INFINITY: f32 f64);
element!(MIN MAX: i8 i16 i32 i64 u8 u16 u32 u64);

macro_rules! float {
    ($($t:ident)*) => {$(
        impl Float for $t {
            const NAN: Self = $t::NAN;
            const INFINITY: Self = $t::INFINITY;
            const EPSILON: Self = $t::EPSILON;
            float!(@forward $t: abs sqrt floor ceil trunc round_ties_even);
            #[inline(always)]
            fn copysign(self, sign: Self) -> Self {
                $t::copysign(self, sign)
            }
            #[inline(always)]
            fn is_nan(self) -> bool {
                $t::is_nan(self)
            }
            #[inline(always)]
            fn mul_add(self, b: Self, c: Self) -> Self {
                $t::mul_add(self, b, c)
            }
        }
    )*};
    (@forward $t:ident: $($f:ident)*) => {$(
        #[inline(always)]
        fn $f(self) -> Self {
            $t::$f(self)
        }
    )*};
}
float!(f32 f64);

/// Reads bytes as elements of type `T`.
///
/// # Panics
/// If the bytes are not aligned for `T` or do not hold a whole number of elements.
pub fn cast_slice<T: Element>(bytes: &[u8]) -> &[T] {
    check_cast::<T>(bytes);
    // SAFETY: alignment and length are checked; `Element` is sealed to types that any bytes are a value of.
    unsafe { std::slice::from_raw_parts(bytes.as_ptr().cast(), bytes.len() / size_of::<T>()) }
}

/// Reads and writes bytes as elements of type `T`.
///
/// # Panics
/// As [`cast_slice`].
pub fn cast_slice_mut<T: Element>(bytes: &mut [u8]) -> &mut [T] {
    check_cast::<T>(bytes);
    // SAFETY: as in `cast_slice`; elements have no padding, so the bytes stay initialised.
    unsafe { std::slice::from_raw_parts_mut(bytes.as_mut_ptr().cast(), bytes.len() / size_of::<T>()) }
}

/// Reads elements as bytes.
pub fn as_bytes<T: Element>(x: &[T]) -> &[u8] {
    // SAFETY: elements have no padding, and any alignment will do for bytes.
    unsafe { std::slice::from_raw_parts(x.as_ptr().cast(), size_of_val(x)) }
}

/// Reads and writes elements as bytes.
pub fn as_bytes_mut<T: Element>(x: &mut [T]) -> &mut [u8] {
    // SAFETY: as in `as_bytes`, and any bytes are valid elements.
    unsafe { std::slice::from_raw_parts_mut(x.as_mut_ptr().cast(), size_of_val(x)) }
}

fn check_cast<T: Element>(bytes: &[u8]) {
    assert!(bytes.as_ptr().cast::<T>().is_aligned(), "bytes are not aligned to {}", align_of::<T>());
    assert!(bytes.len().is_multiple_of(size_of::<T>()), "{} bytes are no whole number of elements", bytes.len());
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_and_elements_share_memory() {
        let mut x = [1.5f32, -2.0, 0.0];
        let bytes = as_bytes(&x).to_vec();
        assert_eq!(bytes.len(), 12);
        assert_eq!(&bytes[..4], &1.5f32.to_ne_bytes());
        let mut words = [0u64; 2];
        let raw = as_bytes_mut(&mut words);
        raw[8] = 1;
        assert_eq!(words, [0, u64::from_ne_bytes([1, 0, 0, 0, 0, 0, 0, 0])]);
        x[0] = 2.0;
        assert_eq!(cast_slice::<f32>(as_bytes(&x)), &x);
    }

    #[test]
    #[should_panic(expected = "aligned")]
    fn misaligned_bytes_are_refused() {
        let words = [0u64; 2];
        cast_slice::<f32>(&as_bytes(&words)[1..5]);
    }

    #[test]
    #[should_panic(expected = "whole number")]
    fn partial_elements_are_refused() {
        let words = [0u64; 2];
        cast_slice::<f64>(&as_bytes(&words)[..12]);
    }

    #[test]
    fn conversion_saturates() {
        assert_eq!(i8::from_f64(1e9), 127);
        assert_eq!(u8::from_f64(-3.0), 0);
        assert_eq!(i32::from_f64(f64::NAN), 0);
        assert_eq!(f32::LOWEST, f32::NEG_INFINITY);
    }
}
