//! Every pass of convolution against plain loops in float64, on every instruction set, for odd sizes of everything.

use proptest::prelude::*;
use half::bf16;
use rkeras_kernels::conv::{
    Activation, ConvShape, Element, Epilogue, backward_data, backward_data_of_pairs, backward_weights, backward_weights_of_pairs,
    forward, forward_of_pairs,
};
use rkeras_kernels::isa::{self, Isa};
use rkeras_kernels::parallel;

/// Calls `visit(x index, w index, y index)` for every product of the convolution.
fn products(s: &ConvShape, mut visit: impl FnMut(usize, usize, usize)) {
    let (cin, cout) = (s.cin / s.groups, s.cout / s.groups);
    let cells = |e: [usize; 3]| {
        (0..e[0]).flat_map(move |d| (0..e[1]).flat_map(move |h| (0..e[2]).map(move |w| [d, h, w])))
    };
    let index = |e: [usize; 3], at: [usize; 3]| (at[0] * e[1] + at[1]) * e[2] + at[2];
    for n in 0..s.batch {
        for o in cells(s.out) {
            for k in cells(s.kernel) {
                let at: [isize; 3] = std::array::from_fn(|i| {
                    (o[i] * s.strides[i] + k[i] * s.dilation[i]) as isize - s.pad_before[i] as isize
                });
                if (0..3).any(|i| at[i] < 0 || at[i] as usize >= s.input[i]) {
                    continue;
                }
                let pixel = n * s.input.iter().product::<usize>() + index(s.input, at.map(|v| v as usize));
                let out = n * s.out.iter().product::<usize>() + index(s.out, o);
                for c in 0..cin {
                    for j in 0..s.cout {
                        let x = pixel * s.cin + j / cout * cin + c;
                        visit(x, (index(s.kernel, k) * cin + c) * s.cout + j, out * s.cout + j);
                    }
                }
            }
        }
    }
}

fn values<T: Element>(len: usize, seed: u64) -> Vec<T> {
    let mut state = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1;
    (0..len)
        .map(|_| {
            state ^= state << 13;
            state ^= state >> 7;
            state ^= state << 17;
            T::from_f64((state >> 40) as f64 / (1 << 23) as f64 - 1.0)
        })
        .collect()
}

fn close<T: Element>(what: &str, s: &ConvShape, isa: Isa, got: &[T], want: &[f64], eps: f64) {
    for (i, (g, w)) in got.iter().zip(want).enumerate() {
        let error = (g.to_f64() - w).abs();
        assert!(error <= eps * (1.0 + w.abs()), "{what} {isa:?} at {i}: {g:?} for {w}, {s:?}");
    }
}

fn check<T: Element>(s: &ConvShape, eps: f64) {
    let x: Vec<T> = values(s.input_len(), 1);
    let w: Vec<T> = values(s.weight_len(), 2);
    let g: Vec<T> = values(s.out_len(), 3);
    let bias: Vec<T> = values(s.cout, 4);
    let mut y: Vec<f64> = (0..s.out_len()).map(|i| bias[i % s.cout].to_f64()).collect();
    let (mut dx, mut dw) = (vec![0.0; x.len()], vec![0.0; w.len()]);
    products(s, |xi, wi, yi| {
        y[yi] += x[xi].to_f64() * w[wi].to_f64();
        dx[xi] += g[yi].to_f64() * w[wi].to_f64();
        dw[wi] += g[yi].to_f64() * x[xi].to_f64();
    });
    let relu: Vec<f64> = y.iter().map(|v| v.max(0.0)).collect();
    let sigmoid: Vec<f64> = y.iter().map(|v| 1.0 / (1.0 + (-v).exp())).collect();
    let tanh: Vec<f64> = y.iter().map(|v| v.tanh()).collect();
    for &isa in isa::available() {
        isa::with_isa(isa, || {
            let nan = T::from_f64(f64::NAN);
            let (mut got_y, mut got_dx, mut got_dw) = (vec![nan; y.len()], vec![nan; dx.len()], vec![nan; dw.len()]);
            let mut epilogue = Epilogue { bias: Some(&bias), activation: Activation::None };
            forward(s, &x, &w, &epilogue, &mut got_y);
            close("y", s, isa, &got_y, &y, eps);
            epilogue.activation = Activation::Relu;
            forward(s, &x, &w, &epilogue, &mut got_y);
            close("relu(y)", s, isa, &got_y, &relu, eps);
            epilogue.activation = Activation::Sigmoid;
            forward(s, &x, &w, &epilogue, &mut got_y);
            close("sigmoid(y)", s, isa, &got_y, &sigmoid, eps);
            epilogue.activation = Activation::Tanh;
            forward(s, &x, &w, &epilogue, &mut got_y);
            close("tanh(y)", s, isa, &got_y, &tanh, eps);
            backward_data(s, &g, &w, &mut got_dx);
            close("dx", s, isa, &got_dx, &dx, eps);
            backward_weights(s, &x, &g, &mut got_dw);
            close("dw", s, isa, &got_dw, &dw, eps);
        });
    }
}

