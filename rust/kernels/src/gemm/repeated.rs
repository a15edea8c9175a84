//! A matrix laid out once for many products that have it on the right.

use std::marker::PhantomData;

use super::block::Part;
use super::choice::shares_rows;
use super::drive::block;
use super::pack::{pack_a, pack_b};
use super::{Epilogue, Gemm};
use crate::conv::vector::{Element, Factors};
use crate::isa::{self, Isa};
use crate::memory::Buffer;
use crate::parallel::SendPtr;

/// A k × n matrix in panels, as the tiles of a product read it.
pub struct Repeated<T> {
    panels: Buffer,
    k: usize,
    n: usize,
    /// The layout depends on it.
    isa: Isa,
    element: PhantomData<T>,
}

impl<T: Element> Repeated<T> {
    /// Lays out a k × n matrix whose rows are `ldb` apart; with `transposed` it lies as n × k.
    ///
    /// # Panics
    /// If the slice is too short for the sizes.
    pub fn new(b: &[T], (k, n): (usize, usize), ldb: usize, transposed: bool) -> Self {
        let (rows, columns) = if transposed { (n, k) } else { (k, n) };
        assert!(rows == 0 || columns == 0 || (rows - 1) * ldb + columns <= b.len(), "matrix shorter than {k} x {n}");
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
        Self { panels: pack_b(&part, 0..n, 0..k), k, n, isa: isa::active(), element: PhantomData }
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
        let panels = self.panels.as_bytes().as_ptr().cast();
        // Both operands are laid out for the same tiles.
        assert_eq!(self.isa, isa::active(), "the matrix was laid out for another instruction set");
        let packed = shares_rows(&g).then(|| pack_a(&part, 0..rows, 0..k));
        let strips = packed.as_ref().map_or(std::ptr::null(), |strips| strips.as_bytes().as_ptr().cast());
        block(&part, (0..rows, 0..n, 0..k), (strips, panels), None);
    }
}
