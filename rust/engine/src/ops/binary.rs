//! Element-wise ops of two operands with broadcasting: arithmetic, bits, comparisons, logic.

use std::sync::Arc;

use rkeras_kernels::binary::{self, Binary as Kernel, Broadcast, Compare as Relation, Logical as Connective};

use crate::apply::apply1;
use crate::dtype::DType;
use crate::error::{Error, Result};
use crate::op::{Epilogue, Halves, OfRest, Op, Promotion, Rest, Traits, View, ViewMut, Vjp, arity};
use crate::ops::reduce::sum_to;
use crate::ops::{fill, select, unary};
use crate::registry::Entry;
use crate::spec::{Spec, broadcast};
use crate::value::Value;
use crate::{with_float, with_int};

/// Registered name and kernel of each arithmetic op.
const ROWS: &[(&str, Kernel)] = &[
    ("add", Kernel::Add),
    ("subtract", Kernel::Sub),
    ("multiply", Kernel::Mul),
    ("divide", Kernel::Div),
    ("power", Kernel::Pow),
    ("maximum", Kernel::Maximum),
    ("minimum", Kernel::Minimum),
    ("mod", Kernel::Mod),
    ("floor_divide", Kernel::FloorDivide),
    ("arctan2", Kernel::Atan2),
    ("hypot", Kernel::Hypot),
    ("logaddexp", Kernel::LogAddExp),
    ("squared_difference", Kernel::SquaredDifference),
    ("bitwise_and", Kernel::BitAnd),
    ("bitwise_or", Kernel::BitOr),
    ("bitwise_xor", Kernel::BitXor),
    ("left_shift", Kernel::ShiftLeft),
    ("right_shift", Kernel::ShiftRight),
    ("relu_grad", Kernel::ReluGrad),
    ("sigmoid_grad", Kernel::SigmoidGrad),
    ("tanh_grad", Kernel::TanhGrad),
];

/// The arithmetic ops.
pub fn entries() -> impl Iterator<Item = Entry> {
    let make: crate::registry::Make = |a| match ROWS.iter().find(|r| r.0 == a.op()) {
        Some(row) => Ok(Arc::new(Arithmetic { kernel: row.1 })),
        None => Err(Error::internal("an arithmetic op without a row")),
    };
    ROWS.iter().map(move |r| (r.0, make))
}

/// Comparisons and connectives.
pub const OPS: &[Entry] = &[
    ("equal", |_| compare(Relation::Equal)),
    ("not_equal", |_| compare(Relation::NotEqual)),
    ("less", |_| compare(Relation::Less)),
    ("less_equal", |_| compare(Relation::LessEqual)),
    ("greater", |_| compare(Relation::Greater)),
    ("greater_equal", |_| compare(Relation::GreaterEqual)),
    ("logical_and", |_| logical(Connective::And)),
    ("logical_or", |_| logical(Connective::Or)),
    ("logical_xor", |_| logical(Connective::Xor)),
];

fn compare(relation: Relation) -> Result<Arc<dyn Op>> {
    Ok(Arc::new(Compare { relation }))
}

fn logical(connective: Connective) -> Result<Arc<dyn Op>> {
    Ok(Arc::new(Logical { connective }))
}

/// `a op b` of one dtype, giving that dtype.
#[derive(Debug)]
pub struct Arithmetic {
    kernel: Kernel,
}

impl Arithmetic {
    /// Whether this is the gradient of relu, of operands (result of relu, cotangent).
    pub(crate) fn is_relu_grad(&self) -> bool {
        matches!(self.kernel, Kernel::ReluGrad)
    }

    /// Whether this is a sum.
    pub(crate) fn adds(&self) -> bool {
        self.kernel == Kernel::Add
    }

    fn is_bitwise(&self) -> bool {
        use Kernel::{BitAnd, BitOr, BitXor, ShiftLeft, ShiftRight};
        matches!(self.kernel, BitAnd | BitOr | BitXor | ShiftLeft | ShiftRight)
    }

    /// Defined for floats only.
    fn is_float(&self) -> bool {
        use Kernel::{Atan2, Div, Hypot, LogAddExp, ReluGrad, SigmoidGrad, TanhGrad};
        matches!(self.kernel, Div | Atan2 | Hypot | LogAddExp | ReluGrad | SigmoidGrad | TanhGrad)
    }

