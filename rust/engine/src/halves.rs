//! Ops on 16-bit floats, which are stored so and computed in float32: piece by piece in the cache, not array by array. Many ops have loops of
//! their own for bfloat16, which widen and round numbers on the way ([`Op::takes_brain`]).

use std::ops::Range;

use rkeras_kernels::cast::{Kind, cast};
use rkeras_kernels::memory::Buffer;
use smallvec::SmallVec;

use crate::dtype::DType;
use crate::op::{Halves, Op, View, ViewMut};
use crate::ops::cast::kind;
use crate::pieces::for_rows;
use crate::spec::{Shape, Spec};
use crate::value::Value;

/// Elements of a piece of one operand or result, where elements stand alone: a few of them stay in the second-level cache, and what each
/// piece costs besides is little.
const POINTS: usize = 1 << 14;
/// Elements of a piece along the leading axis: what an op prepares for each piece should be little beside it.
const LEADING: usize = 1 << 17;
/// Pieces along the leading axis, at least, so that threads end together.
const PIECES: usize = 16;
/// Elements of a task.
const TASK: usize = 1 << 15;

/// Whether the op runs on these operands without casts around it.
pub fn takes(op: &dyn Op, inputs: &[Value]) -> bool {
    match op.traits().halves {
        Halves::Cast => false,
        Halves::Pairs => {
            let specs: SmallVec<[Spec; 8]> = inputs.iter().map(|v| v.spec().clone()).collect();
            specs.first().is_some_and(|first| first.dtype == DType::BF16) && op.takes_pairs(&specs) != 0
        }
        _ => {
            let mut floats = inputs.iter().map(|v| v.spec().dtype).filter(|d| d.is_float());
            floats.next().is_some_and(|first| first.is_half() && floats.all(|d| d == first))
        }
    }
}

/// Runs an op, on halves in the way that it asks for.
pub fn run(op: &dyn Op, inputs: &[View<'_>], outputs: &mut [ViewMut<'_>], scratch: &mut [u8]) {
    let half = |spec: &Spec| spec.dtype.is_half();
    let any = inputs.iter().any(|v| half(v.spec)) || outputs.iter().any(|v| half(v.spec));
    let other = |spec: &Spec| spec.dtype.is_float() && spec.dtype != DType::BF16;
    if any && op.takes_brain() && !inputs.iter().any(|v| other(v.spec)) && !outputs.iter().any(|v| other(v.spec)) {
        return op.run(inputs, outputs, scratch);
    }
    match op.traits().halves {
        Halves::Pointwise if any => by_pieces(op, &Cut::pointwise(inputs, outputs), inputs, outputs),
        Halves::Leading { whole } if any => {
            let specs: SmallVec<[Spec; 4]> = inputs.iter().map(|v| v.spec.clone()).collect();
            let brain = specs.iter().all(|spec| spec.dtype == DType::BF16);
            let kept = if brain { op.takes_pairs(&specs) } else { 0 };
            by_pieces(op, &Cut::leading(whole, kept, inputs, outputs), inputs, outputs);
        }
        _ => op.run(inputs, outputs, scratch),
    }
}

/// How operands and results are cut into rows.
struct Cut {
    /// Axes that make up the rows.
    axes: usize,
    rows: usize,
    /// Elements of the largest row, at least one.
    row: usize,
    /// Rows of a piece.
    piece: usize,
    operands: SmallVec<[Operand; 4]>,
}

struct Operand {
    /// Every piece takes all of it.
    whole: bool,
    /// Halves are not widened.
    kept: bool,
    /// Sizes of a row, or of the whole.
    shape: Shape,
}

impl Cut {
    /// As many leading axes as possible, over each of which an operand either goes along or is repeated.
    fn pointwise(inputs: &[View<'_>], outputs: &[ViewMut<'_>]) -> Self {
        let out = outputs[0].shape();
        let padded: SmallVec<[Shape; 4]> = inputs
            .iter()
            .map(|v| std::iter::repeat_n(1, out.len() - v.shape().len()).chain(v.shape().iter().copied()).collect())
            .collect();
        let along = |shape: &Shape, axes: usize| shape[..axes] == out[..axes];
        let fits = |axes: &usize| padded.iter().all(|s| along(s, *axes) || s[..*axes].iter().all(|d| *d == 1));
        let axes = (0..=out.len()).rev().find(fits).unwrap_or(0);
        let operands = padded.iter().map(|s| Operand { whole: !along(s, axes), kept: false, shape: Shape::from_slice(&s[axes..]) });
        Self::new(axes, POINTS, operands.collect(), outputs)
    }

