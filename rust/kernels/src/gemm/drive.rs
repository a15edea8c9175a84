//! The loops around the microkernel: what is packed, and how the result is divided among threads.
//!
//! Columns are divided into panels two registers wide, rows into strips of a tile's height. Products of some hundred rows read
//! both operands where they lie: packing, and waiting until all threads have packed, costs more than it saves. If B is too large for
//! that, tasks are groups of columns, and each packs its own. Products of more rows go over k in blocks, with the panels of B packed
//! by all threads. Strip after strip of A then passes along them, packed where enough columns share
//! it, while what comes after it is fetched. The division depends on the sizes alone, in k too, whose parts are added in
//! order: the same bytes for any number of threads.

use std::ops::Range;

use super::Gemm;
use super::block::{Ahead, Block, Part, rows_in_place};
use super::choice::{SERIAL, columns_held, k_block, packs_by_task, parts_of_sum, reads_in_place, rows_of_tiles, shares_rows, strip_rows};
use super::pack::{distance, pack_a, pack_b, pack_strips, panel_of};
use super::summed::summed;
use super::tasks::Tasks;
use crate::conv::vector::{Element, Factors, Rows, lanes, tile_size};
use crate::isa;
use crate::memory::Buffer;
use crate::parallel::{self, SendPtr};

/// Bytes of A up to which all of its rows stay in the first-level cache while panels of B pass.
const HELD: usize = 16 << 10;
/// Tasks to divide a product into whose tasks pack B, and columns that a task then has at the most, about: the second-level cache
/// holds what it packs.
const COLUMN_TASKS: usize = 16;
const TASK_COLUMNS: usize = 512;
/// Tasks to divide a product into that reads both operands where they lie, about, and rows of each of them, at least.
const DIRECT_TASKS: usize = 12;
const DIRECT_GROUP: usize = 12;

/// Runs equal products, `a`, `b` and `c` starting at these offsets.
pub fn run<T: Element>(g: &Gemm<'_, T>, a_offsets: &[usize], b_offsets: &[usize], c: &mut [T], ldc: usize) {
    let base = SendPtr(c.as_mut_ptr());
    let step = span(g.m, g.n, ldc);
    for (batch, (a, b)) in a_offsets.iter().zip(b_offsets).enumerate() {
        check(g, *a, *b, c.len(), batch * step, ldc);
    }
    if g.m == 0 || g.n == 0 {
        return;
    }
    let part = |batch: usize| Part {
        g,
        a: a_offsets[batch],
        b: b_offsets[batch],
        c: SendPtr(base.get().wrapping_add(batch * step)),
        ldc,
        factors: Factors::Floats,
    };
    let count = a_offsets.len();
    let direct = reads_in_place(g);
    if count > 1 || g.m * g.n * g.k <= SERIAL {
        // Many products: each is a task. Few multiply-adds: all on this thread.
        let per_task = (SERIAL / 4).div_ceil((g.m * g.n * g.k).max(1));
        parallel::for_each(count.div_ceil(per_task), |task| {
            for batch in task * per_task..((task + 1) * per_task).min(count) {
                whole(&part(batch), direct);
            }
        });
    } else if let Some(parts) = parts_of_sum(g, direct) {
        summed(&part(0), parts, direct);
    } else if direct {
        divided(&part(0));
    } else if packs_by_task(g) {
        by_columns(&part(0));
    } else {
        packed(&part(0));
    }
}

/// Elements from a matrix's first to its last.
fn span(rows: usize, columns: usize, ld: usize) -> usize {
    if rows == 0 || columns == 0 { 0 } else { (rows - 1) * ld + columns }
}

pub(super) fn check<T>(g: &Gemm<'_, T>, a: usize, b: usize, c_len: usize, c: usize, ldc: usize) {
    let (ar, ac) = if g.a_trans { (g.k, g.m) } else { (g.m, g.k) };
    let (br, bc) = if g.b_trans { (g.n, g.k) } else { (g.k, g.n) };
    assert!(
        a + span(ar, ac, g.lda) <= g.a.len() && b + span(br, bc, g.ldb) <= g.b.len() && c + span(g.m, g.n, ldc) <= c_len,
        "operands do not hold a product of {} x {} x {}",
        g.m,
        g.n,
        g.k
    );
    assert!(g.epilogue.bias.is_none_or(|v| v.len() >= g.n), "bias is shorter than a row");
    assert!(g.epilogue.residual.is_none_or(|v| v.len() >= c + span(g.m, g.n, ldc)), "residual is too short");
}

