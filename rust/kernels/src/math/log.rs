//! f32 natural logarithm.

use super::{Fma, horner};

/// (log(1 + f) - f) / f² for |f| ≤ 1/3, relative error of the logarithm 2.6e-8.
const LOG: [f32; 8] =
    [-0.499_999_34, 0.333_331_97, -0.250_078_32, 0.200_112_04, -0.164_156_94, 0.139_950_48, -0.153_900_55, 0.140_307_74];
/// (log(1 + e) / e - 1) / e for e in [0, 1], relative error of the logarithm 8e-10.
const LOG1P: [f32; 10] = [
    -0.499_999_88,
    0.333_326_9,
    -0.249_885_77,
    0.198_979_12,
    -0.161_292_61,
    0.124_669_544,
    -0.083_071_7,
    0.041_979_35,
    -0.013_630_534_5,
    0.002_072_758_5,
];
const LN2_HIGH: f32 = 0.693_359_4;
const LN2_LOW: f32 = -2.121_944_4e-4;
/// Bits of 2/3: mantissas are taken from [2/3, 4/3).
const TWO_THIRDS: u32 = 0x3f2a_aaab;

#[inline(always)]
pub fn log<F: Fma>(x: f32) -> f32 {
    // A denormal is its bits times 2^-149. In integers all along: this must hold while denormals are flushed, where
    // the compiler is free to test for zero by comparing floats or bits, and the two would disagree.
    let size = x.to_bits() & 0x7fff_ffff;
    let denormal = size < 0x0080_0000;
    let scaled = (size as i32 as f32).to_bits();
    let bits = if denormal { scaled } else { size };
    let exponent = bits.wrapping_sub(TWO_THIRDS) & 0xff80_0000;
    let f = f32::from_bits(bits.wrapping_sub(exponent)) - 1.0;
    let n = (exponent as i32 >> 23) as f32 - if denormal { 149.0 } else { 0.0 };
    let p = F::fma(horner::<F, _, 8>(f, &LOG), f * f, f);
    let y = F::fma(n, LN2_HIGH, F::fma(n, LN2_LOW, p));
    let y = if size < 0x7f80_0000 { y } else { x };
    let y = if x.to_bits() > 0x8000_0000 { f32::NAN } else { y };
    if size == 0 { f32::NEG_INFINITY } else { y }
}

/// log(1 + e) for e in [0, 1].
#[inline(always)]
pub fn log1p_unit<F: Fma>(e: f32) -> f32 {
    F::fma(horner::<F, _, 10>(e, &LOG1P) * e, e, e)
}
