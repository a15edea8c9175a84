//! Short blocks of vectors as arrays: loops over them have no aliases to check and no tail.

use crate::element::Float;

/// Elements of a block.
pub(super) const LANES: usize = 32;

pub(super) type Lanes<T> = [T; LANES];

/// The block of `from` at `at`, filled up with zeros past its end.
#[inline(always)]
pub(super) fn take<T: Float>(from: &[T], at: usize) -> Lanes<T> {
    let mut lanes = [T::ZERO; LANES];
    if at + LANES <= from.len() {
        lanes.copy_from_slice(&from[at..at + LANES]);
    } else {
        lanes[..from.len() - at].copy_from_slice(&from[at..]);
    }
    lanes
}

/// Writes a block to `to` at `at`, up to its end.
#[inline(always)]
pub(super) fn put<T: Float>(to: &mut [T], at: usize, lanes: &Lanes<T>) {
    if at + LANES <= to.len() {
        to[at..at + LANES].copy_from_slice(lanes);
    } else {
        let n = to.len() - at;
        to[at..].copy_from_slice(&lanes[..n]);
    }
}

/// A block from a function of the place.
#[inline(always)]
pub(super) fn each<T: Float>(f: impl Fn(usize) -> T) -> Lanes<T> {
    let mut lanes = [T::ZERO; LANES];
    for l in 0..LANES {
        lanes[l] = f(l);
    }
    lanes
}

/// The sum of two blocks.
#[inline(always)]
pub(super) fn add<T: Float>(a: &Lanes<T>, b: &Lanes<T>) -> Lanes<T> {
    each(|l| a[l] + b[l])
}

/// `g y (1 - y)`: the slope before a sigmoid from that after it.
#[inline(always)]
pub(super) fn through_sigmoid<T: Float>(g: &Lanes<T>, y: &Lanes<T>) -> Lanes<T> {
    each(|l| g[l] * y[l] * (T::ONE - y[l]))
}

/// `g (1 - y²)`: the slope before a tanh from that after it.
#[inline(always)]
pub(super) fn through_tanh<T: Float>(g: &Lanes<T>, y: &Lanes<T>) -> Lanes<T> {
    each(|l| g[l] * (T::ONE - y[l] * y[l]))
}
