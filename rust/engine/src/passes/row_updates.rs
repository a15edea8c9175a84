//! The gradient of a table of which a step reads some rows (an embedding) goes to the optimizer as these rows.
//!
//! Otherwise it would be made as large as the table, nearly all zeros, and read once. Optimizers with slots still change every row,
//! as slots fade where there is no gradient (Keras' do too): results are the same to the bit.

use std::sync::Arc;

use crate::graph::{Graph, NodeKind};
use crate::ops::index::ScatterAdd;
use crate::ops::optimizer::Update;

/// Hands updates what their gradient would be added up from, if nobody else reads it. The additions are left dead.
pub fn keep_rows(mut graph: Graph) -> Graph {
    let uses = graph.use_counts();
    for i in 0..graph.nodes.len() {
        let Some(update) = graph.op_at::<Update>(i as u32) else { continue };
        let Some(position) = update.whole_gradient() else { continue };
        let gradient = graph.nodes[i].inputs[position];
        let Some(scatter) = graph.op_at::<ScatterAdd>(gradient.node) else { continue };
        if !scatter.adds_rows() || uses[gradient.node as usize][0] != 1 {
            continue;
        }
        let by_rows = Arc::new(update.by_rows());
        let rows = graph.nodes[gradient.node as usize].inputs.clone();
        let node = &mut graph.nodes[i];
        node.kind = NodeKind::Op(by_rows);
        node.inputs.remove(position);
        node.inputs.insert_many(position, rows);
    }
    graph
}
