//! Average pooling over the taps that are not padding, and its gradient.

use super::{NARROW, PoolShape, WIDE, by_channels, for_images, for_rows};
use crate::conv::Element;
use crate::parallel::SendPtr;

/// The mean of each window; padding counts neither in the sum nor in the number. A window that is all padding gives zero.
///
/// `x` is `[batch, input, channels]`, `y` is `[batch, out, channels]`.
///
/// # Panics
/// If the slices do not fit the shape.
pub fn avg_forward<T: Element>(s: &PoolShape, x: &[T], y: &mut [T]) {
    s.check(x.len(), y.len());
    let y = SendPtr(y.as_mut_ptr());
    for_rows::<T>(s, #[inline(always)] |image, rows| {
        let x = &x[image * s.input_image()..][..s.input_image()];
        s.pixels(rows, |to, window| {
            let to = image * s.out_image() + to;
            let count = T::from_f64(window.count().max(1) as f64);
            by_channels!(s.channels, |c, N| {
                let mut sum = [T::default(); N];
                window.each(|_, from| {
                    let values = &x[from + c..from + c + N];
                    for i in 0..N {
                        sum[i] += values[i];
                    }
                });
                let mean = sum.map(|v| v / count);
                // SAFETY: this task's own rows of the output, whose length was checked.
                unsafe { y.get().add(to + c).cast::<[T; N]>().write_unaligned(mean) };
            });
        });
    });
}

/// The gradient of the input: each tap that is not padding gets its share of `g`.
pub fn avg_backward<T: Element>(s: &PoolShape, g: &[T], dx: &mut [T]) {
    s.check(dx.len(), g.len());
    for_images(s, dx, #[inline(always)] |image, dx| {
        dx.fill(T::default());
        s.pixels(0..s.out[0] * s.out[1], |to, window| {
            let to = image * s.out_image() + to;
            let count = T::from_f64(window.count().max(1) as f64);
            by_channels!(s.channels, |c, N| {
                let share: [T; N] = std::array::from_fn(|i| g[to + c + i] / count);
                window.each(|_, from| {
                    let dx = &mut dx[from + c..from + c + N];
                    for i in 0..N {
                        dx[i] += share[i];
                    }
                });
            });
        });
    });
}
