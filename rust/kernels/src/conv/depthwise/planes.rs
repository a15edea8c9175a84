//! Tensors as the kernels see them: planes of `channels` channels a pixel.
//!
//! With several outputs to an input channel, a convolution is one of one output each, several times over: the output's
//! channels are taken apart into a plane for each, a box of pixels at a time in scratch, and the kernels know nothing of it.

use std::ops::Range;

use crate::conv::vector::Element;
use crate::layout::transpose_rows;

/// Where pixels lie: `pitch` elements from position to position along each axis, from the pixel at `first` on.
#[derive(Clone, Copy, Debug)]
pub(super) struct Grid {
    first: [usize; 3],
    extent: [usize; 3],
    channels: usize,
}

impl Grid {
    pub fn image(extent: [usize; 3], channels: usize) -> Self {
        Self { first: [0; 3], extent, channels }
    }

    /// A copy of the pixels in a box.
    pub fn part(area: &[Range<usize>; 3], channels: usize) -> Self {
        let at = |i: usize| &area[i];
        Self { first: [0, 1, 2].map(|i| at(i).start), extent: [0, 1, 2].map(|i| at(i).len()), channels }
    }

    pub fn len(&self) -> usize {
        self.extent.iter().product::<usize>() * self.channels
    }

    /// Elements from position to position along each axis.
    pub fn pitch(&self) -> [usize; 3] {
        [self.extent[1] * self.extent[2], self.extent[2], 1].map(|pixels| pixels * self.channels)
    }

    /// The first element of a pixel.
    pub fn at(&self, position: [usize; 3]) -> usize {
        let pitch = self.pitch();
        (0..3).map(|i| (position[i] - self.first[i]) * pitch[i]).sum()
    }
}

/// Takes the pixels of a box apart into `planes` planes.
///
/// # Safety
/// `image` is one of extent `extent` with `planes * part.channels` channels; `to` has room for all planes.
#[inline(always)]
pub(super) unsafe fn apart<T: Element>(extent: [usize; 3], part: &Grid, planes: usize, image: *const T, to: *mut T) {
    each_row(extent, part, planes, #[inline(always)] |whole, row, len| {
        // SAFETY: rows of the box lie in the image, and in each plane; by the caller's word.
        unsafe { transpose_rows((len, planes), (image.add(whole), planes), (to.add(row), part.len())) };
    });
}

/// The opposite of [`apart`].
///
/// # Safety
/// As there; this writes to the image.
#[inline(always)]
pub(super) unsafe fn together<T: Element>(extent: [usize; 3], part: &Grid, planes: usize, from: *const T, image: *mut T) {
    each_row(extent, part, planes, #[inline(always)] |whole, row, len| {
        // SAFETY: as in `apart`.
        unsafe { transpose_rows((planes, len), (from.add(row), part.len()), (image.add(whole), planes)) };
    });
}

/// Calls `visit` for each row of a box: its start in the image, in a plane, and the elements of a plane in it.
#[inline(always)]
fn each_row(extent: [usize; 3], part: &Grid, planes: usize, mut visit: impl FnMut(usize, usize, usize)) {
    let image = Grid::image(extent, part.channels * planes);
    let len = part.extent[2] * part.channels;
    for d in part.first[0]..part.first[0] + part.extent[0] {
        for h in part.first[1]..part.first[1] + part.extent[1] {
            let row = [d, h, part.first[2]];
            visit(image.at(row), part.at(row), len);
        }
    }
}
