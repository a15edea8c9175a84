"""Tensors made from numbers and shapes."""

from __future__ import annotations

from typing import Any

import numpy as np

from rkeras import ops
from rkeras.compat.tf._shapes import known_sizes
from rkeras.compat.tf.dtypes import as_dtype, float32


def _dtype_or_none(dtype: Any) -> str | None:
    return None if dtype is None else as_dtype(dtype).name


def convert_to_tensor(value: Any, dtype: Any = None, dtype_hint: Any = None, name: str | None = None) -> Any:
    """A tensor of what holds numbers.

    Example:
        >>> convert_to_tensor([1.0]).dtype
        'float32'
    """
    del dtype_hint, name
    if isinstance(value, (list, tuple)) and any(ops.is_tensor(part) for part in value):
        value = ops.stack([ops.convert_to_tensor(part) for part in value])
    return ops.convert_to_tensor(value, _dtype_or_none(dtype))


def constant(value: Any, dtype: Any = None, shape: Any = None, name: str = "Const") -> Any:
    """A tensor of given numbers; a single one fills the shape.

    Example:
        >>> constant(2.0, shape=[2]).tolist()
        [2.0, 2.0]
    """
    del name
    tensor = convert_to_tensor(value, dtype)
    if shape is None:
        return tensor
    dims = known_sizes(shape)
    return ops.broadcast_to(tensor, dims) if ops.size(tensor) == 1 else ops.reshape(tensor, dims)


def zeros(shape: Any, dtype: Any = float32, name: str | None = None) -> Any:
    """Zeros of a shape.

    Example:
        >>> zeros([2]).tolist()
        [0.0, 0.0]
    """
    del name
    return ops.zeros(known_sizes(shape), as_dtype(dtype).name)


def ones(shape: Any, dtype: Any = float32, name: str | None = None) -> Any:
    """Ones of a shape.

    Example:
        >>> ones(2, "int32").tolist()
        [1, 1]
    """
    del name
    return ops.ones(known_sizes(shape), as_dtype(dtype).name)


def fill(dims: Any, value: Any, name: str | None = None) -> Any:
    """One number in a shape.

    Example:
        >>> fill([2], 7).tolist()
        [7, 7]
    """
    del name
    return ops.broadcast_to(ops.convert_to_tensor(value), known_sizes(dims))


def eye(
    num_rows: Any,
    num_columns: Any = None,
    batch_shape: Any = None,
    dtype: Any = float32,
    name: str | None = None,
) -> Any:
    """A matrix with ones on its diagonal, or a batch of it.

    Example:
        >>> eye(2).tolist()
        [[1.0, 0.0], [0.0, 1.0]]
    """
    del name
    columns = None if num_columns is None else int(num_columns)
    matrix = ops.eye(int(num_rows), columns, dtype=as_dtype(dtype).name)
    return matrix if batch_shape is None else ops.broadcast_to(matrix, [*known_sizes(batch_shape), *matrix.shape])


def range(start: Any, limit: Any = None, delta: Any = 1, dtype: Any = None, name: str = "range") -> Any:
    """Numbers at equal distances, up to a limit that is not among them.

    Example:
        >>> range(3).tolist(), range(1.0, 2.0, 0.5).tolist()
        ([0, 1, 2], [1.0, 1.5])
    """
    del name
    start, limit = (0, start) if limit is None else (start, limit)
    first, last, step = (x if isinstance(x, (int, float)) else np.asarray(x).item() for x in (start, limit, delta))
    return ops.arange(first, last, step, _dtype_or_none(dtype))


def one_hot(
    indices: Any,
    depth: Any,
    on_value: Any = None,
    off_value: Any = None,
    axis: int | None = None,
    dtype: Any = None,
    name: str | None = None,
) -> Any:
    """Rows with one value in the place of each index, another one elsewhere.

    Args:
        indices: integers of any shape; a row of an index out of range has no place.
        depth: the length of the rows.
        on_value: the value in the place; 1 by default.
        off_value: the value elsewhere; 0 by default.
        axis: where the axis of the rows goes; the last one by default.
        dtype: that of the values, else float32.
        name: of no meaning.

    Returns:
        A tensor of one axis more.

    Example:
        >>> one_hot([1, -1], 2).tolist()
        [[0.0, 1.0], [0.0, 0.0]]
    """
    del name
    kind = _dtype_or_none(dtype)
    if on_value is None and off_value is None:
        return ops.one_hot(indices, int(depth), -1 if axis is None else axis, dtype=kind or "float32")
    places = ops.one_hot(indices, int(depth), -1 if axis is None else axis, dtype="bool")
    on, off = (1 if on_value is None else on_value), (0 if off_value is None else off_value)
    values = ops.where(places, on, off)
    return values if kind is None else ops.cast(values, kind)
