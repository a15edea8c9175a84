//! Elementwise loops of two operands: broadcasting, threads, the in-place forms.

use super::broadcast::{Broadcast, Pattern, Reader};
use crate::element::Element;
use crate::math::apply::{Cost, PIECE};
use crate::math::frame::{self, Loop};
use crate::math::{Fma, Separate};
use crate::{isa, parallel};

/// A function of two elements; branch-free to be vectorised.
pub(crate) trait Map2<T, U = T>: Copy + Send + Sync {
    const COST: Cost = Cost::Light;
    /// As in [`crate::math::apply::Map`].
    const FRAMED: bool = true;
    fn call<F: Fma>(self, a: T, b: T) -> U;
}

struct Loop2<'a, T, U, M> {
    map: M,
    a: &'a [T],
    b: &'a [T],
    y: &'a mut [U],
}

impl<T: Element, U: Element, M: Map2<T, U>> Loop for Loop2<'_, T, U, M> {
    #[inline(always)]
    fn run<F: Fma>(self) {
        let Self { map, a, b, y } = self;
        let (a, b) = (&a[..y.len()], &b[..y.len()]);
        for i in 0..y.len() {
            y[i] = map.call::<F>(a[i], b[i]);
        }
    }
}

/// One op on contiguous slices of equal length, its types erased as in [`crate::math::apply`].
type Each<'a, T, U> = &'a (dyn Fn(&[T], &[T], &mut [U]) + Sync);

fn compiled<T: Element, U: Element, M: Map2<T, U>>(map: M) -> impl Fn(&[T], &[T], &mut [U]) + Sync {
    let isa = isa::active();
    move |a, b, y| {
        let body = Loop2 { map, a, b, y };
        if M::FRAMED { frame::run(isa, body) } else { body.run::<Separate>() }
    }
}

/// y = map(a, b) with broadcasting.
pub(crate) fn map2<T: Element, U: Element, M: Map2<T, U>>(map: M, s: &Broadcast, a: &[T], b: &[T], y: &mut [U]) {
    drive(&compiled(map), M::COST.chunk::<T>(), s, a, b, y);
}

fn drive<T: Element, U: Element>(each: Each<'_, T, U>, chunk: usize, s: &Broadcast, a: &[T], b: &[T], y: &mut [U]) {
    let (pa, pb) = (s.pattern(0), s.pattern(1));
    assert!(
        y.len() == s.len() && a.len() >= pa.needs(s.len()) && b.len() >= pb.needs(s.len()),
        "slices do not fit their shapes"
    );
    parallel::for_each_chunk_mut(y, chunk, |i, y| {
        let mut start = i * chunk;
        if (pa, pb) == (&Pattern::Dense, &Pattern::Dense) {
            let range = start..start + y.len();
            return each(&a[range.clone()], &b[range], y);
        }
        let (mut a, mut b) = (Reader::new(a, pa, T::ZERO), Reader::new(b, pb, T::ZERO));
        let mut y = y;
        while !y.is_empty() {
            let len = y.len().min(a.limit(start)).min(b.limit(start));
            let (part, rest) = y.split_at_mut(len);
            each(a.piece(start, len), b.piece(start, len), part);
            (start, y) = (start + len, rest);
        }
    });
}

/// As [`map2`], where the output takes the place of one operand, which has the output's shape.
pub(crate) fn map2_in_place<T: Element, M: Map2<T>>(map: M, s: &Broadcast, xy: &mut [T], other: &[T], xy_is_left: bool) {
    drive_in_place(&compiled(map), M::COST.chunk::<T>(), s, xy, other, xy_is_left);
}

fn drive_in_place<T: Element>(
    each: Each<'_, T, T>,
    chunk: usize,
    s: &Broadcast,
    xy: &mut [T],
    other: &[T],
    xy_is_left: bool,
) {
    let pattern = s.pattern(usize::from(xy_is_left));
    assert!(xy.len() == s.len() && other.len() >= pattern.needs(s.len()), "slices do not fit their shapes");
    parallel::for_each_chunk_mut(xy, chunk, |i, y| {
        let mut other = Reader::new(other, pattern, T::ZERO);
        let mut copy = [T::ZERO; PIECE];
        let (mut start, mut y) = (i * chunk, y);
        while !y.is_empty() {
            let len = y.len().min(PIECE).min(other.limit(start));
            let (part, rest) = y.split_at_mut(len);
            let x = &mut copy[..len];
            x.copy_from_slice(part);
            let o = other.piece(start, len);
            if xy_is_left { each(x, o, part) } else { each(o, x, part) }
            (start, y) = (start + len, rest);
        }
    });
}
