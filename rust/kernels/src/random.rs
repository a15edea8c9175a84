//! Random numbers as functions of (seed, stream, element): Philox4x32-10 (Salmon et al., SC 2011).
//!
//! Sixteen counters run side by side, so that the compiler vectorises the rounds; a group of 64 elements takes
//! its words from them in a fixed way, and tasks hold whole groups: no chunking changes the numbers.

use crate::math::Fma;
use crate::math::float::Math;
use crate::math::frame::{self, Loop};
use crate::reduce::Number;
use crate::{isa, math, parallel};

const LANES: usize = 16;
const GROUP: usize = 4 * LANES;
const TASK: usize = 256 * GROUP;

/// The four words for a 128-bit counter (low, high) under a key, ten rounds; `W` counters from `low` on.
#[inline(always)]
fn philox<const W: usize>(seed: u64, low: u64, high: u64) -> [[u32; W]; 4] {
    let mut c = [[0u32; W]; 4];
    for l in 0..W {
        let n = low.wrapping_add(l as u64);
        (c[0][l], c[1][l], c[2][l], c[3][l]) = (n as u32, (n >> 32) as u32, high as u32, (high >> 32) as u32);
    }
    let (mut k0, mut k1) = (seed as u32, (seed >> 32) as u32);
    for _ in 0..10 {
        let mut d = [[0u32; W]; 4];
        for l in 0..W {
            let p = u64::from(c[0][l]) * 0xD251_1F53;
            let q = u64::from(c[2][l]) * 0xCD9E_8D57;
            d[0][l] = (q >> 32) as u32 ^ c[1][l] ^ k0;
            d[1][l] = q as u32;
            d[2][l] = (p >> 32) as u32 ^ c[3][l] ^ k1;
            d[3][l] = p as u32;
        }
        c = d;
        k0 = k0.wrapping_add(0x9E37_79B9);
        k1 = k1.wrapping_add(0xBB67_AE85);
    }
    c
}

/// The words of one counter, as in the published test vectors.
pub fn philox_words(seed: u64, counter: u64, stream: u64) -> [u32; 4] {
    philox::<1>(seed, counter, stream).map(|w| w[0])
}

/// Two words of 32 bits as one, for the `i`-th draw of a stream.
fn word(seed: u64, stream: u64, i: u64) -> u64 {
    let w = philox_words(seed, i, stream);
    u64::from(w[0]) << 32 | u64::from(w[1])
}

/// A float type that random bits can be made into.
pub trait Random: Number + Math {
    /// The g-th group of numbers in [0, 1).
    fn units(seed: u64, stream: u64, g: u64) -> [Self; GROUP];
}

impl Random for f32 {
    #[inline(always)]
    fn units(seed: u64, stream: u64, g: u64) -> [Self; GROUP] {
        let words = philox::<LANES>(seed, g.wrapping_mul(LANES as u64), stream);
        let mut out = [0.0; GROUP];
        for w in 0..4 {
            for l in 0..LANES {
                out[w * LANES + l] = (words[w][l] >> 8) as i32 as f32 * (1.0 / (1 << 24) as f32);
            }
        }
        out
    }
}

impl Random for f64 {
    #[inline(always)]
    fn units(seed: u64, stream: u64, g: u64) -> [Self; GROUP] {
        let mut out = [0.0; GROUP];
        for half in 0..2 {
            let words = philox::<LANES>(seed, (2 * g + half as u64).wrapping_mul(LANES as u64), stream);
            for w in 0..2 {
                for l in 0..LANES {
                    let bits = u64::from(words[2 * w][l]) << 32 | u64::from(words[2 * w + 1][l]);
                    out[(2 * half + w) * LANES + l] = (bits >> 11) as f64 * (1.0 / (1u64 << 53) as f64);
                }
            }
        }
        out
    }
}

struct Fill<'a, T, P> {
    seed: u64,
    stream: u64,
    first: u64,
    out: &'a mut [T],
    shape: &'a P,
}

/// How a group of uniform numbers becomes a group of another distribution.
trait Shape<T>: Sync {
    fn shape<F: Fma>(&self, u: &mut [T; GROUP]);
}

