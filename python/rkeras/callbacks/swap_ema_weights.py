"""Evaluating with the moving averages of the weights."""

from __future__ import annotations

from typing import Any

import numpy as np

from rkeras.callbacks.callback import Callback


class SwapEMAWeights(Callback):
    """Puts the moving averages of the weights in their place while the model is evaluated or predicts.

    The optimizer must keep them: ``use_ema=True``.

    Args:
        swap_on_epoch: whether they are there between epochs too, so that callbacks further down the list (a
            ``ModelCheckpoint``) save them.

    >>> SwapEMAWeights(swap_on_epoch=True).swap_on_epoch
    True
    """

    def __init__(self, swap_on_epoch: bool = False) -> None:
        super().__init__()
        self.swap_on_epoch = swap_on_epoch
        # The weights that the averages stand in for.
        self._trained: list[tuple[Any, np.ndarray[Any, Any]]] | None = None

    def on_epoch_begin(self, epoch: int, logs: dict[str, Any] | None = None) -> None:
        """Trains on from the weights."""
        self._restore()

    def on_epoch_end(self, epoch: int, logs: dict[str, Any] | None = None) -> None:
        """Leaves the averages to the callbacks that follow."""
        if self.swap_on_epoch:
            self._replace()

    def on_test_begin(self, logs: dict[str, Any] | None = None) -> None:
        """Evaluates with the averages."""
        self._replace()

    def on_test_end(self, logs: dict[str, Any] | None = None) -> None:
        """Back to the weights."""
        self._restore()

    def on_predict_begin(self, logs: dict[str, Any] | None = None) -> None:
        """Predicts with the averages."""
        self._replace()

    def on_predict_end(self, logs: dict[str, Any] | None = None) -> None:
        """Back to the weights."""
        self._restore()

    def on_train_end(self, logs: dict[str, Any] | None = None) -> None:
        """The averages are the model's weights from now on."""
        self._trained = None

    def _replace(self) -> None:
        if self._trained is not None:
            return
        optimizer = self.model.optimizer
        optimizer = getattr(optimizer, "inner_optimizer", optimizer)
        if not optimizer.use_ema:
            raise ValueError(
                f"SwapEMAWeights needs an optimizer that keeps moving averages: {type(optimizer).__name__}("
                "use_ema=True)."
            )
        pairs = optimizer.moving_averages
        self._trained = [(variable, variable.numpy()) for variable, _ in pairs]
        for variable, average in pairs:
            variable.assign(average)

    def _restore(self) -> None:
        for variable, value in self._trained or ():
            variable.assign(value)
        self._trained = None
