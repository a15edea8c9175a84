"""``tf.math``."""

from __future__ import annotations

from typing import Any

from rkeras import ops
from rkeras.compat.adapt import adapted
from rkeras.compat.tf._namespace import namespace
from rkeras.compat.tf._tables import MATH, SHARED

for _name, _row in {**SHARED, **MATH}.items():
    globals()[_name] = adapted(f"tf.math.{_name}", _row)


def squared_difference(x: Any, y: Any, name: str | None = None) -> Any:
    """``(x - y) ** 2``.

    Example:
        >>> squared_difference([1.0], [3.0]).tolist()
        [4.0]
    """
    del name
    return ops.square(ops.subtract(x, y))


def add_n(inputs: Any, name: str | None = None) -> Any:
    """The sum of tensors of one shape.

    Example:
        >>> add_n([[1, 2], [3, 4], [5, 6]]).tolist()
        [9, 12]
    """
    del name
    total = ops.convert_to_tensor(inputs[0])
    for x in inputs[1:]:
        total = ops.add(total, x)
    return total


def multiply_no_nan(x: Any, y: Any, name: str | None = None) -> Any:
    """``x * y``, and 0 where ``y`` is, even if ``x`` is not finite.

    Example:
        >>> multiply_no_nan([float("inf"), 2.0], [0.0, 3.0]).tolist()
        [0.0, 6.0]
    """
    del name
    return ops.where(ops.equal(y, 0), 0.0, ops.multiply(x, y))


def confusion_matrix(
    labels: Any,
    predictions: Any,
    num_classes: int | None = None,
    weights: Any = None,
    dtype: Any = "int32",
    name: str | None = None,
) -> Any:
    """How often each class was taken for each class: rows are labels, columns predictions.

    Example:
        >>> confusion_matrix([0, 1, 1], [0, 0, 1]).tolist()
        [[1, 0], [1, 1]]
    """
    del name
    labels, predictions = ops.cast(labels, "int64"), ops.cast(predictions, "int64")
    n = int(ops.maximum(ops.max(labels), ops.max(predictions))) + 1 if num_classes is None else int(num_classes)
    counts = ops.ones(labels.shape, str(dtype)) if weights is None else ops.cast(weights, str(dtype))
    return ops.scatter(ops.stack([labels, predictions], axis=-1), counts, (n, n))


def count_nonzero(
    input: Any, axis: Any = None, keepdims: bool = False, dtype: Any = "int64", name: str | None = None
) -> Any:
    """How many elements along axes are not zero.

    Example:
        >>> int(count_nonzero([0, 3, 4]))
        2
    """
    del name
    return ops.sum(ops.cast(ops.not_equal(input, 0), str(dtype)), axis=axis, keepdims=keepdims)


__getattr__, __dir__, _ = namespace(
    __name__,
    "tf.math",
    {
        **dict.fromkeys(("argmax", "argmin", "cumprod", "cumsum"), "rkeras.compat.tf._structure"),
        **dict.fromkeys(("l2_normalize",), "rkeras.compat.tf.nn"),
        **dict.fromkeys(("in_top_k",), "rkeras.compat.tf.nn"),
    },
)