    /// Cotangents of both operands, before they are summed to the operands' shapes.
    fn partials(&self, at: &Vjp<'_>) -> Result<[Option<Value>; 2]> {
        let (a, b, g) = (at.x(0), at.x(1), at.g()?);
        let none = || Ok([None, None]);
        let (da, db): (Option<Value>, Option<Value>) = match self.kernel {
            Kernel::Add => (Some(g.clone()), Some(g)),
            Kernel::Sub => (Some(g.clone()), at.when(1, || unary::neg(&g))?),
            Kernel::Mul => (at.when(0, || mul(&g, b))?, at.when(1, || mul(&g, a))?),
            Kernel::Div => {
                let ga = div(&g, b)?;
                (Some(ga.clone()), at.when(1, || unary::neg(&mul(&ga, at.y())?))?)
            }
            Kernel::Pow => (
                at.when(0, || {
                    // b * a^(b-1), with the limit 0 where b is 0 (a^-1 may be infinite there).
                    let slope = mul(b, &pow(a, &sub(b, &fill::scalar(b, 1.0)?)?)?)?;
                    let zero = fill::scalar(b, 0.0)?;
                    mul(&g, &select::select(&equal(b, &zero)?, &zero, &slope)?)
                })?,
                at.when(1, || {
                    // y * ln(a), with the limit 0 where a is 0.
                    let zero = fill::scalar(a, 0.0)?;
                    let one = fill::scalar(a, 1.0)?;
                    let safe = select::select(&equal(a, &zero)?, &one, a)?;
                    mul(&g, &mul(at.y(), &unary::log(&safe)?)?)
                })?,
            ),
            Kernel::Maximum | Kernel::Minimum => {
                // Ties share the cotangent equally.
                let strict = if self.kernel == Kernel::Maximum { greater } else { less };
                let share = |x: &Value, y: &Value| -> Result<Value> {
                    let (zero, half, one) = (fill::scalar(x, 0.0)?, fill::scalar(x, 0.5)?, fill::scalar(x, 1.0)?);
                    let tie = select::select(&equal(x, y)?, &half, &zero)?;
                    mul(&g, &select::select(&strict(x, y)?, &one, &tie)?)
                };
                (at.when(0, || share(a, b))?, at.when(1, || share(b, a))?)
            }
            Kernel::Mod => (
                Some(g.clone()),
                at.when(1, || unary::neg(&mul(&g, &floor_divide(a, b)?)?))?,
            ),
            Kernel::Atan2 => {
                let norm = add(&unary::square(a)?, &unary::square(b)?)?;
                let scaled = div(&g, &norm)?;
                (at.when(0, || mul(&scaled, b))?, at.when(1, || unary::neg(&mul(&scaled, a)?))?)
            }
            Kernel::Hypot => {
                let scaled = div(&g, at.y())?;
                (at.when(0, || mul(&scaled, a))?, at.when(1, || mul(&scaled, b))?)
            }
            Kernel::LogAddExp => {
                let weight = |x: &Value| mul(&g, &unary::exp(&sub(x, at.y())?)?);
                (at.when(0, || weight(a))?, at.when(1, || weight(b))?)
            }
            Kernel::SquaredDifference => {
                let slope = mul(&g, &mul(&fill::scalar(a, 2.0)?, &sub(a, b)?)?)?;
                (Some(slope.clone()), at.when(1, || unary::neg(&slope))?)
            }
            // Operands of the gradient kernels are (y, g): y the function's output, g its cotangent.
            Kernel::ReluGrad => (
                at.when(0, || fill::zeros_like(at.y()))?,
                at.when(1, || relu_grad(a, &g))?,
            ),
            Kernel::SigmoidGrad => (
                at.when(0, || {
                    // d/dy g y (1 - y) = g (1 - 2 y)
                    let slope = sub(&fill::scalar(a, 1.0)?, &mul(&fill::scalar(a, 2.0)?, a)?)?;
                    mul(&mul(&g, b)?, &slope)
                })?,
                at.when(1, || sigmoid_grad(a, &g))?,
            ),
            Kernel::TanhGrad => (
                at.when(0, || mul(&mul(&g, b)?, &mul(&fill::scalar(a, -2.0)?, a)?))?,
                at.when(1, || tanh_grad(a, &g))?,
            ),
            _ => return none(),
        };
        Ok([da, db])
    }
}

