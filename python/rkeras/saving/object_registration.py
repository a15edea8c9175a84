"""Names that users give to their own classes and functions, so that records can refer to them."""

from __future__ import annotations

import inspect
import threading
from collections.abc import Callable, Mapping
from types import TracebackType
from typing import Any, TypeVar

T = TypeVar("T")

_objects: dict[str, Any] = {}
_names: dict[Any, str] = {}


class _Scopes(threading.local):
    """The custom objects that the scopes open on this thread add up to."""

    def __init__(self) -> None:
        self.merged: dict[str, Any] = {}


_scopes = _Scopes()


def register_keras_serializable(package: str = "Custom", name: str | None = None) -> Callable[[T], T]:
    """Makes a decorator that registers a class or function as ``package>name``.

    Args:
        package: prefix that keeps equal names of different projects apart.
        name: name within the package; by default the object's own.

    Returns:
        A decorator that gives its argument back unchanged.

    Raises:
        ValueError: if a decorated class has no ``get_config`` method.

    Example:
        >>> @register_keras_serializable("my_package")
        ... def double(x):
        ...     return x * 2
        >>> get_registered_name(double)
        'my_package>double'
    """

    def decorate(item: T) -> T:
        if inspect.isclass(item) and not hasattr(item, "get_config"):
            raise ValueError(
                f"Cannot register {item.__name__}: a serializable class needs a `get_config()` method "
                "that returns its constructor arguments."
            )
        registered = f"{package}>{name if name is not None else getattr(item, '__name__', '')}"
        _objects[registered] = item
        _names[item] = registered
        return item

    return decorate


def get_custom_objects() -> dict[str, Any]:
    """Returns the process-wide dictionary of registered objects; entries may be added to it.

    Example:
        >>> get_custom_objects()["twice"] = lambda x: x * 2
        >>> get_registered_object("twice")(4)
        8
    """
    return _objects


def get_registered_name(obj: Any) -> str:
    """Returns the name that ``obj`` is registered under, else its ``__name__``."""
    try:
        registered = _names.get(obj)
    except TypeError:  # unhashable
        registered = None
    return registered if registered is not None else str(obj.__name__)


def is_registered(obj: Any) -> bool:
    """Whether ``obj`` was passed through `register_keras_serializable`."""
    return obj in _names


def get_registered_object(
    name: str,
    custom_objects: Mapping[str, Any] | None = None,
    module_objects: Mapping[str, Any] | None = None,
) -> Any:
    """Returns the object known as ``name``, or None.

    Looked up in the open custom object scopes, the registered objects, ``custom_objects`` and
    ``module_objects``, in this order.
    """
    for table in (_scopes.merged, _objects, custom_objects, module_objects):
        if table and name in table:
            return table[name]
    return None


class CustomObjectScope:
    """While open, names in records may refer to the given objects.

    Args:
        custom_objects: names to classes or functions.

    Example:
        >>> with CustomObjectScope({"half": lambda x: x / 2}):
        ...     get_registered_object("half")(3.0)
        1.5
    """

    def __init__(self, custom_objects: Mapping[str, Any] | None) -> None:
        self.custom_objects = dict(custom_objects or {})
        self._outer: list[dict[str, Any]] = []

    def __enter__(self) -> CustomObjectScope:
        self._outer.append(_scopes.merged)
        _scopes.merged = {**_scopes.merged, **self.custom_objects}
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        _scopes.merged = self._outer.pop()


custom_object_scope = CustomObjectScope
