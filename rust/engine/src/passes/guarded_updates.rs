//! A step that is taken or not (loss scaling leaves out those whose gradients overflowed, gradients are gathered over some batches) is told
//! so. Both outcomes would be in memory otherwise, and each number of parameters and slots be chosen from them.

use std::sync::Arc;

use crate::dtype::DType;
use crate::graph::{Graph, NodeKind};
use crate::ops::optimizer::Update;
use crate::ops::select::Where;
use crate::value::Out;

/// Hands updates the condition under which their results are taken instead of what they started from. The choices are left dead.
pub fn guard(mut graph: Graph) -> Graph {
    for i in 0..graph.nodes.len() as u32 {
        let Some(guarded) = graph.op_at::<Update>(i).and_then(Update::guarded) else { continue };
        let Some((condition, choices)) = choices(&graph, i, guarded.slots() + 1) else { continue };
        let node = &mut graph.nodes[i as usize];
        node.kind = NodeKind::Op(Arc::new(guarded));
        node.inputs.push(condition);
        graph.redirect(|out| choices.iter().position(|choice| *choice == out.node).map(|index| Out { node: i, index: index as u32 }));
    }
    graph
}

/// The condition that all results of an update are chosen by, and the nodes that choose: result or operand of the same number.
fn choices(graph: &Graph, update: u32, results: usize) -> Option<(Out, Vec<u32>)> {
    let mut found: Option<Out> = None;
    let mut choices = Vec::new();
    for index in 0..results {
        let result = Out { node: update, index: index as u32 };
        if graph.roots().any(|root| root == result) {
            return None;
        }
        let mut readers = (0..graph.nodes.len() as u32).filter(|j| graph.nodes[*j as usize].inputs.contains(&result));
        let (reader, None) = (readers.next()?, readers.next()) else { return None };
        graph.op_at::<Where>(reader)?;
        let [condition, new, old] = graph.nodes[reader as usize].inputs[..] else { return None };
        let same = found.is_none_or(|found| found == condition);
        if !same || new != result || old != graph.nodes[update as usize].inputs[index] || condition.node >= update {
            return None;
        }
        let spec = graph.spec(condition);
        if spec.rank() != 0 || spec.dtype != DType::Bool {
            return None;
        }
        found = Some(condition);
        choices.push(reader);
    }
    Some((found?, choices))
}
