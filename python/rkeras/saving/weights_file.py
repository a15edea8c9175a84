"""``.weights.h5`` files, in the layout of Keras 3.

Each layer and optimizer is a group (see ``object_paths``) with a subgroup ``vars`` whose datasets ``0``,
``1``, … are its variables. Files come from strangers: nothing is read whose shape is not that of the
variable it is meant for, so that a small file cannot ask for much memory, and links to other files are
refused. Variables change only when the whole file has been found to fit.
"""

from __future__ import annotations

import os
import warnings
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import Any

from rkeras.saving.atomic import atomic_file
from rkeras.saving.hdf5 import Reader, Writer, follow, has
from rkeras.saving.hdf5_heaps import check_heaps
from rkeras.saving.legacy_weights import WHOLE, is_legacy, read_layers, write_layers
from rkeras.saving.object_paths import saveable_objects
from rkeras.saving.seed_states import read_seeds, write_seeds


def save_weights(model: Any, filepath: Any, overwrite: bool = True) -> None:
    """Writes the weights of ``model`` to a file; to ``.weights.h5`` the state of its optimizer too.

    Args:
        model: a built model.
        filepath: ends in ``.weights.h5``, or in ``.h5`` or ``.hdf5`` for the older layout
            (``legacy_weights``). The file appears only when it is complete.
        overwrite: whether to replace a file that exists.

    Raises:
        ValueError: if the path ends otherwise, or the model has no weights yet.
        FileExistsError: if the file exists and must not be replaced.
    """
    path = os.fspath(filepath)
    if not path.endswith((".h5", ".hdf5")):
        raise ValueError(f"The path of a weights file must end in `.weights.h5` or `.h5`; received '{path}'.")
    _require_built(model, "save")
    import h5py

    with atomic_file(path, overwrite) as name, h5py.File(name, "w") as file:
        (write_objects if path.endswith(".weights.h5") else write_layers)(file, model)


def write_objects(file: Any, model: Any, include_optimizer: bool = True) -> None:
    """Writes every object of ``model`` into an open HDF5 file."""
    for path, owner in saveable_objects(model):
        if not include_optimizer and not _is_layer(owner):
            continue
        group = file.create_group(f"{path}/vars" if path else "vars")
        if isinstance(getattr(owner, "name", None), str):
            group.attrs["name"] = owner.name.replace("\0", "")
        owner.save_own_variables(Writer(group))
    write_seeds(file, model)


def load_weights(model: Any, filepath: Any, skip_mismatch: bool = False, by_name: bool = False) -> None:
    """Reads a weights file of either layout into the variables of ``model``.

    Args:
        model: a built model of the same structure.
        filepath: the file.
        skip_mismatch: whether to leave layers alone, with a warning, that do not fit.
        by_name: whether to match layers by name rather than by order; for files of the older layout only.

    Raises:
        ValueError: if the file is no weights file, or does not fit the model; then the model is unchanged.
        FileNotFoundError: if there is no such file.
    """
    path = os.fspath(filepath)
    if not os.path.exists(path):
        raise FileNotFoundError(f"There is no weights file '{path}'.")
    _require_built(model, "load")
    with open_weights(path, f"'{path}'") as file:
        if is_legacy(file):
            results = read_layers(follow(file, WHOLE) if has(file, WHOLE) else file, model, by_name)
        elif by_name:
            raise ValueError(f"by_name=True needs a file of the older layout; '{path}' has no layer names.")
        else:
            results = read_objects(file, model)
        assign_all(results, model, skip_mismatch)


@contextmanager
def open_weights(source: Any, what: str) -> Iterator[Any]:
    """A path, or a file open for reading, as an open HDF5 file.

    Raises:
        ValueError: if it is none, or is damaged; also if that shows later on.
    """
    import h5py

    if isinstance(source, str):  # of an archive's files no texts are read
        try:
            check_heaps(source)
        except ValueError as error:
            raise ValueError(f"{what} is no HDF5 file, or is damaged: {error}.") from None
    try:
        with h5py.File(source, "r") as file:
            yield file
    except (OSError, RuntimeError, KeyError) as error:
        # h5py's names for what the HDF5 library finds wrong.
        raise ValueError(f"{what} is no HDF5 file, or is damaged: {error}.") from None


def read_into(file: Any, model: Any) -> None:
    """Reads an open file of the layout of Keras 3 into a model that it was saved from."""
    assign_all(read_objects(file, model), model, skip_mismatch=False)


def _is_layer(owner: Any) -> bool:
    return getattr(owner, "_tracked_as", "") == "layers"


def _require_built(model: Any, what: str) -> None:
    if not model.built:
        raise ValueError(
            f"Model `{model.name}` has no weights to {what} yet: call it on data or build(input_shape) first."
        )


def assign_all(results: Iterable[Callable[[], None] | ValueError], model: Any, skip_mismatch: bool = False) -> None:
    """Assigns everything, or nothing if something does not fit and must."""
    changes: list[Callable[[], None]] = []
    problems: list[str] = []
    for result in results:
        if isinstance(result, ValueError):
            problems.append(str(result))
        else:
            changes.append(result)
    if problems and not skip_mismatch:
        listed = "\n  ".join(problems)
        raise ValueError(f"The weights file does not fit model `{model.name}`; nothing was loaded.\n  {listed}")
    for problem in problems:
        warnings.warn(f"Skipped: {problem}", stacklevel=4)
    for change in changes:
        change()


def read_objects(file: Any, model: Any) -> Iterator[Callable[[], None] | ValueError]:
    """For each object of ``model`` what is to be assigned from an open HDF5 file, or why it does not fit."""
    for path, owner in saveable_objects(model):
        is_layer = _is_layer(owner)
        if not is_layer and not owner.built and len(Reader(follow(file, f"{path}/vars"), path)) > 2:
            # The file was saved after training: make the slots that its state goes into.
            owner.build(model.trainable_variables)
        try:
            yield _read_object(file, path, owner)
        except ValueError as error:
            if is_layer:
                yield error
            else:  # an optimizer in another state does not make the weights useless
                warnings.warn(f"The optimizer's state is not loaded: {error}", stacklevel=4)
    yield from read_seeds(file, model)


def _read_object(file: Any, path: str, owner: Any) -> Callable[[], None]:
    """Reads what one object needs; the result assigns it."""
    place = f"{path}/vars" if path else "vars"
    group = follow(file, place)
    store = Reader(group, place)
    variables = own_variables(owner)
    kind = type(owner)
    if hasattr(kind, "take_state"):
        # One of our layers whose state is no variables.
        change: Callable[[], None] = owner.take_state(store)
        return change
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
    if _is_layer(owner):
        return [*owner._trainable_variables, *owner._non_trainable_variables]
    return list(owner._variables)
