//! Recurrent layers: all steps of a sequence in one call, forwards and backwards.
//!
//! Arrays are laid out batch first. A task takes a few rows of the batch through all steps, so that nothing waits
//! between two steps, and what it writes is one block of each array. Rows never meet, and the number of rows of a
//! task depends on sizes alone: the same bytes for any number of threads. The recurrent kernel is laid out once a call.

mod backward;
mod forward;
mod gru;
mod lanes;
mod lstm;
mod simple;

use crate::conv::vector::{Element, Factors};
use crate::parallel::SendPtr;

pub use backward::{Saved, Slopes};
pub use forward::{Inputs, Outputs};

/// Rows of a task at most.
const ROWS: usize = 16;
/// Bytes of a recurrent kernel that stays in the second-level cache from step to step. Then half as many rows, one
/// tile of a product, still outweigh its reading, and a batch of 32 makes four tasks.
const CACHED: usize = 1 << 20;
/// Multiply-adds below which all rows stay on the calling thread (about 10 µs).
const SERIAL: usize = 1 << 20;

/// Which layer.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Hash)]
pub enum Kind {
    /// Long short-term memory; gates in the order input, forget, candidate, output.
    Lstm,
    /// Gated recurrent unit; gates in the order update, reset, candidate.
    Gru {
        /// The reset gate comes after the product with the recurrent kernel.
        reset_after: bool,
    },
    /// tanh of the sum.
    Simple,
}

impl Kind {
    /// How many vectors of `units` numbers the product with the kernel gives.
    pub fn gates(self) -> usize {
        match self {
            Self::Lstm => 4,
            Self::Gru { .. } => 3,
            Self::Simple => 1,
        }
    }

    /// Whether there is a second state.
    pub fn carries(self) -> bool {
        self == Self::Lstm
    }

    /// Whether the way back needs one more vector of each step.
    pub fn remembers(self) -> bool {
        self != Self::Simple
    }
}

/// Sizes, direction and mask of a call.
#[derive(Clone, Copy, Debug)]
pub struct Sizes<'a> {
    pub batch: usize,
    pub steps: usize,
    pub units: usize,
    /// From the last step to the first; the sequence of outputs comes in that order.
    pub reverse: bool,
    /// Outputs of masked steps are zeros, instead of the state.
    pub zero_masked: bool,
    /// (batch, steps): where zero, the states stay as they are.
    pub mask: Option<&'a [u8]>,
    /// What is multiplied with the recurrent kernel is rounded to bfloat16, as is the kernel; only in float32, where
    /// [`crate::isa::favours_pairs`].
    pub pairs: bool,
}

impl Sizes<'_> {
    fn factors(&self) -> Factors {
        if self.pairs { Factors::Pairs } else { Factors::Floats }
    }

    /// The step of the input that comes as number `s`.
    fn step(&self, s: usize) -> usize {
        if self.reverse { self.steps - 1 - s } else { s }
    }

    /// Which of the rows from `first` on count at step `t`.
    fn live(&self, first: usize, t: usize) -> [bool; ROWS] {
        std::array::from_fn(|r| {
            first + r < self.batch && self.mask.is_none_or(|m| m[(first + r) * self.steps + t] != 0)
        })
    }

    /// Calls `f` with the first row and the number of rows of each task.
    fn each_task<T>(&self, gates: usize, f: impl Fn(usize, usize) + Sync) {
        let kernel = self.units * self.units * gates;
        let rows = if kernel * size_of::<T>() <= CACHED { ROWS / 2 } else { ROWS };
        let tasks = self.batch.div_ceil(rows);
        let work = self.batch * self.steps * kernel;
        let together = if work < SERIAL { tasks } else { 1 };
        crate::parallel::for_each(tasks.div_ceil(together.max(1)), |group| {
            for task in group * together..((group + 1) * together).min(tasks) {
                f(task * rows, rows.min(self.batch - task * rows));
            }
        });
    }
}

/// All steps in order; see [`Inputs`] and [`Outputs`].
///
/// # Panics
/// If an array has not the size that `s` asks for.
pub fn forward<T: Element>(kind: Kind, s: &Sizes<'_>, i: &Inputs<'_, T>, o: Outputs<'_, T>) {
    let factors = s.factors();
    match kind {
        Kind::Lstm => forward::run(&lstm::Lstm::forward(s.units, i.kernel, factors), s, i, o),
        Kind::Gru { reset_after: true } => forward::run(&gru::After::forward(s.units, i.kernel, i.bias, factors), s, i, o),
        Kind::Gru { reset_after: false } => forward::run(&gru::Before::forward(s.units, i.kernel, factors), s, i, o),
        Kind::Simple => forward::run(&simple::Simple::forward(s.units, i.kernel, factors), s, i, o),
    }
}

/// The way back through all steps; see [`Saved`] and [`Slopes`].
///
/// # Panics
/// If an array has not the size that `s` asks for.
pub fn backward<T: Element>(kind: Kind, s: &Sizes<'_>, i: &Saved<'_, T>, o: Slopes<'_, T>) {
    let factors = s.factors();
    match kind {
        Kind::Lstm => backward::run(&lstm::Lstm::backward(s.units, i.kernel, factors), s, i, o),
        Kind::Gru { reset_after: true } => backward::run(&gru::After::backward(s.units, i.kernel, factors), s, i, o),
        Kind::Gru { reset_after: false } => backward::run(&gru::Before::backward(s.units, i.kernel, factors), s, i, o),
        Kind::Simple => backward::run(&simple::Simple::backward(s.units, i.kernel, factors), s, i, o),
    }
}

/// An array of equal parts, one for each row of the batch, of which each task takes some.
struct ByRow<T> {
    base: SendPtr<T>,
    /// Elements of a part; None for an array that is not there.
    part: Option<usize>,
}

impl<T> ByRow<T> {
    fn new(array: Option<&mut [T]>, rows: usize) -> Self {
        match array {
            Some(array) => {
                let part = array.len().checked_div(rows).unwrap_or(0);
                Self { base: SendPtr(array.as_mut_ptr()), part: Some(part) }
            }
            None => Self { base: SendPtr(std::ptr::null_mut()), part: None },
        }
    }

    /// The parts of some rows.
    ///
    /// # Safety
    /// The array must still be borrowed, hold these rows, and no other task may take any of them.
    unsafe fn take<'a>(&self, first: usize, rows: usize) -> Option<&'a mut [T]> {
        // SAFETY: by the caller's word.
        self.part.map(|n| unsafe { std::slice::from_raw_parts_mut(self.base.get().add(first * n), rows * n) })
    }
}

/// One vector for each row of a task, at equal distances.
struct Rows<'a, T> {
    data: &'a mut [T],
    first: usize,
    stride: usize,
    len: usize,
}

impl<T> Rows<'_, T> {
    fn row(&mut self, r: usize) -> &mut [T] {
        &mut self.data[self.first + r * self.stride..][..self.len]
    }
}
