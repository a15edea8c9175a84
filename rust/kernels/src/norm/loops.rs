//! The loops of normalisation: two sums for each channel, and one pass that writes.
//!
//! Rows of few channels are taken several at a time, so that vectors are full whatever the number of channels.

use crate::element::Float;
use crate::math::Fma;
use crate::math::frame::{self, Loop};
use crate::reduce::Number;
use crate::reduce::core::fold3;
use crate::reduce::fold::Sum;
use crate::{isa, parallel};

const LANES: usize = 32;
/// Elements of one task.
const TASK: usize = 1 << 14;

/// How many rows of c channels make whole vectors; 1 where the rows are long enough.
fn rows_together(c: usize) -> usize {
    if c < LANES { LANES >> c.trailing_zeros().min(5) } else { 1 }
}

/// Sums down the columns of a matrix.
struct Columns<'a, T, R, P> {
    width: usize,
    first: usize,
    x: &'a [T],
    g: &'a [T],
    shift: &'a [T],
    of_row: R,
    term: P,
    out: &'a mut [T],
}

impl<T: Number + Float, S: Copy, R: Fn(usize) -> S, P: Fn(T, T, T, S) -> (T, T)> Columns<'_, T, R, P> {
    #[inline(always)]
    fn block<const W: usize>(&mut self, j: usize) {
        let (mut a, mut b) = ([T::ZERO; W], [T::ZERO; W]);
        // Arrays, not slices: only then does the compiler vectorise the loop over lanes.
        let Some(shift) = self.shift[j..].first_chunk::<W>() else { return };
        let rows = self.x.chunks_exact(self.width).zip(self.g.chunks_exact(self.width));
        for (r, (x, g)) in rows.enumerate() {
            let s = (self.of_row)(self.first + r);
            let (Some(x), Some(g)) = (x[j..].first_chunk::<W>(), g[j..].first_chunk::<W>()) else { return };
            for l in 0..W {
                let (p, q) = (self.term)(x[l], g[l], shift[l], s);
                a[l] += p;
                b[l] += q;
            }
        }
        let (first, second) = self.out.split_at_mut(self.width);
        for l in 0..W {
            first[j + l] += a[l];
            second[j + l] += b[l];
        }
    }
}

impl<T: Number + Float, S: Copy, R: Fn(usize) -> S, P: Fn(T, T, T, S) -> (T, T)> Loop for Columns<'_, T, R, P> {
    #[inline(always)]
    fn run<F: Fma>(mut self) {
        let mut j = 0;
        while j + LANES <= self.width {
            self.block::<LANES>(j);
            j += LANES;
        }
        while j + 8 <= self.width {
            self.block::<8>(j);
            j += 8;
        }
        while j < self.width {
            self.block::<1>(j);
            j += 1;
        }
    }
}

/// The sums of `term(x, g, shift[column], of_row(row))` down the columns: c first sums, then c second ones.
///
/// `together` rows are taken as one, for which `of_row` is asked but once.
pub(super) fn column_sums<T: Number + Float, S: Copy>(
    c: usize,
    together: usize,
    x: &[T],
    g: &[T],
    shift: &[T],
    of_row: impl Fn(usize) -> S + Copy + Sync,
    term: impl Fn(T, T, T, S) -> (T, T) + Copy + Sync,
) -> Vec<T> {
    let wide = c * together;
    let per = (TASK / c).max(64).next_multiple_of(together) * c;
    let tasks = parallel::chunks(x.len(), per);
    let shifts = shift.repeat(together);
    let mut partial = vec![T::ZERO; tasks * 2 * c];
    parallel::for_each_chunk_mut(&mut partial, 2 * c, |t, out| {
        let range = parallel::chunk_range(x.len(), per, t);
        let (first, x, g) = (t * per / c, &x[range.clone()], &g[range]);
        if together == 1 {
            return frame::run(isa::active(), Columns { width: c, first, x, g, shift, of_row, term, out });
        }
        let mut held = [T::ZERO; 2 * LANES * LANES];
        let (held, whole) = (&mut held[..2 * wide], x.len() / wide * wide);
        let body = Columns { width: wide, first, x: &x[..whole], g: &g[..whole], shift: &shifts, of_row, term, out: held };
        frame::run(isa::active(), body);
        for (i, v) in held.iter().enumerate() {
            out[i / wide * c + i % c] += *v;
        }
        let (x, g) = (&x[whole..], &g[whole..]);
        frame::run(isa::active(), Columns { width: c, first: first + whole / c, x, g, shift, of_row, term, out });
    });
    let mut total = vec![T::ZERO; 2 * c];
    fold3::<T, Sum>(1, tasks, 2 * c, &partial, &mut total);
    total
}

