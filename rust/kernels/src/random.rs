//! Random numbers as functions of (seed, stream, element): Philox4x32-10 (Salmon et al., SC 2011).
//!
//! Sixteen counters run side by side, so that the compiler vectorises the rounds; a group of 64 elements takes
//! its words from them in a fixed way, and tasks hold whole groups: no chunking changes the numbers.

use crate::math::Fma;
use crate::math::float::Math;
use crate::math::frame::{self, Loop};
use crate::reduce::Number;
use crate::{isa, parallel};

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

/// P(Z < -2) of a standard normal.
const BELOW: f64 = 0.022_750_131_948_179_21;

impl<T: Random> Shape<T> for Truncated<T> {
    #[inline(always)]
    fn shape<F: Fma>(&self, u: &mut [T; GROUP]) {
        for u in u.iter_mut() {
            let z = quantile(BELOW + u.to_f64() * (1.0 - 2.0 * BELOW)).clamp(-2.0, 2.0);
            *u = self.0 + T::from_f64(z) * self.1;
        }
    }
}

/// The z with P(Z < z) = p, for |z| up to 2: Newton's method, which converges from 0 for a sigmoid of this reach.
fn quantile(p: f64) -> f64 {
    let mut z = (p - 0.5) * 2.5;
    for _ in 0..6 {
        let excess = 0.5 * (1.0 + <f64 as Math>::erf::<crate::math::Separate>(z * std::f64::consts::FRAC_1_SQRT_2)) - p;
        z -= excess * (std::f64::consts::TAU.sqrt() * (0.5 * z * z).exp());
    }
    z
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

/// Integers in low..high.
pub fn integers_i64(seed: u64, stream: u64, low: i64, high: i64, out: &mut [i64]) {
    let width = high.wrapping_sub(low) as u64;
    parallel::for_each_chunk_mut(out, 4096, |t, out| {
        for (i, y) in out.iter_mut().enumerate() {
            *y = low.wrapping_add(below(word(seed, stream, (t * 4096 + i) as u64), width) as i64);
        }
    });
}

/// Integers in low..high, the same as [`integers_i64`] cut to 32 bits.
pub fn integers_i32(seed: u64, stream: u64, low: i64, high: i64, out: &mut [i32]) {
    let width = high.wrapping_sub(low) as u64;
    parallel::for_each_chunk_mut(out, 4096, |t, out| {
        for (i, y) in out.iter_mut().enumerate() {
            *y = low.wrapping_add(below(word(seed, stream, (t * 4096 + i) as u64), width) as i64) as i32;
        }
    });
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
            for (w, (y, x)) in y.chunks_mut(LANES).zip(x.chunks(LANES)).enumerate() {
                for (l, (y, x)) in y.iter_mut().zip(x).enumerate() {
                    *y = if words[w][l] < self.threshold { T::ZERO } else { *x * self.scale };
                }
            }
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
