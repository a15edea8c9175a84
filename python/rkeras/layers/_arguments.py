"""Layers that are made again from the arguments they keep."""

from __future__ import annotations

from importlib import import_module
from typing import Any

from rkeras.layers.layer import Layer

# The package that turns names into objects and back, by the end of the argument's name.
_PACKAGES = {
    "activation": "rkeras.activations",
    "initializer": "rkeras.initializers",
    "regularizer": "rkeras.regularizers",
    "constraint": "rkeras.constraints",
}


def _package(argument: str) -> Any:
    where = _PACKAGES.get(argument.rsplit("_", 1)[-1])
    return None if where is None else import_module(where)


class ArgumentLayer(Layer):
    """A layer whose configuration is what it was made with.

    ``__init__`` hands its arguments to ``_keep``, which sets an attribute for each and turns names of
    activations, initializers, regularizers and constraints into objects; ``get_config`` turns them back.
    """

    _kept: tuple[str, ...] = ()

    def _keep(self, **arguments: Any) -> None:
        for name, value in arguments.items():
            package = _package(name)
            setattr(self, name, value if package is None else package.get(value))
        self._kept = (*self._kept, *(name for name in arguments if name not in self._kept))

    def get_config(self) -> dict[str, Any]:
        """The arguments to make the layer again."""
        config = super().get_config()
        for name in self._kept:
            value, package = getattr(self, name), _package(name)
            config[name] = value if package is None else package.serialize(value)
        return config

    def _weight(self, name: str, shape: tuple[int, ...], prefix: str | None = None, **options: Any) -> Any:
        """A weight whose initializer, regularizer and constraint were kept under its name."""
        prefix = name if prefix is None else prefix
        return self.add_weight(
            name=name,
            shape=shape,
            initializer=getattr(self, f"{prefix}_initializer"),
            regularizer=getattr(self, f"{prefix}_regularizer", None),
            constraint=getattr(self, f"{prefix}_constraint", None),
            **options,
        )


def positive(layer: str, name: str, value: Any) -> int:
    """The value as an int; ValueError unless it is a positive integer.

    Args:
        layer: class of the layer, for the error.
        name: the argument.
        value: what was given.

    Example:
        >>> positive("Dense", "units", 3)
        3
    """
    if isinstance(value, bool) or not hasattr(value, "__index__") or value.__index__() <= 0:
        raise ValueError(f"{layer} needs a positive integer as {name}, got {name}={value!r}")
    return int(value.__index__())


def one_of(layer: str, name: str, value: Any, known: tuple[Any, ...]) -> Any:
    """The value; ValueError unless it is among the known ones.

    Args:
        layer: class of the layer, for the error.
        name: the argument.
        value: what was given.
        known: what may be given.

    Example:
        >>> one_of("Resizing", "interpolation", "nearest", ("nearest", "bilinear"))
        'nearest'
    """
    if isinstance(value, (list, dict)) or value not in known:
        raise ValueError(f"{layer}: {name} must be one of {known}, got {value!r}")
    return value
