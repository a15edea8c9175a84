"""Convolution of each channel by itself."""

from __future__ import annotations

from typing import Any

from rkeras import ops
from rkeras.compat.arguments import old_arguments
from rkeras.layers._arguments import positive
from rkeras.layers.convolutional.base_conv import SpatialLayer


class _DepthwiseConv(SpatialLayer):
    depth_multiplier: int
    _paddings: tuple[str, ...] = ("valid", "same")

    @old_arguments("separable_conv")
    def __init__(
        self,
        kernel_size: Any,
        strides: Any = 1,
        padding: str = "valid",
        depth_multiplier: int = 1,
        data_format: str | None = None,
        dilation_rate: Any = 1,
        activation: Any = None,
        use_bias: bool = True,
        depthwise_initializer: Any = "glorot_uniform",
        bias_initializer: Any = "zeros",
        depthwise_regularizer: Any = None,
        bias_regularizer: Any = None,
        activity_regularizer: Any = None,
        depthwise_constraint: Any = None,
        bias_constraint: Any = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(activity_regularizer=activity_regularizer, **kwargs)
        self._keep_window(kernel_size, strides, padding, data_format, dilation_rate, self._paddings)
        self._keep(
            depth_multiplier=positive(type(self).__name__, "depth_multiplier", depth_multiplier),
            activation=activation,
            use_bias=use_bias,
            depthwise_initializer=depthwise_initializer,
            bias_initializer=bias_initializer,
            depthwise_regularizer=depthwise_regularizer,
            bias_regularizer=bias_regularizer,
            activity_regularizer=self.activity_regularizer,
            depthwise_constraint=depthwise_constraint,
            bias_constraint=bias_constraint,
        )

    def build(self, input_shape: Any) -> None:
        """Makes kernel (*window, channels, depth_multiplier) and bias."""
        channels = self._channels(input_shape)
        shape = (*self.kernel_size, channels, self.depth_multiplier)
        self.kernel = self._weight("kernel", shape, "depthwise")
        if self.use_bias:
            self.bias = self._weight("bias", (channels * self.depth_multiplier,))

    def call(self, inputs: Any) -> Any:
        """The convolution with the kernel, plus bias, through the activation."""
        options = list(self.strides), self.padding, self.data_format, list(self.dilation_rate)
        return self._finish(ops.depthwise_conv(inputs, self.kernel, *options))


class DepthwiseConv1D(_DepthwiseConv):
    """Convolution over time with filters of its own for each channel.

    Args:
        kernel_size: the window, one number.
        strides: how far the window moves, one number.
        padding: ``valid`` or ``same`` (over time also ``causal``).
        depth_multiplier: filters for each channel.
        data_format: ``channels_last`` or ``channels_first``; that of the configuration by default.
        dilation_rate: distance between the window's taps, one number.
        activation: function of the result, by name or itself; none by default.
        use_bias: whether a bias is added.
        depthwise_initializer: how the kernel begins.
        bias_initializer: how the bias begins.
        depthwise_regularizer: penalty on the kernel.
        bias_regularizer: penalty on the bias.
        activity_regularizer: penalty on the output.
        depthwise_constraint: applied to the kernel after each update.
        bias_constraint: applied to the bias after each update.
        kwargs: those of ``Layer``.

    Example:
        >>> import numpy as np
        >>> DepthwiseConv1D(3, data_format="channels_last")(np.ones((2, 8, 3))).shape
        (2, 6, 3)
    """

    _rank = 1
    _paddings = ("valid", "same", "causal")


class DepthwiseConv2D(_DepthwiseConv):
    """Convolution over the two axes of images with filters of its own for each channel.

    Args:
        kernel_size: the window, one number or 2.
        strides: how far the window moves, one number or 2.
        padding: ``valid`` or ``same`` (over time also ``causal``).
        depth_multiplier: filters for each channel.
        data_format: ``channels_last`` or ``channels_first``; that of the configuration by default.
        dilation_rate: distance between the window's taps, one number or 2.
        activation: function of the result, by name or itself; none by default.
        use_bias: whether a bias is added.
        depthwise_initializer: how the kernel begins.
        bias_initializer: how the bias begins.
        depthwise_regularizer: penalty on the kernel.
        bias_regularizer: penalty on the bias.
        activity_regularizer: penalty on the output.
        depthwise_constraint: applied to the kernel after each update.
        bias_constraint: applied to the bias after each update.
        kwargs: those of ``Layer``.

    Example:
        >>> import numpy as np
        >>> DepthwiseConv2D(3, data_format="channels_last")(np.ones((2, 8, 8, 3))).shape
        (2, 6, 6, 3)
    """

    _rank = 2
