//! The integer functions; all arithmetic wraps.

use crate::element::Element;
use crate::math::Fma;
use crate::math::apply::{self, Cost, Map};

/// A function of one integer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum UnaryInt {
    /// Wraps: the lowest value of a signed type is its own negative.
    Neg,
    Abs,
    Sign,
    Square,
    /// Every bit inverted.
    BitNot,
}

/// An integer element, with arithmetic that never panics.
pub trait Integer: Element {
    fn wrapping_neg(self) -> Self;
    fn wrapping_abs(self) -> Self;
    fn signum(self) -> Self;
    fn wrapping_mul(self, other: Self) -> Self;
    fn bit_not(self) -> Self;
}

macro_rules! integer {
    ($($t:ident)*) => {$(
        impl Integer for $t {
            #[inline(always)]
            fn wrapping_neg(self) -> Self {
                $t::wrapping_neg(self)
            }
            #[inline(always)]
            #[allow(unused_comparisons, reason = "one body for signed and unsigned types")]
            fn wrapping_abs(self) -> Self {
                if self < 0 { $t::wrapping_neg(self) } else { self }
            }
            #[inline(always)]
            #[allow(unused_comparisons, reason = "as above")]
            fn signum(self) -> Self {
                if self < 0 { (0 as $t).wrapping_sub(1) } else { $t::from(self > 0) }
            }
            #[inline(always)]
            fn wrapping_mul(self, other: Self) -> Self {
                $t::wrapping_mul(self, other)
            }
            #[inline(always)]
            fn bit_not(self) -> Self {
                !self
            }
        }
    )*};
}
integer!(i8 i16 i32 i64 u8 u16 u32 u64);

macro_rules! int_ops {
    ($($name:ident($x:ident) => $body:expr;)*) => {
        mod ops {
            $(#[derive(Clone, Copy)] pub struct $name;)*
        }
        $(impl<T: Integer> Map<T> for ops::$name {
            const COST: Cost = Cost::Light;
            #[inline(always)]
            fn call<F: Fma>(self, $x: T) -> T {
                $body
            }
        })*

        /// y = op(x), elementwise.
        ///
        /// # Panics
        /// If the lengths differ.
        pub fn unary_int<T: Integer>(op: UnaryInt, x: &[T], y: &mut [T]) {
            match op {
                $(UnaryInt::$name => apply::map(ops::$name, x, y),)*
            }
        }

        /// xy = op(xy), elementwise.
        pub fn unary_int_in_place<T: Integer>(op: UnaryInt, xy: &mut [T]) {
            match op {
                $(UnaryInt::$name => apply::map_in_place(ops::$name, xy),)*
            }
        }
    };
}

int_ops! {
    Neg(x) => x.wrapping_neg();
    Abs(x) => x.wrapping_abs();
    Sign(x) => x.signum();
    Square(x) => x.wrapping_mul(x);
    BitNot(x) => x.bit_not();
}