impl Op for Arithmetic {
    fn name(&self) -> &'static str {
        ROWS.iter().find(|r| r.1 == self.kernel).map_or("arithmetic", |r| r.0)
    }

    fn promotion(&self) -> Promotion {
        if self.is_float() { Promotion::Float } else { Promotion::Common }
    }

    fn infer(&self, inputs: &[Spec]) -> Result<Vec<Spec>> {
        arity(self.name(), inputs, 2)?;
        let dtype = inputs[0].dtype;
        if self.is_bitwise() && dtype.is_float() {
            return Err(Error::dtype(format!("needs integers or bools, got {dtype}")));
        }
        if dtype == DType::Bool && matches!(self.kernel, Kernel::Sub | Kernel::Pow | Kernel::Mod | Kernel::FloorDivide) {
            return Err(Error::dtype("is not defined for bool tensors; cast them to int32 first"));
        }
        Ok(vec![Spec { dtype, shape: broadcast(&inputs[0].shape, &inputs[1].shape)? }])
    }

    fn run(&self, inputs: &[View<'_>], outputs: &mut [ViewMut<'_>], _: &mut [u8]) {
        let (a, b) = (inputs[0], inputs[1]);
        let loops = Broadcast::new(a.shape(), b.shape());
        let dtype = a.spec.dtype;
        // Sum and product of bools are "or" and "and"; so are their maximum and minimum.
        let kernel = match (dtype, self.kernel) {
            (DType::Bool, Kernel::Add) => Kernel::BitOr,
            (DType::Bool, Kernel::Mul) => Kernel::BitAnd,
            (_, kernel) => kernel,
        };
        if dtype == DType::BF16 {
            let y = outputs[0].get();
            match (a.in_output, b.in_output) {
                (Some(_), _) => binary::binary_brain_in_place(kernel, &loops, y, b.get(), true),
                (_, Some(_)) => binary::binary_brain_in_place(kernel, &loops, y, a.get(), false),
                _ => binary::binary_brain(kernel, &loops, a.get(), b.get(), y),
            }
        } else if dtype.is_float() {
            with_float!(dtype, T => {
                let y = outputs[0].get::<T>();
                match (a.in_output, b.in_output) {
                    (Some(_), _) => binary::binary_in_place::<T>(kernel, &loops, y, b.get(), true),
                    (_, Some(_)) => binary::binary_in_place::<T>(kernel, &loops, y, a.get(), false),
                    _ => binary::binary::<T>(kernel, &loops, a.get(), b.get(), y),
                }
            });
        } else {
            with_int!(dtype, T => {
                let y = outputs[0].get::<T>();
                match (a.in_output, b.in_output) {
                    (Some(_), _) => binary::binary_in_place::<T>(kernel, &loops, y, b.get(), true),
                    (_, Some(_)) => binary::binary_in_place::<T>(kernel, &loops, y, a.get(), false),
                    _ => binary::binary::<T>(kernel, &loops, a.get(), b.get(), y),
                }
            });
        }
    }

    fn vjp(&self, at: &Vjp<'_>) -> Result<Vec<Option<Value>>> {
        let parts = self.partials(at)?;
        parts
            .into_iter()
            .enumerate()
            .map(|(i, p)| match p {
                Some(p) if at.needs[i] => sum_to(&p, &at.x(i).spec().shape).map(Some),
                _ => Ok(None),
            })
            .collect()
    }

    fn of_rest(&self, rests: &[Option<Rest>]) -> Option<OfRest> {
        let zeros = |i: usize| rests[i] == Some(Rest::Zeros);
        let rests = match self.kernel {
            Kernel::Add | Kernel::Sub => zeros(0) && zeros(1),
            // A number divided by is not zero where a gradient is scaled or clipped.
            Kernel::Div => zeros(0) && rests[1].is_none(),
            Kernel::Mul => true,
            _ => false,
        };
        rests.then_some(OfRest::Rows(Rest::Zeros))
    }

    fn takes_brain(&self) -> bool {
        true
    }

    fn traits(&self) -> Traits {
        let (reads_inputs, reads_outputs) = match self.kernel {
            Kernel::Add | Kernel::Sub => (0, 0),
            Kernel::Div => (0b10, 1),
            Kernel::Pow | Kernel::Hypot | Kernel::LogAddExp => (0b11, 1),
            _ => (0b11, 0),
        };
        Traits { halves: Halves::Pointwise, in_place: &[(0, 0), (0, 1)], reads_inputs, reads_outputs, ..Traits::default() }
    }

    fn as_epilogue(&self) -> Option<Epilogue> {
        (self.kernel == Kernel::Add).then_some(Epilogue::Add)
    }
}

