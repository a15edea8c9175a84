//! How a product is carried out, by its sizes alone: what is packed, and where sums are cut.

use super::Gemm;
use crate::conv::vector::{Element, Rows, lanes, tile_size};
use crate::isa::{self, Isa};

/// Multiply-adds below which a product stays on the calling thread (about 10 µs).
pub(super) const SERIAL: usize = 1 << 20;
/// Steps of k between two visits of the result: a strip of A, 14 KB of float32, then stays in the first-level cache while panels
/// of B pass from the second. Shorter blocks cost more in going over the result than they save.
pub(super) const K_BLOCK: usize = 256;
/// The same where rows of A are read where they lie: fewer of them at a time, and each tile begins anew in memory.
const K_BLOCK_APART: usize = 512;
/// The same where A lies transposed: the next block of both operands is fetched while this one is multiplied.
const K_BLOCK_TRANSPOSED: usize = 128;
/// Rows up to which B is read where it lies, however large it is: each of its panels serves few strips.
const DIRECT_ROWS: usize = 48;
/// Rows up to which it is if it has no more than so many registers (1.5 MB of AVX-512: what the second-level cache holds; panels of
/// narrower ones are passed over more often); elements of a result that may have more rows.
const DIRECT_ROWS_HELD: usize = 256;
const DIRECT_RESULT: usize = 1 << 16;
const HELD_B: usize = 3 << 13;
/// Rows up to which, and columns from which on, tasks are groups of columns and pack what they need of B.
const PACKING_ROWS: usize = 256;
const PACKING_COLUMNS: usize = 128;
/// The shorter side of a result up to which both operands are read where they lie if A is transposed.
const DIRECT_SIDE: usize = 256;
/// Elements of packed B that pass while a strip of A is held, found best with second-level caches of 2 MB (Intel's) and of 1 MB (AMD's);
/// columns are a multiple of a tile's, and no more than so many.
const HELD_PANELS: usize = 1 << 19;
const HELD_PANELS_SMALL: usize = 1 << 17;
const COLUMNS_STEP: usize = 64;
const COLUMNS_MOST: usize = 1024;
/// Columns from which on it pays to pack rows of A, where tiles are not wide: fewer tiles are done sooner than a strip is packed for
/// them.
const SHARING_COLUMNS: usize = 320;
/// Rows of A whose distance is a multiple of so many bytes compete for the same lines of the first-level cache.
const SAME_LINES: usize = 4096;
/// Parts that the sum is cut into where a small result makes too few tasks: elements of such a result, and of B from which on it is cut.
const FEW_PARTS: usize = 4;
const FEW_RESULT: usize = 1 << 10;
const FEW_B: usize = 64 << 10;
/// Parts of a long sum with A transposed, steps of k from which on it is one, and elements that the result may have, as each part
/// has sums of its own in the second-level cache.
const LONG_PARTS: usize = 8;
const LONG_SUM: usize = 2048;
const LONG_RESULT: usize = 1 << 17;
/// The same where operands are packed and the result is so small that it makes few tasks.
const SMALL_SUM: usize = 1024;
const SMALL_RESULT: usize = 1 << 14;

/// How many rows the tiles of a strip of `m` rows have.
pub(crate) fn strip_rows(m: usize, most: usize) -> usize {
    // A tile of few rows costs about as much as one of six, as its sums wait for one another; each tile costs a row besides.
    let tile = |rows: usize| if rows == 0 { 0 } else { rows.next_multiple_of(2).max(6) + 1 };
    let cost = |rows: usize| m / rows * tile(rows) + tile(m % rows);
    [14, 12, 10, 8, 6, 2].into_iter().filter(|r| *r <= most).min_by_key(|r| cost(*r)).unwrap_or(1)
}

/// As [`strip_rows`], of packed rows that are multiplied with so many columns in all.
pub(super) fn packed_rows<T: Element>(m: usize, columns: usize) -> usize {
    strip_rows(m, tile_size::<T>(isa::active(), Rows::Packed, columns).0)
}

/// Whether tiles of six rows by four registers are ahead wherever they can be used: so A is not packed where it can be read as it lies.
fn wide_everywhere() -> bool {
    isa::active() == Isa::Avx512 && isa::loads_are_scarce()
}

/// Columns that each strip of A is multiplied with while it is in the first-level cache: as many as the second level holds of B.
pub(super) fn columns_held(k: usize) -> usize {
    let elements = if wide_everywhere() { HELD_PANELS_SMALL } else { HELD_PANELS };
    (elements / k.max(1)).next_multiple_of(COLUMNS_STEP).min(COLUMNS_MOST)
}

/// Whether tiles read both operands where they lie.
pub(super) fn reads_in_place<T: Element>(g: &Gemm<'_, T>) -> bool {
    match (g.a_trans, g.b_trans) {
        (_, true) => false,
        (true, false) => reads_transposed_in_place(g),
        (false, false) if g.m <= DIRECT_ROWS => true,
        (false, false) => (g.m <= DIRECT_ROWS_HELD || g.m * g.n <= DIRECT_RESULT) && g.k * g.n <= HELD_B * lanes::<T>(isa::active()),
    }
}

/// Whether tiles read a transposed A where it lies.
pub(super) fn reads_transposed_in_place<T>(g: &Gemm<'_, T>) -> bool {
    g.m.min(g.n) <= DIRECT_SIDE
}

/// Whether each task packs the columns of B that it takes, with all rows of A where they lie.
pub(super) fn packs_by_task<T>(g: &Gemm<'_, T>) -> bool {
    !g.a_trans && g.m <= PACKING_ROWS && g.n >= PACKING_COLUMNS
}

/// The parts that the sum of a product is cut into, if it is.
pub(super) fn parts_of_sum<T>(g: &Gemm<'_, T>, direct: bool) -> Option<usize> {
    let result = g.m * g.n;
    if (g.a_trans && g.k >= LONG_SUM && result <= LONG_RESULT) || (!direct && g.k >= SMALL_SUM && result <= SMALL_RESULT) {
        return Some(LONG_PARTS);
    }
    let few = direct && !g.a_trans && (g.m == 1 || result <= FEW_RESULT);
    (few && g.k * g.n >= FEW_B).then_some(FEW_PARTS)
}

/// Whether halves are widened piece by piece as a product packs them, rather than whole before it.
pub(super) fn widens_by_pieces<T>(g: &Gemm<'_, T>) -> bool {
    (g.b_trans || g.m > DIRECT_ROWS) && g.m * g.n * g.k > SERIAL
}

/// Steps of k between two visits of the result, if rows of A are read in place or are packed if that pays.
pub(super) fn k_block<T>(g: &Gemm<'_, T>, in_place: bool) -> usize {
    match g.a_trans {
        true => K_BLOCK_TRANSPOSED,
        false if in_place || !shares_rows(g) => K_BLOCK_APART,
        false => K_BLOCK,
    }
}

/// Whether enough columns read each strip of A that it pays to pack it.
pub(super) fn shares_rows<T>(g: &Gemm<'_, T>) -> bool {
    g.a_trans || (!wide_everywhere() && (g.n >= SHARING_COLUMNS || (g.lda * size_of::<T>()).is_multiple_of(SAME_LINES)))
}

/// How tiles find the rows of A if B is packed.
pub(super) fn rows_of_tiles<T>(g: &Gemm<'_, T>) -> Rows {
    if shares_rows(g) { Rows::Packed } else { Rows::Apart }
}
