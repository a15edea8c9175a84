//! Ops that change how elements are arranged without computing: reshape, transpose, broadcast, copy.

use std::sync::Arc;

use rkeras_kernels::layout;

use crate::apply::apply1;
use crate::attrs::Attrs;
use crate::error::{Error, Result};
use crate::op::{Op, Traits, View, ViewMut, Vjp, arity};
use crate::ops::reduce;
use crate::registry::Entry;
use crate::spec::{Shape, ShapeText, Spec, broadcast, normalize_axis};
use crate::value::Value;

pub const OPS: &[Entry] = &[
    ("reshape", |a: &Attrs| Ok(Arc::new(Reshape { shape: a.ints("shape")? }))),
    ("transpose", |a: &Attrs| Ok(Arc::new(Transpose { axes: a.opt_ints("axes")? }))),
    ("broadcast_to", |a: &Attrs| Ok(Arc::new(BroadcastTo { shape: Shape::from_vec(a.sizes("shape")?) }))),
    ("copy", |_| Ok(Arc::new(CopyOf))),
    ("stop_gradient", |_| Ok(Arc::new(StopGradient))),
];

const VIEWS: Traits = Traits { view: true, ..Traits::MOVES };

/// Another shape for the same elements; one size may be -1 (what is left over).
#[derive(Debug)]
pub struct Reshape {
    shape: Vec<i64>,
}

impl Op for Reshape {
    fn name(&self) -> &'static str {
        "reshape"
    }

    fn infer(&self, inputs: &[Spec]) -> Result<Vec<Spec>> {
        arity(self.name(), inputs, 1)?;
        let x = &inputs[0];
        let fails = || {
            Error::value(format!(
                "cannot reshape {} elements of shape {} to {:?}",
                x.size(),
                ShapeText(&x.shape),
                self.shape
            ))
        };
        let unknown = self.shape.iter().filter(|d| **d == -1).count();
        if unknown > 1 || self.shape.iter().any(|d| *d < -1) {
            return Err(fails());
        }
        let known = self.shape.iter().filter(|d| **d >= 0).try_fold(1_usize, |n, d| n.checked_mul(*d as usize));
        let known = known.ok_or_else(fails)?;
        let rest = if unknown == 0 { 1 } else { x.size().checked_div(known).unwrap_or(0) };
        if known * rest != x.size() || (unknown == 1 && known == 0) {
            return Err(fails());
        }
        let shape: Shape = self.shape.iter().map(|d| if *d == -1 { rest } else { *d as usize }).collect();
        Ok(vec![x.with_shape(&shape)])
    }

    fn run(&self, _: &[View<'_>], _: &mut [ViewMut<'_>], _: &mut [u8]) {}

    fn vjp(&self, at: &Vjp<'_>) -> Result<Vec<Option<Value>>> {
        Ok(vec![Some(reshape(&at.g()?, &at.x(0).spec().shape)?)])
    }

    fn traits(&self) -> Traits {
        VIEWS
    }

    fn simplify(&self, inputs: &[Value]) -> Option<Value> {
        let same = inputs[0].spec().shape.iter().map(|d| *d as i64).eq(self.shape.iter().copied());
        same.then(|| inputs[0].clone())
    }

    fn flops(&self, _: &[Spec], _: &[Spec]) -> usize {
        0
    }
}

/// Axes in another order; `None` reverses them.
#[derive(Debug)]
pub struct Transpose {
    axes: Option<Vec<i64>>,
}

impl Transpose {
    fn order(&self, rank: usize) -> Result<Shape> {
        let Some(axes) = &self.axes else { return Ok((0..rank).rev().collect()) };
        let order = axes.iter().map(|a| normalize_axis(*a, rank)).collect::<Result<Shape>>()?;
        let mut seen = order.clone();
        seen.sort_unstable();
        if order.len() != rank || !seen.iter().copied().eq(0..rank) {
            return Err(Error::value(format!("axes {axes:?} are not a permutation of {rank} axes")));
        }
        Ok(order)
    }
}

impl Op for Transpose {
    fn name(&self) -> &'static str {
        "transpose"
    }

    fn infer(&self, inputs: &[Spec]) -> Result<Vec<Spec>> {
        arity(self.name(), inputs, 1)?;
        let order = self.order(inputs[0].rank())?;
        let shape: Shape = order.iter().map(|a| inputs[0].shape[*a]).collect();
        Ok(vec![inputs[0].with_shape(&shape)])
    }

    fn run(&self, inputs: &[View<'_>], outputs: &mut [ViewMut<'_>], _: &mut [u8]) {
        let x = inputs[0];
        let order = self.order(x.spec.rank()).expect("checked by infer");
        layout::permute(x.spec.dtype.size(), x.shape(), &order, x.bytes(), outputs[0].bytes());
    }

    fn vjp(&self, at: &Vjp<'_>) -> Result<Vec<Option<Value>>> {
        let order = self.order(at.x(0).spec().rank())?;
        let mut inverse = vec![0_i64; order.len()];
        for (i, axis) in order.iter().enumerate() {
            inverse[*axis] = i as i64;
        }
        Ok(vec![Some(transpose(&at.g()?, &inverse)?)])
    }

    fn traits(&self) -> Traits {
        Traits::MOVES
    }

    fn simplify(&self, inputs: &[Value]) -> Option<Value> {
        let rank = inputs[0].spec().rank();
        let identity = self.order(rank).is_ok_and(|o| o.iter().copied().eq(0..rank));
        identity.then(|| inputs[0].clone())
    }

    fn flops(&self, _: &[Spec], _: &[Spec]) -> usize {
        0
    }
}

