//! One row times a matrix: the product behind the prediction of a single sample.

use super::Activation;
use super::drive::Block;
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
    /// As [`Kernel::run`].
    #[inline(always)]
    pub(super) unsafe fn row<V: Vector<T>>(&self, first: bool, last: bool) {
        let (g, part) = (self.part.g, self.part);
        let at = self.rows.start * part.ldc + self.columns.start;
        let a = g.a.as_ptr().wrapping_add(part.a + self.rows.start * g.lda);
        let b = g.b.as_ptr().wrapping_add(part.b + self.columns.start);
        let mut k = self.k.start;
        while k < self.k.end {
            let steps = ROW_STEPS.min(self.k.end - k);
            let (fresh, done) = (first && k == self.k.start && !g.accumulate, last && k + steps == self.k.end);
            for j in (0..self.columns.len()).step_by(V::LANES) {
                let n = V::LANES.min(self.columns.len() - j);
                // SAFETY: the row of A, these columns of B and of the result exist; lanes behind them are not touched.
                unsafe {
                    let c = part.c.get().wrapping_add(at + j);
                    let mut sum = if fresh { V::splat(T::default()) } else { load::<T, V>(c, n) };
                    for p in k..k + steps {
                        sum = V::splat(*a.wrapping_add(p)).mul_add(load::<T, V>(b.wrapping_add(p * g.ldb + j), n), sum);
                    }
                    if done {
                        if let Some(bias) = g.epilogue.bias {
                            sum = sum.add(load::<T, V>(bias.as_ptr().wrapping_add(self.columns.start + j), n));
                        }
                        if let Some(residual) = g.epilogue.residual {
                            sum = sum.add(load::<T, V>(residual.as_ptr().wrapping_add(at + j), n));
                        }
                        if g.epilogue.activation == Activation::Relu {
                            sum = sum.relu();
                        }
                    }
                    if n == V::LANES { sum.store(c) } else { sum.store_part(c, n) }
                }
            }
            k += steps;
        }
    }
}

/// The first `n` elements of a register.
///
/// # Safety
/// As [`Vector::load_part`].
#[inline(always)]
unsafe fn load<T, V: Vector<T>>(from: *const T, n: usize) -> V {
    // SAFETY: by the caller's word.
    unsafe { if n == V::LANES { V::load(from) } else { V::load_part(from, n) } }
}
