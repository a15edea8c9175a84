//! The gradient of a maximum over windows that share nothing: every number is moved to its tap and none is computed with, so halves stay
//! halves.

use super::{PoolShape, TapIndex};
use crate::math::Fma;
use crate::math::frame::{self, Loop};
use crate::{isa, parallel};

/// As [`super::max_backward`], of 16-bit floats.
///
/// # Panics
/// If the slices do not fit the shape, or windows overlap.
pub fn max_backward_of_halves<I: TapIndex>(s: &PoolShape, g: &[u16], index: &[I], dx: &mut [u16]) {
    s.check(dx.len(), g.len());
    assert_eq!(index.len(), g.len(), "index length: {s:?}");
    assert!(s.is_disjoint(), "windows that overlap: {s:?}");
    let (isa, offsets, covering) = (isa::active(), s.offsets(), s.is_covering());
    let out = s.out_image();
    parallel::for_each_chunk_mut(dx, s.input_image().max(1), |image, dx| {
        if !covering {
            dx.fill(0);
        }
        let part = image * out..(image + 1) * out;
        frame::run(isa, Moved { s, offsets: &offsets, g: &g[part.clone()], index: &index[part], dx });
    });
}

/// One image.
struct Moved<'a, I> {
    s: &'a PoolShape,
    offsets: &'a [usize],
    g: &'a [u16],
    index: &'a [I],
    dx: &'a mut [u16],
}

impl<I: TapIndex> Loop for Moved<'_, I> {
    #[inline(always)]
    fn run<F: Fma>(self) {
        let Self { s, offsets, g, index, dx } = self;
        s.pixels(0..s.out[0] * s.out[1], offsets, #[inline(always)] |from, window| {
            let (g, index) = (&g[from..][..s.channels], &index[from..][..s.channels]);
            window.each(#[inline(always)] |tap, to| {
                let (dx, tap) = (&mut dx[to..][..s.channels], I::new(tap as i32));
                let done = blocks::<I, 32>(g, index, tap, dx, 0);
                let done = blocks::<I, 8>(g, index, tap, dx, done);
                blocks::<I, 1>(g, index, tap, dx, done);
            });
        });
    }
}

/// Channels from `start` on, as many as make whole blocks; returns where the rest begins.
#[inline(always)]
fn blocks<I: TapIndex, const N: usize>(g: &[u16], index: &[I], tap: I, dx: &mut [u16], start: usize) -> usize {
    let (g, index) = (g[start..].as_chunks::<N>().0, index[start..].as_chunks::<N>().0);
    let dx = dx[start..].as_chunks_mut::<N>().0;
    for ((dx, g), index) in dx.iter_mut().zip(g).zip(index) {
        for l in 0..N {
            dx[l] = if index[l] == tap { g[l] } else { 0 };
        }
    }
    start + g.len() * N
}
