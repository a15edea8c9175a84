"""``.weights.h5`` files, in the layout of Keras 3.

Each layer and optimizer is a group (see ``object_paths``) with a subgroup ``vars`` whose datasets ``0``,
``1``, … are its variables. Files come from strangers: nothing is read whose shape is not that of the
variable it is meant for, so that a small file cannot ask for much memory, and links to other files are
refused. Variables change only when the whole file has been found to fit.
"""

from __future__ import annotations

import os
import tempfile
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from rkeras.saving.object_paths import saveable_objects

Array = npt.NDArray[Any]


@contextmanager
def atomic_file(path: str, overwrite: bool = True) -> Iterator[str]:
    """Gives the name of a temporary file that takes the place of ``path`` at the end, if nothing was raised.

    Raises:
        FileExistsError: if ``path`` exists and must not be overwritten.
        IsADirectoryError: if ``path`` is a directory.
    """
    target = Path(path)
    if target.is_dir():
        raise IsADirectoryError(f"Cannot write '{path}': it is a directory. Give a file name.")
    if target.exists() and not overwrite:
        raise FileExistsError(f"'{path}' exists already; pass overwrite=True to replace it.")
    if not target.parent.is_dir():
        raise FileNotFoundError(f"Cannot write '{path}': the directory '{target.parent}' does not exist.")
    handle, name = tempfile.mkstemp(dir=target.parent, prefix=f".{target.name}.")
    os.close(handle)
    try:
        yield name
        # mkstemp makes files private; a saved model is as readable as any other new file.
        mask = os.umask(0)
        os.umask(mask)
        os.chmod(name, 0o666 & ~mask)
        os.replace(name, target)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise


def save_weights(model: Any, filepath: Any, overwrite: bool = True) -> None:
    """Writes the weights of ``model``, and the state of its optimizer, to a ``.weights.h5`` file.

    Args:
        model: a built model.
        filepath: where to; the file appears only when it is complete.
        overwrite: whether to replace a file that exists.

    Raises:
        ValueError: if the path does not end in ``.weights.h5``, or the model has no weights yet.
    """
    path = os.fspath(filepath)
    if not path.endswith(".weights.h5"):
        raise ValueError(f"The path of a weights file must end in `.weights.h5`; received '{path}'.")
    if not model.built:
        raise ValueError(
            f"Model `{model.name}` has no weights to save yet: call it on data or build(input_shape) first."
        )
    import h5py

    with atomic_file(path, overwrite) as name, h5py.File(name, "w") as file:
        write_objects(file, model)


def write_objects(file: Any, model: Any) -> None:
    """Writes every object of ``model`` into an open HDF5 file."""
    for path, owner in saveable_objects(model):
        group = file.create_group(f"{path}/vars" if path else "vars")
        if isinstance(getattr(owner, "name", None), str):
            group.attrs["name"] = owner.name
        owner.save_own_variables(_Writer(group))


class _Writer:
    """The mapping that ``save_own_variables`` fills."""

    def __init__(self, group: Any) -> None:
        self._group = group

    def __setitem__(self, key: str, value: Any) -> None:
        array = np.asarray(value.numpy() if hasattr(value, "numpy") else value)
        if array.dtype.name == "bfloat16":
            # HDF5 has no such type: two opaque bytes, with the name beside them.
            data = self._group.create_dataset(key, data=array.view("V2"))
            data.attrs["dtype"] = "bfloat16"
        else:
            self._group.create_dataset(key, data=array)


def load_weights(model: Any, filepath: Any, skip_mismatch: bool = False) -> None:
    """Reads a ``.weights.h5`` file into the variables of ``model``.

    Args:
        model: a built model of the same structure.
        filepath: the file.
        skip_mismatch: whether to leave layers alone, with a warning, that do not fit.

    Raises:
        ValueError: if the file is no weights file, or does not fit the model; then the model is unchanged.
        FileNotFoundError: if there is no such file.
    """
    path = os.fspath(filepath)
    if not os.path.exists(path):
        raise FileNotFoundError(f"There is no weights file '{path}'.")
    if not model.built:
        raise ValueError(
            f"Model `{model.name}` has no weights to load into: call it on data or build(input_shape) first."
        )
    import h5py

    try:
        file = h5py.File(path, "r")
    except OSError as error:
        raise ValueError(f"'{path}' is no HDF5 file, or is damaged: {error}.") from None
    with file:
        read_objects(file, model, skip_mismatch)


