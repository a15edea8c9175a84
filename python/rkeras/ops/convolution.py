"""Convolutions, plain, by channel and transposed."""

from __future__ import annotations

from typing import Any

from rkeras import _engine
from rkeras.ops._arguments import channels_last_call, per_axis
from rkeras.ops._dispatch import symbolic

__all__ = ["conv", "conv_transpose", "depthwise_conv", "separable_conv", "transposed_size"]


@symbolic
def conv(
    inputs: Any,
    kernel: Any,
    strides: Any = 1,
    padding: str = "valid",
    data_format: str | None = None,
    dilation_rate: Any = 1,
) -> Any:
    """Convolution over one, two or three spatial axes (cross-correlation: the kernel is not flipped).

    Args:
        inputs: images (batch, *spatial, channels), or (batch, channels, *spatial) if channels come first.
        kernel: weights (*window, channels // groups, filters); a smaller second last size means groups.
        strides: how far the window moves, one number or one an axis.
        padding: ``valid``, ``same`` or (one axis only) ``causal``.
        data_format: ``channels_last`` or ``channels_first``; that of the configuration by default.
        dilation_rate: distance between the taps of the window.

    Returns:
        Images with ``filters`` channels.

    Raises:
        ValueError: ranks or channels do not fit, or the window is larger than the image.

    Example:
        >>> import rkeras
        >>> x, w = rkeras.ops.ones((1, 5, 5, 2)), rkeras.ops.ones((3, 3, 2, 4))
        >>> rkeras.ops.conv(x, w, data_format="channels_last").shape
        (1, 3, 3, 4)
    """
    kernel = _engine.convert(kernel)

    def run(x: Any) -> Any:
        rank = x.ndim - 2
        groups = x.shape[-1] // kernel.shape[-2] if kernel.shape[-2] else 1
        return _engine.apply(
            "conv",
            x,
            kernel,
            strides=per_axis(strides, rank, "strides"),
            dilation_rate=per_axis(dilation_rate, rank, "dilation_rate"),
            padding=padding.lower(),
            groups=max(1, groups),
        )

    return channels_last_call(inputs, data_format, run)


@symbolic
def depthwise_conv(
    inputs: Any,
    kernel: Any,
    strides: Any = 1,
    padding: str = "valid",
    data_format: str | None = None,
    dilation_rate: Any = 1,
) -> Any:
    """Convolution of each channel with filters of its own.

    Args:
        inputs: images (batch, *spatial, channels), or with channels first.
        kernel: weights (*window, channels, multiplier).
        strides: how far the window moves.
        padding: ``valid`` or ``same``.
        data_format: ``channels_last`` or ``channels_first``; that of the configuration by default.
        dilation_rate: distance between the taps of the window.

    Returns:
        Images with ``channels * multiplier`` channels.

    Raises:
        ValueError: ranks or channels do not fit.

    Example:
        >>> import rkeras
        >>> x, w = rkeras.ops.ones((1, 5, 5, 2)), rkeras.ops.ones((3, 3, 2, 4))
        >>> rkeras.ops.depthwise_conv(x, w, data_format="channels_last").shape
        (1, 3, 3, 8)
    """
    kernel = _engine.convert(kernel)
    *window, channels, multiplier = kernel.shape
    grouped = _engine.apply("reshape", kernel, shape=[*window, 1, channels * multiplier])
    return conv(inputs, grouped, strides, padding, data_format, dilation_rate)


@symbolic
def separable_conv(
    inputs: Any,
    depthwise_kernel: Any,
    pointwise_kernel: Any,
    strides: Any = 1,
    padding: str = "valid",
    data_format: str | None = None,
    dilation_rate: Any = 1,
) -> Any:
    """A depthwise convolution, then one with a window of 1 that mixes the channels.

    Args:
        inputs: images (batch, *spatial, channels), or with channels first.
        depthwise_kernel: weights (*window, channels, multiplier).
        pointwise_kernel: weights (1, …, channels * multiplier, filters).
        strides: how far the window moves.
        padding: ``valid`` or ``same``.
        data_format: ``channels_last`` or ``channels_first``; that of the configuration by default.
        dilation_rate: distance between the taps of the window.

    Returns:
        Images with ``filters`` channels.

    Example:
        >>> import rkeras
        >>> x, d, p = (rkeras.ops.ones(s) for s in [(1, 5, 5, 2), (3, 3, 2, 1), (1, 1, 2, 6)])
        >>> rkeras.ops.separable_conv(x, d, p, data_format="channels_last").shape
        (1, 3, 3, 6)
    """
    x = depthwise_conv(inputs, depthwise_kernel, strides, padding, data_format, dilation_rate)
    return conv(x, pointwise_kernel, 1, "valid", data_format)


def transposed_size(size: int, window: int, stride: int, padding: str, extra: int | None, dilation: int) -> int:
    """How large one axis gets by transposed convolution.

    Args:
        size: the axis before.
        window: taps of the kernel.
        stride: how far the window moves.
        padding: ``valid`` or ``same``.
        extra: output padding, or None for the size that convolution would map back to ``size``.
        dilation: distance between taps.

    Returns:
        The axis after.

    Example:
        >>> transposed_size(4, 3, 2, "same", None, 1)
        8
    """
    reach = (window - 1) * dilation + 1
    if extra is None:
        return size * stride + (max(reach - stride, 0) if padding == "valid" else 0)
    return (size - 1) * stride + reach + extra - (2 * (reach // 2) if padding == "same" else 0)


@symbolic
def conv_transpose(
    inputs: Any,
    kernel: Any,
    strides: Any = 1,
    padding: str = "valid",
    output_padding: Any = None,
    data_format: str | None = None,
    dilation_rate: Any = 1,
) -> Any:
    """Transposed convolution: the derivative of a convolution with respect to its image.

    Args:
        inputs: images (batch, *spatial, channels), or with channels first.
        kernel: weights (*window, filters, channels).
        strides: by how much the image grows.
        padding: ``valid`` or ``same``.
        output_padding: extra size at the end, one number or one an axis.
        data_format: ``channels_last`` or ``channels_first``; that of the configuration by default.
        dilation_rate: distance between the taps of the window.

    Returns:
        Larger images with ``filters`` channels.

    Raises:
        ValueError: ranks or channels do not fit.

    Example:
        >>> import rkeras
        >>> x, w = rkeras.ops.ones((1, 4, 4, 2)), rkeras.ops.ones((3, 3, 5, 2))
        >>> rkeras.ops.conv_transpose(x, w, 2, "same", data_format="channels_last").shape
        (1, 8, 8, 5)
    """
    kernel = _engine.convert(kernel)

    def run(x: Any) -> Any:
        rank = x.ndim - 2
        if kernel.ndim != x.ndim or kernel.shape[-1] != x.shape[-1]:
            raise ValueError(
                f"conv_transpose: a kernel of shape {kernel.shape} does not fit images of shape {x.shape}; expected "
                "(*window, filters, channels)"
            )
        steps, gaps = per_axis(strides, rank, "strides"), per_axis(dilation_rate, rank, "dilation_rate")
        extra = [None] * rank if output_padding is None else per_axis(output_padding, rank, "output_padding")
        sizes = [
            transposed_size(x.shape[1 + i], kernel.shape[i], steps[i], padding.lower(), extra[i], gaps[i])
            for i in range(rank)
        ]
        options = {"strides": steps, "dilation_rate": gaps, "padding": padding.lower()}
        return _engine.apply("conv_backward_data", x, kernel, input_size=sizes, **options)

    return channels_last_call(inputs, data_format, run)
