//! Softmax and its logarithm along one axis, each with its gradient as an op of its own.

use std::sync::Arc;

use rkeras_kernels::entry::FloatKernels;

use crate::apply::apply1;
use crate::attrs::Attrs;
use crate::error::Result;
use crate::op::{Op, Promotion, Traits, View, ViewMut, Vjp, arity};
use crate::ops::{binary, reduce, unary};
use crate::registry::Entry;
use crate::spec::{Spec, normalize_axis};
use crate::value::Value;
use crate::with_float;

pub const OPS: &[Entry] = &[
    ("softmax", |a: &Attrs| Ok(Arc::new(Softmax { axis: a.int_or("axis", -1)?, log: false }))),
    ("log_softmax", |a: &Attrs| Ok(Arc::new(Softmax { axis: a.int_or("axis", -1)?, log: true }))),
    ("softmax_grad", |a: &Attrs| Ok(Arc::new(SoftmaxGrad { axis: a.int_or("axis", -1)?, log: false }))),
    ("log_softmax_grad", |a: &Attrs| Ok(Arc::new(SoftmaxGrad { axis: a.int_or("axis", -1)?, log: true }))),
];

/// (outer, n, inner) sizes around an axis.
pub(crate) fn around(shape: &[usize], axis: i64) -> Result<(usize, usize, usize)> {
    let axis = normalize_axis(axis, shape.len())?;
    Ok((shape[..axis].iter().product(), shape[axis], shape[axis + 1..].iter().product()))
}

/// `exp(x) / sum(exp(x))` along an axis, or its logarithm.
#[derive(Debug)]
pub struct Softmax {
    axis: i64,
    log: bool,
}

impl Op for Softmax {
    fn name(&self) -> &'static str {
        if self.log { "log_softmax" } else { "softmax" }
    }

    fn promotion(&self) -> Promotion {
        Promotion::Float
    }

    fn infer(&self, inputs: &[Spec]) -> Result<Vec<Spec>> {
        arity(self.name(), inputs, 1)?;
        around(&inputs[0].shape, self.axis)?;
        Ok(inputs.to_vec())
    }

    fn run(&self, inputs: &[View<'_>], outputs: &mut [ViewMut<'_>], _: &mut [u8]) {
        let x = inputs[0];
        let (outer, n, inner) = around(x.shape(), self.axis).expect("checked by infer");
        with_float!(x.spec.dtype, T => {
            let run = if self.log { T::log_softmax } else { T::softmax };
            run(outer, n, inner, x.get(), outputs[0].get());
        });
    }

    fn vjp(&self, at: &Vjp<'_>) -> Result<Vec<Option<Value>>> {
        let op = SoftmaxGrad { axis: self.axis, log: self.log };
        Ok(vec![Some(apply1(op, &[at.y().clone(), at.g()?])?)])
    }

    fn traits(&self) -> Traits {
        Traits { reads_inputs: 0, reads_outputs: 1, ..Traits::default() }
    }

    fn flops(&self, inputs: &[Spec], _: &[Spec]) -> usize {
        5 * inputs[0].size()
    }
}

/// From output y and cotangent g: `y (g - sum(g y))`, or for the logarithm `g - exp(y) sum(g)`.
#[derive(Debug)]
pub struct SoftmaxGrad {
    axis: i64,
    log: bool,
}

impl Op for SoftmaxGrad {
    fn name(&self) -> &'static str {
        if self.log { "log_softmax_grad" } else { "softmax_grad" }
    }

    fn promotion(&self) -> Promotion {
        Promotion::Float
    }

    fn infer(&self, inputs: &[Spec]) -> Result<Vec<Spec>> {
        arity(self.name(), inputs, 2)?;
        if inputs[0].shape != inputs[1].shape {
            return Err(crate::error::Error::value(format!("operands {} and {} differ in shape", inputs[0], inputs[1])));
        }
        around(&inputs[0].shape, self.axis)?;
        Ok(vec![inputs[0].clone()])
    }

    fn run(&self, inputs: &[View<'_>], outputs: &mut [ViewMut<'_>], _: &mut [u8]) {
        let (y, g) = (inputs[0], inputs[1]);
        let (outer, n, inner) = around(y.shape(), self.axis).expect("checked by infer");
        with_float!(y.spec.dtype, T => {
            let run = if self.log { T::log_softmax_grad } else { T::softmax_grad };
            run(outer, n, inner, y.get(), g.get(), outputs[0].get());
        });
    }

    fn vjp(&self, at: &Vjp<'_>) -> Result<Vec<Option<Value>>> {
        let (y, g, c) = (at.x(0), at.x(1), at.g()?);
        let axis = [self.axis];
        let total = |v: &Value| reduce::sum(v, Some(&axis), true);
        if self.log {
            // r = g - e^y S(g):  dg = c - S(c e^y),  dy = -c e^y S(g)
            let e = unary::exp(y)?;
            let ce = binary::mul(&c, &e)?;
            return Ok(vec![
                at.when(0, || unary::neg(&binary::mul(&ce, &total(g)?)?))?,
                at.when(1, || binary::sub(&c, &total(&ce)?))?,
            ]);
        }
        // r = y (g - S(g y)):  dg = y (c - S(c y)),  dy = c (g - S(g y)) - g S(c y)
        let cy = total(&binary::mul(&c, y)?)?;
        Ok(vec![
            at.when(0, || {
                let gy = total(&binary::mul(g, y)?)?;
                binary::sub(&binary::mul(&c, &binary::sub(g, &gy)?)?, &binary::mul(g, &cy)?)
            })?,
            at.when(1, || binary::mul(y, &binary::sub(&c, &cy)?))?,
        ])
    }

    fn traits(&self) -> Traits {
        Traits { reads_inputs: 0b11, reads_outputs: 0, ..Traits::default() }
    }
}

/// Softmax along `axis`.
pub fn softmax(x: &Value, axis: i64) -> Result<Value> {
    apply1(Softmax { axis, log: false }, std::slice::from_ref(x))
}

/// The logarithm of softmax along `axis`.
pub fn log_softmax(x: &Value, axis: i64) -> Result<Value> {
    apply1(Softmax { axis, log: true }, std::slice::from_ref(x))
}
