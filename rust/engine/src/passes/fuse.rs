//! Fusion by name: bias, residual and activation move into the GEMM or convolution that feeds them.
//!
//! A node is absorbed only if the intermediate value has no other reader, so no work is ever done twice.

use std::sync::Arc;

use crate::graph::{Graph, NodeKind};
use crate::op::Op;
use crate::spec::Spec;
use crate::value::Out;

/// Folds consumers into producers until nothing changes. Absorbed nodes are left dead.
pub fn fuse(mut graph: Graph) -> Graph {
    for i in 0..graph.nodes.len() {
        // One pass in order suffices for chains: the fused op stands at the consumer's place, and the next
        // consumer finds it there.
        let uses = |graph: &Graph, out: Out| {
            graph.nodes.iter().flat_map(|n| n.inputs.iter()).filter(|o| **o == out).count()
                + graph.roots().filter(|o| *o == out).count()
        };
        let NodeKind::Op(consumer) = graph.nodes[i].kind.clone() else { continue };
        if consumer.as_epilogue().is_none() || graph.nodes[i].outputs.len() != 1 {
            continue;
        }
        for position in 0..graph.nodes[i].inputs.len() {
            let source = graph.nodes[i].inputs[position];
            let producer = &graph.nodes[source.node as usize];
            let NodeKind::Op(op) = &producer.kind else { continue };
            if source.index != 0 || producer.outputs.len() != 1 {
                continue;
            }
            let operands: Vec<Spec> = graph.nodes[i].inputs.iter().map(|o| graph.spec(*o).clone()).collect();
            let Some(fused) = op.absorb(consumer.as_ref(), &operands, position) else { continue };
            if uses(&graph, source) != 1 || *graph.spec(source) != graph.nodes[i].outputs[0] {
                continue;
            }
            let mut inputs = producer.inputs.clone();
            let others = graph.nodes[i].inputs.iter().enumerate().filter(|(p, _)| *p != position).map(|(_, o)| *o);
            inputs.extend(others);
            let fused: Arc<dyn Op> = Arc::from(fused);
            graph.nodes[i].kind = NodeKind::Op(fused);
            graph.nodes[i].inputs = inputs;
            break;
        }
    }
    graph
}
