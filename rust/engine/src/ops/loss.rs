//! Cross-entropies in one pass each way, from scores (logits) or from probabilities.

use std::sync::Arc;

use rkeras_kernels::entry::FloatKernels;

use crate::apply::apply1;
use crate::attrs::Attrs;
use crate::dtype::DType;
use crate::error::{Error, Result};
use crate::op::{Op, Promotion, Traits, View, ViewMut, Vjp, arity};
use crate::ops::compose::by_composition;
use crate::ops::{binary, fill, index, reduce, softmax, unary};
use crate::registry::Entry;
use crate::spec::{ShapeText, Spec};
use crate::value::Value;
use crate::with_float;

/// Probabilities are kept this far from 0 and 1 before their logarithm, as Keras does.
pub const EPSILON: f64 = 1e-7;

pub const OPS: &[Entry] = &[
    ("categorical_crossentropy", |a: &Attrs| entropy(a, Kind::Dense, false)),
    ("sparse_categorical_crossentropy", |a: &Attrs| entropy(a, Kind::Sparse, false)),
    ("binary_crossentropy", |a: &Attrs| entropy(a, Kind::Binary, false)),
    ("categorical_crossentropy_grad", |a: &Attrs| entropy(a, Kind::Dense, true)),
    ("sparse_categorical_crossentropy_grad", |a: &Attrs| entropy(a, Kind::Sparse, true)),
    ("binary_crossentropy_grad", |a: &Attrs| entropy(a, Kind::Binary, true)),
];

fn entropy(attrs: &Attrs, kind: Kind, gradient: bool) -> Result<Arc<dyn Op>> {
    let from_logits = attrs.bool_or("from_logits", false)?;
    let entropy = Entropy { kind, from_logits };
    Ok(if gradient { Arc::new(EntropyGrad { entropy }) } else { Arc::new(entropy) })
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    /// Targets are distributions over the last axis.
    Dense,
    /// Targets are int64 class numbers.
    Sparse,
    /// Each element is its own two-class problem.
    Binary,
}

/// Operands (targets, scores); one loss for each sample (each element if binary).
#[derive(Debug, Clone)]
pub struct Entropy {
    kind: Kind,
    from_logits: bool,
}

fn rows_and_classes(scores: &[usize]) -> (usize, usize) {
    let n = scores.last().copied().unwrap_or(1);
    (scores[..scores.len().saturating_sub(1)].iter().product(), n)
}

impl Entropy {
    fn check(&self, inputs: &[Spec]) -> Result<Spec> {
        let (target, scores) = (&inputs[0], &inputs[1]);
        let mismatch = |wanted: &str| {
            Error::value(format!(
                "targets of shape {} do not fit scores of shape {}: {wanted}",
                ShapeText(&target.shape),
                ShapeText(&scores.shape)
            ))
        };
        if self.kind != Kind::Binary && (scores.rank() == 0 || scores.shape.last() == Some(&0)) {
            return Err(Error::value(format!("scores need at least one class in their last axis, got {scores}")));
        }
        match self.kind {
            Kind::Sparse => {
                if target.dtype != DType::I64 {
                    return Err(Error::dtype(format!("class numbers must be int64 by now, got {}", target.dtype)));
                }
                if target.shape[..] != scores.shape[..scores.rank() - 1] {
                    return Err(mismatch("one class number for each row of scores is expected"));
                }
                Ok(scores.with_shape(&target.shape))
            }
            Kind::Dense if target.shape != scores.shape => Err(mismatch("one target for each score is expected")),
            Kind::Dense => Ok(scores.with_shape(&scores.shape[..scores.rank() - 1])),
            Kind::Binary if target.shape != scores.shape => Err(mismatch("one target for each score is expected")),
            Kind::Binary => Ok(scores.clone()),
        }
    }

    /// The same loss out of simple ops: what its gradient is differentiated through.
    fn composed(&self, target: &Value, scores: &Value) -> Result<Value> {
        let clipped = |p: &Value| -> Result<Value> {
            let low = binary::maximum(p, &fill::scalar(p, EPSILON)?)?;
            binary::minimum(&low, &fill::scalar(p, 1.0 - EPSILON)?)
        };
        let one_minus = |v: &Value| binary::sub(&fill::scalar(v, 1.0)?, v);
        if self.kind == Kind::Binary {
            let (log_p, log_q) = if self.from_logits {
                (unary::log_sigmoid(scores)?, unary::log_sigmoid(&unary::neg(scores)?)?)
            } else {
                let p = clipped(scores)?;
                (unary::log(&p)?, unary::log(&one_minus(&p)?)?)
            };
            let positive = binary::mul(target, &log_p)?;
            return unary::neg(&binary::add(&positive, &binary::mul(&one_minus(target)?, &log_q)?)?);
        }
        let log_p = if self.from_logits {
            softmax::log_softmax(scores, -1)?
        } else {
            unary::log(&clipped(&binary::div(scores, &reduce::sum(scores, Some(&[-1]), true)?)?)?)?
        };
        let classes = *scores.spec().shape.last().unwrap_or(&1);
        let dense = match self.kind {
            Kind::Sparse => index::one_hot(target, classes, scores.spec().dtype)?,
            _ => target.clone(),
        };
        unary::neg(&reduce::sum(&binary::mul(&dense, &log_p)?, Some(&[-1]), false)?)
    }
}

