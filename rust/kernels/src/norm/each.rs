//! The pass that writes what a channel's numbers make of each element.

use super::sums::{LANES, TASK, rows_together};
use crate::math::Fma;
use crate::math::frame::{self, Loop};
use crate::stored::Stored;
use crate::{isa, parallel};

/// Columns that are taken together of rows that lie pages apart: with fewer, such rows keep each other out of the cache.
const WIDE: usize = 256;
/// Bytes of a page.
const PAGE: usize = 1 << 12;

/// Numbers of each channel that a pass needs.
pub(super) type Parameters<'a, T, const N: usize> = [&'a [T]; N];

struct Each<'a, M: Stored, P, const N: usize> {
    /// Columns of a row; 0 if each plane of `inner` has one set of parameters.
    width: usize,
    inner: usize,
    first: usize,
    x: &'a [M::Bits],
    g: &'a [M::Bits],
    parameters: Parameters<'a, M::Float, N>,
    value: P,
    out: &'a mut [M::Bits],
}

impl<M: Stored, P: Fn(M::Float, M::Float, [M::Float; N]) -> M::Float + Copy, const N: usize> Loop for Each<'_, M, P, N> {
    #[inline(always)]
    fn run<F: Fma>(self) {
        let Self { width, inner, first, x, g, parameters, value, out } = self;
        if width == 0 {
            for (i, out) in out.chunks_exact_mut(inner).enumerate() {
                let of_plane = parameters.map(|p| p[(first + i) % p.len()]);
                for ((y, &x), &g) in out.iter_mut().zip(&x[i * inner..][..inner]).zip(&g[i * inner..][..inner]) {
                    *y = M::write(value(M::read(x), M::read(g), of_plane));
                }
            }
            return;
        }
        // The last rows may not be all of those that are taken together.
        let whole = out.len() / width * width;
        let (out, rest) = out.split_at_mut(whole);
        for (i, y) in rest.iter_mut().enumerate() {
            *y = M::write(value(M::read(x[whole + i]), M::read(g[whole + i]), parameters.map(|p| p[i])));
        }
        let mut stripes = Stripes::<M, P, N> { width, x: &x[..whole], g: &g[..whole], parameters, value, out };
        let mut j = 0;
        let pages = (width * size_of::<M::Bits>()).is_multiple_of(PAGE);
        while pages && j + WIDE <= width {
            stripes.run::<WIDE>(j);
            j += WIDE;
        }
        while j + LANES <= width {
            stripes.run::<LANES>(j);
            j += LANES;
        }
        while j + 8 <= width {
            stripes.run::<8>(j);
            j += 8;
        }
        while j < width {
            stripes.run::<1>(j);
            j += 1;
        }
    }
}

/// Whole rows, some columns at a time: their parameters stay in registers.
struct Stripes<'a, M: Stored, P, const N: usize> {
    width: usize,
    x: &'a [M::Bits],
    g: &'a [M::Bits],
    parameters: Parameters<'a, M::Float, N>,
    value: P,
    out: &'a mut [M::Bits],
}

impl<M: Stored, P: Fn(M::Float, M::Float, [M::Float; N]) -> M::Float + Copy, const N: usize> Stripes<'_, M, P, N> {
    #[inline(always)]
    fn run<const W: usize>(&mut self, j: usize) {
        let parameters: [[M::Float; W]; N] = self.parameters.map(|p| *p[j..].first_chunk().expect("a parameter for each column"));
        let rows = self.x.chunks_exact(self.width).zip(self.g.chunks_exact(self.width));
        for (out, (x, g)) in self.out.chunks_exact_mut(self.width).zip(rows) {
            let (Some(x), Some(g)) = (x[j..].first_chunk::<W>(), g[j..].first_chunk::<W>()) else { return };
            let Some(out) = out[j..].first_chunk_mut::<W>() else { return };
            let mut y = [M::Bits::default(); W];
            for l in 0..W {
                y[l] = M::write((self.value)(M::read(x[l]), M::read(g[l]), std::array::from_fn(|i| parameters[i][l])));
            }
            *out = y;
        }
    }
}

/// out = value(x, g, parameters of the channel) over (outer, c, inner).
pub(super) fn each<M: Stored, const N: usize>(
    c: usize,
    inner: usize,
    x: &[M::Bits],
    g: &[M::Bits],
    parameters: Parameters<'_, M::Float, N>,
    out: &mut [M::Bits],
    value: impl Fn(M::Float, M::Float, [M::Float; N]) -> M::Float + Copy + Sync,
) {
    if out.is_empty() {
        return;
    }
    let together = if inner == 1 { rows_together(c) } else { 1 };
    let repeated = parameters.map(|p| if together > 1 { p.repeat(together) } else { Vec::new() });
    let parameters = if together > 1 { std::array::from_fn(|i| &repeated[i][..]) } else { parameters };
    let (width, row) = if inner == 1 { (c * together, c * together) } else { (0, inner) };
    let rows = (TASK / row).max(1);
    parallel::for_each_chunk_mut(out, rows * row, |t, out| {
        let range = t * rows * row..t * rows * row + out.len();
        let (x, g) = (&x[range.clone()], &g[range]);
        frame::run(isa::active(), Each::<M, _, N> { width, inner, first: t * rows, x, g, parameters, value, out });
    });
}
