"""Helpers around models: seeds, sessions, labels, files, pictures."""

from __future__ import annotations

from rkeras._lazy import lazy

# Where each public name lives.
_NAMES = {
    "Progbar": "rkeras.training.progress",
    "PyDataset": "rkeras.utils.py_dataset",
    "clear_session": "rkeras.utils.session",
    "get_source_inputs": "rkeras.operation",
    "is_keras_tensor": "rkeras.keras_tensor",
    "model_to_dot": "rkeras.visualization.plot",
    "normalize": "rkeras.utils.numeric",
    "pack_x_y_sample_weight": "rkeras.training.structure",
    "plot_model": "rkeras.visualization.plot",
    "print_summary": "rkeras.models.summary",
    "set_random_seed": "rkeras.utils.session",
    "standardize_dtype": "rkeras.dtype_policies",
    "to_categorical": "rkeras.utils.numeric",
    "unpack_x_y_sample_weight": "rkeras.training.structure",
    "disable_interactive_logging": "rkeras.config",
    "enable_interactive_logging": "rkeras.config",
    "is_interactive_logging_enabled": "rkeras.config",
}

__getattr__, __dir__, __all__ = lazy(__name__, _NAMES)
