//! From graph to plan: which bytes each value lives in, and the list of kernel calls.
//!
//! Values live in one arena, placed by first and last use; variables that a program assigns are updated in
//! their own block where no later step reads the old value. After planning, a run allocates only results.

use std::fmt;
use std::sync::{Arc, Mutex};

use smallvec::SmallVec;

use rkeras_kernels::regions::Place;

use crate::graph::{Graph, NodeKind};
use crate::op::Op;
use crate::placement::{ARENA, Planner, separate_swapped_variables};
use crate::spec::Spec;
use crate::tensor::Tensor;
use crate::value::next_id;
use crate::variable::Variable;

/// One kernel call.
pub(crate) struct Step {
    pub op: Arc<dyn Op>,
    pub inputs: SmallVec<[(Place, Spec); 4]>,
    /// For inputs that share a block with an output: which output.
    pub in_output: SmallVec<[Option<usize>; 4]>,
    /// `None` for an output that nobody reads.
    pub outputs: SmallVec<[(Option<Place>, Spec); 2]>,
    pub scratch: Place,
    /// The layer that the call is for.
    pub scope: Option<Arc<str>>,
}

/// An executable program for one set of argument shapes.
pub struct Plan {
    /// Unique for the life of the process.
    pub(crate) serial: u64,
    pub(crate) steps: Vec<Step>,
    pub(crate) args: Vec<Option<Spec>>,
    pub(crate) constants: Vec<Tensor>,
    pub(crate) variables: Vec<Variable>,
    pub(crate) written: Vec<bool>,
    /// Copies (from, to) after the last step: variables that could not be updated in place.
    pub(crate) copies: Vec<(Place, Place)>,
    pub(crate) outputs: Vec<(Place, Spec)>,
    /// Index of the first step that writes to a variable: before it, a run can be given up without harm.
    pub(crate) first_write: usize,
    pub(crate) arena_len: usize,
    pub(crate) arenas: Mutex<Vec<rkeras_kernels::memory::Buffer>>,
    pub(crate) graph: Graph,
}

impl Plan {
    /// Lays out an optimised graph.
    pub fn new(mut graph: Graph) -> Self {
        separate_swapped_variables(&mut graph);
        let mut args: Vec<Option<Spec>> = vec![None; graph.arg_count];
        let mut constants = Vec::new();
        for node in &graph.nodes {
            match &node.kind {
                NodeKind::Arg(n) => args[*n] = Some(node.outputs[0].clone()),
                NodeKind::Const(t) => constants.push(t.clone()),
                _ => {}
            }
        }
        let first_constant = 1 + graph.arg_count as u32;
        let first_variable = first_constant + constants.len() as u32;
        let mut planner = Planner::new(&graph, first_variable);
        let mut steps = Vec::new();
        let mut first_write = usize::MAX;
        let mut constant = 0;
        for (i, node) in graph.nodes.iter().enumerate() {
            let whole = |region: u32| Place { region, offset: 0, len: node.outputs[0].bytes() };
            match &node.kind {
                NodeKind::Arg(n) => planner.places[i][0] = Some(whole(1 + *n as u32)),
                NodeKind::State(v) => planner.places[i][0] = Some(planner.variable_place(*v)),
                NodeKind::Const(_) => {
                    planner.places[i][0] = Some(whole(first_constant + constant));
                    constant += 1;
                }
                NodeKind::Op(op) if op.traits().view => {}
                NodeKind::Op(op) => {
                    let specs: SmallVec<[Spec; 4]> = node.inputs.iter().map(|o| graph.spec(*o).clone()).collect();
                    let inputs = node
                        .inputs
                        .iter()
                        .zip(&specs)
                        .map(|(o, s)| (planner.place(*o).expect("operands are placed before their readers"), s.clone()))
                        .collect();
                    let in_output = planner.place_outputs(i, op.as_ref());
                    let scratch_len = op.scratch(&specs);
                    let scratch = if scratch_len == 0 {
                        Place { region: ARENA, offset: 0, len: 0 }
                    } else {
                        planner.arena.place(i, i, scratch_len)
                    };
                    let outputs: SmallVec<[(Option<Place>, Spec); 2]> =
                        planner.places[i].iter().copied().zip(node.outputs.iter().cloned()).collect();
                    if outputs.iter().flat_map(|o| o.0).any(|p| p.region >= first_variable) {
                        first_write = first_write.min(steps.len());
                    }
                    steps.push(Step { op: op.clone(), inputs, in_output, outputs, scratch, scope: node.scope.clone() });
                }
            }
        }
        let copies = graph
            .writes
            .iter()
            .filter(|(v, _)| !planner.done[*v])
            .map(|(v, o)| (planner.place(*o).expect("assigned values are placed"), planner.variable_place(*v)))
            .collect();
        let outputs = graph
            .outputs
            .iter()
            .map(|o| (planner.place(*o).expect("results are placed"), graph.spec(*o).clone()))
            .collect();
        let mut written = vec![false; graph.variables.len()];
        for (v, _) in &graph.writes {
            written[*v] = true;
        }
        Self {
            serial: next_id(),
            steps,
            args,
            constants,
            variables: graph.variables.clone(),
            written,
            copies,
            outputs,
            first_write,
            arena_len: planner.arena.len,
            arenas: Mutex::new(Vec::new()),
            graph,
        }
    }

    /// Index of the first variable's region.
    pub(crate) fn first_variable(&self) -> usize {
        1 + self.args.len() + self.constants.len()
    }

    /// Number of kernel calls.
    pub fn step_count(&self) -> usize {
        self.steps.len()
    }

    /// Bytes of the arena.
    pub fn arena_bytes(&self) -> usize {
        self.arena_len
    }

    /// Bytes of result `i`.
    pub fn output_bytes(&self, i: usize) -> usize {
        self.outputs[i].1.bytes()
    }

    /// Specs of the results.
    pub fn output_specs(&self) -> impl Iterator<Item = &Spec> {
        self.outputs.iter().map(|o| &o.1)
    }

    /// The graph that the plan runs.
    pub fn graph(&self) -> &Graph {
        &self.graph
    }
}

impl fmt::Display for Plan {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let spot = |p: &Place| match p.region {
            ARENA => format!("arena+{}", p.offset),
            r if (r as usize) <= self.args.len() => format!("argument {}", r - 1),
            r if (r as usize) <= self.args.len() + self.constants.len() => {
                format!("constant {}", r as usize - 1 - self.args.len())
            }
            r => format!("variable {}", r as usize - 1 - self.args.len() - self.constants.len()),
        };
        writeln!(f, "{} steps, arena of {} bytes", self.steps.len(), self.arena_len)?;
        for (i, step) in self.steps.iter().enumerate() {
            let ins: Vec<_> = step.inputs.iter().map(|(p, s)| format!("{s}@{}", spot(p))).collect();
            let outs: Vec<_> = step
                .outputs
                .iter()
                .map(|(p, s)| p.as_ref().map_or_else(|| "unused".to_string(), |p| format!("{s}@{}", spot(p))))
                .collect();
            writeln!(f, "{i:4} {:24} {} -> {}  {:?}", step.op.name(), ins.join(", "), outs.join(", "), step.op)?;
        }
        for (from, to) in &self.copies {
            writeln!(f, "     copy {} -> {}", spot(from), spot(to))?;
        }
        Ok(())
    }
}
