"""Makes families of look-alike ops from one line each: name, meaning, formula's source where there is one."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from rkeras import _engine
from rkeras.ops._dispatch import symbolic

Unary = Callable[[Any], Any]
Binary = Callable[[Any, Any], Any]

_UNARY_DOC = """{summary}

Args:
    x: tensor of any shape{dtypes}.

Returns:
    A tensor of the same shape.

Example:
    >>> import rkeras
    >>> rkeras.ops.{name}({example}).shape
    (2,)
"""

_BITS_DOC = """{summary}

Args:
    x: tensor of integers.
    y: tensor of integers whose shape broadcasts with that of ``x``.

Returns:
    A tensor of the broadcast shape and the common dtype.

Raises:
    ValueError: the shapes do not broadcast.

Example:
    >>> import rkeras
    >>> rkeras.ops.{name}([1, 2], 3).shape
    (2,)
"""

_BINARY_DOC = """{summary}

Args:
    x1: tensor.
    x2: tensor whose shape broadcasts with that of ``x1``.

Returns:
    A tensor of the broadcast shape{dtypes}.

Raises:
    ValueError: the shapes do not broadcast.

Example:
    >>> import rkeras
    >>> rkeras.ops.{name}({example}).shape
    (2,)
"""


def named(fn: Any, name: str, doc: str, **words: Any) -> Any:
    """Makes an op of a function that a table's row stands for.

    Args:
        fn: the function.
        name: of the op.
        doc: its docstring, with ``{name}`` and the other words in braces.
        words: what goes into the docstring.

    Returns:
        The function, callable with symbolic tensors.

    Example:
        >>> named(lambda x: x, "same", "Does {what}; see {name}.", what="nothing").__doc__
        'Does nothing; see same.'
    """
    fn.__name__ = fn.__qualname__ = name
    fn.__doc__ = doc.format(name=name, **words)
    fn.__module__ = "rkeras.ops"
    return symbolic(fn)


def unary(
    name: str,
    summary: str,
    op: str | Unary | None = None,
    *,
    dtypes: str = "; integers become floats",
    example: str = "[0.25, 0.5]",
) -> Unary:
    """A function of one tensor: the engine's op of that name or another, or a formula."""
    if callable(op):
        formula = op

        def fn(x: Any) -> Any:
            return formula(_engine.convert(x))

    else:
        engine_name = op or name

        def fn(x: Any) -> Any:
            return _engine.apply(engine_name, x)

    return named(fn, name, _UNARY_DOC, summary=summary, dtypes=dtypes, example=example)  # type: ignore[no-any-return]


def binary(
    name: str,
    summary: str,
    op: str | Binary | None = None,
    *,
    dtypes: str = " and the common dtype",
    example: str = "[1.0, 2.0], 3.0",
) -> Binary:
    """A function of two tensors: the engine's op of that name or another, or a formula."""
    if callable(op):
        formula = op

        def fn(x1: Any, x2: Any) -> Any:
            return formula(x1, x2)

    else:
        engine_name = op or name

        def fn(x1: Any, x2: Any) -> Any:
            return _engine.apply(engine_name, x1, x2)

    return named(fn, name, _BINARY_DOC, summary=summary, dtypes=dtypes, example=example)  # type: ignore[no-any-return]


def bits(name: str, summary: str, op: str | None = None) -> Binary:
    """A function of two tensors of integers, whose arguments Keras calls x and y."""
    engine_name = op or name

    def fn(x: Any, y: Any) -> Any:
        return _engine.apply(engine_name, x, y)

    return named(fn, name, _BITS_DOC, summary=summary)  # type: ignore[no-any-return]
