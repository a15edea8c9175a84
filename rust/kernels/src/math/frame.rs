//! The frames in which generic loops are compiled once for each instruction set.

use super::{Fma, Fused, Separate};
use crate::isa::Isa;

/// A loop to be compiled for every instruction set. `run` and all it calls must be `#[inline(always)]`.
pub trait Loop {
    fn run<F: Fma>(self);
}

/// Runs a loop in the frame for `isa`.
#[inline]
pub fn run<L: Loop>(isa: Isa, body: L) {
    match isa {
        #[cfg(target_arch = "x86_64")]
        // SAFETY: an `Isa` is only ever made for a CPU that has these features.
        Isa::Avx512 => unsafe { avx512(body) },
        #[cfg(target_arch = "x86_64")]
        // SAFETY: as above.
        Isa::Avx2 => unsafe { avx2(body) },
        _ => body.run::<Separate>(),
    }
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx512f,avx512bw,avx512dq,avx512vl,avx2,fma")]
fn avx512<L: Loop>(body: L) {
    body.run::<Fused>();
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx2,fma")]
fn avx2<L: Loop>(body: L) {
    body.run::<Fused>();
}