/// A whole product on this thread.
pub(super) fn whole<T: Element>(part: &Part<'_, T>, direct: bool) {
    let g = part.g;
    if direct {
        return in_place(part, (0..g.m, 0..g.n), (0, 1));
    }
    each_k_block(g.k, k_block(g, false), |k| {
        let panels = pack_b(part, 0..g.n, k.clone());
        by_strips(part, (0..g.m, 0..g.n, k), (std::ptr::null(), start(&panels)));
    });
}

pub(super) fn start<T>(buffer: &Buffer) -> *const T {
    buffer.as_bytes().as_ptr().cast()
}

/// A rectangle of the result over a block of k, with what is packed of either operand (or null), and what to fetch on the way.
pub(super) fn block<T: Element>(
    part: &Part<'_, T>,
    (rows, columns, k): (Range<usize>, Range<usize>, Range<usize>),
    (strips, panels): (*const T, *const T),
    ahead: Option<Ahead<T>>,
) {
    T::gemm_block(isa::active(), part.factors, Block { part, rows, columns, k, strips, panels, ahead });
}

/// As [`block`], strip after strip: each passes along all panels while it is in the first-level cache, packed just before if it
/// was not (then null) and that pays.
pub(super) fn by_strips<T: Element>(
    part: &Part<'_, T>,
    (rows, columns, k): (Range<usize>, Range<usize>, Range<usize>),
    (strips, panels): (*const T, *const T),
) {
    let g = part.g;
    let shares = shares_rows(g);
    let few = rows.len() * k.len() * size_of::<T>() <= HELD;
    // Rows of a transposed matrix are packed together, as they lie side by side in memory.
    let own = (strips.is_null() && shares && (few || g.a_trans)).then(|| pack_a(part, rows.clone(), k.clone()));
    let strips = own.as_ref().map_or(strips, start);
    if few {
        return block(part, (rows, columns, k), (strips, panels), None);
    }
    let width = 2 * lanes::<T>(isa::active());
    let height = strip_rows(rows.len(), tile_size::<T>(isa::active(), rows_of_tiles(g), g.n).0);
    let each = strips.is_null() && shares;
    let mut own = Buffer::dirty(if each { distance::<T>(k.len(), height) * size_of::<T>() } else { 0 }).expect("memory for a strip");
    let held = columns_held(k.len());
    for column in columns.clone().step_by(held) {
        let panels = panels.wrapping_add(panel_of::<T>(column - columns.start, k.len(), width));
        let columns = column..columns.end.min(column + held);
        for row in rows.clone().step_by(height) {
            let strip = row..rows.end.min(row + height);
            let a = if each {
                // SAFETY: the buffer has room for a strip.
                unsafe { pack_strips(part, strip.clone(), k.clone(), own.as_bytes_mut().as_mut_ptr().cast()) };
                start(&own)
            } else if strips.is_null() {
                strips
            } else {
                strips.wrapping_add(panel_of::<T>(row - rows.start, k.len(), height))
            };
            let ahead = after(part, (&strip, &k), height);
            block(part, (strip, columns.clone(), k.clone()), (a, panels), ahead);
        }
    }
}

/// What comes after a strip: its neighbour's rows, or, if these lie transposed, its share of the next block of k.
fn after<T: Element>(part: &Part<'_, T>, (strip, k): (&Range<usize>, &Range<usize>), height: usize) -> Option<Ahead<T>> {
    let g = part.g;
    if g.a_trans {
        return next_steps(part, k, (strip.start, strip.end, g.m));
    }
    let (next, len) = (g.a.as_ptr().wrapping_add(part.a + strip.end * g.lda + k.start), height * g.lda);
    (strip.end < g.m).then_some(Ahead { matrices: [(next, len), (std::ptr::null(), 0)], range: 0..len })
}

/// Rows of both operands in the next block of k: from one to another of so many parts of all of them.
fn next_steps<T: Element>(part: &Part<'_, T>, k: &Range<usize>, (from, to, parts): (usize, usize, usize)) -> Option<Ahead<T>> {
    let g = part.g;
    if k.end >= g.k || g.b_trans {
        return None;
    }
    let steps = k.len().min(g.k - k.end);
    let (a, b) = (steps * g.lda, steps * g.ldb);
    let start = |matrix: &[T], offset: usize, ld: usize| matrix.as_ptr().wrapping_add(offset + k.end * ld);
    let matrices = [(start(g.a, part.a, g.lda), a), (start(g.b, part.b, g.ldb), b)];
    Some(Ahead { matrices, range: from * (a + b) / parts..to * (a + b) / parts })
}

