//! The gradient of the weights: products of input and gradient, summed over pixels in registers, one for each tap.
//!
//! The units are divided into parts by sizes alone; each part has sums of its own, which are added up in order.

use super::Job;
use super::division::Division;
use super::joined::Joined;
use super::load;
use super::planes::{self, Grid};
use super::walk::{self, Piece, Steps, Taps};
use crate::conv::scratch::{Array, Shared};
use crate::conv::vector::{Element, Kernel, Vector, opaque};

/// Parts that the threads share evenly.
const PARTS: usize = 12;
/// Pixels whose gradients are in registers at once.
const PIXELS: usize = 4;
/// Sums in registers at once.
const SUMS: usize = 10;
/// Pixels of a row that are done with for all channels before the next ones, so that what one register of channels brings to
/// the cache is there for the others.
const COLUMNS: usize = 2 * PIXELS;

/// The parts that the sum over units has.
pub(super) fn parts(division: &Division) -> usize {
    division.tasks().clamp(1, PARTS)
}

/// One part of the sum over pixels.
pub struct Gradient<'a, T> {
    pub job: &'a Job,
    pub division: &'a Division,
    pub joined: &'a Joined,
    pub x: &'a [T],
    pub g: &'a [T],
    /// Rows as of weights, for each part.
    pub(super) sums: Shared<T>,
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
        let mut frame = self.job.frame(self.joined);
        let mut planes;
        if to.planes > 1 {
            frame.target = Grid::part(&area, channels);
            planes = Array::dirty(frame.target.len() * to.planes);
            // SAFETY: the area is a box of the image; the scratch was sized for it.
            unsafe { planes::apart(to.extent, &frame.target, to.planes, g, planes.as_mut_ptr()) };
            g = planes.as_ptr();
        }
        let rows = kernel.iter().product::<usize>();
        for rectangle in &rectangles {
            for mut piece in frame.pieces(rectangle) {
                piece.taps.sort_by_key(|taps| taps.count);
                for plane in 0..to.planes {
                    let g = g.wrapping_add(plane * frame.target.len() + piece.y);
                    let sums = self.sums.at((self.part * to.planes + plane) * rows * self.joined.pitch);
                    // SAFETY: pieces lie in the source and the target, whose sizes were checked or are those of the scratch.
                    unsafe { self.piece::<V>(&piece, x.wrapping_add(piece.x), g, sums) };
                }
            }
        }
    }

    /// Adds the products of all pixels of a piece to the sums.
    #[inline(always)]
    unsafe fn piece<V: Vector<T>>(&self, piece: &Piece, x: *const T, g: *const T, sums: *mut T) {
        let pitch = self.joined.pitch;
        let [outer, middle, inner] = piece.loops;
        let columns = if piece.channels > V::LANES { COLUMNS } else { inner.count.max(1) };
        let places = (0..inner.count).step_by(columns);
        for (column, c) in places.flat_map(|p| (0..piece.channels).step_by(V::LANES).map(move |c| (p, c))) {
            let loops = [outer, middle, Steps { count: columns.min(inner.count - column), ..inner }];
            for like in piece.taps.chunk_by(|a, b| a.count == b.count) {
                // As many groups at a time as there are registers.
                for taps in like.chunks((SUMS / like[0].count).max(1)) {
                    let tile = Tile {
                        loops,
                        taps,
                        next: piece.next * pitch as isize,
                        x: x.wrapping_add(column * inner.x + c),
                        g: g.wrapping_add(column * inner.y + c),
                        n: V::LANES.min(piece.channels - c),
                        sums: sums.wrapping_add(c),
                        pitch,
                    };
                    // SAFETY: each register holds channels of the pixels; rows of the sums have whole registers.
                    unsafe {
                        if tile.n == V::LANES { tile.run::<V, true>() } else { tile.run::<V, false>() }
                    }
                }
            }
        }
    }
}

/// A register of channels of all pixels, and a few groups of as many taps each.
struct Tile<'a, T> {
    loops: [Steps; 3],
    taps: &'a [Taps],
    next: isize,
    x: *const T,
    g: *const T,
    n: usize,
    sums: *mut T,
    pitch: usize,
}

