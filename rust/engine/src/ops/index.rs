//! Reading and writing by index: take, scatter_add, take_along_axis, one_hot.
//!
//! Negative indices count from the end. An index outside reads zeros and writes nothing: the check costs a
//! comparison, and data must never be able to crash a run.

use std::sync::Arc;

use rkeras_kernels::gather as kernel;

use crate::apply::apply1;
use crate::attrs::Attrs;
use crate::dtype::DType;
use crate::error::{Error, Result};
use crate::op::{Op, Traits, View, ViewMut, Vjp, arity};
use crate::ops::cast::cast;
use crate::registry::Entry;
use crate::spec::{Shape, ShapeText, Spec, normalize_axis};
use crate::value::Value;
use crate::with_number;

pub const OPS: &[Entry] = &[
    ("take", |a: &Attrs| Ok(Arc::new(Take { axis: a.int_or("axis", 0)? }))),
    ("scatter_add", |a: &Attrs| Ok(Arc::new(ScatterAdd { axis: a.int_or("axis", 0)?, size: a.sizes("size")?[0] }))),
    ("take_along_axis", |a: &Attrs| Ok(Arc::new(TakeAlongAxis { axis: a.int_or("axis", -1)? }))),
    ("scatter_along_axis", |a: &Attrs| {
        Ok(Arc::new(ScatterAlongAxis { axis: a.int_or("axis", -1)?, size: a.sizes("size")?[0] }))
    }),
    ("one_hot", |a: &Attrs| {
        Ok(Arc::new(OneHot {
            classes: a.sizes("num_classes")?[0],
            dtype: a.opt_dtype("dtype")?.unwrap_or_else(crate::dtype::floatx),
        }))
    }),
];

fn check_indices(indices: &Spec) -> Result<()> {
    if indices.dtype != DType::I64 {
        return Err(Error::dtype(format!("indices must be int64 by now, got {}", indices.dtype)));
    }
    Ok(())
}

/// Slices of x along an axis, picked by an int64 operand of any shape, which takes the axis' place.
#[derive(Debug)]
pub struct Take {
    axis: i64,
}

impl Op for Take {
    fn name(&self) -> &'static str {
        "take"
    }

    fn promotion(&self) -> crate::op::Promotion {
        crate::op::Promotion::LastIsIndex
    }

    fn infer(&self, inputs: &[Spec]) -> Result<Vec<Spec>> {
        arity(self.name(), inputs, 2)?;
        check_indices(&inputs[1])?;
        let axis = normalize_axis(self.axis, inputs[0].rank())?;
        let x = &inputs[0].shape;
        let mut out = Shape::from_slice(&x[..axis]);
        out.extend(inputs[1].shape.iter().copied());
        out.extend(x[axis + 1..].iter().copied());
        Ok(vec![inputs[0].with_shape(&out)])
    }

    fn run(&self, inputs: &[View<'_>], outputs: &mut [ViewMut<'_>], _: &mut [u8]) {
        let (x, indices) = (inputs[0], inputs[1]);
        let (outer, n, inner) = super::softmax::around(x.shape(), self.axis).expect("checked by infer");
        let bytes = inner * x.spec.dtype.size();
        kernel::take(outer, n, bytes, x.bytes(), indices.get::<i64>(), outputs[0].bytes());
    }

    fn vjp(&self, at: &Vjp<'_>) -> Result<Vec<Option<Value>>> {
        let shape = &at.x(0).spec().shape;
        let axis = normalize_axis(self.axis, shape.len())?;
        Ok(vec![at.when(0, || scatter_add(&at.g()?, at.x(1), axis, shape[axis]))?, None])
    }

    fn traits(&self) -> Traits {
        Traits { any_dtype: true, reads_inputs: 0b10, reads_outputs: 0, ..Traits::default() }
    }
}

/// The transpose of `take`: adds slices of u to zeros of `size` along an axis; operands u and the indices.
#[derive(Debug)]
pub struct ScatterAdd {
    axis: i64,
    size: usize,
}

impl ScatterAdd {
    /// Of how many rows slices are added to some, if they are added along the first axis.
    pub fn rows(&self) -> Option<usize> {
        (self.axis == 0).then_some(self.size)
    }

    fn axis(&self, u: &Spec, indices: &Spec) -> Result<usize> {
        let lead = u.rank() as i64 - indices.rank() as i64;
        if lead < 0 {
            return Err(Error::value(format!("updates {u} have fewer axes than indices {indices}")));
        }
        let axis = normalize_axis(self.axis, lead as usize + 1)?;
        if u.shape[axis..axis + indices.rank()] != indices.shape[..] {
            return Err(Error::value(format!("updates {u} do not hold the shape of indices {indices} from axis {axis} on")));
        }
        Ok(axis)
    }
}

