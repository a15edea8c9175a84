//! One row times a matrix: the product behind the prediction of a single sample.

use super::block::Block;
use super::tile::Finish;
use crate::conv::vector::{Element, Vector};

/// Rows of B that a single row of A is multiplied with at a time.
const ROW_STEPS: usize = 8;

impl<T: Element> Block<'_, '_, T> {
    /// Whether this is one row with a wide matrix, as it lies.
    #[inline(always)]
    pub(super) fn is_row<V: Vector<T>>(&self) -> bool {
        let wide = self.columns.len() > 2 * V::LANES && !self.k.is_empty();
        self.rows.len() == 1 && wide && !self.part.g.a_trans && self.strips.is_null() && self.panels.is_null()
    }

    /// A row times a matrix, which is read row by row: what matters is how fast memory gives it.
    ///
    /// # Safety
    /// As `Kernel::run`; `finish` belongs to the first of these columns.
    #[inline(always)]
    pub(super) unsafe fn row<V: Vector<T>>(&self, finish: &Finish<T>) {
        let (g, part) = (self.part.g, self.part);
        let a = g.a.as_ptr().wrapping_add(part.a + self.rows.start * g.lda);
        let b = g.b.as_ptr().wrapping_add(part.b + self.columns.start);
        let c = part.c.get().wrapping_add(self.rows.start * part.ldc + self.columns.start);
        for k in self.k.clone().step_by(ROW_STEPS) {
            let steps = k..self.k.end.min(k + ROW_STEPS);
            let fresh = k == self.k.start && !finish.accumulate;
            for j in (0..self.columns.len()).step_by(V::LANES) {
                let n = V::LANES.min(self.columns.len() - j);
                // SAFETY: the row of A, these columns of B and of the result exist; lanes behind them are not touched.
                unsafe {
                    let mut sum = if fresh { V::splat(T::default()) } else { V::load_first(c.wrapping_add(j), n) };
                    for p in steps.clone() {
                        sum = V::splat(*a.wrapping_add(p)).mul_add(V::load_first(b.wrapping_add(p * g.ldb + j), n), sum);
                    }
                    if steps.end == self.k.end {
                        // What the result held is in the sums already.
                        Finish { accumulate: false, ..*finish }.store(sum, c, (j, j), n);
                    } else {
                        sum.store_first(c.wrapping_add(j), n);
                    }
                }
            }
        }
    }
}
