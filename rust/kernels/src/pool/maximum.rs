//! Maximum pooling, its gradient, and the same choice made on another tensor.

use super::{NARROW, PoolShape, WIDE, by_channels, for_images, for_rows};
use crate::conv::Element;
use crate::parallel::SendPtr;

/// Types that hold the tap index of a maximum.
pub trait TapIndex: Copy + Send + Sync + 'static {
    /// Windows may have this many taps.
    const TAPS: usize;
    fn new(tap: u32) -> Self;
    fn tap(self) -> u32;
}

macro_rules! tap_index {
    ($($t:ty),*) => {$(
        impl TapIndex for $t {
            const TAPS: usize = if size_of::<$t>() == 1 { 256 } else { u32::MAX as usize };
            #[inline(always)]
            fn new(tap: u32) -> Self {
                tap as $t
            }
            #[inline(always)]
            fn tap(self) -> u32 {
                u32::from(self)
            }
        }
    )*};
}
tap_index!(u8, u32);

/// `N` elements from `at` on.
#[inline(always)]
fn part<T, const N: usize>(slice: &[T], at: usize) -> &[T; N] {
    slice[at..at + N].try_into().expect("a slice of this length")
}

/// The maximum of each window and, if asked for, which tap it is.
///
/// The first of equal maxima wins, a NaN wins over everything, padding never does. `x` is `[batch, input, channels]`, `y` and
/// `index` are `[batch, out, channels]`. A window that is all padding gives negative infinity.
///
/// # Panics
/// If the slices do not fit the shape or the window has more taps than the index type counts.
pub fn max_forward<T: Element, I: TapIndex>(s: &PoolShape, x: &[T], y: &mut [T], index: Option<&mut [I]>) {
    s.check(x.len(), y.len());
    assert!(s.taps() <= I::TAPS, "{} taps do not fit the index type", s.taps());
    if let Some(index) = &index {
        assert_eq!(index.len(), s.out_len(), "index length: {s:?}");
    }
    let y = SendPtr(y.as_mut_ptr());
    let index = index.map(|i| SendPtr(i.as_mut_ptr()));
    let lowest = T::from_f64(f64::NEG_INFINITY);
    for_rows::<T>(s, #[inline(always)] |image, rows| {
        let x = &x[image * s.input_image()..][..s.input_image()];
        s.pixels(rows, |to, window| {
            let to = image * s.out_image() + to;
            by_channels!(s.channels, |c, N| {
                let mut best = [lowest; N];
                let mut taps = [0_u32; N];
                window.each(|tap, from| {
                    let values = part::<T, N>(x, from + c);
                    for i in 0..N {
                        // A NaN is larger than anything but an earlier NaN.
                        let (v, b) = (values[i], best[i]);
                        let take = (v > b) | (v.is_nan() & !b.is_nan());
                        best[i] = if take { v } else { b };
                        taps[i] = if take { tap as u32 } else { taps[i] };
                    }
                });
                // SAFETY: this task's own rows of the output and of the index, whose lengths were checked.
                unsafe {
                    y.get().add(to + c).cast::<[T; N]>().write_unaligned(best);
                    if let Some(index) = index {
                        index.get().add(to + c).cast::<[I; N]>().write_unaligned(taps.map(I::new));
                    }
                }
            });
        });
    });
}

/// The gradient of the input: `g` goes to the tap that was the maximum; overlapping windows add up in output order.
pub fn max_backward<T: Element, I: TapIndex>(s: &PoolShape, g: &[T], index: &[I], dx: &mut [T]) {
    s.check(dx.len(), g.len());
    assert_eq!(index.len(), g.len(), "index length: {s:?}");
    for_images(s, dx, #[inline(always)] |image, dx| {
        dx.fill(T::default());
        s.pixels(0..s.out[0] * s.out[1], |to, window| {
            let to = image * s.out_image() + to;
            by_channels!(s.channels, |c, N| {
                let (g, taps) = (*part::<T, N>(g, to + c), part::<I, N>(index, to + c).map(I::tap));
                window.each(|tap, from| {
                    let dx: &mut [T; N] = (&mut dx[from + c..from + c + N]).try_into().expect("a slice of this length");
                    for i in 0..N {
                        dx[i] += if taps[i] == tap as u32 { g[i] } else { T::default() };
                    }
                });
            });
        });
    });
}

/// What `x` holds where another tensor of its shape had the maximum: `y[o] = x[tap of o]`.
///
/// This is the derivative of [`max_backward`], needed for gradients of gradients.
pub fn max_gather<T: Element, I: TapIndex>(s: &PoolShape, x: &[T], index: &[I], y: &mut [T]) {
    s.check(x.len(), y.len());
    assert_eq!(index.len(), y.len(), "index length: {s:?}");
    let y = SendPtr(y.as_mut_ptr());
    for_rows::<T>(s, #[inline(always)] |image, rows| {
        let x = &x[image * s.input_image()..][..s.input_image()];
        s.pixels(rows, |to, window| {
            let to = image * s.out_image() + to;
            by_channels!(s.channels, |c, N| {
                let taps = part::<I, N>(index, to + c).map(I::tap);
                let mut picked = [T::default(); N];
                window.each(|tap, from| {
                    let values = part::<T, N>(x, from + c);
                    for i in 0..N {
                        picked[i] = if taps[i] == tap as u32 { values[i] } else { picked[i] };
                    }
                });
                // SAFETY: this task's own rows of the output, whose length was checked.
                unsafe { y.get().add(to + c).cast::<[T; N]>().write_unaligned(picked) };
            });
        });
    });
}
