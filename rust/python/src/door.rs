//! The one door into the engine: errors become exceptions, panics become errors, the GIL is let go.

use std::panic::{AssertUnwindSafe, catch_unwind};

use pyo3::exceptions::{PyMemoryError, PyRuntimeError, PyTypeError, PyValueError};
use pyo3::prelude::*;

use rkeras_engine::error::{Error, Result};

pyo3::create_exception!(
    _engine,
    TracedValueError,
    PyTypeError,
    "The numbers of a value were asked for while it is being traced and has none."
);

/// The exception for an engine error.
pub fn raise(error: Error) -> PyErr {
    match error {
        Error::Value(m) => PyValueError::new_err(m),
        Error::Type(m) => PyTypeError::new_err(m),
        Error::Traced(m) => TracedValueError::new_err(m),
        Error::Memory(m) => PyMemoryError::new_err(m),
        Error::Internal(_) => PyRuntimeError::new_err(error.to_string()),
        // The signal's handler has set its own exception; if not, this is what Ctrl-C means.
        Error::Interrupted => Python::attach(|py| {
            PyErr::take(py).unwrap_or_else(|| pyo3::exceptions::PyKeyboardInterrupt::new_err(()))
        }),
    }
}

/// Runs engine code without the GIL. A panic is a bug of ours and reaches the user as an exception.
pub fn run<R: Send>(py: Python<'_>, f: impl FnOnce() -> Result<R> + Send) -> PyResult<R> {
    py.detach(|| guarded(f)).map_err(raise)
}

/// Runs engine code that may call `check` (which takes the GIL back for a moment) while it works.
fn guarded<R>(f: impl FnOnce() -> Result<R>) -> Result<R> {
    catch_unwind(AssertUnwindSafe(f)).unwrap_or_else(|panic| {
        let text = panic
            .downcast_ref::<&str>()
            .map(ToString::to_string)
            .or_else(|| panic.downcast_ref::<String>().cloned())
            .unwrap_or_else(|| "a panic without a message".to_string());
        Err(Error::internal(text))
    })
}

/// Looks for signals (Ctrl-C) about every 50 ms.
pub struct SignalCheck {
    last: std::time::Instant,
}

impl SignalCheck {
    pub fn new() -> Self {
        Self { last: std::time::Instant::now() }
    }

    pub fn check(&mut self) -> Result<()> {
        if self.last.elapsed().as_millis() < 50 {
            return Ok(());
        }
        self.last = std::time::Instant::now();
        Python::attach(|py| match py.check_signals() {
            Ok(()) => Ok(()),
            Err(e) => {
                e.restore(py);
                Err(Error::Interrupted)
            }
        })
    }
}
