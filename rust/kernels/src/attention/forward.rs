//! Results, and for the gradient each query's largest score and what its weights were divided by.

use std::ops::Range;

use super::tile::{Copied, Panel, Product, Scale, Weigh, multiply, scores, turned};
use super::{AttentionShape, Change, NEVER, for_each_task};
use crate::conv::scratch::{Array, Shared};
use crate::conv::vector::{Element, lanes};
use crate::isa::{self, Isa};
use crate::layout::transpose_block;
use crate::math::frame;

/// Panels of a task, at most: what is fetched of keys and values serves all of them.
const PANELS: usize = 4;
/// Tasks to divide an attention into, if there are as many panels.
const TASKS: usize = 16;

#[derive(Clone, Copy, PartialEq, Eq)]
enum Progress {
    New,
    Begun,
    Done,
}

struct Call<'a, T> {
    isa: Isa,
    shape: &'a AttentionShape,
    q: &'a [T],
    k: &'a [T],
    v: &'a [T],
    change: Change<'a, T>,
    out: Shared<T>,
    statistics: Shared<T>,
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
    if out.is_empty() {
        return;
    }
    if shape.keys == 0 {
        statistics.fill(T::NAN);
        return out.fill(T::NAN);
    }
    let isa = isa::active();
    let (out, statistics) = (Shared::new(out), Shared::new(statistics));
    let call = Call { isa, shape, q, k, v, change: *change, out, statistics };
    match 2 * lanes::<T>(isa) {
        32 => call.run::<32>(),
        16 => call.run::<16>(),
        _ => call.run::<8>(),
    }
}

