//! Elementwise loops over slices: instruction set, threads and the in-place form, for every family of ops.

use super::frame::{self, Loop};
use super::{Fma, Separate};
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
    /// Whether the loop is worth compiling for each instruction set. Integer loops and rare casts are not: there
    /// are hundreds of them, memory bound mostly, and they would take a minute of every build.
    const FRAMED: bool = true;
    fn call<F: Fma>(self, x: T) -> U;
    /// Elements for which `call` does not hold; they are computed again with `call_rare`.
    #[inline(always)]
    fn is_rare(self, _: T) -> bool {
        false
    }
    #[inline(always)]
    fn call_rare(self, x: T) -> U {
        self.call::<Separate>(x)
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

/// The compiled loop of one op for the active instruction set, with its types erased: what splits and buffers slices
/// is then compiled once for an element type and not once for an op.
fn compiled<T: Element, U: Element, M: Map<T, U>>(map: M) -> impl Fn(&[T], &mut [U]) + Sync {
    let isa = isa::active();
    move |x, y| {
        let body = Map1 { map, x, y };
        if M::FRAMED { frame::run(isa, body) } else { body.run::<Separate>() }
    }
}

/// y = map(x), elementwise.
pub(crate) fn map<T: Element, U: Element, M: Map<T, U>>(map: M, x: &[T], y: &mut [U]) {
    drive(&compiled(map), M::COST.chunk::<T>(), x, y);
}

fn drive<T: Element, U: Element>(each: &(dyn Fn(&[T], &mut [U]) + Sync), chunk: usize, x: &[T], y: &mut [U]) {
    assert_eq!(x.len(), y.len(), "lengths of input and output");
    parallel::for_each_chunk_mut(y, chunk, |i, y| each(&x[i * chunk..][..y.len()], y));
}

/// xy = map(xy), elementwise, with the bits that [`map`] gives.
pub(crate) fn map_in_place<T: Element, M: Map<T>>(map: M, xy: &mut [T]) {
    drive_in_place(&compiled(map), M::COST.chunk::<T>(), xy);
}

fn drive_in_place<T: Element>(each: &(dyn Fn(&[T], &mut [T]) + Sync), chunk: usize, xy: &mut [T]) {
    parallel::for_each_chunk_mut(xy, chunk, |_, xy| {
        let mut x = [T::ZERO; PIECE];
        for y in xy.chunks_mut(PIECE) {
            let x = &mut x[..y.len()];
            x.copy_from_slice(y);
            each(x, y);
        }
    });
}
