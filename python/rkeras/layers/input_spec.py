"""What a layer expects of its input, and the error that says so."""

from __future__ import annotations

from typing import Any

from rkeras import tree
from rkeras.dtype_policies import standardize_dtype
from rkeras.keras_tensor import standardize_shape


class InputSpec:
    """The rank, shape and dtype that a layer's input must have.

    Args:
        dtype: the dtype.
        shape: the whole shape, None for any size.
        ndim: the rank.
        max_ndim: the greatest rank.
        min_ndim: the least rank.
        axes: sizes by axis, such as ``{-1: 3}``.
        allow_last_axis_squeeze: whether a last axis of size one may be missing or surplus.
        name: the key of this input in a dict of inputs.
        optional: whether the input may be None.

    Example:
        >>> InputSpec(min_ndim=2, axes={-1: 3})
        InputSpec(min_ndim=2, axes={-1: 3})
    """

    def __init__(
        self,
        dtype: Any = None,
        shape: Any = None,
        ndim: int | None = None,
        max_ndim: int | None = None,
        min_ndim: int | None = None,
        axes: dict[int, int | None] | None = None,
        allow_last_axis_squeeze: bool = False,
        name: str | None = None,
        optional: bool = False,
    ) -> None:
        self.dtype = None if dtype is None else standardize_dtype(dtype)
        self.shape = None if shape is None else standardize_shape(shape)
        self.ndim = ndim if self.shape is None else len(self.shape)
        self.max_ndim = max_ndim
        self.min_ndim = min_ndim
        self.allow_last_axis_squeeze = allow_last_axis_squeeze
        self.name = name
        self.optional = optional
        try:
            self.axes = {int(axis): size for axis, size in (axes or {}).items()}
        except (TypeError, ValueError, AttributeError):
            raise TypeError(f"axes must be a dict from axis numbers to sizes, got {axes!r}") from None
        rank = self.ndim if self.ndim is not None else self.max_ndim
        if rank is not None and any(axis >= rank for axis in self.axes):
            raise ValueError(f"axis {max(self.axes)} does not exist in an input of rank {rank}")

    def __repr__(self) -> str:
        names = ("dtype", "shape", "ndim", "max_ndim", "min_ndim", "axes")
        return f"InputSpec({', '.join(f'{n}={getattr(self, n)}' for n in names if getattr(self, n))})"

    def get_config(self) -> dict[str, Any]:
        """The arguments to make it again."""
        names = ("dtype", "shape", "ndim", "max_ndim", "min_ndim", "axes", "optional")
        return {name: getattr(self, name) for name in names}

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> InputSpec:
        """Makes a spec from ``get_config``."""
        return cls(**config)

    def problem(self, x: Any) -> str | None:
        """What is wrong with ``x`` as this input; None if nothing."""
        shape = tuple(x.shape)
        rank = len(shape)
        if self.ndim is not None and rank != self.ndim and not self.allow_last_axis_squeeze:
            return f"expected {_axes_text(self.ndim)}{self._shape_text()}"
        if self.max_ndim is not None and rank > self.max_ndim:
            return f"expected at most {_axes_text(self.max_ndim)}"
        if self.min_ndim is not None and rank < self.min_ndim:
            return f"expected at least {_axes_text(self.min_ndim)}"
        if self.dtype is not None and standardize_dtype(x.dtype) != self.dtype:
            return f"expected dtype {self.dtype}, got {x.dtype}"
        for axis, size in self.axes.items():
            if size is not None and (axis >= rank or axis < -rank or shape[axis] not in (size, None)):
                return f"expected axis {axis} to have size {size}"
        if self.shape is not None and not self._shape_fits(shape):
            return f"expected shape {self.shape}"
        return None

    def _shape_text(self) -> str:
        return "" if self.shape is None else f" (shape {self.shape})"

    def _shape_fits(self, shape: tuple[int | None, ...]) -> bool:
        expected = self.shape
        assert expected is not None
        if self.allow_last_axis_squeeze and len(shape) != len(expected):
            if shape and shape[-1] == 1:
                shape = shape[:-1]
            if expected and expected[-1] == 1:
                expected = expected[:-1]
        if len(shape) != len(expected):
            return False
        return all(m is None or n is None or m == n for m, n in zip(expected, shape, strict=True))


def _axes_text(rank: int) -> str:
    return f"{rank} axis" if rank == 1 else f"{rank} axes"


def assert_input_compatibility(input_spec: Any, inputs: Any, layer_name: str) -> None:
    """Raises ValueError unless the inputs are what the specs ask for.

    Args:
        input_spec: a spec or a structure of specs.
        inputs: a tensor or a structure of tensors.
        layer_name: named in the error.
    """
    specs = tree.flatten(input_spec)
    if isinstance(inputs, dict):
        names = [spec.name for spec in specs if spec is not None]
        if len(names) == len(specs) and all(names):
            missing = [name for name in names if name not in inputs]
            if missing:
                raise ValueError(
                    f"layer {layer_name!r} needs the inputs {names}, but {missing} are missing from the "
                    "dict with keys "
                    f"{list(inputs)}"
                )
            inputs = [inputs[name] for name in names]
    flat = tree.flatten(inputs)
    if len(flat) != len(specs):
        shapes = [tuple(x.shape) if hasattr(x, "shape") else x for x in flat]
        raise ValueError(
            f"layer {layer_name!r} expects {len(specs)} input(s), but was given {len(flat)}: {shapes}"
        )
    for i, (x, spec) in enumerate(zip(flat, specs, strict=True)):
        if spec is None or (x is None and spec.optional):
            continue
        if not hasattr(x, "shape"):
            raise ValueError(
                f"layer {layer_name!r} takes tensors or arrays, but was given {x!r} (of type "
                f"{type(x).__name__})"
            )
        problem = spec.problem(x)
        if problem is not None:
            where = (
                f"input {spec.name!r}"
                if spec.name
                else ("its input" if len(specs) == 1 else f"its input {i}")
            )
            raise ValueError(
                f"layer {layer_name!r} cannot take {where} of shape {tuple(x.shape)}: {problem}."
                f"{_remedy(spec, tuple(x.shape))}"
            )


def _remedy(spec: InputSpec, shape: tuple[int | None, ...]) -> str:
    """A hint for the mistakes that everybody makes."""
    rank = len(shape)
    least = spec.min_ndim if spec.min_ndim is not None else spec.ndim
    if least is not None and rank == least - 1:
        return (
            " The batch axis may be missing (x[None] adds it for one sample), or the axis of channels or "
            "features "
            "(x[..., None])."
        )
    if spec.ndim is not None and rank > spec.ndim:
        return " A Flatten or Reshape layer before it may be missing."
    size = spec.axes.get(-1)
    if size is not None and rank and shape[-1] != size:
        return f" The layer was built for {size} features; the data (or the Input shape) has {shape[-1]}."
    return ""
