//! Scaled dot-product attention of several heads as one kernel each way, which never holds all scores.

use std::sync::Arc;

use rkeras_kernels::attention::{
    AttentionShape, Change, Given, NEVER, Spread, forward_of_pairs, gradient_of_pairs, takes_pairs,
};
use rkeras_kernels::entry::FloatKernels;

use crate::apply::apply;
use crate::attrs::Attrs;
use crate::dtype::DType;
use crate::error::{Error, Result};
use crate::halves::widened;
use crate::op::{Halves, Op, Promotion, Traits, View, ViewMut, Vjp, arity};
use crate::ops::cast::cast;
use crate::ops::compose::by_composition;
use crate::ops::{binary, fill, select, shape, softmax};
use crate::ops::matmul::matmul;
use crate::registry::Entry;
use crate::spec::{ShapeText, Spec};
use crate::tensor::Tensor;
use crate::value::Value;
use crate::with_float;

pub const OPS: &[Entry] = &[
    ("attention", |a: &Attrs| Ok(Arc::new(Attention::new(a)?))),
    ("attention_gradient", |a: &Attrs| Ok(Arc::new(AttentionGradient { of: Attention::new(a)?, halves: false }))),
];

/// `softmax(scale q·k + bias)·v` in each head. Operands: q (batch, queries, heads, size), k (batch, keys, key heads,
/// size), v (batch, keys, key heads, value size), then with `biased` what is added to the scores and with `masked` a
/// bool that is false where a query does not see a key, both of sizes (batch, heads, queries, keys) or 1.
///
/// Gives the result (batch, queries, heads, value size) and the statistics that the gradient starts from.
#[derive(Debug, Clone)]
pub struct Attention {
    scale: u64,
    causal: bool,
    window: usize,
    biased: bool,
    masked: bool,
}

impl Attention {
    fn new(a: &Attrs) -> Result<Self> {
        let window = a.int_or("window", 0)?;
        Ok(Self {
            scale: a.float("scale")?.to_bits(),
            causal: a.bool_or("causal", false)?,
            window: usize::try_from(window)
                .map_err(|_| Error::value(format!("{}: window must not be negative, got {window}", a.op())))?,
            biased: a.bool_or("biased", false)?,
            masked: a.bool_or("masked", false)?,
        })
    }

    /// Places of bias and mask among operands that begin with `first` others.
    fn places(&self, first: usize) -> (Option<usize>, Option<usize>) {
        let bias = self.biased.then_some(first);
        (bias, self.masked.then_some(first + usize::from(self.biased)))
    }

    fn operands(&self, first: usize) -> usize {
        first + usize::from(self.biased) + usize::from(self.masked)
    }

    fn sizes(&self, q: &[usize], k: &[usize], v: &[usize]) -> AttentionShape {
        AttentionShape {
            batch: q[0],
            queries: q[1],
            keys: k[1],
            heads: q[2],
            key_heads: k[2],
            size: q[3],
            value_size: v[3],
            scale: f64::from_bits(self.scale),
            causal: self.causal,
            window: self.window,
        }
    }

