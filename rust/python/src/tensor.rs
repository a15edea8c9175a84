//! The Python class of tensors: eager numbers or a node of a trace.

use pyo3::basic::CompareOp;
use pyo3::exceptions::{PyTypeError, PyValueError};
use pyo3::prelude::*;
use pyo3::sync::PyOnceLock;
use pyo3::types::{PyDict, PyList, PyTuple};

use rkeras_engine::apply;
use rkeras_engine::attrs::Attrs;
use rkeras_engine::registry;
use rkeras_engine::value::Value;

use crate::array;
use crate::door;
use crate::operand::operands;

/// An immutable tensor. The instance dict (made when first used) lets masks travel with tensors.
#[pyclass(name = "Tensor", module = "rkeras", frozen, subclass, dict)]
pub struct PyTensor {
    pub value: Value,
}

/// The Python list of these results.
pub fn list(py: Python<'_>, values: Vec<Value>) -> PyResult<Bound<'_, PyAny>> {
    let items = values.into_iter().map(|v| Bound::new(py, PyTensor::new(v))).collect::<PyResult<Vec<_>>>()?;
    Ok(PyList::new(py, items)?.into_any())
}

static GETITEM: PyOnceLock<Py<PyAny>> = PyOnceLock::new();

/// Sets the function that `tensor[key]` calls; indexing is written with ops, in Python.
#[pyfunction]
pub fn set_getitem(py: Python<'_>, function: Py<PyAny>) {
    // Set once, when the package is imported.
    let _ = GETITEM.set(py, function);
}

/// `tensor[key]` and `variable[key]`.
pub fn getitem<'py>(py: Python<'py>, object: Bound<'py, PyAny>, key: Bound<'py, PyAny>) -> PyResult<Bound<'py, PyAny>> {
    match GETITEM.get(py) {
        Some(function) => function.bind(py).call1((object, key)),
        None => Err(PyTypeError::new_err("rkeras is not imported: import rkeras, not rkeras._engine")),
    }
}

/// `a op b`, or NotImplemented if `b` is nothing a tensor can meet (so that its own method is asked).
pub fn binary<'py>(
    name: &str,
    a: &Bound<'py, PyAny>,
    b: &Bound<'py, PyAny>,
    foreign: &Bound<'py, PyAny>,
) -> PyResult<Bound<'py, PyAny>> {
    let py = a.py();
    if foreign.hasattr("__rkeras_symbolic__")? || foreign.is_none() {
        return Ok(py.NotImplemented().into_bound(py));
    }
    let values = operands(py, &[a.clone(), b.clone()])?;
    let mut out = door::run(py, || apply::apply(registry::make(name, &Attrs::new(name))?, &values))?;
    Ok(Bound::new(py, PyTensor::new(out.remove(0)))?.into_any())
}

/// `op a`.
pub fn unary<'py>(name: &str, a: &Bound<'py, PyAny>) -> PyResult<Bound<'py, PyAny>> {
    let py = a.py();
    let values = operands(py, std::slice::from_ref(a))?;
    let mut out = door::run(py, || apply::apply(registry::make(name, &Attrs::new(name))?, &values))?;
    Ok(Bound::new(py, PyTensor::new(out.remove(0)))?.into_any())
}

/// Comparison operators by name.
pub fn compare_name(op: CompareOp) -> &'static str {
    match op {
        CompareOp::Lt => "less",
        CompareOp::Le => "less_equal",
        CompareOp::Eq => "equal",
        CompareOp::Ne => "not_equal",
        CompareOp::Gt => "greater",
        CompareOp::Ge => "greater_equal",
    }
}

impl PyTensor {
    pub fn new(value: Value) -> Self {
        Self { value }
    }

    fn numpy_array<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        array::copy_out(py, self.value.tensor().map_err(door::raise)?)
    }

    fn scalar<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        if self.value.spec().size() != 1 {
            return Err(PyValueError::new_err(format!(
                "only a tensor of one element can become a Python number, this one is {}",
                self.value.spec()
            )));
        }
        self.numpy_array(py)?.call_method0("item")
    }
}

