"""Calling a layer as a pure function of its variables."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from rkeras.layers._state import LayerState
from rkeras.variables import Variable


class Stateless(LayerState):
    """The part of ``Layer`` for ``stateless_call``."""

    def stateless_call(
        self,
        trainable_variables: Sequence[Any],
        non_trainable_variables: Sequence[Any],
        *args: Any,
        return_losses: bool = False,
        **kwargs: Any,
    ) -> tuple[Any, ...]:
        """Computes with given values of the variables and leaves the layer as it was.

        Args:
            trainable_variables: values for ``self.trainable_variables``, in order.
            non_trainable_variables: values for ``self.non_trainable_variables``, in order.
            args: arguments of the call.
            return_losses: whether the losses of the call are returned too.
            kwargs: likewise.

        Returns:
            The outputs and the new values of the non-trainable variables; the list of losses with
            ``return_losses``.

        Raises:
            ValueError: if the layer is not built, or there are more or fewer values than variables.
        """
        if not self.built:
            raise ValueError(
                f"layer {self.name!r} has no variables yet: call it on data before stateless_call"
            )
        fixed = self.non_trainable_variables
        pairs = [
            *_paired(self.name, "trainable_variables", self.trainable_variables, trainable_variables),
            *_paired(self.name, "non_trainable_variables", fixed, non_trainable_variables),
        ]
        before = [variable.value for variable, _ in pairs]
        try:
            for variable, value in pairs:
                variable.assign(value)
            outputs = self(*args, **kwargs)
            updated = [variable.value for variable in fixed]
            losses = list(getattr(self, "losses", ())) if return_losses else []
        finally:
            for (variable, _), value in zip(pairs, before, strict=True):
                variable.assign(value)
        return (outputs, updated, losses) if return_losses else (outputs, updated)


def _paired(
    layer: str, what: str, variables: Sequence[Variable], values: Sequence[Any]
) -> list[tuple[Variable, Any]]:
    if len(variables) != len(values):
        raise ValueError(f"layer {layer!r} has {len(variables)} {what}, but was given {len(values)} values")
    return list(zip(variables, values, strict=True))