/// The passes of bfloat16 with pairs, where the processor has them and the channels are even.
fn check_pairs(s: &ConvShape, eps: f64) {
    if !isa::has_pairs() {
        return;
    }
    // The first element is left out: slices need not begin where a word does.
    let halves = |len: usize, seed: u64| -> Vec<u16> {
        values::<f32>(len + 1, seed).into_iter().map(|v| bf16::from_f32(v).to_bits()).collect()
    };
    let (x, w, g) = (halves(s.input_len(), 1), halves(s.weight_len(), 2), halves(s.out_len(), 3));
    let (x, w, g) = (&x[1..], &w[1..], &g[1..]);
    let bias: Vec<f32> = values(s.cout, 4);
    let mut y: Vec<f64> = (0..s.out_len()).map(|i| f64::from(bias[i % s.cout])).collect();
    let (mut dx, mut dw) = (vec![0.0; x.len()], vec![0.0; w.len()]);
    let wide = |bits: u16| bf16::from_bits(bits).to_f64();
    products(s, |xi, wi, yi| {
        y[yi] += wide(x[xi]) * wide(w[wi]);
        dx[xi] += wide(g[yi]) * wide(w[wi]);
        dw[wi] += wide(g[yi]) * wide(x[xi]);
    });
    y.iter_mut().for_each(|v| *v = v.max(0.0));
    let run = |threads: usize| {
        parallel::set_num_threads(threads);
        let [mut got_y, mut got_dx, mut got_dw] = [&y, &dx, &dw].map(|v| vec![f32::NAN; v.len()]);
        if (s.cin / s.groups).is_multiple_of(2) {
            forward_of_pairs(s, x, w, &Epilogue { bias: Some(&bias), activation: Activation::Relu }, &mut got_y);
            close("y of pairs", s, Isa::Avx512, &got_y, &y, eps);
        }
        if (s.cout / s.groups).is_multiple_of(2) {
            backward_data_of_pairs(s, g, w, &mut got_dx);
            close("dx of pairs", s, Isa::Avx512, &got_dx, &dx, eps);
        }
        backward_weights_of_pairs(s, x, g, &mut got_dw);
        close("dw of pairs", s, Isa::Avx512, &got_dw, &dw, eps);
        [got_y, got_dx, got_dw].map(|v| v.into_iter().map(f32::to_bits).collect::<Vec<_>>())
    };
    let one = run(1);
    assert!(one == run(2) && one == run(3), "{s:?}");
}

/// An axis: input, kernel, stride, dilation, padding before, and an output that need not use all of the input.
fn axis(most: usize) -> impl Strategy<Value = [usize; 6]> {
    (1..=most, 1..=4usize, 1..=3usize, 1..=3usize, 0..=3usize, 0..=3usize).prop_map(
        |(input, kernel, stride, dilation, before, after)| {
            let window = (kernel - 1) * dilation + 1;
            let out = (input + before + after + stride).saturating_sub(window) / stride;
            [input, kernel, stride, dilation, before, out]
        },
    )
}

