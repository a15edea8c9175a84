"""Helpers around models: seeds, sessions, labels, files, pictures."""

from __future__ import annotations

from rkeras._lazy import lazy

# Where each public name lives.
_NAMES = {
    "CustomObjectScope": "rkeras.saving",
    "Progbar": "rkeras.training.progress",
    "PyDataset": "rkeras.utils.py_dataset",
    "clear_session": "rkeras.utils.session",
    "get_file": "rkeras.utils.files",
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
    "Sequence": "rkeras.utils.py_dataset:PyDataset",
    "array_to_img": "rkeras.preprocessing.image",
    "image_dataset_from_directory": "rkeras.utils.directory_datasets",
    "img_to_array": "rkeras.preprocessing.image",
    "load_img": "rkeras.preprocessing.image",
    "save_img": "rkeras.preprocessing.image",
    "pad_sequences": "rkeras.preprocessing.padding",
    "split_dataset": "rkeras.utils.split_dataset",
    "text_dataset_from_directory": "rkeras.utils.directory_datasets",
    "timeseries_dataset_from_array": "rkeras.utils.timeseries_dataset",
    "custom_object_scope": "rkeras.saving",
    "deserialize_keras_object": "rkeras.saving",
    "get_custom_objects": "rkeras.saving",
    "get_registered_name": "rkeras.saving",
    "get_registered_object": "rkeras.saving",
    "register_keras_serializable": "rkeras.saving",
    "serialize_keras_object": "rkeras.saving",
}

__getattr__, __dir__, __all__ = lazy(__name__, _NAMES)
