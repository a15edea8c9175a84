//! Gated recurrent units, with the reset gate after the product with the recurrent kernel or before it.

use super::backward::{CellBack, StepBack};
use super::forward::{Cell, Step};
use super::lanes::{LANES, add, each, put, take, through_sigmoid, through_tanh};
use crate::conv::vector::{Element, Factors};
use crate::gemm::Repeated;
use crate::math::Fma;
use crate::math::float::Math;
use crate::math::frame::{self, Loop};

/// Reset after the product. Remembers the candidate's part of it.
pub(super) struct After<'a, T> {
    kernel: Repeated<T>,
    bias: Option<&'a [T]>,
}

impl<'a, T: Element> After<'a, T> {
    pub fn forward(units: usize, kernel: &[T], bias: Option<&'a [T]>, factors: Factors) -> Self {
        assert!(bias.is_none_or(|b| b.len() == 3 * units), "recurrent bias of {units} units");
        Self { kernel: Repeated::new(kernel, (units, 3 * units), 3 * units, false, factors), bias }
    }

    pub fn backward(units: usize, kernel: &[T], factors: Factors) -> Self {
        Self { kernel: Repeated::new(kernel, (3 * units, units), 3 * units, true, factors), bias: None }
    }
}

impl<T: Element> Cell<T> for After<'_, T> {
    const GATES: usize = 3;

    fn step(&self, at: &mut Step<'_, T>) {
        let (u, width) = (at.units, 3 * at.units);
        self.kernel.multiply(at.h, u, at.rows, at.z, width, false);
        forget_masked(at);
        for r in (0..at.rows).filter(|r| at.live[*r]) {
            let z = &mut at.z[r * width..][..width];
            if let Some(bias) = self.bias {
                for (z, b) in z.iter_mut().zip(bias) {
                    *z += *b;
                }
            }
            if let Some(memo) = &mut at.memo {
                memo.row(r).copy_from_slice(&z[2 * u..]);
            }
            frame::run(at.isa, AfterForward { z, row: at.gates.row(r), h: &mut at.h[r * u..][..u] });
        }
    }
}

impl<T: Element> CellBack<T> for After<'_, T> {
    const GATES: usize = 3;

    fn step_back(&self, at: &mut StepBack<'_, T>) {
        let (u, width) = (at.units, 3 * at.units);
        for r in (0..at.rows).filter(|r| at.live[*r]) {
            let row = AfterBackward {
                before: at.saved(at.before, r),
                inner: at.saved(at.memo, r),
                row: at.x.row(r),
                z: &mut at.z[r * width..][..width],
                h: &mut at.h[r * u..][..u],
            };
            frame::run(at.isa, row);
        }
        self.kernel.multiply(at.z, width, at.rows, at.h, u, true);
    }
}

struct AfterForward<'a, T> {
    z: &'a [T],
    row: &'a mut [T],
    h: &'a mut [T],
}

impl<T: Math> Loop for AfterForward<'_, T> {
    #[inline(always)]
    fn run<F: Fma>(self) {
        let u = self.h.len();
        let (z_update, z) = self.z.split_at(u);
        let (z_reset, z_new) = z.split_at(u);
        let [update, reset, new] = gates(self.row, u);
        for at in (0..u).step_by(LANES) {
            let sum = add(&take(z_update, at), &take(update, at));
            let k = each(|l| T::sigmoid::<F>(sum[l]));
            put(update, at, &k);
            let sum = add(&take(z_reset, at), &take(reset, at));
            let r = each(|l| T::sigmoid::<F>(sum[l]));
            put(reset, at, &r);
            let (inner, x) = (take(z_new, at), take(new, at));
            let n = each(|l| T::tanh::<F>(F::fma(r[l], inner[l], x[l])));
            put(new, at, &n);
            put(self.h, at, &mixed::<T, F>(&k, &take(self.h, at), &n));
        }
    }
}

struct AfterBackward<'a, T> {
    before: &'a [T],
    inner: &'a [T],
    row: &'a mut [T],
    z: &'a mut [T],
    h: &'a mut [T],
}

