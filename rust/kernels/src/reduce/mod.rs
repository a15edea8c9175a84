//! Reductions over any axes.

mod arg;
pub(crate) mod core;
pub(crate) mod fold;
mod logsumexp;

pub use arg::arg_extreme;
pub use fold::Number;

use crate::cast::Kind;
use crate::math::float::Math;

/// What becomes of the elements along the reduced axes.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Reduce {
    Sum,
    SumSquares,
    Prod,
    /// NaN if there is one, as `Min`.
    Max,
    Min,
    /// 1 if some element is not zero.
    Any,
    /// 1 if no element is zero.
    All,
    /// log(sum(exp(x))); floats only.
    LogSumExp,
}

/// A shape as runs of axes that are all kept or all reduced, from the first on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reduction {
    runs: Vec<(usize, bool)>,
}

impl Reduction {
    /// Merges neighbouring axes; `axes` are those to reduce, in any order.
    pub fn new(shape: &[usize], axes: &[usize]) -> Self {
        let mut runs: Vec<(usize, bool)> = Vec::with_capacity(shape.len());
        for (i, &d) in shape.iter().enumerate().filter(|(_, d)| **d != 1) {
            let reduced = axes.contains(&i);
            match runs.last_mut() {
                Some((size, same)) if *same == reduced => *size *= d,
                _ => runs.push((d, reduced)),
            }
        }
        if !runs.iter().any(|r| r.1) {
            runs.push((1, true));
        }
        Self { runs }
    }

    /// Elements that are folded into one.
    pub fn count(&self) -> usize {
        self.runs.iter().filter(|r| r.1).map(|r| r.0).product()
    }

    /// Applies `first(outer, n, inner, x, y)` to the last reduced run, and `next` to what was found of that, for each run before it.
    fn walk<X, T: Number>(
        &self,
        x: &[X],
        y: &mut [T],
        first: impl Fn(usize, usize, usize, &[X], &mut [T]),
        next: impl Fn(usize, usize, usize, &[T], &mut [T]),
    ) {
        let mut held: Option<Vec<T>> = None;
        let mut inner = 1;
        for (at, &(n, reduced)) in self.runs.iter().enumerate().rev() {
            if !reduced {
                inner *= n;
                continue;
            }
            let outer: usize = self.runs[..at].iter().map(|r| r.0).product();
            let step = |y: &mut [T]| match &held {
                None => first(outer, n, inner, x, y),
                Some(held) => next(outer, n, inner, held, y),
            };
            if !self.runs[..at].iter().any(|r| r.1) {
                return step(y);
            }
            let mut found = vec![T::ZERO; outer * inner];
            step(&mut found);
            held = Some(found);
        }
    }
}

macro_rules! dispatch {
    ($op:expr, $r:expr, $x:expr, $y:expr, [$($name:ident)*], $other:expr) => {
        match $op {
            $(Reduce::$name => {
                $r.walk($x, $y, core::fold3::<T, T, fold::$name>, core::fold3::<T, T, core::Mapped<T, fold::$name>>);
            })*
            Reduce::LogSumExp => $other,
        }
    };
}

/// Reduces floats. Float sums run in a fixed order with the accuracy of pairwise summation.
///
/// # Panics
/// If a slice has another length than the reduction says.
pub fn reduce_float<T: Number + Math>(op: Reduce, r: &Reduction, x: &[T], y: &mut [T]) {
    dispatch!(op, r, x, y, [Sum SumSquares Prod Max Min Any All], {
        r.walk(x, y, logsumexp::logsumexp, logsumexp::logsumexp);
    });
}

/// Sums of 16-bit floats in float32, in the order of float32's.
///
/// # Panics
/// As [`reduce_float`], and if the kind is not one of 16 bits.
pub fn sum_halves(kind: Kind, r: &Reduction, x: &[u16], y: &mut [f32]) {
    match kind {
        Kind::BF16 => r.walk(x, y, core::fold3::<_, _, fold::SumBrains>, core::fold3::<f32, f32, fold::Sum>),
        Kind::F16 => r.walk(x, y, core::fold3::<_, _, fold::SumHalves>, core::fold3::<f32, f32, fold::Sum>),
        other => unreachable!("{other:?} is not a 16-bit float"),
    }
}

/// Reduces integers, wrapping within their type.
///
/// # Panics
/// As [`reduce_float`], and for `LogSumExp`, which integers do not have.
pub fn reduce_int<T: Number>(op: Reduce, r: &Reduction, x: &[T], y: &mut [T]) {
    dispatch!(op, r, x, y, [Sum SumSquares Prod Max Min Any All], unreachable!("logsumexp of integers"));
}
