//! Pooling against plain loops, exactly where it chooses and nearly where it adds, on every instruction set.

use proptest::prelude::*;
use rkeras_kernels::cast::{BF16, Kind, cast};
use rkeras_kernels::element::{Element, as_bytes, as_bytes_mut};
use rkeras_kernels::isa;
use rkeras_kernels::parallel;
use rkeras_kernels::pool::{PoolShape, avg_backward, avg_forward, max_backward, max_forward, max_gather};

/// For each output element, the taps that lie in the image: (tap, input element).
fn windows(s: &PoolShape) -> Vec<Vec<(u32, usize)>> {
    let mut all = Vec::new();
    for o in 0..s.out_len() {
        let (c, p) = (o % s.channels, o / s.channels);
        let (n, at) = (p / s.out.iter().product::<usize>(), p % s.out.iter().product::<usize>());
        let at = [at / s.out[2] / s.out[1], at / s.out[2] % s.out[1], at % s.out[2]];
        let mut taps = Vec::new();
        for t in 0..s.taps() {
            let k = [t / s.window[2] / s.window[1], t / s.window[2] % s.window[1], t % s.window[2]];
            let x: [isize; 3] =
                std::array::from_fn(|i| (at[i] * s.strides[i] + k[i]) as isize - s.pad_before[i] as isize);
            if (0..3).all(|i| x[i] >= 0 && (x[i] as usize) < s.input[i]) {
                let [d, h, w] = x.map(|v| v as usize);
                let pixel = ((n * s.input[0] + d) * s.input[1] + h) * s.input[2] + w;
                taps.push((t as u32, pixel * s.channels + c));
            }
        }
        all.push(taps);
    }
    all
}

/// Few different values, so that there are ties, and some NaN.
fn values(len: usize, seed: usize) -> Vec<f32> {
    (0..len).map(|i| (i * 7919 + seed) % 23).map(|v| if v == 22 { f32::NAN } else { v as f32 - 11.0 }).collect()
}

fn bits(values: &[f32]) -> Vec<u32> {
    values.iter().map(|v| if v.is_nan() { f32::NAN.to_bits() } else { (v + 0.0).to_bits() }).collect()
}

fn check(s: &PoolShape, seed: usize) {
    let windows = windows(s);
    let (x, g) = (values(s.input_len(), seed), vec![0.5_f32; s.out_len()]);
    let other: Vec<f32> = (0..x.len()).map(|i| i as f32).collect();
    let (mut best, mut taps, mut picked) = (vec![f32::NEG_INFINITY; g.len()], vec![0; g.len()], vec![0.0; g.len()]);
    let (mut to_max, mut mean, mut to_all) = (vec![0.0; x.len()], vec![0.0; g.len()], vec![0.0; x.len()]);
    for (o, window) in windows.iter().enumerate() {
        let mut chosen = None;
        for &(t, i) in window {
            if x[i] > best[o] || (x[i].is_nan() && !best[o].is_nan()) {
                (best[o], taps[o], chosen) = (x[i], t, Some(i));
            }
            mean[o] += x[i] / window.len() as f32;
            to_all[i] += g[o] / window.len() as f32;
        }
        if let Some(i) = chosen {
            picked[o] = other[i];
            to_max[i] += g[o];
        }
    }
    for isa in isa::available() {
        isa::with_isa(*isa, || {
            let (mut y, mut dx) = (vec![1.0; g.len()], vec![1.0; x.len()]);
            let mut index = vec![9_u8; g.len()];
            max_forward::<f32, _>(s, &x, Some(&mut y), Some(&mut index));
            assert_eq!(bits(&y), bits(&best), "{isa:?} {s:?}");
            assert!(index.iter().zip(&taps).all(|(a, b)| u32::from(*a) == *b), "{isa:?} {s:?}");
            y.fill(1.0);
            max_forward::<f32, u32>(s, &x, Some(&mut y), None);
            assert_eq!(bits(&y), bits(&best), "{isa:?} {s:?}");
            max_backward::<f32, _>(s, &g, &index, &mut dx);
            assert_eq!(dx, to_max, "{isa:?} {s:?}");
            max_gather::<f32, _>(s, &other, &taps, &mut y);
            assert_eq!(y, picked, "{isa:?} {s:?}");
            avg_forward::<f32>(s, &x, &mut y);
            avg_backward::<f32>(s, &g, &mut dx);
            for (got, want) in y.iter().chain(&dx).zip(mean.iter().chain(&to_all)) {
                assert!((got - want).abs() < 1e-4 || (got.is_nan() && want.is_nan()), "{got} {want} {isa:?} {s:?}");
            }
            check_brain(s, &x);
        });
    }
}

