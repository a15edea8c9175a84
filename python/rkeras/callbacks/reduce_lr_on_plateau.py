"""Smaller steps when there is no more progress."""

from __future__ import annotations

from typing import Any

import numpy as np

from rkeras.callbacks.learning_rate_scheduler import current_rate
from rkeras.callbacks.monitor_callback import MonitorCallback
from rkeras.compat.arguments import old_arguments
from rkeras.training.progress import say


class ReduceLROnPlateau(MonitorCallback):
    """Reduces the learning rate when a logged value no longer improves.

    Args:
        monitor: the name of the value.
        factor: what the rate is multiplied by, less than 1.
        patience: epochs without improvement after which to reduce.
        verbose: 1 to print it.
        mode: ``min``, ``max`` or ``auto``.
        min_delta: a change that is not greater than this is no improvement.
        cooldown: epochs to wait after a reduction.
        min_lr: the least rate.

    Raises:
        ValueError: if ``factor`` is 1 or more.

    >>> ReduceLROnPlateau(factor=0.5).patience
    10
    """

    @old_arguments("plateau")
    def __init__(
        self,
        monitor: str = "val_loss",
        factor: float = 0.1,
        patience: int = 10,
        verbose: int = 0,
        mode: str = "auto",
        min_delta: float = 1e-4,
        cooldown: int = 0,
        min_lr: float = 0.0,
    ) -> None:
        super().__init__(monitor, mode, min_delta=min_delta)
        if factor >= 1.0:
            raise ValueError(f"ReduceLROnPlateau: `factor` must be less than 1; received {factor}.")
        self.factor = factor
        self.patience = patience
        self.verbose = verbose
        self.cooldown = cooldown
        self.min_lr = min_lr
        self.wait = 0
        self.cooldown_counter = 0

    def on_train_begin(self, logs: dict[str, Any] | None = None) -> None:
        """Forgets the last run."""
        self.best = None
        self.wait = 0
        self.cooldown_counter = 0

    def on_epoch_end(self, epoch: int, logs: dict[str, Any] | None = None) -> None:
        """Reduces the rate if the value has not improved for long enough."""
        logs = logs if logs is not None else {}
        logs["learning_rate"] = current_rate(self.model)
        current = self._monitored(logs)
        if current is None:
            return
        if self.in_cooldown():
            self.cooldown_counter -= 1
            self.wait = 0
        if self._is_improvement(current, self.best):
            self.best = current
            self.wait = 0
        elif not self.in_cooldown():
            self.wait += 1
            if self.wait >= self.patience:
                self._reduce(epoch)

    def _reduce(self, epoch: int) -> None:
        old = current_rate(self.model)
        if old <= np.float32(self.min_lr):  # the rate is kept in this precision
            return
        new = max(old * self.factor, self.min_lr)
        self.model.optimizer.learning_rate = new
        if self.verbose > 0:
            say(f"\nEpoch {epoch + 1}: ReduceLROnPlateau reducing learning rate to {new}.")
        self.cooldown_counter = self.cooldown
        self.wait = 0

    def in_cooldown(self) -> bool:
        """Whether it still waits after a reduction."""
        return self.cooldown_counter > 0
