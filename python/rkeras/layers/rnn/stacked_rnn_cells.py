"""Cells on top of each other."""

from __future__ import annotations

from typing import Any

from rkeras import tree
from rkeras.layers._signature import call_signature
from rkeras.layers.layer import Layer
from rkeras.layers.rnn.rnn import output_size, zero_states


class StackedRNNCells(Layer):
    """Several cells as one: the output of each is the input of the next.

    Args:
        cells: the cells, from the input on.
        kwargs: those of ``Layer``.

    Example:
        >>> from rkeras.layers import GRUCell, LSTMCell
        >>> StackedRNNCells([LSTMCell(3), GRUCell(4)]).state_size
        [[3, 3], 4]
    """

    def __init__(self, cells: Any, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        if not isinstance(cells, (list, tuple)) or not cells:
            raise ValueError(f"StackedRNNCells needs a list of cells, got {cells!r}")
        self.cells = [checked_cell(cell) for cell in cells]

    @property
    def state_size(self) -> list[Any]:
        """The state sizes of the cells."""
        sizes = [cell.state_size for cell in self.cells]
        return [list(size) if isinstance(size, (list, tuple)) else size for size in sizes]

    @property
    def output_size(self) -> int:
        """The size of the last cell's output."""
        return output_size(self.cells[-1])

    def get_initial_state(self, batch_size: int) -> list[Any]:
        """The states of the cells to begin with.

        Args:
            batch_size: how many rows they have.
        """
        states = []
        for cell in self.cells:
            make = getattr(cell, "get_initial_state", None)
            found = (
                zero_states(cell.state_size, batch_size, self.compute_dtype)
                if make is None
                else make(batch_size=batch_size)
            )
            if isinstance(cell.state_size, int):
                found = found[0] if tree.is_nested(found) else found
            states.append(found)
        return states

    def build(self, input_shape: Any) -> None:
        """Builds each cell for the output of the one before."""
        constants: Any = []
        if isinstance(input_shape, list):
            input_shape, *constants = input_shape
        for cell in self.cells:
            if isinstance(cell, Layer) and not cell.built:
                cell.build([input_shape, *constants] if constants else input_shape)
                cell.built = True
            input_shape = (input_shape[0], output_size(cell))

    def call(self, inputs: Any, states: Any, training: bool | None = False, constants: Any = None) -> Any:
        """The output of the last cell, and the next states of all."""
        new_states = []
        for cell, state in zip(self.cells, states, strict=True):
            names = call_signature(cell).signature.parameters
            options: dict[str, Any] = {}
            if "training" in names:
                options["training"] = training
            if constants is not None and "constants" in names:
                options["constants"] = constants
            given = list(state) if tree.is_nested(state) else [state]
            inputs, new = (cell if callable(cell) else cell.call)(inputs, given, **options)
            new = list(new) if tree.is_nested(new) else [new]
            new_states.append(new if tree.is_nested(state) else new[0])
        return inputs, new_states

    def get_config(self) -> dict[str, Any]:
        """The arguments to make the layer again."""
        from rkeras import saving

        return {**super().get_config(), "cells": [saving.serialize_keras_object(cell) for cell in self.cells]}

    @classmethod
    def from_config(cls, config: dict[str, Any], custom_objects: dict[str, Any] | None = None) -> Any:
        """Makes the layer from ``get_config``."""
        from rkeras import saving

        config = dict(config)
        cells = [
            saving.deserialize_keras_object(cell, custom_objects=custom_objects) for cell in config.pop("cells")
        ]
        return super().from_config({**config, "cells": cells})


def checked_cell(cell: Any) -> Any:
    """The cell; ValueError if it lacks what a recurrent layer asks of it."""
    if not callable(getattr(cell, "call", None)):
        raise ValueError(f"a cell has a method `call(inputs, states)`; {cell!r} has none")
    if getattr(cell, "state_size", None) is None:
        raise ValueError(
            f"a cell has an attribute `state_size`, an int or a list of them; {cell!r} has none"
        )
    return cell
