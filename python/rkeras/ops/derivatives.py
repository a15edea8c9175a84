"""Derivatives of functions along directions."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from rkeras import _engine, ops, tree

__all__ = ["jvp"]


def jvp(fun: Callable[..., Any], primals: Sequence[Any], tangents: Sequence[Any], has_aux: bool = False) -> Any:
    """The results of a function, and how fast they change if its arguments move along directions.

    Args:
        fun: function of tensors.
        primals: its arguments.
        tangents: a direction for each, of the same shape.
        has_aux: ``fun`` gives a pair, whose second part is only handed on.

    Returns:
        (results, derivatives), and the second part with ``has_aux``.

    Raises:
        ValueError: not as many directions as arguments, or of other shapes.

    Example:
        >>> import rkeras
        >>> [float(t) for t in jvp(lambda x: x * x, (rkeras.ops.array(3.0),), (rkeras.ops.array(1.0),))]
        [9.0, 6.0]
    """
    sources = [_engine.convert(x) for x in primals]
    directions = [_engine.convert(t) for t in tangents]
    if [x.shape for x in sources] != [t.shape for t in directions]:
        raise ValueError(
            f"jvp: expected a tangent of the shape of each primal, got shapes {[x.shape for x in sources]} and "
            f"{[t.shape for t in directions]}"
        )
    outer = _engine.Tape(watch_variables=False)
    inner = _engine.Tape(watch_variables=False)
    for x in sources:
        inner.watch(x)
    inner.push()
    try:
        returned = fun(*sources)
    finally:
        inner.pop()
    results, aux = returned if has_aux else (returned, None)
    outputs = [_engine.convert(y) for y in tree.flatten(results)]
    # The walk backwards is linear in the weights of the results: the derivative of that map is the walk forwards.
    weights = [ops.zeros(y.shape, y.dtype) for y in outputs]
    for w in weights:
        outer.watch(w)
    outer.push()
    try:
        slopes = inner.gradient(outputs, sources, weights)
    finally:
        outer.pop()
    met = [(slope, ops.cast(t, slope.dtype)) for slope, t in zip(slopes, directions, strict=True) if slope is not None]
    found = outer.gradient([slope for slope, _ in met], weights, [t for _, t in met]) if met else [None] * len(weights)
    moved = [w if d is None else d for w, d in zip(weights, found, strict=True)]
    derivatives = tree.pack_sequence_as(results, moved)
    return (results, derivatives, aux) if has_aux else (results, derivatives)
