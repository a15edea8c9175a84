//! Derivatives of fused kernels by way of simple ops.
//!
//! How second derivatives of fused ops come about: they are rare, so clarity counts for more than speed.

use crate::error::Result;
use crate::ops::fill;
use crate::tape::Tape;
use crate::value::Value;

/// The derivative of `f` (the fused op written with simple ones) with respect to its operand `wanted`.
pub fn by_composition(
    operands: &[&Value],
    cotangents: &[Option<Value>],
    wanted: usize,
    f: impl Fn(&[Value]) -> Result<Vec<Value>>,
) -> Result<Value> {
    let tape = Tape::new(false);
    let operands: Vec<Value> = operands.iter().map(|v| (*v).clone()).collect();
    tape.watch(&operands[wanted]);
    tape.push();
    let outputs = f(&operands);
    tape.pop();
    let outputs = outputs?;
    let (mut targets, mut seeds) = (Vec::new(), Vec::new());
    for (y, g) in outputs.iter().zip(cotangents) {
        if g.is_some() {
            targets.push(y.clone());
            seeds.push(g.clone());
        }
    }
    let parts = tape.gradient(&targets, &seeds, &[vec![operands[wanted].id()]])?;
    match parts.into_iter().next().flatten() {
        Some(part) => Ok(part),
        None => fill::zeros_like(&operands[wanted]),
    }
}
