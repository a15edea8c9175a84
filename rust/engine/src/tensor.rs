//! A tensor that has its numbers: a shared, contiguous block and its spec.

use std::sync::Arc;

use rkeras_kernels::element::{Element, cast_slice, cast_slice_mut};
use rkeras_kernels::memory::Buffer;

use crate::dtype::DType;
use crate::error::{Error, Result};
use crate::spec::Spec;

/// An immutable value. Clones share the block; reshapes and row ranges share it too.
#[derive(Clone)]
pub struct Tensor {
    buffer: Arc<Buffer>,
    offset: usize,
    spec: Spec,
}

impl Tensor {
    /// Wraps a block that holds exactly `spec.bytes()` bytes.
    pub fn new(spec: Spec, buffer: Buffer) -> Self {
        Self::from_shared(spec, Arc::new(buffer), 0)
    }

    /// A window of a shared block, starting `offset` bytes in.
    pub fn from_shared(spec: Spec, buffer: Arc<Buffer>, offset: usize) -> Self {
        assert!(offset + spec.bytes() <= buffer.len(), "tensor window outside of its block");
        Self { buffer, offset, spec }
    }

    pub fn zeros(spec: Spec) -> Result<Self> {
        spec.check_size()?;
        let buffer = Buffer::zeroed(spec.bytes())?;
        Ok(Self::new(spec, buffer))
    }

    /// Copies `data` into a tensor of the given shape.
    pub fn from_slice<T: Element>(dtype: DType, shape: &[usize], data: &[T]) -> Result<Self> {
        let spec = Spec::new(dtype, shape);
        if data.len() != spec.size() || dtype.size() != size_of::<T>() {
            return Err(Error::internal(format!("{} elements for a {spec} tensor", data.len())));
        }
        let mut buffer = Buffer::dirty(spec.bytes())?;
        cast_slice_mut::<T>(buffer.as_bytes_mut()).copy_from_slice(data);
        Ok(Self::new(spec, buffer))
    }

    pub fn spec(&self) -> &Spec {
        &self.spec
    }

    pub fn bytes(&self) -> &[u8] {
        &self.buffer.as_bytes()[self.offset..self.offset + self.spec.bytes()]
    }

    pub fn as_slice<T: Element>(&self) -> &[T] {
        cast_slice(self.bytes())
    }

    /// The block and the byte at which this tensor starts in it.
    pub fn storage(&self) -> (&Arc<Buffer>, usize) {
        (&self.buffer, self.offset)
    }

    /// The block itself if nobody else holds it, else a copy: what an in-place update may write to.
    ///
    /// Gives the tensor back if there is no memory for the copy.
    pub fn into_owned_buffer(self) -> std::result::Result<Buffer, (Self, Error)> {
        let whole = self.offset == 0 && self.buffer.len() == self.spec.bytes() && self.buffer.is_own();
        let shared = if whole {
            match Arc::try_unwrap(self.buffer) {
                Ok(buffer) => return Ok(buffer),
                Err(buffer) => Self { buffer, ..self },
            }
        } else {
            self
        };
        Buffer::copy_of(shared.bytes()).map_err(|e| (shared, e.into()))
    }

    /// The same numbers under another shape of equal size.
    pub fn reshaped(&self, spec: Spec) -> Self {
        debug_assert_eq!(spec.bytes(), self.spec.bytes());
        Self { buffer: self.buffer.clone(), offset: self.offset, spec }
    }

    /// Rows `start..end` of the first axis, sharing the block.
    pub fn rows(&self, start: usize, end: usize) -> Self {
        let mut spec = self.spec.clone();
        let row = self.spec.bytes() / self.spec.shape[0].max(1);
        spec.shape[0] = end - start;
        Self { buffer: self.buffer.clone(), offset: self.offset + start * row, spec }
    }
}
