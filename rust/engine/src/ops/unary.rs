//! Element-wise ops of one operand.

use std::sync::Arc;

use rkeras_kernels::entry::{FloatKernels, IntegerKernels};
use rkeras_kernels::gemm::Activation;
use rkeras_kernels::unary::{Unary as Kernel, UnaryInt, unary_brain, unary_brain_in_place};

use crate::apply::apply1;
use crate::attrs::Attrs;
use crate::dtype::DType;
use crate::error::{Error, Result};
use crate::op::{Epilogue, Halves, OfRest, Op, Promotion, Rest, Traits, View, ViewMut, Vjp, arity};
use crate::ops::binary::{add, div, greater, less, mul, relu_grad, scale, sigmoid_grad, sub, tanh_grad};
use crate::ops::{fill, select::select, slope};
use crate::registry::Entry;
use crate::spec::Spec;
use crate::value::Value;
use crate::{with_float, with_int};

/// What an op keeps of integer operands.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Ints {
    /// Computes on them.
    Kept,
    /// Leaves them as they are.
    Whole,
    /// Turns them into the default float first.
    ToFloat,
}

/// What a derivative reads.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Reads {
    Nothing,
    Input,
    Output,
}

/// A row of the table of functions: registered name, kernel, treatment of integers, what its derivative reads.
type Row = (&'static str, Kernel, Ints, Reads);

use Ints::{Kept, ToFloat, Whole};
use Reads::{Input, Nothing, Output};

const ROWS: &[Row] = &[
    ("negative", Kernel::Neg, Kept, Nothing),
    ("absolute", Kernel::Abs, Kept, Input),
    ("sign", Kernel::Sign, Kept, Nothing),
    ("square", Kernel::Square, Kept, Input),
    ("floor", Kernel::Floor, ToFloat, Nothing),
    ("ceil", Kernel::Ceil, ToFloat, Nothing),
    ("round", Kernel::Round, Whole, Nothing),
    ("trunc", Kernel::Trunc, Whole, Nothing),
    ("sqrt", Kernel::Sqrt, ToFloat, Output),
    ("rsqrt", Kernel::Rsqrt, ToFloat, Output),
    ("reciprocal", Kernel::Reciprocal, ToFloat, Output),
    ("exp", Kernel::Exp, ToFloat, Output),
    ("expm1", Kernel::Expm1, ToFloat, Output),
    ("exp2", Kernel::Exp2, ToFloat, Output),
    ("log", Kernel::Log, ToFloat, Input),
    ("log1p", Kernel::Log1p, ToFloat, Input),
    ("log2", Kernel::Log2, ToFloat, Input),
    ("log10", Kernel::Log10, ToFloat, Input),
    ("sin", Kernel::Sin, ToFloat, Input),
    ("cos", Kernel::Cos, ToFloat, Input),
    ("tan", Kernel::Tan, ToFloat, Output),
    ("arcsin", Kernel::Asin, ToFloat, Input),
    ("arccos", Kernel::Acos, ToFloat, Input),
    ("arctan", Kernel::Atan, ToFloat, Input),
    ("sinh", Kernel::Sinh, ToFloat, Input),
    ("cosh", Kernel::Cosh, ToFloat, Input),
    ("tanh", Kernel::Tanh, ToFloat, Output),
    ("arcsinh", Kernel::Asinh, ToFloat, Input),
    ("arccosh", Kernel::Acosh, ToFloat, Input),
    ("arctanh", Kernel::Atanh, ToFloat, Input),
    ("erf", Kernel::Erf, ToFloat, Input),
    ("erfinv", Kernel::Erfinv, ToFloat, Output),
    ("relu", Kernel::Relu, ToFloat, Output),
    ("relu6", Kernel::Relu6, ToFloat, Input),
    ("sigmoid", Kernel::Sigmoid, ToFloat, Output),
    ("softplus", Kernel::Softplus, ToFloat, Input),
    ("softsign", Kernel::Softsign, ToFloat, Input),
    ("log_sigmoid", Kernel::LogSigmoid, ToFloat, Input),
    ("silu", Kernel::Silu, ToFloat, Input),
    ("gelu", Kernel::Gelu, ToFloat, Input),
    ("gelu_tanh", Kernel::GeluTanh, ToFloat, Input),
    ("selu", Kernel::Selu, ToFloat, Input),
    ("hard_sigmoid", Kernel::HardSigmoid, ToFloat, Input),
    ("hard_silu", Kernel::HardSilu, ToFloat, Input),
    ("hard_tanh", Kernel::HardTanh, ToFloat, Input),
    ("mish", Kernel::Mish, ToFloat, Input),
    ("sparse_plus", Kernel::SparsePlus, ToFloat, Input),
    ("sparse_sigmoid", Kernel::SparseSigmoid, ToFloat, Input),
    ("tanh_shrink", Kernel::TanhShrink, ToFloat, Input),
];

/// The functions without parameters.
pub fn entries() -> impl Iterator<Item = Entry> {
    let make: crate::registry::Make = |a| match ROWS.iter().find(|r| r.0 == a.op()) {
        Some(row) => Ok(Arc::new(Unary { kernel: row.1 })),
        None => Err(Error::internal("an element-wise op without a row")),
    };
    ROWS.iter().map(move |r| (r.0, make))
}

/// The functions with a number in their attributes.
pub const OPS: &[Entry] = &[
    ("leaky_relu", |a: &Attrs| parametric(Kernel::LeakyRelu(a.float_or("negative_slope", 0.2)?))),
    ("elu", |a: &Attrs| parametric(Kernel::Elu(a.float_or("alpha", 1.0)?))),
    ("celu", |a: &Attrs| parametric(Kernel::Celu(a.float_or("alpha", 1.0)?))),
    ("threshold", |a: &Attrs| parametric(Kernel::Threshold(a.float("threshold")?, a.float("default_value")?))),
    ("soft_shrink", |a: &Attrs| parametric(Kernel::SoftShrink(a.float_or("threshold", 0.5)?))),
    ("hard_shrink", |a: &Attrs| parametric(Kernel::HardShrink(a.float_or("threshold", 0.5)?))),
    ("squareplus", |a: &Attrs| parametric(Kernel::Squareplus(a.float_or("b", 4.0)?))),
];

fn parametric(kernel: Kernel) -> Result<Arc<dyn Op>> {
    Ok(Arc::new(Unary { kernel }))
}

/// `y = f(x)`, element by element.
#[derive(Debug)]
pub struct Unary {
    kernel: Kernel,
}

impl Unary {
    fn row(&self) -> Option<&'static Row> {
        ROWS.iter().find(|r| r.1 == self.kernel)
    }

    /// `g * f'(x)`, by what is cheapest to read.
    fn pull_back(&self, x: &Value, y: &Value, g: &Value) -> Result<Value> {
        use std::f64::consts::{FRAC_2_SQRT_PI, LN_2, LN_10, PI};
        if let Some(slope) = slope::of(self.kernel) {
            return slope::pull_back(slope, x, g);
        }
        let one = |v: &Value| fill::scalar(v, 1.0);
        let plus = |v: &Value, c: f64| add(v, &fill::scalar(v, c)?);
        let times = |slope: &Value| mul(g, slope);
        // g where lo < x < hi, times a factor.
        let inside = |lo: f64, hi: f64, factor: f64| -> Result<Value> {
            let zero = fill::scalar(g, 0.0)?;
            let above = select(&greater(x, &fill::scalar(x, lo)?)?, g, &zero)?;
            scale(&select(&less(x, &fill::scalar(x, hi)?)?, &above, &zero)?, factor)
        };
        match self.kernel {
            Kernel::Neg => neg(g),
            Kernel::Abs => times(&sign(x)?),
            Kernel::Sign | Kernel::Floor | Kernel::Ceil | Kernel::Round | Kernel::Trunc => fill::zeros_like(g),
            Kernel::Square => times(&scale(x, 2.0)?),
            Kernel::Sqrt => scale(&div(g, y)?, 0.5),
            Kernel::Rsqrt => scale(&times(&mul(y, &square(y)?)?)?, -0.5),
            Kernel::Reciprocal => neg(&times(&square(y)?)?),
            Kernel::Exp => times(y),
            Kernel::Expm1 => times(&plus(y, 1.0)?),
            Kernel::Exp2 => scale(&times(y)?, LN_2),
            Kernel::Log => div(g, x),
            Kernel::Log1p => div(g, &plus(x, 1.0)?),
            Kernel::Log2 => scale(&div(g, x)?, 1.0 / LN_2),
            Kernel::Log10 => scale(&div(g, x)?, 1.0 / LN_10),
            Kernel::Sin => times(&unary(Kernel::Cos, x)?),
            Kernel::Cos => neg(&times(&unary(Kernel::Sin, x)?)?),
            Kernel::Tan => times(&plus(&square(y)?, 1.0)?),
            Kernel::Asin => times(&unary(Kernel::Rsqrt, &sub(&one(x)?, &square(x)?)?)?),
            Kernel::Acos => neg(&times(&unary(Kernel::Rsqrt, &sub(&one(x)?, &square(x)?)?)?)?),
            Kernel::Atan => div(g, &plus(&square(x)?, 1.0)?),
            Kernel::Sinh => times(&unary(Kernel::Cosh, x)?),
            Kernel::Cosh => times(&unary(Kernel::Sinh, x)?),
            Kernel::Tanh => tanh_grad(y, g),
            Kernel::Asinh => times(&unary(Kernel::Rsqrt, &plus(&square(x)?, 1.0)?)?),
            Kernel::Acosh => times(&unary(Kernel::Rsqrt, &plus(&square(x)?, -1.0)?)?),
            Kernel::Atanh => div(g, &sub(&one(x)?, &square(x)?)?),
            Kernel::Erf => scale(&times(&exp(&neg(&square(x)?)?)?)?, FRAC_2_SQRT_PI),
            Kernel::Erfinv => scale(&times(&exp(&square(y)?)?)?, PI.sqrt() / 2.0),
            Kernel::Relu => relu_grad(y, g),
            Kernel::Sigmoid => sigmoid_grad(y, g),
            Kernel::Softsign => div(g, &square(&plus(&unary(Kernel::Abs, x)?, 1.0)?)?),
            Kernel::SparsePlus => {
                // (x + 1) / 2 between -1 and 1, 1 above.
                let middle = times(&scale(&plus(x, 1.0)?, 0.5)?)?;
                let upper = select(&less(x, &fill::scalar(x, 1.0)?)?, &middle, g)?;
                select(&greater(x, &fill::scalar(x, -1.0)?)?, &upper, &fill::scalar(g, 0.0)?)
            }
            Kernel::SparseSigmoid => inside(-1.0, 1.0, 0.5),
            Kernel::Squareplus(b) => {
                let root = unary(Kernel::Sqrt, &plus(&square(x)?, b)?)?;
                scale(&times(&plus(&div(x, &root)?, 1.0)?)?, 0.5)
            }
            // f(x) = x - tanh x
            Kernel::TanhShrink => times(&square(&tanh(x)?)?),
            Kernel::Threshold(threshold, _) => {
                select(&greater(x, &fill::scalar(x, threshold)?)?, g, &fill::scalar(g, 0.0)?)
            }
            Kernel::SoftShrink(t) | Kernel::HardShrink(t) => {
                let outside = greater(&unary(Kernel::Abs, x)?, &fill::scalar(x, t)?)?;
                select(&outside, g, &fill::scalar(g, 0.0)?)
            }
            _ => Err(Error::internal("an element-wise kernel without a derivative was registered")),
        }
    }
}

