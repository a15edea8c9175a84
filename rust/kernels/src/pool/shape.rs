//! A pooling described by its sizes, and a walk over its windows.

use std::ops::Range;

/// A pooling over up to three spatial axes, channels last; outer axes of lower-dimensional ones have size 1.
///
/// Padding behind the input follows from `out`.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct PoolShape {
    pub batch: usize,
    pub input: [usize; 3],
    pub channels: usize,
    pub window: [usize; 3],
    pub strides: [usize; 3],
    pub out: [usize; 3],
    pub pad_before: [usize; 3],
}

impl PoolShape {
    pub fn input_len(&self) -> usize {
        self.batch * self.input_image()
    }

    pub fn out_len(&self) -> usize {
        self.batch * self.out_image()
    }

    /// Taps of a window; the tap index of a maximum is below this.
    pub fn taps(&self) -> usize {
        self.window.iter().product()
    }

    #[inline(always)]
    pub(super) fn input_image(&self) -> usize {
        self.input.iter().product::<usize>() * self.channels
    }

    #[inline(always)]
    pub(super) fn out_image(&self) -> usize {
        self.out.iter().product::<usize>() * self.channels
    }

    /// # Panics
    /// If the slices do not have the lengths of the shape; callers infer shapes before they come here.
    pub(super) fn check(&self, x: usize, y: usize) {
        assert_eq!((x, y), (self.input_len(), self.out_len()), "lengths: {self:?}");
        assert!(self.strides.iter().all(|&s| s > 0), "strides: {self:?}");
    }

    /// First input position (maybe padding) and the taps that are not padding, of output `o` along `axis`.
    #[inline(always)]
    fn reach(&self, axis: usize, o: usize) -> (isize, Range<usize>) {
        let first = (o * self.strides[axis]) as isize - self.pad_before[axis] as isize;
        let from = (-first).clamp(0, self.window[axis] as isize) as usize;
        let to = (self.input[axis] as isize - first).clamp(from as isize, self.window[axis] as isize) as usize;
        (first, from..to)
    }

    /// Input elements from a window's first to each of its taps, in order; none for very large windows, which most images cut.
    pub(super) fn offsets(&self) -> Vec<usize> {
        const MOST: usize = 1 << 12;
        let [depth, height, width] = self.window;
        let taps = depth.saturating_mul(height).saturating_mul(width);
        let at = |d: usize, h: usize, w: usize| ((d * self.input[1] + h) * self.input[2] + w) * self.channels;
        (0..if taps > MOST { 0 } else { taps }).map(|tap| at(tap / (height * width), tap / width % height, tap % width)).collect()
    }

    /// Whether no two windows share an input.
    pub(super) fn is_disjoint(&self) -> bool {
        (0..3).all(|i| self.strides[i] >= self.window[i])
    }

    /// Whether every input belongs to a window.
    pub(super) fn is_covering(&self) -> bool {
        let end = |i: usize| (self.out[i].saturating_sub(1) * self.strides[i]).saturating_add(self.window[i]);
        (0..3).all(|i| self.out[i] > 0 && self.strides[i] <= self.window[i] && end(i) >= self.input[i] + self.pad_before[i])
    }

    /// Calls `visit(first output element of the pixel, its window)` for the output pixels of some rows (depth and height
    /// flattened) of one image.
    #[inline(always)]
    pub(super) fn pixels<'a>(&self, rows: Range<usize>, offsets: &'a [usize], mut visit: impl FnMut(usize, &Window<'a>)) {
        let [_, hs, ws] = self.input.map(|v| v as isize);
        // Columns whose windows reach over neither edge of the image.
        let (pad, stride) = (self.pad_before[2], self.strides[2]);
        let inner = pad.div_ceil(stride)..(self.input[2] + pad + stride).saturating_sub(self.window[2]) / stride;
        for row in rows {
            let (d, depth) = self.reach(0, row / self.out[1]);
            let (h, height) = self.reach(1, row % self.out[1]);
            let whole_rows = depth.len() == self.window[0] && height.len() == self.window[1] && !offsets.is_empty();
            let start = ((d * hs + h) * ws - pad as isize) * self.channels as isize;
            for column in 0..self.out[2] {
                let start = start + (column * stride * self.channels) as isize;
                let window = if whole_rows && inner.contains(&column) {
                    Window::Whole { start: start as usize, offsets }
                } else {
                    Window::Part {
                        start,
                        steps: [self.input[1] * self.input[2], self.input[2], 1].map(|v| v * self.channels),
                        taps: [depth.clone(), height.clone(), self.reach(2, column).1],
                        window: [self.window[1], self.window[2]],
                    }
                };
                visit((row * self.out[2] + column) * self.channels, &window);
            }
        }
    }
}

/// The part of a window that lies in the image.
pub(super) enum Window<'a> {
    Whole { start: usize, offsets: &'a [usize] },
    Part { start: isize, steps: [usize; 3], taps: [Range<usize>; 3], window: [usize; 2] },
}

impl Window<'_> {
    pub fn count(&self) -> usize {
        match self {
            Self::Whole { offsets, .. } => offsets.len(),
            Self::Part { taps, .. } => taps.iter().map(Range::len).product(),
        }
    }

    /// Calls `visit(tap index, first input element)` for each tap in order.
    #[inline(always)]
    pub fn each(&self, mut visit: impl FnMut(usize, usize)) {
        match self {
            // By far the most frequent window, two by two.
            Self::Whole { start, offsets: [a, b, c, d] } => {
                for (tap, offset) in [a, b, c, d].into_iter().enumerate() {
                    visit(tap, start + offset);
                }
            }
            Self::Whole { start, offsets } => {
                for (tap, offset) in offsets.iter().enumerate() {
                    visit(tap, start + offset);
                }
            }
            Self::Part { start, steps, taps: [depth, height, width], window } => {
                for d in depth.clone() {
                    for h in height.clone() {
                        for w in width.clone() {
                            let offset = d * steps[0] + h * steps[1] + w * steps[2];
                            visit((d * window[0] + h) * window[1] + w, (start + offset as isize) as usize);
                        }
                    }
                }
            }
        }
    }
}