/// A rectangle of the result over all of k, operands read where they lie; it is the `i`-th of so many tasks.
fn in_place<T: Element>(part: &Part<'_, T>, (rows, columns): (Range<usize>, Range<usize>), (i, tasks): (usize, usize)) {
    let g = part.g;
    // Strips of rows after the first find a block of B in the second-level cache.
    each_k_block(g.k, k_block(g, true), |k| {
        let ahead = if g.a_trans { next_steps(part, &k, (i, i + 1, tasks)) } else { None };
        block(part, (rows.clone(), columns.clone(), k), (std::ptr::null(), std::ptr::null()), ahead);
    });
}

/// Tasks over strips of rows and groups of panels, operands read where they lie.
fn divided<T: Element>(part: &Part<'_, T>) {
    let g = part.g;
    let (height, width) = tile_size::<T>(isa::active(), rows_in_place(g), g.n);
    let (strips, panels) = (g.m.div_ceil(height), g.n.div_ceil(width));
    // Tasks of equal work, so many that a thread whose core is slower can leave some to the other: along the longer side first.
    let column_tasks = if g.m >= 8 * width.min(g.n) { 1 } else { panels.min(DIRECT_TASKS) };
    let row_tasks = DIRECT_TASKS.div_ceil(column_tasks).min(g.m / DIRECT_GROUP).max(1);
    // Equal rows, unless that makes more strips.
    let even = row_tasks * g.m.div_ceil(row_tasks).div_ceil(height) <= strips;
    parallel::for_each(row_tasks * column_tasks, |task| {
        let (r, c) = (task / column_tasks, task % column_tasks);
        let cut = |i: usize| if even { i * g.m / row_tasks } else { (i * strips / row_tasks * height).min(g.m) };
        let first = |i: usize| (i * panels / column_tasks * width).min(g.n);
        let (rows, columns) = (cut(r)..cut(r + 1), first(c)..first(c + 1));
        if rows.is_empty() || columns.is_empty() {
            return;
        }
        in_place(part, (rows, columns), (task, row_tasks * column_tasks));
    });
}

/// Tasks over groups of panels, each of which packs its own: B is read once, by the thread that needs it, and none waits for another.
fn by_columns<T: Element>(part: &Part<'_, T>) {
    let g = part.g;
    for_column_groups::<T>(g.n, |columns| {
        each_k_block(g.k, k_block(g, true), |k| {
            let panels = pack_b(part, columns.clone(), k.clone());
            block(part, (0..g.m, columns.clone(), k), (std::ptr::null(), start(&panels)), None);
        });
    });
}

/// Calls `f` with the columns of each task.
pub(super) fn for_column_groups<T: Element>(n: usize, f: impl Fn(Range<usize>) + Sync) {
    let (_, width) = tile_size::<T>(isa::active(), Rows::Apart, n);
    let panels = n.div_ceil(width);
    let tasks = panels.min(COLUMN_TASKS).max(n.div_ceil(TASK_COLUMNS));
    let cut = |i: usize| (i * panels / tasks * width).min(n);
    parallel::for_each(tasks, |task| f(cut(task)..cut(task + 1)));
}

/// B packed once for each block of k, then tasks over strips of rows and groups of panels.
fn packed<T: Element>(part: &Part<'_, T>) {
    let g = part.g;
    let tasks = Tasks::new::<T>((g.m, g.n), g.n, rows_of_tiles(g));
    let width = 2 * lanes::<T>(isa::active());
    let (shares, one) = (shares_rows(g), tasks.column_tasks == 1);
    each_k_block(g.k, k_block(g, false), |k| {
        let packed_b = pack_b(part, 0..g.n, k.clone());
        let b = SendPtr(start::<T>(&packed_b).cast_mut());
        // Several tasks need the same rows: packed once for all of them, else by the task.
        let shared = (shares && !one).then(|| tasks.pack_rows(|rows| pack_a(part, rows, k.clone())));
        parallel::for_each(tasks.count(), |task| {
            let ((group, rows), columns) = (tasks.rows(task), tasks.columns(task));
            let strips = shared.as_ref().map_or(std::ptr::null(), |blocks| start(&blocks[group]));
            let panels = b.get().wrapping_add(panel_of::<T>(columns.start, k.len(), width)).cast_const();
            by_strips(part, (rows, columns, k.clone()), (strips, panels));
        });
    });
}

pub(super) fn each_k_block(k: usize, steps: usize, mut f: impl FnMut(Range<usize>)) {
    let mut start = 0;
    loop {
        let end = (start + steps).min(k);
        f(start..end);
        start = end;
        if start >= k {
            return;
        }
    }
}
