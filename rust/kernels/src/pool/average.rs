//! Average pooling over the taps that are not padding, and its gradient.

use std::ops::Range;

use super::{PoolShape, Rows, for_images, for_rows, load, store};
use crate::conv::vector::{Element, Vector};
use crate::parallel::SendPtr;

/// The mean of each window; padding counts neither in the sum nor in the number. A window that is all padding gives zero.
///
/// `x` is `[batch, input, channels]`, `y` is `[batch, out, channels]`.
///
/// # Panics
/// If the slices do not fit the shape.
pub fn avg_forward<T: Element>(s: &PoolShape, x: &[T], y: &mut [T]) {
    s.check(x.len(), y.len());
    for_rows(s, &Forward { s, offsets: &s.offsets(), x, y: SendPtr(y.as_mut_ptr()) });
}

struct Forward<'a, T> {
    s: &'a PoolShape,
    offsets: &'a [usize],
    x: &'a [T],
    y: SendPtr<T>,
}

impl<T: Element> Rows<T> for Forward<'_, T> {
    #[inline(always)]
    unsafe fn run<V: Vector<T>>(&self, image: usize, rows: Range<usize>) {
        let s = self.s;
        let x = self.x[image * s.input_image()..].as_ptr();
        s.pixels(rows, self.offsets, #[inline(always)] |to, window| {
            // SAFETY: windows lie in the image, whose length was checked; outputs are this call's own rows.
            unsafe {
                let y = self.y.get().add(image * s.out_image() + to);
                let count = V::splat(T::from_tap(window.count().max(1) as i32));
                for c in (0..s.channels).step_by(V::LANES) {
                    let n = V::LANES.min(s.channels - c);
                    let mut sum = V::splat(T::default());
                    window.each(#[inline(always)] |_, from| sum = sum.add(load(x.add(from + c), n)));
                    store(sum.div(count), y.add(c), n);
                }
            }
        });
    }
}

/// The gradient of the input: each tap that is not padding gets its share of `g`.
pub fn avg_backward<T: Element>(s: &PoolShape, g: &[T], dx: &mut [T]) {
    s.check(dx.len(), g.len());
    let dx = SendPtr(dx.as_mut_ptr());
    let disjoint = s.is_disjoint();
    for_images(s, dx, disjoint && s.is_covering(), &Backward { s, offsets: &s.offsets(), g, dx, disjoint });
}

struct Backward<'a, T> {
    s: &'a PoolShape,
    offsets: &'a [usize],
    g: &'a [T],
    dx: SendPtr<T>,
    disjoint: bool,
}

impl<T: Element> Rows<T> for Backward<'_, T> {
    #[inline(always)]
    unsafe fn run<V: Vector<T>>(&self, image: usize, rows: Range<usize>) {
        let s = self.s;
        s.pixels(rows, self.offsets, #[inline(always)] |from, window| {
            // SAFETY: windows lie in the image, whose length was checked; the image is this call's own.
            unsafe {
                let (g, dx) = (self.g.as_ptr().add(image * s.out_image() + from), self.dx.get().add(image * s.input_image()));
                let count = V::splat(T::from_tap(window.count().max(1) as i32));
                for c in (0..s.channels).step_by(V::LANES) {
                    let n = V::LANES.min(s.channels - c);
                    let share = load::<T, V>(g.add(c), n).div(count);
                    window.each(#[inline(always)] |_, to| {
                        let to = dx.add(to + c);
                        store(if self.disjoint { share } else { share.add(load(to, n)) }, to, n);
                    });
                }
            }
        });
    }
}
