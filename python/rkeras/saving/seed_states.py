"""Where random layers have got to, in a group of weights files that other readers do not look at.

The layout of Keras 3 has no place for seeds; without them, dropout would repeat its masks after loading.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from rkeras.saving.hdf5 import Reader, follow, has
from rkeras.saving.object_paths import saveable_objects

_GROUP = "_rkeras/seeds"


def write_seeds(file: Any, model: Any) -> None:
    """Writes the states of all seed generators of layers."""
    for path, generators in _owners(model):
        states = np.stack([generator.state.numpy() for generator in generators])
        file.create_dataset(f"{_GROUP}/{path or '.self'}/states", data=states)


def read_seeds(file: Any, model: Any) -> Iterator[Callable[[], None]]:
    """What is to be assigned to seed generators; nothing if the file says nothing that fits."""
    for path, generators in _owners(model):
        place = f"{_GROUP}/{path or '.self'}"
        group = follow(file, place)
        if group is None or not has(group, "states"):
            continue
        try:
            states = Reader(group, place).read("states", (len(generators), 2), "seeds")
        except ValueError:
            continue
        if states.dtype == np.int64:
            yield _assignment(generators, states)


def _owners(model: Any) -> Iterator[tuple[str, list[Any]]]:
    for path, owner in saveable_objects(model):
        generators = list(getattr(owner, "_seed_generators", ()))
        if generators:
            yield path, generators


def _assignment(generators: list[Any], states: Any) -> Callable[[], None]:
    def assign() -> None:
        for generator, state in zip(generators, states, strict=True):
            generator.state.assign(state)

    return assign
