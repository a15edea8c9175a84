//! Binary functions against one element at a time: broadcasting, forms, edges.

use proptest::prelude::*;

use super::*;
use crate::cast::{Kind, cast};
use crate::element::{as_bytes, as_bytes_mut};
use crate::isa;

/// The element of an operand of `shape` that meets element `i` of the output.
fn index(mut i: usize, shape: &[usize], out: &[usize]) -> usize {
    let (mut at, mut stride) = (0, 1);
    for axis in (0..out.len()).rev() {
        let j = i % out[axis];
        i /= out[axis];
        if let Some(own) = (axis + shape.len()).checked_sub(out.len()) {
            at += if shape[own] == 1 { 0 } else { j * stride };
            stride *= shape[own];
        }
    }
    at
}

fn numbers(n: usize, seed: f64) -> Vec<f64> {
    (0..n).map(|i| ((i as f64 + 1.0) * seed).sin() * 3.0).collect()
}

/// An output shape, and for each operand which axes are 1 and how many leading ones are left out.
fn shapes() -> impl Strategy<Value = (Vec<usize>, Vec<usize>, Vec<usize>)> {
    let axes = prop::collection::vec((0usize..6, 0u8..3), 0..=6);
    (axes, 0usize..3, any::<bool>()).prop_map(|(axes, missing, left)| {
        let out: Vec<usize> = axes.iter().map(|a| a.0).collect();
        let keep = |which: u8| axes.iter().map(|a| if a.1 == which { 1 } else { a.0 }).collect::<Vec<_>>();
        let (mut a, mut b) = (keep(1), keep(2));
        let short = if left { &mut a } else { &mut b };
        short.drain(..missing.min(short.len()));
        let rank = out.len();
        let size = |s: &[usize], i: usize| (i + s.len()).checked_sub(rank).map_or(1, |k| s[k]);
        let out = (0..rank).map(|i| if size(&a, i) == 1 { size(&b, i) } else { size(&a, i) }).collect();
        (out, a, b)
    })
}

proptest! {
    #[test]
    fn broadcasting_meets_the_right_elements((out, a_shape, b_shape) in shapes()) {
        let count = |s: &[usize]| s.iter().product::<usize>();
        let (a, b) = (numbers(count(&a_shape), 0.7), numbers(count(&b_shape), 1.3));
        let loops = Broadcast::new(&a_shape, &b_shape);
        prop_assert_eq!(loops.len(), count(&out));
        let want: Vec<f64> =
            (0..count(&out)).map(|i| a[index(i, &a_shape, &out)] - b[index(i, &b_shape, &out)]).collect();
        let mut y = vec![0.0; want.len()];
        binary(Binary::Sub, &loops, &a, &b, &mut y);
        prop_assert_eq!(&y, &want);
        for (left, shape, full, other) in [(true, &a_shape, &a, &b), (false, &b_shape, &b, &a)] {
            if count(shape) == want.len() {
                let mut xy = full.clone();
                binary_in_place(Binary::Sub, &loops, &mut xy, other, left);
                prop_assert_eq!(&xy, &want);
            }
        }
        let mut truth = vec![9; want.len()];
        compare(Compare::Less, &loops, &a, &b, &mut truth);
        let less: Vec<u8> = want.iter().map(|&d| u8::from(d < 0.0)).collect();
        prop_assert_eq!(truth, less);
    }
}

/// Rows and columns on both sides of the buffer's length, over more than one task.
#[test]
fn long_rows_and_columns() {
    for (rows, columns) in [(7, 1023), (5, 1024), (3, 1025), (2, 3000), (70_000, 3), (1, 5)] {
        let out = [rows, columns];
        let x: Vec<f32> = (0..rows * columns).map(|i| i as f32).collect();
        for shape in [[1, columns], [rows, 1], [1, 1]] {
            let other: Vec<f32> = (0..shape[0] * shape[1]).map(|i| (i % 977) as f32).collect();
            let want: Vec<f32> = (0..x.len()).map(|i| x[i] - other[index(i, &shape, &out)]).collect();
            let mut y = vec![0.0; x.len()];
            binary(Binary::Sub, &Broadcast::new(&out, &shape), &x, &other, &mut y);
            assert!(y == want, "{out:?} - {shape:?}");
            y.copy_from_slice(&x);
            binary_in_place(Binary::Sub, &Broadcast::new(&out, &shape), &mut y, &other, true);
            assert!(y == want, "{out:?} - {shape:?} in place");
        }
    }
}

