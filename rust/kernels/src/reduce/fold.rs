//! What a reduction does with two numbers.

use crate::cast::{brain_to_f32, half_to_f32};
use crate::element::{Element, Float};
use crate::math;

/// Arithmetic that every element type has: wrapping in integers.
pub trait Number: Element {
    fn plus(self, other: Self) -> Self;
    fn times(self, other: Self) -> Self;
    /// The larger; NaN if either is NaN.
    fn larger(self, other: Self) -> Self;
    /// The smaller; NaN if either is NaN.
    fn smaller(self, other: Self) -> Self;
    fn nan(self) -> bool;
}

macro_rules! integers {
    ($($t:ident)*) => {$(
        impl Number for $t {
            #[inline(always)]
            fn plus(self, other: Self) -> Self { self.wrapping_add(other) }
            #[inline(always)]
            fn times(self, other: Self) -> Self { self.wrapping_mul(other) }
            #[inline(always)]
            fn larger(self, other: Self) -> Self { self.max(other) }
            #[inline(always)]
            fn smaller(self, other: Self) -> Self { self.min(other) }
            #[inline(always)]
            fn nan(self) -> bool { false }
        }
    )*};
}
integers!(i8 i16 i32 i64 u8 u16 u32 u64);

macro_rules! floats {
    ($($t:ident)*) => {$(
        impl Number for $t {
            #[inline(always)]
            fn plus(self, other: Self) -> Self { self + other }
            #[inline(always)]
            fn times(self, other: Self) -> Self { self * other }
            #[inline(always)]
            fn larger(self, other: Self) -> Self { math::max(self, other) }
            #[inline(always)]
            fn smaller(self, other: Self) -> Self { math::min(self, other) }
            #[inline(always)]
            fn nan(self) -> bool { Float::is_nan(self) }
        }
    )*};
}
floats!(f32 f64);

/// An associative combination of mapped elements, which may be stored as another type.
pub trait Fold<T, X = T>: Copy + Send + Sync {
    /// What changes nothing when combined.
    fn identity() -> T;
    fn map(x: X) -> T;
    fn combine(a: T, b: T) -> T;
}

/// Sums of 16-bit floats, in float32.
macro_rules! sums {
    ($($name:ident: $widen:path;)*) => {$(
        #[derive(Clone, Copy)]
        pub struct $name;
        impl Fold<f32, u16> for $name {
            #[inline(always)]
            fn identity() -> f32 { 0.0 }
            #[inline(always)]
            fn map(x: u16) -> f32 { $widen(x) }
            #[inline(always)]
            fn combine(a: f32, b: f32) -> f32 { a + b }
        }
    )*};
}
sums! {
    SumBrains: brain_to_f32;
    SumHalves: half_to_f32;
}

macro_rules! folds {
    ($($name:ident: $identity:expr, |$x:ident| $map:expr, $combine:expr;)*) => {$(
        #[derive(Clone, Copy)]
        pub struct $name;
        impl<T: Number> Fold<T> for $name {
            #[inline(always)]
            fn identity() -> T { $identity }
            #[inline(always)]
            fn map($x: T) -> T { $map }
            #[inline(always)]
            fn combine(a: T, b: T) -> T { $combine(a, b) }
        }
    )*};
}

#[inline(always)]
fn truth<T: Element>(x: T) -> T {
    if x == T::ZERO { T::ZERO } else { T::ONE }
}

folds! {
    Sum: T::ZERO, |x| x, T::plus;
    SumSquares: T::ZERO, |x| x.times(x), T::plus;
    Prod: T::ONE, |x| x, T::times;
    Max: T::LOWEST, |x| x, T::larger;
    Min: T::HIGHEST, |x| x, T::smaller;
    Any: T::ZERO, |x| truth(x), T::larger;
    All: T::ONE, |x| truth(x), T::smaller;
}
