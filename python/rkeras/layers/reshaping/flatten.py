"""Flattening samples."""

from __future__ import annotations

from math import prod
from typing import Any

from rkeras import config, ops
from rkeras.compat.arguments import old_arguments
from rkeras.keras_tensor import KerasTensor
from rkeras.layers._arguments import ArgumentLayer
from rkeras.layers.input_spec import InputSpec


class Flatten(ArgumentLayer):
    """Makes each sample a vector.

    Args:
        data_format: with ``channels_first`` the channels are moved last before, so that the vector is the
            same for both layouts.
        kwargs: those of ``Layer``.

    Example:
        >>> import numpy as np
        >>> Flatten()(np.ones((2, 3, 4))).shape
        (2, 12)
    """

    data_format: str

    @old_arguments("layout")
    def __init__(self, data_format: str | None = None, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self._keep(data_format=config.standardize_data_format(data_format))
        self.input_spec = InputSpec(min_ndim=1)

    def call(self, inputs: Any) -> Any:
        """The inputs with all axes but the first as one."""
        shape = tuple(inputs.shape)
        if self.data_format == "channels_first" and len(shape) > 2:
            inputs = ops.transpose(inputs, (0, *range(2, len(shape)), 1))
        return ops.reshape(inputs, (shape[0], prod(shape[1:])))

    def compute_output_shape(self, input_shape: Any) -> Any:
        """``(batch, product of the other axes)``."""
        rest = input_shape[1:]
        return (input_shape[0], None if None in rest else prod(rest))

    def compute_output_spec(self, inputs: Any) -> KerasTensor:
        """A symbolic tensor of the output's shape and the input's dtype."""
        return KerasTensor(self.compute_output_shape(inputs.shape), dtype=inputs.dtype)
