//! The integer functions; all arithmetic wraps.

use crate::integer::Integer;
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

macro_rules! int_ops {
    ($($name:ident($x:ident) => $body:expr;)*) => {
        mod ops {
            $(#[derive(Clone, Copy)] pub struct $name;)*
        }
        $(impl<T: Integer> Map<T> for ops::$name {
            const COST: Cost = Cost::Light;
            const FRAMED: bool = false;
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
