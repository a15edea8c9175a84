//! Matrix products: C = activation(A·B + bias + residual), either operand transposed, in batches.
//!
//! One microkernel (`tile`) in the register types of every instruction set, one set of loops (`drive`).

mod block;
pub(crate) mod broadcast;
pub(crate) mod choice;
pub(crate) mod drive;
mod half;
mod integer;
mod pack;
mod pack_pairs;
mod paired;
mod repeated;
mod row;
mod summed;
mod tasks;
pub(crate) mod tile;
pub(crate) mod wide;

pub use block::Block;
pub use half::{Way, gemm_half, gemm_half_by};
pub use integer::matmul_int;
pub use repeated::Repeated;

use crate::conv::vector::Element;
use crate::unary::{Unary, unary_float_in_place};

/// What is applied to a finished element.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Hash)]
pub enum Activation {
    None,
    /// max(x, 0); NaN stays NaN.
    Relu,
    /// As a pass of its own over the result, as `Tanh`.
    Sigmoid,
    Tanh,
}

impl Activation {
    /// The function that is a pass over the result: only the cheapest is worth a place in the kernels.
    pub(crate) fn pass(self) -> Option<Unary> {
        match self {
            Self::None | Self::Relu => None,
            Self::Sigmoid => Some(Unary::Sigmoid),
            Self::Tanh => Some(Unary::Tanh),
        }
    }
}

/// What is fused into the product, in this order.
#[derive(Clone, Copy, Debug)]
pub struct Epilogue<'a, T> {
    /// One number for each column.
    pub bias: Option<&'a [T]>,
    /// As large as the result.
    pub residual: Option<&'a [T]>,
    pub activation: Activation,
}

impl<T> Epilogue<'_, T> {
    /// Nothing: the bare product.
    pub const NONE: Self = Self { bias: None, residual: None, activation: Activation::None };
}

/// One product of an m × k and a k × n matrix.
#[derive(Clone, Copy)]
pub struct Gemm<'a, T> {
    pub m: usize,
    pub n: usize,
    pub k: usize,
    pub a: &'a [T],
    /// Distance between rows of A as it lies in memory.
    pub lda: usize,
    /// A lies as k × m.
    pub a_trans: bool,
    pub b: &'a [T],
    /// Distance between rows of B as it lies in memory.
    pub ldb: usize,
    /// B lies as n × k.
    pub b_trans: bool,
    /// Adds to what the result holds.
    pub accumulate: bool,
    pub epilogue: Epilogue<'a, T>,
}

/// C = op(A)·op(B), with rows of C `ldc` apart.
///
/// # Panics
/// If a slice is too short for the sizes, or the activation is not one that tiles apply (none or relu).
pub fn gemm<T: Element>(g: &Gemm<'_, T>, c: &mut [T], ldc: usize) {
    assert!(matches!(g.epilogue.activation, Activation::None | Activation::Relu), "activation of a strided product");
    drive::run(g, &[0], &[0], c, ldc);
}

/// Products of equal sizes, A and B starting at these offsets, results one after the other.
///
/// # Panics
/// If a slice is too short for the sizes.
pub fn gemm_batched<T: Element>(g: &Gemm<'_, T>, a_offsets: &[usize], b_offsets: &[usize], c: &mut [T]) {
    drive::run(g, a_offsets, b_offsets, c, g.n);
    if let Some(function) = g.epilogue.activation.pass() {
        unary_float_in_place(function, c);
    }
}
