//! f32 functions computed in f64 lanes and rounded once.
//!
//! Half the throughput of an f32 formula, but the cancellations and compensated sums these functions need in
//! f32 disappear: the cores below are good to 1e-13, so results are within 0.51 ulp but for the final rounding.

use super::{Fma, clamp, horner};

/// 1.5 × 2^52, as `exp::MAGIC` for f64.
const MAGIC: f64 = 6_755_399_441_055_744.0;
/// (e^r - 1 - r) / r² for |r| ≤ ln 2 / 2.
const EXP: [f64; 9] = [
    0.49999999999999634,
    0.16666666666630128,
    0.04166666666710945,
    0.008333333362883874,
    0.0013888888763398375,
    0.00019841195585160886,
    2.4801697121736766e-05,
    2.763081943114299e-06,
    2.755387144943647e-07,
];
/// (2 atanh √z / √z - 2) / z for z ≤ 0.0402.
const LOG: [f64; 7] = [
    0.6666666666667295,
    0.39999999996035907,
    0.28571429417546446,
    0.22222136700374925,
    0.1818642934587434,
    0.15248730035595967,
    0.15379486987547708,
];
/// (sin √z / √z - 1) / z for √z ≤ π/4.
const SIN: [f64; 5] = [
    -0.16666666666631585,
    0.008333333325270201,
    -0.00019841263822038677,
    2.755535754147722e-06,
    -2.4761635808695124e-08,
];
/// (cos √z - 1 + z/2) / z² for √z ≤ π/4.
const COS: [f64; 5] = [
    0.041666666666602195,
    -0.0013888888878266328,
    2.4801580968140978e-05,
    -2.7555566485340275e-07,
    2.0647695946946563e-09,
];

/// The integer that `t = x + MAGIC` was rounded to.
#[inline(always)]
fn low_bits(t: f64) -> i64 {
    (t.to_bits() as i64).wrapping_sub(MAGIC.to_bits() as i64)
}

#[inline(always)]
fn power_of_two(n: i64) -> f64 {
    f64::from_bits((n.wrapping_add(1023) << 52) as u64)
}

/// (e^r - 1, 2^n) with x = n ln 2 + r.
#[inline(always)]
fn exp_parts<F: Fma>(x: f64) -> (f64, f64) {
    let x = clamp(x, -700.0, 700.0);
    let t = F::fma(x, std::f64::consts::LOG2_E, MAGIC);
    let r = F::fma(t - MAGIC, -std::f64::consts::LN_2, x);
    (F::fma(horner::<F, _, 9>(r, &EXP), r * r, r), power_of_two(low_bits(t)))
}

#[inline(always)]
fn exp<F: Fma>(x: f64) -> f64 {
    let (p, s) = exp_parts::<F>(x);
    F::fma(p, s, s)
}

#[inline(always)]
fn expm1_core<F: Fma>(x: f64) -> f64 {
    let (p, s) = exp_parts::<F>(x);
    F::fma(p, s, s - 1.0)
}

/// log of a positive, finite, normal f64; `inf` and NaN are the caller's.
#[inline(always)]
fn log_core<F: Fma>(x: f64) -> f64 {
    // Mantissas from [2/3, 4/3), as in the f32 logarithm.
    let bits = x.to_bits();
    let shifted = bits.wrapping_sub(0x3fe5_5555_5555_5555);
    let f = f64::from_bits(bits.wrapping_sub(shifted & 0xfff0_0000_0000_0000)) - 1.0;
    // The exponent as a float without an integer conversion, which AVX2 lacks: its bits, biased to stay
    // positive, become the low bits of 2^52.
    let biased = (shifted.wrapping_add(1024 << 52) >> 52) & 0x7ff;
    let n = f64::from_bits(0x4330_0000_0000_0000 | biased) - (4_503_599_627_370_496.0 + 1024.0);
    let s = f / (2.0 + f);
    let z = s * s;
    F::fma(n, std::f64::consts::LN_2, F::fma(horner::<F, _, 7>(z, &LOG) * z, s, 2.0 * s))
}

/// log for an f32 argument widened: zero, negative, infinite and NaN included.
#[inline(always)]
fn log_any<F: Fma>(x: f64) -> f64 {
    let y = log_core::<F>(x);
    let y = if x < f64::INFINITY { y } else { x };
    let y = if x < 0.0 { f64::NAN } else { y };
    // Denormals count as zero whether or not the processor flushes them: the compiler may compare before or after
    // the flushing, which left a number that is neither.
    if x.abs() < f64::from(f32::MIN_POSITIVE) { f64::NEG_INFINITY } else { y }
}