def read_objects(file: Any, model: Any, skip_mismatch: bool = False) -> None:
    """Reads every object of ``model`` from an open HDF5 file; see ``load_weights``."""
    changes: list[Callable[[], None]] = []
    problems: list[str] = []
    for path, owner in saveable_objects(model):
        try:
            changes.append(_read_object(file, path, owner))
        except ValueError as error:
            problems.append(str(error))
            if getattr(owner, "_tracked_as", "") != "layers":
                # An optimizer in another state does not make the weights useless.
                warnings.warn(f"The optimizer's state is not loaded: {error}", stacklevel=4)
                problems.pop()
    if problems and not skip_mismatch:
        raise ValueError(
            f"The weights file does not fit model `{model.name}`; nothing was loaded.\n  "
            + "\n  ".join(problems)
        )
    for problem in problems:
        warnings.warn(f"Skipped: {problem}", stacklevel=4)
    for change in changes:
        change()


def _read_object(file: Any, path: str, owner: Any) -> Callable[[], None]:
    """Reads what one object needs; the result assigns it."""
    place = f"{path}/vars" if path else "vars"
    group = _follow(file, place)
    store = _Reader(group, place)
    variables = own_variables(owner)
    kind = type(owner)
    if not kind.load_own_variables.__module__.startswith("rkeras."):
        # A user's own format: only they can tell what fits.
        return lambda: owner.load_own_variables(store)
    if group is None and variables:
        raise ValueError(
            f"`{owner.name}` ({kind.__name__}) has {len(variables)} variables, but the file has no '{place}'."
        )
    names = store.keys()
    if len(names) != len(variables):
        raise ValueError(
            f"`{owner.name}` ({kind.__name__}) has {len(variables)} variables, "
            f"but the file has {len(names)} in '{place}'."
        )
    arrays = [store.read(str(i), tuple(v.shape), v.path) for i, v in enumerate(variables)]

    def assign() -> None:
        for variable, array in zip(variables, arrays, strict=True):
            variable.assign(array)

    return assign


def own_variables(owner: Any) -> list[Any]:
    """The variables that a file keeps for this object alone, in their order."""
    if getattr(owner, "_tracked_as", "") == "layers":
        return [*owner._trainable_variables, *owner._non_trainable_variables]
    return list(owner.variables)


class _Reader:
    """The mapping that ``load_own_variables`` takes from; datasets are checked before they are read."""

    def __init__(self, group: Any, place: str) -> None:
        self._group = group
        self._place = place

    def keys(self) -> list[str]:
        return [] if self._group is None else list(self._group.keys())

    def __len__(self) -> int:
        return len(self.keys())

    def __contains__(self, key: str) -> bool:
        return key in self.keys()

    def __getitem__(self, key: str) -> Array:
        return self.read(key, None, key)

    def read(self, key: str, shape: tuple[int, ...] | None, what: str) -> Array:
        """The array of a dataset that has this shape, or any shape that the file really stores if None."""
        import h5py

        data = None if self._group is None else _follow(self._group, key)
        if not isinstance(data, h5py.Dataset):
            raise ValueError(f"the file has no dataset '{self._place}/{key}' for `{what}`.")
        if data.is_virtual or data.external:
            raise ValueError(
                f"dataset '{self._place}/{key}' keeps its numbers in another file, which is refused."
            )
        if shape is not None and tuple(data.shape or ()) != shape:
            raise ValueError(
                f"`{what}` has shape {shape}, but '{self._place}/{key}' in the file has shape {data.shape}."
            )
        if shape is None and data.size * data.dtype.itemsize > max(
            1 << 24, 1000 * data.id.get_storage_size()
        ):
            raise ValueError(
                f"dataset '{self._place}/{key}' declares far more numbers than the file holds; it is refused."
            )
        if data.dtype.kind not in "fiubV" or (data.dtype.kind == "V" and data.dtype.itemsize != 2):
            raise ValueError(f"dataset '{self._place}/{key}' holds {data.dtype}, not numbers.")
        array = np.asarray(data[()])
        if array.dtype.kind == "V":
            import ml_dtypes

            array = array.view(ml_dtypes.bfloat16)
        return array


def _follow(group: Any, path: str) -> Any:
    """What stands at ``path``, if only plain (hard) links lead there; None if nothing does."""
    import h5py

    for part in path.split("/"):
        if not isinstance(group, h5py.Group):
            return None
        link = group.get(part, getlink=True) if part in group else None
        if link is None:
            return None
        if not isinstance(link, h5py.HardLink):
            raise ValueError(
                f"'{path}' in the file is a link to '{getattr(link, 'path', '?')}', which is refused."
            )
        group = group[part]
    return group
