//! Matrix products against naive loops, on every instruction set.

use proptest::prelude::*;

use rkeras_kernels::gemm::{Activation, Epilogue, Gemm, gemm, gemm_batched, matmul_int};
use rkeras_kernels::isa::{available, with_isa};
use rkeras_kernels::parallel::set_num_threads;

/// Small integers: sums are exact, so that results are compared bit for bit.
fn numbers(len: usize, seed: usize) -> Vec<f64> {
    (0..len).map(|i| ((i * 7919 + seed * 104_729) % 17) as f64 - 8.0).collect()
}

struct Case {
    m: usize,
    n: usize,
    k: usize,
    a_trans: bool,
    b_trans: bool,
    gap: usize,
    accumulate: bool,
    bias: bool,
    residual: bool,
    relu: bool,
}

fn expected(case: &Case, a: &[f64], lda: usize, b: &[f64], ldb: usize, bias: &[f64], c0: &[f64]) -> Vec<f64> {
    let mut c = vec![0.0; case.m * case.n];
    for i in 0..case.m {
        for j in 0..case.n {
            let mut sum = 0.0;
            for p in 0..case.k {
                let x = if case.a_trans { a[p * lda + i] } else { a[i * lda + p] };
                let y = if case.b_trans { b[j * ldb + p] } else { b[p * ldb + j] };
                sum += x * y;
            }
            let before = c0[i * case.n + j];
            if case.accumulate {
                sum += before;
            }
            if case.bias {
                sum += bias[j];
            }
            if case.residual {
                sum += before;
            }
            c[i * case.n + j] = if case.relu { sum.max(0.0) } else { sum };
        }
    }
    c
}

macro_rules! check {
    ($t:ident, $case:expr) => {{
        let case = $case;
        let lda = if case.a_trans { case.m } else { case.k } + case.gap;
        let ldb = if case.b_trans { case.k } else { case.n } + case.gap;
        let (rows_a, rows_b) = (if case.a_trans { case.k } else { case.m }, if case.b_trans { case.n } else { case.k });
        let (a, b) = (numbers(rows_a * lda, 1), numbers(rows_b * ldb, 2));
        let (bias, c0) = (numbers(case.n, 3), numbers(case.m * case.n, 4));
        let wanted: Vec<$t> = expected(&case, &a, lda, &b, ldb, &bias, &c0).iter().map(|v| *v as $t).collect();
        let cast = |v: &[f64]| v.iter().map(|x| *x as $t).collect::<Vec<$t>>();
        let (a, b, bias, residual) = (cast(&a), cast(&b), cast(&bias), cast(&c0));
        for &isa in available() {
            let mut c = residual.clone();
            let call = Gemm {
                m: case.m,
                n: case.n,
                k: case.k,
                a: &a,
                lda,
                a_trans: case.a_trans,
                b: &b,
                ldb,
                b_trans: case.b_trans,
                accumulate: case.accumulate,
                epilogue: Epilogue {
                    bias: case.bias.then_some(&bias[..]),
                    residual: case.residual.then_some(&residual[..]),
                    activation: if case.relu { Activation::Relu } else { Activation::None },
                },
            };
            with_isa(isa, || gemm(&call, &mut c, case.n));
            assert_eq!(c, wanted, "{isa:?} {}x{}x{} {}", case.m, case.n, case.k, stringify!($t));
        }
    }};
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]
    #[test]
    fn products_equal_naive_loops(
        m in 0_usize..70, n in 0_usize..90, k in 0_usize..70, a_trans: bool, b_trans: bool, gap in 0_usize..3,
        accumulate: bool, bias: bool, residual: bool, relu: bool, double: bool,
    ) {
        let case = Case { m, n, k, a_trans, b_trans, gap, accumulate, bias, residual, relu };
        if double { check!(f64, case) } else { check!(f32, case) }
    }
}

#[test]
fn large_products_pass_through_every_path() {
    let shapes = [
        (128, 1568, 64), (784, 128, 32), (200, 600, 700), (1024, 40, 96), (99, 999, 97), (257, 300, 513), (1, 4000, 300), (300, 10, 500),
        (53, 500, 1024), (130, 60, 1500), (501, 97, 300), (1100, 113, 600), (130, 97, 2100), (300, 320, 70), (13, 9001, 33),
    ];
    for (m, n, k) in shapes {
        for (a_trans, b_trans) in [(false, false), (true, false), (false, true), (true, true)] {
            let case = Case { m, n, k, a_trans, b_trans, gap: 0, accumulate: false, bias: true, residual: false, relu: true };
            check!(f32, case);
        }
    }
}