impl<T: Element> Call<'_, T> {
    fn run<const W: usize>(&self) {
        let s = self.shape;
        let heads = s.batch * s.heads;
        let panels = s.queries.div_ceil(W);
        let mut per_task = PANELS.min(panels);
        while per_task > 1 && heads * panels.div_ceil(per_task) < TASKS {
            per_task /= 2;
        }
        let tasks = panels.div_ceil(per_task);
        for_each_task(s, heads * tasks, |task| {
            let (head, part) = (task / tasks, task % tasks);
            let queries = part * per_task * W..((part + 1) * per_task * W).min(s.queries);
            self.task::<W>(head / s.heads, head % s.heads, queries);
        });
    }

    fn task<const W: usize>(&self, batch: usize, head: usize, queries: Range<usize>) {
        let s = self.shape;
        let panels: Vec<Panel> = queries
            .clone()
            .step_by(W)
            .map(|start| Panel { batch, head, queries: start..(start + W).min(queries.end) })
            .collect();
        let (n, block) = (panels.len(), s.block().min(s.keys));
        // With one block of keys a panel is done before the next one begins.
        let held = if s.keys <= block { 1 } else { n };
        let sizes =
            [held * s.size * W, held * s.value_size * W, n * W, n * W, block * W, block * s.size, block * s.value_size];
        let mut scratch = Array::<T>::dirty(sizes.iter().sum());
        let mut rest = &mut scratch[..];
        let mut part = |i: usize| rest.split_off_mut(..sizes[i]).expect("as long as all parts");
        let (q, found, top, total) = (part(0), part(1), part(2), part(3));
        let (tile, k, v) = (part(4), part(5), part(6));
        let (q, found, tile) = (q.as_chunks_mut::<W>().0, found.as_chunks_mut::<W>().0, tile.as_chunks_mut::<W>().0);
        let (top, total) = (top.as_chunks_mut::<W>().0, total.as_chunks_mut::<W>().0);
        top.fill([T::from_f64(f64::from(f32::MIN)); W]);
        total.fill([T::ZERO; W]);
        let scale = [T::from_f64(s.scale); W];
        let blind = |panel: &Panel, top: &[T; W]| top[..panel.queries.len()].iter().any(|t| *t <= T::from_f64(NEVER));
        let mut progress = vec![Progress::New; n];
        // A query that sees no key at all wants the keys outside of the band as well, in a second round.
        for second in [false, true] {
            for start in (0..s.keys).step_by(block) {
                let keys = start..(start + block).min(s.keys);
                let wanted = |i: usize, progress: &[Progress]| {
                    progress[i] != Progress::Done && s.touches(&panels[i].queries, &keys) != second
                };
                if !(0..n).any(|i| wanted(i, &progress)) {
                    continue;
                }
                self.fetch(batch, head / s.groups(), &keys, k, v);
                for (i, panel) in panels.iter().enumerate() {
                    if !wanted(i, &progress) {
                        continue;
                    }
                    let at = i % held;
                    let (q, found) = (&mut q[at * s.size..][..s.size], &mut found[at * s.value_size..][..s.value_size]);
                    let first = progress[i] == Progress::New;
                    if first {
                        let from = &self.q[s.query(batch, head, panel.queries.start)..];
                        // SAFETY: the queries of a head lie `heads * size` apart, all within the operand.
                        unsafe { turned((from.as_ptr(), s.heads * s.size), panel.queries.len(), q) };
                        frame::run(self.isa, Scale { rows: q, factor: &scale });
                        progress[i] = Progress::Begun;
                    }
                    let tile = &mut tile[..keys.len()];
                    // SAFETY: `k` holds these keys.
                    unsafe { scores(self.isa, s, &self.change, panel, &keys, q, k.as_ptr(), tile) };
                    let (top, total) = (&mut top[i], &mut total[i]);
                    frame::run(self.isa, Weigh { scores: tile, top, total, found, first });
                    let product = Product {
                        rows: s.value_size,
                        columns: W,
                        k: keys.len(),
                        a: v.as_ptr(),
                        a_row: 1,
                        a_step: s.value_size,
                        b: tile.as_ptr().cast(),
                        b_row: W,
                        c: found.as_mut_ptr().cast(),
                        c_row: W,
                        accumulate: !first,
                    };
                    // SAFETY: `v` holds these keys' values; the panels have rows of W.
                    unsafe { multiply(self.isa, product) };
                    let last = keys.end >= s.seen(&panel.queries).end && !second && !blind(panel, top);
                    if last || keys.len() == s.keys {
                        self.finish(panel, found, top, total);
                        progress[i] = Progress::Done;
                    }
                }
            }
        }
        for (i, panel) in panels.iter().enumerate() {
            if progress[i] != Progress::Done {
                let at = i % held;
                self.finish(panel, &mut found[at * s.value_size..][..s.value_size], &top[i], &total[i]);
            }
        }
    }

    /// Writes results and statistics of a panel.
    fn finish<const W: usize>(&self, panel: &Panel, found: &mut [[T; W]], top: &[T; W], total: &[T; W]) {
        let s = self.shape;
        let share = total.map(|t| T::ONE / t);
        frame::run(self.isa, Scale { rows: found, factor: &share });
        let (row, count) = (s.row(panel.batch, panel.head) + panel.queries.start, panel.queries.len());
        let out = self.out.at(s.result(panel.batch, panel.head, panel.queries.start));
        // SAFETY: each task writes results and statistics of its own queries, all within the results.
        unsafe {
            transpose_block((s.value_size, count), (found.as_ptr().cast(), W), (out, s.heads * s.value_size));
            std::ptr::copy_nonoverlapping(top.as_ptr(), self.statistics.at(row), count);
            std::ptr::copy_nonoverlapping(share.as_ptr(), self.statistics.at(s.rows() + row), count);
        }
    }

    /// Copies keys and values of a block to lie side by side: where heads are many, rows are a power of two apart and
    /// would share a few places of the cache.
    fn fetch(&self, batch: usize, head: usize, keys: &Range<usize>, k: &mut [T], v: &mut [T]) {
        let (s, rows) = (self.shape, keys.len());
        let (from, from_row) = (self.k[s.key(batch, head, keys.start)..].as_ptr(), s.key_heads * s.size);
        frame::run(self.isa, Copied { from, from_row, to: k.as_mut_ptr(), to_row: s.size, rows, size: s.size });
        let (from, from_row) = (self.v[s.value(batch, head, keys.start)..].as_ptr(), s.key_heads * s.value_size);
        frame::run(self.isa, Copied { from, from_row, to: v.as_mut_ptr(), to_row: s.value_size, rows, size: s.value_size });
    }
}
