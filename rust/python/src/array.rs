//! NumPy arrays in and out, by dtype name, so that bfloat16 (ml_dtypes) needs no case of its own.

use std::ptr::NonNull;

use numpy::npyffi::{NPY_ARRAY_ALIGNED, NPY_ARRAY_WRITEABLE};
use numpy::{PyArrayDescrMethods, PyUntypedArray, PyUntypedArrayMethods};
use pyo3::exceptions::{PyTypeError, PyValueError};
use pyo3::prelude::*;
use pyo3::sync::PyOnceLock;
use pyo3::types::{PyDict, PyTuple};

use rkeras_engine::dtype::DType;
use rkeras_engine::spec::Spec;
use rkeras_engine::tensor::Tensor;
use rkeras_kernels::memory::Buffer;

use crate::door::raise;

fn numpy_function<'py>(py: Python<'py>, name: &'static str) -> PyResult<Bound<'py, PyAny>> {
    py.import("numpy")?.getattr(name)
}

/// The array as NumPy holds it: contiguous, aligned, native byte order, of a dtype that tensors have.
fn normalized<'py>(py: Python<'py>, array: &Bound<'py, PyAny>) -> PyResult<(Bound<'py, PyUntypedArray>, DType)> {
    let mut array = array.cast::<PyUntypedArray>()?.clone();
    let descr = array.dtype();
    let name: String = descr.getattr("name")?.extract()?;
    let dtype = match DType::parse(&name) {
        Ok(dtype) => dtype,
        Err(_) => return Err(unsupported(py, &array, &name)?),
    };
    let native = !matches!(descr.byteorder(), b'>');
    if !array.is_c_contiguous() || flags(&array) & NPY_ARRAY_ALIGNED == 0 || !native {
        let kwargs = PyDict::new(py);
        kwargs.set_item("dtype", descr.call_method1("newbyteorder", ("=",))?)?;
        kwargs.set_item("order", "C")?;
        kwargs.set_item("copy", true)?;
        array = numpy_function(py, "array")?.call((array,), Some(&kwargs))?.cast_into::<PyUntypedArray>()?;
    }
    Ok((array, dtype))
}

fn flags(array: &Bound<'_, PyUntypedArray>) -> i32 {
    // SAFETY: `as_array_ptr` gives NumPy's own object, alive as long as `array`.
    unsafe { (*array.as_array_ptr()).fields.flags }
}

fn unsupported(py: Python<'_>, array: &Bound<'_, PyUntypedArray>, name: &str) -> PyResult<PyErr> {
    let shape = PyTuple::new(py, array.shape())?;
    let hint = match array.dtype().kind() {
        b'O' => "; its rows probably have different lengths (pad them) or hold Python objects (convert them)",
        b'U' | b'S' | b'T' => "; turn text into numbers first",
        b'M' | b'm' => "; turn dates into numbers first",
        b'c' => "; complex numbers are not supported, split them into real and imaginary parts",
        _ => "",
    };
    Ok(PyTypeError::new_err(format!("cannot make a tensor of a NumPy array of dtype {name} and shape {shape}{hint}")))
}

fn bytes_of<'a>(array: &'a Bound<'_, PyUntypedArray>, spec: &Spec) -> PyResult<&'a [u8]> {
    // SAFETY: `as_array_ptr` gives NumPy's own object, alive as long as `array`.
    let data = unsafe { (*array.as_array_ptr()).fields.data.cast::<u8>() };
    if data.is_null() || array.len() * array.dtype().itemsize() != spec.bytes() {
        return Err(PyValueError::new_err("NumPy array of unexpected size"));
    }
    // SAFETY: the array is C-contiguous (made so by `normalized`) and holds exactly that many bytes; the GIL is held
    // for as long as the slice is read.
    Ok(unsafe { std::slice::from_raw_parts(data, spec.bytes()) })
}

/// A tensor with a copy of the array's numbers.
pub fn copy_in(py: Python<'_>, array: &Bound<'_, PyAny>) -> PyResult<Tensor> {
    let (array, dtype) = normalized(py, array)?;
    let spec = Spec::new(dtype, array.shape());
    spec.check_size().map_err(raise)?;
    let buffer = Buffer::copy_of(bytes_of(&array, &spec)?).map_err(|e| raise(e.into()))?;
    Ok(Tensor::new(spec, buffer))
}

