//! One name for each function over both float types: f32 by the vectorised formulas, f64 by libraries.

use super::{Fma, erf, exp, log, normal, special, wide};
use crate::element::{Element, Float};

macro_rules! functions {
    ($(
        $(#[$doc:meta])*
        $name:ident($($x:ident),+) { f32: $single:expr, f64: $double:expr }
    )*) => {
        /// The elementary functions of a float type, in the form that loops are compiled from.
        pub trait Math: Float {
            $($(#[$doc])* fn $name<F: Fma>($($x: Self),+) -> Self;)*
        }
        impl Math for f32 {
            $(#[inline(always)] fn $name<F: Fma>($($x: f32),+) -> f32 { $single })*
        }
        impl Math for f64 {
            $(#[inline(always)] fn $name<F: Fma>($($x: f64),+) -> f64 { $double })*
        }
    };
}

functions! {
    exp(x) { f32: exp::exp::<F>(x), f64: x.exp() }
    /// For x ≤ 0.
    exp_falling(x) { f32: exp::exp_falling::<F>(x), f64: x.exp() }
    exp2(x) { f32: exp::exp2::<F>(x), f64: x.exp2() }
    expm1(x) { f32: wide::expm1::<F>(x), f64: x.exp_m1() }
    log(x) { f32: log::log::<F>(x), f64: x.ln() }
    log1p(x) { f32: wide::log1p::<F>(x), f64: x.ln_1p() }
    log2(x) { f32: wide::log2::<F>(x), f64: x.log2() }
    log10(x) { f32: wide::log10::<F>(x), f64: x.log10() }
    tanh(x) { f32: exp::tanh::<F>(x), f64: x.tanh() }
    sigmoid(x) { f32: exp::sigmoid::<F>(x), f64: sigmoid64(x) }
    /// log(1 + e^x)
    softplus(x) { f32: exp::softplus::<F>(x), f64: softplus64(x) }
    erf(x) { f32: erf::erf::<F>(x), f64: special::erf(x) }
    /// x Φ(x), with the normal distribution Φ.
    gelu(x) { f32: normal::gelu::<F>(x), f64: gelu64(x) }
    /// Its derivative.
    gelu_slope(x) { f32: normal::gelu_slope::<F>(x), f64: gelu_slope64(x) }
    sinh(x) { f32: wide::sinh::<F>(x), f64: x.sinh() }
    cosh(x) { f32: wide::cosh::<F>(x), f64: x.cosh() }
    /// For f32 only up to `wide::TRIG_LIMIT`, as cos and tan.
    sin(x) { f32: wide::sin::<F>(x), f64: x.sin() }
    cos(x) { f32: wide::cos::<F>(x), f64: x.cos() }
    tan(x) { f32: wide::tan::<F>(x), f64: x.tan() }
    pow(x, y) { f32: wide::pow::<F>(x, y), f64: x.powf(y) }
}

/// Arguments that the vectorised trigonometry of `T` does not cover: none for f64, large ones for f32.
#[inline(always)]
pub(crate) fn beyond_trig<T: Float>(x: T) -> bool {
    size_of::<T>() == 4 && x.abs() > T::from_f64(f64::from(wide::TRIG_LIMIT))
}

#[inline(always)]
fn sigmoid64(x: f64) -> f64 {
    let e = (-x.abs()).exp();
    (if x < 0.0 { e } else { f64::ONE }) / (1.0 + e)
}

#[inline(always)]
fn softplus64(x: f64) -> f64 {
    (if x < 0.0 { 0.0 } else { x }) + (-x.abs()).exp().ln_1p()
}

#[inline(always)]
fn gelu64(x: f64) -> f64 {
    // Below the bound the distribution is zero, and a product with minus infinity would be no number.
    let x = if x < -40.0 { -40.0 } else { x };
    0.5 * x * special::erfc(-x * std::f64::consts::FRAC_1_SQRT_2)
}

#[inline(always)]
fn gelu_slope64(x: f64) -> f64 {
    let x = super::clamp(x, -40.0, 40.0);
    let density = (-0.5 * x * x).exp() * (0.5 * std::f64::consts::FRAC_2_SQRT_PI * std::f64::consts::FRAC_1_SQRT_2);
    0.5 * special::erfc(-x * std::f64::consts::FRAC_1_SQRT_2) + x * density
}