/// The arithmetic operators of a class whose instances are operands.
macro_rules! operators {
    ($class:ty) => {
        #[pymethods]
        impl $class {
            fn __add__<'py>(slf: Bound<'py, Self>, other: Bound<'py, PyAny>) -> PyResult<Bound<'py, PyAny>> {
                $crate::tensor::binary("add", slf.as_any(), &other, &other)
            }
            fn __radd__<'py>(slf: Bound<'py, Self>, other: Bound<'py, PyAny>) -> PyResult<Bound<'py, PyAny>> {
                $crate::tensor::binary("add", &other, slf.as_any(), &other)
            }
            fn __sub__<'py>(slf: Bound<'py, Self>, other: Bound<'py, PyAny>) -> PyResult<Bound<'py, PyAny>> {
                $crate::tensor::binary("subtract", slf.as_any(), &other, &other)
            }
            fn __rsub__<'py>(slf: Bound<'py, Self>, other: Bound<'py, PyAny>) -> PyResult<Bound<'py, PyAny>> {
                $crate::tensor::binary("subtract", &other, slf.as_any(), &other)
            }
            fn __mul__<'py>(slf: Bound<'py, Self>, other: Bound<'py, PyAny>) -> PyResult<Bound<'py, PyAny>> {
                $crate::tensor::binary("multiply", slf.as_any(), &other, &other)
            }
            fn __rmul__<'py>(slf: Bound<'py, Self>, other: Bound<'py, PyAny>) -> PyResult<Bound<'py, PyAny>> {
                $crate::tensor::binary("multiply", &other, slf.as_any(), &other)
            }
            fn __truediv__<'py>(slf: Bound<'py, Self>, other: Bound<'py, PyAny>) -> PyResult<Bound<'py, PyAny>> {
                $crate::tensor::binary("divide", slf.as_any(), &other, &other)
            }
            fn __rtruediv__<'py>(slf: Bound<'py, Self>, other: Bound<'py, PyAny>) -> PyResult<Bound<'py, PyAny>> {
                $crate::tensor::binary("divide", &other, slf.as_any(), &other)
            }
            fn __floordiv__<'py>(slf: Bound<'py, Self>, other: Bound<'py, PyAny>) -> PyResult<Bound<'py, PyAny>> {
                $crate::tensor::binary("floor_divide", slf.as_any(), &other, &other)
            }
            fn __rfloordiv__<'py>(slf: Bound<'py, Self>, other: Bound<'py, PyAny>) -> PyResult<Bound<'py, PyAny>> {
                $crate::tensor::binary("floor_divide", &other, slf.as_any(), &other)
            }
            fn __mod__<'py>(slf: Bound<'py, Self>, other: Bound<'py, PyAny>) -> PyResult<Bound<'py, PyAny>> {
                $crate::tensor::binary("mod", slf.as_any(), &other, &other)
            }
            fn __rmod__<'py>(slf: Bound<'py, Self>, other: Bound<'py, PyAny>) -> PyResult<Bound<'py, PyAny>> {
                $crate::tensor::binary("mod", &other, slf.as_any(), &other)
            }
            fn __matmul__<'py>(slf: Bound<'py, Self>, other: Bound<'py, PyAny>) -> PyResult<Bound<'py, PyAny>> {
                $crate::tensor::binary("matmul", slf.as_any(), &other, &other)
            }
            fn __rmatmul__<'py>(slf: Bound<'py, Self>, other: Bound<'py, PyAny>) -> PyResult<Bound<'py, PyAny>> {
                $crate::tensor::binary("matmul", &other, slf.as_any(), &other)
            }
            fn __pow__<'py>(
                slf: Bound<'py, Self>,
                other: Bound<'py, PyAny>,
                _modulo: Option<Bound<'py, PyAny>>,
            ) -> PyResult<Bound<'py, PyAny>> {
                $crate::tensor::binary("power", slf.as_any(), &other, &other)
            }
            fn __rpow__<'py>(
                slf: Bound<'py, Self>,
                other: Bound<'py, PyAny>,
                _modulo: Option<Bound<'py, PyAny>>,
            ) -> PyResult<Bound<'py, PyAny>> {
                $crate::tensor::binary("power", &other, slf.as_any(), &other)
            }
            fn __and__<'py>(slf: Bound<'py, Self>, other: Bound<'py, PyAny>) -> PyResult<Bound<'py, PyAny>> {
                $crate::tensor::binary("logical_and", slf.as_any(), &other, &other)
            }
            fn __or__<'py>(slf: Bound<'py, Self>, other: Bound<'py, PyAny>) -> PyResult<Bound<'py, PyAny>> {
                $crate::tensor::binary("logical_or", slf.as_any(), &other, &other)
            }
            fn __xor__<'py>(slf: Bound<'py, Self>, other: Bound<'py, PyAny>) -> PyResult<Bound<'py, PyAny>> {
                $crate::tensor::binary("logical_xor", slf.as_any(), &other, &other)
            }
            fn __neg__<'py>(slf: Bound<'py, Self>) -> PyResult<Bound<'py, PyAny>> {
                $crate::tensor::unary("negative", slf.as_any())
            }
            fn __abs__<'py>(slf: Bound<'py, Self>) -> PyResult<Bound<'py, PyAny>> {
                $crate::tensor::unary("absolute", slf.as_any())
            }
            fn __invert__<'py>(slf: Bound<'py, Self>) -> PyResult<Bound<'py, PyAny>> {
                $crate::tensor::unary("logical_not", slf.as_any())
            }
            fn __richcmp__<'py>(
                slf: Bound<'py, Self>,
                other: Bound<'py, PyAny>,
                op: pyo3::basic::CompareOp,
            ) -> PyResult<Bound<'py, PyAny>> {
                $crate::tensor::binary($crate::tensor::compare_name(op), slf.as_any(), &other, &other)
            }
            fn __getitem__<'py>(slf: Bound<'py, Self>, key: Bound<'py, PyAny>) -> PyResult<Bound<'py, PyAny>> {
                $crate::tensor::getitem(slf.py(), slf.into_any(), key)
            }
            /// NumPy must leave mixed arithmetic to this class.
            #[classattr]
            #[pyo3(name = "__array_ufunc__")]
            fn array_ufunc() -> Option<i32> {
                None
            }
        }
    };
}
pub(crate) use operators;

