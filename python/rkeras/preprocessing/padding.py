"""Sequences of different lengths in one array."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt


def pad_sequences(
    sequences: Sequence[Any],
    maxlen: int | None = None,
    dtype: Any = "int32",
    padding: str = "pre",
    truncating: str = "pre",
    value: Any = 0.0,
) -> npt.NDArray[Any]:
    """One array of sequences that are filled up, or cut, to the same length.

    Args:
        sequences: lists or arrays; elements may be arrays of one shape.
        maxlen: the length; that of the longest sequence by default.
        dtype: of the array; ``object`` for strings of any length.
        padding: whether values are added before (``pre``) or after (``post``) a sequence.
        truncating: whether what is too much is cut off the beginning (``pre``) or the end (``post``).
        value: what is added.

    Returns:
        An array (sequences, maxlen, *shape of an element).

    Raises:
        ValueError: something in ``sequences`` is no sequence, elements differ in shape, or an argument is unknown.

    Example:
        >>> pad_sequences([[1], [2, 3], [4, 5, 6]], maxlen=2).tolist()
        [[0, 1], [2, 3], [5, 6]]
    """
    for name, given in (("padding", padding), ("truncating", truncating)):
        if given not in ("pre", "post"):
            raise ValueError(f"pad_sequences: {name} must be 'pre' or 'post', got {given!r}")
    if not hasattr(sequences, "__len__"):
        raise ValueError(f"pad_sequences: sequences must be a list of sequences, got {type(sequences).__name__}")
    for i, sequence in enumerate(sequences):
        if not hasattr(sequence, "__len__"):
            raise ValueError(f"pad_sequences: sequence {i} is no list or array but {sequence!r}")
    dtype = np.dtype(dtype)
    if isinstance(value, str) and dtype.kind not in "OSU":
        raise ValueError(f"pad_sequences: value {value!r} does not fit dtype {dtype}; use dtype=object for strings")
    if maxlen is None:
        maxlen = max((len(s) for s in sequences), default=0)
    shape = next((np.shape(s)[1:] for s in sequences if len(s)), ())
    padded = np.full((len(sequences), maxlen, *shape), value, dtype)
    for i, sequence in enumerate(sequences):
        # A slice from -0 would keep everything.
        kept = sequence[max(len(sequence) - maxlen, 0) :] if truncating == "pre" else sequence[:maxlen]
        if not len(kept):
            continue
        values = np.asarray(kept, dtype)
        if values.shape[1:] != shape:
            raise ValueError(
                f"pad_sequences: elements of sequence {i} have shape {values.shape[1:]}, those before it {shape}"
            )
        padded[i, slice(maxlen - len(kept), None) if padding == "pre" else slice(len(kept))] = values
    return padded
