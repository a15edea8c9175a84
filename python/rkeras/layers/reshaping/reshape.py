"""Samples in another shape."""

from __future__ import annotations

from math import prod
from typing import Any

from rkeras import ops
from rkeras.keras_tensor import KerasTensor
from rkeras.layers._arguments import ArgumentLayer


class Reshape(ArgumentLayer):
    """Gives each sample another shape.

    Args:
        target_shape: the shape without the batch axis; one axis may be -1 and takes what remains.
        kwargs: those of ``Layer``.

    Example:
        >>> import numpy as np
        >>> Reshape((3, -1))(np.ones((2, 12))).shape
        (2, 3, 4)
    """

    target_shape: tuple[int, ...]

    def __init__(self, target_shape: Any, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        shape = (target_shape,) if isinstance(target_shape, int) else tuple(target_shape)
        if not all(isinstance(size, int) and size >= -1 for size in shape) or shape.count(-1) > 1:
            raise ValueError(
                "target_shape holds the sizes of one sample, at most one of them -1, got "
                f"target_shape={target_shape!r}"
            )
        self._keep(target_shape=shape)

    def call(self, inputs: Any) -> Any:
        """The inputs in the new shape."""
        sample = tuple(inputs.shape)[1:]
        target, fixed = list(self.target_shape), prod(n for n in self.target_shape if n != -1)
        if -1 in target and fixed and prod(sample) % fixed == 0:
            target[target.index(-1)] = prod(sample) // fixed
        if prod(target) != prod(sample):
            raise ValueError(
                f"a sample of shape {sample} has {prod(sample)} elements and cannot take the shape "
                f"{self.target_shape}; sizes must multiply to the same number, or let one of them be -1"
            )
        return ops.reshape(inputs, (inputs.shape[0], *target))

    def compute_output_shape(self, input_shape: Any) -> Any:
        """``(batch, *target_shape)``, with -1 worked out if it can be."""
        sample, target = input_shape[1:], list(self.target_shape)
        fixed = prod(n for n in target if n != -1)
        if None in sample:
            return (input_shape[0], *(None if n == -1 else n for n in target))
        if -1 in target and fixed and prod(sample) % fixed == 0:
            target[target.index(-1)] = prod(sample) // fixed
        if prod(target) != prod(sample):
            raise ValueError(
                f"a sample of shape {sample} cannot take the shape {self.target_shape}: "
                f"{prod(sample)} elements are not as many"
            )
        return (input_shape[0], *target)

    def compute_output_spec(self, inputs: Any) -> KerasTensor:
        """A symbolic tensor of the output's shape and the input's dtype."""
        return KerasTensor(self.compute_output_shape(inputs.shape), dtype=inputs.dtype)
