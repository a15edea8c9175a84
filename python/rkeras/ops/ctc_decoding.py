"""The most probable labels of sequences whose labels are not aligned with them."""

from __future__ import annotations

from typing import Any

import numpy as np

from rkeras import _engine, ops
from rkeras.ops._dispatch import symbolic

__all__ = ["ctc_decode"]


@symbolic
def ctc_decode(
    inputs: Any,
    sequence_lengths: Any,
    strategy: str = "greedy",
    beam_width: int = 100,
    top_paths: int = 1,
    merge_repeated: bool = True,
    mask_index: int | None = 0,
) -> tuple[Any, Any]:
    """The most probable labels of sequences, from the output of a model that was trained with ``ctc_loss``.

    Args:
        inputs: logits (batch, steps, classes).
        sequence_lengths: integers (batch,), the number of steps of each sequence that count.
        strategy: ``greedy`` takes the best class of each step; ``beam_search`` follows the most probable labels,
            adding up the ways to align them (Graves 2012), and needs numbers that are known: no compiled function or
            functional model has any yet.
        beam_width: how many labels are followed.
        top_paths: how many are returned, the best first.
        merge_repeated: whether equal classes in successive steps are one label; ``beam_search`` always does so.
        mask_index: the class that stands for no label; the last one if None.

    Returns:
        The labels, int32 (top_paths, batch, steps) filled up with -1, where ``greedy`` has one path. Of ``greedy``,
        minus the sums of the logits (batch, 1); of ``beam_search``, the log probabilities of the labels
        (batch, top_paths).

    Raises:
        ValueError: another strategy, shapes that do not fit, or numbers of paths that cannot be.

    Example:
        >>> import rkeras
        >>> logits = rkeras.ops.log([[[0.1, 0.9, 0.0], [0.1, 0.9, 0.0], [0.8, 0.1, 0.1], [0.1, 0.2, 0.7]]])
        >>> ctc_decode(logits, [4])[0].tolist()
        [[[1, 2, -1, -1]]]
        >>> labels, scores = ctc_decode(logits, [4], "beam_search", top_paths=2)
        >>> labels.tolist()
        [[[1, 2, -1, -1]], [[1, 1, -1, -1]]]
    """
    inputs, lengths = _engine.convert(inputs), ops.cast(sequence_lengths, "int32")
    inputs = ops.cast(inputs, ops.result_type(inputs.dtype, "float32"))
    if inputs.ndim != 3 or lengths.shape != inputs.shape[:1]:
        raise ValueError(
            "ctc_decode: expected inputs (batch, steps, classes) and a length for each sequence, got shapes "
            f"{inputs.shape} and {lengths.shape}"
        )
    classes = inputs.shape[2]
    blank = classes - 1 if mask_index is None else mask_index % classes
    if strategy == "greedy":
        return _greedy(inputs, lengths, merge_repeated, blank)
    if strategy != "beam_search":
        raise ValueError(f"ctc_decode: strategy must be 'greedy' or 'beam_search', got {strategy!r}")
    if not 1 <= top_paths <= beam_width:
        raise ValueError(f"ctc_decode: expected 1 <= top_paths <= beam_width, got {top_paths} and {beam_width}")
    steps = inputs.shape[1]
    probabilities, counts = ops.log_softmax(inputs).numpy(), lengths.numpy()
    labels = np.full((top_paths, inputs.shape[0], steps), -1, "int32")
    scores = np.full((inputs.shape[0], top_paths), -np.inf, probabilities.dtype)
    for i, sequence in enumerate(probabilities):
        # Keras takes the first step into account even of an empty sequence.
        found = _search(sequence[: max(int(counts[i]), 1)], beam_width, blank)
        for j, (path, score) in enumerate(found[:top_paths]):
            labels[j, i, : len(path)] = path
            scores[i, j] = score
    return _engine.convert(labels), _engine.convert(scores)


def _greedy(inputs: Any, lengths: Any, merge_repeated: bool, blank: int) -> tuple[Any, Any]:
    steps = inputs.shape[1]
    places = ops.arange(steps, dtype="int32")
    behind = ops.greater_equal(places, ops.expand_dims(lengths, 1))
    labels = ops.where(behind, blank, ops.argmax(inputs, axis=-1))
    score = -ops.sum(ops.where(behind, 0.0, ops.max(inputs, axis=-1)), axis=1, keepdims=True)
    if merge_repeated and steps > 1:
        again = ops.equal(labels[:, 1:], labels[:, :-1])
        labels = ops.concatenate([labels[:, :1], ops.where(again, blank, labels[:, 1:])], axis=1)
    # Labels move to the front, in their order.
    empty = ops.equal(labels, blank)
    order = ops.argsort(ops.where(empty, steps, places), axis=-1)
    labels = ops.take_along_axis(ops.where(empty, -1, labels), order, axis=-1)
    return ops.expand_dims(ops.cast(labels, "int32"), 0), score


def _search(sequence: Any, width: int, blank: int) -> list[tuple[list[int], float]]:
    """The labels that are most probable after all steps, and their log probabilities; best first.

    Labels are nodes of a tree: ``parents`` and ``lasts`` tell the node of the labels but the last, and the last. Of
    each node that is followed, the probabilities are kept that its last step was a blank, and that it was a label.
    """
    parents, lasts = [-1], [-1]
    children: dict[tuple[int, int], int] = {}
    nodes = [0]
    with_blank, with_label = np.zeros(1, sequence.dtype), np.full(1, -np.inf, sequence.dtype)
    for step in sequence:
        total = np.logaddexp(with_blank, with_label)
        last = np.array([lasts[node] for node in nodes])
        held = np.where(last >= 0, with_label + step[last], -np.inf)
        # Node by node, each class as a further label; the label that was last needs a blank between.
        grown = total[:, None] + step
        again = np.flatnonzero(last >= 0)
        grown[again, last[again]] = with_blank[again] + step[last[again]]
        grown[:, blank] = -np.inf
        # Labels that grow into others that are followed already are these.
        place = {node: i for i, node in enumerate(nodes)}
        for i, node in enumerate(nodes):
            parent = place.get(parents[node])
            if parent is not None:
                held[i] = np.logaddexp(held[i], grown[parent, last[i]])
                grown[parent, last[i]] = -np.inf
        scores = np.concatenate([np.logaddexp(total + step[blank], held), grown.ravel()])
        best = np.argsort(-scores, kind="stable")[:width]
        best = best[np.isfinite(scores[best])]
        kept = []
        for index in best.tolist():
            if index < len(nodes):
                kept.append(nodes[index])
                continue
            key = (nodes[(index - len(nodes)) // len(step)], (index - len(nodes)) % len(step))
            if key not in children:
                children[key] = len(parents)
                parents.append(key[0])
                lasts.append(key[1])
            kept.append(children[key])
        with_blank = np.concatenate([total + step[blank], np.full(grown.size, -np.inf, total.dtype)])[best]
        with_label = np.concatenate([held, grown.ravel()])[best]
        nodes = kept
    found = []
    for node, score in zip(nodes, np.logaddexp(with_blank, with_label).tolist(), strict=True):
        path = []
        while parents[node] >= 0:
            path.append(lasts[node])
            node = parents[node]
        found.append((path[::-1], score))
    return found
