//! The microkernel: a few rows by one, two or four registers of columns, summed over k in registers.

use std::mem::MaybeUninit;

use super::Activation;
use super::broadcast::Operands;
use crate::conv::vector::{Element, Vector};

/// Rows of the smallest compiled tile that holds so many.
pub(crate) fn size_of_tile(rows: usize) -> usize {
    if rows <= 1 { 1 } else { rows.next_multiple_of(2) }
}

/// What happens to finished sums on their way to memory.
#[derive(Clone, Copy)]
pub struct Finish<T> {
    /// Bias of the first column, or null.
    pub bias: *const T,
    /// Residual of the first element (rows `ldc` apart), or null.
    pub residual: *const T,
    /// Start from what the result holds.
    pub accumulate: bool,
    pub activation: Activation,
}

/// Operands of one tile. Element (i, p) of A is at `a + i * a_row + p * a_step`; row p of B at `b + p * b_step`.
#[derive(Clone, Copy)]
pub struct Tile<T> {
    pub k: usize,
    pub a: *const T,
    pub a_row: usize,
    pub a_step: usize,
    pub b: *const T,
    pub b_step: usize,
    /// How far after the first register of a step of B the third is, if there are more than two.
    pub right: usize,
    /// Where to fetch what is needed soon, or null.
    pub ahead: *const T,
    pub c: *mut T,
    pub ldc: usize,
    /// Rows and columns that exist; the rest of the tile repeats the last row and is masked out.
    pub rows: usize,
    pub columns: usize,
    /// Rows of A that do not exist may be read: A is packed for the size of tile that `size_of_tile` names.
    pub padded: bool,
    /// Columns of B that do not exist may be read: B is packed in whole registers.
    pub filled: bool,
    pub finish: Finish<T>,
}

impl<T: Element> Tile<T> {
    /// Computes the tile with the smallest compiled size that holds its rows.
    ///
    /// # Safety
    /// The operands must be readable and the result writable over the tile, for the instruction set of `V`.
    #[inline(always)]
    pub unsafe fn run<V: Vector<T>>(&self) {
        if self.columns > 3 * V::LANES {
            // SAFETY: passed on to the caller.
            unsafe { self.sized::<V, 4>() }
        } else if self.columns > V::LANES {
            // SAFETY: passed on to the caller.
            unsafe { self.sized::<V, 2>() }
        } else {
            // SAFETY: passed on to the caller.
            unsafe { self.sized::<V, 1>() }
        }
    }

