//! Ops of float32 between layers of bfloat16 (norms, recurrent layers) read and write it themselves; the casts around them are left dead.
//!
//! They compute in float32 all the same, with parameters and states of float32: results are the same to the bit.

use smallvec::SmallVec;

use crate::dtype::DType;
use crate::graph::{Graph, NodeKind};
use crate::ops::cast::Cast;
use crate::value::Out;

/// Puts ops before the casts of their operands and behind those of their results, where all of those that their traits name are cast.
pub fn leave_casts_out(mut graph: Graph) -> Graph {
    for i in 0..graph.nodes.len() as u32 {
        let NodeKind::Op(op) = &graph.nodes[i as usize].kind else { continue };
        let (operands, results) = op.traits().brain_beside;
        if let Some((sources, casts)) = casts_around(&graph, i, operands, results) {
            let node = &mut graph.nodes[i as usize];
            for (position, source) in sources {
                node.inputs[position] = source;
            }
            for index in bits(results) {
                node.outputs[index] = node.outputs[index].with_dtype(DType::BF16);
            }
            graph.redirect(|out| casts.iter().find(|(cast, _)| *cast == out.node).map(|(_, result)| *result));
        }
    }
    graph
}

fn bits(of: u32) -> impl Iterator<Item = usize> {
    (0..32).filter(move |i| of >> i & 1 == 1)
}

/// What operands were widened from, by position, and the nodes that round results with what they round; None unless all do.
type Around = (SmallVec<[(usize, Out); 2]>, SmallVec<[(u32, Out); 2]>);

fn casts_around(graph: &Graph, node: u32, operands: u32, results: u32) -> Option<Around> {
    if operands == 0 && results == 0 {
        return None;
    }
    let inputs = &graph.nodes[node as usize].inputs;
    let sources = bits(operands).map(|p| Some((p, widened(graph, inputs[p])?))).collect::<Option<_>>()?;
    let mut casts = SmallVec::new();
    for index in bits(results) {
        let result = Out { node, index: index as u32 };
        casts.extend(casts_of(graph, result)?.into_iter().map(|cast| (cast, result)));
    }
    Some((sources, casts))
}

/// The bfloat16 that a value of float32 was widened from.
fn widened(graph: &Graph, value: Out) -> Option<Out> {
    graph.op_at::<Cast>(value.node)?;
    let source = graph.nodes[value.node as usize].inputs[0];
    (graph.spec(value).dtype == DType::F32 && graph.spec(source).dtype == DType::BF16).then_some(source)
}

/// The nodes that read a value of float32, if there are any and all cast it to bfloat16.
fn casts_of(graph: &Graph, value: Out) -> Option<Vec<u32>> {
    if graph.spec(value).dtype != DType::F32 || graph.roots().any(|root| root == value) {
        return None;
    }
    let readers = (0..graph.nodes.len() as u32).filter(|i| graph.nodes[*i as usize].inputs.contains(&value));
    let casts: Option<Vec<u32>> = readers
        .map(|i| {
            let cast = graph.op_at::<Cast>(i).is_some() && graph.spec(Out { node: i, index: 0 }).dtype == DType::BF16;
            cast.then_some(i)
        })
        .collect();
    casts.filter(|casts| !casts.is_empty())
}
