"""Public names that load their module when they are first used, so that importing the package stays quick."""

from __future__ import annotations

import importlib
import sys
from collections.abc import Callable, Iterable, Mapping
from typing import Any


def lazy(
    package: str, names: Mapping[str, str], submodules: Iterable[str] = ()
) -> tuple[Callable[[str], Any], Callable[[], list[str]], list[str]]:
    """The ``__getattr__``, ``__dir__`` and ``__all__`` of a package whose names live in other modules.

    Args:
        package: the package's ``__name__``.
        names: the module of each public name; ``module:name`` if it has another name there.
        submodules: submodules that are public themselves.

    Example:
        >>> get, _, _ = lazy("rkeras", {"snake": "rkeras.naming:to_snake_case"})
        >>> get("snake")("DenseLayer")
        'dense_layer'
    """
    modules = frozenset(submodules)
    public = sorted({*names, *modules})

    def __getattr__(name: str) -> Any:
        if name in names:
            where, _, original = names[name].partition(":")
            value = getattr(importlib.import_module(where), original or name)
        elif name in modules:
            try:
                value = importlib.import_module(f"{package}.{name}")
            except ModuleNotFoundError as error:
                if error.name != f"{package}.{name}":
                    raise
                raise AttributeError(f"module {package!r} has no attribute {name!r}") from None
        else:
            raise AttributeError(f"module {package!r} has no attribute {name!r}")
        # Found without this function from now on.
        setattr(sys.modules[package], name, value)
        return value

    def __dir__() -> list[str]:
        return sorted({*vars(sys.modules[package]), *public})

    return __getattr__, __dir__, public
