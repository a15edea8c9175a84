//! Convolution in one, two and three dimensions: forward, and the two passes back, which are each other's
//! derivatives. Channels last inside; channels-first callers transpose around it.

use std::sync::Arc;

use rkeras_kernels::cast::{Kind, cast};
use rkeras_kernels::conv::{
    Activation as ConvActivation, ConvShape, Epilogue as TileEpilogue, Pass, backward_data_of_pairs, backward_weights_of_pairs,
    forward_of_pairs,
};
use rkeras_kernels::element::{as_bytes, as_bytes_mut, cast_slice_mut};
use rkeras_kernels::entry::FloatKernels;
use rkeras_kernels::gemm::Activation;

use crate::apply::apply1;
use crate::attrs::Attrs;
use crate::dtype::DType;
use crate::error::{Error, Result};
use crate::op::{Epilogue, Halves, Op, Promotion, Traits, View, ViewMut, Vjp, arity};
use crate::ops::cast::kind;
use crate::ops::conv_window::{Window, image_shape};
use crate::registry::Entry;
use crate::spec::{Shape, ShapeText, Spec};
use crate::value::Value;
use crate::with_float;

pub const OPS: &[Entry] = &[
    ("conv", |a: &Attrs| Ok(Arc::new(Conv { window: Window::new(a)?, bias: false, activation: Activation::None }))),
    ("conv_backward_data", |a: &Attrs| {
        Ok(Arc::new(ConvBackwardData { window: Window::new(a)?, size: Shape::from_vec(a.sizes("input_size")?) }))
    }),
    ("conv_backward_weights", |a: &Attrs| {
        Ok(Arc::new(ConvBackwardWeights { window: Window::new(a)?, kernel: Shape::from_vec(a.sizes("kernel_size")?) }))
    }),
];

/// `activation(conv(x, w) + bias)`.
#[derive(Debug, Clone)]
pub struct Conv {
    window: Window,
    bias: bool,
    activation: Activation,
}

fn flops(s: &ConvShape) -> usize {
    let taps: usize = s.kernel.iter().product();
    2 * s.batch * s.out.iter().product::<usize>() * s.cout * taps * (s.cin / s.groups.max(1))
}

impl Op for Conv {
    fn name(&self) -> &'static str {
        "conv"
    }

    fn promotion(&self) -> Promotion {
        Promotion::FloatFirst(2)
    }

    fn infer(&self, inputs: &[Spec]) -> Result<Vec<Spec>> {
        arity(self.name(), inputs, if self.bias { 3 } else { 2 })?;
        let s = self.window.shape(&inputs[0].shape, &inputs[1].shape)?;
        Ok(vec![inputs[0].with_shape(&image_shape(&s, inputs[0].rank() - 2, &s.out, s.cout))])
    }

    fn run(&self, inputs: &[View<'_>], outputs: &mut [ViewMut<'_>], _: &mut [u8]) {
        let (x, w) = (inputs[0], inputs[1]);
        let s = self.window.shape(x.shape(), w.shape()).expect("checked by infer");
        let activation = match self.activation {
            Activation::Relu => ConvActivation::Relu,
            _ => ConvActivation::None,
        };
        if x.spec.dtype == DType::BF16 {
            let epilogue = TileEpilogue { bias: self.bias.then(|| inputs[2].get::<f32>()), activation };
            return forward_of_pairs(&s, x.get(), w.get(), &epilogue, outputs[0].get());
        }
        with_float!(x.spec.dtype, T => {
            let bias = self.bias.then(|| inputs[2].get::<T>());
            let epilogue = TileEpilogue { bias, activation };
            T::conv_forward(&s, x.get(), w.get(), &epilogue, outputs[0].get());
        });
    }

    fn takes_pairs(&self, inputs: &[Spec]) -> u32 {
        let s = self.window.shape(&inputs[0].shape, &inputs[1].shape);
        if s.is_ok_and(|s| Pass::Forward.takes_pairs(&s)) { 0b11 } else { 0 }
    }

    fn vjp(&self, at: &Vjp<'_>) -> Result<Vec<Option<Value>>> {
        let (x, w, g) = (at.x(0), at.x(1), at.g()?);
        Ok(vec![
            at.when(0, || backward_data(&self.window, &g, w, &x.spec().shape))?,
            at.when(1, || backward_weights(&self.window, x, &g, &w.spec().shape))?,
        ])
    }

    fn traits(&self) -> Traits {
        Traits { halves: Halves::Leading { whole: 0b110 }, reads_inputs: 0b11, reads_outputs: 0, ..Traits::default() }
    }

    fn absorb(&self, consumer: &dyn Op, operands: &[Spec], position: usize) -> Option<Box<dyn Op>> {
        if self.activation != Activation::None {
            return None;
        }
        match consumer.as_epilogue()? {
            Epilogue::Add => {
                let channels = *operands[position].shape.last()?;
                let bias = &operands[1 - position];
                let fits = !self.bias && bias.shape.as_slice() == [channels] && bias.dtype == operands[position].dtype;
                fits.then(|| Box::new(Self { bias: true, ..self.clone() }) as Box<dyn Op>)
            }
            Epilogue::Activation(activation) => {
                (activation == Activation::Relu).then(|| Box::new(Self { activation, ..self.clone() }) as Box<dyn Op>)
            }
        }
    }

    fn flops(&self, inputs: &[Spec], _: &[Spec]) -> usize {
        self.window.shape(&inputs[0].shape, &inputs[1].shape).map_or(0, |s| flops(&s))
    }
}

