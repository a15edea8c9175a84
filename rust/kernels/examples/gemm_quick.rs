use rkeras_kernels::gemm::*;
use std::time::Instant;
fn main() {
    rkeras_kernels::parallel::set_num_threads(std::env::args().nth(1).map_or(1, |s| s.parse().unwrap()));
    for (m, n, k, at, bt) in [(256,256,256,false,false),(1024,1024,1024,false,false),(32,128,784,false,false),(784,128,32,true,false),(32,784,128,false,true),(32,10,128,false,false),(128,10,32,true,false),(32,128,10,false,true),(128,64,1568,false,false),(1568,64,128,true,false),(128,1568,64,false,true)] {
        let a: Vec<f32> = (0..m*k).map(|i| (i % 7) as f32).collect();
        let b: Vec<f32> = (0..n*k).map(|i| (i % 5) as f32).collect();
        let mut c = vec![0.0f32; m*n];
        let g = Gemm { m, n, k, a: &a, lda: if at {m} else {k}, a_trans: at, b: &b, ldb: if bt {k} else {n}, b_trans: bt, accumulate: false, epilogue: Epilogue::NONE };
        let reps = (2_000_000_000 / (2*m*n*k)).clamp(3, 20000);
        let mut best = f64::MAX;
        for _ in 0..5 { let t = Instant::now(); for _ in 0..reps { gemm(&g, &mut c, n); } best = best.min(t.elapsed().as_secs_f64() / reps as f64); }
        println!("{m}x{n}x{k} {at} {bt}: {:.1} us {:.1} GFLOP/s", best*1e6, 2.0*(m*n*k) as f64 / best / 1e9);
    }
}
