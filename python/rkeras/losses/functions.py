"""Losses as functions: one number for each sample, or each row of one."""

from __future__ import annotations

import math
from typing import Any

from rkeras import config, ops
from rkeras.losses.loss import aligned


def _pair(y_true: Any, y_pred: Any) -> tuple[Any, Any]:
    """Predictions as a float tensor, targets in their dtype."""
    y_pred = ops.convert_to_tensor(y_pred)
    if not y_pred.dtype.startswith(("float", "bfloat")):
        y_pred = ops.cast(y_pred, config.floatx())
    y_true = ops.cast(ops.convert_to_tensor(y_true), y_pred.dtype)
    return aligned(y_true, y_pred)


def _over_last(values: Any) -> Any:
    return ops.mean(values, axis=-1) if len(values.shape) else values


def mean_squared_error(y_true: Any, y_pred: Any) -> Any:
    """mean((y_true - y_pred) ** 2) over the last axis.

    Example:
        >>> mean_squared_error([[1.0, 2.0]], [[1.0, 4.0]]).tolist()
        [2.0]
    """
    y_true, y_pred = _pair(y_true, y_pred)
    return _over_last(ops.square(y_true - y_pred))


def mean_absolute_error(y_true: Any, y_pred: Any) -> Any:
    """mean(|y_true - y_pred|) over the last axis.

    Example:
        >>> mean_absolute_error([[1.0, 2.0]], [[1.0, 4.0]]).tolist()
        [1.0]
    """
    y_true, y_pred = _pair(y_true, y_pred)
    return _over_last(ops.absolute(y_true - y_pred))


def mean_absolute_percentage_error(y_true: Any, y_pred: Any) -> Any:
    """100 * mean(|y_true - y_pred| / |y_true|) over the last axis.

    Example:
        >>> mean_absolute_percentage_error([[2.0]], [[1.0]]).tolist()
        [50.0]
    """
    y_true, y_pred = _pair(y_true, y_pred)
    return 100.0 * _over_last(ops.absolute((y_true - y_pred) / ops.maximum(ops.absolute(y_true), config.epsilon())))


def mean_squared_logarithmic_error(y_true: Any, y_pred: Any) -> Any:
    """mean((log(y_true + 1) - log(y_pred + 1)) ** 2) over the last axis.

    Example:
        >>> mean_squared_logarithmic_error([[0.0]], [[0.0]]).tolist()
        [0.0]
    """
    y_true, y_pred = _pair(y_true, y_pred)

    def log(x: Any) -> Any:
        return ops.log(ops.maximum(x, config.epsilon()) + 1.0)

    return _over_last(ops.square(log(y_pred) - log(y_true)))


def huber(y_true: Any, y_pred: Any, delta: float = 1.0) -> Any:
    """Squares near zero, absolute values further out than ``delta`` (Huber 1964).

    Example:
        >>> huber([[0.0]], [[3.0]]).tolist()
        [2.5]
    """
    y_true, y_pred = _pair(y_true, y_pred)
    distance = ops.absolute(y_pred - y_true)
    return _over_last(ops.where(distance <= delta, 0.5 * ops.square(distance), delta * distance - 0.5 * delta * delta))


def log_cosh(y_true: Any, y_pred: Any) -> Any:
    """mean(log(cosh(y_pred - y_true))) over the last axis.

    Example:
        >>> log_cosh([[0.0]], [[0.0]]).tolist()
        [0.0]
    """
    y_true, y_pred = _pair(y_true, y_pred)
    x = y_pred - y_true
    return _over_last(ops.logaddexp(x, -x) - math.log(2.0))


def _signed(y_true: Any) -> Any:
    """Labels as -1 and 1; all 0 and 1 are taken for classes."""
    binary = ops.all(ops.logical_or(ops.equal(y_true, 0), ops.equal(y_true, 1)))
    return ops.where(binary, 2.0 * y_true - 1.0, y_true)


def hinge(y_true: Any, y_pred: Any) -> Any:
    """mean(max(1 - y_true * y_pred, 0)) over the last axis; labels -1 and 1, or 0 and 1.

    Example:
        >>> hinge([[1.0]], [[0.25]]).tolist()
        [0.75]
    """
    y_true, y_pred = _pair(y_true, y_pred)
    return _over_last(ops.maximum(1.0 - _signed(y_true) * y_pred, 0.0))


