"""ScheduleFreeAdamW."""

from __future__ import annotations

from typing import Any

from rkeras import ops
from rkeras.optimizers.optimizer import Optimizer
from rkeras.variables import Variable


class ScheduleFreeAdamW(Optimizer):
    """Adam without mean gradients, whose iterates are averaged instead of the rate lowered (Defazio et al. 2024).

    The variables themselves are the points between iterate and average at which gradients are taken.

    Args:
        learning_rate: a number or a schedule.
        beta_1: share of the average in the point where gradients are taken.
        beta_2: how much of the mean square is kept.
        epsilon: keeps the root from zero.
        warmup_steps: over how many steps the rate grows from zero.
        kwargs: the arguments of ``Optimizer``.

    Example:
        >>> import rkeras
        >>> v = rkeras.Variable(1.0)
        >>> ScheduleFreeAdamW(0.1).apply([rkeras.ops.array(1.0)], [v])
        >>> round(float(v), 4)
        0.9
    """

    def __init__(
        self,
        learning_rate: Any = 0.0025,
        beta_1: float = 0.9,
        beta_2: float = 0.999,
        epsilon: float = 1e-8,
        warmup_steps: int = 0,
        name: str = "schedule_free_adam_w",
        **kwargs: Any,
    ) -> None:
        super().__init__(learning_rate, name=name, **kwargs)
        self.beta_1, self.beta_2, self.epsilon, self.warmup_steps = beta_1, beta_2, epsilon, warmup_steps
        self._iterates: list[Variable] = []
        self._velocities: list[Variable] = []

    def build(self, variables: Any) -> None:
        """Makes the slots."""
        if self.built:
            return
        super().build(variables)
        self._iterates, self._velocities = self.add_optimizer_variables(
            variables, ["momentum", "velocity"], ["copy", "zeros"]
        )

    def update_step(self, gradient: Any, variable: Variable, learning_rate: Any) -> None:
        """Changes one variable."""
        i = self._position(variable)
        iterate, velocity = self._iterates[i], self._velocities[i]
        step = ops.cast(self.iterations + 1, str(variable.dtype))
        if self.warmup_steps > 0:
            learning_rate = learning_rate * ops.minimum(step / float(self.warmup_steps), 1.0)
        average = (variable - (1.0 - self.beta_1) * iterate) / self.beta_1
        velocity.assign(velocity + (ops.square(gradient) - velocity) * (1.0 - self.beta_2))
        spread = ops.sqrt(velocity / (1.0 - ops.power(float(self.beta_2), step))) + self.epsilon
        iterate.assign(iterate - learning_rate * gradient / spread)
        average = average + (iterate - average) / step
        variable.assign((1.0 - self.beta_1) * iterate + self.beta_1 * average)

    def get_config(self) -> dict[str, Any]:
        """The arguments to make it again."""
        own = ("beta_1", "beta_2", "epsilon", "warmup_steps")
        return {**super().get_config(), **{name: getattr(self, name) for name in own}}
