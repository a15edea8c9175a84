//! Gradients of activations whose slope is not a simple function of their result: one pass over operand and cotangent.

use std::f64::consts::{FRAC_1_SQRT_2, PI};
use std::sync::Arc;

use rkeras_kernels::binary::{self as kernel, Slope as Kernel};
use rkeras_kernels::entry::FloatKernels;
use rkeras_kernels::unary::{GELU_CUBIC, GELU_SCALE, SELU_ALPHA, SELU_SCALE, Unary};

use crate::apply::apply1;
use crate::attrs::Attrs;
use crate::dtype::DType;
use crate::error::{Error, Result};
use crate::op::{Halves, Op, Promotion, Traits, View, ViewMut, Vjp, arity};
use crate::ops::binary::{add, greater, less, minimum, mul, scale, sub};
use crate::ops::compose::by_composition;
use crate::ops::unary::{erf, exp, neg, sigmoid, softplus, square, tanh};
use crate::ops::{fill, select::select};
use crate::registry::Entry;
use crate::spec::Spec;
use crate::value::Value;
use crate::with_float;

/// One row an activation: the name of its gradient, and the parameter of those that have one.
macro_rules! activations {
    ($($name:literal $function:ident $(($p:ident: $attribute:literal = $default:literal))?;)*) => {
        pub const OPS: &[Entry] = &[
            $(($name, |_attrs: &Attrs| Ok(Arc::new(Slope { kernel: Kernel::$function $((_attrs.float_or($attribute, $default)?))? }))),)*
        ];

        /// The derivative of a function, if it is one of this family.
        pub(crate) fn of(function: Unary) -> Option<Kernel> {
            Some(match function {
                $(Unary::$function $(($p))? => Kernel::$function $(($p))?,)*
                _ => return None,
            })
        }

        fn name_of(kernel: Kernel) -> &'static str {
            match kernel {
                $(Kernel::$function $(($p))? => {
                    $(let _ = $p;)?
                    $name
                })*
            }
        }
    };
}
activations! {
    "gelu_grad" Gelu;
    "gelu_tanh_grad" GeluTanh;
    "silu_grad" Silu;
    "softplus_grad" Softplus;
    "log_sigmoid_grad" LogSigmoid;
    "mish_grad" Mish;
    "selu_grad" Selu;
    "relu6_grad" Relu6;
    "hard_tanh_grad" HardTanh;
    "hard_sigmoid_grad" HardSigmoid;
    "hard_silu_grad" HardSilu;
    "leaky_relu_grad" LeakyRelu(slope: "negative_slope" = 0.2);
    "elu_grad" Elu(alpha: "alpha" = 1.0);
    "celu_grad" Celu(alpha: "alpha" = 1.0);
}

/// `g * f'(x)`
pub(crate) fn pull_back(kernel: Kernel, x: &Value, g: &Value) -> Result<Value> {
    apply1(Slope { kernel }, &[x.clone(), g.clone()])
}

/// `g * f'(x)` of operands x and g, for an activation f.
#[derive(Debug)]
pub struct Slope {
    kernel: Kernel,
}

