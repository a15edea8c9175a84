"""Where the variables of a model live in weights files: paths of attributes, as Keras 3 walks them."""

from __future__ import annotations

import functools
from collections.abc import Iterator
from typing import Any

from rkeras.naming import to_snake_case


def saveable_objects(root: Any) -> Iterator[tuple[str, Any]]:
    """Every layer and optimizer in ``root`` with its path, each once; ``root`` itself comes first.

    The layers of Functional and Sequential models are at ``layers/<class name>[_k]``, where k counts the
    layers of the same class; everything else is at the names of its attributes in alphabetic order, private
    ones last. As ``layers`` is an attribute of every model, a layer whose attribute comes after it (``out``,
    ``_head``) is found there too. Auto-generated layer names play no part, so that the same code run twice
    in one process can read its own files.

    >>> import rkeras
    >>> model = rkeras.Sequential([rkeras.Input((2,)), rkeras.layers.Dense(1), rkeras.layers.Dense(1)])
    >>> [path for path, _ in saveable_objects(model)]
    ['', 'layers/dense', 'layers/dense_1']
    """
    yield from _walk(root, "", set())


def _walk(owner: Any, path: str, seen: set[int]) -> Iterator[tuple[str, Any]]:
    if id(owner) in seen:
        return
    seen.add(id(owner))
    yield path, owner
    for name, value in _children(owner):
        inner = f"{path}/{name}" if path else name
        if is_saveable(value):
            yield from _walk(value, inner, seen)
        elif isinstance(value, (list, dict, tuple)):
            yield from _walk_container(value, inner, seen, set())


def _walk_container(container: Any, path: str, seen: set[int], containers: set[int]) -> Iterator[tuple[str, Any]]:
    if id(container) in containers:
        return
    containers.add(id(container))
    counts: dict[str, int] = {}
    for item in container.values() if isinstance(container, dict) else container:
        nested = isinstance(item, (list, dict, tuple))
        if not nested and not is_saveable(item):
            continue
        name = "container" if nested else to_snake_case(type(item).__name__)
        count = counts.get(name, 0)
        counts[name] = count + 1
        inner = f"{path}/{name}_{count}" if count else f"{path}/{name}"
        if nested:
            yield from _walk_container(item, inner, seen, containers)
        else:
            yield from _walk(item, inner, seen)


def is_saveable(value: Any) -> bool:
    """Whether ``value`` has variables of its own in weights files: layers and optimizers."""
    from rkeras.layers.layer import Layer
    from rkeras.optimizers import Optimizer

    return isinstance(value, (Layer, Optimizer))


def _children(owner: Any) -> Iterator[tuple[str, Any]]:
    from rkeras.models.sequential import Sequential

    if getattr(owner, "_network", None) is not None or isinstance(owner, Sequential):
        yield "layers", owner.layers
    # Properties count, and come before the private attributes that they show: files call the layers of an
    # attention # `query_dense`, not `_query_dense`.
    names = [
        name for name in dir(owner) if not name.startswith("__") and name not in _internals(isinstance(owner, _model()))
    ]
    for name in sorted(names, key=lambda n: (n.startswith("_"), n)):
        try:
            value = getattr(owner, name)
        except Exception:
            continue
        yield name, value


def _model() -> type:
    from rkeras.models.model import Model

    return Model


@functools.cache
def _internals(is_model: bool) -> frozenset[str]:
    """Attributes that every layer or model has; their objects are reached by other paths or belong to no
    file."""
    from rkeras.layers.layer import Layer

    if not is_model:
        return frozenset(dir(Layer(name="internals")))
    return frozenset(dir(_model()(name="internals"))) - {"layers", "optimizer"}
