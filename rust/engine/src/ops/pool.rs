//! Max and average pooling. The maximum remembers which tap it came from, so that both directions of its
//! derivative are a scatter and a gather by that index.

use std::sync::Arc;

use smallvec::SmallVec;

use rkeras_kernels::entry::{MaxPool as MaxPoolKernels, StoredKernels};
use rkeras_kernels::pool::PoolShape;

use crate::apply::apply1;
use crate::attrs::Attrs;
use crate::dtype::DType;
use crate::error::{Error, Result};
use crate::op::{Halves, Op, Promotion, Traits, View, ViewMut, Vjp, arity};
use crate::ops::conv_window::Padding;
use crate::registry::Entry;
use crate::spec::{Shape, ShapeText, Spec};
use crate::value::Value;
use crate::with_stored_float;

pub const OPS: &[Entry] = &[
    ("max_pool", |a: &Attrs| Ok(Arc::new(MaxPool { window: Window::new(a)? }))),
    ("max_pool_scatter", |a: &Attrs| {
        Ok(Arc::new(MaxScatter { window: Window::new(a)?, size: Shape::from_vec(a.sizes("input_size")?) }))
    }),
    ("max_pool_gather", |a: &Attrs| Ok(Arc::new(MaxGather { window: Window::new(a)? }))),
    ("average_pool", |a: &Attrs| Ok(Arc::new(AveragePool { window: Window::new(a)? }))),
    ("average_pool_grad", |a: &Attrs| {
        Ok(Arc::new(AverageGrad { window: Window::new(a)?, size: Shape::from_vec(a.sizes("input_size")?) }))
    }),
];

#[derive(Debug, Clone)]
struct Window {
    pool: SmallVec<[usize; 3]>,
    strides: SmallVec<[usize; 3]>,
    padding: Padding,
}

impl Window {
    fn new(attrs: &Attrs) -> Result<Self> {
        let pool: SmallVec<[usize; 3]> = attrs.sizes("pool_size")?.into_iter().collect();
        let strides = match attrs.opt_ints("strides")? {
            None => pool.clone(),
            Some(_) => attrs.sizes("strides")?.into_iter().collect(),
        };
        if pool.contains(&0) || strides.contains(&0) {
            return Err(Error::value("pool_size and strides must be at least 1"));
        }
        Ok(Self { pool, strides, padding: Padding::parse(attrs)? })
    }

    /// The kernel's description for an image (batch, spatial…, channels).
    fn shape(&self, image: &[usize]) -> Result<PoolShape> {
        let rank = image.len().wrapping_sub(2);
        if !(1..=3).contains(&rank) {
            return Err(Error::value(format!(
                "needs an image of rank 3, 4 or 5 (batch, spatial axes, channels), got {}",
                ShapeText(image)
            )));
        }
        let pick = |list: &[usize], i: usize| match list.len() {
            1 => Ok(list[0]),
            n if n == rank => Ok(list[i]),
            n => Err(Error::value(format!("{n} pool sizes or strides for {rank} spatial axes"))),
        };
        let mut s = PoolShape {
            batch: image[0],
            input: [1; 3],
            channels: image[rank + 1],
            window: [1; 3],
            strides: [1; 3],
            out: [1; 3],
            pad_before: [0; 3],
        };
        for i in 0..rank {
            let at = 3 - rank + i;
            s.input[at] = image[1 + i];
            s.window[at] = pick(&self.pool, i)?;
            s.strides[at] = pick(&self.strides, i)?;
            (s.out[at], s.pad_before[at]) = self.padding.along(i, image[1 + i], s.window[at], s.strides[at])?;
            if s.out[at] == 0 && image[1 + i] != 0 {
                return Err(Error::value(format!(
                    "a pool of {} does not fit an image of shape {}; use padding=\"same\" or a smaller pool_size",
                    s.window[at],
                    ShapeText(image)
                )));
            }
        }
        Ok(s)
    }

    /// Whether no two windows share a number: gradients that add up do so in float32.
    fn is_disjoint(&self) -> bool {
        // One number stands for all axes.
        let along = |list: &[usize], axis: usize| list.get(axis).or(list.last()).copied();
        (0..self.pool.len().max(self.strides.len())).all(|i| along(&self.strides, i) >= along(&self.pool, i))
    }

    /// The description from the image's spatial sizes and a pooled operand, whose shape is checked.
    fn shape_back(&self, size: &[usize], pooled: &[usize]) -> Result<PoolShape> {
        if pooled.len() != size.len() + 2 {
            return Err(Error::value(format!("an operand of shape {} for {} spatial axes", ShapeText(pooled), size.len())));
        }
        let mut image = Shape::from_slice(&pooled[..1]);
        image.extend(size.iter().copied());
        image.push(pooled[pooled.len() - 1]);
        let s = self.shape(&image)?;
        if pooled != pooled_shape(&s, size.len()).as_slice() {
            return Err(Error::value(format!(
                "an operand of shape {} does not belong to an image of {}",
                ShapeText(pooled),
                ShapeText(&image)
            )));
        }
        Ok(s)
    }
}