impl Slope {
    /// The same with simple ops, for derivatives of derivatives.
    fn composed(&self, x: &Value, g: &Value) -> Result<Value> {
        let constant = |c: f64| fill::scalar(x, c);
        let plus = |v: &Value, c: f64| add(v, &fill::scalar(v, c)?);
        let times = |slope: &Value| mul(g, slope);
        // One minus a value.
        let rest = |v: &Value| sub(&fill::scalar(v, 1.0)?, v);
        // g times slopes below `low`, between, and above `high`.
        let pieces = |low: f64, high: f64, [below, middle, above]: [&Value; 3]| -> Result<Value> {
            let upper = select(&less(x, &constant(high)?)?, middle, above)?;
            times(&select(&greater(x, &constant(low)?)?, &upper, below)?)
        };
        let flat = |low: f64, high: f64, height: f64| {
            let zero = constant(0.0)?;
            pieces(low, high, [&zero, &constant(height)?, &zero])
        };
        // g times `above` where x is positive, else times `below` of x, which never sees a positive number.
        let rectified = |above: f64, below: &dyn Fn(&Value) -> Result<Value>| -> Result<Value> {
            let below = below(&minimum(x, &constant(0.0)?)?)?;
            times(&select(&greater(x, &constant(0.0)?)?, &constant(above)?, &below)?)
        };
        match self.kernel {
            Kernel::Gelu => {
                let cdf = scale(&plus(&erf(&scale(x, FRAC_1_SQRT_2)?)?, 1.0)?, 0.5)?;
                let density = scale(&exp(&scale(&square(x)?, -0.5)?)?, 1.0 / (2.0 * PI).sqrt())?;
                times(&add(&cdf, &mul(x, &density)?)?)
            }
            Kernel::GeluTanh => {
                // With u = c (x + a x^3): (1 + tanh u) / 2 + x (1 - tanh^2 u) u' / 2.
                let (c, a) = (GELU_SCALE / 2.0, GELU_CUBIC);
                let squared = square(x)?;
                let t = tanh(&scale(&mul(x, &plus(&scale(&squared, a)?, 1.0)?)?, c)?)?;
                let slope = scale(&plus(&scale(&squared, 3.0 * a)?, 1.0)?, c)?;
                let tail = mul(&mul(x, &rest(&square(&t)?)?)?, &slope)?;
                times(&scale(&add(&plus(&t, 1.0)?, &tail)?, 0.5)?)
            }
            Kernel::Silu => {
                let s = sigmoid(x)?;
                times(&add(&s, &mul(x, &mul(&s, &rest(&s)?)?)?)?)
            }
            Kernel::Softplus => times(&sigmoid(x)?),
            Kernel::LogSigmoid => times(&sigmoid(&neg(x)?)?),
            Kernel::Mish => {
                // With t = tanh(softplus x): t + x (1 - t^2) sigmoid(x).
                let t = tanh(&softplus(x)?)?;
                let tail = mul(&mul(x, &rest(&square(&t)?)?)?, &sigmoid(x)?)?;
                times(&add(&t, &tail)?)
            }
            Kernel::Selu => rectified(SELU_SCALE, &|x| scale(&exp(x)?, SELU_SCALE * SELU_ALPHA)),
            Kernel::Elu(alpha) => rectified(1.0, &|x| scale(&exp(x)?, alpha)),
            Kernel::Celu(alpha) => rectified(1.0, &|x| exp(&scale(x, 1.0 / alpha)?)),
            Kernel::LeakyRelu(slope) => rectified(1.0, &|x| fill::scalar(x, slope)),
            Kernel::Relu6 => flat(0.0, 6.0, 1.0),
            Kernel::HardTanh => flat(-1.0, 1.0, 1.0),
            Kernel::HardSigmoid => flat(-3.0, 3.0, 1.0 / 6.0),
            Kernel::HardSilu => {
                let middle = plus(&scale(x, 1.0 / 3.0)?, 0.5)?;
                pieces(-3.0, 3.0, [&constant(0.0)?, &middle, &constant(1.0)?])
            }
        }
    }
}

impl Op for Slope {
    fn name(&self) -> &'static str {
        name_of(self.kernel)
    }

    fn promotion(&self) -> Promotion {
        Promotion::Float
    }

    fn infer(&self, inputs: &[Spec]) -> Result<Vec<Spec>> {
        arity(self.name(), inputs, 2)?;
        if inputs[0].shape != inputs[1].shape {
            return Err(Error::value(format!(
                "the cotangent of an activation has its operand's shape; got {} and {}",
                inputs[0], inputs[1]
            )));
        }
        Ok(vec![inputs[0].clone()])
    }

    fn run(&self, inputs: &[View<'_>], outputs: &mut [ViewMut<'_>], _: &mut [u8]) {
        let (x, g) = (inputs[0], inputs[1]);
        if x.spec.dtype == DType::BF16 {
            let dx = outputs[0].get();
            return match (x.in_output, g.in_output) {
                (Some(_), _) => kernel::pull_back_brain_in_place(self.kernel, dx, g.get(), true),
                (_, Some(_)) => kernel::pull_back_brain_in_place(self.kernel, dx, x.get(), false),
                _ => kernel::pull_back_brain(self.kernel, x.get(), g.get(), dx),
            };
        }
        with_float!(x.spec.dtype, T => {
            let dx = outputs[0].get::<T>();
            match (x.in_output, g.in_output) {
                (Some(_), _) => <T as FloatKernels>::pull_back_in_place(self.kernel, dx, g.get(), true),
                (_, Some(_)) => <T as FloatKernels>::pull_back_in_place(self.kernel, dx, x.get(), false),
                _ => <T as FloatKernels>::pull_back(self.kernel, x.get(), g.get(), dx),
            }
        });
    }

    fn vjp(&self, at: &Vjp<'_>) -> Result<Vec<Option<Value>>> {
        let (x, g) = (at.x(0), at.x(1));
        let dx = at.when(0, || by_composition(&[x, g], at.cotangents, 0, |v| Ok(vec![self.composed(&v[0], &v[1])?])))?;
        Ok(vec![dx, at.when(1, || pull_back(self.kernel, x, &at.g()?))?])
    }

    fn takes_brain(&self) -> bool {
        true
    }

    fn traits(&self) -> Traits {
        Traits { halves: Halves::Pointwise, in_place: &[(0, 0), (0, 1)], reads_inputs: 0b11, reads_outputs: 0, ..Traits::default() }
    }
}
