//! Recurrent layers over whole sequences, batch first: long short-term memory, gated recurrent units, plain.
//!
//! The products of the inputs with the kernel come ready made, as one product over all steps.

use std::sync::Arc;

use rkeras_kernels::element::cast_slice_mut;
use rkeras_kernels::entry::FloatKernels;
use rkeras_kernels::isa;
use rkeras_kernels::recurrent::{Inputs, Kind, Outputs, Saved, Sizes, Slopes};

use crate::apply::apply;
use crate::attrs::Attrs;
use crate::dtype::DType;
use crate::error::{Error, Result};
use crate::op::{Op, Promotion, Traits, View, ViewMut, Vjp};
use crate::ops::cast::cast;
use crate::ops::matmul::matmul;
use crate::ops::{reduce, shape, structure};
use crate::registry::Entry;
use crate::spec::{ShapeText, Spec};
use crate::value::Value;
use crate::with_float;

pub const OPS: &[Entry] = &[
    ("lstm", |a: &Attrs| Ok(Arc::new(Recurrent::new(Kind::Lstm, a)?))),
    ("gru", |a: &Attrs| Ok(Arc::new(Recurrent::new(gru(a)?, a)?))),
    ("simple_rnn", |a: &Attrs| Ok(Arc::new(Recurrent::new(Kind::Simple, a)?))),
    ("lstm_grad", |a: &Attrs| Ok(Arc::new(RecurrentGrad::new(Kind::Lstm, a)?))),
    ("gru_grad", |a: &Attrs| Ok(Arc::new(RecurrentGrad::new(gru(a)?, a)?))),
    ("simple_rnn_grad", |a: &Attrs| Ok(Arc::new(RecurrentGrad::new(Kind::Simple, a)?))),
];

fn gru(a: &Attrs) -> Result<Kind> {
    Ok(Kind::Gru { reset_after: a.bool_or("reset_after", true)? })
}

/// All steps of a recurrent layer. Operands: the products of the inputs with the kernel (batch, steps, gates · units),
/// the first states, the recurrent kernel, its bias (if `bias`), a mask (batch, steps) (if there is one more).
/// Results: the outputs of all steps, the last states, and for the way back gates, states before and a memory.
#[derive(Debug, Clone)]
pub struct Recurrent {
    kind: Kind,
    /// From the last step to the first.
    reverse: bool,
    /// Outputs of masked steps are zeros.
    zero_masked: bool,
    /// The recurrent kernel has a bias of its own.
    bias: bool,
    /// Operands were bfloat16: factors of products with the recurrent kernel may be so again.
    pairs: bool,
}

impl Recurrent {
    fn new(kind: Kind, a: &Attrs) -> Result<Self> {
        let bias = a.bool_or("bias", false)?;
        if bias && kind != (Kind::Gru { reset_after: true }) {
            return Err(Error::value("only a gru with reset_after has a recurrent bias"));
        }
        Ok(Self { kind, reverse: a.bool_or("reverse", false)?, zero_masked: a.bool_or("zero_masked", false)?, bias, pairs: false })
    }

    fn states(&self) -> usize {
        1 + usize::from(self.kind.carries())
    }

    /// Where the recurrent kernel is among the operands.
    fn kernel(&self) -> usize {
        1 + self.states()
    }

    /// How many operands there are without a mask.
    fn floats(&self) -> usize {
        self.kernel() + 1 + usize::from(self.bias)
    }

    /// (batch, steps, units) of these operands.
    fn sizes(&self, x: &[usize], kernel: &[usize]) -> (usize, usize, usize) {
        (x[0], x[1], kernel[0])
    }
}

fn wanted(what: &str, shape: &[usize], got: &Spec) -> Result<()> {
    if got.shape.as_slice() == shape {
        return Ok(());
    }
    Err(Error::value(format!("{what} must have shape {}, got {got}", ShapeText(shape))))
}

fn check_mask(mask: Option<&Spec>, batch: usize, steps: usize) -> Result<()> {
    let Some(mask) = mask else { return Ok(()) };
    if mask.dtype != DType::Bool {
        return Err(Error::dtype(format!("the mask must be bool, got {mask}")));
    }
    wanted("the mask", &[batch, steps], mask)
}

