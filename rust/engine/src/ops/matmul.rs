//! Matrix products: batched, broadcast, transposed, with an epilogue on the finished tile.

use std::sync::Arc;

use rkeras_kernels::gemm::{Activation, Epilogue as TileEpilogue, Gemm, gemm_batched, gemm_half, matmul_int};

use crate::apply::apply1;
use crate::attrs::Attrs;
use crate::dtype::DType;
use crate::error::{Error, Result};
use crate::op::{Epilogue, Halves, Op, Promotion, Traits, View, ViewMut, Vjp, arity};
use crate::ops::cast::kind;
use crate::ops::reduce::sum_to;
use crate::ops::shape;
use crate::registry::Entry;
use crate::spec::{Shape, ShapeText, Spec, broadcast};
use crate::value::Value;
use crate::{with_float, with_int};

pub const OPS: &[Entry] = &[("matmul", |a: &Attrs| {
    Ok(Arc::new(MatMul {
        transpose_a: a.bool_or("transpose_a", false)?,
        transpose_b: a.bool_or("transpose_b", false)?,
        bias: false,
        activation: Activation::None,
    }))
})];

/// `activation(op(a) @ op(b) + bias)`, over the last two axes; leading axes broadcast.
#[derive(Debug, Clone)]
pub struct MatMul {
    transpose_a: bool,
    transpose_b: bool,
    /// A third operand of shape (n,) is added to each row.
    bias: bool,
    activation: Activation,
}

/// Sizes of one product.
struct Sizes {
    m: usize,
    n: usize,
    k: usize,
    batch: Shape,
}

impl MatMul {
    /// Sizes, once vectors have been given their second axis.
    fn sizes(&self, a: &Spec, b: &Spec) -> Result<Sizes> {
        let mismatch = || {
            let flags = match (self.transpose_a, self.transpose_b) {
                (false, false) => "",
                (true, false) => " with the first transposed",
                (false, true) => " with the second transposed",
                (true, true) => " with both transposed",
            };
            Error::value(format!(
                "cannot multiply matrices of shapes {} and {}{flags}: the inner sizes differ",
                ShapeText(&a.shape),
                ShapeText(&b.shape)
            ))
        };
        let (ra, rb) = (a.rank(), b.rank());
        if ra < 2 || rb < 2 {
            return Err(Error::value(format!(
                "needs at least two axes on both sides, got {} and {}",
                ShapeText(&a.shape),
                ShapeText(&b.shape)
            )));
        }
        let pair = |s: &Spec, t: bool| {
            let (x, y) = (s.shape[s.rank() - 2], s.shape[s.rank() - 1]);
            if t { (y, x) } else { (x, y) }
        };
        let ((m, k), (k2, n)) = (pair(a, self.transpose_a), pair(b, self.transpose_b));
        if k != k2 {
            return Err(mismatch());
        }
        let batch = broadcast(&a.shape[..ra - 2], &b.shape[..rb - 2])?;
        Ok(Sizes { m, n, k, batch })
    }

    /// With one matrix on the right, the leading axes of the left are more rows of one product.
    fn folded(&self, a: &Spec, b: &Spec, sizes: &Sizes) -> Option<usize> {
        (b.rank() == 2 && !self.transpose_a && a.rank() > 2).then(|| sizes.batch.iter().product::<usize>() * sizes.m)
    }
}

/// Element offsets of each matrix of an operand, over the broadcast batch axes.
fn batch_offsets(shape: &[usize], batch: &[usize]) -> Vec<usize> {
    let matrix: usize = shape[shape.len() - 2..].iter().product();
    let own = &shape[..shape.len() - 2];
    let lead = batch.len() - own.len();
    let mut strides = vec![0; batch.len()];
    let mut step = matrix;
    for (i, d) in own.iter().enumerate().rev() {
        strides[lead + i] = if *d == 1 { 0 } else { step };
        step *= d;
    }
    let count: usize = batch.iter().product();
    (0..count)
        .map(|mut index| {
            let mut offset = 0;
            for (axis, d) in batch.iter().enumerate().rev() {
                offset += index % d * strides[axis];
                index /= d;
            }
            offset
        })
        .collect()
}

