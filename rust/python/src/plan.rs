//! Tracing and running compiled functions, and the loop over the batches of a data set.

use std::time::{Duration, Instant};

use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;

use rkeras_engine::dtype::DType;
use rkeras_engine::error::Error;
use rkeras_engine::feed::{Feed, Rows};
use rkeras_engine::passes;
use rkeras_engine::plan::Plan;
use rkeras_engine::run::Session;
use rkeras_engine::spec::Spec;
use rkeras_engine::tensor::Tensor;
use rkeras_engine::trace;
use rkeras_kernels::parallel;

use crate::array;
use crate::door::{self, SignalCheck, raise};
use crate::operand::convert;
use crate::tensor::PyTensor;

/// True if ops on variables are being traced on this thread.
#[pyfunction]
pub fn trace_active() -> bool {
    trace::active()
}

/// Begins a region that runs at once although a trace is on (building layers).
#[pyfunction]
pub fn suspend_trace() {
    trace::suspend();
}

/// Ends the region begun by `suspend_trace`.
#[pyfunction]
pub fn resume_trace() {
    trace::resume();
}

/// A trace in progress on this thread.
#[pyclass(name = "Trace", module = "rkeras._engine", frozen)]
pub struct PyTrace {
    id: u64,
}

#[pymethods]
impl PyTrace {
    #[new]
    fn new() -> Self {
        Self { id: trace::begin() }
    }

    /// A new argument of the traced program.
    fn argument(&self, shape: Vec<usize>, dtype: &str) -> PyResult<PyTensor> {
        let dtype = DType::parse(dtype).map_err(raise)?;
        let value = trace::argument(self.id, Spec::new(dtype, &shape)).map_err(raise)?;
        Ok(PyTensor::new(value))
    }

    /// Ends the trace and compiles it.
    fn finish(&self, py: Python<'_>, outputs: Vec<Bound<'_, PyAny>>) -> PyResult<PyPlan> {
        let values = outputs.iter().map(|o| convert(py, o)).collect::<PyResult<Vec<_>>>()?;
        let plan = door::run(py, || Ok(Plan::new(passes::optimize(trace::finish(self.id, &values)?))))?;
        Ok(PyPlan { plan })
    }

    /// Drops the trace.
    fn cancel(&self) {
        trace::cancel(self.id);
    }
}

/// A compiled program.
#[pyclass(name = "Plan", module = "rkeras._engine", frozen)]
pub struct PyPlan {
    plan: Plan,
}

#[pymethods]
impl PyPlan {
    /// Runs once with these arguments.
    fn run(&self, py: Python<'_>, args: Vec<Bound<'_, PyAny>>) -> PyResult<Vec<PyTensor>> {
        let tensors = args
            .iter()
            .map(|a| convert(py, a).and_then(|v| v.into_tensor().map_err(raise)))
            .collect::<PyResult<Vec<_>>>()?;
        let outputs = door::run(py, || {
            let mut signals = SignalCheck::new();
            self.plan.run(&tensors, &mut || signals.check())
        })?;
        Ok(outputs.into_iter().map(|t| PyTensor::new(t.into())).collect())
    }

    /// Takes steps `first..last` over in-memory data; see `_engine.pyi`.
    #[pyo3(signature = (data, order, batch_size, first, last, budget=None, results=None))]
    #[allow(clippy::too_many_arguments, reason = "one call into Rust is the point")]
    fn run_steps(
        &self,
        py: Python<'_>,
        data: Vec<Bound<'_, PyAny>>,
        order: Option<Bound<'_, PyAny>>,
        batch_size: usize,
        first: usize,
        last: usize,
        budget: Option<f64>,
        results: Option<Vec<Bound<'_, PyAny>>>,
    ) -> PyResult<usize> {
        let feeds = data.iter().map(|d| data_tensor(py, d)).collect::<PyResult<Vec<_>>>()?;
        let order = order.map(|o| data_tensor(py, &o)).transpose()?;
        if order.as_ref().is_some_and(|o| o.spec().dtype != DType::I64) {
            return Err(PyValueError::new_err("the order of samples must be an int64 array"));
        }
        let feed = Feed::new(&feeds, order.as_ref(), batch_size).map_err(raise)?;
        let mut targets = match &results {
            Some(arrays) => arrays.iter().map(|a| array::writable_bytes(a)).collect::<PyResult<Vec<_>>>()?,
            None => Vec::new(),
        };
        let deadline = budget.map(|s| Instant::now() + Duration::from_secs_f64(s.clamp(0.0, 1e9)));
        door::run(py, move || {
            let mut session = Session::begin(&self.plan)?;
            let mut signals = SignalCheck::new();
            parallel::enter(|| {
                let mut step = first;
                while step < last {
                    let Rows { start, end } = feed.fill(&mut session, step)?;
                    // Ctrl-C is seen before a step, so that none is left half done.
                    signals.check()?;
                    session.step(&mut || signals.check())?;
                    for (i, target) in targets.iter_mut().enumerate() {
                        let size = self.plan.output_bytes(i);
                        let row = size / (end - start).max(1);
                        let window = target.get_mut(start * row..start * row + size).ok_or_else(|| {
                            Error::internal("results do not fit the array they are collected in")
                        })?;
                        session.output_into(i, window);
                    }
                    session.finish_step();
                    step += 1;
                    if deadline.is_some_and(|d| Instant::now() >= d) {
                        break;
                    }
                }
                Ok(step)
            })
        })
    }

    /// Shapes and dtypes of the results.
    fn output_specs(&self) -> Vec<(Vec<usize>, &'static str)> {
        self.plan.output_specs().map(|s| (s.shape.to_vec(), s.dtype.name())).collect()
    }

    /// The optimised graph as text.
    fn graph(&self) -> String {
        self.plan.graph().to_string()
    }

    /// The kernel calls and where their operands live, as text.
    fn describe(&self) -> String {
        self.plan.to_string()
    }

    /// Number of kernel calls.
    #[getter]
    fn step_count(&self) -> usize {
        self.plan.step_count()
    }

    /// Bytes that hold intermediate values.
    #[getter]
    fn arena_bytes(&self) -> usize {
        self.plan.arena_bytes()
    }
}

fn data_tensor(py: Python<'_>, object: &Bound<'_, PyAny>) -> PyResult<Tensor> {
    if object.cast::<numpy::PyUntypedArray>().is_ok() {
        return array::borrow_in(py, object);
    }
    convert(py, object)?.into_tensor().map_err(raise)
}
