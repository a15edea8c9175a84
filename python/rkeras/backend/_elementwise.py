"""Functions of each element that today's ops have in another form."""

from __future__ import annotations

from typing import Any

from rkeras import ops


def sqrt(x: Any) -> Any:
    """The square root; 0 for negative numbers.

    Example:
        >>> sqrt([4.0, -1.0]).tolist()
        [2.0, 0.0]
    """
    return ops.sqrt(ops.maximum(x, 0.0))


def clip(x: Any, min_value: Any, max_value: Any) -> Any:
    """Limits elements to a range; None for no limit.

    Example:
        >>> clip([-1.0, 3.0], 0, None).tolist()
        [0.0, 3.0]
    """
    if isinstance(min_value, (int, float)) and isinstance(max_value, (int, float)):
        max_value = max(min_value, max_value)
    low = float("-inf") if min_value is None else min_value
    high = float("inf") if max_value is None else max_value
    return ops.clip(x, low, high)


def elu(x: Any, alpha: float = 1.0) -> Any:
    """``x`` above 0, ``alpha * (exp(x) - 1)`` below.

    Example:
        >>> elu([2.0]).tolist()
        [2.0]
    """
    return ops.elu(x, alpha)


def relu(x: Any, alpha: float = 0.0, max_value: float | None = None, threshold: float = 0.0) -> Any:
    """``x`` from ``threshold`` up to ``max_value``, ``alpha * (x - threshold)`` below.

    Example:
        >>> relu([-2.0, 0.5, 9.0], alpha=0.5, max_value=6.0).tolist()
        [-1.0, 0.5, 6.0]
    """
    x = ops.convert_to_tensor(x)
    above = ops.cast(ops.greater(x, threshold), x.dtype) * x if threshold else ops.relu(x)
    if max_value is not None:
        above = ops.clip(above, 0.0, max_value)
    return above - alpha * ops.relu(threshold - x) if alpha else above


def hard_sigmoid(x: Any) -> Any:
    """``0.2 * x + 0.5`` limited to 0 … 1, as it was before Keras 3.

    Example:
        >>> hard_sigmoid([0.0, 1.0, 9.0]).tolist()
        [0.5, 0.699999988079071, 1.0]
    """
    return ops.clip(ops.add(ops.multiply(x, 0.2), 0.5), 0.0, 1.0)


def softmax(x: Any, axis: Any = -1) -> Any:
    """Exponentials divided by their sum along an axis.

    Raises:
        ValueError: if ``x`` has one axis only.

    Example:
        >>> softmax([[0.0, 0.0]]).tolist()
        [[0.5, 0.5]]
    """
    if ops.ndim(x) < 2:
        raise ValueError(
            f"K.softmax takes tensors of two axes or more, got shape {ops.shape(x)}; rkeras.ops.softmax takes any"
        )
    return ops.softmax(x, axis)


def l2_normalize(x: Any, axis: Any = None) -> Any:
    """Divides by the Euclidean norm along an axis.

    Example:
        >>> [round(v, 4) for v in l2_normalize([3.0, 4.0]).tolist()]
        [0.6, 0.8]
    """
    from rkeras.compat.tf import nn

    return nn.l2_normalize(x, axis)


def switch(condition: Any, then_expression: Any, else_expression: Any) -> Any:
    """One of two tensors by a condition, which may have fewer axes: they are the first ones.

    Args:
        condition: a bool scalar, or bools of which each decides on the elements behind its place.
        then_expression: a tensor, or a function without arguments that gives one.
        else_expression: likewise.

    Returns:
        The chosen elements.

    Raises:
        ValueError: if the condition has more axes than the tensors.

    Example:
        >>> switch(ops.convert_to_tensor([True, False]), ops.ones((2, 2)), ops.zeros((2, 2))).tolist()
        [[1.0, 1.0], [0.0, 0.0]]
    """
    condition = ops.cast(condition, "bool")
    rank = ops.ndim(condition)
    if rank == 0:
        branches = [branch if callable(branch) else lambda b=branch: b for branch in (then_expression, else_expression)]
        return ops.cond(condition, *branches)
    chosen, other = (branch() if callable(branch) else branch for branch in (then_expression, else_expression))
    extra = ops.ndim(chosen) - rank
    if extra < 0:
        raise ValueError(
            f"K.switch: the condition of shape {ops.shape(condition)} has more axes than what it chooses from, of "
            f"shape {ops.shape(chosen)}"
        )
    if extra:
        condition = ops.expand_dims(condition, tuple(range(rank, rank + extra)))
    return ops.where(condition, chosen, other)
