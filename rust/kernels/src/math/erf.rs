//! f32 error function.

use super::{Fma, clamp, exp, horner};

/// erf √z / √z - 1 for z ≤ 0.93², relative error 5e-10.
const SMALL: [f32; 7] =
    [0.128_379_17, -0.376_126_32, 0.112_836_875, -0.026_858_94, 0.005_199_906_4, -0.000_813_000_9, 8.316_76e-5];
/// -log erfc x for x in [0.92, 4], error weighted by erfc / erf 3e-11.
const LARGE: [f32; 9] = [
    -0.000_160_433_95,
    1.129_434_2,
    0.633_543_13,
    0.108_012_41,
    -0.024_895_56,
    0.004_053_619_7,
    -0.000_396_741_96,
    1.431_698_55e-5,
    5.214_944e-7,
];

#[inline(always)]
pub fn erf<F: Fma>(x: f32) -> f32 {
    // erf rounds to 1 from 3.92 on.
    let a = clamp(x.abs(), 0.0, 4.0);
    let z = a * a;
    let small = F::fma(horner::<F, _, 7>(z, &SMALL), a, a);
    let large = 1.0 - exp::exp::<F>(-horner::<F, _, 9>(a, &LARGE));
    (if a < 0.925 { small } else { large }).copysign(x)
}
