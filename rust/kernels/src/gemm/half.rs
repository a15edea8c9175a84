//! Products of 16-bit floats, summed in float32 and rounded once. Operands are widened as they are packed, or taken as pairs of
//! bfloat16 (`paired`) by processors that multiply those faster.

use std::ops::Range;

use super::block::Part;
use super::choice::{K_BLOCK, k_block, packed_rows, packs_by_task, widens_by_pieces};
use super::drive::{block, check, each_k_block, for_column_groups, run, start};
use super::pack::{TOGETHER, distance, panel_of, slice, turn};
use super::pack_pairs::Side;
use super::tasks::Tasks;
use super::tile::size_of_tile;
use super::{Activation, Epilogue, Gemm, paired};
use crate::cast::{Kind, cast, round_with_bias, widen_rows};
use crate::conv::vector::{Factors, Rows, lanes};
use crate::element::{as_bytes, as_bytes_mut, cast_slice, cast_slice_mut};
use crate::isa;
use crate::memory::Buffer;
use crate::parallel::{self, SendPtr};
use crate::unary::unary_float_in_place;

/// Columns of a task: its sums, in float32, stay in the second-level cache until they are rounded.
const COLUMNS: usize = 512;
/// Elements of a result that are rounded at a time, or of an operand that are widened, where that is a loop of its own.
const PIECE: usize = 1 << 12;

/// Elements of A up to which it is widened whole where tasks are groups of columns.
const WIDENED: usize = 1 << 20;

/// How products are computed.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Way {
    /// In float32.
    Widened,
    /// With instructions that take pairs of bfloat16; the processor must have them (`isa::has_pairs`).
    Pairs,
}

/// Products of equal sizes, A and B starting at these offsets, results one after the other. What is fused is computed as if it
/// were not: sums are rounded, then those with the bias, then their activations. There is no residual and no accumulation.
///
/// # Panics
/// If a slice is too short for the sizes.
pub fn gemm_half(kind: Kind, g: &Gemm<'_, u16>, a_offsets: &[usize], b_offsets: &[usize], c: &mut [u16]) {
    let way = if kind == Kind::BF16 && isa::favours_pairs() { Way::Pairs } else { Way::Widened };
    gemm_half_by(way, kind, g, a_offsets, b_offsets, c);
}

/// As [`gemm_half`], in a certain way.
///
/// # Panics
/// As [`gemm_half`]; and if the processor does not have the instructions.
pub fn gemm_half_by(way: Way, kind: Kind, g: &Gemm<'_, u16>, a_offsets: &[usize], b_offsets: &[usize], c: &mut [u16]) {
    assert!(way == Way::Widened || (kind == Kind::BF16 && isa::has_pairs()), "pairs of {kind:?} on this processor");
    let size = g.m * g.n;
    for (batch, (a, b)) in a_offsets.iter().zip(b_offsets).enumerate() {
        check(g, *a, *b, c.len(), batch * size, g.n);
    }
    if size == 0 {
        return;
    }
    if way == Way::Pairs || (a_offsets.len() == 1 && widens_by_pieces(g)) {
        let c = SendPtr(c.as_mut_ptr());
        parallel::for_each(a_offsets.len(), |batch| {
            let c = SendPtr(c.get().wrapping_add(batch * size));
            let offsets = (a_offsets[batch], b_offsets[batch]);
            match way {
                Way::Widened => Product { kind, g, a: offsets.0, b: offsets.1, c }.run(),
                Way::Pairs => paired::product(g, offsets, c),
            }
        });
    } else {
        separately(kind, g, a_offsets, b_offsets, c);
    }
}

/// Small products: both operands are widened whole, multiplied, and the result is rounded.
fn separately(kind: Kind, g: &Gemm<'_, u16>, a_offsets: &[usize], b_offsets: &[usize], c: &mut [u16]) {
    let mut sums = Buffer::dirty(4 * c.len()).expect("memory for sums twice as large as the result");
    let (a, b) = (widened(kind, g.a), widened(kind, g.b));
    let (a, b) = (cast_slice::<f32>(a.as_bytes()), cast_slice::<f32>(b.as_bytes()));
    let wide = Gemm { a, b, lda: g.lda, a_trans: g.a_trans, ldb: g.ldb, b_trans: g.b_trans, ..blank(g.m, g.n, g.k) };
    run(&wide, a_offsets, b_offsets, cast_slice_mut(sums.as_bytes_mut()), g.n);
    let sums = cast_slice(sums.as_bytes());
    let piece = (PIECE / g.n).max(1) * g.n;
    parallel::for_each_chunk_mut(c, piece, |i, c| {
        for (sums, c) in sums[i * piece..].chunks(g.n).zip(c.chunks_mut(g.n)) {
            finish(kind, g, 0, sums, c);
        }
    });
}

