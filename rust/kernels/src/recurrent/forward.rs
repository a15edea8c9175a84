//! The loop over steps.

use super::{ByRow, ROWS, Rows, Sizes};
use crate::conv::vector::Element;
use crate::element::cast_slice_mut;
use crate::isa::{self, Isa};
use crate::memory::Buffer;

/// What a sequence is computed from.
pub struct Inputs<'a, T> {
    /// The products of the inputs with the kernel, bias included: (batch, steps, gates · units). None if
    /// `Outputs::gates` holds them.
    pub x: Option<&'a [T]>,
    /// The first state, (batch, units).
    pub h: &'a [T],
    /// The second one; empty if there is none.
    pub c: &'a [T],
    /// The recurrent kernel, (units, gates · units).
    pub kernel: &'a [T],
    /// Added to its products; only for a unit that is reset after them.
    pub bias: Option<&'a [T]>,
}

/// What is computed.
pub struct Outputs<'a, T> {
    /// The outputs of all steps in the order they are made, (batch, steps, units).
    pub sequence: Option<&'a mut [T]>,
    /// The last states.
    pub h: &'a mut [T],
    pub c: &'a mut [T],
    /// For the way back: gates, states before, and what the kind remembers of each step of the input.
    pub gates: Option<&'a mut [T]>,
    pub before: Option<&'a mut [T]>,
    pub memo: Option<&'a mut [T]>,
}

/// One step of the rows of a task.
pub(super) struct Step<'s, T> {
    pub isa: Isa,
    pub units: usize,
    pub rows: usize,
    /// The rows that count.
    pub live: [bool; ROWS],
    /// (rows, units): the states before the step, and after it.
    pub h: &'s mut [T],
    pub c: &'s mut [T],
    /// Scratch of (rows, gates · units) and (rows, units).
    pub z: &'s mut [T],
    pub spare: &'s mut [T],
    /// The products of the inputs with the kernel, and then the gates.
    pub gates: Rows<'s, T>,
    pub memo: Option<Rows<'s, T>>,
}

/// One kind of recurrent layer.
pub(super) trait Cell<T>: Sync {
    const GATES: usize;
    fn step(&self, at: &mut Step<'_, T>);
}

pub(super) fn run<T: Element, C: Cell<T>>(cell: &C, s: &Sizes<'_>, i: &Inputs<'_, T>, o: Outputs<'_, T>) {
    let (steps, units, width) = (s.steps, s.units, C::GATES * s.units);
    let check = |len: usize, wanted: usize| assert_eq!(len, s.batch * wanted, "array of a recurrent layer");
    let Outputs { sequence, h, c, gates, before, memo } = o;
    check(h.len(), units);
    for array in [&sequence, &before, &memo].into_iter().flatten() {
        check(array.len(), steps * units);
    }
    for len in [i.x.map(<[T]>::len), gates.as_ref().map(|g| g.len())].into_iter().flatten() {
        check(len, steps * width);
    }
    assert!(i.x.is_some() || gates.is_some(), "a recurrent layer without input");
    h.copy_from_slice(i.h);
    c.copy_from_slice(i.c);
    let isa = isa::active();
    let split = |array| ByRow::new(array, s.batch);
    let (h, c) = (split(Some(h)), split(Some(c)));
    let (sequence, gates, before, memo) = (split(sequence), split(gates), split(before), split(memo));
    s.each_task::<T>(C::GATES, |first, rows| {
        // SAFETY: the arrays are borrowed until all tasks have ended, were found to hold all rows, and each row
        // belongs to one task.
        let (h, c, mut sequence, mut gates, mut before, mut memo) = unsafe {
            let whole = |array: &ByRow<T>| array.take(first, rows).expect("states are always there");
            let of = |array: &ByRow<T>| array.take(first, rows);
            (whole(&h), whole(&c), of(&sequence), of(&gates), of(&before), of(&memo))
        };
        let mut scratch = Buffer::dirty(rows * (2 * width + units) * size_of::<T>()).expect("memory for a few rows");
        let (z, rest) = cast_slice_mut::<T>(scratch.as_bytes_mut()).split_at_mut(rows * width);
        let (lines, spare) = rest.split_at_mut(rows * width);
        for number in 0..steps {
            let t = s.step(number);
            let live = s.live(first, t);
            for r in 0..rows {
                let at = r * steps + t;
                if let Some(before) = &mut before {
                    before[at * units..][..units].copy_from_slice(&h[r * units..][..units]);
                }
                if let Some(x) = i.x {
                    let x = &x[(first * steps + at) * width..][..width];
                    match &mut gates {
                        Some(gates) => gates[at * width..][..width].copy_from_slice(x),
                        None => lines[r * width..][..width].copy_from_slice(x),
                    }
                }
            }
            let gates = match &mut gates {
                Some(gates) => Rows { data: gates, first: t * width, stride: steps * width, len: width },
                None => Rows { data: lines, first: 0, stride: width, len: width },
            };
            let memo = memo.as_mut().map(|m| Rows { data: m, first: t * units, stride: steps * units, len: units });
            cell.step(&mut Step { isa, units, rows, live, h, c, z, spare, gates, memo });
            if let Some(sequence) = &mut sequence {
                for r in 0..rows {
                    let y = &mut sequence[(r * steps + number) * units..][..units];
                    if live[r] || !s.zero_masked {
                        y.copy_from_slice(&h[r * units..][..units]);
                    } else {
                        y.fill(T::ZERO);
                    }
                }
            }
        }
    });
}
