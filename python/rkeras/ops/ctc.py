"""The loss of sequences whose labels are not aligned with them."""

from __future__ import annotations

from typing import Any

from rkeras import _engine
from rkeras.ops._dispatch import symbolic
from rkeras.ops.activation import log_softmax
from rkeras.ops.core import cast
from rkeras.ops.creation import arange, full
from rkeras.ops.elementwise import equal, less, logaddexp, logical_and, not_equal, where
from rkeras.ops.indexing import take_along_axis
from rkeras.ops.joining import concatenate, stack
from rkeras.ops.rearranging import pad
from rkeras.ops.reduction import logsumexp
from rkeras.ops.structure import broadcast_to, expand_dims, reshape

__all__ = ["ctc_loss"]

# Stands for log(0): exp of it is 0, and sums of it stay far from the limits of float32.
_NEVER = -1e5


@symbolic
def ctc_loss(target: Any, output: Any, target_length: Any, output_length: Any, mask_index: int = 0) -> Any:
    """Minus the log probability of labels, over all their alignments with a sequence (Graves et al. 2006).

    Args:
        target: class numbers (batch, labels), padded.
        output: scores before softmax (batch, steps, classes).
        target_length: how many labels count (batch,).
        output_length: how many steps count (batch,).
        mask_index: the class that stands for "no label".

    Returns:
        One loss for each sequence (batch,).

    Raises:
        ValueError: ``target`` has not two axes, or ``output`` not three.

    Example:
        >>> import rkeras, numpy as np
        >>> loss = ctc_loss(np.array([[1]]), np.zeros((1, 2, 2), "float32"), np.array([1]), np.array([2]))
        >>> round(float(np.exp(-loss.numpy())[0]), 4)  # "1-", "-1" and "11" of four
        0.75
    """
    target, output = cast(_engine.convert(target), "int32"), _engine.convert(output)
    if len(target.shape) != 2 or len(output.shape) != 3:
        raise ValueError(
            "ctc_loss: expected targets (batch, labels) and outputs (batch, steps, classes), got shapes "
            f"{tuple(target.shape)} and {tuple(output.shape)}"
        )
    target_length = cast(_engine.convert(target_length), "int32")
    output_length = cast(_engine.convert(output_length), "int32")
    batch, steps, _ = output.shape
    states = 2 * target.shape[1] + 1
    # Every label has a blank before it, and the last one after it too.
    pairs = stack([full(target.shape, mask_index, dtype="int32"), target], axis=2)
    path = concatenate([reshape(pairs, (batch, states - 1)), full((batch, 1), mask_index, dtype="int32")], axis=1)
    # A blank may be left out between two labels that differ.
    leaps = logical_and(not_equal(path[:, 2:], path[:, :-2]), not_equal(path[:, 2:], mask_index))
    leaps = pad(cast(leaps, "float32"), ((0, 0), (min(2, states), 0)))[:, :states]
    log_leap = _NEVER * (1.0 - leaps)
    scores = take_along_axis(log_softmax(output), broadcast_to(expand_dims(path, 1), (batch, steps, states)), axis=2)

    def shifted(x: Any, by: int) -> Any:
        return pad(x, ((0, 0), (by, 0)), constant_values=_NEVER)[:, :states]

    state = arange(states)
    # Before the first step the path stands in front of its first blank.
    log_alpha = broadcast_to(where(equal(state, 0), 0.0, _NEVER), (batch, states))
    for step in range(steps):
        arriving = logaddexp(log_alpha, shifted(log_alpha, 1))
        arriving = logaddexp(arriving, shifted(log_alpha, 2) + log_leap)
        counts = expand_dims(less(step, output_length), 1)
        log_alpha = where(counts, arriving + scores[:, step], log_alpha)
    end = expand_dims(2 * target_length, 1)
    last = where(equal(state, end), log_alpha, _NEVER)
    before = where(equal(state, end - 1), log_alpha, _NEVER)
    return -logsumexp(logaddexp(last, before), axis=-1)