impl<T: Math> Loop for AfterBackward<'_, T> {
    #[inline(always)]
    fn run<F: Fma>(self) {
        let u = self.h.len();
        let [update, reset, new] = gates(self.row, u);
        let [z_update, z_reset, z_new] = gates(self.z, u);
        for at in (0..u).step_by(LANES) {
            let (k, r, n) = (take(update, at), take(reset, at), take(new, at));
            let (before, inner, dh) = (take(self.before, at), take(self.inner, at), take(self.h, at));
            let d_new = through_tanh(&each(|l| dh[l] * (T::ONE - k[l])), &n);
            let d_update = through_sigmoid(&each(|l| dh[l] * (before[l] - n[l])), &k);
            let d_reset = through_sigmoid(&each(|l| d_new[l] * inner[l]), &r);
            put(update, at, &d_update);
            put(reset, at, &d_reset);
            put(new, at, &d_new);
            put(z_update, at, &d_update);
            put(z_reset, at, &d_reset);
            put(z_new, at, &each(|l| d_new[l] * r[l]));
            put(self.h, at, &each(|l| dh[l] * k[l]));
        }
    }
}

/// Reset before the product. Remembers the state that is left of it.
pub(super) struct Before<T> {
    /// The recurrent kernel of the gates and that of the candidate; transposed for the way back.
    gates: Repeated<T>,
    new: Repeated<T>,
}

impl<T: Element> Before<T> {
    pub fn forward(units: usize, kernel: &[T], factors: Factors) -> Self {
        let width = 3 * units;
        Self {
            gates: Repeated::new(kernel, (units, 2 * units), width, false, factors),
            new: Repeated::new(&kernel[(2 * units).min(kernel.len())..], (units, units), width, false, factors),
        }
    }

    pub fn backward(units: usize, kernel: &[T], factors: Factors) -> Self {
        let width = 3 * units;
        Self {
            gates: Repeated::new(kernel, (2 * units, units), width, true, factors),
            new: Repeated::new(&kernel[(2 * units).min(kernel.len())..], (units, units), width, true, factors),
        }
    }
}

impl<T: Element> Cell<T> for Before<T> {
    const GATES: usize = 3;

    fn step(&self, at: &mut Step<'_, T>) {
        let (u, width) = (at.units, 3 * at.units);
        self.gates.multiply(at.h, u, at.rows, at.z, width, false);
        at.spare.fill(T::ZERO);
        forget_masked(at);
        for r in (0..at.rows).filter(|r| at.live[*r]) {
            let (z, kept) = (&at.z[r * width..][..2 * u], &mut at.spare[r * u..][..u]);
            frame::run(at.isa, BeforeGates { z, row: at.gates.row(r), h: &at.h[r * u..][..u], kept: &mut *kept });
            if let Some(memo) = &mut at.memo {
                memo.row(r).copy_from_slice(kept);
            }
        }
        self.new.multiply(at.spare, u, at.rows, at.z, width, false);
        for r in (0..at.rows).filter(|r| at.live[*r]) {
            let z = &at.z[r * width..][..u];
            frame::run(at.isa, BeforeNew { z, row: at.gates.row(r), h: &mut at.h[r * u..][..u] });
        }
    }
}

impl<T: Element> CellBack<T> for Before<T> {
    const GATES: usize = 3;

    fn step_back(&self, at: &mut StepBack<'_, T>) {
        let (u, width) = (at.units, 3 * at.units);
        at.spare[0].fill(T::ZERO);
        for r in (0..at.rows).filter(|r| at.live[*r]) {
            let row = BeforeBackward {
                before: at.saved(at.before, r),
                row: at.x.row(r),
                new: &mut at.spare[0][r * u..][..u],
                h: &mut at.h[r * u..][..u],
            };
            frame::run(at.isa, row);
        }
        let [new, kept] = &mut at.spare;
        self.new.multiply(new, u, at.rows, kept, u, false);
        for r in (0..at.rows).filter(|r| at.live[*r]) {
            let before = &at.before[at.first + r * at.stride..][..u];
            let row = ResetBackward { before, kept: &kept[r * u..][..u], row: at.x.row(r), h: &mut at.h[r * u..][..u] };
            frame::run(at.isa, row);
            at.z[r * width..][..width].copy_from_slice(at.x.row(r));
        }
        self.gates.multiply(at.z, width, at.rows, at.h, u, true);
    }
}

