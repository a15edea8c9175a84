//! Tensors made from nothing but numbers in the attributes.

use std::sync::Arc;

use rkeras_kernels::memory::Buffer;

use crate::attrs::Attrs;
use crate::dtype::DType;
use crate::error::Result;
use crate::op::{Op, Traits, View, ViewMut, Vjp, arity};
use crate::ops::{cast, shape};
use crate::registry::Entry;
use crate::spec::{Shape, Spec};
use crate::tensor::Tensor;
use crate::value::Value;

pub const OPS: &[Entry] = &[
    ("full", |a: &Attrs| {
        Ok(Arc::new(Full {
            shape: Shape::from_vec(a.sizes("shape")?),
            dtype: a.dtype("dtype")?,
            bits: a.float("value")?.to_bits(),
        }))
    }),
    ("arange", |a: &Attrs| {
        Ok(Arc::new(Arange {
            start: a.float("start")?,
            step: a.float("step")?,
            count: a.int("count")?.max(0) as usize,
            dtype: a.dtype("dtype")?,
        }))
    }),
];

/// Every element the same number.
#[derive(Debug)]
pub struct Full {
    shape: Shape,
    dtype: DType,
    /// As bits, so that NaN and -0.0 compare as themselves.
    bits: u64,
}

impl Op for Full {
    fn name(&self) -> &'static str {
        "full"
    }

    fn infer(&self, inputs: &[Spec]) -> Result<Vec<Spec>> {
        arity(self.name(), inputs, 0)?;
        Ok(vec![Spec::new(self.dtype, &self.shape)])
    }

    fn run(&self, _: &[View<'_>], outputs: &mut [ViewMut<'_>], _: &mut [u8]) {
        let element = cast::encode(f64::from_bits(self.bits), self.dtype);
        rkeras_kernels::layout::fill(&element[..self.dtype.size()], outputs[0].bytes());
    }

    fn vjp(&self, at: &Vjp<'_>) -> Result<Vec<Option<Value>>> {
        at.none()
    }

    fn traits(&self) -> Traits {
        Traits { any_dtype: true, reads_inputs: 0, reads_outputs: 0, ..Traits::default() }
    }
}

/// `start + i * step` for `count` elements.
#[derive(Debug)]
pub struct Arange {
    start: f64,
    step: f64,
    count: usize,
    dtype: DType,
}

impl Op for Arange {
    fn name(&self) -> &'static str {
        "arange"
    }

    fn infer(&self, inputs: &[Spec]) -> Result<Vec<Spec>> {
        arity(self.name(), inputs, 0)?;
        Ok(vec![Spec::new(self.dtype, &[self.count])])
    }

    fn run(&self, _: &[View<'_>], outputs: &mut [ViewMut<'_>], _: &mut [u8]) {
        let size = self.dtype.size();
        for (i, slot) in outputs[0].bytes().chunks_exact_mut(size).enumerate() {
            let value = cast::encode(self.start + i as f64 * self.step, self.dtype);
            slot.copy_from_slice(&value[..size]);
        }
    }

    fn vjp(&self, at: &Vjp<'_>) -> Result<Vec<Option<Value>>> {
        at.none()
    }

    fn traits(&self) -> Traits {
        Traits { any_dtype: true, reads_inputs: 0, reads_outputs: 0, ..Traits::default() }
    }
}

/// A tensor of equal elements.
pub fn full(spec: &Spec, value: f64) -> Result<Value> {
    spec.check_size()?;
    let mut buffer = Buffer::dirty(spec.bytes())?;
    let element = cast::encode(value, spec.dtype);
    rkeras_kernels::layout::fill(&element[..spec.dtype.size()], buffer.as_bytes_mut());
    Ok(Value::eager(Tensor::new(spec.clone(), buffer)))
}

/// A scalar that broadcasts to `like`'s shape with its dtype: cheaper in a graph than a whole constant.
pub fn scalar(like: &Value, value: f64) -> Result<Value> {
    full(&Spec::scalar(like.spec().dtype), value)
}

/// Ones in the shape of `x`, made from one element.
pub fn ones_like(x: &Value) -> Result<Value> {
    shape::broadcast_to(&scalar(x, 1.0)?, &x.spec().shape)
}

/// Zeros in the shape of `x`, made from one element.
pub fn zeros_like(x: &Value) -> Result<Value> {
    shape::broadcast_to(&scalar(x, 0.0)?, &x.spec().shape)
}

/// Zeros of a spec, as numbers: what a window is written into.
pub fn zeros_like_spec(spec: &Spec) -> Result<Value> {
    shape::broadcast_to(&full(&Spec::scalar(spec.dtype), 0.0)?, &spec.shape)
}
