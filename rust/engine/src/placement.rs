//! Which bytes each value of a graph lives in: one arena by first and last use, variables updated in place.

use std::sync::Arc;

use smallvec::SmallVec;

use rkeras_kernels::memory::ALIGN;
use rkeras_kernels::regions::Place;

use crate::graph::{Graph, NodeKind};
use crate::op::Op;
use crate::value::Out;

/// Regions of a run, in this order: arena, then arguments, constants, variables.
pub(crate) const ARENA: u32 = 0;

/// Where a value's storage begins: views share that of their source.
fn storage_roots(graph: &Graph) -> Vec<SmallVec<[Out; 1]>> {
    let mut roots: Vec<SmallVec<[Out; 1]>> = Vec::with_capacity(graph.nodes.len());
    for (i, node) in graph.nodes.iter().enumerate() {
        let own = |index: usize| Out { node: i as u32, index: index as u32 };
        roots.push(match &node.kind {
            NodeKind::Op(op) if op.traits().view => {
                let source = node.inputs[0];
                SmallVec::from_elem(roots[source.node as usize][source.index as usize], 1)
            }
            _ => (0..node.outputs.len()).map(own).collect(),
        });
    }
    roots
}

/// A variable that takes another variable's old value gets a copy made before that one is overwritten.
pub(crate) fn separate_swapped_variables(graph: &mut Graph) {
    let roots = storage_roots(graph);
    let source = |out: Out| {
        let root = roots[out.node as usize][out.index as usize];
        match graph.nodes[root.node as usize].kind {
            NodeKind::State(v) => Some(v),
            _ => None,
        }
    };
    let writes: Vec<(usize, Out, Option<usize>)> = graph.writes.iter().map(|(v, o)| (*v, *o, source(*o))).collect();
    graph.writes.clear();
    for (variable, out, from) in writes {
        if from == Some(variable) {
            continue;
        }
        let out = if from.is_some() {
            let spec = graph.spec(out).clone();
            let kind = NodeKind::Op(Arc::new(crate::ops::shape::CopyOf));
            let node = graph.push(kind, SmallVec::from_slice(&[out]), SmallVec::from_elem(spec, 1));
            Out { node, index: 0 }
        } else {
            out
        };
        graph.writes.push((variable, out));
    }
}

/// Best-fit placement of intervals in an arena.
pub(crate) struct Arena {
    /// (offset, length, last step that uses it), sorted by offset.
    taken: Vec<(usize, usize, usize)>,
    pub len: usize,
}

impl Arena {
    pub fn place(&mut self, step: usize, last: usize, bytes: usize) -> Place {
        self.taken.retain(|t| t.2 >= step);
        let len = bytes.div_ceil(ALIGN).max(1) * ALIGN;
        // The smallest gap that fits keeps large gaps for large values.
        let mut best: Option<(usize, usize)> = None;
        let mut end = 0;
        for t in &self.taken {
            if t.0 > end && t.0 - end >= len && best.is_none_or(|b| t.0 - end < b.1) {
                best = Some((end, t.0 - end));
            }
            end = end.max(t.0 + t.1);
        }
        let offset = best.map_or(end, |b| b.0);
        let at = self.taken.partition_point(|t| t.0 < offset);
        self.taken.insert(at, (offset, len, last));
        self.len = self.len.max(offset + len);
        Place { region: ARENA, offset, len: bytes }
    }

    /// A value takes over the block at `offset`: it now lives until `last`.
    fn extend(&mut self, offset: usize, last: usize) {
        if let Some(t) = self.taken.iter_mut().find(|t| t.0 == offset) {
            t.2 = t.2.max(last);
        }
    }
}

pub(crate) struct Planner<'g> {
    graph: &'g Graph,
    roots: Vec<SmallVec<[Out; 1]>>,
    /// Last node that reads the storage of each root output.
    last_use: Vec<SmallVec<[usize; 1]>>,
    used: Vec<SmallVec<[bool; 1]>>,
    pub places: Vec<SmallVec<[Option<Place>; 1]>>,
    pub arena: Arena,
    first_variable_region: u32,
    /// Variables whose block already holds the new value.
    pub done: Vec<bool>,
}

