"""Convolutions that have a kernel of its own for each place of the window."""

from __future__ import annotations

from math import prod
from typing import Any

from rkeras import ops
from rkeras.compat.arguments import old_arguments
from rkeras.layers._arguments import positive
from rkeras.layers.convolutional.base_conv import SpatialLayer


class BaseLocallyConnected(SpatialLayer):
    """What both have in common."""

    filters: int
    _shape: tuple[int, ...]

    @old_arguments("conv")
    def __init__(
        self,
        filters: int,
        kernel_size: Any,
        strides: Any = 1,
        padding: str = "valid",
        data_format: str | None = None,
        activation: Any = None,
        use_bias: bool = True,
        kernel_initializer: Any = "glorot_uniform",
        bias_initializer: Any = "zeros",
        kernel_regularizer: Any = None,
        bias_regularizer: Any = None,
        activity_regularizer: Any = None,
        kernel_constraint: Any = None,
        bias_constraint: Any = None,
        implementation: int = 1,
        **kwargs: Any,
    ) -> None:
        super().__init__(activity_regularizer=activity_regularizer, **kwargs)
        name = type(self).__name__
        if implementation != 1:
            raise ValueError(
                f"{name}: implementation={implementation} keeps its kernel in another shape, which is not known "
                "here; use implementation=1"
            )
        self._keep(filters=positive(name, "filters", filters))
        self._keep_window(kernel_size, strides, padding, data_format, 1, ("valid",))
        self._kept = tuple(argument for argument in self._kept if argument != "dilation_rate")
        self._keep(
            activation=activation,
            use_bias=use_bias,
            kernel_initializer=kernel_initializer,
            bias_initializer=bias_initializer,
            kernel_regularizer=kernel_regularizer,
            bias_regularizer=bias_regularizer,
            activity_regularizer=self.activity_regularizer,
            kernel_constraint=kernel_constraint,
            bias_constraint=bias_constraint,
            implementation=implementation,
        )

    def build(self, input_shape: Any) -> None:
        """Makes kernel (places, window * channels, filters) and bias (*places, filters)."""
        first = self.data_format == "channels_first"
        sizes = input_shape[2:] if first else input_shape[1:-1]
        if None in sizes:
            raise ValueError(
                f"{type(self).__name__} has a kernel for each place and needs to know how many there are, got shape "
                f"{input_shape}"
            )
        self._places = tuple((n - k) // s + 1 for n, k, s in zip(sizes, self.kernel_size, self.strides, strict=True))
        if min(self._places) < 1:
            raise ValueError(
                f"{type(self).__name__}: a window of {self.kernel_size} does not fit into shape {input_shape}"
            )
        channels = self._channels(input_shape)
        self.kernel = self._weight("kernel", (prod(self._places), prod(self.kernel_size) * channels, self.filters))
        if self.use_bias:
            self.bias = self._weight("bias", (*self._places, self.filters))

    def call(self, inputs: Any) -> Any:
        """The product of each window with its kernel, plus bias, through the activation."""
        first, rank = self.data_format == "channels_first", self._rank
        if first:
            inputs = ops.transpose(inputs, (0, *range(2, rank + 2), 1))
        batch, channels = inputs.shape[0], inputs.shape[-1]
        taps = []
        for tap in _indices(self.kernel_size):
            window = tuple(
                slice(t, t + s * (n - 1) + 1, s) for t, s, n in zip(tap, self.strides, self._places, strict=True)
            )
            taps.append(inputs[(slice(None), *window)])
        windows = ops.reshape(ops.stack(taps, axis=-2), (batch, prod(self._places), len(taps), channels))
        if first:
            # The kernels of such layers have channels before taps.
            windows = ops.transpose(windows, (0, 1, 3, 2))
        windows = ops.transpose(ops.reshape(windows, (batch, prod(self._places), -1)), (1, 0, 2))
        found = ops.transpose(ops.matmul(windows, self.kernel), (1, 0, 2))
        found = ops.reshape(found, (batch, *self._places, self.filters))
        if self.bias is not None:
            found = ops.add(found, self.bias)
        if first:
            found = ops.transpose(found, (0, rank + 1, *range(1, rank + 1)))
        return self.activation(found)


def _indices(sizes: tuple[int, ...]) -> list[tuple[int, ...]]:
    rows: list[tuple[int, ...]] = [()]
    for size in sizes:
        rows = [(*row, i) for row in rows for i in range(size)]
    return rows


class LocallyConnected1D(BaseLocallyConnected):
    """A convolution of sequences with a kernel for each step.

    Args:
        filters: number of output channels.
        kernel_size: steps in a window.
        strides: how far the window moves.
        padding: ``valid``.
        data_format: ``channels_last`` or ``channels_first``; as configured by default.
        activation: a function or its name.
        use_bias: whether a bias is added.
        kernel_initializer: how kernels begin.
        bias_initializer: how biases begin.
        kernel_regularizer: a penalty on kernels.
        bias_regularizer: a penalty on biases.
        activity_regularizer: a penalty on outputs.
        kernel_constraint: what kernels must satisfy.
        bias_constraint: what biases must satisfy.
        implementation: 1.
        kwargs: those of ``Layer``.

    Example:
        >>> import numpy as np
        >>> LocallyConnected1D(4, 3)(np.ones((2, 10, 5))).shape
        (2, 8, 4)
    """

    _rank = 1


class LocallyConnected2D(BaseLocallyConnected):
    """A convolution of pictures with a kernel for each place.

    Args:
        filters: number of output channels.
        kernel_size: rows and columns of a window.
        strides: how far the window moves.
        padding: ``valid``.
        data_format: ``channels_last`` or ``channels_first``; as configured by default.
        activation: a function or its name.
        use_bias: whether a bias is added.
        kernel_initializer: how kernels begin.
        bias_initializer: how biases begin.
        kernel_regularizer: a penalty on kernels.
        bias_regularizer: a penalty on biases.
        activity_regularizer: a penalty on outputs.
        kernel_constraint: what kernels must satisfy.
        bias_constraint: what biases must satisfy.
        implementation: 1.
        kwargs: those of ``Layer``.

    Example:
        >>> import numpy as np
        >>> LocallyConnected2D(4, (3, 2))(np.ones((2, 8, 6, 3))).shape
        (2, 6, 5, 4)
    """

    _rank = 2
