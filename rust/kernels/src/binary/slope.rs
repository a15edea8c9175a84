//! Gradients of activations in one pass: the cotangent of the result times the slope at the operand.

use super::Broadcast;
use super::apply::{Map2, map2, map2_in_place};
use crate::math::apply::Cost;
use crate::math::float::Math;
use crate::math::{Fma, clamp};
use crate::stored::OnBrain;
use crate::unary::{GELU_CUBIC, GELU_SCALE, SELU_ALPHA, SELU_SCALE};

macro_rules! parameter {
    ($p:ident) => {
        f64
    };
}

/// `cost Name[parameters](x, g) => g times the slope at x`, as the tables of [`crate::unary`].
macro_rules! slopes {
    ($(
        $(#[$doc:meta])*
        $cost:ident $name:ident $([$($p:ident),+])? ($x:ident, $g:ident) => $body:expr;
    )*) => {
        /// The derivative of the function of the same name, [`crate::unary::Unary`].
        #[derive(Clone, Copy, Debug, PartialEq)]
        pub enum Slope {
            $($(#[$doc])* $name $(($(parameter!($p)),+))?,)*
        }

        mod ops {
            $(#[derive(Clone, Copy)] pub struct $name { $($(pub $p: f64),+)? })*
        }

        $(
            impl<T: Math> Map2<T> for ops::$name {
                const COST: Cost = Cost::$cost;
                #[inline(always)]
                fn call<F: Fma>(self, $x: T, $g: T) -> T {
                    $($(let $p = T::from_f64(self.$p);)+)?
                    $body
                }
            }
        )*

        /// dx = g f'(x), elementwise.
        ///
        /// # Panics
        /// If the lengths differ.
        pub fn pull_back<T: Math>(op: Slope, x: &[T], g: &[T], dx: &mut [T]) {
            let loops = whole(x, g);
            match op {
                $(Slope::$name $(($($p),+))? => map2(ops::$name { $($($p),+)? }, &loops, x, g, dx),)*
            }
        }

        /// [`pull_back`] where the result takes the place of x, or of g.
        pub fn pull_back_in_place<T: Math>(op: Slope, xy: &mut [T], other: &[T], xy_is_x: bool) {
            let loops = whole(xy, other);
            match op {
                $(Slope::$name $(($($p),+))? => map2_in_place(ops::$name { $($($p),+)? }, &loops, xy, other, xy_is_x),)*
            }
        }

        /// [`pull_back`] of bfloat16, computed in float32.
        pub fn pull_back_brain(op: Slope, x: &[u16], g: &[u16], dx: &mut [u16]) {
            let loops = whole(x, g);
            match op {
                $(Slope::$name $(($($p),+))? => map2(OnBrain(ops::$name { $($($p),+)? }), &loops, x, g, dx),)*
            }
        }

        /// [`pull_back_in_place`] of bfloat16, likewise.
        pub fn pull_back_brain_in_place(op: Slope, xy: &mut [u16], other: &[u16], xy_is_x: bool) {
            let loops = whole(xy, other);
            match op {
                $(Slope::$name $(($($p),+))? => map2_in_place(OnBrain(ops::$name { $($($p),+)? }), &loops, xy, other, xy_is_x),)*
            }
        }
    };
}

fn whole<T>(x: &[T], g: &[T]) -> Broadcast {
    assert_eq!(x.len(), g.len(), "lengths of operand and cotangent");
    Broadcast::new(&[x.len()], &[g.len()])
}

/// `inside` where low < x < high, else zero.
#[inline(always)]
fn between<T: Math>(x: T, low: f64, high: f64, inside: T) -> T {
    let above = if x > T::from_f64(low) { inside } else { T::ZERO };
    if x < T::from_f64(high) { above } else { T::ZERO }
}

slopes! {
    /// Φ(x) + x φ(x), the normal distribution and its density
    Medium Gelu(x, g) => g * T::gelu_slope::<F>(x);
    /// With s = sigmoid(u): s + x u' s (1 - s)
    Medium GeluTanh(x, g) => {
        let (scale, cubic) = (T::from_f64(GELU_SCALE), T::from_f64(GELU_CUBIC));
        // s is 0 or 1 from here on, and a square would overflow.
        let x = clamp(x, T::from_f64(-20.0), T::from_f64(20.0));
        let s = T::sigmoid::<F>(scale * F::fma(cubic * x * x, x, x));
        let slope = scale * F::fma(T::from_f64(3.0) * cubic * x, x, T::ONE);
        g * F::fma(x * slope, s * (T::ONE - s), s)
    };
    /// With s = sigmoid(x): s + x s (1 - s)
    Medium Silu(x, g) => {
        let s = T::sigmoid::<F>(x);
        g * F::fma(x * s, T::ONE - s, s)
    };
    /// sigmoid(x)
    Medium Softplus(x, g) => g * T::sigmoid::<F>(x);
    /// sigmoid(-x)
    Medium LogSigmoid(x, g) => g * T::sigmoid::<F>(-x);
    /// tanh(softplus x) + x (1 - tanh²) sigmoid(x); with e = e^x and n = e (e + 2) the tanh is n / (n + 2) and the
    /// second factor 4 e (e + 1) / (n + 2)².
    Medium Mish(x, g) => {
        let two = T::from_f64(2.0);
        // Beyond, the slope is 0 or 1.
        let x = clamp(x, T::from_f64(-750.0), T::from_f64(25.0));
        let e = T::exp::<F>(x);
        let n = e * (e + two);
        let w = T::ONE / (n + two);
        // One factor at a time: the square of w would vanish.
        g * F::fma(x * w, two * two * e * (e + T::ONE) * w, n * w)
    };
    /// 1 above zero, else alpha e^x
    Medium Elu[alpha](x, g) => {
        let below = g * (alpha * T::exp_falling::<F>(clamp(x, T::LOWEST, T::ZERO)));
        if x > T::ZERO { g } else { below }
    };
    /// 1 above zero, else e^(x/alpha)
    Medium Celu[alpha](x, g) => {
        let below = g * T::exp::<F>(clamp(x, T::LOWEST, T::ZERO) / alpha);
        if x > T::ZERO { g } else { below }
    };
    /// The constants of SELU: scale above zero, else scale alpha e^x
    Medium Selu(x, g) => {
        let below = g * (T::from_f64(SELU_SCALE * SELU_ALPHA) * T::exp_falling::<F>(clamp(x, T::LOWEST, T::ZERO)));
        if x > T::ZERO { T::from_f64(SELU_SCALE) * g } else { below }
    };
    /// 1 above zero, else alpha
    Light LeakyRelu[alpha](x, g) => if x > T::ZERO { g } else { alpha * g };
    /// 1 between 0 and 6
    Light Relu6(x, g) => between(x, 0.0, 6.0, g);
    /// 1 between -1 and 1
    Light HardTanh(x, g) => between(x, -1.0, 1.0, g);
    /// 1/6 between -3 and 3
    Light HardSigmoid(x, g) => between(x, -3.0, 3.0, g * T::from_f64(1.0 / 6.0));
    /// (2 x + 3) / 6 between -3 and 3, 1 above
    Light HardSilu(x, g) => {
        let middle = g * F::fma(T::from_f64(1.0 / 3.0), x, T::from_f64(0.5));
        let upper = if x < T::from_f64(3.0) { middle } else { g };
        if x > T::from_f64(-3.0) { upper } else { T::ZERO }
    };
}
