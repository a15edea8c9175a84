//! Dead code: nodes that no root depends on. Arguments stay, their numbering is the caller's.

use crate::graph::{Graph, Node, NodeKind};
use crate::value::Out;

/// The graph without the nodes that its roots do not need.
pub fn eliminate(graph: &Graph) -> Graph {
    let mut live = vec![false; graph.nodes.len()];
    for root in graph.roots() {
        live[root.node as usize] = true;
    }
    for i in (0..graph.nodes.len()).rev() {
        let node = &graph.nodes[i];
        if live[i] {
            for input in &node.inputs {
                live[input.node as usize] = true;
            }
        }
    }
    let mut result = Graph { arg_count: graph.arg_count, ..Graph::default() };
    let mut renumbered = vec![u32::MAX; graph.nodes.len()];
    // Variables that are only read by dead nodes go too.
    let mut variables = vec![usize::MAX; graph.variables.len()];
    let mut keep_variable = |result: &mut Graph, i: usize| {
        if variables[i] == usize::MAX {
            variables[i] = result.variables.len();
            result.variables.push(graph.variables[i].clone());
        }
        variables[i]
    };
    for (i, node) in graph.nodes.iter().enumerate().filter(|(i, _)| live[*i]) {
        let kind = match &node.kind {
            NodeKind::State(v) => NodeKind::State(keep_variable(&mut result, *v)),
            other => other.clone(),
        };
        let inputs = node.inputs.iter().map(|o| Out { node: renumbered[o.node as usize], ..*o }).collect();
        renumbered[i] = result.nodes.len() as u32;
        result.nodes.push(Node { kind, inputs, ..node.clone() });
    }
    let place = |o: &Out| Out { node: renumbered[o.node as usize], ..*o };
    result.outputs = graph.outputs.iter().map(place).collect();
    let writes: Vec<_> = graph.writes.iter().map(|(v, o)| (*v, place(o))).collect();
    result.writes = writes.into_iter().map(|(v, o)| (keep_variable(&mut result, v), o)).collect();
    result
}