impl Op for Recurrent {
    fn name(&self) -> &'static str {
        match self.kind {
            Kind::Lstm => "lstm",
            Kind::Gru { .. } => "gru",
            Kind::Simple => "simple_rnn",
        }
    }

    fn promotion(&self) -> Promotion {
        Promotion::FloatFirst(self.floats())
    }

    fn infer(&self, inputs: &[Spec]) -> Result<Vec<Spec>> {
        let floats = self.floats();
        if inputs.len() != floats && inputs.len() != floats + 1 {
            return Err(Error::value(format!("takes {floats} operands and perhaps a mask, got {}", inputs.len())));
        }
        let (x, kernel) = (&inputs[0], &inputs[self.kernel()]);
        if x.rank() != 3 || kernel.rank() != 2 {
            return Err(Error::value(format!("needs three axes of {x} and two of the recurrent kernel {kernel}")));
        }
        let (batch, steps, units) = self.sizes(&x.shape, &kernel.shape);
        let width = self.kind.gates() * units;
        wanted("the recurrent kernel", &[units, width], kernel)?;
        wanted("the product with the kernel", &[batch, steps, width], x)?;
        for state in &inputs[1..self.kernel()] {
            wanted("a state", &[batch, units], state)?;
        }
        if self.bias {
            wanted("the recurrent bias", &[width], &inputs[floats - 1])?;
        }
        check_mask(inputs.get(floats), batch, steps)?;
        let sequence = x.with_shape(&[batch, steps, units]);
        let mut specs = vec![sequence.clone()];
        specs.extend_from_slice(&inputs[1..self.kernel()]);
        specs.extend([x.clone(), sequence.clone()]);
        if self.kind.remembers() {
            specs.push(sequence);
        }
        Ok(specs)
    }

    /// States that nobody reads are kept here meanwhile.
    fn scratch(&self, inputs: &[Spec]) -> usize {
        inputs[1..self.kernel()].iter().map(Spec::bytes).sum()
    }

    fn run(&self, inputs: &[View<'_>], outputs: &mut [ViewMut<'_>], scratch: &mut [u8]) {
        let (batch, steps, units) = self.sizes(inputs[0].shape(), inputs[self.kernel()].shape());
        let mask = inputs.get(self.floats()).map(View::get::<u8>);
        let sizes = Sizes { batch, steps, units, reverse: self.reverse, zero_masked: self.zero_masked, mask, pairs: self.pairs };
        let (sequence, rest) = outputs.split_first_mut().expect("as inferred");
        let (states, saved) = rest.split_at_mut(self.states());
        let (h, c) = states.split_first_mut().expect("as inferred");
        let (gates, saved) = saved.split_first_mut().expect("as inferred");
        let (before, memo) = saved.split_first_mut().expect("as inferred");
        with_float!(inputs[0].spec.dtype, T => {
            let of = |i: usize| inputs[i].get::<T>();
            let carries = self.kind.carries();
            let given = Inputs {
                x: inputs[0].in_output.is_none().then(|| of(0)),
                h: of(1),
                c: if carries { of(2) } else { &[] },
                kernel: of(self.kernel()),
                bias: self.bias.then(|| of(self.floats() - 1)),
            };
            let (spare_h, spare_c) = cast_slice_mut::<T>(scratch).split_at_mut(batch * units);
            let found = Outputs {
                sequence: (!sequence.unused).then(|| sequence.get::<T>()),
                h: if h.unused { spare_h } else { h.get::<T>() },
                c: match c.first_mut() {
                    Some(c) if !c.unused => c.get::<T>(),
                    _ => spare_c,
                },
                gates: (!gates.unused).then(|| gates.get::<T>()),
                before: (!before.unused).then(|| before.get::<T>()),
                memo: memo.first_mut().filter(|m| !m.unused).map(|m| m.get::<T>()),
            };
            T::recurrent_forward(self.kind, &sizes, &given, found);
        });
    }

    fn of_cast_halves(&self) -> Option<Arc<dyn Op>> {
        isa::favours_pairs().then(|| Arc::new(Self { pairs: true, ..self.clone() }) as Arc<dyn Op>)
    }

    fn vjp(&self, at: &Vjp<'_>) -> Result<Vec<Option<Value>>> {
        let states = self.states();
        if at.cotangents[1 + states..].iter().any(Option::is_some) {
            return Err(Error::value(NO_SECOND));
        }
        let sequence = at.cotangents[0].is_some();
        let op = RecurrentGrad { layer: self.clone(), sequence };
        let mut operands: Vec<Value> = at.outputs[1 + states..].to_vec();
        operands.push(at.x(self.kernel()).clone());
        for state in 0..states {
            operands.push(at.cotangent(1 + state)?);
        }
        if sequence {
            operands.push(at.g()?);
        }
        operands.extend(at.inputs.get(self.floats()).cloned());
        let found = apply(Arc::new(op), &operands)?;
        let mut parts: Vec<Option<Value>> = found[..1 + states].iter().cloned().map(Some).collect();
        let recurrent = found.last().filter(|_| found.len() > 1 + states).unwrap_or(&found[0]);
        parts.push(at.when(self.kernel(), || self.kernel_slope(&at.outputs[2 + states..], recurrent))?);
        if self.bias {
            parts.push(at.when(self.floats() - 1, || reduce::sum(recurrent, Some(&[0, 1]), false))?);
        }
        parts.resize(at.inputs.len(), None);
        Ok(parts)
    }

    fn traits(&self) -> Traits {
        const IN_PLACE: [&[(usize, usize)]; 2] = [&[(2, 0)], &[(3, 0)]];
        let states = self.states();
        let saved = if self.kind.remembers() { 0b111 } else { 0b11 };
        Traits {
            in_place: IN_PLACE[states - 1],
            skips_unused: true,
            reads_inputs: 1 << self.kernel() | 1 << self.floats(),
            reads_outputs: saved << (1 + states),
            ..Traits::default()
        }
    }

    fn flops(&self, inputs: &[Spec], _: &[Spec]) -> usize {
        2 * inputs[0].size() * inputs[self.kernel()].shape[0]
    }
}

