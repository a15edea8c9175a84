"""Adam and AdamW."""

from __future__ import annotations

from typing import Any

from rkeras import _engine, ops
from rkeras.optimizers.optimizer import Optimizer
from rkeras.variables import Variable


class Adam(Optimizer):
    """Steps by the moving mean of gradients over the root of their moving mean square (Kingma and Ba 2014).

    Args:
        learning_rate: a number or a schedule.
        beta_1: how much of the mean is kept.
        beta_2: how much of the mean square is kept.
        epsilon: keeps the root from zero.
        amsgrad: divides by the largest mean square so far (Reddi et al. 2018).
        kwargs: the arguments of ``Optimizer``.

    Example:
        >>> import rkeras
        >>> v = rkeras.Variable(1.0)
        >>> Adam(0.1).apply([rkeras.ops.array(1.0)], [v])
        >>> round(float(v), 4)
        0.9
    """

    def __init__(
        self,
        learning_rate: Any = 0.001,
        beta_1: float = 0.9,
        beta_2: float = 0.999,
        epsilon: float = 1e-7,
        amsgrad: bool = False,
        name: str = "adam",
        **kwargs: Any,
    ) -> None:
        super().__init__(learning_rate, name=name, **kwargs)
        self.beta_1, self.beta_2, self.epsilon, self.amsgrad = beta_1, beta_2, epsilon, amsgrad
        self._momentums: list[Variable] = []
        self._velocities: list[Variable] = []
        self._velocity_hats: list[Variable] = []

    def build(self, variables: Any) -> None:
        """Makes the slots."""
        if self.built:
            return
        super().build(variables)
        for v in variables:
            self._momentums.append(self.add_variable_from_reference(v, "momentum"))
            self._velocities.append(self.add_variable_from_reference(v, "velocity"))
        if self.amsgrad:
            self._velocity_hats = [self.add_variable_from_reference(v, "velocity_hat") for v in variables]

    def update_step(self, gradient: Any, variable: Variable, learning_rate: Any) -> None:
        """Changes one variable."""
        i = self._position(variable)
        m, v = self._momentums[i], self._velocities[i]
        alpha = _engine.apply(
            "adam_rate", learning_rate, self.iterations, beta_1=self.beta_1, beta_2=self.beta_2
        )
        if not self.amsgrad:
            new, mean, square = _engine.apply(
                "adam_update", variable, m, v, gradient, alpha,
                beta_1=self.beta_1, beta_2=self.beta_2, epsilon=self.epsilon,
            )  # fmt: skip
            variable.assign(new)
            m.assign(mean)
            v.assign(square)
            return
        m.assign(m + (gradient - m) * (1.0 - self.beta_1))
        v.assign(v + (ops.square(gradient) - v) * (1.0 - self.beta_2))
        largest = self._velocity_hats[i]
        largest.assign(ops.maximum(largest, v))
        variable.assign(variable - m * alpha / (ops.sqrt(largest) + self.epsilon))

    def get_config(self) -> dict[str, Any]:
        """The arguments to make it again."""
        own = {"beta_1": self.beta_1, "beta_2": self.beta_2, "epsilon": self.epsilon, "amsgrad": self.amsgrad}
        return {**super().get_config(), **own}


class AdamW(Adam):
    """Adam whose weights decay apart from the gradient (Loshchilov and Hutter 2019).

    Args:
        learning_rate: a number or a schedule.
        weight_decay: the decay.
        kwargs: the arguments of ``Adam``.

    Example:
        >>> AdamW().weight_decay
        0.004
    """

    def __init__(
        self,
        learning_rate: Any = 0.001,
        weight_decay: float | None = 0.004,
        beta_1: float = 0.9,
        beta_2: float = 0.999,
        epsilon: float = 1e-7,
        amsgrad: bool = False,
        name: str = "adamw",
        **kwargs: Any,
    ) -> None:
        if weight_decay is None:
            raise ValueError("AdamW needs a weight_decay; use Adam for none")
        super().__init__(
            learning_rate, beta_1, beta_2, epsilon, amsgrad, name, weight_decay=weight_decay, **kwargs
        )
