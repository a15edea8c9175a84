//! Attention and its gradient against plain f64 loops, on every instruction set.

use proptest::prelude::*;
use half::bf16;
use rkeras_kernels::attention::{AttentionShape, Change, Given, NEVER, Spread, forward_of_pairs, gradient_of_pairs, takes_pairs};
use rkeras_kernels::entry::FloatKernels;
use rkeras_kernels::{isa, parallel, random};

fn numbers(seed: u64, n: usize) -> Vec<f64> {
    let mut x = vec![0.0; n];
    random::normal(seed, 1, 0.0, 1.0, &mut x);
    x
}

fn single(x: &[f64]) -> Vec<f32> {
    x.iter().map(|v| *v as f32).collect()
}

fn double(x: &[f32]) -> Vec<f64> {
    x.iter().map(|v| f64::from(*v)).collect()
}

/// An attention with its operands; mask and bias with their shapes.
#[derive(Debug)]
struct Case {
    shape: AttentionShape,
    q: Vec<f64>,
    k: Vec<f64>,
    v: Vec<f64>,
    g: Vec<f64>,
    mask: Option<([usize; 4], Vec<u8>)>,
    bias: Option<([usize; 4], Vec<f64>)>,
}

impl Case {
    /// `axes` says along which axes of the scores mask and bias are repeated.
    fn new(shape: AttentionShape, mask: Option<u8>, bias: Option<u8>) -> Self {
        let s = &shape;
        let full = [s.batch, s.heads, s.queries, s.keys];
        let spread = |axes: u8| -> [usize; 4] { std::array::from_fn(|i| if axes >> i & 1 == 1 { 1 } else { full[i] }) };
        // Values as f32 has them, so that both types start from the same numbers.
        let draw = |seed, n| double(&single(&numbers(seed, n)));
        let mask = mask.map(|axes| {
            let to = spread(axes);
            // A third is hidden, and the first query of each head sees nothing where the mask tells queries apart.
            let hidden = numbers(7, to.iter().product());
            let row = to[3];
            let blind = |i: usize| to[2] > 1 && (i / row).is_multiple_of(to[2]);
            (to, hidden.iter().enumerate().map(|(i, x)| u8::from(*x > -0.4 && !blind(i))).collect())
        });
        let bias = bias.map(|axes| (spread(axes), draw(8, spread(axes).iter().product())));
        let (queries, keys) = (s.batch * s.queries * s.heads, s.batch * s.keys * s.key_heads);
        let (q, k) = (draw(1, queries * s.size), draw(2, keys * s.size));
        let (v, g) = (draw(3, keys * s.value_size), draw(4, queries * s.value_size));
        Self { q, k, v, g, mask, bias, shape }
    }

    fn at<X: Copy>((shape, data): &([usize; 4], Vec<X>), place: [usize; 4]) -> X {
        data[place.iter().zip(shape).fold(0, |at, (i, n)| at * n + if *n == 1 { 0 } else { *i })]
    }

    /// The score of a query and a key, and whether it depends on them.
    fn score(&self, [b, h, i, j]: [usize; 4]) -> (f64, bool) {
        let s = &self.shape;
        let (q, k) = (self.q_at(b, i, h), self.k_at(b, j, h));
        let product: f64 = (0..s.size).map(|d| self.q[q + d] * self.k[k + d]).sum();
        let seen = s.sees(i, j) && self.mask.as_ref().is_none_or(|m| Self::at(m, [b, h, i, j]) != 0);
        let bias = self.bias.as_ref().map_or(0.0, |x| Self::at(x, [b, h, i, j]));
        (if seen { s.scale * product + bias } else { NEVER }, seen)
    }

    fn q_at(&self, b: usize, i: usize, h: usize) -> usize {
        ((b * self.shape.queries + i) * self.shape.heads + h) * self.shape.size
    }

    fn k_at(&self, b: usize, j: usize, h: usize) -> usize {
        let s = &self.shape;
        ((b * s.keys + j) * s.key_heads + h / (s.heads / s.key_heads)) * s.size
    }

