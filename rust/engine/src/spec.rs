//! Shapes and specs: what is known of a value before it has one.

use std::fmt;

use smallvec::SmallVec;

use crate::dtype::DType;
use crate::error::{Error, Result};

/// Sizes of the axes, outermost first.
pub type Shape = SmallVec<[usize; 6]>;

/// Shape and dtype of a value. Every value is contiguous and row-major.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct Spec {
    pub dtype: DType,
    pub shape: Shape,
}

impl Spec {
    pub fn new(dtype: DType, shape: &[usize]) -> Self {
        Self { dtype, shape: Shape::from_slice(shape) }
    }

    pub fn scalar(dtype: DType) -> Self {
        Self::new(dtype, &[])
    }

    pub fn rank(&self) -> usize {
        self.shape.len()
    }

    /// Number of elements.
    pub fn size(&self) -> usize {
        self.shape.iter().product()
    }

    /// Number of bytes.
    pub fn bytes(&self) -> usize {
        self.size() * self.dtype.size()
    }

    /// The same shape with another dtype.
    pub fn with_dtype(&self, dtype: DType) -> Self {
        Self { dtype, shape: self.shape.clone() }
    }

    /// The same dtype with another shape.
    pub fn with_shape(&self, shape: &[usize]) -> Self {
        Self::new(self.dtype, shape)
    }

    /// Fails if the byte count overflows or exceeds the machine's memory: asked before anything is allocated.
    pub fn check_size(&self) -> Result<()> {
        let bytes = self.shape.iter().try_fold(self.dtype.size(), |n, &d| n.checked_mul(d));
        let limit = rkeras_kernels::memory::memory_limit();
        match bytes {
            Some(n) if n <= limit => Ok(()),
            _ => Err(Error::Memory(format!(
                "a {self} tensor needs {} of memory and this machine has {}; use smaller sizes",
                bytes.map_or_else(|| "more than 16 EiB".to_string(), human_bytes),
                human_bytes(limit),
            ))),
        }
    }
}

fn human_bytes(n: usize) -> String {
    let mut value = n as f64;
    for unit in ["B", "KiB", "MiB", "GiB", "TiB", "PiB"] {
        if value < 1024.0 {
            return format!("{value:.1} {unit}");
        }
        value /= 1024.0;
    }
    format!("{value:.1} EiB")
}

impl fmt::Display for Spec {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}{}", self.dtype, ShapeText(&self.shape))
    }
}

impl fmt::Debug for Spec {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// Prints a shape as Python would: `(2, 3)`, `(4,)`, `()`.
pub struct ShapeText<'a>(pub &'a [usize]);

impl fmt::Display for ShapeText<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("(")?;
        for (i, d) in self.0.iter().enumerate() {
            if i > 0 {
                f.write_str(", ")?;
            }
            write!(f, "{d}")?;
        }
        f.write_str(if self.0.len() == 1 { ",)" } else { ")" })
    }
}

/// The axis a possibly negative index names.
pub fn normalize_axis(axis: i64, rank: usize) -> Result<usize> {
    let resolved = if axis < 0 { axis + rank as i64 } else { axis };
    if resolved < 0 || resolved >= rank as i64 {
        return Err(Error::value(format!("axis {axis} is out of range for a tensor of rank {rank}")));
    }
    Ok(resolved as usize)
}

/// Sorted, distinct, resolved axes; `None` means all of them.
pub fn normalize_axes(axes: Option<&[i64]>, rank: usize) -> Result<SmallVec<[usize; 6]>> {
    let Some(axes) = axes else { return Ok((0..rank).collect()) };
    let mut out: SmallVec<[usize; 6]> = SmallVec::new();
    for &axis in axes {
        let axis = normalize_axis(axis, rank)?;
        if out.contains(&axis) {
            return Err(Error::value(format!("axis {axis} is named twice in {axes:?}")));
        }
        out.push(axis);
    }
    out.sort_unstable();
    Ok(out)
}

/// The shape two operands broadcast to, NumPy's rule.
pub fn broadcast(a: &[usize], b: &[usize]) -> Result<Shape> {
    let rank = a.len().max(b.len());
    let mut out = Shape::from_elem(1, rank);
    for i in 0..rank {
        let da = if i + a.len() >= rank { a[i + a.len() - rank] } else { 1 };
        let db = if i + b.len() >= rank { b[i + b.len() - rank] } else { 1 };
        out[i] = match (da, db) {
            (x, y) if x == y => x,
            (1, y) => y,
            (x, 1) => x,
            _ => {
                return Err(Error::value(format!(
                    "shapes {} and {} cannot be broadcast together: sizes {da} and {db} differ and neither is 1",
                    ShapeText(a),
                    ShapeText(b)
                )));
            }
        };
    }
    Ok(out)
}