#[inline(always)]
pub fn log2<F: Fma>(x: f32) -> f32 {
    (log_any::<F>(f64::from(x)) * std::f64::consts::LOG2_E) as f32
}

#[inline(always)]
pub fn log10<F: Fma>(x: f32) -> f32 {
    (log_any::<F>(f64::from(x)) * std::f64::consts::LOG10_E) as f32
}

#[inline(always)]
pub fn log1p<F: Fma>(x: f32) -> f32 {
    let x = f64::from(x);
    let u = 1.0 + x;
    // What the rounding of u lost, to first order; it is all there is for tiny x.
    let lost = (x - (u - 1.0)) / u;
    let y = log_any::<F>(u);
    let y = if x.abs() < 1.0 { y + lost } else { y };
    // The sign of zero.
    (if x == 0.0 { x } else { y }) as f32
}

#[inline(always)]
pub fn expm1<F: Fma>(x: f32) -> f32 {
    let y = expm1_core::<F>(f64::from(x)) as f32;
    if x == 0.0 { x } else { y }
}

#[inline(always)]
pub fn sinh<F: Fma>(x: f32) -> f32 {
    let t = expm1_core::<F>(f64::from(x).abs());
    ((0.5 * (t + t / (t + 1.0))) as f32).copysign(x)
}

#[inline(always)]
pub fn cosh<F: Fma>(x: f32) -> f32 {
    let e = exp::<F>(f64::from(x).abs());
    (0.5 * (e + 1.0 / e)) as f32
}

/// Arguments beyond this go to the standard library: the reduction below holds n exactly up to here.
pub const TRIG_LIMIT: f32 = 1e6;

/// (sin r, cos r, quadrant) with x = quadrant π/2 + r.
#[inline(always)]
fn trig_parts<F: Fma>(x: f32) -> (f64, f64, i64) {
    // π/2 in two parts, the first of 33 bits, so that its product with n < 2^20 is exact without FMA.
    const HIGH: f64 = 1.570_796_326_734_125_6;
    const LOW: f64 = 6.077_100_506_506_192e-11;
    let x = f64::from(x);
    let t = F::fma(x, std::f64::consts::FRAC_2_PI, MAGIC);
    let n = t - MAGIC;
    let r = F::fma(n, -LOW, F::fma(n, -HIGH, x));
    let z = r * r;
    let sin = F::fma(horner::<F, _, 5>(z, &SIN) * z, r, r);
    let cos = F::fma(horner::<F, _, 5>(z, &COS), z * z, F::fma(z, -0.5, 1.0));
    (sin, cos, low_bits(t))
}

/// `y` negated if bit 1 of `quadrant` is set.
#[inline(always)]
fn flip(y: f64, quadrant: i64) -> f32 {
    f64::from_bits(y.to_bits() ^ (((quadrant as u64) & 2) << 62)) as f32
}

#[inline(always)]
pub fn sin<F: Fma>(x: f32) -> f32 {
    let (s, c, q) = trig_parts::<F>(x);
    let y = flip(if q & 1 == 0 { s } else { c }, q);
    if x == 0.0 { x } else { y }
}

#[inline(always)]
pub fn cos<F: Fma>(x: f32) -> f32 {
    let (s, c, q) = trig_parts::<F>(x);
    flip(if q & 1 == 0 { c } else { s }, q.wrapping_add(1))
}

#[inline(always)]
pub fn tan<F: Fma>(x: f32) -> f32 {
    let (s, c, q) = trig_parts::<F>(x);
    let y = if q & 1 == 0 { s / c } else { -c / s };
    if x == 0.0 { x } else { y as f32 }
}

/// x^y as C's `pow` defines it at the edges.
#[inline(always)]
pub fn pow<F: Fma>(x: f32, y: f32) -> f32 {
    let (x, y) = (f64::from(x), f64::from(y));
    let size = x.abs();
    let z = exp::<F>(y * log_any::<F>(size));
    let z = if size == 1.0 && !y.is_nan() { 1.0 } else { z };
    let whole = y.trunc() == y;
    let odd = whole && (y * 0.5).trunc() != y * 0.5;
    let negative = x.to_bits() >> 63 != 0;
    let z = if negative && odd { -z } else { z };
    // A negative finite base (not -0, not -inf) with a fractional exponent.
    let z = if x < 0.0 && !whole && size < f64::INFINITY { f64::NAN } else { z };
    (if y == 0.0 || x == 1.0 { 1.0 } else { z }) as f32
}
