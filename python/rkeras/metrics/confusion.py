"""Right and wrong decisions counted at thresholds, from which precision, recall, AUC and others follow."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from rkeras import config, ops
from rkeras.build_budget import charge
from rkeras.losses.loss import aligned

NEVER_REACHED = -1e10
"""What predictions outside the top k become; also the threshold that all others pass."""


def checked_thresholds(thresholds: Any, default: float = 0.5) -> list[float]:
    """Thresholds as a list.

    Args:
        thresholds: a number, several, or None for the default.
        default: used for None.

    Raises:
        ValueError: one is not in [0, 1].

    Example:
        >>> checked_thresholds(None)
        [0.5]
    """
    if thresholds is None:
        return [default]
    found = list(thresholds) if isinstance(thresholds, (list, tuple)) else [thresholds]
    wrong = [t for t in found if t is None or t < 0 or t > 1]
    if wrong or not found:
        raise ValueError(f"thresholds must be numbers in [0, 1], got {wrong or thresholds}")
    return [float(t) for t in found]


def even_thresholds(count: int) -> list[float]:
    """That many thresholds from 0 to 1 at equal distances.

    Example:
        >>> even_thresholds(3)
        [0.0, 0.5, 1.0]
    """
    if count == 1:
        return [0.5]
    charge(32 * count, f"{count:,} thresholds")
    # An array first: NumPy refuses at once what does not fit the memory.
    return (np.arange(count) / (count - 1)).tolist()  # type: ignore[no-any-return]


def count_outcomes(
    y_true: Any,
    y_pred: Any,
    thresholds: Sequence[float],
    dtype: str,
    *,
    sample_weight: Any = None,
    label_weights: Any = None,
    top_k: int | None = None,
    class_id: int | None = None,
    multi_label: bool = False,
) -> dict[str, Any]:
    """Counts, at each threshold, predictions above it and not above it, for true and for false labels.

    Args:
        y_true: labels, true where not 0.
        y_pred: predictions of the same shape.
        thresholds: where a prediction becomes positive.
        dtype: of the counts.
        sample_weight: weights of samples, filled up with axes of size 1 on the right.
        label_weights: weights along the last axis.
        top_k: only the k largest of the last axis may be positive.
        class_id: only this entry of the last axis counts.
        multi_label: whether each label (second axis) is counted by itself.

    Returns:
        ``tp``, ``fp``, ``fn`` and ``tn``, each of shape (thresholds,) or (thresholds, labels).

    Raises:
        ValueError: the shapes do not fit together.

    Example:
        >>> count_outcomes([1, 0], [0.9, 0.8], [0.5], "float32")["fp"].tolist()
        [1.0]
    """
    y_pred = ops.cast(ops.convert_to_tensor(y_pred), dtype)
    y_pred, y_true = aligned(y_pred, ops.convert_to_tensor(y_true))
    if y_true.shape != y_pred.shape:
        raise ValueError(
            f"labels of shape {tuple(y_true.shape)} for predictions of shape {tuple(y_pred.shape)}; "
            "give one label for each prediction (rkeras.utils.to_categorical makes them of class numbers)"
        )
    y_true = ops.cast(ops.not_equal(y_true, 0), dtype)
    if top_k is not None:
        _, best = ops.top_k(y_pred, top_k)
        chosen = ops.sum(ops.one_hot(best, y_pred.shape[-1]), axis=-2)
        y_pred = ops.where(chosen > 0, y_pred, NEVER_REACHED)
    if class_id is not None:
        if len(y_pred.shape) < 2:
            raise ValueError(f"class_id needs predictions of shape (samples, classes), got {tuple(y_pred.shape)}")
        y_true, y_pred = y_true[..., class_id, None], y_pred[..., class_id, None]
    weight = _weights(sample_weight, label_weights, y_pred, dtype)
    positive, negative = y_true, 1.0 - y_true
    if weight is not None:
        positive, negative = positive * weight, negative * weight
    labels = y_pred.shape[-1] if multi_label else 1
    y_pred, positive, negative = (ops.reshape(x, (-1, labels)) for x in (y_pred, positive, negative))
    count = _by_buckets if _evenly_spaced(thresholds) else _by_comparison
    tp, fn = count(y_pred, positive, thresholds)
    fp, tn = count(y_pred, negative, thresholds)
    shape = (len(thresholds), labels) if multi_label else (len(thresholds),)
    return {name: ops.reshape(x, shape) for name, x in (("tp", tp), ("fn", fn), ("fp", fp), ("tn", tn))}


def _weights(sample_weight: Any, label_weights: Any, y_pred: Any, dtype: str) -> Any:
    """The weight of each prediction, or None if all are 1."""
    shape = tuple(y_pred.shape)
    weight = None
    if sample_weight is not None:
        weight = ops.cast(ops.convert_to_tensor(sample_weight), dtype)
        rank = len(weight.shape)
        if rank == len(shape) + 1 and weight.shape[-1] == 1:
            weight = ops.squeeze(weight, -1)
        elif rank < len(shape):
            weight = ops.reshape(weight, (*weight.shape, *[1] * (len(shape) - rank)))
        weight = ops.broadcast_to(weight, shape)
    if label_weights is not None:
        own = ops.broadcast_to(ops.cast(ops.convert_to_tensor(label_weights), dtype), shape)
        weight = own if weight is None else weight * own
    return weight


def _evenly_spaced(thresholds: Sequence[float]) -> bool:
    """Whether they are the ends and the points between at equal distances, the ends perhaps moved out a little."""
    last = len(thresholds) - 1
    if last < 2:
        return False
    slack = 2 * config.epsilon()
    return all(math.isclose(t, i / last, abs_tol=slack) for i, t in enumerate(thresholds))


def _by_comparison(y_pred: Any, values: Any, thresholds: Sequence[float]) -> tuple[Any, Any]:
    """Sums of values (samples, labels) above and not above each threshold, comparing all with all."""
    limits = ops.reshape(ops.array(list(thresholds), dtype=y_pred.dtype), (-1, 1, 1))
    above = ops.expand_dims(y_pred, 0) > limits
    values = ops.expand_dims(values, 0)
    nothing = ops.zeros_like(values)
    return ops.sum(ops.where(above, values, nothing), axis=1), ops.sum(ops.where(above, nothing, values), axis=1)


def _by_buckets(y_pred: Any, values: Any, thresholds: Sequence[float]) -> tuple[Any, Any]:
    """The same for evenly spaced thresholds: values fall into buckets, which are added up from above.

    The work does not grow with the number of thresholds. Bucket ``j`` holds what is above threshold ``j - 1`` and
    not above threshold ``j``.
    """
    count, labels = len(thresholds), y_pred.shape[-1]
    bucket = ops.ceil(ops.clip(y_pred, 0.0, 1.0) * float(count - 1))
    if thresholds[0] < 0:
        # Also a prediction of 0 is above the lowest threshold.
        bucket = ops.maximum(bucket, 1.0)
    flat = ops.cast(bucket, "int64") * labels + ops.arange(labels, dtype="int64")
    sums = ops.scatter(ops.reshape(flat, (-1, 1)), ops.reshape(values, (-1,)), ((count + 1) * labels,))
    from_above = ops.flip(ops.cumsum(ops.flip(ops.reshape(sums, (count + 1, labels)), axis=0), axis=0), axis=0)
    above = from_above[1:]
    return above, from_above[:1] - above
