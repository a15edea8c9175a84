"""How often predictions are right, sample by sample."""

from __future__ import annotations

from typing import Any

from rkeras import config, ops
from rkeras.losses.loss import aligned


def accuracy(y_true: Any, y_pred: Any) -> Any:
    """1 where the prediction equals the label.

    Example:
        >>> accuracy([1.0, 2.0], [1.0, 3.0]).tolist()
        [1.0, 0.0]
    """
    y_true, y_pred = aligned(ops.convert_to_tensor(y_true), ops.convert_to_tensor(y_pred))
    return ops.cast(ops.equal(y_true, y_pred), config.floatx())


def binary_accuracy(y_true: Any, y_pred: Any, threshold: float = 0.5) -> Any:
    """The share of elements of the last axis on the right side of a threshold.

    Example:
        >>> binary_accuracy([[1.0, 0.0]], [[0.9, 0.8]]).tolist()
        [0.5]
    """
    y_true, y_pred = aligned(ops.convert_to_tensor(y_true), ops.convert_to_tensor(y_pred))
    predicted = ops.cast(y_pred > threshold, y_true.dtype)
    right = ops.cast(ops.equal(y_true, predicted), config.floatx())
    return ops.mean(right, axis=-1) if len(right.shape) else right


def categorical_accuracy(y_true: Any, y_pred: Any) -> Any:
    """1 where the most probable class is the target's (one-hot targets).

    Example:
        >>> categorical_accuracy([[0.0, 1.0]], [[0.2, 0.8]]).tolist()
        [1.0]
    """
    return _same_class(ops.argmax(ops.convert_to_tensor(y_true), axis=-1), ops.convert_to_tensor(y_pred))


def sparse_categorical_accuracy(y_true: Any, y_pred: Any) -> Any:
    """1 where the most probable class is the target (class numbers).

    Example:
        >>> sparse_categorical_accuracy([1], [[0.2, 0.8]]).tolist()
        [1.0]
    """
    y_true, y_pred = ops.convert_to_tensor(y_true), ops.convert_to_tensor(y_pred)
    if len(y_true.shape) == len(y_pred.shape) and y_true.shape[-1] == 1:
        y_true = ops.squeeze(y_true, -1)
    return _same_class(ops.cast(y_true, "int32"), y_pred)


def _same_class(classes: Any, y_pred: Any) -> Any:
    return ops.cast(ops.equal(classes, ops.argmax(y_pred, axis=-1)), config.floatx())


def top_k_categorical_accuracy(y_true: Any, y_pred: Any, k: int = 5) -> Any:
    """1 where the target's class is among the k most probable (one-hot targets).

    Example:
        >>> top_k_categorical_accuracy([[0.0, 1.0]], [[0.8, 0.2]], k=1).tolist()
        [0.0]
    """
    return sparse_top_k_categorical_accuracy(ops.argmax(ops.convert_to_tensor(y_true), axis=-1), y_pred, k)


def sparse_top_k_categorical_accuracy(y_true: Any, y_pred: Any, k: int = 5, from_sorted_ids: bool = False) -> Any:
    """1 where the class is among the k most probable (class numbers).

    With ``from_sorted_ids`` predictions are class numbers, the most probable first, instead of probabilities.

    Example:
        >>> sparse_top_k_categorical_accuracy([1], [[0.8, 0.2]], k=1).tolist()
        [0.0]
    """
    y_true, y_pred = ops.convert_to_tensor(y_true), ops.convert_to_tensor(y_pred)
    if len(y_true.shape) == len(y_pred.shape) and y_true.shape[-1] == 1:
        y_true = ops.squeeze(y_true, -1)
    classes = y_pred.shape[-1]
    flat = ops.reshape(y_pred, (-1, classes))
    wanted = ops.reshape(ops.cast(y_true, "int64"), (-1,))
    if from_sorted_ids:
        found = ops.any(ops.equal(ops.expand_dims(wanted, 1), ops.cast(flat, "int64")[:, :k]), axis=1)
    else:
        found = ops.in_top_k(wanted, flat, k)
    return ops.reshape(ops.cast(found, config.floatx()), y_true.shape)
