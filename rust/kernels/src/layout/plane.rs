//! Copies of a strided plane of two axes.

use std::mem::MaybeUninit;

use super::strided::Axis;
use crate::isa::{self, Isa};

/// A tile of the copy: `k` is the innermost axis of the destination, `j` that of the source if they differ.
#[derive(Clone, Copy)]
pub(super) struct Plane<T> {
    pub j: Axis,
    pub k: Axis,
    pub src: *const T,
    pub dst: *mut T,
}

impl<T> Plane<T> {
    /// # Safety
    /// j and k must be below the sizes of the plane.
    #[inline(always)]
    unsafe fn at(&self, j: usize, k: usize) -> (*const T, *mut T) {
        let (j, k) = (j as isize, k as isize);
        // SAFETY: all places of a plane are inside of its slices.
        unsafe {
            (self.src.offset(j * self.j.src + k * self.k.src), self.dst.offset(j * self.j.dst + k * self.k.dst))
        }
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Way {
    /// `k` is contiguous in both.
    Rows,
    /// Rows that repeat one element.
    Fill,
    /// `j` is contiguous in the source, `k` in the destination.
    Transpose,
    Elements,
}

/// Bits of the size of an element. Pointers to it need not be aligned.
pub(super) trait Word: Copy + Send + Sync + 'static {
    /// Transposes as many whole micro tiles as there are with vector shuffles; returns how many of j and k are done.
    ///
    /// # Safety
    /// As for [`run`]; the CPU must have AVX2.
    #[cfg(target_arch = "x86_64")]
    unsafe fn shuffle(_: &Plane<Self>) -> (usize, usize) {
        (0, 0)
    }
}

impl Word for u8 {}
impl Word for u16 {}
impl Word for u32 {
    #[cfg(target_arch = "x86_64")]
    unsafe fn shuffle(p: &Plane<Self>) -> (usize, usize) {
        // SAFETY: as the caller promises.
        unsafe { x86::transpose32(p) }
    }
}
impl Word for u64 {
    #[cfg(target_arch = "x86_64")]
    unsafe fn shuffle(p: &Plane<Self>) -> (usize, usize) {
        // SAFETY: as the caller promises.
        unsafe { x86::transpose64(p) }
    }
}

/// # Safety
/// Every place of the plane must be inside of its slice, and nobody else may use those of the destination.
pub(super) unsafe fn run<T: Word>(way: Way, p: Plane<T>) {
    // SAFETY: indices stay below the sizes of the axes; the caller promises the rest.
    unsafe {
        match way {
            Way::Rows => {
                for j in 0..p.j.n {
                    let (src, dst) = p.at(j, 0);
                    std::ptr::copy_nonoverlapping(src, dst, p.k.n);
                }
            }
            Way::Fill => {
                for j in 0..p.j.n {
                    let (src, dst) = p.at(j, 0);
                    let v = src.read_unaligned();
                    for k in 0..p.k.n {
                        dst.add(k).write_unaligned(v);
                    }
                }
            }
            Way::Elements => elements(&p, 0, 0),
            Way::Transpose => transpose(&p),
        }
    }
}

/// Side of the square that goes through a buffer, in elements.
const SIDE: usize = 64;

/// # Safety
/// As for [`run`].
unsafe fn transpose<T: Word>(p: &Plane<T>) {
    let far = |step: isize| step.unsigned_abs() * size_of::<T>() >= 1024;
    if p.j.n < SIDE || p.k.n < SIDE || !(far(p.k.src) && far(p.j.dst)) {
        // SAFETY: as the caller promises.
        return unsafe { transpose_near(p) };
    }
    // Rows a power of two apart fall into the same few sets of the cache; through a buffer each line of either
    // side is used up at once.
    let mut buffer = [const { MaybeUninit::<T>::uninit() }; SIDE * SIDE];
    for k in (0..p.k.n).step_by(SIDE) {
        for j in (0..p.j.n).step_by(SIDE) {
            let (rows, columns) = (SIDE.min(p.j.n - j), SIDE.min(p.k.n - k));
            // SAFETY: the square lies in the plane; the buffer holds `rows` rows of SIDE elements, of which the
            // transpose writes `columns` before they are copied.
            unsafe {
                let (src, dst) = p.at(j, k);
                let held = buffer.as_mut_ptr().cast::<T>();
                transpose_near(&Plane {
                    j: Axis { n: rows, src: 1, dst: SIDE as isize },
                    k: Axis { n: columns, ..p.k },
                    src,
                    dst: held,
                });
                for i in 0..rows {
                    std::ptr::copy_nonoverlapping(held.add(i * SIDE), dst.offset(i as isize * p.j.dst), columns);
                }
            }
        }
    }
}

/// # Safety
/// As for [`run`].
unsafe fn transpose_near<T: Word>(p: &Plane<T>) {
    // SAFETY: indices stay below the sizes of the axes; the caller promises the rest.
    unsafe {
        let (j, k) = whole_tiles(p);
        // The strips that no micro tile fits in: right of the tiles, then below them.
        elements(&Plane { j: Axis { n: j, ..p.j }, ..*p }, 0, k);
        elements(p, j, 0);
    }
}

/// # Safety
/// As for [`run`].
unsafe fn whole_tiles<T: Word>(p: &Plane<T>) -> (usize, usize) {
    #[cfg(target_arch = "x86_64")]
    if isa::active() >= Isa::Avx2 {
        // SAFETY: as the caller promises, and an `Isa` is only ever made for a CPU that has it.
        return unsafe { T::shuffle(p) };
    }
    (0, 0)
}

/// Element by element from (j0, k0) on, the longer axis inside.
///
/// # Safety
/// As for [`run`].
unsafe fn elements<T: Word>(p: &Plane<T>, j0: usize, k0: usize) {
    if p.j.n <= j0 || p.k.n <= k0 {
        return;
    }
    // SAFETY: within the plane.
    let (src, dst) = unsafe { p.at(j0, k0) };
    let (mut a, mut b) = (Axis { n: p.j.n - j0, ..p.j }, Axis { n: p.k.n - k0, ..p.k });
    if b.n < 8 && a.n > b.n {
        (a, b) = (b, a);
    }
    for i in 0..a.n as isize {
        for l in 0..b.n as isize {
            // SAFETY: i and l are below the sizes of their axes.
            unsafe {
                let v = src.offset(i * a.src + l * b.src).read_unaligned();
                dst.offset(i * a.dst + l * b.dst).write_unaligned(v);
            }
        }
    }
}

#[cfg(target_arch = "x86_64")]
mod x86 {
    use super::Plane;
    use std::arch::x86_64::*;

