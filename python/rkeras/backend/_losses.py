"""Cross-entropies."""

from __future__ import annotations

from typing import Any

from rkeras import config, ops


def _clipped(output: Any) -> Any:
    return ops.clip(output, config.epsilon(), 1.0 - config.epsilon())


def binary_crossentropy(target: Any, output: Any, from_logits: bool = False) -> Any:
    """The cross-entropy of each element.

    Example:
        >>> round(float(binary_crossentropy([1.0], [0.5])[0]), 4)
        0.6931
    """
    return ops.binary_crossentropy(target, output, from_logits)


def binary_focal_crossentropy(
    target: Any,
    output: Any,
    apply_class_balancing: bool = False,
    alpha: float = 0.25,
    gamma: float = 2.0,
    from_logits: bool = False,
) -> Any:
    """The cross-entropy of each element, of less weight the better it is (Lin et al. 2017).

    Example:
        >>> round(float(binary_focal_crossentropy([1.0], [0.5])[0]), 4)
        0.1733
    """
    target = ops.convert_to_tensor(target)
    probability = ops.sigmoid(output) if from_logits else ops.convert_to_tensor(output)
    right = target * probability + (1 - target) * (1 - probability)
    loss = ops.power(1.0 - right, gamma) * binary_crossentropy(target, output, from_logits)
    return (target * alpha + (1 - target) * (1 - alpha)) * loss if apply_class_balancing else loss


def categorical_crossentropy(target: Any, output: Any, from_logits: bool = False, axis: int = -1) -> Any:
    """The cross-entropy of distributions along an axis.

    Example:
        >>> round(float(categorical_crossentropy([[0.0, 1.0]], [[0.5, 0.5]])[0]), 4)
        0.6931
    """
    return ops.categorical_crossentropy(target, output, from_logits, axis)


def categorical_focal_crossentropy(
    target: Any, output: Any, alpha: float = 0.25, gamma: float = 2.0, from_logits: bool = False, axis: int = -1
) -> Any:
    """The cross-entropy of distributions, of less weight the better it is (Lin et al. 2017).

    Example:
        >>> round(float(categorical_focal_crossentropy([[0.0, 1.0]], [[0.5, 0.5]])[0]), 4)
        0.0433
    """
    output = ops.softmax(output, axis) if from_logits else ops.convert_to_tensor(output)
    output = _clipped(output / ops.sum(output, axis=axis, keepdims=True))
    weights = ops.power(1.0 - output, gamma) * alpha
    return ops.sum(ops.multiply(target, ops.negative(ops.log(output))) * weights, axis=axis)


def sparse_categorical_crossentropy(
    target: Any, output: Any, from_logits: bool = False, axis: int = -1, ignore_class: int | None = None
) -> Any:
    """The cross-entropy of classes along an axis.

    Args:
        target: classes, of the shape of ``output`` without its axis of classes, or with size 1 there.
        output: logits or probabilities.
        from_logits: which of them.
        axis: the axis of classes.
        ignore_class: targets of this class have loss 0.

    Returns:
        A loss for each target.

    Example:
        >>> [round(v, 4) for v in sparse_categorical_crossentropy([1, 0], [[0.5, 0.5]] * 2, ignore_class=0).tolist()]
        [0.6931, 0.0]
    """
    target = ops.cast(target, "int64")
    if ops.ndim(target) == ops.ndim(output):
        target = ops.squeeze(target, axis)
    if ignore_class is None:
        return ops.sparse_categorical_crossentropy(target, output, from_logits, axis)
    counts = ops.not_equal(target, ignore_class)
    # Class 0 in place of one that the output may not have.
    loss = ops.sparse_categorical_crossentropy(ops.where(counts, target, 0), output, from_logits, axis)
    return ops.where(counts, loss, 0.0)
