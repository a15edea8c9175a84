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

/// Where one tap's factors lie: elements of the input from a pixel's first tap on, and the tap's number among all of the kernel.
#[derive(Clone, Copy, Debug)]
pub(super) struct Tap {
    pub x: usize,
    pub number: usize,
}

/// The taps that a rectangle meets, in the order of the input.
pub(super) fn taps([d, h, w]: &Rectangle, source: &Grid, kernel: [usize; 3]) -> Vec<Tap> {
    let pitch = source.pitch();
    let mut taps = Vec::with_capacity(d.taps * h.taps * w.taps);
    for (xd, kd) in d.each_tap() {
        for (xh, kh) in h.each_tap() {
            let row = xd * pitch[0] + xh * pitch[1];
            let first = (kd * kernel[1] + kh) * kernel[2];
            taps.extend(w.each_tap().map(|(xw, kw)| Tap { x: row + xw * pitch[2], number: first + kw }));
        }
    }
    taps
}

/// One loop: how often, and how far both sides move each time.
#[derive(Clone, Copy, Debug)]
pub(super) struct Steps {
    pub count: usize,
    pub x: usize,
    pub y: usize,
}

/// A part of a rectangle: pixels, joined or not, of `channels` channels.
#[derive(Clone, Copy, Debug)]
pub(super) struct Piece {
    /// The first pixel: its first tap in the input, its output.
    pub x: usize,
    pub y: usize,
    /// From the outermost on; the innermost is the longer one of those along rows and columns.
    pub loops: [Steps; 3],
    pub channels: usize,
    /// About how many registers of input and weights a tile of eight reads.
    pub lines: usize,
}

/// The pieces of a rectangle.
pub(super) fn pieces<'a>(
    rectangle: &'a Rectangle,
    joined: &'a Joined,
    source: &'a Grid,
    target: &'a Grid,
) -> impl Iterator<Item = Piece> + 'a {
    let [d, h, w] = rectangle;
    let (from, to) = (source.pitch(), target.pitch());
    let is_read = rectangle.iter().all(|run| run.taps > 0);
    let start = if is_read { source.at(rectangle.each_ref().map(|run| run.input)) } else { 0 };
    let steps = move |i: usize, count: usize, join: usize| {
        let run = &rectangle[i];
        Steps { count, x: run.in_step * from[i] * join, y: run.out_step * to[i] * join }
    };
    joined.pieces(w.count).map(move |(first, count, channels)| {
        let (rows, columns) = (steps(1, h.count, 1), steps(2, count, joined.join));
        let inner = if columns.count >= rows.count { [rows, columns] } else { [columns, rows] };
        Piece {
            x: start + first * w.in_step * from[2],
            y: target.at(rectangle.each_ref().map(|run| run.out)) + first * w.out_step * to[2],
            loops: [steps(0, d.count, 1), inner[0], inner[1]],
            channels,
            lines: (d.taps * h.taps * (2 * w.taps + 8)).max(1),
        }
    })
}
