//! The forward kernel for results of few channels: registers along channels would be mostly empty, so they lie along rows of pixels, and
//! weights are what is repeated.

use std::mem::MaybeUninit;

use super::tile::Forward;
use super::vector::{Element, Vector};

/// Channels up to which they count as few.
pub(super) const FEW: usize = 4;

impl<T: Element> Forward<'_, T> {
    /// All pixels of a block.
    ///
    /// # Safety
    /// Windows, weights and results must be those of the layout, whose bands are planar; two registers past the band must be readable.
    #[inline(always)]
    pub(super) unsafe fn along_rows<V: Vector<T>>(&self, windows: *const T) {
        // SAFETY: passed on to the caller.
        unsafe {
            match self.job.to.count {
                1 => self.channels::<V, 1>(windows),
                2 => self.channels::<V, 2>(windows),
                3 => self.channels::<V, 3>(windows),
                _ => self.channels::<V, FEW>(windows),
            }
        }
    }

    #[inline(always)]
    unsafe fn channels<V: Vector<T>, const CHANNELS: usize>(&self, windows: *const T) {
        let width = self.job.axes[2].out;
        for column in (0..width).step_by(2 * V::LANES) {
            // SAFETY: passed on to the caller. So many rows at once that eight sums or more are under way.
            unsafe {
                match (width - column > V::LANES, CHANNELS) {
                    (false, 1) => self.column::<V, CHANNELS, 1, 8>(windows, column),
                    (false, 2) => self.column::<V, CHANNELS, 1, 4>(windows, column),
                    (false, 3) => self.column::<V, CHANNELS, 1, 3>(windows, column),
                    (false, _) => self.column::<V, CHANNELS, 1, 2>(windows, column),
                    (true, 1) => self.column::<V, CHANNELS, 2, 4>(windows, column),
                    (true, 2 | 3) => self.column::<V, CHANNELS, 2, 2>(windows, column),
                    (true, _) => self.column::<V, CHANNELS, 2, 1>(windows, column),
                }
            }
        }
    }

    /// The pixels of all rows from a column on.
    #[inline(always)]
    unsafe fn column<V: Vector<T>, const CHANNELS: usize, const REGS: usize, const ROWS: usize>(&self, windows: *const T, column: usize) {
        let rows = self.layout.valid(self.job, self.block, 0) / self.job.axes[2].out.max(1);
        // SAFETY: passed on to the caller.
        unsafe {
            if rows >= ROWS {
                // The last rows overlap those before.
                for row in (0..rows).step_by(ROWS).map(|row| row.min(rows - ROWS)) {
                    V::apart(
                        #[inline(always)]
                        || self.strip::<V, CHANNELS, REGS, ROWS>(windows, row, column),
                    );
                }
            } else {
                for row in 0..rows {
                    V::apart(
                        #[inline(always)]
                        || self.strip::<V, CHANNELS, REGS, 1>(windows, row, column),
                    );
                }
            }
        }
    }

    /// Some registers of some rows.
    #[inline(always)]
    unsafe fn strip<V: Vector<T>, const CHANNELS: usize, const REGS: usize, const ROWS: usize>(
        &self,
        windows: *const T,
        row: usize,
        column: usize,
    ) {
        let (layout, width) = (self.layout, self.job.axes[2].out);
        let window: [*const T; ROWS] = std::array::from_fn(|i| windows.wrapping_add(layout.window[(row + i) * width + column]));
        // SAFETY: windows lie in the band, but for lanes past a row, which are not stored; weights are packed as deep as a window, each
        // step a register long; the results are this block's own.
        unsafe {
            let mut sums: [[[V; REGS]; CHANNELS]; ROWS] =
                [std::array::from_fn(|c| [V::splat(self.finish.bias[c]); REGS]); ROWS];
            let mut weights = self.weights.as_ptr();
            for &run in layout.runs.iter() {
                for k in 0..layout.run {
                    let at = run + k * layout.step;
                    let x: [[V; REGS]; ROWS] =
                        std::array::from_fn(|i| std::array::from_fn(|r| V::load(window[i].add(at + r * V::LANES))));
                    for c in 0..CHANNELS {
                        let weight = V::splat(*weights.add(c));
                        for i in 0..ROWS {
                            for r in 0..REGS {
                                sums[i][c][r] = x[i][r].mul_add(weight, sums[i][c][r]);
                            }
                        }
                    }
                    weights = weights.add(V::LANES);
                }
            }
            let start = layout.output_start(self.job, self.block, 0) + self.job.to.first;
            for i in 0..ROWS {
                let outputs = &layout.output[(row + i) * width + column..(row + i + 1) * width];
                let mut held = MaybeUninit::<[[[T; 16]; REGS]; CHANNELS]>::uninit();
                let held = held.as_mut_ptr().cast::<T>();
                for c in 0..CHANNELS {
                    for r in 0..REGS {
                        let sum = sums[i][c][r];
                        let sum = if self.finish.relu { sum.relu() } else { sum };
                        sum.store(held.add((c * REGS + r) * V::LANES));
                    }
                }
                for (p, output) in outputs.iter().take(REGS * V::LANES).enumerate() {
                    let y = self.y.at(start + output);
                    for c in 0..CHANNELS {
                        *y.add(c) = *held.add(c * REGS * V::LANES + p);
                    }
                }
            }
        }
    }
}