impl<'g> Planner<'g> {
    pub fn new(graph: &'g Graph, first_variable_region: u32) -> Self {
        let roots = storage_roots(graph);
        let shape = |n: &crate::graph::Node| n.outputs.len();
        let mut last_use: Vec<SmallVec<[usize; 1]>> =
            graph.nodes.iter().enumerate().map(|(i, n)| SmallVec::from_elem(i, shape(n))).collect();
        let mut used: Vec<SmallVec<[bool; 1]>> =
            graph.nodes.iter().map(|n| SmallVec::from_elem(false, shape(n))).collect();
        let mut mark = |out: Out, at: usize| {
            let root = roots[out.node as usize][out.index as usize];
            let slot = &mut last_use[root.node as usize][root.index as usize];
            *slot = (*slot).max(at);
            used[root.node as usize][root.index as usize] = true;
        };
        for (i, node) in graph.nodes.iter().enumerate() {
            for input in &node.inputs {
                mark(*input, i);
            }
        }
        for out in graph.roots() {
            mark(out, usize::MAX);
        }
        let places = graph.nodes.iter().map(|n| SmallVec::from_elem(None, shape(n))).collect();
        let done = vec![false; graph.variables.len()];
        let arena = Arena { taken: Vec::new(), len: 0 };
        Self { graph, roots, last_use, used, places, arena, first_variable_region, done }
    }

    fn root(&self, out: Out) -> Out {
        self.roots[out.node as usize][out.index as usize]
    }

    pub fn place(&self, out: Out) -> Option<Place> {
        let root = self.root(out);
        self.places[root.node as usize][root.index as usize]
    }

    fn last(&self, out: Out) -> usize {
        let root = self.root(out);
        self.last_use[root.node as usize][root.index as usize]
    }

    pub fn variable_place(&self, variable: usize) -> Place {
        let len = self.graph.variables[variable].spec().bytes();
        Place { region: self.first_variable_region + variable as u32, offset: 0, len }
    }

    /// The node that holds the old value of a variable, if the program reads it.
    fn state_node(&self, variable: usize) -> Option<usize> {
        self.graph.nodes.iter().position(|n| matches!(n.kind, NodeKind::State(v) if v == variable))
    }

    /// The variable whose new value is output `out`, if its block may be written at node `i`.
    fn writable_variable(&self, out: Out, i: usize) -> Option<usize> {
        let (variable, _) = self.graph.writes.iter().find(|(v, o)| *o == out && !self.done[*v])?;
        let old_value_dead = self
            .state_node(*variable)
            .is_none_or(|s| self.last_use[s][0] < i);
        old_value_dead.then_some(*variable)
    }

    /// Places the outputs of node `i` and tells which inputs they replaced.
    pub fn place_outputs(&mut self, i: usize, op: &dyn Op) -> SmallVec<[Option<usize>; 4]> {
        let node = &self.graph.nodes[i];
        let mut in_output: SmallVec<[Option<usize>; 4]> = SmallVec::from_elem(None, node.inputs.len());
        for index in 0..node.outputs.len() {
            let out = Out { node: i as u32, index: index as u32 };
            if !self.used[i][index] && op.traits().skips_unused {
                continue;
            }
            let last = self.last_use[i][index];
            let bytes = node.outputs[index].bytes();
            let mut place = None;
            for &(_, input) in op.traits().in_place.iter().filter(|(o, _)| *o == index) {
                if let Some(p) = self.in_place(i, out, input, &in_output) {
                    in_output[input] = Some(index);
                    place = Some(p);
                    break;
                }
            }
            if place.is_none()
                && let Some(v) = self.writable_variable(out, i)
            {
                self.done[v] = true;
                place = Some(self.variable_place(v));
            }
            let place = place.unwrap_or_else(|| self.arena.place(i, last, bytes));
            if place.region == ARENA {
                self.arena.extend(place.offset, last);
            }
            self.places[i][index] = Some(place);
        }
        in_output
    }

    /// The block of `input`, if node `i` is its last reader and `out` may take it over.
    fn in_place(&mut self, i: usize, out: Out, input: usize, taken: &[Option<usize>]) -> Option<Place> {
        let node = &self.graph.nodes[i];
        let source = node.inputs[input];
        let place = self.place(source)?;
        let read_elsewhere_here =
            node.inputs.iter().enumerate().any(|(k, o)| k != input && self.root(*o) == self.root(source));
        if self.last(source) != i
            || place.len != node.outputs[out.index as usize].bytes()
            || read_elsewhere_here
            || taken[input].is_some()
        {
            return None;
        }
        let root = self.root(source);
        match self.graph.nodes[root.node as usize].kind {
            NodeKind::State(v) => {
                let writes_it = self.graph.writes.iter().any(|(w, o)| *w == v && *o == out) && !self.done[v];
                writes_it.then(|| {
                    self.done[v] = true;
                    place
                })
            }
            NodeKind::Op(_) if place.region == ARENA => Some(place),
            _ => None,
        }
    }
}
