//! Reductions over axes.

use std::sync::Arc;

use rkeras_kernels::cast::{Kind, cast as kernel_cast};
use rkeras_kernels::element::{as_bytes, cast_slice_mut};
use rkeras_kernels::entry::{FloatKernels, IntegerKernels};
use rkeras_kernels::reduce::{self, Reduce as Kernel, Reduction};

use crate::apply::apply1;
use crate::attrs::Attrs;
use crate::dtype::DType;
use crate::error::{Error, Result};
use crate::op::{Halves, OfRest, Op, Rest, Traits, View, ViewMut, Vjp, arity};
use crate::ops::cast::kind;
use crate::ops::{binary, cast, fill, select, shape, unary};
use crate::registry::Entry;
use crate::spec::{Shape, Spec, normalize_axes};
use crate::value::Value;
use crate::{with_float, with_int};

pub const OPS: &[Entry] = &[
    ("sum", |a: &Attrs| op(Kernel::Sum, a)),
    ("prod", |a: &Attrs| op(Kernel::Prod, a)),
    ("max", |a: &Attrs| op(Kernel::Max, a)),
    ("min", |a: &Attrs| op(Kernel::Min, a)),
    ("any", |a: &Attrs| op(Kernel::Any, a)),
    ("all", |a: &Attrs| op(Kernel::All, a)),
    ("logsumexp", |a: &Attrs| op(Kernel::LogSumExp, a)),
];

fn op(kernel: Kernel, attrs: &Attrs) -> Result<Arc<dyn Op>> {
    Ok(Arc::new(Reduce { kernel, axes: attrs.opt_ints("axis")?, keepdims: attrs.bool_or("keepdims", false)? }))
}

/// One number out of all along some axes (all axes if `None`).
#[derive(Debug)]
pub struct Reduce {
    kernel: Kernel,
    axes: Option<Vec<i64>>,
    keepdims: bool,
}

/// The shape left after a reduction.
pub(crate) fn reduced_shape(shape: &[usize], axes: &[usize], keepdims: bool) -> Shape {
    let mut out = Shape::new();
    for (i, d) in shape.iter().enumerate() {
        match (axes.contains(&i), keepdims) {
            (true, true) => out.push(1),
            (true, false) => {}
            (false, _) => out.push(*d),
        }
    }
    out
}

impl Reduce {
    /// Whether this sums all axes but the last of an operand of this rank.
    pub(crate) fn sums_into_channels(&self, rank: usize) -> bool {
        let all_but_last = |axes: &[usize]| axes.len() + 1 == rank && !axes.contains(&(rank - 1));
        matches!(self.kernel, Kernel::Sum) && self.axes(rank).is_ok_and(|axes| all_but_last(&axes))
    }

    fn axes(&self, rank: usize) -> Result<smallvec::SmallVec<[usize; 6]>> {
        normalize_axes(self.axes.as_deref(), rank)
    }

    /// `v` (a result or its cotangent) in a shape that broadcasts over the operand.
    fn kept(&self, v: &Value, x: &Value) -> Result<Value> {
        let axes = self.axes(x.spec().rank())?;
        shape::reshape(v, &reduced_shape(&x.spec().shape, &axes, true))
    }
}

