"""Transposed convolution."""

from __future__ import annotations

from typing import Any

from rkeras import ops
from rkeras.compat.arguments import old_arguments
from rkeras.layers._arguments import positive
from rkeras.layers.convolutional.base_conv import SpatialLayer


class _ConvTranspose(SpatialLayer):
    filters: int
    output_padding: tuple[int, ...] | None

    @old_arguments("conv")
    def __init__(
        self,
        filters: int,
        kernel_size: Any,
        strides: Any = 1,
        padding: str = "valid",
        output_padding: Any = None,
        data_format: str | None = None,
        dilation_rate: Any = 1,
        activation: Any = None,
        use_bias: bool = True,
        kernel_initializer: Any = "glorot_uniform",
        bias_initializer: Any = "zeros",
        kernel_regularizer: Any = None,
        bias_regularizer: Any = None,
        activity_regularizer: Any = None,
        kernel_constraint: Any = None,
        bias_constraint: Any = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(activity_regularizer=activity_regularizer, **kwargs)
        name = type(self).__name__
        self._keep(filters=positive(name, "filters", filters))
        self._keep_window(kernel_size, strides, padding, data_format, dilation_rate)
        extra = (output_padding,) * self._rank if isinstance(output_padding, int) else output_padding
        if extra is not None and (len(extra) != self._rank or min(extra) < 0):
            raise ValueError(
                f"{name} needs as output_padding one number or {self._rank}, none negative, "
                f"got output_padding={output_padding}"
            )
        for added, stride in zip(extra or (), self.strides, strict=False):
            if added >= stride:
                raise ValueError(
                    f"{name}: output_padding={output_padding} must be less than "
                    f"strides={self.strides} along each axis"
                )
        self._keep(
            output_padding=None if extra is None else tuple(extra),
            activation=activation,
            use_bias=use_bias,
            kernel_initializer=kernel_initializer,
            bias_initializer=bias_initializer,
            kernel_regularizer=kernel_regularizer,
            bias_regularizer=bias_regularizer,
            activity_regularizer=self.activity_regularizer,
            kernel_constraint=kernel_constraint,
            bias_constraint=bias_constraint,
        )

    def build(self, input_shape: Any) -> None:
        """Makes kernel (*window, filters, channels) and bias (filters,)."""
        self.kernel = self._weight("kernel", (*self.kernel_size, self.filters, self._channels(input_shape)))
        if self.use_bias:
            self.bias = self._weight("bias", (self.filters,))

    def call(self, inputs: Any) -> Any:
        """The transposed convolution with the kernel, plus bias, through the activation."""
        x = ops.conv_transpose(
            inputs,
            self.kernel,
            list(self.strides),
            self.padding,
            self.output_padding,
            self.data_format,
            list(self.dilation_rate),
        )
        return self._finish(x)


class Conv1DTranspose(_ConvTranspose):
    """The reverse of a convolution over time: makes its input's shape from its output's.

    Args:
        filters: number of output channels.
        kernel_size: the window, one number.
        strides: how far the window moves, one number.
        padding: ``valid`` or ``same``.
        output_padding: what is added to the output's size, one number.
        data_format: ``channels_last`` or ``channels_first``; that of the configuration by default.
        dilation_rate: distance between the window's taps, one number.
        activation: function of the result, by name or itself; none by default.
        use_bias: whether a bias is added.
        kernel_initializer: how the kernel begins.
        bias_initializer: how the bias begins.
        kernel_regularizer: penalty on the kernel.
        bias_regularizer: penalty on the bias.
        activity_regularizer: penalty on the output.
        kernel_constraint: applied to the kernel after each update.
        bias_constraint: applied to the bias after each update.
        kwargs: those of ``Layer``.

    Example:
        >>> import numpy as np
        >>> Conv1DTranspose(4, 3, strides=2, data_format="channels_last")(np.ones((2, 8, 3))).shape
        (2, 17, 4)
    """

    _rank = 1


class Conv2DTranspose(_ConvTranspose):
    """The reverse of a convolution over the two axes of images: makes its input's shape from its output's.

    Args:
        filters: number of output channels.
        kernel_size: the window, one number or 2.
        strides: how far the window moves, one number or 2.
        padding: ``valid`` or ``same``.
        output_padding: what is added to the output's size, one number or 2.
        data_format: ``channels_last`` or ``channels_first``; that of the configuration by default.
        dilation_rate: distance between the window's taps, one number or 2.
        activation: function of the result, by name or itself; none by default.
        use_bias: whether a bias is added.
        kernel_initializer: how the kernel begins.
        bias_initializer: how the bias begins.
        kernel_regularizer: penalty on the kernel.
        bias_regularizer: penalty on the bias.
        activity_regularizer: penalty on the output.
        kernel_constraint: applied to the kernel after each update.
        bias_constraint: applied to the bias after each update.
        kwargs: those of ``Layer``.

    Example:
        >>> import numpy as np
        >>> Conv2DTranspose(4, 3, strides=2, data_format="channels_last")(np.ones((2, 8, 8, 3))).shape
        (2, 17, 17, 4)
    """

    _rank = 2


class Conv3DTranspose(_ConvTranspose):
    """The reverse of a convolution over the three axes of volumes: makes its input's shape from its output's.

    Args:
        filters: number of output channels.
        kernel_size: the window, one number or 3.
        strides: how far the window moves, one number or 3.
        padding: ``valid`` or ``same``.
        output_padding: what is added to the output's size, one number or 3.
        data_format: ``channels_last`` or ``channels_first``; that of the configuration by default.
        dilation_rate: distance between the window's taps, one number or 3.
        activation: function of the result, by name or itself; none by default.
        use_bias: whether a bias is added.
        kernel_initializer: how the kernel begins.
        bias_initializer: how the bias begins.
        kernel_regularizer: penalty on the kernel.
        bias_regularizer: penalty on the bias.
        activity_regularizer: penalty on the output.
        kernel_constraint: applied to the kernel after each update.
        bias_constraint: applied to the bias after each update.
        kwargs: those of ``Layer``.

    Example:
        >>> import numpy as np
        >>> Conv3DTranspose(4, 3, strides=2, data_format="channels_last")(np.ones((2, 8, 8, 8, 3))).shape
        (2, 17, 17, 17, 4)
    """

    _rank = 3

    # The order of Keras differs from that over one and two axes.
    @old_arguments("conv")
    def __init__(
        self,
        filters: int,
        kernel_size: Any,
        strides: Any = 1,
        padding: str = "valid",
        data_format: str | None = None,
        output_padding: Any = None,
        dilation_rate: Any = 1,
        *args: Any,
        **kwargs: Any,
    ) -> None:
        window = (strides, padding, output_padding, data_format, dilation_rate)
        super().__init__(filters, kernel_size, *window, *args, **kwargs)
