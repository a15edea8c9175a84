"""Products of samples."""

from __future__ import annotations

from math import prod
from typing import Any

from rkeras import ops
from rkeras.keras_tensor import KerasTensor
from rkeras.layers._arguments import ArgumentLayer
from rkeras.layers.merging.base_merge import checked_shapes


class Dot(ArgumentLayer):
    """Multiplies the samples of two inputs and sums over an axis of each.

    Args:
        axes: the axis of both, or one for each; not the batch axis.
        normalize: whether vectors along the axis get length one first, for the cosine of their angle.
        kwargs: those of ``Layer``.

    Example:
        >>> import numpy as np
        >>> Dot(axes=(1, 2))([np.ones((2, 3, 5)), np.ones((2, 10, 3))]).shape
        (2, 5, 10)
    """

    axes: Any
    normalize: bool

    def __init__(self, axes: Any, normalize: bool = False, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        pair = [axes, axes] if isinstance(axes, int) else axes
        if not isinstance(pair, (list, tuple)):
            raise TypeError(f"axes must be an integer or two, got axes={axes!r}")
        if len(pair) != 2 or not all(isinstance(axis, int) for axis in pair):
            raise ValueError(f"axes must be an integer or two, got axes={axes!r}")
        self._keep(axes=axes, normalize=normalize)
        self.supports_masking = True

    def _axes_of(self, ranks: tuple[int, int]) -> tuple[int, int]:
        pair = [self.axes, self.axes] if isinstance(self.axes, int) else list(self.axes)
        for axis, rank in zip(pair, ranks, strict=True):
            if not -rank <= axis < rank or axis % rank == 0:
                raise ValueError(f"Dot sums over axes of samples; axis {axis} of {rank} is none")
        return pair[0] % ranks[0], pair[1] % ranks[1]

    def build(self, input_shape: Any) -> None:
        """Checks that the inputs fit each other."""
        a, b = checked_shapes("Dot", input_shape, 2)
        i, j = self._axes_of((len(a), len(b)))
        if None not in (a[i], b[j]) and a[i] != b[j]:
            raise ValueError(
                f"Dot cannot sum over axes of different sizes: axis {i} of {a} and axis {j} of {b}"
            )

    def call(self, inputs: Any) -> Any:
        """The products, (batch, rest of the first sample, rest of the second)."""
        x, y = inputs
        i, j = self._axes_of((x.ndim, y.ndim))
        if self.normalize:
            x, y = ops.normalize(x, axis=i), ops.normalize(y, axis=j)
        x, y = ops.moveaxis(x, i, -1), ops.moveaxis(y, j, 1)
        batch, *rows, size = x.shape
        columns = y.shape[2:]
        product = ops.matmul(
            ops.reshape(x, (batch, prod(rows), size)), ops.reshape(y, (batch, size, prod(columns)))
        )
        return ops.reshape(product, (batch, *rows, *columns) if rows or columns else (batch, 1))

    def compute_output_spec(self, inputs: Any) -> KerasTensor:
        """A symbolic tensor of shape (batch, rest of the first sample, rest of the second)."""
        x, y = inputs
        i, j = self._axes_of((len(x.shape), len(y.shape)))
        rows = [size for axis, size in enumerate(x.shape) if axis not in (0, i)]
        columns = [size for axis, size in enumerate(y.shape) if axis not in (0, j)]
        batch = x.shape[0] if y.shape[0] is None else y.shape[0]
        return KerasTensor((batch, *(rows + columns or [1])), dtype=self.compute_dtype)

    def compute_mask(self, inputs: Any, previous_mask: Any = None) -> Any:
        """None: what was masked is summed over."""
        return None


def dot(inputs: Any, axes: Any = -1, **kwargs: Any) -> Any:
    """Multiplies the samples of two tensors and sums over an axis of each.

    Args:
        inputs: two tensors.
        axes: the axis of both, or one for each.
        kwargs: those of ``Dot``.

    Returns:
        The products.

    Example:
        >>> import numpy as np
        >>> dot([np.ones((2, 3)), np.ones((2, 3))], axes=1).tolist()
        [[3.0], [3.0]]
    """
    return Dot(axes=axes, **kwargs)(inputs)
