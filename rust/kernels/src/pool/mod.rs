//! Maximum and average pooling over one to three axes, channels last.
//!
//! Plain loops over a fixed number of channels, entered through the dispatch of [`crate::conv`]: the compiler turns them into
//! whole registers of the active instruction set. A maximum remembers its tap (in a byte where the window allows it), so that
//! no gradient compares floats again. Backward passes go through the outputs in order, one image a task: the same bytes for
//! any number of threads.

mod average;
mod maximum;
mod shape;

pub use average::{avg_backward, avg_forward};
pub use maximum::{TapIndex, max_backward, max_forward, max_gather};
pub use shape::PoolShape;

use crate::conv::vector::{Element, Kernel, Vector, dispatch};
use crate::{isa, parallel};

/// Channels that a kernel keeps in registers at a time.
const WIDE: usize = 16;
const NARROW: usize = 8;

/// Output elements that one task of a forward pass should have.
const TASK: usize = 1 << 14;

/// A loop body that is entered with the instructions of the active set enabled.
struct Body<F>(F);

impl<T: Element, F: FnOnce()> Kernel<T> for Body<F> {
    #[inline(always)]
    unsafe fn run<V: Vector<T>>(self) {
        (self.0)();
    }
}

/// Runs `body(image, rows)` for all output rows, some rows of an image to a task.
fn for_rows<T: Element>(s: &PoolShape, body: impl Fn(usize, std::ops::Range<usize>) + Sync) {
    let rows = s.out[0] * s.out[1];
    let height = (TASK / (s.out[2] * s.channels).max(1)).clamp(1, rows.max(1));
    let pieces = rows.div_ceil(height);
    let isa = isa::active();
    // Small images go several to a task.
    let images = if pieces == 1 { (TASK / s.out_image().max(1)).max(1) } else { 1 };
    let groups = s.batch.div_ceil(images);
    parallel::for_each(groups * pieces, |task| {
        let (group, piece) = (task / pieces, task % pieces);
        dispatch::<T, _>(isa, Body(#[inline(always)] || {
            for image in group * images..((group + 1) * images).min(s.batch) {
                body(image, piece * height..((piece + 1) * height).min(rows));
            }
        }));
    });
}

/// Runs `body` for each image with its part of `data`.
fn for_images<T: Element>(s: &PoolShape, data: &mut [T], body: impl Fn(usize, &mut [T]) + Sync) {
    let isa = isa::active();
    parallel::for_each_chunk_mut(data, s.input_image(), |image, part| {
        dispatch::<T, _>(isa, Body(#[inline(always)] || body(image, part)));
    });
}

/// Calls `$body` with `$n` channels from `$c` on, as many at a time as a kernel has compiled.
macro_rules! by_channels {
    ($channels:expr, |$c:ident, $n:ident| $body:block) => {{
        let mut $c = 0;
        while $c + WIDE <= $channels {
            const $n: usize = WIDE;
            $body
            $c += WIDE;
        }
        while $c + NARROW <= $channels {
            const $n: usize = NARROW;
            $body
            $c += NARROW;
        }
        while $c < $channels {
            const $n: usize = 1;
            $body
            $c += 1;
        }
    }};
}
use by_channels;
