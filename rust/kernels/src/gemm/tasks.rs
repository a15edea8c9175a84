//! How a packed product is divided among threads, by its sizes alone.

use std::ops::Range;

use super::drive::strip_rows;
use crate::conv::vector::{Element, lanes, tile_rows};
use crate::isa;
use crate::memory::Buffer;
use crate::parallel;

/// Strips of rows of a task, at most.
const STRIPS: usize = 8;
/// Columns for each strip up to which a product is divided by rows.
const WIDTH: usize = 32;
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
    /// Of an m × n result of sums of type `T`; a task has about `most` columns at the most. Rows are packed, many of them `together`
    /// if they lie side by side, or read `apart`.
    pub fn new<T: Element>((m, n): (usize, usize), most: usize, together: bool, apart: bool) -> Self {
        let isa = isa::active();
        let (height, width) = (strip_rows(m, tile_rows::<T>(isa, apart)), 2 * lanes::<T>(isa));
        let (strips, panels) = (m.div_ceil(height), n.div_ceil(width));
        // Rather rows than columns, so that a strip is packed once and passes along all panels; but where rows are few and columns
        // many, threads had better share the columns, each reading its own.
        let by_rows = !together && strips >= TASKS && n <= WIDTH * strips;
        let row_tasks = strips.div_ceil(STRIPS).max(if by_rows { TASKS } else { 1 });
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