fn converted<S: Element, D: Element>(from: Kind, to: Kind, x: &[S]) -> Vec<D> {
    let mut y = vec![D::ZERO; x.len()];
    cast(from, to, as_bytes(x), as_bytes_mut(&mut y));
    y
}

/// Pools of bfloat16 are those of float32, rounded. `x` must be numbers that it holds.
fn check_brain(s: &PoolShape, x: &[f32]) {
    let narrow = |x: &[f32]| converted::<f32, u16>(Kind::F32, Kind::BF16, x);
    let same = |got: &[u16], want: &[f32]| assert_eq!(bits(&converted(Kind::BF16, Kind::F32, got)), bits(&converted(Kind::BF16, Kind::F32, &narrow(want))), "{s:?}");
    let g: Vec<f32> = (0..s.out_len()).map(|i| (i % 64) as f32).collect();
    let (half_x, half_g) = (narrow(x), narrow(&g));
    let (mut y, mut dx, mut taps) = (vec![1.0; g.len()], vec![1.0; x.len()], vec![9_u8; g.len()]);
    let (mut half_y, mut half_dx, mut half_taps) = (vec![1; g.len()], vec![1; x.len()], vec![9_u8; g.len()]);
    max_forward::<f32, _>(s, x, Some(&mut y), Some(&mut taps));
    max_forward::<BF16, _>(s, &half_x, Some(&mut half_y), Some(&mut half_taps));
    same(&half_y, &y);
    assert_eq!(taps, half_taps, "{s:?}");
    max_gather::<f32, _>(s, x, &taps, &mut y);
    max_gather::<BF16, _>(s, &half_x, &taps, &mut half_y);
    same(&half_y, &y);
    avg_forward::<f32>(s, x, &mut y);
    avg_forward::<BF16>(s, &half_x, &mut half_y);
    same(&half_y, &y);
    if (0..3).all(|i| s.strides[i] >= s.window[i]) {
        max_backward::<f32, _>(s, &g, &taps, &mut dx);
        max_backward::<BF16, _>(s, &half_g, &taps, &mut half_dx);
        same(&half_dx, &dx);
        avg_backward::<f32>(s, &g, &mut dx);
        avg_backward::<BF16>(s, &half_g, &mut half_dx);
        same(&half_dx, &dx);
    }
}

/// An axis: input, window, stride, padding before, output; windows never lie wholly in the padding.
fn axis(most: usize) -> impl Strategy<Value = [usize; 5]> {
    (1..=most, 1..=4usize, 1..=4usize, 0..=3usize, 0..=3usize).prop_map(|(input, window, stride, before, after)| {
        let (before, after) = (before.min(window - 1), after.min(window - 1));
        let out = (input + before + after + stride).saturating_sub(window) / stride;
        let out = out.min((input + before).div_ceil(stride));
        [input, window, stride, before, out]
    })
}

fn shape() -> impl Strategy<Value = PoolShape> {
    (0..5usize, axis(3), axis(8), axis(9), 0..40usize).prop_map(|(batch, d, h, w, channels)| {
        let at = |i: usize| [d, h, w].map(|a| a[i]);
        PoolShape { batch, input: at(0), channels, window: at(1), strides: at(2), out: at(4), pad_before: at(3) }
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn pooling_matches_plain_loops(s in shape(), seed in 0..100usize) {
        if s.channels > 0 {
            check(&s, seed);
        }
    }
}

#[test]
fn bytes_do_not_depend_on_the_number_of_threads() {
    let s = PoolShape {
        batch: 5,
        input: [1, 61, 47],
        channels: 24,
        window: [1, 3, 3],
        strides: [1, 2, 2],
        out: [1, 31, 24],
        pad_before: [0, 1, 1],
    };
    let x: Vec<f32> = (0..s.input_len()).map(|i| (i as f32 * 0.37).sin()).collect();
    let run = |threads| {
        parallel::set_num_threads(threads);
        let (mut y, mut mean, mut index) = (vec![0.0; s.out_len()], vec![0.0; s.out_len()], vec![0_u8; s.out_len()]);
        let (mut dx, mut spread) = (vec![0.0; x.len()], vec![0.0; x.len()]);
        max_forward::<f32, _>(&s, &x, Some(&mut y), Some(&mut index));
        avg_forward::<f32>(&s, &x, &mut mean);
        max_backward::<f32, _>(&s, &mean, &index, &mut dx);
        avg_backward::<f32>(&s, &y, &mut spread);
        [y, mean, dx, spread].map(|v| bits(&v))
    };
    let one = run(1);
    assert_eq!(one, run(2));
    assert_eq!(one, run(3));
}
