//! Changing the element type: floats to integers truncate and saturate (NaN gives 0), integers among each other
//! wrap, to bool anything but zero is 1, and to a narrower float rounds to nearest even.
//!
//! The 16-bit floats are only storage. Their conversions are written as branch-free integer arithmetic, which
//! vectorises like all else here and does not depend on whether denormals are being flushed.

use std::marker::PhantomData;

use crate::element::{Element, cast_slice, cast_slice_mut};
use crate::isa;
use crate::math::Fma;
use crate::math::apply::{self, Cost, Map};
use crate::math::frame::{self, Loop};

/// Rounds sums to a 16-bit float, adds a bias to them and rounds again, and cuts them at zero: what as many ops one after the
/// other would give.
///
/// # Panics
/// If the kind is not one of 16 bits, or lengths differ.
pub(crate) fn round_with_bias(kind: Kind, sums: &[f32], bias: Option<&[u16]>, relu: bool, out: &mut [u16]) {
    assert!(sums.len() == out.len() && bias.is_none_or(|b| b.len() == out.len()), "lengths of sums, bias and result");
    let isa = isa::active();
    match kind {
        Kind::BF16 => frame::run(isa, Rounding { sums, bias, relu, out, widen: brain_to_f32, narrow: f32_to_brain }),
        Kind::F16 => frame::run(isa, Rounding { sums, bias, relu, out, widen: half_to_f32, narrow: f32_to_half }),
        other => unreachable!("{other:?} is not a 16-bit float"),
    }
}

/// Rows of a matrix of a 16-bit float, `ld` apart, as a matrix of float32.
///
/// # Panics
/// If the kind is not one of 16 bits, or a slice is too short.
pub(crate) fn widen_rows(kind: Kind, from: &[u16], ld: usize, columns: usize, to: &mut [f32]) {
    let isa = isa::active();
    match kind {
        Kind::BF16 => frame::run(isa, Widening { from, ld, columns, to, widen: brain_to_f32 }),
        Kind::F16 => frame::run(isa, Widening { from, ld, columns, to, widen: half_to_f32 }),
        other => unreachable!("{other:?} is not a 16-bit float"),
    }
}

struct Widening<'a, W> {
    from: &'a [u16],
    ld: usize,
    columns: usize,
    to: &'a mut [f32],
    widen: W,
}

impl<W: Fn(u16) -> f32> Loop for Widening<'_, W> {
    #[inline(always)]
    fn run<F: Fma>(self) {
        let Self { from, ld, columns, to, widen } = self;
        for (i, to) in to.chunks_mut(columns.max(1)).enumerate() {
            to.iter_mut().zip(&from[i * ld..][..columns]).for_each(|(to, from)| *to = widen(*from));
        }
    }
}

struct Rounding<'a, W, N> {
    sums: &'a [f32],
    bias: Option<&'a [u16]>,
    relu: bool,
    out: &'a mut [u16],
    widen: W,
    narrow: N,
}

impl<W: Fn(u16) -> f32, N: Fn(f32) -> u16> Loop for Rounding<'_, W, N> {
    #[inline(always)]
    fn run<F: Fma>(self) {
        let Self { sums, bias, relu, out, widen, narrow } = self;
        // Smaller than no number: a NaN stays.
        let least = if relu { 0.0 } else { f32::NEG_INFINITY };
        let cut = |x: f32| if x < least { least } else { x };
        match bias {
            None => out.iter_mut().zip(sums).for_each(|(out, sum)| *out = narrow(cut(widen(narrow(*sum))))),
            Some(bias) => {
                let all = out.iter_mut().zip(sums).zip(bias);
                all.for_each(|((out, sum), bias)| *out = narrow(cut(widen(narrow(*sum)) + widen(*bias))));
            }
        }
    }
}

/// The element types as they are stored.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Kind {
    Bool,
    U8,
    U16,
    U32,
    U64,
    I8,
    I16,
    I32,
    I64,
    F16,
    BF16,
    F32,
    F64,
}

