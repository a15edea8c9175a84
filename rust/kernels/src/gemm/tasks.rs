//! How a packed product is divided among threads, by its sizes alone.

use std::ops::Range;

use super::choice::strip_rows;
use crate::conv::vector::{Element, Rows, tile_size};
use crate::isa;
use crate::memory::Buffer;
use crate::parallel;

/// Rows of a task, at most, about.
const ROWS: usize = 112;
/// Columns for each row up to which a product of many rows is divided by rows.
const COLUMNS: usize = 2;
/// Tasks to divide a product into, at least, so that threads end together.
const TASKS: usize = 16;

/// Rectangles of a result: groups of strips of rows by groups of panels of columns.
pub(super) struct Tasks {
    m: usize,
    n: usize,
    /// Rows of a whole strip, columns of a whole panel.
    height: usize,
    width: usize,
    strips: usize,
    panels: usize,
    row_tasks: usize,
    pub column_tasks: usize,
}

impl Tasks {
    /// Of an m × n result of sums of type `T`; a task has about `most` columns at the most. Rows `lie` as tiles find them.
    pub fn new<T: Element>((m, n): (usize, usize), most: usize, lie: Rows) -> Self {
        let (rows, width) = tile_size::<T>(isa::active(), lie, n);
        let height = strip_rows(m, rows);
        let (strips, panels) = (m.div_ceil(height), n.div_ceil(width));
        // Rather rows than columns, so that a strip is packed once and passes along all panels; but where rows are few and columns
        // many, threads had better share the columns, each reading its own.
        let by_rows = m >= 2 * ROWS && n <= COLUMNS * m;
        let row_tasks = m.div_ceil(ROWS).max(if by_rows { TASKS.min(strips) } else { 1 });
        let column_tasks = TASKS.div_ceil(row_tasks).min(panels).max(n.div_ceil(most));
        Self { m, n, height, width, strips, panels, row_tasks, column_tasks }
    }

    pub fn count(&self) -> usize {
        self.row_tasks * self.column_tasks
    }

    /// The rows that a task shares with others, and their number among such groups.
    pub fn rows(&self, task: usize) -> (usize, Range<usize>) {
        let group = task / self.column_tasks;
        (group, self.group(group))
    }

    fn group(&self, group: usize) -> Range<usize> {
        let cut = |i: usize| (i * self.strips / self.row_tasks * self.height).min(self.m);
        cut(group)..cut(group + 1)
    }

    pub fn columns(&self, task: usize) -> Range<usize> {
        let cut = |i: usize| (i * self.panels / self.column_tasks * self.width).min(self.n);
        cut(task % self.column_tasks)..cut(task % self.column_tasks + 1)
    }

    /// The rows of each group, packed by all threads.
    pub fn pack_rows(&self, pack: impl Fn(Range<usize>) -> Buffer + Sync) -> Vec<Buffer> {
        let mut blocks: Vec<Option<Buffer>> = (0..self.row_tasks).map(|_| None).collect();
        parallel::for_each_chunk_mut(&mut blocks, 1, |group, place| place[0] = Some(pack(self.group(group))));
        blocks.into_iter().flatten().collect()
    }
}