    #[inline(always)]
    unsafe fn sized<V: Vector<T>, const REGS: usize>(&self) {
        macro_rules! sizes {
            ($($rows:literal)+) => {
                match self.rows {
                    $(n if n <= $rows && $rows <= V::PIXELS => {
                        // A constant condition: sizes that do not fit the registers are not even compiled.
                        if const { $rows <= if REGS == 4 { V::ROWS_WIDE } else { V::PIXELS } } {
                            // SAFETY: passed on to the caller.
                            unsafe { V::apart(#[inline(always)] || self.compute::<V, $rows, REGS>()) }
                        }
                    })+
                    n => unreachable!("a tile of {n} rows"),
                }
            };
        }
        sizes!(1 2 4 6 8 10 12 14);
    }

    #[inline(always)]
    unsafe fn compute<V: Vector<T>, const ROWS: usize, const REGS: usize>(&self) {
        let last = self.columns - (REGS - 1) * V::LANES;
        // SAFETY: all addresses lie within the operands as the caller promised; masked lanes are not touched.
        unsafe {
            let Self { k, a, a_step, b, b_step, right, ahead, .. } = *self;
            let operands = Operands { k, a, a_step, b, b_step, right, last: if self.filled { V::LANES } else { last }, ahead };
            let zeros = [[V::splat(T::default()); REGS]; ROWS];
            let sums = if self.a_row == 1 && (self.rows == ROWS || self.padded) {
                // Rows that lie side by side are read from one address.
                V::sums(zeros, operands)
            } else if const { ROWS <= V::ROWS_APART || REGS == 4 } {
                debug_assert_eq!(a_step, 1, "rows that lie neither side by side nor each for itself");
                V::sums_apart(zeros, self.starts(), operands)
            } else {
                unreachable!("a tile of {ROWS} rows apart")
            };
            if self.rows == ROWS && last == V::LANES { self.whole(sums) } else { self.by_parts(sums, last) }
        }
    }

    /// Where each row of A starts; those that do not exist repeat the last.
    #[inline(always)]
    fn starts<const ROWS: usize>(&self) -> [*const T; ROWS] {
        std::array::from_fn(|i| self.a.wrapping_add(i.min(self.rows - 1) * self.a_row))
    }

    /// Finishes a tile all of whose rows and columns exist.
    #[inline(always)]
    unsafe fn whole<V: Vector<T>, const ROWS: usize, const REGS: usize>(&self, mut sums: [[V; REGS]; ROWS]) {
        let finish = &self.finish;
        macro_rules! each {
            ($i:ident, $r:ident, $sum:ident => $value:expr) => {
                for $i in 0..ROWS {
                    for $r in 0..REGS {
                        let $sum = sums[$i][$r];
                        sums[$i][$r] = $value;
                    }
                }
            };
        }
        let place = |i: usize, r: usize| i * self.ldc + r * V::LANES;
        // SAFETY: as in `compute`; null pointers are never followed.
        unsafe {
            if finish.accumulate {
                each!(i, r, sum => sum.add(V::load(self.c.wrapping_add(place(i, r)))));
            }
            if !finish.bias.is_null() {
                each!(_i, r, sum => sum.add(V::load(finish.bias.wrapping_add(r * V::LANES))));
            }
            if !finish.residual.is_null() {
                each!(i, r, sum => sum.add(V::load(finish.residual.wrapping_add(place(i, r)))));
            }
            if finish.activation == Activation::Relu {
                each!(_i, _r, sum => sum.relu());
            }
            for i in 0..ROWS {
                for r in 0..REGS {
                    sums[i][r].store(self.c.wrapping_add(place(i, r)));
                }
            }
        }
    }

    /// Finishes a tile at the edge.
    #[inline(always)]
    unsafe fn by_parts<V: Vector<T>, const ROWS: usize, const REGS: usize>(&self, sums: [[V; REGS]; ROWS], last: usize) {
        // By way of memory, so that nothing but straight code touches the sums and they stay in registers until here.
        let mut held = MaybeUninit::<[[[T; 16]; REGS]; ROWS]>::uninit();
        let held = held.as_mut_ptr().cast::<T>();
        // SAFETY: as in `compute`; `held` has room for sixteen lanes of each sum.
        unsafe {
            for i in 0..ROWS {
                for r in 0..REGS {
                    sums[i][r].store(held.add((i * REGS + r) * V::LANES));
                }
            }
            for i in 0..self.rows {
                for r in 0..REGS {
                    let n = if r + 1 == REGS { last } else { V::LANES };
                    let value = V::load(held.add((i * REGS + r) * V::LANES));
                    self.finish.store(value, self.c, (i * self.ldc + r * V::LANES, r * V::LANES), n);
                }
            }
        }
    }
}

impl<T: Element> Finish<T> {
    /// Finishes `n` sums on their way to the element `at` of the result, in the column `column` of the tile.
    ///
    /// # Safety
    /// The result and what is added to it must hold these elements.
    #[inline(always)]
    pub(super) unsafe fn store<V: Vector<T>>(&self, mut value: V, c: *mut T, (at, column): (usize, usize), n: usize) {
        // SAFETY: by the caller's word; null pointers are never followed.
        unsafe {
            if self.accumulate {
                value = value.add(V::load_first(c.add(at), n));
            }
            if !self.bias.is_null() {
                value = value.add(V::load_first(self.bias.add(column), n));
            }
            if !self.residual.is_null() {
                value = value.add(V::load_first(self.residual.add(at), n));
            }
            if self.activation == Activation::Relu {
                value = value.relu();
            }
            value.store_first(c.add(at), n);
        }
    }
}
