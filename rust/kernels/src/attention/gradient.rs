//! Cotangents of queries, keys and values. The weights are computed again from the statistics of the forward pass.
//!
//! A task has a head of keys and values, whose cotangents it sums over all queries of the heads that share it. Where
//! there are few such heads, the queries are divided too, and partial sums are added in their order.

use super::tile::{Copied, Dots, Panel, Product, Slopes, multiply, scores, turned};
use super::{AttentionShape, Change, NEVER, for_each_task};
use crate::conv::scratch::{Array, Shared};
use crate::conv::vector::{Element, lanes};
use crate::isa::{self, Isa};
use crate::layout::transpose_block;
use crate::math::frame;

/// Tasks to divide a gradient into, if there is enough to do.
const TASKS: usize = 16;
/// Panels from which on they are worth a sum of their own.
const PANELS: usize = 4;

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

struct Call<'a, T> {
    isa: Isa,
    shape: &'a AttentionShape,
    given: &'a Given<'a, T>,
    dq: Shared<T>,
    dk: Shared<T>,
    dv: Shared<T>,
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
    let isa = isa::active();
    let call = Call { isa, shape, given, dq: Shared::new(dq), dk: Shared::new(dk), dv: Shared::new(dv) };
    match 2 * lanes::<T>(isa) {
        32 => call.run::<32>(),
        16 => call.run::<16>(),
        _ => call.run::<8>(),
    }
}

