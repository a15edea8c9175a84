//! The functions of two integers. Nothing here panics: arithmetic wraps, and dividing by zero gives 0.

use super::apply::{Map2, map2, map2_in_place};
use super::{Binary, Broadcast, Number, binary_ops};
use crate::integer::Integer;
use crate::math::Fma;
use crate::math::apply::Cost;

binary_ops! {
    Integer, "integers", framed: false, [i8 i16 i32 i64 u8 u16 u32 u64];

    Light Add(a, b) => a.wrapping_add(b);
    Light Sub(a, b) => a.wrapping_sub(b);
    Light Mul(a, b) => a.wrapping_mul(b);
    Medium Div(a, b) => a.floor_divide(b);
    Heavy Pow(a, b) => a.wrapping_pow(b);
    Light Maximum(a, b) => if a > b { a } else { b };
    Light Minimum(a, b) => if a < b { a } else { b };
    Medium Mod(a, b) => if b == T::ZERO { b } else { a.wrapping_sub(a.floor_divide(b).wrapping_mul(b)) };
    Medium FloorDivide(a, b) => a.floor_divide(b);
    Light SquaredDifference(a, b) => a.wrapping_sub(b).wrapping_mul(a.wrapping_sub(b));
    Light BitAnd(a, b) => a.bit_and(b);
    Light BitOr(a, b) => a.bit_or(b);
    Light BitXor(a, b) => a.bit_xor(b);
    Light ShiftLeft(a, b) => a.shift_left(b);
    Light ShiftRight(a, b) => a.shift_right(b);
}
