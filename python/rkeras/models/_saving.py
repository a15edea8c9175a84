"""Saving models and their architecture."""

from __future__ import annotations

import json
import warnings
from collections.abc import Callable
from typing import Any

from rkeras.layers.layer import Layer
from rkeras.models.network import Network
from rkeras.operation import default


class Saving(Layer):
    """The part of ``Model`` that is about files and configs."""

    _network: Network | None

    def save(self, filepath: Any, overwrite: bool = True, zipped: bool | None = None, **kwargs: Any) -> None:
        """Saves architecture, weights and training state to a ``.keras`` or ``.h5`` file."""
        from rkeras import saving

        saving.save_model(self, filepath, overwrite=overwrite, zipped=zipped, **kwargs)

    def save_weights(self, filepath: Any, overwrite: bool = True, **kwargs: Any) -> None:
        """Saves the weights to a ``.weights.h5`` (or older ``.h5``) file."""
        from rkeras import saving

        saving.save_weights(self, filepath, overwrite=overwrite, **kwargs)

    def load_weights(self, filepath: Any, skip_mismatch: bool = False, **kwargs: Any) -> None:
        """Loads weights that ``save_weights`` wrote."""
        from rkeras import saving

        saving.load_weights(self, filepath, skip_mismatch=skip_mismatch, **kwargs)

    def export(
        self,
        filepath: Any,
        format: str = "tf_saved_model",
        verbose: bool | None = None,
        input_signature: Any = None,
    ) -> None:
        """Writes what the model computes in inference for TensorFlow to serve, without its Python code.

        Args:
            filepath: a directory.
            format: ``"tf_saved_model"``.
            verbose: whether to say what was written.
            input_signature: for a model that does not know its inputs: a list with an object that has ``shape``
                (None for unknown sizes) and ``dtype``, such as an ``InputSpec``, or a structure of such.

        Raises:
            ValueError: another format, or inputs that are not known.
            NotImplementedError: an op has no counterpart in TensorFlow; it is named.
        """
        from rkeras.saving.saved_model import export_saved_model

        if format != "tf_saved_model":
            raise ValueError(f"format must be 'tf_saved_model', got {format!r}")
        export_saved_model(self, filepath, input_signature)
        if verbose:
            print(f"Saved model {self.name!r} for TensorFlow at {filepath}")

    def to_json(self, **kwargs: Any) -> str:
        """The architecture as JSON, to be read by ``model_from_json``."""
        from rkeras import saving

        return json.dumps(saving.serialize_keras_object(self), **kwargs)

    def to_yaml(self, **kwargs: Any) -> str:
        """The architecture as YAML, to be read by ``model_from_yaml``; ``to_json`` is today's way.

        Args:
            kwargs: those of ``yaml.dump``.

        Raises:
            ImportError: PyYAML is not installed.
        """
        from rkeras.saving.yaml_text import write_yaml

        warnings.warn("model.to_yaml() is an old name: use model.to_json().", DeprecationWarning, stacklevel=2)
        return write_yaml(json.loads(self.to_json()), **kwargs)

    def get_config(self) -> dict[str, Any]:
        """The arguments (or the layers and their wiring) to make the model again, without weights."""
        if self._network is not None:
            from rkeras.models.functional_config import functional_config, has_functional_constructor

            if has_functional_constructor(type(self)):
                return functional_config(self)
        return super().get_config()

    @classmethod
    def from_config(cls, config: dict[str, Any], custom_objects: Any = None) -> Any:
        """Makes a model from what ``get_config`` returned."""
        from rkeras.models.functional_config import functional_from_config, has_functional_constructor

        wired = all(key in config for key in ("layers", "input_layers", "output_layers"))
        if wired and has_functional_constructor(cls):
            return functional_from_config(cls, config, custom_objects)
        return super().from_config(config)


default(Saving.get_config)


def model_from_json(json_string: str, custom_objects: Any = None) -> Any:
    """Makes a model (without its weights) from ``to_json``."""
    from rkeras.saving.json_text import read_json

    return _from_text(json_string, "The JSON", read_json, custom_objects)


def model_from_yaml(yaml_string: str, custom_objects: Any = None) -> Any:
    """Makes a model (without its weights) from ``to_yaml``.

    Raises:
        ImportError: PyYAML is not installed.
    """
    from rkeras.saving.yaml_text import read_yaml

    warnings.warn("model_from_yaml is an old name: use model_from_json.", DeprecationWarning, stacklevel=2)
    return _from_text(yaml_string, "The YAML", read_yaml, custom_objects)


def model_from_config(config: Any, custom_objects: Any = None) -> Any:
    """Makes a model (without its weights) from its record, ``{"class_name": …, "config": …}``; an old name.

    Args:
        config: the record, by any version of Keras.
        custom_objects: names to classes and functions that it refers to.

    Example:
        >>> import rkeras
        >>> layer = {"class_name": "Dense", "config": {"output_dim": 3, "input_dim": 2}}
        >>> with warnings.catch_warnings():
        ...     warnings.simplefilter("ignore")
        ...     model_from_config({"class_name": "Sequential", "config": [layer]}).count_params()
        9
    """
    from rkeras.saving.loading import loading

    new = "keras.saving.deserialize_keras_object"
    warnings.warn(f"model_from_config is an old name: use {new}.", DeprecationWarning, stacklevel=2)
    with loading("The config"):
        return _from_record(config, custom_objects)


def _from_text(text: str, what: str, read: Callable[[str, str], Any], custom_objects: Any) -> Any:
    from rkeras.saving.loading import loading

    with loading(what):
        return _from_record(read(text, what), custom_objects)


def _from_record(config: Any, custom_objects: Any) -> Any:
    from rkeras.saving.keras_archive import build_model
    from rkeras.saving.legacy_config import present_model
    from rkeras.saving.object_registration import CustomObjectScope

    with CustomObjectScope(custom_objects):
        return build_model(present_model(config), safe_mode=True)
