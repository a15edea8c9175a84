//! How the outputs of a depthwise job are shared out, by sizes alone.

use std::ops::Range;

/// Output elements of a unit, as far as rows allow: with what they read they stay in the second-level cache.
const UNIT: usize = 32 << 10;
/// Output elements that a task should have.
const TASK: usize = 16 << 10;

/// The outputs of a batch in units: boxes of a few rows of one image.
pub struct Division {
    extent: [usize; 3],
    /// Sizes of a unit, those at the far ends excepted.
    size: [usize; 3],
    /// Units of an image along each axis.
    pieces: [usize; 3],
    pub units: usize,
    /// Consecutive units that make a task.
    pub per_task: usize,
}

impl Division {
    /// Of pixels with `channels` channels each.
    pub fn new(batch: usize, extent: [usize; 3], channels: usize) -> Self {
        let channels = channels.max(1);
        // Even pieces: the last one should not be a sliver.
        let even = |len: usize, most: usize| len.div_ceil(len.div_ceil(most.max(1)).max(1)).max(1);
        let columns = even(extent[2], UNIT / channels);
        let rows = if columns < extent[2] { 1 } else { even(extent[1], UNIT / (columns * channels)) };
        let size = [1, rows, columns];
        let pieces = std::array::from_fn(|i| extent[i].div_ceil(size[i]));
        let units = batch * pieces.iter().product::<usize>();
        Self { extent, size, pieces, units, per_task: (TASK / (rows * columns * channels)).max(1) }
    }

    pub fn tasks(&self) -> usize {
        self.units.div_ceil(self.per_task)
    }

    /// The units of a task.
    pub fn task(&self, task: usize) -> Range<usize> {
        task * self.per_task..((task + 1) * self.per_task).min(self.units)
    }

    /// The image of a unit, and its positions along each axis.
    pub fn area(&self, unit: usize) -> (usize, [Range<usize>; 3]) {
        let [depth, height, width] = self.pieces;
        let at = [unit / (width * height) % depth, unit / width % height, unit % width];
        let range = |i: usize| at[i] * self.size[i]..((at[i] + 1) * self.size[i]).min(self.extent[i]);
        (unit / (width * height * depth), [range(0), range(1), range(2)])
    }
}
