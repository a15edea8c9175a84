"""Numbers of categories as rows."""

from __future__ import annotations

from typing import Any

from rkeras import ops


def encode(numbers: Any, output_mode: str, depth: int, dtype: str, weights: Any = None) -> Any:
    """Category numbers in one of the ways that layers offer.

    Args:
        numbers: ints from 0 to ``depth - 1``; others count nowhere.
        output_mode: ``int``, ``one_hot``, ``multi_hot`` or ``count``.
        depth: number of categories.
        dtype: of the rows.
        weights: what each counts for, in ``count``.

    Returns:
        The numbers, a row for each (``one_hot``), or a row for each sample.

    Example:
        >>> encode(ops.array([[0, 2, 2]]), "count", 3, "float32").tolist()
        [[1.0, 0.0, 2.0]]
    """
    if output_mode == "int":
        return ops.cast(numbers, dtype)
    if not numbers.shape:
        numbers = ops.reshape(numbers, (1,))
    if output_mode == "one_hot":
        if len(numbers.shape) > 1 and numbers.shape[-1] == 1:
            numbers = ops.squeeze(numbers, -1)
        return ops.one_hot(numbers, depth, dtype=dtype)
    rows = ops.one_hot(numbers, depth, dtype=dtype)
    axis = 1 if len(numbers.shape) > 1 else 0
    if output_mode == "multi_hot":
        return ops.max(rows, axis=axis)
    return ops.sum(rows if weights is None else rows * ops.expand_dims(weights, -1), axis=axis)
