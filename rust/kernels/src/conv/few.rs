//! Convolutions whose results have few channels: registers along channels would be mostly empty.
//!
//! Each pixel of the operand is multiplied with all taps at once, one product whose columns are taps and channels, and what the taps
//! gave is added where it belongs: the forward pass with stride one, and the gradient of the input with any.

use std::ops::Range;

use super::scratch::{Array, Shared};
use super::vector::{Factors, lanes};
use super::{Activation, ConvShape, Element, Epilogue};
use crate::gemm::Repeated;
use crate::{isa, parallel};

/// Channels up to which they count as few.
const MOST: usize = 4;
/// Elements of a task's products, which stay in the second-level cache until they are added up.
const HELD: usize = 1 << 16;
/// Multiply-adds below which a call stays on its thread.
const SERIAL: usize = 1 << 18;

/// One spatial axis: tap `t` of pixel `p` belongs to result `p * step + start + t * by`.
#[derive(Clone, Copy)]
struct Axis {
    pixels: usize,
    results: usize,
    taps: usize,
    step: usize,
    start: isize,
    by: isize,
}

impl Axis {
    /// Where the first pixel's tap belongs.
    fn offset(&self, tap: usize) -> isize {
        self.start + tap as isize * self.by
    }

    /// The pixels whose tap belongs to these results.
    fn meets(&self, tap: usize, results: &Range<usize>) -> Range<usize> {
        let (step, offset) = (self.step as isize, self.offset(tap));
        // The first pixel that comes no earlier than a result.
        let first = |result: usize| -(offset - result as isize).div_euclid(step);
        let place = |pixel: isize| pixel.clamp(0, self.pixels as isize) as usize;
        let start = place(first(results.start));
        start..place(first(results.end)).max(start)
    }
}

/// Sums over the taps of what pixels of `many` channels give to results of `few`.
struct Sums {
    batch: usize,
    axes: [Axis; 3],
    many: usize,
    few: usize,
}

/// Whether this way is ahead of filling registers with channels, by the multiply-adds of a pixel.
fn pays<T: Element>(taps: usize, many: usize, few: usize) -> bool {
    let lanes = lanes::<T>(isa::active());
    let direct = taps * many * few.div_ceil(lanes);
    let adding = 2 * taps * few;
    (1..=MOST).contains(&few) && direct > 0 && direct >= 2 * (many * (taps * few).div_ceil(lanes) + adding)
}

/// Whether the forward pass is done here.
pub(super) fn takes_forward<T: Element>(s: &ConvShape) -> bool {
    s.groups == 1 && s.strides == [1; 3] && pays::<T>(s.kernel.iter().product(), s.cin, s.cout)
}

/// Whether the gradient of the input is done here.
pub(super) fn takes_data<T: Element>(s: &ConvShape) -> bool {
    s.groups == 1 && pays::<T>(s.kernel.iter().product(), s.cout, s.cin)
}

/// The forward pass, but for activations that are a pass of their own.
pub(super) fn forward<T: Element>(s: &ConvShape, x: &[T], w: &[T], epilogue: &Epilogue<'_, T>, y: &mut [T]) {
    let axes = std::array::from_fn(|i| Axis {
        pixels: s.input[i],
        results: s.out[i],
        taps: s.kernel[i],
        step: 1,
        start: s.pad_before[i] as isize,
        by: -(s.dilation[i] as isize),
    });
    // Weights lie (tap, many, few): here a row for each of many.
    let at = |tap: usize, many: usize, few: usize| (tap * s.cin + many) * s.cout + few;
    Sums { batch: s.batch, axes, many: s.cin, few: s.cout }.run(x, w, at, epilogue, y);
}

/// The gradient of the input.
pub(super) fn backward_data<T: Element>(s: &ConvShape, g: &[T], w: &[T], dx: &mut [T]) {
    let axes = std::array::from_fn(|i| Axis {
        pixels: s.out[i],
        results: s.input[i],
        taps: s.kernel[i],
        step: s.strides[i],
        start: -(s.pad_before[i] as isize),
        by: s.dilation[i] as isize,
    });
    let at = |tap: usize, many: usize, few: usize| (tap * s.cin + few) * s.cout + many;
    let none = Epilogue { bias: None, activation: Activation::None };
    Sums { batch: s.batch, axes, many: s.cout, few: s.cin }.run(g, w, at, &none, dx);
}

