"""Categories as rows."""

from __future__ import annotations

from typing import Any

from rkeras import ops
from rkeras.layers._arguments import ArgumentLayer, positive
from rkeras.layers.preprocessing.encoding import encode

_MODES = ("multi_hot", "one_hot", "count")


class CategoryEncoding(ArgumentLayer):
    """Turns category numbers into rows with a column for each category.

    Args:
        num_tokens: number of categories.
        output_mode: ``one_hot`` (a row for each number), ``multi_hot`` (1 for each category in a sample) or
            ``count`` (how often each is in a sample).
        sparse: must be False.
        kwargs: those of ``Layer``.

    Raises:
        ValueError: an argument makes no sense.

    Example:
        >>> import numpy as np
        >>> CategoryEncoding(4)(np.array([[0, 2], [3, 3]])).tolist()
        [[1.0, 0.0, 1.0, 0.0], [0.0, 0.0, 0.0, 1.0]]
    """

    num_tokens: int
    output_mode: str

    def __init__(
        self, num_tokens: int | None = None, output_mode: str = "multi_hot", sparse: bool = False, **kwargs: Any
    ) -> None:
        super().__init__(**kwargs)
        # Integers would lose their value in half precision.
        self.autocast = False
        output_mode = "multi_hot" if output_mode == "binary" else output_mode
        if output_mode not in _MODES:
            raise ValueError(f"CategoryEncoding: output_mode must be one of {_MODES}, got {output_mode!r}")
        if sparse:
            raise ValueError("CategoryEncoding makes dense rows only; leave out sparse=True")
        self._keep(num_tokens=positive("CategoryEncoding", "num_tokens", num_tokens), output_mode=output_mode)

    def call(self, inputs: Any, count_weights: Any = None) -> Any:
        """The rows; ``count_weights`` is what each number counts for."""
        if count_weights is not None and self.output_mode != "count":
            raise ValueError(f"CategoryEncoding uses count_weights with 'count' only, not {self.output_mode!r}")
        if count_weights is not None:
            count_weights = ops.cast(count_weights, self.compute_dtype)
        numbers = ops.cast(inputs, "int32")
        return encode(numbers, self.output_mode, self.num_tokens, self.compute_dtype, count_weights)
