//! Choosing between operands element by element: where, clip.

use std::sync::Arc;

use rkeras_kernels::select as kernel;

use crate::apply::apply1;
use crate::attrs::Attrs;
use crate::dtype::DType;
use crate::error::{Error, Result};
use crate::op::{Halves, OfRest, Op, Promotion, Rest, Traits, View, ViewMut, Vjp, arity};
use crate::ops::reduce::sum_to;
use crate::ops::{binary, fill};
use crate::registry::Entry;
use crate::spec::{Spec, broadcast};
use crate::value::Value;
use crate::with_number;

pub const OPS: &[Entry] = &[
    ("where", |_| Ok(Arc::new(Where))),
    ("clip", |a: &Attrs| {
        Ok(Arc::new(Clip { low: a.float("low")?.to_bits(), high: a.float("high")?.to_bits() }))
    }),
];

/// The second operand where the first (bool) is true, else the third.
#[derive(Debug)]
pub struct Where;

impl Op for Where {
    fn name(&self) -> &'static str {
        "where"
    }

    fn promotion(&self) -> Promotion {
        Promotion::CommonAfterCondition
    }

    fn infer(&self, inputs: &[Spec]) -> Result<Vec<Spec>> {
        arity(self.name(), inputs, 3)?;
        let branches = broadcast(&inputs[1].shape, &inputs[2].shape)?;
        Ok(vec![Spec { dtype: inputs[1].dtype, shape: broadcast(&inputs[0].shape, &branches)? }])
    }

    fn run(&self, inputs: &[View<'_>], outputs: &mut [ViewMut<'_>], _: &mut [u8]) {
        let shapes = [inputs[0].shape(), inputs[1].shape(), inputs[2].shape()];
        let size = inputs[1].spec.dtype.size();
        kernel::where_select(size, shapes, inputs[0].bytes(), inputs[1].bytes(), inputs[2].bytes(), outputs[0].bytes());
    }

    fn vjp(&self, at: &Vjp<'_>) -> Result<Vec<Option<Value>>> {
        let (condition, g) = (at.x(0), at.g()?);
        let zero = fill::scalar(&g, 0.0)?;
        Ok(vec![
            None,
            at.when(1, || sum_to(&select(condition, &g, &zero)?, &at.x(1).spec().shape))?,
            at.when(2, || sum_to(&select(condition, &zero, &g)?, &at.x(2).spec().shape))?,
        ])
    }

    fn traits(&self) -> Traits {
        Traits { any_dtype: true, reads_inputs: 0b1, reads_outputs: 0, ..Traits::default() }
    }
}

/// Limits to `low..=high`; NaN stays NaN.
#[derive(Debug)]
pub struct Clip {
    low: u64,
    high: u64,
}

impl Op for Clip {
    fn name(&self) -> &'static str {
        "clip"
    }

    fn infer(&self, inputs: &[Spec]) -> Result<Vec<Spec>> {
        arity(self.name(), inputs, 1)?;
        if inputs[0].dtype == DType::Bool {
            return Err(Error::dtype("is not defined for bool tensors; cast them to int32 first"));
        }
        Ok(inputs.to_vec())
    }

    fn run(&self, inputs: &[View<'_>], outputs: &mut [ViewMut<'_>], _: &mut [u8]) {
        let (low, high) = (f64::from_bits(self.low), f64::from_bits(self.high));
        with_number!(inputs[0].spec.dtype, T => {
            kernel::clip::<T>(inputs[0].get(), low as T, high as T, outputs[0].get());
        });
    }

    fn vjp(&self, at: &Vjp<'_>) -> Result<Vec<Option<Value>>> {
        let (x, g) = (at.x(0), at.g()?);
        let (low, high) = (f64::from_bits(self.low), f64::from_bits(self.high));
        let zero = fill::scalar(&g, 0.0)?;
        let below = binary::less(x, &fill::scalar(x, low)?)?;
        let above = binary::greater(x, &fill::scalar(x, high)?)?;
        Ok(vec![Some(select(&above, &zero, &select(&below, &zero, &g)?)?)])
    }

    fn of_rest(&self, _: &[Option<Rest>]) -> Option<OfRest> {
        let (low, high) = (f64::from_bits(self.low), f64::from_bits(self.high));
        (low <= 0.0 && high >= 0.0).then_some(OfRest::Rows(Rest::Zeros))
    }

    fn traits(&self) -> Traits {
        Traits { halves: Halves::Pointwise, reads_inputs: 1, reads_outputs: 0, ..Traits::default() }
    }
}

/// `a` where `condition`, else `b`.
pub fn select(condition: &Value, a: &Value, b: &Value) -> Result<Value> {
    apply1(Where, &[condition.clone(), a.clone(), b.clone()])
}
