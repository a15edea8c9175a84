//! Numbers as memory holds them: floats as they are, bfloat16 widened as it is read and rounded as it is written.

use crate::binary::Map2;
use crate::cast::{BF16, brain_to_f32, f32_to_brain};
use crate::conv::vector::{Element, Vector};
use crate::element;
use crate::math::Fma;
use crate::math::apply::{Cost, Map};
use crate::reduce::Number;

/// A type of numbers in memory.
pub trait Stored: 'static {
    /// What memory holds.
    type Bits: element::Element;
    /// What is computed with.
    type Float: Element + Number;

    fn read(bits: Self::Bits) -> Self::Float;
    fn write(value: Self::Float) -> Self::Bits;

    /// Up to a register of numbers; the other lanes are zero.
    ///
    /// # Safety
    /// `n` of them must be there to read, and be no more than the register holds.
    unsafe fn load<V: Vector<Self::Float>>(from: *const Self::Bits, n: usize) -> V;

    /// Up to a register of numbers, stored.
    ///
    /// # Safety
    /// There must be room for `n` of them, and they no more than the register holds.
    unsafe fn store<V: Vector<Self::Float>>(value: V, to: *mut Self::Bits, n: usize);

    /// Up to a register of numbers that were loaded, stored where two registers are equal, and zeros where they are not.
    ///
    /// # Safety
    /// As [`Stored::store`].
    unsafe fn store_where_equal<V: Vector<Self::Float>>(value: V, a: V, b: V, to: *mut Self::Bits, n: usize);
}

impl<T: Element + Number> Stored for T {
    type Bits = T;
    type Float = T;

    #[inline(always)]
    fn read(bits: T) -> T {
        bits
    }
    #[inline(always)]
    fn write(value: T) -> T {
        value
    }
    #[inline(always)]
    unsafe fn load<V: Vector<T>>(from: *const T, n: usize) -> V {
        // SAFETY: by the caller's word.
        unsafe { V::load_first(from, n) }
    }
    #[inline(always)]
    unsafe fn store<V: Vector<T>>(value: V, to: *mut T, n: usize) {
        // SAFETY: by the caller's word.
        unsafe { value.store_first(to, n) }
    }
    #[inline(always)]
    unsafe fn store_where_equal<V: Vector<T>>(value: V, a: V, b: V, to: *mut T, n: usize) {
        // SAFETY: by the caller's word.
        unsafe { value.where_equal(a, b).store_first(to, n) }
    }
}

impl Stored for BF16 {
    type Bits = u16;
    type Float = f32;

    #[inline(always)]
    fn read(bits: u16) -> f32 {
        brain_to_f32(bits)
    }
    #[inline(always)]
    fn write(value: f32) -> u16 {
        f32_to_brain(value)
    }
    #[inline(always)]
    unsafe fn load<V: Vector<f32>>(from: *const u16, n: usize) -> V {
        // SAFETY: by the caller's word.
        unsafe { V::load_brain(from, n) }
    }
    #[inline(always)]
    unsafe fn store<V: Vector<f32>>(value: V, to: *mut u16, n: usize) {
        // SAFETY: by the caller's word.
        unsafe { value.store_brain(to, n) }
    }
    #[inline(always)]
    unsafe fn store_where_equal<V: Vector<f32>>(value: V, a: V, b: V, to: *mut u16, n: usize) {
        // SAFETY: by the caller's word.
        unsafe { value.keep_brain(a, b, to, n) }
    }
}

/// A function of float32 on bfloat16: widened, computed and rounded.
#[derive(Clone, Copy)]
pub(crate) struct OnBrain<M>(pub M);

impl<M: Map<f32>> Map<u16> for OnBrain<M> {
    const COST: Cost = M::COST;
    const FRAMED: bool = M::FRAMED;
    #[inline(always)]
    fn call<F: Fma>(self, x: u16) -> u16 {
        f32_to_brain(self.0.call::<F>(brain_to_f32(x)))
    }
    #[inline(always)]
    fn is_rare(self, x: u16) -> bool {
        self.0.is_rare(brain_to_f32(x))
    }
    #[inline(always)]
    fn call_rare(self, x: u16) -> u16 {
        f32_to_brain(self.0.call_rare(brain_to_f32(x)))
    }
}

impl<M: Map2<f32>> Map2<u16> for OnBrain<M> {
    const COST: Cost = M::COST;
    const FRAMED: bool = M::FRAMED;
    #[inline(always)]
    fn call<F: Fma>(self, a: u16, b: u16) -> u16 {
        f32_to_brain(self.0.call::<F>(brain_to_f32(a), brain_to_f32(b)))
    }
}