impl Op for MatMul {
    fn name(&self) -> &'static str {
        "matmul"
    }

    fn promotion(&self) -> Promotion {
        Promotion::CommonFirst(2)
    }

    fn infer(&self, inputs: &[Spec]) -> Result<Vec<Spec>> {
        arity(self.name(), inputs, if self.bias { 3 } else { 2 })?;
        if inputs[0].dtype == DType::Bool {
            return Err(Error::dtype("is not defined for bool tensors; cast them to int32 first"));
        }
        let sizes = self.sizes(&inputs[0], &inputs[1])?;
        let mut shape = sizes.batch;
        shape.push(sizes.m);
        shape.push(sizes.n);
        Ok(vec![inputs[0].with_shape(&shape)])
    }

    fn run(&self, inputs: &[View<'_>], outputs: &mut [ViewMut<'_>], _: &mut [u8]) {
        let (a, b) = (inputs[0], inputs[1]);
        let sizes = self.sizes(a.spec, b.spec).expect("checked by infer");
        let folded = self.folded(a.spec, b.spec, &sizes);
        let (m, count) = match folded {
            Some(rows) => (rows, 1),
            None => (sizes.m, sizes.batch.iter().product()),
        };
        let (n, k) = (sizes.n, sizes.k);
        let offsets = |shape: &[usize]| if folded.is_some() { vec![0] } else { batch_offsets(shape, &sizes.batch) };
        let (a_offsets, b_offsets) = (offsets(a.shape()), offsets(b.shape()));
        debug_assert_eq!(a_offsets.len(), count);
        macro_rules! call {
            ($T:ty) => {
                Gemm {
                    m,
                    n,
                    k,
                    a: a.get::<$T>(),
                    lda: if self.transpose_a { m } else { k },
                    a_trans: self.transpose_a,
                    b: b.get::<$T>(),
                    ldb: if self.transpose_b { k } else { n },
                    b_trans: self.transpose_b,
                    accumulate: false,
                    epilogue: TileEpilogue {
                        bias: self.bias.then(|| inputs[2].get::<$T>()),
                        residual: None,
                        activation: self.activation,
                    },
                }
            };
        }
        if a.spec.dtype.is_half() {
            gemm_half(kind(a.spec.dtype), &call!(u16), &a_offsets, &b_offsets, outputs[0].get::<u16>());
        } else if a.spec.dtype.is_float() {
            with_float!(a.spec.dtype, T => {
                gemm_batched(&call!(T), &a_offsets, &b_offsets, outputs[0].get::<T>());
            });
        } else {
            with_int!(a.spec.dtype, T => {
                let y = outputs[0].get::<T>();
                for (i, (ao, bo)) in a_offsets.iter().zip(&b_offsets).enumerate() {
                    matmul_int::<T>(
                        (m, n, k),
                        (&a.get::<T>()[*ao..*ao + m * k], self.transpose_a),
                        (&b.get::<T>()[*bo..*bo + k * n], self.transpose_b),
                        &mut y[i * m * n..(i + 1) * m * n],
                    );
                }
            });
        }
    }

    fn vjp(&self, at: &Vjp<'_>) -> Result<Vec<Option<Value>>> {
        let (a, b) = (at.x(0), at.x(1));
        // The planner fuses after differentiation, so a bias or activation here means an op made by hand.
        let g = match self.activation {
            Activation::None => at.g()?,
            _ => return Err(Error::internal("a fused product was differentiated")),
        };
        let da = at.when(0, || {
            let part = match (self.transpose_a, self.transpose_b) {
                (false, false) => matmul(&g, b, false, true)?,
                (false, true) => matmul(&g, b, false, false)?,
                (true, false) => matmul(b, &g, false, true)?,
                (true, true) => matmul(b, &g, true, true)?,
            };
            sum_to(&part, &a.spec().shape)
        })?;
        let db = at.when(1, || {
            // One matrix on the right of a batch: its gradient is one product over all rows.
            if b.spec().rank() == 2 && a.spec().rank() > 2 && !self.transpose_a {
                let rows = |v: &Value| -> Result<Value> {
                    let last = *v.spec().shape.last().unwrap_or(&1);
                    shape::reshape(v, &[v.spec().size().checked_div(last).unwrap_or(0), last])
                };
                let (a, g) = (rows(a)?, rows(&g)?);
                return if self.transpose_b { matmul(&g, &a, true, false) } else { matmul(&a, &g, true, false) };
            }
            let part = match (self.transpose_a, self.transpose_b) {
                (false, false) => matmul(a, &g, true, false)?,
                (false, true) => matmul(&g, a, true, false)?,
                (true, false) => matmul(a, &g, false, false)?,
                (true, true) => matmul(&g, a, true, true)?,
            };
            sum_to(&part, &b.spec().shape)
        })?;
        Ok(vec![da, db])
    }

    fn traits(&self) -> Traits {
        Traits { halves: Halves::Native, reads_inputs: 0b11, reads_outputs: 0, ..Traits::default() }
    }

    fn absorb(&self, consumer: &dyn Op, operands: &[Spec], position: usize) -> Option<Box<dyn Op>> {
        if self.activation != Activation::None || !operands[position].dtype.is_float() {
            return None;
        }
        match consumer.as_epilogue()? {
            Epilogue::Add => {
                let n = *operands[position].shape.last()?;
                let bias = &operands[1 - position];
                let fits = !self.bias && bias.shape.as_slice() == [n] && bias.dtype == operands[position].dtype;
                fits.then(|| Box::new(Self { bias: true, ..self.clone() }) as Box<dyn Op>)
            }
            Epilogue::Activation(activation) => Some(Box::new(Self { activation, ..self.clone() })),
        }
    }

    fn flops(&self, inputs: &[Spec], outputs: &[Spec]) -> usize {
        self.sizes(&inputs[0], &inputs[1]).map_or(0, |s| 2 * s.k * outputs[0].size())
    }
}

/// The product of two operands of at least two axes, each possibly transposed.
pub fn matmul(a: &Value, b: &Value, transpose_a: bool, transpose_b: bool) -> Result<Value> {
    let op = MatMul { transpose_a, transpose_b, bias: false, activation: Activation::None };
    apply1(op, &[a.clone(), b.clone()])
}
