//! A maximum pool takes over the convolution whose only reader it is.

use std::sync::Arc;

use crate::graph::{Graph, NodeKind};
use crate::ops::conv::Conv;
use crate::ops::conv_pool::ConvPool;
use crate::ops::pool::MaxPool;
use crate::spec::Spec;

/// Joins pools with convolutions, which are left dead.
pub fn join(mut graph: Graph) -> Graph {
    let uses = graph.use_counts();
    for i in 0..graph.nodes.len() {
        let Some(pool) = graph.op_at::<MaxPool>(i as u32) else { continue };
        let source = graph.nodes[i].inputs[0];
        let producer = &graph.nodes[source.node as usize];
        let Some(conv) = graph.op_at::<Conv>(source.node) else { continue };
        if uses[source.node as usize][0] != 1 {
            continue;
        }
        let inputs: Vec<Spec> = producer.inputs.iter().map(|o| graph.spec(*o).clone()).collect();
        let Some(joined) = ConvPool::new(conv, pool, &inputs, graph.spec(source)) else { continue };
        let (inputs, scope) = (producer.inputs.clone(), producer.scope.clone());
        let node = &mut graph.nodes[i];
        node.kind = NodeKind::Op(Arc::new(joined));
        node.inputs = inputs;
        // Nearly all of the work is the convolution's.
        node.scope = scope;
    }
    graph
}