def squared_hinge(y_true: Any, y_pred: Any) -> Any:
    """mean(max(1 - y_true * y_pred, 0) ** 2) over the last axis; labels -1 and 1, or 0 and 1.

    Example:
        >>> squared_hinge([[1.0]], [[0.5]]).tolist()
        [0.25]
    """
    y_true, y_pred = _pair(y_true, y_pred)
    return _over_last(ops.square(ops.maximum(1.0 - _signed(y_true) * y_pred, 0.0)))


def categorical_hinge(y_true: Any, y_pred: Any) -> Any:
    """max(1 + largest wrong score - score of the right class, 0).

    Example:
        >>> categorical_hinge([[1.0, 0.0]], [[0.5, 0.25]]).tolist()
        [0.75]
    """
    y_true, y_pred = _pair(y_true, y_pred)
    right = ops.sum(y_true * y_pred, axis=-1)
    wrong = ops.max((1.0 - y_true) * y_pred, axis=-1)
    return ops.maximum(wrong - right + 1.0, 0.0)


def kl_divergence(y_true: Any, y_pred: Any) -> Any:
    """sum(y_true * log(y_true / y_pred)) over the last axis.

    Example:
        >>> kl_divergence([[0.5, 0.5]], [[0.5, 0.5]]).tolist()
        [0.0]
    """
    y_true, y_pred = _pair(y_true, y_pred)
    y_true = ops.clip(y_true, config.epsilon(), 1.0)
    y_pred = ops.clip(y_pred, config.epsilon(), 1.0)
    return ops.sum(y_true * ops.log(y_true / y_pred), axis=-1)


def poisson(y_true: Any, y_pred: Any) -> Any:
    """mean(y_pred - y_true * log(y_pred)) over the last axis.

    Example:
        >>> poisson([[0.0]], [[2.0]]).tolist()
        [2.0]
    """
    y_true, y_pred = _pair(y_true, y_pred)
    return _over_last(y_pred - y_true * ops.log(y_pred + config.epsilon()))


def cosine_similarity(y_true: Any, y_pred: Any, axis: int = -1) -> Any:
    """The cosine of the angle between targets and predictions, negated as a loss by the class.

    Example:
        >>> cosine_similarity([[1.0, 0.0]], [[0.0, 1.0]]).tolist()
        [0.0]
    """
    y_true, y_pred = _pair(y_true, y_pred)
    return ops.sum(ops.normalize(y_true, axis=axis) * ops.normalize(y_pred, axis=axis), axis=axis)


def negative_cosine_similarity(y_true: Any, y_pred: Any, axis: int = -1) -> Any:
    """Minus the cosine of the angle between targets and predictions.

    Example:
        >>> negative_cosine_similarity([[1.0, 0.0]], [[0.0, 1.0]]).shape
        (1,)
    """
    return -cosine_similarity(y_true, y_pred, axis)


def binary_crossentropy(
    y_true: Any, y_pred: Any, from_logits: bool = False, label_smoothing: float = 0.0, axis: int = -1
) -> Any:
    """mean(-(t * log(p) + (1 - t) * log(1 - p))) over an axis.

    Example:
        >>> binary_crossentropy([[0.0, 1.0]], [[0.5, 0.5]]).shape
        (1,)
    """
    y_true, y_pred = _pair(y_true, y_pred)
    if label_smoothing:
        y_true = y_true * (1.0 - label_smoothing) + 0.5 * label_smoothing
    if y_true.shape != y_pred.shape:
        raise ValueError(
            f"binary_crossentropy: targets of shape {tuple(y_true.shape)} for predictions of {tuple(y_pred.shape)}; "
            "give one target for each prediction"
        )
    values = ops.binary_crossentropy(y_true, y_pred, from_logits=from_logits)
    return ops.mean(values, axis=axis) if len(values.shape) else values