impl Op for ScatterAdd {
    fn name(&self) -> &'static str {
        "scatter_add"
    }

    fn promotion(&self) -> crate::op::Promotion {
        crate::op::Promotion::LastIsIndex
    }

    fn infer(&self, inputs: &[Spec]) -> Result<Vec<Spec>> {
        arity(self.name(), inputs, 2)?;
        check_indices(&inputs[1])?;
        let axis = self.axis(&inputs[0], &inputs[1])?;
        let u = &inputs[0].shape;
        let mut out = Shape::from_slice(&u[..axis]);
        out.push(self.size);
        out.extend(u[axis + inputs[1].rank()..].iter().copied());
        Ok(vec![inputs[0].with_shape(&out)])
    }

    fn run(&self, inputs: &[View<'_>], outputs: &mut [ViewMut<'_>], _: &mut [u8]) {
        let (u, indices) = (inputs[0], inputs[1]);
        let axis = self.axis(u.spec, indices.spec).expect("checked by infer");
        let outer: usize = u.shape()[..axis].iter().product();
        let inner: usize = u.shape()[axis + indices.spec.rank()..].iter().product();
        with_number!(u.spec.dtype, T => {
            let out = outputs[0].get::<T>();
            out.fill(T::default());
            kernel::scatter_add::<T>(outer, self.size, inner, u.get(), indices.get::<i64>(), out);
        });
    }

    fn vjp(&self, at: &Vjp<'_>) -> Result<Vec<Option<Value>>> {
        let axis = self.axis(at.x(0).spec(), at.x(1).spec())? as i64;
        Ok(vec![at.when(0, || apply1(Take { axis }, &[at.g()?, at.x(1).clone()]))?, None])
    }

    fn traits(&self) -> Traits {
        Traits { reads_inputs: 0b10, reads_outputs: 0, ..Traits::default() }
    }
}

/// Gradients of a table's rows, added up where they belong to the same row. Operands: rows and int64 indices, in turns, of as many reads as
/// there were. Results: as many rows as there are indices, those that are no sum being zeros, and the rows of the table that they belong to
/// (none, for zeros). Made by the planner only (`passes/row_updates.rs`).
#[derive(Debug)]
pub struct RowSums {
    /// Rows of the table.
    pub size: usize,
}

impl Op for RowSums {
    fn name(&self) -> &'static str {
        "row_sums"
    }

    fn infer(&self, inputs: &[Spec]) -> Result<Vec<Spec>> {
        let count = inputs.chunks_exact(2).map(|read| read[1].size()).sum();
        let row = &inputs[0].shape[inputs[1].rank()..];
        let rows: Shape = std::iter::once(count).chain(row.iter().copied()).collect();
        Ok(vec![inputs[0].with_shape(&rows), inputs[1].with_shape(&[count])])
    }

    fn run(&self, inputs: &[View<'_>], outputs: &mut [ViewMut<'_>], _: &mut [u8]) {
        let [rows, indices] = outputs else { unreachable!("two outputs") };
        for (output, first) in [(&mut *rows, 0), (&mut *indices, 1)] {
            let (bytes, mut start) = (output.bytes(), 0);
            for input in inputs[first..].iter().step_by(2) {
                bytes[start..][..input.bytes().len()].copy_from_slice(input.bytes());
                start += input.bytes().len();
            }
        }
        let inner = rows.shape()[1..].iter().product();
        with_number!(rows.spec.dtype, T => kernel::sum_rows::<T>(self.size, inner, rows.get(), indices.get()));
    }

    fn vjp(&self, _: &Vjp<'_>) -> Result<Vec<Option<Value>>> {
        Err(Error::internal("sums of rows were differentiated"))
    }
}

/// One element of x along an axis for each index; both operands have the same rank.
#[derive(Debug)]
pub struct TakeAlongAxis {
    axis: i64,
}

fn check_along(axis: usize, x: &[usize], indices: &[usize]) -> Result<()> {
    let fits = x.len() == indices.len() && (0..x.len()).all(|i| i == axis || x[i] == indices[i]);
    if !fits {
        return Err(Error::value(format!(
            "operand {} and indices {} must agree in all sizes but that of axis {axis}",
            ShapeText(x),
            ShapeText(indices)
        )));
    }
    Ok(())
}