/// A product of float32 of these sizes, nothing fused, without operands.
pub(super) fn blank<'a>(m: usize, n: usize, k: usize) -> Gemm<'a, f32> {
    let (a, b): (&[f32], &[f32]) = (&[], &[]);
    Gemm { m, n, k, a, lda: 0, a_trans: false, b, ldb: 0, b_trans: false, accumulate: false, epilogue: Epilogue::NONE }
}

/// All of an operand in float32.
fn widened(kind: Kind, x: &[u16]) -> Buffer {
    let mut wide = Buffer::dirty(4 * x.len()).expect("memory for an operand in float32");
    cast(kind, Kind::F32, as_bytes(x), wide.as_bytes_mut());
    wide
}

/// Rounds a row of sums, or a part of one from some column on, with what is fused.
fn finish(kind: Kind, g: &Gemm<'_, u16>, column: usize, sums: &[f32], c: &mut [u16]) {
    let bias = g.epilogue.bias.map(|bias| &bias[column..column + c.len()]);
    round_with_bias(kind, sums, bias, g.epilogue.activation == Activation::Relu, c);
    let Some(function) = g.epilogue.activation.pass() else { return };
    let mut wide = [0_f32; 256];
    for c in c.chunks_mut(wide.len()) {
        let wide = &mut wide[..c.len()];
        cast(kind, Kind::F32, as_bytes(c), as_bytes_mut(wide));
        unary_float_in_place(function, wide);
        cast(Kind::F32, kind, as_bytes(wide), as_bytes_mut(c));
    }
}

/// Rounds the sums of a rectangle, whose rows lie `ldc` apart, into the result that begins at `c`.
///
/// # Safety
/// The sums must be written, and the rectangle nobody else's.
pub(super) unsafe fn round(
    kind: Kind,
    g: &Gemm<'_, u16>,
    c: SendPtr<u16>,
    (rows, columns): (Range<usize>, Range<usize>),
    (sums, ldc): (*const f32, usize),
) {
    for (i, row) in rows.enumerate() {
        // SAFETY: the caller's promise; `check` made sure of the result.
        let (sums, c) = unsafe {
            let c = c.get().add(row * g.n + columns.start);
            (std::slice::from_raw_parts(sums.add(i * ldc), columns.len()), std::slice::from_raw_parts_mut(c, columns.len()))
        };
        finish(kind, g, columns.start, sums, c);
    }
}

/// One large product, widened.
struct Product<'g> {
    kind: Kind,
    g: &'g Gemm<'g, u16>,
    a: usize,
    b: usize,
    c: SendPtr<u16>,
}