    /// Checks operands whose bias and mask come after `first` others.
    fn check(&self, inputs: &[Spec], first: usize) -> Result<AttentionShape> {
        let (q, k, v) = (&inputs[0], &inputs[1], &inputs[2]);
        let shapes = || format!("got queries {q}, keys {k} and values {v}");
        if q.rank() != 4 || k.rank() != 4 || v.rank() != 4 {
            return Err(Error::value(format!("queries, keys and values have 4 axes (batch, time, heads, size), {}", shapes())));
        }
        if k.shape[..3] != v.shape[..3] || q.shape[0] != k.shape[0] || q.shape[3] != k.shape[3] {
            return Err(Error::value(format!(
                "queries, keys and values must agree in the batch, queries and keys in their size, keys and values in number and heads; {}",
                shapes()
            )));
        }
        if k.shape[2] == 0 || !q.shape[2].is_multiple_of(k.shape[2]) || q.shape[3] == 0 || v.shape[3] == 0 {
            return Err(Error::value(format!("each head of keys must serve as many heads of queries, {}", shapes())));
        }
        let s = self.sizes(&q.shape, &k.shape, &v.shape);
        let full = [s.batch, s.heads, s.queries, s.keys];
        let (bias, mask) = self.places(first);
        for place in [bias, mask].into_iter().flatten() {
            let x = &inputs[place];
            if x.rank() != 4 || x.shape.iter().zip(full).any(|(n, m)| *n != 1 && *n != m) {
                return Err(Error::value(format!(
                    "a bias or mask must have the sizes {} of the scores, or 1, got {}",
                    ShapeText(&full),
                    ShapeText(&x.shape)
                )));
            }
        }
        if let Some(place) = mask
            && inputs[place].dtype != DType::Bool
        {
            return Err(Error::dtype(format!("a mask is bool, got {}", inputs[place])));
        }
        Ok(s)
    }

    /// Whether queries, keys and values of bfloat16 are taken as they are, bias and mask coming after `first` operands.
    fn takes_pairs(&self, inputs: &[Spec], first: usize) -> bool {
        !self.biased && inputs.len() == self.operands(first) && self.check(inputs, first).is_ok_and(|s| takes_pairs(&s))
    }

    /// The same with simple ops, for derivatives of derivatives. `extra` are bias and mask.
    fn composed(&self, q: &Value, k: &Value, v: &Value, extra: &[Value]) -> Result<Value> {
        let s = self.sizes(&q.spec().shape, &k.spec().shape, &v.spec().shape);
        let groups = s.heads / s.key_heads;
        let scores_shape = [s.batch, s.heads, s.queries, s.keys];
        let of_keys = |x: &Value, size: usize| {
            shape::reshape(&shape::transpose(x, &[0, 2, 1, 3])?, &[s.batch, s.key_heads, 1, s.keys, size])
        };
        let q = shape::transpose(&shape::reshape(q, &[s.batch, s.queries, s.key_heads, groups, s.size])?, &[0, 2, 3, 1, 4])?;
        let scores = matmul(&binary::scale(&q, s.scale)?, &of_keys(k, s.size)?, false, true)?;
        let mut scores = shape::reshape(&scores, &scores_shape)?;
        let (bias, mask) = self.places(0);
        if let Some(place) = bias {
            scores = binary::add(&scores, &extra[place])?;
        }
        let never = fill::scalar(&scores, NEVER)?;
        if let Some(place) = mask {
            scores = select::select(&extra[place], &scores, &never)?;
        }
        if s.causal || s.window > 0 {
            let band: Vec<u8> =
                (0..s.queries).flat_map(|q| (0..s.keys).map(move |k| (q, k))).map(|(q, k)| u8::from(s.sees(q, k))).collect();
            let band = Value::eager(Tensor::from_slice(DType::Bool, &[s.queries, s.keys], &band)?);
            scores = select::select(&band, &scores, &never)?;
        }
        let weights = shape::reshape(&softmax::softmax(&scores, -1)?, &[s.batch, s.key_heads, groups, s.queries, s.keys])?;
        let found = matmul(&weights, &of_keys(v, s.value_size)?, false, false)?;
        shape::reshape(&shape::transpose(&found, &[0, 3, 1, 2, 4])?, &[s.batch, s.queries, s.heads, s.value_size])
    }

    fn flops(&self, inputs: &[Spec], products: usize) -> usize {
        let s = self.sizes(&inputs[0].shape, &inputs[1].shape, &inputs[2].shape);
        products * s.batch * s.heads * s.queries * s.keys * (s.size + s.value_size) / if s.causal { 2 } else { 1 }
    }
}

/// The mask at this place among the operands.
fn hidden<'a>(mask: Option<usize>, inputs: &[View<'a>]) -> Option<Spread<'a, u8>> {
    mask.map(|i| Spread::new(inputs[i].get::<u8>(), sizes4(&inputs[i])))
}

