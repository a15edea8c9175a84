"""A function applied to one step of a sequence after the other."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from rkeras import ops, tree
from rkeras.symbolic import in_symbolic_inference


def run_steps(
    step: Callable[[Any, Any], tuple[Any, Any]],
    sequences: Any,
    states: Any,
    mask: Any = None,
    backwards: bool = False,
    zero_output_for_mask: bool = False,
    all_outputs: bool = True,
) -> tuple[Any, Any, Any]:
    """Carries states along the first axis of sequences.

    Args:
        step: takes what there is of one step and the states; gives the output and the next states.
        sequences: tensors of shape ``(time, batch, …)``.
        states: tensors of shape ``(batch, …)``, or a structure of them.
        mask: bools of shape ``(time, batch)`` or ``(time, batch, 1)``; where False, states stay and the last
            output is repeated.
        backwards: from the last step to the first; outputs come in the order they are made.
        zero_output_for_mask: whether outputs of masked steps are zeros instead.
        all_outputs: whether the outputs of all steps are wanted.

    Returns:
        The last output, the outputs of shape ``(time, batch, …)`` (None unless wanted) and the last states.

    Raises:
        ValueError: there is no step.
    """
    count = ops.shape(tree.flatten(sequences)[0])[0]
    if not count:
        raise ValueError("a recurrent layer needs at least one step, got a sequence without any")
    # All steps have the same shapes, so that one is enough to ask for them.
    asked_for_shapes = in_symbolic_inference()
    order = range(1 if asked_for_shapes else count)
    leaves = [[x[0]] if asked_for_shapes else _unstacked(x) for x in tree.flatten(sequences)]
    outputs: list[Any] = []
    previous: Any = None
    for t in reversed(order) if backwards else order:
        output, new_states = step(tree.pack_sequence_as(sequences, [x[t] for x in leaves]), states)
        if mask is not None:
            seen = mask[t]
            if zero_output_for_mask:
                kept = tree.map_structure(ops.zeros_like, output)
            else:
                kept = _first_previous(output, states) if previous is None else previous
            output = tree.map_structure(lambda new, old, m=seen: where_seen(m, new, old), output, kept)
            new_states = tree.map_structure(
                lambda new, old, m=seen: where_seen(m, new, old),
                tree.pack_sequence_as(states, tree.flatten(new_states)),
                states,
            )
        outputs.append(output)
        states, previous = new_states, output
    stacked = None
    if all_outputs:
        if asked_for_shapes:
            outputs = [outputs[0]] * min(count, 2)
        stacked = tree.map_structure(lambda *steps: ops.stack(steps), *outputs)
        if asked_for_shapes:
            stacked = tree.map_structure(lambda y: ops.broadcast_to(y[:1], (count, *y.shape[1:])), stacked)
    return outputs[-1], stacked, states


def _unstacked(x: Any) -> list[Any]:
    """The parts along the first axis."""
    count = x.shape[0]
    if count <= 4:
        return [x[t] for t in range(count)]
    # By way of quarters: the derivative of a part is as large as what it was taken from.
    size = -(-count // 4)
    return [part for start in range(0, count, size) for part in _unstacked(x[start : start + size])]


def where_seen(seen: Any, new: Any, old: Any) -> Any:
    """``new`` where a mask of shape ``(batch,)`` or ``(batch, 1)`` is set, ``old`` elsewhere."""
    missing = ops.ndim(new) - ops.ndim(seen)
    if missing < 0:
        seen, missing = seen[..., 0], missing + 1
    seen = ops.cast(seen, "bool")
    return ops.where(ops.expand_dims(seen, tuple(range(-missing, 0))) if missing else seen, new, old)


def _first_previous(output: Any, states: Any) -> Any:
    """What a masked first step repeats: the first state, which the output of known cells continues."""
    first = tree.flatten(states)[0] if tree.flatten(states) else None

    def before(y: Any) -> Any:
        return first if first is not None and ops.shape(first) == ops.shape(y) else ops.zeros_like(y)

    return tree.map_structure(before, output)
