//! Ops that take tensors apart and put them together: concatenate, slice, slice_update, pad, flip.

use std::sync::Arc;

use smallvec::SmallVec;

use rkeras_kernels::layout;

use crate::apply::apply1;
use crate::attrs::Attrs;
use crate::dtype::DType;
use crate::error::{Error, Result};
use crate::op::{Op, Promotion, Traits, View, ViewMut, Vjp, arity};
use crate::ops::{fill, shape};
use crate::registry::Entry;
use crate::spec::{Shape, ShapeText, Spec, normalize_axis};
use crate::tensor::Tensor;
use crate::value::Value;

pub const OPS: &[Entry] = &[
    ("concatenate", |a: &Attrs| Ok(Arc::new(Concatenate { axis: a.int_or("axis", -1)? }))),
    ("slice", |a: &Attrs| {
        let (start, size) = (a.ints("start")?, a.ints("size")?);
        let steps = a.opt_ints("steps")?.unwrap_or_else(|| vec![1; start.len()]);
        Ok(Arc::new(Slice { start, size, steps }))
    }),
    ("slice_update", |a: &Attrs| {
        let start = a.ints("start")?;
        let steps = a.opt_ints("steps")?.unwrap_or_else(|| vec![1; start.len()]);
        Ok(Arc::new(SliceUpdate { start, steps }))
    }),
];

/// Operands one after the other along an axis.
#[derive(Debug)]
pub struct Concatenate {
    axis: i64,
}

impl Op for Concatenate {
    fn name(&self) -> &'static str {
        "concatenate"
    }

    fn promotion(&self) -> Promotion {
        Promotion::Common
    }

    fn infer(&self, inputs: &[Spec]) -> Result<Vec<Spec>> {
        let first = inputs.first().ok_or_else(|| Error::value("needs at least one operand"))?;
        let axis = normalize_axis(self.axis, first.rank())?;
        let mut out = first.clone();
        for other in &inputs[1..] {
            let fits = other.rank() == first.rank()
                && (0..first.rank()).all(|i| i == axis || other.shape[i] == first.shape[i]);
            if !fits {
                let shapes: Vec<_> = inputs.iter().map(|s| ShapeText(&s.shape).to_string()).collect();
                return Err(Error::value(format!(
                    "operands must agree in all sizes but that of axis {axis}, got {}",
                    shapes.join(", ")
                )));
            }
            out.shape[axis] += other.shape[axis];
        }
        Ok(vec![out])
    }

    fn run(&self, inputs: &[View<'_>], outputs: &mut [ViewMut<'_>], _: &mut [u8]) {
        let shape = outputs[0].shape();
        let axis = normalize_axis(self.axis, shape.len()).expect("checked by infer");
        let element = inputs[0].spec.dtype.size();
        let inner: usize = shape[axis + 1..].iter().product::<usize>() * element;
        let parts: SmallVec<[(&[u8], usize); 8]> = inputs.iter().map(|v| (v.bytes(), v.shape()[axis] * inner)).collect();
        let outer: usize = shape[..axis].iter().product();
        layout::concatenate(&parts, outer, outputs[0].bytes());
    }

    fn vjp(&self, at: &Vjp<'_>) -> Result<Vec<Option<Value>>> {
        let g = at.g()?;
        let rank = g.spec().rank();
        let axis = normalize_axis(self.axis, rank)?;
        let mut start = vec![0_i64; rank];
        at.inputs
            .iter()
            .enumerate()
            .map(|(i, x)| {
                let size: Vec<i64> = x.spec().shape.iter().map(|d| *d as i64).collect();
                let part = at.when(i, || slice(&g, &start, &size, &vec![1; rank]));
                start[axis] += size[axis];
                part
            })
            .collect()
    }

    fn traits(&self) -> Traits {
        Traits::MOVES
    }

    fn simplify(&self, inputs: &[Value]) -> Option<Value> {
        if let [only] = inputs { Some(only.clone()) } else { None }
    }

    fn flops(&self, _: &[Spec], _: &[Spec]) -> usize {
        0
    }
}

/// `size` elements along each axis, from `start` on, every `steps`-th (backwards if negative).
#[derive(Debug)]
pub struct Slice {
    start: Vec<i64>,
    size: Vec<i64>,
    steps: Vec<i64>,
}

/// Checks that a strided window lies inside a shape.
fn check_window(shape: &[usize], start: &[i64], size: &[i64], steps: &[i64]) -> Result<()> {
    let outside = || {
        Error::value(format!(
            "a window at {start:?} of sizes {size:?} with steps {steps:?} does not lie in a tensor of shape {}",
            ShapeText(shape)
        ))
    };
    if start.len() != shape.len() || size.len() != shape.len() || steps.len() != shape.len() {
        return Err(outside());
    }
    for i in 0..shape.len() {
        let d = shape[i] as i64;
        if size[i] < 0 || steps[i] == 0 {
            return Err(outside());
        }
        if size[i] == 0 {
            continue;
        }
        let last = (size[i] - 1).checked_mul(steps[i]).and_then(|n| n.checked_add(start[i])).ok_or_else(outside)?;
        if start[i] < 0 || start[i] >= d || last < 0 || last >= d {
            return Err(outside());
        }
    }
    Ok(())
}

/// Offset of the first element and strides, in elements.
fn window_strides(shape: &[usize], start: &[i64], steps: &[i64]) -> (isize, SmallVec<[isize; 6]>) {
    let mut strides: SmallVec<[isize; 6]> = SmallVec::from_elem(0, shape.len());
    let (mut step, mut offset) = (1_isize, 0_isize);
    for i in (0..shape.len()).rev() {
        strides[i] = step * steps[i] as isize;
        offset += step * start[i] as isize;
        step *= shape[i] as isize;
    }
    (offset, strides)
}

