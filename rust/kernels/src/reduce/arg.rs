//! Where along an axis the extreme stands.

use super::core::TASK;
use super::fold::Number;
use crate::parallel;

/// Index of the first largest (or smallest) of x[o, :, i]; the first NaN, if there is one.
///
/// # Panics
/// If a slice has another length than the sizes say.
pub fn arg_extreme<T: Number>(largest: bool, outer: usize, n: usize, inner: usize, x: &[T], y: &mut [i32]) {
    assert_eq!(x.len(), outer * n * inner, "length of the operand");
    assert_eq!(y.len(), outer * inner, "length of the result");
    if y.is_empty() || n == 0 {
        return y.fill(0);
    }
    let slab = n * inner;
    let per = (TASK / slab).max(1);
    parallel::for_each_chunk_mut(y, per * inner, |t, y| {
        for (o, y) in y.chunks_exact_mut(inner).enumerate() {
            let x = &x[(t * per + o) * slab..][..slab];
            for (i, y) in y.iter_mut().enumerate() {
                *y = first(largest, x[i..].iter().step_by(inner).copied());
            }
        }
    });
}

fn first<T: Number>(largest: bool, values: impl Iterator<Item = T>) -> i32 {
    let mut best: Option<(T, usize)> = None;
    for (k, v) in values.enumerate() {
        if v.nan() {
            return k as i32;
        }
        if best.is_none_or(|(b, _)| if largest { v > b } else { v < b }) {
            best = Some((v, k));
        }
    }
    best.map_or(0, |(_, k)| k as i32)
}