/// Calls a macro-like expression with `$c` standing for the cell type of a kind.
macro_rules! with_cell {
    ($kind:expr, $c:ident => $body:expr) => {
        match $kind {
            Kind::Bool => { type $c = Bool; $body }
            Kind::U8 => { type $c = u8; $body }
            Kind::U16 => { type $c = u16; $body }
            Kind::U32 => { type $c = u32; $body }
            Kind::U64 => { type $c = u64; $body }
            Kind::I8 => { type $c = i8; $body }
            Kind::I16 => { type $c = i16; $body }
            Kind::I32 => { type $c = i32; $body }
            Kind::I64 => { type $c = i64; $body }
            Kind::F16 => { type $c = F16; $body }
            Kind::BF16 => { type $c = BF16; $body }
            Kind::F32 => { type $c = f32; $body }
            Kind::F64 => { type $c = f64; $body }
        }
    };
}

/// Casts the elements in `x` from one type to another.
///
/// # Panics
/// If the bytes are not aligned for their types, or their numbers of elements differ.
pub fn cast(from: Kind, to: Kind, x: &[u8], y: &mut [u8]) {
    if from == to {
        return y.copy_from_slice(x);
    }
    with_cell!(from, S => with_cell!(to, D => typed::<S, D>(x, y)));
}

fn typed<S: Convert<D>, D: Cell>(x: &[u8], y: &mut [u8]) {
    apply::map(To::<S, D>(PhantomData), cast_slice::<S::Bits>(x), cast_slice_mut::<D::Bits>(y));
}

/// A stored type and the element that holds its bits.
trait Cell: Copy + Send + Sync {
    type Bits: Element;
    const IS_F32: bool = false;
}

/// Conversion of one cell.
trait Convert<D: Cell>: Cell {
    fn convert(bits: Self::Bits) -> D::Bits;
}

struct To<S, D>(PhantomData<(S, D)>);

impl<S, D> Clone for To<S, D> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<S, D> Copy for To<S, D> {}

impl<S: Convert<D>, D: Cell> Map<S::Bits, D::Bits> for To<S, D> {
    const COST: Cost = Cost::Light;
    const FRAMED: bool = S::IS_F32 || D::IS_F32;
    #[inline(always)]
    fn call<F: Fma>(self, x: S::Bits) -> D::Bits {
        S::convert(x)
    }
}

#[derive(Clone, Copy)]
struct Bool;
#[derive(Clone, Copy)]
struct F16;
/// The upper half of a float32, named where its bits are stored.
#[derive(Clone, Copy)]
pub struct BF16;

impl Cell for Bool {
    type Bits = u8;
}
impl Cell for F16 {
    type Bits = u16;
}
impl Cell for BF16 {
    type Bits = u16;
}

macro_rules! conversions {
    ($($t:ident)*) => {
        $(
            impl Cell for $t {
                type Bits = $t;
                const IS_F32: bool = matches!(stringify!($t).as_bytes(), b"f32");
            }
            conversions!(@one $t Bool: x => u8::from(x != 0 as $t));
            conversions!(@one Bool $t: x => x as $t);
            conversions!(@one F16 $t: x => half_to_f32(x) as $t);
            conversions!(@one BF16 $t: x => brain_to_f32(x) as $t);
            conversions!(@to u8 u16 u32 u64 i8 i16 i32 i64 f32 f64; $t);
        )*
    };
    (@to $($d:ident)*; $t:ident) => {
        $(conversions!(@one $t $d: x => x as $d);)*
    };
    (@one $s:ident $d:ident: $x:ident => $body:expr) => {
        impl Convert<$d> for $s {
            #[inline(always)]
            #[allow(clippy::unnecessary_cast, reason = "one body for all pairs of types")]
            fn convert($x: <$s as Cell>::Bits) -> <$d as Cell>::Bits {
                $body
            }
        }
    };
}
conversions!(u8 u16 u32 u64 i8 i16 i32 i64 f32 f64);

/// To the 16-bit floats: by way of an f32 rounded to odd, so that rounding twice gives what rounding once would.
macro_rules! narrowing {
    ($($s:ident)*) => {$(
        conversions!(@one $s F16: x => f32_to_half(odd(x as f64)));
        conversions!(@one $s BF16: x => f32_to_brain(odd(x as f64)));
    )*};
}
narrowing!(u32 u64 i32 i64 f64);

