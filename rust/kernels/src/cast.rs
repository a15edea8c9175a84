//! Casts.
use crate::element::cast_slice;
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Kind { Bool, U8, U16, U32, U64, I8, I16, I32, I64, F16, BF16, F32, F64 }
pub fn cast(from: Kind, to: Kind, x: &[u8], y: &mut [u8]) {
    let v: Vec<f64> = match from {
        Kind::Bool | Kind::U8 => x.iter().map(|v| *v as f64).collect(),
        Kind::F32 => cast_slice::<f32>(x).iter().map(|v| *v as f64).collect(),
        Kind::F64 => cast_slice::<f64>(x).to_vec(),
        Kind::I32 => cast_slice::<i32>(x).iter().map(|v| *v as f64).collect(),
        Kind::I64 => cast_slice::<i64>(x).iter().map(|v| *v as f64).collect(),
        _ => return,
    };
    match to {
        Kind::Bool => for (o, v) in y.iter_mut().zip(v) { *o = (v != 0.0) as u8 },
        Kind::F32 => for (o, v) in y.chunks_exact_mut(4).zip(v) { o.copy_from_slice(&(v as f32).to_ne_bytes()) },
        Kind::F64 => for (o, v) in y.chunks_exact_mut(8).zip(v) { o.copy_from_slice(&v.to_ne_bytes()) },
        Kind::I32 => for (o, v) in y.chunks_exact_mut(4).zip(v) { o.copy_from_slice(&(v as i32).to_ne_bytes()) },
        Kind::I64 => for (o, v) in y.chunks_exact_mut(8).zip(v) { o.copy_from_slice(&(v as i64).to_ne_bytes()) },
        _ => {}
    }
}
