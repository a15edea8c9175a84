"""Helpers around models: seeds, sessions, labels, files, pictures."""

from __future__ import annotations

from rkeras._lazy import lazy

# Where each public name lives.
_NAMES = {
    "clear_session": "rkeras.utils.session",
    "get_source_inputs": "rkeras.operation",
    "is_keras_tensor": "rkeras.keras_tensor",
    "print_summary": "rkeras.models.summary",
    "set_random_seed": "rkeras.utils.session",
    "standardize_dtype": "rkeras.dtype_policies",
    "disable_interactive_logging": "rkeras.config",
    "enable_interactive_logging": "rkeras.config",
    "is_interactive_logging_enabled": "rkeras.config",
}

__getattr__, __dir__, __all__ = lazy(__name__, _NAMES)
