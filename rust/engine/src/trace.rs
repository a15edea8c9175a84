//! Turning a run of ops into a graph: equal nodes are shared. Operations on constants need no folding
//! pass: they have no traced operand, so they have run at once by the time a node could hold them.

use std::cell::RefCell;
use std::sync::Arc;

use rustc_hash::FxHashMap;
use smallvec::{SmallVec, smallvec};

use crate::error::{Error, Result};
use crate::graph::{Graph, NodeKind};
use crate::op::Op;
use crate::spec::Spec;
use crate::value::{Kind, Out, Value, ValueId, next_id};
use crate::variable::Variable;

struct Tracer {
    id: u64,
    graph: Graph,
    /// Nodes by what they compute.
    known: FxHashMap<(String, SmallVec<[Out; 4]>), u32>,
    /// Constant nodes by the id of the eager value they hold.
    constants: FxHashMap<ValueId, u32>,
    /// Index of each variable seen, by its id.
    variables: FxHashMap<u64, usize>,
    /// What each variable holds at this point of the program.
    current: Vec<Value>,
    written: Vec<bool>,
}

thread_local! {
    /// Innermost last; `None` marks a region that runs eagerly although a trace is on (building layers).
    static STACK: RefCell<Vec<Option<Tracer>>> = const { RefCell::new(Vec::new()) };
}

fn with_tracer<R>(id: u64, f: impl FnOnce(&mut Tracer) -> Result<R>) -> Result<R> {
    STACK.with(|s| {
        let mut stack = s.borrow_mut();
        match stack.iter_mut().flatten().rev().find(|t| t.id == id) {
            Some(tracer) => f(tracer),
            None => Err(Error::Traced(
                "a value that was traced in another function, or whose trace has ended, was used; return it from \
                 the traced function, or keep it in a Variable"
                    .to_string(),
            )),
        }
    })
}

/// Begins a trace on this thread and returns its number.
pub fn begin() -> u64 {
    let id = next_id();
    let tracer = Tracer {
        id,
        graph: Graph::default(),
        known: FxHashMap::default(),
        constants: FxHashMap::default(),
        variables: FxHashMap::default(),
        current: Vec::new(),
        written: Vec::new(),
    };
    STACK.with(|s| s.borrow_mut().push(Some(tracer)));
    id
}

/// A new argument of the program being traced.
pub fn argument(id: u64, spec: Spec) -> Result<Value> {
    with_tracer(id, |t| {
        let n = t.graph.arg_count;
        t.graph.arg_count += 1;
        Ok(t.node_value(NodeKind::Arg(n), spec))
    })
}

/// Ends a trace: its graph returns `outputs`.
pub fn finish(id: u64, outputs: &[Value]) -> Result<Graph> {
    let outs = outputs.iter().map(|v| with_tracer(id, |t| t.operand(v))).collect::<Result<Vec<_>>>();
    let tracer = abandon(id);
    let (mut tracer, outs) = (tracer?, outs?);
    for i in 0..tracer.current.len() {
        if tracer.written[i] {
            let value = tracer.current[i].clone();
            let out = tracer.operand(&value)?;
            tracer.graph.writes.push((i, out));
        }
    }
    tracer.graph.outputs = outs;
    Ok(tracer.graph)
}

/// Drops a trace (the traced function raised).
fn abandon(id: u64) -> Result<Tracer> {
    STACK.with(|s| {
        let mut stack = s.borrow_mut();
        let i = stack
            .iter()
            .rposition(|t| t.as_ref().is_some_and(|t| t.id == id))
            .ok_or_else(|| Error::internal("a trace was ended twice"))?;
        stack.remove(i).ok_or_else(|| Error::internal("a trace was ended inside an eager region"))
    })
}

/// Drops a trace without a graph.
pub fn cancel(id: u64) {
    // Already gone if the trace failed while finishing.
    let _ = abandon(id);
}

/// True if an op on a variable would be traced now.
pub fn active() -> bool {
    STACK.with(|s| matches!(s.borrow().last(), Some(Some(_))))
}

/// Begins a region in which variables are read and assigned at once although a trace is on.
pub fn suspend() {
    STACK.with(|s| s.borrow_mut().push(None));
}

