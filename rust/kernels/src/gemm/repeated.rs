//! A matrix laid out once for many products that have it on the right.

use std::marker::PhantomData;

use super::block::Part;
use super::choice::shares_rows;
use super::drive::block;
use super::half::blank;
use super::pack::{distance, pack_a, pack_b};
use super::pack_pairs::{Side, WIDTH, pack};
use super::{Epilogue, Gemm};
use crate::conv::vector::{Element, Factors};
use crate::element::{as_bytes, cast_slice};
use crate::isa::{self, Isa};
use crate::memory::Buffer;
use crate::pairs::rounded;
use crate::parallel::SendPtr;

/// A k × n matrix in panels, as the tiles of a product read it.
pub struct Repeated<T> {
    panels: Buffer,
    k: usize,
    n: usize,
    factors: Factors,
    /// The layout depends on it.
    isa: Isa,
    element: PhantomData<T>,
}

impl<T: Element> Repeated<T> {
    /// Lays out a k × n matrix whose rows are `ldb` apart; with `transposed` it lies as n × k. Factors are rounded to bfloat16 if they
    /// are to be pairs.
    ///
    /// # Panics
    /// If the slice is too short for the sizes, or pairs are asked for where the processor has none or the matrix is not float32.
    pub fn new(b: &[T], (k, n): (usize, usize), ldb: usize, transposed: bool, factors: Factors) -> Self {
        let (rows, columns) = if transposed { (n, k) } else { (k, n) };
        assert!(rows == 0 || columns == 0 || (rows - 1) * ldb + columns <= b.len(), "matrix shorter than {k} x {n}");
        if factors == Factors::Pairs {
            assert_eq!(size_of::<T>(), size_of::<f32>(), "bytes of a number whose pairs are multiplied");
            let panels = pairs_of(cast_slice(as_bytes(b)), (k, n), ldb, transposed);
            return Self { panels, k, n, factors, isa: isa::active(), element: PhantomData };
        }
        let g = Gemm {
            m: 0,
            n,
            k,
            a: &[],
            lda: 0,
            a_trans: false,
            b,
            ldb,
            b_trans: transposed,
            accumulate: false,
            epilogue: Epilogue::NONE,
        };
        let part = Part { g: &g, a: 0, b: 0, c: SendPtr(std::ptr::null_mut()), ldc: 0, factors: Factors::Floats };
        Self { panels: pack_b(&part, 0..n, 0..k), k, n, factors, isa: isa::active(), element: PhantomData }
    }

    /// C = A·B, or C + A·B, on this thread; rows of A lie `lda` apart, those of C `ldc`.
    ///
    /// # Panics
    /// If a slice is too short for the sizes.
    pub fn multiply(&self, a: &[T], lda: usize, rows: usize, c: &mut [T], ldc: usize, accumulate: bool) {
        let (k, n) = (self.k, self.n);
        if rows == 0 || n == 0 {
            return;
        }
        assert!((rows - 1) * lda + k <= a.len() && (rows - 1) * ldc + n <= c.len(), "operands of {rows} x {n} x {k}");
        // Both operands are laid out for the same tiles.
        assert_eq!(self.isa, isa::active(), "the matrix was laid out for another instruction set");
        let panels = self.panels.as_bytes().as_ptr();
        if self.factors == Factors::Pairs {
            let (words, steps) = (rounded(cast_slice(as_bytes(a)), (rows, k, lda)), k.div_ceil(2));
            let g = Gemm { a: &words, lda: steps, accumulate, ..blank(rows, n, steps) };
            let part = Part { g: &g, a: 0, b: 0, c: SendPtr(c.as_mut_ptr().cast()), ldc, factors: self.factors };
            return block(&part, (0..rows, 0..n, 0..steps), (std::ptr::null(), panels.cast()), None);
        }
        let g = Gemm {
            m: rows,
            n,
            k,
            a,
            lda,
            a_trans: false,
            b: &[],
            ldb: 0,
            b_trans: false,
            accumulate,
            epilogue: Epilogue::NONE,
        };
        let part = Part { g: &g, a: 0, b: 0, c: SendPtr(c.as_mut_ptr()), ldc, factors: Factors::Floats };
        let packed = shares_rows(&g).then(|| pack_a(&part, 0..rows, 0..k));
        let strips = packed.as_ref().map_or(std::ptr::null(), |strips| strips.as_bytes().as_ptr().cast());
        block(&part, (0..rows, 0..n, 0..k), (strips, panels.cast()), None);
    }
}

/// Panels of a k × n matrix rounded to bfloat16.
fn pairs_of(b: &[f32], (k, n): (usize, usize), ldb: usize, transposed: bool) -> Buffer {
    let (rows, columns) = if transposed { (n, k) } else { (k, n) };
    let words = rounded(b, (rows, columns, ldb));
    let side = Side { from: cast_slice(as_bytes(&words)), ld: columns.next_multiple_of(2), together: transposed, k };
    let steps = k.div_ceil(2);
    let mut panels = Buffer::dirty(4 * n.div_ceil(WIDTH) * distance::<f32>(steps, WIDTH)).expect("memory for a matrix in panels");
    let last = (n % WIDTH).next_multiple_of(WIDTH / 2);
    // SAFETY: pairs were just made, so AVX-512 is there; all columns lie in the matrix, and all panels in the block.
    unsafe { pack(&side, 0..n, 0..steps, last, panels.as_bytes_mut().as_mut_ptr().cast()) };
    panels
}
