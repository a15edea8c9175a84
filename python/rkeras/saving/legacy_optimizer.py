"""The state of an optimizer in HDF5 files: ``weight_names`` in order, and a dataset for each."""

from __future__ import annotations

import warnings
from typing import Any

from rkeras.saving.hdf5 import Reader, Writer, follow
from rkeras.saving.legacy_weights import read_names, unique_names, write_names

GROUP = "optimizer_weights"

_STEPS = frozenset(("iter", "iteration", "iterations"))
# State that has no counterpart today.
_UNUSED = frozenset(("momentum_cache",))
_SLOTS = frozenset(
    ("m", "v", "vhat", "u", "rms", "mg", "momentum", "velocity", "average_gradient", "accumulator", "linear",
     "accum_grad", "accum_var", "accumulated_grad", "accumulated_delta_var")
)  # fmt: skip


def write_state(file: Any, optimizer: Any) -> None:
    """Writes the state into the group ``optimizer_weights`` of an open HDF5 file."""
    group = file.create_group(GROUP)
    names = unique_names([variable.path for variable in optimizer.variables])
    write_names(group, "weight_names", names)
    writer = Writer(group)
    for name, variable in zip(names, optimizer.variables, strict=True):
        writer[name] = variable.numpy()


def read_state(file: Any, model: Any) -> None:
    """Gives the optimizer of a compiled model its state from a file; if it does not fit, warns and leaves it."""
    group = follow(file, GROUP)
    optimizer = model.optimizer
    if group is None or optimizer is None:
        return
    reader = Reader(group, GROUP)
    try:
        names = read_names(group, "weight_names")
        if not optimizer.built and len(names) > 1:
            optimizer.build(model.trainable_variables)
        pairs = matched(names, optimizer.variables, model.trainable_variables)
        arrays = [reader.read(name, tuple(v.shape), v.path) for v, name in pairs]
    except ValueError as error:
        warnings.warn(f"The optimizer's state is not loaded: {error}", stacklevel=4)
        return
    for (variable, _), array in zip(pairs, arrays, strict=True):
        variable.assign(array)


def matched(names: list[str], variables: list[Any], trained: list[Any]) -> list[tuple[Any, str]]:
    """Which of an optimizer's variables is which dataset of a file.

    Keras 3 writes all variables in order, the iteration first. Keras 1 and 2 have no learning rate among them, and
    their older optimizers wrote one kind of slot after the other rather than those of one variable after those of
    another. Kinds of slots come in the same order everywhere, whatever they are called.

    Args:
        names: of the datasets.
        variables: of the optimizer: iteration, learning rate, slots.
        trained: the variables that the slots belong to.

    Raises:
        ValueError: if the numbers do not fit.
    """
    tokens = {name: name.partition(":")[0].split("/") for name in names}
    if any(name.endswith("/iteration") for name in names):
        if len(names) != len(variables):
            raise ValueError(f"it has {len(variables)} variables, but the file has {len(names)}")
        return list(zip(variables, names, strict=True))
    steps = [name for name in names if tokens[name][-1] in _STEPS]
    slots = [name for name in names if name not in steps and tokens[name][-1] not in _UNUSED]
    ours = _kinds(variables, trained)
    if not steps and (len(slots) == len(ours) * len(trained) + 1 or len(slots) % max(len(trained), 1) == 1):
        steps = [slots.pop(0)]
    theirs = _kinds_in_file(slots, tokens, len(trained))
    if len(theirs) < len(ours) or any(len(kind) != len(trained) for kind in theirs[: len(ours)]):
        raise ValueError(f"it has {len(variables)} variables, but the file has {len(names)}: {names[:5]} …")
    pairs = list(zip(variables[:1], steps, strict=False))
    return pairs + [pair for a, b in zip(ours, theirs, strict=False) for pair in zip(a, b, strict=True)]


def _kinds_in_file(slots: list[str], tokens: dict[str, list[str]], count: int) -> list[list[str]]:
    """The names of each kind of slot; the kind comes second or last in a name, or the name does not say."""
    for place in (1, -1):
        if all(len(tokens[name]) > 2 and tokens[name][place] in _SLOTS for name in slots):
            kinds: dict[str, list[str]] = {}
            for name in slots:
                kinds.setdefault(tokens[name][place], []).append(name)
            return list(kinds.values())
    return [slots[i : i + count] for i in range(0, len(slots), max(count, 1))]


def _kinds(variables: list[Any], trained: list[Any]) -> list[list[Any]]:
    """The slots of each kind, in the order of the variables that they belong to."""
    prefixes = sorted((str(v.path).replace("/", "_") + "_" for v in trained), key=len, reverse=True)
    kinds: dict[str, list[Any]] = {}
    for variable in variables:
        name = str(variable.name)
        prefix = next((prefix for prefix in prefixes if name.startswith(prefix)), None)
        if prefix is not None:
            kinds.setdefault(name.removeprefix(prefix), []).append(variable)
    return list(kinds.values())
