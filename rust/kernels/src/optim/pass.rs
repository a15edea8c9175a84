//! The pass of an update over parameter, slots and gradient.

use std::ops::Range;

use crate::by_row::ByRow;
use crate::cast::{Kind, cast};
use crate::element::{Float, as_bytes, cast_slice_mut};
use crate::isa;
use crate::math::Fma;
use crate::math::frame::{self, Loop};
use crate::memory::Buffer;
use crate::parallel::{self, SendPtr};

/// Elements of one task: 16 KiB of each f32 array, so that the halves of a layer's weights are those of its products.
pub(super) const CHUNK: usize = 1 << 12;

/// The gradient of a parameter.
#[derive(Clone, Copy)]
pub enum Gradient<'a, T> {
    /// As large as the parameter.
    Whole(&'a [T]),
    /// As large as the parameter, in a 16-bit float.
    Halves { kind: Kind, bits: &'a [u16] },
    /// Updates of rows, and the rows they belong to; the same one's are added up in their order, all others are zero. An index that
    /// names no row adds nothing.
    Rows { updates: &'a [T], indices: &'a [i64], n: usize },
}

/// One update rule: changes a parameter and its slots given the gradient.
pub(super) trait Rule<T, const SLOTS: usize>: Copy + Send + Sync {
    /// Whether a gradient of zero changes nothing.
    const RESTS: bool = false;

    fn step<F: Fma>(self, p: &mut T, slots: [&mut T; SLOTS], g: T);
}

struct Update<'a, T, R, const SLOTS: usize> {
    rule: R,
    p: &'a mut [T],
    slots: [&'a mut [T]; SLOTS],
    g: &'a [T],
}

impl<T: Float, R: Rule<T, SLOTS>, const SLOTS: usize> Loop for Update<'_, T, R, SLOTS> {
    #[inline(always)]
    fn run<F: Fma>(self) {
        let Self { rule, p, slots, g } = self;
        let n = g.len();
        let p = &mut p[..n];
        let mut slots = slots.map(|s| &mut s[..n]);
        for i in 0..n {
            rule.step::<F>(&mut p[i], slots.each_mut().map(|s| &mut s[i]), g[i]);
        }
    }
}

/// A parameter and its slots, of which tasks take disjoint parts.
struct Places<T, const SLOTS: usize> {
    p: SendPtr<T>,
    slots: [SendPtr<T>; SLOTS],
    len: usize,
}

impl<T: Float, const SLOTS: usize> Places<T, SLOTS> {
    /// # Safety
    /// No other task may have any of these elements.
    unsafe fn update<R: Rule<T, SLOTS>>(&self, isa: isa::Isa, rule: R, range: Range<usize>, g: &[T]) {
        assert!(range.end <= self.len, "elements of a parameter");
        let part = |base: &SendPtr<T>| {
            // SAFETY: all arrays are as long as the parameter and borrowed mutably for the whole loop; the rest is the caller's promise.
            unsafe { std::slice::from_raw_parts_mut(base.get().add(range.start), range.len()) }
        };
        frame::run(isa, Update { rule, p: part(&self.p), slots: self.slots.each_ref().map(part), g });
    }
}

/// Changes a parameter and its slots.
pub(super) fn update<T: Float, R: Rule<T, SLOTS>, const SLOTS: usize>(rule: R, p: &mut [T], mut slots: [&mut [T]; SLOTS], g: Gradient<'_, T>) {
    let len = p.len();
    assert!(slots.iter().all(|s| s.len() == len), "lengths of parameter and slots");
    let isa = isa::active();
    let places = Places { p: SendPtr(p.as_mut_ptr()), slots: slots.each_mut().map(|s| SendPtr(s.as_mut_ptr())), len };
    match g {
        Gradient::Whole(g) => {
            assert_eq!(g.len(), len, "length of the gradient");
            parallel::for_each(parallel::chunks(len, CHUNK), |i| {
                let range = parallel::chunk_range(len, CHUNK, i);
                // SAFETY: the ranges of different tasks are disjoint.
                unsafe { places.update(isa, rule, range.clone(), &g[range]) }
            });
        }
        Gradient::Halves { kind, bits } => {
            assert_eq!(bits.len(), len, "length of the gradient");
            let to = if size_of::<T>() == size_of::<f32>() { Kind::F32 } else { Kind::F64 };
            parallel::for_each(parallel::chunks(len, CHUNK), |i| {
                let range = parallel::chunk_range(len, CHUNK, i);
                let mut wide = Buffer::dirty(range.len() * size_of::<T>()).expect("memory for a part of a gradient");
                cast(kind, to, as_bytes(&bits[range.clone()]), wide.as_bytes_mut());
                // SAFETY: the ranges of different tasks are disjoint.
                unsafe { places.update(isa, rule, range, cast_slice_mut(wide.as_bytes_mut())) }
            });
        }
        Gradient::Rows { n: 0, .. } => {}
        Gradient::Rows { updates, indices, n } => {
            let row = len / n;
            assert!(row * n == len && updates.len() == indices.len() * row, "rows of the parameter and the gradient");
            if row == 0 {
                return;
            }
            let lists = ByRow::new(indices, n, (CHUNK / row).max(1));
            parallel::for_each(lists.tasks(), |task| {
                // SAFETY: the rows of different tasks are disjoint.
                unsafe { update_rows(isa, rule, &places, (&lists, task), updates, row) }
            });
        }
    }
}

/// Adds up the updates of a task's rows and updates these.
///
/// # Safety
/// No other task may have these rows.
unsafe fn update_rows<T: Float, R: Rule<T, SLOTS>, const SLOTS: usize>(
    isa: isa::Isa,
    rule: R,
    places: &Places<T, SLOTS>,
    (lists, task): (&ByRow, usize),
    updates: &[T],
    row: usize,
) {
    let (rows, changes) = (lists.rows(task), lists.changes(task));
    if R::RESTS && changes.is_empty() {
        return;
    }
    let mut sums = Buffer::dirty(rows.len() * row * size_of::<T>()).expect("memory for some rows of a gradient");
    let sums = cast_slice_mut::<T>(sums.as_bytes_mut());
    if R::RESTS {
        changes.iter().for_each(|change| sums[(change.row - rows.start) * row..][..row].fill(T::ZERO));
    } else {
        sums.fill(T::ZERO);
    }
    lists.add(task, updates, row, sums, |sum, update| sum + update);
    // SAFETY: the caller's promise.
    unsafe {
        if !R::RESTS {
            return places.update(isa, rule, rows.start * row..rows.end * row, sums);
        }
        for change in changes {
            let sums = &mut sums[(change.row - rows.start) * row..][..row];
            places.update(isa, rule, change.row * row..(change.row + 1) * row, sums);
            // Should the row come again, its update is done.
            sums.fill(T::ZERO);
        }
    }
}