impl Sums {
    fn run<T: Element>(&self, x: &[T], w: &[T], at: impl Fn(usize, usize, usize) -> usize, epilogue: &Epilogue<'_, T>, y: &mut [T]) {
        let [depth, height, width] = self.axes;
        let taps = depth.taps * height.taps * width.taps;
        let columns = taps * self.few;
        let mut rows = Array::<T>::dirty(self.many * columns);
        for (many, row) in rows.chunks_exact_mut(columns).enumerate() {
            for (i, weight) in row.iter_mut().enumerate() {
                *weight = w[at(i / self.few, many, i % self.few)];
            }
        }
        let weights = Repeated::new(&rows, (self.many, columns), columns, false, Factors::Floats);
        // Bands of rows, or whole volumes.
        let flat = depth.pixels == 1 && depth.results == 1 && depth.taps == 1;
        let row = width.pixels.max(width.results) * columns;
        let band = if flat { (HELD / row.max(1)).max(2 * height.taps) * height.step } else { height.results }.max(1);
        let bands = height.results.div_ceil(band);
        let results = depth.results * height.results * width.results * self.few;
        let y = Shared::new(y);
        let task = |task: usize| {
            let (image, first) = (task / bands, task % bands * band);
            let band = first..(first + band).min(height.results);
            let len = if flat { band.len() * width.results * self.few } else { results };
            // SAFETY: tasks have bands of their own of images of their own, all within the results.
            let y = unsafe { std::slice::from_raw_parts_mut(y.at(image * results + band.start * width.results * self.few), len) };
            self.band(image, &band, x, &weights, epilogue, y);
        };
        let (tasks, work) = (self.batch * bands, x.len() * columns);
        if work < SERIAL { (0..tasks).for_each(task) } else { parallel::for_each(tasks, task) }
    }

    /// Some rows of the results of an image.
    fn band<T: Element>(
        &self,
        image: usize,
        band: &Range<usize>,
        x: &[T],
        weights: &Repeated<T>,
        epilogue: &Epilogue<'_, T>,
        y: &mut [T],
    ) {
        let [depth, height, width] = self.axes;
        // The rows of pixels that any tap takes to the band.
        let met: Vec<_> = (0..height.taps).map(|tap| height.meets(tap, band)).collect();
        let met_any = || met.iter().filter(|rows| !rows.is_empty());
        let (start, end) = (met_any().map(|rows| rows.start).min().unwrap_or(0), met_any().map(|rows| rows.end).max().unwrap_or(0));
        let columns = depth.taps * height.taps * width.taps * self.few;
        let row = width.pixels * columns;
        let plane = (end - start) * row;
        let mut given = Array::<T>::dirty(depth.pixels * plane);
        for d in 0..depth.pixels {
            let first = ((image * depth.pixels + d) * height.pixels + start) * width.pixels;
            let pixels = (end - start) * width.pixels;
            let x = &x[first * self.many..][..pixels * self.many];
            weights.multiply(x, self.many, pixels, &mut given[d * plane..], columns, false);
        }
        match epilogue.bias {
            Some(bias) => y.chunks_exact_mut(self.few).for_each(|y| y.copy_from_slice(bias)),
            None => y.fill(T::ZERO),
        }
        let results = width.results * self.few;
        for tap in 0..depth.taps * height.taps * width.taps {
            let (of_depth, of_height, of_width) =
                (tap / width.taps / height.taps, tap / width.taps % height.taps, tap % width.taps);
            let (planes, rows) = (depth.meets(of_depth, &(0..depth.results)), &met[of_height]);
            let pixels = width.meets(of_width, &(0..width.results));
            if pixels.is_empty() {
                continue;
            }
            let place = |axis: &Axis, tap: usize, pixel: usize| (pixel as isize * axis.step as isize + axis.offset(tap)) as usize;
            let to = place(&width, of_width, pixels.start) * self.few;
            for (d, h) in planes.flat_map(|d| rows.clone().map(move |h| (d, h))) {
                let line = place(&depth, of_depth, d) * band.len() + place(&height, of_height, h) - band.start;
                let from = d * plane + (h - start) * row + pixels.start * columns + tap * self.few;
                let (given, y) = (&given[from..], &mut y[line * results + to..(line + 1) * results]);
                match self.few {
                    1 => add::<T, 1>(given, columns, y, width.step, pixels.len()),
                    2 => add::<T, 2>(given, columns, y, width.step, pixels.len()),
                    3 => add::<T, 3>(given, columns, y, width.step, pixels.len()),
                    _ => add::<T, MOST>(given, columns, y, width.step, pixels.len()),
                }
            }
        }
        if epilogue.activation == Activation::Relu {
            // What is not a number stays so.
            y.iter_mut().for_each(|y| *y = if *y < T::ZERO { T::ZERO } else { *y });
        }
    }
}

/// Adds numbers of some pixels, `columns` apart, to results that are `step` pixels apart.
fn add<T: Element, const FEW: usize>(given: &[T], columns: usize, y: &mut [T], step: usize, pixels: usize) {
    for (given, y) in given.chunks(columns).zip(y.chunks_mut(step * FEW)).take(pixels) {
        for c in 0..FEW {
            y[c] += given[c];
        }
    }
}