struct BeforeGates<'a, T> {
    z: &'a [T],
    row: &'a mut [T],
    h: &'a [T],
    /// The state that the reset gate leaves.
    kept: &'a mut [T],
}

impl<T: Math> Loop for BeforeGates<'_, T> {
    #[inline(always)]
    fn run<F: Fma>(self) {
        let u = self.h.len();
        let (z_update, z_reset) = self.z.split_at(u);
        let [update, reset, _] = gates(self.row, u);
        for at in (0..u).step_by(LANES) {
            let sum = add(&take(z_update, at), &take(update, at));
            put(update, at, &each(|l| T::sigmoid::<F>(sum[l])));
            let sum = add(&take(z_reset, at), &take(reset, at));
            let r = each(|l| T::sigmoid::<F>(sum[l]));
            put(reset, at, &r);
            let h = take(self.h, at);
            put(self.kept, at, &each(|l| r[l] * h[l]));
        }
    }
}

struct BeforeNew<'a, T> {
    z: &'a [T],
    row: &'a mut [T],
    h: &'a mut [T],
}

impl<T: Math> Loop for BeforeNew<'_, T> {
    #[inline(always)]
    fn run<F: Fma>(self) {
        let u = self.h.len();
        let [update, _, new] = gates(self.row, u);
        for at in (0..u).step_by(LANES) {
            let sum = add(&take(self.z, at), &take(new, at));
            let n = each(|l| T::tanh::<F>(sum[l]));
            put(new, at, &n);
            put(self.h, at, &mixed::<T, F>(&take(update, at), &take(self.h, at), &n));
        }
    }
}

struct BeforeBackward<'a, T> {
    before: &'a [T],
    /// (update, reset, candidate); reset is left as it is for the second part.
    row: &'a mut [T],
    new: &'a mut [T],
    h: &'a mut [T],
}

impl<T: Math> Loop for BeforeBackward<'_, T> {
    #[inline(always)]
    fn run<F: Fma>(self) {
        let u = self.h.len();
        let [update, _, new] = gates(self.row, u);
        for at in (0..u).step_by(LANES) {
            let (k, n, before, dh) = (take(update, at), take(new, at), take(self.before, at), take(self.h, at));
            let d_new = through_tanh(&each(|l| dh[l] * (T::ONE - k[l])), &n);
            put(update, at, &through_sigmoid(&each(|l| dh[l] * (before[l] - n[l])), &k));
            put(new, at, &d_new);
            put(self.new, at, &d_new);
            put(self.h, at, &each(|l| dh[l] * k[l]));
        }
    }
}

struct ResetBackward<'a, T> {
    before: &'a [T],
    /// Cotangents of the state that was left.
    kept: &'a [T],
    row: &'a mut [T],
    h: &'a mut [T],
}

impl<T: Math> Loop for ResetBackward<'_, T> {
    #[inline(always)]
    fn run<F: Fma>(self) {
        let u = self.h.len();
        let reset = &mut self.row[u..2 * u];
        for at in (0..u).step_by(LANES) {
            let (r, before, kept) = (take(reset, at), take(self.before, at), take(self.kept, at));
            put(reset, at, &through_sigmoid(&each(|l| kept[l] * before[l]), &r));
            let h = take(self.h, at);
            put(self.h, at, &each(|l| F::fma(kept[l], r[l], h[l])));
        }
    }
}

/// The parts of a row that belong to the update gate, the reset gate and the candidate.
#[inline(always)]
fn gates<T>(row: &mut [T], units: usize) -> [&mut [T]; 3] {
    let (update, rest) = row.split_at_mut(units);
    let (reset, new) = rest.split_at_mut(units);
    [update, reset, new]
}

/// Zeros as the memory of rows that are passed over.
fn forget_masked<T: Element>(at: &mut Step<'_, T>) {
    if let Some(memo) = &mut at.memo {
        for r in (0..at.rows).filter(|r| !at.live[*r]) {
            memo.row(r).fill(T::ZERO);
        }
    }
}

/// The state kept in part and mixed with the candidate.
#[inline(always)]
fn mixed<T: Math, F: Fma>(k: &[T; LANES], h: &[T; LANES], n: &[T; LANES]) -> [T; LANES] {
    each(|l| F::fma(k[l], h[l], (T::ONE - k[l]) * n[l]))
}
