"""Limits on the size of gradients."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from rkeras import ops


def clip_gradients(
    gradients: Sequence[Any], clipnorm: float | None, clipvalue: float | None, global_clipnorm: float | None
) -> list[Any]:
    """Limits gradients by at most one of three measures.

    Args:
        gradients: tensors.
        clipnorm: largest length of each gradient.
        clipvalue: largest size of an element.
        global_clipnorm: largest length of all gradients together.

    Returns:
        As many tensors of the same shapes.

    Example:
        >>> import rkeras
        >>> clip_gradients([rkeras.ops.array([-3.0, 0.5])], None, 1.0, None)[0].tolist()
        [-1.0, 0.5]
    """
    if clipvalue:
        return [ops.clip(g, -float(clipvalue), float(clipvalue)) for g in gradients]
    if clipnorm:
        return [_shortened(g, ops.sqrt(ops.sum(ops.square(g))), clipnorm) for g in gradients]
    if global_clipnorm:
        total: Any = 0.0
        for g in gradients:
            total = total + ops.cast(ops.sum(ops.square(g)), "float32")
        length = ops.sqrt(total)
        return [_shortened(g, ops.cast(length, g.dtype), global_clipnorm) for g in gradients]
    return list(gradients)


def _shortened(gradient: Any, length: Any, most: float) -> Any:
    return gradient * (float(most) / ops.maximum(length, float(most)))
