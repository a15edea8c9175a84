//! The forward pass, and the gradient of the input, which is one over the gradient with the taps the other way round.

use std::ops::Range;

use super::Job;
use super::division::Division;
use super::joined::Joined;
use super::load;
use super::planes::{self, Grid};
use super::walk::{self, Piece, TAPS, Taps};
use crate::conv::scratch::{Array, Shared};
use crate::conv::vector::{Element, Kernel, Vector};

/// Pixels of the largest tile: a load of weights serves them all, and each sum's latency is that of the others.
const PIXELS: usize = 8;
/// Bytes that may be read while a tile goes down the rows and should stay in the first-level cache.
const CACHED: usize = 24 << 10;

/// One task of a pass.
pub struct Pass<'a, T> {
    pub job: &'a Job,
    pub division: &'a Division,
    pub joined: &'a Joined,
    /// Weights, a row for each tap of each plane, and the bias, a row for each plane.
    pub weights: &'a [T],
    pub bias: &'a [T],
    pub relu: bool,
    pub x: &'a [T],
    pub(super) y: Shared<T>,
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
        let mut frame = self.job.frame(self.joined);
        // A side of several planes goes by way of scratch.
        let (mut planes, mut x_start, mut y_start) = (Array::dirty(0), x, y);
        if from.planes > 1 {
            let part = Grid::part(&walk::reach(&rectangles), channels);
            planes = Array::dirty(part.len() * from.planes);
            // SAFETY: what rectangles read lies in the image; the scratch was sized for it.
            unsafe { planes::apart(from.extent, &part, from.planes, x, planes.as_mut_ptr()) };
            (frame.source, x_start) = (part, planes.as_ptr());
        } else if to.planes > 1 {
            frame.target = Grid::part(&area, channels);
            planes = Array::dirty(frame.target.len() * to.planes);
            y_start = planes.as_mut_ptr();
        }
        let rows = kernel.iter().product::<usize>();
        for rectangle in &rectangles {
            for mut piece in frame.pieces(rectangle) {
                // Planes of the input are more taps, with weights of their own.
                let one = std::mem::take(&mut piece.taps);
                for p in 0..from.planes {
                    let shifted = |taps: &Taps| Taps { x: taps.x + p * frame.source.len(), number: taps.number + p * rows, ..*taps };
                    piece.taps.extend(one.iter().map(shifted));
                }
                for plane in 0..to.planes {
                    let y = y_start.wrapping_add(plane * frame.target.len() + piece.y);
                    // SAFETY: pieces lie in the source and the target, whose sizes were checked or are those of the scratch.
                    unsafe { self.piece::<V>(&piece, plane, x_start.wrapping_add(piece.x), y) };
                }
            }
        }
        if to.planes > 1 {
            // SAFETY: the area is a box of the image that this task alone writes to.
            unsafe { planes::together(to.extent, &frame.target, to.planes, planes.as_ptr(), y) };
        }
    }

    /// One plane of all pixels of a piece, from the first tap at `x` and the output at `y` on.
    ///
    /// Tiles go down the rows, a block of channels at a time: of the rows that a window has, all but one were read just before.
    #[inline(always)]
    unsafe fn piece<V: Vector<T>>(&self, piece: &Piece, plane: usize, x: *const T, y: *mut T) {
        let [outer, middle, inner] = piece.loops;
        let pitch = self.joined.pitch;
        let rows = self.job.kernel.iter().product::<usize>();
        // What a tile reads for each register of channels.
        let lines = piece.taps.iter().map(|taps| 2 * taps.count + PIXELS).sum::<usize>().max(1);
        let block = (CACHED / (lines * V::LANES * size_of::<T>())).max(1) * V::LANES;
        for first in (0..piece.channels).step_by(block) {
            let mut done = 0;
            // Tiles of about the same size.
            for left in (1..=inner.count.div_ceil(PIXELS)).rev() {
                let pixels = (inner.count - done).div_ceil(left);
                for o in 0..outer.count {
                    for m in 0..middle.count {
                        let tile = Tile {
                            taps: &piece.taps,
                            x: x.wrapping_add(o * outer.x + m * middle.x + done * inner.x),
                            x_step: inner.x,
                            y: y.wrapping_add(o * outer.y + m * middle.y + done * inner.y),
                            y_step: inner.y,
                            weights: self.weights.as_ptr().wrapping_add(plane * rows * pitch),
                            pitch,
                            next: piece.next * pitch as isize,
                            bias: self.bias.as_ptr().wrapping_add(plane * pitch),
                            relu: self.relu,
                            channels: first..(first + block).min(piece.channels),
                        };
                        // SAFETY: the pixels are those of the piece.
                        unsafe {
                            match pixels {
                                8 => tile.run::<V, 8>(),
                                7 => tile.run::<V, 7>(),
                                6 => tile.run::<V, 6>(),
                                5 => tile.run::<V, 5>(),
                                4 => tile.run::<V, 4>(),
                                3 => tile.run::<V, 3>(),
                                2 => tile.run::<V, 2>(),
                                _ => tile.run::<V, 1>(),
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
struct Tile<'a, T> {
    taps: &'a [Taps],
    x: *const T,
    x_step: usize,
    y: *mut T,
    y_step: usize,
    weights: *const T,
    pitch: usize,
    /// From tap to tap of a group.
    next: isize,
    bias: *const T,
    relu: bool,
    channels: Range<usize>,
}

impl<T: Element> Tile<'_, T> {
    /// `P` pixels.
    #[inline(always)]
    unsafe fn run<V: Vector<T>, const P: usize>(&self) {
        let Range { start: mut c, end } = self.channels;
        // SAFETY: each register holds channels of the pixels; weights and bias have whole registers.
        unsafe {
            while c + V::LANES <= end {
                self.register::<V, P, true>(c, V::LANES);
                c += V::LANES;
            }
            if c < end {
                self.register::<V, P, false>(c, end - c);
            }
        }
    }

    /// The `n` channels of a register from `c` on; with `WHOLE`, it is full.
    #[inline(always)]
    unsafe fn register<V: Vector<T>, const P: usize, const WHOLE: bool>(&self, c: usize, n: usize) {
        // SAFETY: as in `run`.
        unsafe {
            let mut sums = [V::load(self.bias.add(c)); P];
            for taps in self.taps {
                let x = self.x.wrapping_add(c + taps.x);
                let weights = self.weights.wrapping_add(c + taps.number * self.pitch);
                sums = match taps.count {
                    1 => self.add::<V, P, 1, WHOLE>(sums, x, weights, n),
                    2 => self.add::<V, P, 2, WHOLE>(sums, x, weights, n),
                    3 => self.add::<V, P, 3, WHOLE>(sums, x, weights, n),
                    4 => self.add::<V, P, 4, WHOLE>(sums, x, weights, n),
                    _ => self.add::<V, P, { TAPS }, WHOLE>(sums, x, weights, n),
                };
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

    /// Adds the products with a group of taps.
    #[inline(always)]
    unsafe fn add<V: Vector<T>, const P: usize, const TAPS: usize, const WHOLE: bool>(
        &self,
        mut sums: [V; P],
        x: *const T,
        weights: *const T,
        n: usize,
    ) -> [V; P] {
        // SAFETY: as in `run`.
        unsafe {
            let weights: [V; TAPS] = std::array::from_fn(|t| V::load(weights.wrapping_offset(t as isize * self.next)));
            for at in 0..P + TAPS - 1 {
                let value = load::<T, V, WHOLE>(x.wrapping_add(at * self.x_step), n);
                for t in 0..TAPS {
                    if at >= t && at - t < P {
                        sums[at - t] = value.mul_add(weights[t], sums[at - t]);
                    }
                }
            }
            sums
        }
    }
}
