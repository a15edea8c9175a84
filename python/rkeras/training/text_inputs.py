"""``predict`` of models that take text: their first layers look words up in Python, so batches are run one by one."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from rkeras import _engine, tree
from rkeras.training.data import DEFAULT_BATCH_SIZE


def takes_text(model: Any) -> bool:
    """Whether layers of a model take text.

    Args:
        model: the model.

    Example:
        >>> from rkeras import Sequential, layers
        >>> takes_text(Sequential([layers.Hashing(3)])), takes_text(Sequential([layers.Dense(3)]))
        (True, False)
    """
    return any(getattr(layer, "_takes_text", False) for layer in model._flatten_layers())


def is_text(x: Any) -> bool:
    """Whether data holds text, as an array, in a list of strings, or in a list or dict of those.

    Args:
        x: what ``predict`` was given.

    Example:
        >>> is_text(["a text"]), is_text(np.zeros(3))
        (True, False)
    """
    if isinstance(x, dict):
        return any(is_text(part) for part in x.values())
    if isinstance(x, (list, tuple)):
        return any(isinstance(part, (str, bytes)) or is_text(part) for part in x[:1000])
    if not isinstance(x, np.ndarray):
        return False
    return x.dtype.kind in "US" or (x.dtype.kind == "O" and x.size > 0 and isinstance(x.flat[0], (str, bytes)))


def predict_text(model: Any, x: Any, batch_size: int | None, steps: int | None = None) -> Any:
    """The outputs of a model for data that holds text.

    Args:
        model: a model whose first layers take text.
        x: arrays or lists, or a list or dict of them.
        batch_size: samples that are run together.
        steps: how many batches; all by default.

    Returns:
        Arrays in the structure of the model's outputs.

    Raises:
        ValueError: arrays are of different lengths.
    """
    whole = _arrays(x)
    lengths = {len(part) for part in tree.flatten(whole)}
    if len(lengths) != 1:
        raise ValueError(f"the inputs have different numbers of samples: {sorted(lengths)}")
    size, count = batch_size or DEFAULT_BATCH_SIZE, lengths.pop()
    found = []
    for i, part in enumerate(_parts(whole, size, count)):
        if steps is not None and i >= steps:
            break
        found.append(tree.map_structure(_numpy, model(part, training=False)))
    if not found:
        raise ValueError("there is nothing to predict: the data holds no samples")
    return tree.map_structure(lambda *pieces: np.concatenate(pieces), *found)


def _arrays(x: Any) -> Any:
    if isinstance(x, dict):
        return {key: _arrays(value) for key, value in x.items()}
    if isinstance(x, (list, tuple)) and any(hasattr(part, "shape") for part in x):
        return [np.asarray(part) for part in x]
    return np.asarray(x)


def _parts(whole: Any, size: int, count: int) -> Iterator[Any]:
    for start in range(0, count, size):
        stop = start + size
        yield tree.map_structure(lambda array, a=start, b=stop: array[a:b], whole)


def _numpy(x: Any) -> Any:
    return x.numpy() if isinstance(x, (_engine.Tensor, _engine.Variable)) else np.asarray(x)
