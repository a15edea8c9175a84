"""Lamb."""

from __future__ import annotations

from typing import Any

from rkeras import ops
from rkeras.optimizers.adam_variants import _TwoMeans
from rkeras.variables import Variable


class Lamb(_TwoMeans):
    """Adam whose step for each variable is as long as the variable, for large batches (You et al. 2019).

    Args:
        learning_rate: a number or a schedule.
        beta_1: how much of the mean is kept.
        beta_2: how much of the mean square is kept.
        epsilon: keeps the root from zero.
        kwargs: the arguments of ``Optimizer``.

    Example:
        >>> import rkeras
        >>> v = rkeras.Variable(2.0)
        >>> Lamb(0.1).apply([rkeras.ops.array(1.0)], [v])
        >>> round(float(v), 4)
        1.8
    """

    def __init__(
        self,
        learning_rate: Any = 0.001,
        beta_1: float = 0.9,
        beta_2: float = 0.999,
        epsilon: float = 1e-7,
        name: str = "lamb",
        **kwargs: Any,
    ) -> None:
        super().__init__(learning_rate, beta_1, beta_2, epsilon, name, **kwargs)

    def update_step(self, gradient: Any, variable: Variable, learning_rate: Any) -> None:
        """Changes one variable."""
        mean, square = self._slots_of(variable)
        step = ops.cast(self.iterations + 1, str(variable.dtype))
        mean.assign(mean + (gradient - mean) * (1.0 - self.beta_1))
        square.assign(square + (ops.square(gradient) - square) * (1.0 - self.beta_2))
        spread = ops.sqrt(square / (1.0 - ops.power(float(self.beta_2), step))) + self.epsilon
        update = mean / (1.0 - ops.power(float(self.beta_1), step)) / spread
        weight_norm = ops.sqrt(ops.sum(ops.square(variable)))
        update_norm = ops.sqrt(ops.sum(ops.square(update)))
        trusted = ops.logical_and(weight_norm > 0.0, update_norm > 0.0)
        ratio = ops.where(trusted, ops.divide_no_nan(weight_norm, update_norm), 1.0)
        variable.assign(variable - ratio * learning_rate * update)
