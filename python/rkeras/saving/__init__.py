"""Models and objects in files, and as plain data."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rkeras._lazy import lazy

# Where each public name lives.
_NAMES = {
    "CustomObjectScope": "rkeras.saving.object_registration",
    "custom_object_scope": "rkeras.saving.object_registration",
    "deserialize_keras_object": "rkeras.saving.deserialization",
    "get_custom_objects": "rkeras.saving.object_registration",
    "get_registered_name": "rkeras.saving.object_registration",
    "get_registered_object": "rkeras.saving.object_registration",
    "load_model": "rkeras.saving.model_file",
    "load_weights": "rkeras.saving.weights_file",
    "register_keras_serializable": "rkeras.saving.object_registration",
    "save_model": "rkeras.saving.model_file",
    "save_weights": "rkeras.saving.weights_file",
    "serialize_keras_object": "rkeras.saving.serialization",
}

__getattr__, __dir__, __all__ = lazy(__name__, _NAMES)

if TYPE_CHECKING:
    from rkeras.saving.deserialization import deserialize_keras_object as deserialize_keras_object
    from rkeras.saving.model_file import load_model as load_model
    from rkeras.saving.model_file import save_model as save_model
    from rkeras.saving.serialization import serialize_keras_object as serialize_keras_object
    from rkeras.saving.weights_file import load_weights as load_weights
    from rkeras.saving.weights_file import save_weights as save_weights
