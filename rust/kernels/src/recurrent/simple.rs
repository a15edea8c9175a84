//! The plain recurrent layer: tanh of the sum.

use super::backward::{CellBack, StepBack};
use super::forward::{Cell, Step};
use super::lanes::{LANES, add, each, put, take, through_tanh};
use crate::conv::vector::{Element, Factors};
use crate::gemm::Repeated;
use crate::math::Fma;
use crate::math::float::Math;
use crate::math::frame::{self, Loop};

/// The recurrent kernel, transposed for the way back.
pub(super) struct Simple<T> {
    kernel: Repeated<T>,
}

impl<T: Element> Simple<T> {
    pub fn forward(units: usize, kernel: &[T], factors: Factors) -> Self {
        Self { kernel: Repeated::new(kernel, (units, units), units, false, factors) }
    }

    pub fn backward(units: usize, kernel: &[T], factors: Factors) -> Self {
        Self { kernel: Repeated::new(kernel, (units, units), units, true, factors) }
    }
}

impl<T: Element> Cell<T> for Simple<T> {
    const GATES: usize = 1;

    fn step(&self, at: &mut Step<'_, T>) {
        let u = at.units;
        self.kernel.multiply(at.h, u, at.rows, at.z, u, false);
        for r in (0..at.rows).filter(|r| at.live[*r]) {
            let row = at.gates.row(r);
            frame::run(at.isa, Forward { z: &at.z[r * u..][..u], row: &mut *row });
            at.h[r * u..][..u].copy_from_slice(row);
        }
    }
}

impl<T: Element> CellBack<T> for Simple<T> {
    const GATES: usize = 1;

    fn step_back(&self, at: &mut StepBack<'_, T>) {
        let u = at.units;
        for r in (0..at.rows).filter(|r| at.live[*r]) {
            let h = &mut at.h[r * u..][..u];
            frame::run(at.isa, Backward { g: h, row: at.x.row(r) });
            h.fill(T::ZERO);
            at.z[r * u..][..u].copy_from_slice(at.x.row(r));
        }
        self.kernel.multiply(at.z, u, at.rows, at.h, u, true);
    }
}

struct Forward<'a, T> {
    z: &'a [T],
    row: &'a mut [T],
}

impl<T: Math> Loop for Forward<'_, T> {
    #[inline(always)]
    fn run<F: Fma>(self) {
        for at in (0..self.z.len()).step_by(LANES) {
            let sum = add(&take(self.z, at), &take(self.row, at));
            put(self.row, at, &each(|l| T::tanh::<F>(sum[l])));
        }
    }
}

struct Backward<'a, T> {
    g: &'a [T],
    row: &'a mut [T],
}

impl<T: Math> Loop for Backward<'_, T> {
    #[inline(always)]
    fn run<F: Fma>(self) {
        for at in (0..self.g.len()).step_by(LANES) {
            let y = take(self.row, at);
            put(self.row, at, &through_tanh(&take(self.g, at), &y));
        }
    }
}
