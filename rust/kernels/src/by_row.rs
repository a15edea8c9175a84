//! Updates of rows by index, listed for tasks that each own some rows: no atomics, and one order for any number of threads.

use std::ops::Range;

use crate::conv::scratch::{Array, Plain};

/// The row an index names among n; negative ones count from the end.
#[inline(always)]
pub(crate) fn row_of(index: i64, n: usize) -> Option<usize> {
    let at = if index < 0 { index.checked_add(n as i64)? } else { index };
    usize::try_from(at).ok().filter(|i| *i < n)
}

/// An update and the row that it changes.
#[derive(Clone, Copy)]
pub(crate) struct Change {
    pub row: usize,
    pub update: usize,
}
// SAFETY: two plain numbers.
unsafe impl Plain for Change {}

/// Updates by the task that owns their row, in their order. Those of rows that do not exist are left out.
pub(crate) struct ByRow {
    n: usize,
    per_task: usize,
    /// Where the changes of each task begin, and where the last ones end.
    starts: Array<usize>,
    changes: Array<Change>,
}

impl ByRow {
    /// Of `n` rows, so many to a task.
    pub fn new(indices: &[i64], n: usize, per_task: usize) -> Self {
        let found = || indices.iter().enumerate().filter_map(|(update, i)| row_of(*i, n).map(|row| Change { row, update }));
        // A place more than there are tasks, so that counts become starts and then, as places are taken, the starts of the next.
        let mut starts = Array::<usize>::zeroed(n.div_ceil(per_task) + 2);
        found().for_each(|change| starts[change.row / per_task + 2] += 1);
        for i in 2..starts.len() {
            starts[i] += starts[i - 1];
        }
        let mut changes = Array::<Change>::dirty(starts[starts.len() - 1]);
        for change in found() {
            let place = &mut starts[change.row / per_task + 1];
            changes[*place] = change;
            *place += 1;
        }
        Self { n, per_task, starts, changes }
    }

    pub fn tasks(&self) -> usize {
        self.starts.len() - 2
    }

    pub fn rows(&self, task: usize) -> Range<usize> {
        task * self.per_task..((task + 1) * self.per_task).min(self.n)
    }

    pub fn changes(&self, task: usize) -> &[Change] {
        &self.changes[self.starts[task]..self.starts[task + 1]]
    }

    /// Adds a task's updates of `size` elements each to its rows, with this addition.
    pub fn add<T: Copy>(&self, task: usize, updates: &[T], size: usize, rows: &mut [T], plus: impl Fn(T, T) -> T) {
        let first = self.rows(task).start;
        for change in self.changes(task) {
            let row = &mut rows[(change.row - first) * size..][..size];
            for (y, x) in row.iter_mut().zip(&updates[change.update * size..][..size]) {
                *y = plus(*y, *x);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_change_is_with_its_task_and_in_order() {
        let indices = [3, -1, 9, 0, 3, -11, 10, 2, -7];
        for per_task in [1, 3, 4, 10, 99] {
            let lists = ByRow::new(&indices, 10, per_task);
            let mut seen = Vec::new();
            for task in 0..lists.tasks() {
                let changes = lists.changes(task);
                assert!(changes.iter().all(|c| lists.rows(task).contains(&c.row)));
                assert!(changes.windows(2).all(|w| w[0].update < w[1].update));
                seen.extend(changes.iter().map(|c| (c.update, c.row)));
            }
            seen.sort_unstable();
            assert_eq!(seen, [(0, 3), (1, 9), (2, 9), (3, 0), (4, 3), (7, 2), (8, 3)]);
        }
        assert_eq!(ByRow::new(&[], 0, 4).tasks(), 0);
    }
}