impl Recurrent {
    /// The cotangent of the recurrent kernel: states before and memory against the cotangents of its products.
    fn kernel_slope(&self, saved: &[Value], recurrent: &Value) -> Result<Value> {
        let dtype = recurrent.spec().dtype;
        // Rounded in the shape in which others round it too.
        let rows = |v: &Value| {
            let (batch, steps, n) = (v.spec().shape[0], v.spec().shape[1], v.spec().shape[2]);
            shape::reshape(&cast(v, if self.pairs { DType::BF16 } else { dtype })?, &[batch * steps, n])
        };
        let before = rows(&saved[0])?;
        let recurrent = rows(recurrent)?;
        let product = |a: &Value, b: &Value| cast(&matmul(a, b, true, false)?, dtype);
        if self.kind != (Kind::Gru { reset_after: false }) {
            return product(&before, &recurrent);
        }
        // The candidate's columns multiplied what the reset gate had left of the state.
        let (n, units) = (before.spec().shape[0] as i64, before.spec().shape[1] as i64);
        let gates = structure::slice(&recurrent, &[0, 0], &[n, 2 * units], &[1, 1])?;
        let new = structure::slice(&recurrent, &[0, 2 * units], &[n, units], &[1, 1])?;
        let parts = [product(&before, &gates)?, product(&rows(&saved[1])?, &new)?];
        structure::concatenate(&parts, 1)
    }
}

const NO_SECOND: &str = "has no second derivatives; make the layer with unroll=True to get them";

/// The way back. Operands: gates, states before, memory, the recurrent kernel, cotangents of the last states, of
/// the sequence of outputs (if `sequence`), a mask (if there is one more). Results: cotangents of the products with
/// the kernel, of the first states, and for a unit that is reset after them of the products with the recurrent one.
#[derive(Debug)]
pub struct RecurrentGrad {
    layer: Recurrent,
    sequence: bool,
}

impl RecurrentGrad {
    fn new(kind: Kind, a: &Attrs) -> Result<Self> {
        Ok(Self { layer: Recurrent::new(kind, a)?, sequence: a.bool_or("sequence", false)? })
    }

    fn kernel(&self) -> usize {
        2 + usize::from(self.layer.kind.remembers())
    }

