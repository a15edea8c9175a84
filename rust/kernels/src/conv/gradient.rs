//! The gradient of the weights: for each weight, a sum over pixels.
//!
//! Registers hold some rows of the weights (elements of a window) by one or two registers of output channels; pixels stream
//! by. The blocks of a job are dealt to a number of *partial* sums fixed by the sizes, each kept in the packed order of the
//! weights, and partials are added up in order: the same bytes for any number of threads.

use std::mem::MaybeUninit;

use super::band;
use super::layout::Layout;
use super::pack::{Panel, packed_len, panel, panels};
use super::scratch::{Array, Shared};
use super::shape::Job;
use super::vector::{Element, Kernel, Vector};
use crate::gemm::broadcast::Operands;

/// Memory that all partials together may take.
const PARTIAL_ELEMENTS: usize = 2 << 20;
/// Partials that a job should have for the threads to share it evenly.
const PARTIALS_WANTED: usize = 8;

/// Rows of a single run that tiles are compiled for.
const ROWS: [usize; 9] = [14, 12, 10, 8, 6, 4, 3, 2, 1];

/// How the sum over blocks is divided, by sizes alone.
pub(super) struct Division {
    pub partials: usize,
    /// Elements of a partial.
    pub len: usize,
}

impl Division {
    pub fn new(job: &Job, layout: &Layout, lanes: usize) -> Self {
        let len = packed_len(job, lanes, layout.interleave);
        let affordable = (PARTIAL_ELEMENTS / len.max(1)).clamp(1, PARTIALS_WANTED);
        Self { partials: affordable.min(layout.blocks.max(1)), len }
    }
}

/// One panel of one partial.
pub struct Gradient<'a, T> {
    pub(super) job: &'a Job,
    pub(super) layout: &'a Layout,
    pub(super) division: &'a Division,
    pub(super) x: &'a [T],
    pub(super) g: &'a [T],
    pub(super) partials: Shared<T>,
    pub(super) partial: usize,
    pub(super) panels: std::ops::Range<usize>,
}

/// The pixels of a block as the inner loop sees them.
struct Pixels<'a, T> {
    windows: *const T,
    window: &'a [usize],
    gradients: *const T,
    /// For each pixel its gradients, from `gradients` on.
    at: &'a [usize],
}

impl<T: Element> Kernel<T> for Gradient<'_, T> {
    #[inline(always)]
    unsafe fn run<V: Vector<T>>(self) {
        let (job, layout) = (self.job, self.layout);
        let group = layout.interleave;
        let len = if layout.direct { 0 } else { layout.band_len(job) * group * layout.images };
        let row = layout.band[2] * job.from.count;
        let mixed = if group == 1 { 0 } else { layout.pixels * V::LANES };
        let mut scratch = Array::<T>::dirty(len + mixed + row.max(V::LANES));
        let mut dense = Array::<usize>::dirty(if group == 1 { 0 } else { layout.pixels });
        for (p, at) in dense.iter_mut().enumerate() {
            *at = p * V::LANES;
        }
        let (band, rest) = scratch.split_at_mut(len);
        let (gradients, zeros) = rest.split_at_mut(mixed);
        zeros.fill(T::default());
        let blocks = |i: usize| i * layout.blocks / self.division.partials;
        for block in blocks(self.partial)..blocks(self.partial + 1) {
            let windows = if layout.direct {
                self.x.as_ptr().wrapping_add(layout.direct_start(job, block))
            } else {
                // SAFETY: the scratch was sized for the block, the input is that of the job.
                unsafe { band::fill(job, layout, block, self.x.as_ptr(), zeros, band.as_mut_ptr()) };
                band.as_ptr()
            };
            let mut pixels = Pixels { windows, window: &layout.window, gradients: self.g.as_ptr(), at: &layout.output };
            let valid = (0..group).map(|part| layout.valid(job, block, part)).max().unwrap_or(0);
            if group == 1 {
                let start = layout.output_start(job, block, 0) + job.to.first;
                pixels.gradients = self.g.as_ptr().wrapping_add(start);
            } else {
                // SAFETY: sized for all pixels of the block.
                unsafe { self.mix::<V>(block, zeros, gradients.as_mut_ptr()) };
                pixels.gradients = gradients.as_ptr();
                pixels.at = &dense;
            }
            pixels.window = &pixels.window[..valid];
            pixels.at = &pixels.at[..valid];
            for i in self.panels.clone() {
                let panel = panel(job, V::LANES, group, i);
                // SAFETY: pixels and panel are those of the layout; the instruction set is the caller's promise.
                unsafe {
                    match group {
                        1 => self.panel::<V, 1>(&pixels, panel),
                        _ => self.panel::<V, 2>(&pixels, panel),
                    }
                }
            }
        }
    }
}