impl<T: Element> Call<'_, T> {
    fn run<const W: usize>(&self) {
        let s = self.shape;
        let heads = s.batch * s.key_heads;
        let panels = s.groups() * s.queries.div_ceil(W);
        let chunks = TASKS.div_ceil(heads).min(panels.div_ceil(PANELS));
        let sums = s.keys * (s.size + s.value_size);
        if chunks == 1 {
            return for_each_task(s, heads, |head| {
                let mut sums = Array::<T>::zeroed(sums);
                self.task::<W>(head, 0..panels, &mut sums);
                self.finish(head, &sums);
            });
        }
        let mut partial = Array::<T>::zeroed(heads * chunks * sums);
        let shared = Shared::new(&mut partial);
        let part = |i: usize| {
            // SAFETY: tasks have parts of their own, which no one reads before all tasks are done.
            unsafe { std::slice::from_raw_parts_mut(shared.at(i * sums), sums) }
        };
        for_each_task(s, heads * chunks, |task| {
            let (head, chunk) = (task / chunks, task % chunks);
            self.task::<W>(head, chunk * panels / chunks..(chunk + 1) * panels / chunks, part(task));
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

    /// Adds the share of some panels to the sums of a head of keys, and writes the cotangents of their queries.
    fn task<const W: usize>(&self, key_head: usize, panels: std::ops::Range<usize>, sums: &mut [T]) {
        let (s, given) = (self.shape, self.given);
        let (batch, key_head) = (key_head / s.key_heads, key_head % s.key_heads);
        let block = s.block().min(s.keys);
        let sizes = [s.size * W, s.size * W, s.value_size * W, block * W, block * W, s.keys * s.size, s.keys * s.value_size];
        let mut scratch = Array::<T>::dirty(sizes.iter().sum());
        let mut rest = &mut scratch[..];
        let mut part = |i: usize| rest.split_off_mut(..sizes[i]).expect("as long as all parts");
        let (q, dq, g, weights, slopes) = (part(0), part(1), part(2), part(3), part(4));
        let (k, v) = (part(5), part(6));
        let (q, dq, g) = (q.as_chunks_mut::<W>().0, dq.as_chunks_mut::<W>().0, g.as_chunks_mut::<W>().0);
        let (weights, slopes) = (weights.as_chunks_mut::<W>().0, slopes.as_chunks_mut::<W>().0);
        let (dk, dv) = sums.split_at_mut(s.keys * s.size);
        let rows = s.keys;
        let (from, from_row) = (given.k[s.key(batch, key_head, 0)..].as_ptr(), s.key_heads * s.size);
        frame::run(self.isa, Copied { from, from_row, to: k.as_mut_ptr(), to_row: s.size, rows, size: s.size });
        let (from, from_row) = (given.v[s.value(batch, key_head, 0)..].as_ptr(), s.key_heads * s.value_size);
        frame::run(self.isa, Copied { from, from_row, to: v.as_mut_ptr(), to_row: s.value_size, rows, size: s.value_size });
        let scale = T::from_f64(s.scale);
        let per_head = s.queries.div_ceil(W);
        let (q_row, g_row) = (s.heads * s.size, s.heads * s.value_size);
        for item in panels {
            let head = key_head * s.groups() + item / per_head;
            let start = item % per_head * W;
            let panel = Panel { batch, head, queries: start..(start + W).min(s.queries) };
            let count = panel.queries.len();
            let q_rows = &given.q[s.query(batch, head, start)..];
            let at = s.result(batch, head, start);
            let (g_rows, out_rows) = (&given.g[at..], &given.out[at..]);
            // SAFETY: rows of a head lie `heads` rows apart, all within the operands.
            unsafe {
                turned((q_rows.as_ptr(), q_row), count, q);
                turned((g_rows.as_ptr(), g_row), count, g);
            }
            // As the forward pass did, so that the scores are the same.
            q.iter_mut().flatten().for_each(|q| *q *= scale);
            let (mut top, mut share, mut level, mut factor) = ([T::ZERO; W], [T::ZERO; W], [T::ZERO; W], [scale; W]);
            let row = s.row(batch, head) + start;
            top[..count].copy_from_slice(&given.statistics[row..][..count]);
            share[..count].copy_from_slice(&given.statistics[s.rows() + row..][..count]);
            let dots = Dots { a: g_rows, b: out_rows, row: g_row, size: s.value_size, count, sums: &mut level };
            frame::run(self.isa, dots);
            let mut blind = false;
            for lane in 0..count {
                if top[lane] <= T::from_f64(NEVER) {
                    (factor[lane], blind) = (T::ZERO, true);
                }
            }
            dq.fill([T::ZERO; W]);
            for from in (0..s.keys).step_by(block) {
                let keys = from..(from + block).min(s.keys);
                if !blind && !s.touches(&panel.queries, &keys) {
                    continue;
                }
                let n = keys.len();
                let (weights, slopes) = (&mut weights[..n], &mut slopes[..n]);
                let (k, v) = (k[from * s.size..].as_ptr(), v[from * s.value_size..].as_ptr());
                // SAFETY: `k` and `v` hold these keys; tiles and panels have rows of W; the sums have a row for each
                // key, and the rows of `q` and `g` are those of this panel.
                unsafe {
                    scores(self.isa, s, &given.change, &panel, &keys, q, k, weights);
                    self.product((n, W, s.value_size), (v, s.value_size, 1), (g.as_ptr().cast(), W), (slopes.as_mut_ptr().cast(), W), false);
                    let step = Slopes { weights, slopes, top: &top, share: &share, level: &level, scale: &factor };
                    frame::run(self.isa, step);
                    let (weights, slopes) = (weights.as_ptr().cast::<T>(), slopes.as_ptr().cast::<T>());
                    let to = dv[from * s.value_size..].as_mut_ptr();
                    self.product((n, s.value_size, count), (weights, W, 1), (g_rows.as_ptr(), g_row), (to, s.value_size), true);
                    let to = dk[from * s.size..].as_mut_ptr();
                    self.product((n, s.size, count), (slopes, W, 1), (q_rows.as_ptr(), q_row), (to, s.size), true);
                    self.product((s.size, W, n), (k, 1, s.size), (slopes, W), (dq.as_mut_ptr().cast(), W), true);
                }
            }
            let to = self.dq.at(s.query(batch, head, start));
            // SAFETY: each panel's queries belong to one task.
            unsafe { transpose_block((s.size, count), (dq.as_ptr().cast(), W), (to, q_row)) };
        }
    }

    /// # Safety
    /// As for `multiply`.
    unsafe fn product(
        &self,
        (rows, columns, k): (usize, usize, usize),
        (a, a_row, a_step): (*const T, usize, usize),
        (b, b_row): (*const T, usize),
        (c, c_row): (*mut T, usize),
        accumulate: bool,
    ) {
        // SAFETY: as the caller promises.
        unsafe { multiply(self.isa, Product { rows, columns, k, a, a_row, a_step, b, b_row, c, c_row, accumulate }) };
    }

    /// Writes the cotangents of a head of keys and values.
    fn finish(&self, key_head: usize, sums: &[T]) {
        let s = self.shape;
        let (batch, head) = (key_head / s.key_heads, key_head % s.key_heads);
        let (dk, dv) = sums.split_at(s.keys * s.size);
        let rows = s.keys;
        let (to, to_row) = (self.dk.at(s.key(batch, head, 0)), s.key_heads * s.size);
        frame::run(self.isa, Copied { from: dk.as_ptr(), from_row: s.size, to, to_row, rows, size: s.size });
        let (to, to_row) = (self.dv.at(s.value(batch, head, 0)), s.key_heads * s.value_size);
        frame::run(self.isa, Copied { from: dv.as_ptr(), from_row: s.value_size, to, to_row, rows, size: s.value_size });
    }
}
