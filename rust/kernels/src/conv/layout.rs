//! How a job is cut into blocks, fixed by its sizes and the register width alone.
//!
//! A *segment* is a box of output rows of one image; a *band* is the input that a segment reads, padding included. A kernel
//! sees no borders: the band of a segment is copied to scratch with its padding (1-5 % of the time), or read in place if
//! there is none. A *block*, the work of one task, is one segment, several whole small images, or either `interleave` times:
//! where an output pixel has fewer channels than a register has lanes, that many segments are worked on at once, their bands
//! mixed element by element, so that one broadcast of `interleave` neighbours feeds all lanes. Where many products follow from
//! each element, bands are *planar*: each row channel by channel, so that the pixels of a tile lie side by side.

use super::rows::FEW;
use super::scratch::Array;
use super::shape::Job;

/// Elements of a band, as far as whole rows allow: with the weights it should stay in the second-level cache.
pub(super) const BAND_ELEMENTS: usize = 48 << 10;
/// Segments that share a register at the most; each count is a set of compiled kernels.
const INTERLEAVE: usize = 2;
/// Pixels that a block should have for its last, partly empty tile not to matter.
const BLOCK_PIXELS: usize = 160;
/// Registers' products that each element of a band should go into for it to be worth a planar band.
const PLANAR_PRODUCTS: usize = 6;
/// Pixels of the tiles that rows of planar bands are cut into.
pub(super) const PLANAR_TILES: [usize; 4] = [14, 12, 10, 8];
/// Blocks that a job should have for the threads to share it evenly, if its parts do not become too small for that.
const BLOCKS_WANTED: usize = 16;

/// Pixels of a row, and elements of a window, from which on registers may lie along rows.
const SHORT: usize = 8;
const DEEP: usize = 16;

pub(super) struct Layout {
    pub interleave: usize,
    /// Output rows of a segment: along depth and along height.
    pub rows: [usize; 2],
    /// Segments along depth and height of an image.
    chunks: [usize; 2],
    /// Consecutive segments (whole images) of each interleaved part of a block.
    pub images: usize,
    pub segments: usize,
    pub blocks: usize,
    /// Sizes of a band, in pixels.
    pub band: [usize; 3],
    /// Bands are not copied: the kernel reads the input itself.
    pub direct: bool,
    /// Pixels of one interleaved part of a block.
    pub pixels: usize,
    /// For each pixel of a block, the first element of its window, and its first output element.
    pub window: Array<usize>,
    pub output: Array<usize>,
    /// Starts of the runs of a window, all of `run` elements (times `interleave`) that lie `step` apart.
    pub runs: Array<usize>,
    pub run: usize,
    pub step: usize,
    /// Bands hold their rows channel by channel.
    pub planar: bool,
    /// Registers lie along rows of pixels, as there are few channels of results.
    pub along_rows: bool,
    /// The windows of neighbours along a row start one element (times `interleave`) after one another.
    pub neighbours: bool,
}

/// The box that windows lie in: rows of a plane, and elements from row to row, pixel to pixel, image to image.
struct Source {
    height: usize,
    row: usize,
    pixel: usize,
    image: usize,
}

impl Layout {
    /// With `planar`, bands may be: not all kernels read such.
    pub fn new(job: &Job, lanes: usize, budget: usize, planar: bool) -> Self {
        let [d, h, w] = job.axes;
        let along_rows = planar && (1..=FEW).contains(&job.to.count) && w.in_step == 1 && w.out >= SHORT && job.depth() >= DEEP;
        let mut interleave = 1;
        while !along_rows && interleave < INTERLEAVE && 2 * interleave * job.to.count.max(1) <= lanes {
            interleave *= 2;
        }
        let band_of = |rows: [usize; 2]| [d.span(rows[0]), h.span(rows[1]), w.span(w.out)];
        let size = |rows: [usize; 2]| band_of(rows).iter().product::<usize>() * job.from.count;
        // The largest segment that fits: the whole image, or as many rows of one depth as possible.
        let limit = |rows: [usize; 2]| size(rows) * interleave <= budget;
        let wanted = BLOCKS_WANTED.div_ceil(job.batch.max(1)) * interleave;
        let mut rows = [d.out, h.out];
        if !limit(rows) || (wanted > 1 && d.out * h.out * w.out > wanted * BLOCK_PIXELS) {
            rows[0] = 1;
            let pieces = wanted.div_ceil(d.out.max(1)).max(1);
            rows[1] = h.out.div_ceil(pieces).max(BLOCK_PIXELS.div_ceil(w.out.max(1))).min(h.out);
            while rows[1] > 1 && !limit(rows) {
                rows[1] = rows[1].div_ceil(2);
            }
            // Even pieces: the last one should not be a sliver.
            rows[1] = h.out.div_ceil(h.out.div_ceil(rows[1].max(1)).max(1));
        }
        let chunks = [d.out.div_ceil(rows[0].max(1)), h.out.div_ceil(rows[1].max(1))];
        let segments = job.batch * chunks[0] * chunks[1];
        interleave = interleave.min(segments.max(1).next_power_of_two());
        let segment_pixels = rows[0] * rows[1] * w.out;
        let mut images = 1;
        if chunks == [1, 1] {
            while images * segment_pixels < BLOCK_PIXELS
                && 2 * images * interleave * size(rows) <= budget
                && images * interleave < segments
            {
                images *= 2;
            }
        }
        let planar = along_rows
            || planar
            && interleave == 1
            && job.from.count > 1
            && w.in_step == 1
            && PLANAR_TILES.iter().any(|size| w.out >= *size && w.out.next_multiple_of(*size) <= w.out + w.out / 8)
            && job.taps() * job.to.count.div_ceil(2 * lanes) >= PLANAR_PRODUCTS;
        let direct = !planar && interleave == 1 && job.taps() > 0 && job.axes.iter().all(|a| a.inside());
        let mut layout = Self {
            interleave,
            rows,
            chunks,
            images,
            segments,
            blocks: segments.div_ceil(images * interleave),
            band: band_of(rows),
            direct,
            pixels: images * segment_pixels,
            window: Array::dirty(images * segment_pixels),
            output: Array::dirty(images * segment_pixels),
            runs: Array::dirty(0),
            run: 0,
            step: interleave,
            planar,
            along_rows,
            neighbours: false,
        };
        layout.neighbours = planar || layout.source(job).pixel * w.in_step == interleave;
        layout.fill_pixels(job);
        layout.fill_runs(job);
        layout
    }

