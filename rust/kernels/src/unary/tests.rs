//! Every float function against f64, on every instruction set: bounds in ulp, edges, and bits in and out of place.

use std::f64::consts::{FRAC_1_SQRT_2, LN_2, PI};

use super::*;
use crate::cast::{Kind, cast};
use crate::element::{as_bytes, as_bytes_mut};
use crate::isa;
use crate::math::special;

/// Edges, and patterns spread over all of f32: about 130,000 values.
fn samples() -> Vec<f32> {
    let edges = [
        0.0, -0.0, 1.0, -1.0, 0.5, -0.5, 0.625, 0.925, 3.92, 4.0, 1e-8, -1e-8, 88.7, 88.8, 89.0, -87.3, -88.0, -104.0, 17.3,
        1e6, 1.1e6, -3e9, f32::MIN_POSITIVE, 1e-40, -1e-40, f32::MAX, f32::MIN, f32::INFINITY, f32::NEG_INFINITY, f32::NAN,
    ];
    let spread = (0..=u32::MAX).step_by(65_521).map(f32::from_bits);
    // Most patterns are huge or tiny; functions bend in between.
    let dense = (-32_000..32_000).map(|i| i as f32 * 0.003_171);
    edges.into_iter().chain(spread).chain(dense).collect()
}

/// Whether `got` is within `ulp` units in the last place of `want`, or `slack` in absolute terms. Tasks flush
/// denormals, intermediate ones too, so the smallest normal number is always allowed for.
fn close(got: f32, want: f64, ulp: f64, slack: f64) -> bool {
    let rounded = want as f32;
    if rounded.is_nan() || got.is_nan() {
        return rounded.is_nan() && got.is_nan();
    }
    if rounded.is_infinite() || got.is_infinite() {
        // Next to overflow either side will do.
        return got == rounded || (f64::from(got).abs().min(want.abs()) >= 3.402_8e38 && f64::from(got) * want > 0.0);
    }
    let unit = f64::from(f32::from_bits((rounded.abs().to_bits() & 0x7f80_0000).max(0x0080_0000))) * f64::from(f32::EPSILON);
    let flushed = f64::from(f32::MIN_POSITIVE);
    let error = (f64::from(got) - want).abs();
    error <= ulp * unit + slack + flushed
}

fn check(op: Unary, ulp: f64, slack: impl Fn(f64) -> f64, reference: impl Fn(f64) -> f64) {
    let x = samples();
    for &set in isa::available() {
        let mut y = vec![0.0; x.len()];
        isa::with_isa(set, || unary_float(op, &x, &mut y));
        for (&x, &y) in x.iter().zip(&y) {
            // A denormal argument may be read as zero.
            let wide = f64::from(x);
            let ok = close(y, reference(wide), ulp, slack(wide))
                || (x.is_subnormal() && close(y, reference(0.0f64.copysign(wide)), ulp, slack(wide)));
            assert!(ok, "{op:?}({x:e}) on {set:?}: {y:e}, want {:e}", reference(wide));
        }
    }
}

fn none(_: f64) -> f64 {
    0.0
}

fn sigmoid(x: f64) -> f64 {
    if x < 0.0 { x.exp() / (1.0 + x.exp()) } else { 1.0 / (1.0 + (-x).exp()) }
}

fn softplus(x: f64) -> f64 {
    if x.is_nan() { x } else { x.max(0.0) + (-x.abs()).exp().ln_1p() }
}

#[test]
fn exponentials_and_logarithms() {
    check(Unary::Exp, 2.0, none, f64::exp);
    check(Unary::Exp2, 2.0, none, f64::exp2);
    check(Unary::Expm1, 1.0, none, f64::exp_m1);
    check(Unary::Log, 2.0, none, f64::ln);
    check(Unary::Log1p, 1.0, none, f64::ln_1p);
    check(Unary::Log2, 1.0, none, f64::log2);
    check(Unary::Log10, 1.0, none, f64::log10);
    check(Unary::Sigmoid, 3.0, none, sigmoid);
    check(Unary::Softplus, 3.0, none, softplus);
    check(Unary::LogSigmoid, 3.0, none, |x| -softplus(-x));
    check(Unary::PowBy(3.0), 1.0, none, |x| x.powi(3));
    check(Unary::PowBy(-0.5), 1.0, none, |x| x.powf(-0.5));
}

