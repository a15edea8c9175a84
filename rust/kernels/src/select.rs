//! Choosing between tensors, element by element.

use crate::binary::{Broadcast, Reader};
use crate::element::{Element, cast_slice, cast_slice_mut};
use crate::math::Fma;
use crate::math::apply::{self, Cost, Map};
use crate::math::frame::{self, Loop};
use crate::{isa, parallel};

struct Choose<'a, T> {
    condition: &'a [u8],
    a: &'a [T],
    b: &'a [T],
    y: &'a mut [T],
}

impl<T: Element> Loop for Choose<'_, T> {
    #[inline(always)]
    fn run<F: Fma>(self) {
        let Self { condition, a, b, y } = self;
        let (condition, a, b) = (&condition[..y.len()], &a[..y.len()], &b[..y.len()]);
        for i in 0..y.len() {
            // Both are read first, so that this is a blend and not a branch.
            let (a, b) = (a[i], b[i]);
            y[i] = if condition[i] != 0 { a } else { b };
        }
    }
}

/// y = a where the condition is not 0, else b; `shapes` describes (condition, a, b).
///
/// # Panics
/// If the slices do not fit the shapes.
pub fn choose<T: Element>(shapes: &Broadcast, condition: &[u8], a: &[T], b: &[T], y: &mut [T]) {
    let [pc, pa, pb] = [0, 1, 2].map(|i| shapes.pattern(i));
    let len = shapes.len();
    assert!(
        y.len() == len && condition.len() >= pc.needs(len) && a.len() >= pa.needs(len) && b.len() >= pb.needs(len),
        "slices do not fit their shapes"
    );
    let (isa, chunk) = (isa::active(), Cost::Light.chunk::<T>());
    parallel::for_each_chunk_mut(y, chunk, |i, y| {
        let mut c = Reader::new(condition, pc, 0);
        let (mut a, mut b) = (Reader::new(a, pa, T::ZERO), Reader::new(b, pb, T::ZERO));
        let (mut start, mut y) = (i * chunk, y);
        while !y.is_empty() {
            let len = y.len().min(c.limit(start)).min(a.limit(start)).min(b.limit(start));
            let (part, rest) = y.split_at_mut(len);
            let (condition, a, b) = (c.piece(start, len), a.piece(start, len), b.piece(start, len));
            frame::run(isa, Choose { condition, a, b, y: part });
            (start, y) = (start + len, rest);
        }
    });
}

/// As [`choose`] for elements of any type of `size` bytes (1, 2, 4 or 8): only bits are moved.
///
/// # Panics
/// If `size` is another one, or the slices do not fit the shapes or the alignment of such elements.
pub fn where_select(size: usize, shapes: [&[usize]; 3], condition: &[u8], a: &[u8], b: &[u8], y: &mut [u8]) {
    fn typed<T: Element>(shapes: [&[usize]; 3], condition: &[u8], a: &[u8], b: &[u8], y: &mut [u8]) {
        choose::<T>(&Broadcast::of(&shapes), condition, cast_slice(a), cast_slice(b), cast_slice_mut(y));
    }
    match size {
        1 => typed::<u8>(shapes, condition, a, b, y),
        2 => typed::<u16>(shapes, condition, a, b, y),
        4 => typed::<u32>(shapes, condition, a, b, y),
        8 => typed::<u64>(shapes, condition, a, b, y),
        _ => panic!("no element type has {size} bytes"),
    }
}

#[derive(Clone, Copy)]
struct Limit<T> {
    low: T,
    high: T,
}

impl<T: Element> Map<T> for Limit<T> {
    const COST: Cost = Cost::Light;
    #[inline(always)]
    fn call<F: Fma>(self, x: T) -> T {
        let x = if x < self.low { self.low } else { x };
        if x > self.high { self.high } else { x }
    }
}

/// y = x held between `low` and `high`; NaN stays NaN.
///
/// # Panics
/// If the lengths differ.
pub fn clip<T: Element>(x: &[T], low: T, high: T, y: &mut [T]) {
    apply::map(Limit { low, high }, x, y);
}

/// xy held between `low` and `high`.
pub fn clip_in_place<T: Element>(xy: &mut [T], low: T, high: T) {
    apply::map_in_place(Limit { low, high }, xy);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn broadcast_choice() {
        let shapes: [&[usize]; 3] = [&[2, 1], &[3], &[]];
        let mut y = [0f32; 6];
        choose::<f32>(&Broadcast::of(&shapes), &[1, 0], &[1.0, f32::NAN, 3.0], &[9.0], &mut y);
        assert_eq!((y[0], y[2], y[3], y[5]), (1.0, 3.0, 9.0, 9.0));
        assert!(y[1].is_nan());
        let mut bytes = [0u8; 6];
        where_select(1, shapes, &[1, 0], &[1, 2, 3], &[9], &mut bytes);
        assert_eq!(bytes, [1, 2, 3, 9, 9, 9]);
    }

    #[test]
    fn limits_keep_nan() {
        let mut y = [0.0; 4];
        clip(&[-2.0, f64::NAN, 0.5, f64::INFINITY], -1.0, 1.0, &mut y);
        assert_eq!((y[0], y[2], y[3]), (-1.0, 0.5, 1.0));
        assert!(y[1].is_nan());
        let mut z = [-5i8, 0, 100];
        clip_in_place(&mut z, -1, 7);
        assert_eq!(z, [-1, 0, 7]);
    }
}