#[test]
#[should_panic(expected = "do not broadcast")]
fn shapes_that_do_not_broadcast_are_refused() {
    Broadcast::new(&[2, 3], &[2]);
}

fn reference(op: Binary, a: f64, b: f64) -> f64 {
    match op {
        Binary::Add => a + b,
        Binary::Mul => a * b,
        Binary::Div => a / b,
        Binary::Pow => a.powf(b),
        Binary::Maximum => if a.is_nan() || b.is_nan() { f64::NAN } else { a.max(b) },
        Binary::Minimum => if a.is_nan() || b.is_nan() { f64::NAN } else { a.min(b) },
        Binary::Atan2 => a.atan2(b),
        Binary::Hypot => a.hypot(b),
        Binary::LogAddExp if a == b => a + std::f64::consts::LN_2,
        Binary::LogAddExp => a.max(b) + (-(a - b).abs()).exp().ln_1p(),
        Binary::SquaredDifference => (a - b) * (a - b),
        Binary::ReluGrad => if a <= 0.0 { 0.0 } else { b },
        Binary::SigmoidGrad => b * a * (1.0 - a),
        Binary::TanhGrad => b * (1.0 - a * a),
        _ => unreachable!("not in the table of the test"),
    }
}

#[test]
fn floats_against_doubles() {
    use Binary::*;
    let edges = [0.0, -0.0, 1.0, -1.0, 2.0, -3.0, 0.5, -2.5, 1e-3, 20.0, -20.0, f64::INFINITY, f64::NEG_INFINITY, f64::NAN];
    let values: Vec<f64> = edges.into_iter().chain(numbers(40, 0.37)).map(|x| f64::from(x as f32)).collect();
    let n = values.len();
    let narrow: Vec<f32> = values.iter().map(|&x| x as f32).collect();
    let loops = Broadcast::new(&[n, 1], &[n]);
    for &set in isa::available() {
        for op in [
            Add, Mul, Div, Pow, Maximum, Minimum, Atan2, Hypot, LogAddExp, SquaredDifference, ReluGrad, SigmoidGrad, TanhGrad,
        ] {
            let (mut y, mut wide) = (vec![0f32; n * n], vec![0.0; n * n]);
            isa::with_isa(set, || {
                binary(op, &loops, &narrow, &narrow, &mut y);
                binary(op, &loops, &values, &values, &mut wide);
            });
            for i in 0..n * n {
                let (a, b) = (values[i / n], values[i % n]);
                let want = reference(op, a, b);
                let wanted = want as f32;
                // Differences of numbers up to 3 lose what they lose.
                let slack = 1e-6 * (1.0 + if a.is_finite() && b.is_finite() { a.abs() * b.abs() } else { 0.0 });
                let ok = |y: f64, want: f64, relative: f64| {
                    y == want || (y.is_nan() && want.is_nan()) || (y - want).abs() <= relative * (want.abs() + slack * 1e6)
                };
                assert!(ok(f64::from(y[i]), f64::from(wanted), 4e-7), "{op:?}({a}, {b}) on {set:?}: {}, want {want}", y[i]);
                assert!(ok(wide[i], want, 1e-15), "{op:?}({a}, {b}): {}, want {want}", wide[i]);
            }
        }
    }
}

fn table<T: Number, const N: usize>(op: Binary, a: [T; N], b: [T; N]) -> [T; N] {
    let mut y = [T::ZERO; N];
    binary(op, &Broadcast::new(&[N], &[N]), &a, &b, &mut y);
    y
}

#[test]
fn floor_division_and_modulo() {
    let (a, b) = ([7.0f32, -7.0, 7.0, -7.0, 1.0, 0.3], [3.0, 3.0, -3.0, -3.0, f32::INFINITY, 0.1]);
    assert_eq!(table(Binary::FloorDivide, a, b), [2.0, -3.0, -3.0, 2.0, 0.0, 3.0]);
    assert_eq!(table(Binary::Mod, a, b)[..5], [1.0, 2.0, -2.0, -1.0, 1.0]);
    assert_eq!(table(Binary::FloorDivide, [1.0f64, -1.0], [0.0, 0.0]), [f64::INFINITY, f64::NEG_INFINITY]);
    assert!(table(Binary::Mod, [1.0f64], [0.0])[0].is_nan());
}

