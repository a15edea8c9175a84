//! Batch and layer normalisation as single kernels each way.
//!
//! Both see the operand as (outer, channels, inner): batch normalisation averages over outer and inner, layer
//! normalisation over channels, with inner 1. A plan may hand them operands of bfloat16 beside parameters of float32
//! (`passes/brain_beside.rs`).

use std::sync::Arc;

use rkeras_kernels::entry::StoredKernels;

use crate::apply::apply;
use crate::attrs::Attrs;
use crate::error::{Error, Result};
use crate::op::{Op, Promotion, Traits, View, ViewMut, Vjp, arity};
use crate::ops::compose::by_composition;
use crate::ops::softmax::around;
use crate::ops::{binary, fill, reduce, shape, unary};
use crate::registry::Entry;
use crate::spec::{Shape, Spec, normalize_axis};
use crate::value::Value;
use crate::with_stored_float;

pub const OPS: &[Entry] = &[
    ("batch_norm", |a: &Attrs| Ok(Arc::new(BatchNorm::new(a)?))),
    ("batch_norm_grad", |a: &Attrs| Ok(Arc::new(BatchNormGrad { norm: BatchNorm::new(a)? }))),
    ("layer_norm", |a: &Attrs| Ok(Arc::new(LayerNorm { epsilon: a.float("epsilon")?.to_bits() }))),
    ("layer_norm_grad", |a: &Attrs| {
        Ok(Arc::new(LayerNormGrad { norm: LayerNorm { epsilon: a.float("epsilon")?.to_bits() } }))
    }),
];

fn mean(x: &Value, axes: &[i64]) -> Result<Value> {
    let total = reduce::sum(x, Some(axes), true)?;
    let count = x.spec().size().checked_div(total.spec().size()).unwrap_or(0);
    binary::scale(&total, 1.0 / count.max(1) as f64)
}

/// `(x - mean) / sqrt(var + epsilon) * gamma + beta` with the batch's own statistics; operands (x, gamma, beta).
/// Gives the result, the mean and the (biased) variance of each channel.
#[derive(Debug, Clone)]
pub struct BatchNorm {
    axis: i64,
    epsilon: u64,
}

impl BatchNorm {
    fn new(a: &Attrs) -> Result<Self> {
        Ok(Self { axis: a.int_or("axis", -1)?, epsilon: a.float("epsilon")?.to_bits() })
    }

    fn check(&self, x: &Spec, parameters: &[Spec]) -> Result<usize> {
        let channels = x.shape[normalize_axis(self.axis, x.rank())?];
        if let Some(bad) = parameters.iter().find(|p| p.shape.as_slice() != [channels]) {
            return Err(Error::value(format!("parameters must have shape ({channels},) for an operand {x}, got {bad}")));
        }
        Ok(channels)
    }

    fn composed(&self, x: &Value, gamma: &Value, beta: &Value) -> Result<Vec<Value>> {
        let rank = x.spec().rank();
        let axis = normalize_axis(self.axis, rank)?;
        let others: Vec<i64> = (0..rank).filter(|i| *i != axis).map(|i| i as i64).collect();
        let mut wide = Shape::from_elem(1, rank);
        wide[axis] = x.spec().shape[axis];
        let (m, centred);
        m = mean(x, &others)?;
        centred = binary::sub(x, &m)?;
        let v = mean(&unary::square(&centred)?, &others)?;
        let inverse = unary::rsqrt(&binary::add(&v, &fill::scalar(&v, f64::from_bits(self.epsilon))?)?)?;
        let scaled = binary::mul(&binary::mul(&centred, &inverse)?, &shape::reshape(gamma, &wide)?)?;
        let y = binary::add(&scaled, &shape::reshape(beta, &wide)?)?;
        let flat = gamma.spec().shape.clone();
        Ok(vec![y, shape::reshape(&m, &flat)?, shape::reshape(&v, &flat)?])
    }
}