/// Repeats axes of size 1 (and new leading axes) up to a shape.
#[derive(Debug)]
pub struct BroadcastTo {
    shape: Shape,
}

impl Op for BroadcastTo {
    fn name(&self) -> &'static str {
        "broadcast_to"
    }

    fn infer(&self, inputs: &[Spec]) -> Result<Vec<Spec>> {
        arity(self.name(), inputs, 1)?;
        if broadcast(&inputs[0].shape, &self.shape)? != self.shape {
            return Err(Error::value(format!(
                "shape {} cannot be broadcast to {}",
                ShapeText(&inputs[0].shape),
                ShapeText(&self.shape)
            )));
        }
        Ok(vec![inputs[0].with_shape(&self.shape)])
    }

    fn run(&self, inputs: &[View<'_>], outputs: &mut [ViewMut<'_>], _: &mut [u8]) {
        let x = inputs[0];
        let mut strides: smallvec::SmallVec<[isize; 6]> = smallvec::SmallVec::from_elem(0, self.shape.len());
        let lead = self.shape.len() - x.spec.rank();
        let mut step = 1_isize;
        for (i, d) in x.shape().iter().enumerate().rev() {
            strides[lead + i] = if *d == 1 { 0 } else { step };
            step *= *d as isize;
        }
        layout::copy_strided(x.spec.dtype.size(), &self.shape, x.bytes(), 0, &strides, outputs[0].bytes());
    }

    fn vjp(&self, at: &Vjp<'_>) -> Result<Vec<Option<Value>>> {
        Ok(vec![Some(reduce::sum_to(&at.g()?, &at.x(0).spec().shape)?)])
    }

    fn traits(&self) -> Traits {
        Traits::MOVES
    }

    fn simplify(&self, inputs: &[Value]) -> Option<Value> {
        (inputs[0].spec().shape == self.shape).then(|| inputs[0].clone())
    }

    fn flops(&self, _: &[Spec], _: &[Spec]) -> usize {
        0
    }
}

/// The same numbers in a block of their own.
#[derive(Debug)]
pub struct CopyOf;

impl Op for CopyOf {
    fn name(&self) -> &'static str {
        "copy"
    }

    fn infer(&self, inputs: &[Spec]) -> Result<Vec<Spec>> {
        arity(self.name(), inputs, 1)?;
        Ok(inputs.to_vec())
    }

    fn run(&self, inputs: &[View<'_>], outputs: &mut [ViewMut<'_>], _: &mut [u8]) {
        outputs[0].bytes().copy_from_slice(inputs[0].bytes());
    }

    fn vjp(&self, at: &Vjp<'_>) -> Result<Vec<Option<Value>>> {
        Ok(vec![Some(at.g()?)])
    }

    fn traits(&self) -> Traits {
        Traits::MOVES
    }

    fn flops(&self, _: &[Spec], _: &[Spec]) -> usize {
        0
    }
}

/// The same numbers, through which no derivative flows.
#[derive(Debug)]
pub struct StopGradient;

impl Op for StopGradient {
    fn name(&self) -> &'static str {
        "stop_gradient"
    }

    fn infer(&self, inputs: &[Spec]) -> Result<Vec<Spec>> {
        arity(self.name(), inputs, 1)?;
        Ok(inputs.to_vec())
    }

    fn run(&self, _: &[View<'_>], _: &mut [ViewMut<'_>], _: &mut [u8]) {}

    fn vjp(&self, at: &Vjp<'_>) -> Result<Vec<Option<Value>>> {
        at.none()
    }

    fn traits(&self) -> Traits {
        VIEWS
    }

    fn flops(&self, _: &[Spec], _: &[Spec]) -> usize {
        0
    }
}

/// `x` under another shape of equal size.
pub fn reshape(x: &Value, shape: &[usize]) -> Result<Value> {
    apply1(Reshape { shape: shape.iter().map(|d| *d as i64).collect() }, std::slice::from_ref(x))
}

/// `x` with its axes in the given order.
pub fn transpose(x: &Value, axes: &[i64]) -> Result<Value> {
    apply1(Transpose { axes: Some(axes.to_vec()) }, std::slice::from_ref(x))
}

/// `x` repeated to `shape`.
pub fn broadcast_to(x: &Value, shape: &[usize]) -> Result<Value> {
    apply1(BroadcastTo { shape: Shape::from_slice(shape) }, std::slice::from_ref(x))
}
