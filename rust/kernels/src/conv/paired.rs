//! Convolutions of bfloat16 with instructions that take pairs of terms of a sum.
//!
//! Where sums go over channels, neighbouring channels are pairs: an image with an even number of them is one of float32 with half as
//! many, as far as kernels load and copy it. The gradient of the weights is a sum over pixels: there the same pixels of two images are
//! pairs. Sums are float32.

use super::depthwise::is_depthwise;
use super::vector::Factors;
use super::{ConvShape, Epilogue, backward_by_phases, by_groups, sum_over_pixels};
use crate::isa;
use crate::pairs::{neighbours, woven};
use crate::unary::unary_float_in_place;

/// A pass of a convolution.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Pass {
    Forward,
    BackwardData,
    BackwardWeights,
}

impl Pass {
    /// Whether this pass of bfloat16 had better be computed with pairs on this processor.
    pub fn takes_pairs(self, s: &ConvShape) -> bool {
        let even = |channels: usize| channels > 0 && (channels / s.groups.max(1)).is_multiple_of(2);
        isa::favours_pairs()
            && match self {
                Self::Forward => even(s.cin),
                Self::BackwardData => even(s.cout),
                Self::BackwardWeights => !is_depthwise(s),
            }
    }
}

/// As [`super::forward`], with an even number of input channels in each group.
///
/// # Panics
/// If the processor does not have the instructions, or lengths and sizes contradict each other.
pub fn forward_of_pairs(s: &ConvShape, x: &[u16], w: &[u16], epilogue: &Epilogue<'_, f32>, y: &mut [f32]) {
    s.check(x.len(), w.len(), y.len());
    assert!((s.cin / s.groups).is_multiple_of(2), "an odd number of channels: {s:?}");
    let (x, _) = neighbours(x, (1, x.len(), x.len()));
    let w = woven(w, (w.len() / s.cout.max(1), s.cout, s.cout));
    by_groups(&ConvShape { cin: s.cin / 2, ..s.clone() }, Factors::Pairs, &x, &w, epilogue, y);
    if let Some(function) = epilogue.activation.pass() {
        unary_float_in_place(function, y);
    }
}

/// As [`super::backward_data`], with an even number of output channels in each group.
///
/// # Panics
/// As [`forward_of_pairs`].
pub fn backward_data_of_pairs(s: &ConvShape, g: &[u16], w: &[u16], dx: &mut [f32]) {
    s.check(dx.len(), w.len(), g.len());
    assert!((s.cout / s.groups).is_multiple_of(2), "an odd number of channels: {s:?}");
    let ((g, _), (w, _)) = (neighbours(g, (1, g.len(), g.len())), neighbours(w, (1, w.len(), w.len())));
    backward_by_phases(&ConvShape { cout: s.cout / 2, ..s.clone() }, Factors::Pairs, &g, &w, dx);
}

/// As [`super::backward_weights`].
///
/// # Panics
/// As [`forward_of_pairs`].
pub fn backward_weights_of_pairs(s: &ConvShape, x: &[u16], g: &[u16], dw: &mut [f32]) {
    s.check(x.len(), dw.len(), g.len());
    let images = |x: &[u16]| {
        let image = x.len() / s.batch.max(1);
        woven(x, (s.batch, image, image))
    };
    sum_over_pixels(&ConvShape { batch: s.batch.div_ceil(2), ..s.clone() }, Factors::Pairs, &images(x), &images(g), dw);
}
