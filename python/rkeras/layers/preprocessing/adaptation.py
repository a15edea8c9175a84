"""Data that a layer learns from before training."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice
from typing import Any

import numpy as np
import numpy.typing as npt


def batches(data: Any, steps: int | None = None, dtype: Any = None) -> Iterator[npt.NDArray[Any]]:
    """The batches of a dataset, or an array as the only one; labels are left out.

    Args:
        data: an array, a list of numbers or strings, or an iterable of batches.
        steps: how many batches; all by default.
        dtype: of the arrays.

    Example:
        >>> [batch.tolist() for batch in batches([1, 2])]
        [[1, 2]]
    """
    if hasattr(data, "shape") or (isinstance(data, (list, tuple)) and not any(map(_is_batch, data))):
        found = iter([data])
    elif hasattr(data, "__getitem__") and hasattr(data, "__len__"):
        # A PyDataset ends after its length only.
        found = (data[i] for i in range(len(data)))
    else:
        found = iter(data)
    for batch in islice(found, steps):
        array = np.asarray(batch[0] if isinstance(batch, tuple) else batch, dtype)
        if array.size:
            yield array


def _is_batch(element: Any) -> bool:
    return hasattr(element[0] if isinstance(element, tuple) and element else element, "ndim")