fn sizes4(view: &View<'_>) -> [usize; 4] {
    view.shape().try_into().expect("checked by infer")
}

impl Op for Attention {
    fn name(&self) -> &'static str {
        "attention"
    }

    fn promotion(&self) -> Promotion {
        Promotion::FloatFirst(3 + usize::from(self.biased))
    }

    fn infer(&self, inputs: &[Spec]) -> Result<Vec<Spec>> {
        arity(self.name(), inputs, self.operands(3))?;
        let s = self.check(inputs, 3)?;
        Ok(vec![
            inputs[0].with_shape(&[s.batch, s.queries, s.heads, s.value_size]),
            widened(&inputs[0].with_shape(&[2, s.batch, s.heads, s.queries])),
        ])
    }

    fn takes_pairs(&self, inputs: &[Spec]) -> u32 {
        u32::from(self.takes_pairs(inputs, 3)) * 0b111
    }

    fn traits(&self) -> Traits {
        Traits { halves: Halves::Pairs, ..Traits::default() }
    }

    fn run(&self, inputs: &[View<'_>], outputs: &mut [ViewMut<'_>], _: &mut [u8]) {
        let s = self.sizes(inputs[0].shape(), inputs[1].shape(), inputs[2].shape());
        let (bias, mask) = self.places(3);
        let [out, statistics] = outputs else { unreachable!("two outputs") };
        if inputs[0].spec.dtype == DType::BF16 {
            let change = Change { mask: hidden(mask, inputs), bias: None };
            let operands = [0, 1, 2].map(|i| inputs[i].get::<u16>());
            return forward_of_pairs(&s, operands, &change, out.get(), statistics.get());
        }
        with_float!(inputs[0].spec.dtype, T => {
            let change = Change {
                mask: hidden(mask, inputs),
                bias: bias.map(|i| Spread::new(inputs[i].get::<T>(), sizes4(&inputs[i]))),
            };
            T::attention(&s, inputs[0].get(), inputs[1].get(), inputs[2].get(), &change, out.get(), statistics.get());
        });
    }

    fn vjp(&self, at: &Vjp<'_>) -> Result<Vec<Option<Value>>> {
        if at.cotangents[1].is_some() {
            return Err(Error::value("the statistics of an attention have no derivative; differentiate its result"));
        }
        let extra = &at.inputs[3..];
        let mut operands: Vec<Value> = at.inputs[..3].to_vec();
        // Statistics of halves are float32, and nothing is to be cast to match them.
        let dtype = operands[0].spec().dtype;
        operands.extend([at.outputs[0].clone(), at.outputs[1].clone(), cast(&at.g()?, dtype)?]);
        operands.extend_from_slice(extra);
        let mut found: Vec<Option<Value>> = vec![None; at.inputs.len()];
        if at.needs[..3].contains(&true) {
            let slopes = apply(Arc::new(AttentionGradient { of: self.clone(), halves: dtype.is_half() }), &operands)?;
            for (i, slope) in slopes.into_iter().enumerate() {
                found[i] = Some(slope);
            }
        }
        if let (Some(place), _) = self.places(3) {
            let operands: Vec<&Value> = at.inputs.iter().collect();
            let forward = |w: &[Value]| Ok(vec![self.composed(&w[0], &w[1], &w[2], &w[3..])?]);
            // As large as the scores, as a bias usually is.
            found[place] = at.when(place, || by_composition(&operands, &at.cotangents[..1], place, forward))?;
        }
        Ok(found)
    }

    fn flops(&self, inputs: &[Spec], _: &[Spec]) -> usize {
        self.flops(inputs, 2)
    }
}

/// Cotangents of q, k and v from (q, k, v, result, statistics, g), then bias and mask; result and statistics must be
/// those of the other operands.
#[derive(Debug)]
pub struct AttentionGradient {
    of: Attention,
    /// All operands but the statistics are bfloat16.
    halves: bool,
}

