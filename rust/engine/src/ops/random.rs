//! Random numbers as pure functions of a seed operand: int64 (seed, counter). No hidden state, so that a plan,
//! any number of threads and a recomputation in the backward pass see the same numbers.

use std::sync::Arc;

use rkeras_kernels::entry::FloatKernels;
use rkeras_kernels::random as kernel;

use crate::apply::apply1;
use crate::attrs::Attrs;
use crate::dtype::DType;
use crate::error::{Error, Result};
use crate::op::{Op, Traits, View, ViewMut, Vjp, arity};
use crate::registry::Entry;
use crate::spec::{Shape, Spec};
use crate::value::Value;
use crate::with_float;

pub const OPS: &[Entry] = &[
    ("random_uniform", |a: &Attrs| {
        fill(a, Distribution::Uniform, [a.float_or("low", 0.0)?, a.float_or("high", 1.0)?])
    }),
    ("random_normal", |a: &Attrs| {
        fill(a, Distribution::Normal, [a.float_or("mean", 0.0)?, a.float_or("stddev", 1.0)?])
    }),
    ("random_truncated_normal", |a: &Attrs| {
        fill(a, Distribution::TruncatedNormal, [a.float_or("mean", 0.0)?, a.float_or("stddev", 1.0)?])
    }),
    ("random_integers", |a: &Attrs| {
        let (low, high) = (a.int("low")?, a.int("high")?);
        if low >= high {
            return Err(Error::value(format!("low={low} must be less than high={high}")));
        }
        let dtype = a.opt_dtype("dtype")?.unwrap_or(DType::I32);
        if !matches!(dtype, DType::I32 | DType::I64) {
            return Err(Error::dtype(format!("random integers are int32 or int64, not {dtype}; cast them")));
        }
        Ok(Arc::new(Integers { shape: Shape::from_vec(a.sizes("shape")?), dtype, low, high }))
    }),
    ("random_permutation", |a: &Attrs| Ok(Arc::new(Permutation { n: a.sizes("n")?[0] }))),
    ("dropout", |a: &Attrs| {
        let rate = a.float("rate")?;
        if !(0.0..=1.0).contains(&rate) {
            return Err(Error::value(format!("rate must be between 0 and 1, got {rate}")));
        }
        Ok(Arc::new(Dropout { rate: rate.to_bits() }))
    }),
];

#[derive(Debug, Clone, Copy)]
enum Distribution {
    Uniform,
    Normal,
    TruncatedNormal,
}

fn fill(attrs: &Attrs, distribution: Distribution, parameters: [f64; 2]) -> Result<Arc<dyn Op>> {
    let dtype = attrs.opt_dtype("dtype")?.unwrap_or_else(crate::dtype::floatx);
    if !dtype.is_float() {
        return Err(Error::dtype(format!("random floats cannot be {dtype}")));
    }
    let shape = Shape::from_vec(attrs.sizes("shape")?);
    Ok(Arc::new(Fill { distribution, parameters: parameters.map(f64::to_bits), shape, dtype }))
}

fn check_seed(seed: &Spec) -> Result<()> {
    if seed.dtype != DType::I64 || seed.shape.as_slice() != [2] {
        return Err(Error::value(format!("the seed must be int64 (seed, counter) of shape (2,), got {seed}")));
    }
    Ok(())
}

fn seed_of(view: &View<'_>) -> (u64, u64) {
    let seed = view.get::<i64>();
    (seed[0] as u64, seed[1] as u64)
}

/// Floats drawn from a distribution.
#[derive(Debug)]
pub struct Fill {
    distribution: Distribution,
    parameters: [u64; 2],
    shape: Shape,
    dtype: DType,
}

