"""Text in NumPy arrays: there are no tensors of text."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from rkeras import _engine

Array = npt.NDArray[Any]


def host_array(x: Any) -> Array:
    """What a layer was called on as an array; a tensor's numbers, which it must have.

    Args:
        x: an array, a tensor, or nested lists.

    Example:
        >>> host_array([["a", "b"]]).shape
        (1, 2)
    """
    return x.numpy() if isinstance(x, (_engine.Tensor, _engine.Variable)) else np.asarray(x)


def text_array(x: Any, encoding: str, layer: str) -> Array:
    """Text as an array of strings.

    Args:
        x: strings or bytes.
        encoding: of the bytes.
        layer: name of the layer, for the error.

    Raises:
        ValueError: there is something else.

    Example:
        >>> text_array([b"a", "b"], "utf-8", "lookup").tolist()
        ['a', 'b']
    """
    array = np.asarray(x, object) if _is_mixed(x) else host_array(x)
    if array.dtype.kind == "U":
        return array
    if array.dtype.kind == "S":
        return np.char.decode(array, encoding)
    if array.dtype.kind != "O" and array.size:
        raise ValueError(f"{layer} takes text, got an array of dtype {array.dtype} and shape {array.shape}")
    found = np.empty(array.shape, object)
    for at, value in np.ndenumerate(array):
        if not isinstance(value, (str, bytes)):
            raise ValueError(f"{layer} takes text, got {value!r} (of type {type(value).__name__})")
        found[at] = value.decode(encoding) if isinstance(value, bytes) else value
    return found


def _is_mixed(x: Any) -> bool:
    # NumPy would make bytes of strings that stand beside bytes, or fail.
    return isinstance(x, (list, tuple)) and {type(v) for v in x} == {str, bytes}
