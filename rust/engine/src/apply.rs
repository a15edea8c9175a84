//! The one way to run an op: promotion, inference, then eager execution or a graph node, then the tape.
//!
//! There is no mode switch: an op with a traced operand becomes a node of that operand's graph, any other
//! runs at once. So a `vjp` written with ops serves the tape, the compiled step, and itself.

use std::sync::Arc;

use smallvec::SmallVec;

use rkeras_kernels::memory::Buffer;

use crate::dtype::{DType, promote};
use crate::error::{Error, Result};
use crate::halves;
use crate::op::{Op, Promotion, View, ViewMut};
use crate::ops::cast::cast;
use crate::spec::Spec;
use crate::tape;
use crate::tensor::Tensor;
use crate::trace;
use crate::value::Value;

/// Applies `op` and returns all of its outputs.
pub fn apply(op: Arc<dyn Op>, inputs: &[Value]) -> Result<Vec<Value>> {
    let name = op.name();
    let promoted = promote_operands(op.promotion(), inputs).map_err(|e| e.in_op(name))?;
    let inputs = promoted.as_deref().unwrap_or(inputs);
    if !op.traits().any_dtype
        && !halves::takes(op.as_ref(), inputs)
        && let Some(half) = inputs.iter().map(|v| v.spec().dtype).filter(|d| d.is_half()).reduce(promote)
    {
        return through_float32(op, inputs, half);
    }
    if let Some(same) = op.simplify(inputs) {
        return Ok(vec![same]);
    }
    let specs: SmallVec<[Spec; 4]> = inputs.iter().map(|v| v.spec().clone()).collect();
    let out_specs = op.infer(&specs).map_err(|e| e.in_op(name))?;
    let outputs = if inputs.iter().any(Value::is_traced) {
        trace::append(&op, inputs, out_specs).map_err(|e| e.in_op(name))?
    } else {
        run_eager(op.as_ref(), inputs, out_specs).map_err(|e| e.in_op(name))?
    };
    tape::record(&op, inputs, &outputs);
    Ok(outputs)
}

/// Applies an op that has exactly one output.
pub fn apply1(op: impl Op + 'static, inputs: &[Value]) -> Result<Value> {
    let mut outputs = apply(Arc::new(op), inputs)?;
    match (outputs.pop(), outputs.is_empty()) {
        (Some(only), true) => Ok(only),
        _ => Err(Error::internal("an op with several outputs was applied as if it had one")),
    }
}

/// Casts operands as the op asks; `None` if they are right already.
fn promote_operands(rule: Promotion, inputs: &[Value]) -> Result<Option<Vec<Value>>> {
    let (range, float) = match rule {
        Promotion::None => return Ok(None),
        Promotion::Bool | Promotion::Accumulate | Promotion::LastIsIndex => (0..0, false),
        Promotion::Common => (0..inputs.len(), false),
        Promotion::Float => (0..inputs.len(), true),
        Promotion::CommonFirst(n) => (0..n.min(inputs.len()), false),
        Promotion::FloatFirst(n) => (0..n.min(inputs.len()), true),
        Promotion::FirstIsIndex => (1.min(inputs.len())..inputs.len(), true),
        Promotion::CommonAfterCondition => (1.min(inputs.len())..inputs.len(), false),
    };
    let common = inputs[range.clone()].iter().map(|v| v.spec().dtype).reduce(promote);
    let common = common.map(|d| if float { d.to_float() } else { d });
    let wanted = |i: usize| match rule {
        Promotion::Bool => Some(DType::Bool),
        Promotion::FirstIsIndex if i == 0 => Some(DType::I64),
        Promotion::LastIsIndex if i + 1 == inputs.len() => Some(DType::I64),
        Promotion::Accumulate => Some(inputs[i].spec().dtype.accumulator()),
        Promotion::CommonAfterCondition if i == 0 => Some(DType::Bool),
        _ if range.contains(&i) => common,
        _ => None,
    };
    if inputs.iter().enumerate().all(|(i, v)| wanted(i).is_none_or(|d| d == v.spec().dtype)) {
        return Ok(None);
    }
    let cast_one = |(i, v): (usize, &Value)| match wanted(i) {
        Some(dtype) => cast(v, dtype),
        None => Ok(v.clone()),
    };
    inputs.iter().enumerate().map(cast_one).collect::<Result<Vec<_>>>().map(Some)
}

/// Half-precision operands are stored so but computed in float32; float32 results are stored back as halves.
fn through_float32(op: Arc<dyn Op>, inputs: &[Value], half: DType) -> Result<Vec<Value>> {
    let wide = inputs
        .iter()
        .map(|v| if v.spec().dtype.is_half() { cast(v, DType::F32) } else { Ok(v.clone()) })
        .collect::<Result<Vec<_>>>()?;
    let instead = if half == DType::BF16 { op.of_cast_halves() } else { None };
    let outputs = apply(instead.unwrap_or(op), &wide)?;
    // A float32 operand beside the halves means the op was asked to mix: its result stays float32.
    let mixed = inputs.iter().any(|v| v.spec().dtype == DType::F32);
    outputs
        .into_iter()
        .map(|v| if v.spec().dtype == DType::F32 && !mixed { cast(&v, half) } else { Ok(v) })
        .collect()
}

fn run_eager(op: &dyn Op, inputs: &[Value], out_specs: Vec<Spec>) -> Result<Vec<Value>> {
    let tensors = inputs.iter().map(Value::tensor).collect::<Result<SmallVec<[&Tensor; 4]>>>()?;
    if op.traits().view {
        let spec = out_specs.into_iter().next().ok_or_else(|| Error::internal("a view without output"))?;
        return Ok(vec![Value::eager(tensors[0].reshaped(spec))]);
    }
    let mut buffers: SmallVec<[Buffer; 2]> = SmallVec::new();
    for spec in &out_specs {
        spec.check_size()?;
        buffers.push(Buffer::dirty(spec.bytes())?);
    }
    let specs: SmallVec<[Spec; 4]> = tensors.iter().map(|t| t.spec().clone()).collect();
    let scratch_len = op.scratch(&specs);
    let mut scratch = Buffer::dirty(scratch_len)?;
    {
        let views: SmallVec<[View<'_>; 4]> = tensors.iter().map(|t| View::new(t.spec(), t.bytes())).collect();
        let mut outs: SmallVec<[ViewMut<'_>; 2]> =
            out_specs.iter().zip(&mut buffers).map(|(s, b)| ViewMut::new(s, b.as_bytes_mut())).collect();
        halves::run(op, &views, &mut outs, scratch.as_bytes_mut());
    }
    Ok(out_specs.into_iter().zip(buffers).map(|(s, b)| Value::eager(Tensor::new(s, b))).collect())
}
