//! Convolution over one to three axes, channels last: the forward pass and both gradients.
//!
//! All passes are direct: no matrix of windows is built. The forward pass and the gradient of the input are one kernel
//! (`tile`) on different jobs (`shape`); the gradient of the weights (`gradient`) sums over pixels instead of taps.
//! Groups run one after the other, but for those of one input channel each (`depthwise`).

mod band;
mod depthwise;
mod gradient;
mod layout;
mod pack;
mod paired;
mod rows;
pub(crate) mod scratch;
mod shape;
mod sums;
mod tile;
pub(crate) mod vector;

pub use crate::gemm::Activation;
use crate::isa::{self, Isa};
use crate::parallel;
use crate::unary::unary_float_in_place;
pub use paired::{Pass, backward_data_of_pairs, backward_weights_of_pairs, forward_of_pairs};
use layout::{BAND_ELEMENTS, Layout};
use scratch::Shared;
use shape::Job;
pub use shape::ConvShape;
pub use vector::Element;
use vector::{Factors, lanes};

/// What is fused into the forward pass.
#[derive(Clone, Copy, Debug)]
pub struct Epilogue<'a, T> {
    pub bias: Option<&'a [T]>,
    pub activation: Activation,
}

/// Elements of a band in the gradient of the weights, which reads it once per few rows of weights: the first-level cache.
const GRADIENT_BAND: usize = 6 << 10;
/// Tasks wanted of the gradient of the weights.
const PARTS: usize = 8;

/// `y = activation(conv(x, w) + bias)`.
pub fn forward<T: Element>(s: &ConvShape, x: &[T], w: &[T], epilogue: &Epilogue<'_, T>, y: &mut [T]) {
    s.check(x.len(), w.len(), y.len());
    if depthwise::is_depthwise(s) {
        depthwise::forward(s, x, w, epilogue, y);
    } else {
        by_groups(s, Factors::Floats, x, w, epilogue, y);
    }
    if let Some(function) = epilogue.activation.pass() {
        unary_float_in_place(function, y);
    }
}

/// The forward pass, group after group, but for activations that are a pass of their own.
fn by_groups<T: Element>(s: &ConvShape, factors: Factors, x: &[T], w: &[T], epilogue: &Epilogue<'_, T>, y: &mut [T]) {
    for group in 0..s.groups {
        run(&Job::forward(s, group), factors, x, w, epilogue, y);
    }
}

/// `dx`: the gradient of the input from the gradient `g` of the output; also the forward pass of a transposed convolution.
pub fn backward_data<T: Element>(s: &ConvShape, g: &[T], w: &[T], dx: &mut [T]) {
    s.check(dx.len(), w.len(), g.len());
    if depthwise::is_depthwise(s) {
        return depthwise::backward_data(s, g, w, dx);
    }
    backward_by_phases(s, Factors::Floats, g, w, dx);
}

/// The gradient of the input, a job for each phase of the strides.
fn backward_by_phases<T: Element>(s: &ConvShape, factors: Factors, g: &[T], w: &[T], dx: &mut [T]) {
    let none = Epilogue { bias: None, activation: Activation::None };
    for group in 0..s.groups {
        for d in 0..s.strides[0] {
            for h in 0..s.strides[1] {
                for c in 0..s.strides[2] {
                    run(&Job::backward(s, group, [d, h, c]), factors, g, w, &none, dx);
                }
            }
        }
    }
}

fn run<T: Element>(job: &Job, factors: Factors, x: &[T], w: &[T], epilogue: &Epilogue<'_, T>, y: &mut [T]) {
    let isa = isa::active();
    let width = lanes::<T>(isa);
    if job.to.count == 0 || job.axes.iter().any(|a| a.out == 0) {
        return;
    }
    let layout = Layout::new(job, width, BAND_ELEMENTS, isa == Isa::Avx512);
    let weights = pack::weights(job, width, layout.interleave, w);
    let bias = pack::channels(job, width, layout.interleave, epilogue.bias);
    let finish = tile::Finish { bias: &bias, relu: epilogue.activation == Activation::Relu };
    let y = Shared::new(y);
    parallel::for_each(layout.blocks, |block| {
        let block = tile::Forward { job, layout: &layout, x, weights: &weights, finish, y, block };
        T::forward_block(isa, factors, block);
    });
}

/// `dw`: the gradient of the weights from the input `x` and the gradient `g` of the output.
pub fn backward_weights<T: Element>(s: &ConvShape, x: &[T], g: &[T], dw: &mut [T]) {
    s.check(x.len(), dw.len(), g.len());
    if depthwise::is_depthwise(s) {
        return depthwise::backward_weights(s, x, g, dw);
    }
    sum_over_pixels(s, Factors::Floats, x, g, dw);
}

/// The gradient of the weights, pixel by pixel.
fn sum_over_pixels<T: Element>(s: &ConvShape, factors: Factors, x: &[T], g: &[T], dw: &mut [T]) {
    if let Some(exchanged) = s.exchanged() {
        let mut found = scratch::Array::dirty(dw.len());
        sum_over_pixels(&exchanged, factors, g, x, &mut found);
        let (taps, size) = (s.kernel.iter().product::<usize>(), s.cin * s.cout);
        for (tap, dw) in dw.chunks_exact_mut(size).enumerate() {
            let found = &found[(taps - 1 - tap) * size..][..size];
            dw.iter_mut().enumerate().for_each(|(i, dw)| *dw = found[i % s.cout * s.cin + i / s.cout]);
        }
        return;
    }
    let isa = isa::active();
    let width = lanes::<T>(isa);
    for group in 0..s.groups {
        let job = &Job::forward(s, group);
        if job.to.count == 0 {
            return;
        }
        let layout = Layout::new(job, width, GRADIENT_BAND, false);
        let division = gradient::Division::new(job, &layout, width);
        let mut partials = scratch::Array::zeroed(division.partials * division.len);
        // Few partials: the panels of each are divided as well.
        let panels = pack::panels(job, width, layout.interleave);
        let split = (PARTS / division.partials).clamp(1, panels);
        let shared = Shared::new(&mut partials);
        parallel::for_each(division.partials * split, |task| {
            let (partial, part) = (task / split, task % split);
            let panels = part * panels / split..(part + 1) * panels / split;
            let (layout, division) = (&layout, &division);
            let panel = gradient::Gradient { job, layout, division, x, g, partials: shared, partial, panels };
            T::gradient_panel(isa, factors, panel);
        });
        gradient::gather(job, width, layout.interleave, &division, &partials, dw);
    }
}
