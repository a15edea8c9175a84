"""Pooling to a given size, whatever that of the input."""

from __future__ import annotations

from typing import Any

from rkeras import config, ops
from rkeras.layers._arguments import ArgumentLayer, positive

_DOC = """{summary}

    Window ``i`` of ``n`` goes from the ``i / n``-th part of the axis to the ``(i + 1) / n``-th; where that divides a
    place, windows overlap.

    Args:
        output_size: {sizes}; a single number is that of all axes, None leaves one as it is.
        data_format: ``channels_last`` or ``channels_first``; as configured by default.
        kwargs: those of ``Layer``.

    Example:
        >>> import numpy as np
        >>> {name}({size}, data_format="channels_last")(np.ones({shape})).shape
        {result}
    """


class AdaptivePooling(ArgumentLayer):
    """What pooling to a given size is, for any number of axes and either way to reduce a window."""

    _rank: int
    _reduce: Any
    output_size: tuple[int | None, ...]
    data_format: str

    def __init__(self, output_size: Any, data_format: str | None = None, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        name = type(self).__name__
        sizes = (output_size,) * self._rank if not isinstance(output_size, (list, tuple)) else tuple(output_size)
        if len(sizes) != self._rank:
            raise ValueError(f"{name} needs {self._rank} sizes as output_size, got {output_size!r}")
        self._keep(
            output_size=tuple(None if n is None else positive(name, "output_size", n) for n in sizes),
            data_format=config.standardize_data_format(data_format),
        )
        self.built = True

    def _check(self, shape: tuple[int | None, ...]) -> int:
        if len(shape) != self._rank + 2:
            raise ValueError(f"{type(self).__name__} takes inputs with {self._rank + 2} axes, got shape {shape}")
        return 2 if self.data_format == "channels_first" else 1

    def call(self, inputs: Any) -> Any:
        """The windows, reduced."""
        first = self._check(tuple(inputs.shape))
        for axis, n in enumerate(self.output_size, first):
            if n is not None:
                inputs = self._pool(inputs, axis, n)
        return inputs

    def _pool(self, x: Any, axis: int, n: int) -> Any:
        size = x.shape[axis]
        if size % n == 0:
            windows = ops.reshape(x, (*x.shape[:axis], n, size // n, *x.shape[axis + 1 :]))
            return type(self)._reduce(windows, axis=axis + 1)
        before = (slice(None),) * axis
        ends = [(i * size // n, -(-(i + 1) * size // n)) for i in range(n)]
        parts = [type(self)._reduce(x[(*before, slice(*end))], axis=axis, keepdims=True) for end in ends]
        return ops.concatenate(parts, axis=axis)

    def compute_output_shape(self, input_shape: Any) -> tuple[int | None, ...]:
        """The shape with the new sizes."""
        shape = list(input_shape)
        for axis, n in enumerate(self.output_size, self._check(tuple(shape))):
            shape[axis] = shape[axis] if n is None else n
        return tuple(shape)


def _made(rank: int, kind: str) -> type[AdaptivePooling]:
    name = f"Adaptive{kind}Pooling{rank}D"
    what = {1: "steps", 2: "rows and columns", 3: "depth, rows and columns"}[rank]
    doc = _DOC.format(
        summary=f"The {'mean' if kind == 'Average' else 'largest element'} of windows, as many as asked for.",
        sizes=f"the numbers of {what}" if rank > 1 else "the number of steps",
        name=name,
        size=4,
        shape=(2, *(9,) * rank, 3),
        result=(2, *(4,) * rank, 3),
    )
    reduce = staticmethod(ops.mean if kind == "Average" else ops.max)
    return type(name, (AdaptivePooling,), {"_rank": rank, "_reduce": reduce, "__doc__": doc, "__module__": __name__})


AdaptiveAveragePooling1D = _made(1, "Average")
AdaptiveAveragePooling2D = _made(2, "Average")
AdaptiveAveragePooling3D = _made(3, "Average")
AdaptiveMaxPooling1D = _made(1, "Max")
AdaptiveMaxPooling2D = _made(2, "Max")
AdaptiveMaxPooling3D = _made(3, "Max")
