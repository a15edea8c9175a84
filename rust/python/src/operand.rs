//! What an op may be given from Python, and how Python values become operands and attributes.

use numpy::PyUntypedArray;
use pyo3::exceptions::PyTypeError;
use pyo3::prelude::*;
use pyo3::types::{PyBool, PyDict, PyFloat, PyInt, PyList, PyString, PyTuple};

use rkeras_engine::attrs::{Attr, Attrs};
use rkeras_engine::dtype::{DType, Weak, promote};
use rkeras_engine::ops::cast;
use rkeras_engine::value::Value;

use crate::array;
use crate::door::raise;
use crate::tensor::PyTensor;
use crate::variable::PyVariable;

enum Operand {
    Strong(Value),
    Weak(Weak, f64, i64),
}

/// The value of a tensor or variable; `None` for anything else.
pub fn engine_value(object: &Bound<'_, PyAny>) -> PyResult<Option<Value>> {
    if let Ok(tensor) = object.cast::<PyTensor>() {
        return Ok(Some(tensor.get().value.clone()));
    }
    if let Ok(variable) = object.cast::<PyVariable>() {
        return variable.get().operand().map(Some).map_err(raise);
    }
    Ok(None)
}

fn operand(py: Python<'_>, object: &Bound<'_, PyAny>) -> PyResult<Operand> {
    if let Some(value) = engine_value(object)? {
        return Ok(Operand::Strong(value));
    }
    if object.is_instance_of::<PyBool>() {
        let b: bool = object.extract()?;
        return Ok(Operand::Weak(Weak::Bool, f64::from(u8::from(b)), i64::from(b)));
    }
    if object.is_instance_of::<PyInt>() {
        // Too large for int64 is still a fine float operand.
        let i: i64 = object.extract().unwrap_or(i64::MAX);
        let f: f64 = object.extract()?;
        return Ok(Operand::Weak(Weak::Int, f, i));
    }
    if object.is_instance_of::<PyFloat>() {
        let f: f64 = object.extract()?;
        return Ok(Operand::Weak(Weak::Float, f, f as i64));
    }
    convert(py, object).map(Operand::Strong)
}

/// A tensor from anything that holds numbers.
pub fn convert(py: Python<'_>, object: &Bound<'_, PyAny>) -> PyResult<Value> {
    if let Some(value) = engine_value(object)? {
        return Ok(value);
    }
    if object.cast::<PyUntypedArray>().is_ok() {
        return Ok(array::copy_in(py, object)?.into());
    }
    if object.is_none() {
        return Err(PyTypeError::new_err("None is not a tensor"));
    }
    if object.is_instance_of::<PyList>() || object.is_instance_of::<PyTuple>() {
        return from_nested(py, object);
    }
    let is_number = object.is_instance_of::<PyInt>() || object.is_instance_of::<PyFloat>();
    if is_number || object.hasattr("__array__")? || object.hasattr("__array_interface__")? {
        let array = py.import("numpy")?.getattr("asarray")?.call1((object,))?;
        let tensor = array::copy_in(py, &array)?;
        return if is_number { default_precision(tensor.into()) } else { Ok(tensor.into()) };
    }
    Err(PyTypeError::new_err(format!(
        "cannot make a tensor of a {}; expected a tensor, a NumPy array, a number or nested lists of numbers",
        object.get_type().name()?
    )))
}

/// Nested lists: of tensors (stacked, so that traced ones work too) or of plain numbers.
fn from_nested(py: Python<'_>, object: &Bound<'_, PyAny>) -> PyResult<Value> {
    if contains_tensor(object)? {
        let parts = object
            .try_iter()?
            .map(|item| convert(py, &item?))
            .collect::<PyResult<Vec<_>>>()?;
        return rkeras_engine::ops::structure::stack(&parts).map_err(raise);
    }
    let array = py.import("numpy")?.getattr("asarray")?.call1((object,))?;
    let has_numpy = object.try_iter()?.flatten().any(|item| item.hasattr("dtype").unwrap_or(false));
    let value: Value = array::copy_in(py, &array)?.into();
    if has_numpy { Ok(value) } else { default_precision(value) }
}

