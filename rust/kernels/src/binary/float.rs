//! The functions of two floats, and the gradients that are worth a single pass.

use super::apply::{Map2, map2, map2_in_place};
use super::{Binary, Broadcast, Number, binary_ops};
use crate::element::Float;
use crate::math::apply::Cost;
use crate::math::float::Math;
use crate::math::{Fma, max, min};
use crate::stored::OnBrain;

/// The primitive that `%` compiles to, exact for all finite operands.
#[inline(always)]
fn remainder<T: Float>(a: T, b: T) -> T {
    // f64 holds an f32 exactly, and so is the remainder of two f32.
    T::from_f64(a.to_f64() % b.to_f64())
}

/// a - b floor(a/b) without its rounding errors; a zero gets the sign of `b`.
#[inline(always)]
fn floor_mod<T: Float>(a: T, b: T) -> T {
    let r = remainder(a, b);
    if r == T::ZERO {
        r.copysign(b)
    } else if (r < T::ZERO) != (b < T::ZERO) {
        r + b
    } else {
        r
    }
}

#[inline(always)]
fn floor_divide<T: Float>(a: T, b: T) -> T {
    if b == T::ZERO {
        return a / b;
    }
    // (a - mod) is a multiple of b but for rounding, so that rounding to nearest gives the floor.
    ((a - floor_mod(a, b)) / b).round_ties_even()
}

binary_ops! {
    Math, "floats", framed: true, [f32 f64], brain: binary_brain, binary_brain_in_place;

    Light Add(a, b) => a + b;
    Light Sub(a, b) => a - b;
    Light Mul(a, b) => a * b;
    Light Div(a, b) => a / b;
    Medium Pow(a, b) => T::pow::<F>(a, b);
    Light Maximum(a, b) => max(a, b);
    Light Minimum(a, b) => min(a, b);
    Heavy Mod(a, b) => floor_mod(a, b);
    Heavy FloorDivide(a, b) => floor_divide(a, b);
    Heavy Atan2(a, b) => T::from_f64(a.to_f64().atan2(b.to_f64()));
    Heavy Hypot(a, b) => T::from_f64(a.to_f64().hypot(b.to_f64()));
    Medium LogAddExp(a, b) => {
        // Equal infinities have no difference.
        let gap = if a == b { T::ZERO } else { (a - b).abs() };
        max(a, b) + T::softplus::<F>(-gap)
    };
    Light SquaredDifference(a, b) => (a - b) * (a - b);

    Light ReluGrad(y, g) => if y <= T::ZERO { T::ZERO } else { g };
    Light SigmoidGrad(y, g) => g * y * (T::ONE - y);
    Light TanhGrad(y, g) => g * (T::ONE - y * y);
}