impl Op for BatchNorm {
    fn name(&self) -> &'static str {
        "batch_norm"
    }

    fn promotion(&self) -> Promotion {
        Promotion::Float
    }

    fn infer(&self, inputs: &[Spec]) -> Result<Vec<Spec>> {
        arity(self.name(), inputs, 3)?;
        let channels = self.check(&inputs[0], &inputs[1..])?;
        let statistic = inputs[1].with_shape(&[channels]);
        Ok(vec![inputs[0].clone(), statistic.clone(), statistic])
    }

    fn run(&self, inputs: &[View<'_>], outputs: &mut [ViewMut<'_>], _: &mut [u8]) {
        let x = inputs[0];
        let (outer, c, inner) = around(x.shape(), self.axis).expect("checked by infer");
        let epsilon = f64::from_bits(self.epsilon);
        let [y, m, v] = outputs else { unreachable!("three outputs") };
        with_stored_float!(x.spec.dtype, T => {
            T::batch_norm(outer, c, inner, x.get(), inputs[1].get(), inputs[2].get(), epsilon, y.get(), m.get(), v.get());
        });
    }

    fn vjp(&self, at: &Vjp<'_>) -> Result<Vec<Option<Value>>> {
        if at.cotangents[1].is_some() || at.cotangents[2].is_some() {
            let operands = [at.x(0), at.x(1), at.x(2)];
            return (0..3)
                .map(|i| at.when(i, || by_composition(&operands, at.cotangents, i, |v| self.composed(&v[0], &v[1], &v[2]))))
                .collect();
        }
        let op = BatchNormGrad { norm: self.clone() };
        let operands = [at.x(0).clone(), at.x(1).clone(), at.outputs[1].clone(), at.outputs[2].clone(), at.g()?];
        Ok(apply(Arc::new(op), &operands)?.into_iter().map(Some).collect())
    }

    fn traits(&self) -> Traits {
        Traits { brain_beside: (0b1, 0b1), reads_inputs: 0b111, reads_outputs: 0b110, ..Traits::default() }
    }

    fn flops(&self, inputs: &[Spec], _: &[Spec]) -> usize {
        6 * inputs[0].size()
    }
}

/// Cotangents of x, gamma and beta from (x, gamma, mean, variance, g); the statistics must be those of x.
#[derive(Debug)]
pub struct BatchNormGrad {
    norm: BatchNorm,
}

impl Op for BatchNormGrad {
    fn name(&self) -> &'static str {
        "batch_norm_grad"
    }

    fn promotion(&self) -> Promotion {
        Promotion::Float
    }

    fn infer(&self, inputs: &[Spec]) -> Result<Vec<Spec>> {
        arity(self.name(), inputs, 5)?;
        self.norm.check(&inputs[0], &inputs[1..4])?;
        if inputs[4].shape != inputs[0].shape {
            return Err(Error::value(format!("a cotangent of {} for an operand {}", inputs[4], inputs[0])));
        }
        Ok(vec![inputs[0].clone(), inputs[1].clone(), inputs[1].clone()])
    }

    fn run(&self, inputs: &[View<'_>], outputs: &mut [ViewMut<'_>], _: &mut [u8]) {
        let x = inputs[0];
        let (outer, c, inner) = around(x.shape(), self.norm.axis).expect("checked by infer");
        let epsilon = f64::from_bits(self.norm.epsilon);
        let [dx, dgamma, dbeta] = outputs else { unreachable!("three outputs") };
        with_stored_float!(x.spec.dtype, T => {
            T::batch_norm_grad(
                outer, c, inner, x.get(), inputs[1].get(), inputs[2].get(), inputs[3].get(), epsilon,
                inputs[4].get(), dx.wanted(), dgamma.get(), dbeta.get(),
            );
        });
    }

    /// The statistics' share is part of x's, as they are functions of it.
    fn vjp(&self, at: &Vjp<'_>) -> Result<Vec<Option<Value>>> {
        let operands = [at.x(0), at.x(1), at.x(4)];
        let slopes = |v: &[Value]| {
            let beta = fill::zeros_like(&v[1])?;
            let forward = |w: &[Value]| self.norm.composed(&w[0], &w[1], &w[2]);
            let g = [Some(v[2].clone()), None, None];
            (0..3).map(|i| by_composition(&[&v[0], &v[1], &beta], &g, i, forward)).collect()
        };
        let part = |i: usize, at_operand: usize| {
            at.when(at_operand, || by_composition(&operands, at.cotangents, i, slopes))
        };
        Ok(vec![part(0, 0)?, part(1, 1)?, None, None, part(2, 4)?])
    }

    fn traits(&self) -> Traits {
        Traits { skips_unused: true, brain_beside: (0b10001, 0b1), reads_inputs: u32::MAX, reads_outputs: 0, ..Traits::default() }
    }

    fn flops(&self, inputs: &[Spec], _: &[Spec]) -> usize {
        8 * inputs[0].size()
    }
}

