"""Adagrad and Adadelta."""

from __future__ import annotations

from typing import Any

from rkeras import ops
from rkeras.initializers import Constant
from rkeras.optimizers.optimizer import Optimizer
from rkeras.variables import Variable


class Adagrad(Optimizer):
    """Divides the gradient by the root of the sum of all squares so far (Duchi et al. 2011).

    Args:
        learning_rate: a number or a schedule.
        initial_accumulator_value: what the sums start from.
        epsilon: keeps the root from zero.
        kwargs: the arguments of ``Optimizer``.

    Example:
        >>> import rkeras
        >>> v = rkeras.Variable(1.0)
        >>> Adagrad(0.1).apply([rkeras.ops.array(1.0)], [v])
        >>> round(float(v), 4)
        0.9047
    """

    def __init__(
        self,
        learning_rate: Any = 0.001,
        initial_accumulator_value: float = 0.1,
        epsilon: float = 1e-7,
        name: str = "adagrad",
        **kwargs: Any,
    ) -> None:
        super().__init__(learning_rate, name=name, **kwargs)
        self.initial_accumulator_value, self.epsilon = initial_accumulator_value, epsilon
        self._sums: list[Variable] = []

    def build(self, variables: Any) -> None:
        """Makes the slots."""
        if self.built:
            return
        super().build(variables)
        start = [Constant(self.initial_accumulator_value)]
        (self._sums,) = self.add_optimizer_variables(variables, ["accumulator"], start)

    def update_step(self, gradient: Any, variable: Variable, learning_rate: Any) -> None:
        """Changes one variable."""
        total = self._sums[self._position(variable)]
        total.assign(total + ops.square(gradient))
        variable.assign(variable - learning_rate * gradient / ops.sqrt(total + self.epsilon))

    def get_config(self) -> dict[str, Any]:
        """The arguments to make it again."""
        own = {"initial_accumulator_value": self.initial_accumulator_value, "epsilon": self.epsilon}
        return {**super().get_config(), **own}


class Adadelta(Optimizer):
    """Scales the gradient by the ratio of past steps to past gradients (Zeiler 2012).

    Args:
        learning_rate: a number or a schedule; 1.0 is the paper's.
        rho: how much of the mean squares is kept.
        epsilon: keeps the roots from zero.
        kwargs: the arguments of ``Optimizer``.

    Example:
        >>> import rkeras
        >>> v = rkeras.Variable(1.0)
        >>> Adadelta(1.0).apply([rkeras.ops.array(1.0)], [v])
        >>> round(float(v), 4)
        0.9986
    """

    def __init__(
        self,
        learning_rate: Any = 0.001,
        rho: float = 0.95,
        epsilon: float = 1e-7,
        name: str = "adadelta",
        **kwargs: Any,
    ) -> None:
        super().__init__(learning_rate, name=name, **kwargs)
        self.rho, self.epsilon = rho, epsilon
        self._gradients: list[Variable] = []
        self._steps: list[Variable] = []

    def build(self, variables: Any) -> None:
        """Makes the slots."""
        if self.built:
            return
        super().build(variables)
        names = ["accumulated_grad", "accumulated_delta_var"]
        self._gradients, self._steps = self.add_optimizer_variables(variables, names)

    def update_step(self, gradient: Any, variable: Variable, learning_rate: Any) -> None:
        """Changes one variable."""
        i, rest = self._position(variable), 1.0 - self.rho
        gradients, steps = self._gradients[i], self._steps[i]
        gradients.assign(self.rho * gradients + rest * ops.square(gradient))
        step = gradient * ops.sqrt(steps + self.epsilon) / ops.sqrt(gradients + self.epsilon)
        steps.assign(self.rho * steps + rest * ops.square(step))
        variable.assign(variable - learning_rate * step)

    def get_config(self) -> dict[str, Any]:
        """The arguments to make it again."""
        return {**super().get_config(), "rho": self.rho, "epsilon": self.epsilon}
