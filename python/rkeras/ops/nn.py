"""Convolution, pooling, normalisation and cross-entropy."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from rkeras import _engine, config
from rkeras.ops._dispatch import symbolic


def _channels_first(data_format: str | None) -> bool:
    found = data_format or config.image_data_format()
    if found not in ("channels_last", "channels_first"):
        raise ValueError(f"data_format must be 'channels_last' or 'channels_first', got {found!r}")
    return found == "channels_first"


def _channels_last_call(x: Any, data_format: str | None, run: Callable[[Any], Any]) -> Any:
    """Runs channels-last code on an image of either layout."""
    x = _engine.convert(x)
    if not _channels_first(data_format):
        return run(x)
    rank = x.ndim
    y = run(_engine.apply("transpose", x, axes=[0, *range(2, rank), 1]))
    return _engine.apply("transpose", y, axes=[0, rank - 1, *range(1, rank - 1)])


def _per_axis(value: Any, rank: int, name: str) -> list[int]:
    if isinstance(value, int):
        return [value] * rank
    sizes = [int(v) for v in value]
    if len(sizes) != rank:
        raise ValueError(f"{name} must be one integer or {rank}, got {value}")
    return sizes


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
            strides=_per_axis(strides, rank, "strides"),
            dilation_rate=_per_axis(dilation_rate, rank, "dilation_rate"),
            padding=padding.lower(),
            groups=max(1, groups),
        )

    return _channels_last_call(inputs, data_format, run)


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
        steps, gaps = _per_axis(strides, rank, "strides"), _per_axis(dilation_rate, rank, "dilation_rate")
        extra = [None] * rank if output_padding is None else _per_axis(output_padding, rank, "output_padding")
        sizes = [
            transposed_size(x.shape[1 + i], kernel.shape[i], steps[i], padding.lower(), extra[i], gaps[i])
            for i in range(rank)
        ]
        options = {"strides": steps, "dilation_rate": gaps, "padding": padding.lower()}
        return _engine.apply("conv_backward_data", x, kernel, input_size=sizes, **options)

    return _channels_last_call(inputs, data_format, run)


def _pool(op: str, inputs: Any, pool_size: Any, strides: Any, padding: str, data_format: str | None) -> Any:
    def run(x: Any) -> Any:
        rank = x.ndim - 2
        window = _per_axis(pool_size, rank, "pool_size")
        steps = window if strides is None else _per_axis(strides, rank, "strides")
        y = _engine.apply(op, x, pool_size=window, strides=steps, padding=padding.lower())
        return y[0] if isinstance(y, list) else y

    return _channels_last_call(inputs, data_format, run)


@symbolic
def max_pool(
    inputs: Any, pool_size: Any, strides: Any = None, padding: str = "valid", data_format: str | None = None
) -> Any:
    """The largest element under a moving window; NaN if one is.

    Args:
        inputs: images (batch, *spatial, channels), or with channels first.
        pool_size: the window, one number or one an axis.
        strides: how far it moves; the window by default.
        padding: ``valid`` or ``same``.
        data_format: ``channels_last`` or ``channels_first``; that of the configuration by default.

    Returns:
        Smaller images.

    Raises:
        ValueError: the window is larger than the image.

    Example:
        >>> import rkeras
        >>> rkeras.ops.max_pool(rkeras.ops.ones((1, 4, 4, 2)), 2, data_format="channels_last").shape
        (1, 2, 2, 2)
    """
    return _pool("max_pool", inputs, pool_size, strides, padding, data_format)


@symbolic
def average_pool(
    inputs: Any, pool_size: Any, strides: Any = None, padding: str = "valid", data_format: str | None = None
) -> Any:
    """The mean under a moving window, over what lies inside the image.

    Args:
        inputs: images (batch, *spatial, channels), or with channels first.
        pool_size: the window, one number or one an axis.
        strides: how far it moves; the window by default.
        padding: ``valid`` or ``same``.
        data_format: ``channels_last`` or ``channels_first``; that of the configuration by default.

    Returns:
        Smaller images.

    Raises:
        ValueError: the window is larger than the image.

    Example:
        >>> import rkeras
        >>> rkeras.ops.average_pool(rkeras.ops.ones((1, 4, 4, 2)), 2, data_format="channels_last").shape
        (1, 2, 2, 2)
    """
    return _pool("average_pool", inputs, pool_size, strides, padding, data_format)


def _along(vector: Any, axis: Any, rank: int) -> Any:
    """A vector in a shape that broadcasts along an axis."""
    vector = _engine.convert(vector)
    if not isinstance(axis, int):
        return vector
    shape = [1] * rank
    shape[axis] = vector.size
    return _engine.apply("reshape", vector, shape=shape)


@symbolic
def batch_normalization(
    x: Any, mean: Any, variance: Any, axis: int, offset: Any = None, scale: Any = None, epsilon: float = 1e-3
) -> Any:
    """(x - mean) / sqrt(variance + epsilon) * scale + offset along an axis.

    Args:
        x: tensor.
        mean: vector of the axis' size.
        variance: likewise.
        axis: the axis.
        offset: vector that is added, or None.
        scale: vector that multiplies, or None.
        epsilon: keeps the root from zero.

    Returns:
        A tensor of the same shape.

    Example:
        >>> import rkeras
        >>> rkeras.ops.batch_normalization([[3.0]], [1.0], [4.0], axis=-1, epsilon=0.0).tolist()
        [[1.0]]
    """
    x = _engine.convert(x)
    factor = _engine.apply("rsqrt", _engine.apply("add", variance, epsilon))
    if scale is not None:
        factor = _engine.apply("multiply", factor, scale)
    shift = _engine.apply("negative", _engine.apply("multiply", mean, factor))
    if offset is not None:
        shift = _engine.apply("add", shift, offset)
    return x * _along(factor, axis, x.ndim) + _along(shift, axis, x.ndim)


@symbolic
def layer_normalization(
    x: Any, gamma: Any = None, beta: Any = None, axis: Any = -1, epsilon: float | None = None, **kwargs: Any
) -> Any:
    """Normalises each sample over axes to mean 0 and variance 1, then scales and shifts (Ba et al. 2016).

    Args:
        x: tensor.
        gamma: scale of the shape of the axes, or None.
        beta: shift of the shape of the axes, or None.
        axis: the axis or axes.
        epsilon: added to the variance; 1e-7 by default.
        kwargs: accepted for compatibility.

    Returns:
        A tensor of the same shape.

    Example:
        >>> import rkeras
        >>> rkeras.ops.layer_normalization([[1.0, 3.0]], epsilon=0.0).tolist()
        [[-1.0, 1.0]]
    """
    x = _engine.convert(x)
    least = config.epsilon() if epsilon is None else epsilon
    axes = sorted({a % x.ndim for a in ([axis] if isinstance(axis, int) else axis)})
    order = [a for a in range(x.ndim) if a not in axes] + axes
    moved = _engine.apply("transpose", x, axes=order)
    inner = 1
    for a in axes:
        inner *= x.shape[a]
    rows = _engine.apply("reshape", moved, shape=[*moved.shape[: x.ndim - len(axes)], inner])
    dtype = rows.dtype if rows.dtype.startswith(("float", "bfloat")) else _engine.floatx()

    def parameter(given: Any, default: float) -> Any:
        if given is None:
            return _engine.apply("full", shape=[inner], value=default, dtype=dtype)
        return _engine.apply("reshape", given, shape=[inner])

    y = _engine.apply("layer_norm", rows, parameter(gamma, 1.0), parameter(beta, 0.0), epsilon=float(least))[0]
    y = _engine.apply("reshape", y, shape=list(moved.shape))
    return _engine.apply("transpose", y, axes=[order.index(a) for a in range(x.ndim)])


@symbolic
def rms_normalization(x: Any, scale: Any = None, axis: Any = -1, epsilon: float | None = None) -> Any:
    """Divides by the root of the mean square along axes (Zhang and Sennrich 2019).

    Args:
        x: tensor.
        scale: multiplies the result, or None.
        axis: the axis or axes.
        epsilon: added to the mean square; 1e-7 by default.

    Returns:
        A tensor of the same shape.

    Example:
        >>> import rkeras
        >>> rkeras.ops.rms_normalization([[2.0, 2.0]], epsilon=0.0).tolist()
        [[1.0, 1.0]]
    """
    from rkeras.ops.reduction import mean

    x = _engine.convert(x)
    least = config.epsilon() if epsilon is None else epsilon
    y = x * _engine.apply("rsqrt", mean(_engine.apply("square", x), axis, keepdims=True) + least)
    return y if scale is None else y * _along(scale, axis, x.ndim)


@symbolic
def categorical_crossentropy(target: Any, output: Any, from_logits: bool = False, axis: int = -1) -> Any:
    """-sum(target * log(probability)) along an axis.

    Args:
        target: distributions, of the shape of ``output``.
        output: probabilities (normalised and kept 1e-7 from 0 and 1 first), or scores.
        from_logits: whether ``output`` holds scores.
        axis: the axis of classes.

    Returns:
        A tensor without that axis.

    Raises:
        ValueError: the shapes differ.

    Example:
        >>> import rkeras
        >>> rkeras.ops.categorical_crossentropy([[0.0, 1.0]], [[0.0, 0.0]], from_logits=True).shape
        (1,)
    """
    target, output = _classes_last(target, axis), _classes_last(output, axis)
    return _engine.apply("categorical_crossentropy", target, output, from_logits=from_logits)


@symbolic
def sparse_categorical_crossentropy(target: Any, output: Any, from_logits: bool = False, axis: int = -1) -> Any:
    """-log of the probability of the class that each integer names.

    Args:
        target: class numbers, of the shape of ``output`` without the axis of classes (or with size 1 there).
        output: probabilities (kept 1e-7 from 0 and 1), or scores.
        from_logits: whether ``output`` holds scores.
        axis: the axis of classes.

    Returns:
        A tensor without that axis; NaN where a number names no class.

    Raises:
        ValueError: the shapes do not fit.

    Example:
        >>> import rkeras
        >>> rkeras.ops.sparse_categorical_crossentropy([1], [[0.0, 0.0]], from_logits=True).shape
        (1,)
    """
    target, output = _engine.convert(target), _classes_last(output, axis)
    if target.ndim == output.ndim and target.shape[-1] == 1:
        target = _engine.apply("reshape", target, shape=list(target.shape[:-1]))
    return _engine.apply("sparse_categorical_crossentropy", target, output, from_logits=from_logits)


def _classes_last(x: Any, axis: int) -> Any:
    from rkeras.ops.structure import moveaxis

    x = _engine.convert(x)
    return x if axis in (-1, x.ndim - 1) else moveaxis(x, axis, -1)


@symbolic
def binary_crossentropy(target: Any, output: Any, from_logits: bool = False) -> Any:
    """-(target * log(p) + (1 - target) * log(1 - p)), element by element.

    Args:
        target: probabilities of the positive class.
        output: predicted ones (kept 1e-7 from 0 and 1), or scores.
        from_logits: whether ``output`` holds scores.

    Returns:
        A tensor of the same shape.

    Raises:
        ValueError: the shapes differ.

    Example:
        >>> import rkeras
        >>> rkeras.ops.binary_crossentropy([1.0], [0.0], from_logits=True).shape
        (1,)
    """
    return _engine.apply("binary_crossentropy", target, output, from_logits=from_logits)
