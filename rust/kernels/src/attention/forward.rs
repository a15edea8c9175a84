//! Results, and for the gradient each query's largest score and what its weights were divided by.
//!
//! A task has some queries of a head. It turns a block of keys at a time, and takes the queries through it a strip after
//! the other: scores, weights and their product with the values follow one another while the strip is in the cache.

use std::ops::Range;

use super::format::{Format, Tile};
use super::product::Product;
use super::tile::{BLOCK, Copied, LANES, Queries, STRIP, ScaleRows, Weigh, factor_of_keys, scores, turned, turned_row, visible};
use super::{AttentionShape, Change, NEVER, for_each_task};
use crate::conv::scratch::{Array, Shared};
use crate::conv::vector::{Element, lanes};
use crate::element::Element as _;
use crate::isa::{self, Isa};
use crate::math::frame;

/// Queries of a task, at most and where there are enough tasks at least: what is fetched of keys and values serves all.
const MOST: usize = 512;
const LEAST: usize = 128;
/// Tasks to divide an attention into, if there are enough queries.
const TASKS: usize = 16;

struct Call<'a, F: Format> {
    isa: Isa,
    shape: &'a AttentionShape,
    q: &'a [F::Of],
    k: &'a [F::Of],
    v: &'a [F::Of],
    change: Change<'a, F::Of>,
    out: Shared<F::Out>,
    statistics: Shared<F::Of>,
}

/// `softmax(scale q·k + bias)·v`, and the statistics (largest score; one over the sum of exponentials) of each
/// (batch, head, query).
///
/// # Panics
/// If a slice has another length than the sizes say.
pub fn forward<T: Element>(
    shape: &AttentionShape,
    q: &[T],
    k: &[T],
    v: &[T],
    change: &Change<'_, T>,
    out: &mut [T],
    statistics: &mut [T],
) {
    shape.check(q.len(), k.len(), v.len(), out.len(), statistics.len());
    if shape.keys == 0 {
        statistics.fill(T::NAN);
        return out.fill(T::NAN);
    }
    run::<T>(shape, [q, k, v], change, out, statistics);
}

/// The same of words of operands, if there are keys.
pub(super) fn run<F: Format>(
    shape: &AttentionShape,
    [q, k, v]: [&[F::Of]; 3],
    change: &Change<'_, F::Of>,
    out: &mut [F::Out],
    statistics: &mut [F::Of],
) {
    if out.is_empty() {
        return;
    }
    let isa = isa::active();
    let (out, statistics) = (Shared::new(out), Shared::new(statistics));
    let call = Call::<F> { isa, shape, q, k, v, change: *change, out, statistics };
    let heads = shape.batch * shape.heads;
    let mut per_task = MOST;
    while per_task > LEAST && heads * shape.queries.div_ceil(per_task) < TASKS {
        per_task /= 2;
    }
    let tasks = shape.queries.div_ceil(per_task);
    for_each_task(shape, heads * tasks, |task| {
        let (head, part) = (task / tasks, task % tasks);
        let range = part * per_task..((part + 1) * per_task).min(shape.queries);
        call.task(&Queries { batch: head / shape.heads, head: head % shape.heads, range });
    });
}

/// A block of keys and values where a task works on them.
struct Fetched<'a, T> {
    keys: Range<usize>,
    turned: &'a [T],
    turned_row: usize,
    values: &'a [T],
    values_row: usize,
}

/// What a strip of queries has come to.
struct State<'a, T> {
    begun: bool,
    top: &'a mut [T],
    total: &'a mut [T],
    found: &'a mut [T],
}

