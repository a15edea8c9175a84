//! How many neighbours along a row are taken as one pixel, and weights laid out for it.
//!
//! Where windows move by one pixel, `join` neighbours of few channels are one pixel of many: all read their taps at the same
//! distance. So registers are full whatever the number of channels.

use super::runs::Run;
use crate::conv::scratch::{Array, Plain};

/// Neighbours that may be joined.
const MOST: usize = 16;
/// Registers of channels of a pixel from which on partly empty ones hardly matter.
const WIDE: usize = 4;

/// The widths of a register that all passes of a call keep to.
#[derive(Clone, Copy, Debug)]
pub struct Joined {
    /// Channels of one pixel.
    pub channels: usize,
    /// Pixels that are taken as one.
    pub join: usize,
    /// Weights from tap to tap: the channels of `join` pixels in whole registers.
    pub pitch: usize,
}

impl Joined {
    /// For the runs of a row and registers of `lanes` lanes.
    pub(super) fn new(runs: &[Run], channels: usize, lanes: usize) -> Self {
        let longest = runs.iter().map(|r| r.count).max().unwrap_or(0);
        let even = runs.iter().all(|r| r.out_step == 1 && (r.in_step == 1 || r.taps == 0));
        let possible = if even && channels < WIDE * lanes { MOST.min(longest).max(1) } else { 1 };
        let registers = |pixels: usize| (pixels * channels).div_ceil(lanes);
        // Registers computed for a row, and weights loaded for each tile of eight.
        let cost = |join: usize| {
            let tiles = longest / join;
            let rest = registers(longest % join);
            registers(join) * (tiles + tiles.div_ceil(8)) + 2 * rest
        };
        let join = (1..=possible).min_by_key(|join| cost(*join)).unwrap_or(1);
        Self { channels, join, pitch: registers(join) * lanes }
    }

    /// A run of `count` pixels as pixels joined: first pixel, number, and elements of each.
    pub fn pieces(&self, count: usize) -> impl Iterator<Item = (usize, usize, usize)> + use<> {
        let Self { channels, join, .. } = *self;
        let rest = count % join;
        [(0, count / join, join * channels), (count - rest, 1, rest * channels)].into_iter().filter(|(_, n, len)| n * len > 0)
    }

    /// Values for each tap of each plane (and channel of it), which lie `[tap, channel, plane]`: a row for each tap of each plane.
    pub(super) fn lay_out<T: Plain + Default>(&self, values: &[T], planes: usize) -> Array<T> {
        let taps = values.len() / (self.channels * planes).max(1);
        let mut rows = Array::zeroed(planes * taps * self.pitch);
        for plane in 0..planes {
            for tap in 0..taps {
                let row = &mut rows[(plane * taps + tap) * self.pitch..][..self.join * self.channels];
                let from = &values[tap * self.channels * planes..][..self.channels * planes];
                for pixel in row.chunks_exact_mut(self.channels) {
                    for (to, of_channel) in pixel.iter_mut().zip(from.chunks_exact(planes)) {
                        *to = of_channel[plane];
                    }
                }
            }
        }
        rows
    }
}
