//! Ops that compare along an axis: argmax, argmin, sort, argsort, top_k; and running sums and products.

use std::sync::Arc;

use rkeras_kernels::{reduce as reduce_kernel, scan as scan_kernel, sort as sort_kernel};

use crate::apply::apply1;
use crate::attrs::Attrs;
use crate::dtype::DType;
use crate::error::{Error, Result};
use crate::op::{Op, Promotion, Traits, View, ViewMut, Vjp, arity};
use crate::ops::index;
use crate::ops::softmax::around;
use crate::ops::{binary, structure};
use crate::registry::Entry;
use crate::spec::{Spec, normalize_axis};
use crate::value::Value;
use crate::with_number;

pub const OPS: &[Entry] = &[
    ("argmax", |a: &Attrs| Ok(Arc::new(ArgExtreme { axis: a.int("axis")?, largest: true }))),
    ("argmin", |a: &Attrs| Ok(Arc::new(ArgExtreme { axis: a.int("axis")?, largest: false }))),
    ("sort", |_| Ok(Arc::new(Sort))),
    ("argsort", |_| Ok(Arc::new(ArgSort))),
    ("top_k", |a: &Attrs| Ok(Arc::new(TopK { k: a.sizes("k")?[0] }))),
    ("cumsum", |a: &Attrs| scan(a, false)),
    ("cumprod", |a: &Attrs| scan(a, true)),
];

fn scan(attrs: &Attrs, product: bool) -> Result<Arc<dyn Op>> {
    Ok(Arc::new(Cumulate { axis: attrs.int("axis")?, product, reverse: attrs.bool_or("reverse", false)? }))
}

/// Where along an axis the extreme stands; the first of equals, the first NaN.
#[derive(Debug)]
pub struct ArgExtreme {
    axis: i64,
    largest: bool,
}

impl Op for ArgExtreme {
    fn name(&self) -> &'static str {
        if self.largest { "argmax" } else { "argmin" }
    }

    fn infer(&self, inputs: &[Spec]) -> Result<Vec<Spec>> {
        arity(self.name(), inputs, 1)?;
        let axis = normalize_axis(self.axis, inputs[0].rank())?;
        if inputs[0].shape[axis] == 0 {
            return Err(Error::value(format!("no {} of zero elements ({})", self.name(), inputs[0])));
        }
        let mut shape = inputs[0].shape.clone();
        shape.remove(axis);
        Ok(vec![Spec::new(DType::I32, &shape)])
    }

    fn run(&self, inputs: &[View<'_>], outputs: &mut [ViewMut<'_>], _: &mut [u8]) {
        let x = inputs[0];
        let (outer, n, inner) = around(x.shape(), self.axis).expect("checked by infer");
        with_number!(x.spec.dtype, T => {
            reduce_kernel::arg_extreme::<T>(self.largest, outer, n, inner, x.get(), outputs[0].get::<i32>());
        });
    }

    fn vjp(&self, at: &Vjp<'_>) -> Result<Vec<Option<Value>>> {
        at.none()
    }

    fn traits(&self) -> Traits {
        Traits::UNREAD
    }
}

fn check_rows(inputs: &[Spec], name: &str) -> Result<()> {
    arity(name, inputs, 1)?;
    if inputs[0].rank() == 0 {
        return Err(Error::value("a scalar has no order"));
    }
    Ok(())
}

fn row_length(x: &View<'_>) -> usize {
    x.shape()[x.spec.rank() - 1]
}

/// The last axis in ascending order, NaN last.
#[derive(Debug)]
pub struct Sort;

impl Op for Sort {
    fn name(&self) -> &'static str {
        "sort"
    }

    fn infer(&self, inputs: &[Spec]) -> Result<Vec<Spec>> {
        check_rows(inputs, self.name())?;
        Ok(inputs.to_vec())
    }

    fn run(&self, inputs: &[View<'_>], outputs: &mut [ViewMut<'_>], _: &mut [u8]) {
        let x = inputs[0];
        with_number!(x.spec.dtype, T => sort_kernel::sort::<T>(row_length(&x), x.get(), outputs[0].get()));
    }

    fn vjp(&self, at: &Vjp<'_>) -> Result<Vec<Option<Value>>> {
        let x = at.x(0);
        let order = apply1(ArgSort, std::slice::from_ref(x))?;
        let size = *x.spec().shape.last().unwrap_or(&1);
        Ok(vec![Some(index::scatter_along(&at.g()?, &order, size)?)])
    }

    fn traits(&self) -> Traits {
        Traits { reads_inputs: 1, reads_outputs: 0, ..Traits::default() }
    }
}

/// The places that sort the last axis; equal elements keep their order.
#[derive(Debug)]
pub struct ArgSort;

impl Op for ArgSort {
    fn name(&self) -> &'static str {
        "argsort"
    }

    fn infer(&self, inputs: &[Spec]) -> Result<Vec<Spec>> {
        check_rows(inputs, self.name())?;
        Ok(vec![inputs[0].with_dtype(DType::I32)])
    }

    fn run(&self, inputs: &[View<'_>], outputs: &mut [ViewMut<'_>], _: &mut [u8]) {
        let x = inputs[0];
        with_number!(x.spec.dtype, T => sort_kernel::argsort::<T>(row_length(&x), x.get(), outputs[0].get::<i32>()));
    }

    fn vjp(&self, at: &Vjp<'_>) -> Result<Vec<Option<Value>>> {
        at.none()
    }

    fn traits(&self) -> Traits {
        Traits::UNREAD
    }
}