impl<T: Element> Gradient<'_, T> {
    /// The gradients of a block, one register a pixel, the parts mixed; zero where a part has no such pixel.
    #[inline(always)]
    unsafe fn mix<V: Vector<T>>(&self, block: usize, zeros: &[T], to: *mut T) {
        let (job, layout) = (self.job, self.layout);
        let group = layout.interleave;
        let count = job.to.count;
        let mut starts = [None; 16];
        let mut valid = [0; 16];
        for part in 0..group {
            valid[part] = layout.valid(job, block, part);
            starts[part] = (valid[part] > 0).then(|| layout.output_start(job, block, part) + job.to.first);
        }
        // Equal parts whose outputs lie side by side are mixed in one go.
        let even = valid[..group].iter().all(|v| *v == valid[0]);
        let dense = count == job.to.channels && count * group == V::LANES && job.axes.iter().all(|a| a.out_step == 1);
        if even && dense {
            let rows = starts.map(|s| self.g.as_ptr().wrapping_add(s.unwrap_or(0)));
            // SAFETY: `valid[0]` pixels of `count` gradients in each part; the target holds a register for each pixel.
            unsafe { band::mix_rows(group, &rows, to, valid[0] * count) };
            return;
        }
        for p in 0..layout.pixels {
            let mut rows = [zeros.as_ptr(); 16];
            for part in 0..group {
                if let Some(start) = starts[part].filter(|_| p < valid[part]) {
                    rows[part] = self.g.as_ptr().wrapping_add(start + layout.output[p]);
                }
            }
            // SAFETY: `count * group` lanes fit one register; sources are a pixel's gradients or a register of zeros.
            unsafe {
                let to = to.add(p * V::LANES);
                if count * group == V::LANES {
                    let fixed = V::LANES / group;
                    band::mix_rows(group, &rows, to, fixed);
                } else {
                    V::splat(T::default()).store(to);
                    band::mix_rows(group, &rows, to, count);
                }
            }
        }
    }

    /// All rows of a panel, in tiles that fill the registers: rows of one run, or the same few rows of several runs.
    #[inline(always)]
    unsafe fn panel<V: Vector<T>, const GROUP: usize>(&self, pixels: &Pixels<'_, T>, panel: Panel) {
        let (runs, run) = (&self.layout.runs, self.layout.run);
        let most = V::PIXELS * 2 / panel.registers;
        let mut r = 0;
        while r < runs.len() {
            let left = runs.len() - r;
            let joined = match run {
                1 | 5 if left >= 5 && 5 * run <= most => 5,
                1 | 3 | 9 if left >= 3 && 3 * run <= most => 3,
                _ => 1,
            };
            let mut from = 0;
            while from < run {
                // The largest tile that is compiled and fits; runs are mostly multiples of small even numbers.
                let fits = |rows: &usize| *rows <= run - from && *rows <= most;
                let count = if joined > 1 { run } else { ROWS.into_iter().find(fits).unwrap_or(1) };
                let to = self.partials.at(self.partial * self.division.len + panel.start);
                // SAFETY: rows lie in the windows; the partial belongs to this task alone.
                unsafe {
                    if panel.registers == 1 {
                        self.rows::<V, GROUP, 1>(pixels, panel, joined, count, r, from, to);
                    } else {
                        self.rows::<V, GROUP, 2>(pixels, panel, joined, count, r, from, to);
                    }
                }
                from += count;
            }
            r += joined;
        }
    }

    /// Picks the compiled tile of `joined` runs by `count` rows.
    #[inline(always)]
    unsafe fn rows<V: Vector<T>, const GROUP: usize, const REGS: usize>(
        &self,
        pixels: &Pixels<'_, T>,
        panel: Panel,
        joined: usize,
        count: usize,
        r: usize,
        from: usize,
        to: *mut T,
    ) {
        macro_rules! tiles {
            ($($runs:literal: $($rows:literal)+;)+) => {
                match (joined, count) {
                    $($(($runs, $rows) => {
                        // A constant condition: tiles that do not fit the registers are not even compiled.
                        if const { $runs * $rows * REGS <= 2 * V::PIXELS } {
                            // SAFETY: passed on to the caller.
                            unsafe {
                                V::apart(#[inline(always)] || if const { $runs * $rows * REGS <= 2 * V::PIXELS && (GROUP == 1 || REGS == 1) } {
                            self.tile::<V, GROUP, REGS, $runs, $rows>(pixels, panel, r, from, to);
                        })
                            }
                        } else {
                            unreachable!("{joined} runs by {count} rows do not fit the registers")
                        }
                    },)+)+
                    _ => unreachable!("no tile of {joined} runs by {count} rows"),
                }
            };
        }
        tiles! {
            1: 1 2 3 4 6 8 10 12 14;
            3: 1 3 9;
            5: 1 5;
        }
    }

    /// Adds the products of all pixels to `RUNS * ROWS` rows of the partial.
    #[inline(always)]
    unsafe fn tile<V: Vector<T>, const GROUP: usize, const REGS: usize, const RUNS: usize, const ROWS: usize>(
        &self,
        pixels: &Pixels<'_, T>,
        panel: Panel,
        r: usize,
        from: usize,
        to: *mut T,
    ) {
        let layout = self.layout;
        let gradients = if GROUP == 1 { pixels.gradients.wrapping_add(panel.first) } else { pixels.gradients };
        let rows: [*const T; RUNS] =
            std::array::from_fn(|j| pixels.windows.wrapping_add(layout.runs[r + j] + from * GROUP));
        let last = if GROUP == 1 { panel.channels - (REGS - 1) * V::LANES } else { V::LANES };
        // SAFETY: window and gradient offsets are those of the layout; only existing channels are read and the tile's rows of
        // the partial written.
        unsafe {
            // By way of memory, so that nothing but straight code touches the sums and they stay in registers.
            let mut sums = MaybeUninit::<[[[[T; 16]; REGS]; ROWS]; RUNS]>::uninit();
            let sums = sums.as_mut_ptr().cast::<T>();
            if const { GROUP == 1 && RUNS == 1 && (ROWS == 1 || ROWS.is_multiple_of(2)) } {
                self.by_rows::<V, REGS, ROWS>(rows[0], pixels, gradients, last, sums);
            } else {
                sum::<T, V, GROUP, REGS, RUNS, ROWS>(&rows, pixels.window, gradients, pixels.at, last, sums);
            }
            for j in 0..RUNS {
                let to = to.add(((r + j) * layout.run + from) * REGS * V::LANES);
                for k in 0..ROWS * REGS {
                    let to = to.add(k * V::LANES);
                    V::load(to).add(V::load(sums.add((j * ROWS * REGS + k) * V::LANES))).store(to);
                }
            }
        }
    }
}