    /// Calls `tile` for every whole tile of W by W, two in a row of the destination: a cache line of it at a time.
    macro_rules! sweep {
        ($p:ident, $w:literal, $tile:ident) => {{
            let (j, k) = ($p.j.n / $w * $w, $p.k.n / $w * $w);
            let mut k0 = 0;
            while k0 < k {
                let end = k.min(k0 + 2 * $w);
                for j0 in (0..j).step_by($w) {
                    for k1 in (k0..end).step_by($w) {
                        // SAFETY: the tile lies in the plane; the caller promises the rest.
                        unsafe {
                            let (src, dst) = $p.at(j0, k1);
                            $tile(src.cast(), $p.k.src, dst.cast(), $p.j.dst);
                        }
                    }
                }
                k0 = end;
            }
            (j, k)
        }};
    }

    /// # Safety
    /// As for [`super::run`].
    #[target_feature(enable = "avx2")]
    pub unsafe fn transpose32(p: &Plane<u32>) -> (usize, usize) {
        sweep!(p, 8, tile32)
    }

    /// # Safety
    /// As for [`super::run`].
    #[target_feature(enable = "avx2")]
    pub unsafe fn transpose64(p: &Plane<u64>) -> (usize, usize) {
        sweep!(p, 4, tile64)
    }

    /// # Safety
    /// Eight rows of eight elements must be readable and writable at these strides.
    #[inline]
    #[target_feature(enable = "avx2")]
    unsafe fn tile32(src: *const f32, from: isize, dst: *mut f32, to: isize) {
        // SAFETY: as the caller promises.
        let four = |row: isize, column: isize| unsafe { _mm_loadu_ps(src.offset(row * from).offset(column)) };
        for column in [0, 4] {
            // Halves of rows, four rows apart, side by side: the only exchange between lanes is part of the load.
            let r: [__m256; 4] = std::array::from_fn(|i| {
                let row = i as isize;
                _mm256_insertf128_ps::<1>(_mm256_castps128_ps256(four(row, column)), four(row + 4, column))
            });
            let (a, b) = (_mm256_unpacklo_ps(r[0], r[1]), _mm256_unpackhi_ps(r[0], r[1]));
            let (c, d) = (_mm256_unpacklo_ps(r[2], r[3]), _mm256_unpackhi_ps(r[2], r[3]));
            let out = [
                _mm256_shuffle_ps::<0b0100_0100>(a, c),
                _mm256_shuffle_ps::<0b1110_1110>(a, c),
                _mm256_shuffle_ps::<0b0100_0100>(b, d),
                _mm256_shuffle_ps::<0b1110_1110>(b, d),
            ];
            for (i, row) in out.into_iter().enumerate() {
                // SAFETY: as the caller promises.
                unsafe { _mm256_storeu_ps(dst.offset((column + i as isize) * to), row) };
            }
        }
    }

    /// # Safety
    /// Four rows of four elements must be readable and writable at these strides.
    #[inline]
    #[target_feature(enable = "avx2")]
    unsafe fn tile64(src: *const f64, from: isize, dst: *mut f64, to: isize) {
        // SAFETY: as the caller promises.
        let r: [__m256d; 4] = std::array::from_fn(|i| unsafe { _mm256_loadu_pd(src.offset(i as isize * from)) });
        let (a, b) = (_mm256_unpacklo_pd(r[0], r[1]), _mm256_unpackhi_pd(r[0], r[1]));
        let (c, d) = (_mm256_unpacklo_pd(r[2], r[3]), _mm256_unpackhi_pd(r[2], r[3]));
        let out = [
            _mm256_permute2f128_pd::<0x20>(a, c),
            _mm256_permute2f128_pd::<0x20>(b, d),
            _mm256_permute2f128_pd::<0x31>(a, c),
            _mm256_permute2f128_pd::<0x31>(b, d),
        ];
        for (i, row) in out.into_iter().enumerate() {
            // SAFETY: as the caller promises.
            unsafe { _mm256_storeu_pd(dst.offset(i as isize * to), row) };
        }
    }
}
