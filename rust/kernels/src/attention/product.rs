//! The microkernel: products of small matrices in scratch memory, whose rows are padded to whole registers, so that no
//! lane is masked.
//!
//! Tiles are as wide as a factor that was repeated over a register can be used often: four registers where there are
//! thirty-two of them, with six rows, whose addresses fit the general registers. The narrow tiles have more rows, so that
//! enough sums are under way.

use crate::conv::vector::{Element, Factors, Kernel, Vector, dispatch_factors};
use crate::isa::Isa;

/// Rows that a tile may read beyond those of the left operand, unless these are [`APART`].
pub(super) const SLACK: usize = 12;
/// Elements (i, p) of the left operand are at `i + p * stride`.
pub(super) const TURNED: usize = 0;
/// At `i * stride + p`. Rows that do not exist are not read.
pub(super) const APART: usize = 1;

/// C = A·B, or C += A·B. `LEFT` is one of the constants above, or a known distance between the rows of A.
pub(super) struct Product<T, const LEFT: usize> {
    pub rows: usize,
    /// A multiple of the register's lanes; rows of B and C are as long.
    pub columns: usize,
    pub k: usize,
    pub a: *const T,
    pub stride: usize,
    pub b: *const T,
    pub b_row: usize,
    pub c: *mut T,
    pub c_row: usize,
    pub accumulate: bool,
}

impl<T: Element, const LEFT: usize> Product<T, LEFT> {
    /// # Safety
    /// The operands must be readable, and the result writable by nobody else, over the sizes; the left one also over
    /// [`SLACK`] more rows.
    pub unsafe fn run(self, isa: Isa, factors: Factors) {
        dispatch_factors(isa, factors, self);
    }

    #[inline(always)]
    unsafe fn strips<V: Vector<T>, const ROWS: usize, const REST: usize, const REGS: usize>(&self, column: usize) {
        for row in (0..self.rows).step_by(ROWS) {
            // SAFETY: passed on to the caller.
            unsafe {
                if self.rows - row > REST {
                    V::apart(
                        #[inline(always)]
                        || self.tile::<V, ROWS, REGS>(row, column),
                    );
                } else {
                    V::apart(
                        #[inline(always)]
                        || self.tile::<V, REST, REGS>(row, column),
                    );
                }
            }
        }
    }

    #[inline(always)]
    unsafe fn tile<V: Vector<T>, const ROWS: usize, const REGS: usize>(&self, row: usize, column: usize) {
        let rows = ROWS.min(self.rows - row);
        // SAFETY: all addresses lie within the operands and their slack, as the caller promised.
        unsafe {
            let mut sums = [[V::splat(T::default()); REGS]; ROWS];
            let mut b = self.b.wrapping_add(column);
            let (start, step) = match LEFT {
                TURNED => (row, self.stride),
                APART => (0, 1),
                _ => (row * LEFT, 1),
            };
            let mut a = self.a.wrapping_add(start);
            let apart: [*const T; ROWS] = std::array::from_fn(|i| self.a.wrapping_add((row + i.min(rows - 1)) * self.stride));
            for p in 0..self.k {
                let right: [V; REGS] = std::array::from_fn(|r| V::load(b.wrapping_add(r * V::LANES)));
                for i in 0..ROWS {
                    let x = V::splat(match LEFT {
                        TURNED => *a.wrapping_add(i),
                        APART => *apart[i].wrapping_add(p),
                        _ => *a.wrapping_add(i * LEFT),
                    });
                    for r in 0..REGS {
                        sums[i][r] = x.mul_add(right[r], sums[i][r]);
                    }
                }
                b = b.wrapping_add(self.b_row);
                a = a.wrapping_add(step);
            }
            for i in 0..ROWS {
                if i < rows {
                    for r in 0..REGS {
                        let to = self.c.wrapping_add((row + i) * self.c_row + column + r * V::LANES);
                        let sum = if self.accumulate { sums[i][r].add(V::load(to)) } else { sums[i][r] };
                        sum.store(to);
                    }
                }
            }
        }
    }
}

impl<T: Element, const LEFT: usize> Kernel<T> for Product<T, LEFT> {
    #[inline(always)]
    unsafe fn run<V: Vector<T>>(self) {
        debug_assert!(self.columns.is_multiple_of(V::LANES));
        let mut column = 0;
        while column < self.columns {
            let left = (self.columns - column) / V::LANES;
            // Constant conditions: what does not fit the registers is not even compiled.
            // SAFETY: passed on to the caller.
            column += V::LANES
                * unsafe {
                    if const { V::PIXELS >= 12 } {
                        match left {
                            4.. => (self.strips::<V, 6, 2, 4>(column), 4).1,
                            2 | 3 => (self.strips::<V, 12, 6, 2>(column), 2).1,
                            _ => (self.strips::<V, 12, 6, 1>(column), 1).1,
                        }
                    } else if left >= 2 {
                        (self.strips::<V, 6, 2, 2>(column), 2).1
                    } else {
                        (self.strips::<V, 6, 6, 1>(column), 1).1
                    }
                };
        }
    }
}