#[test]
fn integers_never_panic() {
    let (a, b) = ([7i8, -7, 7, -7, -128, 5], [3i8, 3, -3, -3, -1, 0]);
    assert_eq!(table(Binary::FloorDivide, a, b), [2, -3, -3, 2, -128, 0]);
    assert_eq!(table(Binary::Mod, a, b), [1, 2, -2, -1, 0, 0]);
    assert_eq!(table(Binary::Pow, [2i32, -1, -1, 3, 0, 1], [10, -3, -2, -1, 0, -5]), [1024, -1, 1, 0, 1, 1]);
    assert_eq!(table(Binary::Pow, [0u8, 255], [3, 2]), [0, 1]);
    assert_eq!(table(Binary::ShiftLeft, [1i32, 1, 1, -1], [31, 32, -1, 4]), [i32::MIN, 0, 0, -16]);
    assert_eq!(table(Binary::ShiftRight, [-8i64, -8, 8, 8], [1, 64, 64, -1]), [-4, -1, 0, 0]);
    assert_eq!(table(Binary::Add, [u64::MAX], [2]), [1]);
    assert_eq!(table(Binary::BitXor, [6u8], [3]), [5]);
}

#[test]
fn connectives_take_any_byte_for_truth() {
    let loops = Broadcast::new(&[4], &[4]);
    let (a, b) = ([0u8, 0, 2, 1], [0u8, 1, 4, 0]);
    let mut y = [9; 4];
    for (op, want) in [(Logical::And, [0, 0, 1, 0]), (Logical::Or, [0, 1, 1, 1]), (Logical::Xor, [0, 1, 0, 1])] {
        logical(op, &loops, &a, &b, &mut y);
        assert_eq!(y, want);
    }
}

/// What casts to float32 and back around a function give, in all forms, NaN being one number.
#[test]
fn bfloat16_is_widened_computed_and_rounded() {
    let (rows, columns) = (300, 218);
    let narrow = |x: &[f32]| {
        let mut y = vec![0_u16; x.len()];
        cast(Kind::F32, Kind::BF16, as_bytes(x), as_bytes_mut(&mut y));
        y.iter().map(|h| if h & 0x7fff > 0x7f80 { u16::MAX } else { *h }).collect::<Vec<_>>()
    };
    let wide = |x: &[u16]| x.iter().map(|h| f32::from_bits(u32::from(*h) << 16)).collect::<Vec<_>>();
    // All patterns against all patterns in another order, and against a row.
    let a: Vec<u16> = (0..rows * columns).map(|i| i as u16).collect();
    let b: Vec<u16> = (0..rows * columns).map(|i| (i as u16).wrapping_mul(40_503)).collect();
    for op in [
        Binary::Add, Binary::Sub, Binary::Mul, Binary::Div, Binary::Maximum, Binary::Minimum, Binary::SquaredDifference,
        Binary::ReluGrad, Binary::SigmoidGrad, Binary::TanhGrad, Binary::Hypot, Binary::LogAddExp, Binary::Pow, Binary::Mod,
    ] {
        for &set in isa::available() {
            isa::with_isa(set, || {
                for b in [&b[..], &b[..columns]] {
                    let shapes = Broadcast::new(&[rows, columns], &[b.len() / columns, columns]);
                    let (mut exact, mut y, mut over_a) = (vec![0.0; a.len()], vec![0; a.len()], a.clone());
                    binary(op, &shapes, &wide(&a), &wide(b), &mut exact);
                    binary_brain(op, &shapes, &a, b, &mut y);
                    assert!(narrow(&wide(&y)) == narrow(&exact), "{op:?} {set:?}");
                    binary_brain_in_place(op, &shapes, &mut over_a, b, true);
                    assert!(over_a == y, "{op:?} {set:?}");
                }
            });
        }
    }
}
