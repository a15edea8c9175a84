"""Convolutions, pools, normalisation and dropout."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from rkeras import ops
from rkeras.compat.tf import nn
from rkeras.config import standardize_data_format


def conv1d(
    x: Any,
    kernel: Any,
    strides: Any = 1,
    padding: str = "valid",
    data_format: str | None = None,
    dilation_rate: Any = 1,
) -> Any:
    """Convolution of sequences; ``causal`` padding puts all zeros in front.

    Example:
        >>> conv1d(ops.ones((1, 4, 1)), ops.ones((2, 1, 1)), padding="causal")[0, :, 0].tolist()
        [1.0, 2.0, 2.0, 2.0]
    """
    if padding == "causal":
        if standardize_data_format(data_format) == "channels_first":
            raise ValueError("K.conv1d with padding='causal' takes data_format='channels_last' only")
        rate = dilation_rate if isinstance(dilation_rate, int) else dilation_rate[0]
        x = ops.pad(x, ((0, 0), (rate * (kernel.shape[0] - 1), 0), (0, 0)))
        padding = "valid"
    return ops.conv(x, kernel, strides, padding, standardize_data_format(data_format), dilation_rate)


def conv2d_transpose(
    x: Any,
    kernel: Any,
    output_shape: Any,
    strides: Any = (1, 1),
    padding: str = "valid",
    data_format: str | None = None,
    dilation_rate: Any = (1, 1),
) -> Any:
    """The transpose of a convolution of images.

    Args:
        x: images.
        kernel: of shape ``(height, width, filters, channels)``.
        output_shape: the shape of the result.
        strides: those of the convolution.
        padding: that of the convolution.
        data_format: ``channels_last`` or ``channels_first``.
        dilation_rate: that of the convolution.

    Returns:
        Images of the given size.

    Raises:
        ValueError: if no convolution leads from such images to ``x``.

    Example:
        >>> conv2d_transpose(ops.ones((1, 2, 2, 1)), ops.ones((3, 3, 4, 1)), (1, 4, 4, 4), (2, 2), "same").shape
        (1, 4, 4, 4)
    """
    layout = standardize_data_format(data_format)
    first = 2 if layout == "channels_first" else 1
    wanted = [int(size) for size in output_shape[first : first + 2]]
    extra = []
    axes = zip(x.shape[first : first + 2], kernel.shape[:2], strides, dilation_rate, wanted, strict=True)
    for size, window, stride, rate, goal in axes:
        reach = (window - 1) * rate + 1
        # What the convolution makes of an axis of that size.
        mapped = -(-goal // stride) if padding == "same" else (goal - reach) // stride + 1
        if mapped != size:
            raise ValueError(
                f"K.conv2d_transpose cannot make an axis of size {goal} from one of size {size}: with a window of "
                f"{window}, strides={strides}, dilation_rate={dilation_rate} and padding={padding!r} convolution "
                f"would map it to size {mapped}"
            )
        extra.append(goal - ops.transposed_size(size, window, stride, padding, 0, rate))
    return ops.conv_transpose(
        x,
        kernel,
        strides=strides,
        padding=padding,
        output_padding=extra,
        data_format=layout,
        dilation_rate=dilation_rate,
    )


_POOLS = {"max": ops.max_pool, "avg": ops.average_pool}


_POOL_DOC = """The largest element, or the mean, of each window of {what}.

Args:
    x: {what}.
    pool_size: sizes of the window.
    strides: how far it moves; 1 by default.
    padding: ``valid`` or ``same``.
    data_format: where channels are; as configured by default.
    pool_mode: ``max`` or ``avg``.

Returns:
    Smaller {what}.

Raises:
    ValueError: another mode.

Example:
    >>> {name}(ops.ones({shape}), 2, 2, pool_mode="avg").shape
    {smaller}
