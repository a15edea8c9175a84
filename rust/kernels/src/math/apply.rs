//! Elementwise loops over slices: instruction set, threads and the in-place form, for every family of ops.

use super::Fma;
use super::frame::{self, Loop};
use crate::element::Element;
use crate::{isa, parallel};

/// Elements of the stack buffers through which pieces of an operand go; two of f64 fill a third of L1.
pub(crate) const PIECE: usize = 1024;

/// What an element costs, which decides how much work one task gets: each is worth some 5 to 20 µs.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Cost {
    /// Memory bound.
    Light,
    /// A vectorised polynomial (or a library call, in f64).
    Medium,
    /// A library call for each element.
    Heavy,
}

impl Cost {
    /// Elements of one task. Fixed for an op and type, so that no result depends on the number of threads.
    pub(crate) fn chunk<T>(self) -> usize {
        match self {
            Self::Light => (1 << 18) / size_of::<T>(),
            Self::Medium if size_of::<T>() == 8 => 1 << 12,
            Self::Medium => 1 << 14,
            Self::Heavy => 1 << 10,
        }
    }
}

/// A function of one element. `call` must be branch-free to be vectorised.
pub(crate) trait Map<T, U = T>: Copy + Send + Sync {
    const COST: Cost;
    fn call<F: Fma>(self, x: T) -> U;
    /// Elements for which `call` does not hold; they are computed again with `call_rare`.
    #[inline(always)]
    fn is_rare(self, _: T) -> bool {
        false
    }
    #[inline(always)]
    fn call_rare(self, x: T) -> U {
        self.call::<super::Separate>(x)
    }
}

struct Map1<'a, T, U, M> {
    map: M,
    x: &'a [T],
    y: &'a mut [U],
}

impl<T: Element, U: Element, M: Map<T, U>> Loop for Map1<'_, T, U, M> {
    #[inline(always)]
    fn run<F: Fma>(self) {
        let Self { map, x, y } = self;
        let mut rare = false;
        for (y, &x) in y.iter_mut().zip(x) {
            *y = map.call::<F>(x);
            rare |= map.is_rare(x);
        }
        if rare {
            for (y, &x) in y.iter_mut().zip(x) {
                if map.is_rare(x) {
                    *y = map.call_rare(x);
                }
            }
        }
    }
}

/// y = map(x), elementwise.
pub(crate) fn map<T: Element, U: Element, M: Map<T, U>>(map: M, x: &[T], y: &mut [U]) {
    assert_eq!(x.len(), y.len(), "lengths of input and output");
    let (isa, chunk) = (isa::active(), M::COST.chunk::<T>());
    parallel::for_each_chunk_mut(y, chunk, |i, y| {
        let x = &x[i * chunk..][..y.len()];
        frame::run(isa, Map1 { map, x, y });
    });
}

/// xy = map(xy), elementwise, with the bits that [`map`] gives.
pub(crate) fn map_in_place<T: Element, M: Map<T>>(map: M, xy: &mut [T]) {
    let isa = isa::active();
    parallel::for_each_chunk_mut(xy, M::COST.chunk::<T>(), |_, xy| {
        let mut x = [T::ZERO; PIECE];
        for y in xy.chunks_mut(PIECE) {
            let x = &mut x[..y.len()];
            x.copy_from_slice(y);
            frame::run(isa, Map1 { map, x, y });
        }
    });
}
