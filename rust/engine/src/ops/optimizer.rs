//! Parameter updates as single passes, in place where a plan owns the parameters.
//!
//! Operands that vary from step to step (learning rates) are scalars; the rest are attributes. With the attribute `rows` the gradient is
//! that of a table of which some rows were read: an operand of updates and one of the rows they belong to stand in its place. A plan
//! writes its updates so by itself (`passes/row_updates.rs`).

use std::sync::Arc;

use rkeras_kernels::element::Element;
use rkeras_kernels::optim::{self as kernel, Adam, Gradient, RmsProp};

use crate::attrs::Attrs;
use crate::dtype::DType;
use crate::error::{Error, Result};
use crate::op::{Op, Traits, View, ViewMut, Vjp, arity};
use crate::ops::cast::kind;
use crate::registry::Entry;
use crate::spec::{Shape, Spec};
use crate::value::Value;
use crate::with_float;

pub const OPS: &[Entry] = &[
    ("sgd_update", |a: &Attrs| update(a, Rule::Sgd)),
    ("sgd_momentum_update", |a: &Attrs| {
        update(a, Rule::Momentum { momentum: a.float("momentum")?, nesterov: a.bool_or("nesterov", false)? })
    }),
    ("rmsprop_update", |a: &Attrs| update(a, Rule::RmsProp { rho: a.float("rho")?, epsilon: a.float("epsilon")? })),
    ("adam_update", |a: &Attrs| {
        let rule = Rule::Adam { beta_1: a.float("beta_1")?, beta_2: a.float("beta_2")?, epsilon: a.float("epsilon")? };
        update(a, rule)
    }),
    ("adam_rate", |a: &Attrs| Ok(Arc::new(AdamRate { beta_1: a.float("beta_1")?, beta_2: a.float("beta_2")? }))),
];

fn update(attrs: &Attrs, rule: Rule) -> Result<Arc<dyn Op>> {
    let gradient = if attrs.bool_or("rows", false)? { Form::Rows } else { Form::Whole };
    Ok(Arc::new(Update { rule, gradient, guarded: false }))
}

#[derive(Debug, Clone, Copy)]
enum Rule {
    Sgd,
    Momentum { momentum: f64, nesterov: bool },
    RmsProp { rho: f64, epsilon: f64 },
    Adam { beta_1: f64, beta_2: f64, epsilon: f64 },
}

/// How an update is given the gradient.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Form {
    Whole,
    /// As large as the parameter, of a 16-bit float. Made by the planner only (`passes/half_gradients.rs`).
    Halves,
    Rows,
}

/// Operands (parameter, slots…, gradient, learning rate), or with rows (parameter, slots…, updates, indices, learning rate); gives the
/// new parameter and slots.
#[derive(Debug, Clone, Copy)]
pub struct Update {
    rule: Rule,
    gradient: Form,
    /// The last operand says (bool) whether anything changes at all. Made by the planner only (`passes/guarded_updates.rs`).
    guarded: bool,
}

impl Update {
    /// Arrays besides the parameter that are changed with it.
    pub fn slots(&self) -> usize {
        match self.rule {
            Rule::Sgd => 0,
            Rule::Momentum { .. } | Rule::RmsProp { .. } => 1,
            Rule::Adam { .. } => 2,
        }
    }

    /// Which operand is the gradient, if it is one as large as the parameter and of its dtype.
    pub fn whole_gradient(&self) -> Option<usize> {
        (self.gradient == Form::Whole).then(|| self.slots() + 1)
    }

    /// The same update with a gradient of rows.
    pub fn by_rows(&self) -> Self {
        Self { gradient: Form::Rows, ..*self }
    }

    /// The same update with a gradient of 16-bit floats.
    pub fn from_halves(&self) -> Self {
        Self { gradient: Form::Halves, ..*self }
    }

    /// The same update, with an operand more that says whether to do it; None if it has one.
    pub fn guarded(&self) -> Option<Self> {
        (!self.guarded).then_some(Self { guarded: true, ..*self })
    }

    /// Where the learning rate is among the operands.
    fn rate(&self) -> usize {
        self.slots() + 2 + usize::from(self.gradient == Form::Rows)
    }

    /// Fails unless updates and indices are rows of the parameter.
    fn check_rows(&self, parameter: &Spec, updates: &Spec, indices: &Spec) -> Result<()> {
        let row = parameter.shape.get(1..).ok_or_else(|| Error::value(format!("rows of a scalar: {parameter}")))?;
        if indices.dtype != DType::I64 {
            return Err(Error::dtype(format!("indices of rows must be int64, got {indices}")));
        }
        let shape: Shape = indices.shape.iter().chain(row).copied().collect();
        if updates.dtype != parameter.dtype || updates.shape != shape {
            return Err(Error::value(format!("updates {updates} are not rows of {parameter}, one for each of {indices}")));
        }
        Ok(())
    }
}

