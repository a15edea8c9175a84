"""FTRL."""

from __future__ import annotations

from typing import Any

from rkeras import ops
from rkeras.initializers import Constant
from rkeras.optimizers.optimizer import Optimizer
from rkeras.variables import Variable


class Ftrl(Optimizer):
    """Follows the regularized leader, for sparse linear models (McMahan et al. 2013).

    Args:
        learning_rate: a number or a schedule.
        learning_rate_power: power of the sum of squares in the rate, at most 0.
        initial_accumulator_value: what the sums of squares start from.
        l1_regularization_strength: makes weights exactly zero.
        l2_regularization_strength: makes weights small.
        l2_shrinkage_regularization_strength: the same, by the gradient.
        beta: of the paper.
        kwargs: the arguments of ``Optimizer``.

    Raises:
        ValueError: a strength or the accumulator's start is negative, or the power is positive.

    Example:
        >>> import rkeras
        >>> v = rkeras.Variable(0.0)
        >>> Ftrl(0.1).apply([rkeras.ops.array(1.0)], [v])
        >>> round(float(v), 4)
        -0.0953
    """

    def __init__(
        self,
        learning_rate: Any = 0.001,
        learning_rate_power: float = -0.5,
        initial_accumulator_value: float = 0.1,
        l1_regularization_strength: float = 0.0,
        l2_regularization_strength: float = 0.0,
        l2_shrinkage_regularization_strength: float = 0.0,
        beta: float = 0.0,
        name: str = "ftrl",
        **kwargs: Any,
    ) -> None:
        super().__init__(learning_rate, name=name, **kwargs)
        if learning_rate_power > 0:
            raise ValueError(f"learning_rate_power must not be positive, got {learning_rate_power}")
        self._own: dict[str, float] = {
            "learning_rate_power": learning_rate_power,
            "initial_accumulator_value": initial_accumulator_value,
            "l1_regularization_strength": l1_regularization_strength,
            "l2_regularization_strength": l2_regularization_strength,
            "l2_shrinkage_regularization_strength": l2_shrinkage_regularization_strength,
            "beta": beta,
        }
        for key, value in self._own.items():
            if key not in ("learning_rate_power", "beta") and value < 0:
                raise ValueError(f"{key} must not be negative, got {value}")
            setattr(self, key, value)
        self._sums: list[Variable] = []
        self._linears: list[Variable] = []

    def build(self, variables: Any) -> None:
        """Makes the slots."""
        if self.built:
            return
        super().build(variables)
        start = [Constant(self._own["initial_accumulator_value"]), "zeros"]
        self._sums, self._linears = self.add_optimizer_variables(variables, ["accumulator", "linear"], start)

    def update_step(self, gradient: Any, variable: Variable, learning_rate: Any) -> None:
        """Changes one variable."""
        i, own = self._position(variable), self._own
        total, linear = self._sums[i], self._linears[i]
        l1, power = float(own["l1_regularization_strength"]), -float(own["learning_rate_power"])
        new_total = total + ops.square(gradient)
        shrunk = gradient + 2.0 * own["l2_shrinkage_regularization_strength"] * variable
        slope = ops.power(new_total, power) / learning_rate
        linear.assign(linear + shrunk - (slope - ops.power(total, power) / learning_rate) * variable)
        quadratic = slope + 2.0 * own["l2_regularization_strength"] + own["beta"] / learning_rate
        variable.assign((ops.clip(linear, -l1, l1) - linear) / quadratic)
        total.assign(new_total)

    def get_config(self) -> dict[str, Any]:
        """The arguments to make it again."""
        return {**super().get_config(), **self._own}
