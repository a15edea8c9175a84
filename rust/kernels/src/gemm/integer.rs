//! Products of integer matrices.

use crate::integer::Integer;
use crate::parallel;

/// C = op(A)·op(B) over (m, n, k), each operand with whether it lies transposed; arithmetic wraps.
///
/// # Panics
/// If a slice is too short for the sizes.
pub fn matmul_int<T: Integer>((m, n, k): (usize, usize, usize), a: (&[T], bool), b: (&[T], bool), c: &mut [T]) {
    if n == 0 {
        return;
    }
    let rows = (1_usize << 16).div_ceil((n * k).max(1));
    parallel::for_each_chunk_mut(&mut c[..m * n], rows * n, |task, part| {
        for (i, row) in part.chunks_exact_mut(n).enumerate() {
            let i = task * rows + i;
            row.fill(T::ZERO);
            for p in 0..k {
                let x = if a.1 { a.0[p * m + i] } else { a.0[i * k + p] };
                for (j, y) in row.iter_mut().enumerate() {
                    let w = if b.1 { b.0[j * k + p] } else { b.0[p * n + j] };
                    *y = y.wrapping_add(x.wrapping_mul(w));
                }
            }
        }
    });
}
