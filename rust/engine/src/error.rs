//! The one error type of the engine; the Python boundary maps each kind to an exception class.

use rkeras_kernels::memory::OutOfMemory;

/// What went wrong, by the exception a Python user would expect for it.
#[derive(Debug, Clone, thiserror::Error)]
pub enum Error {
    /// Shapes, ranks or argument values that do not fit (`ValueError`).
    #[error("{0}")]
    Value(String),
    /// Wrong kinds of thing: dtypes an operation does not take (`TypeError`).
    #[error("{0}")]
    Type(String),
    /// A number was asked of a value that exists only inside a trace (`TracedValueError`).
    #[error("{0}")]
    Traced(String),
    /// More memory than there is (`MemoryError`).
    #[error("{0}")]
    Memory(String),
    /// The user pressed Ctrl-C; the signal's own exception is already set.
    #[error("interrupted")]
    Interrupted,
    /// A broken promise inside the engine (`RuntimeError` asking for a report).
    #[error("internal error in rkeras, please report it: {0}")]
    Internal(String),
}

/// The engine's result type.
pub type Result<T> = std::result::Result<T, Error>;

impl Error {
    pub fn value(message: impl Into<String>) -> Self {
        Self::Value(message.into())
    }

    pub fn dtype(message: impl Into<String>) -> Self {
        Self::Type(message.into())
    }

    pub fn internal(message: impl Into<String>) -> Self {
        Self::Internal(message.into())
    }

    /// The same error with the name of the op in front, unless it is there already.
    pub fn in_op(self, op: &str) -> Self {
        let named = |m: String| if m.starts_with(op) { m } else { format!("{op}: {m}") };
        match self {
            Self::Value(m) => Self::Value(named(m)),
            Self::Type(m) => Self::Type(named(m)),
            Self::Memory(m) => Self::Memory(named(m)),
            other => other,
        }
    }
}

impl From<OutOfMemory> for Error {
    fn from(e: OutOfMemory) -> Self {
        Self::Memory(e.to_string())
    }
}
