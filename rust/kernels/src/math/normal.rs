//! The normal distribution in f32, and GELU, which is a product with it.

use super::exp::exp_square_half;
use super::{Fma, clamp, horner};

/// Where the quotient of tail and bell is not followed any further: what is left of either is below 1e-10.
const END: f32 = 6.5;
/// Upper tail over bell, `e^(t²/2) Q(t)`, for t in [0, END] as a polynomial in `2 t / END - 1`. Relative error 4e-8 up to
/// t = 2.5, from there growing to 1e-6 as the tail itself vanishes.
const QUOTIENT: [f32; 16] = [
    0.113_452_06,
    -0.098_224_856,
    0.080_418_095,
    -0.062_703_11,
    0.046_787_985,
    -0.033_489_145,
    0.023_367_088,
    -0.016_142_184,
    0.009_584_667,
    -0.004_758_501_4,
    0.005_282_305,
    -0.004_997_792_7,
    -0.000_298_228_52,
    0.001_462_563_4,
    0.001_413_817_2,
    -0.001_139_167_1,
];
/// From here on `e^(-t²/2)` is denormal.
const VANISHED: f32 = 13.2;
/// 1 / √(2π)
const PEAK: f32 = 0.398_942_3;

/// (t, e^(-t²/2), Q(t)) for t = |x|, held where all of them are normal numbers. Q is the chance of more than t.
#[inline(always)]
fn tail<F: Fma>(x: f32) -> (f32, f32, f32) {
    let t = clamp(x.abs(), 0.0, VANISHED);
    let bell = exp_square_half::<F>(t);
    let u = F::fma(clamp(t, 0.0, END), 2.0 / END, -1.0);
    (t, bell, bell * horner::<F, _, 16>(u, &QUOTIENT))
}

/// x Φ(x), without the cancellation of `1 + erf` in the lower tail.
#[inline(always)]
pub fn gelu<F: Fma>(x: f32) -> f32 {
    let (t, _, q) = tail::<F>(x);
    F::fma(-t, q, if x < 0.0 { 0.0 } else { x })
}

/// Φ(x) + x φ(x), the derivative of [`gelu`].
#[inline(always)]
pub fn gelu_slope<F: Fma>(x: f32) -> f32 {
    let (t, bell, q) = tail::<F>(x);
    let lower = F::fma(-PEAK * t, bell, q);
    // The slope is odd around one half.
    if x < 0.0 { lower } else { 1.0 - lower }
}
