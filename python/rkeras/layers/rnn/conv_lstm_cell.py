"""The cell of a convolutional long short-term memory."""

from __future__ import annotations

from typing import Any

from rkeras import config, ops
from rkeras.layers.convolutional.base_conv import along_channels, per_axis
from rkeras.layers.rnn.recurrent_cell import RecurrentCell, forget_bias


class ConvLSTMCell(RecurrentCell):
    """One step of a long short-term memory whose products are convolutions (Shi et al. 2015).

    Args:
        rank: how many spatial axes there are.
        filters: channels of output, state and carry.
        kernel_size: window of both convolutions: an int or one for each axis.
        strides: steps of the window over the input.
        padding: ``"valid"`` or ``"same"``, of the convolution of the input.
        data_format: ``"channels_last"`` or ``"channels_first"``.
        dilation_rate: distance between points of the window over the input.
        activation: function of the candidate and of the carry in the output.
        recurrent_activation: function of the gates.
        use_bias: whether a bias is added.
        kernel_initializer: how ``kernel`` of shape ``(*kernel_size, channels, 4 * filters)`` begins.
        recurrent_initializer: how ``recurrent_kernel`` of shape ``(*kernel_size, filters, 4 * filters)`` begins.
        bias_initializer: how ``bias`` of shape ``(4 * filters,)`` begins.
        unit_forget_bias: whether the bias of the forget gate begins at one.
        kernel_regularizer: penalty on the kernel.
        recurrent_regularizer: penalty on the recurrent kernel.
        bias_regularizer: penalty on the bias.
        kernel_constraint: applied to the kernel after each update.
        recurrent_constraint: applied to the recurrent kernel after each update.
        bias_constraint: applied to the bias after each update.
        dropout: fraction of the inputs to drop in training.
        recurrent_dropout: fraction of the state to drop in training.
        seed: determines what is dropped.
        kwargs: those of ``Layer``.

    Example:
        >>> import numpy as np
        >>> cell = ConvLSTMCell(1, 4, 3, padding="same")
        >>> output, states = cell(np.ones((2, 6, 3)), [np.zeros((2, 6, 4))] * 2)
        >>> output.shape
        (2, 6, 4)
    """

    _gates = 4
    rank: int
    filters: int
    unit_forget_bias: bool
    padding: str
    data_format: str
    strides: tuple[int, ...]
    dilation_rate: tuple[int, ...]
    kernel_size: tuple[int, ...]

    def __init__(
        self,
        rank: int,
        filters: int,
        kernel_size: Any,
        strides: Any = 1,
        padding: str = "valid",
        data_format: str | None = None,
        dilation_rate: Any = 1,
        activation: Any = "tanh",
        recurrent_activation: Any = "sigmoid",
        use_bias: bool = True,
        kernel_initializer: Any = "glorot_uniform",
        recurrent_initializer: Any = "orthogonal",
        bias_initializer: Any = "zeros",
        unit_forget_bias: bool = True,
        kernel_regularizer: Any = None,
        recurrent_regularizer: Any = None,
        bias_regularizer: Any = None,
        kernel_constraint: Any = None,
        recurrent_constraint: Any = None,
        bias_constraint: Any = None,
        dropout: float = 0.0,
        recurrent_dropout: float = 0.0,
        seed: int | None = None,
        **kwargs: Any,
    ) -> None:
        if not isinstance(padding, str) or padding.lower() not in ("valid", "same"):
            raise ValueError(f"ConvLSTM knows the paddings valid, same, got padding={padding!r}")
        padding = padding.lower()
        data_format = config.standardize_data_format(data_format)
        kernel_size, strides, dilation_rate = (
            per_axis("ConvLSTM", name, value, rank)
            for name, value in (
                ("kernel_size", kernel_size),
                ("strides", strides),
                ("dilation_rate", dilation_rate),
            )
        )
        if max(strides) > 1 and max(dilation_rate) > 1:
            raise ValueError(
                f"ConvLSTM cannot have strides and a dilation_rate above 1 at once, got strides={strides} "
                f"and dilation_rate={dilation_rate}"
            )
        # Each gate drops elements of its own.
        kwargs["implementation"] = 1
        self._take(locals(), ("rank", "filters"))

    @property
    def state_size(self) -> list[int]:
        """The channels of state and carry."""
        return [self.filters, self.filters]

    @property
    def output_size(self) -> int:
        """The channels of the output."""
        return self.filters

    def build(self, input_shape: Any) -> None:
        """Makes the kernels and the bias, and notes the size of the images."""
        first = self.data_format == "channels_first"
        channels = input_shape[1 if first else -1]
        spatial = tuple(input_shape[2:] if first else input_shape[1:-1])
        if channels is None or None in spatial:
            raise ValueError(
                f"ConvLSTM needs to know channels and sizes of the images, to make its state; got steps of "
                f"shape {tuple(input_shape)}"
            )
        self._spatial = tuple(map(self._size, spatial, range(self.rank)))
        width = 4 * self.filters
        self.kernel = self._weight("kernel", (*self.kernel_size, channels, width))
        shape = (*self.kernel_size, self.filters, width)
        self.recurrent_kernel = self._weight("recurrent_kernel", shape, "recurrent")
        self.bias = self._bias((width,)) if self.use_bias else None

    def _size(self, size: int, axis: int) -> int:
        """Size of an axis after the convolution of the input."""
        if self.padding == "same":
            return -(-size // self.strides[axis])
        return (size - (self.kernel_size[axis] - 1) * self.dilation_rate[axis] - 1) // self.strides[axis] + 1

    def _bias(self, shape: tuple[int, ...]) -> Any:
        return forget_bias(self, self.filters, shape) if self.unit_forget_bias else super()._bias(shape)

    def state_shape(self, batch_size: int | None) -> tuple[int | None, ...]:
        """The shape of state and carry."""
        if self.data_format == "channels_first":
            return (batch_size, self.filters, *self._spatial)
        return (batch_size, *self._spatial, self.filters)

    def get_initial_state(self, batch_size: int) -> list[Any]:
        """Zeros.

        Args:
            batch_size: how many rows they have.
        """
        return [ops.zeros(self.state_shape(batch_size), self.compute_dtype) for _ in range(2)]

    def _input_product(self, x: Any, kernel: Any) -> Any:
        return ops.conv(
            x, kernel, list(self.strides), self.padding, self.data_format, list(self.dilation_rate)
        )

    def _recurrent_product(self, h: Any, kernel: Any) -> Any:
        return ops.conv(h, kernel, 1, "same", self.data_format)

    def call(self, inputs: Any, states: Any, training: bool | None = False) -> Any:
        """The output, which is the next state too, and a list of next state and carry."""
        h, c = states
        axis = 1 if self.data_format == "channels_first" else -1
        masks = self._masks("dropout", inputs, training)
        x = self._product(inputs, self.kernel, masks, self._input_product, axis)
        if self.bias is not None:
            x = ops.add(x, along_channels(self.bias, self.rank, self.data_format))
        masks = self._masks("recurrent_dropout", h, training)
        z = ops.add(x, self._product(h, self.recurrent_kernel, masks, self._recurrent_product, axis))
        i, f, candidate, o = ops.split(z, 4, axis=axis)
        gate, activation = self.recurrent_activation, self.activation
        c = ops.add(ops.multiply(gate(f), c), ops.multiply(gate(i), activation(candidate)))
        h = ops.multiply(gate(o), activation(c))
        return h, [h, c]
