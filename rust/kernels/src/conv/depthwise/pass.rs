//! The forward pass, and the gradient of the input, which is one over the gradient with the taps the other way round.

use std::ops::Range;

use super::Job;
use super::division::Division;
use super::joined::Joined;
use super::load;
use super::planes::{self, Grid};
use super::walk::{self, Piece, Tap};
use crate::conv::scratch::{Array, Shared};
use crate::conv::vector::{Element, Kernel, Vector};

/// Pixels of the largest tile: a load of weights serves them all, and each sum's latency is that of the others.
const PIXELS: usize = 8;
/// Bytes that may be read while a tile goes down the rows and should stay in the first-level cache.
const CACHED: usize = 24 << 10;

/// One task of a pass.
pub(super) struct Pass<'a, T> {
    pub job: &'a Job,
    pub division: &'a Division,
    pub joined: &'a Joined,
    /// Weights, a row for each tap of each plane, and the bias, a row for each plane.
    pub weights: &'a [T],
    pub bias: &'a [T],
    pub relu: bool,
    pub x: &'a [T],
    pub y: Shared<T>,
    pub task: usize,
}

impl<T: Element> Kernel<T> for Pass<'_, T> {
    #[inline(always)]
    unsafe fn run<V: Vector<T>>(self) {
        for unit in self.division.task(self.task) {
            // SAFETY: no other task has the unit; the instructions are the caller's word.
            unsafe { self.unit::<V>(unit) };
        }
    }
}

impl<T: Element> Pass<'_, T> {
    #[inline(always)]
    unsafe fn unit<V: Vector<T>>(&self, unit: usize) {
        let Job { from, to, runs, kernel } = self.job;
        let channels = self.joined.channels;
        let (image, area) = self.division.area(unit);
        let rectangles = walk::rectangles(runs, &area);
        let x = self.x.as_ptr().wrapping_add(image * from.image(channels));
        let y = self.y.at(image * to.image(channels));
        // A side of several planes goes by way of scratch.
        let mut source = Grid::image(from.extent, channels);
        let mut target = Grid::image(to.extent, channels);
        let (mut planes, mut x_start, mut y_start) = (Array::dirty(0), x, y);
        if from.planes > 1 {
            source = Grid::part(&walk::reach(&rectangles), channels);
            planes = Array::dirty(source.len() * from.planes);
            // SAFETY: what rectangles read lies in the image; the scratch was sized for it.
            unsafe { planes::apart(from.extent, &source, from.planes, x, planes.as_mut_ptr()) };
            x_start = planes.as_ptr();
        } else if to.planes > 1 {
            target = Grid::part(&area, channels);
            planes = Array::dirty(target.len() * to.planes);
            y_start = planes.as_mut_ptr();
        }
        let rows = kernel.iter().product::<usize>();
        for rectangle in &rectangles {
            let one = walk::taps(rectangle, &source, *kernel);
            for plane in 0..to.planes {
                // Planes of the input are more taps, with weights of their own.
                let taps: Vec<Tap> = (0..from.planes)
                    .flat_map(|p| {
                        one.iter().map(move |tap| Tap { x: p * source.len() + tap.x, number: (p + plane) * rows + tap.number })
                    })
                    .collect();
                let bias = self.bias[plane * self.joined.pitch..].as_ptr();
                for piece in walk::pieces(rectangle, self.joined, &source, &target) {
                    let y = y_start.wrapping_add(plane * target.len());
                    // SAFETY: pieces lie in the source and the target, whose sizes were checked or are those of the scratch.
                    unsafe { self.piece::<V>(&piece, &taps, x_start.wrapping_add(piece.x), y.wrapping_add(piece.y), bias) };
                }
            }
        }
        if to.planes > 1 {
            // SAFETY: the area is a box of the image that this task alone writes to.
            unsafe { planes::together(to.extent, &target, to.planes, planes.as_ptr(), y) };
        }
    }

    /// All pixels of a piece, from the first tap at `x` and the output at `y` on.
    ///
    /// Tiles go down the rows, a block of channels at a time: of the rows that a window has, all but one were read just before.
    #[inline(always)]
    unsafe fn piece<V: Vector<T>>(&self, piece: &Piece, taps: &[Tap], x: *const T, y: *mut T, bias: *const T) {
        let [outer, middle, inner] = piece.loops;
        let block = (CACHED / (piece.lines * V::LANES * size_of::<T>())).max(1) * V::LANES;
        for first in (0..piece.channels).step_by(block) {
            let channels = first..(first + block).min(piece.channels);
            let mut done = 0;
            // Tiles of about the same size.
            for left in (1..=inner.count.div_ceil(PIXELS)).rev() {
                let pixels = (inner.count - done).div_ceil(left);
                for o in 0..outer.count {
                    for m in 0..middle.count {
                        let tile = Tile {
                            taps,
                            x: x.wrapping_add(o * outer.x + m * middle.x + done * inner.x),
                            x_step: inner.x,
                            y: y.wrapping_add(o * outer.y + m * middle.y + done * inner.y),
                            y_step: inner.y,
                            weights: self.weights.as_ptr(),
                            pitch: self.joined.pitch,
                            bias,
                            relu: self.relu,
                        };
                        // SAFETY: the pixels are those of the piece.
                        unsafe {
                            match pixels {
                                8 => tile.channels::<V, 8>(channels.clone()),
                                7 => tile.channels::<V, 7>(channels.clone()),
                                6 => tile.channels::<V, 6>(channels.clone()),
                                5 => tile.channels::<V, 5>(channels.clone()),
                                4 => tile.channels::<V, 4>(channels.clone()),
                                3 => tile.channels::<V, 3>(channels.clone()),
                                2 => tile.channels::<V, 2>(channels.clone()),
                                _ => tile.channels::<V, 1>(channels.clone()),
                            }
                        }
                    }
                }
                done += pixels;
            }
        }
    }
}