impl Op for TakeAlongAxis {
    fn name(&self) -> &'static str {
        "take_along_axis"
    }

    fn promotion(&self) -> crate::op::Promotion {
        crate::op::Promotion::LastIsIndex
    }

    fn infer(&self, inputs: &[Spec]) -> Result<Vec<Spec>> {
        arity(self.name(), inputs, 2)?;
        check_indices(&inputs[1])?;
        let axis = normalize_axis(self.axis, inputs[0].rank())?;
        check_along(axis, &inputs[0].shape, &inputs[1].shape)?;
        Ok(vec![inputs[0].with_shape(&inputs[1].shape)])
    }

    fn run(&self, inputs: &[View<'_>], outputs: &mut [ViewMut<'_>], _: &mut [u8]) {
        let (x, indices) = (inputs[0], inputs[1]);
        let (outer, n, inner) = super::softmax::around(x.shape(), self.axis).expect("checked by infer");
        let element = x.spec.dtype.size();
        kernel::take_along(element, outer, n, inner, x.bytes(), indices.get::<i64>(), outputs[0].bytes());
    }

    fn vjp(&self, at: &Vjp<'_>) -> Result<Vec<Option<Value>>> {
        let shape = &at.x(0).spec().shape;
        let axis = normalize_axis(self.axis, shape.len())?;
        let op = ScatterAlongAxis { axis: axis as i64, size: shape[axis] };
        Ok(vec![at.when(0, || apply1(op, &[at.g()?, at.x(1).clone()]))?, None])
    }

    fn traits(&self) -> Traits {
        Traits { any_dtype: true, reads_inputs: 0b10, reads_outputs: 0, ..Traits::default() }
    }
}

/// The transpose of `take_along_axis`: adds each element of u where its index points.
#[derive(Debug)]
pub struct ScatterAlongAxis {
    axis: i64,
    size: usize,
}

impl Op for ScatterAlongAxis {
    fn name(&self) -> &'static str {
        "scatter_along_axis"
    }

    fn promotion(&self) -> crate::op::Promotion {
        crate::op::Promotion::LastIsIndex
    }

    fn infer(&self, inputs: &[Spec]) -> Result<Vec<Spec>> {
        arity(self.name(), inputs, 2)?;
        check_indices(&inputs[1])?;
        let axis = normalize_axis(self.axis, inputs[0].rank())?;
        if inputs[0].shape != inputs[1].shape {
            return Err(Error::value(format!("updates {} and indices {} differ in shape", inputs[0], inputs[1])));
        }
        let mut out = inputs[0].clone();
        out.shape[axis] = self.size;
        Ok(vec![out])
    }

    fn run(&self, inputs: &[View<'_>], outputs: &mut [ViewMut<'_>], _: &mut [u8]) {
        let (u, indices) = (inputs[0], inputs[1]);
        let (outer, count, inner) = super::softmax::around(u.shape(), self.axis).expect("checked by infer");
        with_number!(u.spec.dtype, T => {
            let out = outputs[0].get::<T>();
            out.fill(T::default());
            kernel::scatter_along::<T>(outer, count, self.size, inner, u.get(), indices.get::<i64>(), out);
        });
    }

    fn vjp(&self, at: &Vjp<'_>) -> Result<Vec<Option<Value>>> {
        Ok(vec![at.when(0, || apply1(TakeAlongAxis { axis: self.axis }, &[at.g()?, at.x(1).clone()]))?, None])
    }

    fn traits(&self) -> Traits {
        Traits { reads_inputs: 0b10, reads_outputs: 0, ..Traits::default() }
    }
}

/// A new last axis with one at the place the index names; all zeros if it names none.
#[derive(Debug)]
pub struct OneHot {
    classes: usize,
    dtype: DType,
}

impl Op for OneHot {
    fn name(&self) -> &'static str {
        "one_hot"
    }

    fn promotion(&self) -> crate::op::Promotion {
        crate::op::Promotion::LastIsIndex
    }

    fn infer(&self, inputs: &[Spec]) -> Result<Vec<Spec>> {
        arity(self.name(), inputs, 1)?;
        check_indices(&inputs[0])?;
        let mut shape = inputs[0].shape.clone();
        shape.push(self.classes);
        Ok(vec![Spec::new(self.dtype, &shape)])
    }

    fn run(&self, inputs: &[View<'_>], outputs: &mut [ViewMut<'_>], _: &mut [u8]) {
        let one = crate::ops::cast::encode(1.0, self.dtype);
        kernel::one_hot(&one[..self.dtype.size()], self.classes, inputs[0].get::<i64>(), outputs[0].bytes());
    }

    fn vjp(&self, at: &Vjp<'_>) -> Result<Vec<Option<Value>>> {
        at.none()
    }

    fn traits(&self) -> Traits {
        Traits { any_dtype: true, reads_inputs: 0, reads_outputs: 0, ..Traits::default() }
    }
}

/// Adds slices of `u` to zeros of `size` along `axis`.
pub fn scatter_add(u: &Value, indices: &Value, axis: usize, size: usize) -> Result<Value> {
    let indices = cast(indices, DType::I64)?;
    apply1(ScatterAdd { axis: axis as i64, size }, &[u.clone(), indices])
}

/// Adds each element of `u` to zeros of `size` along the last axis, where its index points.
pub fn scatter_along(u: &Value, indices: &Value, size: usize) -> Result<Value> {
    apply1(ScatterAlongAxis { axis: -1, size }, &[u.clone(), indices.clone()])
}

/// A new last axis of `classes` with one at the place each index names.
pub fn one_hot(indices: &Value, classes: usize, dtype: DType) -> Result<Value> {
    apply1(OneHot { classes, dtype }, std::slice::from_ref(indices))
}