/// The cotangent of the image, which is also transposed convolution; operands g and weights.
#[derive(Debug)]
pub struct ConvBackwardData {
    window: Window,
    /// Spatial sizes of the image.
    size: Shape,
}

impl ConvBackwardData {
    fn shape(&self, g: &[usize], w: &[usize]) -> Result<ConvShape> {
        let rank = self.size.len();
        if g.len() != rank + 2 || w.len() != rank + 2 {
            return Err(Error::value(format!(
                "needs a gradient and weights of rank {}, got {} and {}",
                rank + 2,
                ShapeText(g),
                ShapeText(w)
            )));
        }
        let mut image = Shape::from_slice(&[g[0]]);
        image.extend(self.size.iter().copied());
        image.push(w[rank] * self.window.groups);
        let s = self.window.shape(&image, w)?;
        if g != image_shape(&s, rank, &s.out, s.cout).as_slice() {
            return Err(Error::value(format!(
                "a gradient of shape {} does not belong to an image of {} with weights of {}",
                ShapeText(g),
                ShapeText(&image),
                ShapeText(w)
            )));
        }
        Ok(s)
    }
}

impl Op for ConvBackwardData {
    fn name(&self) -> &'static str {
        "conv_backward_data"
    }

    fn promotion(&self) -> Promotion {
        Promotion::Float
    }

    fn infer(&self, inputs: &[Spec]) -> Result<Vec<Spec>> {
        arity(self.name(), inputs, 2)?;
        let s = self.shape(&inputs[0].shape, &inputs[1].shape)?;
        Ok(vec![inputs[0].with_shape(&image_shape(&s, self.size.len(), &s.input, s.cin))])
    }

    fn run(&self, inputs: &[View<'_>], outputs: &mut [ViewMut<'_>], _: &mut [u8]) {
        let (g, w) = (inputs[0], inputs[1]);
        let s = self.shape(g.shape(), w.shape()).expect("checked by infer");
        if g.spec.dtype == DType::BF16 {
            return backward_data_of_pairs(&s, g.get(), w.get(), outputs[0].get());
        }
        with_float!(g.spec.dtype, T => T::conv_backward_data(&s, g.get(), w.get(), outputs[0].get()));
    }

    fn takes_pairs(&self, inputs: &[Spec]) -> u32 {
        let s = self.shape(&inputs[0].shape, &inputs[1].shape);
        if s.is_ok_and(|s| Pass::BackwardData.takes_pairs(&s)) { 0b11 } else { 0 }
    }

    fn vjp(&self, at: &Vjp<'_>) -> Result<Vec<Option<Value>>> {
        let (g, w, c) = (at.x(0), at.x(1), at.g()?);
        Ok(vec![
            at.when(0, || forward(&self.window, &c, w))?,
            at.when(1, || backward_weights(&self.window, &c, g, &w.spec().shape))?,
        ])
    }

    fn traits(&self) -> Traits {
        Traits { halves: Halves::Leading { whole: 0b10 }, reads_inputs: 0b11, reads_outputs: 0, ..Traits::default() }
    }

    fn flops(&self, inputs: &[Spec], _: &[Spec]) -> usize {
        self.shape(&inputs[0].shape, &inputs[1].shape).map_or(0, |s| flops(&s))
    }
}

/// The cotangent of the weights; operands x and g.
#[derive(Debug)]
pub struct ConvBackwardWeights {
    window: Window,
    /// Spatial sizes of the weights.
    kernel: Shape,
}

