//! A convolution and the maximum pool behind it, some images at a time: the convolution's result is never in memory.

use rkeras_kernels::memory::Buffer;

use crate::error::{Error, Result};
use crate::halves::widened;
use crate::op::{Halves, Op, Traits, View, ViewMut, Vjp};
use crate::ops::conv::Conv;
use crate::ops::pool::MaxPool;
use crate::pieces::for_rows;
use crate::spec::Spec;
use crate::value::Value;

/// Bytes of the convolution's result for a piece: it stays in the second-level cache until it is pooled.
const PIECE: usize = 1 << 20;
/// Pieces to cut a batch into, at least, so that threads end together.
const PIECES: usize = 8;
/// Bytes of the convolution's result up to which it is one piece, which convolution and pool divide among threads themselves: it may be
/// a piece of a batch of halves already.
const WHOLE: usize = PIECE / 2;
/// How many times as large as the weights, which are laid out for each piece, a piece must be.
const WORTH: usize = 4;

/// `max_pool(conv(x, w, …))`. Made by the planner only, after differentiation.
#[derive(Debug)]
pub struct ConvPool {
    conv: Conv,
    pool: MaxPool,
}

impl ConvPool {
    /// The joined op, if it is worth it for these operands of the convolution.
    pub fn new(conv: &Conv, pool: &MaxPool, inputs: &[Spec], image: &Spec) -> Option<Self> {
        let worth = inputs[1].bytes() * WORTH <= images_of_piece(image) * bytes_of_image(image);
        worth.then(|| Self { conv: conv.clone(), pool: pool.clone() })
    }

    fn image(&self, inputs: &[Spec]) -> Result<Spec> {
        Ok(self.conv.infer(inputs)?.swap_remove(0))
    }
}

fn bytes_of_image(image: &Spec) -> usize {
    image.bytes() / image.shape[0].max(1)
}

fn images_of_piece(image: &Spec) -> usize {
    if image.bytes() <= WHOLE {
        return image.shape[0].max(1);
    }
    (PIECE / bytes_of_image(image).max(1)).min(image.shape[0].div_ceil(PIECES)).max(1)
}

/// The spec of `images` of a batch.
fn some(spec: &Spec, images: usize) -> Spec {
    let mut part = spec.clone();
    part.shape[0] = images;
    part
}

impl Op for ConvPool {
    fn name(&self) -> &'static str {
        "conv_max_pool"
    }

    fn infer(&self, inputs: &[Spec]) -> Result<Vec<Spec>> {
        self.pool.infer(&[self.image(inputs)?])
    }

    fn run(&self, inputs: &[View<'_>], outputs: &mut [ViewMut<'_>], _: &mut [u8]) {
        let specs: Vec<Spec> = inputs.iter().map(|v| v.spec.clone()).collect();
        // Pairs of bfloat16 make results of float32.
        let image = widened(&self.image(&specs).expect("checked by infer"));
        let x = inputs[0];
        let row = |spec: &Spec| bytes_of_image(spec);
        let kinds: Vec<(Spec, bool)> = outputs.iter().map(|v| (v.spec.clone(), v.unused)).collect();
        for_rows((image.shape[0], images_of_piece(&image)), outputs, row, |images, results| {
            let n = images.len();
            let (x_spec, between) = (some(x.spec, n), some(&image, n));
            let mut operands: Vec<View<'_>> = inputs.to_vec();
            operands[0] = View::new(&x_spec, &x.bytes()[images.start * row(x.spec)..images.end * row(x.spec)]);
            let mut buffer = Buffer::dirty(between.bytes()).expect("memory for some images");
            self.conv.run(&operands, &mut [ViewMut::new(&between, buffer.as_bytes_mut())], &mut []);
            let parts: Vec<Spec> = kinds.iter().map(|(spec, _)| some(spec, n)).collect();
            let mut pooled: Vec<ViewMut<'_>> = results
                .iter_mut()
                .zip(&kinds)
                .zip(&parts)
                .map(|((bytes, (_, unused)), part)| if *unused { ViewMut::unused(part) } else { ViewMut::new(part, bytes) })
                .collect();
            self.pool.run(&[View::new(&between, buffer.as_bytes())], &mut pooled, &mut []);
        });
    }

    fn takes_pairs(&self, inputs: &[Spec]) -> u32 {
        self.conv.takes_pairs(inputs)
    }

    fn vjp(&self, _: &Vjp<'_>) -> Result<Vec<Option<Value>>> {
        Err(Error::internal("a fused convolution was differentiated"))
    }

    fn traits(&self) -> Traits {
        Traits { halves: Halves::Leading { whole: 0b110 }, skips_unused: true, ..Traits::default() }
    }

    fn flops(&self, inputs: &[Spec], outputs: &[Spec]) -> usize {
        let pooled = self.image(inputs).map_or(0, |image| self.pool.flops(&[image], outputs));
        self.conv.flops(inputs, outputs) + pooled
    }
}
