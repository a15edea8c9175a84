//! f64 functions that the standard library lacks; f32 goes through them.

pub use libm::{erf, erfc};

/// log |Γ(x)|
pub fn lgamma(x: f64) -> f64 {
    libm::lgamma(x)
}

/// Γ'(x) / Γ(x). Recurrence up to x ≥ 10, then the asymptotic series (Abramowitz & Stegun 6.3.5, 6.3.18);
/// reflection (6.3.7) below zero. NaN at the poles 0, -1, -2, … but for ±0, which go to ∓inf.
pub fn digamma(x: f64) -> f64 {
    use std::f64::consts::PI;
    /// B(2k) / 2k
    const SERIES: [f64; 8] = [
        1.0 / 12.0,
        -1.0 / 120.0,
        1.0 / 252.0,
        -1.0 / 240.0,
        1.0 / 132.0,
        -691.0 / 32760.0,
        1.0 / 12.0,
        -3617.0 / 8160.0,
    ];
    if x == 0.0 {
        return -x.signum() * f64::INFINITY;
    }
    if x < 0.0 {
        // tan has period 1 in units of π; the nearest integer is taken off to keep tiny arguments.
        let fraction = x - x.round();
        if fraction == 0.0 || x == f64::NEG_INFINITY {
            return f64::NAN;
        }
        return digamma(1.0 - x) - PI / (PI * fraction).tan();
    }
    let (mut x, mut below) = (x, 0.0);
    while x < 10.0 {
        below += 1.0 / x;
        x += 1.0;
    }
    let z = 1.0 / (x * x);
    let series = SERIES.iter().rev().fold(0.0, |sum, &c| (sum + c) * z);
    x.ln() - 0.5 / x - series - below
}

/// Inverse of erf on (-1, 1); ±inf at ±1, NaN beyond. A Winitzki estimate and Halley steps on erf (or on
/// erfc where erf is close to 1).
pub fn erfinv(y: f64) -> f64 {
    let a = y.abs();
    if a.is_nan() || a > 1.0 {
        return f64::NAN;
    }
    if a == 1.0 {
        return y * f64::INFINITY;
    }
    if a < 1e-8 {
        return y * (std::f64::consts::PI.sqrt() / 2.0);
    }
    let log = (-a * a).ln_1p();
    let c = 2.0 / (std::f64::consts::PI * 0.147) + 0.5 * log;
    let mut x = ((c * c - log / 0.147).sqrt() - c).sqrt();
    for _ in 0..3 {
        let error = if a < 0.5 { erf(x) - a } else { (1.0 - a) - erfc(x) };
        let step = error / (std::f64::consts::FRAC_2_SQRT_PI * (-x * x).exp());
        x -= step / (1.0 + x * step);
    }
    x.copysign(y)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn digamma_at_known_points() {
        let gamma = 0.577_215_664_901_532_9;
        assert!((digamma(1.0) + gamma).abs() < 1e-14);
        assert!((digamma(0.5) + gamma + 2.0 * std::f64::consts::LN_2).abs() < 1e-14);
        assert!((digamma(-0.5) - 0.036_489_973_978_576_52).abs() < 1e-13);
        assert!(digamma(-3.0).is_nan());
        assert_eq!(digamma(0.0), f64::NEG_INFINITY);
        assert_eq!(digamma(f64::INFINITY), f64::INFINITY);
    }

    #[test]
    fn erfinv_inverts_erf() {
        for i in -999..1000 {
            let y = f64::from(i) / 1000.0;
            assert!((erf(erfinv(y)) - y).abs() <= 4e-16, "{y}");
        }
        for y in [1.0 - 1e-12, 1.0 - 1e-15, -1.0 + 1e-9] {
            assert!((erfc(erfinv(y).abs()) / (1.0 - f64::abs(y)) - 1.0).abs() < 1e-13, "{y}");
        }
        assert_eq!(erfinv(-1.0), f64::NEG_INFINITY);
        assert!(erfinv(1.1).is_nan());
    }
}