"""


def _pool(name: str, rank: int, what: str) -> Callable[..., Any]:
    def fn(
        x: Any,
        pool_size: Any,
        strides: Any = (1,) * rank,
        padding: str = "valid",
        data_format: str | None = None,
        pool_mode: str = "max",
    ) -> Any:
        if pool_mode not in _POOLS:
            raise ValueError(f"pool_mode must be 'max' or 'avg', got {pool_mode!r}")
        return _POOLS[pool_mode](x, pool_size, strides, padding, standardize_data_format(data_format))

    fn.__name__ = fn.__qualname__ = name
    fn.__doc__ = _POOL_DOC.format(what=what, name=name, shape=(1, *[4] * rank, 3), smaller=(1, *[2] * rank, 3))
    return fn


pool2d = _pool("pool2d", 2, "images")
pool3d = _pool("pool3d", 3, "volumes")


def bias_add(x: Any, bias: Any, data_format: str | None = None) -> Any:
    """Adds a vector along the axis of the channels, or a tensor with the axes of a sample.

    Example:
        >>> bias_add([[1.0, 2.0]], ops.convert_to_tensor([10.0, 20.0])).tolist()
        [[11.0, 22.0]]
    """
    first = standardize_data_format(data_format) == "channels_first"
    axes = ops.ndim(bias)
    if axes not in (1, ops.ndim(x) - 1):
        raise ValueError(f"K.bias_add cannot add a bias of shape {ops.shape(bias)} to shape {ops.shape(x)}")
    if axes == 1:
        return nn.bias_add(x, bias, "NC" if first and ops.ndim(x) > 2 else None)
    if first:
        # Numbers stay in the order in which weights of that layout were saved: no transpose.
        bias = ops.reshape(bias, (bias.shape[-1], *bias.shape[:-1]))
    return ops.add(x, ops.expand_dims(bias, 0))


def batch_normalization(
    x: Any, mean: Any, var: Any, beta: Any, gamma: Any, axis: int = -1, epsilon: float = 1e-3
) -> Any:
    """``(x - mean) / sqrt(var + epsilon) * gamma + beta``, by broadcasting.

    Example:
        >>> batch_normalization([[3.0]], [1.0], [4.0], None, None, epsilon=0.0).tolist()
        [[1.0]]
    """
    del axis
    return nn.batch_normalization(x, mean, var, beta, gamma, epsilon)


def normalize_batch_in_training(
    x: Any, gamma: Any, beta: Any, reduction_axes: Any, epsilon: float = 1e-3
) -> tuple[Any, Any, Any]:
    """Normalises with the moments of the batch itself.

    Returns:
        The result, the means and the variances.

    Example:
        >>> y, mean, var = normalize_batch_in_training([[1.0], [3.0]], None, None, [0], 0.0)
        >>> y.tolist(), mean.tolist(), var.tolist()
        ([[-1.0], [1.0]], [2.0], [1.0])
    """
    axes = list(reduction_axes)
    mean, var = ops.moments(x, axes, keepdims=True)
    gamma, beta = (None if v is None else ops.reshape(v, ops.shape(mean)) for v in (gamma, beta))
    result = nn.batch_normalization(x, mean, var, beta, gamma, epsilon)
    return result, ops.squeeze(mean, tuple(axes)), ops.squeeze(var, tuple(axes))


def dropout(x: Any, level: float, noise_shape: Any = None, seed: Any = None) -> Any:
    """Sets a share of the elements to zero and scales the others.

    Example:
        >>> dropout([1.0, 2.0], 0.0).tolist()
        [1.0, 2.0]
    """
    return nn.dropout(x, level, noise_shape, seed)


def in_top_k(predictions: Any, targets: Any, k: int) -> Any:
    """Whether each target is among the classes of the ``k`` largest predictions.

    Example:
        >>> in_top_k([[0.1, 0.9]], [1], 1).tolist()
        [True]
    """
    return ops.in_top_k(targets, predictions, k)
