//! A tensor program as data: nodes in the order they were applied, which is a topological order.

use std::any::Any;
use std::fmt;
use std::sync::Arc;

use smallvec::SmallVec;

use crate::op::Op;
use crate::scope;
use crate::spec::Spec;
use crate::tensor::Tensor;
use crate::value::{Out, ValueId, next_id};
use crate::variable::Variable;

/// What a node is.
#[derive(Clone)]
pub enum NodeKind {
    /// The n-th argument of the program.
    Arg(usize),
    /// The value of the n-th variable when the program starts.
    State(usize),
    Const(Tensor),
    Op(Arc<dyn Op>),
}

/// One node; its outputs have consecutive value ids from `first_id`.
#[derive(Clone)]
pub struct Node {
    pub kind: NodeKind,
    pub inputs: SmallVec<[Out; 4]>,
    pub outputs: SmallVec<[Spec; 1]>,
    pub first_id: ValueId,
    /// The layer that it was added for.
    pub scope: Option<Arc<str>>,
}

/// A program: nodes, what it returns, and which variables it assigns.
#[derive(Clone, Default)]
pub struct Graph {
    pub nodes: Vec<Node>,
    pub arg_count: usize,
    pub variables: Vec<Variable>,
    pub outputs: Vec<Out>,
    /// (variable, its new value), at most one for each variable.
    pub writes: Vec<(usize, Out)>,
}

impl Graph {
    pub fn push(&mut self, kind: NodeKind, inputs: SmallVec<[Out; 4]>, outputs: SmallVec<[Spec; 1]>) -> u32 {
        let first_id = next_id();
        for _ in 1..outputs.len() {
            next_id();
        }
        self.nodes.push(Node { kind, inputs, outputs, first_id, scope: scope::current() });
        (self.nodes.len() - 1) as u32
    }

    pub fn spec(&self, out: Out) -> &Spec {
        &self.nodes[out.node as usize].outputs[out.index as usize]
    }

    /// The op of a node, if it is one of this kind.
    pub fn op_at<T: Op>(&self, node: u32) -> Option<&T> {
        match &self.nodes[node as usize].kind {
            NodeKind::Op(op) => (op.as_ref() as &dyn Any).downcast_ref::<T>(),
            _ => None,
        }
    }

    /// Where the program's results come from: outputs and assignments.
    pub fn roots(&self) -> impl Iterator<Item = Out> + '_ {
        self.outputs.iter().copied().chain(self.writes.iter().map(|w| w.1))
    }

    /// Replaces what is read, roots included, by what `instead` gives for it.
    pub fn redirect(&mut self, instead: impl Fn(Out) -> Option<Out>) {
        let outs = self.nodes.iter_mut().flat_map(|n| n.inputs.iter_mut());
        let roots = self.outputs.iter_mut().chain(self.writes.iter_mut().map(|w| &mut w.1));
        for out in outs.chain(roots) {
            *out = instead(*out).unwrap_or(*out);
        }
    }

    /// How often each output of each node is used, roots included.
    pub fn use_counts(&self) -> Vec<SmallVec<[u32; 2]>> {
        let mut counts: Vec<SmallVec<[u32; 2]>> =
            self.nodes.iter().map(|n| SmallVec::from_elem(0, n.outputs.len())).collect();
        for out in self.nodes.iter().flat_map(|n| n.inputs.iter().copied()).chain(self.roots()) {
            counts[out.node as usize][out.index as usize] += 1;
        }
        counts
    }
}

impl fmt::Display for Graph {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (i, node) in self.nodes.iter().enumerate() {
            let specs: Vec<String> = node.outputs.iter().map(ToString::to_string).collect();
            write!(f, "%{i}: {} = ", specs.join(", "))?;
            match &node.kind {
                NodeKind::Arg(n) => write!(f, "argument {n}")?,
                NodeKind::State(n) => write!(f, "variable {n}")?,
                NodeKind::Const(_) => write!(f, "constant")?,
                NodeKind::Op(op) => {
                    let inputs: Vec<String> = node
                        .inputs
                        .iter()
                        .map(|o| if o.index == 0 { format!("%{}", o.node) } else { format!("%{}.{}", o.node, o.index) })
                        .collect();
                    write!(f, "{}({})  {:?}", op.name(), inputs.join(", "), op)?;
                }
            }
            writeln!(f)?;
        }
        for out in &self.outputs {
            writeln!(f, "return %{}.{}", out.node, out.index)?;
        }
        for (variable, out) in &self.writes {
            writeln!(f, "variable {variable} := %{}.{}", out.node, out.index)?;
        }
        Ok(())
    }
}
