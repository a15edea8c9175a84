"""Checks of the data against the compiled losses, made once before any step runs."""

from __future__ import annotations

from typing import Any

import numpy as np


def check_labels(compile_loss: Any, labels: Any) -> None:
    """Refuses class indices that the output has no class for.

    Args:
        compile_loss: the model's built ``CompileLoss``.
        labels: the labels, arrays in the user's structure.

    Raises:
        ValueError: naming the index, where it stands and the number of classes.
    """
    if (
        compile_loss is None
        or not compile_loss.built
        or all(o is None or o.classes is None for o in compile_loss.outputs)
    ):
        return
    for output, array in compile_loss.targets(labels):
        if output.classes is None or not array.size:
            continue
        low, high = array.min(), array.max()
        # The comparison is false for NaN, which min and max hand on.
        if low >= 0 and high < output.classes:
            continue
        ignored = getattr(output.loss, "ignore_class", None)
        wrong = ~((array >= 0) & (array < output.classes))
        if ignored is not None:
            wrong &= array != ignored
        if wrong.any():
            _refuse(output, array, wrong)


def _refuse(output: Any, array: Any, wrong: Any) -> None:
    place = np.unravel_index(int(wrong.argmax()), array.shape)
    position = (
        int(place[0]) if len(place) == 1 or all(d == 1 for d in array.shape[1:]) else tuple(map(int, place))
    )
    value = array[place]
    remedy = (
        "labels are NaN or missing"
        if value != value
        else f"give the output layer at least {int(array[array == array].max()) + 1} units"
        if value >= output.classes
        else "number the classes from 0"
    )
    raise ValueError(
        f"Label {value} at index {position} is out of range: output `{output.name}` has {output.classes} "
        f"classes, so the labels must be integers from 0 to {output.classes - 1}. "
        f"{int(wrong.sum())} of {array.size} labels are wrong; {remedy}, or pass ignore_class to the loss."
    )
