//! f32 exp and what is built on it. Minimax polynomials fitted for this file; errors in ulp.

use super::{Fma, clamp, horner, log};

/// ln 2 in two parts; the high one has 9 bits, so that its product with an exponent is exact without FMA.
const LN2_HIGH: f32 = 0.693_359_4;
const LN2_LOW: f32 = -2.121_944_4e-4;
/// 1.5 × 2^23: adding it rounds to an integer and leaves that integer in the low bits.
const MAGIC: f32 = 12_582_912.0;
/// (e^r - 1 - r) / r² for |r| ≤ ln 2 / 2, relative error of e^r 3e-9.
const EXP: [f32; 5] = [0.499_999_94, 0.166_665_2, 0.041_668_393, 0.008_368_78, 0.001_381_454_4];
/// (tanh √z / √z - 1) / z for z ≤ 0.4, relative error of tanh 5e-9.
const TANH: [f32; 5] = [-0.333_332_75, 0.133_312_75, -0.053_725_11, 0.020_589_78, -0.005_648_271];

/// `p * 2^n` for the integer in the low bits of `n + MAGIC`, in two steps so that denormal results round once.
#[inline(always)]
fn scale(p: f32, n: f32) -> f32 {
    let n = ((n + MAGIC).to_bits() as i32).wrapping_sub(MAGIC.to_bits() as i32);
    let half = n >> 1;
    let power = |k: i32| f32::from_bits((k.wrapping_add(127) << 23) as u32);
    p * power(half) * power(n.wrapping_sub(half))
}

/// 2^n for a whole number from -126 to 127.
#[inline(always)]
fn normal_power(n: f32) -> f32 {
    f32::from_bits(((n + MAGIC).to_bits() as i32).wrapping_sub(MAGIC.to_bits() as i32 - 127).wrapping_shl(23) as u32)
}

#[inline(always)]
fn exp_reduced<F: Fma>(r: f32) -> f32 {
    F::fma(horner::<F, _, 5>(r, &EXP), r * r, r) + 1.0
}

#[inline(always)]
pub fn exp<F: Fma>(x: f32) -> f32 {
    let x = clamp(x, -104.5, 89.5);
    let n = F::fma(x, std::f32::consts::LOG2_E, MAGIC) - MAGIC;
    let r = F::fma(n, -LN2_LOW, F::fma(n, -LN2_HIGH, x));
    scale(exp_reduced::<F>(r), n)
}

/// exp for x ≤ 0, in fewer steps: what would be denormal is zero.
#[inline(always)]
pub fn exp_falling<F: Fma>(x: f32) -> f32 {
    let n = F::fma(x, std::f32::consts::LOG2_E, MAGIC) - MAGIC;
    let r = F::fma(n, -LN2_LOW, F::fma(n, -LN2_HIGH, x));
    let y = exp_reduced::<F>(r) * normal_power(n);
    // NaN is not less than anything and stays.
    if x < -87.3 { 0.0 } else { y }
}

/// e^(-t²/2) for |t| ≤ 13.2. With FMA the square is not rounded before what belongs to the exponent is taken off, so that
/// the relative error does not grow with t.
#[inline(always)]
pub fn exp_square_half<F: Fma>(t: f32) -> f32 {
    let h = -0.5 * t;
    let n = F::fma(h * t, std::f32::consts::LOG2_E, MAGIC) - MAGIC;
    let r = F::fma(n, -LN2_LOW, F::fma(h, t, -(n * LN2_HIGH)));
    exp_reduced::<F>(r) * normal_power(n)
}

#[inline(always)]
pub fn exp2<F: Fma>(x: f32) -> f32 {
    let x = clamp(x, -151.0, 129.0);
    let n = (x + MAGIC) - MAGIC;
    scale(exp_reduced::<F>((x - n) * std::f32::consts::LN_2), n)
}

/// 1 / (1 + e^-x), from e^-|x| so that neither end overflows.
#[inline(always)]
pub fn sigmoid<F: Fma>(x: f32) -> f32 {
    let e = exp::<F>(-x.abs());
    (if x < 0.0 { e } else { 1.0 }) / (1.0 + e)
}

#[inline(always)]
pub fn tanh<F: Fma>(x: f32) -> f32 {
    let a = x.abs();
    let z = a * a;
    let small = F::fma(horner::<F, _, 5>(z, &TANH) * z, a, a);
    let large = 1.0 - 2.0 / (exp::<F>(a + a) + 1.0);
    // NaN takes the second branch and stays NaN.
    (if a < 0.625 { small } else { large }).copysign(x)
}

/// log(1 + e^x)
#[inline(always)]
pub fn softplus<F: Fma>(x: f32) -> f32 {
    let tail = log::log1p_unit::<F>(exp::<F>(-x.abs()));
    (if x < 0.0 { 0.0 } else { x }) + tail
}
