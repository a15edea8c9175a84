//! Long short-term memory.

use super::backward::{CellBack, StepBack};
use super::forward::{Cell, Step};
use super::lanes::{LANES, add, each, put, take, through_sigmoid, through_tanh};
use crate::conv::vector::{Element, Factors};
use crate::gemm::Repeated;
use crate::math::Fma;
use crate::math::float::Math;
use crate::math::frame::{self, Loop};

/// The recurrent kernel, transposed for the way back.
pub(super) struct Lstm<T> {
    kernel: Repeated<T>,
}

impl<T: Element> Lstm<T> {
    pub fn forward(units: usize, kernel: &[T], factors: Factors) -> Self {
        Self { kernel: Repeated::new(kernel, (units, 4 * units), 4 * units, false, factors) }
    }

    pub fn backward(units: usize, kernel: &[T], factors: Factors) -> Self {
        Self { kernel: Repeated::new(kernel, (4 * units, units), 4 * units, true, factors) }
    }
}

impl<T: Element> Cell<T> for Lstm<T> {
    const GATES: usize = 4;

    fn step(&self, at: &mut Step<'_, T>) {
        let (u, width) = (at.units, 4 * at.units);
        self.kernel.multiply(at.h, u, at.rows, at.z, width, false);
        for r in 0..at.rows {
            let c = &mut at.c[r * u..][..u];
            if let Some(memo) = &mut at.memo {
                memo.row(r).copy_from_slice(c);
            }
            if at.live[r] {
                let row = Forward { z: &at.z[r * width..][..width], row: at.gates.row(r), h: &mut at.h[r * u..][..u], c };
                frame::run(at.isa, row);
            }
        }
    }
}

impl<T: Element> CellBack<T> for Lstm<T> {
    const GATES: usize = 4;

    fn step_back(&self, at: &mut StepBack<'_, T>) {
        let (u, width) = (at.units, 4 * at.units);
        for r in (0..at.rows).filter(|r| at.live[*r]) {
            let row = Backward {
                before: at.saved(at.memo, r),
                row: at.x.row(r),
                h: &mut at.h[r * u..][..u],
                c: &mut at.c[r * u..][..u],
            };
            frame::run(at.isa, row);
            at.z[r * width..][..width].copy_from_slice(at.x.row(r));
        }
        self.kernel.multiply(at.z, width, at.rows, at.h, u, true);
    }
}

/// One row: gates from the sum of both products, then the states.
struct Forward<'a, T> {
    z: &'a [T],
    row: &'a mut [T],
    h: &'a mut [T],
    c: &'a mut [T],
}

impl<T: Math> Loop for Forward<'_, T> {
    #[inline(always)]
    fn run<F: Fma>(self) {
        let u = self.h.len();
        let (z_input, z) = self.z.split_at(u);
        let (z_forget, z) = z.split_at(u);
        let (z_new, z_output) = z.split_at(u);
        let (input, rest) = self.row.split_at_mut(u);
        let (forget, rest) = rest.split_at_mut(u);
        let (new, output) = rest.split_at_mut(u);
        for at in (0..u).step_by(LANES) {
            let sum = add(&take(z_input, at), &take(input, at));
            let i = each(|l| T::sigmoid::<F>(sum[l]));
            put(input, at, &i);
            let sum = add(&take(z_forget, at), &take(forget, at));
            let f = each(|l| T::sigmoid::<F>(sum[l]));
            put(forget, at, &f);
            let sum = add(&take(z_new, at), &take(new, at));
            let n = each(|l| T::tanh::<F>(sum[l]));
            put(new, at, &n);
            let sum = add(&take(z_output, at), &take(output, at));
            let o = each(|l| T::sigmoid::<F>(sum[l]));
            put(output, at, &o);
            let before = take(self.c, at);
            let c = each(|l| F::fma(f[l], before[l], i[l] * n[l]));
            put(self.c, at, &c);
            let h = each(|l| o[l] * T::tanh::<F>(c[l]));
            put(self.h, at, &h);
        }
    }
}

/// One row: cotangents of the gates' sums in place of the gates; the direct parts of those of the states before.
struct Backward<'a, T> {
    /// The second state before the step.
    before: &'a [T],
    row: &'a mut [T],
    h: &'a mut [T],
    c: &'a mut [T],
}

impl<T: Math> Loop for Backward<'_, T> {
    #[inline(always)]
    fn run<F: Fma>(self) {
        let u = self.h.len();
        let (input, rest) = self.row.split_at_mut(u);
        let (forget, rest) = rest.split_at_mut(u);
        let (new, output) = rest.split_at_mut(u);
        for at in (0..u).step_by(LANES) {
            let (i, f, n, o) = (take(input, at), take(forget, at), take(new, at), take(output, at));
            let (before, dh, dc) = (take(self.before, at), take(self.h, at), take(self.c, at));
            let c = each(|l| F::fma(f[l], before[l], i[l] * n[l]));
            let tanh = each(|l| T::tanh::<F>(c[l]));
            let along = each(|l| dh[l] * o[l]);
            let through = through_tanh(&along, &tanh);
            let dc = add(&dc, &through);
            put(input, at, &through_sigmoid(&each(|l| dc[l] * n[l]), &i));
            put(forget, at, &through_sigmoid(&each(|l| dc[l] * before[l]), &f));
            put(new, at, &through_tanh(&each(|l| dc[l] * i[l]), &n));
            put(output, at, &through_sigmoid(&each(|l| dh[l] * tanh[l]), &o));
            put(self.c, at, &each(|l| dc[l] * f[l]));
            put(self.h, at, &[T::ZERO; LANES]);
        }
    }
}