    fn leading(whole: u32, kept: u32, inputs: &[View<'_>], outputs: &[ViewMut<'_>]) -> Self {
        let operand = |(i, v): (usize, &View<'_>)| {
            let whole = whole >> i & 1 == 1;
            Operand { whole, kept: kept >> i & 1 == 1, shape: Shape::from_slice(&v.shape()[usize::from(!whole)..]) }
        };
        let mut cut = Self::new(1, LEADING, inputs.iter().enumerate().map(operand).collect(), outputs);
        // What is done to the whole operands for each piece (weights are laid out) should be little beside it too.
        let shared: usize = cut.operands.iter().filter(|o| o.whole).map(|o| o.shape.iter().product::<usize>()).sum();
        cut.piece = cut.piece.min(cut.rows.div_ceil(PIECES)).max(shared / cut.row).max(1);
        cut
    }

    fn new(axes: usize, size: usize, operands: SmallVec<[Operand; 4]>, outputs: &[ViewMut<'_>]) -> Self {
        let rows = outputs[0].shape()[..axes].iter().product();
        let cut = operands.iter().filter(|o| !o.whole).map(|o| o.shape.iter().product());
        let row = outputs.iter().map(|v| v.shape()[axes..].iter().product()).chain(cut).max().unwrap_or(1).max(1);
        Self { axes, rows, row, piece: (size / row).max(1), operands }
    }

    /// The spec of some rows, halves as float32.
    fn rows_of(&self, dtype: DType, row: &[usize], rows: usize) -> Spec {
        widened(&self.rows_as_they_are(dtype, row, rows))
    }

    fn rows_as_they_are(&self, dtype: DType, row: &[usize], rows: usize) -> Spec {
        let shape = std::iter::repeat_n(rows, self.axes.min(1)).chain(row.iter().copied()).collect();
        Spec { dtype, shape }
    }
}

/// The bytes of some rows.
fn bytes_of(dtype: DType, row: &[usize], rows: &Range<usize>) -> Range<usize> {
    let row = row.iter().product::<usize>() * dtype.size();
    rows.start * row..rows.end * row
}

/// The spec of the same numbers in float32, if they are halves.
pub fn widened(spec: &Spec) -> Spec {
    if spec.dtype.is_half() { spec.with_dtype(DType::F32) } else { spec.clone() }
}

/// Memory for some numbers in float32.
fn room(bytes: usize) -> Buffer {
    Buffer::dirty(bytes).expect("memory for pieces of operands in float32")
}

/// Halves as float32.
fn widen(dtype: DType, from: &[u8]) -> Buffer {
    let mut wide = room(from.len() * 2);
    cast(kind(dtype), Kind::F32, from, wide.as_bytes_mut());
    wide
}

fn by_pieces(op: &dyn Op, cut: &Cut, inputs: &[View<'_>], outputs: &mut [ViewMut<'_>]) {
    let row = outputs.iter().map(|v| v.spec.size()).max().unwrap_or(0) / cut.rows.max(1);
    let per_task = (TASK / (row * cut.piece).max(1)).max(1);
    // Operands that all pieces share are widened once.
    let shared: SmallVec<[Option<Buffer>; 8]> = inputs
        .iter()
        .zip(&cut.operands)
        .map(|(v, o)| (o.whole && !o.kept && v.spec.dtype.is_half()).then(|| widen(v.spec.dtype, v.bytes())))
        .collect();
    let specs: SmallVec<[(&Spec, bool); 4]> = outputs.iter().map(|v| (v.spec, v.unused)).collect();
    let row_bytes = |spec: &Spec| bytes_of(spec.dtype, &spec.shape[cut.axes..], &(0..1)).len();
    for_rows((cut.rows, per_task * cut.piece), outputs, row_bytes, |all, results| {
        for start in all.clone().step_by(cut.piece) {
            let rows = start..(start + cut.piece).min(all.end);
            one_piece(op, cut, (rows, all.start), (inputs, &shared), (&specs, results));
        }
    });
}

/// Computes some rows; the results' bytes begin with the row `first`.
fn one_piece(
    op: &dyn Op,
    cut: &Cut,
    (rows, first): (Range<usize>, usize),
    (inputs, shared): (&[View<'_>], &[Option<Buffer>]),
    (specs, results): (&[(&Spec, bool)], &mut [&mut [u8]]),
) {
    let local = rows.start - first..rows.end - first;
    // What lies in a result's place is read before that result is written.
    let wide: SmallVec<[Option<Buffer>; 8]> = inputs
        .iter()
        .zip(&cut.operands)
        .map(|(v, operand)| {
            let part = match v.in_output {
                Some(output) => &results[output][bytes_of(v.spec.dtype, &operand.shape, &local)],
                None if operand.whole || operand.kept || !v.spec.dtype.is_half() => return None,
                None => &v.bytes()[bytes_of(v.spec.dtype, &operand.shape, &rows)],
            };
            Some(if v.spec.dtype.is_half() { widen(v.spec.dtype, part) } else { copied(part) })
        })
        .collect();
    let in_specs: SmallVec<[Spec; 8]> = inputs
        .iter()
        .zip(&cut.operands)
        .map(|(v, o)| {
            let whole = || v.spec.with_shape(&o.shape);
            let spec = if o.whole { whole() } else { cut.rows_as_they_are(v.spec.dtype, &o.shape, rows.len()) };
            if o.kept { spec } else { widened(&spec) }
        })
        .collect();
    let row_of = |spec: &Spec| Shape::from_slice(&spec.shape[cut.axes..]);
    let out_specs: SmallVec<[Spec; 4]> =
        specs.iter().map(|(spec, _)| cut.rows_of(spec.dtype, &row_of(spec), rows.len())).collect();
    let views: SmallVec<[View<'_>; 8]> = (0..inputs.len())
        .map(|i| {
            let bytes = match (&wide[i], &shared[i]) {
                (Some(own), _) => own.as_bytes(),
                (None, Some(all)) => all.as_bytes(),
                (None, None) if cut.operands[i].whole => inputs[i].bytes(),
                (None, None) => &inputs[i].bytes()[bytes_of(inputs[i].spec.dtype, &cut.operands[i].shape, &rows)],
            };
            View::new(&in_specs[i], bytes)
        })
        .collect();
    // Results in float32 beside the halves they become.
    let mut sums: SmallVec<[Option<Buffer>; 4]> =
        specs.iter().zip(&out_specs).map(|((spec, unused), out)| (spec.dtype.is_half() && !unused).then(|| room(out.bytes()))).collect();
    {
        let mut outs: SmallVec<[ViewMut<'_>; 4]> = SmallVec::new();
        for (((sum, result), (spec, unused)), out) in sums.iter_mut().zip(results.iter_mut()).zip(specs).zip(&out_specs) {
            outs.push(match sum {
                _ if *unused => ViewMut::unused(out),
                Some(sum) => ViewMut::new(out, sum.as_bytes_mut()),
                None => ViewMut::new(out, &mut result[bytes_of(spec.dtype, &row_of(spec), &local)]),
            });
        }
        let mut scratch = room(op.scratch(&in_specs));
        op.run(&views, &mut outs, scratch.as_bytes_mut());
    }
    for ((sum, result), (spec, _)) in sums.iter().zip(results.iter_mut()).zip(specs) {
        if let Some(sum) = sum {
            cast(Kind::F32, kind(spec.dtype), sum.as_bytes(), &mut result[bytes_of(spec.dtype, &row_of(spec), &local)]);
        }
    }
}

fn copied(bytes: &[u8]) -> Buffer {
    let mut copy = room(bytes.len());
    copy.as_bytes_mut().copy_from_slice(bytes);
    copy
}