impl Op for AttentionGradient {
    fn name(&self) -> &'static str {
        "attention_gradient"
    }

    fn promotion(&self) -> Promotion {
        if self.halves { Promotion::None } else { Promotion::FloatFirst(6 + usize::from(self.of.biased)) }
    }

    fn takes_pairs(&self, inputs: &[Spec]) -> u32 {
        u32::from(self.halves && self.of.takes_pairs(inputs, 6)) * 0b10_1111
    }

    fn infer(&self, inputs: &[Spec]) -> Result<Vec<Spec>> {
        arity(self.name(), inputs, self.of.operands(6))?;
        let s = self.of.check(inputs, 6)?;
        let result = [s.batch, s.queries, s.heads, s.value_size];
        let statistics = [2, s.batch, s.heads, s.queries];
        if inputs[3].shape[..] != result || inputs[5].shape[..] != result || inputs[4].shape[..] != statistics {
            return Err(Error::value(format!(
                "result {}, statistics {} and cotangent {} do not belong to queries {}",
                inputs[3], inputs[4], inputs[5], inputs[0]
            )));
        }
        Ok(inputs[..3].to_vec())
    }

    fn run(&self, inputs: &[View<'_>], outputs: &mut [ViewMut<'_>], _: &mut [u8]) {
        let s = self.of.sizes(inputs[0].shape(), inputs[1].shape(), inputs[2].shape());
        let (bias, mask) = self.of.places(6);
        let [dq, dk, dv] = outputs else { unreachable!("three outputs") };
        if self.halves {
            let change = Change { mask: hidden(mask, inputs), bias: None };
            let operands = [0, 1, 2, 3, 5].map(|i| inputs[i].get::<u16>());
            return gradient_of_pairs(&s, operands, inputs[4].get(), change, [dq.get(), dk.get(), dv.get()]);
        }
        with_float!(inputs[0].spec.dtype, T => {
            let given = Given::<T> {
                q: inputs[0].get(),
                k: inputs[1].get(),
                v: inputs[2].get(),
                out: inputs[3].get(),
                statistics: inputs[4].get(),
                g: inputs[5].get(),
                change: Change {
                    mask: hidden(mask, inputs),
                    bias: bias.map(|i| Spread::new(inputs[i].get::<T>(), sizes4(&inputs[i]))),
                },
            };
            T::attention_gradient(&s, &given, dq.get(), dk.get(), dv.get());
        });
    }

    /// The share of result and statistics is part of the other operands', as they are functions of them.
    fn vjp(&self, at: &Vjp<'_>) -> Result<Vec<Option<Value>>> {
        let mut operands = vec![at.x(0), at.x(1), at.x(2), at.x(5)];
        operands.extend(&at.inputs[6..]);
        let slopes = |v: &[Value]| {
            let forward = |w: &[Value]| Ok(vec![self.of.composed(&w[0], &w[1], &w[2], &v[4..])?]);
            let g = [Some(v[3].clone())];
            (0..3).map(|i| by_composition(&[&v[0], &v[1], &v[2]], &g, i, forward)).collect()
        };
        let part = |i: usize, place: usize| at.when(place, || by_composition(&operands, at.cotangents, i, slopes));
        let mut found = vec![part(0, 0)?, part(1, 1)?, part(2, 2)?, None, None, part(3, 5)?];
        for place in 6..at.inputs.len() {
            let float = self.of.biased && place == 6;
            found.push(if float { part(4, place)? } else { None });
        }
        Ok(found)
    }

    fn traits(&self) -> Traits {
        let halves = if self.halves { Halves::Pairs } else { Halves::Cast };
        Traits { halves, reads_inputs: u32::MAX, reads_outputs: 0, ..Traits::default() }
    }

    fn flops(&self, inputs: &[Spec], _: &[Spec]) -> usize {
        self.of.flops(inputs, 5)
    }
}
