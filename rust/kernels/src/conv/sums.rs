//! The innermost loops of the forward kernel: sums of the products of windows and weights.

use super::vector::{Element, Vector, opaque};

/// Taps of a row that pixels of a tile share numbers between (see [`along`]).
pub(super) const TAPS: usize = 3;

/// Adds the products of a row of a window of so many taps, one channel after the other, whose weights lie tap after tap. Pixels that are
/// neighbours see the same numbers at different taps: each is loaded once for all of them.
#[inline(always)]
pub(super) unsafe fn along<T: Element, V: Vector<T>, const PIXELS: usize, const REGS: usize>(
    mut sums: [[V; REGS]; PIXELS],
    window: *const T,
    (channels, step): (usize, usize),
    weights: *const T,
) -> [[V; REGS]; PIXELS] {
    for c in 0..channels {
        // SAFETY: the window is as deep and the panel as long, by the caller's word.
        unsafe {
            let row = window.add(c * step);
            let taps: [V; TAPS] = std::array::from_fn(|t| V::load(weights.add((t * channels + c) * V::LANES)));
            // A loop of so many steps would not be unrolled, and the sums would live in memory.
            macro_rules! steps {
                ($($at:literal)+) => {
                    $(if const { $at < PIXELS + TAPS - 1 } {
                        let x = V::splat(*row.add($at));
                        for t in 0..TAPS {
                            if $at >= t && $at - t < PIXELS {
                                sums[$at - t][0] = x.mul_add(taps[t], sums[$at - t][0]);
                            }
                        }
                    })+
                };
            }
            steps!(0 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17);
        }
    }
    sums
}

/// Finished sums over the runs of the windows of `PIXELS` pixels, channels of a part side by side.
#[inline(always)]
pub(super) unsafe fn sum<T: Element, V: Vector<T>, const GROUP: usize, const PIXELS: usize, const REGS: usize, const ROW: bool>(
    window: &[*const T; PIXELS],
    runs: &[usize],
    run: usize,
    weights: *const T,
    bias: *const T,
    relu: bool,
    to: &[*mut T; PIXELS],
) {
    // SAFETY: as in `Forward::tile`.
    unsafe {
        let start: [V; REGS] = std::array::from_fn(|r| V::load(bias.add(r * V::LANES)));
        let mut sums = [start; PIXELS];
        let mut w = weights;
        for &start in runs {
            for k in 0..run {
                let at = start + k * GROUP;
                // Else the compiler notices that neighbours share values from tap to tap, and spills registers to keep them.
                let neighbour = if ROW { opaque(window[0].add(at)) } else { window[0] };
                let row: [V; REGS] = std::array::from_fn(|r| V::load(w.add(r * V::LANES)));
                for i in 0..PIXELS {
                    let pixel = V::repeat::<GROUP>(if ROW { neighbour.add(i * GROUP) } else { window[i].add(at) });
                    for r in 0..REGS {
                        sums[i][r] = pixel.mul_add(row[r], sums[i][r]);
                    }
                }
                w = w.add(REGS * V::LANES);
            }
        }
        for r in 0..REGS {
            for i in 0..PIXELS {
                let sum = if relu { sums[i][r].relu() } else { sums[i][r] };
                sum.deinterleave::<GROUP>().store(to[i].add(r * V::LANES));
            }
        }
    }
}