#[test]
fn trigonometry_and_error_function() {
    check(Unary::Tanh, 3.0, none, f64::tanh);
    check(Unary::Erf, 3.0, none, special::erf);
    check(Unary::Sinh, 1.0, none, f64::sinh);
    check(Unary::Cosh, 1.0, none, f64::cosh);
    // Next to its zeros far out, a sine is as good as the reduced argument: 1e-16 of the argument.
    let far = |x: f64| x.abs().min(1e7) * 1e-15;
    check(Unary::Sin, 1.0, far, f64::sin);
    check(Unary::Cos, 1.0, far, f64::cos);
    check(Unary::Tan, 1.5, far, f64::tan);
    check(Unary::Atan, 0.6, none, f64::atan);
    check(Unary::Asinh, 0.6, |x| x.abs() * 1e-15, f64::asinh);
    check(Unary::Lgamma, 0.6, none, special::lgamma);
}

#[test]
fn roundings_and_simple_functions() {
    check(Unary::Round, 0.0, none, f64::round_ties_even);
    check(Unary::Floor, 0.0, none, f64::floor);
    check(Unary::Ceil, 0.0, none, f64::ceil);
    check(Unary::Trunc, 0.0, none, f64::trunc);
    check(Unary::Sqrt, 0.5, none, f64::sqrt);
    check(Unary::Rsqrt, 1.5, none, |x| 1.0 / x.sqrt());
    check(Unary::Relu, 0.0, none, |x| if x.is_nan() { x } else { x.max(0.0) });
    check(Unary::Relu6, 0.0, none, |x| x.clamp(0.0, 6.0));
    check(Unary::Sign, 0.0, none, |x| if x == 0.0 || x.is_nan() { x } else { x.signum() });
    check(Unary::SoftShrink(0.5), 0.5, none, |x| if x.is_finite() { x.signum() * (x.abs() - 0.5).max(0.0) } else { x });
    check(Unary::HardShrink(0.5), 0.0, none, |x| if x.abs() <= 0.5 { 0.0 } else { x });
    check(Unary::Threshold(0.5, 7.0), 0.0, none, |x| if x <= 0.5 { 7.0 } else { x });
}

#[test]
fn activations() {
    // Products with a factor that tends to zero keep absolute, not relative, accuracy.
    let slack = |x: f64| 3e-7 * x.abs().min(1e38);
    let finite = |f: fn(f64) -> f64| move |x: f64| if x == f64::NEG_INFINITY { f64::NAN } else { f(x) };
    check(Unary::Silu, 4.0, |x| x.abs().min(1e3) * 1.2e-38, finite(|x| x * sigmoid(x)));
    // The tail is good to 5e-6 down to -6.5, and to its size where it is worth nothing.
    let tail = |x: f64| gelu(x).abs() * if x < -6.5 { 1.1 } else { 5e-6 } * f64::from(u8::from(x < -2.5));
    check(Unary::Gelu, 4.0, tail, gelu);
    check(Unary::GeluTanh, 4.0, slack, finite(|x| x * sigmoid(2.0 * (2.0 / PI).sqrt() * (x + 0.044715 * x * x * x))));
    check(Unary::Elu(0.5), 2.0, none, |x| if x > 0.0 { x } else { 0.5 * x.exp_m1() });
    check(Unary::Celu(0.5), 2.0, none, |x| if x > 0.0 { x } else { 0.5 * (x / 0.5).exp_m1() });
    check(Unary::Selu, 2.0, none, |x| {
        1.050_700_987_355_480_5 * if x > 0.0 { x } else { 1.673_263_242_354_377_2 * x.exp_m1() }
    });
    check(Unary::Mish, 6.0, |x| x.abs().min(1e3) * 1.2e-38, finite(|x| x * softplus(x).tanh()));
    check(Unary::LeakyRelu(0.5), 0.5, none, |x| if x > 0.0 { x } else { 0.5 * x });
    check(Unary::HardSigmoid, 2.0, |_| 1e-7, |x| (x + 3.0).clamp(0.0, 6.0) / 6.0);
    check(Unary::TanhShrink, 2.0, |x| 2e-7 * x.abs().min(1.0), |x| x - x.tanh());
    check(Unary::SparsePlus, 2.0, |_| 1e-7, |x| if x <= -1.0 { 0.0 } else if x >= 1.0 { x } else { 0.25 * (x + 1.0) * (x + 1.0) });
    check(Unary::SparseSigmoid, 1.0, |_| 1e-7, |x| (0.5 * (x + 1.0)).clamp(0.0, 1.0));
    check(Unary::Squareplus(4.0), 3.0, |x| 3e-7 * x.abs(), |x| {
        // Where the square overflows f32.
        if ((x * x) as f32).is_infinite() { 0.5 * (x + f64::INFINITY) } else { 0.5 * (x + (x * x + 4.0).sqrt()) }
    });
}

fn gelu(x: f64) -> f64 {
    if x < -38.0 { -0.0 } else { 0.5 * x * special::erfc(-x * FRAC_1_SQRT_2) }
}

