//! Operands where the engine puts them: at the start of a cache line. A vector's elements may lie anywhere, and every store of a whole
//! register would then touch two lines.

use std::ops::{Deref, DerefMut};

/// Numbers from a cache line's start on.
pub struct Aligned<T> {
    all: Vec<T>,
    start: usize,
    len: usize,
}

impl<T: Copy + Default> Aligned<T> {
    /// `len` numbers, the i-th of them `value(i)`.
    pub fn new(len: usize, value: impl Fn(usize) -> T) -> Self {
        const LINE: usize = 64;
        let mut all = vec![T::default(); len + LINE / size_of::<T>()];
        let start = (all.as_ptr() as usize).wrapping_neg() % LINE / size_of::<T>();
        all[start..][..len].iter_mut().enumerate().for_each(|(i, v)| *v = value(i));
        Self { all, start, len }
    }
}

impl<T> Deref for Aligned<T> {
    type Target = [T];

    fn deref(&self) -> &[T] {
        &self.all[self.start..][..self.len]
    }
}

impl<T> DerefMut for Aligned<T> {
    fn deref_mut(&mut self) -> &mut [T] {
        &mut self.all[self.start..][..self.len]
    }
}
