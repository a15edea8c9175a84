//! Maximum pooling, its gradient, and the same choice made on another tensor.

use std::ops::Range;

use super::{PoolShape, Rows, for_images, for_rows};
use crate::conv::vector::{Element, Vector, opaque};
use crate::element::Element as _;
use crate::parallel::SendPtr;
use crate::stored::Stored;

/// Lanes of the widest register.
const LANES: usize = 16;

/// Types that hold the tap index of a maximum.
pub trait TapIndex: Copy + Send + Sync + 'static {
    /// Windows may have this many taps, which float32 lanes also count exactly.
    const TAPS: usize;
    fn new(tap: i32) -> Self;
    fn tap(self) -> i32;
}

macro_rules! tap_index {
    ($($t:ty),*) => {$(
        impl TapIndex for $t {
            const TAPS: usize = if size_of::<$t>() == 1 { 256 } else { 1 << 24 };
            #[inline(always)]
            fn new(tap: i32) -> Self {
                tap as $t
            }
            #[inline(always)]
            fn tap(self) -> i32 {
                self as i32
            }
        }
    )*};
}
tap_index!(u8, u32);

/// Up to a register of tap indices as elements.
///
/// # Safety
/// `n` indices must be there to read.
#[inline(always)]
unsafe fn load_taps<T: Element, I: TapIndex, V: Vector<T>>(from: *const I, n: usize) -> V {
    let mut taps = [T::default(); LANES];
    // SAFETY: by the caller's word; a register has no more lanes than the array. The fixed count makes it a conversion of registers.
    unsafe {
        if n == V::LANES {
            (0..V::LANES).for_each(|i| taps[i] = T::from_tap((*from.add(i)).tap()));
        } else {
            (0..n).for_each(|i| taps[i] = T::from_tap((*from.add(i)).tap()));
        }
        V::load(taps.as_ptr())
    }
}

/// Up to a register of elements stored as tap indices.
///
/// # Safety
/// The elements must be taps; `n` indices must be there to write.
#[inline(always)]
unsafe fn store_taps<T: Element, I: TapIndex, V: Vector<T>>(taps: V, to: *mut I, n: usize) {
    let mut all = [T::default(); LANES];
    // SAFETY: as in `load_taps`.
    unsafe {
        taps.store(all.as_mut_ptr());
        // Else the compiler sees through to the comparisons, and picks the taps lane by lane.
        let all = opaque(all.as_ptr());
        let all: [I; LANES] = std::array::from_fn(|i| I::new((*all.add(i)).to_tap()));
        // Of a known size, it is not a call.
        if n == V::LANES {
            std::ptr::copy_nonoverlapping(all.as_ptr(), to, V::LANES);
        } else {
            std::ptr::copy_nonoverlapping(all.as_ptr(), to, n);
        }
    }
}

/// The maximum of each window and which tap it is, each if asked for.
///
/// The first of equal maxima wins, a NaN wins over everything, padding never does. `x` is `[batch, input, channels]`, `y` and
/// `index` are `[batch, out, channels]`. A window that is all padding gives negative infinity.
///
/// # Panics
/// If the slices do not fit the shape or the window has more taps than the index type counts.
pub fn max_forward<M: Stored, I: TapIndex>(s: &PoolShape, x: &[M::Bits], y: Option<&mut [M::Bits]>, index: Option<&mut [I]>) {
    s.check(x.len(), y.as_ref().map_or(s.out_len(), |y| y.len()));
    assert!(s.taps() <= I::TAPS, "{} taps do not fit the index type", s.taps());
    if let Some(index) = &index {
        assert_eq!(index.len(), s.out_len(), "index length: {s:?}");
    }
    let (y, index) = (y.map(|y| SendPtr(y.as_mut_ptr())), index.map(|i| SendPtr(i.as_mut_ptr())));
    for_rows(s, &Forward::<M, I> { s, offsets: &s.offsets(), x, y, index });
}

struct Forward<'a, M: Stored, I> {
    s: &'a PoolShape,
    offsets: &'a [usize],
    x: &'a [M::Bits],
    y: Option<SendPtr<M::Bits>>,
    index: Option<SendPtr<I>>,
}

impl<M: Stored, I: TapIndex> Rows<M::Float> for Forward<'_, M, I> {
    #[inline(always)]
    unsafe fn run<V: Vector<M::Float>>(&self, image: usize, rows: Range<usize>) {
        let s = self.s;
        let x = self.x[image * s.input_image()..].as_ptr();
        s.pixels(rows, self.offsets, #[inline(always)] |to, window| {
            let to = image * s.out_image() + to;
            for c in (0..s.channels).step_by(V::LANES) {
                let n = V::LANES.min(s.channels - c);
                // SAFETY: windows lie in the image, whose length was checked; outputs are this call's own rows.
                unsafe {
                    let mut best = V::splat(M::Float::LOWEST);
                    let mut best_tap = V::splat(M::Float::default());
                    window.each(#[inline(always)] |tap, from| {
                        let tap = V::splat(M::Float::from_tap(tap as i32));
                        (best, best_tap) = M::load::<V>(x.add(from + c), n).larger(tap, best, best_tap);
                    });
                    if let Some(y) = self.y {
                        M::store(best, y.get().add(to + c), n);
                    }
                    if let Some(index) = self.index {
                        store_taps::<M::Float, I, V>(best_tap, index.get().add(to + c), n);
                    }
                }
            }
        });
    }
}

