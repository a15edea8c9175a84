"""Modules whose names are tables, and that say which TensorFlow name it is that they lack."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from rkeras._lazy import lazy


def namespace(
    package: str, public: str, names: Mapping[str, str], submodules: Iterable[str] = ()
) -> tuple[Callable[[str], Any], Callable[[], list[str]], list[str]]:
    """The ``__getattr__``, ``__dir__`` and ``__all__`` of a part of the ``tf`` facade.

    Args:
        package: the module's ``__name__``.
        public: what scripts call it, such as ``tf.math``.
        names: the module of each name; ``module:name`` if it has another name there.
        submodules: submodules that are public themselves.

    Example:
        >>> get, _, _ = namespace("rkeras.compat.tf", "tf", {})
        >>> get("raw_ops")
        Traceback (most recent call last):
        AttributeError: tf.raw_ops is not in rkeras
    """
    get, listing, public_names = lazy(package, names, submodules)

    def __getattr__(name: str) -> Any:
        if name not in public_names:
            raise AttributeError(f"{public}.{name} is not in rkeras")
        return get(name)

    return __getattr__, listing, public_names
