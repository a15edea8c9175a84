"""Recurrent layers: a cell applied to one step after the other."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from rkeras import _engine, ops, tree
from rkeras.keras_tensor import KerasTensor
from rkeras.layers._signature import call_signature
from rkeras.layers.layer import Layer
from rkeras.layers.rnn.stepping import run_steps
from rkeras.layers.tracking import untracked
from rkeras.naming import name_scope
from rkeras.symbolic import in_symbolic_inference
from rkeras.variables import Variable


class RNN(Layer):
    """Applies a cell along the time axis of sequences.

    Args:
        cell: has ``call(inputs, states)``, which returns an output and the next states, and ``state_size``,
            the size of the state or a list of the sizes of several; it may have ``output_size`` and
            ``get_initial_state(batch_size)``. A list of cells is stacked.
        return_sequences: whether the outputs of all steps are returned, or of the last only.
        return_state: whether the last states are returned as well.
        go_backwards: from the last step to the first; outputs come in that order.
        stateful: whether the states at the end of a batch are those at the beginning of the next.
        unroll: whether each step is laid out by itself; layers with a kernel of their own for whole
            sequences do without it then.
        zero_output_for_mask: whether outputs of masked steps are zeros, instead of the output before.
        kwargs: those of ``Layer``.

    Call arguments:
        sequences: of shape ``(batch, time, …)``; or a list of them, the initial states and the constants.
        initial_state: the states to begin with; zeros by default.
        mask: bools of shape ``(batch, time)``: the steps that count.
        training: passed to the cell.
        constants: tensors that the cell gets in every step, as its argument ``constants``.

    Example:
        >>> import numpy as np
        >>> from rkeras.layers import SimpleRNNCell
        >>> layer = RNN([SimpleRNNCell(3), SimpleRNNCell(4)], return_sequences=True)
        >>> layer(np.ones((2, 5, 1))).shape
        (2, 5, 4)
    """

    cell: Any

    def __init__(
        self,
        cell: Any,
        return_sequences: bool = False,
        return_state: bool = False,
        go_backwards: bool = False,
        stateful: bool = False,
        unroll: bool = False,
        zero_output_for_mask: bool = False,
        **kwargs: Any,
    ) -> None:
        from rkeras.layers.rnn.stacked_rnn_cells import StackedRNNCells, checked_cell

        if kwargs.pop("time_major", False):
            raise ValueError(
                f"{type(self).__name__} takes the batch as first axis; transpose the data instead of "
                "time_major=True: keras.ops.transpose(x, (1, 0, 2))"
            )
        length = kwargs.pop("input_length", None)
        if kwargs.get("input_dim") is not None:
            kwargs["input_shape"] = (length, kwargs.pop("input_dim"))
        super().__init__(**kwargs)
        cell = StackedRNNCells(cell) if isinstance(cell, (list, tuple)) else checked_cell(cell)
        sizes = cell.state_size
        if not isinstance(sizes, (list, tuple, int)):
            raise ValueError(
                f"state_size of a cell is an int or a list of them, one for each state, got {sizes!r} from "
                f"{cell!r}"
            )
        self.cell = cell
        self.return_sequences = return_sequences
        self.return_state = return_state
        self.go_backwards = go_backwards
        self.stateful = stateful
        self.unroll = unroll
        self.zero_output_for_mask = zero_output_for_mask
        self.supports_masking = True
        self.states: Any = None

    @property
    def state_size(self) -> list[Any]:
        """The sizes of the states."""
        sizes = self.cell.state_size
        return [sizes] if isinstance(sizes, int) else list(sizes)

    def __call__(
        self, sequences: Any, initial_state: Any = None, *args: Any, constants: Any = None, **kwargs: Any
    ) -> Any:
        """Computes, with states and constants given by themselves or in a list after the sequences."""
        if isinstance(sequences, (list, tuple)) and sequences and all(map(is_array, sequences)):
            sequences, initial_state, constants = self._from_list(sequences, initial_state, constants)
        if initial_state is not None:
            kwargs["initial_state"] = initial_state
        if constants is not None:
            info = call_signature(self.cell)
            if "constants" not in info.signature.parameters and not info.has_kwargs:
                raise ValueError(
                    f"{type(self.cell).__name__}.call takes no argument `constants`, but the layer "
                    f"{self.name!r} was given some"
                )
            kwargs["constants"] = list(constants) if isinstance(constants, (list, tuple)) else [constants]
        if args:
            kwargs.update(zip(("mask", "training"), args, strict=False))
        return super().__call__(sequences, **kwargs)

    def _from_list(self, inputs: Any, states: Any, constants: Any) -> tuple[Any, Any, Any]:
        sequences, *rest = inputs
        count = len(tree.flatten(self.state_size))
        if rest and states is None:
            if len(rest) < count:
                raise ValueError(
                    f"layer {self.name!r} ({type(self).__name__}) has {count} states, but was called with a "
                    f"list of the sequences and {len(rest)} tensors; give all states or none"
                )
            states = tree.pack_sequence_as(self.state_size, rest[:count])
            rest = rest[count:]
        if rest and constants is None:
            constants, rest = rest, []
        if rest:
            raise ValueError(
                f"layer {self.name!r} ({type(self).__name__}) was called with a list of {len(inputs)} tensors "
                f"and does not know what the last {len(rest)} are for: it has {count} states"
            )
        return sequences, states, constants

    def build(self, sequences_shape: Any, initial_state_shape: Any = None, constants_shape: Any = None) -> None:
        """Builds the cell for one step, and makes the states that a stateful layer keeps."""
        if len(sequences_shape) < 3:
            raise ValueError(
                f"{type(self).__name__} takes sequences of shape (batch, time, …features), got shape "
                f"{tuple(sequences_shape)}"
            )
        step_shape = (sequences_shape[0], *sequences_shape[2:])
        if isinstance(self.cell, Layer) and not self.cell.built:
            self.cell.build([step_shape, *constants_shape] if constants_shape else step_shape)
            self.cell.built = True
        if self.stateful:
            if self.states is not None:
                self.reset_state()
            elif sequences_shape[0] is None:
                raise ValueError(
                    f"{type(self).__name__} with stateful=True keeps a state for each row of the batch and "
                    "needs to know their number: give Input(batch_shape=(size, steps, features)) or "
                    f"batch_input_shape; got shape {tuple(sequences_shape)}"
                )
            else:
                self._make_states(sequences_shape[0])

    @untracked()
    def _make_states(self, batch_size: int) -> None:
        def variable(value: Any) -> Variable:
            return Variable(value, trainable=False, dtype=self.variable_dtype, name="rnn_state")

        with name_scope(self.name, caller=self):
            self.states = tree.map_structure(variable, self.get_initial_state(batch_size))

    def get_initial_state(self, batch_size: int) -> list[Any]:
        """The states to begin with, as a list.

        Args:
            batch_size: how many rows they have.
        """
        make = getattr(self.cell, "get_initial_state", None)
        if make is None:
            zeros: list[Any] = zero_states(self.cell.state_size, batch_size, self._state_dtype)
            return zeros
        states = make(batch_size=batch_size)
        return list(states) if tree.is_nested(states) else [states]

    @property
    def _state_dtype(self) -> str:
        dtype: str = getattr(self.cell, "compute_dtype", self.compute_dtype)
        return dtype

    def reset_state(self, states: Any = None) -> None:
        """Sets the states that a stateful layer keeps.

        Args:
            states: arrays; zeros by default.

        Raises:
            ValueError: the layer keeps none, or others are given than it has.
        """
        kept = tree.flatten(self.states) if self.states is not None else []
        given = None if states is None else [states] if is_array(states) else tree.flatten(states)
        if given is not None and len(given) != len(kept):
            raise ValueError(
                f"layer {self.name!r} keeps {len(kept)} states, but reset_state was given {len(given)}"
                + ("" if kept else "; it has some after it is built with stateful=True")
            )
        for i, variable in enumerate(kept):
            variable.assign(ops.zeros(variable.shape, variable.dtype) if given is None else given[i])

    def reset_states(self, states: Any = None) -> None:
        """Another name of ``reset_state``."""
        self.reset_state(states)

    def call(
        self,
        sequences: Any,
        initial_state: Any = None,
        mask: Any = None,
        training: bool | None = False,
        constants: Any = None,
    ) -> Any:
        """The output of the last step or of all, followed by the last states if they are to be returned."""
        states = self._begin(sequences, initial_state)
        mask = tree.flatten(mask)[0] if tree.is_nested(mask) else mask
        with one_dropout_mask(self.cell):
            last, outputs, states = self.inner_loop(sequences, states, mask, training, constants)
        outputs = ops.cast(outputs if self.return_sequences else last, self.compute_dtype)
        states = tree.map_structure(lambda x: ops.cast(x, self.compute_dtype), list(states))
        if self.stateful and not in_symbolic_inference():
            for variable, value in zip(tree.flatten(self.states), tree.flatten(states), strict=True):
                variable.assign(value)
        return (outputs, *states) if self.return_state else outputs

    def _begin(self, sequences: Any, initial_state: Any) -> list[Any]:
        """The states before the first step."""
        batch_size = sequences.shape[0]
        if self.stateful:
            expected = tree.flatten(self.states)[0].shape[0]
            if batch_size != expected and not in_symbolic_inference():
                raise ValueError(
                    f"{type(self).__name__} with stateful=True was built for batches of {expected} rows and "
                    f"got {batch_size}; every batch, the last one too, must have as many"
                )
        if initial_state is None:
            initial_state = self.states if self.stateful else self.get_initial_state(batch_size)
        elif not tree.is_nested(initial_state):
            initial_state = [initial_state]
        states = list(initial_state)
        if len(states) != len(self.state_size):
            raise ValueError(
                f"{type(self).__name__} has {len(self.state_size)} states (of sizes {self.state_size}), "
                f"but was given {len(states)} as initial_state"
            )
        dtype = self._state_dtype
        return [tree.map_structure(lambda x: ops.cast(_engine.convert(x), dtype), state) for state in states]

    def inner_loop(
        self, sequences: Any, initial_state: Any, mask: Any, training: bool | None = False, constants: Any = None
    ) -> tuple[Any, Any, Any]:
        """All steps.

        Args:
            sequences: of shape ``(batch, time, …)``.
            initial_state: a list of states.
            mask: of shape ``(batch, time)`` or None.
            training: passed to the cell.
            constants: likewise.

        Returns:
            The last output, the outputs of all steps (None if the layer returns the last only), and a list of
            the last states.
        """
        call = self.cell if callable(self.cell) else self.cell.call
        info = call_signature(self.cell)
        options: dict[str, Any] = {}
        if info.has_training:
            options["training"] = training
        if constants is not None:
            options["constants"] = constants
        single = isinstance(self.cell.state_size, int)

        def step(inputs: Any, states: Any) -> tuple[Any, Any]:
            output, new_states = call(inputs, states, **options)
            return output, list(new_states) if tree.is_nested(new_states) else [new_states]

        if single and not isinstance(initial_state, list):
            initial_state = [initial_state]
        last, outputs, states = run_steps(
            step,
            ops.swapaxes(sequences, 0, 1),
            initial_state,
            None if mask is None else ops.swapaxes(mask, 0, 1),
            self.go_backwards,
            self.zero_output_for_mask,
            self.return_sequences,
        )
        return last, None if outputs is None else ops.swapaxes(outputs, 0, 1), states

    def compute_output_shape(self, sequences_shape: Any, initial_state_shape: Any = None) -> Any:
        """The shape of the output, followed by those of the states if they are returned."""
        batch_size, steps = sequences_shape[:2]
        size = output_size(self.cell)
        shape = (batch_size, steps, size) if self.return_sequences else (batch_size, size)
        if not self.return_state:
            return shape
        return (shape, *tree.map_structure(lambda n: (batch_size, n), self.state_size))

    def compute_mask(self, sequences: Any, mask: Any) -> Any:
        """The mask of the steps if they are returned; None for states."""
        mask = tree.flatten(mask)[0] if tree.is_nested(mask) else mask
        mask = mask if self.return_sequences else None
        return [mask, *(None for _ in tree.flatten(self.state_size))] if self.return_state else mask

    def get_config(self) -> dict[str, Any]:
        """The arguments to make the layer again."""
        from rkeras import saving

        names = ("return_sequences", "return_state", "go_backwards", "stateful", "unroll", "zero_output_for_mask")
        config = {name: getattr(self, name) for name in names}
        return {**super().get_config(), **config, "cell": saving.serialize_keras_object(self.cell)}

    @classmethod
    def from_config(cls, config: dict[str, Any], custom_objects: dict[str, Any] | None = None) -> Any:
        """Makes the layer from ``get_config``."""
        from rkeras import saving

        config = dict(config)
        cell = saving.deserialize_keras_object(config.pop("cell"), custom_objects=custom_objects)
        return super().from_config({**config, "cell": cell})


def zero_states(sizes: Any, batch_size: int, dtype: str) -> Any:
    """A list of zeros for the states of a cell.

    Args:
        sizes: its ``state_size``.
        batch_size: how many rows they have.
        dtype: their dtype.
    """
    return [ops.zeros((batch_size, size), dtype) for size in ([sizes] if isinstance(sizes, int) else sizes)]


def output_size(cell: Any) -> int:
    """The size of a cell's output: by itself, or that of its first state."""
    size = getattr(cell, "output_size", None)
    if size is None:
        size = cell.state_size if isinstance(cell.state_size, int) else tree.flatten(list(cell.state_size))[0]
    if not isinstance(size, int):
        raise ValueError(f"output_size of a cell is an int, got {size!r} from {cell!r}")
    return size


@contextmanager
def one_dropout_mask(cell: Any) -> Iterator[None]:
    """A context in which the cell, and cells inside it, drop the same elements in each step."""
    from rkeras.layers.rnn.recurrent_cell import RecurrentCell

    cells = cell._flatten_layers() if isinstance(cell, Layer) else []
    found = [layer for layer in cells if isinstance(layer, RecurrentCell)]
    for layer in found:
        layer.hold_dropout_masks()
    try:
        yield
    finally:
        for layer in found:
            layer.drop_dropout_masks()


def is_array(x: Any) -> bool:
    """Whether ``x`` is a tensor or an array, and no list of numbers."""
    return isinstance(x, (_engine.Tensor, KerasTensor, _engine.Variable)) or (
        hasattr(x, "__array__") and getattr(x, "shape", ()) != ()
    )
