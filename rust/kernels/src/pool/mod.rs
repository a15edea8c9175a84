//! Maximum and average pooling over one to three axes, channels last.
//!
//! Loops over registers of channels, entered through the dispatch of [`crate::conv`]. A maximum remembers its tap (in a byte where the window allows it), so that
//! no gradient compares floats again. bfloat16 is widened and rounded on the way ([`Stored`]). Backward passes go through the outputs in order, one image a task: the same bytes for
//! any number of threads.

mod average;
mod maximum;
mod shape;

pub use average::{avg_backward, avg_forward};
pub use maximum::{TapIndex, max_backward, max_forward, max_gather};
pub use shape::PoolShape;

use std::ops::Range;

use crate::conv::vector::{Element, Kernel, Vector, dispatch, lanes};
use crate::isa::{self, Isa};
use crate::parallel::{self, SendPtr};
use crate::stored::Stored;

/// Output elements that one task of a forward pass should have.
const TASK: usize = 1 << 14;

/// What a pooling does with some output rows of one image, by registers of channels.
///
/// Closures in it are `inline(always)`: one that is compiled apart lacks the instructions, and each intrinsic becomes a call.
trait Rows<T: Element>: Sync {
    /// # Safety
    /// The instruction set of `V` must be present; no other call has the same rows of the same image.
    unsafe fn run<V: Vector<T>>(&self, image: usize, rows: Range<usize>);
}

struct Entry<'a, R> {
    body: &'a R,
    image: usize,
    rows: Range<usize>,
}

impl<T: Element, R: Rows<T>> Kernel<T> for Entry<'_, R> {
    #[inline(always)]
    unsafe fn run<V: Vector<T>>(self) {
        // SAFETY: the tasks below share out the rows; `dispatch` vouches for the instructions.
        unsafe { self.body.run::<V>(self.image, self.rows) }
    }
}

/// The registers for a number of channels: wide ones that stay half empty cost masks and gain nothing.
fn registers<T: Element>(channels: usize) -> Isa {
    match isa::active() {
        Isa::Avx512 if 2 * channels <= lanes::<T>(Isa::Avx512) => Isa::Avx2,
        active => active,
    }
}

/// Runs `body` for all output rows, some rows of an image to a task.
fn for_rows<T: Element, R: Rows<T>>(s: &PoolShape, body: &R) {
    let isa = registers::<T>(s.channels);
    let rows = s.out[0] * s.out[1];
    let height = (TASK / (s.out[2] * s.channels).max(1)).clamp(1, rows.max(1));
    let pieces = rows.div_ceil(height);
    // Small images go several to a task.
    let images = if pieces == 1 { (TASK / s.out_image().max(1)).max(1) } else { 1 };
    let groups = s.batch.div_ceil(images);
    parallel::for_each(groups * pieces, |task| {
        let (group, piece) = (task / pieces, task % pieces);
        for image in group * images..((group + 1) * images).min(s.batch) {
            dispatch(isa, Entry { body, image, rows: piece * height..((piece + 1) * height).min(rows) });
        }
    });
}

/// Runs `body` for all rows of each image with that image's part of `dx`, which is zero where `body` does not write all of it.
fn for_images<M: Stored, R: Rows<M::Float>>(s: &PoolShape, dx: SendPtr<M::Bits>, written: bool, body: &R) {
    let isa = registers::<M::Float>(s.channels);
    parallel::for_each(s.batch, |image| {
        if !written {
            // SAFETY: this task's own image of the gradient, whose length was checked.
            unsafe { std::slice::from_raw_parts_mut(dx.get().add(image * s.input_image()), s.input_image()) }.fill(M::Bits::default());
        }
        dispatch(isa, Entry { body, image, rows: 0..s.out[0] * s.out[1] });
    });
}