impl<F: Format> Call<'_, F> {
    fn task(&self, queries: &Queries) {
        let (s, count) = (self.shape, queries.range.len());
        let block = BLOCK.min(s.keys);
        let (turned_row, width) = (turned_row(block), s.value_size.next_multiple_of(lanes::<F::Of>(self.isa)));
        let sizes = [(STRIP + 1) * BLOCK, F::words(s.size) * turned_row, F::words(block) * width, count * width, count, count];
        let mut scratch = Array::<F::Of>::dirty(sizes.iter().sum());
        let mut rest = &mut scratch[..];
        let mut part = |i: usize| rest.split_off_mut(..sizes[i]).expect("as long as all parts");
        let (tile, k, v, found, top, total) = (part(0), part(1), part(2), part(3), part(4), part(5));
        let tile = tile.as_chunks_mut::<BLOCK>().0;
        let strips = top.chunks_mut(STRIP).zip(total.chunks_mut(STRIP)).zip(found.chunks_mut(STRIP * width));
        let mut strips: Vec<_> =
            strips.map(|((top, total), found)| State { begun: false, top, total, found }).collect();
        let banded = s.causal || s.window > 0;
        // A query that sees no key at all wants the keys outside of the band as well, in a second round.
        for whole in [false, true] {
            let blind = |strip: &State<'_, F::Of>| strip.top.iter().any(|t| *t <= F::Of::from_f64(NEVER));
            let wanted: Vec<bool> = strips.iter().map(|strip| !whole || (banded && blind(strip))).collect();
            for (strip, _) in strips.iter_mut().zip(&wanted).filter(|(_, wanted)| **wanted) {
                strip.begun = false;
                strip.top.fill(F::Of::from_f64(f64::from(f32::MIN)));
                strip.total.fill(F::Of::ZERO);
            }
            for start in (0..s.keys).step_by(block) {
                let keys = start..(start + block).min(s.keys);
                if !wanted.contains(&true) || visible(s, &queries.range, &keys, whole).is_empty() {
                    continue;
                }
                self.fetch(queries.batch, queries.head / s.groups(), &keys, (k, turned_row), (v, width));
                let fetched = Fetched { keys, turned: k, turned_row, values: v, values_row: width };
                for (i, strip) in strips.iter_mut().enumerate().filter(|(i, _)| wanted[*i]) {
                    let first = queries.range.start + i * STRIP;
                    let range = first..(first + STRIP).min(queries.range.end);
                    let keys = visible(s, &range, &fetched.keys, whole);
                    if !keys.is_empty() {
                        self.step(&Queries { range, ..*queries }, &keys, &fetched, strip, tile);
                    }
                }
            }
        }
        for (i, strip) in strips.into_iter().enumerate() {
            let start = queries.range.start + i * STRIP;
            self.finish(&Queries { range: start..start + strip.top.len(), ..*queries }, strip, width);
        }
    }

    /// Takes a strip through some keys of a block.
    fn step(
        &self,
        queries: &Queries,
        keys: &Range<usize>,
        block: &Fetched<'_, F::Of>,
        strip: &mut State<'_, F::Of>,
        tile: &mut Tile<F>,
    ) {
        let (s, rows, offset) = (self.shape, queries.range.len(), keys.start - block.keys.start);
        let q = self.q[s.query(queries.batch, queries.head, queries.range.start) / F::TERMS..].as_ptr();
        let k = block.turned[offset..].as_ptr();
        // SAFETY: the queries of a head lie `heads * size` apart, all within the operand; the block holds these keys.
        unsafe { scores::<F>(self.isa, s, &self.change, queries, keys, (q, s.heads * F::words(s.size)), (k, block.turned_row), tile) };
        let mut fade = [F::Of::ZERO; STRIP];
        let columns = keys.len().next_multiple_of(LANES);
        let fade = &mut fade[..rows];
        frame::run(self.isa, Weigh { scores: &mut tile[..rows], columns, top: strip.top, total: strip.total, fade });
        if strip.begun {
            frame::run(self.isa, ScaleRows { rows: strip.found, width: block.values_row, factors: fade });
        }
        let tile = tile.as_mut_ptr().cast::<F::Of>();
        let product = Product::<F::Of, BLOCK> {
            rows,
            columns: block.values_row,
            k: F::words(keys.len()),
            // SAFETY: a tile has as many rows as a strip.
            a: unsafe { F::along_keys(tile, tile, rows, keys.len()) },
            stride: BLOCK,
            // The offset is a multiple of some lanes.
            b: block.values[offset / F::TERMS * block.values_row..].as_ptr(),
            b_row: block.values_row,
            c: strip.found.as_mut_ptr(),
            c_row: block.values_row,
            accumulate: strip.begun,
        };
        // SAFETY: the block holds these keys' values; a strip has as many rows as a tile reads at once.
        unsafe { product.run(self.isa, F::FACTORS) };
        strip.begun = true;
    }

    /// Writes results and statistics of a strip.
    fn finish(&self, queries: &Queries, strip: State<'_, F::Of>, width: usize) {
        let (s, rows) = (self.shape, queries.range.len());
        let (row, start) = (s.row(queries.batch, queries.head) + queries.range.start, queries.range.start);
        strip.total.iter_mut().for_each(|t| *t = F::Of::ONE / *t);
        frame::run(self.isa, ScaleRows { rows: strip.found, width, factors: strip.total });
        let (to, to_row) = (self.out.at(s.result(queries.batch, queries.head, start)), s.heads * s.value_size);
        // SAFETY: each task writes results and statistics of its own queries, all within the results.
        unsafe {
            F::give(self.isa, (strip.found.as_ptr(), width), (to, to_row), rows, s.value_size);
            std::ptr::copy_nonoverlapping(strip.top.as_ptr(), self.statistics.at(row), rows);
            std::ptr::copy_nonoverlapping(strip.total.as_ptr(), self.statistics.at(s.rows() + row), rows);
        }
    }

    /// Turns the keys of a block, and copies its values to lie side by side.
    fn fetch(&self, batch: usize, head: usize, keys: &Range<usize>, (k, k_row): (&mut [F::Of], usize), (v, v_row): (&mut [F::Of], usize)) {
        let (s, rows) = (self.shape, keys.len());
        let size = F::words(s.size);
        let from = (self.k[s.key(batch, head, keys.start) / F::TERMS..].as_ptr(), s.key_heads * size);
        // SAFETY: the keys of a head lie `key_heads` rows apart, all within the operand.
        unsafe { turned(self.isa, from, (rows, size), (k, k_row), factor_of_keys::<F>(s)) };
        let (from, size) = (self.v[s.value(batch, head, keys.start) / F::TERMS..].as_ptr(), F::words(s.value_size));
        let values = Copied { from, from_row: s.key_heads * size, to: v.as_mut_ptr(), to_row: v_row, rows, size };
        // SAFETY: as above; there is room for a block.
        unsafe { F::right(self.isa, values) };
    }
}
