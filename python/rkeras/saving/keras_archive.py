"""Whole models in the ``.keras`` format of Keras 3: a zip file, or a directory with the same members.

``config.json`` is the record of the model (see ``serialization``), ``model.weights.h5`` its weights and the
state of its optimizer (see ``weights_file``); ``metadata.json`` says who wrote it and when.
"""

from __future__ import annotations

import io
import json
import os
import shutil
import stat
import tempfile
import zipfile
from collections.abc import Callable
from datetime import datetime
from typing import Any, BinaryIO

from rkeras.build_budget import BuildBudget
from rkeras.saving.atomic import atomic_file
from rkeras.saving.deserialization import deserialize_keras_object
from rkeras.saving.json_text import MAX_BYTES, read_json
from rkeras.saving.loading import loading
from rkeras.saving.object_paths import saveable_objects
from rkeras.saving.object_registration import CustomObjectScope
from rkeras.saving.scopes import ObjectSharingScope, in_safe_mode
from rkeras.saving.serialization import serialize_shared
from rkeras.saving.weights_file import open_weights, read_into, write_objects
from rkeras.saving.zip_reader import ZipReader

CONFIG = "config.json"
METADATA = "metadata.json"
WEIGHTS = "model.weights.h5"
ASSETS = "assets"
# The version of the format, not ours: it is what other readers look for.
_FORMAT_VERSION = "3.15.1"


def write_archive(model: Any, target: Any, include_optimizer: bool = True) -> None:
    """Writes a zip file.

    Args:
        model: the model.
        target: a path, or a file open for writing in binary mode.
        include_optimizer: whether to keep the training configuration and the optimizer's state.
    """
    if hasattr(target, "write"):
        _write_zip(model, target, None, include_optimizer)
        return
    with atomic_file(os.fspath(target)) as name, open(name, "wb") as file:
        _write_zip(model, file, os.path.dirname(name), include_optimizer)


def _write_zip(model: Any, file: BinaryIO, directory: str | None, include_optimizer: bool) -> None:
    texts = _texts(model, include_optimizer)
    # HDF5 is written back and forth, a member of a zip file from beginning to end.
    with (
        zipfile.ZipFile(file, "w") as archive,
        tempfile.TemporaryFile(dir=directory, prefix=".weights.") as weights,
    ):
        now = datetime.now().timetuple()[:6]
        for name, text in texts.items():
            archive.writestr(zipfile.ZipInfo(name, now), text)
        _write_weights(model, weights, include_optimizer)
        info = zipfile.ZipInfo(WEIGHTS, now)
        info.file_size = weights.seek(0, io.SEEK_END)
        weights.seek(0)
        with archive.open(info, "w") as member:
            shutil.copyfileobj(weights, member, 1 << 20)


def write_directory(model: Any, directory: Any, include_optimizer: bool = True) -> None:
    """Writes the members as files of a directory that exists."""
    path = os.fspath(directory)
    with open(os.path.join(path, WEIGHTS), "w+b") as file:
        _write_weights(model, file, include_optimizer)
    for member, text in _texts(model, include_optimizer).items():
        with open(os.path.join(path, member), "w", encoding="utf-8") as out:
            out.write(text)


def _texts(model: Any, include_optimizer: bool) -> dict[str, str]:
    """The members that are JSON."""
    record = serialize_shared(model)
    if not include_optimizer:
        record.pop("compile_config", None)
    now = datetime.now().strftime("%Y-%m-%d@%H:%M:%S")
    return {
        METADATA: json.dumps({"keras_version": _FORMAT_VERSION, "date_saved": now}),
        CONFIG: json.dumps(record),
    }


def _write_weights(model: Any, file: Any, include_optimizer: bool) -> None:
    import h5py

    with h5py.File(file, "w") as weights:
        write_objects(weights, model, include_optimizer)