/// A comparison; the result is bool.
#[derive(Debug)]
pub struct Compare {
    relation: Relation,
}

impl Op for Compare {
    fn name(&self) -> &'static str {
        match self.relation {
            Relation::Equal => "equal",
            Relation::NotEqual => "not_equal",
            Relation::Less => "less",
            Relation::LessEqual => "less_equal",
            Relation::Greater => "greater",
            Relation::GreaterEqual => "greater_equal",
        }
    }

    fn promotion(&self) -> Promotion {
        Promotion::Common
    }

    fn infer(&self, inputs: &[Spec]) -> Result<Vec<Spec>> {
        arity(self.name(), inputs, 2)?;
        Ok(vec![Spec { dtype: DType::Bool, shape: broadcast(&inputs[0].shape, &inputs[1].shape)? }])
    }

    fn run(&self, inputs: &[View<'_>], outputs: &mut [ViewMut<'_>], _: &mut [u8]) {
        let (a, b) = (inputs[0], inputs[1]);
        let loops = Broadcast::new(a.shape(), b.shape());
        crate::with_number!(a.spec.dtype, T => {
            binary::compare::<T>(self.relation, &loops, a.get(), b.get(), outputs[0].bytes());
        });
    }

    fn vjp(&self, at: &Vjp<'_>) -> Result<Vec<Option<Value>>> {
        at.none()
    }

    fn traits(&self) -> Traits {
        Traits::UNREAD
    }
}

/// And, or, exclusive or of truth values; numbers count as true unless zero.
#[derive(Debug)]
pub struct Logical {
    connective: Connective,
}

impl Op for Logical {
    fn name(&self) -> &'static str {
        match self.connective {
            Connective::And => "logical_and",
            Connective::Or => "logical_or",
            Connective::Xor => "logical_xor",
        }
    }

    fn promotion(&self) -> Promotion {
        Promotion::Bool
    }

    fn infer(&self, inputs: &[Spec]) -> Result<Vec<Spec>> {
        arity(self.name(), inputs, 2)?;
        Ok(vec![Spec { dtype: DType::Bool, shape: broadcast(&inputs[0].shape, &inputs[1].shape)? }])
    }

    fn run(&self, inputs: &[View<'_>], outputs: &mut [ViewMut<'_>], _: &mut [u8]) {
        let (a, b) = (inputs[0], inputs[1]);
        let loops = Broadcast::new(a.shape(), b.shape());
        binary::logical(self.connective, &loops, a.bytes(), b.bytes(), outputs[0].bytes());
    }

    fn vjp(&self, at: &Vjp<'_>) -> Result<Vec<Option<Value>>> {
        at.none()
    }

    fn traits(&self) -> Traits {
        Traits::UNREAD
    }
}

macro_rules! functions {
    ($($(#[$doc:meta])* $name:ident = $kernel:ident;)*) => {$(
        $(#[$doc])*
        pub fn $name(a: &Value, b: &Value) -> Result<Value> {
            apply1(Arithmetic { kernel: Kernel::$kernel }, &[a.clone(), b.clone()])
        }
    )*};
}

functions! {
    /// `a + b`
    add = Add;
    /// `a - b`
    sub = Sub;
    /// `a * b`
    mul = Mul;
    /// `a / b`
    div = Div;
    /// `a ** b`
    pow = Pow;
    /// The larger of the two.
    maximum = Maximum;
    /// The smaller of the two.
    minimum = Minimum;
    /// `a // b`
    floor_divide = FloorDivide;
    /// `g` where `y` is positive.
    relu_grad = ReluGrad;
    /// `g * y * (1 - y)`
    sigmoid_grad = SigmoidGrad;
    /// `g * (1 - y * y)`
    tanh_grad = TanhGrad;
}

/// `a == b`
pub fn equal(a: &Value, b: &Value) -> Result<Value> {
    apply1(Compare { relation: Relation::Equal }, &[a.clone(), b.clone()])
}

/// `a > b`
pub fn greater(a: &Value, b: &Value) -> Result<Value> {
    apply1(Compare { relation: Relation::Greater }, &[a.clone(), b.clone()])
}

/// `a < b`
pub fn less(a: &Value, b: &Value) -> Result<Value> {
    apply1(Compare { relation: Relation::Less }, &[a.clone(), b.clone()])
}

/// `x` times a number.
pub fn scale(x: &Value, factor: f64) -> Result<Value> {
    mul(x, &fill::scalar(x, factor)?)
}
