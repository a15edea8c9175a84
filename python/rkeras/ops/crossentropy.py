"""Cross-entropies of targets and predictions."""

from __future__ import annotations

from typing import Any

from rkeras import _engine
from rkeras.ops._dispatch import symbolic
from rkeras.ops.structure import moveaxis

__all__ = ["binary_crossentropy", "categorical_crossentropy", "sparse_categorical_crossentropy"]


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