/// Ends the region begun by `suspend`.
pub fn resume() {
    STACK.with(|s| {
        let mut stack = s.borrow_mut();
        if let Some(i) = stack.iter().rposition(Option::is_none) {
            stack.remove(i);
        }
    });
}

fn with_innermost<R>(f: impl FnOnce(&mut Tracer) -> R) -> Option<R> {
    STACK.with(|s| s.borrow_mut().last_mut().and_then(Option::as_mut).map(f))
}

/// The variable's value at this point of the innermost trace; `None` if nothing is traced.
pub(crate) fn read_variable(variable: &Variable) -> Option<Value> {
    with_innermost(|t| {
        let i = t.variable(variable);
        t.current[i].clone()
    })
}

/// Notes an assignment in the innermost trace; false if nothing is traced.
pub(crate) fn assign_variable(variable: &Variable, value: &Value) -> Result<bool> {
    match with_innermost(|t| {
        // A value of another trace is refused here, not when the graph is finished.
        t.operand(value)?;
        let i = t.variable(variable);
        t.current[i] = value.clone();
        t.written[i] = true;
        Ok(())
    }) {
        None => Ok(false),
        Some(result) => result.map(|()| true),
    }
}

/// Adds a node for `op`, or finds the equal one that is there.
pub(crate) fn append(op: &Arc<dyn Op>, inputs: &[Value], specs: Vec<Spec>) -> Result<Vec<Value>> {
    let tracer_id = inputs
        .iter()
        .find_map(|v| if let Kind::Traced { tracer, .. } = v.kind() { Some(*tracer) } else { None })
        .ok_or_else(|| Error::internal("no traced operand"))?;
    for spec in &specs {
        spec.check_size()?;
    }
    with_tracer(tracer_id, |t| {
        let operands = inputs.iter().map(|v| t.operand(v)).collect::<Result<SmallVec<[Out; 4]>>>()?;
        let key = (format!("{}{op:?}", op.name()), operands.clone());
        let node = match t.known.get(&key) {
            Some(node) => *node,
            None => {
                let node = t.graph.push(NodeKind::Op(op.clone()), operands, SmallVec::from_vec(specs));
                t.known.insert(key, node);
                node
            }
        };
        Ok(t.values(node))
    })
}

impl Tracer {
    fn node_value(&mut self, kind: NodeKind, spec: Spec) -> Value {
        let node = self.graph.push(kind, SmallVec::new(), smallvec![spec]);
        self.values(node).remove(0)
    }

    fn values(&self, node: u32) -> Vec<Value> {
        let n = &self.graph.nodes[node as usize];
        (0..n.outputs.len())
            .map(|i| {
                let out = Out { node, index: i as u32 };
                Value::traced(n.first_id + i as u64, n.outputs[i].clone(), self.id, out)
            })
            .collect()
    }

    fn variable(&mut self, variable: &Variable) -> usize {
        if let Some(i) = self.variables.get(&variable.id()) {
            return *i;
        }
        let i = self.graph.variables.len();
        self.graph.variables.push(variable.clone());
        self.variables.insert(variable.id(), i);
        let value = self.node_value(NodeKind::State(i), variable.spec().clone());
        self.current.push(value);
        self.written.push(false);
        i
    }

    /// The place of an operand in this graph; an eager value becomes a constant.
    fn operand(&mut self, value: &Value) -> Result<Out> {
        match value.kind() {
            Kind::Traced { tracer, out } if *tracer == self.id => Ok(*out),
            Kind::Traced { .. } => Err(Error::Traced(
                "values of two traces were mixed; pass the outer one to the inner function as an argument".to_string(),
            )),
            Kind::Eager(tensor) => {
                let node = match self.constants.get(&value.id()) {
                    Some(node) => *node,
                    None => {
                        let kind = NodeKind::Const(tensor.clone());
                        let node = self.graph.push(kind, SmallVec::new(), smallvec![value.spec().clone()]);
                        self.constants.insert(value.id(), node);
                        node
                    }
                };
                Ok(Out { node, index: 0 })
            }
            Kind::Forgotten => Err(Error::internal("a forgotten value in a trace")),
        }
    }
}
