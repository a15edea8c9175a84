//! Results cut along their leading axis, so that several steps of a computation can be taken while a piece is in the cache.

use std::ops::Range;

use rkeras_kernels::parallel::for_each_chunk_mut;
use smallvec::SmallVec;

use crate::op::ViewMut;
use crate::spec::Spec;

/// Calls `f` with the rows of each task and the bytes of all results that belong to them; of unused results there are none.
///
/// A result has `rows` rows, each of as many bytes as `row_bytes` says. Tasks have `per_task` rows, the last one what is left.
pub fn for_rows(
    (rows, per_task): (usize, usize),
    outputs: &mut [ViewMut<'_>],
    row_bytes: impl Fn(&Spec) -> usize,
    f: impl Fn(Range<usize>, &mut [&mut [u8]]) + Sync,
) {
    let range = |task: usize| task * per_task..((task + 1) * per_task).min(rows);
    let mut parts: Vec<SmallVec<[&mut [u8]; 4]>> = (0..rows.div_ceil(per_task)).map(|_| SmallVec::new()).collect();
    for output in outputs {
        let bytes = if output.unused { 0 } else { row_bytes(output.spec) };
        let mut rest = output.bytes();
        for (task, part) in parts.iter_mut().enumerate() {
            let (here, others) = rest.split_at_mut(bytes * range(task).len());
            part.push(here);
            rest = others;
        }
    }
    for_each_chunk_mut(&mut parts, 1, |task, part| f(range(task), &mut part[0]));
}