    /// Elements of the band of one segment.
    pub fn band_len(&self, job: &Job) -> usize {
        self.band.iter().product::<usize>() * job.from.count
    }

    fn source(&self, job: &Job) -> Source {
        let [_, height, width] = if self.direct { job.from.extent } else { self.band };
        let pixel = if self.direct { job.from.channels } else { job.from.count * self.interleave };
        let image = if self.direct { job.from.image() } else { self.band_len(job) * self.interleave };
        Source { height, row: width * pixel, pixel: if self.planar { 1 } else { pixel }, image }
    }

    fn fill_pixels(&mut self, job: &Job) {
        let source = self.source(job);
        let [d, h, w] = job.axes;
        let mut p = 0;
        for m in 0..self.images {
            for od in 0..self.rows[0] {
                for oh in 0..self.rows[1] {
                    for ow in 0..w.out {
                        let row = od * d.in_step * source.height + oh * h.in_step;
                        self.window[p] = m * source.image + row * source.row + ow * w.in_step * source.pixel;
                        self.output[p] = m * job.to.image()
                            + job.to.pixel(od * d.out_step, oh * h.out_step, ow * w.out_step);
                        p += 1;
                    }
                }
            }
        }
    }

    fn fill_runs(&mut self, job: &Job) {
        let source = self.source(job);
        let [d, h, w] = job.axes;
        let joined = !self.planar && w.tap_step == 1 && (!self.direct || job.from.count == job.from.channels);
        let (runs, taps) = if joined { (w.taps.min(1), w.taps) } else { (w.taps, 1) };
        self.run = taps * job.from.count;
        if self.planar {
            self.step = self.band[2];
        }
        self.runs = Array::dirty(d.taps * h.taps * runs);
        let mut r = 0;
        for td in 0..d.taps {
            for th in 0..h.taps {
                for tw in 0..runs {
                    let row = td * d.tap_step * source.height + th * h.tap_step;
                    self.runs[r] = row * source.row + tw * w.tap_step * source.pixel;
                    r += 1;
                }
            }
        }
    }

    /// The first segment of part `part` of a block.
    pub fn segment(&self, block: usize, part: usize) -> usize {
        (block * self.interleave + part) * self.images
    }

    /// Image, first output row along depth, first output row along height.
    pub fn place(&self, segment: usize) -> [usize; 3] {
        let per_image = self.chunks[0] * self.chunks[1];
        let chunk = segment % per_image;
        [segment / per_image, chunk / self.chunks[1] * self.rows[0], chunk % self.chunks[1] * self.rows[1]]
    }

    /// Pixels of a part of a block that exist; they come first.
    pub fn valid(&self, job: &Job, block: usize, part: usize) -> usize {
        let segment = self.segment(block, part);
        if segment >= self.segments {
            return 0;
        }
        if self.chunks == [1, 1] {
            return self.images.min(self.segments - segment) * (self.pixels / self.images);
        }
        let [_, _, h] = self.place(segment);
        self.rows[1].min(job.axes[1].out - h) * job.axes[2].out
    }

    /// First output element of a part of a block, without the first channel.
    pub fn output_start(&self, job: &Job, block: usize, part: usize) -> usize {
        let [image, od, oh] = self.place(self.segment(block, part));
        let at = |i: usize, o: usize| job.axes[i].out_start + o * job.axes[i].out_step;
        image * job.to.image() + job.to.pixel(at(0, od), at(1, oh), at(2, 0))
    }

    /// First input element of the windows of a block that is read in place.
    pub fn direct_start(&self, job: &Job, block: usize) -> usize {
        let [image, od, oh] = self.place(self.segment(block, 0));
        let at = |i: usize, o: usize| job.axes[i].origin as usize + o * job.axes[i].in_step;
        image * job.from.image() + job.from.pixel(at(0, od), at(1, oh), at(2, 0)) + job.from.first
    }
}
