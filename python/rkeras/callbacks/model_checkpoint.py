"""Saving the model while it trains."""

from __future__ import annotations

import os
import warnings
from typing import Any

import numpy as np

from rkeras.callbacks.batch_clock import BatchClock
from rkeras.callbacks.monitor_callback import MonitorCallback
from rkeras.training.progress import say

_WEIGHTS = (".weights.h5", ".h5", ".hdf5")


class ModelCheckpoint(MonitorCallback):
    """Saves the model, or its weights, after epochs or batches.

    Args:
        filepath: where to; may contain ``{epoch}``, ``{batch}`` and logged names, as in
            ``w{epoch:02d}-{val_loss:.2f}.weights.h5``. A model goes to a ``.keras`` or ``.h5`` file, or, without
            such an ending, to a directory.
        monitor: the value that tells which epoch is best.
        verbose: 1 to print when it saves.
        save_best_only: whether to save only when ``monitor`` has improved.
        save_weights_only: whether to save weights (to ``.weights.h5``, ``.h5`` or ``.hdf5``) rather than the
            model.
        mode: ``min``, ``max`` or ``auto``.
        save_freq: ``epoch``, or a number of batches.
        initial_value_threshold: the value to beat at first.
        period: epochs between two saves, in Keras 2.

    Raises:
        ValueError: for a path or a ``save_freq`` that cannot be used.

    >>> ModelCheckpoint("best.weights.h5", save_weights_only=True, save_best_only=True).monitor
    'val_loss'
    """

    def __init__(
        self,
        filepath: Any,
        monitor: str = "val_loss",
        verbose: int = 0,
        save_best_only: bool = False,
        save_weights_only: bool = False,
        mode: str = "auto",
        save_freq: Any = "epoch",
        initial_value_threshold: float | None = None,
        period: int | None = None,
    ) -> None:
        super().__init__(monitor, mode, initial_value_threshold)
        if period is not None:
            warnings.warn(
                "ModelCheckpoint(period=…) is old; write save_freq=…, which counts batches.",
                DeprecationWarning,
                stacklevel=2,
            )
        self.period = 1 if period is None else period
        self._epochs_since_save = 0
        self.verbose = verbose
        self.filepath: str = os.fspath(filepath)
        self.save_best_only = save_best_only
        self.save_weights_only = save_weights_only
        self.save_freq = save_freq
        self.batches = "no" if save_freq == "epoch" else "every"
        self._clock = BatchClock(save_freq)
        self._epoch = 0
        if save_weights_only and not self.filepath.endswith(_WEIGHTS):
            raise ValueError(
                f"With save_weights_only=True `filepath` must end in {' or '.join(_WEIGHTS)}; received "
                f"'{self.filepath}'."
            )
        if not save_weights_only and self.filepath.endswith(".weights.h5"):
            raise ValueError(
                f"'{self.filepath}' is the name of a weights file: pass save_weights_only=True, or another ending."
            )

    def on_epoch_begin(self, epoch: int, logs: dict[str, Any] | None = None) -> None:
        """Notes the epoch."""
        self._epoch = epoch

    def on_train_batch_end(self, batch: int, logs: dict[str, Any] | None = None) -> None:
        """Saves after ``save_freq`` batches."""
        if self._clock.rings(batch):
            self._save(batch, logs or {})

    def on_epoch_end(self, epoch: int, logs: dict[str, Any] | None = None) -> None:
        """Saves after the epoch, unless batches are counted."""
        if self.save_freq == "epoch":
            self._epochs_since_save += 1
            if self._epochs_since_save >= self.period:
                self._epochs_since_save = 0
                self._save(None, logs or {})

    def _save(self, batch: int | None, logs: dict[str, Any]) -> None:
        path = self._path(batch, logs)
        if not self._should_save(path, logs):
            return
        if os.path.isdir(path) and path.endswith((*_WEIGHTS, ".keras")):
            raise IsADirectoryError(
                f"ModelCheckpoint cannot write '{path}': it is a directory. Give a file name."
            )
        folder = os.path.dirname(path)
        if folder:
            os.makedirs(folder, exist_ok=True)
        if self.save_weights_only:
            self.model.save_weights(path, overwrite=True)
        else:
            self.model.save(path, overwrite=True)
        if self.verbose > 0:
            say(f"\nEpoch {self._epoch + 1}: finished saving model to {path}")

    def _should_save(self, path: str, logs: dict[str, Any]) -> bool:
        start = f"\nEpoch {self._epoch + 1}:"
        if not self.save_best_only:
            self._tell(f"{start} saving model to {path}")
            return True
        current = self._monitored(logs)
        if current is None:
            return True
        if np.ndim(current) > 0:
            warnings.warn(
                f"ModelCheckpoint: '{self.monitor}' is no single number, so every epoch is saved.",
                stacklevel=2,
            )
            return True
        best = "None" if self.best is None else f"{self.best:.5f}"
        if self._is_improvement(current, self.best):
            self._tell(
                f"{start} {self.monitor} improved from {best} to {current:.5f}, saving model to {path}"
            )
            self.best = current
            return True
        self._tell(f"{start} {self.monitor} did not improve from {best}")
        return False

    def _tell(self, message: str) -> None:
        if self.verbose > 0:
            say(message)

    def _path(self, batch: int | None, logs: dict[str, Any]) -> str:
        values = {**({} if batch is None else {"batch": batch + 1}), **logs, "epoch": self._epoch + 1}
        try:
            return self.filepath.format(**values)
        except KeyError as error:
            raise KeyError(
                f"ModelCheckpoint: the file name '{self.filepath}' asks for {error}, which is not logged. "
                f"Available: {', '.join(values)}."
            ) from None