/// The k largest of the last axis, largest first, and where they stand.
#[derive(Debug)]
pub struct TopK {
    k: usize,
}

impl Op for TopK {
    fn name(&self) -> &'static str {
        "top_k"
    }

    fn infer(&self, inputs: &[Spec]) -> Result<Vec<Spec>> {
        check_rows(inputs, self.name())?;
        let n = *inputs[0].shape.last().unwrap_or(&0);
        if self.k > n {
            return Err(Error::value(format!("k={} of the {n} elements in the last axis of {}", self.k, inputs[0])));
        }
        let mut shape = inputs[0].shape.clone();
        if let Some(last) = shape.last_mut() {
            *last = self.k;
        }
        Ok(vec![inputs[0].with_shape(&shape), Spec::new(DType::I32, &shape)])
    }

    fn run(&self, inputs: &[View<'_>], outputs: &mut [ViewMut<'_>], _: &mut [u8]) {
        let x = inputs[0];
        let [values, places] = outputs else { unreachable!("two outputs") };
        with_number!(x.spec.dtype, T => {
            sort_kernel::top_k::<T>(row_length(&x), self.k, x.get(), values.get(), places.get::<i32>());
        });
    }

    fn vjp(&self, at: &Vjp<'_>) -> Result<Vec<Option<Value>>> {
        let size = *at.x(0).spec().shape.last().unwrap_or(&1);
        Ok(vec![Some(index::scatter_along(&at.g()?, &at.outputs[1], size)?)])
    }

    fn traits(&self) -> Traits {
        Traits { reads_inputs: 0, reads_outputs: 0b10, ..Traits::default() }
    }
}

/// Sums or products of all elements up to and with each one, along an axis.
#[derive(Debug)]
pub struct Cumulate {
    axis: i64,
    product: bool,
    reverse: bool,
}

impl Op for Cumulate {
    fn name(&self) -> &'static str {
        if self.product { "cumprod" } else { "cumsum" }
    }

    fn promotion(&self) -> Promotion {
        Promotion::Accumulate
    }

    fn infer(&self, inputs: &[Spec]) -> Result<Vec<Spec>> {
        arity(self.name(), inputs, 1)?;
        normalize_axis(self.axis, inputs[0].rank())?;
        Ok(inputs.to_vec())
    }

    fn run(&self, inputs: &[View<'_>], outputs: &mut [ViewMut<'_>], _: &mut [u8]) {
        let x = inputs[0];
        let (outer, n, inner) = around(x.shape(), self.axis).expect("checked by infer");
        with_number!(x.spec.dtype, T => {
            let run = if self.product { scan_kernel::cumprod::<T> } else { scan_kernel::cumsum::<T> };
            run(outer, n, inner, self.reverse, x.get(), outputs[0].get());
        });
    }

    fn vjp(&self, at: &Vjp<'_>) -> Result<Vec<Option<Value>>> {
        let (x, g) = (at.x(0), at.g()?);
        let back = |v: &Value| {
            let op = Self { axis: self.axis, product: false, reverse: !self.reverse };
            apply1(op, std::slice::from_ref(v))
        };
        if !self.product {
            return Ok(vec![Some(back(&g)?)]);
        }
        // Each term holds every element before it once: slope_i = sum over later j of g_j y_j / x_i. Where x_i is
        // zero the quotient is the product without it, formed with that element set to one.
        self.product_gradient(x, &g).map(|v| vec![Some(v)])
    }

    fn traits(&self) -> Traits {
        let reads_inputs = u32::from(self.product);
        Traits { reads_inputs, reads_outputs: 0, ..Traits::default() }
    }
}

impl Cumulate {
    /// By the product rule, one pass for each element of the axis: exact with zeros, at n times the cost.
    fn product_gradient(&self, x: &Value, g: &Value) -> Result<Value> {
        let axis = normalize_axis(self.axis, x.spec().rank())?;
        let n = x.spec().shape[axis];
        let rank = x.spec().rank();
        let mut parts = Vec::with_capacity(n);
        for i in 0..n {
            // The running product with element i replaced by one, over the places that contain it.
            let (mut start, mut size) = (vec![0; rank], x.spec().shape.iter().map(|d| *d as i64).collect::<Vec<_>>());
            (start[axis], size[axis]) = (i as i64, 1);
            let steps = vec![1; rank];
            let one = crate::ops::fill::full(&structure::slice(x, &start, &size, &steps)?.spec().clone(), 1.0)?;
            let without = structure::slice_update(x, &one, &start)?;
            let products = apply1(
                Self { axis: self.axis, product: true, reverse: self.reverse },
                std::slice::from_ref(&without),
            )?;
            let weighted = binary::mul(g, &products)?;
            let (from, count) = if self.reverse { (0, i as i64 + 1) } else { (i as i64, (n - i) as i64) };
            (start[axis], size[axis]) = (from, count);
            let tail = structure::slice(&weighted, &start, &size, &steps)?;
            parts.push(crate::ops::reduce::sum(&tail, Some(&[axis as i64]), true)?);
        }
        if parts.is_empty() {
            return crate::ops::fill::zeros_like(x);
        }
        structure::concatenate(&parts, axis as i64)
    }
}
