//! The pixels of a unit as rectangles that meet the same taps, and those as nested loops.

use std::ops::Range;

use super::joined::Joined;
use super::planes::Grid;
use super::runs::Run;

/// Outputs of one run along each axis.
pub(super) type Rectangle = [Run; 3];

/// The rectangles of some outputs.
pub(super) fn rectangles(runs: &[Vec<Run>; 3], area: &[Range<usize>; 3]) -> Vec<Rectangle> {
    let within = |i: usize| runs[i].iter().filter_map(move |run| run.within(&area[i]));
    let mut rectangles = Vec::new();
    for d in within(0) {
        for h in within(1) {
            rectangles.extend(within(2).map(|w| [d, h, w]));
        }
    }
    rectangles
}

/// The box of input positions that rectangles read.
pub(super) fn reach(rectangles: &[Rectangle]) -> [Range<usize>; 3] {
    [0, 1, 2].map(|i| {
        let parts = || rectangles.iter().filter_map(move |r| r[i].reach());
        let start = parts().map(|p| p.start).min().unwrap_or(0);
        start..parts().map(|p| p.end).max().unwrap_or(start)
    })
}

/// One loop: how often, and how far both sides move each time.
#[derive(Clone, Copy, Debug)]
pub(super) struct Steps {
    pub count: usize,
    pub x: usize,
    pub y: usize,
}

/// Taps that the pixels of a tile meet one after the other: what one pixel multiplies with one tap, its neighbour does with
/// the tap before. So each register of input is loaded once for all of them.
#[derive(Clone, Copy, Debug)]
pub(super) struct Taps {
    /// From a pixel's first tap to the first of these.
    pub x: usize,
    /// The number of the first among all taps of the kernel.
    pub number: usize,
    pub count: usize,
}

/// Taps of a group at the most, as registers go.
pub(super) const TAPS: usize = 5;

/// A part of a rectangle: pixels, joined or not, of `channels` channels.
pub(super) struct Piece {
    /// The first pixel: its first tap in the input, its output.
    pub x: usize,
    pub y: usize,
    /// From the outermost on; the innermost is the longer one of those along rows and columns.
    pub loops: [Steps; 3],
    pub channels: usize,
    pub taps: Vec<Taps>,
    /// From the number of a tap to that of the next one in its group.
    pub next: isize,
}

/// What the pieces of a unit share.
pub(super) struct Frame<'a> {
    pub joined: &'a Joined,
    pub kernel: [usize; 3],
    pub source: Grid,
    pub target: Grid,
}

impl Frame<'_> {
    /// The pieces of a rectangle.
    pub fn pieces<'a>(&'a self, rectangle: &'a Rectangle) -> impl Iterator<Item = Piece> + 'a {
        let [d, h, w] = rectangle;
        let (from, to) = (self.source.pitch(), self.target.pitch());
        let is_read = rectangle.iter().all(|run| run.taps > 0);
        let start = if is_read { self.source.at(rectangle.each_ref().map(|run| run.input)) } else { 0 };
        let output = self.target.at(rectangle.each_ref().map(|run| run.out));
        let steps = move |i: usize, count: usize, join: usize| {
            let run = &rectangle[i];
            Steps { count, x: run.in_step * from[i] * join, y: run.out_step * to[i] * join }
        };
        self.joined.pieces(w.count).map(move |(first, count, channels)| {
            let [rows, columns] = [steps(1, h.count, 1), steps(2, count, self.joined.join)];
            let (axis, middle, inner) = if count >= h.count { (2, rows, columns) } else { (1, columns, rows) };
            let run = &rectangle[axis];
            let (taps, next) = self.taps(rectangle, axis, inner.x == run.tap_step * from[axis]);
            Piece {
                x: start + first * w.in_step * from[2],
                y: output + first * w.out_step * to[2],
                loops: [steps(0, d.count, 1), middle, inner],
                channels,
                taps,
                next,
            }
        })
    }

    /// The taps of a rectangle, where `grouped` those along an axis together; and how their numbers go on there.
    fn taps(&self, rectangle: &Rectangle, axis: usize, grouped: bool) -> (Vec<Taps>, isize) {
        let (from, [_, height, width]) = (self.source.pitch(), self.kernel);
        let numbers = [height * width, width, 1];
        // Groups of about the same size.
        let along = rectangle[axis].taps;
        let size = if grouped { along.div_ceil(along.div_ceil(TAPS).max(1)).max(1) } else { 1 };
        let groups = |i: usize| {
            let (run, size) = (&rectangle[i], if i == axis { size } else { 1 });
            (0..run.taps).step_by(size).map(move |t| {
                let row = (run.kernel as isize + t as isize * run.kernel_step) as usize;
                (t * run.tap_step * from[i], row * numbers[i], size.min(run.taps - t))
            })
        };
        let mut taps = Vec::new();
        for d in groups(0) {
            for h in groups(1) {
                taps.extend(groups(2).map(|w| Taps { x: d.0 + h.0 + w.0, number: d.1 + h.1 + w.1, count: h.2 * w.2 }));
            }
        }
        (taps, rectangle[axis].kernel_step * numbers[axis] as isize)
    }
}
