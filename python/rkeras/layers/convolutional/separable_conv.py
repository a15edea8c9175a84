"""Convolution of each channel by itself, then of all channels at each place."""

from __future__ import annotations

from typing import Any

from rkeras import ops
from rkeras.compat.arguments import old_arguments
from rkeras.layers._arguments import positive
from rkeras.layers.convolutional.base_conv import SpatialLayer


class _SeparableConv(SpatialLayer):
    filters: int
    depth_multiplier: int
    _paddings: tuple[str, ...] = ("valid", "same")

    @old_arguments("separable_conv")
    def __init__(
        self,
        filters: int,
        kernel_size: Any,
        strides: Any = 1,
        padding: str = "valid",
        data_format: str | None = None,
        dilation_rate: Any = 1,
        depth_multiplier: int = 1,
        activation: Any = None,
        use_bias: bool = True,
        depthwise_initializer: Any = "glorot_uniform",
        pointwise_initializer: Any = "glorot_uniform",
        bias_initializer: Any = "zeros",
        depthwise_regularizer: Any = None,
        pointwise_regularizer: Any = None,
        bias_regularizer: Any = None,
        activity_regularizer: Any = None,
        depthwise_constraint: Any = None,
        pointwise_constraint: Any = None,
        bias_constraint: Any = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(activity_regularizer=activity_regularizer, **kwargs)
        name = type(self).__name__
        self._keep(filters=positive(name, "filters", filters))
        self._keep_window(kernel_size, strides, padding, data_format, dilation_rate, self._paddings)
        self._keep(
            depth_multiplier=positive(name, "depth_multiplier", depth_multiplier),
            activation=activation,
            use_bias=use_bias,
            depthwise_initializer=depthwise_initializer,
            pointwise_initializer=pointwise_initializer,
            bias_initializer=bias_initializer,
            depthwise_regularizer=depthwise_regularizer,
            pointwise_regularizer=pointwise_regularizer,
            bias_regularizer=bias_regularizer,
            activity_regularizer=self.activity_regularizer,
            depthwise_constraint=depthwise_constraint,
            pointwise_constraint=pointwise_constraint,
            bias_constraint=bias_constraint,
        )

    def build(self, input_shape: Any) -> None:
        """Makes the kernels of channels and of places, and the bias."""
        channels = self._channels(input_shape)
        window = (*self.kernel_size, channels, self.depth_multiplier)
        self.depthwise_kernel = self._weight("depthwise_kernel", window, "depthwise")
        places = (*(1,) * self._rank, channels * self.depth_multiplier, self.filters)
        self.pointwise_kernel = self._weight("pointwise_kernel", places, "pointwise")
        if self.use_bias:
            self.bias = self._weight("bias", (self.filters,))

    def call(self, inputs: Any) -> Any:
        """The convolution with both kernels, plus bias, through the activation."""
        options = list(self.strides), self.padding, self.data_format, list(self.dilation_rate)
        return self._finish(
            ops.separable_conv(inputs, self.depthwise_kernel, self.pointwise_kernel, *options)
        )


class SeparableConv1D(_SeparableConv):
    """Convolution over time channel by channel, then over channels place by place.

    Args:
        filters: number of output channels.
        kernel_size: the window, one number.
        strides: how far the window moves, one number.
        padding: ``valid`` or ``same`` (over time also ``causal``).
        data_format: ``channels_last`` or ``channels_first``; that of the configuration by default.
        dilation_rate: distance between the window's taps, one number.
        depth_multiplier: filters for each channel.
        activation: function of the result, by name or itself; none by default.
        use_bias: whether a bias is added.
        depthwise_initializer: how the kernel of channels begins.
        pointwise_initializer: how the kernel of places begins.
        bias_initializer: how the bias begins.
        depthwise_regularizer: penalty on the kernel of channels.
        pointwise_regularizer: penalty on the kernel of places.
        bias_regularizer: penalty on the bias.
        activity_regularizer: penalty on the output.
        depthwise_constraint: applied to the kernel of channels after each update.
        pointwise_constraint: applied to the kernel of places after each update.
        bias_constraint: applied to the bias after each update.
        kwargs: those of ``Layer``.

    Example:
        >>> import numpy as np
        >>> SeparableConv1D(4, 3, data_format="channels_last")(np.ones((2, 8, 3))).shape
        (2, 6, 4)
    """

    _rank = 1
    _paddings = ("valid", "same", "causal")


class SeparableConv2D(_SeparableConv):
    """Convolution over the two axes of images channel by channel, then over channels place by place.

    Args:
        filters: number of output channels.
        kernel_size: the window, one number or 2.
        strides: how far the window moves, one number or 2.
        padding: ``valid`` or ``same`` (over time also ``causal``).
        data_format: ``channels_last`` or ``channels_first``; that of the configuration by default.
        dilation_rate: distance between the window's taps, one number or 2.
        depth_multiplier: filters for each channel.
        activation: function of the result, by name or itself; none by default.
        use_bias: whether a bias is added.
        depthwise_initializer: how the kernel of channels begins.
        pointwise_initializer: how the kernel of places begins.
        bias_initializer: how the bias begins.
        depthwise_regularizer: penalty on the kernel of channels.
        pointwise_regularizer: penalty on the kernel of places.
        bias_regularizer: penalty on the bias.
        activity_regularizer: penalty on the output.
        depthwise_constraint: applied to the kernel of channels after each update.
        pointwise_constraint: applied to the kernel of places after each update.
        bias_constraint: applied to the bias after each update.
        kwargs: those of ``Layer``.

    Example:
        >>> import numpy as np
        >>> SeparableConv2D(4, 3, data_format="channels_last")(np.ones((2, 8, 8, 3))).shape
        (2, 6, 6, 4)
    """

    _rank = 2