fn contains_tensor(object: &Bound<'_, PyAny>) -> PyResult<bool> {
    for item in object.try_iter()? {
        let item = item?;
        if item.is_instance_of::<PyTensor>() || item.is_instance_of::<PyVariable>() {
            return Ok(true);
        }
        if (item.is_instance_of::<PyList>() || item.is_instance_of::<PyTuple>()) && contains_tensor(&item)? {
            return Ok(true);
        }
    }
    Ok(false)
}

/// Python's own numbers become int32 and the default float, as in Keras.
fn default_precision(value: Value) -> PyResult<Value> {
    let dtype = match value.spec().dtype {
        DType::F64 => rkeras_engine::dtype::floatx(),
        DType::I64 => DType::I32,
        other => other,
    };
    cast::cast(&value, dtype).map_err(raise)
}

/// Operands of one op: Python scalars take the dtype that the others decide.
pub fn operands(py: Python<'_>, objects: &[Bound<'_, PyAny>]) -> PyResult<Vec<Value>> {
    let parts = objects.iter().map(|o| operand(py, o)).collect::<PyResult<Vec<_>>>()?;
    let strong = parts
        .iter()
        .filter_map(|p| if let Operand::Strong(v) = p { Some(v.spec().dtype) } else { None })
        .reduce(promote);
    let weak = parts.iter().filter_map(|p| if let Operand::Weak(w, ..) = p { Some(*w) } else { None }).max();
    parts
        .into_iter()
        .map(|p| match p {
            Operand::Strong(v) => Ok(v),
            Operand::Weak(_, f, i) => {
                let dtype = weak.map_or(DType::F32, |w| w.resolve(strong));
                cast::scalar(f, i, dtype).map_err(raise)
            }
        })
        .collect()
}

/// Attributes from keyword arguments.
pub fn attributes(op: &str, kwargs: Option<&Bound<'_, PyDict>>) -> PyResult<Attrs> {
    let mut attrs = Attrs::new(op);
    for (name, value) in kwargs.into_iter().flatten() {
        let name: String = name.extract()?;
        attrs.set(&name, attribute(op, &name, &value)?);
    }
    Ok(attrs)
}

fn attribute(op: &str, name: &str, value: &Bound<'_, PyAny>) -> PyResult<Attr> {
    if value.is_none() {
        return Ok(Attr::None);
    }
    if value.is_instance_of::<PyBool>() {
        return Ok(Attr::Bool(value.extract()?));
    }
    if value.is_instance_of::<PyString>() {
        return Ok(Attr::Str(value.extract()?));
    }
    if value.is_instance_of::<PyFloat>() {
        return Ok(Attr::Float(value.extract()?));
    }
    if let Ok(i) = value.extract::<i64>() {
        return Ok(Attr::Int(i));
    }
    if value.is_instance_of::<PyInt>() {
        return Err(pyo3::exceptions::PyValueError::new_err(format!(
            "{op}: argument {name} is out of range: {value}"
        )));
    }
    if value.is_instance_of::<PyList>() || value.is_instance_of::<PyTuple>() {
        if let Ok(ints) = value.extract::<Vec<i64>>() {
            return Ok(Attr::Ints(ints));
        }
        if let Ok(floats) = value.extract::<Vec<f64>>() {
            return Ok(Attr::Floats(floats));
        }
    }
    if let Ok(f) = value.extract::<f64>() {
        return Ok(Attr::Float(f));
    }
    Err(PyTypeError::new_err(format!(
        "{op}: argument {name} must be numbers or a string, got {} ({})",
        value.repr()?,
        value.get_type().name()?
    )))
}