/// A few pixels at equal distances, whose sums are kept in registers.
#[derive(Clone, Copy)]
struct Tile<'a, T> {
    taps: &'a [Tap],
    x: *const T,
    x_step: usize,
    y: *mut T,
    y_step: usize,
    weights: *const T,
    pitch: usize,
    bias: *const T,
    relu: bool,
}

impl<T: Element> Tile<'_, T> {
    /// Some channels of `P` pixels.
    #[inline(always)]
    unsafe fn channels<V: Vector<T>, const P: usize>(&self, channels: Range<usize>) {
        let mut c = channels.start;
        // SAFETY: each register holds channels of the pixels; weights and bias have whole registers.
        unsafe {
            while c + V::LANES <= channels.end {
                self.register::<V, P, true>(c, V::LANES);
                c += V::LANES;
            }
            if c < channels.end {
                self.register::<V, P, false>(c, channels.end - c);
            }
        }
    }

    /// The `n` channels of a register from `c` on; with `WHOLE`, it is full.
    #[inline(always)]
    unsafe fn register<V: Vector<T>, const P: usize, const WHOLE: bool>(&self, c: usize, n: usize) {
        // SAFETY: as in `channels`.
        unsafe {
            let mut sums = [V::load(self.bias.add(c)); P];
            let (x, weights) = (self.x.wrapping_add(c), self.weights.add(c));
            for tap in self.taps {
                let weight = V::load(weights.add(tap.number * self.pitch));
                let x = x.wrapping_add(tap.x);
                for p in 0..P {
                    let at = x.wrapping_add(p * self.x_step);
                    sums[p] = load::<T, V, WHOLE>(at, n).mul_add(weight, sums[p]);
                }
            }
            if self.relu {
                sums = sums.map(#[inline(always)] |sum| sum.relu());
            }
            for p in 0..P {
                let at = self.y.wrapping_add(c + p * self.y_step);
                if WHOLE { sums[p].store(at) } else { sums[p].store_part(at, n) }
            }
        }
    }
}