#[test]
fn long_sums_of_few_rows_finish_like_others() {
    for (m, n, k) in [(32, 128, 784), (5, 37, 2000), (48, 200, 500), (1, 64, 1027), (1, 77, 9), (1, 1030, 1025), (70, 700, 1100)] {
        for (accumulate, bias, residual, relu) in [(false, true, false, true), (true, false, true, false), (true, true, true, true)] {
            let case = || Case { m, n, k, a_trans: false, b_trans: false, gap: 2, accumulate, bias, residual, relu };
            check!(f32, case());
            check!(f64, case());
        }
    }
}

#[test]
fn batches_take_their_operands_at_offsets() {
    let (a, b) = (numbers(3 * 4 * 5, 1), numbers(5 * 6, 2));
    let call = Gemm {
        m: 4, n: 6, k: 5, a: &a, lda: 5, a_trans: false, b: &b, ldb: 6, b_trans: false, accumulate: false,
        epilogue: Epilogue::NONE,
    };
    let mut c = vec![0.0; 3 * 24];
    gemm_batched(&call, &[0, 20, 40], &[0, 0, 0], &mut c);
    let mut one = vec![0.0; 24];
    gemm(&Gemm { a: &a[20..], ..call }, &mut one, 6);
    assert_eq!(&c[24..48], &one[..]);
}

#[test]
fn any_number_of_threads_gives_the_same_bytes() {
    let irrational = |len: usize, s: f32| (0..len).map(|i| ((i as f32 + s) * 0.7).sin()).collect::<Vec<f32>>();
    let shapes = [
        (300, 500, 600, false, false), (300, 500, 600, false, true), (32, 128, 784, false, false), (784, 128, 32, false, false),
        (128, 64, 1568, false, false), (600, 100, 300, false, false), (1100, 113, 600, false, false), (784, 128, 32, true, false),
        (130, 97, 2100, true, false), (300, 320, 70, true, false), (16, 60, 1500, false, false),
        (200, 600, 700, false, false), (128, 300, 200, false, true),
    ];
    for (m, n, k, a_trans, b_trans) in shapes {
        let (a, b) = (irrational(m * k, 0.1), irrational(k * n, 0.3));
        let results: Vec<Vec<u32>> = (1..=3)
            .map(|threads| {
                set_num_threads(threads);
                let mut c = vec![0.0_f32; m * n];
                let (lda, ldb) = (if a_trans { m } else { k }, if b_trans { k } else { n });
                let call = Gemm {
                    m, n, k, a: &a, lda, a_trans, b: &b, ldb, b_trans, accumulate: false,
                    epilogue: Epilogue::NONE,
                };
                gemm(&call, &mut c, n);
                c.iter().map(|x| x.to_bits()).collect()
            })
            .collect();
        assert_eq!(results[0], results[1]);
        assert_eq!(results[0], results[2]);
    }
}

#[test]
fn nan_and_infinity_pass_through_relu() {
    let a = [f32::NAN, f32::INFINITY];
    let b = [1.0_f32];
    let mut c = [0.0_f32; 2];
    let epilogue = Epilogue { bias: None, residual: None, activation: Activation::Relu };
    let call = Gemm { m: 2, n: 1, k: 1, a: &a, lda: 1, a_trans: false, b: &b, ldb: 1, b_trans: false, accumulate: false, epilogue };
    gemm(&call, &mut c, 1);
    assert!(c[0].is_nan() && c[1] == f32::INFINITY);
}

#[test]
fn integer_products_wrap() {
    let mut c = [0_i8; 1];
    matmul_int((1, 1, 2), (&[100_i8, 100], false), (&[2, 2], false), &mut c);
    assert_eq!(c[0], (400_i32 & 0xff) as u8 as i8);
    let mut c = [0_i32; 4];
    matmul_int((2, 2, 3), (&[1, 4, 2, 5, 3, 6], true), (&[1, 0, 1, 0, 1, 1], true), &mut c);
    assert_eq!(c, [4, 5, 10, 11]);
}

/// A batch of products without rows, columns or terms: nothing to write, or zeros.
#[test]
fn batches_of_empty_products() {
    for (m, n, k) in [(0, 1, 2), (0, 3, 0), (2, 0, 3), (2, 2, 0), (0, 0, 0)] {
        let (a, b, mut c) = (vec![1.0_f32; 3 * m * k], vec![1.0; 3 * k * n], vec![7.0; 3 * m * n]);
        let call = Gemm { m, n, k, a: &a, lda: k, a_trans: false, b: &b, ldb: n, b_trans: false, accumulate: false, epilogue: Epilogue::NONE };
        let offsets = |step: usize| [0, step, 2 * step];
        gemm_batched(&call, &offsets(m * k), &offsets(k * n), &mut c);
        assert!(c.iter().all(|v| *v == 0.0), "{m} x {n} x {k}: {c:?}");
    }
}
