"""``tf.nn``."""

from __future__ import annotations

from functools import partial
from typing import Any

import numpy as np

from rkeras import ops
from rkeras.compat.adapt import adapted
from rkeras.compat.tf import random
from rkeras.compat.tf._namespace import namespace
from rkeras.compat.tf._tables import NN

for _name, _row in NN.items():
    globals()[_name] = adapted(f"tf.nn.{_name}", _row)


def gelu(features: Any, approximate: bool = False, name: str | None = None) -> Any:
    """The Gaussian error linear unit, exact by default.

    Example:
        >>> gelu([0.0]).tolist()
        [0.0]
    """
    del name
    return ops.gelu(features, approximate)


def bias_add(value: Any, bias: Any, data_format: str | None = None, name: str | None = None) -> Any:
    """Adds a vector along the axis of the channels.

    Example:
        >>> bias_add([[1.0, 2.0]], [10.0, 20.0]).tolist()
        [[11.0, 22.0]]
    """
    del name
    if data_format is None or not data_format.startswith("NC"):
        return ops.add(value, bias)
    bias = ops.convert_to_tensor(bias)
    return ops.add(value, ops.reshape(bias, [-1] + [1] * (ops.ndim(value) - 2)))


def dropout(x: Any, rate: Any = 0.5, noise_shape: Any = None, seed: Any = None, name: str | None = None) -> Any:
    """Sets a share of the elements to zero and scales the others so that the sum is expected to stay.

    Args:
        x: a tensor of floats.
        rate: the share.
        noise_shape: a shape that broadcasts to that of ``x``; elements along a size of 1 stay or go together.
        seed: an int for the same choice each time, or None.
        name: of no meaning.

    Returns:
        A tensor of the same shape.

    Example:
        >>> dropout([1.0, 2.0], 0.0).tolist()
        [1.0, 2.0]
    """
    del name
    x = ops.convert_to_tensor(x)
    shape = x.shape
    if noise_shape is not None:
        shape = [n if m is None else int(m) for m, n in zip(noise_shape, x.shape, strict=True)]
    kept = ops.cast(random.uniform(shape, seed=seed) >= rate, x.dtype)
    return x * kept / (1.0 - rate)


def l2_normalize(x: Any, axis: Any = None, epsilon: float = 1e-12, name: str | None = None) -> Any:
    """Divides by the Euclidean norm along axes.

    Example:
        >>> [round(v, 4) for v in l2_normalize([3.0, 4.0]).tolist()]
        [0.6, 0.8]
    """
    del name
    squares = ops.sum(ops.square(x), axis=axis, keepdims=True)
    return ops.multiply(x, ops.rsqrt(ops.maximum(squares, epsilon)))


def l2_loss(t: Any, name: str | None = None) -> Any:
    """Half the sum of squares.

    Example:
        >>> float(l2_loss([1.0, 3.0]))
        5.0
    """
    del name
    return ops.sum(ops.square(t)) / 2


def moments(x: Any, axes: Any, shift: Any = None, keepdims: bool = False, name: str | None = None) -> tuple[Any, Any]:
    """Mean and variance over axes.

    Example:
        >>> [float(m) for m in moments([1.0, 3.0], [0])]
        [2.0, 1.0]
    """
    del shift, name
    return ops.moments(x, axes, keepdims)


def batch_normalization(
    x: Any, mean: Any, variance: Any, offset: Any, scale: Any, variance_epsilon: Any, name: str | None = None
) -> Any:
    """``(x - mean) / sqrt(variance + variance_epsilon) * scale + offset``, by broadcasting.

    Example:
        >>> batch_normalization([3.0], 1.0, 4.0, 0.5, None, 0.0).tolist()
        [1.5]
    """
    del name
    factor = ops.rsqrt(ops.add(variance, variance_epsilon))
    result = ops.subtract(x, mean) * (factor if scale is None else factor * scale)
    return result if offset is None else result + offset