impl Op for Update {
    fn name(&self) -> &'static str {
        match self.rule {
            Rule::Sgd => "sgd_update",
            Rule::Momentum { .. } => "sgd_momentum_update",
            Rule::RmsProp { .. } => "rmsprop_update",
            Rule::Adam { .. } => "adam_update",
        }
    }

    fn infer(&self, inputs: &[Spec]) -> Result<Vec<Spec>> {
        let slots = self.slots();
        arity(self.name(), inputs, self.rate() + 1 + usize::from(self.guarded))?;
        let parameter = &inputs[0];
        if !parameter.dtype.is_float() {
            return Err(Error::dtype(format!("parameters must be floats, got {parameter}")));
        }
        let alike = if self.gradient == Form::Whole { slots + 2 } else { slots + 1 };
        if let Some(bad) = inputs[1..alike].iter().find(|s| *s != parameter) {
            return Err(Error::value(format!("slots and gradient must be {parameter} as the parameter, got {bad}")));
        }
        if self.gradient == Form::Halves && inputs[slots + 1].shape != parameter.shape {
            return Err(Error::value(format!("the gradient must have the parameter's shape {parameter}, got {}", inputs[slots + 1])));
        }
        if self.gradient == Form::Rows {
            self.check_rows(parameter, &inputs[slots + 1], &inputs[slots + 2])?;
        }
        let rate = &inputs[self.rate()];
        if rate.rank() != 0 || rate.dtype != parameter.dtype {
            return Err(Error::value(format!("the learning rate must be a {} scalar, got {rate}", parameter.dtype)));
        }
        Ok(inputs[..=slots].to_vec())
    }

    fn run(&self, inputs: &[View<'_>], outputs: &mut [ViewMut<'_>], _: &mut [u8]) {
        let slots = self.slots();
        for (output, input) in outputs.iter_mut().zip(inputs) {
            if input.in_output.is_none() {
                output.bytes().copy_from_slice(input.bytes());
            }
        }
        if self.guarded && inputs[self.rate() + 1].get::<u8>()[0] == 0 {
            return;
        }
        with_float!(inputs[0].spec.dtype, T => {
            let g = inputs[slots + 1];
            let g = match self.gradient {
                Form::Whole => Gradient::Whole(g.get::<T>()),
                Form::Halves => Gradient::Halves { kind: kind(g.spec.dtype), bits: g.get::<u16>() },
                Form::Rows => {
                    Gradient::Rows { updates: g.get::<T>(), indices: inputs[slots + 2].get::<i64>(), n: inputs[0].shape()[0] }
                }
            };
            let lr = inputs[self.rate()].get::<T>()[0].to_f64();
            let mut places = outputs.iter_mut().map(|o| o.get::<T>());
            let mut next = || places.next().expect("one place for each output");
            let p = next();
            match self.rule {
                Rule::Sgd => kernel::sgd::<T>(p, g, lr),
                Rule::Momentum { momentum, nesterov } => kernel::sgd_momentum::<T>(p, next(), g, lr, momentum, nesterov),
                Rule::RmsProp { rho, epsilon } => {
                    let rule = RmsProp { lr, rho, momentum: 0.0, epsilon };
                    kernel::rmsprop::<T>(p, next(), None, None, g, &rule);
                }
                Rule::Adam { beta_1, beta_2, epsilon } => {
                    let rule = Adam { alpha: lr, beta1: beta_1, beta2: beta_2, epsilon };
                    kernel::adam::<T>(p, next(), next(), None, g, &rule);
                }
            }
        });
    }

    /// Training is not differentiated through: the ops of a hand-written update are, should somebody want it.
    fn vjp(&self, at: &Vjp<'_>) -> Result<Vec<Option<Value>>> {
        at.none()
    }

    fn traits(&self) -> Traits {
        Traits {
            in_place: &[(0, 0), (1, 1), (2, 2)][..self.slots() + 1],
            reads_inputs: 0,
            reads_outputs: 0,
            ..Traits::default()
        }
    }

    fn flops(&self, inputs: &[Spec], _: &[Spec]) -> usize {
        (2 + 5 * self.slots()) * inputs[0].size()
    }
}

/// Adam's learning rate corrected for moments that began at zero; operands are the rate and the number of steps taken before.
///
/// One op rather than ten on scalars, whose calls would cost a small model more than their arithmetic.
#[derive(Debug)]
pub struct AdamRate {
    beta_1: f64,
    beta_2: f64,
}

impl Op for AdamRate {
    fn name(&self) -> &'static str {
        "adam_rate"
    }

    fn infer(&self, inputs: &[Spec]) -> Result<Vec<Spec>> {
        arity(self.name(), inputs, 2)?;
        let (rate, steps) = (&inputs[0], &inputs[1]);
        if rate.rank() != 0 || !rate.dtype.is_float() || steps.rank() != 0 || steps.dtype != DType::I64 {
            return Err(Error::value(format!("the rate must be a float scalar and the steps an int64 one, got {rate} and {steps}")));
        }
        Ok(vec![rate.clone()])
    }

    fn run(&self, inputs: &[View<'_>], outputs: &mut [ViewMut<'_>], _: &mut [u8]) {
        let step = inputs[1].get::<i64>()[0].saturating_add(1) as f64;
        with_float!(inputs[0].spec.dtype, T => {
            let rate = inputs[0].get::<T>()[0].to_f64();
            // What remains of 1 after a step with the coefficient as the parameters' dtype has it.
            let left = |beta: f64| 1.0 - T::from_f64(beta).to_f64().powf(step);
            outputs[0].get::<T>()[0] = T::from_f64(rate * left(self.beta_2).sqrt() / left(self.beta_1));
        });
    }

    fn vjp(&self, at: &Vjp<'_>) -> Result<Vec<Option<Value>>> {
        at.none()
    }
}
