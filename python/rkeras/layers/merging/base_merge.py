"""What layers that join several inputs share."""

from __future__ import annotations

from typing import Any

from rkeras import ops
from rkeras.keras_tensor import KerasTensor
from rkeras.layers._arguments import ArgumentLayer
from rkeras.operation import Operation


def checked_shapes(layer: str, shapes: Any, count: int | None = None) -> list[tuple[int | None, ...]]:
    """The shapes of a list of inputs; ValueError unless it is such a list.

    Args:
        layer: class of the layer, for the error.
        shapes: what ``build`` was given.
        count: how many there must be; any number if not given.

    Example:
        >>> checked_shapes("Add", [(None, 3), (None, 3)])
        [(None, 3), (None, 3)]
    """
    is_list = isinstance(shapes, (list, tuple)) and all(isinstance(s, (list, tuple)) for s in shapes)
    if not is_list or not shapes or count not in (None, len(shapes)):
        expected = "a list of inputs" if count is None else f"a list of {count} inputs"
        raise ValueError(f"{layer} takes {expected}, got shape(s) {shapes}")
    return [tuple(shape) for shape in shapes]


class BaseMerge(ArgumentLayer):
    """Joins a list of inputs element by element; ranks may differ, sizes broadcast."""

    _count: int | None = None

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.supports_masking = True

    def build(self, input_shape: Any) -> None:
        """Checks that the inputs fit each other."""
        name = type(self).__name__
        shapes = checked_shapes(name, input_shape, self._count)
        batches = {shape[0] for shape in shapes if shape} - {None}
        if len(batches) > 1:
            raise ValueError(f"{name} cannot join batches of different sizes, got shapes {shapes}")
        samples = [shape[1:] for shape in shapes]
        for axis in range(1, max(len(sample) for sample in samples) + 1):
            sizes = {sample[-axis] for sample in samples if len(sample) >= axis} - {None, 1}
            if len(sizes) > 1:
                raise ValueError(
                    f"{name} cannot join inputs of shapes {shapes}: axis -{axis} has sizes {sizes}"
                )

    def call(self, inputs: Any) -> Any:
        """The joined inputs."""
        if not isinstance(inputs, (list, tuple)):
            raise ValueError(f"{type(self).__name__} takes a list of inputs, got {inputs!r}")
        rank = max(x.ndim for x in inputs)
        return self._merge_function([_with_rank(x, rank) for x in inputs])

    def compute_output_shape(self, input_shape: Any) -> tuple[int | None, ...]:
        """The shape that the inputs broadcast to; unknown where an input's is."""
        shapes = checked_shapes(type(self).__name__, input_shape, self._count)
        rank = max(len(shape) for shape in shapes)
        aligned = [(*s[:1], *(1,) * (rank - len(s)), *s[1:]) for s in shapes]
        result: list[int | None] = []
        for axis, sizes in enumerate(zip(*aligned, strict=True)):
            wide = set(sizes) - {1}
            # Batches agree, so a known one speaks for all.
            known = wide - {None}
            result.append(1 if not wide else min(known) if known and (axis == 0 or None not in wide) else None)
        return tuple(result)

    def compute_output_spec(self, inputs: Any) -> KerasTensor:
        """A symbolic tensor: by a rule, as stand-ins for unknown sizes would not fit known ones."""
        if not isinstance(inputs, (list, tuple)):
            raise ValueError(f"{type(self).__name__} takes a list of inputs, got {inputs!r}")
        shape = self.compute_output_shape([x.shape for x in inputs])
        single = [KerasTensor((1,) * len(x.shape), dtype=x.dtype) for x in inputs]
        return KerasTensor(shape, dtype=Operation.compute_output_spec(self, single).dtype)

    def _merge_function(self, inputs: list[Any]) -> Any:
        raise NotImplementedError(f"{type(self).__name__} does not define `_merge_function`")

    def compute_mask(self, inputs: Any, previous_mask: Any = None) -> Any:
        """Set where one of the masks is; None if an input has none."""
        if not isinstance(previous_mask, (list, tuple)) or any(mask is None for mask in previous_mask):
            return None
        return _folded(ops.logical_or, list(previous_mask))


class FoldMerge(BaseMerge):
    """Joins inputs from left to right by an op of two."""

    _op: str

    def _merge_function(self, inputs: list[Any]) -> Any:
        return _folded(getattr(ops, self._op), inputs)


def _folded(op: Any, values: list[Any]) -> Any:
    result = values[0]
    for value in values[1:]:
        result = op(result, value)
    return result


def _with_rank(x: Any, rank: int) -> Any:
    """``x`` with axes of size one after the batch, to have that rank."""
    shape = tuple(x.shape)
    return x if len(shape) == rank else ops.reshape(x, (*shape[:1], *(1,) * (rank - len(shape)), *shape[1:]))
