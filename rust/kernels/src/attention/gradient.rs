//! Cotangents of queries, keys and values. The weights are computed again from the statistics of the forward pass.
//!
//! A task has a head of keys and values, whose cotangents it sums over all queries of the heads that share it. Where
//! there are few such heads, the queries are divided too, and partial sums are added in their order.

use std::ops::Range;

use super::format::{Format, Tile};
use super::product::{APART, Product, SLACK, TURNED};
use super::tile::{BLOCK, Copied, Dots, LANES, Queries, Slopes, factor_of_keys, scores, turned, turned_row, visible};
use super::{AttentionShape, Change, NEVER, for_each_task};
use crate::conv::scratch::{Array, Shared};
use crate::conv::vector::{Element, lanes};
use crate::element::Element as _;
use crate::isa::{self, Isa};
use crate::math::frame;

/// Tasks to divide a gradient into, if there is enough to do.
const TASKS: usize = 16;
/// Queries of a panel: over so many the sums of keys and values run in registers.
const PANEL: usize = 64;
/// Rows of a tile: products read beyond a panel, and from the last row beyond its end.
const TILE: usize = PANEL + SLACK + 1;
/// Panels from which on they are worth a sum of their own.
const PANELS: usize = 2;

/// The operands of a gradient.
pub struct Given<'a, T> {
    pub q: &'a [T],
    pub k: &'a [T],
    pub v: &'a [T],
    /// Result and statistics of the forward pass.
    pub out: &'a [T],
    pub statistics: &'a [T],
    /// The cotangent of the result.
    pub g: &'a [T],
    pub change: Change<'a, T>,
}

struct Call<'a, F: Format> {
    isa: Isa,
    shape: &'a AttentionShape,
    given: &'a Given<'a, F::Of>,
    dq: Shared<F::Out>,
    dk: Shared<F::Out>,
    dv: Shared<F::Out>,
}

/// Cotangents of queries, keys and values.
///
/// # Panics
/// If a slice has another length than the sizes say.
pub fn gradient<T: Element>(shape: &AttentionShape, given: &Given<'_, T>, dq: &mut [T], dk: &mut [T], dv: &mut [T]) {
    shape.check(given.q.len(), given.k.len(), given.v.len(), given.out.len(), given.statistics.len());
    assert_eq!(given.g.len(), given.out.len(), "length of the cotangent");
    assert!(dq.len() == given.q.len() && dk.len() == given.k.len() && dv.len() == given.v.len(), "lengths of results");
    if given.out.is_empty() || shape.keys == 0 {
        dq.fill(T::ZERO);
        dk.fill(T::ZERO);
        return dv.fill(T::ZERO);
    }
    run::<T>(shape, given, dq, dk, dv);
}

/// The same of words of operands, if there are keys and queries.
pub(super) fn run<F: Format>(
    shape: &AttentionShape,
    given: &Given<'_, F::Of>,
    dq: &mut [F::Out],
    dk: &mut [F::Out],
    dv: &mut [F::Out],
) {
    let isa = isa::active();
    let call = Call::<F> { isa, shape, given, dq: Shared::new(dq), dk: Shared::new(dk), dv: Shared::new(dv) };
    call.run();
}

/// A head of keys and values where a task works on them: keys as a right factor, both turned block by block.
struct Head<'a, T> {
    k: &'a [T],
    k_turned: &'a [T],
    v_turned: &'a [T],
    /// Lengths of rows, and of turned ones.
    k_width: usize,
    v_width: usize,
    turned_row: usize,
}

/// A panel of queries with their cotangents, and what is known of each.
struct Panel<'a, T> {
    queries: Queries,
    /// Rows as left factors, with their distance.
    q_rows: (*const T, usize),
    g_rows: (*const T, usize),
    /// The same as right factors.
    q: &'a [T],
    g: &'a [T],
    top: &'a [T],
    share: &'a [T],
    level: &'a [T],
    scale: &'a [T],
}

