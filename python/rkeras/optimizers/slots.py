"""The variables of an optimizer: counters, and slots for each variable that it trains."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from typing import Any

import numpy as np

from rkeras import config, ops
from rkeras.naming import name_scope
from rkeras.tracing import eager_scope
from rkeras.variables import Variable


class SlotOwner:
    """Makes variables of its own, in an order that files keep."""

    name: str
    _variables: list[Variable]
    _index: dict[int, int]
    """The place of each trained variable, by its id."""

    @property
    def variables(self) -> list[Variable]:
        """The state: iteration, learning rate, then the slots."""
        return list(self._variables)

    def add_variable_from_reference(
        self, reference_variable: Variable, name: str | None = None, initializer: Any = "zeros"
    ) -> Variable:
        """A slot of the shape and dtype of a variable.

        Args:
            reference_variable: the variable.
            name: of the slot.
            initializer: an initializer or its name, or ``copy`` for the variable's own numbers.

        Returns:
            The slot.
        """
        from rkeras import initializers

        prefix = getattr(reference_variable, "path", None) or getattr(reference_variable, "name", "variable")
        with name_scope(self.name, caller=self), eager_scope():
            if initializer == "copy":
                first = ops.convert_to_tensor(reference_variable.numpy())
            else:
                first = initializers.get(initializer)(reference_variable.shape, str(reference_variable.dtype))
            slot = Variable(
                first,
                trainable=False,
                name=f"{str(prefix).replace('/', '_')}_{name or 'slot'}",
                autocast=False,
            )
        self._variables.append(slot)
        return slot

    def add_variable(
        self, shape: Sequence[int], initializer: Any = "zeros", dtype: Any = None, name: str | None = None
    ) -> Variable:
        """A slot of any shape.

        Args:
            shape: its shape.
            initializer: an initializer or its name.
            dtype: its dtype; the default float by default.
            name: of the slot.

        Returns:
            The slot.
        """
        from rkeras import initializers

        with name_scope(self.name, caller=self), eager_scope():
            first = initializers.get(initializer)(tuple(shape), str(dtype or config.floatx()))
            slot = Variable(first, trainable=False, name=name or "slot", autocast=False)
        self._variables.append(slot)
        return slot

    def add_optimizer_variables(
        self,
        trainable_variables: Sequence[Variable],
        names: Sequence[str],
        initializers: Sequence[Any] | None = None,
    ) -> list[list[Variable]]:
        """Several slots for each variable, in the order of the variables.

        Args:
            trainable_variables: the variables.
            names: of the slots.
            initializers: one for each name; zeros by default.

        Returns:
            One list for each name, as long as ``trainable_variables``.
        """
        first = initializers or ["zeros"] * len(names)
        slots: list[list[Variable]] = [[] for _ in names]
        for variable in trainable_variables:
            for column, name, initializer in zip(slots, names, first, strict=True):
                column.append(self.add_variable_from_reference(variable, name, initializer))
        return slots

    def _position(self, variable: Variable) -> int:
        return self._index[id(variable)]

    def save_own_variables(self, store: Any) -> None:
        """Writes the state, numbered, to a mapping."""
        for i, variable in enumerate(self._variables):
            store[str(i)] = variable.numpy()

    def load_own_variables(self, store: Any) -> None:
        """Reads the state from a mapping; a state of another size is skipped with a warning."""
        if len(store.keys()) != len(self._variables):
            warnings.warn(
                f"the saved state of {self.name} has {len(store.keys())} variables and this optimizer "
                f"{len(self._variables)}; it starts afresh",
                stacklevel=2,
            )
            return
        for i, variable in enumerate(self._variables):
            variable.assign(np.asarray(store[str(i)]).astype(str(variable.dtype)))
