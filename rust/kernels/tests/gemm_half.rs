//! Products of 16-bit floats against naive loops: with pairs where the processor has them, and widened.

use half::{bf16, f16};
use proptest::prelude::*;

use rkeras_kernels::cast::Kind;
use rkeras_kernels::gemm::{Activation, Epilogue, Gemm, Way, gemm_half, gemm_half_by};
use rkeras_kernels::isa::{available, has_pairs, with_isa};
use rkeras_kernels::parallel::set_num_threads;

fn to_f32(kind: Kind, bits: u16) -> f32 {
    if kind == Kind::BF16 { bf16::from_bits(bits).to_f32() } else { f16::from_bits(bits).to_f32() }
}

fn from_f32(kind: Kind, x: f32) -> u16 {
    if kind == Kind::BF16 { bf16::from_f32(x).to_bits() } else { f16::from_f32(x).to_bits() }
}

/// Small integers: sums are exact in float32, so that results are compared bit for bit.
fn numbers(kind: Kind, len: usize, seed: usize) -> Vec<u16> {
    (0..len).map(|i| from_f32(kind, ((i * 7919 + seed * 104_729) % 17) as f32 - 8.0)).collect()
}

#[derive(Debug, Clone)]
struct Case {
    kind: Kind,
    sizes: (usize, usize, usize),
    trans: (bool, bool),
    gap: usize,
    bias: bool,
    activation: Activation,
    batch: usize,
}

/// The products, each step rounded as an op of its own would.
fn expected(case: &Case, a: &[u16], (lda, a_size): (usize, usize), b: &[u16], (ldb, b_size): (usize, usize), bias: &[u16]) -> Vec<u16> {
    let (m, n, k) = case.sizes;
    let wide = |x: u16| to_f32(case.kind, x);
    let round = |x: f32| from_f32(case.kind, x);
    let mut c = Vec::new();
    for batch in 0..case.batch {
        for i in 0..m {
            for j in 0..n {
                let x = |p: usize| a[batch * a_size + if case.trans.0 { p * lda + i } else { i * lda + p }];
                let y = |p: usize| b[batch * b_size + if case.trans.1 { j * ldb + p } else { p * ldb + j }];
                // From zero: the sum of no more than a negative zero is zero.
                let mut value = round((0..k).fold(0.0, |sum, p| sum + wide(x(p)) * wide(y(p))));
                if case.bias {
                    value = round(wide(value) + wide(bias[j]));
                }
                if case.activation == Activation::Relu {
                    value = round(wide(value).max(0.0));
                }
                c.push(value);
            }
        }
    }
    c
}

fn run(way: Way, case: &Case) -> (Vec<u16>, Vec<u16>) {
    let (m, n, k) = case.sizes;
    let (rows_a, row_a) = if case.trans.0 { (k, m) } else { (m, k) };
    let (rows_b, row_b) = if case.trans.1 { (n, k) } else { (k, n) };
    let (lda, ldb) = (row_a + case.gap, row_b + case.gap);
    let (a_size, b_size) = (rows_a * lda, rows_b * ldb);
    let (a, b) = (numbers(case.kind, case.batch * a_size, 1), numbers(case.kind, case.batch * b_size, 2));
    let bias = numbers(case.kind, n, 3);
    let epilogue = Epilogue { bias: case.bias.then_some(&bias[..]), residual: None, activation: case.activation };
    let g = Gemm { m, n, k, a: &a, lda, a_trans: case.trans.0, b: &b, ldb, b_trans: case.trans.1, accumulate: false, epilogue };
    let offsets = |size: usize| (0..case.batch).map(|i| i * size).collect::<Vec<_>>();
    let mut c = vec![0x7fc1; case.batch * m * n];
    gemm_half_by(way, case.kind, &g, &offsets(a_size), &offsets(b_size), &mut c);
    (c, expected(case, &a, (lda, a_size), &b, (ldb, b_size), &bias))
}

/// On every path, the same bytes for any number of threads.
fn check(case: &Case) {
    for isa in available() {
        with_isa(*isa, || {
            for threads in [1, 2, 3] {
                set_num_threads(threads);
                for way in [Way::Widened, Way::Pairs] {
                    if way == Way::Widened || (case.kind == Kind::BF16 && has_pairs()) {
                        let (found, wanted) = run(way, case);
                        assert_eq!(found, wanted, "{case:?} {way:?} {isa:?} {threads} threads");
                    }
                }
            }
        });
    }
}

fn case(kind: Kind, sizes: (usize, usize, usize), trans: (bool, bool)) -> Case {
    Case { kind, sizes, trans, gap: 0, bias: false, activation: Activation::None, batch: 1 }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn small_products(
        m in 0..40_usize, n in 0..80_usize, k in 0..70_usize, trans: (bool, bool), gap in 0..3_usize, bias: bool, relu: bool,
        brain: bool, batch in 0..4_usize,
    ) {
        let activation = if relu { Activation::Relu } else { Activation::None };
        let kind = if brain { Kind::BF16 } else { Kind::F16 };
        check(&Case { gap, bias, activation, batch, ..case(kind, (m, n, k), trans) });
    }
}

#[test]
fn many_rows_columns_and_blocks_of_the_sum() {
    for trans in [(false, false), (true, false), (false, true), (true, true)] {
        check(&case(Kind::BF16, (130, 45, 70), trans));
        check(&case(Kind::F16, (61, 45, 600), trans));
        check(&case(Kind::BF16, (150, 200, 601), trans));
        check(&case(Kind::BF16, (57, 33, 1301), trans));
        check(&Case { bias: true, activation: Activation::Relu, ..case(Kind::BF16, (5, 530, 34), trans) });
        check(&Case { bias: true, gap: 1, ..case(Kind::F16, (70, 530, 134), trans) });
        check(&Case { bias: true, activation: Activation::Relu, ..case(Kind::BF16, (70, 1100, 134), trans) });
    }
}

#[test]
fn sums_beyond_the_numbers_of_bfloat16_are_rounded_once() {
    // 2048 products of one half: a sum kept in bfloat16 would stop at 128.
    let (m, n, k) = (3, 40, 2048);
    let (a, b) = (vec![bf16::ONE.to_bits(); m * k], vec![bf16::from_f32(0.5).to_bits(); k * n]);
    let g = Gemm { m, n, k, a: &a, lda: k, a_trans: false, b: &b, ldb: n, b_trans: false, accumulate: false, epilogue: Epilogue::NONE };
    let mut c = vec![0; m * n];
    gemm_half(Kind::BF16, &g, &[0], &[0], &mut c);
    assert!(c.iter().all(|x| *x == bf16::from_f32(1024.0).to_bits()));
}

#[test]
fn other_activations_round_like_ops_of_their_own() {
    let plain = case(Kind::BF16, (9, 21, 1), (false, false));
    let (sums, _) = run(Way::Widened, &plain);
    let (found, _) = run(Way::Widened, &Case { activation: Activation::Sigmoid, ..plain });
    for (x, y) in sums.iter().zip(found) {
        let wanted = 1.0 / (1.0 + (-bf16::from_bits(*x).to_f32()).exp());
        assert!((bf16::from_bits(y).to_f32() - wanted).abs() <= wanted / 128.0, "{wanted}");
    }
}
