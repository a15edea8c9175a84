//! Comparisons and connectives, with bool bytes for results.

use super::apply::{Map2, map2};
use super::broadcast::Broadcast;
use crate::element::Element;
use crate::math::Fma;

macro_rules! relations {
    ($(#[$doc:meta])* $kind:ident $run:ident; $($name:ident($a:ident, $b:ident) => $body:expr;)*) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub enum $kind {
            $($name,)*
        }

        /// y = 1 where the relation holds, else 0; NaN is unequal to everything.
        ///
        /// # Panics
        /// If the slices do not fit the shapes of the loop.
        pub fn $run<T: Element>(op: $kind, shapes: &Broadcast, a: &[T], b: &[T], y: &mut [u8]) {
            $(
                #[derive(Clone, Copy)]
                struct $name;
                impl<T: Element> Map2<T, u8> for $name {
                    #[inline(always)]
                    fn call<F: Fma>(self, $a: T, $b: T) -> u8 {
                        u8::from($body)
                    }
                }
            )*
            match op {
                $($kind::$name => map2($name, shapes, a, b, y),)*
            }
        }
    };
}

relations! {
    /// A question about two elements.
    Compare compare;
    Equal(a, b) => a == b;
    NotEqual(a, b) => a != b;
    Less(a, b) => a < b;
    LessEqual(a, b) => a <= b;
    Greater(a, b) => a > b;
    GreaterEqual(a, b) => a >= b;
}

relations! {
    /// A connective of two truth values; anything but zero is true.
    Logical logical;
    And(a, b) => (a != T::ZERO) & (b != T::ZERO);
    Or(a, b) => (a != T::ZERO) | (b != T::ZERO);
    Xor(a, b) => (a != T::ZERO) ^ (b != T::ZERO);
}
