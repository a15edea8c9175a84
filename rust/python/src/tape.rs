//! The Python class under `rkeras.GradientTape`.

use pyo3::exceptions::PyTypeError;
use pyo3::prelude::*;

use rkeras_engine::tape::Tape;

use crate::door::{self, raise};
use crate::operand::{convert, engine_value};
use crate::tensor::PyTensor;
use crate::variable::PyVariable;

/// A recording of ops, to be walked back.
#[pyclass(name = "Tape", module = "rkeras._engine", frozen)]
pub struct PyTape {
    inner: Tape,
}

#[pymethods]
impl PyTape {
    #[new]
    #[pyo3(signature = (watch_variables=true))]
    fn new(watch_variables: bool) -> Self {
        Self { inner: Tape::new(watch_variables) }
    }

    /// Starts recording on this thread.
    fn push(&self) {
        self.inner.push();
    }

    /// Stops recording on this thread.
    fn pop(&self) {
        self.inner.pop();
    }

    /// True while recording on this thread.
    #[getter]
    fn is_recording(&self) -> bool {
        self.inner.is_recording()
    }

    /// Follows a tensor or variable.
    fn watch(&self, object: &Bound<'_, PyAny>) -> PyResult<()> {
        if let Ok(variable) = object.cast::<PyVariable>() {
            return self.inner.watch_variable(&variable.get().inner).map_err(raise);
        }
        match engine_value(object)? {
            Some(value) => {
                self.inner.watch(&value);
                Ok(())
            }
            None => Err(PyTypeError::new_err(format!(
                "a tape can watch tensors and variables, not {}",
                object.get_type().name()?
            ))),
        }
    }

    /// Forgets what was recorded.
    fn clear(&self) {
        self.inner.clear();
    }

    /// Derivatives of the summed targets with respect to each source, None where there is no dependence.
    #[pyo3(signature = (targets, sources, output_gradients=None))]
    fn gradient(
        &self,
        py: Python<'_>,
        targets: Vec<Bound<'_, PyAny>>,
        sources: Vec<Bound<'_, PyAny>>,
        output_gradients: Option<Vec<Option<Bound<'_, PyAny>>>>,
    ) -> PyResult<Vec<Option<PyTensor>>> {
        let targets = targets.iter().map(|t| convert(py, t)).collect::<PyResult<Vec<_>>>()?;
        let seeds = match output_gradients {
            Some(seeds) => seeds
                .iter()
                .map(|s| s.as_ref().map(|s| convert(py, s)).transpose())
                .collect::<PyResult<Vec<_>>>()?,
            None => vec![None; targets.len()],
        };
        let mut ids = Vec::with_capacity(sources.len());
        for source in &sources {
            if let Ok(variable) = source.cast::<PyVariable>() {
                ids.push(self.inner.ids_of(&variable.get().inner));
            } else if let Ok(tensor) = source.cast::<PyTensor>() {
                ids.push(vec![tensor.get().value.id()]);
            } else {
                return Err(PyTypeError::new_err(format!(
                    "gradients are taken with respect to tensors and variables, not {}",
                    source.get_type().name()?
                )));
            }
        }
        let parts = door::run(py, || self.inner.gradient(&targets, &seeds, &ids))?;
        Ok(parts.into_iter().map(|p| p.map(PyTensor::new)).collect())
    }
}
