//! Moves of bytes against index arithmetic, for every size of element and instruction set.

use proptest::prelude::*;
use rkeras_kernels::{isa, layout, parallel};

/// Bytes that differ from their neighbours.
fn bytes(n: usize) -> Vec<u8> {
    (0..n as u32).map(|i| (i.wrapping_mul(2_654_435_761) >> 13) as u8).collect()
}

fn strides(shape: &[usize]) -> Vec<isize> {
    let mut out = vec![1; shape.len()];
    for i in (1..shape.len()).rev() {
        out[i - 1] = out[i] * shape[i] as isize;
    }
    out
}

/// Places of all indices in order, by strides.
fn places(dims: &[usize], offset: isize, strides: &[isize]) -> Vec<usize> {
    (0..dims.iter().product())
        .map(|flat: usize| {
            let (mut rest, mut at) = (flat, offset);
            for (d, s) in dims.iter().zip(strides).rev() {
                at += (rest % d) as isize * s;
                rest /= d;
            }
            at as usize
        })
        .collect()
}

fn gathered(elem: usize, src: &[u8], places: &[usize]) -> Vec<u8> {
    places.iter().flat_map(|p| &src[p * elem..(p + 1) * elem]).copied().collect()
}

/// `work` on every instruction set and for 1 to 3 threads; it must give `wanted`.
fn everywhere(wanted: &[u8], work: impl Fn(&mut [u8])) {
    let before = parallel::num_threads();
    for &path in isa::available() {
        for threads in 1..=3 {
            parallel::set_num_threads(threads);
            let mut out = vec![0xaa; wanted.len()];
            isa::with_isa(path, || work(&mut out));
            assert!(out == wanted, "{path:?}, {threads} threads");
        }
    }
    parallel::set_num_threads(before);
}

const ELEMENTS: [usize; 6] = [1, 2, 4, 8, 3, 16];

fn check_permute(elem: usize, shape: &[usize], perm: &[usize]) {
    let src = bytes(shape.iter().product::<usize>() * elem);
    let (dims, steps): (Vec<_>, Vec<_>) = perm.iter().map(|p| (shape[*p], strides(shape)[*p])).unzip();
    let wanted = gathered(elem, &src, &places(&dims, 0, &steps));
    everywhere(&wanted, |out| layout::permute(elem, shape, perm, &src, out));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(128))]

    #[test]
    fn permutations(shape in prop::collection::vec(0usize..20, 0..5), seed: u64, elem in prop::sample::select(&ELEMENTS[..])) {
        let mut perm: Vec<usize> = (0..shape.len()).collect();
        perm.sort_by_key(|i| (seed >> (8 * i)) as u8);
        check_permute(elem, &shape, &perm);
    }

    #[test]
    fn windows(
        axes in prop::collection::vec((1usize..20, 0usize..7, -3isize..4), 1..4),
        elem in prop::sample::select(&ELEMENTS[..]),
    ) {
        // Axes of `n` elements, every `step`-th, from an array with some room beyond them.
        let step = |s: isize| if s == 0 { 1 } else { s };
        let shape: Vec<usize> = axes.iter().map(|(n, room, s)| n * step(*s).unsigned_abs() + room).collect();
        let dims: Vec<usize> = axes.iter().map(|a| a.0).collect();
        let mut offset = 0;
        let steps: Vec<isize> = axes.iter().zip(strides(&shape)).map(|((n, room, s), stride)| {
            let start = if *s < 0 { (n - 1) as isize * -s } else { 0 } + *room as isize / 2;
            offset += start * stride;
            step(*s) * stride
        }).collect();
        let at = places(&dims, offset, &steps);
        let whole = bytes(shape.iter().product::<usize>() * elem);
        let part = gathered(elem, &whole, &at);
        everywhere(&part, |out| layout::copy_strided(elem, &dims, &whole, offset, &steps, out));

        let update: Vec<u8> = part.iter().map(|b| !b).collect();
        let mut wanted = whole.clone();
        for (i, p) in at.iter().enumerate() {
            wanted[p * elem..(p + 1) * elem].copy_from_slice(&update[i * elem..(i + 1) * elem]);
        }
        everywhere(&wanted, |out| {
            out.copy_from_slice(&whole);
            layout::write_strided(elem, &dims, &update, out, offset, &steps);
        });
    }

    #[test]
    fn joins(lengths in prop::collection::vec(0usize..40, 1..5), outer in 0usize..30) {
        let parts: Vec<Vec<u8>> = lengths.iter().map(|n| bytes(n * outer)).collect();
        let wanted: Vec<u8> = (0..outer)
            .flat_map(|o| parts.iter().zip(&lengths).flat_map(move |(p, n)| p[o * n..(o + 1) * n].to_vec()))
            .collect();
        let operands: Vec<(&[u8], usize)> = parts.iter().zip(&lengths).map(|(p, n)| (&p[..], *n)).collect();
        everywhere(&wanted, |out| layout::concatenate(&operands, outer, out));
    }

    #[test]
    fn fills(elem in prop::sample::select(&ELEMENTS[..]), n in 0usize..300) {
        let element = bytes(elem);
        everywhere(&element.repeat(n), |out| layout::fill(&element, out));
    }
}

#[test]
fn large_permutations_use_every_tile() {
    for elem in [1, 2, 4, 8] {
        check_permute(elem, &[517, 389], &[1, 0]);
    }
    // Between channels first and last, for few and many channels; heads of attention.
    check_permute(4, &[3, 67, 71, 3], &[0, 3, 1, 2]);
    check_permute(4, &[3, 3, 67, 71], &[0, 2, 3, 1]);
    check_permute(4, &[2, 33, 31, 40], &[0, 3, 1, 2]);
    check_permute(4, &[2, 40, 33, 31], &[0, 2, 3, 1]);
    check_permute(4, &[2, 65, 8, 32], &[0, 2, 1, 3]);
    check_permute(4, &[70_001, 2], &[1, 0]);
}

#[test]
fn broadcasts_repeat() {
    let src = bytes(4 * 300);
    for (dims, steps) in [
        (vec![5, 300], vec![0, 1]),
        (vec![300, 1000], vec![1, 0]),
        (vec![300, 3], vec![1, 0]),
        (vec![10, 200, 30], vec![30, 0, 1]),
        (vec![70_000, 3], vec![0, 0]),
    ] {
        let wanted = gathered(4, &src, &places(&dims, 0, &steps));
        everywhere(&wanted, |out| layout::copy_strided(4, &dims, &src, 0, &steps, out));
    }
}

#[test]
fn large_joins_and_fills_are_cut_into_tasks() {
    let (a, b) = (bytes(1 << 20), bytes(3 << 19));
    let wanted = [&a[..], &b[..]].concat();
    everywhere(&wanted, |out| layout::concatenate(&[(&a, a.len()), (&b, b.len())], 1, out));
    everywhere(&[1, 2, 3].repeat(200_000), |out| layout::fill(&[1, 2, 3], out));
}

#[test]
#[should_panic(expected = "leave the source")]
fn strides_beyond_the_operand_are_refused() {
    layout::copy_strided(4, &[3], &[0; 12], 0, &[2], &mut [0; 12]);
}

#[test]
#[should_panic(expected = "leave the destination")]
fn negative_places_are_refused() {
    layout::write_strided(4, &[3], &[0; 12], &mut [0; 12], 1, &[-1]);
}
