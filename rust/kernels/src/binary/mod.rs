//! Functions of two tensors, element by element, with broadcasting.

mod apply;
mod broadcast;
mod compare;
mod float;
mod int;
mod slope;

pub use broadcast::Broadcast;
pub(crate) use apply::Map2;
pub(crate) use broadcast::Reader;
pub use compare::{Compare, Logical, compare, logical};
pub use float::{binary_brain, binary_brain_in_place};
pub use slope::{Slope, pull_back, pull_back_brain, pull_back_brain_in_place, pull_back_in_place};

use crate::element::Element;

/// A function of two elements. Gradients take (the value named, the cotangent g of the output).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Binary {
    Add,
    Sub,
    Mul,
    /// Integers: as [`Binary::FloorDivide`].
    Div,
    /// Integers: wraps, and a negative exponent rounds the fraction towards zero.
    Pow,
    /// NaN if either is NaN, as `Minimum`.
    Maximum,
    Minimum,
    /// Remainder with the sign of the divisor; 0 for an integer divisor 0.
    Mod,
    /// Quotient rounded down; 0 for an integer divisor 0.
    FloorDivide,
    Atan2,
    Hypot,
    /// log(e^a + e^b)
    LogAddExp,
    SquaredDifference,
    BitAnd,
    BitOr,
    BitXor,
    /// Shifts by a negative count, or by more than the width, leave what shifting bit by bit would: 0 or the sign.
    ShiftLeft,
    ShiftRight,
    /// (output, g): g where the output is positive (or NaN)
    ReluGrad,
    /// (output y, g): g y (1 - y)
    SigmoidGrad,
    /// (output y, g): g (1 - y²)
    TanhGrad,
}

/// An element type with binary functions.
///
/// Bitwise functions are for integers; `Atan2`, `Hypot`, `LogAddExp` and the gradients are for floats. The
/// others panic on them: callers have checked the dtype by then.
pub trait Number: Element {
    #[doc(hidden)]
    fn out_of_place(op: Binary, shapes: &Broadcast, a: &[Self], b: &[Self], y: &mut [Self]);
    #[doc(hidden)]
    fn in_place(op: Binary, shapes: &Broadcast, xy: &mut [Self], other: &[Self], xy_is_left: bool);
}

/// y = op(a, b), broadcast.
///
/// # Panics
/// If the slices do not fit the shapes of the loop, or `op` is not defined for the type (see [`Number`]).
pub fn binary<T: Number>(op: Binary, shapes: &Broadcast, a: &[T], b: &[T], y: &mut [T]) {
    T::out_of_place(op, shapes, a, b, y);
}

/// xy = op(xy, other), or op(other, xy) if `xy` is not the left operand, which has the shape of the output.
///
/// # Panics
/// As [`binary`].
pub fn binary_in_place<T: Number>(op: Binary, shapes: &Broadcast, xy: &mut [T], other: &[T], xy_is_left: bool) {
    T::in_place(op, shapes, xy, other, xy_is_left);
}

/// Both forms of a type's functions, from one table of `cost Name(a, b) => value`.
macro_rules! binary_ops {
    (
        $bound:ident, $kind:literal, framed: $framed:literal, [$($t:ident)*] $(, brain: $brain:ident, $brain_in_place:ident)?;
        $($cost:ident $name:ident($a:ident, $b:ident) => $body:expr;)*
    ) => {
        mod ops {
            $(#[derive(Clone, Copy)] pub struct $name;)*
        }
        $(impl<T: $bound> Map2<T> for ops::$name {
            const COST: Cost = Cost::$cost;
            const FRAMED: bool = $framed;
            #[inline(always)]
            fn call<F: Fma>(self, $a: T, $b: T) -> T {
                $body
            }
        })*
        fn out_of_place<T: $bound>(op: Binary, shapes: &Broadcast, a: &[T], b: &[T], y: &mut [T]) {
            match op {
                $(Binary::$name => map2(ops::$name, shapes, a, b, y),)*
                _ => panic!(concat!("{:?} is not defined for ", $kind), op),
            }
        }
        fn in_place<T: $bound>(op: Binary, shapes: &Broadcast, xy: &mut [T], other: &[T], xy_is_left: bool) {
            match op {
                $(Binary::$name => map2_in_place(ops::$name, shapes, xy, other, xy_is_left),)*
                _ => panic!(concat!("{:?} is not defined for ", $kind), op),
            }
        }
        binary_ops!(@brain $kind, [$($brain $brain_in_place)?] [$($name)*]);
        $(impl Number for $t {
            fn out_of_place(op: Binary, shapes: &Broadcast, a: &[Self], b: &[Self], y: &mut [Self]) {
                out_of_place(op, shapes, a, b, y);
            }
            fn in_place(op: Binary, shapes: &Broadcast, xy: &mut [Self], other: &[Self], xy_is_left: bool) {
                in_place(op, shapes, xy, other, xy_is_left);
            }
        })*
    };
    (@brain $kind:literal, [] $names:tt) => {};
    (@brain $kind:literal, [$brain:ident $brain_in_place:ident] [$($name:ident)*]) => {
        /// As [`super::binary`], of bfloat16, computed in float32.
        ///
        /// # Panics
        /// As that.
        pub fn $brain(op: Binary, shapes: &Broadcast, a: &[u16], b: &[u16], y: &mut [u16]) {
            match op {
                $(Binary::$name => map2(OnBrain(ops::$name), shapes, a, b, y),)*
                _ => panic!(concat!("{:?} is not defined for ", $kind), op),
            }
        }

        /// As [`super::binary_in_place`], likewise.
        ///
        /// # Panics
        /// As that.
        pub fn $brain_in_place(op: Binary, shapes: &Broadcast, xy: &mut [u16], other: &[u16], xy_is_left: bool) {
            match op {
                $(Binary::$name => map2_in_place(OnBrain(ops::$name), shapes, xy, other, xy_is_left),)*
                _ => panic!(concat!("{:?} is not defined for ", $kind), op),
            }
        }
    };
}
use binary_ops;

#[cfg(test)]
mod tests;
