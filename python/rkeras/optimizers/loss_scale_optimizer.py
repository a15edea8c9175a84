"""Dynamic scaling of the loss, for float16."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from rkeras import ops
from rkeras.naming import name_scope
from rkeras.optimizers.optimizer import Optimizer
from rkeras.tracing import eager_scope
from rkeras.variables import Variable


class LossScaleOptimizer(Optimizer):
    """Multiplies the loss so that small float16 gradients survive, and divides the gradients again.

    The scale doubles after ``dynamic_growth_steps`` finite steps in a row; a gradient that is not finite
    halves it, and that step is left out (Micikevicius et al. 2018).

    Args:
        inner_optimizer: the optimizer that takes the steps.
        initial_scale: the first scale.
        dynamic_growth_steps: after how many steps the scale doubles.
        name: made up if not given.

    Example:
        >>> import rkeras
        >>> v = rkeras.Variable(1.0)
        >>> optimizer = LossScaleOptimizer(rkeras.optimizers.SGD(0.5), initial_scale=4.0)
        >>> optimizer.apply([rkeras.ops.array(4.0)], [v])
        >>> float(v)
        0.5
    """

    def __init__(
        self,
        inner_optimizer: Optimizer,
        initial_scale: float = 32768.0,
        dynamic_growth_steps: int = 2000,
        name: str | None = None,
        **kwargs: Any,
    ) -> None:
        if not kwargs.pop("dynamic", True):
            raise ValueError("for a fixed scale, set loss_scale_factor of the inner optimizer")
        given = sorted(key for key, value in kwargs.items() if value not in (None, False, 0.99))
        if given:
            raise ValueError(f"LossScaleOptimizer does not take {given}; give them to the inner optimizer")
        super().__init__(0.0, name=name)
        self.inner_optimizer, self.initial_scale = inner_optimizer, initial_scale
        self.dynamic_growth_steps = dynamic_growth_steps
        # Otherwise the gradients would be divided twice.
        inner_optimizer.loss_scale_factor = None

    def build(self, variables: Sequence[Variable]) -> None:
        """Makes the counters, and the slots of the inner optimizer."""
        if self.built:
            return
        with name_scope(self.name, caller=self), eager_scope():
            self.step_counter = Variable(np.zeros((), "int32"), trainable=False, name="step_counter")
            self.dynamic_scale = Variable(
                np.asarray(self.initial_scale, "float32"),
                trainable=False,
                name="dynamic_scale",
                autocast=False,
            )
        self._variables += [self.step_counter, self.dynamic_scale]
        self.inner_optimizer.build(variables)
        super().build(variables)

    @property
    def variables(self) -> list[Variable]:
        """Its own state, then that of the inner optimizer."""
        return [*self._variables, *self.inner_optimizer.variables]

    @property
    def iterations(self) -> Any:
        """The number of steps taken, without those left out."""
        return self.inner_optimizer.iterations

    @property
    def learning_rate(self) -> Any:
        """The inner optimizer's learning rate."""
        return self.inner_optimizer.learning_rate

    @learning_rate.setter
    def learning_rate(self, value: Any) -> None:
        self.inner_optimizer.learning_rate = value

    def apply(self, grads: Sequence[Any], trainable_variables: Sequence[Variable] | None = None) -> None:
        """Takes a step if all gradients are finite.

        Args:
            grads: a gradient of the scaled loss for each variable; None where the loss does not depend on it.
            trainable_variables: the variables; those of ``build`` by default.
        """
        variables = list(self._trainable_variables if trainable_variables is None else trainable_variables)
        if not self.built:
            self.build(variables)
        finite = ops.all(ops.stack([ops.all(ops.isfinite(g)) for g in grads if g is not None]))
        scale = self.dynamic_scale.value
        # Both outcomes are computed and one is kept: a plan has no branches.
        state = [*variables, *self.inner_optimizer.variables]
        before = [v.value for v in state]
        self.inner_optimizer.apply(
            [None if g is None else g / ops.cast(scale, g.dtype) for g in grads], variables
        )
        for variable, old in zip(state, before, strict=True):
            variable.assign(ops.where(finite, variable, old))
        full = ops.equal(self.step_counter, self.dynamic_growth_steps - 1)
        self.dynamic_scale.assign(scale * ops.where(finite, ops.where(full, 2.0, 1.0), 0.5))
        counted = ops.where(full, ops.zeros_like(self.step_counter), self.step_counter + 1)
        self.step_counter.assign(ops.where(finite, counted, ops.zeros_like(self.step_counter)))

    def scale_loss(self, loss: Any) -> Any:
        """The loss times the present scale."""
        return loss * (ops.cast(self.dynamic_scale, loss.dtype) if self.built else self.initial_scale)

    def finalize_variable_values(self, var_list: Sequence[Variable]) -> None:
        """Replaces variables by the inner optimizer's averages, if there are any."""
        self.inner_optimizer.finalize_variable_values(var_list)

    def get_config(self) -> dict[str, Any]:
        """The arguments to make it again."""
        from rkeras.saving.serialization import serialize_keras_object

        return {
            "name": self.name,
            "inner_optimizer": serialize_keras_object(self.inner_optimizer),
            "initial_scale": self.initial_scale,
            "dynamic_growth_steps": self.dynamic_growth_steps,
        }

    @classmethod
    def from_config(cls, config: dict[str, Any], custom_objects: Any = None) -> Optimizer:
        """Makes an optimizer from ``get_config``."""
        from rkeras.saving.deserialization import deserialize_keras_object

        inner = deserialize_keras_object(config["inner_optimizer"], custom_objects=custom_objects)
        return cls(**{**config, "inner_optimizer": inner})
