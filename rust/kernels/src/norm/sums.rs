//! Two sums for each channel.
//!
//! Rows of few channels are taken several at a time, so that vectors are full whatever the number of channels.

use crate::element::{Element as _, Float};
use crate::math::Fma;
use crate::math::frame::{self, Loop};
use crate::reduce::core::fold3;
use crate::reduce::fold::Sum;
use crate::stored::Stored;
use crate::{isa, parallel};

/// Columns of a block of them.
pub(super) const LANES: usize = 32;
/// Elements of one task.
pub(super) const TASK: usize = 1 << 14;

/// How many rows of c channels make whole vectors; 1 where the rows are long enough.
pub(super) fn rows_together(c: usize) -> usize {
    if c < LANES { LANES >> c.trailing_zeros().min(5) } else { 1 }
}

/// What is added up: two terms of x, g, a number of the column and one of the row.
pub(super) trait Term<M: Stored, S>: Fn(M::Float, M::Float, M::Float, S) -> (M::Float, M::Float) {}
impl<M: Stored, S, P: Fn(M::Float, M::Float, M::Float, S) -> (M::Float, M::Float)> Term<M, S> for P {}

/// Sums down the columns of a matrix.
struct Columns<'a, M: Stored, R, P> {
    width: usize,
    first: usize,
    x: &'a [M::Bits],
    g: &'a [M::Bits],
    shift: &'a [M::Float],
    of_row: R,
    term: P,
    out: &'a mut [M::Float],
}