impl<F: Format> Call<'_, F> {
    fn run(&self) {
        let s = self.shape;
        let heads = s.batch * s.key_heads;
        let panels = s.groups() * s.queries.div_ceil(PANEL);
        let chunks = TASKS.div_ceil(heads).min(panels.div_ceil(PANELS));
        let (k_width, v_width) = self.widths();
        let sums = s.keys * (k_width + v_width);
        if chunks == 1 {
            return for_each_task(s, heads, |head| {
                let mut sums = Array::<F::Of>::zeroed(sums);
                self.task(head, 0..panels, &mut sums);
                self.finish(head, &sums);
            });
        }
        let mut partial = Array::<F::Of>::zeroed(heads * chunks * sums);
        let shared = Shared::new(&mut partial);
        let part = |i: usize| {
            // SAFETY: tasks have parts of their own, which no one reads before all tasks are done.
            unsafe { std::slice::from_raw_parts_mut(shared.at(i * sums), sums) }
        };
        for_each_task(s, heads * chunks, |task| {
            let (head, chunk) = (task / chunks, task % chunks);
            self.task(head, chunk * panels / chunks..(chunk + 1) * panels / chunks, part(task));
        });
        for_each_task(s, heads, |head| {
            let total = part(head * chunks);
            for chunk in 1..chunks {
                for (to, from) in total.iter_mut().zip(part(head * chunks + chunk)) {
                    *to += *from;
                }
            }
            self.finish(head, total);
        });
    }

    /// Lengths of the rows of keys and values in scratch memory: whole registers.
    fn widths(&self) -> (usize, usize) {
        let lanes = lanes::<F::Of>(self.isa);
        (self.shape.size.next_multiple_of(lanes), self.shape.value_size.next_multiple_of(lanes))
    }

    /// Adds the share of some panels to the sums of a head of keys, and writes the cotangents of their queries.
    fn task(&self, key_head: usize, panels: Range<usize>, sums: &mut [F::Of]) {
        let (s, given) = (self.shape, self.given);
        let (batch, key_head) = (key_head / s.key_heads, key_head % s.key_heads);
        let block = BLOCK.min(s.keys);
        let ((k_width, v_width), turned_row, blocks) = (self.widths(), turned_row(block), s.keys.div_ceil(block));
        let (k_words, v_words, rows) = (F::words(s.size), F::words(s.value_size), F::words(PANEL));
        let sizes = [
            TILE * BLOCK,
            TILE * BLOCK,
            rows * k_width,
            rows * v_width,
            PANEL * k_width,
            F::words(s.keys) * k_width,
            blocks * k_words * turned_row,
            blocks * v_words * turned_row,
        ];
        let mut scratch = Array::<F::Of>::dirty(sizes.iter().sum());
        let mut rest = &mut scratch[..];
        let mut part = |i: usize| rest.split_off_mut(..sizes[i]).expect("as long as all parts");
        let (weights, slopes) = (part(0).as_chunks_mut::<BLOCK>().0, part(1).as_chunks_mut::<BLOCK>().0);
        let (q, g, dq, k, k_turned, v_turned) = (part(2), part(3), part(4), part(5), part(6), part(7));
        let words_of = |x: &[F::Of], at: usize| x[at / F::TERMS..].as_ptr();
        let right = |from: *const F::Of, from_row: usize, to: &mut [F::Of], to_row: usize, rows: usize, size: usize| {
            // SAFETY: rows of operands, all within them; there is room for the rows of a head and of a panel.
            unsafe { F::right(self.isa, Copied { from, from_row, to: to.as_mut_ptr(), to_row, rows, size }) };
        };
        right(words_of(given.k, s.key(batch, key_head, 0)), s.key_heads * k_words, k, k_width, s.keys, k_words);
        for (i, start) in (0..s.keys).step_by(block).enumerate() {
            let rows = block.min(s.keys - start);
            let keys = words_of(given.k, s.key(batch, key_head, start));
            let values = words_of(given.v, s.value(batch, key_head, start));
            let (to_k, to_v) = (&mut k_turned[i * k_words * turned_row..], &mut v_turned[i * v_words * turned_row..]);
            // SAFETY: rows of a head lie `key_heads` rows apart, all within the operands.
            unsafe {
                let factor = factor_of_keys::<F>(s);
                turned(self.isa, (keys, s.key_heads * k_words), (rows, k_words), (to_k, turned_row), factor);
                turned(self.isa, (values, s.key_heads * v_words), (rows, v_words), (to_v, turned_row), None);
            }
        }
        let held = Head { k, k_turned, v_turned, k_width, v_width, turned_row };
        let per_head = s.queries.div_ceil(PANEL);
        let (q_row, g_row) = (s.heads * k_words, s.heads * v_words);
        for item in panels {
            let head = key_head * s.groups() + item / per_head;
            let start = item % per_head * PANEL;
            let rows = PANEL.min(s.queries - start);
            let at = s.result(batch, head, start);
            let (from, from_g) = (words_of(given.q, s.query(batch, head, start)), words_of(given.g, at));
            right(from, q_row, q, k_width, rows, k_words);
            right(from_g, g_row, g, v_width, rows, v_words);
            let row = s.row(batch, head) + start;
            let (top, share) = (&given.statistics[row..][..rows], &given.statistics[s.rows() + row..][..rows]);
            let (mut level, mut scale) = ([F::Of::ZERO; PANEL], [F::Of::from_f64(s.scale); PANEL]);
            let (level, scale) = (&mut level[..rows], &mut scale[..rows]);
            let at = at / F::TERMS;
            F::dots(self.isa, Dots { a: &given.g[at..], b: &given.out[at..], row: g_row, size: v_words, sums: level });
            let mut blind = false;
            for (scale, top) in scale.iter_mut().zip(top) {
                if *top <= F::Of::from_f64(NEVER) {
                    (*scale, blind) = (F::Of::ZERO, true);
                }
            }
            let queries = Queries { batch, head, range: start..start + rows };
            // Floats are copied as they are, and side by side the rows are in fewer places of the cache.
            let (q_rows, g_rows) = if F::TERMS == 1 { ((q.as_ptr(), k_width), (g.as_ptr(), v_width)) } else { ((from, q_row), (from_g, g_row)) };
            let panel = Panel { queries, q_rows, g_rows, q, g, top, share, level, scale };
            dq.fill(F::Of::ZERO);
            for from in (0..s.keys).step_by(block) {
                let block = from..(from + block).min(s.keys);
                let keys = visible(s, &panel.queries.range, &block, blind);
                if !keys.is_empty() {
                    self.step(&panel, &held, &block, &keys, (weights, slopes), dq, sums);
                }
            }
            let to = (self.dq.at(s.query(batch, head, start)), s.heads * s.size);
            // SAFETY: each task writes the cotangents of its own queries.
            unsafe { F::give(self.isa, (dq.as_ptr(), k_width), to, rows, s.size) };
        }
    }

    /// Adds what a panel and some keys of a block do to each other.
    fn step(
        &self,
        panel: &Panel<'_, F::Of>,
        head: &Head<'_, F::Of>,
        block: &Range<usize>,
        keys: &Range<usize>,
        (weights, slopes): (&mut Tile<F>, &mut Tile<F>),
        dq: &mut [F::Of],
        sums: &mut [F::Of],
    ) {
        let (s, isa, rows) = (self.shape, self.isa, panel.queries.range.len());
        let (k_width, v_width, turned_row) = (head.k_width, head.v_width, head.turned_row);
        let columns = keys.len().next_multiple_of(LANES);
        let (number, offset) = (block.start / BLOCK, keys.start - block.start);
        let (k_words, v_words) = (F::words(s.size), F::words(s.value_size));
        let k_turned = head.k_turned[number * k_words * turned_row + offset..].as_ptr();
        let v_turned = head.v_turned[number * v_words * turned_row + offset..].as_ptr();
        let (q, g) = (panel.q.as_ptr(), panel.g.as_ptr());
        let (dk, dv) = sums.split_at_mut(s.keys * k_width);
        let (dk, dv) = (dk[keys.start * k_width..].as_mut_ptr(), dv[keys.start * v_width..].as_mut_ptr());
        // SAFETY: the head holds the keys of the block, the panel rows of queries and cotangents, the sums a row for each
        // key; both tiles have rows for what products read beyond.
        unsafe {
            scores::<F>(isa, s, &self.given.change, &panel.queries, keys, panel.q_rows, (k_turned, turned_row), weights);
            let ((a, stride), b, b_row) = (panel.g_rows, v_turned, turned_row);
            let (k, c, c_row) = (v_words, slopes.as_mut_ptr().cast::<F::Of>(), BLOCK);
            Product::<F::Of, APART> { rows, columns, k, a, stride, b, b_row, c, c_row, accumulate: false }.run(isa, F::FACTORS);
            let (top, share, level, scale) = (panel.top, panel.share, panel.level, panel.scale);
            let tiles = Slopes { weights: &mut weights[..rows], slopes: &mut slopes[..rows], columns, top, share, level, scale };
            frame::run(isa, tiles);
            let (weights, slopes) = (weights.as_mut_ptr().cast::<F::Of>(), slopes.as_mut_ptr().cast::<F::Of>());
            F::along_queries(weights, rows, columns);
            let (a, stride, k, accumulate) = (weights.cast_const(), BLOCK, F::words(rows), true);
            let (b, b_row, c, c_row, columns, rows) = (g, v_width, dv, v_width, v_width, keys.len());
            Product::<F::Of, TURNED> { rows, columns, k, a, stride, b, b_row, c, c_row, accumulate }.run(isa, F::FACTORS);
            // The weights are done with.
            let queries = panel.queries.range.len();
            let by_keys = F::along_keys(slopes, weights, queries, keys.len());
            F::along_queries(slopes, queries, keys.len().next_multiple_of(LANES));
            let (a, b, b_row, c, c_row, columns) = (slopes.cast_const(), q, k_width, dk, k_width, k_width);
            Product::<F::Of, TURNED> { rows, columns, k, a, stride, b, b_row, c, c_row, accumulate }.run(isa, F::FACTORS);
            let (a, b, c) = (by_keys, head.k[keys.start / F::TERMS * k_width..].as_ptr(), dq.as_mut_ptr());
            let (rows, k) = (queries, F::words(keys.len()));
            Product::<F::Of, BLOCK> { rows, columns, k, a, stride, b, b_row, c, c_row, accumulate }.run(isa, F::FACTORS);
        }
    }

    /// Writes the cotangents of a head of keys and values.
    fn finish(&self, key_head: usize, sums: &[F::Of]) {
        let (s, (k_width, v_width)) = (self.shape, self.widths());
        let (batch, head) = (key_head / s.key_heads, key_head % s.key_heads);
        let (dk, dv) = sums.split_at(s.keys * k_width);
        let to_k = (self.dk.at(s.key(batch, head, 0)), s.key_heads * s.size);
        let to_v = (self.dv.at(s.value(batch, head, 0)), s.key_heads * s.value_size);
        // SAFETY: each task writes the cotangents of its own head.
        unsafe {
            F::give(self.isa, (dk.as_ptr(), k_width), to_k, s.keys, s.size);
            F::give(self.isa, (dv.as_ptr(), v_width), to_v, s.keys, s.value_size);
        }
    }
}