/// An element's bits depend neither on its neighbours, nor on where in the slice it is, nor on the form.
#[test]
fn bits_do_not_depend_on_position_or_form() {
    let x: Vec<f32> = samples().into_iter().step_by(37).filter(|x| !x.is_nan()).collect();
    let bits = |y: &[f32]| y.iter().map(|v| if v.is_nan() { u32::MAX } else { v.to_bits() }).collect::<Vec<_>>();
    for &set in isa::available() {
        isa::with_isa(set, || {
            for &op in float::ALL {
                let mut whole = vec![0.0; x.len()];
                unary_float(op, &x, &mut whole);
                let mut in_place = x.clone();
                unary_float_in_place(op, &mut in_place);
                assert_eq!(bits(&whole), bits(&in_place), "{op:?} {set:?}");
                let mut parts = vec![0.0; x.len()];
                for (x, y) in x.chunks(13).zip(parts.chunks_mut(13)) {
                    unary_float(op, x, y);
                }
                assert_eq!(bits(&whole), bits(&parts), "{op:?} {set:?}");
            }
        });
    }
}

/// Every bfloat16, with every function: what casts to float32 and back around it give, but for denormals, which either may flush.
#[test]
fn bfloat16_is_widened_computed_and_rounded() {
    let all: Vec<u16> = (0..=u16::MAX).collect();
    let wide: Vec<f32> = all.iter().map(|h| f32::from_bits(u32::from(*h) << 16)).collect();
    let plain = |h: u16| if h & 0x7fff > 0x7f80 { u16::MAX } else if h & 0x7f80 == 0 { 0 } else { h };
    for &set in isa::available() {
        isa::with_isa(set, || {
            for &op in float::ALL {
                let (mut exact, mut want, mut y) = (vec![0.0; all.len()], vec![0; all.len()], vec![0; all.len()]);
                unary_float(op, &wide, &mut exact);
                cast(Kind::F32, Kind::BF16, as_bytes(&exact), as_bytes_mut(&mut want));
                unary_brain(op, &all, &mut y);
                for ((x, y), want) in all.iter().zip(&y).zip(want) {
                    assert!(plain(*y) == plain(want), "{op:?} {set:?} of {x:x}: {y:x}, not {want:x}");
                }
                let mut in_place = all.clone();
                unary_brain_in_place(op, &mut in_place);
                assert!(in_place == y, "{op:?} {set:?}");
            }
        });
    }
}

#[test]
fn doubles_follow_the_standard_library() {
    let x: Vec<f64> = samples().into_iter().step_by(11).filter(|x| !x.is_subnormal()).map(f64::from).collect();
    let mut y = vec![0.0; x.len()];
    for (op, reference) in [
        (Unary::Exp, f64::exp as fn(f64) -> f64),
        (Unary::Log, f64::ln),
        (Unary::Tanh, f64::tanh),
        (Unary::Erf, special::erf),
        (Unary::Sin, f64::sin),
    ] {
        unary_float(op, &x, &mut y);
        for (&x, &y) in x.iter().zip(&y) {
            let want = reference(x);
            assert!(y == want || want.is_subnormal() || (y.is_nan() && want.is_nan()), "{op:?}({x}) = {y}, want {want}");
        }
    }
    unary_float(Unary::Expm1, &[LN_2], &mut y[..1]);
    assert!((y[0] - 1.0).abs() < 4e-16);
}

#[test]
fn integers_wrap_and_predicates_answer() {
    let mut y = [0i8; 4];
    let x = [-128, -3, 0, 16];
    for (op, want) in [
        (UnaryInt::Neg, [-128, 3, 0, -16]),
        (UnaryInt::Abs, [-128, 3, 0, 16]),
        (UnaryInt::Sign, [-1, -1, 0, 1]),
        (UnaryInt::Square, [0, 9, 0, 0]),
        (UnaryInt::BitNot, [127, 2, -1, -17]),
    ] {
        unary_int(op, &x, &mut y);
        assert_eq!(y, want);
        y = x;
        unary_int_in_place(op, &mut y);
        assert_eq!(y, want);
    }
    let x = [f32::NAN, f32::NEG_INFINITY, 0.0, 1.0];
    let mut b = [0; 4];
    for (ask, want) in [
        (Predicate::IsNan, [1, 0, 0, 0]),
        (Predicate::IsInf, [0, 1, 0, 0]),
        (Predicate::IsFinite, [0, 0, 1, 1]),
    ] {
        predicate(ask, &x, &mut b);
        assert_eq!(b, want);
    }
    logical_not(&x, &mut b);
    assert_eq!(b, [0, 0, 1, 0]);
}
