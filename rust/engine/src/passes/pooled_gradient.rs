//! The gradient on its way back through a maximum pool is zero but at the maxima, so what follows can be done on the pool's
//! side, where there are fewer numbers.
//!
//! With `p, tap = max_pool(y)` and `d = max_pool_scatter(g, tap)`:
//! - `relu_grad(y, d)` is `max_pool_scatter(relu_grad(p, g), tap)`, as `y` at a maximum is `p`;
//! - the sum of `d` for each channel is that of `g`, as each `g` goes somewhere.

use crate::graph::Graph;
use crate::ops::binary::Arithmetic;
use crate::ops::pool::{MaxPool, MaxScatter};
use crate::ops::reduce::Reduce;
use crate::value::Out;

/// Moves gradients of relu and sums of biases' gradients to the pooled side. Sums over fewer numbers may round differently.
pub fn shrink(mut graph: Graph) -> Graph {
    let mut uses = graph.use_counts();
    for i in 0..graph.nodes.len() as u32 {
        if let Some((scatter, pool)) = relu_of_scatter(&graph, &uses, i) {
            // The scatter's node, which nobody else reads, becomes the smaller gradient of relu.
            let relu = graph.nodes[i as usize].clone();
            let scattered = graph.nodes[scatter as usize].clone();
            let (cotangent, tap) = (scattered.inputs[0], scattered.inputs[1]);
            let pooled = graph.spec(cotangent).clone();
            let small = &mut graph.nodes[scatter as usize];
            small.kind = relu.kind;
            small.inputs = [Out { node: pool, index: 0 }, cotangent].into_iter().collect();
            small.outputs = std::iter::once(pooled).collect();
            small.scope = relu.scope;
            let node = &mut graph.nodes[i as usize];
            node.kind = scattered.kind;
            node.scope = scattered.scope;
            node.inputs = [Out { node: scatter, index: 0 }, tap].into_iter().collect();
            uses = graph.use_counts();
        } else if let Some(source) = sum_of_scatter(&graph, i) {
            graph.nodes[i as usize].inputs[0] = source;
            uses = graph.use_counts();
        }
    }
    graph
}

/// The scatter that node `i` takes the gradient of relu of, and the pool that the relu's result went into.
fn relu_of_scatter(graph: &Graph, uses: &[smallvec::SmallVec<[u32; 2]>], i: u32) -> Option<(u32, u32)> {
    graph.op_at::<Arithmetic>(i).filter(|op| op.is_relu_grad())?;
    let [y, d] = graph.nodes[i as usize].inputs[..] else { return None };
    graph.op_at::<MaxScatter>(d.node)?;
    let tap = graph.nodes[d.node as usize].inputs[1];
    graph.op_at::<MaxPool>(tap.node)?;
    let same = graph.nodes[tap.node as usize].inputs[0] == y && graph.spec(y) == graph.spec(d);
    (same && tap.index == 1 && uses[d.node as usize][0] == 1).then_some((d.node, tap.node))
}

/// The pooled cotangent whose scatter node `i` sums into channels.
fn sum_of_scatter(graph: &Graph, i: u32) -> Option<Out> {
    let sum = graph.op_at::<Reduce>(i)?;
    let d = graph.nodes[i as usize].inputs[0];
    let scatter = graph.op_at::<MaxScatter>(d.node)?;
    let source = graph.nodes[d.node as usize].inputs[0];
    let rank = graph.spec(d).rank();
    (sum.sums_into_channels(rank) && scatter.reaches_all(graph.spec(source))).then_some(source)
}
