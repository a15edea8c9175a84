//! The extension module `rkeras._engine`: conversions and one door into Rust, no logic.

mod array;
mod door;
mod operand;
mod plan;
mod profile;
mod tape;
mod tensor;
mod variable;

use pyo3::prelude::*;
use pyo3::types::{PyDict, PyTuple};

use rkeras_engine::{apply, dtype, registry};
use rkeras_kernels::{isa, memory, parallel};

use crate::operand::{attributes, operands};
use crate::tensor::PyTensor;

/// Applies the op called `name` to operands (tensors, variables, arrays, Python numbers).
///
/// Returns one tensor, or a list of them for an op with several results.
#[pyfunction]
#[pyo3(name = "apply", signature = (name, *inputs, **attrs))]
fn py_apply<'py>(
    py: Python<'py>,
    name: &str,
    inputs: &Bound<'py, PyTuple>,
    attrs: Option<&Bound<'py, PyDict>>,
) -> PyResult<Bound<'py, PyAny>> {
    let mut outputs = apply_values(py, name, inputs, attrs)?;
    if outputs.len() == 1 {
        Ok(Bound::new(py, PyTensor::new(outputs.remove(0)))?.into_any())
    } else {
        tensor::list(py, outputs)
    }
}

/// Like `apply`, for ops whose number of results varies: always a list.
#[pyfunction]
#[pyo3(signature = (name, *inputs, **attrs))]
fn apply_list<'py>(
    py: Python<'py>,
    name: &str,
    inputs: &Bound<'py, PyTuple>,
    attrs: Option<&Bound<'py, PyDict>>,
) -> PyResult<Bound<'py, PyAny>> {
    let outputs = apply_values(py, name, inputs, attrs)?;
    tensor::list(py, outputs)
}

fn apply_values(
    py: Python<'_>,
    name: &str,
    inputs: &Bound<'_, PyTuple>,
    attrs: Option<&Bound<'_, PyDict>>,
) -> PyResult<Vec<rkeras_engine::value::Value>> {
    let items: Vec<Bound<'_, PyAny>> = inputs.iter().collect();
    let values = operands(py, &items)?;
    let attrs = attributes(name, attrs)?;
    door::run(py, move || {
        let op = registry::make(name, &attrs)?;
        apply::apply(op, &values)
    })
}

/// Names of all registered ops.
#[pyfunction]
fn op_names() -> Vec<&'static str> {
    registry::names()
}

/// A tensor from numbers: an array, a number, a tensor, or nested lists of them.
#[pyfunction]
#[pyo3(signature = (value, dtype=None))]
fn convert(py: Python<'_>, value: &Bound<'_, PyAny>, dtype: Option<&str>) -> PyResult<PyTensor> {
    let value = operand::convert(py, value)?;
    let dtype = dtype.map(dtype::DType::parse).transpose().map_err(door::raise)?;
    let value = match dtype {
        Some(d) if d != value.spec().dtype => door::run(py, move || rkeras_engine::ops::cast::cast(&value, d))?,
        _ => value,
    };
    Ok(PyTensor::new(value))
}

/// The result dtype of operands of these dtypes; `int`, `float` and `bool` stand for Python scalars.
#[pyfunction]
fn result_type(names: Vec<String>) -> PyResult<&'static str> {
    let mut strong = None;
    let mut weak = None;
    for name in &names {
        match name.as_str() {
            "int" => weak = weak.max(Some(dtype::Weak::Int)),
            "float" => weak = weak.max(Some(dtype::Weak::Float)),
            "bool_scalar" => weak = weak.max(Some(dtype::Weak::Bool)),
            other => {
                let d = dtype::DType::parse(other).map_err(door::raise)?;
                strong = Some(strong.map_or(d, |s| dtype::promote(s, d)));
            }
        }
    }
    Ok(match (weak, strong) {
        (Some(w), s) => w.resolve(s),
        (None, Some(s)) => s,
        (None, None) => dtype::floatx(),
    }
    .name())
}

/// The default float dtype.
#[pyfunction]
fn floatx() -> &'static str {
    dtype::floatx().name()
}

/// Sets the default float dtype.
#[pyfunction]
fn set_floatx(name: &str) -> PyResult<()> {
    dtype::DType::parse(name).and_then(dtype::set_floatx).map_err(door::raise)
}

/// Bytes of tensor memory that somebody holds.
#[pyfunction]
fn live_bytes() -> usize {
    memory::live_bytes()
}

/// The number of threads that kernels use.
#[pyfunction]
fn num_threads() -> usize {
    parallel::num_threads()
}

/// Changes the number of threads that kernels use; the results stay the same to the bit.
#[pyfunction]
fn set_num_threads(n: usize) {
    parallel::set_num_threads(n.max(1));
}

/// The instruction set that kernels use: `avx512`, `avx2` or `scalar`.
#[pyfunction]
fn active_isa() -> String {
    format!("{:?}", isa::active()).to_lowercase()
}

#[pymodule]
fn _engine(m: &Bound<'_, PyModule>) -> PyResult<()> {
    m.add_class::<PyTensor>()?;
    m.add_class::<variable::PyVariable>()?;
    m.add_class::<tape::PyTape>()?;
    m.add_class::<plan::PyTrace>()?;
    m.add_class::<plan::PyPlan>()?;
    m.add("TracedValueError", m.py().get_type::<door::TracedValueError>())?;
    m.add_function(wrap_pyfunction!(py_apply, m)?)?;
    m.add_function(wrap_pyfunction!(apply_list, m)?)?;
    m.add_function(wrap_pyfunction!(op_names, m)?)?;
    m.add_function(wrap_pyfunction!(convert, m)?)?;
    m.add_function(wrap_pyfunction!(result_type, m)?)?;
    m.add_function(wrap_pyfunction!(floatx, m)?)?;
    m.add_function(wrap_pyfunction!(set_floatx, m)?)?;
    m.add_function(wrap_pyfunction!(live_bytes, m)?)?;
    m.add_function(wrap_pyfunction!(num_threads, m)?)?;
    m.add_function(wrap_pyfunction!(set_num_threads, m)?)?;
    m.add_function(wrap_pyfunction!(active_isa, m)?)?;
    for function in [
        wrap_pyfunction!(profile::enter_scope, m)?,
        wrap_pyfunction!(profile::leave_scope, m)?,
        wrap_pyfunction!(profile::start_profile, m)?,
        wrap_pyfunction!(profile::stop_profile, m)?,
        wrap_pyfunction!(profile::machine_limits, m)?,
    ] {
        m.add_function(function)?;
    }
    m.add_function(wrap_pyfunction!(plan::trace_active, m)?)?;
    m.add_function(wrap_pyfunction!(plan::suspend_trace, m)?)?;
    m.add_function(wrap_pyfunction!(plan::resume_trace, m)?)?;
    m.add_function(wrap_pyfunction!(tensor::set_getitem, m)?)?;
    m.add_function(wrap_pyfunction!(variable::set_autocast, m)?)?;
    Ok(())
}