impl<T: Element> Tile<'_, T> {
    /// Picks the loop for the number of groups and taps; with `WHOLE`, the register is full.
    #[inline(always)]
    unsafe fn run<V: Vector<T>, const WHOLE: bool>(&self) {
        macro_rules! tiles {
            ($($taps:literal: $($groups:literal)+;)+) => {
                match (self.taps[0].count, self.taps.len()) {
                    // SAFETY: passed on to the caller.
                    $($(($taps, $groups) => unsafe { V::apart(#[inline(always)] || self.sum::<V, $groups, $taps, WHOLE>()) },)+)+
                    (taps, groups) => unreachable!("no tile of {groups} times {taps} taps"),
                }
            };
        }
        tiles! {
            1: 1 2 3 4 5 6 7 8 9 10;
            2: 1 2 3 4 5;
            3: 1 2 3;
            4: 1 2;
            5: 1 2;
        }
    }

    #[inline(always)]
    unsafe fn sum<V: Vector<T>, const GROUPS: usize, const TAPS: usize, const WHOLE: bool>(&self) {
        let [outer, middle, inner] = self.loops;
        let x: [*const T; GROUPS] = std::array::from_fn(|i| self.x.wrapping_add(self.taps[i].x));
        // SAFETY: pixels and taps are those of the piece.
        unsafe {
            let mut sums = [[V::splat(T::default()); TAPS]; GROUPS];
            for o in 0..outer.count {
                for m in 0..middle.count {
                    let (from, to) = (o * outer.x + m * middle.x, o * outer.y + m * middle.y);
                    let rest = inner.count % PIXELS;
                    for p in (0..inner.count - rest).step_by(PIXELS) {
                        sums = self.pixels::<V, PIXELS, GROUPS, TAPS, WHOLE>(sums, &x, from + p * inner.x, to + p * inner.y);
                    }
                    let p = inner.count - rest;
                    let (from, to) = (from + p * inner.x, to + p * inner.y);
                    sums = match rest {
                        3 => self.pixels::<V, 3, GROUPS, TAPS, WHOLE>(sums, &x, from, to),
                        2 => self.pixels::<V, 2, GROUPS, TAPS, WHOLE>(sums, &x, from, to),
                        1 => self.pixels::<V, 1, GROUPS, TAPS, WHOLE>(sums, &x, from, to),
                        _ => sums,
                    };
                }
            }
            for i in 0..GROUPS {
                for t in 0..TAPS {
                    let row = (self.taps[i].number * self.pitch) as isize + t as isize * self.next;
                    let to = self.sums.offset(row);
                    V::load(to).add(sums[i][t]).store(to);
                }
            }
        }
    }

    /// Adds the products of `P` pixels.
    #[inline(always)]
    unsafe fn pixels<V: Vector<T>, const P: usize, const GROUPS: usize, const TAPS: usize, const WHOLE: bool>(
        &self,
        mut sums: [[V; TAPS]; GROUPS],
        x: &[*const T; GROUPS],
        from: usize,
        to: usize,
    ) -> [[V; TAPS]; GROUPS] {
        let inner = self.loops[2];
        // SAFETY: as in `sum`.
        unsafe {
            let g = opaque(self.g.wrapping_add(to));
            let g: [V; P] = std::array::from_fn(|p| load::<T, V, WHOLE>(g.wrapping_add(p * inner.y), self.n));
            for i in 0..GROUPS {
                let mut four = opaque(x[i].wrapping_add(from));
                for at in 0..P + TAPS - 1 {
                    four = if at > 0 && at % 4 == 0 { opaque(four.wrapping_add(4 * inner.x)) } else { four };
                    let value = load::<T, V, WHOLE>(four.wrapping_add(at % 4 * inner.x), self.n);
                    for t in 0..TAPS {
                        if at >= t && at - t < P {
                            sums[i][t] = value.mul_add(g[at - t], sums[i][t]);
                        }
                    }
                }
            }
            sums
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
