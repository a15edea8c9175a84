"""Labels and norms."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from rkeras import _engine


def to_categorical(x: Any, num_classes: int | None = None) -> Any:
    """Class numbers as rows with a one in the place of the class.

    Args:
        x: ints of any shape; a last axis of size one is dropped.
        num_classes: the number of classes; one more than the greatest number if not given.

    Returns:
        A float32 array of shape ``(*x.shape, num_classes)``; a tensor if ``x`` is one.

    Raises:
        ValueError: if a number is negative or not below ``num_classes``.

    Example:
        >>> to_categorical([0, 2], num_classes=3).tolist()
        [[1.0, 0.0, 0.0], [0.0, 0.0, 1.0]]
    """
    labels = np.asarray(x.numpy() if isinstance(x, (_engine.Tensor, _engine.Variable)) else x)
    if labels.dtype.kind not in "biuf" or (labels.dtype.kind == "f" and (labels != np.floor(labels)).any()):
        raise ValueError(f"to_categorical takes class numbers (ints), got dtype {labels.dtype}")
    labels = labels.astype("int64")
    if labels.ndim > 1 and labels.shape[-1] == 1:
        labels = labels[..., 0]
    if num_classes is None:
        num_classes = int(labels.max()) + 1 if labels.size else 0
    if labels.size and (labels.min() < 0 or labels.max() >= num_classes):
        raise ValueError(
            f"to_categorical with num_classes={num_classes} takes numbers from 0 to {num_classes - 1}, "
            f"got {labels.min()} to {labels.max()}"
        )
    rows = np.zeros((*labels.shape, num_classes), "float32")
    np.put_along_axis(rows, labels[..., None], 1.0, axis=-1)
    return _engine.convert(rows) if isinstance(x, _engine.Tensor) else rows


def normalize(x: Any, axis: int = -1, order: int = 2) -> npt.NDArray[Any]:
    """Divides by the norm along an axis; rows of zeros stay zeros.

    Args:
        x: an array.
        axis: the axis along which the norm is taken.
        order: 1 for the sum of absolute values, 2 for the Euclidean norm, …

    Returns:
        An array of the same shape.

    Example:
        >>> normalize(np.array([[3.0, 4.0]])).tolist()
        [[0.6, 0.8]]
    """
    array = np.asarray(x.numpy() if isinstance(x, (_engine.Tensor, _engine.Variable)) else x)
    norms = np.atleast_1d(np.linalg.norm(array, order, axis))
    norms[norms == 0] = 1
    normalized: npt.NDArray[Any] = array / np.expand_dims(norms, axis)
    return normalized