impl<M: Stored, S: Copy, R: Fn(usize) -> S, P: Term<M, S>> Columns<'_, M, R, P> {
    #[inline(always)]
    fn block<const W: usize>(&mut self, j: usize) {
        let (mut a, mut b) = ([M::Float::ZERO; W], [M::Float::ZERO; W]);
        // Arrays, not slices: only then does the compiler vectorise the loop over lanes.
        let Some(shift) = self.shift[j..].first_chunk::<W>() else { return };
        let rows = self.x.chunks_exact(self.width).zip(self.g.chunks_exact(self.width));
        for (r, (x, g)) in rows.enumerate() {
            let s = (self.of_row)(self.first + r);
            let (Some(x), Some(g)) = (x[j..].first_chunk::<W>(), g[j..].first_chunk::<W>()) else { return };
            for l in 0..W {
                let (p, q) = (self.term)(M::read(x[l]), M::read(g[l]), shift[l], s);
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

impl<M: Stored, S: Copy, R: Fn(usize) -> S, P: Term<M, S>> Loop for Columns<'_, M, R, P> {
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
pub(super) fn column_sums<M: Stored, S: Copy>(
    c: usize,
    together: usize,
    x: &[M::Bits],
    g: &[M::Bits],
    shift: &[M::Float],
    of_row: impl Fn(usize) -> S + Copy + Sync,
    term: impl Term<M, S> + Copy + Sync,
) -> Vec<M::Float> {
    let wide = c * together;
    let per = (TASK / c).max(64).next_multiple_of(together) * c;
    let tasks = parallel::chunks(x.len(), per);
    let shifts = shift.repeat(together);
    let mut partial = vec![M::Float::ZERO; tasks * 2 * c];
    parallel::for_each_chunk_mut(&mut partial, 2 * c, |t, out| {
        let range = parallel::chunk_range(x.len(), per, t);
        let (first, x, g) = (t * per / c, &x[range.clone()], &g[range]);
        if together == 1 {
            return frame::run(isa::active(), Columns::<M, _, _> { width: c, first, x, g, shift, of_row, term, out });
        }
        let mut held = [M::Float::ZERO; 2 * LANES * LANES];
        let (held, whole) = (&mut held[..2 * wide], x.len() / wide * wide);
        let body = Columns::<M, _, _> { width: wide, first, x: &x[..whole], g: &g[..whole], shift: &shifts, of_row, term, out: held };
        frame::run(isa::active(), body);
        for (i, v) in held.iter().enumerate() {
            out[i / wide * c + i % c] += *v;
        }
        let (x, g) = (&x[whole..], &g[whole..]);
        frame::run(isa::active(), Columns::<M, _, _> { width: c, first: first + whole / c, x, g, shift, of_row, term, out });
    });
    let mut total = vec![M::Float::ZERO; 2 * c];
    fold3::<M::Float, M::Float, Sum>(1, tasks, 2 * c, &partial, &mut total);
    total
}

/// Two sums of one row each of `term(x, g)`.
#[inline(always)]
pub(super) fn row_sums<T: Float, X: Copy, G: Copy>(x: &[X], g: &[G], term: impl Fn(X, G) -> (T, T)) -> (T, T) {
    let (mut a, mut b) = ([T::ZERO; LANES], [T::ZERO; LANES]);
    let rest = lanes::<LANES, _, _, _>(x, g, &mut a, &mut b, &term);
    let rest = lanes::<8, _, _, _>(rest.0, rest.1, &mut a, &mut b, &term);
    for (l, (x, g)) in rest.0.iter().zip(rest.1).enumerate() {
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

/// Adds up lane by lane as many blocks as there are, and gives what is left.
#[inline(always)]
fn lanes<'a, const W: usize, T: Float, X: Copy, G: Copy>(
    x: &'a [X],
    g: &'a [G],
    a: &mut [T; LANES],
    b: &mut [T; LANES],
    term: &impl Fn(X, G) -> (T, T),
) -> (&'a [X], &'a [G]) {
    let (xs, rest) = x.as_chunks::<W>();
    let (gs, g_rest) = g.as_chunks::<W>();
    for (x, g) in xs.iter().zip(gs) {
        for l in 0..W {
            let (p, q) = term(x[l], g[l]);
            a[l] += p;
            b[l] += q;
        }
    }
    (rest, g_rest)
}

/// Sums over each plane of `inner` elements.
struct Planes<'a, M: Stored, P> {
    inner: usize,
    x: &'a [M::Bits],
    g: &'a [M::Bits],
    shift: &'a [M::Float],
    first: usize,
    term: P,
    out: &'a mut [M::Float],
}

impl<M: Stored, P: Term<M, ()>> Loop for Planes<'_, M, P> {
    #[inline(always)]
    fn run<F: Fma>(self) {
        let Self { inner, x, g, shift, first, term, out } = self;
        for (i, out) in out.chunks_exact_mut(2).enumerate() {
            let m = shift[(first + i) % shift.len()];
            let at = (first + i) * inner;
            (out[0], out[1]) = row_sums(&x[at..][..inner], &g[at..][..inner], |x, g| term(M::read(x), M::read(g), m, ()));
        }
    }
}

/// The sums of `term(x, g, shift[channel])` over (outer, c, inner): c first sums, then c second ones.
pub(super) fn channel_sums<M: Stored>(
    c: usize,
    inner: usize,
    x: &[M::Bits],
    g: &[M::Bits],
    shift: &[M::Float],
    term: impl Fn(M::Float, M::Float, M::Float) -> (M::Float, M::Float) + Copy + Sync,
) -> Vec<M::Float> {
    if x.is_empty() {
        return vec![M::Float::ZERO; 2 * c];
    }
    if inner == 1 {
        return column_sums::<M, _>(c, rows_together(c), x, g, shift, |_| (), move |x, g, m, ()| term(x, g, m));
    }
    let planes = x.len() / inner;
    let per = (TASK / inner).max(1);
    let mut partial = vec![M::Float::ZERO; planes * 2];
    parallel::for_each_chunk_mut(&mut partial, 2 * per, |t, out| {
        frame::run(isa::active(), Planes::<M, _> { inner, x, g, shift, first: t * per, term: move |x, g, m, ()| term(x, g, m), out });
    });
    let mut folded = vec![M::Float::ZERO; 2 * c];
    fold3::<M::Float, M::Float, Sum>(1, planes / c, 2 * c, &partial, &mut folded);
    (0..2 * c).map(|i| folded[i % c * 2 + i / c]).collect()
}
