//! Element types and Keras' rules for combining them.

use std::fmt;
use std::sync::atomic::{AtomicU8, Ordering};

use crate::error::{Error, Result};

/// The element type of a tensor. float16 and bfloat16 are storage only: arithmetic runs in float32.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, PartialOrd, Ord)]
#[repr(u8)]
pub enum DType {
    Bool,
    U8,
    U16,
    U32,
    U64,
    I8,
    I16,
    I32,
    I64,
    F16,
    BF16,
    F32,
    F64,
}

use DType::{BF16, Bool, F16, F32, F64, I8, I16, I32, I64, U8, U16, U32, U64};

/// Every dtype with its name, in declaration order.
pub const DTYPES: [(DType, &str); 13] = [
    (Bool, "bool"),
    (U8, "uint8"),
    (U16, "uint16"),
    (U32, "uint32"),
    (U64, "uint64"),
    (I8, "int8"),
    (I16, "int16"),
    (I32, "int32"),
    (I64, "int64"),
    (F16, "float16"),
    (BF16, "bfloat16"),
    (F32, "float32"),
    (F64, "float64"),
];

static FLOATX: AtomicU8 = AtomicU8::new(F32 as u8);

/// The default float type (`keras.config.floatx()`).
pub fn floatx() -> DType {
    DTYPES[FLOATX.load(Ordering::Relaxed) as usize].0
}

/// Sets the default float type; it must be a float.
pub fn set_floatx(dtype: DType) -> Result<()> {
    if !dtype.is_float() {
        return Err(Error::value(format!("floatx must be a float dtype, got {dtype}")));
    }
    FLOATX.store(dtype as u8, Ordering::Relaxed);
    Ok(())
}

impl DType {
    pub fn name(self) -> &'static str {
        DTYPES[self as usize].1
    }

    pub fn parse(name: &str) -> Result<Self> {
        DTYPES.iter().find(|(_, n)| *n == name).map(|(d, _)| *d).ok_or_else(|| {
            let known: Vec<_> = DTYPES.iter().map(|(_, n)| *n).collect();
            Error::dtype(format!("unknown dtype {name:?}; known dtypes: {}", known.join(", ")))
        })
    }

    /// Bytes of one element.
    pub fn size(self) -> usize {
        match self {
            Bool | U8 | I8 => 1,
            U16 | I16 | F16 | BF16 => 2,
            U32 | I32 | F32 => 4,
            U64 | I64 | F64 => 8,
        }
    }

    pub fn is_float(self) -> bool {
        matches!(self, F16 | BF16 | F32 | F64)
    }

    /// Stored in two bytes, computed in float32.
    pub fn is_half(self) -> bool {
        matches!(self, F16 | BF16)
    }

    pub fn is_int(self) -> bool {
        !self.is_float() && self != Bool
    }

    pub fn is_signed_int(self) -> bool {
        matches!(self, I8 | I16 | I32 | I64)
    }

    /// The type in which this one is computed.
    pub fn compute(self) -> Self {
        if self.is_half() { F32 } else { self }
    }

    /// The type in which sums and products of this one are formed.
    pub fn accumulator(self) -> Self {
        match self {
            Bool | I8 | I16 => I32,
            U8 | U16 => U32,
            other => other,
        }
    }

    /// Itself if a float, else the default float: the result type of `exp`, `mean`, true division.
    pub fn to_float(self) -> Self {
        if self.is_float() { self } else { floatx() }
    }
}

impl fmt::Display for DType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// The smallest type that holds both, on Keras' promotion lattice (bool < integers < floats).
///
/// A signed and an unsigned integer meet in the next larger signed one; uint64 with a signed one, and any
/// integer with a float, meet in a float; float16 with bfloat16 in float32.
pub fn promote(a: DType, b: DType) -> DType {
    if a == b {
        return a;
    }
    let (a, b) = if a < b { (a, b) } else { (b, a) };
    match (a, b) {
        (Bool, other) => other,
        (x, y) if y.is_float() => match (x, y) {
            (F16, BF16) => F32,
            (x, y) if x.is_float() => if x.size() >= y.size() { x } else { y },
            _ => y,
        },
        (x, y) if x.is_signed_int() == y.is_signed_int() => if x.size() >= y.size() { x } else { y },
        // Here x is unsigned and y signed.
        (x, y) if y.size() > x.size() => y,
        (U8, _) => I16,
        (U16, _) => I32,
        (U32, _) => I64,
        _ => floatx(),
    }
}

/// A Python scalar among tensors: it decides the kind of the result but never widens it.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, PartialOrd, Ord)]
pub enum Weak {
    Bool,
    Int,
    Float,
}

impl Weak {
    /// The dtype of a Python scalar that meets a tensor of type `other`, or stands alone (None).
    pub fn resolve(self, other: Option<DType>) -> DType {
        match (self, other) {
            (Self::Bool, None) => Bool,
            (Self::Bool, Some(t)) => t,
            (Self::Int, None | Some(Bool)) => I32,
            (Self::Int, Some(t)) => t,
            (Self::Float, Some(t)) if t.is_float() => t,
            (Self::Float, _) => floatx(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn promotion_is_a_commutative_lattice() {
        for (a, _) in DTYPES {
            for (b, _) in DTYPES {
                assert_eq!(promote(a, b), promote(b, a), "{a} {b}");
            }
        }
        assert_eq!(promote(U8, I8), I16);
        assert_eq!(promote(U32, I64), I64);
        assert_eq!(promote(U64, I8), F32);
        assert_eq!(promote(F16, BF16), F32);
        assert_eq!(promote(I64, F16), F16);
        assert_eq!(promote(F32, F64), F64);
    }

    #[test]
    fn weak_scalars_do_not_widen() {
        assert_eq!(Weak::Float.resolve(Some(BF16)), BF16);
        assert_eq!(Weak::Float.resolve(Some(I64)), F32);
        assert_eq!(Weak::Int.resolve(Some(U8)), U8);
        assert_eq!(Weak::Int.resolve(Some(Bool)), I32);
    }
}
