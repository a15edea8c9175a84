//! Order along rows: ascending with NaN last, or the k largest.

use std::cmp::Ordering;

use crate::parallel;
use crate::reduce::Number;

const TASK: usize = 1 << 12;

#[inline]
fn ascending<T: Number>(a: &T, b: &T) -> Ordering {
    // Unordered only if there is a NaN, which stands after all numbers.
    a.partial_cmp(b).unwrap_or_else(|| a.nan().cmp(&b.nan()))
}

/// Sorts each row of n elements; equal ones keep their order.
///
/// # Panics
/// If the slices differ in length or are no whole number of rows; as all functions here.
pub fn sort<T: Number>(n: usize, x: &[T], y: &mut [T]) {
    y.copy_from_slice(x);
    if n == 0 {
        return;
    }
    assert!(x.len().is_multiple_of(n), "whole rows");
    parallel::for_each_chunk_mut(y, (TASK / n).max(1) * n, |_, y| {
        for row in y.chunks_exact_mut(n) {
            row.sort_by(ascending);
        }
    });
}

/// The places that sort each row; equal elements keep their order.
pub fn argsort<T: Number>(n: usize, x: &[T], places: &mut [i32]) {
    assert_eq!(x.len(), places.len(), "length of the places");
    if n == 0 {
        return;
    }
    assert!(x.len().is_multiple_of(n), "whole rows");
    let per = (TASK / n).max(1) * n;
    parallel::for_each_chunk_mut(places, per, |t, places| {
        for (i, row) in places.chunks_exact_mut(n).enumerate() {
            let x = &x[t * per + i * n..][..n];
            for (k, p) in row.iter_mut().enumerate() {
                *p = k as i32;
            }
            row.sort_by(|a, b| ascending(&x[*a as usize], &x[*b as usize]));
        }
    });
}

/// The k largest of each row, largest (NaN) first, the first of equals first; and their places.
pub fn top_k<T: Number>(n: usize, k: usize, x: &[T], values: &mut [T], places: &mut [i32]) {
    assert!(k <= n, "k={k} of {n} elements");
    if k == 0 {
        return;
    }
    let rows = x.len() / n;
    assert!(x.len().is_multiple_of(n) && values.len() == rows * k && places.len() == values.len(), "whole rows");
    parallel::for_each_chunk_mut(places, (TASK / n).max(1) * k, |t, places| {
        let mut order: Vec<i32> = Vec::with_capacity(n);
        for (i, places) in places.chunks_exact_mut(k).enumerate() {
            let x = &x[(t * (TASK / n).max(1) + i) * n..][..n];
            let descending =
                |a: &i32, b: &i32| ascending(&x[*b as usize], &x[*a as usize]).then(a.cmp(b));
            order.clear();
            order.extend(0..n as i32);
            if k < n {
                order.select_nth_unstable_by(k - 1, descending);
            }
            order[..k].sort_unstable_by(descending);
            places.copy_from_slice(&order[..k]);
        }
    });
    for (i, (v, p)) in values.iter_mut().zip(&*places).enumerate() {
        *v = x[i / k * n + *p as usize];
    }
}