impl<T: Random, P: Shape<T>> Loop for Fill<'_, T, P> {
    #[inline(always)]
    fn run<F: Fma>(self) {
        for (i, out) in self.out.chunks_mut(GROUP).enumerate() {
            let mut u = T::units(self.seed, self.stream, self.first + i as u64);
            self.shape.shape::<F>(&mut u);
            out.copy_from_slice(&u[..out.len()]);
        }
    }
}

fn fill<T: Random>(seed: u64, stream: u64, out: &mut [T], shape: &impl Shape<T>) {
    parallel::for_each_chunk_mut(out, TASK, |t, out| {
        let first = (t * TASK / GROUP) as u64;
        frame::run(isa::active(), Fill { seed, stream, first, out, shape });
    });
}

struct Uniform<T>(T, T);
struct Normal<T>(T, T);
struct Truncated<T>(T, T);

impl<T: Random> Shape<T> for Uniform<T> {
    #[inline(always)]
    fn shape<F: Fma>(&self, u: &mut [T; GROUP]) {
        let (low, width) = (self.0, self.1 - self.0);
        for u in u.iter_mut() {
            // Rounding may reach the upper bound, which is excluded.
            let v = low + *u * width;
            *u = if v < self.1 { v } else { low };
        }
    }
}

impl<T: Random> Shape<T> for Normal<T> {
    /// Box and Muller, 1958.
    #[inline(always)]
    fn shape<F: Fma>(&self, u: &mut [T; GROUP]) {
        for i in 0..GROUP / 2 {
            let r = (T::from_f64(-2.0) * T::log::<F>(T::ONE - u[i])).sqrt() * self.1;
            let angle = u[i + GROUP / 2] * T::from_f64(std::f64::consts::TAU);
            u[i] = self.0 + r * T::cos::<F>(angle);
            u[i + GROUP / 2] = self.0 + r * T::sin::<F>(angle);
        }
    }
}

/// P(|Z| < 2) of a standard normal.
const WITHIN: f64 = 0.954_499_736_103_641_6;

/// The z with P(Z < z) = p, over 2p - 1 = x, as a polynomial in v = -log(1 - x²) / 1.2099… - 1 for |z| ≤ 2: a
/// Chebyshev fit to √2 erf⁻¹(x) / x, relative error 7e-18. The logarithm takes up the growth towards the ends,
/// as in Giles, "Approximating the erfinv function", 2010.
const QUANTILE: [f64; 16] = [
    1.6681679208087217,
    0.426597603113715,
    0.005763593871783137,
    -0.005702214137575348,
    0.00041594881742041767,
    0.0001186659214669054,
    -2.1972982927927354e-05,
    -1.8980458996125734e-06,
    8.303401526840548e-07,
    -1.080791753134148e-09,
    -2.664258533215736e-08,
    1.9539831617740827e-09,
    7.31892579687185e-10,
    -1.1551924688090462e-10,
    -1.526279903603646e-11,
    4.315126009099845e-12,
];
/// 2 / -log(1 - WITHIN²), which brings v into [-1, 1].
const SPREAD: f64 = 2.0 / 2.419_902_881_891_104_8;

impl<T: Random> Shape<T> for Truncated<T> {
    #[inline(always)]
    fn shape<F: Fma>(&self, u: &mut [T; GROUP]) {
        let c = QUANTILE.map(T::from_f64);
        let (within, spread) = (T::from_f64(WITHIN), T::from_f64(-SPREAD));
        for u in u.iter_mut() {
            let x = ((*u + *u) - T::ONE) * within;
            let v = T::log::<F>(T::ONE - x * x) * spread - T::ONE;
            let z = math::clamp(x * math::horner::<F, T, 16>(v, &c), T::from_f64(-2.0), T::from_f64(2.0));
            *u = self.0 + z * self.1;
        }
    }
}

/// Numbers in [low, high).
pub fn uniform<T: Random>(seed: u64, stream: u64, low: T, high: T, out: &mut [T]) {
    fill(seed, stream, out, &Uniform(low, high));
}

/// Normally distributed numbers.
pub fn normal<T: Random>(seed: u64, stream: u64, mean: T, deviation: T, out: &mut [T]) {
    fill(seed, stream, out, &Normal(mean, deviation));
}

/// Normally distributed numbers no farther than two deviations from the mean.
pub fn truncated_normal<T: Random>(seed: u64, stream: u64, mean: T, deviation: T, out: &mut [T]) {
    fill(seed, stream, out, &Truncated(mean, deviation));
}

