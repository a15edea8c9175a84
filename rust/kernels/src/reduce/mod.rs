//! Reductions over any axes.

mod arg;
pub(crate) mod core;
pub(crate) mod fold;
mod logsumexp;

pub use arg::arg_extreme;
pub use fold::Number;

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

    /// Applies `step(first, outer, n, inner, x, y)` to each reduced run, from the last one on.
    fn walk<T: Number>(&self, x: &[T], y: &mut [T], step: impl Fn(bool, usize, usize, usize, &[T], &mut [T])) {
        let mut held: Option<Vec<T>> = None;
        let mut inner = 1;
        for (at, &(n, reduced)) in self.runs.iter().enumerate().rev() {
            if !reduced {
                inner *= n;
                continue;
            }
            let outer: usize = self.runs[..at].iter().map(|r| r.0).product();
            let last = !self.runs[..at].iter().any(|r| r.1);
            let source = held.as_deref().unwrap_or(x);
            if last {
                return step(held.is_none(), outer, n, inner, source, y);
            }
            let mut next = vec![T::ZERO; outer * inner];
            step(held.is_none(), outer, n, inner, source, &mut next);
            held = Some(next);
        }
    }
}

macro_rules! dispatch {
    ($op:expr, $r:expr, $x:expr, $y:expr, [$($name:ident)*], $other:expr) => {
        match $op {
            $(Reduce::$name => $r.walk($x, $y, |raw, outer, n, inner, x, y| {
                if raw {
                    core::fold3::<T, fold::$name>(outer, n, inner, x, y);
                } else {
                    core::fold3::<T, core::Mapped<fold::$name>>(outer, n, inner, x, y);
                }
            }),)*
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
        r.walk(x, y, |_, outer, n, inner, x, y| logsumexp::logsumexp(outer, n, inner, x, y));
    });
}

/// Reduces integers, wrapping within their type.
///
/// # Panics
/// As [`reduce_float`], and for `LogSumExp`, which integers do not have.
pub fn reduce_int<T: Number>(op: Reduce, r: &Reduction, x: &[T], y: &mut [T]) {
    dispatch!(op, r, x, y, [Sum SumSquares Prod Max Min Any All], unreachable!("logsumexp of integers"));
}
