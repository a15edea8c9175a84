//! What ops take and give: a tensor with numbers, or a node of a graph that will have them.

use std::sync::atomic::{AtomicU64, Ordering};

use crate::error::{Error, Result};
use crate::spec::{ShapeText, Spec};
use crate::tensor::Tensor;

/// Names a value for as long as the process lives; the tape and the tracer speak of values by id.
pub type ValueId = u64;

/// A fresh id.
pub fn next_id() -> ValueId {
    static NEXT: AtomicU64 = AtomicU64::new(1);
    NEXT.fetch_add(1, Ordering::Relaxed)
}

/// One output of one node.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, PartialOrd, Ord)]
pub struct Out {
    pub node: u32,
    pub index: u32,
}

/// Where a value's numbers are.
#[derive(Clone)]
pub enum Kind {
    Eager(Tensor),
    /// Output of a node in the graph of tracer number `tracer`.
    Traced { tracer: u64, out: Out },
    /// Only spec and id are kept: the tape let go of the numbers, as no derivative reads them.
    Forgotten,
}

/// An operand or result.
#[derive(Clone)]
pub struct Value {
    id: ValueId,
    spec: Spec,
    kind: Kind,
}

impl Value {
    pub fn eager(tensor: Tensor) -> Self {
        Self { id: next_id(), spec: tensor.spec().clone(), kind: Kind::Eager(tensor) }
    }

    pub fn traced(id: ValueId, spec: Spec, tracer: u64, out: Out) -> Self {
        Self { id, spec, kind: Kind::Traced { tracer, out } }
    }

    pub fn id(&self) -> ValueId {
        self.id
    }

    pub fn spec(&self) -> &Spec {
        &self.spec
    }

    pub fn kind(&self) -> &Kind {
        &self.kind
    }

    pub fn is_traced(&self) -> bool {
        matches!(self.kind, Kind::Traced { .. })
    }

    /// The numbers, or an error that says why there are none yet.
    pub fn tensor(&self) -> Result<&Tensor> {
        match &self.kind {
            Kind::Eager(t) => Ok(t),
            Kind::Traced { .. } => Err(Error::Traced(format!(
                "the numbers of a traced {} value of shape {} were asked for, but inside a compiled function or \
                 training step there are none yet; use rkeras.ops (ops.where, ops.cond) instead of Python control \
                 flow on them, or run_eagerly=True",
                self.spec.dtype,
                ShapeText(&self.spec.shape)
            ))),
            Kind::Forgotten => Err(Error::internal("a derivative reads a value that its op declared unread")),
        }
    }

    /// The numbers, without keeping the value.
    pub fn into_tensor(self) -> Result<Tensor> {
        match self.kind {
            Kind::Eager(t) => Ok(t),
            _ => self.tensor().cloned(),
        }
    }

    /// Id and spec without the numbers.
    pub fn forget(&self) -> Self {
        Self { id: self.id, spec: self.spec.clone(), kind: Kind::Forgotten }
    }
}

impl From<Tensor> for Value {
    fn from(tensor: Tensor) -> Self {
        Self::eager(tensor)
    }
}