/// Each row of the last axis normalised, scaled and shifted; operands (x, gamma, beta).
/// Gives the result, and mean and `1 / sqrt(var + epsilon)` of each row.
#[derive(Debug, Clone)]
pub struct LayerNorm {
    epsilon: u64,
}

impl LayerNorm {
    fn check(&self, inputs: &[Spec]) -> Result<()> {
        let n = inputs[0].shape.last().copied().ok_or_else(|| Error::value("a scalar cannot be normalised"))?;
        if let Some(bad) = inputs[1..].iter().find(|p| p.shape.as_slice() != [n]) {
            return Err(Error::value(format!("parameters must have shape ({n},) for an operand {}, got {bad}", inputs[0])));
        }
        Ok(())
    }

    fn composed(&self, x: &Value, gamma: &Value, beta: &Value) -> Result<Vec<Value>> {
        let m = mean(x, &[-1])?;
        let centred = binary::sub(x, &m)?;
        let v = mean(&unary::square(&centred)?, &[-1])?;
        let inverse = unary::rsqrt(&binary::add(&v, &fill::scalar(&v, f64::from_bits(self.epsilon))?)?)?;
        let y = binary::add(&binary::mul(&binary::mul(&centred, &inverse)?, gamma)?, beta)?;
        let rows = &x.spec().shape[..x.spec().rank() - 1];
        Ok(vec![y, shape::reshape(&m, rows)?, shape::reshape(&inverse, rows)?])
    }
}

fn rows_of(x: &View<'_>) -> (usize, usize) {
    let n = x.shape()[x.spec.rank() - 1];
    (x.shape()[..x.spec.rank() - 1].iter().product(), n)
}

impl Op for LayerNorm {
    fn name(&self) -> &'static str {
        "layer_norm"
    }

    fn promotion(&self) -> Promotion {
        Promotion::Float
    }

    fn infer(&self, inputs: &[Spec]) -> Result<Vec<Spec>> {
        arity(self.name(), inputs, 3)?;
        self.check(inputs)?;
        let statistic = inputs[1].with_shape(&inputs[0].shape[..inputs[0].rank() - 1]);
        Ok(vec![inputs[0].clone(), statistic.clone(), statistic])
    }

    fn run(&self, inputs: &[View<'_>], outputs: &mut [ViewMut<'_>], _: &mut [u8]) {
        let x = inputs[0];
        let (rows, n) = rows_of(&x);
        let epsilon = f64::from_bits(self.epsilon);
        let [y, m, r] = outputs else { unreachable!("three outputs") };
        with_stored_float!(x.spec.dtype, T => {
            T::layer_norm(rows, n, x.get(), inputs[1].get(), inputs[2].get(), epsilon, y.get(), m.get(), r.get());
        });
    }

    fn vjp(&self, at: &Vjp<'_>) -> Result<Vec<Option<Value>>> {
        if at.cotangents[1].is_some() || at.cotangents[2].is_some() {
            let operands = [at.x(0), at.x(1), at.x(2)];
            return (0..3)
                .map(|i| at.when(i, || by_composition(&operands, at.cotangents, i, |v| self.composed(&v[0], &v[1], &v[2]))))
                .collect();
        }
        let op = LayerNormGrad { norm: self.clone() };
        let operands = [at.x(0).clone(), at.x(1).clone(), at.outputs[1].clone(), at.outputs[2].clone(), at.g()?];
        Ok(apply(Arc::new(op), &operands)?.into_iter().map(Some).collect())
    }

    fn traits(&self) -> Traits {
        Traits { brain_beside: (0b1, 0b1), reads_inputs: 0b111, reads_outputs: 0b110, ..Traits::default() }
    }

    fn flops(&self, inputs: &[Spec], _: &[Spec]) -> usize {
        6 * inputs[0].size()
    }
}

