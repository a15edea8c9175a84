"""Muon."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

from rkeras import _engine, ops
from rkeras.optimizers.optimizer import Optimizer
from rkeras.variables import Variable

_SETTINGS = (
    "adam_beta_1", "adam_beta_2", "adam_weight_decay", "epsilon", "exclude_layers", "exclude_embeddings",
    "muon_a", "muon_b", "muon_c", "adam_lr_ratio", "momentum", "ns_steps", "nesterov", "rms_rate",
)  # fmt: skip


class Muon(Optimizer):
    """Steps matrices by their momentum made orthogonal (Jordan et al. 2024), all else by AdamW.

    Args:
        learning_rate: a number or a schedule.
        adam_beta_1: how much of the mean AdamW keeps.
        adam_beta_2: how much of the mean square AdamW keeps.
        adam_weight_decay: decay of what AdamW changes.
        epsilon: keeps AdamW's root from zero.
        weight_decay: decay of the matrices.
        exclude_layers: regular expressions; a matrix whose path matches one is AdamW's.
        exclude_embeddings: whether matrices with "embedding" in their path are AdamW's.
        muon_a: factor of x in a round of the iteration that makes it orthogonal.
        muon_b: factor of the third power.
        muon_c: factor of the fifth power.
        adam_lr_ratio: AdamW's learning rate, as a multiple.
        momentum: how much of the sum of gradients is kept.
        ns_steps: rounds of the iteration.
        nesterov: whether it looks ahead.
        rms_rate: root mean square of a step (Liu et al. 2025), so that AdamW's rates fit; None for none.
        kwargs: the arguments of ``Optimizer``.

    Example:
        >>> import rkeras
        >>> v = rkeras.Variable([[1.0, 0.0], [0.0, 1.0]])
        >>> Muon(0.1).apply([rkeras.ops.array([[1.0, 0.0], [0.0, 1.0]])], [v])
        >>> bool(v.numpy()[0, 0] < 1.0)
        True
    """

    def __init__(
        self,
        learning_rate: Any = 0.001,
        adam_beta_1: float = 0.9,
        adam_beta_2: float = 0.999,
        adam_weight_decay: float | None = 0.004,
        epsilon: float = 1e-7,
        weight_decay: float | None = 0.004,
        name: str = "muon",
        exclude_layers: Sequence[str] | None = None,
        exclude_embeddings: bool = True,
        muon_a: float = 3.4445,
        muon_b: float = -4.7750,
        muon_c: float = 2.0315,
        adam_lr_ratio: float = 1,
        momentum: float = 0.95,
        ns_steps: int = 5,
        nesterov: bool = True,
        rms_rate: float | None = 0.2,
        **kwargs: Any,
    ) -> None:
        super().__init__(learning_rate, weight_decay=weight_decay, name=name, **kwargs)
        self.adam_beta_1, self.adam_beta_2, self.adam_weight_decay = adam_beta_1, adam_beta_2, adam_weight_decay
        self.epsilon, self.exclude_embeddings = epsilon, exclude_embeddings
        self.exclude_layers = list(exclude_layers or [])
        self.muon_a, self.muon_b, self.muon_c = muon_a, muon_b, muon_c
        self.adam_lr_ratio, self.momentum, self.ns_steps = adam_lr_ratio, momentum, ns_steps
        self.nesterov, self.rms_rate = nesterov, rms_rate
        self._momentums: list[Variable] = []
        self._velocities: list[Variable | None] = []

    def _is_adams(self, variable: Variable) -> bool:
        path = str(variable.path)
        return (
            len(variable.shape) != 2
            or (self.exclude_embeddings and "embedding" in path.lower())
            or any(re.search(pattern, path) for pattern in self.exclude_layers)
        )

    def _decay_of(self, variable: Variable) -> float | None:
        if not self._decays(variable):
            return None
        return self.adam_weight_decay if self._is_adams(variable) else self.weight_decay

    def build(self, variables: Any) -> None:
        """Makes the slots."""
        if self.built:
            return
        super().build(variables)
        for v in variables:
            self._momentums.append(self.add_variable_from_reference(v, "momentum"))
            adams = self._is_adams(v)
            self._velocities.append(self.add_variable_from_reference(v, "velocity") if adams else None)

    def update_step(self, gradient: Any, variable: Variable, learning_rate: Any) -> None:
        """Changes one variable."""
        i = self._position(variable)
        momentum, velocity = self._momentums[i], self._velocities[i]
        if velocity is None:
            momentum.assign(self.momentum * momentum + gradient)
            ahead = gradient + self.momentum * momentum if self.nesterov else momentum.value
            size = 1.0 if self.rms_rate is None else self.rms_rate * max(variable.shape) ** 0.5
            variable.assign(variable - learning_rate * self._orthogonal(ahead) * size)
            return
        alpha = _engine.apply(
            "adam_rate", learning_rate * self.adam_lr_ratio, self.iterations,
            beta_1=self.adam_beta_1, beta_2=self.adam_beta_2,
        )  # fmt: skip
        new, mean, square = _engine.apply(
            "adam_update", variable, momentum, velocity, gradient, alpha,
            beta_1=self.adam_beta_1, beta_2=self.adam_beta_2, epsilon=self.epsilon,
        )  # fmt: skip
        variable.assign(new)
        momentum.assign(mean)
        velocity.assign(square)

    def _orthogonal(self, x: Any) -> Any:
        """Nearly the orthogonal matrix next to x: each round draws the singular values towards 1."""
        tall = x.shape[0] > x.shape[1]
        # The products below are of the shorter side.
        x = ops.transpose(x) if tall else x
        x = x / (ops.sqrt(ops.sum(ops.square(x))) + 1e-7)
        for _ in range(self.ns_steps):
            square = ops.matmul(x, ops.transpose(x))
            x = self.muon_a * x + ops.matmul(
                self.muon_b * square + self.muon_c * ops.matmul(square, square), x
            )
        return ops.transpose(x) if tall else x

    def get_config(self) -> dict[str, Any]:
        """The arguments to make it again."""
        return {**super().get_config(), **{name: getattr(self, name) for name in _SETTINGS}}