impl ConvBackwardWeights {
    fn shape(&self, x: &[usize], g: &[usize]) -> Result<(ConvShape, Shape)> {
        let rank = self.kernel.len();
        if x.len() != rank + 2 || g.len() != rank + 2 {
            return Err(Error::value(format!(
                "needs an image and a gradient of rank {}, got {} and {}",
                rank + 2,
                ShapeText(x),
                ShapeText(g)
            )));
        }
        let mut weights = self.kernel.clone();
        weights.push(x[rank + 1] / self.window.groups);
        weights.push(g[rank + 1]);
        let s = self.window.shape(x, &weights)?;
        if g != image_shape(&s, rank, &s.out, s.cout).as_slice() {
            return Err(Error::value(format!(
                "a gradient of shape {} does not belong to an image of {} with weights of {}",
                ShapeText(g),
                ShapeText(x),
                ShapeText(&weights)
            )));
        }
        Ok((s, weights))
    }
}

/// Whether the pass to the weights multiplies pairs of this operand.
fn takes_pairs(s: &ConvShape, x: &Spec) -> bool {
    x.dtype == DType::BF16 && Pass::BackwardWeights.takes_pairs(s)
}

impl Op for ConvBackwardWeights {
    fn name(&self) -> &'static str {
        "conv_backward_weights"
    }

    fn promotion(&self) -> Promotion {
        Promotion::Float
    }

    fn infer(&self, inputs: &[Spec]) -> Result<Vec<Spec>> {
        arity(self.name(), inputs, 2)?;
        let (_, weights) = self.shape(&inputs[0].shape, &inputs[1].shape)?;
        Ok(vec![inputs[0].with_shape(&weights)])
    }

    /// Of halves, the sums in float32, and the operands too unless they are taken as pairs.
    fn scratch(&self, inputs: &[Spec]) -> usize {
        let (x, g) = (&inputs[0], &inputs[1]);
        let (s, weights) = self.shape(&x.shape, &g.shape).expect("checked by infer");
        let wide = if takes_pairs(&s, x) { 0 } else { x.size() + g.size() };
        if x.dtype.is_half() { 4 * (weights.iter().product::<usize>() + wide) } else { 0 }
    }

    fn run(&self, inputs: &[View<'_>], outputs: &mut [ViewMut<'_>], scratch: &mut [u8]) {
        let (x, g) = (inputs[0], inputs[1]);
        let (s, _) = self.shape(x.shape(), g.shape()).expect("checked by infer");
        let dtype = x.spec.dtype;
        if dtype.is_half() {
            let (sums, wide) = cast_slice_mut::<f32>(scratch).split_at_mut(outputs[0].spec.size());
            if takes_pairs(&s, x.spec) {
                backward_weights_of_pairs(&s, x.get(), g.get(), sums);
            } else {
                let (wide_x, wide_g) = wide.split_at_mut(x.spec.size());
                cast(kind(dtype), Kind::F32, x.bytes(), as_bytes_mut(wide_x));
                cast(kind(dtype), Kind::F32, g.bytes(), as_bytes_mut(wide_g));
                f32::conv_backward_weights(&s, wide_x, wide_g, sums);
            }
            return cast(Kind::F32, kind(dtype), as_bytes(sums), outputs[0].bytes());
        }
        with_float!(x.spec.dtype, T => T::conv_backward_weights(&s, x.get(), g.get(), outputs[0].get()));
    }

    fn vjp(&self, at: &Vjp<'_>) -> Result<Vec<Option<Value>>> {
        let (x, g, c) = (at.x(0), at.x(1), at.g()?);
        Ok(vec![
            at.when(0, || backward_data(&self.window, g, &c, &x.spec().shape))?,
            at.when(1, || forward(&self.window, x, &c))?,
        ])
    }

    fn traits(&self) -> Traits {
        Traits { halves: Halves::Native, reads_inputs: 0b11, reads_outputs: 0, ..Traits::default() }
    }

    fn flops(&self, inputs: &[Spec], _: &[Spec]) -> usize {
        self.shape(&inputs[0].shape, &inputs[1].shape).map_or(0, |s| flops(&s.0))
    }
}

fn forward(window: &Window, x: &Value, w: &Value) -> Result<Value> {
    let op = Conv { window: window.clone(), bias: false, activation: Activation::None };
    apply1(op, &[x.clone(), w.clone()])
}

fn backward_data(window: &Window, g: &Value, w: &Value, image: &[usize]) -> Result<Value> {
    let size = Shape::from_slice(&image[1..image.len() - 1]);
    apply1(ConvBackwardData { window: window.clone(), size }, &[g.clone(), w.clone()])
}

fn backward_weights(window: &Window, x: &Value, g: &Value, weights: &[usize]) -> Result<Value> {
    let kernel = Shape::from_slice(&weights[..weights.len() - 2]);
    apply1(ConvBackwardWeights { window: window.clone(), kernel }, &[x.clone(), g.clone()])
}
