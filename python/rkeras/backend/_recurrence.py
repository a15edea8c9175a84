"""A step function along the time axis."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from rkeras import ops, tree


def rnn(
    step_function: Callable[[Any, Any], tuple[Any, Any]],
    inputs: Any,
    initial_states: Any,
    go_backwards: bool = False,
    mask: Any = None,
    constants: Any = None,
    unroll: bool = False,
    input_length: Any = None,
    time_major: bool = False,
    zero_output_for_mask: bool = False,
    return_all_outputs: bool = True,
) -> tuple[Any, Any, list[Any]]:
    """Runs a step function along the time axis of sequences.

    Args:
        step_function: takes the inputs of one step, of shape ``(batch, …)``, and a list of states; gives the
            output and the next states.
        inputs: of shape ``(batch, time, …)``, or a structure of such tensors; the time must be known.
        initial_states: a list of tensors of shape ``(batch, …)``.
        go_backwards: from the last step to the first.
        mask: bools of shape ``(batch, time)``; where False, states stay and the output before is repeated.
        constants: a list of tensors that every step gets after the states.
        unroll: of no meaning; steps are always laid out one after the other.
        input_length: of no meaning.
        time_major: whether time is the first axis of inputs and outputs.
        zero_output_for_mask: whether outputs of masked steps are zeros instead.
        return_all_outputs: whether to return the outputs of all steps or of the last only.

    Returns:
        The last output, the outputs of shape ``(batch, time, …)``, and the last states.

    Example:
        >>> last, outputs, states = rnn(lambda x, s: (x + s[0], [x + s[0]]), ops.ones((2, 3, 1)), [ops.zeros((2, 1))])
        >>> outputs[0, :, 0].tolist(), last.shape
        ([1.0, 2.0, 3.0], (2, 1))
    """
    from rkeras.layers.rnn.stepping import run_steps

    del unroll, input_length
    if not time_major:
        inputs = tree.map_structure(lambda x: ops.swapaxes(x, 0, 1), inputs)
        mask = None if mask is None else ops.swapaxes(mask, 0, 1)
    shape = ops.shape(tree.flatten(inputs)[0])
    if shape[0] is None:
        raise ValueError(f"K.rnn needs to know the number of steps, got inputs of shape {shape} (time first)")
    extra = list(constants or ())
    last, stacked, states = run_steps(
        lambda x, states: step_function(x, states + extra),
        inputs,
        list(initial_states),
        mask,
        go_backwards,
        zero_output_for_mask,
        return_all_outputs,
    )
    stacked = ops.expand_dims(last, 0) if stacked is None else stacked
    return last, stacked if time_major else ops.swapaxes(stacked, 0, 1), states
