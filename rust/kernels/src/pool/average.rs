//! Average pooling over the taps that are not padding, and its gradient.

use std::ops::Range;

use super::{PoolShape, Rows, for_images, for_rows};
use crate::conv::vector::{Element, Vector};
use crate::parallel::SendPtr;
use crate::stored::Stored;

/// The mean of each window; padding counts neither in the sum nor in the number. A window that is all padding gives zero.
///
/// `x` is `[batch, input, channels]`, `y` is `[batch, out, channels]`.
///
/// # Panics
/// If the slices do not fit the shape.
pub fn avg_forward<M: Stored>(s: &PoolShape, x: &[M::Bits], y: &mut [M::Bits]) {
    s.check(x.len(), y.len());
    for_rows(s, &Forward::<M> { s, offsets: &s.offsets(), x, y: SendPtr(y.as_mut_ptr()) });
}

struct Forward<'a, M: Stored> {
    s: &'a PoolShape,
    offsets: &'a [usize],
    x: &'a [M::Bits],
    y: SendPtr<M::Bits>,
}

impl<M: Stored> Rows<M::Float> for Forward<'_, M> {
    #[inline(always)]
    unsafe fn run<V: Vector<M::Float>>(&self, image: usize, rows: Range<usize>) {
        let s = self.s;
        let x = self.x[image * s.input_image()..].as_ptr();
        s.pixels(rows, self.offsets, #[inline(always)] |to, window| {
            // SAFETY: windows lie in the image, whose length was checked; outputs are this call's own rows.
            unsafe {
                let y = self.y.get().add(image * s.out_image() + to);
                let count = V::splat(M::Float::from_tap(window.count().max(1) as i32));
                for c in (0..s.channels).step_by(V::LANES) {
                    let n = V::LANES.min(s.channels - c);
                    let mut sum = V::splat(M::Float::default());
                    window.each(#[inline(always)] |_, from| sum = sum.add(M::load(x.add(from + c), n)));
                    M::store(sum.div(count), y.add(c), n);
                }
            }
        });
    }
}

/// The gradient of the input: each tap that is not padding gets its share of `g`.
pub fn avg_backward<M: Stored>(s: &PoolShape, g: &[M::Bits], dx: &mut [M::Bits]) {
    s.check(dx.len(), g.len());
    let dx = SendPtr(dx.as_mut_ptr());
    let disjoint = s.is_disjoint();
    for_images::<M, _>(s, dx, disjoint && s.is_covering(), &Backward::<M> { s, offsets: &s.offsets(), g, dx, disjoint });
}

struct Backward<'a, M: Stored> {
    s: &'a PoolShape,
    offsets: &'a [usize],
    g: &'a [M::Bits],
    dx: SendPtr<M::Bits>,
    disjoint: bool,
}

impl<M: Stored> Rows<M::Float> for Backward<'_, M> {
    #[inline(always)]
    unsafe fn run<V: Vector<M::Float>>(&self, image: usize, rows: Range<usize>) {
        let s = self.s;
        s.pixels(rows, self.offsets, #[inline(always)] |from, window| {
            // SAFETY: windows lie in the image, whose length was checked; the image is this call's own.
            unsafe {
                let (g, dx) = (self.g.as_ptr().add(image * s.out_image() + from), self.dx.get().add(image * s.input_image()));
                let count = V::splat(M::Float::from_tap(window.count().max(1) as i32));
                for c in (0..s.channels).step_by(V::LANES) {
                    let n = V::LANES.min(s.channels - c);
                    let share = M::load::<V>(g.add(c), n).div(count);
                    window.each(#[inline(always)] |_, to| {
                        let to = dx.add(to + c);
                        M::store(if self.disjoint { share } else { share.add(M::load(to, n)) }, to, n);
                    });
                }
            }
        });
    }
}
