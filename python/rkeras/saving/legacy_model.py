"""Whole models in HDF5 files, as Keras 1 and 2 wrote them and Keras 3 still does.

The architecture is JSON in the attribute ``model_config``, what ``compile`` was given in ``training_config``;
the weights are in the group ``model_weights`` (see ``legacy_weights``), the optimizer's state in
``optimizer_weights``.
"""

from __future__ import annotations

import json
import os
from typing import Any

from rkeras.build_budget import BuildBudget
from rkeras.saving.atomic import atomic_file
from rkeras.saving.hdf5 import follow, read_text
from rkeras.saving.json_text import MAX_BYTES, read_json
from rkeras.saving.legacy_config import present_model
from rkeras.saving.legacy_form import old_record
from rkeras.saving.legacy_optimizer import read_state, write_state
from rkeras.saving.legacy_training import compile_arguments, training_config
from rkeras.saving.legacy_weights import FORMAT_VERSION, WHOLE, read_layers, write_layers
from rkeras.saving.loading import loading
from rkeras.saving.object_registration import CustomObjectScope
from rkeras.saving.scopes import ObjectSharingScope, SafeModeScope, in_safe_mode
from rkeras.saving.seed_states import read_seeds, write_seeds
from rkeras.saving.serialization import serialize_shared
from rkeras.saving.weights_file import assign_all, open_weights


def save_legacy_model(model: Any, path: Any, include_optimizer: bool = True, overwrite: bool = True) -> None:
    """Writes a model to an HDF5 file that Keras 2 and 3 open as well.

    Keras 2 does not know ops as layers, nor how Keras 3 counts the calls of a model within a model; it opens all
    other models.

    Args:
        model: the model.
        path: the file; it appears only when it is complete.
        include_optimizer: whether to keep the training configuration and the optimizer's state.
        overwrite: whether to replace a file that exists.

    Raises:
        FileExistsError: if the file exists and must not be replaced.

    Example:
        >>> import os, tempfile, rkeras
        >>> model = rkeras.Sequential([rkeras.Input((2,)), rkeras.layers.Dense(1)])
        >>> with tempfile.TemporaryDirectory() as directory:
        ...     save_legacy_model(model, os.path.join(directory, "m.h5"))
        ...     load_legacy_model(os.path.join(directory, "m.h5")).count_params()
        3
    """
    import h5py

    texts = {"model_config": old_record(serialize_shared(model))}
    if include_optimizer and model.compiled:
        texts["training_config"] = training_config(model)
    with atomic_file(os.fspath(path), overwrite) as name, h5py.File(name, "w") as file:
        file.attrs["keras_version"] = FORMAT_VERSION
        file.attrs["backend"] = "rkeras"
        for key, value in texts.items():
            # As bytes: text of any length is then kept outside of the header, which has room for 64 KiB.
            file.attrs[key] = json.dumps(value).encode()
        write_layers(file.create_group(WHOLE), model)
        if "training_config" in texts and model.optimizer is not None:
            write_state(file, model.optimizer)
        write_seeds(file, model)


def load_legacy_model(path: Any, custom_objects: Any = None, compile: bool = True, safe_mode: bool = True) -> Any:
    """Reads a model that Keras 1, 2 or 3, or ``save_legacy_model``, wrote to an HDF5 file.

    Args:
        path: the file.
        custom_objects: names to classes and functions of the user's.
        compile: whether to compile the model as it was, with the optimizer's state; training then goes on where
            it stopped.
        safe_mode: whether to refuse code, and models that need more memory than the file accounts for.

    Returns:
        The model.

    Raises:
        ValueError: if the file holds no model, is damaged, or carries code.
        TypeError: if it names classes or functions that are not known.
    """
    what = f"'{os.fspath(path)}'"
    trusted = not safe_mode or in_safe_mode() is False
    budget = BuildBudget(None if trusted else os.path.getsize(path))
    with (
        open_weights(os.fspath(path), what) as file,
        loading(what),
        CustomObjectScope(custom_objects),
        SafeModeScope(not trusted),
    ):
        config = _read_config(file, "model_config", what)
        if config is None:
            raise ValueError(f"{what} has weights at most, no model: make the model, then use load_weights().")
        with ObjectSharingScope(), budget:
            model = _build(config)
        weights = follow(file, WHOLE)
        if weights is None:
            raise ValueError(f"{what} has no group '{WHOLE}': it was not made by saving a model.")
        assign_all([*read_layers(weights, model, by_name=False), *read_seeds(file, model)], model)
        config = _read_config(file, "training_config", what) if compile else None
        if config is not None:
            with budget:
                model.compile(**compile_arguments(config))
                read_state(file, model)
    return model


def _read_config(file: Any, name: str, what: str) -> Any:
    text = read_text(file, name, MAX_BYTES)
    return None if text is None else read_json(text, f"'{name}' of {what}")


def _build(config: Any) -> Any:
    from rkeras.saving.keras_archive import build_model

    return build_model(present_model(config), safe_mode=in_safe_mode() is not False)
