//! Gradients of 16-bit floats go to the optimizer as they are, which widens them as it reads them: the cast before it is left dead.

use std::sync::Arc;

use crate::dtype::DType;
use crate::graph::{Graph, NodeKind};
use crate::ops::cast::Cast;
use crate::ops::optimizer::Update;

/// Hands updates of float32 parameters what their gradient would be widened from. Results are the same to the bit.
pub fn keep_halves(mut graph: Graph) -> Graph {
    for i in 0..graph.nodes.len() {
        let Some(update) = graph.op_at::<Update>(i as u32) else { continue };
        let Some(position) = update.whole_gradient() else { continue };
        let gradient = graph.nodes[i].inputs[position];
        if graph.op_at::<Cast>(gradient.node).is_none() || graph.spec(gradient).dtype != DType::F32 {
            continue;
        }
        let source = graph.nodes[gradient.node as usize].inputs[0];
        if !graph.spec(source).dtype.is_half() {
            continue;
        }
        let from_halves = Arc::new(update.from_halves());
        let node = &mut graph.nodes[i];
        node.kind = NodeKind::Op(from_halves);
        node.inputs[position] = source;
    }
    graph
}
