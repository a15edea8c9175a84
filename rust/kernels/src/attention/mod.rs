//! Scaled dot-product attention and its gradient in tiles: the scores of a few queries and keys at a time (Dao et al.
//! 2022), so that memory grows with the length of the sequences and not with its square.
//!
//! A tile is held with queries in rows and keys in lanes. Keys are turned once for a head (the gradient's values too);
//! then every product finds its operands where they are: the left one is read element by element and may lie any way
//! round, the right one has rows of whole registers. Bias and mask lie as the scores do.

mod format;
mod forward;
mod gradient;
mod paired;
mod product;
mod tile;

use std::ops::Range;

pub use forward::forward;
pub use gradient::{Given, gradient};
pub use paired::{forward_of_pairs, gradient_of_pairs, takes_pairs};

/// What the score of a hidden key is: finite, so that a query that sees no key at all gets the plain mean.
pub const NEVER: f64 = -0.7 * f32::MAX as f64;

/// Multiply-adds below which an attention stays on the calling thread.
const SERIAL: usize = 1 << 18;

/// Sizes of queries (batch, queries, heads, size), keys (batch, keys, key_heads, size), values (batch, keys, key_heads,
/// value_size) and results (batch, queries, heads, value_size); and who sees whom.
#[derive(Clone, Debug)]
pub struct AttentionShape {
    pub batch: usize,
    pub queries: usize,
    pub keys: usize,
    pub heads: usize,
    /// A divisor of `heads`: as many query heads share a head of keys.
    pub key_heads: usize,
    pub size: usize,
    pub value_size: usize,
    pub scale: f64,
    /// Query i sees keys up to i.
    pub causal: bool,
    /// If not zero, a query sees keys less than so far away.
    pub window: usize,
}

impl AttentionShape {
    fn groups(&self) -> usize {
        self.heads / self.key_heads
    }

    /// Bounds of the keys that any of these queries sees.
    fn seen(&self, queries: &Range<usize>) -> Range<usize> {
        let mut end = self.keys;
        if self.causal {
            end = end.min(queries.end);
        }
        if self.window > 0 {
            end = end.min((queries.end - 1).saturating_add(self.window));
        }
        let start = if self.window > 0 { (queries.start + 1).saturating_sub(self.window) } else { 0 };
        start.min(end)..end
    }

    /// Whether all of these queries see all of these keys.
    fn all_seen(&self, queries: &Range<usize>, keys: &Range<usize>) -> bool {
        let far = |a: usize, b: usize| self.window > 0 && a > b && a - b >= self.window;
        let ahead = self.causal && keys.end - 1 > queries.start;
        !(ahead || far(queries.end - 1, keys.start) || far(keys.end - 1, queries.start))
    }

    /// Whether the band lets this query see this key.
    pub fn sees(&self, query: usize, key: usize) -> bool {
        let (ahead, far) = (self.causal && key > query, self.window > 0 && query.abs_diff(key) >= self.window);
        !(ahead || far)
    }

    fn work(&self) -> usize {
        self.batch * self.heads * self.queries * self.keys * (self.size + self.value_size)
    }

    fn query(&self, batch: usize, head: usize, query: usize) -> usize {
        ((batch * self.queries + query) * self.heads + head) * self.size
    }

    fn result(&self, batch: usize, head: usize, query: usize) -> usize {
        ((batch * self.queries + query) * self.heads + head) * self.value_size
    }

    fn key(&self, batch: usize, head: usize, key: usize) -> usize {
        ((batch * self.keys + key) * self.key_heads + head) * self.size
    }

    fn value(&self, batch: usize, head: usize, key: usize) -> usize {
        ((batch * self.keys + key) * self.key_heads + head) * self.value_size
    }

    fn row(&self, batch: usize, head: usize) -> usize {
        (batch * self.heads + head) * self.queries
    }

    fn rows(&self) -> usize {
        self.batch * self.heads * self.queries
    }

    fn check(&self, q: usize, k: usize, v: usize, out: usize, statistics: usize) {
        let keys = self.batch * self.keys * self.key_heads;
        assert!(self.key_heads > 0 && self.heads.is_multiple_of(self.key_heads), "heads that share keys");
        assert!(self.size > 0 && self.value_size > 0, "sizes of heads");
        assert_eq!(q, self.rows() * self.size, "length of the queries");
        assert_eq!(k, keys * self.size, "length of the keys");
        assert_eq!(v, keys * self.value_size, "length of the values");
        assert_eq!(out, self.rows() * self.value_size, "length of the results");
        assert_eq!(statistics, 2 * self.rows(), "length of the statistics");
    }
}

/// Numbers for (batch, head, query, key), repeated along axes whose stride is zero.
#[derive(Clone, Copy)]
pub struct Spread<'a, X> {
    data: &'a [X],
    strides: [usize; 4],
}

impl<'a, X> Spread<'a, X> {
    /// `data` of a shape whose sizes are those of the scores or 1.
    pub fn new(data: &'a [X], shape: [usize; 4]) -> Self {
        let mut strides = [0; 4];
        let mut step = 1;
        for axis in (0..4).rev() {
            strides[axis] = if shape[axis] == 1 { 0 } else { step };
            step *= shape[axis];
        }
        assert_eq!(data.len(), step, "length of a mask or bias");
        Self { data, strides }
    }

    /// Where the number of some query and key is, and how far it is to the next key's.
    #[inline(always)]
    fn place(&self, queries: &tile::Queries, query: usize, key: usize) -> (usize, usize) {
        let [by_batch, by_head, by_query, by_key] = self.strides;
        (queries.batch * by_batch + queries.head * by_head + query * by_query + key * by_key, by_key)
    }
}

/// What changes scores before the softmax.
#[derive(Clone, Copy)]
pub struct Change<'a, T> {
    /// Zero where a query does not see a key.
    pub mask: Option<Spread<'a, u8>>,
    /// Added to the scores.
    pub bias: Option<Spread<'a, T>>,
}

fn for_each_task(shape: &AttentionShape, tasks: usize, f: impl Fn(usize) + Sync) {
    if shape.work() < SERIAL {
        crate::parallel::for_each(1, |_| (0..tasks).for_each(&f));
    } else {
        crate::parallel::for_each(tasks, f);
    }
}
