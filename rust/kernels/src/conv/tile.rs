//! The forward kernel: some pixels by one or two registers of channels, summed over the whole window.

use std::mem::MaybeUninit;

use super::band;
use super::layout::{Layout, PLANAR_TILES};
use super::pack::{Panel, panel, panels};
use super::scratch::{Array, Shared};
use super::shape::Job;
use super::sums::{TAPS, along, sum};
use super::vector::{Element, Kernel, Vector};
use crate::gemm::broadcast::Operands;
use crate::isa::loads_are_scarce;

/// Pixels of the tiles of rows whose numbers are shared: sums of one register leave room for more of them.
const SHARED_TILES: [usize; 5] = [16, 14, 12, 10, 8];

/// What happens to finished sums on their way to memory.
#[derive(Clone, Copy)]
pub(super) struct Finish<'a, T> {
    /// A value per lane of the packed panels.
    pub bias: &'a [T],
    pub relu: bool,
}

/// One block of a job.
pub struct Forward<'a, T> {
    pub(super) job: &'a Job,
    pub(super) layout: &'a Layout,
    pub(super) x: &'a [T],
    pub(super) weights: &'a [T],
    pub(super) finish: Finish<'a, T>,
    pub(super) y: Shared<T>,
    pub(super) block: usize,
}

impl<T: Element> Kernel<T> for Forward<'_, T> {
    #[inline(always)]
    unsafe fn run<V: Vector<T>>(self) {
        let (job, layout) = (self.job, self.layout);
        let scratch;
        let windows = if layout.direct {
            self.x.as_ptr().wrapping_add(layout.direct_start(job, self.block))
        } else {
            let len = layout.band_len(job) * layout.interleave * layout.images;
            let row = layout.band[2] * job.from.count;
            // Registers along rows may be read past the band.
            let mut array = Array::<T>::dirty(len + row.max(2 * V::LANES));
            let (band, zeros) = array.split_at_mut(len);
            zeros.fill(T::default());
            // SAFETY: the scratch was sized for the block, the input is that of the job.
            unsafe { band::fill(job, layout, self.block, self.x.as_ptr(), zeros, band.as_mut_ptr()) };
            scratch = array;
            scratch.as_ptr()
        };
        // SAFETY: windows, weights and outputs are those of the layout; the instruction set is the caller's promise.
        unsafe {
            match layout.interleave {
                _ if layout.along_rows => self.along_rows::<V>(windows),
                1 => self.panels::<V, 1>(windows),
                _ => self.panels::<V, 2>(windows),
            }
        }
    }
}

