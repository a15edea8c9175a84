//! Convolution passes and pooling as fractions of the peak.

use rkeras_benches::{Aligned, Bench};
use rkeras_kernels::conv::{self, ConvShape, Epilogue};
use rkeras_kernels::gemm::Activation;
use rkeras_kernels::parallel::set_num_threads;
use rkeras_kernels::pool::{self, PoolShape};

/// batch, image, input channels, kernel, output channels, same padding.
const SHAPES: [(usize, usize, usize, usize, usize, bool); 5] = [
    (128, 28, 1, 5, 8, true),
    (128, 14, 8, 5, 32, true),
    (32, 28, 1, 3, 32, false),
    (32, 13, 32, 3, 64, false),
    (16, 56, 64, 3, 64, true),
];

/// batch, image, channels, kernel, stride, output channels for each input channel.
const DEPTHWISE: [(usize, usize, usize, usize, usize, usize); 5] =
    [(32, 56, 64, 3, 1, 1), (32, 56, 64, 3, 2, 1), (32, 14, 512, 3, 1, 1), (8, 28, 96, 7, 1, 1), (32, 56, 3, 3, 1, 8)];

/// Each channel with a filter of its own; against a copy of what is read and written, as few operations meet each element.
fn depthwise(bench: &mut Bench) {
    for (batch, size, channels, k, stride, multiplier) in DEPTHWISE {
        let out = size.div_ceil(stride);
        let before = ((out - 1) * stride + k - size) / 2;
        let s = ConvShape {
            batch,
            input: [1, size, size],
            cin: channels,
            kernel: [1, k, k],
            cout: channels * multiplier,
            out: [1, out, out],
            strides: [1, stride, stride],
            dilation: [1; 3],
            pad_before: [0, before, before],
            groups: channels,
        };
        let numbers = |n: usize| Aligned::new(n, |i| (i % 11) as f32 - 5.0);
        let (x, w, g) = (numbers(s.input_len()), numbers(s.weight_len()), numbers(s.out_len()));
        let (mut y, mut dx, mut dw) = (numbers(g.len()), numbers(x.len()), numbers(w.len()));
        let bias = numbers(s.cout);
        let bytes = 4 * (x.len() + y.len());
        for threads in [1, 2] {
            set_num_threads(threads);
            let epilogue = Epilogue { bias: Some(&bias), activation: Activation::Relu };
            let name = format!("N{batch} {size}x{size}x{channels} {k}x{k} by {stride}, {multiplier} each, {threads} threads");
            let mut row = |pass: &str, run: &mut dyn FnMut()| bench.bytes("conv depthwise", &format!("{pass} {name}"), bytes, run);
            row("forward", &mut || conv::forward(&s, &x, &w, &epilogue, &mut y));
            row("data", &mut || conv::backward_data(&s, &g, &w, &mut dx));
            row("weights", &mut || conv::backward_weights(&s, &x, &g, &mut dw));
        }
    }
}

fn main() {
    let mut bench = Bench::from_args();
    depthwise(&mut bench);
    for (batch, size, cin, k, cout, same) in SHAPES {
        let out = if same { size } else { size - k + 1 };
        let before = if same { (k - 1) / 2 } else { 0 };
        let s = ConvShape {
            batch,
            input: [1, size, size],
            cin,
            kernel: [1, k, k],
            cout,
            out: [1, out, out],
            strides: [1; 3],
            dilation: [1; 3],
            pad_before: [0, before, before],
            groups: 1,
        };
        let numbers = |n: usize| Aligned::new(n, |i| (i % 11) as f32 - 5.0);
        let (x, w, g) = (numbers(s.input_len()), numbers(s.weight_len()), numbers(s.out_len()));
        let (mut y, mut dx, mut dw) = (numbers(g.len()), numbers(x.len()), numbers(w.len()));
        let bias = numbers(cout);
        let name = format!("N{batch} {size}x{size} {cin}->{cout} {k}x{k}");
        for threads in [1, 2] {
            set_num_threads(threads);
            let epilogue = Epilogue { bias: Some(&bias), activation: Activation::Relu };
            let label = format!("{name} {threads} threads");
            bench.flops("conv forward", &label, s.flops(), threads, || conv::forward(&s, &x, &w, &epilogue, &mut y));
            bench.flops("conv backward weights", &label, s.flops(), threads, || conv::backward_weights(&s, &x, &g, &mut dw));
            bench.flops("conv backward data", &label, s.flops(), threads, || conv::backward_data(&s, &g, &w, &mut dx));
        }
    }
    set_num_threads(1);
    for (batch, size, channels) in [(128, 28, 8), (128, 14, 32)] {
        let out = size / 2;
        let s = PoolShape {
            batch,
            input: [1, size, size],
            channels,
            window: [1, 2, 2],
            strides: [1, 2, 2],
            out: [1, out, out],
            pad_before: [0; 3],
        };
        let x = Aligned::new(s.input_len(), |i| (i % 13) as f32);
        let mut y = Aligned::new(s.out_len(), |_| 0.0);
        let mut dx = Aligned::new(x.len(), |_| 0.0);
        let mut index = Aligned::new(s.out_len(), |_| 0_u8);
        let bytes = 4 * (x.len() + y.len());
        let name = format!("N{batch} {size}x{size}x{channels} 2x2");
        bench.bytes("pool", &format!("max {name}"), bytes, || pool::max_forward::<f32, _>(&s, &x, Some(&mut y), Some(&mut index)));
        bench.bytes("pool", &format!("max backward {name}"), bytes, || pool::max_backward::<f32, _>(&s, &y, &index, &mut dx));
        bench.bytes("pool", &format!("average {name}"), bytes, || pool::avg_forward::<f32>(&s, &x, &mut y));
    }
    bench.finish();
}