/// Cotangents of x, gamma and beta from (x, gamma, mean, inverse deviation, g); the statistics must be those of x.
#[derive(Debug)]
pub struct LayerNormGrad {
    norm: LayerNorm,
}

impl Op for LayerNormGrad {
    fn name(&self) -> &'static str {
        "layer_norm_grad"
    }

    fn promotion(&self) -> Promotion {
        Promotion::Float
    }

    fn infer(&self, inputs: &[Spec]) -> Result<Vec<Spec>> {
        arity(self.name(), inputs, 5)?;
        self.norm.check(&inputs[..2])?;
        let rows = &inputs[0].shape[..inputs[0].rank() - 1];
        if inputs[4].shape != inputs[0].shape || inputs[2].shape[..] != *rows || inputs[3].shape[..] != *rows {
            return Err(Error::value(format!(
                "statistics {} and {} and a cotangent of {} for an operand {}",
                inputs[2], inputs[3], inputs[4], inputs[0]
            )));
        }
        Ok(vec![inputs[0].clone(), inputs[1].clone(), inputs[1].clone()])
    }

    fn run(&self, inputs: &[View<'_>], outputs: &mut [ViewMut<'_>], _: &mut [u8]) {
        let x = inputs[0];
        let (rows, n) = rows_of(&x);
        let [dx, dgamma, dbeta] = outputs else { unreachable!("three outputs") };
        with_stored_float!(x.spec.dtype, T => {
            T::layer_norm_grad(
                rows, n, x.get(), inputs[1].get(), inputs[2].get(), inputs[3].get(), inputs[4].get(), dx.wanted(), dgamma.get(), dbeta.get(),
            );
        });
    }

    /// The statistics' share is part of x's, as they are functions of it.
    fn vjp(&self, at: &Vjp<'_>) -> Result<Vec<Option<Value>>> {
        let operands = [at.x(0), at.x(1), at.x(4)];
        let slopes = |v: &[Value]| {
            let beta = fill::zeros_like(&v[1])?;
            let forward = |w: &[Value]| self.norm.composed(&w[0], &w[1], &w[2]);
            let g = [Some(v[2].clone()), None, None];
            (0..3).map(|i| by_composition(&[&v[0], &v[1], &beta], &g, i, forward)).collect()
        };
        let part = |i: usize, at_operand: usize| {
            at.when(at_operand, || by_composition(&operands, at.cotangents, i, slopes))
        };
        Ok(vec![part(0, 0)?, part(1, 1)?, None, None, part(2, 4)?])
    }

    fn traits(&self) -> Traits {
        Traits { skips_unused: true, brain_beside: (0b10001, 0b1), reads_inputs: u32::MAX, reads_outputs: 0, ..Traits::default() }
    }

    fn flops(&self, inputs: &[Spec], _: &[Spec]) -> usize {
        8 * inputs[0].size()
    }
}
