"""A penalty on rows or columns that are not at right angles."""

from __future__ import annotations

from typing import Any

from rkeras import ops
from rkeras.regularizers.regularizer import Regularizer, checked_factor


class OrthogonalRegularizer(Regularizer):
    """``factor`` times the mean absolute cosine between two rows (or columns) of a matrix.

    Args:
        factor: weight of the penalty.
        mode: ``"rows"`` or ``"columns"``, the vectors to make orthogonal.

    Example:
        >>> float(OrthogonalRegularizer(1.0)([[1.0, 0.0], [0.0, 2.0]]))
        0.0
    """

    def __init__(self, factor: float = 0.01, mode: str = "rows") -> None:
        self.factor = checked_factor(factor, "factor")
        if mode not in ("rows", "columns"):
            raise ValueError(f"mode must be 'rows' or 'columns', got mode={mode!r}")
        self.mode = mode

    def __call__(self, x: Any) -> Any:
        """Returns the penalty on a matrix, a scalar tensor."""
        x = ops.convert_to_tensor(x)
        if len(x.shape) != 2:
            raise ValueError(f"OrthogonalRegularizer takes matrices, got an input of shape {tuple(x.shape)}")
        if self.mode == "columns":
            x = ops.transpose(x)
        count = x.shape[0]
        lengths = ops.sqrt(ops.maximum(ops.sum(ops.square(x), axis=1, keepdims=True), 1e-12))
        unit = x / lengths
        cosines = ops.matmul(unit, ops.transpose(unit)) * (1.0 - ops.eye(count, dtype=x.dtype))
        # Each pair stands twice in the matrix.
        pairs = max(count * (count - 1) / 2.0, 1.0)
        return self.factor * 0.5 / pairs * ops.sum(ops.absolute(cosines))

    def get_config(self) -> dict[str, Any]:
        """Returns the constructor's arguments."""
        return {"factor": self.factor, "mode": self.mode}
