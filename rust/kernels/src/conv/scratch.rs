//! Typed scratch memory and addresses shared by tasks.

use std::marker::PhantomData;
use std::ops::{Deref, DerefMut};

use crate::memory::Buffer;

/// A block of elements from the pool of [`crate::memory`]: after the first call of a shape it costs no allocation.
pub(crate) struct Array<T> {
    buffer: Buffer,
    len: usize,
    element: PhantomData<T>,
}

impl<T: Plain> Array<T> {
    /// `len` elements with whatever is there.
    ///
    /// # Panics
    /// If memory is exhausted: scratch is a fraction of the operands, which were allocated before.
    pub fn dirty(len: usize) -> Self {
        let buffer = Buffer::dirty(len * size_of::<T>()).expect("memory for scratch");
        Self { buffer, len, element: PhantomData }
    }

    pub fn zeroed(len: usize) -> Self {
        let mut array = Self::dirty(len);
        array.buffer.as_bytes_mut().fill(0);
        array
    }
}

/// Numbers for which any bytes are a value.
///
/// # Safety
/// Every bit pattern must be valid and the alignment at most that of a [`Buffer`].
pub unsafe trait Plain: Copy {}
// SAFETY: plain numbers.
unsafe impl Plain for f32 {}
// SAFETY: plain numbers.
unsafe impl Plain for f64 {}
// SAFETY: plain numbers.
unsafe impl Plain for usize {}

impl<T: Plain> Deref for Array<T> {
    type Target = [T];
    fn deref(&self) -> &[T] {
        // SAFETY: the block is aligned, initialised, holds `len` elements, and any bytes are a value.
        unsafe { std::slice::from_raw_parts(self.buffer.as_bytes().as_ptr().cast(), self.len) }
    }
}

impl<T: Plain> DerefMut for Array<T> {
    fn deref_mut(&mut self) -> &mut [T] {
        // SAFETY: as in `deref`; `&mut self` makes the access exclusive.
        unsafe { std::slice::from_raw_parts_mut(self.buffer.as_bytes_mut().as_mut_ptr().cast(), self.len) }
    }
}

/// The start of a slice that several tasks write to, each its own part.
pub(crate) struct Shared<T>(*mut T);

impl<T> Clone for Shared<T> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<T> Copy for Shared<T> {}

// SAFETY: only an address; every write through it is justified where it happens.
unsafe impl<T: Send> Send for Shared<T> {}
// SAFETY: as above.
unsafe impl<T: Send> Sync for Shared<T> {}

impl<T> Shared<T> {
    pub fn new(slice: &mut [T]) -> Self {
        Self(slice.as_mut_ptr())
    }

    pub fn at(self, offset: usize) -> *mut T {
        self.0.wrapping_add(offset)
    }
}