def read_archive(source: Any, what: str, custom_objects: Any, compile: bool, safe_mode: bool) -> Any:
    """Reads a zip file.

    Args:
        source: a file open for reading in binary mode.
        what: what it is called in errors.
        custom_objects: names to classes and functions of the user's.
        compile: whether to compile the model as it was.
        safe_mode: whether to refuse code.

    Returns:
        The model.

    Raises:
        ValueError: if the file is damaged, was not made by saving a model, or is larger than one.
        TypeError: if it names classes or functions that are not known.
    """
    archive = ZipReader(source, what)
    size = archive.size(WEIGHTS) if WEIGHTS in archive else None
    return _read(archive.__contains__, archive.open, size, what, custom_objects, compile, safe_mode)


def read_directory(directory: Any, custom_objects: Any, compile: bool, safe_mode: bool) -> Any:
    """Reads the members from a directory; arguments and errors are those of ``read_archive``."""
    path = os.fspath(directory)
    what = f"The model in '{path}'"

    def contains(name: str) -> bool:
        try:
            return stat.S_ISREG(os.stat(os.path.join(path, name)).st_mode)
        except OSError:
            return False

    def open_member(name: str, limit: int | None = None) -> BinaryIO:
        place = os.path.join(path, name)
        if not contains(name):
            raise ValueError(f"{what} cannot be read: it has no file {name!r}.")
        if limit is not None and os.path.getsize(place) > limit:
            raise ValueError(f"{what} cannot be read: '{name}' has more than {limit:,} bytes.")
        return open(place, "rb")

    size = os.path.getsize(os.path.join(path, WEIGHTS)) if contains(WEIGHTS) else None
    return _read(contains, open_member, size, what, custom_objects, compile, safe_mode)


def _read(
    contains: Callable[[str], bool],
    open_member: Callable[..., BinaryIO],
    weights_size: int | None,
    what: str,
    custom_objects: Any,
    compile: bool,
    safe_mode: bool,
) -> Any:
    if weights_size is None:
        if contains("model.weights.npz"):
            raise ValueError(f"{what} keeps its weights as Python pickles (npz), which are not read.")
        raise ValueError(f"{what} has no '{WEIGHTS}': it was not made by saving a model.")
    with open_member(CONFIG, MAX_BYTES) as file:
        config = read_json(file.read(MAX_BYTES + 1), f"'{CONFIG}' of {what}")
    if not isinstance(config, dict):
        raise ValueError(f"'{CONFIG}' of {what} describes no model, it is a {type(config).__name__}.")
    if not compile:
        config.pop("compile_config", None)
    trusted = not safe_mode or in_safe_mode() is False
    with loading(what), CustomObjectScope(custom_objects):
        with ObjectSharingScope(), BuildBudget(None if trusted else weights_size):
            model = build_model(config, safe_mode)
        with open_member(WEIGHTS) as file, open_weights(file, what) as weights:
            read_into(weights, model)
        _read_assets(contains, open_member, model)
    return model


def _read_assets(contains: Callable[[str], bool], open_member: Callable[..., BinaryIO], model: Any) -> None:
    """Gives layers what Keras keeps of them in further members, such as vocabularies. Only names that a layer asks
    for are opened; the rest stays closed."""
    for path, owner in saveable_objects(model):
        if not hasattr(type(owner), "take_assets"):
            continue

        def read(name: str, limit: int, path: str = path) -> bytes | None:
            member = f"{ASSETS}/{path}/{name}" if path else f"{ASSETS}/{name}"
            if not contains(member):
                return None
            with open_member(member, limit) as file:
                return file.read(limit + 1)

        owner.take_assets(read)


def build_model(config: dict[str, Any], safe_mode: bool) -> Any:
    """Makes the model of a record, with new weights.

    Raises:
        ValueError: if it is the record of something else.
    """
    from rkeras.models.model import Model

    model = deserialize_keras_object(config, safe_mode=safe_mode)
    if not isinstance(model, Model):
        raise ValueError(f"the config describes no model, but a {type(model).__name__}")
    return model
