"""Nested data taken apart into its arrays and put together again.

``rkeras.tree`` serves users; this pair is for the batch loop, which needs a description that can be a
dictionary key (plans are cached by it), that keeps dict order, and in which ``None`` (no labels, no weights)
is no array.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

LEAF = "*"


def take_apart(data: Any, is_leaf: Callable[[Any], bool], leaves: list[Any]) -> Any:
    """Appends the leaves of ``data`` to ``leaves`` and returns its hashable description.

    >>> leaves = []
    >>> take_apart(({"a": 1, "b": 2}, None), lambda v: isinstance(v, int), leaves)
    (<class 'tuple'>, None, ((<class 'dict'>, ('a', 'b'), ('*', '*')), None))
    >>> leaves
    [1, 2]
    """
    if data is None:
        return None
    if is_leaf(data):
        leaves.append(data)
        return LEAF
    if isinstance(data, dict):
        return (dict, tuple(data), tuple(take_apart(v, is_leaf, leaves) for v in data.values()))
    if isinstance(data, (list, tuple)):
        kind = type(data) if hasattr(data, "_fields") else (tuple if isinstance(data, tuple) else list)
        return (kind, None, tuple(take_apart(v, is_leaf, leaves) for v in data))
    leaves.append(data)
    return LEAF


def put_together(spec: Any, leaves: Iterator[Any]) -> Any:
    """The structure described by ``spec``, filled from ``leaves``.

    >>> put_together((list, None, ("*", None, "*")), iter([1, 2]))
    [1, None, 2]
    """
    if spec is None:
        return None
    if spec == LEAF:
        return next(leaves)
    kind, keys, children = spec
    values = [put_together(child, leaves) for child in children]
    if kind is dict:
        return dict(zip(keys, values, strict=True))
    if hasattr(kind, "_fields"):
        return kind(*values)
    return kind(values)


def is_container(value: Any) -> bool:
    """Whether ``value`` is a list, tuple or dict."""
    return isinstance(value, (list, tuple, dict))


def unpack_x_y_sample_weight(data: Any) -> tuple[Any, Any, Any]:
    """Splits a batch into ``(x, y, sample_weight)``; what is missing is None.

    Args:
        data: ``x``, ``(x,)``, ``(x, y)`` or ``(x, y, sample_weight)``.

    Raises:
        ValueError: for a tuple of any other length.

    >>> unpack_x_y_sample_weight((1, 2))
    (1, 2, None)
    """
    if isinstance(data, list):
        data = tuple(data)
    if not isinstance(data, tuple):
        return data, None, None
    if not 1 <= len(data) <= 3:
        raise ValueError(f"A batch must be x, (x,), (x, y) or (x, y, sample_weight); got {len(data)} parts.")
    return (*data, None, None)[:3]


def pack_x_y_sample_weight(x: Any, y: Any = None, sample_weight: Any = None) -> Any:
    """Puts a batch into the form that ``unpack_x_y_sample_weight`` takes apart.

    >>> pack_x_y_sample_weight(1), pack_x_y_sample_weight(1, 2)
    (1, (1, 2))
    """
    if sample_weight is not None:
        return x, y, sample_weight
    if y is not None:
        return x, y
    return (x,) if isinstance(x, (list, tuple)) else x
