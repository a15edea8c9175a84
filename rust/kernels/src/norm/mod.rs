//! Batch normalisation over (outer, channels, inner) and layer normalisation over rows, each way.

mod each;
mod layer;
mod sums;

pub use layer::{layer_norm, layer_norm_grad};

use crate::element::{Element as _, Float as _};
use crate::reduce::Number as _;
use crate::stored::Stored;
use each::each;
use sums::channel_sums;

/// A number near each channel's mean: that of up to 16 elements, evenly spaced.
fn samples<M: Stored>(outer: usize, c: usize, inner: usize, x: &[M::Bits]) -> Vec<M::Float> {
    let n = outer * inner;
    let count = n.min(16);
    (0..c)
        .map(|j| {
            let mut total = 0.0;
            for s in 0..count {
                let at = s * n / count;
                total += M::read(x[(at / inner * c + j) * inner + at % inner]).to_f64();
            }
            M::Float::from_f64(total / count.max(1) as f64)
        })
        .collect()
}

/// Mean and biased variance of each channel, and y = (x - mean) / sqrt(var + epsilon) * gamma + beta.
///
/// Both sums are taken in one pass, of differences from a number near the mean: a large offset costs no digits.
///
/// # Panics
/// If a slice has another length than the sizes say; as all functions here.
pub fn batch_norm<M: Stored>(
    outer: usize,
    c: usize,
    inner: usize,
    x: &[M::Bits],
    gamma: &[M::Float],
    beta: &[M::Float],
    epsilon: f64,
    y: &mut [M::Bits],
    mean: &mut [M::Float],
    var: &mut [M::Float],
) {
    assert!(x.len() == outer * c * inner && y.len() == x.len(), "length of the operand");
    assert!([gamma.len(), beta.len(), mean.len(), var.len()].iter().all(|n| *n == c), "one parameter a channel");
    let scale = M::Float::from_f64(1.0 / (outer * inner) as f64);
    let near = samples::<M>(outer, c, inner, x);
    let sums = channel_sums::<M>(c, inner, x, x, &near, |x, _, m| (x - m, (x - m) * (x - m)));
    for j in 0..c {
        let d = sums[j] * scale;
        mean[j] = near[j] + d;
        var[j] = (sums[c + j] * scale - d * d).larger(M::Float::ZERO);
    }
    batch_norm_inference::<M>(c, inner, x, gamma, beta, mean, var, epsilon, y);
}

/// y = (x - mean) / sqrt(var + epsilon) * gamma + beta with given statistics.
pub fn batch_norm_inference<M: Stored>(
    c: usize,
    inner: usize,
    x: &[M::Bits],
    gamma: &[M::Float],
    beta: &[M::Float],
    mean: &[M::Float],
    var: &[M::Float],
    epsilon: f64,
    y: &mut [M::Bits],
) {
    assert_eq!(x.len(), y.len(), "length of the result");
    assert!([gamma.len(), beta.len(), mean.len(), var.len()].iter().all(|n| *n == c), "one parameter a channel");
    let epsilon = M::Float::from_f64(epsilon);
    let scale: Vec<M::Float> = (0..c).map(|j| gamma[j] / (var[j] + epsilon).sqrt()).collect();
    each::<M, _>(c, inner, x, x, [mean, &scale, beta], y, |x, _, [m, a, b]| (x - m) * a + b);
}

/// Cotangents of x (if wanted), gamma and beta; mean and var must be those of x.
pub fn batch_norm_grad<M: Stored>(
    outer: usize,
    c: usize,
    inner: usize,
    x: &[M::Bits],
    gamma: &[M::Float],
    mean: &[M::Float],
    var: &[M::Float],
    epsilon: f64,
    g: &[M::Bits],
    dx: Option<&mut [M::Bits]>,
    dgamma: &mut [M::Float],
    dbeta: &mut [M::Float],
) {
    assert!(x.len() == outer * c * inner && g.len() == x.len(), "length of the operand");
    assert!([gamma.len(), mean.len(), var.len()].iter().all(|n| *n == c), "one parameter a channel");
    let epsilon = M::Float::from_f64(epsilon);
    let inverse: Vec<M::Float> = var.iter().map(|v| M::Float::ONE / (*v + epsilon).sqrt()).collect();
    let mut sums = channel_sums::<M>(c, inner, x, g, mean, |x, g, m| (g, g * (x - m)));
    for j in 0..c {
        sums[c + j] *= inverse[j];
    }
    dbeta.copy_from_slice(&sums[..c]);
    dgamma.copy_from_slice(&sums[c..]);
    let Some(dx) = dx else { return };
    assert_eq!(dx.len(), x.len(), "length of the cotangent");
    // With z = (x - mean) / deviation: dx = gamma / deviation (g - mean(g) - z mean(g z)).
    let scale = M::Float::from_f64(1.0 / (outer * inner) as f64);
    let slope: Vec<M::Float> = (0..c).map(|j| inverse[j] * sums[c + j] * scale).collect();
    let level: Vec<M::Float> = sums[..c].iter().map(|s| *s * scale).collect();
    let factor: Vec<M::Float> = (0..c).map(|j| gamma[j] * inverse[j]).collect();
    each::<M, _>(c, inner, x, g, [mean, &slope, &level, &factor], dx, |x, g, [m, s, l, f]| f * ((g - l) - (x - m) * s));
}