def categorical_crossentropy(
    y_true: Any, y_pred: Any, from_logits: bool = False, label_smoothing: float = 0.0, axis: int = -1
) -> Any:
    """-sum(t * log(p)) over an axis; targets are distributions.

    Example:
        >>> categorical_crossentropy([[0.0, 1.0]], [[0.5, 0.5]]).shape
        (1,)
    """
    y_pred = ops.convert_to_tensor(y_pred)
    y_true = ops.cast(ops.convert_to_tensor(y_true), y_pred.dtype)
    if tuple(y_true.shape) != tuple(y_pred.shape):
        raise ValueError(
            f"categorical_crossentropy: targets of shape {tuple(y_true.shape)} for predictions of shape "
            f"{tuple(y_pred.shape)}; one-hot targets are expected (rkeras.utils.to_categorical makes them of class "
            "numbers), or use sparse_categorical_crossentropy with the class numbers themselves"
        )
    if label_smoothing:
        y_true = y_true * (1.0 - label_smoothing) + label_smoothing / y_true.shape[axis]
    return ops.categorical_crossentropy(y_true, y_pred, from_logits=from_logits, axis=axis)


def sparse_categorical_crossentropy(
    y_true: Any, y_pred: Any, from_logits: bool = False, ignore_class: int | None = None, axis: int = -1
) -> Any:
    """-log of the probability of the class that each number names.

    Example:
        >>> sparse_categorical_crossentropy([1], [[0.5, 0.5]]).shape
        (1,)
    """
    y_true, y_pred = ops.convert_to_tensor(y_true), ops.convert_to_tensor(y_pred)
    if ignore_class is None:
        return ops.sparse_categorical_crossentropy(y_true, y_pred, from_logits=from_logits, axis=axis)
    if len(y_true.shape) == len(y_pred.shape) and y_true.shape[-1] == 1:
        y_true = ops.squeeze(y_true, -1)
    counts = ops.not_equal(y_true, ignore_class)
    safe = ops.where(counts, y_true, 0)
    values = ops.sparse_categorical_crossentropy(safe, y_pred, from_logits=from_logits, axis=axis)
    values = ops.where(counts, values, 0.0)
    # The mean is taken over the samples that count.
    values._keras_mask = counts
    return values


def binary_focal_crossentropy(
    y_true: Any,
    y_pred: Any,
    apply_class_balancing: bool = False,
    alpha: float = 0.25,
    gamma: float = 2.0,
    from_logits: bool = False,
    label_smoothing: float = 0.0,
    axis: int = -1,
) -> Any:
    """Binary crossentropy that counts easy samples less (Lin et al. 2018).

    Example:
        >>> binary_focal_crossentropy([[0.0, 1.0]], [[0.5, 0.5]]).shape
        (1,)
    """
    y_true, y_pred = _pair(y_true, y_pred)
    if label_smoothing:
        y_true = y_true * (1.0 - label_smoothing) + 0.5 * label_smoothing
    p = ops.sigmoid(y_pred) if from_logits else y_pred
    entropy = ops.binary_crossentropy(y_true, p)
    right = y_true * p + (1.0 - y_true) * (1.0 - p)
    values = ops.power(1.0 - right, gamma) * entropy
    if apply_class_balancing:
        values = values * (y_true * alpha + (1.0 - y_true) * (1.0 - alpha))
    return ops.mean(values, axis=axis)


def categorical_focal_crossentropy(
    y_true: Any,
    y_pred: Any,
    alpha: float = 0.25,
    gamma: float = 2.0,
    from_logits: bool = False,
    label_smoothing: float = 0.0,
    axis: int = -1,
) -> Any:
    """Categorical crossentropy that counts easy samples less (Lin et al. 2018).

    Example:
        >>> categorical_focal_crossentropy([[0.0, 1.0]], [[0.5, 0.5]]).shape
        (1,)
    """
    y_true, y_pred = _pair(y_true, y_pred)
    if label_smoothing:
        y_true = y_true * (1.0 - label_smoothing) + label_smoothing / y_true.shape[axis]
    p = ops.softmax(y_pred, axis=axis) if from_logits else y_pred / ops.sum(y_pred, axis=axis, keepdims=True)
    p = ops.clip(p, config.epsilon(), 1.0 - config.epsilon())
    return ops.sum(-y_true * ops.log(p) * ops.power(1.0 - p, gamma) * alpha, axis=axis)


def dice(y_true: Any, y_pred: Any, axis: Any = None) -> Any:
    """1 - 2 |A and B| / (|A| + |B|).

    Example:
        >>> float(dice([1.0], [1.0])) < 1e-6
        True
    """
    return tversky(y_true, y_pred, 0.5, 0.5, axis)


