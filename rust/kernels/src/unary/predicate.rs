//! Questions about one element, answered in bool bytes.

use crate::element::{Element, Float};
use crate::math::Fma;
use crate::math::apply::{self, Cost, Map};

/// A question about a float.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Predicate {
    IsNan,
    IsInf,
    IsFinite,
}

#[derive(Clone, Copy)]
struct Ask<const P: u8>;

const NAN: u8 = 0;
const INF: u8 = 1;
const FINITE: u8 = 2;

impl<T: Float, const P: u8> Map<T, u8> for Ask<P> {
    const COST: Cost = Cost::Light;
    #[inline(always)]
    fn call<F: Fma>(self, x: T) -> u8 {
        u8::from(match P {
            NAN => x.is_nan(),
            INF => x.abs() == T::INFINITY,
            _ => x.abs() < T::INFINITY,
        })
    }
}

#[derive(Clone, Copy)]
struct Not;

impl<T: Element> Map<T, u8> for Not {
    const COST: Cost = Cost::Light;
    #[inline(always)]
    fn call<F: Fma>(self, x: T) -> u8 {
        u8::from(x == T::ZERO)
    }
}

/// y = 1 where the answer is yes, else 0.
///
/// # Panics
/// If the lengths differ.
pub fn predicate<T: Float>(ask: Predicate, x: &[T], y: &mut [u8]) {
    match ask {
        Predicate::IsNan => apply::map(Ask::<NAN>, x, y),
        Predicate::IsInf => apply::map(Ask::<INF>, x, y),
        Predicate::IsFinite => apply::map(Ask::<FINITE>, x, y),
    }
}

/// y = 1 where x is 0, else 0.
///
/// # Panics
/// If the lengths differ.
pub fn logical_not<T: Element>(x: &[T], y: &mut [u8]) {
    apply::map(Not, x, y);
}