/// A number below `width` from 64 random bits (0 stands for 2^64), by multiply and shift; bias below width / 2^64.
fn below(bits: u64, width: u64) -> u64 {
    if width == 0 { bits } else { ((u128::from(bits) * u128::from(width)) >> 64) as u64 }
}

struct Integers<'a, T, P> {
    seed: u64,
    stream: u64,
    first: u64,
    low: i64,
    width: u64,
    cut: P,
    out: &'a mut [T],
}

impl<T, P: Fn(i64) -> T> Loop for Integers<'_, T, P> {
    #[inline(always)]
    fn run<F: Fma>(self) {
        for (i, out) in self.out.chunks_mut(LANES).enumerate() {
            let w = philox::<LANES>(self.seed, self.first + (i * LANES) as u64, self.stream);
            for (l, y) in out.iter_mut().enumerate() {
                let bits = u64::from(w[0][l]) << 32 | u64::from(w[1][l]);
                *y = (self.cut)(self.low.wrapping_add(below(bits, self.width) as i64));
            }
        }
    }
}

fn integers<T: Send>(seed: u64, stream: u64, low: i64, high: i64, out: &mut [T], cut: impl Fn(i64) -> T + Copy + Sync) {
    let width = high.wrapping_sub(low) as u64;
    parallel::for_each_chunk_mut(out, TASK / 4, |t, out| {
        let first = (t * TASK / 4) as u64;
        frame::run(isa::active(), Integers { seed, stream, first, low, width, cut, out });
    });
}

/// Integers in low..high.
pub fn integers_i64(seed: u64, stream: u64, low: i64, high: i64, out: &mut [i64]) {
    integers(seed, stream, low, high, out, |i| i);
}

/// Integers in low..high, the same as [`integers_i64`] cut to 32 bits.
pub fn integers_i32(seed: u64, stream: u64, low: i64, high: i64, out: &mut [i32]) {
    integers(seed, stream, low, high, out, |i| i as i32);
}

/// The numbers 0 to n - 1 in random order (Fisher and Yates).
pub fn permutation(seed: u64, stream: u64, out: &mut [i64]) {
    for (i, y) in out.iter_mut().enumerate() {
        *y = i as i64;
    }
    for i in (1..out.len()).rev() {
        out.swap(i, below(word(seed, stream, i as u64), i as u64 + 1) as usize);
    }
}

struct Dropout<'a, T> {
    seed: u64,
    stream: u64,
    first: u64,
    /// Words below it drop.
    threshold: u32,
    scale: T,
    x: &'a [T],
    y: &'a mut [T],
}

impl<T: Random> Loop for Dropout<'_, T> {
    #[inline(always)]
    fn run<F: Fma>(self) {
        for (i, (y, x)) in self.y.chunks_mut(GROUP).zip(self.x.chunks(GROUP)).enumerate() {
            let words = philox::<LANES>(self.seed, (self.first + i as u64) * LANES as u64, self.stream);
            // Whole groups through a buffer: loops of fixed length are vectorised.
            let mut held = [T::ZERO; GROUP];
            held[..x.len()].copy_from_slice(x);
            for w in 0..4 {
                for l in 0..LANES {
                    let v = &mut held[w * LANES + l];
                    *v = if words[w][l] < self.threshold { T::ZERO } else { *v * self.scale };
                }
            }
            y.copy_from_slice(&held[..x.len()]);
        }
    }
}

/// y = 0 with probability `rate`, else x / (1 - rate); the same elements for the same seed and stream.
///
/// # Panics
/// If x and y differ in length.
pub fn dropout<T: Random>(x: &[T], seed: u64, stream: u64, rate: f64, y: &mut [T]) {
    assert_eq!(x.len(), y.len(), "length of the result");
    if rate >= 1.0 {
        return y.fill(T::ZERO);
    }
    let (threshold, scale) = ((rate * 4_294_967_296.0) as u32, T::from_f64(1.0 / (1.0 - rate)));
    parallel::for_each_chunk_mut(y, TASK, |t, y| {
        let first = (t * TASK / GROUP) as u64;
        let x = &x[t * TASK..][..y.len()];
        frame::run(isa::active(), Dropout { seed, stream, first, threshold, scale, x, y });
    });
}
