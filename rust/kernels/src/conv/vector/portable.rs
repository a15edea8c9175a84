//! Registers without an instruction set.

use super::Vector;
use crate::cast::{brain_to_f32, f32_to_brain};

/// The fallback: an array the compiler may vectorise with whatever the build target has.
#[derive(Clone, Copy)]
pub struct Portable<T, const N: usize>([T; N]);

macro_rules! portable {
    ($t:ty, $n:literal $(, brain: $widen:path, $narrow:path)?) => {
        // SAFETY: plain Rust; pointers are read and written for exactly the lanes named.
        unsafe impl Vector<$t> for Portable<$t, $n> {
            const LANES: usize = $n;
            const PIXELS: usize = 2;
            const ROWS_APART: usize = 2;

            #[inline(always)]
            unsafe fn splat(value: $t) -> Self {
                Self([value; $n])
            }
            #[inline(always)]
            unsafe fn load(from: *const $t) -> Self {
                // SAFETY: valid for the lanes, by the trait's contract.
                Self(unsafe { from.cast::<[$t; $n]>().read_unaligned() })
            }
            #[inline(always)]
            unsafe fn store(self, to: *mut $t) {
                // SAFETY: as in `load`.
                unsafe { to.cast::<[$t; $n]>().write_unaligned(self.0) }
            }
            #[inline(always)]
            unsafe fn load_part(from: *const $t, n: usize) -> Self {
                // SAFETY: only the first `n` elements are read.
                Self(std::array::from_fn(|i| if i < n { unsafe { *from.add(i) } } else { 0.0 }))
            }
            #[inline(always)]
            unsafe fn store_part(self, to: *mut $t, n: usize) {
                for i in 0..n.min($n) {
                    // SAFETY: only the first `n` elements are written.
                    unsafe { *to.add(i) = self.0[i] };
                }
            }
            $(#[inline(always)]
            unsafe fn load_brain(from: *const u16, n: usize) -> Self {
                // SAFETY: only the first `n` numbers are read.
                Self(std::array::from_fn(|i| if i < n { $widen(unsafe { *from.add(i) }) } else { 0.0 }))
            }
            #[inline(always)]
            unsafe fn store_brain(self, to: *mut u16, n: usize) {
                for i in 0..n.min($n) {
                    // SAFETY: only the first `n` numbers are written.
                    unsafe { *to.add(i) = $narrow(self.0[i]) };
                }
            }
            #[inline(always)]
            unsafe fn keep_brain(self, a: Self, b: Self, to: *mut u16, n: usize) {
                // SAFETY: by the caller's word.
                unsafe { self.where_equal(a, b).store_brain(to, n) }
            })?
            #[inline(always)]
            unsafe fn repeat<const GROUP: usize>(from: *const $t) -> Self {
                // SAFETY: only the first `GROUP` elements are read.
                Self(std::array::from_fn(|i| unsafe { *from.add(i % GROUP) }))
            }
            #[inline(always)]
            unsafe fn deinterleave<const GROUP: usize>(self) -> Self {
                Self(std::array::from_fn(|lane| self.0[order::<$n>(GROUP)[lane] as usize]))
            }
            #[inline(never)]
            unsafe fn apart(f: impl FnOnce()) {
                f();
            }
            #[inline(always)]
            unsafe fn mul_add(self, factor: Self, addend: Self) -> Self {
                // Two roundings: without the instruction, a fused one is a library call per element.
                Self(std::array::from_fn(|i| self.0[i] * factor.0[i] + addend.0[i]))
            }
            #[inline(always)]
            unsafe fn add(self, other: Self) -> Self {
                Self(std::array::from_fn(|i| self.0[i] + other.0[i]))
            }
            #[inline(always)]
            unsafe fn mul(self, other: Self) -> Self {
                Self(std::array::from_fn(|i| self.0[i] * other.0[i]))
            }
            #[inline(always)]
            unsafe fn relu(self) -> Self {
                Self(std::array::from_fn(|i| if self.0[i] < 0.0 { 0.0 } else { self.0[i] }))
            }
            #[inline(always)]
            unsafe fn larger(self, tap: Self, best: Self, best_tap: Self) -> (Self, Self) {
                let takes = |i: usize| (self.0[i] > best.0[i]) | (self.0[i].is_nan() & !best.0[i].is_nan());
                let pick = |a: Self, b: Self| Self(std::array::from_fn(|i| if takes(i) { a.0[i] } else { b.0[i] }));
                (pick(self, best), pick(tap, best_tap))
            }
            #[inline(always)]
            unsafe fn where_equal(self, a: Self, b: Self) -> Self {
                Self(std::array::from_fn(|i| if a.0[i] == b.0[i] { self.0[i] } else { 0.0 }))
            }
            #[inline(always)]
            unsafe fn div(self, other: Self) -> Self {
                Self(std::array::from_fn(|i| self.0[i] / other.0[i]))
            }
        }
    };
}
portable!(f32, 8, brain: brain_to_f32, f32_to_brain);
portable!(f64, 4);

/// Where each lane comes from when groups of `group` lanes are taken apart.
pub(super) const fn order<const N: usize>(group: usize) -> [i64; N] {
    let mut from = [0; N];
    let mut lane = 0;
    while lane < N {
        let per = N / group;
        from[lane] = ((lane % per) * group + lane / per) as i64;
        lane += 1;
    }
    from
}
