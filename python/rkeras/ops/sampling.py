"""Values of grids between their points."""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Sequence
from typing import Any

from rkeras import _engine, ops
from rkeras.ops._dispatch import symbolic

__all__ = ["map_coordinates"]

FILL_MODES = ("reflect", "wrap", "constant", "nearest", "mirror")
ORDERS = {"nearest": 0, "bilinear": 1}


def _mirrored(i: Any, size: int) -> Any:
    """Inner points again beyond the border, but not the outermost."""
    return ops.abs(ops.mod(i + (size - 1), 2 * (size - 1)) - (size - 1)) if size > 1 else ops.zeros_like(i)


_INSIDE: dict[str, Callable[[Any, int], Any]] = {
    "nearest": lambda i, size: ops.clip(i, 0, size - 1),
    "constant": lambda i, size: ops.clip(i, 0, size - 1),
    "wrap": lambda i, size: ops.mod(i, size),
    "mirror": _mirrored,
    "reflect": lambda i, size: ops.floor_divide(_mirrored(2 * i + 1, 2 * size + 1) - 1, 2),
}


def sample(
    points: Any,
    sizes: Sequence[int],
    coordinates: Sequence[Any],
    order: int,
    fill_mode: str,
    fill_value: float,
    starts: Any = 0,
) -> Any:
    """Values of a grid, or of one of several behind one another, between its points.

    Args:
        points: the values (points, channels) of all grids.
        sizes: of one grid.
        coordinates: where to look along each axis of the grid, tensors of one shape.
        order: 0 for the nearest point, 1 to mix those around linearly.
        fill_mode: what lies beyond the border.
        fill_value: the constant there, for ``constant``.
        starts: the row of ``points`` at which the grid begins, a tensor that broadcasts with the coordinates.

    Returns:
        A tensor with the shape of the coordinates and an axis of channels. Integers are rounded.

    Example:
        >>> row = ops.array([[1.0], [2.0], [4.0]])
        >>> sample(row, (3,), [ops.array([0.5, 1.5])], 1, "nearest", 0.0).tolist()
        [[1.5], [3.0]]
    """
    dtype = points.dtype
    if not dtype.startswith(("float", "bfloat")):
        mixed = sample(ops.cast(points, "float32"), sizes, coordinates, order, fill_mode, fill_value, starts)
        # Halves go away from zero.
        return ops.cast(ops.sign(mixed) * ops.floor(ops.abs(mixed) + 0.5), dtype)
    strides = [math.prod(sizes[axis + 1 :]) for axis in range(len(sizes))]

    def at(places: Sequence[Any]) -> Any:
        places = [ops.cast(place, "int32") for place in places]
        row, known = starts, None
        for place, size, stride in zip(places, sizes, strides, strict=True):
            row = row + _INSIDE[fill_mode](place, size) * stride
            inside = ops.logical_and(place >= 0, place < size)
            known = inside if known is None else ops.logical_and(known, inside)
        found = ops.take(points, row, axis=0)
        return found if fill_mode != "constant" else ops.where(ops.expand_dims(known, -1), found, fill_value)

    if order == 0:
        return at([ops.sign(v) * ops.floor(ops.abs(v) + 0.5) for v in coordinates])
    lower = [ops.floor(v) for v in coordinates]
    shares = [ops.expand_dims(ops.cast(v - low, dtype), -1) for v, low in zip(coordinates, lower, strict=True)]
    total: Any = 0
    for corner in itertools.product((0, 1), repeat=len(sizes)):
        value = at([low + step for low, step in zip(lower, corner, strict=True)])
        for share, step in zip(shares, corner, strict=True):
            value = value * (share if step else 1.0 - share)
        total = total + value
    return total


@symbolic
def map_coordinates(
    inputs: Any, coordinates: Any, order: int, fill_mode: str = "constant", fill_value: float = 0
) -> Any:
    """Values of a tensor at places between its elements.

    Args:
        inputs: tensor of any rank of at least 1.
        coordinates: where to look: one tensor for each axis of ``inputs``, or one with a first axis of that size.
        order: 0 for the nearest element, 1 to mix those around linearly.
        fill_mode: what lies beyond the border: ``constant``, ``nearest`` (the border goes on), ``wrap`` (it begins
            again), ``mirror`` or ``reflect`` (backwards again, without the outermost element or with it).
        fill_value: the constant.

    Returns:
        A tensor of the shape of the coordinates, without their first axis. Integers are rounded.

    Raises:
        ValueError: not as many coordinates as axes, or another order or fill mode.

    Example:
        >>> import rkeras
        >>> rkeras.ops.image.map_coordinates([1.0, 2.0, 4.0], [[0.5, 1.5]], order=1).tolist()
        [1.5, 3.0]
    """
    inputs = _engine.convert(inputs)
    places = list(coordinates) if isinstance(coordinates, (list, tuple)) else ops.unstack(coordinates)
    places = [_engine.convert(place) for place in places]
    if len(places) != inputs.ndim or not places or places[0].ndim < 1:
        raise ValueError(
            f"map_coordinates: expected {inputs.ndim} tensors of coordinates of at least one axis for inputs of shape "
            f"{inputs.shape}, got shapes {[place.shape for place in places]}"
        )
    if order not in (0, 1):
        raise ValueError(f"map_coordinates: order must be 0 or 1, got {order!r}")
    if fill_mode not in FILL_MODES:
        raise ValueError(f"map_coordinates: fill_mode must be one of {FILL_MODES}, got {fill_mode!r}")
    places = [place if place.dtype.startswith("float") else ops.cast(place, "float32") for place in places]
    found = sample(ops.reshape(inputs, (-1, 1)), inputs.shape, places, order, fill_mode, fill_value)
    return ops.squeeze(found, -1)