impl<T: Element> Forward<'_, T> {
    #[inline(always)]
    unsafe fn panels<V: Vector<T>, const GROUP: usize>(&self, windows: *const T) {
        let of = |i: usize| panel(self.job, V::LANES, GROUP, i);
        let count = panels(self.job, V::LANES, GROUP);
        let whole = |i: usize| i < count && of(i).channels == 2 * V::LANES;
        // Four registers wide, tiles pass over all weights for six pixels rather than fourteen: loads more than they save.
        let wide = V::ROWS_WIDE > 0 && GROUP == 1 && self.layout.neighbours && !loads_are_scarce();
        let mut next = 0;
        while next < count {
            let i = next;
            let two = wide && whole(i) && whole(i + 1);
            next += if two { 2 } else { 1 };
            let panel = of(i);
            let bias = self.finish.bias[i * 2 * V::LANES..].as_ptr();
            if two {
                // SAFETY: passed on to the caller.
                unsafe { self.two_panels::<V>(windows, panel, of(i + 1).start - panel.start, bias) };
                continue;
            }
            // SAFETY: passed on to the caller; the number of pixels is the one that fits the registers.
            unsafe {
                // Constant conditions, so that only the tiles of this instruction set are compiled.
                if const { V::PIXELS == 14 } {
                    match panel.registers {
                        1 => self.pixels::<V, GROUP, 14, 7, 1>(windows, panel, bias),
                        _ => self.pixels::<V, GROUP, 14, 7, 2>(windows, panel, bias),
                    }
                } else if const { V::PIXELS == 6 } {
                    match panel.registers {
                        1 => self.pixels::<V, GROUP, 6, 3, 1>(windows, panel, bias),
                        _ => self.pixels::<V, GROUP, 6, 3, 2>(windows, panel, bias),
                    }
                } else {
                    match panel.registers {
                        1 => self.pixels::<V, GROUP, 2, 1, 1>(windows, panel, bias),
                        _ => self.pixels::<V, GROUP, 2, 1, 2>(windows, panel, bias),
                    }
                }
            }
        }
    }

    /// A panel and the one after it, which starts `right` further on, row by row.
    #[inline(always)]
    unsafe fn two_panels<V: Vector<T>>(&self, windows: *const T, panel: Panel, right: usize, bias: *const T) {
        let start = self.layout.output_start(self.job, self.block, 0) + self.job.to.first + panel.first;
        let row = self.job.axes[2].out.max(1);
        let pixels = self.layout.valid(self.job, self.block, 0);
        for first in (0..pixels).step_by(row) {
            let mut p = first;
            while p < first + row {
                let left = first + row - p;
                // Two pixels are too few sums to be under way at once: eight are done four by four.
                let size = [6, 4, 2, 1].into_iter().find(|size| *size <= left && left != *size + 2).unwrap_or(left);
                macro_rules! sizes {
                    ($($size:literal)+) => {
                        match size {
                            $($size => V::apart(#[inline(always)] || if const { $size <= V::ROWS_WIDE } {
                                self.row::<V, $size, 4>(windows, panel, right, bias, p, start);
                            }),)+
                            _ => unreachable!("a tile of {size} pixels"),
                        }
                    };
                }
                // SAFETY: passed on to the caller.
                unsafe { sizes!(1 2 4 6) }
                p += size;
            }
        }
    }

    #[inline(always)]
    unsafe fn pixels<V: Vector<T>, const GROUP: usize, const FULL: usize, const HALF: usize, const REGS: usize>(
        &self,
        windows: *const T,
        panel: Panel,
        bias: *const T,
    ) {
        let mut valid = [0; 16];
        let mut starts = [0; 16];
        for part in 0..GROUP {
            valid[part] = self.layout.valid(self.job, self.block, part);
            if valid[part] > 0 {
                starts[part] = self.layout.output_start(self.job, self.block, part) + self.job.to.first + panel.first;
            }
        }
        // Earlier parts are never shorter than later ones, but for the last rows of an image.
        let pixels = valid.into_iter().max().unwrap_or(0);
        let row = self.job.axes[2].out;
        if GROUP == 1
            && let Some(size) = self.row_tile(V::PIXELS, self.shares(REGS))
        {
            for start in (0..pixels).step_by(row.max(1)) {
                for p in (0..row).step_by(size).map(|p| start + p.min(row - size)) {
                    macro_rules! sizes {
                        ($($size:literal)+) => {
                            match size {
                                $($size => V::apart(#[inline(always)] || if const { GROUP == 1 && ($size == V::PIXELS || (V::PIXELS == 14 && $size >= 8 && ($size <= 14 || REGS == 1))) } {
                                    self.row::<V, $size, REGS>(windows, panel, 0, bias, p, starts[0]);
                                }),)+
                                _ => unreachable!("a tile of {size} pixels"),
                            }
                        };
                    }
                    // SAFETY: passed on to the caller.
                    unsafe { sizes!(2 6 8 10 12 14 16) }
                }
            }
            return;
        }
        if GROUP > 1 && self.layout.neighbours && row >= FULL {
            // Row by row, one address for all windows of a tile; the last tile of a row overlaps the one before it.
            for start in (0..pixels).step_by(row.max(1)) {
                for p in (0..row).step_by(FULL).map(|p| start + p.min(row - FULL)) {
                    // SAFETY: passed on to the caller.
                    unsafe {
                        V::apart(#[inline(always)] || if const { FULL == V::PIXELS && GROUP > 1 && REGS == 1 } { self.tile::<V, GROUP, FULL, REGS, true>(windows, panel, bias, p, pixels, &valid, &starts) });
                    }
                }
            }
            return;
        }
        let mut p = 0;
        while p < pixels {
            // SAFETY: passed on to the caller.
            unsafe {
                if pixels - p > HALF {
                    V::apart(#[inline(always)] || if const { FULL == V::PIXELS && (GROUP == 1 || REGS == 1) } { self.tile::<V, GROUP, FULL, REGS, false>(windows, panel, bias, p, pixels, &valid, &starts) });
                    p += FULL;
                } else if pixels - p > 1 {
                    V::apart(#[inline(always)] || if const { FULL == V::PIXELS && (GROUP == 1 || REGS == 1) } { self.tile::<V, GROUP, HALF, REGS, false>(windows, panel, bias, p, pixels, &valid, &starts) });
                    p += HALF;
                } else {
                    V::apart(#[inline(always)] || if const { FULL == V::PIXELS && (GROUP == 1 || REGS == 1) } { self.tile::<V, GROUP, 1, REGS, false>(windows, panel, bias, p, pixels, &valid, &starts) });
                    p += 1;
                }
            }
        }
    }

    /// Pixels of the tiles of rows whose windows are neighbours, if such tiles fit: those that cost the fewest instructions.
    #[inline(always)]
    fn row_tile(&self, most: usize, shares: bool) -> Option<usize> {
        let row = self.job.axes[2].out;
        let sizes: &[usize] = match most {
            14 if shares => &SHARED_TILES,
            14 => &PLANAR_TILES,
            6 => &[6],
            _ => &[2],
        };
        let cost = |size: &usize| row.div_ceil(*size) * (2 * size + 3);
        sizes.iter().copied().filter(|size| self.layout.neighbours && row >= *size).min_by_key(cost)
    }

    /// Whether the pixels of a tile share what they load (see `along`). One register of channels is multiplied once with each number; where
    /// loads are cheaper than instructions that is no loss.
    #[inline(always)]
    fn shares(&self, registers: usize) -> bool {
        let row = self.job.axes[2];
        registers == 1 && loads_are_scarce() && self.layout.planar && row.tap_step == 1 && row.taps == TAPS
    }

    /// Pixels of one row from `first` on; of four registers, the third and fourth have their weights `right` further on.
    #[inline(always)]
    unsafe fn row<V: Vector<T>, const PIXELS: usize, const REGS: usize>(
        &self,
        windows: *const T,
        panel: Panel,
        right: usize,
        bias: *const T,
        first: usize,
        start: usize,
    ) {
        let layout = self.layout;
        let window = windows.wrapping_add(layout.window[first]);
        let outputs: &[usize; PIXELS] = layout.output[first..].first_chunk().expect("as many pixels as a tile has");
        let to = |i: usize| self.y.at(start + outputs[i]);
        let whole = REGS == 4 || panel.channels == REGS * V::LANES;
        let mut w = self.weights[panel.start..].as_ptr();
        // SAFETY: windows lie in the band, the panel is packed as deep as the window is long; the outputs are this block's own.
        unsafe {
            if whole && !loads_are_scarce() {
                // A short window is done before the lines it writes to have come.
                for i in 0..PIXELS {
                    for r in 0..REGS {
                        V::expect_store(to(i).add(r * V::LANES));
                    }
                }
            }
            let bias: [V; REGS] = std::array::from_fn(|r| V::load(bias.add(r * V::LANES)));
            let mut sums = [bias; PIXELS];
            let (k, a_step, b_step) = (layout.run, layout.step, REGS.min(2) * V::LANES);
            if const { REGS == 1 && PIXELS >= 8 } && self.shares(REGS) {
                for runs in layout.runs.as_chunks::<TAPS>().0 {
                    sums = along::<T, V, PIXELS, REGS>(sums, window.add(runs[0]), (k, a_step), w);
                    w = w.add(TAPS * k * b_step);
                }
            } else {
                for &run in layout.runs.iter() {
                    sums = V::sums(sums, Operands { k, a: window.add(run), a_step, b: w, b_step, right, last: V::LANES, ahead: std::ptr::null() });
                    w = w.add(k * b_step);
                }
            }
            if self.finish.relu {
                for i in 0..PIXELS {
                    for r in 0..REGS {
                        sums[i][r] = sums[i][r].relu();
                    }
                }
            }
            if whole {
                for i in 0..PIXELS {
                    for r in 0..REGS {
                        sums[i][r].store(to(i).add(r * V::LANES));
                    }
                }
                return;
            }
            // By way of memory: were the sums indexed by a loop that may end early, they would live there all along.
            let mut held = MaybeUninit::<[[[T; 16]; REGS]; PIXELS]>::uninit();
            let held = held.as_mut_ptr().cast::<T>();
            for i in 0..PIXELS {
                for r in 0..REGS {
                    sums[i][r].store(held.add((i * REGS + r) * V::LANES));
                }
            }
            for i in 0..PIXELS {
                for r in 0..REGS {
                    let left = panel.channels - r * V::LANES;
                    let (from, y) = (V::load(held.add((i * REGS + r) * V::LANES)), to(i).add(r * V::LANES));
                    if left >= V::LANES { from.store(y) } else { from.store_part(y, left) }
                }
            }
        }
    }

    /// Pixels `first..first + PIXELS`; those past `pixels` repeat the last one and are not stored. With `ROW`, their
    /// windows are neighbours.
    #[inline(always)]
    unsafe fn tile<V: Vector<T>, const GROUP: usize, const PIXELS: usize, const REGS: usize, const ROW: bool>(
        &self,
        windows: *const T,
        panel: Panel,
        bias: *const T,
        first: usize,
        pixels: usize,
        valid: &[usize; 16],
        starts: &[usize; 16],
    ) {
        let layout = self.layout;
        let window: [*const T; PIXELS] =
            std::array::from_fn(|i| windows.wrapping_add(layout.window[(first + i).min(pixels - 1)]));
        let weights = self.weights[panel.start..].as_ptr();
        // SAFETY: windows lie in the band, the panel is packed as deep as the window is long; outputs below `valid` are
        // this block's own.
        unsafe {
            // Most tiles go straight to the output.
            if GROUP == 1 && first + PIXELS <= pixels && panel.channels == REGS * V::LANES {
                let to: [*mut T; PIXELS] = std::array::from_fn(|i| self.y.at(starts[0] + layout.output[first + i]));
                sum::<T, V, GROUP, PIXELS, REGS, ROW>(&window, &layout.runs, layout.run, weights, bias, self.finish.relu, &to);
                return;
            }
            // By way of memory: were the sums indexed by a loop that may end early, they would live there all along.
            let mut sums = MaybeUninit::<[[[T; 16]; REGS]; PIXELS]>::uninit();
            let sums = sums.as_mut_ptr();
            let to: [*mut T; PIXELS] = std::array::from_fn(|i| sums.cast::<T>().add(i * REGS * V::LANES));
            sum::<T, V, GROUP, PIXELS, REGS, ROW>(&window, &layout.runs, layout.run, weights, bias, self.finish.relu, &to);
            let per = V::LANES / GROUP;
            if GROUP > 1 && panel.channels == per && valid[..GROUP].iter().all(|v| first + PIXELS <= *v) {
                for i in 0..PIXELS {
                    for part in 0..GROUP {
                        let y = self.y.at(starts[part] + layout.output[first + i]);
                        std::ptr::copy_nonoverlapping(to[i].add(part * per), y, per);
                    }
                }
                return;
            }
            for i in 0..PIXELS {
                let p = first + i;
                if p >= pixels {
                    break;
                }
                let to = layout.output[p];
                if GROUP == 1 {
                    for r in 0..REGS {
                        let left = panel.channels - r * V::LANES;
                        let y = self.y.at(starts[0] + to + r * V::LANES);
                        let value = V::load(sums.cast::<T>().add((i * REGS + r) * V::LANES));
                        if left >= V::LANES { value.store(y) } else { value.store_part(y, left) }
                    }
                } else {
                    let lanes = sums.cast::<T>().add(i * REGS * V::LANES);
                    for part in 0..GROUP {
                        if p < valid[part] {
                            let y = self.y.at(starts[part] + to);
                            let from = lanes.add(part * per);
                            if panel.channels == per {
                                std::ptr::copy_nonoverlapping(from, y, per);
                            } else {
                                for c in 0..panel.channels {
                                    *y.add(c) = *from.add(c);
                                }
                            }
                        }
                    }
                }
            }
        }
    }
}
