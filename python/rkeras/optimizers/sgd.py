"""Stochastic gradient descent."""

from __future__ import annotations

from typing import Any

from rkeras import _engine
from rkeras.optimizers.optimizer import Optimizer
from rkeras.variables import Variable


class SGD(Optimizer):
    """Steps against the gradient, with momentum if wanted (Sutskever et al. 2013).

    Args:
        learning_rate: a number or a schedule.
        momentum: how much of the last step is kept.
        nesterov: looks ahead by the momentum.
        kwargs: the arguments of ``Optimizer``.

    Example:
        >>> import rkeras
        >>> v = rkeras.Variable(1.0)
        >>> SGD(0.5).apply([rkeras.ops.array(1.0)], [v])
        >>> float(v)
        0.5
    """

    def __init__(
        self,
        learning_rate: Any = 0.01,
        momentum: float = 0.0,
        nesterov: bool = False,
        name: str = "SGD",
        **kwargs: Any,
    ) -> None:
        if not 0 <= momentum <= 1:
            raise ValueError(f"momentum must be between 0 and 1, got {momentum}")
        super().__init__(learning_rate, name=name, **kwargs)
        self.momentum, self.nesterov = momentum, nesterov
        self._momentums: list[Variable] = []

    def build(self, variables: Any) -> None:
        """Makes the slots."""
        if self.built:
            return
        super().build(variables)
        if self.momentum:
            self._momentums = [self.add_variable_from_reference(v, "momentum") for v in variables]

    def update_step(self, gradient: Any, variable: Variable, learning_rate: Any) -> None:
        """Changes one variable."""
        if not self.momentum:
            variable.assign(_engine.apply("sgd_update", variable, gradient, learning_rate))
            return
        slot = self._momentums[self._position(variable)]
        new, speed = _engine.apply(
            "sgd_momentum_update",
            variable,
            slot,
            gradient,
            learning_rate,
            momentum=self.momentum,
            nesterov=self.nesterov,
        )
        variable.assign(new)
        slot.assign(speed)

    def get_config(self) -> dict[str, Any]:
        """The arguments to make it again."""
        return {**super().get_config(), "momentum": self.momentum, "nesterov": self.nesterov}