impl Op for Reduce {
    fn name(&self) -> &'static str {
        match self.kernel {
            Kernel::Sum => "sum",
            Kernel::Prod => "prod",
            Kernel::Max => "max",
            Kernel::Min => "min",
            Kernel::Any => "any",
            Kernel::All => "all",
            Kernel::LogSumExp => "logsumexp",
            _ => "reduce",
        }
    }

    fn promotion(&self) -> crate::op::Promotion {
        match self.kernel {
            Kernel::Any | Kernel::All => crate::op::Promotion::Bool,
            Kernel::LogSumExp => crate::op::Promotion::Float,
            Kernel::Sum | Kernel::Prod => crate::op::Promotion::Accumulate,
            _ => crate::op::Promotion::None,
        }
    }

    fn infer(&self, inputs: &[Spec]) -> Result<Vec<Spec>> {
        arity(self.name(), inputs, 1)?;
        let x = &inputs[0];
        let axes = self.axes(x.rank())?;
        let empty = axes.iter().any(|a| x.shape[*a] == 0);
        if empty && x.dtype != DType::Bool && matches!(self.kernel, Kernel::Max | Kernel::Min) {
            return Err(Error::value(format!("no {} of zero elements (shape {x})", self.name())));
        }
        Ok(vec![x.with_shape(&reduced_shape(&x.shape, &axes, self.keepdims))])
    }

    /// Sums of halves before they are rounded.
    fn scratch(&self, inputs: &[Spec]) -> usize {
        let x = &inputs[0];
        let axes = self.axes(x.rank()).expect("checked by infer");
        let size: usize = reduced_shape(&x.shape, &axes, false).iter().product();
        if x.dtype.is_half() { size * size_of::<f32>() } else { 0 }
    }

    fn run(&self, inputs: &[View<'_>], outputs: &mut [ViewMut<'_>], scratch: &mut [u8]) {
        let x = inputs[0];
        let axes = self.axes(x.spec.rank()).expect("checked by infer");
        let loops = Reduction::new(x.shape(), &axes);
        if x.spec.dtype.is_half() {
            let size = outputs[0].spec.size() * size_of::<f32>();
            let sums = cast_slice_mut::<f32>(&mut scratch[..size]);
            reduce::sum_halves(kind(x.spec.dtype), &loops, x.get(), sums);
            kernel_cast(Kind::F32, kind(x.spec.dtype), as_bytes(sums), outputs[0].bytes());
        } else if x.spec.dtype.is_float() {
            with_float!(x.spec.dtype, T => <T as FloatKernels>::reduce(self.kernel, &loops, x.get(), outputs[0].get()));
        } else {
            with_int!(x.spec.dtype, T => <T as IntegerKernels>::reduce(self.kernel, &loops, x.get(), outputs[0].get()));
        }
    }

    fn of_rest(&self, rests: &[Option<Rest>]) -> Option<OfRest> {
        let unchanged = match rests[0]? {
            Rest::Zeros => self.kernel == Kernel::Sum,
            Rest::True => self.kernel == Kernel::All,
        };
        (unchanged && self.axes.is_none() && !self.keepdims).then_some(OfRest::Whole)
    }

    fn vjp(&self, at: &Vjp<'_>) -> Result<Vec<Option<Value>>> {
        let x = at.x(0);
        let g = self.kept(&at.g()?, x)?;
        let full = &x.spec().shape;
        let part = match self.kernel {
            Kernel::Sum => shape::broadcast_to(&g, full)?,
            Kernel::LogSumExp => {
                let y = self.kept(at.y(), x)?;
                binary::mul(&g, &unary::exp(&binary::sub(x, &y)?)?)?
            }
            Kernel::Max | Kernel::Min => {
                // Elements that tie for the extremum share the cotangent.
                let y = self.kept(at.y(), x)?;
                let hit = cast::cast(&binary::equal(x, &y)?, x.spec().dtype)?;
                let count = self.kept(&sum(&hit, self.axes.as_deref(), false)?, x)?;
                binary::mul(&hit, &binary::div(&g, &count)?)?
            }
            Kernel::Prod => self.prod_gradient(x, &g)?,
            _ => return at.none(),
        };
        Ok(vec![Some(part)])
    }

    fn traits(&self) -> Traits {
        let (reads_inputs, reads_outputs) = match self.kernel {
            Kernel::Sum | Kernel::Any | Kernel::All => (0, 0),
            Kernel::Prod => (1, 0),
            _ => (1, 1),
        };
        let halves = if matches!(self.kernel, Kernel::Sum) { Halves::Native } else { Halves::Cast };
        Traits { halves, reads_inputs, reads_outputs, ..Traits::default() }
    }

    fn flops(&self, inputs: &[Spec], _: &[Spec]) -> usize {
        inputs[0].size()
    }
}

impl Reduce {
    /// The product of all other elements, exact where some are zero.
    ///
    /// With one zero only that element has a slope (the product of the others); with two, none has.
    fn prod_gradient(&self, x: &Value, g: &Value) -> Result<Value> {
        let (zero, one) = (fill::scalar(x, 0.0)?, fill::scalar(x, 1.0)?);
        let is_zero = binary::equal(x, &zero)?;
        let safe = select::select(&is_zero, &one, x)?;
        let axes = self.axes.as_deref();
        let product = self.kept(&prod(&safe, axes)?, x)?;
        let zeros = self.kept(&sum(&cast::cast(&is_zero, x.spec().dtype)?, axes, false)?, x)?;
        let others = binary::div(&product, &safe)?;
        let if_none = select::select(&binary::equal(&zeros, &zero)?, &others, &zero)?;
        let only_one = binary::equal(&zeros, &one)?;
        let at_zero = select::select(&only_one, &product, &zero)?;
        binary::mul(g, &select::select(&is_zero, &at_zero, &if_none)?)
    }
}

/// Sum over axes (all if `None`).
pub fn sum(x: &Value, axes: Option<&[i64]>, keepdims: bool) -> Result<Value> {
    apply1(Reduce { kernel: Kernel::Sum, axes: axes.map(<[i64]>::to_vec), keepdims }, std::slice::from_ref(x))
}

fn prod(x: &Value, axes: Option<&[i64]>) -> Result<Value> {
    apply1(Reduce { kernel: Kernel::Prod, axes: axes.map(<[i64]>::to_vec), keepdims: false }, std::slice::from_ref(x))
}

/// Sums out what broadcasting to `x`'s shape had repeated: the cotangent of a broadcast.
pub fn sum_to(x: &Value, target: &[usize]) -> Result<Value> {
    let from = &x.spec().shape;
    if from.as_slice() == target {
        return Ok(x.clone());
    }
    let lead = from.len() - target.len();
    let axes: Vec<i64> = (0..from.len())
        .filter(|i| *i < lead || (target[*i - lead] == 1 && from[*i] != 1))
        .map(|i| i as i64)
        .collect();
    shape::reshape(&sum(x, Some(&axes), false)?, target)
}