impl Product<'_> {
    fn run(&self) {
        let (g, steps) = (self.g, self.g.k);
        if packs_by_task(g) && g.m * g.k <= WIDENED {
            return self.by_columns();
        }
        let width = 2 * lanes::<f32>(isa::active());
        let tasks = Tasks::new::<f32>((g.m, g.n), COLUMNS, Rows::Packed);
        // Sums over several blocks of k are kept whole, others only until they are rounded.
        let several = steps > K_BLOCK;
        let mut kept = Buffer::dirty(if several { 4 * g.m * g.n } else { 0 }).expect("memory for the sums of a result");
        let kept = SendPtr(kept.as_bytes_mut().as_mut_ptr().cast::<f32>());
        each_k_block(steps, K_BLOCK, |k| {
            let b = self.pack_b(0..g.n, &k);
            let b = SendPtr(b.as_bytes().as_ptr().cast::<f32>().cast_mut());
            let packed = tasks.pack_rows(|rows| self.pack_a(rows, &k));
            parallel::for_each(tasks.count(), |task| {
                let ((group, rows), columns) = (tasks.rows(task), tasks.columns(task));
                let strips = packed[group].as_bytes().as_ptr().cast();
                let panels = b.get().wrapping_add(panel_of::<f32>(columns.start, k.len(), width)).cast_const();
                let passing = if several { 0 } else { 4 * rows.len() * columns.len() };
                let mut passing = Buffer::dirty(passing).expect("memory for the sums of a block");
                let (sums, ldc) = if several {
                    (kept.get().wrapping_add(rows.start * g.n + columns.start), g.n)
                } else {
                    (passing.as_bytes_mut().as_mut_ptr().cast::<f32>(), columns.len())
                };
                self.block((rows.clone(), columns.clone(), k.clone()), (strips, panels), (sums, ldc));
                if k.end < steps {
                    return;
                }
                // SAFETY: these sums were just written, and no other task has this part of the result.
                unsafe { round(self.kind, g, self.c, (rows, columns), (sums, ldc)) }
            });
        });
    }

    /// Tasks over groups of columns, each of which widens and packs its own of B and keeps their sums until they are rounded.
    fn by_columns(&self) {
        let g = self.g;
        let mut wide = Buffer::dirty(4 * g.m * g.k).expect("memory for a small operand in float32");
        let some = (PIECE / g.k.max(1)).max(1);
        parallel::for_each_chunk_mut(cast_slice_mut::<f32>(wide.as_bytes_mut()), some * g.k, |i, rows| {
            widen_rows(self.kind, &g.a[self.a + i * some * g.lda..], g.lda, g.k, rows);
        });
        let whole = Gemm { a: cast_slice(wide.as_bytes()), lda: g.k, ..blank(g.m, g.n, g.k) };
        for_column_groups::<f32>(g.n, |columns| {
            let ldc = columns.len();
            let mut sums = Buffer::dirty(4 * g.m * ldc).expect("memory for the sums of some columns");
            let sums = sums.as_bytes_mut().as_mut_ptr().cast::<f32>();
            let part = Part { g: &whole, a: 0, b: 0, c: SendPtr(sums.wrapping_sub(columns.start)), ldc, factors: Factors::Floats };
            each_k_block(g.k, k_block(&whole, true), |k| {
                let panels = self.pack_b(columns.clone(), &k);
                block(&part, (0..g.m, columns.clone(), k), (std::ptr::null(), start(&panels)), None);
            });
            // SAFETY: the sums were just written, and no other task has these columns.
            unsafe { round(self.kind, g, self.c, (0..g.m, columns), (sums, ldc)) }
        });
    }

    /// Adds a block of k to the sums of a rectangle.
    fn block(
        &self,
        (rows, columns, k): (Range<usize>, Range<usize>, Range<usize>),
        (strips, panels): (*const f32, *const f32),
        (sums, ldc): (*mut f32, usize),
    ) {
        // Both operands are packed: their slices are not looked at.
        let g = blank(self.g.m, self.g.n, self.g.k);
        let c = SendPtr(sums.wrapping_sub(rows.start * ldc + columns.start));
        block(&Part { g: &g, a: 0, b: 0, c, ldc, factors: Factors::Floats }, (rows, columns, k), (strips, panels), None);
    }

    /// Panels of these columns of B.
    fn pack_b(&self, columns: Range<usize>, k: &Range<usize>) -> Buffer {
        let (g, width) = (self.g, 2 * lanes::<f32>(isa::active()));
        let side = Side { from: &g.b[self.b..], ld: g.ldb, together: g.b_trans, k: g.k };
        let panels = columns.len().div_ceil(width);
        let mut buffer = Buffer::dirty(4 * panels * distance::<f32>(k.len(), width)).expect("memory for a packed operand");
        let to = SendPtr(buffer.as_bytes_mut().as_mut_ptr());
        parallel::for_each(panels.div_ceil(TOGETHER), |task| {
            let first = columns.start + task * TOGETHER * width;
            let here = first..columns.end.min(first + TOGETHER * width);
            let last = (here.len() % width).next_multiple_of(width / 2);
            // SAFETY: panels are disjoint parts of the buffer, and all columns lie in B.
            unsafe { self.pack(&side, here, k, (width, last), to.get().add(4 * panel_of::<f32>(first - columns.start, k.len(), width))) }
        });
        buffer
    }

    /// Strips of these rows of A.
    fn pack_a(&self, rows: Range<usize>, k: &Range<usize>) -> Buffer {
        let g = self.g;
        let side = Side { from: &g.a[self.a..], ld: g.lda, together: !g.a_trans, k: g.k };
        let most = packed_rows::<f32>(rows.len(), g.n);
        let mut buffer = Buffer::dirty(4 * rows.len().div_ceil(most) * distance::<f32>(k.len(), most)).expect("memory for a packed block of an operand");
        let out = buffer.as_bytes_mut().as_mut_ptr();
        let last = size_of_tile(rows.len() % most);
        // SAFETY: the buffer has room for all strips, the last one filled up; all rows lie in A.
        unsafe { self.pack(&side, rows, k, (most, last), out) }
        buffer
    }

    /// # Safety
    /// As [`pairs::pack`].
    unsafe fn pack(&self, side: &Side<'_>, lines: Range<usize>, k: &Range<usize>, (most, last): (usize, usize), out: *mut u8) {
        let (start, rows, columns) = if side.together {
            (lines.start * side.ld + k.start, lines.len(), k.len())
        } else {
            (k.start * side.ld + lines.start, k.len(), lines.len())
        };
        let mut wide = Buffer::dirty(4 * rows * columns).expect("memory for a block of an operand in float32");
        if rows * columns > 0 {
            widen_rows(self.kind, &side.from[start..], side.ld, columns, cast_slice_mut(wide.as_bytes_mut()));
        }
        let from = (wide.as_bytes().as_ptr().cast::<f32>(), columns);
        // SAFETY: the block was just written; the caller's promise.
        unsafe {
            if side.together {
                turn(lines.len(), (k.len(), most, last), from, out.cast());
            } else {
                slice(lines.len(), (k.len(), most, last), from, out.cast());
            }
        }
    }
}