def sigmoid_cross_entropy_with_logits(labels: Any = None, logits: Any = None, name: str | None = None) -> Any:
    """The cross-entropy of each element.

    Example:
        >>> round(float(sigmoid_cross_entropy_with_logits(labels=[1.0], logits=[0.0])[0]), 4)
        0.6931
    """
    del name
    return ops.binary_crossentropy(labels, logits, from_logits=True)


def softmax_cross_entropy_with_logits(labels: Any, logits: Any, axis: int = -1, name: str | None = None) -> Any:
    """The cross-entropy of distributions along an axis.

    Example:
        >>> round(float(softmax_cross_entropy_with_logits([[0.0, 1.0]], [[0.0, 0.0]])[0]), 4)
        0.6931
    """
    del name
    return ops.categorical_crossentropy(labels, logits, from_logits=True, axis=axis)


def sparse_softmax_cross_entropy_with_logits(labels: Any, logits: Any, name: str | None = None) -> Any:
    """The cross-entropy of classes.

    Example:
        >>> round(float(sparse_softmax_cross_entropy_with_logits([1], [[0.0, 0.0]])[0]), 4)
        0.6931
    """
    del name
    return ops.sparse_categorical_crossentropy(labels, logits, from_logits=True)


def embedding_lookup(params: Any, ids: Any, max_norm: Any = None, name: str | None = None) -> Any:
    """Rows of a table by their numbers.

    Example:
        >>> embedding_lookup([[1.0], [2.0]], [1]).tolist()
        [[2.0]]
    """
    del name
    if max_norm is not None:
        raise ValueError("tf.nn.embedding_lookup takes max_norm=None only in rkeras")
    return ops.take(params, ids, 0)


def _window(value: Any, rank: int, layout: str) -> list[int]:
    """The sizes of a window along the axes of an image; TensorFlow also takes one for every axis."""
    sizes = [value] if isinstance(value, int) else np.asarray(value).reshape(-1).tolist()
    if len(sizes) == 1:
        return sizes * rank
    if len(sizes) == rank + 2:
        return sizes[2:] if layout == "channels_first" else sizes[1:-1]
    return sizes


def _layout(data_format: str | None) -> str:
    return "channels_first" if data_format is not None and data_format.startswith("NC") else "channels_last"


def _conv(
    op: Any, rank: int, x: Any, filters: Any, strides: Any, padding: str, data_format: Any = None, dilations: Any = None
) -> Any:
    layout = _layout(data_format)
    return op(
        x,
        filters,
        strides=_window(strides, rank, layout),
        padding=padding.lower(),
        data_format=layout,
        dilation_rate=1 if dilations is None else _window(dilations, rank, layout),
    )


def _pool(op: Any, input: Any, ksize: Any, strides: Any, padding: str, data_format: str | None = None) -> Any:
    layout, rank = _layout(data_format), ops.ndim(input) - 2
    return op(input, _window(ksize, rank, layout), _window(strides, rank, layout), padding.lower(), layout)


_WINDOWED = {
    "avg_pool avg_pool2d": ("average_pool input ksize strides padding data_format", partial(_pool, ops.average_pool)),
    "conv1d": ("conv input:x filters stride:strides padding data_format dilations", partial(_conv, ops.conv, 1)),
    "conv2d": ("conv input:x filters strides padding data_format dilations", partial(_conv, ops.conv, 2)),
    "depthwise_conv2d": (
        "depthwise_conv input:x filter:filters strides padding data_format dilations",
        partial(_conv, ops.depthwise_conv, 2),
    ),
    "max_pool max_pool2d": ("max_pool input ksize strides padding data_format", partial(_pool, ops.max_pool)),
}
for _names, (_row, _function) in _WINDOWED.items():
    for _name in _names.split():
        globals()[_name] = adapted(f"tf.nn.{_name}", _row, _function)

__getattr__, __dir__, _ = namespace(__name__, "tf.nn", {})