    /// Result, then cotangents of queries, keys and values.
    fn naive(&self) -> [Vec<f64>; 4] {
        let s = &self.shape;
        let mut out = vec![0.0; self.g.len()];
        let (mut dq, mut dk, mut dv) = (vec![0.0; self.q.len()], vec![0.0; self.k.len()], vec![0.0; self.v.len()]);
        for (b, h, i) in (0..s.batch).flat_map(|b| (0..s.heads).flat_map(move |h| (0..s.queries).map(move |i| (b, h, i)))) {
            let scores: Vec<(f64, bool)> = (0..s.keys).map(|j| self.score([b, h, i, j])).collect();
            let top = scores.iter().fold(f64::NEG_INFINITY, |top, x| top.max(x.0));
            let exps: Vec<f64> = scores.iter().map(|x| (x.0 - top).exp()).collect();
            let total: f64 = exps.iter().sum();
            let q = self.q_at(b, i, h);
            let to = q / s.size * s.value_size;
            let value = |j: usize| self.k_at(b, j, h) / s.size * s.value_size;
            let dot = |j: usize| (0..s.value_size).map(|d| self.g[to + d] * self.v[value(j) + d]).sum::<f64>();
            let level: f64 = (0..s.keys).map(|j| exps[j] / total * dot(j)).sum();
            for j in 0..s.keys {
                let (weight, k) = (exps[j] / total, self.k_at(b, j, h));
                for d in 0..s.value_size {
                    out[to + d] += weight * self.v[value(j) + d];
                    dv[value(j) + d] += weight * self.g[to + d];
                }
                let slope = if scores[j].1 { weight * (dot(j) - level) * s.scale } else { 0.0 };
                for d in 0..s.size {
                    dq[q + d] += slope * self.k[k + d];
                    dk[k + d] += slope * self.q[q + d];
                }
            }
        }
        [out, dq, dk, dv]
    }

    /// The same from the kernels, with the statistics in the end.
    fn kernels<T: FloatKernels>(&self, of: impl Fn(&[f64]) -> Vec<T>) -> [Vec<T>; 5] {
        let (q, k, v, g) = (of(&self.q), of(&self.k), of(&self.v), of(&self.g));
        let bias = self.bias.as_ref().map(|(shape, data)| (*shape, of(data)));
        let change = Change {
            mask: self.mask.as_ref().map(|(shape, data)| Spread::new(data, *shape)),
            bias: bias.as_ref().map(|(shape, data)| Spread::new(data, *shape)),
        };
        let s = &self.shape;
        // What was there before must not matter.
        let poison = |n: usize| of(&vec![f64::NAN; n]);
        let (mut out, mut statistics) = (poison(g.len()), poison(2 * s.batch * s.heads * s.queries));
        T::attention(s, &q, &k, &v, &change, &mut out, &mut statistics);
        let (mut dq, mut dk, mut dv) = (poison(q.len()), poison(k.len()), poison(v.len()));
        let given = Given { q: &q, k: &k, v: &v, out: &out, statistics: &statistics, g: &g, change };
        T::attention_gradient(s, &given, &mut dq, &mut dk, &mut dv);
        [out, dq, dk, dv, statistics]
    }

    /// The same operands as bfloat16 has them.
    fn rounded(mut self) -> Self {
        for x in [&mut self.q, &mut self.k, &mut self.v, &mut self.g] {
            x.iter_mut().for_each(|x| *x = bf16::from_f64(*x).to_f64());
        }
        self
    }

    /// Results of pairs.
    fn pairs(&self) -> [Vec<f64>; 4] {
        let of = |x: &[f64]| x.iter().map(|x| bf16::from_f64(*x).to_bits()).collect::<Vec<_>>();
        let (q, k, v, g) = (of(&self.q), of(&self.k), of(&self.v), of(&self.g));
        let change = Change { mask: self.mask.as_ref().map(|(shape, data)| Spread::new(data, *shape)), bias: None };
        let (s, nan) = (&self.shape, bf16::NAN.to_bits());
        let mut results = [&g, &q, &k, &v].map(|x| vec![nan; x.len()]);
        let mut statistics = vec![f32::NAN; 2 * s.batch * s.heads * s.queries];
        let [out, dq, dk, dv] = &mut results;
        forward_of_pairs(s, [&q, &k, &v], &change, out, &mut statistics);
        gradient_of_pairs(s, [&q, &k, &v, out, &g], &statistics, change, [dq, dk, dv]);
        results.map(|x| x.into_iter().map(|x| bf16::from_bits(x).to_f64()).collect())
    }

