//! How the elements of operands line up with those of the output, found once for a loop over many.

use smallvec::SmallVec;

use crate::math::apply::PIECE;

/// The shapes of a broadcasting loop: output and how each of up to three operands is read.
#[derive(Clone, Debug)]
pub struct Broadcast {
    len: usize,
    operands: SmallVec<[Pattern; 3]>,
}

/// The order in which an operand's elements meet the output's.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Pattern {
    /// The same order.
    Dense,
    /// One element for all.
    Scalar,
    /// The whole operand, of this length, over and over: a row against a matrix.
    Periodic(usize),
    /// Anything else, as (size, stride) from the outer to the inner axis, adjacent axes merged.
    Strided(SmallVec<[(usize, usize); 6]>),
}

impl Broadcast {
    /// The loop for two operands.
    ///
    /// # Panics
    /// If the shapes do not broadcast.
    pub fn new(a: &[usize], b: &[usize]) -> Self {
        Self::of(&[a, b])
    }

    /// The loop for several operands, NumPy's rule: shapes are aligned at the last axis, and size 1 stretches.
    ///
    /// # Panics
    /// If the shapes do not broadcast.
    pub fn of(shapes: &[&[usize]]) -> Self {
        let rank = shapes.iter().map(|s| s.len()).max().unwrap_or(0);
        let mut shape: SmallVec<[usize; 6]> = SmallVec::from_elem(1, rank);
        for s in shapes {
            for (out, &n) in shape[rank - s.len()..].iter_mut().zip(*s) {
                assert!(*out == n || *out == 1 || n == 1, "shapes {shapes:?} do not broadcast");
                if *out == 1 {
                    *out = n;
                }
            }
        }
        let operands = shapes.iter().map(|s| Pattern::of(s, &shape)).collect();
        Self { len: shape.iter().product(), operands }
    }

    /// Elements of the output.
    pub fn len(&self) -> usize {
        self.len
    }

    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    pub(crate) fn pattern(&self, operand: usize) -> &Pattern {
        &self.operands[operand]
    }
}

impl Pattern {
    fn of(operand: &[usize], shape: &[usize]) -> Self {
        let missing = shape.len() - operand.len();
        let mut axes: SmallVec<[(usize, usize); 6]> = SmallVec::new();
        // From the inner axis out; `stride` is that of an axis that is really there.
        let mut stride = 1;
        for axis in (0..shape.len()).rev() {
            let own = if axis < missing { 1 } else { operand[axis - missing] };
            let size = shape[axis];
            if size == 1 {
                continue;
            }
            let step = if own == 1 { 0 } else { stride };
            stride *= own;
            match axes.last_mut() {
                Some((n, s)) if (*s == 0 && step == 0) || (*s != 0 && step == *n * *s) => *n *= size,
                _ => axes.push((size, step)),
            }
        }
        axes.reverse();
        match axes[..] {
            [] | [(_, 1)] => Self::Dense,
            [(_, 0)] => Self::Scalar,
            [(_, 0), (n, 1)] => Self::Periodic(n),
            _ => Self::Strided(axes),
        }
    }

    /// Elements that an operand read in this way must have for an output of `len`.
    pub(crate) fn needs(&self, len: usize) -> usize {
        match self {
            _ if len == 0 => 0,
            Self::Dense => len,
            Self::Scalar => 1,
            Self::Periodic(n) => *n,
            Self::Strided(axes) => 1 + axes.iter().map(|(n, s)| (n - 1) * s).sum::<usize>(),
        }
    }
}

/// Serves an operand as contiguous pieces in output order.
///
/// Scalars, short rows and strided operands go through a buffer in L1, so that every op needs just one loop,
/// over contiguous slices. The alternative, a loop for each kind of operand, costs six times the code to save a
/// pass over L1 that memory-bound loops do not notice.
pub(crate) struct Reader<'a, T> {
    x: &'a [T],
    pattern: &'a Pattern,
    buffer: [T; 2 * PIECE],
}

impl<'a, T: Copy> Reader<'a, T> {
    pub(crate) fn new(x: &'a [T], pattern: &'a Pattern, zero: T) -> Self {
        let mut buffer = [zero; 2 * PIECE];
        match pattern {
            Pattern::Scalar if !x.is_empty() => buffer[..PIECE].fill(x[0]),
            Pattern::Periodic(n) if *n <= PIECE => {
                for part in buffer.chunks_mut(*n) {
                    part.copy_from_slice(&x[..part.len()]);
                }
            }
            _ => {}
        }
        Self { x, pattern, buffer }
    }

    /// How many elements from `start` on one piece may hold.
    pub(crate) fn limit(&self, start: usize) -> usize {
        match self.pattern {
            Pattern::Dense => usize::MAX,
            Pattern::Periodic(n) if *n > PIECE => n - start % n,
            _ => PIECE,
        }
    }

    /// Elements `start..start + len` in output order; `len` within the limit.
    pub(crate) fn piece(&mut self, start: usize, len: usize) -> &[T] {
        match self.pattern {
            Pattern::Dense => &self.x[start..start + len],
            Pattern::Scalar => &self.buffer[..len],
            Pattern::Periodic(n) if *n > PIECE => &self.x[start % n..start % n + len],
            Pattern::Periodic(n) => &self.buffer[start % n..start % n + len],
            Pattern::Strided(axes) => {
                gather(self.x, axes, start, &mut self.buffer[..len]);
                &self.buffer[..len]
            }
        }
    }
}

/// Copies elements from output position `start` on, a run of the inner axis at a time.
fn gather<T: Copy>(x: &[T], axes: &[(usize, usize)], start: usize, out: &mut [T]) {
    let (&(inner, step), outer) = axes.split_last().expect("a strided pattern has axes");
    let mut index: SmallVec<[usize; 6]> = SmallVec::from_elem(0, outer.len());
    let (mut rest, mut row) = (start / inner, 0);
    for (i, &(n, s)) in index.iter_mut().zip(outer).rev() {
        *i = rest % n;
        rest /= n;
        row += *i * s;
    }
    let (mut column, mut done) = (start % inner, 0);
    while done < out.len() {
        let run = (inner - column).min(out.len() - done);
        let part = &mut out[done..done + run];
        match step {
            0 => part.fill(x[row]),
            _ => {
                for (j, o) in part.iter_mut().enumerate() {
                    *o = x[row + (column + j) * step];
                }
            }
        }
        done += run;
        column = 0;
        for (i, &(n, s)) in index.iter_mut().zip(outer).rev() {
            *i += 1;
            row += s;
            if *i < n {
                break;
            }
            row -= n * s;
            *i = 0;
        }
    }
}