/// A tensor over the array's own memory, for the duration of a call that reads it (a data set being fed).
pub fn borrow_in(py: Python<'_>, array: &Bound<'_, PyAny>) -> PyResult<Tensor> {
    let (array, dtype) = normalized(py, array)?;
    let spec = Spec::new(dtype, array.shape());
    if spec.bytes() == 0 {
        return copy_in(py, &array);
    }
    let bytes = bytes_of(&array, &spec)?;
    let (ptr, len) = (NonNull::from(bytes).cast::<u8>(), bytes.len());
    let owner: Py<PyUntypedArray> = array.unbind();
    // SAFETY: the array is kept alive by its reference in the buffer. Its owner may write to it from another thread
    // while a step reads it, as with any NumPy function that lets go of the GIL; such a race yields wrong numbers of
    // the caller's own making, and the engine never trusts the contents (labels and indices are range-checked).
    let buffer = unsafe { Buffer::foreign(ptr, len, Box::new(owner)) };
    Ok(Tensor::from_shared(spec, std::sync::Arc::new(buffer), 0))
}

/// The NumPy dtype object of a tensor dtype.
pub fn numpy_dtype<'py>(py: Python<'py>, dtype: DType) -> PyResult<Bound<'py, PyAny>> {
    static BFLOAT16: PyOnceLock<Py<PyAny>> = PyOnceLock::new();
    if dtype == DType::BF16 {
        let descr = BFLOAT16.get_or_try_init(py, || {
            let scalar = py.import("ml_dtypes")?.getattr("bfloat16")?;
            Ok::<_, PyErr>(numpy_function(py, "dtype")?.call1((scalar,))?.unbind())
        })?;
        return Ok(descr.bind(py).clone());
    }
    numpy_function(py, "dtype")?.call1((dtype.name(),))
}

/// An uninitialised NumPy array that `fill` writes in full.
pub fn new_array<'py>(py: Python<'py>, spec: &Spec, fill: impl FnOnce(&mut [u8])) -> PyResult<Bound<'py, PyAny>> {
    let shape = PyTuple::new(py, spec.shape.iter())?;
    let array = numpy_function(py, "empty")?.call1((shape, numpy_dtype(py, spec.dtype)?))?;
    let untyped = array.cast::<PyUntypedArray>()?;
    if spec.bytes() > 0 {
        // SAFETY: a fresh C-contiguous array of `spec.bytes()` bytes that nobody else has seen yet.
        fill(unsafe { std::slice::from_raw_parts_mut((*untyped.as_array_ptr()).fields.data.cast::<u8>(), spec.bytes()) });
    }
    Ok(array)
}

/// A NumPy array with a copy of the tensor's numbers.
pub fn copy_out<'py>(py: Python<'py>, tensor: &Tensor) -> PyResult<Bound<'py, PyAny>> {
    new_array(py, tensor.spec(), |bytes| bytes.copy_from_slice(tensor.bytes()))
}

/// A caller's array that results are written to, batch by batch.
pub struct Writable {
    ptr: *mut u8,
    len: usize,
    _owner: Py<PyUntypedArray>,
}

// SAFETY: the array is kept alive by its reference; only the one holder of this struct writes through it.
unsafe impl Send for Writable {}

impl Writable {
    /// The window of bytes, if it lies within the array.
    pub fn get_mut(&mut self, range: std::ops::Range<usize>) -> Option<&mut [u8]> {
        // SAFETY: `writable_bytes` checked that the array owns `len` contiguous, writable bytes, and it is alive.
        unsafe { std::slice::from_raw_parts_mut(self.ptr, self.len) }.get_mut(range)
    }
}

/// The memory of a C-contiguous, writable array.
pub fn writable_bytes(array: &Bound<'_, PyAny>) -> PyResult<Writable> {
    let array = array.cast::<PyUntypedArray>()?;
    if !array.is_c_contiguous() || flags(array) & NPY_ARRAY_WRITEABLE == 0 {
        return Err(PyValueError::new_err("results need a contiguous, writable array"));
    }
    let len = array.len() * array.dtype().itemsize();
    // SAFETY: `as_array_ptr` gives NumPy's own object, alive as long as `array`.
    let ptr = unsafe { (*array.as_array_ptr()).fields.data.cast::<u8>() };
    Ok(Writable { ptr, len, _owner: array.clone().unbind() })
}
