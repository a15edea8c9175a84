//! The Python class under `rkeras.Variable`: a cell in the engine.

use std::cell::Cell;
use std::sync::atomic::{AtomicBool, Ordering};

use pyo3::prelude::*;
use pyo3::types::PyTuple;

use rkeras_engine::dtype::DType;
use rkeras_engine::error::Result;
use rkeras_engine::ops::cast::cast;
use rkeras_engine::value::Value;
use rkeras_engine::variable::Variable;

use crate::array;
use crate::door::raise;
use crate::operand;
use crate::tensor::{PyTensor, operators};

/// Mutable state, subclassed in Python.
#[pyclass(name = "Variable", module = "rkeras._engine", frozen, subclass)]
pub struct PyVariable {
    pub inner: Variable,
    autocast: AtomicBool,
}

thread_local! {
    /// The dtype that float variables are read in while a layer with a mixed policy computes on this thread.
    static AUTOCAST: Cell<Option<DType>> = const { Cell::new(None) };
}

/// Sets the dtype that float variables are read in on this thread; None for their own.
#[pyfunction]
#[pyo3(signature = (dtype))]
pub fn set_autocast(dtype: Option<&str>) -> PyResult<()> {
    let dtype = dtype.map(DType::parse).transpose().map_err(raise)?;
    AUTOCAST.set(dtype);
    Ok(())
}

impl PyVariable {
    /// The value as operands of ops see it.
    pub fn operand(&self) -> Result<Value> {
        let value = self.inner.read()?;
        match AUTOCAST.get() {
            Some(dtype) if dtype != value.spec().dtype && value.spec().dtype.is_float() && self.autocast.load(Ordering::Relaxed) => {
                cast(&value, dtype)
            }
            _ => Ok(value),
        }
    }
}

operators!(PyVariable);

#[pymethods]
impl PyVariable {
    /// A cell holding `initial` (copied if it is an array).
    #[new]
    #[pyo3(signature = (initial, trainable=true, **_kwargs))]
    fn new(
        py: Python<'_>,
        initial: &Bound<'_, PyAny>,
        trainable: bool,
        _kwargs: Option<&Bound<'_, PyAny>>,
    ) -> PyResult<Self> {
        let value = operand::convert(py, initial)?;
        let tensor = value.into_tensor().map_err(raise)?;
        Ok(Self { inner: Variable::new(tensor, trainable), autocast: AtomicBool::new(true) })
    }

    #[getter]
    fn shape<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyTuple>> {
        PyTuple::new(py, self.inner.spec().shape.iter())
    }

    #[getter]
    fn dtype(&self) -> &'static str {
        self.inner.spec().dtype.name()
    }

    #[getter]
    fn ndim(&self) -> usize {
        self.inner.spec().rank()
    }

    /// Number of elements.
    #[getter]
    fn size(&self) -> usize {
        self.inner.spec().size()
    }

    /// Whether tapes watch it by themselves.
    #[getter]
    fn engine_trainable(&self) -> bool {
        self.inner.trainable()
    }

    #[setter]
    fn set_engine_trainable(&self, trainable: bool) {
        self.inner.set_trainable(trainable);
    }

    /// Whether layers with a mixed policy read it in their compute dtype.
    #[getter]
    fn engine_autocast(&self) -> bool {
        self.autocast.load(Ordering::Relaxed)
    }

    #[setter]
    fn set_engine_autocast(&self, autocast: bool) {
        self.autocast.store(autocast, Ordering::Relaxed);
    }

    /// The current value, inside a trace a node of it.
    fn read(&self) -> PyResult<PyTensor> {
        Ok(PyTensor::new(self.operand().map_err(raise)?))
    }

    /// Replaces the value; shape and dtype must be the variable's.
    fn write(&self, py: Python<'_>, value: &Bound<'_, PyAny>) -> PyResult<()> {
        let value = operand::convert(py, value)?;
        self.inner.assign(&value).map_err(raise)
    }

    /// A NumPy array with a copy of the current numbers.
    fn numpy<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        let value = py.detach(|| self.inner.current()).map_err(raise)?;
        array::copy_out(py, value.tensor().map_err(raise)?)
    }

    fn __hash__(&self) -> u64 {
        self.inner.id()
    }

    fn __len__(&self) -> PyResult<usize> {
        self.inner.spec().shape.first().copied().ok_or_else(|| {
            pyo3::exceptions::PyTypeError::new_err("a scalar variable has no length")
        })
    }
}
