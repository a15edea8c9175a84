"""RMSprop."""

from __future__ import annotations

from typing import Any

from rkeras import _engine, ops
from rkeras.optimizers.optimizer import Optimizer
from rkeras.variables import Variable


class RMSprop(Optimizer):
    """Divides the gradient by the root of its moving mean square (Hinton, lecture 6e, 2012).

    Args:
        learning_rate: a number or a schedule.
        rho: how much of the mean square is kept.
        momentum: how much of the last step is kept.
        epsilon: keeps the root from zero.
        centered: takes the variance instead of the mean square.
        kwargs: the arguments of ``Optimizer``.

    Example:
        >>> import rkeras
        >>> v = rkeras.Variable(1.0)
        >>> RMSprop(0.1).apply([rkeras.ops.array(1.0)], [v])
        >>> round(float(v), 4)
        0.6838
    """

    def __init__(
        self,
        learning_rate: Any = 0.001,
        rho: float = 0.9,
        momentum: float = 0.0,
        epsilon: float = 1e-7,
        centered: bool = False,
        name: str = "rmsprop",
        **kwargs: Any,
    ) -> None:
        super().__init__(learning_rate, name=name, **kwargs)
        self.rho, self.momentum, self.epsilon, self.centered = rho, momentum, epsilon, centered
        self._velocities: list[Variable] = []
        self._momentums: list[Variable] = []
        self._average_gradients: list[Variable] = []

    def build(self, variables: Any) -> None:
        """Makes the slots."""
        if self.built:
            return
        super().build(variables)
        self._velocities = [self.add_variable_from_reference(v, "velocity") for v in variables]
        if self.momentum > 0:
            self._momentums = [self.add_variable_from_reference(v, "momentum") for v in variables]
        if self.centered:
            self._average_gradients = [
                self.add_variable_from_reference(v, "average_gradient") for v in variables
            ]

    def update_step(self, gradient: Any, variable: Variable, learning_rate: Any) -> None:
        """Changes one variable."""
        i = self._position(variable)
        velocity = self._velocities[i]
        if not self.centered and not self.momentum > 0:
            new, mean_square = _engine.apply(
                "rmsprop_update",
                variable,
                velocity,
                gradient,
                learning_rate,
                rho=self.rho,
                epsilon=self.epsilon,
            )
            variable.assign(new)
            velocity.assign(mean_square)
            return
        velocity.assign(self.rho * velocity + (1.0 - self.rho) * ops.square(gradient))
        spread = velocity + self.epsilon
        if self.centered:
            average = self._average_gradients[i]
            average.assign(self.rho * average + (1.0 - self.rho) * gradient)
            spread = spread - ops.square(average)
        step = learning_rate * gradient / ops.sqrt(spread)
        if self.momentum > 0:
            momentum = self._momentums[i]
            momentum.assign(self.momentum * momentum + step)
            step = momentum
        variable.assign(variable - step)

    def get_config(self) -> dict[str, Any]:
        """The arguments to make it again."""
        own = {"rho": self.rho, "momentum": self.momentum, "epsilon": self.epsilon, "centered": self.centered}
        return {**super().get_config(), **own}