impl Op for Unary {
    fn name(&self) -> &'static str {
        match self.kernel {
            Kernel::LeakyRelu(_) => "leaky_relu",
            Kernel::Elu(_) => "elu",
            Kernel::Celu(_) => "celu",
            Kernel::Threshold(..) => "threshold",
            Kernel::SoftShrink(_) => "soft_shrink",
            Kernel::HardShrink(_) => "hard_shrink",
            Kernel::Squareplus(_) => "squareplus",
            _ => self.row().map_or("unary", |r| r.0),
        }
    }

    fn promotion(&self) -> Promotion {
        match self.row() {
            Some(row) if row.2 != ToFloat => Promotion::None,
            _ => Promotion::Float,
        }
    }

    fn infer(&self, inputs: &[Spec]) -> Result<Vec<Spec>> {
        arity(self.name(), inputs, 1)?;
        if inputs[0].dtype == DType::Bool && !matches!(self.kernel, Kernel::Abs) {
            return Err(Error::dtype("is not defined for bool tensors; cast them to int32 first"));
        }
        Ok(inputs.to_vec())
    }

    fn run(&self, inputs: &[View<'_>], outputs: &mut [ViewMut<'_>], _: &mut [u8]) {
        let x = inputs[0];
        if x.spec.dtype == DType::BF16 {
            match x.in_output {
                Some(_) => unary_brain_in_place(self.kernel, outputs[0].get()),
                None => unary_brain(self.kernel, x.get(), outputs[0].get()),
            }
        } else if x.spec.dtype.is_float() {
            with_float!(x.spec.dtype, T => match x.in_output {
                Some(_) => <T as FloatKernels>::unary_in_place(self.kernel, outputs[0].get()),
                None => <T as FloatKernels>::unary(self.kernel, x.get(), outputs[0].get()),
            });
        } else {
            let kernel = match self.kernel {
                Kernel::Neg => UnaryInt::Neg,
                Kernel::Sign => UnaryInt::Sign,
                Kernel::Square => UnaryInt::Square,
                _ => UnaryInt::Abs,
            };
            with_int!(x.spec.dtype, T => match x.in_output {
                Some(_) => <T as IntegerKernels>::unary_in_place(kernel, outputs[0].get()),
                None => <T as IntegerKernels>::unary(kernel, x.get(), outputs[0].get()),
            });
        }
    }

    fn vjp(&self, at: &Vjp<'_>) -> Result<Vec<Option<Value>>> {
        Ok(vec![Some(self.pull_back(at.x(0), at.y(), &at.g()?)?)])
    }

    fn of_rest(&self, _: &[Option<Rest>]) -> Option<OfRest> {
        matches!(self.kernel, Kernel::Neg | Kernel::Abs | Kernel::Sign | Kernel::Square).then_some(OfRest::Rows(Rest::Zeros))
    }

    fn takes_brain(&self) -> bool {
        true
    }

    fn traits(&self) -> Traits {
        let reads = self.row().map_or(Input, |r| r.3);
        Traits {
            halves: Halves::Pointwise,
            in_place: &[(0, 0)],
            reads_inputs: u32::from(reads == Input),
            reads_outputs: u32::from(reads == Output),
            ..Traits::default()
        }
    }

    fn simplify(&self, inputs: &[Value]) -> Option<Value> {
        let whole = self.row().is_some_and(|r| r.2 == Whole) && !inputs[0].spec().dtype.is_float();
        whole.then(|| inputs[0].clone())
    }

    fn as_epilogue(&self) -> Option<Epilogue> {
        match self.kernel {
            Kernel::Relu => Some(Epilogue::Activation(Activation::Relu)),
            _ => None,
        }
    }
}

fn unary(kernel: Kernel, x: &Value) -> Result<Value> {
    apply1(Unary { kernel }, std::slice::from_ref(x))
}

macro_rules! functions {
    ($($(#[$doc:meta])* $name:ident = $kernel:ident;)*) => {$(
        $(#[$doc])*
        pub fn $name(x: &Value) -> Result<Value> {
            unary(Kernel::$kernel, x)
        }
    )*};
}

functions! {
    /// `-x`
    neg = Neg;
    /// -1, 0 or 1.
    sign = Sign;
    /// `x * x`
    square = Square;
    /// The exponential.
    exp = Exp;
    /// The natural logarithm.
    log = Log;
    /// `1 / sqrt(x)`
    rsqrt = Rsqrt;
    /// The logarithm of the logistic function.
    log_sigmoid = LogSigmoid;
    /// The logistic function.
    sigmoid = Sigmoid;
    /// `log(1 + exp(x))`
    softplus = Softplus;
    /// The error function.
    erf = Erf;
    /// The hyperbolic tangent.
    tanh = Tanh;
}
