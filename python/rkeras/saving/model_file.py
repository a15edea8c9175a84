"""``save_model`` and ``load_model``: finds the format by the path, and by what the file begins with."""

from __future__ import annotations

import os
import sys
import warnings
from typing import Any

from rkeras.saving.atomic import atomic_directory
from rkeras.saving.keras_archive import CONFIG, read_archive, read_directory, write_archive, write_directory

_HDF5_ENDINGS = (".h5", ".hdf5")
_ZIP, _HDF5 = b"PK\3\4", b"\x89HDF\r\n\x1a\n"
# What `save_format` of older code means, as the ending of a path.
_FORMATS = {"keras": ".keras", "h5": ".h5", "hdf5": ".h5", "tf": ""}


def save_model(
    model: Any,
    filepath: Any,
    overwrite: bool = True,
    zipped: bool | None = None,
    save_format: str | None = None,
    include_optimizer: bool = True,
    **kwargs: Any,
) -> None:
    """Saves architecture, weights and training state, so that ``load_model`` gives the model back.

    Args:
        model: the model.
        filepath: the format is in its ending: ``.keras``, ``.h5`` or ``.hdf5`` (as Keras 1 and 2); without an
            ending a directory, which also holds a TensorFlow SavedModel. An open binary file gets a
            ``.keras`` archive. Files appear only when they are complete.
        overwrite: whether to replace what exists; if not, the terminal is asked, or an error raised.
        zipped: False for a directory with the members of a ``.keras`` file.
        save_format: ``keras``, ``h5`` or ``tf``, if the path has no ending that tells.
        include_optimizer: whether to keep the training configuration and the optimizer's state.
        kwargs: ``signatures`` and ``options`` of older code, which have no effect.

    Raises:
        ValueError: if the ending is unknown.
        FileExistsError: if the path exists, must not be replaced, and there is no terminal to ask.

    Example:
        >>> import io, rkeras
        >>> model = rkeras.Sequential([rkeras.Input((2,)), rkeras.layers.Dense(1)])
        >>> file = io.BytesIO()
        >>> save_model(model, file)
        >>> load_model(file).count_params()
        3
    """
    unknown = sorted(set(kwargs) - {"signatures", "options", "save_traces"})
    if unknown:
        raise TypeError(f"save_model() got unexpected arguments {unknown}")
    _check_model(model)
    if hasattr(filepath, "write"):
        write_archive(model, filepath, include_optimizer)
        return
    path = os.fspath(filepath)
    ending = _ending(path, zipped, save_format)
    if os.path.lexists(path) and not overwrite and not _may_replace(path):
        return
    if ending == ".keras":
        write_archive(model, path, include_optimizer)
    elif ending == ".h5":
        from rkeras.saving.legacy_model import save_legacy_model

        save_legacy_model(model, path, include_optimizer=include_optimizer)
    else:
        _save_directory(model, path, include_optimizer, with_graph=zipped is None)


def _save_directory(model: Any, path: str, include_optimizer: bool, with_graph: bool) -> None:
    from rkeras.saving.saved_model import refuse_others, write_saved_model

    refuse_others(path)
    with atomic_directory(path) as new:
        write_directory(model, new, include_optimizer)
        if with_graph:
            try:
                write_saved_model(model, new)
            except NotImplementedError as error:
                warnings.warn(
                    f"'{path}' has no `saved_model.pb` for TensorFlow: {error}. `load_model()` can load it.",
                    stacklevel=5,
                )


def load_model(filepath: Any, custom_objects: Any = None, compile: bool = True, safe_mode: bool = True) -> Any:
    """Loads a model that ``save_model``, or Keras, saved.

    A file can only name classes and functions of this library, those registered with
    ``register_keras_serializable``, and those in ``custom_objects``; nothing in it is run and nothing that
    it mentions is opened. A model that needs more memory than its file accounts for is refused.

    Args:
        filepath: a ``.keras`` or ``.h5`` file, a directory, or an open binary file.
        custom_objects: names to classes and functions that the file refers to.
        compile: whether to compile the model as it was.
        safe_mode: False to run code in the file (of ``Lambda`` layers) and to lift the limit on memory; only
            for files that you trust.

    Returns:
        The model.

    Raises:
        FileNotFoundError: if there is no such file.
        ValueError: if it holds no model, is damaged, or carries code and ``safe_mode`` is on.
        TypeError: if it names a class or function that is not known.
    """
    if hasattr(filepath, "read"):
        return read_archive(filepath, "The file", custom_objects, compile, safe_mode)
    path = os.fspath(filepath)
    if not os.path.exists(path):
        raise FileNotFoundError(f"There is no model file '{path}'.")
    if os.path.isdir(path):
        if not os.path.exists(os.path.join(path, CONFIG)):
            raise ValueError(
                f"The directory '{path}' has no '{CONFIG}': only models saved by `model.save()` can be loaded. "
                "A SavedModel that another program wrote holds a TensorFlow graph, not layers."
            )
        return read_directory(path, custom_objects, compile, safe_mode)
    with open(path, "rb") as file:
        start = file.read(8)
        if start.startswith(_ZIP):
            file.seek(0)
            return read_archive(file, f"'{path}'", custom_objects, compile, safe_mode)
    if start == _HDF5:
        from rkeras.saving.legacy_model import load_legacy_model

        return load_legacy_model(path, custom_objects, compile, safe_mode)
    raise ValueError(f"'{path}' is neither a `.keras` nor an `.h5` file, or it is damaged.")


def _check_model(model: Any) -> None:
    from rkeras.models.model import Model

    if not isinstance(model, Model):
        raise ValueError(f"save_model() saves models; received {model!r} of type {type(model).__name__}.")
    if not model.built:
        warnings.warn(
            f"Model `{model.name}` has no weights yet and is saved without: call it on data or "
            "build(input_shape) first.",
            stacklevel=4,
        )


def _ending(path: str, zipped: bool | None, save_format: str | None) -> str:
    """``.keras``, ``.h5`` or, for a directory, nothing."""
    if zipped is False:
        return ""
    name = path.lower().rstrip("/")
    if name.endswith(".weights.h5"):
        raise ValueError(f"'{path}' is the name of a weights file: use save_weights(), or another ending.")
    if name.endswith(".keras"):
        return ".keras"
    if name.endswith(_HDF5_ENDINGS):
        return ".h5"
    if save_format is not None:
        if save_format not in _FORMATS:
            raise ValueError(f"save_format must be one of {sorted(_FORMATS)}; received {save_format!r}.")
        return _FORMATS[save_format]
    if zipped:
        raise ValueError(f"The path of a zipped model must end in `.keras`; received '{path}'.")
    return ""


def _may_replace(path: str) -> bool:
    """Asks the terminal, if there is one."""
    if not (sys.stdin and sys.stdin.isatty()):
        raise FileExistsError(f"'{path}' exists already; pass overwrite=True to replace it.")
    answer = ""
    while answer not in ("y", "n"):
        answer = input(f"'{path}' exists already. Overwrite it? [y/n] ").strip().lower()
    return answer == "y"
