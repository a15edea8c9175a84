//! Reading, adding and choosing by index, order, and random integers, against plain loops.

use proptest::prelude::*;
use rkeras_kernels::element::{as_bytes, as_bytes_mut};
use rkeras_kernels::{gather, isa, parallel, random, sort};

fn integers(seed: u64, low: i64, high: i64, n: usize) -> Vec<i64> {
    let mut out = vec![0; n];
    random::integers_i64(seed, 1, low, high, &mut out);
    out
}

fn floats(seed: u64, n: usize) -> Vec<f32> {
    integers(seed, -50, 50, n).iter().map(|v| *v as f32).collect()
}

/// The place that an index names, as NumPy counts.
fn place(index: i64, n: usize) -> Option<usize> {
    let at = if index < 0 { index + n as i64 } else { index };
    (0..n as i64).contains(&at).then_some(at as usize)
}

/// `work` for 1 to 3 threads gives `wanted`.
fn for_threads<T: Copy + Default + PartialEq + std::fmt::Debug>(wanted: &[T], work: impl Fn(&mut [T])) {
    let before = parallel::num_threads();
    for threads in 1..=3 {
        parallel::set_num_threads(threads);
        let mut out = vec![T::default(); wanted.len()];
        work(&mut out);
        assert_eq!(out, wanted, "{threads} threads");
    }
    parallel::set_num_threads(before);
}

fn check(outer: usize, n: usize, inner: usize, count: usize) {
    let src = floats(1, outer * n * inner);
    // Some indices are negative, some outside on either side.
    let indices = integers(2, -(n as i64) - 2, n as i64 + 2, count);
    let at = |o: usize, k: usize, i: usize| (o * n + k) * inner + i;

    let taken: Vec<f32> = (0..outer * count * inner)
        .map(|f| place(indices[f / inner % count], n).map_or(0.0, |k| src[at(f / inner / count, k, f % inner)]))
        .collect();
    for_threads(&taken, |out| gather::take(outer, n, inner * 4, as_bytes(&src), &indices, as_bytes_mut(out)));

    let u = floats(3, outer * count * inner);
    let mut sums = src.clone();
    for (f, v) in u.iter().enumerate() {
        if let Some(k) = place(indices[f / inner % count], n) {
            sums[at(f / inner / count, k, f % inner)] += v;
        }
    }
    for_threads(&sums, |out| {
        out.copy_from_slice(&src);
        gather::scatter_add(outer, n, inner, &u, &indices, out);
    });

    let along = integers(4, -(n as i64) - 2, n as i64 + 2, outer * count * inner);
    let slab = count * inner;
    let taken: Vec<f32> = along
        .iter()
        .enumerate()
        .map(|(f, k)| place(*k, n).map_or(0.0, |k| src[at(f / slab, k, f % inner)]))
        .collect();
    for_threads(&taken, |out| {
        gather::take_along(4, outer, n, inner, as_bytes(&src), &along, as_bytes_mut(out));
    });
    let mut sums = src.clone();
    for (f, k) in along.iter().enumerate() {
        if let Some(k) = place(*k, n) {
            sums[at(f / slab, k, f % inner)] += u[f];
        }
    }
    for_threads(&sums, |out| {
        out.copy_from_slice(&src);
        gather::scatter_along(outer, count, n, inner, &u, &along, out);
    });
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn takes_and_scatters(outer in 0usize..4, n in 1usize..20, inner in 0usize..6, count in 0usize..30) {
        check(outer, n, inner, count);
    }

    #[test]
    fn rows_of_one_index_become_one(n in 0usize..9, inner in 0usize..40, count in 0usize..50, seed in 0u64..9) {
        let indices = integers(seed, -(n as i64) - 2, n as i64 + 2, count);
        let rows = floats(seed + 9, count * inner);
        let (mut sums, mut named) = (vec![0.0; count * inner], vec![n as i64; count]);
        for (i, index) in indices.iter().enumerate().filter(|_| inner > 0) {
            let Some(row) = place(*index, n) else { continue };
            let first = (0..count).find(|j| place(indices[*j], n) == Some(row)).unwrap();
            named[first] = row as i64;
            (0..inner).for_each(|j| sums[first * inner + j] += rows[i * inner + j]);
        }
        for_threads(&sums, |out| {
            out.copy_from_slice(&rows);
            let mut of = indices.clone();
            gather::sum_rows(n, inner, out, &mut of);
            assert_eq!(of, named);
        });
    }

    #[test]
    fn rows(n in 0usize..20, width in 0usize..40, count in 0usize..30) {
        let src = floats(5, n * width);
        let indices = integers(6, -(n as i64), n as i64 + 1, count);
        let wanted: Vec<f32> = (0..count * width)
            .map(|f| place(indices[f / width], n).map_or(0.0, |k| src[k * width + f % width]))
            .collect();
        for_threads(&wanted, |out| gather::gather_rows(width * 4, as_bytes(&src), &indices, as_bytes_mut(out)));
        let bytes: Vec<i16> = src.iter().map(|v| *v as i16).collect();
        for_threads(&wanted, |out| gather::gather_rows_cast(width, &bytes, &indices, out));
    }

    #[test]
    fn one_hot_rows(classes in 0usize..20, count in 0usize..40) {
        let indices = integers(7, -2, classes as i64 + 2, count);
        let wanted: Vec<f32> = (0..count * classes)
            .map(|f| if indices[f / classes] == (f % classes) as i64 { 1.0 } else { 0.0 })
            .collect();
        for_threads(&wanted, |out| gather::one_hot(&1f32.to_ne_bytes(), classes, &indices, as_bytes_mut(out)));
    }

    #[test]
    fn order(rows in 0usize..5, n in 1usize..40, k in 0usize..40) {
        let x = floats(8, rows * n);
        let mut places: Vec<i32> = Vec::new();
        for row in x.chunks(n) {
            let mut p: Vec<i32> = (0..n as i32).collect();
            p.sort_by(|a, b| row[*a as usize].total_cmp(&row[*b as usize]));
            places.extend(p);
        }
        for_threads(&places, |out| sort::argsort(n, &x, out));
        let sorted: Vec<f32> = places.iter().enumerate().map(|(i, p)| x[i / n * n + *p as usize]).collect();
        for_threads(&sorted, |out| sort::sort(n, &x, out));
        let k = k.min(n);
        let largest: Vec<f32> = sorted.chunks(n).flat_map(|r| r.iter().rev().take(k).copied()).collect();
        for_threads(&largest, |out| {
            let mut at = vec![0; out.len()];
            sort::top_k(n, k, &x, out, &mut at);
            for (i, (v, p)) in out.iter().zip(at).enumerate() {
                assert_eq!(*v, x[i / k * n + p as usize]);
            }
        });
    }
}

