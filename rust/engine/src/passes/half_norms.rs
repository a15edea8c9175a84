//! Normalisations between layers of 16-bit floats read and write these themselves; the casts around them are left dead.
//!
//! They compute in float32 all the same, with parameters and statistics of float32: results are the same to the bit.

use crate::dtype::DType;
use crate::graph::Graph;
use crate::ops::cast::Cast;
use crate::ops::norm::{BatchNorm, BatchNormGrad, LayerNorm, LayerNormGrad};
use crate::value::Out;

/// Puts normalisations before the casts of their operand and cotangent, and behind that of their result.
pub fn keep_halves(mut graph: Graph) -> Graph {
    for i in 0..graph.nodes.len() as u32 {
        let Some(positions) = in_halves(&graph, i) else { continue };
        let sources: Option<Vec<Out>> = positions.iter().map(|p| widened(&graph, graph.nodes[i as usize].inputs[*p])).collect();
        let Some(sources) = sources else { continue };
        let half = graph.spec(sources[0]).dtype;
        if sources.iter().any(|s| graph.spec(*s).dtype != half) {
            continue;
        }
        let result = Out { node: i, index: 0 };
        let Some(casts) = casts_of(&graph, result, half) else { continue };
        let node = &mut graph.nodes[i as usize];
        for (position, source) in positions.iter().zip(sources) {
            node.inputs[*position] = source;
        }
        node.outputs[0] = node.outputs[0].with_dtype(half);
        let behind = |out: &mut Out| {
            if casts.contains(&out.node) {
                *out = result;
            }
        };
        graph.nodes.iter_mut().flat_map(|n| n.inputs.iter_mut()).for_each(behind);
        graph.outputs.iter_mut().for_each(behind);
        graph.writes.iter_mut().for_each(|(_, out)| behind(out));
    }
    graph
}

/// Which operands of a normalisation may be halves, as its first result then is.
fn in_halves(graph: &Graph, node: u32) -> Option<&'static [usize]> {
    if graph.op_at::<BatchNorm>(node).is_some() || graph.op_at::<LayerNorm>(node).is_some() {
        Some(&[0])
    } else if graph.op_at::<BatchNormGrad>(node).is_some() || graph.op_at::<LayerNormGrad>(node).is_some() {
        Some(&[0, 4])
    } else {
        None
    }
}

/// The halves that a value of float32 was widened from.
fn widened(graph: &Graph, value: Out) -> Option<Out> {
    graph.op_at::<Cast>(value.node)?;
    let source = graph.nodes[value.node as usize].inputs[0];
    (graph.spec(value).dtype == DType::F32 && graph.spec(source).dtype == DType::BF16).then_some(source)
}

/// The nodes that read a value, if all of them cast it to this dtype.
fn casts_of(graph: &Graph, value: Out, dtype: DType) -> Option<Vec<u32>> {
    if graph.roots().any(|root| root == value) {
        return None;
    }
    let readers = (0..graph.nodes.len() as u32).filter(|i| graph.nodes[*i as usize].inputs.contains(&value));
    readers
        .map(|i| {
            let cast = graph.op_at::<Cast>(i).is_some() && graph.spec(Out { node: i, index: 0 }).dtype == dtype;
            cast.then_some(i)
        })
        .collect()
}