fn shape() -> impl Strategy<Value = ConvShape> {
    let channels = prop_oneof![Just((1, 1)), Just((3, 1)), Just((6, 1)), Just((4, 2)), Just((9, 3))];
    shape_with(channels, 1..=40usize)
}

/// Filters for each channel alone: any number of channels, up to five outputs of each.
fn depthwise_shape() -> impl Strategy<Value = ConvShape> {
    (2..=70usize, 1..=5usize).prop_flat_map(|(channels, each)| shape_with(Just((channels, channels)), Just(channels * each)))
}

/// Any sizes along the axes; `cin` and `groups`, and about `cout`.
fn shape_with(
    channels: impl Strategy<Value = (usize, usize)>,
    outputs: impl Strategy<Value = usize>,
) -> impl Strategy<Value = ConvShape> {
    (0..6usize, axis(3), axis(9), axis(20), channels, outputs).prop_map(|(batch, d, h, w, (cin, groups), cout)| {
        let all = [if batch % 2 == 0 { [1, 1, 1, 1, 0, 1] } else { d }, h, w];
        let at = |i: usize| all.map(|a| a[i]);
        ConvShape {
            batch,
            input: at(0),
            cin,
            kernel: at(1),
            cout: cout.div_ceil(groups) * groups,
            out: at(5),
            strides: at(2),
            dilation: at(3),
            pad_before: at(4),
            groups,
        }
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn all_passes_match_plain_loops(s in shape()) {
        check_pairs(&s, 1e-4);
        check::<f32>(&s, 1e-4);
        check::<f64>(&s, 1e-12);
    }

    #[test]
    fn passes_of_few_output_channels_match_plain_loops(s in shape_with((5..=40usize).prop_map(|cin| (cin, 1)), 1..=4usize)) {
        check_pairs(&s, 1e-4);
        check::<f32>(&s, 1e-4);
        check::<f64>(&s, 1e-12);
    }

    #[test]
    fn depthwise_passes_match_plain_loops(s in depthwise_shape()) {
        check::<f32>(&s, 1e-4);
        check::<f64>(&s, 1e-12);
    }
}

/// A two-dimensional convolution with same padding.
fn same(batch: usize, size: usize, kernel: usize, cin: usize, cout: usize) -> ConvShape {
    ConvShape {
        batch,
        input: [1, size, size],
        cin,
        kernel: [1, kernel, kernel],
        cout,
        out: [1, size, size],
        strides: [1; 3],
        dilation: [1; 3],
        pad_before: [0, (kernel - 1) / 2, (kernel - 1) / 2],
        groups: 1,
    }
}

/// The same with `each` filters for each channel.
fn depthwise(batch: usize, size: usize, kernel: usize, channels: usize, each: usize) -> ConvShape {
    ConvShape { groups: channels, ..same(batch, size, kernel, channels, channels * each) }
}

#[test]
fn larger_depthwise_shapes_match_plain_loops() {
    let mut strided = depthwise(2, 41, 5, 40, 1);
    (strided.strides, strided.out, strided.pad_before) = ([1, 2, 3], [1, 21, 14], [0, 2, 1]);
    let mut long = depthwise(1, 1, 3, 24, 2);
    (long.input, long.out, long.kernel, long.pad_before) = ([1, 1, 9000], [1, 1, 9000], [1, 1, 4], [0, 0, 3]);
    let mut deep = depthwise(2, 13, 3, 17, 3);
    (deep.input, deep.out, deep.kernel, deep.pad_before) = ([9, 13, 13], [9, 11, 13], [3, 3, 3], [1, 0, 1]);
    for s in [depthwise(2, 56, 3, 64, 1), depthwise(3, 30, 7, 33, 1), depthwise(2, 60, 3, 3, 8), strided, long, deep] {
        check::<f32>(&s, 1e-3);
    }
}

#[test]
fn a_depthwise_convolution_of_nothing_is_bias_and_zeros() {
    let mut no_batch = depthwise(0, 5, 3, 4, 2);
    no_batch.input[0] = 2;
    no_batch.out[0] = 2;
    let mut no_output = depthwise(2, 5, 3, 4, 1);
    no_output.out[2] = 0;
    let mut no_input = depthwise(2, 5, 3, 4, 3);
    no_input.input[1] = 0;
    let mut no_taps = depthwise(2, 5, 3, 20, 1);
    no_taps.kernel[2] = 0;
    let mut padding_alone = depthwise(1, 3, 2, 5, 1);
    padding_alone.pad_before = [0, 0, 40];
    for s in [no_batch, no_output, no_input, no_taps, padding_alone, depthwise(2, 5, 3, 4, 0)] {
        check::<f32>(&s, 1e-6);
        check::<f64>(&s, 1e-14);
    }
}

#[test]
fn larger_shapes_match_plain_loops() {
    let narrow = [same(3, 28, 5, 1, 8), same(5, 14, 5, 8, 32), same(2, 14, 5, 32, 8), same(1, 30, 3, 5, 67), same(3, 40, 3, 3, 3)];
    // Channels of four registers, in rows that tiles of six pixels do not fill.
    let few = [same(2, 130, 3, 33, 1), same(3, 60, 5, 32, 3), same(1, 150, 3, 2, 40), same(2, 70, 3, 4, 64)];
    let wide = [same(2, 13, 3, 32, 64), same(1, 11, 3, 5, 130), same(2, 9, 3, 1, 70), same(3, 5, 3, 1, 64)];
    for s in narrow.into_iter().chain(few).chain(wide) {
        check::<f32>(&s, 1e-3);
        check_pairs(&s, 1e-3);
    }
}

#[test]
fn bytes_do_not_depend_on_the_number_of_threads() {
    let mut strided = same(7, 23, 3, 6, 10);
    (strided.strides, strided.out, strided.groups) = ([1, 2, 2], [1, 12, 12], 2);
    let mut apart = depthwise(6, 33, 3, 50, 2);
    (apart.strides, apart.out) = ([1, 2, 2], [1, 17, 17]);
    let dense = [same(9, 28, 5, 1, 8), same(5, 14, 5, 8, 32), same(1, 40, 3, 16, 40), same(2, 13, 3, 20, 64), same(3, 160, 3, 20, 2), strided];
    let depthwise = [depthwise(3, 19, 3, 20, 1), depthwise(5, 56, 3, 64, 1), depthwise(9, 40, 5, 3, 1), apart];
    for s in dense.into_iter().chain(depthwise) {
        let x: Vec<f32> = values(s.input_len(), 1);
        let w: Vec<f32> = values(s.weight_len(), 2);
        let g: Vec<f32> = values(s.out_len(), 3);
        let run = |threads| {
            parallel::set_num_threads(threads);
            let (mut y, mut dx, mut dw) = (g.clone(), x.clone(), w.clone());
            forward(&s, &x, &w, &Epilogue { bias: None, activation: Activation::Tanh }, &mut y);
            backward_data(&s, &g, &w, &mut dx);
            backward_weights(&s, &x, &g, &mut dw);
            [y, dx, dw].map(|v| v.into_iter().map(f32::to_bits).collect::<Vec<_>>())
        };
        let one = run(1);
        assert!(one == run(2), "{s:?}");
        assert!(one == run(3), "{s:?}");
    }
}

#[test]
fn a_nan_in_the_input_or_the_weights_reaches_the_output() {
    let s = same(2, 9, 3, 2, 5);
    let (mut x, mut w) = (vec![0.5_f32; s.input_len()], vec![-1.0; s.weight_len()]);
    let mut y = vec![0.0; s.out_len()];
    let epilogue = Epilogue { bias: None, activation: Activation::Relu };
    x[9 * 9] = f32::NAN;
    forward(&s, &x, &w, &epilogue, &mut y);
    assert_eq!(y.iter().filter(|v| v.is_nan()).count(), 9 * 5);
    x[9 * 9] = f32::INFINITY;
    w.fill(1.0);
    forward(&s, &x, &w, &epilogue, &mut y);
    assert_eq!(y.iter().filter(|v| v.is_infinite()).count(), 9 * 5);
}
