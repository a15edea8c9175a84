//! The gradient of the weights: products of input and gradient, summed over pixels in registers, one for each tap.
//!
//! The units are divided into parts by sizes alone; each part has sums of its own, which are added up in order.

use super::Job;
use super::division::Division;
use super::joined::Joined;
use super::load;
use super::planes::{self, Grid};
use super::walk::{self, Piece, Tap};
use crate::conv::scratch::{Array, Shared};
use crate::conv::vector::{Element, Kernel, Vector};

/// Parts that the threads share evenly.
const PARTS: usize = 12;
/// Taps summed in registers at once.
const TAPS: usize = 9;

/// The parts that the sum over units has.
pub(super) fn parts(division: &Division) -> usize {
    division.tasks().clamp(1, PARTS)
}

/// One part of the sum over pixels.
pub(super) struct Gradient<'a, T> {
    pub job: &'a Job,
    pub division: &'a Division,
    pub joined: &'a Joined,
    pub x: &'a [T],
    pub g: &'a [T],
    /// Rows as of weights, for each part.
    pub sums: Shared<T>,
    pub part: usize,
}

impl<T: Element> Kernel<T> for Gradient<'_, T> {
    #[inline(always)]
    unsafe fn run<V: Vector<T>>(self) {
        let (tasks, parts) = (self.division.tasks(), parts(self.division));
        let start = |part: usize| part * tasks / parts;
        for task in start(self.part)..start(self.part + 1) {
            for unit in self.division.task(task) {
                // SAFETY: the sums of the part are this task's; the instructions are the caller's word.
                unsafe { self.unit::<V>(unit) };
            }
        }
    }
}

impl<T: Element> Gradient<'_, T> {
    #[inline(always)]
    unsafe fn unit<V: Vector<T>>(&self, unit: usize) {
        let Job { from, to, runs, kernel } = self.job;
        let channels = self.joined.channels;
        let (image, area) = self.division.area(unit);
        let rectangles = walk::rectangles(runs, &area);
        let x = self.x.as_ptr().wrapping_add(image * from.image(channels));
        let mut g = self.g.as_ptr().wrapping_add(image * to.image(channels));
        let source = Grid::image(from.extent, channels);
        let mut target = Grid::image(to.extent, channels);
        let mut planes;
        if to.planes > 1 {
            target = Grid::part(&area, channels);
            planes = Array::dirty(target.len() * to.planes);
            // SAFETY: the area is a box of the image; the scratch was sized for it.
            unsafe { planes::apart(to.extent, &target, to.planes, g, planes.as_mut_ptr()) };
            g = planes.as_ptr();
        }
        let rows = kernel.iter().product::<usize>();
        for rectangle in &rectangles {
            let taps = walk::taps(rectangle, &source, *kernel);
            for piece in walk::pieces(rectangle, self.joined, &source, &target) {
                for plane in 0..to.planes {
                    let g = g.wrapping_add(plane * target.len() + piece.y);
                    let sums = self.sums.at((self.part * to.planes + plane) * rows * self.joined.pitch);
                    // SAFETY: pieces lie in the source and the target, whose sizes were checked or are those of the scratch.
                    unsafe { self.piece::<V>(&piece, &taps, x.wrapping_add(piece.x), g, sums) };
                }
            }
        }
    }

    /// Adds the products of all pixels of a piece to the sums.
    #[inline(always)]
    unsafe fn piece<V: Vector<T>>(&self, piece: &Piece, taps: &[Tap], x: *const T, g: *const T, sums: *mut T) {
        let whole = piece.channels - piece.channels % V::LANES;
        for c in (0..piece.channels).step_by(V::LANES) {
            let mut done = 0;
            // Groups of taps of about the same size.
            for left in (1..=taps.len().div_ceil(TAPS)).rev() {
                let count = (taps.len() - done).div_ceil(left);
                let tile = Tile {
                    piece,
                    taps: &taps[done..done + count],
                    x: x.wrapping_add(c),
                    g: g.wrapping_add(c),
                    n: piece.channels - c,
                    sums: sums.wrapping_add(c),
                    pitch: self.joined.pitch,
                };
                // SAFETY: each register holds channels of the pixels; rows of the sums have whole registers.
                unsafe {
                    if c < whole { tile.taps::<V, true>() } else { tile.taps::<V, false>() }
                }
                done += count;
            }
        }
    }
}

/// A register of channels of all pixels, and a few taps.
struct Tile<'a, T> {
    piece: &'a Piece,
    taps: &'a [Tap],
    x: *const T,
    g: *const T,
    n: usize,
    sums: *mut T,
    pitch: usize,
}

impl<T: Element> Tile<'_, T> {
    /// Picks the loop for the number of taps; with `WHOLE`, the register is full.
    #[inline(always)]
    unsafe fn taps<V: Vector<T>, const WHOLE: bool>(&self) {
        // SAFETY: passed on to the caller.
        unsafe {
            match self.taps.len() {
                9 => self.sum::<V, 9, WHOLE>(),
                8 => self.sum::<V, 8, WHOLE>(),
                7 => self.sum::<V, 7, WHOLE>(),
                6 => self.sum::<V, 6, WHOLE>(),
                5 => self.sum::<V, 5, WHOLE>(),
                4 => self.sum::<V, 4, WHOLE>(),
                3 => self.sum::<V, 3, WHOLE>(),
                2 => self.sum::<V, 2, WHOLE>(),
                _ => self.sum::<V, 1, WHOLE>(),
            }
        }
    }

    #[inline(always)]
    unsafe fn sum<V: Vector<T>, const N: usize, const WHOLE: bool>(&self) {
        let [outer, middle, inner] = self.piece.loops;
        let x: [*const T; N] = std::array::from_fn(|t| self.x.wrapping_add(self.taps[t].x));
        // SAFETY: pixels and taps are those of the piece.
        unsafe {
            let mut sums = [V::splat(T::default()); N];
            for o in 0..outer.count {
                for m in 0..middle.count {
                    let mut from = o * outer.x + m * middle.x;
                    let mut g = self.g.wrapping_add(o * outer.y + m * middle.y);
                    for _ in 0..inner.count {
                        let factor = load::<T, V, WHOLE>(g, self.n);
                        for t in 0..N {
                            sums[t] = load::<T, V, WHOLE>(x[t].wrapping_add(from), self.n).mul_add(factor, sums[t]);
                        }
                        from += inner.x;
                        g = g.wrapping_add(inner.y);
                    }
                }
            }
            for t in 0..N {
                let to = self.sums.add(self.taps[t].number * self.pitch);
                V::load(to).add(sums[t]).store(to);
            }
        }
    }
}

/// Adds up the parts in order, and the pixels that were joined.
pub(super) fn gather<T: Element>(joined: &Joined, planes: usize, parts: usize, sums: &[T], dw: &mut [T]) {
    let len = sums.len() / parts;
    let taps = len / (planes * joined.pitch);
    for tap in 0..taps {
        for (i, to) in dw[tap * joined.channels * planes..][..joined.channels * planes].iter_mut().enumerate() {
            let (channel, plane) = (i / planes, i % planes);
            let row = (plane * taps + tap) * joined.pitch + channel;
            *to = T::default();
            for part in 0..parts {
                for pixel in 0..joined.join {
                    *to += sums[part * len + row + pixel * joined.channels];
                }
            }
        }
    }
}
