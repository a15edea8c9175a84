"""Adafactor."""

from __future__ import annotations

from typing import Any

from rkeras import ops
from rkeras.optimizers.optimizer import Optimizer
from rkeras.variables import Variable


def _rms(x: Any) -> Any:
    return ops.sqrt(ops.mean(ops.square(x)))


class Adafactor(Optimizer):
    """Adam with the mean squares of a matrix kept as those of its rows and columns (Shazeer and Stern 2018).

    Args:
        learning_rate: a number or a schedule.
        beta_2_decay: the mean square keeps ``1 - step ** beta_2_decay`` of itself.
        epsilon_1: keeps the mean square from zero.
        epsilon_2: least size of a variable that a step is measured by.
        clip_threshold: largest root mean square of an update.
        relative_step: kept in the config; the rate is at most ``1 / sqrt(step)`` either way, as in Keras.
        kwargs: the arguments of ``Optimizer``.

    Example:
        >>> import rkeras
        >>> v = rkeras.Variable(1.0)
        >>> Adafactor(0.1).apply([rkeras.ops.array(1.0)], [v])
        >>> round(float(v), 4)
        0.9
    """

    def __init__(
        self,
        learning_rate: Any = 0.001,
        beta_2_decay: float = -0.8,
        epsilon_1: float = 1e-30,
        epsilon_2: float = 1e-3,
        clip_threshold: float = 1.0,
        relative_step: bool = True,
        name: str = "adafactor",
        **kwargs: Any,
    ) -> None:
        super().__init__(learning_rate, name=name, **kwargs)
        self.beta_2_decay, self.epsilon_1, self.epsilon_2 = beta_2_decay, epsilon_1, epsilon_2
        self.clip_threshold, self.relative_step = clip_threshold, relative_step
        self._rows: list[Variable] = []
        self._columns: list[Variable] = []
        self._squares: list[Variable] = []

    def build(self, variables: Any) -> None:
        """Makes the slots: rows, columns and their product for a matrix, else one of the variable's shape."""
        if self.built:
            return
        super().build(variables)
        for v in variables:
            # A vector has empty places for them in Keras' files too.
            matrix = len(v.shape) >= 2
            rows, columns = (v.shape[:-1], (*v.shape[:-2], v.shape[-1])) if matrix else ((), ())
            self._rows.append(self.add_variable(rows, dtype=v.dtype, name=v.name))
            self._columns.append(self.add_variable(columns, dtype=v.dtype, name=v.name))
            self._squares.append(self.add_variable_from_reference(v, "velocity"))

    def update_step(self, gradient: Any, variable: Variable, learning_rate: Any) -> None:
        """Changes one variable."""
        i = self._position(variable)
        row, column, square = self._rows[i], self._columns[i], self._squares[i]
        step = ops.cast(self.iterations + 1, str(variable.dtype))
        rate = ops.minimum(learning_rate, 1.0 / ops.sqrt(step))
        scale = ops.maximum(_rms(variable), self.epsilon_2) * rate
        kept = 1.0 - ops.power(step, self.beta_2_decay)
        squares = ops.square(gradient) + self.epsilon_1
        if len(variable.shape) < 2:
            square.assign(kept * square + (1.0 - kept) * squares)
        else:
            row.assign(kept * row + (1.0 - kept) * ops.mean(squares, axis=-1))
            column.assign(kept * column + (1.0 - kept) * ops.mean(squares, axis=-2))
            shares = row / ops.mean(row, axis=-1, keepdims=True)
            square.assign(ops.expand_dims(shares, -1) * ops.expand_dims(column, -2))
        update = gradient / ops.sqrt(square)
        variable.assign(variable - scale * update / ops.maximum(_rms(update) / self.clip_threshold, 1.0))

    def get_config(self) -> dict[str, Any]:
        """The arguments to make it again."""
        own = ("beta_2_decay", "epsilon_1", "epsilon_2", "clip_threshold", "relative_step")
        return {**super().get_config(), **{name: getattr(self, name) for name in own}}
