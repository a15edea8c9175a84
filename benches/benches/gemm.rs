//! Matrix products against the peak and against the crates `gemm` and `matrixmultiply`.

use rkeras_benches::{Aligned, Bench};
use rkeras_kernels::cast::Kind;
use rkeras_kernels::gemm::{Epilogue, Gemm, Way, gemm, gemm_half_by};
use rkeras_kernels::isa::has_pairs;
use rkeras_kernels::parallel::set_num_threads;

/// m, n, k, A transposed, B transposed.
const SHAPES: [(usize, usize, usize, bool, bool); 9] = [
    (256, 256, 256, false, false),
    (1024, 1024, 1024, false, false),
    (32, 128, 784, false, false),
    (784, 128, 32, true, false),
    (32, 784, 128, false, true),
    (32, 10, 128, false, false),
    (128, 64, 1568, false, false),
    (1568, 64, 128, true, false),
    (128, 1568, 64, false, true),
];

fn main() {
    let mut bench = Bench::from_args();
    for (m, n, k, a_trans, b_trans) in SHAPES {
        let a = Aligned::new(m * k, |i| (i % 7) as f32);
        let b = Aligned::new(k * n, |i| (i % 5) as f32);
        let mut c = Aligned::new(m * n, |_| 0.0_f32);
        let (lda, ldb) = (if a_trans { m } else { k }, if b_trans { k } else { n });
        let flops = 2 * m * n * k;
        let name = format!("{m}x{n}x{k}{}{}", if a_trans { " At" } else { "" }, if b_trans { " Bt" } else { "" });
        for threads in [1, 2] {
            set_num_threads(threads);
            let call = Gemm { m, n, k, a: &a, lda, a_trans, b: &b, ldb, b_trans, accumulate: false, epilogue: Epilogue::NONE };
            bench.flops("gemm", &format!("{name} rkeras {threads} threads"), flops, threads, || gemm(&call, &mut c, n));
        }
        let strides = |rows_apart: usize, transposed: bool| {
            if transposed { (1, rows_apart as isize) } else { (rows_apart as isize, 1) }
        };
        let ((ar, ac), (br, bc)) = (strides(lda, a_trans), strides(ldb, b_trans));
        // SAFETY: the slices hold the matrices of these sizes and strides.
        bench.flops("gemm", &format!("{name} matrixmultiply"), flops, 1, || unsafe {
            matrixmultiply::sgemm(m, k, n, 1.0, a.as_ptr(), ar, ac, b.as_ptr(), br, bc, 0.0, c.as_mut_ptr(), n as isize, 1);
        });
        // SAFETY: as above.
        bench.flops("gemm", &format!("{name} gemm crate"), flops, 1, || unsafe {
            gemm::gemm(
                m, n, k, c.as_mut_ptr(), 1, n as isize, false, a.as_ptr(), ac, ar, b.as_ptr(), bc, br, 0.0, 1.0, false,
                false, false, gemm::Parallelism::None,
            );
        });
    }
    halves(&mut bench);
    bench.finish();
}

/// Products of bfloat16, widened and with instructions that take pairs; the peak is that of float32.
fn halves(bench: &mut Bench) {
    set_num_threads(1);
    for (m, n, k) in [(256, 256, 256), (1024, 1024, 1024), (4096, 512, 128)] {
        let (a, b) = (vec![0x3f00_u16; m * k], vec![0x3e80_u16; k * n]);
        let mut c = vec![0_u16; m * n];
        let call = Gemm {
            m, n, k, a: &a, lda: k, a_trans: false, b: &b, ldb: n, b_trans: false, accumulate: false, epilogue: Epilogue::NONE,
        };
        for way in [Way::Widened, Way::Pairs] {
            if way == Way::Widened || has_pairs() {
                let name = format!("{m}x{n}x{k} bfloat16 {way:?} 1 threads");
                bench.flops("gemm", &name, 2 * m * n * k, 1, || gemm_half_by(way, Kind::BF16, &call, &[0], &[0], &mut c));
            }
        }
    }
}