operators!(PyTensor);

#[pymethods]
impl PyTensor {
    /// Sizes of the axes.
    #[getter]
    fn shape<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyTuple>> {
        PyTuple::new(py, self.value.spec().shape.iter())
    }

    /// The element type's name.
    #[getter]
    fn dtype(&self) -> &'static str {
        self.value.spec().dtype.name()
    }

    /// Number of axes.
    #[getter]
    fn ndim(&self) -> usize {
        self.value.spec().rank()
    }

    /// Number of elements.
    #[getter]
    fn size(&self) -> usize {
        self.value.spec().size()
    }

    /// True inside a trace: there are no numbers yet.
    #[getter]
    fn is_traced(&self) -> bool {
        self.value.is_traced()
    }

    /// Identifies this value to tapes.
    #[getter]
    fn value_id(&self) -> u64 {
        self.value.id()
    }

    /// A NumPy array with a copy of the numbers.
    fn numpy<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        self.numpy_array(py)
    }

    #[pyo3(signature = (dtype=None, copy=None))]
    fn __array__<'py>(
        &self,
        py: Python<'py>,
        dtype: Option<Bound<'py, PyAny>>,
        copy: Option<bool>,
    ) -> PyResult<Bound<'py, PyAny>> {
        let _ = copy;
        let array = self.numpy_array(py)?;
        match dtype {
            Some(dtype) => {
                let kwargs = PyDict::new(py);
                kwargs.set_item("copy", false)?;
                array.call_method("astype", (dtype,), Some(&kwargs))
            }
            None => Ok(array),
        }
    }

    /// The only element as a Python number.
    fn item<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        self.scalar(py)
    }

    /// The numbers as nested lists.
    fn tolist<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        self.numpy_array(py)?.call_method0("tolist")
    }

    fn __float__(&self, py: Python<'_>) -> PyResult<f64> {
        self.scalar(py)?.extract()
    }

    fn __int__<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        self.scalar(py)?.call_method0("__int__")
    }

    fn __bool__(&self, py: Python<'_>) -> PyResult<bool> {
        self.scalar(py)?.is_truthy()
    }

    fn __index__<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        if self.value.spec().dtype.is_float() {
            return Err(PyTypeError::new_err("only integer tensors of one element can be used as an index"));
        }
        self.scalar(py)
    }

    fn __len__(&self) -> PyResult<usize> {
        self.value.spec().shape.first().copied().ok_or_else(|| PyTypeError::new_err("a scalar tensor has no length"))
    }

    fn __hash__(&self) -> u64 {
        self.value.id()
    }

    fn __repr__(&self, py: Python<'_>) -> PyResult<String> {
        let spec = self.value.spec();
        let shape = PyTuple::new(py, spec.shape.iter())?;
        if self.value.is_traced() {
            return Ok(format!("<rkeras.Tensor shape={shape} dtype={} (traced)>", spec.dtype));
        }
        let numbers = self.numpy_array(py)?.str()?;
        Ok(format!("<rkeras.Tensor shape={shape} dtype={} numpy=\n{numbers}>", spec.dtype))
    }

    fn __format__(&self, py: Python<'_>, format: &str) -> PyResult<String> {
        if self.value.spec().rank() == 0 && !self.value.is_traced() {
            return self.scalar(py)?.call_method1("__format__", (format,))?.extract();
        }
        self.__repr__(py)
    }

    fn __deepcopy__<'py>(slf: Bound<'py, Self>, _memo: Bound<'py, PyAny>) -> Bound<'py, Self> {
        slf
    }

    fn __reduce__<'py>(&self, py: Python<'py>) -> PyResult<(Bound<'py, PyAny>, (Bound<'py, PyAny>,))> {
        Ok((py.import("rkeras._engine")?.getattr("convert")?, (self.numpy_array(py)?,)))
    }
}
