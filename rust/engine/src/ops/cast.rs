//! Changing the dtype.

use std::sync::Arc;

use half::{bf16, f16};

use rkeras_kernels::cast as kernel;

use crate::apply::apply1;
use crate::attrs::Attrs;
use crate::dtype::DType;
use crate::error::Result;
use crate::op::{OfRest, Op, Rest, Traits, View, ViewMut, Vjp, arity};
use crate::registry::Entry;
use crate::spec::Spec;
use crate::tensor::Tensor;
use crate::value::Value;

pub const OPS: &[Entry] = &[("cast", |a: &Attrs| Ok(Arc::new(Cast { dtype: a.dtype("dtype")? })))];

/// The same numbers in another dtype: floats to integers truncate and saturate, anything but zero is true.
#[derive(Debug)]
pub struct Cast {
    dtype: DType,
}

impl Op for Cast {
    fn name(&self) -> &'static str {
        "cast"
    }

    fn infer(&self, inputs: &[Spec]) -> Result<Vec<Spec>> {
        arity(self.name(), inputs, 1)?;
        Ok(vec![inputs[0].with_dtype(self.dtype)])
    }

    fn run(&self, inputs: &[View<'_>], outputs: &mut [ViewMut<'_>], _: &mut [u8]) {
        kernel::cast(kind(inputs[0].spec.dtype), kind(self.dtype), inputs[0].bytes(), outputs[0].bytes());
    }

    fn of_rest(&self, rests: &[Option<Rest>]) -> Option<OfRest> {
        (rests[0]? == Rest::Zeros && self.dtype.is_float()).then_some(OfRest::Rows(Rest::Zeros))
    }

    fn vjp(&self, at: &Vjp<'_>) -> Result<Vec<Option<Value>>> {
        if !self.dtype.is_float() {
            return at.none();
        }
        Ok(vec![Some(cast(&at.g()?, at.x(0).spec().dtype)?)])
    }

    fn traits(&self) -> Traits {
        Traits { any_dtype: true, reads_inputs: 0, reads_outputs: 0, ..Traits::default() }
    }

    fn simplify(&self, inputs: &[Value]) -> Option<Value> {
        (inputs[0].spec().dtype == self.dtype).then(|| inputs[0].clone())
    }

    fn flops(&self, _: &[Spec], _: &[Spec]) -> usize {
        0
    }
}

/// The kernels' name of a dtype.
pub(crate) fn kind(dtype: DType) -> kernel::Kind {
    use kernel::Kind;
    match dtype {
        DType::Bool => Kind::Bool,
        DType::U8 => Kind::U8,
        DType::U16 => Kind::U16,
        DType::U32 => Kind::U32,
        DType::U64 => Kind::U64,
        DType::I8 => Kind::I8,
        DType::I16 => Kind::I16,
        DType::I32 => Kind::I32,
        DType::I64 => Kind::I64,
        DType::F16 => Kind::F16,
        DType::BF16 => Kind::BF16,
        DType::F32 => Kind::F32,
        DType::F64 => Kind::F64,
    }
}

/// `x` as `dtype`.
pub fn cast(x: &Value, dtype: DType) -> Result<Value> {
    if x.spec().dtype == dtype {
        return Ok(x.clone());
    }
    apply1(Cast { dtype }, std::slice::from_ref(x))
}

/// The bytes of one element; the first `dtype.size()` of them count.
pub fn encode(value: f64, dtype: DType) -> [u8; 8] {
    encode_number(value, value as i64, dtype)
}

fn encode_number(f: f64, i: i64, dtype: DType) -> [u8; 8] {
    let mut out = [0; 8];
    let mut put = |bytes: &[u8]| out[..bytes.len()].copy_from_slice(bytes);
    match dtype {
        DType::Bool => put(&[u8::from(f != 0.0)]),
        DType::U8 => put(&(i as u8).to_ne_bytes()),
        DType::U16 => put(&(i as u16).to_ne_bytes()),
        DType::U32 => put(&(i as u32).to_ne_bytes()),
        DType::U64 => put(&(if f >= 9.3e18 { f as u64 } else { i as u64 }).to_ne_bytes()),
        DType::I8 => put(&(i as i8).to_ne_bytes()),
        DType::I16 => put(&(i as i16).to_ne_bytes()),
        DType::I32 => put(&(i as i32).to_ne_bytes()),
        DType::I64 => put(&i.to_ne_bytes()),
        DType::F16 => put(&f16::from_f64(f).to_ne_bytes()),
        DType::BF16 => put(&bf16::from_f64(f).to_ne_bytes()),
        DType::F32 => put(&(f as f32).to_ne_bytes()),
        DType::F64 => put(&f.to_ne_bytes()),
    }
    out
}

/// A scalar tensor from a Python number, given both as float and as integer.
pub fn scalar(f: f64, i: i64, dtype: DType) -> Result<Value> {
    let mut tensor = rkeras_kernels::memory::Buffer::dirty(dtype.size())?;
    tensor.as_bytes_mut().copy_from_slice(&encode_number(f, i, dtype)[..dtype.size()]);
    Ok(Value::eager(Tensor::new(Spec::scalar(dtype), tensor)))
}

/// Gathers rows of `row` elements and casts them in one pass over the batch.
pub(crate) fn gather_cast(from: DType, to: DType, row: usize, data: &[u8], indices: &[i64], out: &mut [u8]) {
    let (from_row, to_row) = (row * from.size(), row * to.size());
    if to_row == 0 {
        return;
    }
    rkeras_kernels::parallel::for_each_chunk_mut(out, to_row, |i, slot| {
        let start = indices[i] as usize * from_row;
        kernel::cast(kind(from), kind(to), &data[start..start + from_row], slot);
    });
}
