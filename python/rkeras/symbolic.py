"""Shapes and dtypes of what a function returns, found by tracing it instead of by rules of its own."""

from __future__ import annotations

import re
import threading
from collections.abc import Callable
from typing import Any

from rkeras import _engine, tree
from rkeras.keras_tensor import KerasTensor

# Sizes that stand in for unknown axes, one pair a trace: (first axis, the other axes). A result's axis that
# differs between the two traces is unknown. The batch gets small sizes, so that a constant made with it
# stays small; the others are far apart, so that they still differ after a stack of strided layers.
_SPREAD = ((5, 211), (11, 1013))
# Tried in order. Where axes of different places must agree (an unusual broadcast) one size serves for all of
# them; where halving and doubling must give the same size again (a U-Net) it must be even many times over.
# The later groups are for images and volumes of so many channels that the engine refuses the first sizes.
_ATTEMPTS = (
    (_SPREAD, ((1009, 1009), (2003, 2003)), ((5, 1344), (11, 2368))),
    (((3, 61), (5, 131)), ((67, 67), (137, 137)), ((3, 352), (5, 544))),
    (((2, 29), (3, 37)), ((31, 31), (41, 41)), ((2, 96), (3, 160))),
)


class _State(threading.local):
    def __init__(self) -> None:
        self.fills: tuple[int, int] | None = None


_state = _State()


def any_symbolic(*structures: Any) -> bool:
    """Whether a symbolic tensor is among the leaves."""
    for structure in structures:
        if isinstance(structure, KerasTensor):
            return True
        if isinstance(structure, (list, tuple)):
            if any_symbolic(*structure):
                return True
        elif isinstance(structure, dict) and any_symbolic(*structure.values()):
            return True
    return False


def symbolic_shape(shape: tuple[int, ...]) -> tuple[int | None, ...]:
    """A shape met during inference, with None again where a stand-in was put."""
    fills = _state.fills
    if fills is None:
        return shape
    first, rest = fills
    return tuple(None if size == (rest if axis else first) else size for axis, size in enumerate(shape))


def in_symbolic_inference() -> bool:
    """Whether the code that is running is only being asked for its shapes."""
    return _state.fills is not None


class _Spec:
    __slots__ = ("dtype", "shape")

    def __init__(self, shape: tuple[int, ...], dtype: str) -> None:
        self.shape = shape
        self.dtype = dtype


def _trace_once(fn: Callable[..., Any], args: Any, kwargs: Any, fills: tuple[int, int]) -> Any:
    trace = _engine.Trace()
    outer, _state.fills = _state.fills, fills
    known: dict[int, _engine.Tensor] = {}

    def replace(x: Any) -> Any:
        if not isinstance(x, KerasTensor):
            return x
        if id(x) not in known:
            shape = [fills[axis > 0] if size is None else size for axis, size in enumerate(x.shape)]
            known[id(x)] = trace.argument(shape, x.dtype)
            mask = getattr(x, "_keras_mask", None)
            if mask is not None:
                known[id(x)]._keras_mask = replace(mask)  # type: ignore[attr-defined]
        return known[id(x)]

    try:
        result = fn(*tree.map_structure(replace, args), **tree.map_structure(replace, kwargs))
        return tree.map_structure(_spec_of, result)
    finally:
        _state.fills = outer
        trace.cancel()


def _spec_of(x: Any) -> Any:
    if isinstance(x, (_engine.Tensor, _engine.Variable)) or (hasattr(x, "shape") and hasattr(x, "dtype")):
        return _Spec(tuple(x.shape), str(x.dtype))
    return x


def _merge(a: Any, b: Any) -> Any:
    if not isinstance(a, _Spec):
        return a
    if len(a.shape) != len(b.shape):
        raise ValueError(
            f"the rank of a result depends on the size of an unknown axis: {a.shape} and {b.shape}"
        )
    return KerasTensor([m if m == n else None for m, n in zip(a.shape, b.shape, strict=True)], a.dtype)


def _has_unknown(structure: Any) -> bool:
    return any(isinstance(x, KerasTensor) and None in x.shape for x in tree.flatten(structure))


def compute_output_spec(fn: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
    """Finds the shapes and dtypes of what ``fn`` returns, without computing anything.

    Args:
        fn: a function of tensors.
        args: its arguments, with symbolic tensors in place of tensors.
        kwargs: its keyword arguments.

    Returns:
        The structure that ``fn`` returns, with symbolic tensors as leaves.

    Raises:
        ValueError: what ``fn`` itself raises for such shapes.

    Example:
        >>> compute_output_spec(lambda x: x + 1.0, KerasTensor((None, 3))).shape
        (None, 3)
    """
    if not _has_unknown((args, kwargs)):
        spec = _trace_once(fn, args, kwargs, _SPREAD[0])
        return tree.map_structure(_merge, spec, spec)
    refused: Exception | None = None
    too_large: MemoryError | None = None
    for group in _ATTEMPTS:
        too_large = None
        for fills in group:
            try:
                specs = [_trace_once(fn, args, kwargs, pair) for pair in fills]
            except (ValueError, TypeError) as error:
                # The text of the attempt with one size for all reads best: each such size is a None.
                if refused is None or fills[0][0] == fills[0][1]:
                    refused = _with_unknowns(error, fills)
            except MemoryError as error:
                too_large = error
            else:
                return tree.map_structure(_merge, *specs)
        if too_large is None:
            break
    raise refused or too_large or RuntimeError("there are no sizes to stand in for unknown axes")


def _with_unknowns(error: Exception, fills: tuple[tuple[int, int], ...]) -> Exception:
    """The error with None where a stand-in is mentioned."""
    if not error.args or not isinstance(error.args[0], str):
        return error
    sizes = "|".join(str(rest) for _, rest in fills)
    text = re.sub(rf"\b({sizes})\b", "None", error.args[0])
    if text != error.args[0]:
        error.args = (text, *error.args[1:])
    return error