    fn floats(&self) -> usize {
        self.kernel() + 1 + self.layer.states() + usize::from(self.sequence)
    }
}

impl Op for RecurrentGrad {
    fn name(&self) -> &'static str {
        match self.layer.kind {
            Kind::Lstm => "lstm_grad",
            Kind::Gru { .. } => "gru_grad",
            Kind::Simple => "simple_rnn_grad",
        }
    }

    fn promotion(&self) -> Promotion {
        Promotion::FloatFirst(self.floats())
    }

    fn infer(&self, inputs: &[Spec]) -> Result<Vec<Spec>> {
        let floats = self.floats();
        if inputs.len() != floats && inputs.len() != floats + 1 {
            return Err(Error::value(format!("takes {floats} operands and perhaps a mask, got {}", inputs.len())));
        }
        let (gates, kernel) = (&inputs[0], &inputs[self.kernel()]);
        if gates.rank() != 3 || kernel.rank() != 2 {
            return Err(Error::value(format!("needs three axes of {gates} and two of the recurrent kernel {kernel}")));
        }
        let (batch, steps, units) = self.layer.sizes(&gates.shape, &kernel.shape);
        let width = self.layer.kind.gates() * units;
        wanted("the recurrent kernel", &[units, width], kernel)?;
        wanted("gates", &[batch, steps, width], gates)?;
        for saved in &inputs[1..self.kernel()] {
            wanted("what was saved", &[batch, steps, units], saved)?;
        }
        let states = &inputs[self.kernel() + 1..][..self.layer.states()];
        for state in states {
            wanted("the cotangent of a state", &[batch, units], state)?;
        }
        if self.sequence {
            wanted("the cotangent of the outputs", &[batch, steps, units], &inputs[floats - 1])?;
        }
        check_mask(inputs.get(floats), batch, steps)?;
        let mut specs = vec![gates.clone()];
        specs.extend_from_slice(states);
        if self.layer.kind == (Kind::Gru { reset_after: true }) {
            specs.push(gates.clone());
        }
        Ok(specs)
    }

    fn run(&self, inputs: &[View<'_>], outputs: &mut [ViewMut<'_>], _: &mut [u8]) {
        let layer = &self.layer;
        let (batch, steps, units) = layer.sizes(inputs[0].spec.shape.as_slice(), inputs[self.kernel()].shape());
        let mask = inputs.get(self.floats()).map(View::get::<u8>);
        let sizes = Sizes { batch, steps, units, reverse: layer.reverse, zero_masked: layer.zero_masked, mask, pairs: layer.pairs };
        let (x, rest) = outputs.split_first_mut().expect("as inferred");
        let (states, recurrent) = rest.split_at_mut(layer.states());
        let (h, c) = states.split_first_mut().expect("as inferred");
        with_float!(inputs[0].spec.dtype, T => {
            let of = |i: usize| inputs[i].get::<T>();
            let kernel = self.kernel();
            let saved = Saved {
                gates: inputs[0].in_output.is_none().then(|| of(0)),
                before: of(1),
                memo: if layer.kind.remembers() { of(2) } else { &[] },
                kernel: of(kernel),
                h: of(kernel + 1),
                c: if layer.kind.carries() { of(kernel + 2) } else { &[] },
                sequence: self.sequence.then(|| of(self.floats() - 1)),
            };
            let slopes = Slopes {
                x: x.get::<T>(),
                h: h.get::<T>(),
                c: c.first_mut().map_or(&mut [], |c| c.get::<T>()),
                recurrent: recurrent.first_mut().filter(|r| !r.unused).map(|r| r.get::<T>()),
            };
            T::recurrent_backward(layer.kind, &sizes, &saved, slopes);
        });
    }

    fn vjp(&self, _: &Vjp<'_>) -> Result<Vec<Option<Value>>> {
        Err(Error::value(NO_SECOND))
    }

    fn traits(&self) -> Traits {
        Traits { in_place: &[(0, 0)], reads_inputs: 0, reads_outputs: 0, ..Traits::default() }
    }

    fn flops(&self, inputs: &[Spec], _: &[Spec]) -> usize {
        2 * inputs[0].size() * inputs[self.kernel()].shape[0]
    }
}