fn pooled_shape(s: &PoolShape, rank: usize) -> Shape {
    let mut out = Shape::from_slice(&[s.batch]);
    out.extend(s.out[3 - rank..].iter().copied());
    out.push(s.channels);
    out
}

fn spatial(image: &[usize]) -> Shape {
    Shape::from_slice(&image[1..image.len() - 1])
}

/// The largest number under each window, and the tap where it stands.
#[derive(Debug, Clone)]
pub struct MaxPool {
    window: Window,
}

impl Op for MaxPool {
    fn name(&self) -> &'static str {
        "max_pool"
    }

    fn promotion(&self) -> Promotion {
        Promotion::Float
    }

    fn infer(&self, inputs: &[Spec]) -> Result<Vec<Spec>> {
        arity(self.name(), inputs, 1)?;
        let s = self.window.shape(&inputs[0].shape)?;
        let out = pooled_shape(&s, inputs[0].rank() - 2);
        Ok(vec![inputs[0].with_shape(&out), Spec::new(index_dtype(&s), &out)])
    }

    fn run(&self, inputs: &[View<'_>], outputs: &mut [ViewMut<'_>], _: &mut [u8]) {
        let x = inputs[0];
        let s = self.window.shape(x.shape()).expect("checked by infer");
        let [y, index] = outputs else { unreachable!("two outputs") };
        with_stored_float!(x.spec.dtype, T => match index.spec.dtype {
            DType::U8 => <T as MaxPoolKernels<u8>>::forward(&s, x.get(), y.wanted(), index.wanted()),
            _ => <T as MaxPoolKernels<u32>>::forward(&s, x.get(), y.wanted(), index.wanted()),
        });
    }

    fn vjp(&self, at: &Vjp<'_>) -> Result<Vec<Option<Value>>> {
        let size = spatial(&at.x(0).spec().shape);
        let op = MaxScatter { window: self.window.clone(), size };
        Ok(vec![Some(apply1(op, &[at.g()?, at.outputs[1].clone()])?)])
    }

    fn takes_brain(&self) -> bool {
        true
    }

    fn traits(&self) -> Traits {
        Traits { halves: Halves::Leading { whole: 0 }, skips_unused: true, reads_inputs: 0, reads_outputs: 0b10, ..Traits::default() }
    }
}

/// Adds each number to the place its tap index names; operands are the pooled cotangent and the index.
#[derive(Debug)]
pub struct MaxScatter {
    window: Window,
    size: Shape,
}

impl MaxScatter {
    /// Whether every window has a tap inside the image, so that no number is lost.
    pub(crate) fn reaches_all(&self, pooled: &Spec) -> bool {
        self.window.shape_back(&self.size, &pooled.shape).is_ok_and(|s| (0..3).all(|i| s.pad_before[i] < s.window[i] && s.input[i] > 0))
    }
}

impl Op for MaxScatter {
    fn name(&self) -> &'static str {
        "max_pool_scatter"
    }

    fn promotion(&self) -> Promotion {
        Promotion::FloatFirst(1)
    }

    fn infer(&self, inputs: &[Spec]) -> Result<Vec<Spec>> {
        arity(self.name(), inputs, 2)?;
        let s = self.window.shape_back(&self.size, &inputs[0].shape)?;
        check_index(&s, &inputs[0], &inputs[1])?;
        let mut image = Shape::from_slice(&[s.batch]);
        image.extend(self.size.iter().copied());
        image.push(s.channels);
        Ok(vec![inputs[0].with_shape(&image)])
    }

    fn run(&self, inputs: &[View<'_>], outputs: &mut [ViewMut<'_>], _: &mut [u8]) {
        let g = inputs[0];
        let s = self.window.shape_back(&self.size, g.shape()).expect("checked by infer");
        let (index, out) = (inputs[1], &mut outputs[0]);
        with_stored_float!(g.spec.dtype, T => match index.spec.dtype {
            DType::U8 => <T as MaxPoolKernels<u8>>::backward(&s, g.get(), index.get(), out.get()),
            _ => <T as MaxPoolKernels<u32>>::backward(&s, g.get(), index.get(), out.get()),
        });
    }

    fn vjp(&self, at: &Vjp<'_>) -> Result<Vec<Option<Value>>> {
        let op = MaxGather { window: self.window.clone() };
        Ok(vec![at.when(0, || apply1(op, &[at.g()?, at.x(1).clone()]))?, None])
    }

    fn takes_brain(&self) -> bool {
        self.window.is_disjoint()
    }

    fn traits(&self) -> Traits {
        Traits { halves: Halves::Leading { whole: 0 }, reads_inputs: 0b10, reads_outputs: 0, ..Traits::default() }
    }
}

/// Takes from each window the number at the tap the index names; operands are an image and the index.
#[derive(Debug)]
pub struct MaxGather {
    window: Window,
}

