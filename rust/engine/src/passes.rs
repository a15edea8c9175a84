//! Graph to graph: what is not needed goes, what can be one kernel becomes one.

pub mod conv_pool;
pub mod dead;
pub mod fuse;
pub mod pooled_gradient;

use crate::graph::Graph;

/// All passes in their order.
pub fn optimize(graph: Graph) -> Graph {
    dead::eliminate(&conv_pool::join(fuse::fuse(pooled_gradient::shrink(dead::eliminate(&graph)))))
}
