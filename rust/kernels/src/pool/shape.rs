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

    pub(super) fn input_image(&self) -> usize {
        self.input.iter().product::<usize>() * self.channels
    }

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

    /// Calls `visit(first output element of the pixel, its window)` for the output pixels of some rows (depth and height
    /// flattened) of one image.
    #[inline(always)]
    pub(super) fn pixels(&self, rows: Range<usize>, mut visit: impl FnMut(usize, &Window)) {
        for row in rows {
            let (d, depth) = self.reach(0, row / self.out[1]);
            let (h, height) = self.reach(1, row % self.out[1]);
            for column in 0..self.out[2] {
                let (w, width) = self.reach(2, column);
                let [_, hs, ws] = self.input.map(|v| v as isize);
                let window = Window {
                    start: ((d * hs + h) * ws + w) * self.channels as isize,
                    steps: [self.input[1] * self.input[2], self.input[2], 1].map(|v| v * self.channels),
                    taps: [depth.clone(), height.clone(), width],
                    window: [self.window[1], self.window[2]],
                };
                visit((row * self.out[2] + column) * self.channels, &window);
            }
        }
    }
}

/// The part of a window that lies in the image.
pub(super) struct Window {
    start: isize,
    steps: [usize; 3],
    taps: [Range<usize>; 3],
    window: [usize; 2],
}

impl Window {
    pub fn count(&self) -> usize {
        self.taps.iter().map(Range::len).product()
    }

    /// Calls `visit(tap index, first input element)` for each tap in order.
    #[inline(always)]
    pub fn each(&self, mut visit: impl FnMut(usize, usize)) {
        let [depth, height, width] = &self.taps;
        for d in depth.clone() {
            for h in height.clone() {
                for w in width.clone() {
                    let offset = d * self.steps[0] + h * self.steps[1] + w * self.steps[2];
                    let tap = (d * self.window[0] + h) * self.window[1] + w;
                    visit(tap, (self.start + offset as isize) as usize);
                }
            }
        }
    }
}