impl Op for MaxGather {
    fn name(&self) -> &'static str {
        "max_pool_gather"
    }

    fn promotion(&self) -> Promotion {
        Promotion::FloatFirst(1)
    }

    fn infer(&self, inputs: &[Spec]) -> Result<Vec<Spec>> {
        arity(self.name(), inputs, 2)?;
        let s = self.window.shape(&inputs[0].shape)?;
        let out = inputs[0].with_shape(&pooled_shape(&s, inputs[0].rank() - 2));
        check_index(&s, &out, &inputs[1])?;
        Ok(vec![out])
    }

    fn run(&self, inputs: &[View<'_>], outputs: &mut [ViewMut<'_>], _: &mut [u8]) {
        let x = inputs[0];
        let s = self.window.shape(x.shape()).expect("checked by infer");
        let (index, out) = (inputs[1], &mut outputs[0]);
        with_stored_float!(x.spec.dtype, T => match index.spec.dtype {
            DType::U8 => <T as MaxPoolKernels<u8>>::gather(&s, x.get(), index.get(), out.get()),
            _ => <T as MaxPoolKernels<u32>>::gather(&s, x.get(), index.get(), out.get()),
        });
    }

    fn vjp(&self, at: &Vjp<'_>) -> Result<Vec<Option<Value>>> {
        let op = MaxScatter { window: self.window.clone(), size: spatial(&at.x(0).spec().shape) };
        Ok(vec![at.when(0, || apply1(op, &[at.g()?, at.x(1).clone()]))?, None])
    }

    fn takes_brain(&self) -> bool {
        true
    }

    fn traits(&self) -> Traits {
        Traits { halves: Halves::Leading { whole: 0 }, reads_inputs: 0b10, reads_outputs: 0, ..Traits::default() }
    }
}

/// A tap number fits a byte for all windows that people use.
fn index_dtype(s: &PoolShape) -> DType {
    if s.taps() <= 256 { DType::U8 } else { DType::U32 }
}

fn check_index(s: &PoolShape, pooled: &Spec, index: &Spec) -> Result<()> {
    let wanted = pooled.with_dtype(index_dtype(s));
    if *index != wanted {
        return Err(Error::value(format!("the tap index must be {wanted}, got {index}")));
    }
    Ok(())
}

/// The mean under each window, over the taps that lie inside the image.
#[derive(Debug)]
pub struct AveragePool {
    window: Window,
}

impl Op for AveragePool {
    fn name(&self) -> &'static str {
        "average_pool"
    }

    fn promotion(&self) -> Promotion {
        Promotion::Float
    }

    fn infer(&self, inputs: &[Spec]) -> Result<Vec<Spec>> {
        arity(self.name(), inputs, 1)?;
        let s = self.window.shape(&inputs[0].shape)?;
        Ok(vec![inputs[0].with_shape(&pooled_shape(&s, inputs[0].rank() - 2))])
    }

    fn run(&self, inputs: &[View<'_>], outputs: &mut [ViewMut<'_>], _: &mut [u8]) {
        let x = inputs[0];
        let s = self.window.shape(x.shape()).expect("checked by infer");
        with_stored_float!(x.spec.dtype, T => T::avg_pool(&s, x.get(), outputs[0].get()));
    }

    fn vjp(&self, at: &Vjp<'_>) -> Result<Vec<Option<Value>>> {
        let op = AverageGrad { window: self.window.clone(), size: spatial(&at.x(0).spec().shape) };
        Ok(vec![Some(apply1(op, &[at.g()?])?)])
    }

    fn takes_brain(&self) -> bool {
        true
    }

    fn traits(&self) -> Traits {
        Traits { halves: Halves::Leading { whole: 0 }, reads_inputs: 0, reads_outputs: 0, ..Traits::default() }
    }
}

/// Spreads each number evenly over its window's taps.
#[derive(Debug)]
pub struct AverageGrad {
    window: Window,
    size: Shape,
}

impl Op for AverageGrad {
    fn name(&self) -> &'static str {
        "average_pool_grad"
    }

    fn promotion(&self) -> Promotion {
        Promotion::Float
    }

    fn infer(&self, inputs: &[Spec]) -> Result<Vec<Spec>> {
        arity(self.name(), inputs, 1)?;
        let s = self.window.shape_back(&self.size, &inputs[0].shape)?;
        let mut image = Shape::from_slice(&[s.batch]);
        image.extend(self.size.iter().copied());
        image.push(s.channels);
        Ok(vec![inputs[0].with_shape(&image)])
    }

    fn run(&self, inputs: &[View<'_>], outputs: &mut [ViewMut<'_>], _: &mut [u8]) {
        let g = inputs[0];
        let s = self.window.shape_back(&self.size, g.shape()).expect("checked by infer");
        with_stored_float!(g.spec.dtype, T => T::avg_pool_grad(&s, g.get(), outputs[0].get()));
    }

    fn vjp(&self, at: &Vjp<'_>) -> Result<Vec<Option<Value>>> {
        Ok(vec![Some(apply1(AveragePool { window: self.window.clone() }, &[at.g()?])?)])
    }

    fn takes_brain(&self) -> bool {
        self.window.is_disjoint()
    }

    fn traits(&self) -> Traits {
        Traits { halves: Halves::Leading { whole: 0 }, reads_inputs: 0, reads_outputs: 0, ..Traits::default() }
    }
}