def tversky(y_true: Any, y_pred: Any, alpha: float = 0.5, beta: float = 0.5, axis: Any = None) -> Any:
    """1 - overlap, with weights for false positives and false negatives (Salehi et al. 2017).

    Example:
        >>> float(tversky([1.0], [1.0])) < 1e-6
        True
    """
    y_true, y_pred = _pair(y_true, y_pred)
    both = ops.sum(y_true * y_pred, axis=axis)
    missed = ops.sum(y_true * (1.0 - y_pred), axis=axis)
    wrong = ops.sum((1.0 - y_true) * y_pred, axis=axis)
    # The weights are those of Keras 3, where alpha is the one of what was missed.
    return 1.0 - ops.divide(both, both + missed * alpha + wrong * beta + config.epsilon())


def ctc(y_true: Any, y_pred: Any) -> Any:
    """Minus the log probability of labels that are not aligned with the steps; 0 is no label and pads.

    Example:
        >>> import numpy as np
        >>> ctc(np.array([[1, 0]]), np.zeros((1, 3, 2), "float32")).shape
        (1,)
    """
    y_true, y_pred = ops.convert_to_tensor(y_true), ops.convert_to_tensor(y_pred)
    lengths = ops.sum(ops.cast(ops.not_equal(y_true, 0), "int32"), axis=-1)
    steps = ops.full((y_pred.shape[0],), y_pred.shape[1], dtype="int32")
    return ops.ctc_loss(y_true, y_pred, lengths, steps, mask_index=0)


def circle(
    y_true: Any,
    y_pred: Any,
    ref_labels: Any = None,
    ref_embeddings: Any = None,
    remove_diagonal: bool = True,
    gamma: float = 80.0,
    margin: float = 0.4,
) -> Any:
    """Draws unit vectors of a class together and classes apart, the more the further off they are (Sun et al. 2020).

    Example:
        >>> circle([0, 1], [[1.0, 0.0], [0.0, 1.0]]).tolist()
        [0.0, 0.0]
    """
    y_pred = ops.convert_to_tensor(y_pred)
    y_true = ops.reshape(ops.cast(y_true, "int32"), (-1, 1))
    others = y_pred if ref_embeddings is None else ops.convert_to_tensor(ref_embeddings)
    labels = ops.reshape(y_true if ref_labels is None else ops.cast(ref_labels, "int32"), (1, -1))
    distance = ops.maximum(1.0 - ops.matmul(y_pred, ops.transpose(others)), 0.0)
    same = ops.equal(y_true, labels)
    friends = same
    if remove_diagonal and ref_labels is None:
        friends = ops.logical_and(same, ops.logical_not(ops.eye(y_pred.shape[0], dtype="bool")))
    pull = -gamma * ops.maximum(margin + distance, 0.0) * (margin - distance)
    push = gamma * ops.maximum(1.0 + margin - distance, 0.0) * (1.0 - margin - distance)
    # Finite, so that a sample without a friend or a stranger has the derivative 0 and not NaN.
    never = -1e30
    pulls = ops.logsumexp(ops.where(friends, pull, never), axis=1)
    pushes = ops.logsumexp(ops.where(same, never, push), axis=1)
    values = ops.softplus(pulls + pushes)
    values._keras_mask = values > 0
    return values


def categorical_generalized_cross_entropy(y_true: Any, y_pred: Any, q: float = 0.5) -> Any:
    """(1 - p ** q) / q for the probability p of the class; bears labels that are wrong (Zhang and Sabuncu 2018).

    Example:
        >>> categorical_generalized_cross_entropy([1], [[0.75, 0.25]]).tolist()
        [1.0]
    """
    if not 0 < q < 1:
        raise ValueError(f"q must be between 0 and 1, got {q}")
    y_true, y_pred = ops.cast(y_true, "int32"), ops.convert_to_tensor(y_pred)
    if len(y_true.shape) == len(y_pred.shape) and y_true.shape[-1] == 1:
        y_true = ops.squeeze(y_true, -1)
    p = ops.sum(y_pred * ops.one_hot(y_true, y_pred.shape[-1], dtype=y_pred.dtype), axis=-1)
    return (1.0 - ops.power(p, q)) / q
