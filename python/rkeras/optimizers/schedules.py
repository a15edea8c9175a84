"""Learning rates that change with the step."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from rkeras import ops
from rkeras.saving.identifiers import ObjectTable


class LearningRateSchedule:
    """Maps the step to a learning rate; subclasses define ``__call__(step)`` with ops, and ``get_config``.

    Example:
        >>> class Halved(LearningRateSchedule):
        ...     def __call__(self, step):
        ...         return 0.1 / (1.0 + ops.cast(step, "float32"))
        >>> round(float(Halved()(1)), 6)
        0.05
    """

    def __call__(self, step: Any) -> Any:
        """The learning rate at a step."""
        raise NotImplementedError(f"{type(self).__name__} must define __call__(step)")

    def get_config(self) -> dict[str, Any]:
        """The arguments to make it again."""
        return {k.lstrip("_"): v for k, v in vars(self).items()}

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> LearningRateSchedule:
        """Makes a schedule from ``get_config``."""
        return cls(**config)


def _float(step: Any) -> Any:
    return ops.cast(step, "float32")


class ExponentialDecay(LearningRateSchedule):
    """``initial * rate ** (step / steps)``.

    Args:
        initial_learning_rate: at step 0.
        decay_steps: after how many steps it is multiplied by the rate.
        decay_rate: the rate.
        staircase: only whole multiples count.
        name: of the schedule.

    Example:
        >>> round(float(ExponentialDecay(0.1, 10, 0.5)(10)), 6)
        0.05
    """

    def __init__(
        self,
        initial_learning_rate: float,
        decay_steps: int,
        decay_rate: float,
        staircase: bool = False,
        name: str = "ExponentialDecay",
    ) -> None:
        if decay_steps <= 0:
            raise ValueError(f"decay_steps must be positive, got {decay_steps}")
        self.initial_learning_rate, self.decay_steps, self.decay_rate = (
            initial_learning_rate,
            decay_steps,
            decay_rate,
        )
        self.staircase, self.name = staircase, name

    def __call__(self, step: Any) -> Any:
        """The learning rate at a step."""
        p = _float(step) / float(self.decay_steps)
        if self.staircase:
            p = ops.floor(p)
        return self.initial_learning_rate * ops.power(float(self.decay_rate), p)


class InverseTimeDecay(ExponentialDecay):
    """``initial / (1 + rate * step / steps)``.

    Example:
        >>> round(float(InverseTimeDecay(0.1, 10, 1.0)(10)), 6)
        0.05
    """

    def __init__(
        self,
        initial_learning_rate: float,
        decay_steps: int,
        decay_rate: float,
        staircase: bool = False,
        name: str = "InverseTimeDecay",
    ) -> None:
        super().__init__(initial_learning_rate, decay_steps, decay_rate, staircase, name)

    def __call__(self, step: Any) -> Any:
        """The learning rate at a step."""
        p = _float(step) / float(self.decay_steps)
        if self.staircase:
            p = ops.floor(p)
        return self.initial_learning_rate / (1.0 + self.decay_rate * p)


class PiecewiseConstantDecay(LearningRateSchedule):
    """One rate for each stretch of steps.

    Args:
        boundaries: the last step of each stretch but the last.
        values: the rates, one more.
        name: of the schedule.

    Example:
        >>> round(float(PiecewiseConstantDecay([5], [0.1, 0.01])(6)), 6)
        0.01
    """

    def __init__(
        self, boundaries: Sequence[int], values: Sequence[float], name: str = "PiecewiseConstant"
    ) -> None:
        if len(boundaries) + 1 != len(values):
            raise ValueError(
                f"{len(boundaries)} boundaries need {len(boundaries) + 1} values, got {len(values)}"
            )
        self.boundaries, self.values, self.name = list(boundaries), list(values), name

    def __call__(self, step: Any) -> Any:
        """The learning rate at a step."""
        step = ops.convert_to_tensor(step)
        rate: Any = ops.convert_to_tensor(float(self.values[-1]))
        for boundary, value in zip(reversed(self.boundaries), reversed(self.values[:-1]), strict=True):
            rate = ops.where(step <= boundary, float(value), rate)
        return rate


class PolynomialDecay(LearningRateSchedule):
    """From one rate to another along a power of the remaining share of steps.

    Args:
        initial_learning_rate: at step 0.
        decay_steps: when the end is reached.
        end_learning_rate: from then on.
        power: 1 for a straight line.
        cycle: starts again over twice, three times as many steps.
        name: of the schedule.

    Example:
        >>> round(float(PolynomialDecay(0.1, 10, 0.0)(5)), 6)
        0.05
    """

    def __init__(
        self,
        initial_learning_rate: float,
        decay_steps: int,
        end_learning_rate: float = 0.0001,
        power: float = 1.0,
        cycle: bool = False,
        name: str = "PolynomialDecay",
    ) -> None:
        if decay_steps <= 0:
            raise ValueError(f"decay_steps must be positive, got {decay_steps}")
        self.initial_learning_rate, self.decay_steps = initial_learning_rate, decay_steps
        self.end_learning_rate, self.power, self.cycle, self.name = end_learning_rate, power, cycle, name

    def __call__(self, step: Any) -> Any:
        """The learning rate at a step."""
        step, steps = _float(step), float(self.decay_steps)
        if self.cycle:
            steps = steps * ops.maximum(ops.ceil(step / steps), 1.0)
            p = step / steps
        else:
            p = ops.minimum(step, steps) / steps
        span = self.initial_learning_rate - self.end_learning_rate
        return span * ops.power(1.0 - p, float(self.power)) + self.end_learning_rate


class CosineDecay(LearningRateSchedule):
    """Half a cosine from one rate to a share of it, optionally after a rise (Loshchilov and Hutter 2017).

    Args:
        initial_learning_rate: at step 0.
        decay_steps: length of the fall.
        alpha: what share is left.
        name: of the schedule.
        warmup_target: rate at the end of the rise; None for no rise.
        warmup_steps: length of the rise.

    Example:
        >>> round(float(CosineDecay(0.1, 10)(5)), 6)
        0.05
    """

    def __init__(
        self,
        initial_learning_rate: float,
        decay_steps: int,
        alpha: float = 0.0,
        name: str = "CosineDecay",
        warmup_target: float | None = None,
        warmup_steps: int = 0,
    ) -> None:
        if decay_steps <= 0:
            raise ValueError(f"decay_steps must be positive, got {decay_steps}")
        self.initial_learning_rate, self.decay_steps, self.alpha = initial_learning_rate, decay_steps, alpha
        self.name, self.warmup_target, self.warmup_steps = name, warmup_target, warmup_steps

    def __call__(self, step: Any) -> Any:
        """The learning rate at a step."""
        step, rise = _float(step), float(self.warmup_steps if self.warmup_target is not None else 0)
        top = self.initial_learning_rate if self.warmup_target is None else self.warmup_target
        p = ops.minimum(ops.maximum(step - rise, 0.0), float(self.decay_steps)) / float(self.decay_steps)
        fall = top * ((1.0 - self.alpha) * 0.5 * (1.0 + ops.cos(math.pi * p)) + self.alpha)
        if not rise:
            return fall
        climb = self.initial_learning_rate + (top - self.initial_learning_rate) * step / rise
        return ops.where(step < rise, climb, fall)


class CosineDecayRestarts(LearningRateSchedule):
    """Cosine falls that start again (Loshchilov and Hutter 2017).

    Args:
        initial_learning_rate: at step 0.
        first_decay_steps: length of the first fall.
        t_mul: by what each fall is longer than the one before.
        m_mul: by what each start is lower.
        alpha: what share is left at the end of a fall.
        name: of the schedule.

    Example:
        >>> round(float(CosineDecayRestarts(0.1, 10)(0)), 6)
        0.1
    """

    def __init__(
        self,
        initial_learning_rate: float,
        first_decay_steps: int,
        t_mul: float = 2.0,
        m_mul: float = 1.0,
        alpha: float = 0.0,
        name: str = "SGDRDecay",
    ) -> None:
        if first_decay_steps <= 0:
            raise ValueError(f"first_decay_steps must be positive, got {first_decay_steps}")
        self.initial_learning_rate, self.first_decay_steps = initial_learning_rate, first_decay_steps
        self.t_mul, self.m_mul, self.alpha, self.name = t_mul, m_mul, alpha, name

    def __call__(self, step: Any) -> Any:
        """The learning rate at a step."""
        p = _float(step) / float(self.first_decay_steps)
        if self.t_mul == 1.0:
            i = ops.floor(p)
            share = p - i
        else:
            i = ops.floor(ops.log(1.0 - p * (1.0 - self.t_mul)) / math.log(self.t_mul))
            grown = ops.power(float(self.t_mul), i)
            share = (p - (1.0 - grown) / (1.0 - self.t_mul)) / grown
        top = ops.power(float(self.m_mul), i)
        cosine = 0.5 * top * (1.0 + ops.cos(math.pi * share))
        return self.initial_learning_rate * ((1.0 - self.alpha) * cosine + self.alpha)


_CLASSES = [
    CosineDecay, CosineDecayRestarts, ExponentialDecay, InverseTimeDecay, PiecewiseConstantDecay,
    PolynomialDecay,
]  # fmt: skip
TABLE = ObjectTable("learning rate schedule", _CLASSES)
serialize = TABLE.serialize
deserialize = TABLE.deserialize