/// Types that f32 holds exactly.
macro_rules! exact {
    ($($s:ident)*) => {$(
        conversions!(@one $s F16: x => f32_to_half(x as f32));
        conversions!(@one $s BF16: x => f32_to_brain(x as f32));
    )*};
}
exact!(Bool u8 u16 i8 i16 f32);

conversions!(@one F16 BF16: x => f32_to_brain(half_to_f32(x)));
conversions!(@one BF16 F16: x => f32_to_half(brain_to_f32(x)));
conversions!(@one F16 Bool: x => u8::from(x & 0x7fff != 0));
conversions!(@one BF16 Bool: x => u8::from(x & 0x7fff != 0));
conversions!(@one Bool Bool: x => x);
conversions!(@one F16 F16: x => x);
conversions!(@one BF16 BF16: x => x);

/// x as f32, truncated, with the lowest bit set if anything was cut off: no information that a later rounding
/// to far fewer bits needs is lost.
#[inline(always)]
fn odd(x: f64) -> f32 {
    let near = x as f32;
    let back = f64::from(near);
    let bits = near.to_bits();
    // Towards zero where rounding went away from it; then the sticky bit. Exact, infinite and NaN values pass.
    let towards = if back.abs() > x.abs() { bits.wrapping_sub(1) } else { bits };
    let inexact = back != x && !x.is_nan();
    f32::from_bits(if inexact { towards | 1 } else { bits })
}

#[inline(always)]
pub(crate) fn brain_to_f32(h: u16) -> f32 {
    f32::from_bits(u32::from(h) << 16)
}

#[inline(always)]
pub(crate) fn f32_to_brain(x: f32) -> u16 {
    let bits = x.to_bits();
    let rounded = bits.wrapping_add(0x7fff + ((bits >> 16) & 1));
    // A NaN must not round up into an infinity: keep it quiet, drop the low payload.
    ((if x.is_nan() { bits | 0x40_0000 } else { rounded }) >> 16) as u16
}

#[inline(always)]
pub(crate) fn half_to_f32(h: u16) -> f32 {
    let size = u32::from(h & 0x7fff);
    let normal = (size << 13) + (112 << 23);
    let special = (size << 13) | 0x7f80_0000;
    // A denormal is its integer times 2^-24, both normal numbers in f32.
    let denormal = (size as f32 * f32::from_bits(0x3380_0000)).to_bits();
    let finite = if size < 0x400 { denormal } else { normal };
    let bits = if size >= 0x7c00 { special } else { finite };
    f32::from_bits(bits | (u32::from(h & 0x8000) << 16))
}

