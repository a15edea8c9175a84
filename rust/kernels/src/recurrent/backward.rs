//! The loop over steps from the last one back.

use super::{ByRow, ROWS, Rows, Sizes};
use crate::conv::vector::Element;
use crate::element::cast_slice_mut;
use crate::isa::{self, Isa};
use crate::memory::Buffer;

/// What the way back starts from.
pub struct Saved<'a, T> {
    /// As `Outputs::gates` had them; None if `Slopes::x` holds them.
    pub gates: Option<&'a [T]>,
    pub before: &'a [T],
    /// Empty for a kind that remembers nothing.
    pub memo: &'a [T],
    pub kernel: &'a [T],
    /// Cotangents of the last states and of the sequence of outputs.
    pub h: &'a [T],
    pub c: &'a [T],
    pub sequence: Option<&'a [T]>,
}

/// What it leads to.
pub struct Slopes<'a, T> {
    /// Cotangents of the products of the inputs with the kernel.
    pub x: &'a mut [T],
    /// Those of the first states.
    pub h: &'a mut [T],
    pub c: &'a mut [T],
    /// Those of the products of the states with the recurrent kernel, for a kind where they are others than `x`.
    pub recurrent: Option<&'a mut [T]>,
}

/// One step of the rows of a task.
pub(super) struct StepBack<'s, T> {
    pub isa: Isa,
    pub units: usize,
    pub rows: usize,
    /// The rows that count; the others are passed over: `z` and `x` are zero for them.
    pub live: [bool; ROWS],
    /// (rows, units): cotangents of the states after the step, and then before it.
    pub h: &'s mut [T],
    pub c: &'s mut [T],
    /// (rows, gates · units): to become the cotangents of the products with the recurrent kernel.
    pub z: &'s mut [T],
    /// Scratch of (rows, units) each.
    pub spare: [&'s mut [T]; 2],
    /// The gates, and then the cotangents of the products with the kernel.
    pub x: Rows<'s, T>,
    /// The states before the step and what was remembered, `stride` apart from `first` on.
    pub before: &'s [T],
    pub memo: &'s [T],
    pub first: usize,
    pub stride: usize,
}

impl<'s, T> StepBack<'s, T> {
    /// The vector of row `r` in `before` or `memo`.
    pub fn saved(&self, from: &'s [T], r: usize) -> &'s [T] {
        &from[self.first + r * self.stride..][..self.units]
    }
}

/// One kind of recurrent layer.
pub(super) trait CellBack<T>: Sync {
    const GATES: usize;
    fn step_back(&self, at: &mut StepBack<'_, T>);
}

pub(super) fn run<T: Element, C: CellBack<T>>(cell: &C, s: &Sizes<'_>, i: &Saved<'_, T>, o: Slopes<'_, T>) {
    let (steps, units, width) = (s.steps, s.units, C::GATES * s.units);
    let check = |len: usize, wanted: usize| assert_eq!(len, s.batch * wanted, "array of a recurrent layer");
    let Slopes { x, h, c, recurrent } = o;
    check(h.len(), units);
    check(i.before.len(), steps * units);
    check(x.len(), steps * width);
    for len in [i.gates.map(<[T]>::len), recurrent.as_ref().map(|r| r.len())].into_iter().flatten() {
        check(len, steps * width);
    }
    h.copy_from_slice(i.h);
    c.copy_from_slice(i.c);
    let isa = isa::active();
    let split = |array| ByRow::new(array, s.batch);
    let (x, h, c, recurrent) = (split(Some(x)), split(Some(h)), split(Some(c)), split(recurrent));
    s.each_task::<T>(C::GATES, |first, rows| {
        // SAFETY: the arrays are borrowed until all tasks have ended, were found to hold all rows, and each row
        // belongs to one task.
        let (x, h, c, mut recurrent) = unsafe {
            let whole = |array: &ByRow<T>| array.take(first, rows).expect("these are always there");
            (whole(&x), whole(&h), whole(&c), recurrent.take(first, rows))
        };
        let mut scratch = Buffer::dirty(rows * (width + 2 * units) * size_of::<T>()).expect("memory for a few rows");
        let (z, rest) = cast_slice_mut::<T>(scratch.as_bytes_mut()).split_at_mut(rows * width);
        let (one, two) = rest.split_at_mut(rows * units);
        for number in (0..steps).rev() {
            let t = s.step(number);
            let live = s.live(first, t);
            for r in 0..rows {
                let at = r * steps + t;
                if let Some(gates) = i.gates {
                    x[at * width..][..width].copy_from_slice(&gates[(first * steps + at) * width..][..width]);
                }
                if !live[r] {
                    x[at * width..][..width].fill(T::ZERO);
                    z[r * width..][..width].fill(T::ZERO);
                }
                if let Some(g) = i.sequence
                    && (live[r] || !s.zero_masked)
                {
                    let g = &g[((first + r) * steps + number) * units..][..units];
                    for (h, g) in h[r * units..][..units].iter_mut().zip(g) {
                        *h += *g;
                    }
                }
            }
            let x = Rows { data: &mut *x, first: t * width, stride: steps * width, len: width };
            cell.step_back(&mut StepBack {
                isa,
                units,
                rows,
                live,
                h,
                c,
                z,
                spare: [&mut *one, &mut *two],
                x,
                before: i.before,
                memo: i.memo,
                first: (first * steps + t) * units,
                stride: steps * units,
            });
            if let Some(recurrent) = &mut recurrent {
                for r in 0..rows {
                    recurrent[(r * steps + t) * width..][..width].copy_from_slice(&z[r * width..][..width]);
                }
            }
        }
    });
}
