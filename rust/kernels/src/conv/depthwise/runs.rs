//! An axis cut into runs of outputs that meet the same taps, so that no loop over pixels asks what is padding.

use std::ops::Range;

use crate::conv::shape::Axis;

/// Outputs at `out`, `out + out_step`, …; of the first one, the first tap lies at `input` and is row `kernel` of the weights.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Run {
    pub out: usize,
    pub out_step: usize,
    pub count: usize,
    pub input: usize,
    pub in_step: usize,
    /// Taps that are not padding.
    pub taps: usize,
    pub tap_step: usize,
    pub kernel: usize,
    pub kernel_step: isize,
}

impl Run {
    /// The runs that the outputs of an axis fall into: one for those that meet all taps, few at the edges.
    pub fn of(axis: &Axis) -> Vec<Self> {
        let mut runs: Vec<(usize, Range<usize>)> = Vec::new();
        let mut out = 0;
        while out < axis.out {
            let taps = inside(axis, out);
            // Outputs up to the last one that meets every tap are passed over at once.
            let next = if taps.len() == axis.taps { last_whole(axis).max(out) + 1 } else { out + 1 };
            if runs.last().is_none_or(|(_, before)| *before != taps) {
                runs.push((out, taps));
            }
            out = next;
        }
        let ends: Vec<usize> = runs.iter().skip(1).map(|(out, _)| *out).chain([axis.out]).collect();
        runs.into_iter().zip(ends).map(|((out, taps), end)| Self::new(axis, out..end, taps)).collect()
    }

    fn new(axis: &Axis, outputs: Range<usize>, taps: Range<usize>) -> Self {
        let position = axis.origin + (outputs.start * axis.in_step + taps.start * axis.tap_step) as isize;
        Self {
            out: axis.out_start + outputs.start * axis.out_step,
            out_step: axis.out_step,
            count: outputs.len(),
            // Where there is no tap, nothing is read.
            input: if taps.is_empty() { 0 } else { position as usize },
            in_step: if taps.is_empty() { 0 } else { axis.in_step },
            taps: taps.len(),
            tap_step: axis.tap_step,
            kernel: (axis.kernel_first as isize + taps.start as isize * axis.kernel_step).max(0) as usize,
            kernel_step: axis.kernel_step,
        }
    }

    /// The outputs of the run that lie in `area`.
    pub fn within(&self, area: &Range<usize>) -> Option<Self> {
        let skipped = area.start.saturating_sub(self.out).div_ceil(self.out_step);
        let end = area.end.saturating_sub(self.out).div_ceil(self.out_step).min(self.count);
        (skipped < end).then(|| Self {
            out: self.out + skipped * self.out_step,
            input: self.input + skipped * self.in_step,
            count: end - skipped,
            ..*self
        })
    }

    /// The input positions that the run reads.
    pub fn reach(&self) -> Option<Range<usize>> {
        let steps = (self.count.checked_sub(1)?, self.taps.checked_sub(1)?);
        Some(self.input..self.input + steps.0 * self.in_step + steps.1 * self.tap_step + 1)
    }
}

/// The taps of an output that are not padding.
fn inside(axis: &Axis, out: usize) -> Range<usize> {
    let first = axis.origin + (out * axis.in_step) as isize;
    let step = axis.tap_step as isize;
    let before = |end: isize| (end.max(0) as usize).div_ceil(step as usize).min(axis.taps);
    let (from, to) = (before(-first), before(axis.in_len as isize - first));
    if from < to { from..to } else { 0..0 }
}

/// The last output whose last tap is not behind the input.
fn last_whole(axis: &Axis) -> usize {
    let room = axis.in_len as isize - 1 - axis.origin - (axis.taps.saturating_sub(1) * axis.tap_step) as isize;
    (room.max(0) as usize / axis.in_step).min(axis.out.saturating_sub(1))
}