impl Op for Fill {
    fn name(&self) -> &'static str {
        match self.distribution {
            Distribution::Uniform => "random_uniform",
            Distribution::Normal => "random_normal",
            Distribution::TruncatedNormal => "random_truncated_normal",
        }
    }

    fn infer(&self, inputs: &[Spec]) -> Result<Vec<Spec>> {
        arity(self.name(), inputs, 1)?;
        check_seed(&inputs[0])?;
        Ok(vec![Spec::new(self.dtype, &self.shape)])
    }

    /// Halves are drawn in float32 and rounded.
    fn scratch(&self, _: &[Spec]) -> usize {
        if self.dtype.is_half() { 4 * self.shape.iter().product::<usize>() } else { 0 }
    }

    fn run(&self, inputs: &[View<'_>], outputs: &mut [ViewMut<'_>], scratch: &mut [u8]) {
        let (seed, stream) = seed_of(&inputs[0]);
        let [a, b] = self.parameters.map(f64::from_bits);
        with_float!(self.dtype.compute(), T => {
            let out = if self.dtype.is_half() {
                rkeras_kernels::element::cast_slice_mut::<T>(&mut *scratch)
            } else {
                outputs[0].get::<T>()
            };
            let (a, b) = (a as T, b as T);
            match self.distribution {
                Distribution::Uniform => T::uniform(seed, stream, a, b, out),
                Distribution::Normal => T::normal(seed, stream, a, b, out),
                Distribution::TruncatedNormal => T::truncated_normal(seed, stream, a, b, out),
            }
        });
        if self.dtype.is_half() {
            use crate::ops::cast::kind;
            rkeras_kernels::cast::cast(kind(DType::F32), kind(self.dtype), scratch, outputs[0].bytes());
        }
    }

    fn vjp(&self, at: &Vjp<'_>) -> Result<Vec<Option<Value>>> {
        at.none()
    }

    fn traits(&self) -> Traits {
        Traits::MOVES
    }
}

/// Integers `low..high`, all equally likely.
#[derive(Debug)]
pub struct Integers {
    shape: Shape,
    dtype: DType,
    low: i64,
    high: i64,
}

impl Op for Integers {
    fn name(&self) -> &'static str {
        "random_integers"
    }

    fn infer(&self, inputs: &[Spec]) -> Result<Vec<Spec>> {
        arity(self.name(), inputs, 1)?;
        check_seed(&inputs[0])?;
        Ok(vec![Spec::new(self.dtype, &self.shape)])
    }

    fn run(&self, inputs: &[View<'_>], outputs: &mut [ViewMut<'_>], _: &mut [u8]) {
        let (seed, stream) = seed_of(&inputs[0]);
        if self.dtype == DType::I64 {
            kernel::integers_i64(seed, stream, self.low, self.high, outputs[0].get());
        } else {
            kernel::integers_i32(seed, stream, self.low, self.high, outputs[0].get());
        }
    }

    fn vjp(&self, at: &Vjp<'_>) -> Result<Vec<Option<Value>>> {
        at.none()
    }

    fn traits(&self) -> Traits {
        Traits::MOVES
    }
}

/// The numbers 0 to n - 1 in random order.
#[derive(Debug)]
pub struct Permutation {
    n: usize,
}

impl Op for Permutation {
    fn name(&self) -> &'static str {
        "random_permutation"
    }

    fn infer(&self, inputs: &[Spec]) -> Result<Vec<Spec>> {
        arity(self.name(), inputs, 1)?;
        check_seed(&inputs[0])?;
        Ok(vec![Spec::new(DType::I64, &[self.n])])
    }

    fn run(&self, inputs: &[View<'_>], outputs: &mut [ViewMut<'_>], _: &mut [u8]) {
        let (seed, stream) = seed_of(&inputs[0]);
        kernel::permutation(seed, stream, outputs[0].get::<i64>());
    }

    fn vjp(&self, at: &Vjp<'_>) -> Result<Vec<Option<Value>>> {
        at.none()
    }

    fn traits(&self) -> Traits {
        Traits::MOVES
    }
}

/// Zeroes elements with probability `rate` and scales the others by `1 / (1 - rate)`; operands x and seed.
///
/// The mask is a function of the seed: the backward pass draws it again instead of having it stored.
#[derive(Debug, Clone)]
pub struct Dropout {
    rate: u64,
}

impl Op for Dropout {
    fn name(&self) -> &'static str {
        "dropout"
    }

    fn promotion(&self) -> crate::op::Promotion {
        crate::op::Promotion::FloatFirst(1)
    }

    fn infer(&self, inputs: &[Spec]) -> Result<Vec<Spec>> {
        arity(self.name(), inputs, 2)?;
        check_seed(&inputs[1])?;
        Ok(vec![inputs[0].clone()])
    }

    fn run(&self, inputs: &[View<'_>], outputs: &mut [ViewMut<'_>], _: &mut [u8]) {
        let (seed, stream) = seed_of(&inputs[1]);
        let rate = f64::from_bits(self.rate);
        with_float!(inputs[0].spec.dtype, T => {
            T::dropout(inputs[0].get(), seed, stream, rate, outputs[0].get());
        });
    }

    fn vjp(&self, at: &Vjp<'_>) -> Result<Vec<Option<Value>>> {
        Ok(vec![at.when(0, || apply1(self.clone(), &[at.g()?, at.x(1).clone()]))?, None])
    }

    fn traits(&self) -> Traits {
        Traits { reads_inputs: 0b10, reads_outputs: 0, ..Traits::default() }
    }
}
