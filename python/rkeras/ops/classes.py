"""Numbers of classes as tensors of zeros and ones."""

from __future__ import annotations

from typing import Any

from rkeras import _engine
from rkeras.ops._dispatch import symbolic
from rkeras.ops.structure import moveaxis

__all__ = ["in_top_k", "multi_hot", "one_hot"]


@symbolic
def one_hot(x: Any, num_classes: int, axis: int = -1, dtype: str | None = None, sparse: bool = False) -> Any:
    """A new axis with one at the place that each integer names.

    Args:
        x: integers; one that names no class gives zeros.
        num_classes: size of the new axis.
        axis: where it goes.
        dtype: dtype of the result; the default float by default.
        sparse: must be False; tensors are dense here.

    Returns:
        A tensor of one rank more.

    Raises:
        ValueError: ``sparse`` is asked for.

    Example:
        >>> import rkeras
        >>> rkeras.ops.one_hot([1, 0], 2).tolist()
        [[0.0, 1.0], [1.0, 0.0]]
    """
    if sparse:
        raise ValueError("sparse tensors are not supported; leave sparse=False")
    x = _engine.convert(x)
    hot = _engine.apply("one_hot", x, num_classes=num_classes, dtype=dtype or _engine.floatx())
    return hot if axis in (-1, x.ndim) else moveaxis(hot, -1, axis)


@symbolic
def multi_hot(
    inputs: Any,
    num_classes: int | None = None,
    axis: int = -1,
    dtype: str | None = None,
    sparse: bool = False,
    **kwargs: Any,
) -> Any:
    """One at every place that one of the integers of a row names.

    Args:
        inputs: integers.
        num_classes: size of the axis that takes the last one's place.
        axis: where it goes.
        dtype: dtype of the result; the default float by default.
        sparse: must be False; tensors are dense here.
        kwargs: ``num_tokens``, an older name of ``num_classes``.

    Returns:
        A tensor of zeros and ones.

    Raises:
        TypeError: an argument of another name.
        ValueError: no number of classes.

    Example:
        >>> import rkeras
        >>> rkeras.ops.multi_hot([[0, 2]], 3).tolist()
        [[1.0, 0.0, 1.0]]
    """
    old_name = kwargs.pop("num_tokens", None)
    num_classes = old_name if num_classes is None else num_classes
    if kwargs:
        raise TypeError(f"multi_hot got unexpected arguments: {', '.join(kwargs)}")
    if num_classes is None:
        raise ValueError("multi_hot needs to know how many classes there are: pass num_classes")
    inputs = _engine.convert(inputs)
    hot = one_hot(inputs, num_classes, axis=axis, dtype=dtype, sparse=sparse)
    reduce_axis = 1 if inputs.ndim > 1 else 0
    return _engine.apply("max", hot, axis=reduce_axis)


@symbolic
def in_top_k(targets: Any, predictions: Any, k: int) -> Any:
    """Whether the target class is among the k most probable of its row.

    Args:
        targets: integers (n,).
        predictions: floats (n, classes).
        k: how many classes count.

    Returns:
        A bool tensor (n,); classes that tie with the k-th count as in.

    Example:
        >>> import rkeras
        >>> rkeras.ops.in_top_k([0, 1], [[0.9, 0.1], [0.8, 0.2]], k=1).tolist()
        [True, False]
    """
    targets, predictions = _engine.convert(targets, "int64"), _engine.convert(predictions)
    index = _engine.apply("reshape", targets, shape=[*targets.shape, 1])
    own = _engine.apply("take_along_axis", predictions, index, axis=-1)
    above = _engine.apply("sum", _engine.apply("cast", predictions > own, dtype="int32"), axis=-1)
    finite = _engine.apply("isfinite", _engine.apply("reshape", own, shape=list(targets.shape)))
    return _engine.apply("logical_and", above < k, finite)
