"""Penalties on weights and outputs, added to the loss."""

from __future__ import annotations

from typing import Any

from rkeras import ops
from rkeras.saving.identifiers import ObjectTable


class Regularizer:
    """Maps a tensor to a penalty; subclasses define ``__call__(x)`` and ``get_config``.

    Example:
        >>> class Half(Regularizer):
        ...     def __call__(self, x):
        ...         return 0.5 * rkeras.ops.sum(x)
        >>> import rkeras
        >>> float(Half()(rkeras.ops.ones(4)))
        2.0
    """

    def __call__(self, x: Any) -> Any:
        """The penalty."""
        return 0.0

    def get_config(self) -> dict[str, Any]:
        """The arguments to make it again."""
        raise NotImplementedError(f"{type(self).__name__} must define get_config to be saved")

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> Regularizer:
        """Makes a regularizer from ``get_config``."""
        return cls(**config)


def _factor(value: Any, name: str) -> float:
    if (
        isinstance(value, bool)
        or not isinstance(value, (int, float))
        or not value >= 0
        or value == float("inf")
    ):
        raise ValueError(f"{name} must be a finite number that is not negative, got {value!r}")
    return float(value)


class L1L2(Regularizer):
    """``l1 * sum(|x|) + l2 * sum(x * x)``.

    Args:
        l1: factor of the sizes.
        l2: factor of the squares.

    Example:
        >>> import rkeras
        >>> float(L1L2(0.5, 0.5)(rkeras.ops.ones(2)))
        2.0
    """

    def __init__(self, l1: float = 0.0, l2: float = 0.0) -> None:
        self.l1 = _factor(0.0 if l1 is None else l1, "l1")
        self.l2 = _factor(0.0 if l2 is None else l2, "l2")

    def __call__(self, x: Any) -> Any:
        """The penalty."""
        total: Any = 0.0
        if self.l1:
            total = total + self.l1 * ops.sum(ops.absolute(x))
        if self.l2:
            total = total + self.l2 * ops.sum(ops.square(x))
        return total

    def get_config(self) -> dict[str, Any]:
        """The arguments to make it again."""
        return {"l1": self.l1, "l2": self.l2}


class L1(Regularizer):
    """``l1 * sum(|x|)``.

    Args:
        l1: the factor.

    Example:
        >>> import rkeras
        >>> float(L1(0.5)(rkeras.ops.ones(2)))
        1.0
    """

    def __init__(self, l1: float = 0.01) -> None:
        self.l1 = _factor(0.01 if l1 is None else l1, "l1")

    def __call__(self, x: Any) -> Any:
        """The penalty."""
        return self.l1 * ops.sum(ops.absolute(x))

    def get_config(self) -> dict[str, Any]:
        """The arguments to make it again."""
        return {"l1": self.l1}


class L2(Regularizer):
    """``l2 * sum(x * x)``.

    Args:
        l2: the factor.

    Example:
        >>> import rkeras
        >>> float(L2(0.5)(rkeras.ops.ones(2)))
        1.0
    """

    def __init__(self, l2: float = 0.01) -> None:
        self.l2 = _factor(0.01 if l2 is None else l2, "l2")

    def __call__(self, x: Any) -> Any:
        """The penalty."""
        return self.l2 * ops.sum(ops.square(x))

    def get_config(self) -> dict[str, Any]:
        """The arguments to make it again."""
        return {"l2": self.l2}


class OrthogonalRegularizer(Regularizer):
    """How far the rows or columns of a matrix are from being orthogonal.

    Args:
        factor: factor of the mean absolute cosine between two of them.
        mode: ``rows`` or ``columns``.

    Example:
        >>> import rkeras
        >>> float(OrthogonalRegularizer(1.0)(rkeras.ops.eye(2)))
        0.0
    """

    def __init__(self, factor: float = 0.01, mode: str = "rows") -> None:
        self.factor = _factor(factor, "factor")
        if mode not in ("rows", "columns"):
            raise ValueError(f"mode must be 'rows' or 'columns', got {mode!r}")
        self.mode = mode

    def __call__(self, inputs: Any) -> Any:
        """The penalty; anything but a matrix raises ValueError."""
        if len(inputs.shape) != 2:
            raise ValueError(f"OrthogonalRegularizer takes matrices, got shape {tuple(inputs.shape)}")
        x = (
            ops.normalize(inputs, axis=1)
            if self.mode == "rows"
            else ops.transpose(ops.normalize(inputs, axis=0))
        )
        n = x.shape[0]
        cosines = ops.matmul(x, ops.transpose(x)) * (1.0 - ops.eye(n, dtype=x.dtype))
        pairs = max(1.0, n * (n - 1.0) / 2.0)
        return self.factor * 0.5 * ops.sum(ops.absolute(cosines)) / pairs

    def get_config(self) -> dict[str, Any]:
        """The arguments to make it again."""
        return {"factor": self.factor, "mode": self.mode}


def l1_l2(l1: float = 0.01, l2: float = 0.01) -> L1L2:
    """An ``L1L2`` with Keras 2's defaults.

    Args:
        l1: factor of the sizes.
        l2: factor of the squares.

    Returns:
        A regularizer.

    Example:
        >>> l1_l2().get_config()
        {'l1': 0.01, 'l2': 0.01}
    """
    return L1L2(l1, l2)


TABLE = ObjectTable(
    "regularizer", [L1, L2, L1L2, OrthogonalRegularizer], {"l1_l2": l1_l2, "l1l2": l1_l2, "l1": L1, "l2": L2}
)
l1l2 = l1_l2  # the name in Keras 1
l1, l2, orthogonal_regularizer = L1, L2, OrthogonalRegularizer


def get(identifier: Any) -> Any:
    """The regularizer that a name, record, class, function or regularizer stands for.

    Args:
        identifier: any of these, or None.

    Returns:
        A regularizer or a function of a weight, or None.

    Raises:
        ValueError: it names nothing known.

    Example:
        >>> get("l2").get_config()
        {'l2': 0.01}
    """
    # Keras 2's name for a function that makes one, not for one.
    return l1_l2() if identifier in ("l1_l2", "l1l2") else TABLE.get(identifier)


serialize = TABLE.serialize
deserialize = TABLE.deserialize
