"""Inputs one after another."""

from __future__ import annotations

from typing import Any

from rkeras import ops
from rkeras.layers._arguments import ArgumentLayer
from rkeras.layers.merging.base_merge import checked_shapes


class Concatenate(ArgumentLayer):
    """Joins several inputs along an axis.

    Args:
        axis: the axis along which sizes may differ.
        kwargs: those of ``Layer``.

    Example:
        >>> import numpy as np
        >>> Concatenate()([np.ones((2, 3)), np.ones((2, 4))]).shape
        (2, 7)
    """

    axis: int

    def __init__(self, axis: int = -1, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self._keep(axis=axis)
        self.supports_masking = True

    def build(self, input_shape: Any) -> None:
        """Checks that the inputs fit each other."""
        shapes = checked_shapes("Concatenate", input_shape)
        rank = len(shapes[0])
        if any(len(shape) != rank for shape in shapes) or not -rank <= self.axis < rank:
            raise ValueError(f"Concatenate cannot join inputs of shapes {shapes} along axis {self.axis}")
        for axis in range(rank):
            sizes = {shape[axis] for shape in shapes} - {None}
            if axis != self.axis % rank and len(sizes) > 1:
                raise ValueError(
                    f"Concatenate along axis {self.axis} needs inputs that agree elsewhere; axis {axis} "
                    f"of the shapes {shapes} has sizes {sizes}"
                )

    def call(self, inputs: Any) -> Any:
        """The joined inputs."""
        if not isinstance(inputs, (list, tuple)):
            raise ValueError(f"Concatenate takes a list of inputs, got {inputs!r}")
        return ops.concatenate(list(inputs), axis=self.axis)

    def compute_mask(self, inputs: Any, previous_mask: Any = None) -> Any:
        """The joined masks; inputs without one count everywhere."""
        if not isinstance(previous_mask, (list, tuple)) or all(mask is None for mask in previous_mask):
            return None
        masks = []
        for x, mask in zip(inputs, previous_mask, strict=True):
            if mask is None:
                mask = ops.ones_like(x, dtype="bool")
            elif len(mask.shape) < len(x.shape):
                mask = ops.logical_or(ops.expand_dims(mask, -1), ops.zeros_like(x, dtype="bool"))
            masks.append(mask)
        return ops.any(ops.concatenate(masks, axis=self.axis), axis=-1)


def concatenate(inputs: Any, axis: int = -1, **kwargs: Any) -> Any:
    """Joins several tensors along an axis.

    Args:
        inputs: a list of tensors.
        axis: the axis along which sizes may differ.
        kwargs: those of ``Concatenate``.

    Returns:
        The joined tensor.

    Example:
        >>> import numpy as np
        >>> concatenate([np.ones((2, 3)), np.ones((2, 4))]).shape
        (2, 7)
    """
    return Concatenate(axis=axis, **kwargs)(inputs)
