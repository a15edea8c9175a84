//! The gradient of a table of which a step reads some rows (an embedding) goes to the optimizer as these rows.
//!
//! Otherwise it would be made as large as the table, nearly all zeros. Where it is read but for the update, or came of several reads, rows
//! are added up first ([`RowSums`]); what is done to gradients (scaled, clipped, asked for their length or whether they are finite) is then
//! done to the sums. Optimizers with slots still change every row, as slots fade where there is no gradient (Keras' do too): results are
//! those of whole gradients, to the bit but for the order in which squares are added up, and several reads.

use std::collections::BTreeMap;
use std::sync::Arc;

use smallvec::SmallVec;

use crate::graph::{Graph, NodeKind};
use crate::op::{OfRest, Op, Rest};
use crate::ops::binary::Arithmetic;
use crate::ops::index::{RowSums, ScatterAdd};
use crate::ops::optimizer::Update;
use crate::value::Out;

/// Hands updates rows instead of gradients as large as their tables. What made these is left dead.
pub fn keep_rows(mut graph: Graph) -> Graph {
    // The last sum of several reads comes before its parts.
    for root in (0..graph.nodes.len() as u32).rev() {
        let Some(reads) = reads(&graph, root) else { continue };
        let Some(followed) = follow(&graph, root) else { continue };
        if let ([_], [_], 1) = (&reads[..], &followed.updates[..], followed.rows.len()) {
            by_rows(&mut graph, followed.updates[0], &reads[0]);
            continue;
        }
        let size = graph.nodes[root as usize].outputs[0].shape[0];
        let inputs: SmallVec<[Out; 4]> = reads.iter().flatten().copied().collect();
        let op = RowSums { size };
        let specs: Vec<_> = inputs.iter().map(|o| graph.spec(*o).clone()).collect();
        // With more rows than the table has, sums would be no smaller than it.
        let Ok(outputs) = op.infer(&specs) else { continue };
        if outputs[0].shape[0] >= size {
            continue;
        }
        for node in followed.rows {
            let spec = &mut graph.nodes[node as usize].outputs[0];
            *spec = spec.with_shape(&outputs[0].shape);
        }
        let node = &mut graph.nodes[root as usize];
        node.kind = NodeKind::Op(Arc::new(op));
        node.inputs = inputs;
        node.outputs = outputs.into_iter().collect();
        for update in followed.updates {
            let position = graph.op_at::<Update>(update).and_then(Update::whole_gradient).expect("as it was found");
            let rows = graph.nodes[update as usize].inputs[position];
            by_rows(&mut graph, update, &[rows, Out { node: root, index: 1 }]);
        }
    }
    graph
}

fn by_rows(graph: &mut Graph, update: u32, rows: &[Out; 2]) {
    let found = graph.op_at::<Update>(update).and_then(|op| Some((op.by_rows(), op.whole_gradient()?)));
    let (op, position) = found.expect("an update with a whole gradient");
    let node = &mut graph.nodes[update as usize];
    node.kind = NodeKind::Op(Arc::new(op));
    node.inputs.remove(position);
    node.inputs.insert_many(position, rows.iter().copied());
}

/// Rows and indices that a node adds to zeros; several, if it is the sum of such nodes.
fn reads(graph: &Graph, node: u32) -> Option<Vec<[Out; 2]>> {
    let inputs = &graph.nodes[node as usize].inputs;
    if let Some(scatter) = graph.op_at::<ScatterAdd>(node) {
        return scatter.rows().map(|_| vec![[inputs[0], inputs[1]]]);
    }
    let adds = graph.op_at::<Arithmetic>(node)?.adds();
    let whole = |o: &Out| o.index == 0 && graph.spec(*o) == &graph.nodes[node as usize].outputs[0];
    if !adds || !inputs.iter().all(whole) {
        return None;
    }
    let mut all = reads(graph, inputs[0].node)?;
    all.extend(reads(graph, inputs[1].node)?);
    Some(all)
}

/// What a gradient most of whose rows are zeros comes to.
struct Followed {
    /// Nodes whose result has as many rows, the first of all included.
    rows: Vec<u32>,
    updates: Vec<u32>,
}

/// All that reads a gradient, or what is made of it, if it can do without the rows that rest, and an update is among it.
fn follow(graph: &Graph, root: u32) -> Option<Followed> {
    let shape = &graph.nodes[root as usize].outputs[0].shape;
    let mut resting = BTreeMap::from([(root, Rest::Zeros)]);
    let mut updates = Vec::new();
    for i in root + 1..graph.nodes.len() as u32 {
        let node = &graph.nodes[i as usize];
        let rests: SmallVec<[Option<Rest>; 4]> = node.inputs.iter().map(|o| resting.get(&o.node).copied()).collect();
        if rests.iter().all(Option::is_none) {
            continue;
        }
        if let Some(update) = graph.op_at::<Update>(i) {
            let others = rests.iter().enumerate().filter(|(p, _)| Some(*p) != update.whole_gradient());
            if update.whole_gradient().is_none() || others.into_iter().any(|(_, rest)| rest.is_some()) {
                return None;
            }
            updates.push(i);
            continue;
        }
        let NodeKind::Op(op) = &node.kind else { return None };
        let single = |(o, rest): (&Out, &Option<Rest>)| rest.is_some() || graph.spec(*o).rank() == 0;
        if !node.inputs.iter().zip(&rests).all(single) {
            return None;
        }
        match op.of_rest(&rests)? {
            OfRest::Whole => {}
            OfRest::Rows(rest) if node.outputs.len() == 1 && node.outputs[0].shape == *shape => {
                resting.insert(i, rest);
            }
            OfRest::Rows(_) => return None,
        }
    }
    let lost = graph.roots().any(|out| resting.contains_key(&out.node));
    (!lost && !updates.is_empty()).then(|| Followed { rows: resting.into_keys().collect(), updates })
}
