"""What users pass as data, turned into contiguous NumPy arrays.

Arrays keep their dtype: the engine casts while it gathers the rows of a batch, so that float64 or uint8 data
is never copied as a whole.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[Any]
_NUMBERS = (int, float, bool, np.generic)


def is_array_like(value: Any) -> bool:
    """Whether ``value`` stands for one array: anything but a container of arrays.

    A list of numbers, of lists of numbers, … is one array; a list of arrays is several.

    >>> is_array_like([[1.0, 2.0]]), is_array_like([np.zeros(2)]), is_array_like({"a": 1})
    (True, False, False)
    """
    if isinstance(value, dict):
        return False
    while isinstance(value, (list, tuple)):
        if not value:
            return True
        value = value[0]
        if isinstance(value, dict) or value is None:
            return False
        if isinstance(value, _NUMBERS):
            return True
        if not isinstance(value, (list, tuple)):
            return False
    return True


def as_array(value: Any, what: str) -> Array:
    """``value`` as a contiguous array with at least one axis, of numbers or booleans.

    Args:
        value: a NumPy array, tensor, data frame, nested list of numbers, sparse matrix, or anything with
            ``__array__``.
        what: how messages call it, such as ``x``.

    Raises:
        ValueError: if it is ragged, empty of axes, or holds text or Python objects.

    >>> as_array([[1, 2], [3, 4]], "x").shape
    (2, 2)
    """
    array = value if isinstance(value, np.ndarray) else _convert(value, what)
    kind = array.dtype.kind
    if kind not in "fiub" and array.dtype.name not in ("bfloat16", "float8_e4m3fn", "float8_e5m2"):
        raise ValueError(_bad_dtype(array, what))
    if array.ndim == 0:
        raise ValueError(
            f"`{what}` is a single number; data needs a first axis for the samples. "
            f"Pass np.array([{array}]) for one sample."
        )
    if array.dtype.itemsize > 8:
        array = array.astype(np.float64)
    if not array.dtype.isnative:
        array = array.astype(array.dtype.newbyteorder("="))
    return array if array.flags.c_contiguous else np.ascontiguousarray(array)


def _convert(value: Any, what: str) -> Array:
    if callable(value) and not hasattr(value, "__array__"):
        raise ValueError(f"`{what}` is a function or class; pass what it gives, as in {what}=f().")
    if hasattr(value, "toarray"):  # scipy sparse matrices
        value = value.toarray()
    elif hasattr(value, "detach"):  # torch refuses __array__ while gradients are tracked
        value = value.detach().cpu()
    is_series = hasattr(value, "iloc") and getattr(value, "ndim", 2) == 1
    if hasattr(value, "numpy") and not hasattr(value, "iloc"):
        array = np.asarray(value.numpy())
    else:
        try:
            array = np.asarray(value)
        except ValueError as error:
            raise ValueError(
                f"`{what}` is a nested list whose parts differ in length, so it is no array ({error}). "
                "Pad its rows to one length, for instance with rkeras.utils.pad_sequences."
            ) from None
    # A column of a data frame is one feature per sample, as a data frame of one column is.
    return array[:, None] if is_series else array


def _bad_dtype(array: Array, what: str) -> str:
    kind = array.dtype.kind
    if kind in "US" or (kind == "O" and array.size and isinstance(array.flat[0], (str, bytes))):
        remedy = (
            "turn text into numbers first, with rkeras.layers.StringLookup or TextVectorization for instance"
        )
    elif kind == "O":
        element = type(array.flat[0]).__name__ if array.size else "nothing"
        remedy = (
            f"its elements are Python objects ({element}). If they are numbers, use "
            f"`{what}.astype('float32')`; if they are arrays of one shape, np.stack; else pad them"
        )
    elif kind == "M" or kind == "m":
        remedy = "turn dates into numbers first"
    else:
        remedy = "only real numbers and booleans can be used"
    return f"`{what}` has dtype {array.dtype}, which the engine cannot take: {remedy}."
