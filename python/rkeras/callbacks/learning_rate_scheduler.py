"""A learning rate by epoch."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import Any

import numpy as np

from rkeras.callbacks.callback import Callback
from rkeras.training.progress import say


class LearningRateScheduler(Callback):
    """Sets the learning rate before each epoch.

    Args:
        schedule: function of the epoch (from 0) and the current rate that gives the new rate.
        verbose: 1 to print it.

    Raises:
        ValueError: if the function gives no number.

    >>> LearningRateScheduler(lambda epoch, rate: rate * 0.9).verbose
    0
    """

    def __init__(self, schedule: Callable[..., Any], verbose: int = 0) -> None:
        super().__init__()
        self.schedule = schedule
        self.verbose = verbose
        self._takes_rate = _accepts_two(schedule)

    def on_epoch_begin(self, epoch: int, logs: dict[str, Any] | None = None) -> None:
        """Sets the rate."""
        rate = current_rate(self.model)
        rate = self.schedule(epoch, rate) if self._takes_rate else self.schedule(epoch)
        if isinstance(rate, bool) or not isinstance(rate, (float, int, np.floating)):
            raise ValueError(f"LearningRateScheduler: `schedule` must return a number; it returned {rate!r}.")
        self.model.optimizer.learning_rate = float(rate)
        if self.verbose > 0:
            say(f"\nEpoch {epoch + 1}: LearningRateScheduler setting learning rate to {rate}.")

    def on_epoch_end(self, epoch: int, logs: dict[str, Any] | None = None) -> None:
        """Logs the rate."""
        if logs is not None:
            logs["learning_rate"] = current_rate(self.model)


def current_rate(model: Any) -> float:
    """The learning rate that the model's optimizer uses now."""
    rate = getattr(model.optimizer, "learning_rate", None)
    if rate is None:
        raise ValueError(f"The optimizer {model.optimizer!r} has no learning rate to change.")
    return float(rate.numpy() if hasattr(rate, "numpy") else rate)


def _accepts_two(function: Callable[..., Any]) -> bool:
    try:
        signature = inspect.signature(function)
        signature.bind(0, 0.1)
    except TypeError:
        return False
    except ValueError:  # builtins without a signature
        return True
    return True
