//! Weights in the order that kernels read them: panels of a few registers of output channels, whole depth after whole depth.

use super::scratch::{Array, Plain};
use super::shape::Job;

/// The panels of a job: channels `first..first + channels` in `registers` registers.
#[derive(Clone, Copy, Debug)]
pub(super) struct Panel {
    pub first: usize,
    pub channels: usize,
    pub registers: usize,
    /// Where the panel starts in the packed weights.
    pub start: usize,
}

/// Panel `i` of a job, for registers of `lanes` lanes that hold each channel `interleave` times.
pub(super) fn panel(job: &Job, lanes: usize, interleave: usize, i: usize) -> Panel {
    let wide = 2 * lanes / interleave;
    let first = i * wide;
    let channels = wide.min(job.to.count - first);
    let registers = if channels * interleave <= lanes { 1 } else { 2 };
    Panel { first, channels, registers, start: first * interleave * job.depth() }
}

pub(super) fn panels(job: &Job, lanes: usize, interleave: usize) -> usize {
    job.to.count.div_ceil(2 * lanes / interleave)
}

/// Elements of all packed panels.
pub(super) fn packed_len(job: &Job, lanes: usize, interleave: usize) -> usize {
    (0..panels(job, lanes, interleave)).map(|i| panel(job, lanes, interleave, i).registers * lanes * job.depth()).sum()
}

/// All weights of a job; missing channels are zero.
pub(super) fn weights<T: Plain + Default>(job: &Job, lanes: usize, interleave: usize, w: &[T]) -> Array<T> {
    let mut packed = Array::zeroed(packed_len(job, lanes, interleave));
    for i in 0..panels(job, lanes, interleave) {
        let panel = panel(job, lanes, interleave, i);
        let width = panel.registers * lanes;
        let mut row = panel.start;
        job.each_tap(|tap| {
            let base = job.weights.base + tap * job.weights.tap + panel.first * job.weights.to;
            for c in 0..job.from.count {
                let to = &mut packed[row..row + panel.channels * interleave];
                let from = base + c * job.weights.from;
                if interleave == 1 && job.weights.to == 1 {
                    to.copy_from_slice(&w[from..from + panel.channels]);
                } else {
                    for (j, group) in to.chunks_exact_mut(interleave).enumerate() {
                        group.fill(w[from + j * job.weights.to]);
                    }
                }
                row += width;
            }
        });
    }
    packed
}

/// One value per output channel, in the lanes of the panels; zero where there is none.
pub(super) fn channels<T: Plain + Default>(job: &Job, lanes: usize, interleave: usize, values: Option<&[T]>) -> Array<T> {
    let count = panels(job, lanes, interleave);
    let mut packed = Array::zeroed(count * 2 * lanes);
    for i in 0..count {
        let Panel { first, channels, .. } = panel(job, lanes, interleave, i);
        if let Some(values) = values {
            let values = &values[job.to.first + first..][..channels];
            for (group, &value) in packed[i * 2 * lanes..].chunks_exact_mut(interleave).zip(values) {
                group.fill(value);
            }
        }
    }
    packed
}
