//! Questions about each element, and the bits of integers.

use std::sync::Arc;

use rkeras_kernels::entry::{FloatKernels, IntegerKernels};
use rkeras_kernels::unary::{self, Predicate as Question, UnaryInt};

use crate::dtype::DType;
use crate::error::{Error, Result};
use crate::op::{OfRest, Op, Promotion, Rest, Traits, View, ViewMut, Vjp, arity};
use crate::registry::Entry;
use crate::spec::Spec;
use crate::value::Value;
use crate::{with_float, with_int};

pub const OPS: &[Entry] = &[
    ("isnan", |_| Ok(Arc::new(Predicate { question: Some(Question::IsNan) }))),
    ("isinf", |_| Ok(Arc::new(Predicate { question: Some(Question::IsInf) }))),
    ("isfinite", |_| Ok(Arc::new(Predicate { question: Some(Question::IsFinite) }))),
    ("logical_not", |_| Ok(Arc::new(Predicate { question: None }))),
    ("bitwise_not", |_| Ok(Arc::new(BitwiseNot))),
];

/// A question about each element; without one, whether it is zero. The result is bool.
#[derive(Debug)]
pub struct Predicate {
    question: Option<Question>,
}

impl Op for Predicate {
    fn name(&self) -> &'static str {
        match self.question {
            Some(Question::IsNan) => "isnan",
            Some(Question::IsInf) => "isinf",
            Some(Question::IsFinite) => "isfinite",
            None => "logical_not",
        }
    }

    fn promotion(&self) -> Promotion {
        if self.question.is_some() { Promotion::Float } else { Promotion::Bool }
    }

    fn infer(&self, inputs: &[Spec]) -> Result<Vec<Spec>> {
        arity(self.name(), inputs, 1)?;
        Ok(vec![inputs[0].with_dtype(DType::Bool)])
    }

    fn run(&self, inputs: &[View<'_>], outputs: &mut [ViewMut<'_>], _: &mut [u8]) {
        let x = inputs[0];
        match self.question {
            None => unary::logical_not::<u8>(x.get(), outputs[0].bytes()),
            Some(question) => {
                with_float!(x.spec.dtype, T => T::predicate(question, x.get(), outputs[0].bytes()));
            }
        }
    }

    fn of_rest(&self, _: &[Option<Rest>]) -> Option<OfRest> {
        matches!(self.question, Some(Question::IsFinite)).then_some(OfRest::Rows(Rest::True))
    }

    fn vjp(&self, at: &Vjp<'_>) -> Result<Vec<Option<Value>>> {
        at.none()
    }

    fn traits(&self) -> Traits {
        Traits { reads_inputs: 0, reads_outputs: 0, ..Traits::default() }
    }
}

/// Every bit of an integer inverted; for bools, "not".
#[derive(Debug)]
pub struct BitwiseNot;

impl Op for BitwiseNot {
    fn name(&self) -> &'static str {
        "bitwise_not"
    }

    fn infer(&self, inputs: &[Spec]) -> Result<Vec<Spec>> {
        arity(self.name(), inputs, 1)?;
        if inputs[0].dtype.is_float() {
            return Err(Error::dtype(format!("needs integers or bools, got {}", inputs[0].dtype)));
        }
        Ok(inputs.to_vec())
    }

    fn run(&self, inputs: &[View<'_>], outputs: &mut [ViewMut<'_>], _: &mut [u8]) {
        let x = inputs[0];
        if x.spec.dtype == DType::Bool {
            unary::logical_not::<u8>(x.get(), outputs[0].bytes());
            return;
        }
        with_int!(x.spec.dtype, T => <T as IntegerKernels>::unary(UnaryInt::BitNot, x.get(), outputs[0].get()));
    }

    fn vjp(&self, at: &Vjp<'_>) -> Result<Vec<Option<Value>>> {
        at.none()
    }

    fn traits(&self) -> Traits {
        Traits { reads_inputs: 0, reads_outputs: 0, ..Traits::default() }
    }
}