impl<T: Element> Gradient<'_, T> {
    /// As [`sum`], row by row of the pixels, along which both operands advance by equal steps.
    #[inline(always)]
    unsafe fn by_rows<V: Vector<T>, const REGS: usize, const ROWS: usize>(
        &self,
        window: *const T,
        pixels: &Pixels<'_, T>,
        gradients: *const T,
        last: usize,
        to: *mut T,
    ) {
        let row = self.job.axes[2].out;
        let step = |at: &[usize]| if row > 1 && at.len() > 1 { at[1] - at[0] } else { 0 };
        let (a_step, b_step) = (step(pixels.window), step(pixels.at));
        // SAFETY: as in `Gradient::tile`; blocks are of whole rows.
        unsafe {
            let mut sums = [[V::splat(T::default()); REGS]; ROWS];
            for p in (0..pixels.window.len()).step_by(row.max(1)) {
                let (a, b) = (window.wrapping_add(pixels.window[p]), gradients.wrapping_add(pixels.at[p]));
                sums = V::sums(sums, Operands { k: row, a, a_step, b, b_step, right: 0, last, ahead: std::ptr::null() });
            }
            for i in 0..ROWS {
                for r in 0..REGS {
                    sums[i][r].store(to.add((i * REGS + r) * V::LANES));
                }
            }
        }
    }
}

/// Products of window elements and gradients, summed over pixels.
#[inline(always)]
unsafe fn sum<
    T: Element,
    V: Vector<T>,
    const GROUP: usize,
    const REGS: usize,
    const RUNS: usize,
    const ROWS: usize,
>(
    rows: &[*const T; RUNS],
    window: &[usize],
    gradients: *const T,
    at: &[usize],
    last: usize,
    to: *mut T,
) {
    // SAFETY: as in `Gradient::tile`.
    unsafe {
        let mut sums = [[[V::splat(T::default()); REGS]; ROWS]; RUNS];
        for (&x, &g) in window.iter().zip(at) {
            let g: [V; REGS] = std::array::from_fn(|r| {
                let from = gradients.add(g + r * V::LANES);
                if r + 1 < REGS || last == V::LANES { V::load(from) } else { V::load_part(from, last) }
            });
            for j in 0..RUNS {
                let row = rows[j].wrapping_add(x);
                for k in 0..ROWS {
                    let value = V::repeat::<GROUP>(row.add(k * GROUP));
                    for r in 0..REGS {
                        sums[j][k][r] = value.mul_add(g[r], sums[j][k][r]);
                    }
                }
            }
        }
        for j in 0..RUNS {
            for k in 0..ROWS {
                for r in 0..REGS {
                    sums[j][k][r].store(to.add(((j * ROWS + k) * REGS + r) * V::LANES));
                }
            }
        }
    }
}

/// Adds up the partials in order and puts the sums where the weights of the job are.
pub(super) fn gather<T: Element>(
    job: &Job,
    lanes: usize,
    interleave: usize,
    division: &Division,
    partials: &[T],
    dw: &mut [T],
) {
    for i in 0..panels(job, lanes, interleave) {
        let panel = panel(job, lanes, interleave, i);
        let width = panel.registers * lanes;
        let mut row = panel.start;
        job.each_tap(|tap| {
            for c in 0..job.from.count {
                let base = job.weights.base + tap * job.weights.tap + c * job.weights.from + panel.first * job.weights.to;
                for j in 0..panel.channels {
                    let mut sum = T::default();
                    for partial in 0..division.partials {
                        for part in 0..interleave {
                            sum += partials[partial * division.len + row + j * interleave + part];
                        }
                    }
                    dw[base + j * job.weights.to] = sum;
                }
                row += width;
            }
        });
    }
}