#[inline(always)]
fn f32_to_half(x: f32) -> u16 {
    let bits = x.to_bits();
    let size = bits & 0x7fff_ffff;
    // Normal results: rebias, then round to nearest even on the 13 bits that go.
    let normal = size.wrapping_sub(112 << 23).wrapping_add(0xfff + ((size >> 13) & 1)) >> 13;
    // Denormal results: adding 0.5 leaves the integer multiple of 2^-24 in the low bits, rounded by the addition.
    let denormal = (f32::from_bits(size) + 0.5).to_bits().wrapping_sub(0.5f32.to_bits());
    let finite = if size < 113 << 23 { denormal } else { normal };
    // 65520 is the first number that rounds to infinity.
    let large = if size >= 0x477f_f000 { 0x7c00 } else { finite };
    let half = if size > 0x7f80_0000 { 0x7e00 | ((size >> 13) & 0x3ff) } else { large };
    (half | (bits >> 16) & 0x8000) as u16
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::element::{as_bytes, as_bytes_mut};
    use half::{bf16, f16};

    fn run<S: Element, D: Element>(from: Kind, to: Kind, x: &[S]) -> Vec<D> {
        let mut y = vec![D::ZERO; x.len()];
        cast(from, to, as_bytes(x), as_bytes_mut(&mut y));
        y
    }

    /// NaN of any payload counts as one value.
    fn same16(a: u16, b: u16, nan: impl Fn(u16) -> bool) -> bool {
        a == b || (nan(a) && nan(b))
    }

    #[test]
    fn every_half_survives_the_way_through_f32() {
        let all: Vec<u16> = (0..=u16::MAX).collect();
        for (kind, nan) in [(Kind::F16, f16_nan as fn(u16) -> bool), (Kind::BF16, bf16_nan)] {
            let wide: Vec<f32> = run(kind, Kind::F32, &all);
            for (&h, w) in all.iter().zip(&wide) {
                let known = if kind == Kind::F16 { f16::from_bits(h).to_f32() } else { bf16::from_bits(h).to_f32() };
                // Denormals of bf16 are denormals of f32; the bits must come through unflushed.
                assert!(w.to_bits() == known.to_bits() || (w.is_nan() && known.is_nan()), "{h:x}");
            }
            let back: Vec<u16> = run(Kind::F32, kind, &wide);
            for (&h, b) in all.iter().zip(back) {
                assert!(same16(h, b, nan), "{kind:?} {h:x} {b:x}");
            }
        }
    }

    fn f16_nan(h: u16) -> bool {
        f16::from_bits(h).is_nan()
    }

    fn bf16_nan(h: u16) -> bool {
        bf16::from_bits(h).is_nan()
    }

    #[test]
    fn rounding_to_halves_is_to_nearest_even() {
        // Patterns spread over f32, which passes through all exponents and both signs.
        let x: Vec<f32> = (0..=u32::MAX).step_by(65_537).map(f32::from_bits).collect();
        let wide: Vec<f64> = x.iter().map(|&v| f64::from(v) * (1.0 + 1e-12)).collect();
        for (i, h) in run::<f32, u16>(Kind::F32, Kind::F16, &x).into_iter().enumerate() {
            assert!(same16(h, f16::from_f32(x[i]).to_bits(), f16_nan), "{} {h:x}", x[i]);
        }
        for (i, h) in run::<f32, u16>(Kind::F32, Kind::BF16, &x).into_iter().enumerate() {
            assert!(same16(h, bf16::from_f32(x[i]).to_bits(), bf16_nan), "{} {h:x}", x[i]);
        }
        for (i, h) in run::<f64, u16>(Kind::F64, Kind::F16, &wide).into_iter().enumerate() {
            assert!(same16(h, f16::from_f64(wide[i]).to_bits(), f16_nan), "{} {h:x}", wide[i]);
        }
        // Just above a tie of f16: rounding first to f32 would make it a tie and round down.
        let y: Vec<u16> = run(Kind::F64, Kind::F16, &[1.0 + 1.0 / 2048.0 + 1e-12, -(1.0 + 1.0 / 2048.0)]);
        assert_eq!(y, [0x3c01, 0xbc00]);
    }

    #[test]
    fn integers_saturate_from_floats_and_wrap_among_themselves() {
        let x = [-1.5f32, 300.0, f32::NAN, f32::INFINITY, 2.9];
        assert_eq!(run::<f32, u8>(Kind::F32, Kind::U8, &x), [0, 255, 0, 255, 2]);
        assert_eq!(run::<f32, i8>(Kind::F32, Kind::I8, &x), [-1, 127, 0, 127, 2]);
        assert_eq!(run::<f32, i64>(Kind::F32, Kind::I64, &x), [-1, 300, 0, i64::MAX, 2]);
        assert_eq!(run::<i32, u8>(Kind::I32, Kind::U8, &[-1, 257]), [255, 1]);
        assert_eq!(run::<i64, f32>(Kind::I64, Kind::F32, &[1 << 40, -3]), [1_099_511_627_776.0, -3.0]);
    }

    #[test]
    fn truth_is_anything_but_zero() {
        assert_eq!(run::<f32, u8>(Kind::F32, Kind::Bool, &[0.0, -0.0, 0.1, f32::NAN]), [0, 0, 1, 1]);
        assert_eq!(run::<i64, u8>(Kind::I64, Kind::Bool, &[256, 0]), [1, 0]);
        assert_eq!(run::<u16, u8>(Kind::F16, Kind::Bool, &[0x8000, 1]), [0, 1]);
        assert_eq!(run::<u8, u16>(Kind::Bool, Kind::BF16, &[0, 1]), [0, 0x3f80]);
        assert_eq!(run::<u8, f64>(Kind::Bool, Kind::F64, &[0, 1]), [0.0, 1.0]);
    }
}
