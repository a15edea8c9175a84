//! Mutable state: a cell whose value ops read and assignments replace.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::ThreadId;

use crate::error::{Error, Result};
use crate::spec::Spec;
use crate::tape;
use crate::tensor::Tensor;
use crate::trace;
use crate::value::{Value, next_id};

enum State {
    Here(Value),
    /// A plan on this thread owns the block while it runs.
    Lent(ThreadId),
}

struct Cell {
    id: u64,
    spec: Spec,
    trainable: AtomicBool,
    state: Mutex<State>,
    returned: Condvar,
}

/// A shared handle to a variable.
#[derive(Clone)]
pub struct Variable {
    cell: Arc<Cell>,
}

impl Variable {
    pub fn new(initial: Tensor, trainable: bool) -> Self {
        let spec = initial.spec().clone();
        Self {
            cell: Arc::new(Cell {
                id: next_id(),
                spec,
                trainable: AtomicBool::new(trainable),
                state: Mutex::new(State::Here(Value::eager(initial))),
                returned: Condvar::new(),
            }),
        }
    }

    pub fn id(&self) -> u64 {
        self.cell.id
    }

    pub fn spec(&self) -> &Spec {
        &self.cell.spec
    }

    pub fn trainable(&self) -> bool {
        self.cell.trainable.load(Ordering::Relaxed)
    }

    pub fn set_trainable(&self, trainable: bool) {
        self.cell.trainable.store(trainable, Ordering::Relaxed);
    }

    /// The state, once no plan of another thread holds it.
    fn state(&self) -> Result<MutexGuard<'_, State>> {
        let mut guard = self.cell.state.lock().unwrap_or_else(PoisonError::into_inner);
        while let State::Lent(owner) = &*guard {
            if *owner == std::thread::current().id() {
                return Err(Error::value(
                    "a variable was used from inside the running step that is updating it (a signal handler?)",
                ));
            }
            guard = self.cell.returned.wait(guard).unwrap_or_else(PoisonError::into_inner);
        }
        Ok(guard)
    }

    /// The current value: a state node while a trace is on, else the numbers.
    pub fn read(&self) -> Result<Value> {
        let value = match trace::read_variable(self) {
            Some(traced) => traced,
            None => self.current()?,
        };
        tape::record_read(self, &value);
        Ok(value)
    }

    /// The numbers, whatever is being traced.
    pub fn current(&self) -> Result<Value> {
        match &*self.state()? {
            State::Here(value) => Ok(value.clone()),
            State::Lent(_) => Err(Error::internal("lent variable")),
        }
    }

    /// Replaces the value; inside a trace, the graph does so each time it runs.
    pub fn assign(&self, value: &Value) -> Result<()> {
        if *value.spec() != self.cell.spec {
            return Err(Error::value(format!(
                "cannot assign a {} value to a variable of {}",
                value.spec(),
                self.cell.spec
            )));
        }
        if trace::assign_variable(self, value)? {
            return Ok(());
        }
        // A fresh id: the tape must tell this value from the one before.
        let fresh = Value::eager(value.tensor()?.clone());
        *self.state()? = State::Here(fresh);
        Ok(())
    }

    /// Takes the value out for a plan to update in place; give it back with `restore`.
    pub(crate) fn lend(&self) -> Result<Tensor> {
        let mut state = self.state()?;
        match std::mem::replace(&mut *state, State::Lent(std::thread::current().id())) {
            State::Here(value) => value.into_tensor(),
            State::Lent(_) => Err(Error::internal("variable lent twice")),
        }
    }

    pub(crate) fn restore(&self, tensor: Tensor) {
        *self.cell.state.lock().unwrap_or_else(PoisonError::into_inner) = State::Here(Value::eager(tensor));
        self.cell.returned.notify_all();
    }
}
