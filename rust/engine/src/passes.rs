//! Graph to graph: what is not needed goes, what can be one kernel becomes one.

pub mod brain_beside;
pub mod conv_pool;
pub mod dead;
pub mod fuse;
pub mod guarded_updates;
pub mod half_gradients;
pub mod pooled_gradient;
pub mod row_updates;

use crate::graph::Graph;

/// All passes in their order.
pub fn optimize(graph: Graph) -> Graph {
    let graph = pooled_gradient::shrink(dead::eliminate(&graph));
    let graph = conv_pool::join(fuse::fuse(brain_beside::leave_casts_out(graph)));
    dead::eliminate(&half_gradients::keep_halves(row_updates::keep_rows(guarded_updates::guard(graph))))
}
