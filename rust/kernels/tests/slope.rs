//! Slopes of activations against difference quotients of the functions themselves.

use rkeras_kernels::binary::{Slope, pull_back, pull_back_brain, pull_back_brain_in_place, pull_back_in_place};
use rkeras_kernels::cast::{Kind, cast};
use rkeras_kernels::element::{as_bytes, as_bytes_mut};
use rkeras_kernels::isa;
use rkeras_kernels::unary::{Unary, unary_float};

const FAMILY: [(Unary, Slope); 14] = [
    (Unary::Gelu, Slope::Gelu),
    (Unary::GeluTanh, Slope::GeluTanh),
    (Unary::Silu, Slope::Silu),
    (Unary::Softplus, Slope::Softplus),
    (Unary::LogSigmoid, Slope::LogSigmoid),
    (Unary::Mish, Slope::Mish),
    (Unary::Selu, Slope::Selu),
    (Unary::Relu6, Slope::Relu6),
    (Unary::HardTanh, Slope::HardTanh),
    (Unary::HardSigmoid, Slope::HardSigmoid),
    (Unary::HardSilu, Slope::HardSilu),
    (Unary::LeakyRelu(0.3), Slope::LeakyRelu(0.3)),
    (Unary::Elu(0.7), Slope::Elu(0.7)),
    (Unary::Celu(0.7), Slope::Celu(0.7)),
];

/// From -9 to 9 in steps that miss the kinks, which are at whole numbers.
fn places() -> Vec<f64> {
    (-900..900).map(|i| f64::from((f64::from(i) * 0.01 + 0.004) as f32)).collect()
}

fn slopes(f: Unary, x: &[f64]) -> Vec<f64> {
    let at = |h: f64| {
        let moved: Vec<f64> = x.iter().map(|x| x + h).collect();
        let mut y = vec![0.0; x.len()];
        unary_float(f, &moved, &mut y);
        y
    };
    at(1e-5).iter().zip(at(-1e-5)).map(|(up, down)| (up - down) / 2e-5).collect()
}

#[test]
fn slopes_are_those_of_the_functions() {
    let x = places();
    let g: Vec<f64> = (0..x.len()).map(|i| 1.5 - (i % 7) as f64).collect();
    let narrow = |v: &[f64]| v.iter().map(|v| *v as f32).collect::<Vec<f32>>();
    let (x32, g32) = (narrow(&x), narrow(&g));
    for (f, slope) in FAMILY {
        let wanted = slopes(f, &x);
        for &set in isa::available() {
            let (mut wide, mut single) = (vec![9.0; x.len()], vec![9f32; x.len()]);
            isa::with_isa(set, || {
                pull_back(slope, &x, &g, &mut wide);
                pull_back(slope, &x32, &g32, &mut single);
            });
            for i in 0..x.len() {
                let want = g[i] * wanted[i];
                assert!((wide[i] - want).abs() < 3e-9, "{slope:?}({}): {}, want {want}", x[i], wide[i]);
                let off = (f64::from(single[i]) - wide[i]).abs();
                // 1 - s of a sigmoid near one has few digits left, and some slopes multiply it by as much as five.
                assert!(off <= 2e-6 * g[i].abs(), "{slope:?}({}) on {set:?}: off by {off:e}", x[i]);
            }
        }
    }
}

/// In f32 the slope of GELU far below zero is small, but not noise.
#[test]
fn the_tail_of_gelu_keeps_its_digits() {
    let x: Vec<f64> = (0..500).map(|i| f64::from(-0.9 - 0.01 * i as f32)).collect();
    let x32: Vec<f32> = x.iter().map(|x| *x as f32).collect();
    let one = vec![1.0; x.len()];
    let (mut wide, mut single) = (one.clone(), vec![1f32; x.len()]);
    pull_back(Slope::Gelu, &x, &one, &mut wide);
    for &set in isa::available() {
        isa::with_isa(set, || pull_back(Slope::Gelu, &x32, &vec![1f32; x.len()], &mut single));
        for (got, want) in single.iter().zip(&wide) {
            assert!((f64::from(*got) - want).abs() <= 1e-5 * want.abs(), "{set:?}: {got}, want {want}");
        }
    }
}

#[test]
fn the_place_of_the_result_does_not_matter() {
    let x: Vec<f32> = places().iter().map(|x| *x as f32 * 11.0).collect();
    let g: Vec<f32> = x.iter().map(|x| 0.3 - x).collect();
    for &set in isa::available() {
        isa::with_isa(set, || {
            for (_, slope) in FAMILY {
                let mut apart = vec![0.0; x.len()];
                pull_back(slope, &x, &g, &mut apart);
                let (mut over_x, mut over_g) = (x.clone(), g.clone());
                pull_back_in_place(slope, &mut over_x, &g, true);
                pull_back_in_place(slope, &mut over_g, &x, false);
                assert_eq!(apart, over_x, "{slope:?} {set:?}");
                assert_eq!(apart, over_g, "{slope:?} {set:?}");
            }
        });
    }
}

#[test]
fn bfloat16_is_widened_computed_and_rounded() {
    let narrow = |x: &[f32]| {
        let mut y = vec![0_u16; x.len()];
        cast(Kind::F32, Kind::BF16, as_bytes(x), as_bytes_mut(&mut y));
        y
    };
    let wide = |x: &[u16]| x.iter().map(|h| f32::from_bits(u32::from(*h) << 16)).collect::<Vec<_>>();
    let x = narrow(&places().iter().map(|x| *x as f32).collect::<Vec<_>>());
    let g = narrow(&wide(&x).iter().map(|x| 0.3 - x).collect::<Vec<_>>());
    for &set in isa::available() {
        isa::with_isa(set, || {
            for (_, slope) in FAMILY {
                let (mut exact, mut dx) = (vec![0.0; x.len()], vec![0; x.len()]);
                pull_back(slope, &wide(&x), &wide(&g), &mut exact);
                pull_back_brain(slope, &x, &g, &mut dx);
                assert_eq!(dx, narrow(&exact), "{slope:?} {set:?}");
                let (mut over_x, mut over_g) = (x.clone(), g.clone());
                pull_back_brain_in_place(slope, &mut over_x, &g, true);
                pull_back_brain_in_place(slope, &mut over_g, &x, false);
                assert_eq!((&dx, &dx), (&over_x, &over_g), "{slope:?} {set:?}");
            }
        });
    }
}

#[test]
fn far_out_slopes_are_limits() {
    let (x, g) = ([-1e30f32, 1e30, f32::NEG_INFINITY, f32::INFINITY], [2.0f32; 4]);
    for (slope, below, above) in [
        (Slope::Gelu, 0.0, 2.0),
        (Slope::GeluTanh, 0.0, 2.0),
        (Slope::Mish, 0.0, 2.0),
        (Slope::Softplus, 0.0, 2.0),
        (Slope::LogSigmoid, 2.0, 0.0),
        (Slope::Elu(0.5), 0.0, 2.0),
        (Slope::HardSilu, 0.0, 2.0),
    ] {
        for &set in isa::available() {
            let mut dx = [9.0; 4];
            isa::with_isa(set, || pull_back(slope, &x, &g, &mut dx));
            let limits = [below, above, below, above];
            let close = dx.iter().zip(limits).all(|(got, limit)| (got - limit).abs() < 1e-30);
            assert!(close, "{slope:?} {set:?}: {dx:?}, limits {limits:?}");
        }
    }
}