    fn check_pairs(&self) {
        if !takes_pairs(&self.shape) {
            return;
        }
        for (i, (got, want)) in self.pairs().iter().zip(self.naive()).enumerate() {
            let size = want.iter().fold(0.1, |top: f64, x| top.max(x.abs()));
            for (a, b) in got.iter().zip(&want) {
                assert!((a - b).abs() <= 0.02 * size, "number {i} of {:?}: {a} for {b} of {size}", self.shape);
            }
        }
    }

    fn check(&self) {
        let wanted = self.naive();
        for &path in isa::available() {
            isa::with_isa(path, || {
                let narrow = self.kernels(single).map(|x| double(&x));
                let wide = self.kernels(<[f64]>::to_vec);
                for (i, want) in wanted.iter().enumerate() {
                    // Cotangents of keys are sums over queries.
                    let size = want.iter().fold(1.0, |top: f64, x| top.max(x.abs()));
                    // With one key all slopes cancel, and rounding of what cancels is left.
                    for (got, tolerance) in [(&narrow[i], 1e-4), (&wide[i], 1e-12)] {
                        let off = got.iter().zip(want).fold(0.0, |off: f64, (a, b)| {
                            assert!(a.is_finite(), "number {i} of {:?} on {path:?}", self.shape);
                            off.max((a - b).abs())
                        });
                        assert!(off <= tolerance * size, "number {i} of {:?} on {path:?}: off by {off:e}", self.shape);
                    }
                }
            });
        }
    }
}

fn shape([batch, queries, keys, heads, key_heads, size, value_size]: [usize; 7], causal: bool, window: usize) -> AttentionShape {
    let scale = 1.0 / (size as f64).sqrt();
    AttentionShape { batch, queries, keys, heads, key_heads, size, value_size, scale, causal, window }
}

fn some(range: std::ops::Range<u8>) -> impl Strategy<Value = Option<u8>> {
    prop::option::of(range)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]
    #[test]
    fn any_attention(
        batch in 1usize..3, queries in 1usize..90, keys in 1usize..150, key_heads in 1usize..3, groups in 1usize..3,
        size in 1usize..40, value_size in 1usize..70, causal: bool, window in prop::sample::select(vec![0, 0, 1, 7, 40]),
        mask in some(0..16), bias in some(0..16),
    ) {
        let sizes = [batch, queries, keys, key_heads * groups, key_heads, size, value_size];
        Case::new(shape(sizes, causal, window), mask, bias).check();
        let sizes = [batch, queries, keys, key_heads * groups, key_heads, 2 * size, 2 * value_size];
        Case::new(shape(sizes, causal, window), mask, None).rounded().check_pairs();
    }
}

/// More than one block of keys, panel of queries, and part of a head for each task.
#[test]
fn long_sequences() {
    for (causal, window, mask) in [(false, 0, None), (true, 0, None), (true, 100, Some(0b0011)), (false, 9, Some(0b0111))] {
        let case = Case::new(shape([1, 300, 290, 2, 1, 24, 20], causal, window), mask, None);
        case.check();
        case.rounded().check_pairs();
    }
}

/// Queries so far behind the keys that the band shows them none: they get the mean.
#[test]
fn queries_that_see_nothing() {
    Case::new(shape([1, 40, 5, 1, 1, 3, 4], false, 3), None, None).check();
    Case::new(shape([2, 30, 140, 2, 2, 8, 8], true, 4), Some(0b0001), None).check();
}

#[test]
fn bytes_do_not_depend_on_threads() {
    let cases = [shape([2, 130, 140, 4, 2, 16, 24], true, 0), shape([1, 400, 400, 1, 1, 32, 32], false, 0)];
    let before = parallel::num_threads();
    for shape in cases {
        let case = Case::new(shape, Some(0b0010), None);
        let run = |threads| {
            parallel::set_num_threads(threads);
            case.kernels(single).map(|x| x.into_iter().map(f32::to_bits).collect::<Vec<_>>())
        };
        let one = run(1);
        assert!(one == run(2) && one == run(3), "{:?}", case.shape);
        if takes_pairs(&case.shape) {
            let pairs = |threads| {
                parallel::set_num_threads(threads);
                case.pairs()
            };
            let one = pairs(1);
            assert!(one == pairs(2) && one == pairs(3), "pairs of {:?}", case.shape);
        }
    }
    parallel::set_num_threads(before);
}