/// Two sums of one row each of `term(x, g)`.
#[inline(always)]
pub(super) fn row_sums<T: Number + Float>(x: &[T], g: &[T], term: impl Fn(T, T) -> (T, T)) -> (T, T) {
    let (mut a, mut b) = ([T::ZERO; LANES], [T::ZERO; LANES]);
    let (xs, rest) = x.as_chunks::<LANES>();
    let (gs, g_rest) = g.as_chunks::<LANES>();
    for (x, g) in xs.iter().zip(gs) {
        for l in 0..LANES {
            let (p, q) = term(x[l], g[l]);
            a[l] += p;
            b[l] += q;
        }
    }
    let (xs, rest) = rest.as_chunks::<8>();
    let (gs, g_rest) = g_rest.as_chunks::<8>();
    for (x, g) in xs.iter().zip(gs) {
        for l in 0..8 {
            let (p, q) = term(x[l], g[l]);
            a[l] += p;
            b[l] += q;
        }
    }
    for (l, (x, g)) in rest.iter().zip(g_rest).enumerate() {
        let (p, q) = term(*x, *g);
        a[l] += p;
        b[l] += q;
    }
    let mut half = LANES / 2;
    while half > 0 {
        for l in 0..half {
            a[l] += a[l + half];
            b[l] += b[l + half];
        }
        half /= 2;
    }
    (a[0], b[0])
}

/// Sums over each plane of `inner` elements.
struct Planes<'a, T, P> {
    inner: usize,
    x: &'a [T],
    g: &'a [T],
    shift: &'a [T],
    first: usize,
    term: P,
    out: &'a mut [T],
}

impl<T: Number + Float, P: Fn(T, T, T) -> (T, T)> Loop for Planes<'_, T, P> {
    #[inline(always)]
    fn run<F: Fma>(self) {
        let Self { inner, x, g, shift, first, term, out } = self;
        for (i, out) in out.chunks_exact_mut(2).enumerate() {
            let m = shift[(first + i) % shift.len()];
            let at = (first + i) * inner;
            (out[0], out[1]) = row_sums(&x[at..][..inner], &g[at..][..inner], |x, g| term(x, g, m));
        }
    }
}

/// The sums of `term(x, g, shift[channel])` over (outer, c, inner): c first sums, then c second ones.
pub(super) fn channel_sums<T: Number + Float>(
    c: usize,
    inner: usize,
    x: &[T],
    g: &[T],
    shift: &[T],
    term: impl Fn(T, T, T) -> (T, T) + Copy + Sync,
) -> Vec<T> {
    if x.is_empty() {
        return vec![T::ZERO; 2 * c];
    }
    if inner == 1 {
        return column_sums(c, rows_together(c), x, g, shift, |_| (), move |x, g, m, ()| term(x, g, m));
    }
    let planes = x.len() / inner;
    let per = (TASK / inner).max(1);
    let mut partial = vec![T::ZERO; planes * 2];
    parallel::for_each_chunk_mut(&mut partial, 2 * per, |t, out| {
        frame::run(isa::active(), Planes { inner, x, g, shift, first: t * per, term, out });
    });
    let mut folded = vec![T::ZERO; 2 * c];
    fold3::<T, Sum>(1, planes / c, 2 * c, &partial, &mut folded);
    (0..2 * c).map(|i| folded[i % c * 2 + i / c]).collect()
}

/// Numbers of each channel that a pass needs.
pub(super) type Parameters<'a, T, const N: usize> = [&'a [T]; N];

struct Each<'a, T, P, const N: usize> {
    /// Columns of a row; 0 if each plane of `inner` has one set of parameters.
    width: usize,
    inner: usize,
    first: usize,
    x: &'a [T],
    g: &'a [T],
    parameters: Parameters<'a, T, N>,
    value: P,
    out: &'a mut [T],
}

impl<T: Number + Float, P: Fn(T, T, [T; N]) -> T + Copy, const N: usize> Loop for Each<'_, T, P, N> {
    #[inline(always)]
    fn run<F: Fma>(self) {
        let Self { width, inner, first, x, g, parameters, value, out } = self;
        if width == 0 {
            for (i, out) in out.chunks_exact_mut(inner).enumerate() {
                let of_plane = parameters.map(|p| p[(first + i) % p.len()]);
                for ((y, &x), &g) in out.iter_mut().zip(&x[i * inner..][..inner]).zip(&g[i * inner..][..inner]) {
                    *y = value(x, g, of_plane);
                }
            }
            return;
        }
        let rows = out.chunks_mut(width).zip(x.chunks(width)).zip(g.chunks(width));
        for ((out, x), g) in rows {
            let mut j = 0;
            while j + LANES <= out.len() {
                block::<T, LANES, N>(j, x, g, &parameters, value, out);
                j += LANES;
            }
            while j < out.len() {
                block::<T, 1, N>(j, x, g, &parameters, value, out);
                j += 1;
            }
        }
    }
}

#[inline(always)]
fn block<T: Number + Float, const W: usize, const N: usize>(
    j: usize,
    x: &[T],
    g: &[T],
    parameters: &Parameters<'_, T, N>,
    value: impl Fn(T, T, [T; N]) -> T + Copy,
    out: &mut [T],
) {
    let (x, g, out) = (&x[j..][..W], &g[j..][..W], &mut out[j..][..W]);
    let parameters = parameters.map(|p| &p[j..][..W]);
    for l in 0..W {
        out[l] = value(x[l], g[l], std::array::from_fn(|i| parameters[i][l]));
    }
}

/// out = value(x, g, parameters of the channel) over (outer, c, inner).
pub(super) fn each<T: Number + Float, const N: usize>(
    c: usize,
    inner: usize,
    x: &[T],
    g: &[T],
    parameters: Parameters<'_, T, N>,
    out: &mut [T],
    value: impl Fn(T, T, [T; N]) -> T + Copy + Sync,
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
        frame::run(isa::active(), Each { width, inner, first: t * rows, x, g, parameters, value, out });
    });
}