#[test]
fn large_sizes_are_cut_into_tasks() {
    check(3, 500, 33, 2000);
    let indices = integers(9, 0, 1000, 2000);
    let wanted: Vec<u8> = (0..2_000_000).map(|f| u8::from(indices[f / 1000] == (f % 1000) as i64)).collect();
    for_threads(&wanted, |out| gather::one_hot(&[1], 1000, &indices, out));
}

#[test]
fn integers_fill_their_range_evenly() {
    let n = 60_000;
    let x = integers(10, -3, 3, n);
    for value in -3..3 {
        let share = x.iter().filter(|v| **v == value).count() as f64 / n as f64;
        assert!((share - 1.0 / 6.0).abs() < 0.01, "{value}: {share}");
    }
    for &path in isa::available() {
        isa::with_isa(path, || {
            let mut part = vec![0; 1001];
            random::integers_i64(10, 1, -3, 3, &mut part);
            assert_eq!(part, x[..1001]);
            let mut narrow = vec![0i32; n];
            random::integers_i32(10, 1, -3, 3, &mut narrow);
            assert!(narrow.iter().zip(&x).all(|(a, b)| i64::from(*a) == *b));
        });
    }
    for_threads(&x, |out| random::integers_i64(10, 1, -3, 3, out));
    // The whole range of i64, but for its last number.
    let wide = integers(11, i64::MIN, i64::MAX, 1000);
    assert!(wide.iter().any(|v| *v < i64::MIN / 2) && wide.iter().any(|v| *v > i64::MAX / 2));
}

#[test]
fn permutations_hold_every_number_once_and_differ() {
    for n in [0, 1, 2, 1000] {
        let mut p = vec![-1; n];
        random::permutation(12, 1, &mut p);
        let mut q = vec![-1; n];
        random::permutation(12, 2, &mut q);
        assert!(n < 1000 || (p != q && p.iter().enumerate().filter(|(i, v)| **v == *i as i64).count() < 20));
        p.sort_unstable();
        assert!(p.iter().copied().eq(0..n as i64));
    }
}

#[test]
fn truncated_normals_follow_their_distribution() {
    let n = 100_000;
    let mut x = vec![0.0f64; n];
    random::truncated_normal(13, 1, 0.0, 1.0, &mut x);
    x.sort_by(f64::total_cmp);
    assert!(x[0] >= -2.0 && x[n - 1] <= 2.0);
    // P(Z < -1), P(Z < 0.5) between -2 and 2.
    for (z, share) in [(-1.0, 0.142_384), (0.0, 0.5), (0.5, 0.700_589)] {
        let below = x.partition_point(|v| *v < z) as f64 / n as f64;
        assert!((below - share).abs() < 0.006, "{z}: {below}");
    }
    let mut y = vec![0.0f32; n];
    for &path in isa::available() {
        isa::with_isa(path, || random::truncated_normal(13, 1, 5.0, 0.5, &mut y));
        assert!(y.iter().all(|v| (4.0..=6.0).contains(v)));
    }
}

#[test]
fn threads_do_not_change_random_numbers() {
    let n = 100_003;
    let (mut u, mut z, mut t, mut d) = (vec![0.0f32; n], vec![0.0f32; n], vec![0.0f32; n], vec![0.0f32; n]);
    random::uniform(14, 1, -1.0, 1.0, &mut u);
    random::normal(14, 2, 0.0, 1.0, &mut z);
    random::truncated_normal(14, 3, 0.0, 1.0, &mut t);
    random::dropout(&u, 14, 4, 0.3, &mut d);
    assert!(u.iter().zip(&d).all(|(u, d)| *d == 0.0 || (d * 0.7 - u).abs() < 1e-6));
    for_threads(&u, |out| random::uniform(14, 1, -1.0, 1.0, out));
    for_threads(&z, |out| random::normal(14, 2, 0.0, 1.0, out));
    for_threads(&t, |out| random::truncated_normal(14, 3, 0.0, 1.0, out));
    for_threads(&d, |out| random::dropout(&u, 14, 4, 0.3, out));
}