impl Op for Slice {
    fn name(&self) -> &'static str {
        "slice"
    }

    fn infer(&self, inputs: &[Spec]) -> Result<Vec<Spec>> {
        arity(self.name(), inputs, 1)?;
        check_window(&inputs[0].shape, &self.start, &self.size, &self.steps)?;
        let shape: Shape = self.size.iter().map(|s| *s as usize).collect();
        Ok(vec![inputs[0].with_shape(&shape)])
    }

    fn run(&self, inputs: &[View<'_>], outputs: &mut [ViewMut<'_>], _: &mut [u8]) {
        let x = inputs[0];
        let dims = outputs[0].shape();
        if dims.contains(&0) {
            return;
        }
        let (offset, strides) = window_strides(x.shape(), &self.start, &self.steps);
        layout::copy_strided(x.spec.dtype.size(), dims, x.bytes(), offset, &strides, outputs[0].bytes());
    }

    fn vjp(&self, at: &Vjp<'_>) -> Result<Vec<Option<Value>>> {
        let zeros = fill::zeros_like_spec(at.x(0).spec())?;
        let op = SliceUpdate { start: self.start.clone(), steps: self.steps.clone() };
        Ok(vec![Some(apply1(op, &[zeros, at.g()?])?)])
    }

    fn traits(&self) -> Traits {
        Traits::MOVES
    }

    fn simplify(&self, inputs: &[Value]) -> Option<Value> {
        let shape = &inputs[0].spec().shape;
        let whole = self.steps.iter().all(|s| *s == 1)
            && self.start.iter().all(|s| *s == 0)
            && self.size.iter().map(|s| *s as usize).eq(shape.iter().copied());
        whole.then(|| inputs[0].clone())
    }

    fn flops(&self, _: &[Spec], _: &[Spec]) -> usize {
        0
    }
}

/// The first operand with a window of it replaced by the second.
#[derive(Debug)]
pub struct SliceUpdate {
    start: Vec<i64>,
    steps: Vec<i64>,
}

impl SliceUpdate {
    fn size(update: &[usize]) -> Vec<i64> {
        update.iter().map(|d| *d as i64).collect()
    }
}

impl Op for SliceUpdate {
    fn name(&self) -> &'static str {
        "slice_update"
    }

    fn promotion(&self) -> Promotion {
        Promotion::Common
    }

    fn infer(&self, inputs: &[Spec]) -> Result<Vec<Spec>> {
        arity(self.name(), inputs, 2)?;
        check_window(&inputs[0].shape, &self.start, &Self::size(&inputs[1].shape), &self.steps)?;
        Ok(vec![inputs[0].clone()])
    }

    fn run(&self, inputs: &[View<'_>], outputs: &mut [ViewMut<'_>], _: &mut [u8]) {
        let (x, update) = (inputs[0], inputs[1]);
        if x.in_output.is_none() {
            outputs[0].bytes().copy_from_slice(x.bytes());
        }
        if update.shape().contains(&0) {
            return;
        }
        let (offset, strides) = window_strides(x.shape(), &self.start, &self.steps);
        let element = x.spec.dtype.size();
        layout::write_strided(element, update.shape(), update.bytes(), outputs[0].bytes(), offset, &strides);
    }

    fn vjp(&self, at: &Vjp<'_>) -> Result<Vec<Option<Value>>> {
        let (g, update) = (at.g()?, at.x(1).spec());
        Ok(vec![
            at.when(0, || {
                let hole = fill::zeros_like_spec(update)?;
                let op = Self { start: self.start.clone(), steps: self.steps.clone() };
                apply1(op, &[g.clone(), hole])
            })?,
            at.when(1, || slice(&g, &self.start, &Self::size(&update.shape), &self.steps))?,
        ])
    }

    fn traits(&self) -> Traits {
        Traits { in_place: &[(0, 0)], ..Traits::MOVES }
    }

    fn flops(&self, _: &[Spec], _: &[Spec]) -> usize {
        0
    }
}

/// A strided window of `x`.
pub fn slice(x: &Value, start: &[i64], size: &[i64], steps: &[i64]) -> Result<Value> {
    let op = Slice { start: start.to_vec(), size: size.to_vec(), steps: steps.to_vec() };
    apply1(op, std::slice::from_ref(x))
}

/// `x` with the window at `start` replaced by `update`.
pub fn slice_update(x: &Value, update: &Value, start: &[i64]) -> Result<Value> {
    let op = SliceUpdate { start: start.to_vec(), steps: vec![1; start.len()] };
    apply1(op, &[x.clone(), update.clone()])
}

/// Values one after the other along an axis.
pub fn concatenate(values: &[Value], axis: i64) -> Result<Value> {
    apply1(Concatenate { axis }, values)
}

/// Values of equal shape under a new first axis.
pub fn stack(values: &[Value]) -> Result<Value> {
    let rows = values
        .iter()
        .map(|v| {
            let mut spec = Shape::from_slice(&[1]);
            spec.extend(v.spec().shape.iter().copied());
            shape::reshape(v, &spec)
        })
        .collect::<Result<Vec<_>>>()?;
    if rows.is_empty() {
        return Ok(Value::eager(Tensor::zeros(Spec::new(DType::F32, &[0]))?));
    }
    apply1(Concatenate { axis: 0 }, &rows)
}
