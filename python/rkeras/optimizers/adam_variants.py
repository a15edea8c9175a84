"""Relatives of Adam: Adamax, Nadam and Lion."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar

import numpy as np

from rkeras import ops
from rkeras.optimizers.optimizer import Optimizer
from rkeras.tracing import eager_scope
from rkeras.variables import Variable


class _TwoMeans(Optimizer):
    """What keeps a moving mean of gradients and a second statistic of them."""

    _slot_names: ClassVar[list[str]] = ["momentum", "velocity"]

    def __init__(
        self,
        learning_rate: Any,
        beta_1: float,
        beta_2: float,
        epsilon: float,
        name: str | None,
        **kwargs: Any,
    ) -> None:
        super().__init__(learning_rate, name=name, **kwargs)
        self.beta_1, self.beta_2, self.epsilon = beta_1, beta_2, epsilon
        self._slots: list[list[Variable]] = []

    def build(self, variables: Any) -> None:
        """Makes the slots."""
        if self.built:
            return
        super().build(variables)
        self._slots = self.add_optimizer_variables(variables, self._slot_names)

    def _slots_of(self, variable: Variable) -> list[Variable]:
        i = self._position(variable)
        return [column[i] for column in self._slots]

    def get_config(self) -> dict[str, Any]:
        """The arguments to make it again."""
        own = {"beta_1": self.beta_1, "beta_2": self.beta_2, "epsilon": self.epsilon}
        return {**super().get_config(), **own}


class Adamax(_TwoMeans):
    """Adam with the largest decayed gradient instead of the mean square (Kingma and Ba 2014, section 7).

    Args:
        learning_rate: a number or a schedule.
        beta_1: how much of the mean is kept.
        beta_2: how much of the largest gradient is kept.
        epsilon: keeps the divisor from zero.
        kwargs: the arguments of ``Optimizer``.

    Example:
        >>> import rkeras
        >>> v = rkeras.Variable(1.0)
        >>> Adamax(0.1).apply([rkeras.ops.array(1.0)], [v])
        >>> round(float(v), 4)
        0.9
    """

    _slot_names: ClassVar[list[str]] = ["momentum", "norm"]

    def __init__(
        self,
        learning_rate: Any = 0.001,
        beta_1: float = 0.9,
        beta_2: float = 0.999,
        epsilon: float = 1e-7,
        name: str = "adamax",
        **kwargs: Any,
    ) -> None:
        super().__init__(learning_rate, beta_1, beta_2, epsilon, name, **kwargs)

    def update_step(self, gradient: Any, variable: Variable, learning_rate: Any) -> None:
        """Changes one variable."""
        mean, largest = self._slots_of(variable)
        step = ops.cast(self.iterations + 1, str(variable.dtype))
        mean.assign(mean + (gradient - mean) * (1.0 - self.beta_1))
        largest.assign(ops.maximum(self.beta_2 * largest, ops.absolute(gradient)))
        scale = learning_rate / (1.0 - ops.power(float(self.beta_1), step))
        variable.assign(variable - scale * mean / (largest + self.epsilon))


class Nadam(_TwoMeans):
    """Adam that looks ahead as Nesterov's momentum does (Dozat 2015).

    Args:
        learning_rate: a number or a schedule.
        beta_1: how much of the mean is kept.
        beta_2: how much of the mean square is kept.
        epsilon: keeps the root from zero.
        kwargs: the arguments of ``Optimizer``.

    Example:
        >>> import rkeras
        >>> v = rkeras.Variable(1.0)
        >>> Nadam(0.1).apply([rkeras.ops.array(1.0)], [v])
        >>> float(v) < 1.0
        True
    """

    # The momentum grows with the step: beta_1 * (1 - 0.96 ** step / 2); the paper's figure.
    _growth = 0.96

    def __init__(
        self,
        learning_rate: Any = 0.001,
        beta_1: float = 0.9,
        beta_2: float = 0.999,
        epsilon: float = 1e-7,
        name: str = "nadam",
        **kwargs: Any,
    ) -> None:
        super().__init__(learning_rate, beta_1, beta_2, epsilon, name, **kwargs)

    def build(self, variables: Any) -> None:
        """Makes the slots and the product of all momentums so far."""
        if self.built:
            return
        super().build(variables)
        dtype = str(variables[0].dtype) if variables else "float32"
        with eager_scope():
            self._product = Variable(np.ones((), "float32"), dtype=dtype, trainable=False, name="u_product")
        self._variables.append(self._product)

    def _momentum(self, ahead: int, dtype: str) -> Any:
        step = ops.cast(self.iterations + ahead, dtype)
        return self.beta_1 * (1.0 - 0.5 * ops.power(self._growth, step))

    def _step(self, gradients: list[Any], variables: Sequence[Variable]) -> None:
        self._product.assign(self._product * self._momentum(1, str(self._product.dtype)))
        super()._step(gradients, list(variables))

    def update_step(self, gradient: Any, variable: Variable, learning_rate: Any) -> None:
        """Changes one variable."""
        dtype = str(variable.dtype)
        mean, square = self._slots_of(variable)
        now, after = self._momentum(1, dtype), self._momentum(2, dtype)
        product = ops.cast(self._product, dtype)
        mean.assign(mean + (gradient - mean) * (1.0 - self.beta_1))
        square.assign(square + (ops.square(gradient) - square) * (1.0 - self.beta_2))
        ahead = mean * (after / (1.0 - product * after)) + gradient * ((1.0 - now) / (1.0 - product))
        step = ops.cast(self.iterations + 1, dtype)
        spread = ops.sqrt(square / (1.0 - ops.power(float(self.beta_2), step))) + self.epsilon
        variable.assign(variable - learning_rate * ahead / spread)


class Lion(Optimizer):
    """Steps by the sign of the mean gradient (Chen et al. 2023).

    Args:
        learning_rate: a number or a schedule; a third to a tenth of Adam's.
        beta_1: share of the mean in the step's direction.
        beta_2: how much of the mean is kept.
        kwargs: the arguments of ``Optimizer``.

    Raises:
        ValueError: ``beta_1`` is not in (0, 1].

    Example:
        >>> import rkeras
        >>> v = rkeras.Variable(1.0)
        >>> Lion(0.25).apply([rkeras.ops.array(3.0)], [v])
        >>> float(v)
        0.75
    """

    def __init__(
        self,
        learning_rate: Any = 0.001,
        beta_1: float = 0.9,
        beta_2: float = 0.99,
        name: str = "lion",
        **kwargs: Any,
    ) -> None:
        super().__init__(learning_rate, name=name, **kwargs)
        if not 0 < beta_1 <= 1:
            raise ValueError(f"beta_1 must be in (0, 1], got {beta_1}")
        self.beta_1, self.beta_2 = beta_1, beta_2
        self._means: list[Variable] = []

    def build(self, variables: Any) -> None:
        """Makes the slots."""
        if self.built:
            return
        super().build(variables)
        (self._means,) = self.add_optimizer_variables(variables, ["momentum"])

    def update_step(self, gradient: Any, variable: Variable, learning_rate: Any) -> None:
        """Changes one variable."""
        mean = self._means[self._position(variable)]
        direction = ops.sign(mean * self.beta_1 + gradient * (1.0 - self.beta_1))
        variable.assign(variable - learning_rate * direction)
        mean.assign(mean * self.beta_2 + gradient * (1.0 - self.beta_2))

    def get_config(self) -> dict[str, Any]:
        """The arguments to make it again."""
        return {**super().get_config(), "beta_1": self.beta_1, "beta_2": self.beta_2}