impl Op for Entropy {
    fn name(&self) -> &'static str {
        match self.kind {
            Kind::Dense => "categorical_crossentropy",
            Kind::Sparse => "sparse_categorical_crossentropy",
            Kind::Binary => "binary_crossentropy",
        }
    }

    fn promotion(&self) -> Promotion {
        if self.kind == Kind::Sparse { Promotion::FirstIsIndex } else { Promotion::FloatFirst(2) }
    }

    fn infer(&self, inputs: &[Spec]) -> Result<Vec<Spec>> {
        arity(self.name(), inputs, 2)?;
        Ok(vec![self.check(inputs)?])
    }

    fn run(&self, inputs: &[View<'_>], outputs: &mut [ViewMut<'_>], _: &mut [u8]) {
        let (target, scores) = (inputs[0], inputs[1]);
        let (rows, n) = rows_and_classes(scores.shape());
        with_float!(scores.spec.dtype, T => {
            let (s, out, eps) = (scores.get::<T>(), outputs[0].get::<T>(), EPSILON as T);
            match self.kind {
                Kind::Dense => T::categorical(rows, n, self.from_logits, eps, target.get(), s, out),
                Kind::Sparse => T::sparse_categorical(rows, n, self.from_logits, eps, target.get::<i64>(), s, out),
                Kind::Binary => T::binary_entropy(self.from_logits, eps, target.get(), s, out),
            }
        });
    }

    fn vjp(&self, at: &Vjp<'_>) -> Result<Vec<Option<Value>>> {
        let (target, scores) = (at.x(0), at.x(1));
        let op = EntropyGrad { entropy: self.clone() };
        let by_scores = at.when(1, || apply1(op, &[target.clone(), scores.clone(), at.g()?]))?;
        let by_target = at.when(0, || {
            by_composition(&[target, scores], &[Some(at.g()?)], 0, |v| Ok(vec![self.composed(&v[0], &v[1])?]))
        })?;
        Ok(vec![by_target, by_scores])
    }

    fn traits(&self) -> Traits {
        Traits { reads_inputs: 0b11, reads_outputs: 0, ..Traits::default() }
    }

    fn flops(&self, inputs: &[Spec], _: &[Spec]) -> usize {
        6 * inputs[1].size()
    }
}

/// The loss' slope with respect to the scores, times each sample's cotangent; operands (targets, scores, g).
#[derive(Debug)]
pub struct EntropyGrad {
    entropy: Entropy,
}

impl Op for EntropyGrad {
    fn name(&self) -> &'static str {
        match self.entropy.kind {
            Kind::Dense => "categorical_crossentropy_grad",
            Kind::Sparse => "sparse_categorical_crossentropy_grad",
            Kind::Binary => "binary_crossentropy_grad",
        }
    }

    fn promotion(&self) -> Promotion {
        if self.entropy.kind == Kind::Sparse { Promotion::FirstIsIndex } else { Promotion::Float }
    }

    fn infer(&self, inputs: &[Spec]) -> Result<Vec<Spec>> {
        arity(self.name(), inputs, 3)?;
        let loss = self.entropy.check(&inputs[..2])?;
        if inputs[2] != loss {
            return Err(Error::value(format!("a cotangent of {} for losses of {loss}", inputs[2])));
        }
        Ok(vec![inputs[1].clone()])
    }

    fn run(&self, inputs: &[View<'_>], outputs: &mut [ViewMut<'_>], _: &mut [u8]) {
        let (target, scores, g) = (inputs[0], inputs[1], inputs[2]);
        let (rows, n) = rows_and_classes(scores.shape());
        let logits = self.entropy.from_logits;
        with_float!(scores.spec.dtype, T => {
            let (s, g, out, eps) = (scores.get::<T>(), g.get::<T>(), outputs[0].get::<T>(), EPSILON as T);
            match self.entropy.kind {
                Kind::Dense => T::categorical_grad(rows, n, logits, eps, target.get(), s, g, out),
                Kind::Sparse => T::sparse_categorical_grad(rows, n, logits, eps, target.get::<i64>(), s, g, out),
                Kind::Binary => T::binary_entropy_grad(logits, eps, target.get(), s, g, out),
            }
        });
    }

    fn vjp(&self, at: &Vjp<'_>) -> Result<Vec<Option<Value>>> {
        let inputs = [at.x(0), at.x(1), at.x(2)];
        let slope = |v: &[Value]| {
            let loss = |w: &[Value]| Ok(vec![self.entropy.composed(&w[0], &w[1])?]);
            Ok(vec![by_composition(&[&v[0], &v[1]], &[Some(v[2].clone())], 1, loss)?])
        };
        (0..3).map(|i| at.when(i, || by_composition(&inputs, at.cotangents, i, slope))).collect()
    }

    fn traits(&self) -> Traits {
        Traits { reads_inputs: 0b111, reads_outputs: 0, ..Traits::default() }
    }
}
