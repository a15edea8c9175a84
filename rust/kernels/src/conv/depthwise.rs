//! Depthwise convolution, where each channel of the input has filters of its own: both sides have their channels in lanes.
//!
//! As few products follow from each element, nothing is copied: outputs are cut into rectangles that meet the same taps
//! (`runs`, `walk`), so that padding costs no test in a loop. Neighbours of few channels share registers (`joined`), several
//! outputs to a channel are planes (`planes`).

mod division;
pub(super) mod gradient;
mod joined;
pub(super) mod pass;
mod planes;
mod runs;
mod walk;

use super::Epilogue;
use super::scratch::{Array, Shared};
use super::shape::{Axis, ConvShape};
use super::vector::{Element, Vector, lanes};
use crate::gemm::Activation;
use crate::isa::{self, Isa};
use crate::parallel;
use division::Division;
use joined::Joined;
use planes::Grid;
use runs::Run;
use walk::Frame;

/// A side of a job: `planes` channels a pixel for each of the channels that registers hold.
#[derive(Clone, Copy, Debug)]
struct Side {
    extent: [usize; 3],
    planes: usize,
}

impl Side {
    /// Elements of an image.
    fn image(&self, channels: usize) -> usize {
        self.extent.iter().product::<usize>() * channels * self.planes
    }
}

/// What is read, what is computed, and by which taps.
pub struct Job {
    from: Side,
    to: Side,
    runs: [Vec<Run>; 3],
    kernel: [usize; 3],
}

impl Job {
    fn new(s: &ConvShape, from: Side, to: Side, axis: impl Fn(usize) -> Vec<Axis>) -> Self {
        let runs = [0, 1, 2].map(|i| axis(i).iter().flat_map(Run::of).collect());
        Self { from, to, runs, kernel: s.kernel }
    }

    fn forward(s: &ConvShape) -> Self {
        let [x, y] = sides(s);
        Self::new(s, x, y, |i| vec![Axis::forward(s, i)])
    }

    fn backward(s: &ConvShape) -> Self {
        let [x, y] = sides(s);
        Self::new(s, y, x, |i| (0..s.strides[i]).map(|start| Axis::backward(s, i, start)).collect())
    }

    /// What the pieces of a unit share, where no side is a copy.
    fn frame<'a>(&self, joined: &'a Joined) -> Frame<'a> {
        let image = |side: &Side| Grid::image(side.extent, joined.channels);
        Frame { joined, kernel: self.kernel, source: image(&self.from), target: image(&self.to) }
    }

    /// The registers to use, and how pixels fill them: wide ones that stay half empty cost masks and gain nothing.
    fn registers<T: Element>(&self, channels: usize) -> (Isa, Joined) {
        let isa = isa::active();
        let joined = Joined::new(&self.runs[2], channels, lanes::<T>(isa));
        if isa == Isa::Avx512 && 2 * channels * joined.join <= lanes::<T>(isa) {
            return (Isa::Avx2, Joined::new(&self.runs[2], channels, lanes::<T>(Isa::Avx2)));
        }
        (isa, joined)
    }
}

fn sides(s: &ConvShape) -> [Side; 2] {
    [Side { extent: s.input, planes: 1 }, Side { extent: s.out, planes: s.cout / s.cin }]
}

/// Whether a convolution is depthwise.
pub(super) fn is_depthwise(s: &ConvShape) -> bool {
    s.groups > 1 && s.groups == s.cin
}

/// As [`super::forward`], but for functions that the kernels do not have.
pub(super) fn forward<T: Element>(s: &ConvShape, x: &[T], w: &[T], epilogue: &Epilogue<'_, T>, y: &mut [T]) {
    run(s, &Job::forward(s), x, w, epilogue, y);
}

/// As [`super::backward_data`].
pub(super) fn backward_data<T: Element>(s: &ConvShape, g: &[T], w: &[T], dx: &mut [T]) {
    run(s, &Job::backward(s), g, w, &Epilogue { bias: None, activation: Activation::None }, dx);
}

fn run<T: Element>(s: &ConvShape, job: &Job, x: &[T], w: &[T], epilogue: &Epilogue<'_, T>, y: &mut [T]) {
    let planes = s.cout / s.cin;
    if planes == 0 {
        return y.fill(T::default());
    }
    let (isa, joined) = job.registers::<T>(s.cin);
    let division = Division::new(s.batch, job.to.extent, s.cin * job.to.planes);
    let weights = joined.lay_out(w, planes);
    let bias = match epilogue.bias {
        Some(bias) => joined.lay_out(bias, planes),
        None => Array::zeroed(planes * joined.pitch),
    };
    let relu = epilogue.activation == Activation::Relu;
    let y = Shared::new(y);
    parallel::for_each(division.tasks(), |task| {
        let (division, joined) = (&division, &joined);
        T::depthwise_pass(isa, pass::Pass { job, division, joined, weights: &weights, bias: &bias, relu, x, y, task });
    });
}

/// As [`super::backward_weights`].
pub(super) fn backward_weights<T: Element>(s: &ConvShape, x: &[T], g: &[T], dw: &mut [T]) {
    let planes = s.cout / s.cin;
    if dw.is_empty() {
        return;
    }
    let job = &Job::forward(s);
    let (isa, joined) = job.registers::<T>(s.cin);
    let division = Division::new(s.batch, s.out, s.cout);
    let parts = gradient::parts(&division);
    let taps = s.kernel.iter().product::<usize>();
    let mut sums = Array::zeroed(parts * planes * taps * joined.pitch);
    let shared = Shared::new(&mut sums);
    parallel::for_each(parts, |part| {
        let (division, joined) = (&division, &joined);
        T::depthwise_gradient(isa, gradient::Gradient { job, division, joined, x, g, sums: shared, part });
    });
    gradient::gather(&joined, planes, parts, &sums, dw);
}

/// A register of elements, all of them or the first `n`.
///
/// # Safety
/// As [`Vector::load_part`].
#[inline(always)]
unsafe fn load<T: Element, V: Vector<T>, const WHOLE: bool>(from: *const T, n: usize) -> V {
    // SAFETY: by the caller's word.
    unsafe { if WHOLE { V::load(from) } else { V::load_part(from, n) } }
}
