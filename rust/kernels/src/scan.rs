//! Running sums and products along an axis, term by term from the first (or last) one.

use crate::parallel;
use crate::reduce::Number;

/// y[o, k, i] = sum of x[o, j, i] over all j up to k (from k on if `reverse`).
///
/// # Panics
/// If a slice has another length than the sizes say.
pub fn cumsum<T: Number>(outer: usize, n: usize, inner: usize, reverse: bool, x: &[T], y: &mut [T]) {
    scan(outer, n, inner, reverse, x, y, T::plus);
}

/// As [`cumsum`], with products.
pub fn cumprod<T: Number>(outer: usize, n: usize, inner: usize, reverse: bool, x: &[T], y: &mut [T]) {
    scan(outer, n, inner, reverse, x, y, T::times);
}

fn scan<T: Number>(
    outer: usize,
    n: usize,
    inner: usize,
    reverse: bool,
    x: &[T],
    y: &mut [T],
    combine: impl Fn(T, T) -> T + Sync,
) {
    assert_eq!(x.len(), outer * n * inner, "length of the operand");
    assert_eq!(y.len(), x.len(), "length of the result");
    let slab = n * inner;
    if slab == 0 {
        return;
    }
    let per = ((1 << 14) / slab).max(1);
    parallel::for_each_chunk_mut(y, per * slab, |t, y| {
        let x = &x[t * per * slab..][..y.len()];
        for (x, y) in x.chunks_exact(slab).zip(y.chunks_exact_mut(slab)) {
            let row = |k: usize| (if reverse { n - 1 - k } else { k }) * inner;
            y[row(0)..][..inner].copy_from_slice(&x[row(0)..][..inner]);
            for k in 1..n {
                let (before, at) = (row(k - 1), row(k));
                for i in 0..inner {
                    y[at + i] = combine(y[before + i], x[at + i]);
                }
            }
        }
    });
}
