//! Attention of bfloat16 with pairs: queries, keys and values are pairs of neighbours where they lie, weights and their cotangents are
//! rounded and paired in their tiles. Scores, sums and statistics are float32.

use super::format::Pairs;
use super::{AttentionShape, Change, Given, forward, gradient};
use crate::isa;
use crate::pairs::neighbours;

/// Whether an attention of bfloat16 is done with pairs here.
pub fn takes_pairs(shape: &AttentionShape) -> bool {
    isa::favours_pairs() && shape.keys > 0 && shape.size.is_multiple_of(2) && shape.value_size.is_multiple_of(2)
}

/// As [`super::forward`], of bfloat16.
///
/// # Panics
/// If a slice has another length than the sizes say, or [`takes_pairs`] does not hold.
pub fn forward_of_pairs(
    shape: &AttentionShape,
    operands: [&[u16]; 3],
    change: &Change<'_, f32>,
    out: &mut [u16],
    statistics: &mut [f32],
) {
    let [q, k, v] = operands;
    shape.check(q.len(), k.len(), v.len(), out.len(), statistics.len());
    assert!(takes_pairs(shape), "pairs of {shape:?}");
    let [(q, _), (k, _), (v, _)] = operands.map(|x| neighbours(x, (1, x.len(), x.len())));
    forward::run::<Pairs>(shape, [&q, &k, &v], change, out, statistics);
}

/// As [`super::gradient`], of bfloat16; operands are q, k, v, the result of the forward pass and its cotangent.
///
/// # Panics
/// As [`forward_of_pairs`].
pub fn gradient_of_pairs(
    shape: &AttentionShape,
    operands: [&[u16]; 5],
    statistics: &[f32],
    change: Change<'_, f32>,
    [dq, dk, dv]: [&mut [u16]; 3],
) {
    let [q, k, v, out, g] = operands;
    shape.check(q.len(), k.len(), v.len(), out.len(), statistics.len());
    assert_eq!(g.len(), out.len(), "length of the cotangent");
    assert!(dq.len() == q.len() && dk.len() == k.len() && dv.len() == v.len(), "lengths of results");
    assert!(takes_pairs(shape), "pairs of {shape:?}");
    if out.is_empty() {
        return [dq, dk, dv].into_iter().for_each(|x| x.fill(0));
    }
    let words = operands.map(|x| neighbours(x, (1, x.len(), x.len())).0);
    let [q, k, v, out, g] = [&words[0], &words[1], &words[2], &words[3], &words[4]].map(|x| &x[..]);
    gradient::run::<Pairs>(shape, &Given { q, k, v, out, statistics, g, change }, dq, dk, dv);
}