/// The gradient of the input: `g` goes to the tap that was the maximum; overlapping windows add up in output order, as numbers of the
/// stored type.
///
/// # Panics
/// If the slices do not fit the shape.
pub fn max_backward<M: Stored, I: TapIndex>(s: &PoolShape, g: &[M::Bits], index: &[I], dx: &mut [M::Bits]) {
    s.check(dx.len(), g.len());
    assert_eq!(index.len(), g.len(), "index length: {s:?}");
    let dx = SendPtr(dx.as_mut_ptr());
    let disjoint = s.is_disjoint();
    for_images::<M, _>(s, dx, disjoint && s.is_covering(), &Backward::<M, I> { s, offsets: &s.offsets(), g, index, dx, disjoint });
}

struct Backward<'a, M: Stored, I> {
    s: &'a PoolShape,
    offsets: &'a [usize],
    g: &'a [M::Bits],
    index: &'a [I],
    dx: SendPtr<M::Bits>,
    disjoint: bool,
}

impl<M: Stored, I: TapIndex> Rows<M::Float> for Backward<'_, M, I> {
    #[inline(always)]
    unsafe fn run<V: Vector<M::Float>>(&self, image: usize, rows: Range<usize>) {
        let s = self.s;
        // SAFETY: this call's own image of the gradient, whose length was checked.
        let dx = unsafe { self.dx.get().add(image * s.input_image()) };
        s.pixels(rows, self.offsets, #[inline(always)] |from, window| {
            let from = image * s.out_image() + from;
            for c in (0..s.channels).step_by(V::LANES) {
                let n = V::LANES.min(s.channels - c);
                // SAFETY: windows lie in the image; `g` and `index` have the lengths that were checked.
                unsafe {
                    let g = M::load::<V>(self.g.as_ptr().add(from + c), n);
                    let taps = load_taps::<M::Float, I, V>(self.index.as_ptr().add(from + c), n);
                    window.each(#[inline(always)] |tap, to| {
                        let (to, tap) = (dx.add(to + c), V::splat(M::Float::from_tap(tap as i32)));
                        if self.disjoint {
                            M::store_where_equal(g, taps, tap, to, n);
                        } else {
                            M::store(g.where_equal(taps, tap).add(M::load(to, n)), to, n);
                        }
                    });
                }
            }
        });
    }
}

/// What `x` holds where another tensor of its shape had the maximum: `y[o] = x[tap of o]`.
///
/// This is the derivative of [`max_backward`], needed for gradients of gradients.
///
/// # Panics
/// If the slices do not fit the shape.
pub fn max_gather<M: Stored, I: TapIndex>(s: &PoolShape, x: &[M::Bits], index: &[I], y: &mut [M::Bits]) {
    s.check(x.len(), y.len());
    assert_eq!(index.len(), y.len(), "index length: {s:?}");
    for_rows(s, &Gather::<M, I> { s, offsets: &s.offsets(), x, index, y: SendPtr(y.as_mut_ptr()) });
}

struct Gather<'a, M: Stored, I> {
    s: &'a PoolShape,
    offsets: &'a [usize],
    x: &'a [M::Bits],
    index: &'a [I],
    y: SendPtr<M::Bits>,
}

impl<M: Stored, I: TapIndex> Rows<M::Float> for Gather<'_, M, I> {
    #[inline(always)]
    unsafe fn run<V: Vector<M::Float>>(&self, image: usize, rows: Range<usize>) {
        let s = self.s;
        let x = self.x[image * s.input_image()..].as_ptr();
        s.pixels(rows, self.offsets, #[inline(always)] |to, window| {
            let to = image * s.out_image() + to;
            for c in (0..s.channels).step_by(V::LANES) {
                let n = V::LANES.min(s.channels - c);
                // SAFETY: as in the forward pass.
                unsafe {
                    let taps = load_taps::<M::Float, I, V>(self.index.as_ptr().add(to + c), n);
                    let mut picked = V::splat(M::Float::default());
                    window.each(#[inline(always)] |tap, from| {
                        let tap = V::splat(M::Float::from_tap(tap as i32));
                        picked = picked.add(M::load::<V>(x.add(from + c), n).where_equal(taps, tap));
                    });
                    M::store(picked, self.y.get().add(to + c), n);
                }
            }
        });
    }
}
